//! The machine of guild streaming: sessions, time, and how guilds become ready.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::config::{Chunking, SetupConfig};
use super::event::{GuildLeave, Restored, SetupEvent};
use super::guild_registry::GuildRegistry;
use super::handover::KnownStages;
use super::known::HandedOver;
use super::presences::PresenceStates;
use super::quiet::Quiet;
use super::ready_tally::ReadyTally;
use super::stage::{Outcome, Stage, TimedStage};
use super::storing::Storing;
use super::sync::Syncs;
use crate::cache::Kinds;
use crate::cache::memory::RestoredRows;
use crate::chunk::{
    Ask, ChunkRequestFinished, FinishReason, MemberQuery, RequestConfig, RequestId, RequestMembers,
    RequestProgress, Requests,
};
use crate::error::RequestError;
use crate::id::GuildId;
use crate::intents::Intents;
use crate::rng::Rng;
use crate::{Instant, ShardId};

/// What setup wants to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outgoing {
    Members(RequestMembers),
    /// Client accounts only: at most 50 guilds.
    Sync(Vec<GuildId>),
}

/// The machine of guild streaming. See the [module](super).
#[derive(Clone, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Setup {
    pub(super) shard: ShardId,
    pub(super) config: SetupConfig,
    pub(super) intents: Intents,
    pub(super) registry: GuildRegistry,
    pub(super) tally: ReadyTally,
    pub(super) requests: Requests,
    pub(super) syncs: Syncs,
    pub(super) presences: PresenceStates,
    pub(super) storing: Storing,
    /// The kinds that are cached of what guilds list when they come.
    pub(super) listed_kinds: Kinds,
    /// Guilds of an earlier process of which not all these rows are here, until they come anew.
    pub(super) lacking_rows: BTreeSet<GuildId>,
    /// Answers to earlier requests make no guild complete: some members were not kept.
    whole_from: RequestId,
    /// Guilds on their way to ready whose members have all come already.
    pub(super) whole: BTreeSet<GuildId>,
    /// How often the data of a guild in setup came anew.
    pub(super) restarts: BTreeMap<GuildId, u32>,
    /// How long no guild of READY may come; `None` before there is one.
    pub(super) quiet: Option<Quiet>,
    /// Guilds beyond the bound.
    pub(super) untracked: u64,
    /// Guilds of an earlier process, until its session is resumed.
    pub(super) handed_over: HandedOver,
    /// What there is of their rows; `None` once the session is resumed.
    pub(super) rows: Option<RestoredRows>,
    /// How many of them the next summary counts by these rows.
    pub(super) restored: Option<Restored>,
    /// The stage of each guild when the shard halted, before the halt gave every guild an outcome.
    pub(super) at_halt: Option<KnownStages>,
    /// Requests that ended and have not been reported yet.
    pub(super) ended: Vec<ChunkRequestFinished>,
    halted: bool,
}

impl Setup {
    /// A machine that waits for its first READY; `kinds` are those that are cached.
    pub(crate) fn new(
        shard: ShardId,
        config: SetupConfig,
        requests: RequestConfig,
        intents: Intents,
        kinds: Kinds,
        rng: &mut Rng,
    ) -> Self {
        let hears = intents.contains(Intents::GUILD_PRESENCES);
        let storing = Storing::new(config.confirm);
        Self {
            shard,
            config,
            intents,
            registry: GuildRegistry::default(),
            tally: ReadyTally::default(),
            requests: Requests::new(shard, requests, rng),
            syncs: Syncs::default(),
            presences: PresenceStates::new(kinds.contains(Kinds::PRESENCES), hears),
            storing,
            listed_kinds: kinds & Kinds::LISTED,
            lacking_rows: BTreeSet::new(),
            whole_from: RequestId::new(0),
            whole: BTreeSet::new(),
            restarts: BTreeMap::new(),
            quiet: None,
            untracked: 0,
            handed_over: HandedOver::default(),
            rows: None,
            restored: None,
            at_halt: None,
            ended: Vec::new(),
            halted: false,
        }
    }

    /// Changes automatic requests, for guilds that come from now on.
    pub(crate) fn set_chunking(&mut self, chunking: Chunking) {
        self.config.chunking = chunking;
    }

    /// Some members that have come were not kept, those of answers under way included.
    pub(crate) fn members_not_kept(&mut self) {
        self.whole_from = self.requests.next_id();
        self.whole.clear();
    }

