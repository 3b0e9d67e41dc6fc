//! Stores that take their time: which kinds go to which, behind one face.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use headcount_core::ShardId;
use headcount_core::cache::memory::{Applied, Displaced};
use headcount_core::cache::{AsyncStore, Kinds, Mutation};
use headcount_core::id::GuildId;

use crate::Runtime;
use crate::deadline::within;

/// How long a store may take for one mutation.
const DEADLINE: Duration = Duration::from_secs(10);

/// Why a store failed, whatever it is made of.
type Cause = Arc<dyn Error + Send + Sync>;

/// A store whose errors have lost their type.
trait AnyStore: Send + Sync {
    fn replace<'a>(
        &'a self,
        mutation: Mutation<'static>,
        old_values: bool,
    ) -> BoxFuture<'a, Result<Displaced, Cause>>;
}

impl<S> AnyStore for S
where
    S: AsyncStore + Send + Sync,
    S::Error: Send + Sync + 'static,
{
    fn replace<'a>(
        &'a self,
        mutation: Mutation<'static>,
        old_values: bool,
    ) -> BoxFuture<'a, Result<Displaced, Cause>> {
        async move {
            let done: Result<(Applied, Displaced), S::Error> = match old_values {
                true => AsyncStore::replace(self, mutation).await,
                false => self
                    .apply(mutation)
                    .await
                    .map(|applied| (applied, Displaced::default())),
            };
            done.map(|(_, displaced)| displaced)
                .map_err(|error| Arc::new(error) as Cause)
        }
        .boxed()
    }
}

/// A store failed to apply a change. The guild's rows are stale from here on, until the guild is
/// delivered anew; the event follows all the same, and says so.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoreFailure {
    /// The shard whose event it was.
    pub shard: ShardId,
    /// The guild that it was about; `None` if it was about none.
    pub guild: Option<GuildId>,
    /// The event's sequence number; `None` if no event led to the change.
    pub sequence: Option<u64>,
    /// The kinds that the store keeps.
    pub kinds: Kinds,
    /// What the store said.
    pub error: Arc<dyn Error + Send + Sync>,
}

/// What came of one mutation in all stores that had a part in it.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) displaced: Displaced,
    pub(crate) failures: Vec<(Kinds, Cause)>,
}

/// The bot's stores beside the one in memory.
#[derive(Clone)]
pub(crate) struct Stores {
    routes: Vec<(Kinds, Arc<dyn AnyStore>)>,
    pub(crate) deadline: Duration,
}

impl Default for Stores {
    fn default() -> Self {
        Self {
            routes: Vec::new(),
            deadline: DEADLINE,
        }
    }
}

impl Stores {
    /// Sends these kinds to a store, and to none that was named for them before.
    pub(crate) fn route<S>(&mut self, kinds: Kinds, store: S)
    where
        S: AsyncStore + Send + Sync + 'static,
        S::Error: Send + Sync + 'static,
    {
        for (earlier, _) in &mut self.routes {
            earlier.remove(kinds);
        }
        self.routes.push((kinds, Arc::new(store)));
    }

    /// The kinds that go to one of these stores.
    pub(crate) fn kinds(&self) -> Kinds {
        let kinds = self.routes.iter().map(|(kinds, _)| *kinds);
        kinds.fold(Kinds::empty(), Kinds::union)
    }

    /// What has to be done about a mutation; `None` if it concerns no store of these.
    pub(crate) fn job<R: Runtime>(
        &self,
        runtime: &R,
        mutation: &Mutation<'_>,
        old_values: bool,
    ) -> Option<BoxFuture<'static, Outcome>> {
        let parts = self.routes.iter().filter_map(|(kinds, store)| {
            let part = mutation.part(*kinds)?.into_owned();
            let work = one(runtime.clone(), self.deadline, Arc::clone(store), part);
            let kinds = *kinds;
            Some(async move { (kinds, work(old_values).await) })
        });
        let parts: Vec<_> = parts.collect();
        (!parts.is_empty()).then(|| join_all(parts).map(Outcome::of).boxed())
    }
}

/// One store's part of a mutation, within the deadline.
fn one<R: Runtime>(
    runtime: R,
    deadline: Duration,
    store: Arc<dyn AnyStore>,
    part: Mutation<'static>,
) -> impl FnOnce(bool) -> BoxFuture<'static, Result<Displaced, Cause>> + Send {
    move |old_values| {
        async move {
            let work = store.replace(part, old_values);
            let done = within(&runtime, deadline, work).await;
            done.unwrap_or_else(|| Err(Arc::new(TooSlow(deadline))))
        }
        .boxed()
    }
}

impl Outcome {
    fn of(parts: Vec<(Kinds, Result<Displaced, Cause>)>) -> Self {
        let mut outcome = Self::default();
        for (kinds, done) in parts {
            match done {
                Ok(displaced) => outcome.displaced.add(displaced),
                Err(cause) => outcome.failures.push((kinds, cause)),
            }
        }
        outcome
    }

    /// Whether the event need not know of it.
    pub(crate) fn is_plain(&self) -> bool {
        self.displaced.is_empty() && self.failures.is_empty()
    }
}

/// A store did not answer in time.
#[derive(Debug)]
struct TooSlow(Duration);

impl fmt::Display for TooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the store took longer than {:?}", self.0)
    }
}

impl Error for TooSlow {}
