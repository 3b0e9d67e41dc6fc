//! The tracker on JSON: what comes out, and in which order.

mod completeness;
mod misunderstood;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::*;
use crate::cache::{Mutation, Op};
use crate::setup::{AutoChunk, HoldConfig, Outcome, SetupConfig};
use crate::wire::command::Command;

const GUILD: &str = r#""name":"g","owner_id":"9","roles":[],"channels":[]"#;

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

fn guild(number: u64) -> GuildId {
    GuildId::new(number).unwrap()
}

struct Scenario {
    tracker: Tracker,
    now: Instant,
    sequence: u64,
    sent: Vec<Command>,
    emitted: Vec<String>,
}

impl Scenario {
    fn new(mode: AutoChunk, hold: Option<HoldConfig>) -> Self {
        let config = TrackerConfig {
            setup: SetupConfig {
                chunking: mode.into(),
                ..SetupConfig::default()
            },
            hold,
            ..TrackerConfig::default()
        };
        Self {
            tracker: Tracker::new(ShardId::ONE, Intents::all(), config, 7),
            now: at(0),
            sequence: 0,
            sent: Vec::new(),
            emitted: Vec::new(),
        }
    }

    fn note(&mut self, actions: Actions<'_>) {
        for action in actions {
            match action {
                Action::Send(command) => self.sent.push(command),
                Action::Mutate(mutation) => self.emitted.push(steps(&mutation)),
                Action::Emit(event) => self.emitted.push(word(&event)),
                Action::Connect { .. }
                | Action::Close(_)
                | Action::WantIdentify
                | Action::Confirm(_) => {
                    panic!("a tracker has no connection")
                }
            }
        }
    }

    fn dispatch(&mut self, name: &str, data: &str) {
        self.sequence += 1;
        let actions = self
            .tracker
            .dispatch(self.now, name, Some(self.sequence), data);
        let owned: Vec<Action<'static>> = actions.into_iter().map(Action::into_owned).collect();
        let mut actions = Actions::new();
        for action in owned {
            actions.push(action);
        }
        self.note(actions);
    }

    fn ready(&mut self, guilds: &[u64]) {
        let listed: Vec<String> = guilds
            .iter()
            .map(|id| format!(r#"{{"id":"{id}","unavailable":true}}"#))
            .collect();
        let data = format!(
            r#"{{"session_id":"s","guilds":[{}],
            "user":{{"id":"1","username":"b","discriminator":"0"}}}}"#,
            listed.join(",")
        );
        self.dispatch("READY", &data);
    }

    fn create(&mut self, number: u64) {
        let data = format!(r#"{{"id":"{number}",{GUILD},"member_count":3,"members":[]}}"#);
        self.dispatch("GUILD_CREATE", &data);
    }

    fn message(&mut self, number: u64) {
        let data = format!(r#"{{"id":"5","guild_id":"{number}"}}"#);
        self.dispatch("TYPING_START", &data);
    }

    fn nonce(&mut self) -> String {
        let Some(Command::RequestMembers(request)) = self.sent.pop() else {
            panic!("no request was sent");
        };
        request.nonce.to_string()
    }

    fn chunk(&mut self, number: u64, nonce: &str, index: u32, of: u32) {
        let data = format!(
            r#"{{"guild_id":"{number}","members":[{{"user":{{"id":"{}","username":"u"}},"roles":[],
            "joined_at":"2020-01-01T00:00:00+00:00"}}],
            "chunk_index":{index},"chunk_count":{of},"nonce":"{nonce}"}}"#,
            100 + index
        );
        self.dispatch("GUILD_MEMBERS_CHUNK", &data);
    }

    fn handle(&mut self, input: TrackerInput<'_>) {
        let actions = self.tracker.handle(self.now, input);
        let owned: Vec<Action<'static>> = actions.into_iter().map(Action::into_owned).collect();
        let mut actions = Actions::new();
        for action in owned {
            actions.push(action);
        }
        self.note(actions);
    }

    fn wait_until(&mut self, millis: u64) {
        while let Some(next) = self
            .tracker
            .poll_timeout()
            .filter(|next| *next <= at(millis))
        {
            self.now = self.now.max(next);
            self.handle(TrackerInput::Timeout);
            assert_ne!(self.tracker.poll_timeout(), Some(next));
        }
        self.now = at(millis);
    }

    fn emitted(&mut self) -> Vec<String> {
        core::mem::take(&mut self.emitted)
    }
}

