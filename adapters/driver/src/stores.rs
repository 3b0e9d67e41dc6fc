//! Stores that take their time: which kinds go to which, behind one face.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use headcount_core::bounds::LONGEST;
use headcount_core::cache::memory::{Applied, Displaced, GuildState};
use headcount_core::cache::{AsyncStore, Kinds, Mutation, StoreTraffic};
use headcount_core::id::GuildId;
use headcount_core::{Session, ShardId};

use crate::Runtime;
use crate::deadline::within;
use crate::guild_queues::ROOM;
use crate::metrics::{StoreCounters, StoreCounts};
use crate::panics::{Panicked, caught, caught_in};

/// How long a store may take for one mutation, all attempts and the pauses between them included.
const DEADLINE: Duration = Duration::from_secs(10);

/// How long a shard waits for what its store has of its guilds: its session does not last.
const LOOK: Duration = Duration::from_secs(2);

/// How often a store is handed a mutation before it counts as failed.
const ATTEMPTS: u32 = 3;

/// The pause before the second attempt; each later one is twice as long.
const PAUSE: Duration = Duration::from_millis(100);

/// Why a store failed, whatever it is made of.
type Cause = Arc<dyn Error + Send + Sync>;

/// Whether a change may still be written.
pub(crate) type WritePermit = Arc<dyn Fn() -> bool + Send + Sync>;

/// Why an attempt failed, and whether any other would.
struct Failed {
    cause: Cause,
    is_final: bool,
}

impl From<Panicked> for Failed {
    /// The store may have applied all of it, or some.
    fn from(panicked: Panicked) -> Self {
        Self {
            cause: Arc::new(panicked),
            is_final: true,
        }
    }
}

/// A store whose errors have lost their type.
trait AnyStore: Send + Sync {
    fn replace<'a>(
        &'a self,
        mutation: &'a Mutation<'static>,
        old_values: bool,
    ) -> BoxFuture<'a, Result<Displaced, Failed>>;

    fn begin(&self, shard: ShardId, epoch: u64);

    fn guilds<'a>(
        &'a self,
        session: &'a Session,
    ) -> BoxFuture<'a, Result<Vec<(GuildState, u64)>, Cause>>;

    fn traffic(&self) -> StoreTraffic;
}

/// What the store of members has of a shard.
#[derive(Default)]
pub(crate) struct StoredGuilds {
    /// The kinds that it keeps.
    pub(crate) kinds: Kinds,
    /// What it has of each guild, and how many members.
    pub(crate) guilds: Vec<(GuildState, u64)>,
}

impl<S> AnyStore for S
where
    S: AsyncStore + Send + Sync,
    S::Error: Send + Sync + 'static,
{
    fn replace<'a>(
        &'a self,
        mutation: &'a Mutation<'static>,
        old_values: bool,
    ) -> BoxFuture<'a, Result<Displaced, Failed>> {
        let work = async move {
            let done: Result<(Applied, Displaced), S::Error> = match old_values {
                true => AsyncStore::replace(self, mutation).await,
                false => self
                    .apply(mutation)
                    .await
                    .map(|applied| (applied, Displaced::default())),
            };
            done.map(|(_, displaced)| displaced)
                .map_err(|error| Failed {
                    is_final: S::is_final(&error),
                    cause: Arc::new(error),
                })
        };
        caught_in(work)
            .map(|done| done.unwrap_or_else(|panicked| Err(panicked.into())))
            .boxed()
    }

    fn begin(&self, shard: ShardId, epoch: u64) {
        if let Err(error) = caught(|| AsyncStore::begin(self, shard, epoch)) {
            tracing::error!(%error, "a store failed as shard {shard} began");
        }
    }

    fn guilds<'a>(
        &'a self,
        session: &'a Session,
    ) -> BoxFuture<'a, Result<Vec<(GuildState, u64)>, Cause>> {
        let work = async move {
            let guilds: Vec<GuildId> = session.guilds().collect();
            let found = AsyncStore::guilds(self, session.shard(), &guilds).await;
            found.map_err(|error| Arc::new(error) as Cause)
        };
        caught_in(work)
            .map(|done| done.unwrap_or_else(|panicked| Err(Arc::new(panicked))))
            .boxed()
    }

    fn traffic(&self) -> StoreTraffic {
        caught(|| AsyncStore::traffic(self)).unwrap_or_default()
    }
}

