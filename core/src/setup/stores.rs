//! How guilds end whose changes are stored late, or not at all.

use core::time::Duration;

use alloc::vec;
use alloc::vec::Vec;

use super::testing::{Story, at, guild, members};
use super::*;
use crate::cache::Lack;
use crate::chunk::MemberQuery;

const NOTHING: [&str; 0] = [];

/// A story whose host says what is stored; all guilds are asked.
fn confirming() -> Story {
    Story::with(SetupConfig {
        chunking: AutoChunk::All.into(),
        confirm: Some(Duration::from_secs(60)),
        ..SetupConfig::default()
    })
}

/// The last point that the host is to confirm.
fn asked(story: &Story) -> Barrier {
    let mut latest = story.news.iter().rev();
    let found = latest.find_map(|news| match news {
        News::Confirm(barrier) => Some(*barrier),
        _ => None,
    });
    found.expect("something to confirm")
}

/// Brings a guild that has been asked before as far as its stores.
fn bring_anew(story: &mut Story, number: u64) -> Barrier {
    story.wait_until(story.now.as_millis() + 31_000);
    bring(story, number)
}

/// Brings a guild as far as its stores.
fn bring(story: &mut Story, number: u64) -> Barrier {
    story.create(number);
    let nonce = story.sent();
    story.chunk_listing(number, &nonce, (0, 1), members(1500));
    let barrier = asked(story);
    assert_eq!(barrier.guild(), guild(number));
    barrier
}

fn stored(story: &mut Story, barrier: Barrier) {
    story.setup.stored(story.now, barrier, &mut story.news);
}

fn fail(story: &mut Story, number: u64) {
    story.setup.store_failed(guild(number), &mut story.news);
}

fn stale(story: &mut Story) -> Vec<GuildStale> {
    let news = story.news.drain(..);
    news.filter_map(|news| match news {
        News::GuildStale(stale) => Some(stale),
        _ => None,
    })
    .collect()
}

#[test]
fn a_guild_is_ready_when_its_changes_are_stored() {
    let mut story = confirming();
    story.ready(1..2);
    let barrier = bring(&mut story, 1);
    assert_eq!(story.told(), ["complete 1"]);
    let it = story.setup.guild(guild(1)).unwrap();
    assert_eq!(it.waits_for, WaitsFor::Stores);
    assert_eq!(it.until, Some(at(60_000)));
    assert!(story.setup.in_setup(guild(1)));
    assert_eq!(story.setup.readiness().stages.storing, 1);
    assert_eq!(story.setup.readiness().pending, 1);
    stored(&mut story, barrier);
    let told = ["ready 1 complete", "finished", "shard ready 1+0"];
    assert_eq!(story.told(), told);
    stored(&mut story, barrier);
    assert_eq!(story.told(), NOTHING);
    assert_eq!(story.setup.deadline(), None);
}

#[test]
fn a_guild_whose_store_failed_is_not_complete_in_outcome_counts_and_summary() {
    let mut story = confirming();
    story.ready(1..3);
    let barrier = bring(&mut story, 1);
    fail(&mut story, 1);
    fail(&mut story, 1);
    let failures = |news: &&News| matches!(news, News::StoreFailed(_));
    assert_eq!(story.news.iter().filter(failures).count(), 1);
    stored(&mut story, barrier);
    assert_eq!(story.told(), ["complete 1", "ready 1 storefailed"]);
    let barrier = bring(&mut story, 2);
    stored(&mut story, barrier);
    let summary = story.summary();
    assert_eq!((summary.complete, summary.others()), (1, 1));
    assert_eq!(summary.store_failed, [guild(1)]);
    let presences = summary.presences.unwrap();
    assert!(presences.lacking.contains(&(guild(1), Lack::StoreFailed)));
    assert_eq!(story.setup.readiness().outcomes.store_failed, 1);
}

#[test]
fn a_failure_while_the_members_come_counts_and_one_before_the_guild_comes_anew_does_not() {
    let mut story = confirming();
    story.ready(1..3);
    fail(&mut story, 1);
    story.create(1);
    fail(&mut story, 1);
    let barrier = bring(&mut story, 1);
    stored(&mut story, barrier);
    assert_eq!(story.told().pop().unwrap(), "ready 1 complete");
    story.create(2);
    fail(&mut story, 2);
    let nonce = story.sent();
    story.chunk(2, &nonce, 0, 1);
    let barrier = asked(&story);
    stored(&mut story, barrier);
    assert_eq!(story.summary().store_failed, [guild(2)]);
    assert_eq!(story.setup.readiness().outcomes.complete, 1);
}

