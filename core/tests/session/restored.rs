//! A process that has the rows of the one before.

use headcount_core::cache::memory::{Completeness, MemoryStore, RestoredRows};
use headcount_core::cache::{GuildStatus, Kinds, Lack};
use headcount_core::config::Config;
use headcount_core::event::Gap;
use headcount_core::session::OnStop;
use headcount_core::setup::{AutoChunk, PresencesSummary, Restored};
use headcount_core::wire::command::Command;
use headcount_core::{Action, Event, Input, Intents, RequestError, Session, Shard};

use crate::guilds::{begun, create, guild};
use crate::handover::{GATE, acknowledge, acknowledging, asked, exported, resumed, summary};
use crate::host::{Host, dispatch};

/// When the rows were written down.
pub(crate) const TAKEN: u64 = 1_800_000_000_000;

pub(crate) fn caching() -> Config {
    let mut config = acknowledging(true);
    config.tracker.kinds = Kinds::GUILDS | Kinds::MEMBERS | Kinds::USERS;
    config
}

/// Applies the changes so far.
pub(crate) fn apply(host: &mut Host, store: &mut MemoryStore) {
    for action in host.take() {
        if let Action::Mutate(change) = action {
            store.apply(change);
        }
    }
}

/// The store as the next process reads it.
pub(crate) fn restored(store: &MemoryStore) -> MemoryStore {
    let mut copy = MemoryStore::new(99);
    for piece in store.export() {
        let line = serde_json::to_string(&piece).unwrap();
        copy.import(serde_json::from_str(&line).unwrap());
    }
    copy
}

pub(crate) fn rows(store: &MemoryStore, session: &Session) -> RestoredRows {
    store.restored_rows(session.shard(), TAKEN).unwrap()
}

/// The next process, up to where the server replays.
pub(crate) fn next(session: Session, rows: &RestoredRows) -> Host {
    let mut host = Host::of(Shard::with_rows(caching(), 9, session, rows).unwrap());
    host.dial();
    host.hello();
    host
}

/// A process that has guild 1, which lists these of its two members, and nothing else to deal with.
pub(crate) fn first(users: &[u64]) -> Host {
    let mut host = begun(caching(), &[1]);
    host.receive(&listing(2, 1, users));
    acknowledge(&mut host, 2);
    host
}

/// The process that follows this one, with the rows of its store as they are read.
fn follow(first: &Host, store: &MemoryStore) -> (Host, MemoryStore) {
    let (session, store) = (exported(first), restored(store));
    let rows = rows(&store, &session);
    (next(session, &rows), store)
}

fn resumes_from(host: &Host) -> Option<u64> {
    host.commands().find_map(|command| match command {
        Command::Resume(resume) => Some(resume.sequence),
        _ => None,
    })
}

fn member(user: u64) -> String {
    format!(
        r#"{{"user":{{"id":"{user}","username":"a"}},"roles":[],
        "joined_at":"2020-01-01T00:00:00Z"}}"#
    )
}

fn members(users: &[u64]) -> String {
    let members: Vec<String> = users.iter().map(|user| member(*user)).collect();
    members.join(",")
}

/// A guild that lists these of its two members.
pub(crate) fn listing(sequence: u64, guild: u64, users: &[u64]) -> String {
    format!(
        r#"{{"op":0,"t":"GUILD_CREATE","s":{sequence},"d":{{"id":"{guild}","name":"a",
        "member_count":2,"large":false,"roles":[],"channels":[],"threads":[],
        "members":[{}]}}}}"#,
        members(users)
    )
}

fn answer(sequence: u64, guild: u64, nonce: &str, users: &[u64]) -> String {
    format!(
        r#"{{"op":0,"t":"GUILD_MEMBERS_CHUNK","s":{sequence},"d":{{"guild_id":"{guild}",
        "chunk_index":0,"chunk_count":1,"nonce":"{nonce}","members":[{}]}}}}"#,
        members(users)
    )
}

