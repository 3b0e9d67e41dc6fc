//! Stories of guild streaming, on virtual time.

use core::time::Duration;

use alloc::vec;

use super::testing::{Story, at, guild, members};
use super::*;
use crate::chunk::{ChunkOutcome, MemberQuery, Refusal};
use crate::intents::Intents;

const NOTHING: [&str; 0] = [];

#[test]
fn guilds_come_are_chunked_and_the_shard_is_ready() {
    let mut story = Story::new();
    story.ready(1..3);
    story.create(1);
    story.create(2);
    assert_eq!(story.told(), NOTHING);
    let sent = story.send();
    story.chunk(1, &sent[0].1, 0, 1);
    assert_eq!(story.told(), ["complete 1", "ready 1 complete"]);
    story.chunk(2, &sent[1].1, 1, 2);
    assert_eq!(story.told(), NOTHING);
    story.chunk(2, &sent[1].1, 0, 2);
    let expected = [
        "complete 2",
        "ready 2 complete",
        "finished",
        "shard ready 2+0",
    ];
    assert_eq!(story.told(), expected);
    assert!(story.setup.readiness().finished);
    assert_eq!(story.setup.deadline(), None);
}

#[test]
fn no_guilds_are_ready_at_once() {
    let mut story = Story::new();
    story.ready(1..1);
    assert_eq!(story.told(), ["finished", "shard ready 0+0"]);
}

#[test]
fn without_chunking_a_guild_is_ready_when_it_comes() {
    let mut story = Story::with(SetupConfig::default());
    story.ready(1..3);
    story.create(1);
    assert_eq!(story.told(), ["ready 1 notasked"]);
    story.create(2);
    assert_eq!(
        story.told(),
        ["ready 2 notasked", "finished", "shard ready 2+0"]
    );
    story.create(3);
    assert_eq!(story.told(), ["join 3 notasked"]);
}

#[test]
fn a_guild_that_never_comes_is_missed_after_silence_and_restored_later() {
    let mut story = Story::with(SetupConfig::default());
    story.ready(1..4);
    story.wait_until(14_999);
    story.create(1);
    story.wait_until(29_998);
    assert_eq!(story.told(), ["ready 1 notasked"]);
    story.wait_until(29_999);
    assert_eq!(story.summary().missed, [guild(2), guild(3)]);
    assert_eq!(story.setup.guild(guild(2)).unwrap().stage, Stage::Missed);
    story.create(2);
    story.delete(3);
    assert_eq!(story.told(), ["restored 2 notasked", "left 3"]);
    assert_eq!(
        story.setup.readiness().outcomes.missed,
        2,
        "the account is closed"
    );
}

#[test]
fn time_in_which_nothing_is_read_is_no_silence() {
    let mut story = Story::with(SetupConfig::default());
    story.ready(1..3);
    for millis in [15_000, 30_000, 45_000] {
        story.now = at(millis);
        story.setup.unread(Duration::from_secs(15));
        assert_eq!(story.setup.deadline(), Some(at(millis + 15_000)));
    }
    story.create(1);
    story.create(2);
    assert_eq!(story.told()[..2], ["ready 1 notasked", "ready 2 notasked"]);
}

#[test]
fn joins_do_not_renew_the_wait_for_guilds_of_ready() {
    let mut story = Story::with(SetupConfig::default());
    story.ready(1..2);
    story.wait_until(14_000);
    story.create(7);
    assert_eq!(story.setup.deadline(), Some(at(15_000)));
}

#[test]
fn without_the_members_intent_nothing_is_asked() {
    let config = SetupConfig {
        chunking: AutoChunk::All.into(),
        ..SetupConfig::default()
    };
    let mut story = Story::granted(config, Intents::GUILDS);
    story.ready(1..2);
    story.create(1);
    assert!(story.send().is_empty());
    assert_eq!(
        story.told(),
        ["ready 1 nointent", "finished", "shard ready 1+0"]
    );
}

#[test]
fn a_chunk_lost_always_leaves_the_guild_incomplete_and_named() {
    let mut story = Story::new();
    story.ready(1..2);
    story.create(1);
    for time in [0, 30_500, 61_000] {
        story.wait_until(time);
        let nonce = story.sent();
        story.chunk(1, &nonce, 1, 3);
    }
    story.wait_until(71_200);
    assert_eq!(story.summary().incomplete, [(guild(1), vec![0, 2])]);
    let members = story.setup.readiness().members;
    assert_eq!((members.expected, members.received), (1500, 750));
}

