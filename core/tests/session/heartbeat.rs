//! Beats, and the rules that find a dead connection.

use std::time::Duration;

use headcount_core::Input;
use headcount_core::session::{Phase, Wait};
use headcount_core::wire::command::Command;

use crate::host::{Host, INTERVAL, dispatch};

#[test]
fn beats_come_on_time_and_carry_the_last_sequence() {
    let mut host = Host::active();
    host.receive(&dispatch(5));
    let from = host.done.len();
    host.run(INTERVAL * 10);
    assert!((9..=11).contains(&host.beats_since(from)));
    let beat = host.commands().last();
    assert_eq!(beat, Some(&Command::Heartbeat { sequence: Some(5) }));
    assert_eq!(host.shard.phase(), Phase::Active);
    assert_eq!(host.shard.latency(), Some(Duration::ZERO));
}

#[test]
fn a_beat_without_answer_is_found_at_the_next_and_the_session_kept() {
    let mut host = Host::active();
    assert_eq!(host.wake(), Wait::Heartbeat);
    assert_eq!(host.wake(), Wait::Heartbeat);
    assert_eq!(
        (host.shard.phase(), host.closes()),
        (Phase::Idle, vec![4000])
    );
    assert!(host.session().is_some());
}

#[test]
fn a_beat_that_is_asked_for_is_sent_at_once_and_both_answers_are_awaited() {
    let mut host = Host::active();
    host.wake();
    let from = host.done.len();
    host.receive(r#"{"op":1,"d":null}"#);
    assert_eq!(host.beats_since(from), 1);
    host.receive(r#"{"op":11}"#);
    assert_eq!(host.wake(), Wait::Heartbeat);
    assert_eq!(host.shard.phase(), Phase::Active);
}

#[test]
fn a_flood_of_asked_beats_stays_within_the_budget() {
    let mut host = Host::active();
    let from = host.done.len();
    for _ in 0..1000 {
        host.receive(r#"{"op":1}"#);
    }
    assert!(host.beats_since(from) < 120);
    assert_eq!(host.wake(), Wait::Heartbeat);
    assert_eq!(host.shard.phase(), Phase::Active);
}

#[test]
fn a_suspended_host_gives_the_connection_up_at_once() {
    for payload in [None, Some(r#"{"op":11}"#)] {
        let mut host = Host::active();
        host.pass(Duration::from_secs(3600));
        match payload {
            None => host.input(Input::Timeout),
            Some(payload) => host.receive(payload),
        };
        assert_eq!(
            (host.shard.phase(), host.closes()),
            (Phase::Idle, vec![4000])
        );
        assert!(host.session().is_some());
        assert!(host.wake() == Wait::Backoff && host.shard.phase() == Phase::Connecting);
    }
}

#[test]
fn time_that_goes_backwards_counts_as_unchanged() {
    let mut host = Host::active();
    host.run(INTERVAL * 3);
    let deadline = host.shard.poll_timeout();
    host.now = headcount_core::Instant::ZERO;
    assert_eq!(host.input(Input::Timeout), 0);
    assert_eq!(host.shard.poll_timeout(), deadline);
}
