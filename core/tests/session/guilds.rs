//! Guild streaming and member requests over a session that is cut, invalidated and stopped.

use std::time::Duration;

use headcount_core::chunk::{FinishReason, MemberQuery};
use headcount_core::id::{GuildId, UserId};
use headcount_core::session::{OnStop, Phase};
use headcount_core::setup::{AutoChunk, HoldConfig, Outcome};
use headcount_core::wire::Name;
use headcount_core::wire::command::Command;
use headcount_core::{Action, Config, Event, Input, Intents, Session, Shard};

use crate::host::{Host, config};

pub(crate) fn chunking() -> Config {
    let mut config = config();
    config.intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    config.tracker.setup.chunking = AutoChunk::Missing.into();
    config
}

pub(crate) fn guild(number: u64) -> GuildId {
    GuildId::new(number).unwrap()
}

fn ready(guilds: &[u64]) -> String {
    let listed: Vec<String> = guilds
        .iter()
        .map(|id| format!(r#"{{"id":"{id}","unavailable":true}}"#))
        .collect();
    format!(
        r#"{{"op":0,"t":"READY","s":1,"d":{{"session_id":"5e55","guilds":[{}],
        "user":{{"id":"1","username":"bot"}},"resume_gateway_url":"wss://resume.example"}}}}"#,
        listed.join(",")
    )
}

pub(crate) fn create(sequence: u64, number: u64) -> String {
    format!(
        r#"{{"op":0,"t":"GUILD_CREATE","s":{sequence},"d":{{"id":"{number}","name":"g",
        "owner_id":"9","roles":[],"channels":[],"members":[],"member_count":1500}}}}"#
    )
}

pub(crate) fn chunk(sequence: u64, number: u64, nonce: &str, index: u32, count: u32) -> String {
    format!(
        r#"{{"op":0,"t":"GUILD_MEMBERS_CHUNK","s":{sequence},"d":{{"guild_id":"{number}",
        "members":[],"chunk_index":{index},"chunk_count":{count},"nonce":"{nonce}"}}}}"#
    )
}

/// Connects and begins a session that lists these guilds.
pub(crate) fn begun(config: Config, guilds: &[u64]) -> Host {
    let mut host = Host::new(config);
    host.dial();
    host.hello();
    host.receive(&ready(guilds));
    host
}

/// Cuts the connection and gets as far as the replay.
fn cut(host: &mut Host) {
    host.input(Input::Closed(None));
    host.dial();
    host.hello();
    assert_eq!(host.shard.phase(), Phase::Resuming);
}

pub(crate) fn nonces(host: &Host) -> Vec<String> {
    host.commands()
        .filter_map(|command| match command {
            Command::RequestMembers(request) => Some(request.nonce.to_string()),
            _ => None,
        })
        .collect()
}

fn reasons(host: &Host) -> Vec<FinishReason> {
    host.events()
        .filter_map(|event| match event {
            Event::ChunkRequestFinished(end) => Some(end.reason),
            _ => None,
        })
        .collect()
}

fn outcomes(host: &Host) -> Vec<Outcome> {
    host.events()
        .filter_map(|event| match event {
            Event::GuildReady(ready) => Some(ready.outcome.clone()),
            _ => None,
        })
        .collect()
}

fn is_ready(host: &Host) -> bool {
    host.events()
        .any(|event| matches!(event, Event::ShardReady(_)))
}

#[test]
fn zero_guilds_are_ready_with_ready() {
    let host = begun(chunking(), &[]);
    assert!(is_ready(&host));
}