/// What came of one mutation in all stores that had a part in it.
#[derive(Default)]
pub(crate) struct StoreOutcome {
    pub(crate) displaced: Displaced,
    pub(crate) failures: Vec<(Kinds, Cause)>,
}

/// The bot's stores beside the one in memory.
#[derive(Clone)]
pub(crate) struct Stores {
    routes: Vec<(Kinds, Arc<dyn AnyStore>)>,
    pub(crate) deadline: Duration,
    pub(crate) attempts: u32,
    counters: Arc<StoreCounters>,
}

impl Default for Stores {
    fn default() -> Self {
        Self {
            routes: Vec::new(),
            deadline: DEADLINE,
            attempts: ATTEMPTS,
            counters: Arc::default(),
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
        self.routes.retain(|(kinds, _)| !kinds.is_empty());
        self.routes.push((kinds, Arc::new(store)));
    }

    /// How the stores fare.
    pub(crate) fn counts(&self) -> StoreCounts {
        let mut counts = self.counters.read();
        for (_, store) in &self.routes {
            counts.add(store.traffic());
        }
        counts
    }

    /// The kinds that go to one of these stores.
    pub(crate) fn kinds(&self) -> Kinds {
        let kinds = self.routes.iter().map(|(kinds, _)| *kinds);
        kinds.fold(Kinds::empty(), Kinds::union)
    }

    /// A shard is about to begin here, under a lease of this epoch.
    pub(crate) fn begin(&self, shard: ShardId, epoch: u64) {
        for (_, store) in &self.routes {
            store.begin(shard, epoch);
        }
    }

    /// What the store of members has of a session's guilds; nothing if it does not say so in time.
    pub(crate) async fn guilds<R: Runtime>(&self, runtime: &R, session: &Session) -> StoredGuilds {
        let mut routes = self.routes.iter();
        let Some((kinds, store)) = routes.find(|(kinds, _)| kinds.contains(Kinds::MEMBERS)) else {
            return StoredGuilds::default();
        };
        let guilds = match within(runtime, LOOK, store.guilds(session)).await {
            Some(Ok(guilds)) => guilds,
            Some(Err(error)) => {
                tracing::warn!(%error, "a store does not say what it has of a shard");
                Vec::new()
            }
            None => {
                tracing::warn!("a store does not say in time what it has of a shard");
                Vec::new()
            }
        };
        let kinds = *kinds;
        StoredGuilds { kinds, guilds }
    }

    /// How long a guild may wait for its changes: as long as all that may wait, each until its own
    /// deadline.
    pub(crate) fn patience(&self) -> Duration {
        self.deadline.saturating_mul(ROOM).min(LONGEST)
    }

    /// What has to be done about a mutation; `None` if it concerns no store of these. The permit is
    /// asked for before each attempt.
    pub(crate) fn work<R: Runtime>(
        &self,
        runtime: &R,
        mutation: &Mutation<'_>,
        old_values: bool,
        permit: Option<&WritePermit>,
    ) -> Option<Work> {
        let parts = self.routes.iter().filter_map(|(kinds, store)| {
            Some(StoreWrite {
                runtime: runtime.clone(),
                kinds: *kinds,
                store: Arc::clone(store),
                mutation: mutation.part(*kinds)?.into_owned(),
                old_values,
                permit: permit.cloned(),
                deadline: self.deadline,
                attempts: self.attempts,
                counters: Arc::clone(&self.counters),
            })
        });
        let parts: Vec<_> = parts.collect();
        if parts.is_empty() {
            return None;
        }
        Some(Box::new(|silent| {
            let parts = parts.into_iter().map(move |part| part.store(silent));
            join_all(parts).map(StoreOutcome::of).boxed()
        }))
    }
}

/// A change of some stores, which begins when it is called: with the kinds whose store has not
/// answered in time before, and is not asked again.
pub(crate) type Work = Box<dyn FnOnce(Kinds) -> BoxFuture<'static, StoreOutcome> + Send>;

/// One store's part of a change.
struct StoreWrite<R> {
    runtime: R,
    kinds: Kinds,
    store: Arc<dyn AnyStore>,
    mutation: Mutation<'static>,
    old_values: bool,
    permit: Option<WritePermit>,
    deadline: Duration,
    attempts: u32,
    counters: Arc<StoreCounters>,
}

impl<R: Runtime> StoreWrite<R> {
    /// Has the store apply it, in as many attempts and as much time as it may take. Here a store's
    /// error becomes a failure.
    async fn store(self, silent: Kinds) -> (Kinds, Result<Displaced, Cause>) {
        if self.kinds.intersects(silent) {
            self.counters.ended(false, Duration::ZERO);
            return (self.kinds, Err(Arc::new(Unresponsive)));
        }
        let (mut last, begun) = (None, self.runtime.now());
        let done = within(&self.runtime, self.deadline, self.attempt(&mut last)).await;
        let done = done.unwrap_or_else(|| {
            let limit = self.deadline;
            Err(Arc::new(TooSlow { limit, last }))
        });
        let time = self.runtime.now().saturating_duration_since(begun);
        self.counters.ended(done.is_ok(), time);
        (self.kinds, done)
    }

