//! What must hold after every input.
use super::Simulation;
use crate::snowflake::guild_id;
use headcount_core::Event;
use headcount_core::cache::memory::{Completeness, PresencesCompleteness};
use headcount_core::cache::{GuildStatus, Kinds, Lack};
use headcount_core::chunk::{FinishReason, RequestProgress};
use headcount_core::event::Gap;
use headcount_core::id::GuildId;
use headcount_core::session::{Phase, Reason};
use headcount_core::setup::{
    GuildReady, MemberCount, Outcome, PresencesOutcome, Stage, StageCounts, WaitsFor,
};
use headcount_core::wire::Name;

/// The names of stages, with the ways in which a guild may be ready.
const STAGES: [&str; 18] = [
    "unknown",
    "expected",
    "syncing",
    "requested",
    "receiving",
    "complete",
    "incomplete",
    "without members",
    "refused",
    "missed",
    "unavailable",
    "ready otherwise",
    "with unread members",
    "not asked",
    "without the intent",
    "with a failed store",
    "storing",
    "handed over",
];

impl Simulation {
    /// Counts anew what the shard keeps counts of, and looks whether every wait has an end.
    pub(super) fn recount(&mut self, host: usize) {
        let shard = &self.hosts[host].shard;
        let ended = shard.phase() == Phase::Halted;
        if shard.poll_timeout().is_none() != ended {
            return self.fail(format!("s{host} waits without a deadline"));
        }
        let readiness = shard.readiness();
        let mut stages = StageCounts::default();
        let mut members = MemberCount::default();
        for number in 0..self.guilds {
            let guild = guild_id(number);
            if !self.hosts[host].serves(guild) {
                continue;
            }
            let stage = self.look(host, number, guild);
            count(&mut stages, &mut members, stage.as_ref());
        }
        let book = &self.hosts[host].book;
        let settled = readiness.outcomes.total();
        if (stages, members) != (readiness.stages, readiness.members) {
            self.fail(format!(
                "s{host}: {readiness:?}, but {stages:?} and {members:?}"
            ));
        } else if readiness.pending + settled != book.listed.len() {
            self.fail(format!(
                "s{host}: {readiness:?} of {} guilds",
                book.listed.len()
            ));
        } else if readiness.finished != book.finished {
            self.fail(format!(
                "s{host}: {readiness:?}, but the summary says otherwise"
            ));
        }
    }

    /// The guild's stage; notes it when it has changed.
    fn look(&mut self, host: usize, number: u32, guild: u64) -> Option<Stage> {
        let it = self.hosts[host].shard.guild(GuildId::new(guild)?);
        let waits_without_end = it.as_ref().is_some_and(|it| {
            let bounded = matches!(it.waits_for, WaitsFor::Chunks { .. } | WaitsFor::Stores);
            bounded && it.until.is_none()
        });
        if waits_without_end {
            self.fail(format!("s{host}: guild {guild} waits without end"));
        }
        let stage = it.map(|it| it.stage);
        let (is, place) = (place_of(stage.as_ref()), number as usize);
        let stages = &mut self.hosts[host].stages;
        if stages.len() <= place {
            stages.resize(place + 1, 0);
        }
        let was = std::mem::replace(&mut stages[place], is);
        if was != is {
            let (from, to) = (STAGES[usize::from(was)], STAGES[usize::from(is)]);
            self.tally.mark(format!("setup: {from} -> {to}"));
            if !matches!(stage, Some(Stage::Syncing { .. })) {
                self.hosts[host].book.synced.remove(&GuildId::new(guild)?);
            }
            self.trace.line(
                self.now,
                Some(host),
                format_args!("! guild {number}: {from} -> {to}"),
            );
        }
        stage
    }

