//! Guild streaming over any order of events, beside a reference that only notes what was said.
use crate::scenario::Source;
use headcount_core::chunk::MemberQuery;
use headcount_core::id::GuildId;
use headcount_core::setup::{
    AutoChunk, Barrier, GuildReady, MemberCount, Outcome, ShardFinishedChunking, Stage, StageCounts,
};
use headcount_core::tracker::{TrackerConfig, TrackerInput};
use headcount_core::wire::command::Command;
use headcount_core::{Action, Actions, Event, Instant, Intents, ShardId, Tracker};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const GUILDS: u64 = 6;

/// How long a guild waits for the host's stores.
const CONFIRM: Duration = Duration::from_secs(20);

pub(super) fn run(bytes: &[u8]) {
    let source = &mut Source::bytes(bytes);
    let mut life = Life::new(source);
    life.ready(source);
    while !source.is_spent() {
        life.step(source);
    }
    life.fall_silent(source);
}

struct Life {
    tracker: Tracker,
    mode: AutoChunk,
    /// Whether the host says what is stored.
    confirms: bool,
    /// What the host has not said to be stored.
    barriers: Vec<Barrier>,
    /// Guilds of which a store has failed since they came.
    failed: BTreeSet<GuildId>,
    now: u64,
    up: bool,
    /// Listed in the last READY.
    listed: BTreeSet<GuildId>,
    /// In the guild, as far as the gateway said.
    known: BTreeSet<GuildId>,
    asked: BTreeSet<u64>,
    ended: BTreeSet<u64>,
    summaries: u32,
    readies: u32,
    nonces: Vec<(GuildId, String)>,
}

impl Life {
    fn new(source: &mut Source<'_>) -> Self {
        let modes = [
            AutoChunk::Never,
            AutoChunk::Missing,
            AutoChunk::All,
            AutoChunk::Large,
        ];
        let mode = source.pick(&modes);
        let mut config = TrackerConfig::default();
        config.setup.chunking = mode.into();
        config.hold = source.percent(30).then(Default::default);
        let confirms = source.percent(50);
        config.setup.confirm = confirms.then_some(CONFIRM);
        Self {
            tracker: Tracker::new(ShardId::ONE, Intents::all(), config, 3),
            mode,
            confirms,
            barriers: Vec::new(),
            failed: BTreeSet::new(),
            now: 0,
            up: false,
            listed: BTreeSet::new(),
            known: BTreeSet::new(),
            asked: BTreeSet::new(),
            ended: BTreeSet::new(),
            summaries: 0,
            readies: 0,
            nonces: Vec::new(),
        }
    }

    fn step(&mut self, source: &mut Source<'_>) {
        match source.below(27) {
            0 => self.ready(source),
            1..=7 => self.create(source),
            8 | 9 => self.delete(source),
            10..=15 => self.chunk(source),
            16 => {
                let guild = some_guild(source);
                let data = json!({"opcode": 8, "retry_after": source.below(40),
                    "meta": {"guild_id": guild.to_string()}});
                self.dispatch("RATE_LIMITED", &data);
            }
            17 => self.ask(source),
            18 => {
                self.up = false;
                self.input(TrackerInput::ConnectionLost);
            }
            19 => {
                self.up = true;
                self.dispatch("RESUMED", &json!({}));
            }
            20 | 21 => self.wait(source.below(600)),
            22 | 23 => self.stored(source),
            24 => self.store_failed(source),
            _ => self.wait(source.below(20_000)),
        }
        self.recount();
    }

    /// A new session.
    fn ready(&mut self, source: &mut Source<'_>) {
        let all = (1..=GUILDS).filter_map(GuildId::new);
        self.listed = all.filter(|_| source.percent(70)).collect();
        self.known = self.listed.clone();
        self.failed.clear();
        (self.summaries, self.readies, self.up) = (0, 0, true);
        let listed: Vec<Value> = self
            .listed
            .iter()
            .map(|id| json!({"id": id.to_string(), "unavailable": true}))
            .collect();
        let user = json!({"id": "9", "username": "b"});
        self.dispatch(
            "READY",
            &json!({"v": 10, "session_id": "s", "user": user, "guilds": listed}),
        );
    }

