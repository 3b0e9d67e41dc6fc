//! Asking and commanding a running bot from anywhere.

mod metrics;
mod overview;
mod owners;
mod record;
mod shards;
mod walk;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use headcount_core::cache::{Kind, MemoryStore, Mutation, Policy, Unsuitable};
use headcount_core::chunk::{MemberQuery, RequestId, RequestProgress};
use headcount_core::event::{StoreFailure, Ticket};
use headcount_core::fleet::{Fleet, FleetReadiness};
use headcount_core::id::{ChannelId, GuildId};
use headcount_core::session::{Halt, Phase};
use headcount_core::setup::{Chunking, GuildReadiness, Readiness};
use headcount_core::tracker::MisreadCounts;
use headcount_core::wire::command::Command;
use headcount_core::wire::view::Webhook;
use headcount_core::{ConnectionStanding, RequestError, Session, Shard, ShardId};

use crate::builder::answered;
use crate::clock::Clock;
use crate::metrics::EventLag;
use crate::record::RecordedCall;
use crate::shard_cell::ShardCell;
use crate::shared::Shared;
use crate::unjudged::Unjudged;
use crate::{Error, ErrorKind};

pub use overview::GuildStanding;
pub use owners::ShardOwner;

/// A clonable handle to a running bot.
///
/// Every method but those that return a future is short: it takes a lock (a shard's, the fleet's or
/// the cache's) for one call and returns owned values, never a guard; [`cache`](Self::cache) holds
/// the cache's as long as the closure runs. After the bot has ended, commands are refused with
/// [`RequestError::Halted`] and reads return the last state.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

/// The state of one shard at the time of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardState {
    /// Which shard.
    pub id: ShardId,
    /// Which process runs it; this one, unless the bot runs in
    /// [several](crate::Builder::coordinate).
    pub owner: ShardOwner,
    /// Where its connection stands.
    pub phase: Phase,
    /// Since when it stands there, and what it waits for until when. A shard that has not begun
    /// waits for [`Wait::IdentifyGrant`](headcount_core::session::Wait), until the fleet lets the
    /// next one in.
    pub connection: ConnectionStanding,
    /// Why it has ended for good; `None` while it has not.
    pub halt: Option<Halt>,
    /// Time from the last answered heartbeat to its answer on this connection.
    pub latency: Option<Duration>,
    /// Connections in a row that failed before they were active.
    pub failures: u32,
    /// Payloads that were not understood so far.
    pub misunderstood: u64,
    /// Of how many of its dispatches something is not
    /// [acknowledged](crate::Builder::acknowledge): those that wait for the consumer included.
    pub unacknowledged: usize,
    /// Of its events that the consumer took, the one that was timed last: of many one of sixteen
    /// is, as [`LagHistogram`](crate::metrics::LagHistogram) says.
    pub lag: Option<EventLag>,
    /// How far its guilds and members are; nothing of a shard that is not [here](Self::is_here).
    pub readiness: Readiness,
}