    /// Notes an event, and holds what it says against the store.
    pub(super) fn mark_event(&mut self, host: usize, event: &Event<'_>) {
        self.hold_to_patience(host, event);
        self.hold_to_restored(host, event);
        match event {
            Event::Dispatch(it) if it.name() == Name::Ready => {
                self.hosts[host].rows = None;
                return;
            }
            Event::Dispatch(_) => return,
            Event::StateChanged(it) => {
                let reason = match it.reason {
                    Reason::Closed(_) => "Closed".to_owned(),
                    Reason::DialFailed(_) => "DialFailed".to_owned(),
                    other => format!("{other:?}"),
                };
                self.tally
                    .mark(format!("session: {:?} -> {:?}, {reason}", it.from, it.to));
            }
            Event::ChunkRequestFinished(it) => {
                let whose = if it.request.is_none() {
                    "theirs"
                } else if it.attempts > 1 {
                    "again"
                } else {
                    "once"
                };
                self.tally.mark(format!("chunk: {:?}, {whose}", it.reason));
            }
            Event::GuildReady(it) | Event::GuildJoin(it) | Event::GuildRestored(it) => {
                self.tally.mark(format!("guild: {:?}", it.origin));
                self.hold_to_its_word(host, it);
            }
            Event::Gap(Gap { why, .. }) => {
                self.hosts[host].rows = None;
                self.tally.mark(format!("session: lost, {why:?}"));
            }
            Event::Misunderstood(it) => {
                let fault = format!("{:?}", it.fault);
                let fault = fault.split('(').next().unwrap_or_default();
                self.tally.mark(format!("misunderstood: {fault}"));
            }
            _ => {}
        }
        let text = format!("{event:?}");
        self.trace
            .line(self.now, Some(host), format_args!("! {text}"));
    }

    /// Nothing is late while nobody reads.
    fn hold_to_patience(&mut self, host: usize, event: &Event<'_>) {
        let active = self.hosts[host].shard.phase() == Phase::Active;
        let late = match event {
            Event::StateChanged(it) => match it.reason {
                Reason::HeartbeatUnanswered => Some("the answer to a heartbeat"),
                Reason::HelloTimedOut | Reason::ReadyTimedOut => Some("the gateway's greeting"),
                _ => None,
            },
            Event::ChunkRequestFinished(it) if active && it.reason == FinishReason::TimedOut => {
                Some("the answer to a member request")
            }
            _ => None,
        };
        if let Some(late) = late.filter(|_| self.hosts[host].stalled > self.now) {
            self.fail(format!("s{host} misses {late} that nobody has read"));
        }
    }

    /// A guild that is reported to be complete, in members or presences, is so in the store.
    fn hold_to_its_word(&mut self, host: usize, it: &GuildReady) {
        let at = self.hosts[host].shard.position();
        if at.is_some_and(|at| at.sequence < self.hosts[host].stored) {
            // The store is ahead of what is replayed.
            return;
        }
        let is = self.store.completeness(it.guild);
        let loading = match is {
            Some(Completeness::Partial { why, .. }) => why == Lack::Loading,
            Some(Completeness::Complete { .. }) | None => false,
        };
        if loading && it.request.is_some() {
            self.fail(format!(
                "s{host}: {} is set up, and is said to load",
                it.guild
            ));
        }
        let stale = self.store.guild_status(it.guild) == Some(GuildStatus::Stale);
        if stale && self.hosts[host].may_miss_failures() {
            return;
        }
        let members = self.setting.kinds.contains(Kinds::MEMBERS);
        if members
            && it.outcome == Outcome::Complete
            && !matches!(is, Some(Completeness::Complete { .. }))
        {
            self.fail(format!(
                "s{host}: {} is reported to be complete, and is {is:?}",
                it.guild
            ));
        }
        // A session that ends before its first dispatch leaves a guild as an earlier life left it,
        // and a new store without it.
        let is_new = (self.hosts[host].rows_lost || self.setting.snapshots) && is.is_none();
        let is_untouched = (it.outcome == Outcome::HandedOver || is_new || self.setting.snapshots)
            && self.hosts[host].book.phase == Phase::Halted;
        if stale != (it.outcome == Outcome::StoreFailed) && !is_untouched {
            self.fail(format!("s{host}: {it:?}, and stale: {stale}"));
        }
        let has_ended = self.hosts[host].book.phase == Phase::Halted;
        if !(has_ended && self.setting.snapshots) {
            self.hold_to_its_word_on_presences(host, it);
        }
    }

