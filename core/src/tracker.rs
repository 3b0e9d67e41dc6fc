//! Guild streaming, member requests and cache derivation, without a session.

mod after_removal;
#[cfg(feature = "checkpoint")]
mod checkpoint;
mod config;
mod flow;
mod handover;
mod hold;
mod incomplete;
mod misread_counts;
mod reading;
#[cfg(test)]
mod tests;

use crate::action::{Action, Actions};
use crate::cache::tombstones::Tombstones;
use crate::cache::{Deriver, Kind, Kinds, Policy};
use crate::chunk::{MemberQuery, OpenRequest, RequestId, RequestProgress};
use crate::dispatch::Dispatch;
use crate::error::RequestError;
use crate::event::{Event, Fault, Misunderstood};
use crate::id::GuildId;
use crate::intents::Intents;
use crate::rng::Rng;
use crate::send_budget::{Budget, Rank};
use crate::setup::{Barrier, Chunking, GuildReadiness, Readiness, Setup, Stage};
use crate::shard_id::ShardId;
use crate::time::Instant;
use crate::wire::json::Reader;
use crate::wire::packed::RecordPools;
use crate::wire::{Malformed, Misreads, Name};
use handover::Handover;
use hold::Hold;

#[cfg(feature = "checkpoint")]
pub(crate) use checkpoint::TrackerForm;
pub use config::TrackerConfig;
pub use misread_counts::MisreadCounts;

/// Setup, member requests and cache derivation for one shard whose connection is someone else's.
///
/// Report every dispatch of the shard to it, in order and from READY on, what happens to the
/// connection, and the time; carry out the actions that it returns, of which member requests are
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
    /// The buffers of the last rows that came alone.
    pools: RecordPools,
    tombstones: Tombstones,
    handover: Handover,
    hold: Option<Hold>,
    budget: Budget,
    misunderstood: u64,
    misreads: MisreadCounts,
}

/// What is reported to a tracker that runs beside another library.
#[derive(Clone, Copy, Debug)]
pub enum TrackerInput<'i> {
    /// The deadline has come, or the host woke up for another reason.
    Timeout,
    /// The gateway sent a dispatch; READY and RESUMED too.
    Dispatch {
        /// Its name, as it came.
        name: &'i str,
        /// Its sequence, if the other library knows it.
        sequence: Option<u64>,
        /// The JSON of its `d`.
        data: &'i str,
    },
    /// The connection is lost. The next RESUMED or READY means that it is back.
    ConnectionLost,
    /// Every change of a guild up to this point is stored, or was reported as failed; see
    /// [`Input::Stored`](crate::Input::Stored).
    Stored(Barrier),
    /// A store failed for good to apply a change of this guild; see
    /// [`Input::StoreFailed`](crate::Input::StoreFailed).
    StoreFailed(GuildId),
    /// The shard has ended for good.
    Halted,
}

/// Beside another library.
impl Tracker {
    /// A tracker that waits for the shard's READY.
    ///
    /// All that is random about it (nonces) follows from `seed`. Give each process a seed of its
    /// own, so that its answers differ from those of others.
    #[must_use]
    pub fn new(shard: ShardId, intents: Intents, config: TrackerConfig, seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ u64::from(shard.number()).rotate_left(32));
        let setup = Setup::new(
            shard,
            config.setup.clone(),
            config.requests.clone(),
            intents,
            config.kinds,
            &mut rng,
        );
        let hears = intents.contains(Intents::GUILD_MEMBERS);
        let deriver = Deriver::new(shard, config.kinds).hears_of_members(hears);
        let tombstones = Tombstones::new(config.tombstones, rng.next_u64());
        let hold = config.hold.map(Hold::new);
        let budget = Budget::new(&config.limits, config::HEARTBEATS);
        let mut tracker = Self {
            now: Instant::ZERO,
            config,
            setup,
            deriver,
            pools: RecordPools::default(),
            tombstones,
            handover: Handover::default(),
            hold,
            budget,
            misunderstood: 0,
            misreads: MisreadCounts::default(),
        };
        tracker.decide_sweep(intents);
        tracker
    }

    /// Takes in what happened at `now`, and returns what to do about it.
    ///
    /// A `now` earlier than one before counts as unchanged. A dispatch that is not understood
    /// whole is followed by [`Event::Misunderstood`]; data that is no JSON changes nothing, and
    /// yields that event alone.
    pub fn handle<'i>(&mut self, now: Instant, input: TrackerInput<'i>) -> Actions<'i> {
        let mut out = Actions::new();
        self.now = self.now.max(now);
        match input {
            TrackerInput::Timeout => {}
            TrackerInput::Dispatch {
                name,
                sequence,
                data,
            } => self.untrusted(Dispatch::new(name, sequence, data), data, &mut out),
            TrackerInput::ConnectionLost => self.connection_lost(self.now, &mut out),
            TrackerInput::Stored(barrier) => self.stored(self.now, barrier, &mut out),
            TrackerInput::StoreFailed(guild) => self.store_failed(self.now, guild, &mut out),
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

    /// Returns when to hand in [`TrackerInput::Timeout`]; `None` while nothing waits.
    ///
    /// May change with every call that takes `&mut self`. Waking up early is harmless.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let room = self.budget.room_at(Rank::Request).unwrap_or(Instant::ZERO);
        let send = self.sendable_at().map(|at| at.max(room));
        send.into_iter().chain(self.deadline()).min()
    }

    /// Data that nobody has looked at: its structure is checked even if nothing of it is wanted.
    fn untrusted<'i>(&mut self, dispatch: Dispatch<'i>, data: &'i str, out: &mut Actions<'i>) {
        let decoded = self.deriver.decode_noting(dispatch.name(), data);
        if let (Ok(Some(_)), _) = decoded {
            return self.dispatched(self.now, decoded, dispatch, data, out);
        }
        if let Err(malformed) = structure(data) {
            let misreads = Misreads::whole(malformed.what, data);
            let at = Some((dispatch.name(), dispatch.sequence()));
            let misunderstood = self.misunderstand(Fault::Malformed(malformed), at, misreads);
            return out.emit(Event::Misunderstood(misunderstood.into()));
        }
        self.dispatched(self.now, decoded, dispatch, data, out);
    }

    /// Counts a payload that was not understood whole.
    pub(crate) fn misunderstand(
        &mut self,
        fault: Fault,
        dispatch: Option<(Name, Option<u64>)>,
        misreads: Misreads,
    ) -> Misunderstood {
        self.misunderstood = self.misunderstood.saturating_add(1);
        let name = dispatch.map(|(name, _)| name);
        self.misreads.note(name, &misreads);
        Misunderstood {
            fault,
            name,
            sequence: dispatch.and_then(|(_, sequence)| sequence),
            count: self.misunderstood,
            misreads,
        }
    }

    /// Goes on with the counts of another tracker, whose shard begins again.
    fn count_on(&mut self, before: &mut Self) {
        self.misunderstood = before.misunderstood;
        self.misreads = core::mem::take(&mut before.misreads);
    }

    fn flush(&mut self, out: &mut Actions<'_>) {
        while self.sendable_at().is_some_and(|at| at <= self.now)
            && self.budget.has_room(self.now, Rank::Request)
        {
            let Some(command) = self.next_send(self.now) else {
                return;
            };
            self.budget.take(self.now, Rank::Request);
            if let Some(loading) = self.mark_loading(&command) {
                out.push(Action::Mutate(loading));
            }
            out.push(Action::Send(command));
        }
    }
}

