//! How guilds end whose changes are stored late, or not at all.

use core::time::Duration;

use alloc::vec;
use alloc::vec::Vec;

use super::testing::{Scenario, at, guild, members};
use super::*;
use crate::cache::Lack;
use crate::chunk::MemberQuery;

const NOTHING: [&str; 0] = [];

/// A scenario whose host says what is stored; all guilds are asked.
fn confirming() -> Scenario {
    Scenario::with(SetupConfig {
        chunking: AutoChunk::All.into(),
        confirm: Some(Duration::from_secs(60)),
        ..SetupConfig::default()
    })
}

/// The last point that the host is to confirm.
fn asked(scenario: &Scenario) -> Barrier {
    let mut latest = scenario.events.iter().rev();
    let found = latest.find_map(|event| match event {
        SetupEvent::Confirm(barrier) => Some(*barrier),
        _ => None,
    });
    found.expect("something to confirm")
}

/// Brings a guild that has been asked before as far as its stores.
fn bring_anew(scenario: &mut Scenario, number: u64) -> Barrier {
    scenario.wait_until(scenario.now.as_millis() + 31_000);
    bring(scenario, number)
}

/// Brings a guild as far as its stores.
fn bring(scenario: &mut Scenario, number: u64) -> Barrier {
    scenario.create(number);
    let nonce = scenario.sent();
    scenario.chunk_listing(number, &nonce, (0, 1), members(1500));
    let barrier = asked(scenario);
    assert_eq!(barrier.guild(), guild(number));
    barrier
}

fn stored(scenario: &mut Scenario, barrier: Barrier) {
    scenario
        .setup
        .stored(scenario.now, barrier, &mut scenario.events);
}

fn fail(scenario: &mut Scenario, number: u64) {
    scenario
        .setup
        .store_failed(guild(number), &mut scenario.events);
}

fn stale(scenario: &mut Scenario) -> Vec<GuildStale> {
    let events = scenario.events.drain(..);
    events
        .filter_map(|event| match event {
            SetupEvent::GuildStale(stale) => Some(stale),
            _ => None,
        })
        .collect()
}

#[test]
fn a_guild_is_ready_when_its_changes_are_stored() {
    let mut scenario = confirming();
    scenario.ready(1..2);
    let barrier = bring(&mut scenario, 1);
    assert_eq!(scenario.emitted(), ["complete 1"]);
    let it = scenario.setup.guild(guild(1)).unwrap();
    assert_eq!(it.waits_for, WaitsFor::Stores);
    assert_eq!(it.until, Some(at(60_000)));
    assert!(scenario.setup.in_setup(guild(1)));
    assert_eq!(scenario.setup.readiness().stages.storing, 1);
    assert_eq!(scenario.setup.readiness().pending, 1);
    stored(&mut scenario, barrier);
    let emitted = ["ready 1 complete", "finished", "shard ready 1+0"];
    assert_eq!(scenario.emitted(), emitted);
    stored(&mut scenario, barrier);
    assert_eq!(scenario.emitted(), NOTHING);
    assert_eq!(scenario.setup.deadline(), None);
}

#[test]
fn a_guild_whose_store_failed_is_not_complete_in_outcome_counts_and_summary() {
    let mut scenario = confirming();
    scenario.ready(1..3);
    let barrier = bring(&mut scenario, 1);
    fail(&mut scenario, 1);
    fail(&mut scenario, 1);
    let failures = |event: &&SetupEvent| matches!(event, SetupEvent::StoreFailed(_));
    assert_eq!(scenario.events.iter().filter(failures).count(), 1);
    stored(&mut scenario, barrier);
    assert_eq!(scenario.emitted(), ["complete 1", "ready 1 storefailed"]);
    let barrier = bring(&mut scenario, 2);
    stored(&mut scenario, barrier);
    let summary = scenario.summary();
    assert_eq!((summary.complete, summary.others()), (1, 1));
    assert_eq!(summary.store_failed, [guild(1)]);
    let presences = summary.presences.unwrap();
    assert!(presences.lacking.contains(&(guild(1), Lack::StoreFailed)));
    assert_eq!(scenario.setup.readiness().outcomes.store_failed, 1);
}

#[test]
fn a_failure_while_the_members_come_counts_and_one_before_the_guild_comes_anew_does_not() {
    let mut scenario = confirming();
    scenario.ready(1..3);
    fail(&mut scenario, 1);
    scenario.create(1);
    fail(&mut scenario, 1);
    let barrier = bring(&mut scenario, 1);
    stored(&mut scenario, barrier);
    assert_eq!(scenario.emitted().pop().unwrap(), "ready 1 complete");
    scenario.create(2);
    fail(&mut scenario, 2);
    let nonce = scenario.sent();
    scenario.chunk(2, &nonce, 0, 1);
    let barrier = asked(&scenario);
    stored(&mut scenario, barrier);
    assert_eq!(scenario.summary().store_failed, [guild(2)]);
    assert_eq!(scenario.setup.readiness().outcomes.complete, 1);
}

