//! How guilds end that have come, and are not complete all the same.

use alloc::vec;

use super::testing::{Scenario, at, guild, members};
use super::*;
use crate::cache::{Kinds, Lack};
use crate::chunk::{Chunk, ChunkOutcome, Listed, MemberQuery};
use crate::intents::Intents;

/// So many members of which one cannot be read.
fn one_unread(all: u64) -> Listed {
    Listed {
        unread: 1,
        ..members(all - 1)
    }
}

fn without_presences(all: u64) -> Listed {
    Listed {
        presences_unread: None,
        ..members(all)
    }
}

fn outcome(scenario: &Scenario, number: u64) -> Outcome {
    match scenario.setup.guild(guild(number)).unwrap().stage {
        Stage::Ready { outcome, .. } => outcome,
        other => panic!("{other:?}"),
    }
}

fn presences(scenario: &Scenario) -> PresencesOutcome {
    scenario.setup.guild(guild(1)).unwrap().presences
}

/// Asks for everyone in guild 1 as the caller does, and gives the nonce.
fn ask(scenario: &mut Scenario, presences: bool) -> alloc::string::String {
    let asked = scenario
        .setup
        .request_members(scenario.now, guild(1), MemberQuery::All, presences);
    assert!(asked.is_ok());
    scenario.sent()
}

#[test]
fn a_member_that_cannot_be_read_leaves_its_guild_incomplete_and_is_not_asked_for_again() {
    let mut scenario = Scenario::new();
    scenario.ready(1..2);
    scenario.create(1);
    let nonce = scenario.sent();
    scenario.chunk(1, &nonce, 0, 2);
    scenario.chunk_listing(1, &nonce, (1, 2), one_unread(750));
    let end = scenario.events.iter().find_map(|event| match event {
        SetupEvent::RequestFinished(end) => Some((end.members, end.unread)),
        _ => None,
    });
    assert_eq!(end, Some((1499, 1)));
    let summary = scenario.summary();
    assert_eq!((summary.complete, summary.others()), (0, 1));
    assert_eq!(summary.unread, [(guild(1), 1)]);
    assert_eq!(scenario.setup.readiness().members.received, 1499);
    assert_eq!(scenario.setup.readiness().outcomes.unread, 1);
    scenario.wait_until(600_000);
    assert!(scenario.send().is_empty());
}

#[test]
fn a_later_answer_that_can_be_read_makes_the_guild_whole() {
    let mut scenario = Scenario::new();
    scenario.ready(1..3);
    scenario.create(1);
    let nonce = scenario.sent();
    scenario.chunk_listing(1, &nonce, (0, 1), one_unread(1500));
    assert_eq!(outcome(&scenario, 1), Outcome::Unread { members: 1 });
    scenario.wait_until(31_000);
    let nonce = ask(&mut scenario, false);
    scenario.chunk_listing(1, &nonce, (0, 1), members(1500));
    assert_eq!(outcome(&scenario, 1), Outcome::Complete);
    scenario.wait_until(62_000);
    let nonce = ask(&mut scenario, false);
    scenario.chunk_listing(1, &nonce, (0, 1), one_unread(1500));
    assert_eq!(
        outcome(&scenario, 1),
        Outcome::Complete,
        "events keep it so"
    );
}

#[test]
fn unread_members_of_a_chunk_that_came_twice_or_of_an_earlier_attempt_do_not_count() {
    let mut scenario = Scenario::new();
    scenario.ready(1..2);
    scenario.create(1);
    let first = scenario.sent();
    scenario.chunk_listing(1, &first, (0, 2), one_unread(750));
    scenario.wait_until(30_500);
    let second = scenario.sent();
    assert_eq!(
        scenario.chunk_listing(1, &first, (1, 2), one_unread(750)),
        ChunkOutcome::Late
    );
    scenario.chunk_listing(1, &second, (0, 2), one_unread(750));
    scenario.chunk_listing(1, &second, (0, 2), one_unread(750));
    scenario.chunk_listing(1, &second, (1, 2), members(750));
    assert_eq!(scenario.summary().unread, [(guild(1), 1)]);
}

