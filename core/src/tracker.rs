//! Guild streaming, member requests and cache derivation, without a session.

mod config;
mod hold;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::action::{Action, Actions};
use crate::cache::{Deriver, Mutation, Op};
use crate::chunk::{Chunk, ChunkOutcome, MemberQuery, RequestId, RequestProgress};
use crate::dispatch::Dispatch;
use crate::error::RequestError;
use crate::event::{Event, Fault, Misunderstood};
use crate::id::GuildId;
use crate::intents::Intents;
use crate::rng::Rng;
use crate::session::budget::{Budget, Rank};
use crate::setup::{
    Arrival, Chunking, GuildReadiness, GuildReady, News, Origin, Outgoing, Readiness, Setup, Stage,
};
use crate::shard_id::ShardId;
use crate::time::Instant;
use crate::wire::command::Command;
use crate::wire::json::Reader;
use crate::wire::view::{GuildCreate, MembersChunk, RateLimited, View};
use crate::wire::{Malformed, Name, Text};
use hold::Hold;

pub use config::TrackerConfig;

/// Setup, member requests and cache derivation for one shard whose connection is someone else's.
///
/// Feed it with every dispatch of the shard, in order and from READY on, with what befalls the
/// connection, and with time; do what the actions say: member requests come as
/// [`Action::Send`]. A [`Shard`](crate::Shard) has one of these inside.
///
/// Requests are paced by a send budget of its own, a part of the connection's 120 sends in 60 s:
/// the rest is the other library's. Timeouts count from the action on.
#[derive(Clone, Debug)]
pub struct Tracker {
    now: Instant,
    config: TrackerConfig,
    setup: Setup,
    deriver: Deriver,
    hold: Option<Hold>,
    budget: Budget,
    misunderstood: u64,
}

/// What a tracker beside another library is told.
#[derive(Clone, Copy, Debug)]
pub enum TrackerInput<'i> {
    /// The deadline has come, or the host woke up for another reason.
    Timeout,
    /// The gateway sent a dispatch; READY and RESUMED too.
    Dispatch {
        /// Its name, as it came.
        name: &'i str,
        /// Its sequence, if the other library tells.
        sequence: Option<u64>,
        /// The JSON of its `d`.
        data: &'i str,
    },
    /// The connection is lost. RESUMED or READY will tell that it is back.
    ConnectionLost,
    /// The shard has ended for good.
    Halted,
}

/// Beside another library.
impl Tracker {
    /// A tracker that waits for the shard's READY.
    ///
    /// All that is random about it (nonces) follows from `seed`. Give each process a seed of its
    /// own, so that it can tell its answers from those of others.
    #[must_use]
    pub fn new(shard: ShardId, intents: Intents, config: TrackerConfig, seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ u64::from(shard.number()).rotate_left(32));
        let setup = Setup::new(
            shard,
            config.setup.clone(),
            config.requests.clone(),
            intents,
            &mut rng,
        );
        let deriver = Deriver::new(shard, config.kinds);
        let hold = config.hold.map(Hold::new);
        let budget = Budget::new(&config.limits, config::HEARTBEATS);
        let mut tracker = Self {
            now: Instant::ZERO,
            config,
            setup,
            deriver,
            hold,
            budget,
            misunderstood: 0,
        };
        tracker.decide_sweep(intents);
        tracker
    }

    /// Takes in what happened at `now`, and says what to do about it.
    ///
    /// A `now` earlier than one before counts as unchanged. Data that is no JSON, or lacks what
    /// its kind must have, changes nothing and yields [`Event::Misunderstood`].
    pub fn handle<'i>(&mut self, now: Instant, input: TrackerInput<'i>) -> Actions<'i> {
        let mut out = Actions::new();
        self.now = self.now.max(now);
        match input {
            TrackerInput::Timeout => {}
            TrackerInput::Dispatch {
                name,
                sequence,
                data,
            } => self.untrusted(Text::plain(name), sequence, data, &mut out),
            TrackerInput::ConnectionLost => self.connection_lost(self.now, &mut out),
            TrackerInput::Halted => self.halted(self.now, &mut out),
        }
        if self.deadline().is_some_and(|deadline| deadline <= self.now) {
            self.timeout(self.now, &mut out);
        }
        self.flush(&mut out);
        out
    }

    /// A dispatch of the gateway; short for [`TrackerInput::Dispatch`].
    pub fn dispatch<'i>(
        &mut self,
        now: Instant,
        name: &'i str,
        sequence: Option<u64>,
        data: &'i str,
    ) -> Actions<'i> {
        let input = TrackerInput::Dispatch {
            name,
            sequence,
            data,
        };
        self.handle(now, input)
    }

    /// When to hand in [`TrackerInput::Timeout`]; `None` while there is nothing to wait for.
    ///
    /// May change with every call that takes `&mut self`. Waking up early is harmless.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let room = self.budget.room_at(Rank::Request).unwrap_or(Instant::ZERO);
        let send = self.sendable_at().map(|at| at.max(room));
        send.into_iter().chain(self.deadline()).min()
    }

    /// Data that nobody has looked at: its structure is checked even if nothing of it is wanted.
    fn untrusted<'i>(
        &mut self,
        name: Text<'i>,
        sequence: Option<u64>,
        data: &'i str,
        out: &mut Actions<'i>,
    ) {
        let dispatch = Dispatch::read(name, sequence, data);
        let mut reader = Reader::new(data);
        let structure = reader.skip().and_then(|()| reader.end());
        match structure.and_then(|()| self.decode(dispatch.name(), data)) {
            Ok(view) => self.dispatched(self.now, view, dispatch, data, out),
            Err(malformed) => {
                self.misunderstood = self.misunderstood.saturating_add(1);
                out.emit(Event::Misunderstood(Misunderstood {
                    fault: Fault::Malformed(malformed),
                    name: Some(dispatch.name()),
                    sequence,
                    count: self.misunderstood,
                }));
            }
        }
    }

    fn flush(&mut self, out: &mut Actions<'_>) {
        while self.sendable_at().is_some_and(|at| at <= self.now)
            && self.budget.has_room(self.now, Rank::Request)
        {
            let Some(command) = self.next_send(self.now) else {
                return;
            };
            self.budget.take(self.now, Rank::Request);
            out.push(Action::Send(command));
        }
    }
}

