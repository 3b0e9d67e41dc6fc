//! Why a guild's member list is not whole, from the tracker that asks to the store that answers.

use headcount_core::cache::memory::Completeness;
use headcount_core::cache::{Kind, Lack, MemoryStore, Policy};
use headcount_core::chunk::MemberQuery;
use headcount_core::setup::{AutoChunk, SetupConfig};
use headcount_core::tracker::{TrackerConfig, TrackerInput};
use headcount_core::wire::command::Command;
use headcount_core::{Action, Actions, Instant, Intents, ShardId, Tracker};
use serde_json::json;

use crate::world::{ME, guild, guild_json, member_json, ready};

struct Scene {
    tracker: Tracker,
    store: MemoryStore,
    now: u64,
    nonce: Option<String>,
}

/// What a list of `members` out of five lacks.
fn lacks(members: u64, why: Lack) -> Completeness {
    let of = Some(5);
    Completeness::Partial { members, of, why }
}

const WHOLE: Completeness = Completeness::Complete { members: 4 };

impl Scene {
    /// Guild 1 has come; it lists two of its five members.
    fn new(chunking: AutoChunk, intents: Intents) -> Self {
        let config = TrackerConfig {
            setup: SetupConfig {
                chunking: chunking.into(),
                ..SetupConfig::default()
            },
            ..TrackerConfig::default()
        };
        let mut scene = Self {
            tracker: Tracker::new(ShardId::ONE, intents, config, 7),
            store: MemoryStore::new(7),
            now: 0,
            nonce: None,
        };
        scene.dispatch("READY", &ready(&[1]).to_string());
        scene.create();
        scene
    }

    fn create(&mut self) {
        self.dispatch("GUILD_CREATE", &guild_json(1, &[ME, 10], 5).to_string());
    }

    fn dispatch(&mut self, name: &str, data: &str) {
        let now = Instant::from_millis(self.now);
        let actions = self.tracker.dispatch(now, name, None, data).into_owned();
        self.perform(actions);
    }

    fn perform(&mut self, actions: Actions<'static>) {
        for action in actions {
            match action {
                Action::Mutate(mutation) => drop(self.store.apply(mutation)),
                Action::Send(Command::RequestMembers(request)) => {
                    self.nonce = Some(request.nonce.to_string());
                }
                _ => {}
            }
        }
    }

    fn wait(&mut self, millis: u64) {
        let until = self.now + millis;
        while let Some(next) = self.tracker.poll_timeout()
            && next.as_millis() <= until
        {
            self.now = self.now.max(next.as_millis());
            self.timeout();
        }
        self.now = until;
    }

    fn timeout(&mut self) {
        let now = Instant::from_millis(self.now);
        let actions = self.tracker.handle(now, TrackerInput::Timeout);
        self.perform(actions.into_owned());
    }

    fn chunk(&mut self, index: u64, count: u64) {
        let members: Vec<_> = [ME, 20 + index].iter().map(|&id| member_json(id)).collect();
        let data = json!({"guild_id": "1", "chunk_index": index, "chunk_count": count,
            "members": members, "nonce": self.nonce});
        self.dispatch("GUILD_MEMBERS_CHUNK", &data.to_string());
    }

    fn ask(&mut self) {
        let asked = self
            .tracker
            .request_members(guild(1), MemberQuery::All, false);
        assert!(asked.is_ok());
        self.timeout();
    }

    fn is(&self) -> Completeness {
        self.store.completeness(guild(1)).unwrap()
    }
}

#[test]
fn members_that_are_asked_for_are_loading_until_all_have_come() {
    let mut scene = Scene::new(AutoChunk::Missing, Intents::all());
    assert_eq!(scene.is(), lacks(2, Lack::Loading));
    assert_eq!(scene.is().to_string(), "2 of 5 members, still loading");
    scene.timeout();
    scene.chunk(0, 2);
    assert_eq!(scene.is(), lacks(3, Lack::Loading));
    scene.chunk(1, 2);
    assert_eq!(scene.is(), WHOLE);
    scene.dispatch("GUILD_DELETE", r#"{"id":"1","unavailable":true}"#);
    let stale = Completeness::Partial {
        members: 4,
        of: Some(4),
        why: Lack::Stale,
    };
    assert_eq!(scene.is(), stale);
    scene.create();
    assert_eq!(scene.is(), lacks(2, Lack::Loading));
}

#[test]
fn members_whose_chunks_do_not_come_are_unanswered_and_may_be_asked_for_again() {
    let mut scene = Scene::new(AutoChunk::Missing, Intents::all());
    scene.timeout();
    scene.chunk(0, 2);
    scene.wait(600_000);
    assert_eq!(scene.is(), lacks(3, Lack::Unanswered));
    scene.ask();
    assert_eq!(scene.is(), lacks(3, Lack::Loading));
    scene.chunk(0, 2);
    scene.chunk(1, 2);
    assert_eq!(scene.is(), WHOLE);
    scene.wait(60_000);
    scene.ask();
    scene.wait(600_000);
    assert_eq!(scene.is(), WHOLE, "events keep it so, answered or not");
}

#[test]
fn members_that_nobody_asks_for_are_not_asked_for() {
    let mut scene = Scene::new(AutoChunk::Never, Intents::all());
    assert_eq!(scene.is(), lacks(2, Lack::NotAsked));
    scene.ask();
    assert_eq!(scene.is(), lacks(2, Lack::Loading));
    let halted = scene.tracker.handle(Instant::ZERO, TrackerInput::Halted);
    let halted = halted.into_owned();
    scene.perform(halted);
    assert_eq!(scene.is(), lacks(2, Lack::Unanswered));
}

#[test]
fn members_whose_request_is_refused_are_unanswered() {
    let mut scene = Scene::new(AutoChunk::Missing, Intents::all());
    for _ in 0..20 {
        scene.timeout();
        let data = json!({"opcode": 8, "retry_after": 1.0,
            "meta": {"guild_id": "1", "nonce": scene.nonce}});
        scene.dispatch("RATE_LIMITED", &data.to_string());
        scene.wait(100_000);
    }
    assert_eq!(scene.is(), lacks(2, Lack::Unanswered));
}

#[test]
fn without_the_intent_that_is_why() {
    let scene = Scene::new(AutoChunk::Missing, Intents::all() - Intents::GUILD_MEMBERS);
    assert_eq!(scene.is(), lacks(2, Lack::NoIntent));
    let small = guild_json(1, &[ME, 10], 2).to_string();
    let mut scene = scene;
    scene.dispatch("GUILD_CREATE", &small);
    let two = Completeness::Partial {
        members: 2,
        of: Some(2),
        why: Lack::NoIntent,
    };
    assert_eq!(scene.is(), two, "it would not stay complete");
}

#[test]
fn a_policy_that_keeps_no_members_is_why() {
    let mut scene = Scene::new(AutoChunk::Missing, Intents::all());
    scene.timeout();
    scene.tracker.set_policy(Kind::Member, &Policy::none());
    scene
        .store
        .set_policy(Kind::Member, Policy::none())
        .unwrap();
    assert_eq!(scene.is(), lacks(0, Lack::Limited));
    scene.tracker.set_policy(Kind::Member, &Policy::all());
    scene.store.set_policy(Kind::Member, Policy::all()).unwrap();
    scene.chunk(0, 1);
    assert_eq!(
        scene.is(),
        lacks(2, Lack::NotAsked),
        "asked before the change"
    );
    scene.wait(60_000);
    scene.ask();
    scene.chunk(0, 1);
    assert_eq!(scene.is(), Completeness::Complete { members: 2 });
}
