//! Scenarios of answers to requests of others, on virtual time.

use alloc::vec;

use super::scenarios::{Scenario, at, guild};
use super::*;

#[test]
fn answers_of_others_are_adopted_and_end_once() {
    let mut scenario = Scenario::new();
    assert_eq!(scenario.chunk("theirs", 0, 2), ChunkOutcome::Counted(None));
    assert_eq!(
        scenario.chunk_of(2, Some("theirs"), 0, 2, &[]),
        ChunkOutcome::Counted(None)
    );
    assert_eq!(
        scenario.chunk("theirs", 1, 2),
        ChunkOutcome::Completed(None)
    );
    let end = scenario.end();
    assert_eq!((end.request, end.attempts, end.members), (None, 1, 20));
    assert_eq!(scenario.chunk("theirs", 1, 2), ChunkOutcome::Late);
    scenario.wait_until(10_000);
    let end = scenario.end();
    assert_eq!(
        (end.guild, end.reason, end.missed),
        (guild(2), FinishReason::TimedOut, vec![1])
    );
}

#[test]
fn adopted_answers_outlive_a_resume_but_not_a_session() {
    let mut scenario = Scenario::new();
    scenario.chunk("theirs", 0, 2);
    scenario
        .requests
        .connection_lost(scenario.now, &mut scenario.ended);
    scenario.wait_until(60_000);
    scenario.requests.resumed(scenario.now);
    assert_eq!(scenario.requests.deadline(), Some(at(70_000)));
    scenario.requests.new_session(|_| true, &mut scenario.ended);
    assert_eq!(scenario.end().reason, FinishReason::Superseded);
}

#[test]
fn adoption_is_bounded() {
    let mut scenario = Scenario::new();
    for number in 0..5_000_u32 {
        scenario.chunk(&alloc::format!("done{number}"), 0, 1);
    }
    assert_eq!(scenario.ended.len(), 5_000);
    assert_eq!(scenario.chunk("done4999", 0, 1), ChunkOutcome::Late);
    for number in 0..64_u32 {
        scenario.chunk(&alloc::format!("open{number}"), 0, 2);
    }
    assert_eq!(scenario.chunk("more", 0, 2), ChunkOutcome::NotAdopted);
    assert_eq!(
        scenario.chunk("open63", 1, 2),
        ChunkOutcome::Completed(None)
    );
    assert_eq!(scenario.chunk("more", 0, 2), ChunkOutcome::Counted(None));
}

#[test]
fn a_chunk_out_of_range_takes_no_place_from_answers_that_are_followed() {
    let mut scenario = Scenario::with(RequestConfig {
        adopted: 1,
        ..RequestConfig::default()
    });
    assert_eq!(scenario.chunk("odd", 2, 2), ChunkOutcome::OutOfRange);
    assert_eq!(scenario.chunk("large", 0, 65_537), ChunkOutcome::OutOfRange);
    assert_eq!(scenario.chunk("theirs", 0, 2), ChunkOutcome::Counted(None));
}

#[test]
fn a_guild_that_goes_ends_its_own_answers_alone() {
    let mut scenario = Scenario::new();
    scenario.chunk_of(1, Some("theirs"), 0, 2, &[]);
    scenario.chunk_of(2, Some("theirs"), 0, 2, &[]);
    scenario.requests.guild_gone(guild(1), &mut scenario.ended);
    let end = scenario.end();
    assert_eq!((end.guild, end.reason), (guild(1), FinishReason::GuildGone));
    let last = scenario.chunk_of(2, Some("theirs"), 1, 2, &[]);
    assert_eq!(last, ChunkOutcome::Completed(None));
    assert_eq!(scenario.end().guild, guild(2));
}
