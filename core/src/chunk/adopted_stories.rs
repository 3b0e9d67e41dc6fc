//! Stories of answers to requests of others, on virtual time.

use alloc::vec;

use super::stories::{Story, at, guild};
use super::*;

#[test]
fn answers_of_others_are_adopted_and_end_once() {
    let mut story = Story::new();
    assert_eq!(story.chunk("theirs", 0, 2), ChunkOutcome::Counted(None));
    assert_eq!(
        story.chunk_of(2, Some("theirs"), 0, 2, &[]),
        ChunkOutcome::Counted(None)
    );
    assert_eq!(story.chunk("theirs", 1, 2), ChunkOutcome::Completed(None));
    let end = story.end();
    assert_eq!((end.request, end.attempts, end.members), (None, 1, 20));
    assert_eq!(story.chunk("theirs", 1, 2), ChunkOutcome::Late);
    story.wait_until(10_000);
    let end = story.end();
    assert_eq!(
        (end.guild, end.reason, end.missed),
        (guild(2), FinishReason::TimedOut, vec![1])
    );
}

#[test]
fn adopted_answers_outlive_a_resume_but_not_a_session() {
    let mut story = Story::new();
    story.chunk("theirs", 0, 2);
    story.requests.connection_lost(story.now, &mut story.ended);
    story.wait_until(60_000);
    story.requests.resumed(story.now);
    assert_eq!(story.requests.deadline(), Some(at(70_000)));
    story.requests.new_session(|_| true, &mut story.ended);
    assert_eq!(story.end().reason, FinishReason::Superseded);
}

#[test]
fn adoption_is_bounded() {
    let mut story = Story::new();
    for number in 0..5_000_u32 {
        story.chunk(&alloc::format!("done{number}"), 0, 1);
    }
    assert_eq!(story.ended.len(), 5_000);
    assert_eq!(story.chunk("done4999", 0, 1), ChunkOutcome::Late);
    for number in 0..64_u32 {
        story.chunk(&alloc::format!("open{number}"), 0, 2);
    }
    assert_eq!(story.chunk("more", 0, 2), ChunkOutcome::NotAdopted);
    assert_eq!(story.chunk("open63", 1, 2), ChunkOutcome::Completed(None));
    assert_eq!(story.chunk("more", 0, 2), ChunkOutcome::Counted(None));
}

#[test]
fn a_chunk_out_of_range_takes_no_place_from_answers_that_are_followed() {
    let mut story = Story::with(RequestConfig {
        adopted: 1,
        ..RequestConfig::default()
    });
    assert_eq!(story.chunk("odd", 2, 2), ChunkOutcome::OutOfRange);
    assert_eq!(story.chunk("large", 0, 65_537), ChunkOutcome::OutOfRange);
    assert_eq!(story.chunk("theirs", 0, 2), ChunkOutcome::Counted(None));
}

#[test]
fn a_guild_that_goes_ends_its_own_answers_alone() {
    let mut story = Story::new();
    story.chunk_of(1, Some("theirs"), 0, 2, &[]);
    story.chunk_of(2, Some("theirs"), 0, 2, &[]);
    story.requests.guild_gone(guild(1), &mut story.ended);
    let end = story.end();
    assert_eq!((end.guild, end.reason), (guild(1), FinishReason::GuildGone));
    let last = story.chunk_of(2, Some("theirs"), 1, 2, &[]);
    assert_eq!(last, ChunkOutcome::Completed(None));
    assert_eq!(story.end().guild, guild(2));
}