fn steps(mutation: &Mutation<'_>) -> String {
    let complete = mutation.ops().any(|op| *op == Op::Complete);
    let more = if complete { " complete" } else { "" };
    let guild = mutation.guild().map_or(0, GuildId::get);
    let asked = mutation.ops().any(|op| matches!(op, Op::Incomplete(_)));
    assert!(mutation.origin().is_some() || asked);
    format!("mutate {guild}{more}")
}

fn word(event: &Event<'_>) -> String {
    match event {
        Event::Dispatch(dispatch) => format!("{} {}", dispatch.name_text(), sequence(dispatch)),
        Event::GuildReady(it) => format!("ready {}", it.guild),
        Event::GuildJoin(it) => format!("join {}", it.guild),
        Event::GuildRestored(it) => format!("restored {}", it.guild),
        Event::GuildUnavailable(it) => format!("unavailable {}", it.guild),
        Event::GuildLeave(it) => format!("left {}", it.guild),
        Event::HeldOverflow(it) => format!("overflow {} {}", it.guild, it.events),
        Event::ChunkRequestFinished(it) => format!("finished {} {:?}", it.guild, it.reason),
        Event::ShardFinishedChunking(_) => "shard finished".into(),
        Event::ShardReady(_) => "shard ready".into(),
        Event::Misunderstood(it) => format!("misunderstood {}", it.count),
        other => format!("{other:?}"),
    }
}

fn sequence(dispatch: &Dispatch<'_>) -> u64 {
    dispatch.sequence().unwrap()
}

#[test]
fn one_payload_reports_everything_in_order() {
    let hold = Some(HoldConfig::default());
    let mut scenario = Scenario::new(AutoChunk::Missing, hold);
    scenario.ready(&[10]);
    assert_eq!(scenario.emitted(), ["mutate 0", "READY 1"]);
    scenario.create(10);
    assert_eq!(scenario.emitted(), ["mutate 10", "GUILD_CREATE 2"]);
    scenario.message(10);
    scenario.message(11);
    assert_eq!(scenario.emitted(), ["TYPING_START 4"]);
    let nonce = scenario.nonce();
    scenario.chunk(10, &nonce, 0, 2);
    assert_eq!(scenario.emitted(), ["mutate 10", "GUILD_MEMBERS_CHUNK 5"]);
    scenario.chunk(10, &nonce, 1, 2);
    let expected = [
        "mutate 10 complete",
        "GUILD_MEMBERS_CHUNK 6",
        "finished 10 Complete",
        "ready 10",
        "TYPING_START 3",
        "shard finished",
        "shard ready",
    ];
    assert_eq!(scenario.emitted(), expected);
}

#[test]
fn by_default_events_are_delivered_at_once() {
    let mut scenario = Scenario::new(AutoChunk::All, None);
    scenario.ready(&[10]);
    scenario.create(10);
    scenario.emitted();
    scenario.message(10);
    assert_eq!(scenario.emitted(), ["TYPING_START 3"]);
}

