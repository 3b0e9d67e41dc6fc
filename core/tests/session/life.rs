//! How a connection begins, and what it waits for.

use std::time::Duration;

use headcount_core::config::Identifying;
use headcount_core::event::StateChanged;
use headcount_core::session::{Phase, Reason, Wait};
use headcount_core::wire::command::Command;
use headcount_core::{Action, Event, Input, Instant};

use crate::host::{Host, config};

fn changes(host: &Host) -> Vec<(Phase, Phase, Reason)> {
    let change = |event: &Event<'_>| match event {
        Event::StateChanged(StateChanged { from, to, reason }) => Some((*from, *to, *reason)),
        _ => None,
    };
    host.events().filter_map(change).collect()
}

#[test]
fn the_first_timeout_connects_and_every_step_is_reported() {
    let host = Host::active();
    assert_eq!(host.urls(), ["wss://base.example"]);
    assert_eq!(
        changes(&host),
        [
            (Phase::Idle, Phase::Connecting, Reason::WaitOver),
            (Phase::Connecting, Phase::Greeting, Reason::Opened),
            (Phase::Greeting, Phase::Identifying, Reason::Greeted),
            (Phase::Identifying, Phase::Active, Reason::Ready),
        ]
    );
    assert!(matches!(host.commands().next(), Some(Command::Identify(_))));
}

#[test]
fn each_wait_has_a_deadline_that_leads_to_another_try() {
    let mut host = Host::new(config());
    host.wake();
    assert_eq!(host.wake(), Wait::Dial);
    assert_eq!(host.shard.phase(), Phase::Idle);
    host.dial();
    assert_eq!(host.wake(), Wait::Hello);
    host.dial();
    host.hello();
    let started = host.now;
    while host.shard.phase() == Phase::Identifying {
        let from = host.done.len();
        host.wake();
        for _ in 0..host.beats_since(from) {
            host.receive(r#"{"op":11}"#);
        }
    }
    assert_eq!(host.now.since(started), config().timing.ready);
    let last = changes(&host).pop().unwrap();
    assert_eq!(
        last,
        (Phase::Identifying, Phase::Idle, Reason::ReadyTimedOut)
    );
    assert_eq!(host.closes(), [4000, 4000, 4000]);
}

#[test]
fn under_a_fleet_the_shard_asks_before_it_dials_and_asks_again() {
    let mut config = config();
    config.identify = Identifying::Fleet;
    let mut host = Host::new(config);
    host.wake();
    assert_eq!(host.shard.phase(), Phase::Waiting);
    assert!(matches!(
        host.take()[..],
        [Action::WantIdentify, Action::Emit(_)]
    ));
    assert_eq!(host.wake(), Wait::IdentifyGrant);
    assert!(matches!(host.take()[..], [Action::WantIdentify]));
    host.input(Input::IdentifyGranted);
    assert_eq!(
        host.changes(),
        [(Phase::Waiting, Phase::Connecting, Reason::IdentifyGranted)]
    );
    assert_eq!(host.urls(), ["wss://base.example"]);
    host.input(Input::IdentifyGranted);
    assert_eq!(host.shard.phase(), Phase::Connecting);
}

#[test]
fn a_shard_alone_keeps_identifies_apart() {
    let mut host = Host::new(config());
    let mut last = None;
    for _ in 0..4 {
        host.dial();
        host.hello();
        if let Some(last) = last {
            assert!(host.now.since(last) >= Duration::from_secs(5));
        }
        last = Some(host.now);
        host.receive(r#"{"op":9,"d":false}"#);
    }
}

#[test]
fn hello_without_an_interval_is_counted_and_waited_out() {
    let mut host = Host::new(config());
    host.dial();
    host.receive(r#"{"op":10,"d":{}}"#);
    assert_eq!(
        (host.shard.phase(), host.shard.misunderstood()),
        (Phase::Greeting, 1)
    );
    host.hello();
    assert_eq!(host.shard.phase(), Phase::Identifying);
}

#[test]
fn at_the_last_time_of_all_a_shard_goes_on() {
    for mut host in [Host::new(config()), Host::active()] {
        host.now = Instant::from_millis(u64::MAX);
        for _ in 0..3 {
            host.input(Input::Timeout);
            host.input(Input::Opened);
        }
    }
}