    /// The same of presences.
    pub(crate) const fn presences_not_kept(&mut self) {
        self.presences.not_kept(self.requests.next_id());
    }

    /// Which kinds are cached from now on.
    pub(crate) fn set_kinds(&mut self, kinds: Kinds) {
        let presences = kinds.contains(Kinds::PRESENCES);
        self.presences
            .set_cached(presences, self.requests.next_id());
        self.listed_kinds = kinds & Kinds::LISTED;
    }

    /// A guild's presences are asked for with everyone; whether that is an event.
    pub(crate) fn presences_asked(&mut self, guild: GuildId) -> bool {
        self.presences.asked(guild)
    }

    /// A new session began and listed these guilds.
    pub(crate) fn ready(
        &mut self,
        now: Instant,
        guilds: impl Iterator<Item = GuildId>,
        out: &mut Vec<SetupEvent>,
    ) {
        let mut listed = BTreeSet::new();
        self.untracked = 0;
        self.halted = false;
        for guild in guilds {
            if listed.len() < self.config.guilds {
                listed.insert(guild);
            } else if !listed.contains(&guild) {
                self.untracked = self.untracked.saturating_add(1);
            }
        }
        let before = core::mem::take(&mut self.registry);
        self.requests
            .new_session(|guild| listed.contains(&guild), &mut self.ended);
        self.emit_ended(now, out);
        self.emit_left(&before, &listed, out);
        self.syncs = Syncs::default();
        self.restarts.clear();
        self.handed_over = HandedOver::default();
        self.lacking_rows.clear();
        (self.rows, self.restored) = (None, None);
        self.at_halt = None;
        self.presences.clear();
        self.storing.clear();
        self.whole.clear();
        for &guild in &listed {
            self.place(now, guild, Stage::Expected);
        }
        self.tally = ReadyTally::open(listed);
        self.quiet = Some(Quiet::start(now, &self.config));
        if !self.intents.contains(Intents::GUILDS) {
            self.miss_expected(now);
        }
        self.conclude(out);
    }

    /// Guilds that a new session no longer lists were left while disconnected.
    fn emit_left(
        &self,
        before: &GuildRegistry,
        listed: &BTreeSet<GuildId>,
        out: &mut Vec<SetupEvent>,
    ) {
        let gone = before.guilds().filter(|guild| !listed.contains(guild));
        let gone: BTreeSet<GuildId> = gone.collect();
        for guild in gone {
            let stage = before.get(guild).map(|standing| standing.stage);
            out.push(SetupEvent::GuildLeave(GuildLeave {
                shard: self.shard,
                guild,
                was_unavailable: stage == Some(Stage::Unavailable),
                while_disconnected: true,
            }));
        }
    }

    pub(super) fn place(&mut self, since: Instant, guild: GuildId, stage: Stage) {
        self.registry.put(guild, TimedStage { since, stage });
    }

    /// The guilds of READY that have not come are missed; they may still come later.
    fn miss_expected(&mut self, now: Instant) {
        let expected: Vec<GuildId> = self.registry.expected().collect();
        for guild in expected {
            self.place(now, guild, Stage::Missed);
            self.tally.settle(guild, &Outcome::Missed);
            self.requests.release(now, guild);
        }
    }

    pub(super) const fn is_halted(&self) -> bool {
        self.halted
    }

    /// The shard has ended for good: what is pending is settled as it stands.
    pub(crate) fn halted(&mut self, now: Instant, out: &mut Vec<SetupEvent>) {
        self.halted = true;
        self.at_halt = Some(self.known_stages());
        self.quiet = None;
        self.requests.halted(&mut self.ended);
        self.emit_ended(now, out);
        self.give_up_syncs(now, out);
        while let Some(guild) = self.storing.any() {
            self.give_up_storing(now, guild, out);
        }
        self.miss_expected(now);
        self.take_over(now, out);
        self.conclude(out);
    }

    fn give_up_syncs(&mut self, now: Instant, out: &mut Vec<SetupEvent>) {
        let syncing: Vec<GuildId> = self.registry.syncing().collect();
        for guild in syncing {
            self.give_up_sync(now, guild, out);
        }
    }