#[test]
fn interactions_are_never_held() {
    let mut scenario = Scenario::new(AutoChunk::All, Some(HoldConfig::default()));
    scenario.ready(&[10]);
    scenario.emitted();
    scenario.dispatch("INTERACTION_CREATE", r#"{"id":"5","guild_id":"10"}"#);
    assert_eq!(scenario.emitted(), ["INTERACTION_CREATE 2"]);
}

#[test]
fn held_events_come_before_the_guild_goes() {
    let mut scenario = Scenario::new(AutoChunk::All, Some(HoldConfig::default()));
    scenario.ready(&[10, 11, 12, 13]);
    for number in [10, 11, 12, 13] {
        scenario.message(number);
    }
    scenario.emitted();
    scenario.dispatch("GUILD_DELETE", r#"{"id":"10","unavailable":true}"#);
    let outage = [
        "mutate 10",
        "GUILD_DELETE 6",
        "TYPING_START 2",
        "unavailable 10",
    ];
    assert_eq!(scenario.emitted(), outage);
    scenario.dispatch("GUILD_DELETE", r#"{"id":"11"}"#);
    let left = ["mutate 11", "GUILD_DELETE 7", "TYPING_START 3", "left 11"];
    assert_eq!(scenario.emitted(), left);
    scenario.wait_until(15_000);
    let missed = [
        "TYPING_START 4",
        "TYPING_START 5",
        "shard finished",
        "shard ready",
    ];
    assert_eq!(scenario.emitted(), missed);
}

#[test]
fn held_events_of_the_last_session_come_before_the_next_ready() {
    let mut scenario = Scenario::new(AutoChunk::All, Some(HoldConfig::default()));
    scenario.ready(&[10]);
    scenario.message(10);
    scenario.emitted();
    scenario.ready(&[]);
    let expected = [
        "TYPING_START 2",
        "mutate 0",
        "READY 3",
        "left 10",
        "shard finished",
        "shard ready",
    ];
    assert_eq!(scenario.emitted(), expected);
}

#[test]
fn overflow_says_so_and_loses_nothing() {
    let hold = HoldConfig {
        events: 2,
        bytes: 1_000,
    };
    let mut scenario = Scenario::new(AutoChunk::All, Some(hold));
    scenario.ready(&[10]);
    scenario.emitted();
    for _ in 0..4 {
        scenario.message(10);
    }
    let expected = [
        "overflow 10 3",
        "TYPING_START 2",
        "TYPING_START 3",
        "TYPING_START 4",
        "TYPING_START 5",
    ];
    assert_eq!(scenario.emitted(), expected);
}

#[test]
fn a_cut_in_mid_answer_ends_complete() {
    let mut scenario = Scenario::new(AutoChunk::Missing, None);
    scenario.ready(&[10]);
    scenario.create(10);
    let first = scenario.nonce();
    scenario.chunk(10, &first, 0, 2);
    scenario.handle(TrackerInput::ConnectionLost);
    assert_eq!(scenario.tracker.poll_timeout(), Some(at(900_000)));
    scenario.now = at(60_000);
    scenario.dispatch("RESUMED", "{}");
    let second = scenario.nonce();
    assert_ne!(first, second);
    scenario.chunk(10, &second, 1, 2);
    scenario.emitted();
    scenario.chunk(10, &second, 0, 2);
    assert_eq!(
        scenario.emitted()[2..4],
        ["finished 10 Complete", "ready 10"]
    );
}

#[test]
fn refusals_reach_the_request_they_name() {
    let mut scenario = Scenario::new(AutoChunk::All, None);
    scenario.ready(&[10]);
    scenario.create(10);
    let nonce = scenario.nonce();
    let data =
        format!(r#"{{"opcode":8,"retry_after":2.5,"meta":{{"guild_id":"10","nonce":"{nonce}"}}}}"#);
    scenario.dispatch("RATE_LIMITED", &data);
    assert_eq!(scenario.tracker.poll_timeout(), Some(at(2_500)));
    scenario.wait_until(2_500);
    assert_eq!(scenario.sent.len(), 1);
}

#[test]
fn requests_are_paced() {
    let mut scenario = Scenario::new(AutoChunk::All, None);
    let all: Vec<u64> = (1..=200).collect();
    scenario.ready(&all);
    for &number in &all {
        scenario.create(number);
    }
    let mut answered = 0;
    while let Some(command) = scenario.sent.pop() {
        let Command::RequestMembers(request) = command else {
            panic!("only members are asked for");
        };
        scenario.chunk(request.guild.get(), request.nonce.as_str(), 0, 1);
        answered += 1;
    }
    assert!((40..60).contains(&answered), "{answered} within one window");
    assert_eq!(scenario.tracker.poll_timeout(), Some(at(61_000)));
}

#[test]
fn halting_settles_everything_and_refuses_more() {
    let mut scenario = Scenario::new(AutoChunk::All, None);
    scenario.ready(&[10]);
    scenario.create(10);
    scenario.emitted();
    scenario.handle(TrackerInput::Halted);
    let settled = ["finished 10 Halted", "ready 10", "shard finished"];
    assert_eq!(scenario.emitted(), [&["mutate 10"][..], &settled].concat());
    let asked = scenario
        .tracker
        .request_members(guild(10), MemberQuery::All, false);
    assert_eq!(asked, Err(RequestError::Halted));
    let Some(Stage::Ready { outcome, .. }) = scenario.tracker.stage(guild(10)) else {
        panic!("not ready");
    };
    assert_eq!(outcome, Outcome::Missed);
}

#[test]
fn a_callers_request_is_followed() {
    let mut scenario = Scenario::new(AutoChunk::Never, None);
    scenario.ready(&[10]);
    scenario.create(10);
    scenario.emitted();
    let query = MemberQuery::Prefix {
        query: "u".into(),
        limit: 5,
    };
    let request = scenario
        .tracker
        .request_members(guild(10), query, false)
        .unwrap();
    assert_eq!(scenario.tracker.poll_timeout(), Some(at(0)));
    scenario.handle(TrackerInput::Timeout);
    let nonce = scenario.nonce();
    assert!(matches!(
        scenario.tracker.request(request),
        Some(RequestProgress::Sent { .. })
    ));
    scenario.chunk(10, &nonce, 0, 1);
    let expected = ["mutate 10", "GUILD_MEMBERS_CHUNK 3", "finished 10 Complete"];
    assert_eq!(scenario.emitted(), expected, "a search completes no guild");
    assert_eq!(scenario.tracker.request(request), None);
}

#[test]
fn without_the_members_intent_no_guild_is_marked_complete() {
    let complete = |intents| {
        let mut tracker = Tracker::new(ShardId::ONE, intents, TrackerConfig::default(), 7);
        let data = format!(
            r#"{{"id":"1",{GUILD},"member_count":1,"members":[{{
            "user":{{"id":"7","username":"u"}},"roles":[],
            "joined_at":"2020-01-01T00:00:00+00:00"}}]}}"#
        );
        let actions = tracker.dispatch(at(0), "GUILD_CREATE", Some(1), &data);
        actions.into_iter().any(|action| match action {
            Action::Mutate(mutation) => mutation.ops().any(|op| matches!(op, Op::Complete)),
            _ => false,
        })
    };
    assert!(complete(Intents::GUILDS | Intents::GUILD_MEMBERS));
    assert!(!complete(Intents::GUILDS | Intents::GUILD_PRESENCES));
}

