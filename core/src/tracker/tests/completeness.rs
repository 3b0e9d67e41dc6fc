//! The completeness of a guild that the store is given, compared with what has come.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::action::{Action, Actions};
use crate::cache::memory::{Completeness, PresencesCompleteness};
use crate::cache::{Kind, Kinds, Lack, MemoryStore, Policy};
use crate::chunk::MemberQuery;
use crate::dispatch::Dispatch;
use crate::event::Event;
use crate::id::{GuildId, UserId};
use crate::intents::Intents;
use crate::setup::{AutoChunk, Chunking, Outcome, SetupConfig, SyncConfig};
use crate::tracker::{Tracker, TrackerConfig, TrackerInput};
use crate::wire::command::Command;
use crate::wire::view::View;
use crate::wire::{Misreads, Name};
use crate::{Instant, ShardId};

/// A tracker and a store for guild 1.
struct Scenario {
    tracker: Tracker,
    store: MemoryStore,
    now: Instant,
    nonce: Option<String>,
    outcome: Option<Outcome>,
}

/// Rows that the reader is said to have passed over.
#[derive(Clone, Copy, Default)]
struct Unread {
    members: u64,
    presences: u64,
}

const ALL_READ: Unread = Unread {
    members: 0,
    presences: 0,
};
const ONE_UNREAD: Unread = Unread {
    members: 1,
    presences: 0,
};

fn guild() -> GuildId {
    GuildId::new(1).unwrap()
}

fn members(users: &[u64]) -> String {
    let member = |user: &u64| {
        format!(
            r#"{{"user":{{"id":"{user}","username":"u"}},"roles":[],
            "joined_at":"2020-01-01T00:00:00+00:00","mute":false,"deaf":false}}"#
        )
    };
    users.iter().map(member).collect::<Vec<_>>().join(",")
}

fn presences(users: &[u64]) -> String {
    let presence = |user: &u64| format!(r#"{{"user":{{"id":"{user}"}},"status":"idle"}}"#);
    users.iter().map(presence).collect::<Vec<_>>().join(",")
}

impl Scenario {
    fn new(chunking: Chunking) -> Self {
        Self::with(chunking, None)
    }

    fn with(chunking: Chunking, sync: Option<SyncConfig>) -> Self {
        let config = TrackerConfig {
            setup: SetupConfig {
                chunking,
                sync,
                ..SetupConfig::default()
            },
            kinds: Kinds::all(),
            ..TrackerConfig::default()
        };
        let mut scenario = Self {
            tracker: Tracker::new(ShardId::ONE, Intents::all(), config, 7),
            store: MemoryStore::new(7),
            now: Instant::ZERO,
            nonce: None,
            outcome: None,
        };
        let ready = r#"{"v":10,"user":{"id":"9","username":"b"},"session_id":"s",
            "guilds":[{"id":"1","unavailable":true}]}"#;
        scenario.dispatch("READY", ready, ALL_READ);
        scenario
    }

    /// The guild comes, and says that it has four members.
    fn create(&mut self, users: &[u64], online: &[u64], unread: Unread) {
        let data = format!(
            r#"{{"id":"1","name":"g","member_count":4,"channels":[],"roles":[],
            "members":[{}],"presences":[{}]}}"#,
            members(users),
            presences(online)
        );
        self.dispatch("GUILD_CREATE", &data, unread);
    }

    /// The whole answer to the request, with presences if somebody is online.
    fn answer(&mut self, users: &[u64], online: &[u64], unread: Unread) {
        self.now = self.now.after(core::time::Duration::from_secs(31));
        self.handle(TrackerInput::Timeout);
        let nonce = self.nonce.take().expect("a request");
        let presences = match online {
            [] => String::new(),
            online => format!(r#""presences":[{}],"#, presences(online)),
        };
        let data = format!(
            r#"{{"guild_id":"1","members":[{}],{presences}"chunk_index":0,"chunk_count":1,
            "nonce":"{nonce}"}}"#,
            members(users)
        );
        self.dispatch("GUILD_MEMBERS_CHUNK", &data, unread);
    }

    fn ask(&mut self, presences: bool) {
        let asked = self
            .tracker
            .request_members(guild(), MemberQuery::All, presences);
        assert!(asked.is_ok());
    }

    fn dispatch(&mut self, name: &str, data: &str, unread: Unread) {
        let view = View::parse(Name::from_wire(name), data, Kinds::all()).unwrap();
        let mut view = view.unwrap();
        match &mut view {
            View::MembersChunk(chunk) => {
                chunk.received += unread.members;
                (chunk.unread, chunk.presences_unread) = (unread.members, unread.presences);
            }
            View::GuildCreate(create) => {
                create.content.listed += unread.members;
                create.content.members_unread = unread.members;
                create.content.presences_unread = unread.presences;
            }
            _ => {}
        }
        let (mut out, dispatch) = (Actions::new(), Dispatch::new(name, None, data));
        let now = self.now;
        self.tracker.dispatched(
            now,
            (Ok(Some(view)), Misreads::default()),
            dispatch,
            data,
            &mut out,
        );
        self.perform(out.into_owned());
        self.handle(TrackerInput::Timeout);
    }

    fn handle(&mut self, input: TrackerInput<'_>) {
        let actions = self.tracker.handle(self.now, input).into_owned();
        self.perform(actions);
    }

    fn perform(&mut self, actions: Actions<'static>) {
        for action in actions {
            match action {
                Action::Mutate(mutation) => drop(self.store.apply(mutation)),
                Action::Send(Command::RequestMembers(request)) => {
                    self.nonce = Some(request.nonce.to_string());
                }
                Action::Emit(Event::GuildReady(ready) | Event::GuildRestored(ready)) => {
                    self.outcome = Some(ready.outcome);
                }
                _ => {}
            }
        }
    }

    fn lack(&self) -> Option<Lack> {
        match self.store.completeness(guild()).unwrap() {
            Completeness::Complete { .. } => None,
            Completeness::Partial { why, .. } => Some(why),
        }
    }

    fn presences_lack(&self) -> Option<Lack> {
        match self.store.presences_completeness(guild()).unwrap() {
            PresencesCompleteness::Complete { .. } => None,
            PresencesCompleteness::Partial { why, .. } => Some(why),
        }
    }

    fn has(&self, user: u64) -> bool {
        let user = UserId::new(user).unwrap();
        self.store.member(guild(), user).is_some()
    }
}