/// What the caller can ask and change; within a shard too.
impl Tracker {
    /// Queues a member request; [`Event::ChunkRequestFinished`] tells how it ended.
    ///
    /// It is sent when the gate and the send budget allow. If the guild's own data is still to
    /// come, it waits for that, which would sweep the answer out of the cache.
    ///
    /// # Errors
    /// [`RequestError::MissingIntents`], an argument out of its bounds,
    /// [`RequestError::OtherShard`], [`RequestError::QueueFull`] or [`RequestError::Halted`];
    /// nothing has changed then.
    pub fn request_members(
        &mut self,
        guild: GuildId,
        query: MemberQuery,
        presences: bool,
    ) -> Result<RequestId, RequestError> {
        self.setup
            .request_members(self.now, guild, query, presences)
    }

    /// Where a member request stands; `None` once it has ended.
    #[must_use]
    pub fn request(&self, request: RequestId) -> Option<RequestProgress> {
        self.setup.request(request)
    }

    /// Changes automatic member requests, for guilds that come from now on.
    pub fn set_chunking(&mut self, chunking: Chunking) {
        self.config.setup.chunking = chunking.clone();
        self.setup.set_chunking(chunking);
        self.decide_sweep(self.setup.intents());
    }

    /// Old members may stay until the last chunk only if everyone is asked for.
    fn decide_sweep(&mut self, intents: Intents) {
        let all = intents.contains(Intents::GUILD_MEMBERS) && self.config.setup.chunking.is_all();
        let sweep = self.config.sweep_after_chunk && all;
        self.deriver = self.deriver.clone().sweep_after_chunk(sweep);
    }

    /// How far the shard is. Constant time.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        self.setup.readiness()
    }

    /// Where a guild stands, and what it waits for; `None` when it is not known.
    #[must_use]
    pub fn guild(&self, guild: GuildId) -> Option<GuildReadiness> {
        self.setup.guild(guild)
    }

    /// The guild's stage; `None` when it is not known.
    #[must_use]
    pub fn stage(&self, guild: GuildId) -> Option<Stage> {
        self.setup.guild(guild).map(|readiness| readiness.stage)
    }
}

