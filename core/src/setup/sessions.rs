//! Guild streaming over sessions that are cut, replaced and ended.

use alloc::vec;

use super::testing::{Story, at, guild};
use super::*;
use crate::intents::Intents;

const NOTHING: [&str; 0] = [];

#[test]
fn a_new_ready_takes_the_place_of_the_last() {
    let mut story = Story::new();
    story.ready(1..4);
    story.create(1);
    story.create(2);
    story.send();
    story.create(9);
    story.outage(3);
    story.news.clear();
    story.ready(2..3);
    let told = story.told();
    let superseded = ["superseded 1", "superseded 2", "superseded 9"];
    assert_eq!(told[..3], superseded);
    assert_eq!(told[3..], ["vanished 1", "vanished 3", "vanished 9"]);
    story.create(2);
    story.wait_until(30_500);
    let nonce = story.sent();
    story.chunk(2, &nonce, 0, 1);
    let expected = [
        "complete 2",
        "ready 2 complete",
        "finished",
        "shard ready 1+0",
    ];
    assert_eq!(story.told(), expected);
}

#[test]
fn a_cut_while_chunking_asks_again_after_the_resume() {
    let mut story = Story::new();
    story.ready(1..3);
    story.create(1);
    let nonce = story.sent();
    story.chunk(1, &nonce, 0, 3);
    story.lose();
    assert_eq!(story.setup.deadline(), Some(at(300_000)));
    let waits = story.setup.guild(guild(1)).unwrap().waits_for;
    assert_eq!(waits, WaitsFor::Connection);
    story.wait_until(60_000);
    story.chunk(1, &nonce, 1, 3);
    story.setup.resumed(story.now);
    assert_eq!(
        story.setup.deadline(),
        Some(at(75_000)),
        "guild 2 may still come"
    );
    let again = story.sent();
    assert_ne!(nonce, again);
    assert_eq!(story.setup.readiness().members.received, 0);
    story.chunk(1, &again, 0, 1);
    assert_eq!(story.told(), ["complete 1", "ready 1 complete"]);
    story.create(2);
    assert_eq!(story.setup.readiness().pending, 1);
}

#[test]
fn a_halted_shard_settles_as_it_stands() {
    let mut story = Story::new();
    story.ready(1..5);
    story.create(1);
    story.create(2);
    let sent = story.send();
    story.chunk(1, &sent[0].1, 1, 3);
    story.outage(4);
    story.news.clear();
    story.setup.halted(at(5), &mut story.news);
    let told = story.news.clone();
    let summary = story.summary();
    assert!(!told.iter().any(|news| matches!(news, News::ShardReady(_))));
    assert_eq!(summary.incomplete, [(guild(1), vec![0, 2])]);
    assert_eq!(summary.missed, [guild(2), guild(3)]);
    assert_eq!(summary.unavailable, [guild(4)]);
    assert_eq!(
        (story.setup.deadline(), story.setup.sendable_at()),
        (None, None)
    );
}

#[test]
fn halting_before_ready_tells_nothing() {
    let mut story = Story::new();
    story.setup.halted(at(5), &mut story.news);
    assert_eq!(story.told(), NOTHING);
}

#[test]
fn without_the_guilds_intent_nothing_is_waited_for() {
    let mut story = Story::granted(SetupConfig::default(), Intents::GUILD_MESSAGES);
    story.ready(1..3);
    assert_eq!(story.told(), ["finished", "shard ready 0+2"]);
}

#[test]
fn guilds_beyond_the_bound_are_counted() {
    let mut story = Story::with(SetupConfig {
        guilds: 2,
        ..SetupConfig::default()
    });
    story.ready(1..5);
    story.create(9);
    story.outage(8);
    assert_eq!(story.setup.readiness().untracked, 4);
    assert_eq!(story.setup.readiness().stages.expected, 2);
    assert_eq!(story.told(), NOTHING);
}