fn with_presences(mode: AutoChunk) -> Chunking {
    Chunking {
        presences: true,
        ..Chunking::from(mode)
    }
}

#[test]
fn a_chunk_of_which_a_member_cannot_be_read_makes_no_guild_complete() {
    let mut scenario = Scenario::new(AutoChunk::Missing.into());
    scenario.create(&[9], &[], ALL_READ);
    scenario.answer(&[9, 10, 11], &[], ONE_UNREAD);
    assert_eq!(scenario.outcome, Some(Outcome::Unread { members: 1 }));
    assert_eq!(scenario.lack(), Some(Lack::Unread(1)));
    let is = scenario.store.completeness(guild()).unwrap();
    assert_eq!(is.to_string(), "3 of 4 members, 1 could not be read");
    scenario.ask(false);
    scenario.answer(&[9, 10, 11, 12], &[], ALL_READ);
    assert_eq!(scenario.lack(), None);
}

#[test]
fn a_guild_that_lists_a_member_that_cannot_be_read_is_asked_and_loses_nobody() {
    let mut scenario = Scenario::new(AutoChunk::Missing.into());
    scenario.create(&[9, 10, 11, 12], &[], ALL_READ);
    assert_eq!((scenario.lack(), scenario.nonce.as_ref()), (None, None));
    scenario.create(&[9, 10, 11], &[], ONE_UNREAD);
    assert!(scenario.has(12), "it may be the one that could not be read");
    assert_eq!(scenario.lack(), Some(Lack::Loading));
    scenario.answer(&[9, 10, 11], &[], ONE_UNREAD);
    assert!(scenario.has(12) && scenario.lack() == Some(Lack::Unread(1)));
    scenario.ask(false);
    scenario.answer(&[9, 10, 11], &[], ALL_READ);
    assert!(!scenario.has(12) && scenario.lack().is_none());
}

#[test]
fn a_guild_that_lists_a_member_that_cannot_be_read_is_not_complete_where_nobody_asks() {
    let mut scenario = Scenario::new(AutoChunk::Never.into());
    scenario.create(&[9, 10, 11], &[], ONE_UNREAD);
    assert_eq!(scenario.lack(), Some(Lack::Unread(1)));
    assert_eq!(scenario.outcome, Some(Outcome::Unread { members: 1 }));
    assert_eq!(scenario.nonce, None);
}