/// Checks that the text is one value, as far as brackets and strings go.
fn structure(text: &str) -> Result<(), Malformed> {
    let mut reader = Reader::new(text);
    reader.skip()?;
    reader.end()
}

/// What the caller can ask and change; within a shard too.
impl Tracker {
    /// Queues a member request; [`Event::ChunkRequestFinished`] reports how it ended.
    /// See <https://discord.com/developers/docs/events/gateway-events#request-guild-members>.
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

    /// Its settings, with what was changed since.
    pub(crate) const fn config(&self) -> &TrackerConfig {
        &self.config
    }

    /// Which kinds of rows are derived from now on.
    ///
    /// A kind that is switched on fills with what comes from here on: what guilds list when they
    /// arrive was passed over, and comes again with a new session. Members can be asked for.
    pub fn set_kinds(&mut self, kinds: Kinds) {
        if kinds.difference(self.config.kinds).contains(Kinds::MEMBERS) {
            self.setup.members_not_kept();
        }
        self.setup.set_kinds(kinds);
        self.config.kinds = kinds;
        self.deriver.set_kinds(kinds);
    }

    /// Changes the policy for a kind: whether its rows are derived, as [`Tracker::set_kinds`] does.
    /// The rest of the policy is the store's: change it there too, after this.
    ///
    /// After a change for members or presences, requests that were made before no longer make a
    /// guild complete in them.
    pub fn set_policy(&mut self, kind: Kind, policy: &Policy) {
        let mut kinds = self.config.kinds;
        kinds.set(kind.only(), !policy.is_none());
        self.set_kinds(kinds);
        if kind == Kind::Member {
            self.setup.members_not_kept();
        } else if kind == Kind::Presence {
            self.setup.presences_not_kept();
        }
    }

    /// Old members may stay until the last chunk only if everyone is asked for.
    fn decide_sweep(&mut self, intents: Intents) {
        let all = intents.contains(Intents::GUILD_MEMBERS) && self.config.setup.chunking.is_all();
        let sweep = self.config.sweep_after_chunk && all;
        self.deriver = self.deriver.clone().sweep_after_chunk(sweep);
    }

    /// How many payloads were not understood whole so far.
    #[must_use]
    pub const fn misunderstood(&self) -> u64 {
        self.misunderstood
    }

    /// Which kinds of places were not understood, and how often.
    #[must_use]
    pub const fn misreads(&self) -> &MisreadCounts {
        &self.misreads
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

    /// The guilds with an id above `after` that are not whole, ascending: all but those that are
    /// set up with every member. [`Readiness::not_whole`] is how many there are. The first ones
    /// cost no more for how many follow.
    pub fn not_whole(
        &self,
        after: Option<GuildId>,
    ) -> impl Iterator<Item = (GuildId, GuildReadiness)> + '_ {
        self.setup.not_whole(after)
    }

    /// The guilds of the last READY without an outcome, ascending: those that hold up readiness.
    /// [`Readiness::pending`] is how many there are.
    pub fn pending(&self) -> impl Iterator<Item = (GuildId, GuildReadiness)> + '_ {
        self.setup.pending()
    }

    /// The member requests that have not ended and were made after this one, in that order.
    pub fn open_requests(
        &self,
        after: Option<RequestId>,
    ) -> impl Iterator<Item = OpenRequest> + '_ {
        self.setup.open_requests(after)
    }

    /// The guild's stage; `None` when it is not known.
    #[must_use]
    pub fn stage(&self, guild: GuildId) -> Option<Stage> {
        self.setup.guild(guild).map(|readiness| readiness.stage)
    }
}