#[test]
fn a_guild_that_fails_after_it_is_ready_is_stale_once_until_it_comes_anew() {
    let mut story = confirming();
    story.ready(1..2);
    let barrier = bring(&mut story, 1);
    stored(&mut story, barrier);
    story.told();
    fail(&mut story, 1);
    fail(&mut story, 1);
    let told = stale(&mut story);
    assert_eq!(told.len(), 1);
    assert!(told[0].was_complete && !told[0].presences_were_complete);
    let Stage::Ready { outcome, .. } = story.setup.guild(guild(1)).unwrap().stage else {
        panic!("not ready");
    };
    assert_eq!(outcome, Outcome::StoreFailed);
    assert_eq!(story.setup.readiness().outcomes.store_failed, 1);
    let barrier = bring_anew(&mut story, 1);
    stored(&mut story, barrier);
    assert_eq!(story.told(), ["complete 1", "restored 1 complete"]);
    fail(&mut story, 1);
    assert!(!stale(&mut story)[0].was_complete, "it was counted out");
}

#[test]
fn a_guild_that_fails_before_the_summary_is_told_counts_in_it() {
    let mut story = confirming();
    story.ready(1..3);
    let barrier = bring(&mut story, 1);
    stored(&mut story, barrier);
    fail(&mut story, 1);
    assert!(!stale(&mut story)[0].was_complete);
    story.outage(2);
    assert_eq!(story.summary().store_failed, [guild(1)]);
}

#[test]
fn a_later_answer_does_not_mend_what_a_store_has_lost() {
    let mut story = confirming();
    story.ready(1..2);
    let barrier = bring(&mut story, 1);
    fail(&mut story, 1);
    stored(&mut story, barrier);
    let (now, all) = (story.now, MemberQuery::All);
    let asked = story.setup.request_members(now, guild(1), all, true);
    assert!(asked.is_ok());
    story.wait_until(story.now.as_millis() + 31_000);
    let nonce = story.sent();
    story.chunk(1, &nonce, 0, 1);
    assert_eq!(story.setup.readiness().outcomes.store_failed, 1);
    let lack = story.setup.presences.lack(guild(1));
    assert_eq!(lack, Some(Lack::StoreFailed));
}

#[test]
fn data_that_comes_anew_makes_an_earlier_word_void() {
    let mut story = confirming();
    story.ready(1..2);
    let first = bring(&mut story, 1);
    let second = bring_anew(&mut story, 1);
    story.told();
    stored(&mut story, first);
    assert_eq!(story.told(), NOTHING);
    stored(&mut story, second);
    assert_eq!(story.told()[0], "ready 1 complete");
    let third = bring_anew(&mut story, 1);
    story.outage(1);
    story.told();
    stored(&mut story, third);
    fail(&mut story, 1);
    assert_eq!(story.told(), NOTHING);
}

#[test]
fn a_host_that_never_says_what_is_stored_leaves_the_guild_failed() {
    let mut story = confirming();
    story.ready(1..3);
    bring(&mut story, 1);
    let waiting = |story: &Story| story.setup.readiness().stages.storing;
    story.wait_until(14_000);
    bring(&mut story, 2);
    story.wait_until(59_999);
    assert_eq!(waiting(&story), 2);
    story.wait_until(60_000);
    assert_eq!(waiting(&story), 1);
    assert!(story.news.contains(&News::StoreFailed(guild(1))));
    story.setup.halted(story.now, &mut story.news);
    assert_eq!(story.summary().store_failed, [guild(1), guild(2)]);
}

#[test]
fn a_shard_that_has_ended_tells_of_no_failure() {
    let mut story = confirming();
    story.ready(1..2);
    let barrier = bring(&mut story, 1);
    stored(&mut story, barrier);
    story.setup.halted(story.now, &mut story.news);
    story.news.clear();
    fail(&mut story, 1);
    assert_eq!(story.news, []);
}

#[test]
fn a_session_that_is_cut_or_replaced_while_changes_are_stored_ends_all_the_same() {
    let mut story = confirming();
    story.ready(1..2);
    let barrier = bring(&mut story, 1);
    story.lose();
    assert_eq!(
        story.setup.guild(guild(1)).unwrap().waits_for,
        WaitsFor::Stores
    );
    stored(&mut story, barrier);
    story.setup.resumed(story.now);
    assert_eq!(story.summary().complete, 1);
    let old = bring_anew(&mut story, 1);
    story.wait_until(story.now.as_millis() + 31_000);
    story.ready(1..2);
    stored(&mut story, old);
    assert_eq!(story.setup.readiness().stages.expected, 1);
    let new = bring(&mut story, 1);
    story.news.clear();
    stored(&mut story, new);
    assert_eq!(
        story.summary(),
        ShardFinishedChunking {
            complete: 1,
            presences: story.setup.presences.summary(vec![guild(1)].into_iter()),
            ..ShardFinishedChunking::new(crate::ShardId::ONE, Default::default(), None, 0)
        }
    );
}