    fn create(&mut self, source: &mut Source<'_>) {
        let guild = some_guild(source);
        self.known.insert(guild);
        self.failed.remove(&guild);
        if source.percent(15) {
            self.dispatch(
                "GUILD_CREATE",
                &json!({"id": guild.to_string(), "unavailable": true}),
            );
            return self.expect(guild, &Stage::Unavailable);
        }
        let (listed, members) = (source.below(3), source.below(3));
        let list: Vec<Value> = (0..listed)
            .map(|id| json!({"user": {"id": (9 + id).to_string(), "username": "u"}, "roles": []}))
            .collect();
        self.dispatch(
            "GUILD_CREATE",
            &json!({
                "id": guild.to_string(), "name": "g", "member_count": members, "members": list,
                "large": source.percent(50), "channels": [], "roles": [],
            }),
        );
        let stage = self.tracker.stage(guild);
        let nothing_missing = self.mode == AutoChunk::Missing && listed >= members;
        if self.mode == AutoChunk::Never || nothing_missing {
            let is_right = match stage {
                Some(Stage::Ready { .. }) => !self.confirms,
                Some(Stage::Storing { .. }) => self.confirms,
                _ => false,
            };
            assert!(is_right, "{guild} waits for its stores alone: {stage:?}");
        }
        if self.mode == AutoChunk::All {
            let set_up = !matches!(stage, None | Some(Stage::Expected | Stage::Unavailable));
            assert!(set_up, "{guild} has come: {stage:?}");
        }
    }

    /// The stores get on, with what a guild waits for, or with what it waits for no longer.
    fn stored(&mut self, source: &mut Source<'_>) {
        let recent = self.barriers.len().min(4);
        if recent == 0 {
            return;
        }
        let back = 1 + source.below(recent as u64) as usize;
        let barrier = self.barriers.remove(self.barriers.len() - back);
        self.input(TrackerInput::Stored(barrier));
    }

    fn store_failed(&mut self, source: &mut Source<'_>) {
        let guild = some_guild(source);
        let stage = self.tracker.stage(guild);
        if stage.is_some_and(|stage| has_come(&stage)) {
            self.failed.insert(guild);
        }
        self.input(TrackerInput::StoreFailed(guild));
    }

    fn delete(&mut self, source: &mut Source<'_>) {
        let guild = some_guild(source);
        self.failed.remove(&guild);
        if source.percent(50) {
            self.known.insert(guild);
            self.dispatch(
                "GUILD_DELETE",
                &json!({"id": guild.to_string(), "unavailable": true}),
            );
            self.expect(guild, &Stage::Unavailable);
        } else {
            self.known.remove(&guild);
            self.dispatch("GUILD_DELETE", &json!({"id": guild.to_string()}));
            assert_eq!(self.tracker.stage(guild), None, "{guild} is gone");
        }
    }

    fn expect(&self, guild: GuildId, stage: &Stage) {
        assert_eq!(self.tracker.stage(guild).as_ref(), Some(stage), "{guild}");
    }

    fn chunk(&mut self, source: &mut Source<'_>) {
        let recent = self.nonces.len().min(6);
        if recent == 0 {
            return;
        }
        let back = 1 + source.below(recent as u64) as usize;
        let (guild, nonce) = self.nonces[self.nonces.len() - back].clone();
        let count = 1 + nonce.len() as u32 % 2;
        let index = source.up_to(count);
        self.dispatch(
            "GUILD_MEMBERS_CHUNK",
            &json!({
                "guild_id": guild.to_string(), "nonce": nonce, "chunk_index": index,
                "chunk_count": count, "members": [],
            }),
        );
    }

    fn ask(&mut self, source: &mut Source<'_>) {
        let guild = some_guild(source);
        let asked = self.tracker.request_members(guild, MemberQuery::All, false);
        let asked = asked.expect("a request that may be made");
        assert!(self.asked.insert(asked.get()), "{asked} is given out twice");
        self.input(TrackerInput::Timeout);
    }

    fn wait(&mut self, time: u64) {
        let end = self.now + time;
        while let Some(at) = self
            .tracker
            .poll_timeout()
            .filter(|at| at.as_millis() <= end)
        {
            self.now = self.now.max(at.as_millis());
            self.input(TrackerInput::Timeout);
            assert_ne!(
                self.tracker.poll_timeout(),
                Some(at),
                "a deadline does not move on"
            );
        }
        self.now = end;
    }

    /// Nobody answers any more, and yet everything ends.
    fn fall_silent(&mut self, source: &mut Source<'_>) {
        self.ready(source);
        self.ask(source);
        for _ in 0..400 {
            self.wait(3_000);
            self.recount();
        }
        assert!(self.ended.is_superset(&self.asked), "a request never ended");
        assert_eq!(self.tracker.poll_timeout(), None);
        let readiness = self.tracker.readiness();
        assert_eq!((readiness.pending, self.summaries, self.readies), (0, 1, 1));
        assert_eq!(
            (readiness.requests_queued, readiness.requests_outstanding),
            (0, 0)
        );
    }