#[test]
fn a_request_without_any_answer_leaves_the_guild_missed() {
    let mut story = Story::new();
    story.ready(1..2);
    story.create(1);
    for time in [0, 30_500, 61_000] {
        story.wait_until(time);
        story.sent();
    }
    story.wait_until(80_000);
    let expected = [
        "timedout 1",
        "ready 1 missed",
        "finished",
        "shard ready 1+0",
    ];
    assert_eq!(story.told(), expected);
}

#[test]
fn refused_for_good() {
    let mut story = Story::new();
    story.ready(1..2);
    story.create(1);
    for _ in 0..5 {
        let nonce = story.sent();
        let (wait, news) = (Duration::from_secs(2), &mut story.news);
        let told = story
            .setup
            .rate_limited(story.now, guild(1), Some(&nonce), wait, news);
        assert_ne!(told, Refusal::NotOurs);
        story.wait_until(story.now.as_millis() + 2_000);
    }
    assert_eq!(story.summary().refused, [guild(1)]);
}

#[test]
fn an_outage_in_mid_chunk_holds_nothing_up_and_ends_in_restored() {
    let mut story = Story::new();
    story.ready(1..3);
    story.create(1);
    let nonce = story.sent();
    story.chunk(1, &nonce, 0, 2);
    story.outage(1);
    story.outage(1);
    assert_eq!(story.told(), ["guildgone 1", "unavailable 1"]);
    story.outage(2);
    assert_eq!(
        story.told(),
        ["unavailable 2", "finished", "shard ready 0+2"]
    );
    story.create(1);
    story.wait_until(30_500);
    let nonce = story.sent();
    story.chunk(1, &nonce, 0, 1);
    assert_eq!(story.told(), ["complete 1", "restored 1 complete"]);
}

#[test]
fn a_guild_back_before_the_shard_is_ready_counts_as_it_stands_then() {
    let mut story = Story::with(SetupConfig::default());
    story.ready(1..4);
    story.outage(1);
    story.outage(2);
    story.create(1);
    assert_eq!(
        story.told(),
        ["unavailable 1", "unavailable 2", "restored 1 notasked"]
    );
    story.create(3);
    let summary = story.summary();
    assert_eq!(
        (summary.not_asked, summary.unavailable),
        (vec![guild(1), guild(3)], vec![guild(2)])
    );
}

#[test]
fn a_guild_back_but_not_ready_holds_nothing_up() {
    let mut story = Story::new();
    story.ready(1..3);
    story.outage(1);
    story.create(1);
    story.delete(2);
    let summary = story.summary();
    assert_eq!(summary.unavailable, [guild(1)]);
    assert_eq!(summary.removed, [guild(2)]);
}

#[test]
fn a_guild_deleted_while_chunking_holds_nothing_up() {
    let mut story = Story::new();
    story.ready(1..2);
    story.create(1);
    story.sent();
    story.delete(1);
    let expected = ["guildgone 1", "left 1", "finished", "shard ready 0+0"];
    assert_eq!(story.told(), expected);
    story.delete(1);
    assert_eq!(story.told(), NOTHING);
}

#[test]
fn a_flapping_guild_tells_each_turn_once() {
    let mut story = Story::with(SetupConfig::default());
    story.ready(1..2);
    for _ in 0..3 {
        story.outage(1);
        story.create(1);
    }
    let turn = ["unavailable 1", "restored 1 notasked"];
    let told = story.told();
    assert_eq!(told[..3], ["unavailable 1", "finished", "shard ready 0+1"]);
    assert_eq!(
        told[3..],
        ["restored 1 notasked", turn[0], turn[1], turn[0], turn[1]]
    );
    story.outage(1);
    story.delete(1);
    assert_eq!(story.told(), ["unavailable 1", "left 1"]);
}

#[test]
fn data_that_comes_anew_starts_the_guild_again_but_not_for_ever() {
    let mut story = Story::new();
    story.ready(1..2);
    story.create(1);
    for _ in 0..3 {
        story.create(1);
        assert_eq!(story.told(), ["superseded 1"]);
    }
    story.create(1);
    let incomplete = "ready 1 incomplete { missing: [] }";
    assert_eq!(
        story.told(),
        ["superseded 1", incomplete, "finished", "shard ready 1+0"]
    );
    story.create(1);
    story.wait_until(99_000);
    let nonce = story.sent();
    story.chunk(1, &nonce, 0, 1);
    assert_eq!(story.told(), ["complete 1", "restored 1 complete"]);
}

