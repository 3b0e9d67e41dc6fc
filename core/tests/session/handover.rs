//! A session that goes from one process to the next: as of what is acknowledged, and honest about
//! what is not known.

use std::collections::BTreeSet;
use std::time::Duration;

use headcount_core::cache::Kinds;
use headcount_core::chunk::RequestMembers;
use headcount_core::config::{Acknowledge, Config};
use headcount_core::event::GapCause;
use headcount_core::id::GuildId;
use headcount_core::session::{OnStop, Phase};
use headcount_core::setup::{AutoChunk, HoldConfig, ShardFinishedChunking};
use headcount_core::wire::command::Command;
use headcount_core::{Action, Event, Input, Intents, Position, Session, Shard};

use crate::guilds::{begun, chunk, create, guild};
use crate::host::{Host, config, dispatch};

/// How long a guild that was asked for everyone is not asked again, and a little more.
pub(crate) const GATE: Duration = Duration::from_secs(31);

pub(crate) fn acknowledging(in_heartbeats: bool) -> Config {
    let mut config = config();
    config.intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    config.acknowledge = Acknowledge::ByHost { in_heartbeats };
    config.tracker.setup.chunking = AutoChunk::Missing.into();
    config
}

pub(crate) fn acknowledge(host: &mut Host, sequence: u64) {
    let position = host.shard.position().unwrap();
    host.shard.acknowledge(Position {
        sequence,
        ..position
    });
}