    /// Tries until it succeeds or may be tried no more; leaves the last error but one in `last`.
    async fn attempt(&self, last: &mut Option<Cause>) -> Result<Displaced, Cause> {
        let mut pause = PAUSE;
        for _ in 1..self.attempts {
            match self.replace().await {
                Err(failed) if !failed.is_final => {
                    tracing::debug!(error = %failed.cause, "a store is tried again");
                    *last = Some(failed.cause);
                }
                done => return done.map_err(|failed| failed.cause),
            }
            self.runtime.timer(pause).await;
            pause = pause.saturating_mul(2);
            self.counters.tried_again();
        }
        self.replace().await.map_err(|failed| failed.cause)
    }

    /// One attempt. Whoever has lost the shard meanwhile makes none: another process may have
    /// written what comes later.
    async fn replace(&self) -> Result<Displaced, Failed> {
        if self.permit.as_ref().is_some_and(|permit| !permit()) {
            return Err(Failed {
                cause: Arc::new(NotPermitted),
                is_final: true,
            });
        }
        self.store.replace(&self.mutation, self.old_values).await
    }
}

impl StoreOutcome {
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

    /// The kinds whose store has not answered in time.
    pub(crate) fn silent(&self) -> Kinds {
        let late = self
            .failures
            .iter()
            .filter(|(_, cause)| cause.is::<TooSlow>());
        late.fold(Kinds::empty(), |all, (kinds, _)| all | *kinds)
    }

    /// Whether the event need not know of it.
    pub(crate) fn is_plain(&self) -> bool {
        self.displaced.is_empty() && self.failures.is_empty()
    }
}

/// A store did not answer in time.
#[derive(Debug)]
struct TooSlow {
    limit: Duration,
    /// What it said to an earlier attempt.
    last: Option<Cause>,
}

impl fmt::Display for TooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the store took longer than {:?}", self.limit)?;
        match &self.last {
            Some(error) => write!(f, ", after it had failed: {error}"),
            None => Ok(()),
        }
    }
}

impl Error for TooSlow {}

/// A store was not asked, since the shard is another process's by now.
#[derive(Debug)]
struct NotPermitted;

impl fmt::Display for NotPermitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the lease of the shard is over: its change is for the next owner to write")
    }
}

impl Error for NotPermitted {}

/// A store was not asked, since it did not answer in time just before.
#[derive(Debug)]
struct Unresponsive;

impl fmt::Display for Unresponsive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the store has not answered to the guild's change before")
    }
}

impl Error for Unresponsive {}
