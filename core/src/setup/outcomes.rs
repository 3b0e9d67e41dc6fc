//! How guilds end that have come, and are not complete all the same.

use alloc::vec;

use super::testing::{Story, at, guild, members};
use super::*;
use crate::cache::Lack;
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

fn outcome(story: &Story, number: u64) -> Outcome {
    match story.setup.guild(guild(number)).unwrap().stage {
        Stage::Ready { outcome, .. } => outcome,
        other => panic!("{other:?}"),
    }
}

fn presences(story: &Story) -> PresencesOutcome {
    story.setup.guild(guild(1)).unwrap().presences
}

/// Asks for everyone in guild 1 as the caller does, and gives the nonce.
fn ask(story: &mut Story, presences: bool) -> alloc::string::String {
    let asked = story
        .setup
        .request_members(story.now, guild(1), MemberQuery::All, presences);
    assert!(asked.is_ok());
    story.sent()
}

#[test]
fn a_member_that_cannot_be_read_leaves_its_guild_incomplete_and_is_not_asked_for_again() {
    let mut story = Story::new();
    story.ready(1..2);
    story.create(1);
    let nonce = story.sent();
    story.chunk(1, &nonce, 0, 2);
    story.chunk_listing(1, &nonce, (1, 2), one_unread(750));
    let end = story.news.iter().find_map(|news| match news {
        News::RequestFinished(end) => Some((end.members, end.unread)),
        _ => None,
    });
    assert_eq!(end, Some((1499, 1)));
    let summary = story.summary();
    assert_eq!((summary.complete, summary.others()), (0, 1));
    assert_eq!(summary.unread, [(guild(1), 1)]);
    assert_eq!(story.setup.readiness().members.received, 1499);
    assert_eq!(story.setup.readiness().outcomes.unread, 1);
    story.wait_until(600_000);
    assert!(story.send().is_empty());
}

#[test]
fn a_later_answer_that_can_be_read_makes_the_guild_whole() {
    let mut story = Story::new();
    story.ready(1..3);
    story.create(1);
    let nonce = story.sent();
    story.chunk_listing(1, &nonce, (0, 1), one_unread(1500));
    assert_eq!(outcome(&story, 1), Outcome::Unread { members: 1 });
    story.wait_until(31_000);
    let nonce = ask(&mut story, false);
    story.chunk_listing(1, &nonce, (0, 1), members(1500));
    assert_eq!(outcome(&story, 1), Outcome::Complete);
    story.wait_until(62_000);
    let nonce = ask(&mut story, false);
    story.chunk_listing(1, &nonce, (0, 1), one_unread(1500));
    assert_eq!(outcome(&story, 1), Outcome::Complete, "events keep it so");
}

#[test]
fn unread_members_of_a_chunk_that_came_twice_or_of_an_earlier_attempt_do_not_count() {
    let mut story = Story::new();
    story.ready(1..2);
    story.create(1);
    let first = story.sent();
    story.chunk_listing(1, &first, (0, 2), one_unread(750));
    story.wait_until(30_500);
    let second = story.sent();
    assert_eq!(
        story.chunk_listing(1, &first, (1, 2), one_unread(750)),
        ChunkOutcome::Late
    );
    story.chunk_listing(1, &second, (0, 2), one_unread(750));
    story.chunk_listing(1, &second, (0, 2), one_unread(750));
    story.chunk_listing(1, &second, (1, 2), members(750));
    assert_eq!(story.summary().unread, [(guild(1), 1)]);
}

#[test]
fn a_chunk_whose_place_cannot_be_read_does_not_count() {
    let mut story = Story::new();
    story.ready(1..2);
    story.create(1);
    for time in [0, 30_500, 61_000] {
        story.wait_until(time);
        let nonce = story.sent();
        let chunk = |nonce| Chunk {
            guild: guild(1),
            nonce: Some(nonce),
            place: None,
            listed: members(750),
            not_found: &[],
        };
        let news = &mut story.news;
        let outcome = story.setup.chunk(story.now, &chunk(&nonce), news);
        assert_eq!(outcome, ChunkOutcome::Unplaced);
        let foreign = story.setup.chunk(story.now, &chunk("theirs"), news);
        assert_eq!(foreign, ChunkOutcome::Unplaced);
        story.chunk(1, &nonce, 1, 2);
    }
    story.wait_until(80_000);
    assert_eq!(story.summary().incomplete, [(guild(1), vec![0])]);
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
        let mut story = Story::chunking(mode);
        story.ready(1..2);
        story.create_listing(1, listed);
        assert_eq!(outcome(&story, 1), expected, "{mode:?} {listed:?}");
    }
    let mut story = Story::chunking(AutoChunk::Missing);
    story.ready(1..2);
    story.create_listing(1, one_unread(1501));
    let nonce = story.sent();
    story.chunk(1, &nonce, 0, 1);
    assert_eq!(outcome(&story, 1), Outcome::Complete);
}

