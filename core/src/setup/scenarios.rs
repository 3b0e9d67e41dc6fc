//! Scenarios of guild streaming, on virtual time.

use core::time::Duration;

use alloc::vec;

use super::testing::{Scenario, at, guild, members};
use super::*;
use crate::chunk::{ChunkOutcome, MemberQuery, RateLimitOutcome};
use crate::intents::Intents;

const NOTHING: [&str; 0] = [];

#[test]
fn guilds_come_are_chunked_and_the_shard_is_ready() {
    let mut scenario = Scenario::new();
    scenario.ready(1..3);
    scenario.create(1);
    scenario.create(2);
    assert_eq!(scenario.emitted(), NOTHING);
    let sent = scenario.send();
    scenario.chunk(1, &sent[0].1, 0, 1);
    assert_eq!(scenario.emitted(), ["complete 1", "ready 1 complete"]);
    scenario.chunk(2, &sent[1].1, 1, 2);
    assert_eq!(scenario.emitted(), NOTHING);
    scenario.chunk(2, &sent[1].1, 0, 2);
    let expected = [
        "complete 2",
        "ready 2 complete",
        "finished",
        "shard ready 2+0",
    ];
    assert_eq!(scenario.emitted(), expected);
    assert!(scenario.setup.readiness().finished);
    assert_eq!(scenario.setup.deadline(), None);
}

#[test]
fn no_guilds_are_ready_at_once() {
    let mut scenario = Scenario::new();
    scenario.ready(1..1);
    assert_eq!(scenario.emitted(), ["finished", "shard ready 0+0"]);
}

#[test]
fn without_chunking_a_guild_is_ready_when_it_comes() {
    let mut scenario = Scenario::with(SetupConfig::default());
    scenario.ready(1..3);
    scenario.create(1);
    assert_eq!(scenario.emitted(), ["ready 1 notasked"]);
    scenario.create(2);
    assert_eq!(
        scenario.emitted(),
        ["ready 2 notasked", "finished", "shard ready 2+0"]
    );
    scenario.create(3);
    assert_eq!(scenario.emitted(), ["join 3 notasked"]);
}

#[test]
fn a_guild_that_never_comes_is_missed_after_silence_and_restored_later() {
    let mut scenario = Scenario::with(SetupConfig::default());
    scenario.ready(1..4);
    scenario.wait_until(14_999);
    scenario.create(1);
    scenario.wait_until(29_998);
    assert_eq!(scenario.emitted(), ["ready 1 notasked"]);
    scenario.wait_until(29_999);
    assert_eq!(scenario.summary().missed, [guild(2), guild(3)]);
    assert_eq!(scenario.setup.guild(guild(2)).unwrap().stage, Stage::Missed);
    scenario.create(2);
    scenario.delete(3);
    assert_eq!(scenario.emitted(), ["restored 2 notasked", "left 3"]);
    assert_eq!(
        scenario.setup.readiness().outcomes.missed,
        2,
        "the account is closed"
    );
}

#[test]
fn time_in_which_nothing_is_read_is_no_silence() {
    let mut scenario = Scenario::with(SetupConfig::default());
    scenario.ready(1..3);
    for millis in [15_000, 30_000, 45_000] {
        scenario.now = at(millis);
        scenario.setup.unread(Duration::from_secs(15));
        assert_eq!(scenario.setup.deadline(), Some(at(millis + 15_000)));
    }
    scenario.create(1);
    scenario.create(2);
    assert_eq!(
        scenario.emitted()[..2],
        ["ready 1 notasked", "ready 2 notasked"]
    );
}

#[test]
fn joins_do_not_renew_the_wait_for_guilds_of_ready() {
    let mut scenario = Scenario::with(SetupConfig::default());
    scenario.ready(1..2);
    scenario.wait_until(14_000);
    scenario.create(7);
    assert_eq!(scenario.setup.deadline(), Some(at(15_000)));
}

#[test]
fn without_the_members_intent_nothing_is_asked() {
    let config = SetupConfig {
        chunking: AutoChunk::All.into(),
        ..SetupConfig::default()
    };
    let mut scenario = Scenario::granted(config, Intents::GUILDS);
    scenario.ready(1..2);
    scenario.create(1);
    assert!(scenario.send().is_empty());
    assert_eq!(
        scenario.emitted(),
        ["ready 1 nointent", "finished", "shard ready 1+0"]
    );
}

#[test]
fn a_chunk_lost_always_leaves_the_guild_incomplete_and_named() {
    let mut scenario = Scenario::new();
    scenario.ready(1..2);
    scenario.create(1);
    for time in [0, 30_500, 61_000] {
        scenario.wait_until(time);
        let nonce = scenario.sent();
        scenario.chunk(1, &nonce, 1, 3);
    }
    scenario.wait_until(71_200);
    assert_eq!(scenario.summary().incomplete, [(guild(1), vec![0, 2])]);
    let members = scenario.setup.readiness().members;
    assert_eq!((members.expected, members.received), (1500, 750));
}