#[test]
fn a_resumed_with_a_sequence_already_seen_lets_requests_go_on() {
    let mut host = begun(chunking(), &[10, 20]);
    host.receive(&create(2, 10));
    assert_eq!(nonces(&host).len(), 1);
    cut(&mut host);
    host.receive(r#"{"op":0,"t":"RESUMED","s":2,"d":{}}"#);
    assert_eq!(host.shard.phase(), Phase::Active);
    assert_eq!(host.session().unwrap().sequence(), 2);
    assert!(host.events().any(|event| matches!(
        event,
        Event::Dispatch(dispatch) if dispatch.name() == Name::Resumed
    )));
    assert!(host.shard.guild(guild(20)).unwrap().until.is_some());
    host.run(Duration::from_secs(31));
    let all = nonces(&host);
    assert_eq!(all.len(), 2);
    host.receive(&chunk(3, 10, &all[1], 0, 1));
    assert_eq!(reasons(&host), [FinishReason::Complete]);
    assert!(is_ready(&host));
}

#[test]
fn a_cut_while_chunks_come_ends_complete() {
    let mut host = begun(chunking(), &[10]);
    host.receive(&create(2, 10));
    let first = nonces(&host);
    host.receive(&chunk(3, 10, &first[0], 0, 2));
    cut(&mut host);
    host.receive(r#"{"op":0,"t":"RESUMED","s":4,"d":{}}"#);
    assert_eq!(nonces(&host).len(), 1, "the gate is shut");
    host.run(Duration::from_secs(31));
    let all = nonces(&host);
    assert_eq!(all.len(), 2);
    host.receive(&chunk(5, 10, &all[1], 0, 2));
    host.receive(&chunk(6, 10, &all[1], 1, 2));
    assert_eq!(reasons(&host), [FinishReason::Complete]);
    assert_eq!(outcomes(&host), [Outcome::Complete]);
    assert!(is_ready(&host));
}

#[test]
fn chunks_that_are_replayed_complete_the_answer() {
    let mut host = begun(chunking(), &[10]);
    host.receive(&create(2, 10));
    let first = nonces(&host);
    host.receive(&chunk(3, 10, &first[0], 0, 2));
    cut(&mut host);
    host.receive(&chunk(4, 10, &first[0], 1, 2));
    assert_eq!(outcomes(&host), [Outcome::Complete]);
}

#[test]
fn guilds_that_have_not_come_wait_for_the_resume() {
    let mut host = begun(chunking(), &[10]);
    host.run(Duration::from_secs(14));
    cut(&mut host);
    host.run(Duration::from_secs(20));
    assert!(!is_ready(&host));
    host.receive(r#"{"op":0,"t":"RESUMED","s":2,"d":{}}"#);
    host.run(Duration::from_secs(16));
    let summary = host.events().find_map(|event| match event {
        Event::ShardFinishedChunking(summary) => Some(summary.clone()),
        _ => None,
    });
    assert_eq!(summary.unwrap().missed, [guild(10)]);
}

#[test]
fn a_new_session_asks_again_for_the_caller() {
    let mut host = begun(config(), &[10]);
    host.receive(&create(2, 10));
    let users = MemberQuery::Users(vec![UserId::new(5).unwrap()]);
    let request = host.shard.request_members(guild(10), users, false).unwrap();
    host.wake();
    assert_eq!(nonces(&host).len(), 1);
    host.receive(r#"{"op":9,"d":false}"#);
    host.dial();
    host.hello();
    host.receive(&ready(&[10]));
    assert_eq!(nonces(&host).len(), 1, "the guild has not come");
    host.receive(&create(2, 10));
    let all = nonces(&host);
    assert_eq!(all.len(), 2);
    host.receive(&chunk(3, 10, &all[1], 0, 1));
    assert_eq!(reasons(&host), [FinishReason::Complete]);
    assert_eq!(host.shard.request(request), None);
}

#[test]
fn requests_leave_room_for_heartbeats_and_commands() {
    let all: Vec<u64> = (1..=300).collect();
    let mut host = begun(chunking(), &all);
    for (&number, sequence) in all.iter().zip(2..) {
        host.receive(&create(sequence, number));
    }
    let mut sequence = 400;
    let mut answered = 0;
    while let Some(nonce) = nonces(&host).get(answered) {
        let number = answered as u64 + 1;
        host.receive(&chunk(sequence, number, nonce, 0, 1));
        (answered, sequence) = (answered + 1, sequence + 1);
    }
    let sends = host.commands().count();
    assert!((100..=115).contains(&sends), "{sends} within one window");
    host.shard
        .send(Command::RequestChannelInfo(guild(1)))
        .unwrap();
    host.wake();
    assert_eq!(host.commands().count(), sends + 1);
    host.run(Duration::from_secs(62));
    assert!(nonces(&host).len() > answered);
}

#[test]
fn a_stopped_shard_ends_everything_and_says_so_last() {
    let mut host = begun(chunking(), &[10, 11]);
    host.receive(&create(2, 10));
    host.take();
    host.shard.stop(OnStop::Resume);
    host.wake();
    assert_eq!(reasons(&host), [FinishReason::Halted]);
    assert_eq!(outcomes(&host), [Outcome::Missed]);
    assert!(!is_ready(&host));
    let last = host.done.last();
    assert!(matches!(last, Some(Action::Emit(Event::Halted(_)))));
}

#[test]
fn a_ready_without_guilds_begins_a_session() {
    let mut host = Host::new(config());
    host.dial();
    host.hello();
    host.receive(
        r#"{"op":0,"t":"READY","s":1,"d":{"session_id":"5e55","user":{"id":"1","username":"b"}}}"#,
    );
    assert_eq!(host.shard.phase(), Phase::Active);
    assert!(is_ready(&host));
}

#[test]
fn a_session_handed_to_another_process_brings_its_guilds() {
    let mut first = begun(config(), &[1, 2, 3]);
    first.receive(&create(2, 1));
    first.receive(r#"{"op":0,"t":"GUILD_DELETE","s":3,"d":{"id":"3","unavailable":true}}"#);
    let text = serde_json::to_string(&first.session().unwrap()).unwrap();
    let session: Session = serde_json::from_str(&text).unwrap();

    let mut second = Host::of(Shard::with_session(config(), 9, session).unwrap());
    second.dial();
    second.hello();
    // Guild 2 was still to come, guild 3 was away, and guild 4 is the only one that is new.
    for (sequence, number) in [(4, 2), (5, 3), (6, 4)] {
        second.receive(&create(sequence, number));
    }
    second.receive(r#"{"op":0,"t":"RESUMED","s":7,"d":{}}"#);
    let emitted = |event: &Event<'_>| match event {
        Event::GuildReady(event) => Some(("ready", event.guild)),
        Event::GuildRestored(event) => Some(("restored", event.guild)),
        Event::GuildJoin(event) => Some(("joined", event.guild)),
        _ => None,
    };
    let guild_events: Vec<_> = second.events().filter_map(emitted).collect();
    assert_eq!(
        guild_events,
        [
            ("ready", guild(2)),
            ("restored", guild(3)),
            ("joined", guild(4))
        ]
    );
    second.receive(r#"{"op":0,"t":"GUILD_DELETE","s":8,"d":{"id":"1"}}"#);
    assert!(
        second
            .events()
            .any(|event| matches!(event, Event::GuildLeave(_)))
    );
    assert_eq!(second.shard.readiness().stages.ready, 3);
}

#[test]
fn what_was_not_understood_is_said_too_of_a_guild_whose_held_events_overflowed() {
    let mut config = chunking();
    config.tracker.hold = Some(HoldConfig {
        events: 1,
        ..HoldConfig::default()
    });
    let mut host = begun(config, &[1]);
    host.receive(&create(2, 1));
    host.take();
    for sequence in 3..6 {
        let data = r#"{"id":"5","guild_id":"1","type":0,"name":7}"#;
        host.receive(&format!(
            r#"{{"t":"CHANNEL_UPDATE","s":{sequence},"op":0,"d":{data}}}"#
        ));
    }
    let emitted = host.events().filter_map(|event| match event {
        Event::Dispatch(_) => Some("dispatched"),
        Event::Misunderstood(_) => Some("not understood"),
        _ => None,
    });
    let emitted: Vec<&str> = emitted.collect();
    assert_eq!(emitted, ["dispatched", "not understood"].repeat(3));
}