#[test]
fn answers_from_before_a_change_for_members_complete_nothing() {
    let mut scenario = Scenario::new(AutoChunk::All, None);
    scenario.ready(&[10]);
    scenario.create(10);
    scenario.handle(TrackerInput::Timeout);
    let nonce = scenario.nonce();
    scenario.tracker.set_policy(Kind::Member, &Policy::none());
    scenario.chunk(10, &nonce, 0, 2);
    scenario.tracker.set_policy(Kind::Member, &Policy::all());
    scenario.emitted();
    scenario.chunk(10, &nonce, 1, 2);
    assert_eq!(
        scenario.emitted()[0],
        "mutate 10",
        "the first chunk was passed over"
    );
    scenario.wait_until(60_000);
    let request = scenario
        .tracker
        .request_members(guild(10), MemberQuery::All, false);
    assert!(request.is_ok());
    scenario.handle(TrackerInput::Timeout);
    let nonce = scenario.nonce();
    scenario.chunk(10, &nonce, 0, 1);
    assert!(
        scenario
            .emitted()
            .contains(&"mutate 10 complete".to_string())
    );
}

#[test]
fn kinds_are_switched_at_run_time() {
    let mut scenario = Scenario::new(AutoChunk::Never, None);
    scenario.ready(&[10]);
    scenario.create(10);
    let presence = r#"{"guild_id":"10","user":{"id":"7"},"status":"idle"}"#;
    let mutates = |scenario: &mut Scenario| {
        scenario.emitted();
        scenario.dispatch("PRESENCE_UPDATE", presence);
        scenario.emitted().contains(&"mutate 10".to_string())
    };
    assert!(!mutates(&mut scenario), "presences are off by default");
    scenario.tracker.set_kinds(Kinds::all());
    assert!(mutates(&mut scenario));
    scenario.tracker.set_policy(Kind::Presence, &Policy::lru(0));
    assert!(!mutates(&mut scenario));
    scenario.tracker.set_policy(Kind::Presence, &Policy::lru(1));
    assert!(mutates(&mut scenario));
}

#[test]
fn same_seed_same_bytes() {
    let run = || {
        let mut scenario = Scenario::new(AutoChunk::All, None);
        scenario.ready(&[10, 11]);
        scenario.create(10);
        scenario.create(11);
        format!("{:?}{:?}", scenario.sent, scenario.emitted)
    };
    assert_eq!(run(), run());
}