#[test]
fn a_chunk_whose_place_cannot_be_read_does_not_count() {
    let mut scenario = Scenario::new();
    scenario.ready(1..2);
    scenario.create(1);
    for time in [0, 30_500, 61_000] {
        scenario.wait_until(time);
        let nonce = scenario.sent();
        let chunk = |nonce| Chunk {
            guild: guild(1),
            nonce: Some(nonce),
            place: None,
            listed: members(750),
            not_found: &[],
        };
        let events = &mut scenario.events;
        let outcome = scenario.setup.chunk(scenario.now, &chunk(&nonce), events);
        assert_eq!(outcome, ChunkOutcome::Unplaced);
        let foreign = scenario.setup.chunk(scenario.now, &chunk("theirs"), events);
        assert_eq!(foreign, ChunkOutcome::Unplaced);
        scenario.chunk(1, &nonce, 1, 2);
    }
    scenario.wait_until(80_000);
    assert_eq!(scenario.summary().incomplete, [(guild(1), vec![0])]);
}

#[test]
fn a_guild_that_lists_everyone_is_complete_only_if_each_can_be_read() {
    for (mode, listed, expected) in [
        (AutoChunk::Never, members(1500), Outcome::Complete),
        (
            AutoChunk::Never,
            one_unread(1500),
            Outcome::Unread { members: 1 },
        ),
        (AutoChunk::Never, one_unread(1499), Outcome::NotAsked),
        (
            AutoChunk::Never,
            one_unread(1501),
            Outcome::Unread { members: 1 },
        ),
        (AutoChunk::Missing, members(1500), Outcome::Complete),
    ] {
        let mut scenario = Scenario::chunking(mode);
        scenario.ready(1..2);
        scenario.create_listing(1, listed);
        assert_eq!(outcome(&scenario, 1), expected, "{mode:?} {listed:?}");
    }
    let mut scenario = Scenario::chunking(AutoChunk::Missing);
    scenario.ready(1..2);
    scenario.create_listing(1, one_unread(1501));
    let nonce = scenario.sent();
    scenario.chunk(1, &nonce, 0, 1);
    assert_eq!(outcome(&scenario, 1), Outcome::Complete);
}

#[test]
fn a_guild_whose_members_have_all_come_is_complete_though_its_own_request_fails() {
    let mut scenario = Scenario::new();
    scenario.ready(1..3);
    let asked = scenario
        .setup
        .request_members(at(0), guild(2), MemberQuery::All, false)
        .unwrap();
    scenario.create_listing(1, members(1500));
    scenario.create(2);
    for second in 0..200 {
        scenario.wait_until(second * 1_000);
        for (number, nonce) in scenario.send() {
            if nonce.contains(&alloc::format!(".{asked}.")) {
                scenario.chunk_listing(number.get(), &nonce, (0, 1), members(1500));
            }
        }
    }
    let summary = scenario.summary();
    assert_eq!((summary.complete, summary.others()), (2, 0), "{summary:?}");
    assert_eq!(scenario.setup.readiness().members.received, 3000);
}

#[test]
fn a_guild_that_does_not_say_how_many_members_it_has_is_asked() {
    for mode in [AutoChunk::Missing, AutoChunk::Never] {
        let mut scenario = Scenario::chunking(mode);
        scenario.ready(1..2);
        let arrival = Arrival {
            guild: guild(1),
            members: None,
            listed: members(7),
            large: false,
            is_asked: false,
        };
        scenario
            .setup
            .guild_create(at(0), arrival, &mut scenario.events);
        let count = scenario.setup.readiness().members;
        assert_eq!(count.expected, 7);
        match mode {
            AutoChunk::Missing => drop(scenario.sent()),
            _ => assert_eq!(outcome(&scenario, 1), Outcome::NotAsked),
        }
    }
}

#[test]
fn without_the_members_intent_no_guild_is_complete_whatever_the_mode() {
    for mode in [AutoChunk::Never, AutoChunk::Missing, AutoChunk::All] {
        let config = SetupConfig {
            chunking: mode.into(),
            ..SetupConfig::default()
        };
        let mut scenario = Scenario::granted(config, Intents::GUILDS);
        scenario.ready(1..3);
        scenario.create_listing(1, members(3));
        scenario.create_listing(2, members(1500));
        let summary = scenario.summary();
        assert_eq!((summary.complete, summary.others()), (0, 2));
        assert_eq!(summary.no_intent, [guild(1), guild(2)]);
        assert_eq!(scenario.setup.readiness().outcomes.no_intent, 2);
    }
}

#[test]
fn the_callers_answer_before_the_shard_has_finished_counts_in_its_summary() {
    let mut scenario = Scenario::chunking(AutoChunk::Never);
    scenario.ready(1..3);
    scenario.create(1);
    let nonce = ask(&mut scenario, false);
    scenario.chunk_listing(1, &nonce, (0, 1), members(1500));
    scenario.create(2);
    let summary = scenario.summary();
    assert_eq!((summary.complete, summary.not_asked), (1, vec![guild(2)]));
}