/// Within a shard.
impl Tracker {
    /// Decodes what this dispatch means to setup, requests and cache; `None` if nothing.
    ///
    /// # Errors
    /// [`Malformed`] if it lacks what it must have; the dispatch is not to be handed in then.
    pub(crate) fn decode<'i>(
        &self,
        name: Name,
        data: &'i str,
    ) -> Result<Option<View<'i>>, Malformed> {
        View::parse(name, data, self.config.kinds)
    }

    /// Takes in a dispatch that [`Tracker::decode`] made `view` of: its mutation, itself, and
    /// what follows from it, in that order.
    pub(crate) fn dispatched<'i>(
        &mut self,
        now: Instant,
        view: Option<View<'i>>,
        dispatch: Dispatch<'i>,
        data: &'i str,
        out: &mut Actions<'i>,
    ) {
        self.now = self.now.max(now);
        let mut news = Vec::new();
        let guild = self.guild_to_hold_for(view.as_ref(), &dispatch, data);
        if dispatch.name() == Name::Ready {
            self.release_all(out);
        }
        if let Some(view) = view {
            let whole = self.advance(&view, &mut news);
            self.derive(view, dispatch.sequence(), whole, out);
        } else if dispatch.name() == Name::Resumed {
            self.setup.resumed(self.now);
        }
        match (&mut self.hold, guild) {
            (Some(hold), Some(guild)) => hold.hold(guild, dispatch, data.len(), out),
            (Some(_) | None, _) => out.emit(Event::Dispatch(dispatch)),
        }
        self.tell(news, out);
    }

    /// What a dispatch means to setup and requests; whether it makes a guild's members whole.
    fn advance(&mut self, view: &View<'_>, news: &mut Vec<News>) -> bool {
        let now = self.now;
        match view {
            View::Ready(ready) => {
                let guilds = ready.guilds.iter().map(|guild| guild.id);
                self.setup.ready(now, guilds, news);
            }
            View::GuildCreate(create) if create.unavailable => {
                self.setup.guild_unavailable(now, create.guild.id, news);
            }
            View::GuildCreate(create) => self.setup.guild_create(now, arrival(create), news),
            View::GuildDelete(delete) if delete.unavailable => {
                self.setup.guild_unavailable(now, delete.guild, news);
            }
            View::GuildDelete(delete) => self.setup.guild_delete(now, delete.guild, news),
            View::GuildSync(sync) => {
                let listed = sync.content.listed;
                self.setup.guild_sync(now, sync.guild, listed, news);
            }
            View::MembersChunk(chunk) => return self.chunk(chunk, news),
            View::RateLimited(limited) => self.rate_limited(limited, news),
            View::UserUpdate(_)
            | View::GuildUpdate(_)
            | View::MemberAdd(_)
            | View::MemberUpdate(_)
            | View::MemberRemove(_)
            | View::PresenceUpdate(_)
            | View::ChannelCreate(_)
            | View::ChannelUpdate(_)
            | View::ChannelDelete(_)
            | View::ChannelPins(_)
            | View::RoleCreate(_)
            | View::RoleUpdate(_)
            | View::RoleDelete(_) => {}
        }
        false
    }

    /// Whether this chunk is the last of a whole answer that lists everyone.
    fn chunk(&mut self, view: &MembersChunk<'_>, news: &mut Vec<News>) -> bool {
        let nonce = view.nonce.as_ref().map(Text::as_cow);
        let chunk = Chunk {
            guild: view.guild,
            nonce: nonce.as_deref(),
            index: view.index,
            count: view.count,
            members: view.received,
            not_found: &view.not_found,
        };
        let outcome = self.setup.chunk(self.now, &chunk, news);
        let ChunkOutcome::Completed(Some(request)) = outcome else {
            return false;
        };
        news.iter().any(|news| match news {
            News::RequestFinished(end) => end.full && end.request == Some(request),
            News::GuildReady(_)
            | News::GuildUnavailable(_)
            | News::GuildLeave(_)
            | News::ShardFinishedChunking(_)
            | News::ShardReady(_) => false,
        })
    }

    fn rate_limited(&mut self, limited: &RateLimited<'_>, news: &mut Vec<News>) {
        let Some(guild) = limited.guild else {
            return;
        };
        let nonce = limited.nonce.as_ref().map(Text::as_cow);
        let wait = limited.retry_after;
        let _ = self
            .setup
            .rate_limited(self.now, guild, nonce.as_deref(), wait, news);
    }

    fn derive<'i>(
        &mut self,
        view: View<'i>,
        sequence: Option<u64>,
        whole: bool,
        out: &mut Actions<'i>,
    ) {
        let mut mutation: Mutation<'i> = self.deriver.derive(view);
        if whole {
            mutation.push(Op::Complete);
        }
        if mutation.is_empty() {
            return;
        }
        if let Some(sequence) = sequence {
            mutation = mutation.at(self.setup.shard(), sequence);
        }
        out.push(Action::Mutate(mutation));
    }

    /// The guild for which this dispatch is to be held, if it is.
    fn guild_to_hold_for(
        &self,
        view: Option<&View<'_>>,
        dispatch: &Dispatch<'_>,
        data: &str,
    ) -> Option<GuildId> {
        self.hold.as_ref()?;
        if !hold::may_wait(dispatch.name()) {
            return None;
        }
        let guild = match view {
            Some(view) => view.guild(),
            None => hold::guild_of(dispatch.name(), data),
        };
        guild.filter(|&guild| self.setup.in_setup(guild))
    }

    /// The connection is lost; what comes until RESUMED is replay.
    pub(crate) fn connection_lost(&mut self, now: Instant, out: &mut Actions<'_>) {
        self.now = self.now.max(now);
        let mut news = Vec::new();
        self.setup.connection_lost(self.now, &mut news);
        self.tell(news, out);
    }

    /// The shard has ended for good: all that is pending is settled as it stands.
    pub(crate) fn halted(&mut self, now: Instant, out: &mut Actions<'_>) {
        self.now = self.now.max(now);
        let mut news = Vec::new();
        self.setup.halted(self.now, &mut news);
        self.tell(news, out);
        self.release_settled(out);
    }

    /// Deals with everything that has been silent for too long.
    pub(crate) fn timeout(&mut self, now: Instant, out: &mut Actions<'_>) {
        self.now = self.now.max(now);
        let mut news = Vec::new();
        self.setup.timeout(self.now, &mut news);
        self.tell(news, out);
        self.release_settled(out);
    }

    /// When [`Tracker::timeout`] has something to do.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.setup.deadline()
    }

    /// From when on there is something to send; `None` while nothing may be sent.
    pub(crate) fn sendable_at(&self) -> Option<Instant> {
        self.setup.sendable_at()
    }

    /// The next command that may be sent now, marked as sent: call this only with room to send.
    pub(crate) fn next_send(&mut self, now: Instant) -> Option<Command> {
        self.now = self.now.max(now);
        Some(match self.setup.next_send(self.now)? {
            Outgoing::Members(request) => Command::RequestMembers(Box::new(request)),
            Outgoing::Sync(guilds) => Command::GuildSync(guilds),
        })
    }

    /// Emits what setup has to tell; events held for a guild come after it is ready, and before
    /// it is gone.
    fn tell(&mut self, news: Vec<News>, out: &mut Actions<'_>) {
        for news in news {
            match news {
                News::RequestFinished(end) => out.emit(Event::ChunkRequestFinished(end.into())),
                News::GuildReady(ready) => {
                    let guild = ready.guild;
                    out.emit(guild_event(ready));
                    self.release(guild, out);
                }
                News::GuildUnavailable(gone) => {
                    self.release(gone.guild, out);
                    out.emit(Event::GuildUnavailable(gone));
                }
                News::GuildLeave(left) => {
                    self.release(left.guild, out);
                    out.emit(Event::GuildLeave(left));
                }
                News::ShardFinishedChunking(summary) => {
                    self.release_settled(out);
                    out.emit(Event::ShardFinishedChunking(summary.into()));
                }
                News::ShardReady(ready) => out.emit(Event::ShardReady(ready)),
            }
        }
    }

    fn release(&mut self, guild: GuildId, out: &mut Actions<'_>) {
        if let Some(hold) = &mut self.hold {
            hold.release(guild, out);
        }
    }

    /// Releases what is held for guilds that are no longer in setup without a word of their own:
    /// those that were missed.
    fn release_settled(&mut self, out: &mut Actions<'_>) {
        let setup = &self.setup;
        if let Some(hold) = &mut self.hold {
            hold.release_unless(|guild| setup.in_setup(guild), out);
        }
    }

    /// What was held under the last session comes before the new one's READY.
    fn release_all(&mut self, out: &mut Actions<'_>) {
        if let Some(hold) = &mut self.hold {
            hold.release_unless(|_| false, out);
        }
    }
}

fn guild_event(ready: GuildReady) -> Event<'static> {
    match ready.origin {
        Origin::Initial => Event::GuildReady(ready),
        Origin::Join => Event::GuildJoin(ready),
        Origin::Returned => Event::GuildRestored(ready),
    }
}

fn arrival(create: &GuildCreate<'_>) -> Arrival {
    let listed = create.content.listed;
    Arrival {
        guild: create.guild.id,
        members: create.guild.member_count.unwrap_or(listed),
        listed,
        large: create.guild.large.unwrap_or(false),
    }
}