#[test]
fn a_request_without_any_answer_leaves_the_guild_missed() {
    let mut scenario = Scenario::new();
    scenario.ready(1..2);
    scenario.create(1);
    for time in [0, 30_500, 61_000] {
        scenario.wait_until(time);
        scenario.sent();
    }
    scenario.wait_until(80_000);
    let expected = [
        "timedout 1",
        "ready 1 missed",
        "finished",
        "shard ready 1+0",
    ];
    assert_eq!(scenario.emitted(), expected);
}

#[test]
fn refused_for_good() {
    let mut scenario = Scenario::new();
    scenario.ready(1..2);
    scenario.create(1);
    for _ in 0..5 {
        let nonce = scenario.sent();
        let (wait, events) = (Duration::from_secs(2), &mut scenario.events);
        let outcome =
            scenario
                .setup
                .rate_limited(scenario.now, guild(1), Some(&nonce), wait, events);
        assert_ne!(outcome, RateLimitOutcome::NotOurs);
        scenario.wait_until(scenario.now.as_millis() + 2_000);
    }
    assert_eq!(scenario.summary().refused, [guild(1)]);
}

#[test]
fn an_outage_in_mid_chunk_holds_nothing_up_and_ends_in_restored() {
    let mut scenario = Scenario::new();
    scenario.ready(1..3);
    scenario.create(1);
    let nonce = scenario.sent();
    scenario.chunk(1, &nonce, 0, 2);
    scenario.outage(1);
    scenario.outage(1);
    assert_eq!(scenario.emitted(), ["guildgone 1", "unavailable 1"]);
    scenario.outage(2);
    assert_eq!(
        scenario.emitted(),
        ["unavailable 2", "finished", "shard ready 0+2"]
    );
    scenario.create(1);
    scenario.wait_until(30_500);
    let nonce = scenario.sent();
    scenario.chunk(1, &nonce, 0, 1);
    assert_eq!(scenario.emitted(), ["complete 1", "restored 1 complete"]);
}

#[test]
fn a_guild_back_before_the_shard_is_ready_counts_as_it_stands_then() {
    let mut scenario = Scenario::with(SetupConfig::default());
    scenario.ready(1..4);
    scenario.outage(1);
    scenario.outage(2);
    scenario.create(1);
    assert_eq!(
        scenario.emitted(),
        ["unavailable 1", "unavailable 2", "restored 1 notasked"]
    );
    scenario.create(3);
    let summary = scenario.summary();
    assert_eq!(
        (summary.not_asked, summary.unavailable),
        (vec![guild(1), guild(3)], vec![guild(2)])
    );
}

#[test]
fn a_guild_back_but_not_ready_holds_nothing_up() {
    let mut scenario = Scenario::new();
    scenario.ready(1..3);
    scenario.outage(1);
    scenario.create(1);
    scenario.delete(2);
    let summary = scenario.summary();
    assert_eq!(summary.unavailable, [guild(1)]);
    assert_eq!(summary.removed, [guild(2)]);
}

#[test]
fn a_guild_deleted_while_chunking_holds_nothing_up() {
    let mut scenario = Scenario::new();
    scenario.ready(1..2);
    scenario.create(1);
    scenario.sent();
    scenario.delete(1);
    let expected = ["guildgone 1", "left 1", "finished", "shard ready 0+0"];
    assert_eq!(scenario.emitted(), expected);
    scenario.delete(1);
    assert_eq!(scenario.emitted(), NOTHING);
}

#[test]
fn a_flapping_guild_tells_each_turn_once() {
    let mut scenario = Scenario::with(SetupConfig::default());
    scenario.ready(1..2);
    for _ in 0..3 {
        scenario.outage(1);
        scenario.create(1);
    }
    let turn = ["unavailable 1", "restored 1 notasked"];
    let emitted = scenario.emitted();
    assert_eq!(
        emitted[..3],
        ["unavailable 1", "finished", "shard ready 0+1"]
    );
    assert_eq!(
        emitted[3..],
        ["restored 1 notasked", turn[0], turn[1], turn[0], turn[1]]
    );
    scenario.outage(1);
    scenario.delete(1);
    assert_eq!(scenario.emitted(), ["unavailable 1", "left 1"]);
}

#[test]
fn data_that_comes_anew_starts_the_guild_again_but_not_for_ever() {
    let mut scenario = Scenario::new();
    scenario.ready(1..2);
    scenario.create(1);
    for _ in 0..3 {
        scenario.create(1);
        assert_eq!(scenario.emitted(), ["superseded 1"]);
    }
    scenario.create(1);
    let incomplete = "ready 1 incomplete { missing: [] }";
    assert_eq!(
        scenario.emitted(),
        ["superseded 1", incomplete, "finished", "shard ready 1+0"]
    );
    scenario.create(1);
    scenario.wait_until(99_000);
    let nonce = scenario.sent();
    scenario.chunk(1, &nonce, 0, 1);
    assert_eq!(scenario.emitted(), ["complete 1", "restored 1 complete"]);
}

