//! A host that has not read all that came: no deadline takes what lies unread for silence.

use std::time::Duration;

use headcount_core::config::{ReceiveLimits, Timing};
use headcount_core::session::{Phase, Reason, Wait};
use headcount_core::setup::{AutoChunk, Outcome};
use headcount_core::wire::command::Command;
use headcount_core::{Event, Input, Intents};

use crate::host::{Host, READY, RESUMED, config};

const GUILD: &str = r#"{"op":0,"t":"GUILD_UPDATE","s":2,"d":{"id":"7","name":"g"}}"#;

/// Lets so many deadlines come while something lies unread; what they were for.
fn ignore(host: &mut Host, deadlines: usize) -> Vec<Wait> {
    let due = |host: &mut Host| {
        let deadline = host.shard.poll_timeout().expect("a deadline");
        let missed = deadline.at.since(host.now);
        host.now = host.now.max(deadline.at);
        host.input(Input::Unread { missed });
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

/// Goes on for `wait` while payloads come one after the other; every deadline finds one unread.
fn flood(host: &mut Host, wait: Duration, payload: &str) {
    let end = host.now.after(wait);
    while host.now < end {
        host.pass(Duration::from_millis(50));
        host.receive(payload);
        let due = host.shard.poll_timeout();
        if due.is_some_and(|deadline| deadline.at <= host.now) {
            let missed = Duration::ZERO;
            host.input(Input::Unread { missed });
        }
    }
}

fn left_for(host: &Host, phase: Phase) -> Option<Reason> {
    host.events().find_map(|event| match event {
        Event::StateChanged(event) if event.from == phase => Some(event.reason),
        _ => None,
    })
}

#[test]
fn a_flood_before_hello_or_ready_puts_no_deadline_off() {
    let timing = Timing::default();
    for junk in [GUILD, r#"{"op":11}"#, "no JSON"] {
        let mut host = Host::new(config());
        host.dial();
        flood(&mut host, timing.hello, junk);
        assert_eq!(
            left_for(&host, Phase::Greeting),
            Some(Reason::HelloTimedOut),
            "{junk}"
        );

        let mut host = Host::new(config());
        host.dial();
        host.hello();
        flood(&mut host, timing.ready, junk);
        assert_eq!(
            left_for(&host, Phase::Identifying),
            Some(Reason::ReadyTimedOut),
            "{junk}"
        );
    }
}

#[test]
fn a_flood_before_the_session_is_reported_a_few_times_and_counted() {
    let mut host = Host::new(config());
    host.dial();
    flood(&mut host, Duration::from_secs(5), "no JSON");
    let emitted = |host: &Host| {
        let faults = host.events().filter_map(|event| match event {
            Event::Misunderstood(event) => Some(event.count),
            _ => None,
        });
        faults.collect::<Vec<_>>()
    };
    let early = u64::from(ReceiveLimits::default().early_faults);
    assert_eq!(emitted(&host), (1..=early).collect::<Vec<_>>());
    assert_eq!(host.shard.misunderstood(), 100);
    host.hello();
    host.receive(READY);
    host.receive("no JSON");
    assert_eq!(
        emitted(&host).last(),
        Some(&101),
        "in a session each is emitted"
    );
    host.input(Input::Closed(None));
    host.dial();
    host.receive("no JSON");
    assert_eq!(
        emitted(&host).last(),
        Some(&102),
        "and the first of each connection"
    );
}

#[test]
fn what_was_replayed_before_does_not_prolong_a_replay() {
    let mut host = Host::active();
    host.receive(GUILD);
    host.input(Input::Closed(None));
    host.dial();
    host.hello();
    host.take();
    flood(&mut host, Timing::default().ready, GUILD);
    assert_eq!(
        left_for(&host, Phase::Resuming),
        Some(Reason::ReadyTimedOut)
    );
}

#[test]
fn a_replay_has_as_much_time_as_the_host_reads() {
    let ready = Timing::default().ready;
    let mut host = Host::active();
    host.input(Input::Closed(None));
    host.dial();
    host.hello();
    // The host reads for half of the time, in turns.
    let turn = Duration::from_secs(1);
    for _ in 0..ready.as_secs() - 1 {
        host.run(turn);
        host.pass(turn);
        host.input(Input::Unread { missed: turn });
        assert_eq!(host.shard.phase(), Phase::Resuming);
    }
    host.run(turn + turn);
    assert_eq!(
        left_for(&host, Phase::Resuming),
        Some(Reason::ReadyTimedOut)
    );
}

#[test]
fn each_phase_has_a_limit_on_what_is_received() {
    let limits = ReceiveLimits::default();
    let mut host = Host::new(config());
    host.dial();
    assert_eq!(host.shard.receive_limit(), limits.hello);
    host.hello();
    assert_eq!(host.shard.receive_limit(), limits.ready);
    host.receive(READY);
    assert_eq!(host.shard.receive_limit(), limits.session);
    host.input(Input::Closed(None));
    host.dial();
    assert_eq!(host.shard.receive_limit(), limits.hello);
    host.hello();
    assert_eq!(
        host.shard.receive_limit(),
        limits.session,
        "a replay is a session"
    );
}