impl Handle {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The shards that this bot runs, in ascending order.
    ///
    /// ```
    /// # use headcount_driver::Handle;
    /// # fn ask(handle: &Handle) {
    /// for shard in handle.shards() {
    ///     println!("{} {:?} {:?}", shard.id, shard.phase, shard.latency);
    /// }
    /// # }
    /// ```
    pub fn shards(&self) -> impl ExactSizeIterator<Item = ShardState> + '_ {
        let owners = self.owners();
        self.shared.fleet.cells().iter().map(move |(id, cell)| {
            let owner = self.owner_of(*id, owners.as_ref());
            self.in_line(cell.read(|shard| ShardState::of(*id, owner, (cell, shard))))
        })
    }

    /// What became of the bot; see [`Bot::outcome`](crate::Bot::outcome).
    pub(crate) fn outcome(&self) -> Result<(), Error> {
        let mut first = None;
        for (id, cell) in self.shared.fleet.cells() {
            let kind = match cell.read(Shard::halt) {
                None => return Ok(()),
                Some(Halt::Stopped) => continue,
                Some(Halt::Refused(fatal)) => ErrorKind::Halted(fatal),
                Some(Halt::Crashed) => ErrorKind::Crashed,
            };
            first.get_or_insert((*id, kind));
        }
        match first {
            None => Ok(()),
            Some((id, kind)) => Err(Error::new(kind, format!("shard {id} has ended for good"))),
        }
    }

    /// The shard that a guild's events come to, also when this bot does not run it.
    ///
    /// ```
    /// # use headcount_driver::Handle;
    /// # use headcount_driver::core::id::GuildId;
    /// # fn ask(handle: &Handle, guild: GuildId) {
    /// println!("guild {guild} is on shard {}", handle.shard_of(guild));
    /// # }
    /// ```
    #[must_use]
    pub fn shard_of(&self, guild: GuildId) -> ShardId {
        ShardId::of_guild(guild, self.shared.total)
    }

    /// Queues a member request at the guild's shard;
    /// [`Event::ChunkRequestFinished`](headcount_core::Event::ChunkRequestFinished) reports how it
    /// ended, exactly once. `presences` asks for presences too.
    ///
    /// # Errors
    /// Those of [`Shard::request_members`]; [`RequestError::OtherShard`] if this bot does not run
    /// the guild's shard.
    ///
    /// ```
    /// # use headcount_driver::Handle;
    /// # use headcount_driver::core::id::GuildId;
    /// use headcount_driver::core::chunk::MemberQuery;
    /// # fn ask(handle: &Handle, guild: GuildId) {
    /// match handle.request_members(guild, MemberQuery::All, false) {
    ///     Ok(request) => println!("request {request:?} is queued"),
    ///     Err(refused) => eprintln!("{refused}"),
    /// }
    /// # }
    /// ```
    pub fn request_members(
        &self,
        guild: GuildId,
        query: MemberQuery,
        presences: bool,
    ) -> Result<RequestId, RequestError> {
        let cell = self.cell_of(guild).ok_or(RequestError::OtherShard(guild))?;
        cell.change(
            || RecordedCall::request(guild, &query, presences),
            |shard| shard.request_members(guild, query.clone(), presences),
        )
    }

    /// Where a member request of a guild stands; `None` once it has ended.
    ///
    /// ```
    /// # use headcount_driver::Handle;
    /// # use headcount_driver::core::id::GuildId;
    /// # use headcount_driver::core::chunk::RequestId;
    /// # fn ask(handle: &Handle, guild: GuildId, request: RequestId) {
    /// if let Some(progress) = handle.request(guild, request) {
    ///     println!("{progress:?}");
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn request(&self, guild: GuildId, request: RequestId) -> Option<RequestProgress> {
        self.cell_of(guild)?.read(|shard| shard.request(request))
    }

    /// Changes automatic member requests on every shard, for guilds that come from now on.
    ///
    /// ```
    /// # use headcount_driver::Handle;
    /// use headcount_driver::core::setup::AutoChunk;
    /// # fn ask(handle: &Handle) {
    /// handle.set_chunking(&AutoChunk::Never.into());
    /// # }
    /// ```
    pub fn set_chunking(&self, chunking: &Chunking) {
        let chunking = chunking.clone().guarded(answered);
        for (_, cell) in self.shared.fleet.cells() {
            cell.set_chunking(chunking.clone());
        }
    }

    /// Where a guild stands, since when, what it waits for and until when; `None` when it is not
    /// known.
    ///
    /// ```
    /// # use headcount_driver::Handle;
    /// # use headcount_driver::core::id::GuildId;
    /// # fn ask(handle: &Handle, guild: GuildId) {
    /// println!("{:?}", handle.guild(guild));
    /// # }
    /// ```
    #[must_use]
    pub fn guild(&self, guild: GuildId) -> Option<GuildReadiness> {
        self.cell_of(guild)?.read(|shard| shard.guild(guild))
    }

    /// Reads the cache that all shards share. The closure runs under the store's lock: take out
    /// what you need and leave; the shards wait meanwhile. [`Handle::for_each_member`] is for
    /// guilds of very many members.
    ///
    /// # Panics
    /// In code that runs under that lock, which would wait for itself: in the closure of this
    /// method, and in a predicate. The same goes for [`Handle::for_each_member`],
    /// [`Handle::set_policy`] and [`Handle::put_webhooks`]; all other methods can be called there.
    ///
    /// ```no_run
    /// # use headcount_driver::{Handle, core::id::{GuildId, UserId}};
    /// # fn look(handle: &Handle, guild: GuildId, user: UserId) {
    /// let nick = handle.cache(|store| {
    ///     store.member(guild, user).and_then(|member| member.nick().map(str::to_owned))
    /// });
    /// # }
    /// ```
    #[track_caller]
    pub fn cache<T>(&self, look: impl FnOnce(&MemoryStore) -> T) -> T {
        self.shared.cache.read(look)
    }

    /// Changes the policy for a kind of cached rows, evicts at once what does not fit, and returns
    /// the number of rows that went.
    ///
    /// A kind that is switched on fills with what comes from here on; members can be asked for.
    /// After a change for members, requests that were made before no longer make a guild complete.
    ///
    /// # Errors
    /// [`Unsuitable`] if the policy makes no sense for the kind; nothing has changed then.
    ///
    /// # Panics
    /// Inside of [`Handle::cache`] and of a predicate.
    ///
    /// ```
    /// # use headcount_driver::Handle;
    /// use headcount_driver::core::cache::{Kind, Policy};
    /// # fn ask(handle: &Handle) {
    /// match handle.set_policy(Kind::Member, Policy::lru(10_000)) {
    ///     Ok(rows) => println!("{rows} rows went"),
    ///     Err(unsuitable) => eprintln!("{unsuitable}"),
    /// }
    /// # }
    /// ```
    #[track_caller]
    pub fn set_policy(&self, kind: Kind, policy: Policy) -> Result<usize, Unsuitable> {
        let evicted = self.shared.cache.set_policy(kind, policy, |policy| {
            for (_, cell) in self.shared.fleet.cells() {
                let is_none = policy.is_none();
                cell.change(
                    || RecordedCall::SetPolicy { kind, is_none },
                    |shard| shard.set_policy(kind, policy),
                );
            }
        });
        self.shared.fleet.wake();
        evicted
    }

    /// Puts a channel's webhooks into the cache, as the application received them when it asked the
    /// service: the gateway never sends them. They replace the older ones, and count as fresh
    /// until the gateway says that they have changed
    /// ([`MemoryStore::webhooks`](headcount_core::cache::MemoryStore::webhooks)); if it says so
    /// between your question and this call, ask again.
    ///
    /// The cache in memory has them at once, even if the future is dropped. A guild that has not
    /// come keeps none, and no more does a policy of none for
    /// [`Kind::WebhookMark`]. [`Webhook::list`] reads the service's answer.
    ///
    /// # Errors
    /// [`StoreFailure`] if a store of your own keeps them and fails, or takes longer than its
    /// deadline; and if a predicate panics over one.
    ///
    /// # Panics
    /// Inside of [`Handle::cache`] and of a predicate.
    ///
    /// ```
    /// # use headcount_driver::Handle;
    /// # use headcount_driver::core::id::{ChannelId, GuildId};
    /// use headcount_driver::core::wire::view::Webhook;
    /// # async fn ask(
    /// #     handle: &Handle, guild: GuildId, channel: ChannelId,
    /// #     webhooks: Vec<Webhook<'static>>) {
    /// if let Err(failure) = handle.put_webhooks(guild, channel, webhooks).await {
    ///     eprintln!("{failure:?}");
    /// }
    /// # }
    /// ```
    #[track_caller]
    pub fn put_webhooks(
        &self,
        guild: GuildId,
        channel: ChannelId,
        webhooks: Vec<Webhook<'static>>,
    ) -> impl Future<Output = Result<(), StoreFailure>> + Send + 'static {
        let Shared {
            cache, app_changes, ..
        } = &*self.shared;
        let mutation = Mutation::webhooks(guild, channel, webhooks);
        let job = app_changes.job(&mutation);
        let (_, unjudged) = cache.apply(app_changes.now(), mutation, false);
        if !unjudged.is_empty() {
            cache.mark_stale(guild);
        }
        let cell = self.shared.fleet.cell(self.shard_of(guild)).cloned();
        async move {
            let stored = job.await.failures.into_iter();
            let unjudged = unjudged.into_iter().map(Unjudged::into_failure);
            let Some((kinds, error)) = stored.chain(unjudged).next() else {
                return Ok(());
            };
            if let Some(cell) = cell {
                cell.store_failed(guild);
            }
            Err(StoreFailure {
                guild: Some(guild),
                sequence: None,
                kinds,
                error,
            })
        }
    }

    /// Queues a command at a shard. An event with the ticket reports what becomes of it.
    ///
    /// # Errors
    /// Those of [`Shard::send`];
    /// [`RequestError::Halted`] also for a shard that this bot does not run.
    ///
    /// ```
    /// # use headcount_driver::Handle;
    /// use headcount_driver::core::ShardId;
    /// use headcount_driver::core::wire::command::Command;
    /// use headcount_driver::core::wire::presence::BotPresence;
    /// # fn ask(handle: &Handle) {
    /// let command = Command::UpdatePresence(Box::new(BotPresence::default()));
    /// match handle.send(ShardId::ONE, command) {
    ///     Ok(ticket) => println!("queued as {ticket:?}"),
    ///     Err(refused) => eprintln!("{refused}"),
    /// }
    /// # }
    /// ```
    pub fn send(&self, shard: ShardId, command: Command) -> Result<Ticket, RequestError> {
        let call = RecordedCall::send(&command);
        self.cell(shard)?
            .change(|| call, |shard| shard.send(command))
    }

    /// The clock that turns the core's time points into wall-clock time.
    ///
    /// ```
    /// # use headcount_driver::Handle;
    /// # use headcount_driver::core::Instant;
    /// # fn ask(handle: &Handle, at: Instant) {
    /// println!("{:?}", handle.clock().wall_time(at));
    /// # }
    /// ```
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.shared.clock
    }

    /// Returns the sessions as they are now, each as of what is
    /// [acknowledged](crate::Builder::acknowledge): the next process gets what came after it. While
    /// shards run, the next event makes them stale.
    ///
    /// ```
    /// # use headcount_driver::Handle;
    /// # fn ask(handle: &Handle) {
    /// for session in handle.sessions() {
    ///     println!("{session:?}");
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn sessions(&self) -> Vec<Session> {
        self.shared
            .fleet
            .cells()
            .iter()
            .filter_map(|(_, cell)| cell.session())
            .collect()
    }

    /// How far the whole bot is, as counts; cheap enough for every frame of a progress bar.
    ///
    /// ```
    /// # use headcount_driver::Handle;
    /// # fn ask(handle: &Handle) {
    /// let all = handle.readiness();
    /// println!("{} of {} shards are ready", all.ready, all.shards);
    /// # }
    /// ```
    #[must_use]
    pub fn readiness(&self) -> FleetReadiness {
        self.shared.fleet.read(Fleet::readiness)
    }

    /// How often each kind of place in payloads was not understood, over all shards.
    ///
    /// ```
    /// # use headcount_driver::Handle;
    /// # fn ask(handle: &Handle) {
    /// println!("{:?}", handle.misreads());
    /// # }
    /// ```
    #[must_use]
    pub fn misreads(&self) -> MisreadCounts {
        let mut counts = MisreadCounts::default();
        for (_, cell) in self.shared.fleet.cells() {
            cell.read(|shard| counts.add(shard.misreads()));
        }
        counts
    }

    /// Identifies left for the day.
    ///
    /// ```
    /// # use headcount_driver::Handle;
    /// # fn ask(handle: &Handle) {
    /// println!("{} identifies left today", handle.identifies_left());
    /// # }
    /// ```
    #[must_use]
    pub fn identifies_left(&self) -> u32 {
        self.identify_budget().left
    }

    pub(crate) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(crate) fn cell_of(&self, guild: GuildId) -> Option<&Arc<ShardCell>> {
        self.shared.fleet.cell(self.shard_of(guild))
    }

    fn cell(&self, id: ShardId) -> Result<&ShardCell, RequestError> {
        self.shared
            .fleet
            .cell(id)
            .map(|cell| &**cell)
            .ok_or(RequestError::Halted)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("shards", &self.shared.fleet.cells().len())
            .finish_non_exhaustive()
    }
}