#[test]
fn a_guild_that_fails_after_it_is_ready_is_stale_once_until_it_comes_anew() {
    let mut scenario = confirming();
    scenario.ready(1..2);
    let barrier = bring(&mut scenario, 1);
    stored(&mut scenario, barrier);
    scenario.emitted();
    fail(&mut scenario, 1);
    fail(&mut scenario, 1);
    let emitted = stale(&mut scenario);
    assert_eq!(emitted.len(), 1);
    assert!(emitted[0].was_complete && !emitted[0].presences_were_complete);
    let Stage::Ready { outcome, .. } = scenario.setup.guild(guild(1)).unwrap().stage else {
        panic!("not ready");
    };
    assert_eq!(outcome, Outcome::StoreFailed);
    assert_eq!(scenario.setup.readiness().outcomes.store_failed, 1);
    let barrier = bring_anew(&mut scenario, 1);
    stored(&mut scenario, barrier);
    assert_eq!(scenario.emitted(), ["complete 1", "restored 1 complete"]);
    fail(&mut scenario, 1);
    assert!(!stale(&mut scenario)[0].was_complete, "it was counted out");
}

#[test]
fn a_guild_that_fails_before_the_summary_is_emitted_counts_in_it() {
    let mut scenario = confirming();
    scenario.ready(1..3);
    let barrier = bring(&mut scenario, 1);
    stored(&mut scenario, barrier);
    fail(&mut scenario, 1);
    assert!(!stale(&mut scenario)[0].was_complete);
    scenario.outage(2);
    assert_eq!(scenario.summary().store_failed, [guild(1)]);
}

#[test]
fn a_later_answer_does_not_mend_what_a_store_has_lost() {
    let mut scenario = confirming();
    scenario.ready(1..2);
    let barrier = bring(&mut scenario, 1);
    fail(&mut scenario, 1);
    stored(&mut scenario, barrier);
    let (now, all) = (scenario.now, MemberQuery::All);
    let asked = scenario.setup.request_members(now, guild(1), all, true);
    assert!(asked.is_ok());
    scenario.wait_until(scenario.now.as_millis() + 31_000);
    let nonce = scenario.sent();
    scenario.chunk(1, &nonce, 0, 1);
    assert_eq!(scenario.setup.readiness().outcomes.store_failed, 1);
    let lack = scenario.setup.presences.lack(guild(1));
    assert_eq!(lack, Some(Lack::StoreFailed));
}

#[test]
fn data_that_comes_anew_makes_an_earlier_word_void() {
    let mut scenario = confirming();
    scenario.ready(1..2);
    let first = bring(&mut scenario, 1);
    let second = bring_anew(&mut scenario, 1);
    scenario.emitted();
    stored(&mut scenario, first);
    assert_eq!(scenario.emitted(), NOTHING);
    stored(&mut scenario, second);
    assert_eq!(scenario.emitted()[0], "ready 1 complete");
    let third = bring_anew(&mut scenario, 1);
    scenario.outage(1);
    scenario.emitted();
    stored(&mut scenario, third);
    fail(&mut scenario, 1);
    assert_eq!(scenario.emitted(), NOTHING);
}

#[test]
fn a_host_that_never_says_what_is_stored_leaves_the_guild_failed() {
    let mut scenario = confirming();
    scenario.ready(1..3);
    bring(&mut scenario, 1);
    let waiting = |scenario: &Scenario| scenario.setup.readiness().stages.storing;
    scenario.wait_until(14_000);
    bring(&mut scenario, 2);
    scenario.wait_until(59_999);
    assert_eq!(waiting(&scenario), 2);
    scenario.wait_until(60_000);
    assert_eq!(waiting(&scenario), 1);
    assert!(scenario.events.contains(&SetupEvent::StoreFailed(guild(1))));
    scenario.setup.halted(scenario.now, &mut scenario.events);
    assert_eq!(scenario.summary().store_failed, [guild(1), guild(2)]);
}

#[test]
fn a_shard_that_has_ended_tells_of_no_failure() {
    let mut scenario = confirming();
    scenario.ready(1..2);
    let barrier = bring(&mut scenario, 1);
    stored(&mut scenario, barrier);
    scenario.setup.halted(scenario.now, &mut scenario.events);
    scenario.events.clear();
    fail(&mut scenario, 1);
    assert_eq!(scenario.events, []);
}

#[test]
fn a_session_that_is_cut_or_replaced_while_changes_are_stored_ends_all_the_same() {
    let mut scenario = confirming();
    scenario.ready(1..2);
    let barrier = bring(&mut scenario, 1);
    scenario.lose();
    assert_eq!(
        scenario.setup.guild(guild(1)).unwrap().waits_for,
        WaitsFor::Stores
    );
    stored(&mut scenario, barrier);
    scenario.resume();
    assert_eq!(scenario.summary().complete, 1);
    let old = bring_anew(&mut scenario, 1);
    scenario.wait_until(scenario.now.as_millis() + 31_000);
    scenario.ready(1..2);
    stored(&mut scenario, old);
    assert_eq!(scenario.setup.readiness().stages.expected, 1);
    let new = bring(&mut scenario, 1);
    scenario.events.clear();
    stored(&mut scenario, new);
    assert_eq!(
        scenario.summary(),
        ShardFinishedChunking {
            complete: 1,
            presences: scenario.setup.presences.summary(vec![guild(1)].into_iter()),
            ..ShardFinishedChunking::new(crate::ShardId::ONE, Default::default(), None, 0)
        }
    );
}