#[test]
fn the_callers_request_waits_for_a_guild_still_to_come() {
    let mut scenario = Scenario::with(SetupConfig::default());
    scenario.ready(1..3);
    let users = MemberQuery::Users(vec![crate::id::UserId::new(5).unwrap()]);
    for number in [1, 2] {
        let query = users.clone();
        let asked = scenario
            .setup
            .request_members(at(0), guild(number), query, false);
        assert!(asked.is_ok());
    }
    assert!(scenario.send().is_empty());
    scenario.create(1);
    let nonce = scenario.sent();
    scenario.chunk(1, &nonce, 0, 1);
    scenario.wait_until(16_000);
    assert_eq!(scenario.send().len(), 1, "missed guilds are asked too");
}

#[test]
fn the_callers_half_answer_is_asked_for_again_when_the_guild_comes_anew() {
    let mut scenario = Scenario::with(SetupConfig::default());
    scenario.ready(1..2);
    scenario.create(1);
    let asked = scenario
        .setup
        .request_members(at(0), guild(1), MemberQuery::All, false)
        .unwrap();
    let nonce = scenario.sent();
    scenario.chunk(1, &nonce, 0, 2);
    scenario.create(1);
    assert_eq!(scenario.chunk(1, &nonce, 1, 2), ChunkOutcome::Late);
    scenario.wait_until(30_500);
    let nonce = scenario.sent();
    let outcome = scenario.chunk(1, &nonce, 0, 1);
    assert_eq!(outcome, ChunkOutcome::Completed(Some(asked)));
}

#[test]
fn chunking_is_switched_at_run_time() {
    let mut scenario = Scenario::new();
    scenario.ready(1..3);
    scenario.create(1);
    assert_eq!(scenario.send().len(), 1);
    scenario.setup.set_chunking(AutoChunk::Never.into());
    scenario.create(2);
    assert_eq!(scenario.emitted(), ["ready 2 notasked"]);
}

#[test]
fn client_accounts_sync_before_they_chunk() {
    let mut scenario = Scenario::with(SetupConfig {
        chunking: AutoChunk::Missing.into(),
        sync: Some(SyncConfig::default()),
        ..SetupConfig::default()
    });
    scenario.ready(1..4);
    for number in 1..4 {
        scenario.create(number);
    }
    let named = scenario.send();
    assert!(named.len() == 3 && named.iter().all(|(_, what)| what == "sync"));
    scenario
        .setup
        .guild_sync(at(0), guild(1), members(1500), &mut scenario.events);
    assert_eq!(scenario.emitted(), ["ready 1 complete"]);
    scenario
        .setup
        .guild_sync(at(0), guild(2), members(20), &mut scenario.events);
    let nonce = scenario.sent();
    scenario.chunk(2, &nonce, 0, 1);
    assert_eq!(scenario.emitted(), ["complete 2", "ready 2 complete"]);
    scenario.wait_until(10_000);
    assert_eq!(scenario.send().len(), 1);
    scenario.wait_until(20_000);
    let waits = scenario.setup.guild(guild(3)).unwrap().waits_for;
    assert!(matches!(waits, WaitsFor::Sending { .. }));
}

#[test]
fn a_guilds_readiness_says_what_it_waits_for_and_until_when() {
    let mut scenario = Scenario::new();
    assert_eq!(scenario.setup.guild(guild(1)), None);
    scenario.ready(1..2);
    let waits = |scenario: &Scenario| {
        let it = scenario.setup.guild(guild(1)).unwrap();
        (it.waits_for, it.until)
    };
    assert_eq!(waits(&scenario), (WaitsFor::Guild, Some(at(15_000))));
    scenario.now = at(1_000);
    scenario.create(1);
    assert!(matches!(waits(&scenario), (WaitsFor::Sending { .. }, None)));
    let nonce = scenario.sent();
    let (what, until) = waits(&scenario);
    assert!(matches!(
        what,
        WaitsFor::Chunks {
            received: 0,
            count: None,
            ..
        }
    ));
    assert_eq!(until, Some(at(11_200)));
    scenario.chunk(1, &nonce, 0, 2);
    let (what, _) = waits(&scenario);
    assert!(matches!(
        what,
        WaitsFor::Chunks {
            received: 1,
            count: Some(2),
            ..
        }
    ));
    assert_eq!(scenario.setup.readiness().stages.receiving, 1);
    scenario.chunk(1, &nonce, 1, 2);
    assert_eq!(waits(&scenario), (WaitsFor::Nothing, None));
    scenario.outage(1);
    assert_eq!(waits(&scenario), (WaitsFor::Outage, None));
}

#[test]
fn a_hundred_thousand_guilds_stay_cheap() {
    let mut scenario = Scenario::new();
    let count = 100_000;
    scenario.ready(1..count + 1);
    for number in 1..=count {
        scenario.create(number);
    }
    let mut done = 0;
    while done < count {
        for (guild, nonce) in scenario.send() {
            assert!(scenario.setup.deadline().is_some());
            scenario.chunk(guild.get(), &nonce, 0, 1);
            done += 1;
        }
        scenario.now = at(scenario.now.as_millis() + 10);
    }
    let emitted = scenario.emitted();
    assert_eq!(emitted.len() as u64, count * 2 + 2);
    assert_eq!(scenario.setup.readiness().outcomes.complete as u64, count);
}
