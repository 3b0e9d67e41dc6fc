//! Guild streaming over sessions that are cut, replaced and ended.

use alloc::vec;

use super::testing::{Scenario, at, guild};
use super::*;
use crate::intents::Intents;

const NOTHING: [&str; 0] = [];

#[test]
fn a_new_ready_takes_the_place_of_the_last() {
    let mut scenario = Scenario::new();
    scenario.ready(1..4);
    scenario.create(1);
    scenario.create(2);
    scenario.send();
    scenario.create(9);
    scenario.outage(3);
    scenario.events.clear();
    scenario.ready(2..3);
    let emitted = scenario.emitted();
    let superseded = ["superseded 1", "superseded 2", "superseded 9"];
    assert_eq!(emitted[..3], superseded);
    assert_eq!(emitted[3..], ["vanished 1", "vanished 3", "vanished 9"]);
    scenario.create(2);
    scenario.wait_until(30_500);
    let nonce = scenario.sent();
    scenario.chunk(2, &nonce, 0, 1);
    let expected = [
        "complete 2",
        "ready 2 complete",
        "finished",
        "shard ready 1+0",
    ];
    assert_eq!(scenario.emitted(), expected);
}

#[test]
fn a_cut_while_chunking_asks_again_after_the_resume() {
    let mut scenario = Scenario::new();
    scenario.ready(1..3);
    scenario.create(1);
    let nonce = scenario.sent();
    scenario.chunk(1, &nonce, 0, 3);
    scenario.lose();
    assert_eq!(scenario.setup.deadline(), Some(at(300_000)));
    let waits = scenario.setup.guild(guild(1)).unwrap();
    assert_eq!(waits.waits_for, WaitsFor::Connection);
    assert_eq!(waits.until, Some(at(900_000)), "the patience of requests");
    scenario.wait_until(60_000);
    scenario.chunk(1, &nonce, 1, 3);
    scenario.resume();
    assert_eq!(
        scenario.setup.deadline(),
        Some(at(75_000)),
        "guild 2 may still come"
    );
    let again = scenario.sent();
    assert_ne!(nonce, again);
    assert_eq!(scenario.setup.readiness().members.received, 0);
    scenario.chunk(1, &again, 0, 1);
    assert_eq!(scenario.emitted(), ["complete 1", "ready 1 complete"]);
    scenario.create(2);
    assert_eq!(scenario.setup.readiness().pending, 1);
}

#[test]
fn a_halted_shard_settles_as_it_stands() {
    let mut scenario = Scenario::new();
    scenario.ready(1..5);
    scenario.create(1);
    scenario.create(2);
    let sent = scenario.send();
    scenario.chunk(1, &sent[0].1, 1, 3);
    scenario.outage(4);
    scenario.events.clear();
    scenario.setup.halted(at(5), &mut scenario.events);
    let emitted = scenario.events.clone();
    let summary = scenario.summary();
    assert!(
        !emitted
            .iter()
            .any(|event| matches!(event, SetupEvent::ShardReady(_)))
    );
    assert_eq!(summary.incomplete, [(guild(1), vec![0, 2])]);
    assert_eq!(summary.missed, [guild(2), guild(3)]);
    assert_eq!(summary.unavailable, [guild(4)]);
    assert_eq!(
        (scenario.setup.deadline(), scenario.setup.sendable_at()),
        (None, None)
    );
}

#[test]
fn halting_before_ready_reports_nothing() {
    let mut scenario = Scenario::new();
    scenario.setup.halted(at(5), &mut scenario.events);
    assert_eq!(scenario.emitted(), NOTHING);
}

#[test]
fn without_the_guilds_intent_nothing_is_waited_for() {
    let mut scenario = Scenario::granted(SetupConfig::default(), Intents::GUILD_MESSAGES);
    scenario.ready(1..3);
    assert_eq!(scenario.emitted(), ["finished", "shard ready 0+2"]);
}

#[test]
fn guilds_beyond_the_bound_are_counted() {
    let mut scenario = Scenario::with(SetupConfig {
        guilds: 2,
        ..SetupConfig::default()
    });
    scenario.ready(1..5);
    scenario.create(9);
    scenario.outage(8);
    assert_eq!(scenario.setup.readiness().untracked, 4);
    assert_eq!(scenario.setup.readiness().stages.expected, 2);
    assert_eq!(scenario.emitted(), NOTHING);
}