fn joins(sequence: u64, guild: u64, user: u64) -> String {
    format!(
        r#"{{"op":0,"t":"GUILD_MEMBER_ADD","s":{sequence},"d":{{"guild_id":"{guild}",
        "user":{{"id":"{user}","username":"a"}},"roles":[],
        "joined_at":"2020-01-01T00:00:00Z"}}}}"#
    )
}

/// The dispatches and guild events that came to the consumer.
pub(crate) fn emitted(host: &Host) -> Vec<String> {
    let emitted = host.events().filter_map(|event| match event {
        Event::Dispatch(it) => Some(format!("{}", it.sequence()?)),
        Event::GuildReady(it) => Some(format!("ready {}", it.guild)),
        Event::GuildJoin(it) => Some(format!("joined {}", it.guild)),
        Event::GuildRestored(it) => Some(format!("restored {}", it.guild)),
        Event::GuildLeave(it) => Some(format!("left {}", it.guild)),
        _ => None,
    });
    emitted.collect()
}

#[test]
fn a_guild_is_as_whole_as_its_rows_and_is_not_asked_again() {
    let mut store = MemoryStore::new(7);
    let mut first = first(&[5, 6]);
    first.receive(&joins(3, 1, 7));
    apply(&mut first, &mut store);
    let (mut next, mut store) = follow(&first, &store);
    assert_eq!(
        resumes_from(&next),
        Some(2),
        "what is not acknowledged comes"
    );
    next.receive(&joins(3, 1, 7));
    next.receive(&joins(4, 1, 8));
    next.receive(&resumed(5));
    next.run(GATE);
    assert_eq!(asked(&next).len(), 0);
    assert_eq!(emitted(&next), ["3", "4", "5"]);
    let done = summary(&next).unwrap();
    assert_eq!((done.complete, done.others()), (1, 0));
    let counted = Restored {
        guilds: std::num::NonZeroUsize::MIN,
        taken: TAKEN,
    };
    assert_eq!(done.restored, Some(counted));
    apply(&mut next, &mut store);
    let whole = Completeness::Complete { members: 4 };
    assert_eq!(store.completeness(guild(1)), Some(whole));
}

#[test]
fn older_rows_are_brought_up_to_date_and_the_consumer_hears_nothing_of_it() {
    let mut store = MemoryStore::new(7);
    let mut first = begun(caching(), &[1]);
    first.receive(&listing(2, 1, &[5, 6]));
    apply(&mut first, &mut store);
    let missed = [
        joins(3, 1, 7),
        listing(4, 2, &[5, 6]),
        r#"{"op":0,"t":"GUILD_DELETE","s":5,"d":{"id":"1"}}"#.to_owned(),
        listing(6, 1, &[5, 6]),
    ];
    for payload in &missed {
        first.receive(payload);
    }
    acknowledge(&mut first, 6);
    let (mut next, mut store) = follow(&first, &store);
    assert_eq!(resumes_from(&next), Some(2));
    for payload in &missed {
        next.receive(payload);
    }
    assert_eq!(emitted(&next), Vec::<String>::new());
    next.receive(&joins(7, 1, 8));
    next.receive(&resumed(8));
    assert_eq!(emitted(&next), ["7", "8"]);
    let done = summary(&next).unwrap();
    assert_eq!((done.complete, &done.removed[..]), (1, &[guild(1)][..]));
    apply(&mut next, &mut store);
    let whole = Completeness::Complete { members: 3 };
    assert_eq!(store.completeness(guild(1)), Some(whole));
    let whole = Completeness::Complete { members: 2 };
    assert_eq!(store.completeness(guild(2)), Some(whole));
}