/// The session as the next process reads it.
pub(crate) fn exported(host: &Host) -> Session {
    let text = serde_json::to_string(&host.session().unwrap()).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The next process, up to where the server replays.
pub(crate) fn next(config: Config, session: Session) -> Host {
    let mut host = Host::of(Shard::with_session(config, 9, session).unwrap());
    host.dial();
    host.hello();
    host
}

pub(crate) fn resumed(sequence: u64) -> String {
    format!(r#"{{"op":0,"t":"RESUMED","s":{sequence},"d":{{}}}}"#)
}

/// Resumes the session, and lets the gate of member requests open.
pub(crate) fn go_on(host: &mut Host, sequence: u64) {
    host.receive(&resumed(sequence));
    assert_eq!(asked(host).len(), 0, "the guild was asked a moment ago");
    host.run(GATE);
}

pub(crate) fn asked(host: &Host) -> Vec<&RequestMembers> {
    let requests = host.commands().filter_map(|command| match command {
        Command::RequestMembers(request) => Some(&**request),
        _ => None,
    });
    requests.collect()
}

/// The guild events so far.
fn emitted(host: &Host) -> Vec<(&'static str, u64)> {
    let emitted = host.events().filter_map(|event| match event {
        Event::GuildReady(it) => Some(("ready", it.guild.get())),
        Event::GuildJoin(it) => Some(("joined", it.guild.get())),
        Event::GuildRestored(it) => Some(("restored", it.guild.get())),
        Event::GuildLeave(it) => Some(("left", it.guild.get())),
        _ => None,
    });
    emitted.collect()
}

pub(crate) fn summary(host: &Host) -> Option<&ShardFinishedChunking> {
    host.events().find_map(|event| match event {
        Event::ShardFinishedChunking(done) => Some(&**done),
        _ => None,
    })
}

#[test]
fn what_is_not_acknowledged_comes_again_in_the_next_process() {
    let mut host = begun(acknowledging(false), &[]);
    for sequence in 2..8 {
        host.receive(&dispatch(sequence));
    }
    assert_eq!(
        host.session().unwrap().sequence(),
        1,
        "READY counts at once"
    );
    acknowledge(&mut host, 5);
    acknowledge(&mut host, 3);
    assert_eq!(host.session().unwrap().sequence(), 5);
    acknowledge(&mut host, 99);
    assert_eq!(host.session().unwrap().sequence(), 7, "no more than came");
    let position = host.shard.position().unwrap();
    host.receive(&dispatch(8));
    host.shard.acknowledge(Position {
        session: position.session + 1,
        sequence: 8,
        ..position
    });
    assert_eq!(host.session().unwrap().sequence(), 7, "another session's");
}

#[test]
fn a_dispatch_that_was_had_before_it_could_be_acknowledged_does_not_come_again() {
    let config = acknowledging(false);
    let mut host = begun(config.clone(), &[1]);
    host.receive(&create(2, 1));
    host.receive(&dispatch(3));
    let session = exported(&host).with_delivered([2..=2, 5..=5]);
    let text = serde_json::to_string(&session).unwrap();
    let mut next = next(config, serde_json::from_str(&text).unwrap());
    next.receive(&create(2, 1));
    for at in 3..=6 {
        next.receive(&dispatch(at));
    }
    let emitted = next.events().filter_map(|event| match event {
        Event::Dispatch(it) => it.sequence(),
        _ => None,
    });
    assert_eq!(emitted.collect::<Vec<_>>(), [3, 4, 6]);
    assert!(next.shard.guild(guild(1)).is_some(), "its guild has come");
    assert_eq!(
        exported(&next),
        exported(&next).with_delivered([2..=2, 5..=5])
    );
}

#[test]
fn within_a_process_a_resume_goes_on_where_it_was_received() {
    let mut host = begun(acknowledging(true), &[]);
    host.receive(&dispatch(2));
    host.input(Input::Closed(None));
    host.take();
    host.dial();
    host.hello();
    let resume = host.commands().find_map(|command| match command {
        Command::Resume(resume) => Some(resume.sequence),
        _ => None,
    });
    assert_eq!(resume, Some(2));
}

#[test]
fn heartbeats_carry_what_is_recorded_where_the_server_forgets_it_then() {
    for (in_heartbeats, first) in [(true, 1), (false, 3)] {
        let mut host = begun(acknowledging(in_heartbeats), &[]);
        host.receive(&dispatch(2));
        host.receive(&dispatch(3));
        let beat = |host: &mut Host| {
            host.take();
            host.receive(r#"{"op":1}"#);
            match host.commands().next() {
                Some(Command::Heartbeat { sequence }) => *sequence,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(beat(&mut host), Some(first));
        let at = |sequence| Position {
            sequence,
            ..host.shard.position().unwrap()
        };
        let (two, three) = (at(2), at(3));
        host.shard.record(two);
        assert_eq!(beat(&mut host), Some(first), "it is not acknowledged");
        acknowledge(&mut host, 2);
        host.shard.record(three);
        assert_eq!(beat(&mut host), Some(first.max(2)));
    }
}

#[test]
fn guilds_are_handed_over_as_they_were_at_what_is_acknowledged() {
    let mut config = acknowledging(false);
    config.tracker.setup.chunking = AutoChunk::Never.into();
    let mut host = begun(config.clone(), &[1, 2]);
    host.receive(&create(2, 1));
    host.receive(&create(3, 2));
    host.receive(&create(4, 3));
    host.receive(r#"{"op":0,"t":"GUILD_DELETE","s":5,"d":{"id":"1"}}"#);
    acknowledge(&mut host, 2);
    let mut next = next(config, exported(&host));
    // What came after it comes again, and means what it meant.
    next.receive(&create(3, 2));
    next.receive(&create(4, 3));
    next.receive(r#"{"op":0,"t":"GUILD_DELETE","s":5,"d":{"id":"1"}}"#);
    next.receive(&resumed(6));
    assert_eq!(emitted(&next), [("ready", 2), ("joined", 3), ("left", 1)]);
}

#[test]
fn a_guild_in_the_middle_of_its_member_request_is_asked_again_by_the_next_process() {
    for acknowledged in [2, 3] {
        let config = acknowledging(false);
        let mut host = begun(config.clone(), &[1]);
        host.receive(&create(2, 1));
        let nonce = asked(&host)[0].nonce.to_string();
        host.receive(&chunk(3, 1, &nonce, 0, 2));
        acknowledge(&mut host, acknowledged);
        let mut next = next(config, exported(&host));
        go_on(&mut next, 4);
        assert_eq!(asked(&next).len(), 1, "{acknowledged}");
        assert_eq!(emitted(&next), []);
        let nonce = asked(&next)[0].nonce.to_string();
        next.receive(&chunk(5, 1, &nonce, 0, 1));
        assert_eq!(
            emitted(&next),
            [("ready", 1)],
            "it was never emitted before"
        );
        assert_eq!(summary(&next).unwrap().handed_over, [guild(1)]);
    }
}

#[test]
fn a_guild_that_was_ready_when_its_store_was_is_told_by_the_next_process_if_nobody_took_it() {
    for before in [2, 3] {
        let mut config = acknowledging(false);
        config.tracker.setup.confirm = Some(Duration::from_secs(10));
        let mut host = begun(config.clone(), &[1]);
        host.receive(&create(2, 1));
        let nonce = asked(&host)[0].nonce.to_string();
        host.receive(&chunk(3, 1, &nonce, 0, 1));
        acknowledge(&mut host, before);
        let barrier = host.done.iter().find_map(|action| match action {
            Action::Confirm(barrier) => Some(*barrier),
            _ => None,
        });
        host.input(Input::Stored(barrier.unwrap()));
        assert_eq!(emitted(&host), [("ready", 1)]);
        // That event hangs on the chunk, and is not dealt with.
        acknowledge(&mut host, 2);
        let mut next = next(config.clone(), exported(&host));
        go_on(&mut next, 4);
        assert_eq!(asked(&next).len(), 1, "{before}");
        acknowledge(&mut host, 3);
        assert_eq!(emitted(&host), [("ready", 1)]);
        let text = serde_json::to_string(&host.session().unwrap()).unwrap();
        assert!(text.contains(r#""unfinished":[]"#), "{text}");
    }
}

#[test]
fn an_answer_that_was_not_acknowledged_leaves_its_guild_to_be_asked_again() {
    let config = acknowledging(false);
    let mut host = begun(config.clone(), &[1]);
    host.receive(&create(2, 1));
    let nonce = asked(&host)[0].nonce.to_string();
    host.receive(&chunk(3, 1, &nonce, 0, 1));
    assert_eq!(emitted(&host), [("ready", 1)]);
    acknowledge(&mut host, 2);
    let mut next = next(config, exported(&host));
    next.receive(&chunk(3, 1, &nonce, 0, 1));
    go_on(&mut next, 4);
    let nonce = asked(&next)[0].nonce.to_string();
    next.receive(&chunk(5, 1, &nonce, 0, 1));
    assert_eq!(emitted(&next), [("ready", 1)]);
}

#[test]
fn guilds_that_are_handed_over_count_as_not_known_and_never_as_complete() {
    let mut config = acknowledging(false);
    config.tracker.setup.chunking = AutoChunk::Never.into();
    let mut host = begun(config.clone(), &[1, 2, 3]);
    host.receive(&create(2, 1));
    host.receive(r#"{"op":0,"t":"GUILD_DELETE","s":3,"d":{"id":"2","unavailable":true}}"#);
    acknowledge(&mut host, 3);
    let mut next = next(config, exported(&host));
    assert!(summary(&next).is_none());
    next.receive(&resumed(4));
    assert!(summary(&next).is_none(), "guild 3 is still to come");
    next.receive(&create(5, 3));
    let summary = summary(&next).unwrap();
    assert_eq!((summary.complete, summary.others()), (0, 3));
    assert_eq!(summary.handed_over, [guild(1)]);
    assert_eq!(summary.unavailable, [guild(2)]);
    let outcome = next.shard.readiness().outcomes;
    assert_eq!((outcome.handed_over, outcome.not_asked), (1, 1));
}

#[test]
fn with_automatic_requests_guilds_that_are_handed_over_are_asked_for_their_members() {
    let config = acknowledging(false);
    let mut host = begun(config.clone(), &[1]);
    host.receive(&create(2, 1));
    let nonce = asked(&host)[0].nonce.to_string();
    host.receive(&chunk(3, 1, &nonce, 0, 1));
    acknowledge(&mut host, 3);
    let mut next = next(config, exported(&host));
    assert_eq!(asked(&next).len(), 0, "not before the session goes on");
    go_on(&mut next, 4);
    let nonce = asked(&next)[0].nonce.to_string();
    next.receive(&chunk(5, 1, &nonce, 0, 1));
    assert_eq!(emitted(&next), [("restored", 1)]);
    assert_eq!(summary(&next).unwrap().others(), 1);
}

#[test]
fn with_all_its_members_a_guild_without_the_rows_that_it_listed_is_not_whole() {
    for (kinds, is_whole) in [
        (Kinds::MEMBERS | Kinds::USERS, true),
        (Kinds::MEMBERS | Kinds::USERS | Kinds::ROLES, false),
        (Kinds::default(), false),
    ] {
        let mut config = acknowledging(false);
        config.tracker.kinds = kinds;
        let mut host = begun(config.clone(), &[1]);
        host.receive(&create(2, 1));
        acknowledge(&mut host, 2);
        let mut next = next(config, exported(&host));
        go_on(&mut next, 3);
        let nonce = asked(&next)[0].nonce.to_string();
        next.receive(&chunk(4, 1, &nonce, 0, 1));
        let expected: &[GuildId] = if is_whole { &[] } else { &[guild(1)] };
        assert_eq!(summary(&next).unwrap().handed_over, expected, "{kinds:?}");
        let not_whole = |host: &Host| host.shard.not_whole(None).count();
        assert_eq!(not_whole(&next), expected.len(), "{kinds:?}");
        // All is known again once it comes anew.
        next.receive(&create(5, 1));
        next.run(GATE);
        let nonce = asked(&next)[1].nonce.to_string();
        next.receive(&chunk(6, 1, &nonce, 0, 1));
        assert_eq!(not_whole(&next), 0, "{kinds:?}");
    }
}

#[test]
fn a_session_of_other_intents_is_given_up_and_its_guilds_are_not_asked_too_soon() {
    let config = acknowledging(false);
    let mut host = begun(config.clone(), &[1]);
    host.receive(&create(2, 1));
    assert_eq!(asked(&host).len(), 1);
    acknowledge(&mut host, 2);
    let mut other = config;
    other.intents |= Intents::GUILD_MESSAGES;
    let session = exported(&host);
    let intents = session.intents();
    let mut next = Host::of(Shard::with_session(other, 9, session).unwrap());
    assert_eq!(
        next.session().unwrap().intents(),
        intents,
        "as long as it is kept"
    );
    next.dial();
    next.hello();
    let resumes = |command: &Command| matches!(command, Command::Resume(_));
    assert!(!next.commands().any(resumes));
    let gaps = next.events().filter_map(|event| match event {
        Event::Gap(gap) => Some((gap.why, gap.from.sequence)),
        _ => None,
    });
    assert_eq!(gaps.collect::<Vec<_>>(), [(GapCause::Ended, 2)]);
    next.receive(
        r#"{"op":0,"t":"READY","s":1,"d":{"session_id":"other","user":{"id":"1","username":"bot"},
        "guilds":[{"id":"1","unavailable":true}]}}"#,
    );
    next.receive(&create(2, 1));
    assert_eq!(asked(&next).len(), 0, "it was asked a moment ago");
    next.run(GATE);
    assert_eq!(asked(&next).len(), 1);
}

#[test]
fn a_refused_resume_begins_anew_and_says_nothing_of_what_was_handed_over() {
    let config = acknowledging(false);
    let mut host = begun(config.clone(), &[1, 2]);
    host.receive(&create(2, 1));
    acknowledge(&mut host, 2);
    let mut next = next(config, exported(&host));
    next.receive(r#"{"op":9,"d":false}"#);
    next.dial();
    next.hello();
    next.receive(
        r#"{"op":0,"t":"READY","s":1,"d":{"session_id":"other","guilds":[],
        "user":{"id":"1","username":"bot"}}}"#,
    );
    let summary = summary(&next).unwrap();
    assert_eq!((summary.complete, summary.others()), (0, 0));
    assert_eq!(next.session().unwrap().sequence(), 1);
}

#[test]
fn a_dispatch_that_is_held_is_not_dealt_with() {
    let mut config = acknowledging(false);
    config.tracker.hold = Some(HoldConfig::default());
    let mut host = begun(config, &[1]);
    host.receive(&create(2, 1));
    host.receive(r#"{"op":0,"t":"TYPING_START","s":3,"d":{"user_id":"3","guild_id":"1"}}"#);
    host.receive(&dispatch(4));
    acknowledge(&mut host, 4);
    assert_eq!(host.session().unwrap().sequence(), 2);
    let nonce = asked(&host)[0].nonce.to_string();
    host.receive(&chunk(5, 1, &nonce, 0, 1));
    acknowledge(&mut host, 5);
    assert_eq!(host.session().unwrap().sequence(), 5);
}

#[test]
fn a_shard_that_is_stopped_hands_its_guilds_over_as_they_were_before() {
    let config = acknowledging(false);
    let mut host = begun(config.clone(), &[1, 2]);
    host.receive(&create(2, 1));
    acknowledge(&mut host, 2);
    host.shard.stop(OnStop::Resume);
    host.wake();
    assert_eq!(host.shard.phase(), Phase::Halted);
    // The second process is stopped before the session goes on; the third gets there.
    let mut second = next(config.clone(), exported(&host));
    second.shard.stop(OnStop::Resume);
    second.wake();
    let mut third = next(config, exported(&second));
    third.receive(&create(3, 2));
    third.receive(&resumed(4));
    assert_eq!(asked(&third).len(), 1, "guild 2 was still expected");
    third.run(GATE);
    let asked: BTreeSet<u64> = asked(&third).iter().map(|it| it.guild.get()).collect();
    assert_eq!(asked, [1, 2].into());
}

#[test]
fn a_guild_in_setup_that_comes_anew_in_the_replay_is_ready_and_not_restored() {
    let config = acknowledging(false);
    let mut host = begun(config.clone(), &[1]);
    host.receive(&create(2, 1));
    acknowledge(&mut host, 2);
    let mut second = next(config.clone(), exported(&host));
    second.receive(&create(3, 1));
    assert_eq!(emitted(&second), []);
    // Nothing of the replay is acknowledged when the process ends.
    let mut third = next(config, exported(&second));
    third.receive(&create(3, 1));
    go_on(&mut third, 4);
    let nonce = asked(&third)[0].nonce.to_string();
    third.receive(&chunk(5, 1, &nonce, 0, 1));
    assert_eq!(emitted(&third), [("ready", 1)]);
    third.receive(&create(6, 1));
    third.run(GATE);
    let nonce = asked(&third)[1].nonce.to_string();
    third.receive(&chunk(7, 1, &nonce, 0, 1));
    assert_eq!(emitted(&third), [("ready", 1), ("restored", 1)]);
}

#[test]
fn a_session_that_is_written_down_is_written_anew_once_what_moved_its_guilds_is_acknowledged() {
    let mut host = begun(acknowledging(false), &[1]);
    host.receive(&create(2, 1));
    host.receive(&dispatch(3));
    let (written, changes) = (exported(&host), host.shard.guild_changes());
    acknowledge(&mut host, 2);
    assert_ne!(exported(&host), written.as_of(2), "its guild has come");
    assert_ne!(host.shard.guild_changes(), changes);
    let (written, changes) = (exported(&host), host.shard.guild_changes());
    acknowledge(&mut host, 3);
    assert_eq!(exported(&host), written.as_of(3));
    assert_eq!(host.shard.guild_changes(), changes);
}

#[test]
fn events_that_are_held_come_with_the_end_of_their_session_and_not_in_the_next() {
    let mut config = acknowledging(false);
    config.tracker.hold = Some(HoldConfig::default());
    let mut host = begun(config, &[1]);
    host.receive(&create(2, 1));
    host.receive(r#"{"op":0,"t":"TYPING_START","s":3,"d":{"user_id":"3","guild_id":"1"}}"#);
    assert_eq!(
        dispatches(&host),
        [1, 2],
        "the guild is asked for its members"
    );
    host.receive(r#"{"op":9,"d":false}"#);
    assert_eq!(host.shard.position(), None);
    assert_eq!(dispatches(&host), [1, 2, 3]);
}

fn dispatches(host: &Host) -> Vec<u64> {
    let emitted = host.events().filter_map(|event| match event {
        Event::Dispatch(it) => it.sequence(),
        _ => None,
    });
    emitted.collect()
}