#[test]
fn presences_that_were_not_asked_for_are_not_complete() {
    let mut scenario = Scenario::new();
    scenario.ready(1..3);
    scenario.create_listing(1, without_presences(1));
    scenario.create_listing(2, members(1500));
    for (guild, nonce) in scenario.send() {
        scenario.chunk_listing(guild.get(), &nonce, (0, 1), without_presences(1500));
    }
    let summary = scenario.summary();
    assert_eq!(summary.complete, 2);
    let presences = summary.presences.unwrap();
    assert_eq!(presences.complete, 1, "guild 2 has listed everyone itself");
    assert_eq!(presences.lacking, [(guild(1), Lack::NotAsked)]);
}

/// A guild whose members and presences were asked for, and what its presences lack in the end.
fn asked_for_presences(listed: Listed) -> PresencesOutcome {
    let mut chunking = Chunking::from(AutoChunk::All);
    chunking.presences = true;
    let mut scenario = Scenario::with(SetupConfig {
        chunking,
        ..SetupConfig::default()
    });
    scenario.ready(1..2);
    scenario.create(1);
    let loading = SetupEvent::Presences(guild(1), Some(Lack::Loading));
    assert!(scenario.events.contains(&loading), "{:?}", scenario.events);
    let nonce = scenario.sent();
    scenario.chunk_listing(1, &nonce, (0, 2), members(750));
    scenario.chunk_listing(1, &nonce, (1, 2), listed);
    let ready = scenario.events.iter().find_map(|event| match event {
        SetupEvent::GuildReady(ready) => Some(ready.presences),
        _ => None,
    });
    ready.unwrap()
}

#[test]
fn presences_are_complete_when_everyone_was_listed_with_them_and_could_be_read() {
    let lacking = PresencesOutcome::Lacking;
    let odd = Listed {
        presences_unread: Some(3),
        ..members(750)
    };
    for (listed, expected) in [
        (members(750), PresencesOutcome::Complete),
        (without_presences(750), lacking(Lack::Unanswered)),
        (odd, lacking(Lack::Unread(3))),
        (one_unread(750), lacking(Lack::Unread(1))),
    ] {
        assert_eq!(asked_for_presences(listed), expected, "{listed:?}");
    }
}

#[test]
fn presences_that_the_caller_asks_for_later_become_complete() {
    let mut scenario = Scenario::new();
    scenario.ready(1..2);
    scenario.create(1);
    let nonce = scenario.sent();
    scenario.chunk(1, &nonce, 0, 1);
    assert_eq!(
        presences(&scenario),
        PresencesOutcome::Lacking(Lack::NotAsked)
    );
    scenario.wait_until(31_000);
    let nonce = ask(&mut scenario, true);
    scenario.chunk(1, &nonce, 0, 1);
    assert_eq!(presences(&scenario), PresencesOutcome::Complete);
    scenario.outage(1);
    assert_eq!(presences(&scenario), PresencesOutcome::Lacking(Lack::Stale));
}

#[test]
fn presences_that_were_not_kept_are_not_complete() {
    let mut scenario = Scenario::chunking(AutoChunk::Never);
    scenario.ready(1..2);
    scenario.create_listing(1, members(1500));
    scenario.setup.set_kinds(Kinds::empty());
    scenario.setup.set_kinds(Kinds::all());
    let nonce = ask(&mut scenario, true);
    scenario.setup.presences_not_kept();
    scenario.chunk(1, &nonce, 0, 1);
    assert_eq!(
        presences(&scenario),
        PresencesOutcome::Lacking(Lack::NotAsked)
    );
    scenario.wait_until(31_000);
    let nonce = ask(&mut scenario, true);
    scenario.chunk(1, &nonce, 0, 1);
    assert_eq!(presences(&scenario), PresencesOutcome::Complete);
}

#[test]
fn without_their_intent_presences_are_never_complete() {
    let config = SetupConfig {
        chunking: AutoChunk::All.into(),
        ..SetupConfig::default()
    };
    let intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    let mut scenario = Scenario::granted(config, intents);
    scenario.ready(1..2);
    scenario.create_listing(1, members(1500));
    let nonce = scenario.sent();
    scenario.chunk(1, &nonce, 0, 1);
    let presences = scenario.summary().presences.unwrap();
    assert_eq!(presences.lacking, [(guild(1), Lack::NoIntent)]);
}
