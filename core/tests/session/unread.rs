//! A host that has not read all that came: no deadline takes what lies unread for silence.

use headcount_core::session::{Phase, Wait};
use headcount_core::setup::{AutoChunk, Outcome};
use headcount_core::wire::command::Command;
use headcount_core::{Event, Input, Intents};

use crate::host::{Host, READY, RESUMED, config};

/// Lets so many deadlines come while something lies unread; what they were for.
fn ignore(host: &mut Host, deadlines: usize) -> Vec<Wait> {
    let due = |host: &mut Host| {
        let deadline = host.shard.poll_timeout().expect("a deadline");
        host.now = host.now.max(deadline.at);
        host.input(Input::Unread);
        let later = host.shard.poll_timeout().expect("a deadline").at;
        assert!(later > host.now, "{:?} does not move on", deadline.wait);
        deadline.wait
    };
    (0..deadlines).map(|_| due(host)).collect()
}

fn beats(host: &Host) -> usize {
    host.beats_since(0)
}

#[test]
fn a_host_that_cannot_read_goes_on_beating() {
    let mut host = Host::active();
    assert_eq!(ignore(&mut host, 10), [Wait::Heartbeat; 10]);
    assert_eq!((beats(&host), host.shard.phase()), (10, Phase::Active));
    // Once it reads again, a beat without answer counts.
    assert_eq!(host.wake(), Wait::Heartbeat);
    assert_eq!(host.shard.phase(), Phase::Idle);
}

#[test]
fn a_hello_that_lies_unread_is_waited_for() {
    let mut host = Host::new(config());
    host.dial();
    assert_eq!(ignore(&mut host, 3), [Wait::Hello; 3]);
    assert_eq!(host.shard.phase(), Phase::Greeting);
    host.hello();
    assert_eq!(host.shard.phase(), Phase::Identifying);
}

#[test]
fn a_session_that_lies_unread_is_waited_for() {
    let mut host = Host::new(config());
    host.dial();
    host.hello();
    let waits = ignore(&mut host, 20);
    assert!(waits.contains(&Wait::Ready) && waits.contains(&Wait::Heartbeat));
    assert_eq!(host.shard.phase(), Phase::Identifying);
    host.receive(READY);
    assert_eq!(host.shard.phase(), Phase::Active);

    host.input(Input::Closed(None));
    host.dial();
    host.hello();
    let waits = ignore(&mut host, 20);
    assert!(waits.contains(&Wait::Ready) && waits.contains(&Wait::Heartbeat));
    assert_eq!(host.shard.phase(), Phase::Resuming);
    host.receive(RESUMED);
    assert_eq!(host.shard.phase(), Phase::Active);
}

#[test]
fn guilds_and_members_that_lie_unread_are_waited_for() {
    let mut config = config();
    config.intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    config.tracker.setup.chunking = AutoChunk::All.into();
    let mut host = Host::new(config);
    host.dial();
    host.hello();
    host.receive(
        r#"{"op":0,"t":"READY","s":1,"d":{"session_id":"5e55","user":{"id":"1","username":"bot"},
        "guilds":[{"id":"7","unavailable":true}],"resume_gateway_url":"wss://resume.example"}}"#,
    );
    assert!(ignore(&mut host, 20).contains(&Wait::Tracker));
    host.receive(
        r#"{"op":0,"t":"GUILD_CREATE","s":2,"d":{"id":"7","name":"g","owner_id":"9","roles":[],
        "channels":[],"members":[],"member_count":1500}}"#,
    );
    assert!(ignore(&mut host, 20).contains(&Wait::Tracker));
    let mut nonces = Vec::new();
    for command in host.commands() {
        if let Command::RequestMembers(request) = command {
            nonces.push(request.nonce.to_string());
        }
    }
    assert_eq!(nonces.len(), 1, "nothing is asked for twice");
    for index in 0..2 {
        let (sequence, nonce) = (3 + index, &nonces[0]);
        host.receive(&format!(
            r#"{{"op":0,"t":"GUILD_MEMBERS_CHUNK","s":{sequence},"d":{{"guild_id":"7","members":[],
            "chunk_index":{index},"chunk_count":2,"nonce":"{nonce}"}}}}"#
        ));
    }
    let ready = |event: &Event<'_>| match event {
        Event::GuildReady(it) => it.outcome == Outcome::Complete,
        _ => false,
    };
    assert!(host.events().any(ready));
}
