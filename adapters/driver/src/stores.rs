//! Stores that take their time: which kinds go to which, behind one face.

use std::error::Error;
use std::fmt;
use std::num::NonZeroU32;
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
use crate::panics::caught_in;
use crate::unjudged::Unjudged;

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
        let work = async move {
            let done: Result<(Applied, Displaced), S::Error> = match old_values {
                true => AsyncStore::replace(self, mutation).await,
                false => self
                    .apply(mutation)
                    .await
                    .map(|applied| (applied, Displaced::default())),
            };
            done.map(|(_, displaced)| displaced)
                .map_err(|error| Arc::new(error) as Cause)
        };
        // A panic is an error like any other: the store may have applied all of it, or some.
        caught_in(work)
            .map(|done| done.unwrap_or_else(|panicked| Err(Arc::new(panicked))))
            .boxed()
    }
}

/// A store failed to apply a change: it said so, took too long, or panicked ([`Panicked`]). The
/// guild's rows are stale from here on, until the guild is delivered anew; the event follows all
/// the same, and says so.
///
/// It is told of the cache in memory too, when a predicate of yours panics over one of its rows:
/// the row counts as one for which it does not hold.
///
/// [`Panicked`]: crate::Panicked
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

impl StoreFailure {
    /// The store in memory could not judge a row, outside of any event.
    pub(crate) fn unjudged(row: Unjudged, total: NonZeroU32) -> Self {
        let shard = match row.guild {
            Some(guild) => ShardId::of_guild(guild, total),
            None => ShardId::of_direct_messages(total),
        };
        Self {
            shard,
            guild: row.guild,
            sequence: None,
            kinds: row.kind.only(),
            error: row.panicked,
        }
    }
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

    /// Takes in what came of another change of the same event.
    pub(crate) fn add(&mut self, other: Self) {
        self.displaced.add(other.displaced);
        self.failures.extend(other.failures);
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