    fn hold_to_its_word_on_presences(&mut self, host: usize, it: &GuildReady) {
        let is = self.store.presences_completeness(it.guild);
        let reported = match (it.presences, is) {
            (PresencesOutcome::NotCached, _) => !self.setting.kinds.contains(Kinds::PRESENCES),
            (PresencesOutcome::Complete, Some(PresencesCompleteness::Complete { .. })) => true,
            // The store may still have what an earlier life of the shard put into it.
            (PresencesOutcome::Lacking(Lack::HandedOver), Some(_)) => true,
            // It does not know whether all members have come where it keeps none.
            (PresencesOutcome::Lacking(_), Some(PresencesCompleteness::Complete { .. })) => {
                self.setting.snapshots && !self.setting.kinds.contains(Kinds::MEMBERS)
            }
            // A new store knows of the guild what has come since.
            (PresencesOutcome::Lacking(_), None) => {
                self.hosts[host].rows_lost || self.setting.snapshots
            }
            (PresencesOutcome::Lacking(_), Some(PresencesCompleteness::Partial { why, .. }))
                if self.hosts[host].rows_lost
                    || it.outcome == Outcome::HandedOver
                    || why == Lack::HandedOver =>
            {
                why != Lack::Loading
            }
            (
                PresencesOutcome::Lacking(reported),
                Some(PresencesCompleteness::Partial { why, .. }),
            ) => reported == why && why != Lack::Loading,
            (PresencesOutcome::Complete, _) => false,
        };
        if !reported {
            let guild = it.guild;
            self.fail(format!(
                "s{host}: {guild} is reported with {:?}, and is {is:?}",
                it.presences
            ));
        }
    }

    pub(super) fn note_fleet(&mut self, event: &Event<'_>) {
        let text = format!("{event:?}");
        let name = text
            .split([' ', '(', '{'])
            .next()
            .unwrap_or_default()
            .to_owned();
        if !self.fleet_emitted.insert(name.clone()) {
            self.fail(format!("the fleet emits {name} twice"));
        }
        self.tally.mark(format!("fleet: {name}"));
        self.trace.line(self.now, None, format_args!("! {text}"));
    }

    /// Notes where the user's requests stand.
    pub(super) fn note_requests(&mut self, host: usize) {
        let shard = &self.hosts[host].shard;
        for request in &self.hosts[host].book.asked {
            let name = match shard.request(*request) {
                None => continue,
                Some(RequestProgress::AwaitingGuild) => "request: awaits its guild",
                Some(RequestProgress::Queued { .. }) => "request: queued",
                Some(RequestProgress::Sent { .. }) => "request: sent",
                Some(RequestProgress::Receiving { .. }) => "request: receiving",
            };
            self.tally.mark(name.to_owned());
        }
    }
}

fn count(stages: &mut StageCounts, sum: &mut MemberCount, stage: Option<&Stage>) {
    let (slot, members) = match stage {
        None => return,
        Some(Stage::Expected) => (&mut stages.expected, None),
        Some(Stage::Syncing { members, .. }) => (&mut stages.syncing, Some(members)),
        Some(Stage::Requested { members, .. }) => (&mut stages.requested, Some(members)),
        Some(Stage::Receiving { members, .. }) => (&mut stages.receiving, Some(members)),
        Some(Stage::Storing { members, .. }) => (&mut stages.storing, Some(members)),
        Some(Stage::Ready { members, .. }) => (&mut stages.ready, Some(members)),
        Some(Stage::Missed) => (&mut stages.missed, None),
        Some(Stage::Unavailable) => (&mut stages.unavailable, None),
    };
    *slot += 1;
    sum.expected += members.map_or(0, |members| members.expected);
    sum.received += members.map_or(0, |members| members.received);
}

fn place_of(stage: Option<&Stage>) -> u8 {
    match stage {
        None => 0,
        Some(Stage::Expected) => 1,
        Some(Stage::Syncing { .. }) => 2,
        Some(Stage::Requested { .. }) => 3,
        Some(Stage::Receiving { .. }) => 4,
        Some(Stage::Ready { outcome, .. }) => match outcome {
            Outcome::Complete => 5,
            Outcome::Incomplete { .. } => 6,
            Outcome::Missed => 7,
            Outcome::Refused => 8,
            Outcome::Unavailable | Outcome::Removed => 11,
            Outcome::Unread { .. } => 12,
            Outcome::NotAsked => 13,
            Outcome::NoIntent => 14,
            Outcome::StoreFailed => 15,
            Outcome::HandedOver => 17,
        },
        Some(Stage::Storing { .. }) => 16,
        Some(Stage::Missed) => 9,
        Some(Stage::Unavailable) => 10,
    }
}