#[test]
fn a_process_that_ends_within_the_replay_hands_on_what_the_one_before_had_dealt_with() {
    let mut store = MemoryStore::new(7);
    let mut first = begun(caching(), &[1]);
    first.receive(&listing(2, 1, &[5, 6]));
    apply(&mut first, &mut store);
    let missed = [joins(3, 1, 7), listing(4, 2, &[5, 6]), dispatch(5)];
    for payload in &missed {
        first.receive(payload);
    }
    acknowledge(&mut first, 5);
    let session = exported(&first);
    let mut second = next(session.clone(), &rows(&store, &session));
    second.receive(&missed[0]);
    acknowledge(&mut second, 3);
    let session = exported(&second);
    assert_eq!(session.sequence(), 3);
    let mut third = next(session.clone(), &rows(&store, &session));
    assert_eq!(resumes_from(&third), Some(2));
    for payload in &missed {
        third.receive(payload);
    }
    third.receive(&dispatch(6));
    assert_eq!(emitted(&third), ["6"]);
}

#[test]
fn what_is_missing_after_a_refused_resume_begins_where_the_consumer_was() {
    let mut store = MemoryStore::new(7);
    let mut first = begun(caching(), &[1]);
    first.receive(&listing(2, 1, &[5, 6]));
    apply(&mut first, &mut store);
    for at in 3..=9 {
        first.receive(&dispatch(at));
    }
    acknowledge(&mut first, 8);
    let session = exported(&first);
    let mut next = next(session.clone(), &rows(&store, &session));
    next.receive(r#"{"op":9,"d":false}"#);
    let from = next.events().find_map(|event| match event {
        Event::Gap(Gap { from, .. }) => Some(from.sequence),
        _ => None,
    });
    assert_eq!(from, Some(8));
}

#[test]
fn a_request_that_was_under_way_is_made_again() {
    let mut store = MemoryStore::new(7);
    let mut first = begun(caching(), &[1]);
    first.receive(&listing(2, 1, &[5]));
    assert_eq!(asked(&first).len(), 1);
    acknowledge(&mut first, 2);
    apply(&mut first, &mut store);
    let (mut next, mut store) = follow(&first, &store);
    next.receive(&resumed(3));
    next.run(GATE);
    let nonce = asked(&next)[0].nonce.to_string();
    apply(&mut next, &mut store);
    let lack = |store: &MemoryStore| match store.completeness(guild(1)) {
        Some(Completeness::Partial { members, why, .. }) => Some((members, why)),
        _ => None,
    };
    assert_eq!(lack(&store), Some((1, Lack::Loading)));
    next.receive(&answer(4, 1, &nonce, &[5, 6]));
    assert_eq!(emitted(&next).last().unwrap(), "ready 1");
    apply(&mut next, &mut store);
    assert_eq!(lack(&store), None);
}

#[test]
fn a_request_that_nobody_makes_again_is_not_waited_for() {
    let mut store = MemoryStore::new(7);
    let mut first = first(&[5]);
    apply(&mut first, &mut store);
    let session = exported(&first);
    let mut config = caching();
    config.tracker.setup.chunking = AutoChunk::Never.into();
    let rows = rows(&store, &session);
    let mut next = Host::of(Shard::with_rows(config, 9, session, &rows).unwrap());
    next.dial();
    next.hello();
    next.receive(&resumed(3));
    apply(&mut next, &mut store);
    let why = match store.completeness(guild(1)) {
        Some(Completeness::Partial { why, .. }) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(why, Lack::Unanswered);
}

#[test]
fn a_guild_that_was_left_meanwhile_does_not_come_back() {
    let mut store = MemoryStore::new(7);
    let mut first = first(&[5, 6]);
    let left = r#"{"op":0,"t":"GUILD_DELETE","s":3,"d":{"id":"1"}}"#;
    first.receive(left);
    apply(&mut first, &mut store);
    let (mut next, mut store) = follow(&first, &store);
    next.receive(left);
    next.receive(&resumed(4));
    assert_eq!(emitted(&next), ["3", "left 1", "4"]);
    apply(&mut next, &mut store);
    assert_eq!(store.completeness(guild(1)), None);
}

#[test]
fn rows_of_another_session_are_stale_until_their_guild_comes_anew() {
    let mut store = MemoryStore::new(7);
    let mut first = begun(caching(), &[1]);
    first.receive(&listing(2, 1, &[5, 6]));
    first.receive(&create(3, 2));
    apply(&mut first, &mut store);
    let mut store = restored(&store);
    let why = |store: &MemoryStore| match store.completeness(guild(1)) {
        Some(Completeness::Partial { members, why, .. }) => Some((members, why)),
        _ => None,
    };
    assert_eq!(why(&store), None);
    store.inherit(|_| false, |id| id == guild(1));
    assert_eq!(why(&store), Some((2, Lack::Stale)));
    assert_eq!(store.completeness(guild(2)), None, "nobody has it");
    assert_eq!(store.restored_rows(first.shard.id(), TAKEN), None);
    let mut next = begun(caching(), &[1]);
    apply(&mut next, &mut store);
    assert_eq!(why(&store), Some((2, Lack::Stale)));
    next.receive(&listing(2, 1, &[5, 6]));
    apply(&mut next, &mut store);
    assert_eq!(why(&store), None);
}

#[test]
fn members_of_stale_rows_that_are_asked_for_anew_are_whole_without_those_who_have_left() {
    let mut store = MemoryStore::new(7);
    let mut first = first(&[5, 6]);
    apply(&mut first, &mut store);
    let session = exported(&first);
    let foreign = rows(&store, &session);
    store.inherit(|_| false, |_| true);
    let text = serde_json::to_string(&session).unwrap();
    let id = text.split(r#""id":""#).nth(1).unwrap();
    let id = id.split('"').next().unwrap();
    let other = text.replace(&format!(r#""id":"{id}""#), r#""id":"other""#);
    let mut next = next(serde_json::from_str(&other).unwrap(), &foreign);
    next.receive(&resumed(3));
    let nonce = asked(&next)[0].nonce.to_string();
    next.receive(&answer(4, 1, &nonce, &[5]));
    apply(&mut next, &mut store);
    let whole = Completeness::Complete { members: 1 };
    assert_eq!(store.completeness(guild(1)), Some(whole));
    assert_eq!(store.counts(guild(1)).members, 1);
}

#[test]
fn of_kinds_that_other_stores_keep_nothing_is_taken_for_whole() {
    let mut store = MemoryStore::new(7);
    let mut first = first(&[5, 6]);
    apply(&mut first, &mut store);
    let session = exported(&first);
    let rows = rows(&store, &session).kept_elsewhere(Kinds::MEMBERS);
    let mut next = next(session, &rows);
    next.receive(&resumed(3));
    assert_eq!(asked(&next).len(), 1);
}

pub(crate) fn outage(sequence: u64, guild: u64) -> String {
    format!(
        r#"{{"op":0,"t":"GUILD_DELETE","s":{sequence},"d":{{"id":"{guild}","unavailable":true}}}}"#
    )
}

/// A store of a process that began without rows: it has the session up to here, and no guild.
fn without_guilds(host: &Host) -> MemoryStore {
    let mut store = MemoryStore::new(7);
    store.reach(host.shard.position().unwrap());
    store
}

#[test]
fn a_guild_without_rows_that_goes_down_in_the_replay_is_not_called_handed_over() {
    let mut first = first(&[5, 6]);
    let mut store = without_guilds(&first);
    first.take();
    first.receive(&outage(3, 1));
    apply(&mut first, &mut store);
    let (mut next, mut store) = follow(&first, &store);
    next.receive(&outage(3, 1));
    next.receive(&resumed(4));
    apply(&mut next, &mut store);
    assert_eq!(store.guild_status(guild(1)), Some(GuildStatus::Outage));
}

#[test]
fn a_guild_without_rows_that_a_store_has_failed_stays_so() {
    let mut first = begun(caching(), &[1]);
    first.receive(&listing(2, 1, &[5, 6]));
    first.input(Input::StoreFailed(guild(1)));
    acknowledge(&mut first, 2);
    let store = without_guilds(&first);
    let (mut next, mut store) = follow(&first, &store);
    next.receive(&dispatch(3));
    apply(&mut next, &mut store);
    assert_eq!(
        store.guild_status(guild(1)),
        None,
        "it may go in the replay"
    );
    next.receive(&resumed(4));
    apply(&mut next, &mut store);
    assert_eq!(store.guild_status(guild(1)), Some(GuildStatus::Stale));
}

/// What the next process says of a guild that has listed everyone, of which these kinds are kept
/// and which a store has failed or not: how many are complete, and their presences.
fn counted(kinds: Kinds, has_failed: bool) -> (usize, PresencesSummary) {
    let mut config = caching();
    config.intents |= Intents::GUILD_PRESENCES;
    config.tracker.kinds = kinds;
    config.tracker.setup.chunking = AutoChunk::Never.into();
    let mut store = MemoryStore::new(7);
    let mut first = begun(config.clone(), &[1]);
    let listed = listing(2, 1, &[5, 6]).replace("\"large\"", "\"presences\":[],\"large\"");
    first.receive(&listed);
    if has_failed {
        first.input(Input::StoreFailed(guild(1)));
    }
    acknowledge(&mut first, 2);
    apply(&mut first, &mut store);
    let session = exported(&first);
    let rows = rows(&store, &session);
    let mut next = Host::of(Shard::with_rows(config, 9, session, &rows).unwrap());
    next.dial();
    next.hello();
    next.receive(&resumed(3));
    let done = summary(&next).unwrap();
    (done.complete, done.presences.clone().unwrap())
}

#[test]
fn presences_are_called_complete_only_where_members_are() {
    let lacking = |why: Lack| PresencesSummary {
        complete: 0,
        lacking: vec![(guild(1), why)],
    };
    let kinds = Kinds::GUILDS | Kinds::PRESENCES;
    let people = Kinds::MEMBERS | Kinds::USERS;
    assert_eq!(
        counted(kinds | people, true),
        (0, lacking(Lack::StoreFailed))
    );
    assert_eq!(
        counted(kinds, false),
        (0, lacking(Lack::NotAsked)),
        "nobody knows any more that all members had come"
    );
    assert_eq!(counted(kinds | people, false).0, 1);
}

#[test]
fn a_shard_that_has_ended_begins_again_with_the_rows_that_are_here() {
    let mut store = MemoryStore::new(7);
    let mut host = begun(caching(), &[1]);
    host.receive(&listing(2, 1, &[5, 6]));
    acknowledge(&mut host, 2);
    apply(&mut host, &mut store);
    let session = exported(&host);
    let rows = rows(&store, &session);
    let running = host.shard.start_with_rows(session.clone(), &rows);
    assert_eq!(running, Err(RequestError::Running));
    host.shard.stop(OnStop::Resume);
    host.input(Input::Timeout);
    let started = host.shard.start_with_rows(session, &rows);
    assert_eq!(started, Ok(()));
    host.take();
    host.dial();
    host.hello();
    host.receive(&resumed(3));
    host.run(GATE);
    assert_eq!(asked(&host).len(), 0);
    let done = summary(&host).unwrap();
    let restored = done.restored.map(|it| it.guilds.get());
    assert_eq!((done.complete, restored), (1, Some(1)));
}

#[test]
fn a_guild_whose_end_is_dealt_with_goes_from_older_rows() {
    let mut store = MemoryStore::new(7);
    let mut first = first(&[5, 6]);
    apply(&mut first, &mut store);
    let left = r#"{"op":0,"t":"GUILD_DELETE","s":3,"d":{"id":"1"}}"#;
    first.receive(left);
    acknowledge(&mut first, 3);
    let (mut next, mut store) = follow(&first, &store);
    assert_eq!(resumes_from(&next), Some(2));
    next.receive(left);
    next.receive(&resumed(4));
    assert_eq!(emitted(&next), ["4"]);
    apply(&mut next, &mut store);
    assert_eq!(store.guild_status(guild(1)), None);
}