#[test]
fn a_guild_chunked_without_presences_lacks_them_while_they_are_cached() {
    let mut scenario = Scenario::new(AutoChunk::Missing.into());
    scenario.create(&[9], &[9], ALL_READ);
    scenario.answer(&[9, 10, 11, 12], &[], ALL_READ);
    assert_eq!(
        (scenario.lack(), scenario.presences_lack()),
        (None, Some(Lack::NotAsked))
    );
    let is = scenario.store.presences_completeness(guild()).unwrap();
    assert_eq!(is.to_string(), "1 presences, not asked for");
    scenario.ask(true);
    scenario.answer(&[9, 10, 11, 12], &[9, 12], ALL_READ);
    assert_eq!(scenario.presences_lack(), None);
    let is = scenario.store.presences_completeness(guild()).unwrap();
    assert_eq!(is.to_string(), "complete, 2 presences");
}

#[test]
fn presences_that_cannot_be_read_or_do_not_come_are_lacking() {
    let mut scenario = Scenario::new(with_presences(AutoChunk::Missing));
    scenario.create(&[9], &[], ALL_READ);
    assert_eq!(scenario.presences_lack(), Some(Lack::Loading));
    let odd = Unread {
        members: 0,
        presences: 2,
    };
    scenario.answer(&[9, 10, 11, 12], &[9], odd);
    assert_eq!(
        (scenario.lack(), scenario.presences_lack()),
        (None, Some(Lack::Unread(2)))
    );
    scenario.ask(true);
    scenario.answer(&[9, 10, 11, 12], &[], ALL_READ);
    assert_eq!(scenario.presences_lack(), Some(Lack::Unanswered));
}

#[test]
fn a_guild_that_lists_everyone_has_all_presences_unless_one_cannot_be_read() {
    for (unread, expected) in [(0, None), (1, Some(Lack::Unread(1)))] {
        let mut scenario = Scenario::new(AutoChunk::Missing.into());
        let unread = Unread {
            members: 0,
            presences: unread,
        };
        scenario.create(&[9, 10, 11, 12], &[9], unread);
        assert_eq!(
            (scenario.lack(), scenario.presences_lack()),
            (None, expected)
        );
        scenario.create(&[9], &[9], ALL_READ);
        assert_eq!(scenario.presences_lack(), Some(Lack::NotAsked));
    }
}

#[test]
fn presences_that_a_policy_takes_away_are_lacking_until_they_are_asked_for_again() {
    let mut scenario = Scenario::new(AutoChunk::Never.into());
    scenario.create(&[9, 10, 11, 12], &[9, 12], ALL_READ);
    let one = Policy::lru(1);
    scenario.tracker.set_policy(Kind::Presence, &one);
    scenario.store.set_policy(Kind::Presence, one).unwrap();
    assert_eq!(
        (scenario.lack(), scenario.presences_lack()),
        (None, Some(Lack::Limited))
    );
    scenario.ask(true);
    scenario.answer(&[9, 10, 11, 12], &[9, 12], ALL_READ);
    assert_eq!(scenario.presences_lack(), Some(Lack::Limited));
    scenario.tracker.set_policy(Kind::Presence, &Policy::all());
    scenario
        .store
        .set_policy(Kind::Presence, Policy::all())
        .unwrap();
    assert_eq!(scenario.presences_lack(), Some(Lack::NotAsked));
    scenario.ask(true);
    scenario.answer(&[9, 10, 11, 12], &[9, 12], ALL_READ);
    assert_eq!(scenario.presences_lack(), None);
}

#[test]
fn a_sync_that_lists_everyone_makes_the_guild_complete() {
    let sync = Some(SyncConfig::default());
    let mut scenario = Scenario::with(AutoChunk::Missing.into(), sync);
    scenario.create(&[9], &[], ALL_READ);
    assert_eq!(scenario.lack(), Some(Lack::NotAsked));
    let data = format!(
        r#"{{"id":"1","members":[{}],"presences":[]}}"#,
        members(&[9, 10, 11, 12])
    );
    scenario.dispatch("GUILD_SYNC", &data, ALL_READ);
    assert_eq!((scenario.lack(), scenario.presences_lack()), (None, None));
    assert_eq!(scenario.outcome, Some(Outcome::Complete));
}