#[test]
fn the_callers_request_waits_for_a_guild_still_to_come() {
    let mut story = Story::with(SetupConfig::default());
    story.ready(1..3);
    let users = MemberQuery::Users(vec![crate::id::UserId::new(5).unwrap()]);
    for number in [1, 2] {
        let query = users.clone();
        let asked = story
            .setup
            .request_members(at(0), guild(number), query, false);
        assert!(asked.is_ok());
    }
    assert!(story.send().is_empty());
    story.create(1);
    let nonce = story.sent();
    story.chunk(1, &nonce, 0, 1);
    story.wait_until(16_000);
    assert_eq!(story.send().len(), 1, "missed guilds are asked too");
}

#[test]
fn the_callers_half_answer_is_asked_for_again_when_the_guild_comes_anew() {
    let mut story = Story::with(SetupConfig::default());
    story.ready(1..2);
    story.create(1);
    let asked = story
        .setup
        .request_members(at(0), guild(1), MemberQuery::All, false)
        .unwrap();
    let nonce = story.sent();
    story.chunk(1, &nonce, 0, 2);
    story.create(1);
    assert_eq!(story.chunk(1, &nonce, 1, 2), ChunkOutcome::Late);
    story.wait_until(30_500);
    let nonce = story.sent();
    let outcome = story.chunk(1, &nonce, 0, 1);
    assert_eq!(outcome, ChunkOutcome::Completed(Some(asked)));
}

#[test]
fn chunking_is_switched_at_run_time() {
    let mut story = Story::new();
    story.ready(1..3);
    story.create(1);
    assert_eq!(story.send().len(), 1);
    story.setup.set_chunking(AutoChunk::Never.into());
    story.create(2);
    assert_eq!(story.told(), ["ready 2 notasked"]);
}

#[test]
fn client_accounts_sync_before_they_chunk() {
    let mut story = Story::with(SetupConfig {
        chunking: AutoChunk::Missing.into(),
        sync: Some(SyncConfig::default()),
        ..SetupConfig::default()
    });
    story.ready(1..4);
    for number in 1..4 {
        story.create(number);
    }
    let named = story.send();
    assert!(named.len() == 3 && named.iter().all(|(_, what)| what == "sync"));
    story
        .setup
        .guild_sync(at(0), guild(1), members(1500), &mut story.news);
    assert_eq!(story.told(), ["ready 1 complete"]);
    story
        .setup
        .guild_sync(at(0), guild(2), members(20), &mut story.news);
    let nonce = story.sent();
    story.chunk(2, &nonce, 0, 1);
    assert_eq!(story.told(), ["complete 2", "ready 2 complete"]);
    story.wait_until(10_000);
    assert_eq!(story.send().len(), 1);
    story.wait_until(20_000);
    let waits = story.setup.guild(guild(3)).unwrap().waits_for;
    assert!(matches!(waits, WaitsFor::Sending { .. }));
}

#[test]
fn a_guilds_readiness_says_what_it_waits_for_and_until_when() {
    let mut story = Story::new();
    assert_eq!(story.setup.guild(guild(1)), None);
    story.ready(1..2);
    let waits = |story: &Story| {
        let it = story.setup.guild(guild(1)).unwrap();
        (it.waits_for, it.until)
    };
    assert_eq!(waits(&story), (WaitsFor::Guild, Some(at(15_000))));
    story.now = at(1_000);
    story.create(1);
    assert!(matches!(waits(&story), (WaitsFor::Sending { .. }, None)));
    let nonce = story.sent();
    let (what, until) = waits(&story);
    assert!(matches!(
        what,
        WaitsFor::Chunks {
            received: 0,
            count: None,
            ..
        }
    ));
    assert_eq!(until, Some(at(11_200)));
    story.chunk(1, &nonce, 0, 2);
    let (what, _) = waits(&story);
    assert!(matches!(
        what,
        WaitsFor::Chunks {
            received: 1,
            count: Some(2),
            ..
        }
    ));
    assert_eq!(story.setup.readiness().stages.receiving, 1);
    story.chunk(1, &nonce, 1, 2);
    assert_eq!(waits(&story), (WaitsFor::Nothing, None));
    story.outage(1);
    assert_eq!(waits(&story), (WaitsFor::Outage, None));
}

#[test]
fn a_hundred_thousand_guilds_stay_cheap() {
    let mut story = Story::new();
    let count = 100_000;
    story.ready(1..count + 1);
    for number in 1..=count {
        story.create(number);
    }
    let mut done = 0;
    while done < count {
        for (guild, nonce) in story.send() {
            assert!(story.setup.deadline().is_some());
            story.chunk(guild.get(), &nonce, 0, 1);
            done += 1;
        }
        story.now = at(story.now.as_millis() + 10);
    }
    let told = story.told();
    assert_eq!(told.len() as u64, count * 2 + 2);
    assert_eq!(story.setup.readiness().outcomes.complete as u64, count);
}