    /// Deals with everything that has been silent for too long.
    pub(crate) fn timeout(&mut self, now: Instant, out: &mut Vec<SetupEvent>) {
        if self.away_until().is_some_and(|until| until <= now) {
            self.give_up_syncs(now, out);
        }
        self.requests.timeout(now, &mut self.ended);
        self.emit_ended(now, out);
        while let Some(config) = &self.config.sync
            && let Some(guild) = self.syncs.timeout(now, config)
        {
            self.give_up_sync(now, guild, out);
        }
        while let Some(guild) = self.storing.overdue(now) {
            self.give_up_storing(now, guild, out);
        }
        if self.expected_until().is_some_and(|until| until <= now) {
            self.miss_expected(now);
        }
        self.conclude(out);
    }

    /// When the guilds that have not come are missed.
    pub(super) fn expected_until(&self) -> Option<Instant> {
        let pending = self.registry.counts().expected > 0;
        let quiet = self.quiet.filter(|_| pending)?;
        let heard = quiet.heard.until();
        Some(heard.map_or(quiet.latest, |until| until.min(quiet.latest)))
    }

    /// When guilds whose sync cannot be sent go on without.
    fn away_until(&self) -> Option<Instant> {
        let pending = self.registry.counts().syncing > 0;
        self.requests.away_until().filter(|_| pending)
    }

    /// When [`Setup::timeout`] has something to do.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let all = [
            self.requests.deadline(),
            self.syncs.deadline(),
            self.storing.deadline(),
            self.expected_until(),
            self.away_until(),
        ];
        all.into_iter().flatten().min()
    }

    /// From when on there is something to send; `None` while nothing may be sent.
    pub(crate) fn sendable_at(&self) -> Option<Instant> {
        let sync = self.config.sync.as_ref().filter(|_| self.requests.is_up());
        let more = self.registry.counts().expected > 0;
        let batch = sync.and_then(|config| self.syncs.sendable_at(config, more));
        batch.into_iter().chain(self.requests.sendable_at()).min()
    }

    /// The next message that may be sent now, marked as sent: call this only with room to send.
    pub(crate) fn next_send(&mut self, now: Instant) -> Option<Outgoing> {
        if let Some(config) = &self.config.sync
            && self.requests.is_up()
        {
            let more = self.registry.counts().expected > 0;
            let batch = self.syncs.next_batch(now, config, more);
            if !batch.is_empty() {
                return Some(Outgoing::Sync(batch));
            }
        }
        let sent = self.requests.next_request(now)?;
        if let Some(request) = self.registry.request_of(sent.guild)
            && self.requests.received(request).is_none()
        {
            self.registry.progress(now, sent.guild, None);
        }
        Some(Outgoing::Members(sent))
    }

    pub(crate) const fn shard(&self) -> ShardId {
        self.shard
    }

    pub(crate) const fn intents(&self) -> Intents {
        self.intents
    }

    /// Where a request stands; `None` once it has ended.
    pub(crate) fn request(&self, id: RequestId) -> Option<RequestProgress> {
        self.requests.progress(id)
    }

    /// Accepts a request of the caller.
    pub(crate) fn request_members(
        &mut self,
        now: Instant,
        guild: GuildId,
        query: MemberQuery,
        presences: bool,
    ) -> Result<RequestId, RequestError> {
        let (awaits_guild, members) = match self.registry.get(guild).map(|it| it.stage) {
            Some(Stage::Expected) => (true, 0),
            Some(
                Stage::Syncing { members, .. }
                | Stage::Requested { members, .. }
                | Stage::Receiving { members, .. }
                | Stage::Storing { members, .. }
                | Stage::Ready { members, .. },
            ) => (false, members.expected),
            Some(Stage::Missed | Stage::Unavailable) | None => (false, 0),
        };
        let ask = Ask {
            guild,
            query,
            presences,
            auto: false,
            members,
            awaits_guild,
        };
        self.requests.request(now, ask, self.intents)
    }

    /// What the end of a request for everyone means for a guild.
    pub(crate) fn outcome_of(&self, end: &ChunkRequestFinished) -> Outcome {
        match end.reason {
            FinishReason::Complete if end.request < Some(self.whole_from) => Outcome::NotAsked,
            FinishReason::Complete if end.unread > 0 => Outcome::Unread {
                members: end.unread,
            },
            FinishReason::Complete => Outcome::Complete,
            FinishReason::Refused => Outcome::Refused,
            FinishReason::TimedOut
            | FinishReason::Superseded
            | FinishReason::GuildGone
            | FinishReason::Halted => match end.first_receipt {
                None => Outcome::Missed,
                Some(_) => Outcome::Incomplete {
                    missing: end.missed.clone(),
                },
            },
        }
    }
}