    fn dispatch(&mut self, name: &str, data: &Value) {
        let (data, now) = (data.to_string(), Instant::from_millis(self.now));
        let actions = self.tracker.dispatch(now, name, None, &data).into_owned();
        self.note(actions);
    }

    fn input(&mut self, input: TrackerInput<'_>) {
        let now = Instant::from_millis(self.now);
        let actions = self.tracker.handle(now, input).into_owned();
        self.note(actions);
    }

    fn note(&mut self, actions: Actions<'static>) {
        for action in actions {
            match action {
                Action::Send(Command::RequestMembers(request)) => {
                    assert!(self.up, "sent over a lost connection");
                    let nonce = request.nonce.as_str().to_owned();
                    self.nonces.push((request.guild, nonce));
                }
                Action::Confirm(barrier) => {
                    assert!(self.confirms, "nobody will answer {barrier:?}");
                    self.barriers.push(barrier);
                }
                Action::Emit(Event::ChunkRequestFinished(end)) => {
                    if let Some(request) = end.request {
                        assert!(self.ended.insert(request.get()), "{request} ended twice");
                    }
                }
                Action::Emit(
                    Event::GuildReady(it) | Event::GuildJoin(it) | Event::GuildRestored(it),
                ) => self.is_ready(&it),
                Action::Emit(Event::ShardFinishedChunking(summary)) => self.finished(&summary),
                Action::Emit(Event::ShardReady(_)) => {
                    self.readies += 1;
                    assert!(
                        self.readies <= self.summaries,
                        "ready before it has finished"
                    );
                }
                _ => {}
            }
        }
    }

    fn is_ready(&self, it: &GuildReady) {
        assert!(self.known.contains(&it.guild), "{} is not there", it.guild);
        let stage = self.tracker.stage(it.guild);
        let same = matches!(&stage, Some(Stage::Ready { outcome, .. }) if *outcome == it.outcome);
        assert!(same, "{it:?}, but {stage:?}");
        let is_told = it.outcome == Outcome::StoreFailed || !self.failed.contains(&it.guild);
        assert!(is_told, "its store has failed: {it:?}");
    }

    /// Once per session; the lists and the complete ones are the guilds of READY, each once.
    fn finished(&mut self, summary: &ShardFinishedChunking) {
        self.summaries += 1;
        assert_eq!(self.summaries, 1, "finished twice");
        let named: Vec<GuildId> = summary.other_guilds().collect();
        let set: BTreeSet<GuildId> = named.iter().copied().collect();
        assert_eq!(set.len(), named.len(), "two outcomes: {summary:?}");
        assert!(set.is_subset(&self.listed), "never listed: {summary:?}");
        assert_eq!(
            set.len() + summary.complete,
            self.listed.len(),
            "{summary:?}"
        );
    }

    /// What the tracker keeps counts of, counted anew.
    fn recount(&self) {
        let readiness = self.tracker.readiness();
        let (mut stages, mut sum) = (StageCounts::default(), MemberCount::default());
        let mut known = BTreeSet::new();
        for guild in (1..=GUILDS).filter_map(GuildId::new) {
            let Some(stage) = self.tracker.stage(guild) else {
                continue;
            };
            known.insert(guild);
            let (slot, members) = match &stage {
                Stage::Expected => (&mut stages.expected, None),
                Stage::Syncing { members, .. } => (&mut stages.syncing, Some(members)),
                Stage::Requested { members, .. } => (&mut stages.requested, Some(members)),
                Stage::Receiving { members, .. } => (&mut stages.receiving, Some(members)),
                Stage::Storing { members, .. } => (&mut stages.storing, Some(members)),
                Stage::Ready { members, .. } => (&mut stages.ready, Some(members)),
                Stage::Missed => (&mut stages.missed, None),
                Stage::Unavailable => (&mut stages.unavailable, None),
            };
            *slot += 1;
            sum.expected += members.map_or(0, |members| members.expected);
            sum.received += members.map_or(0, |members| members.received);
        }
        assert_eq!(known, self.known);
        assert_eq!((stages, sum), (readiness.stages, readiness.members));
        assert_eq!(readiness.finished, self.summaries == 1);
    }
}

/// Whether a guild's data has come, so that a store can have failed to keep it.
fn has_come(stage: &Stage) -> bool {
    match stage {
        Stage::Expected | Stage::Missed | Stage::Unavailable => false,
        Stage::Syncing { .. }
        | Stage::Requested { .. }
        | Stage::Receiving { .. }
        | Stage::Storing { .. }
        | Stage::Ready { .. } => true,
    }
}

fn some_guild(source: &mut Source<'_>) -> GuildId {
    GuildId::new(1 + source.below(GUILDS)).expect("not zero")
}