#[test]
fn a_guild_whose_members_have_all_come_is_complete_though_its_own_request_fails() {
    let mut story = Story::new();
    story.ready(1..3);
    let asked = story
        .setup
        .request_members(at(0), guild(2), MemberQuery::All, false)
        .unwrap();
    story.create_listing(1, members(1500));
    story.create(2);
    for second in 0..200 {
        story.wait_until(second * 1_000);
        for (number, nonce) in story.send() {
            if nonce.contains(&alloc::format!(".{asked}.")) {
                story.chunk_listing(number.get(), &nonce, (0, 1), members(1500));
            }
        }
    }
    let summary = story.summary();
    assert_eq!((summary.complete, summary.others()), (2, 0), "{summary:?}");
    assert_eq!(story.setup.readiness().members.received, 3000);
}

#[test]
fn a_guild_that_does_not_say_how_many_members_it_has_is_asked() {
    for mode in [AutoChunk::Missing, AutoChunk::Never] {
        let mut story = Story::chunking(mode);
        story.ready(1..2);
        let arrival = Arrival {
            guild: guild(1),
            members: None,
            listed: members(7),
            large: false,
        };
        story.setup.guild_create(at(0), arrival, &mut story.news);
        let count = story.setup.readiness().members;
        assert_eq!(count.expected, 7);
        match mode {
            AutoChunk::Missing => drop(story.sent()),
            _ => assert_eq!(outcome(&story, 1), Outcome::NotAsked),
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
        let mut story = Story::granted(config, Intents::GUILDS);
        story.ready(1..3);
        story.create_listing(1, members(3));
        story.create_listing(2, members(1500));
        let summary = story.summary();
        assert_eq!((summary.complete, summary.others()), (0, 2));
        assert_eq!(summary.no_intent, [guild(1), guild(2)]);
        assert_eq!(story.setup.readiness().outcomes.no_intent, 2);
    }
}

#[test]
fn the_callers_answer_before_the_shard_has_finished_counts_in_its_summary() {
    let mut story = Story::chunking(AutoChunk::Never);
    story.ready(1..3);
    story.create(1);
    let nonce = ask(&mut story, false);
    story.chunk_listing(1, &nonce, (0, 1), members(1500));
    story.create(2);
    let summary = story.summary();
    assert_eq!((summary.complete, summary.not_asked), (1, vec![guild(2)]));
}

#[test]
fn presences_that_were_not_asked_for_are_not_complete() {
    let mut story = Story::new();
    story.ready(1..3);
    story.create_listing(1, without_presences(1));
    story.create_listing(2, members(1500));
    for (guild, nonce) in story.send() {
        story.chunk_listing(guild.get(), &nonce, (0, 1), without_presences(1500));
    }
    let summary = story.summary();
    assert_eq!(summary.complete, 2);
    let presences = summary.presences.unwrap();
    assert_eq!(presences.complete, 1, "guild 2 has listed everyone itself");
    assert_eq!(presences.lacking, [(guild(1), Lack::NotAsked)]);
}

/// A guild whose members and presences were asked for, and what its presences lack in the end.
fn asked_for_presences(listed: Listed) -> PresencesOutcome {
    let mut chunking = Chunking::from(AutoChunk::All);
    chunking.presences = true;
    let mut story = Story::with(SetupConfig {
        chunking,
        ..SetupConfig::default()
    });
    story.ready(1..2);
    story.create(1);
    let loading = News::Presences(guild(1), Some(Lack::Loading));
    assert!(story.news.contains(&loading), "{:?}", story.news);
    let nonce = story.sent();
    story.chunk_listing(1, &nonce, (0, 2), members(750));
    story.chunk_listing(1, &nonce, (1, 2), listed);
    let ready = story.news.iter().find_map(|news| match news {
        News::GuildReady(ready) => Some(ready.presences),
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
    let mut story = Story::new();
    story.ready(1..2);
    story.create(1);
    let nonce = story.sent();
    story.chunk(1, &nonce, 0, 1);
    assert_eq!(presences(&story), PresencesOutcome::Lacking(Lack::NotAsked));
    story.wait_until(31_000);
    let nonce = ask(&mut story, true);
    story.chunk(1, &nonce, 0, 1);
    assert_eq!(presences(&story), PresencesOutcome::Complete);
    story.outage(1);
    assert_eq!(presences(&story), PresencesOutcome::Lacking(Lack::Stale));
}

#[test]
fn presences_that_were_not_kept_are_not_complete() {
    let mut story = Story::chunking(AutoChunk::Never);
    story.ready(1..2);
    story.create_listing(1, members(1500));
    story.setup.cache_presences(false);
    story.setup.cache_presences(true);
    let nonce = ask(&mut story, true);
    story.setup.presences_not_kept();
    story.chunk(1, &nonce, 0, 1);
    assert_eq!(presences(&story), PresencesOutcome::Lacking(Lack::NotAsked));
    story.wait_until(31_000);
    let nonce = ask(&mut story, true);
    story.chunk(1, &nonce, 0, 1);
    assert_eq!(presences(&story), PresencesOutcome::Complete);
}

#[test]
fn without_their_intent_presences_are_never_complete() {
    let config = SetupConfig {
        chunking: AutoChunk::All.into(),
        ..SetupConfig::default()
    };
    let intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    let mut story = Story::granted(config, intents);
    story.ready(1..2);
    story.create_listing(1, members(1500));
    let nonce = story.sent();
    story.chunk(1, &nonce, 0, 1);
    let presences = story.summary().presences.unwrap();
    assert_eq!(presences.lacking, [(guild(1), Lack::NoIntent)]);
}
