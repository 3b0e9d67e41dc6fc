//! Stories of single requests, on virtual time.

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use super::*;
use crate::id::{GuildId, UserId};
use crate::intents::Intents;
use crate::rng::Rng;
use crate::{Instant, ShardId};

pub(super) fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

pub(super) fn guild(number: u64) -> GuildId {
    GuildId::new(number).unwrap()
}

fn users(range: core::ops::Range<u64>) -> Vec<UserId> {
    range.filter_map(UserId::new).collect()
}

/// The machine with its outcomes collected, and a clock that only goes forward.
pub(super) struct Story {
    pub(super) requests: Requests,
    pub(super) ended: Vec<ChunkRequestFinished>,
    pub(super) now: Instant,
}

impl Story {
    pub(super) fn new() -> Self {
        Self::with(RequestConfig::default())
    }

    pub(super) fn with(config: RequestConfig) -> Self {
        let mut requests = Requests::new(ShardId::ONE, config, &mut Rng::new(1));
        requests.new_session(|_| true, &mut Vec::new());
        Self {
            requests,
            ended: Vec::new(),
            now: at(0),
        }
    }

    pub(super) fn ask(&mut self, number: u64, query: MemberQuery) -> RequestId {
        let ask = Ask {
            guild: guild(number),
            query,
            presences: false,
            auto: false,
            members: 0,
            awaits_guild: false,
        };
        self.requests
            .request(self.now, ask, Intents::all())
            .unwrap()
    }

    pub(super) fn ask_all(&mut self, number: u64) -> RequestId {
        self.ask(number, MemberQuery::All)
    }

    /// Sends what may be sent, and gives its nonces.
    pub(super) fn send(&mut self) -> Vec<String> {
        let mut nonces = Vec::new();
        while let Some(sent) = self.requests.next_request(self.now) {
            nonces.push(sent.nonce.to_string());
        }
        nonces
    }

    pub(super) fn sent(&mut self) -> String {
        let nonces = self.send();
        assert_eq!(nonces.len(), 1);
        nonces.into_iter().next().unwrap()
    }

    pub(super) fn chunk(&mut self, nonce: &str, index: u32, count: u32) -> ChunkOutcome {
        self.chunk_of(1, Some(nonce), index, count, &[])
    }

    pub(super) fn chunk_of(
        &mut self,
        number: u64,
        nonce: Option<&str>,
        index: u32,
        count: u32,
        not_found: &[UserId],
    ) -> ChunkOutcome {
        let chunk = Chunk {
            guild: guild(number),
            nonce,
            place: Some(Place { index, count }),
            listed: Listed {
                members: 10,
                ..Listed::NOTHING
            },
            not_found,
        };
        self.requests.chunk(self.now, &chunk, &mut self.ended)
    }

    /// Goes to a time, through every deadline on the way.
    pub(super) fn wait_until(&mut self, millis: u64) {
        while let Some(next) = self.requests.deadline().filter(|next| *next <= at(millis)) {
            self.now = self.now.max(next);
            self.requests.timeout(self.now, &mut self.ended);
            assert_ne!(
                self.requests.deadline(),
                Some(next),
                "a deadline does not move on"
            );
        }
        self.now = at(millis);
    }

    pub(super) fn end(&mut self) -> ChunkRequestFinished {
        assert_eq!(self.ended.len(), 1, "{:?}", self.ended);
        self.ended.remove(0)
    }
}

#[test]
fn a_whole_answer_in_any_order() {
    let mut story = Story::new();
    let id = story.ask_all(1);
    let nonce = story.sent();
    story.now = at(5);
    assert_eq!(story.chunk(&nonce, 2, 3), ChunkOutcome::Counted(Some(id)));
    assert_eq!(story.chunk(&nonce, 0, 3), ChunkOutcome::Counted(Some(id)));
    story.now = at(9);
    assert_eq!(story.chunk(&nonce, 1, 3), ChunkOutcome::Completed(Some(id)));
    let end = story.end();
    assert_eq!(end.reason, FinishReason::Complete);
    assert_eq!((end.request, end.attempts, end.members), (Some(id), 1, 30));
    assert_eq!((end.chunk_count, end.missed), (Some(3), vec![]));
    assert_eq!(
        (end.first_receipt, end.last_receipt),
        (Some(at(5)), Some(at(9)))
    );
    assert_eq!(end.nonce.unwrap().as_str(), nonce);
    assert_eq!(story.chunk(&nonce, 1, 3), ChunkOutcome::Late);
    assert_eq!(story.requests.deadline(), None);
}

#[test]
fn zero_matches_are_a_whole_answer() {
    let mut story = Story::new();
    let query = MemberQuery::Prefix {
        query: "zz".into(),
        limit: 5,
    };
    story.ask(1, query);
    let nonce = story.sent();
    story.chunk(&nonce, 0, 1);
    assert_eq!(story.end().reason, FinishReason::Complete);
}

#[test]
fn only_ids_that_were_asked_for_are_not_found() {
    let mut story = Story::new();
    story.ask(1, MemberQuery::Users(users(1..5)));
    let nonce = story.sent();
    story.chunk_of(1, Some(&nonce), 0, 1, &users(3..99));
    assert_eq!(story.end().not_found, users(3..5));
}

#[test]
fn a_chunk_lost_once_is_repaired_by_the_second_attempt() {
    let mut story = Story::new();
    let id = story.ask_all(1);
    let first = story.sent();
    story.chunk(&first, 0, 2);
    assert_eq!(story.requests.deadline(), Some(at(10_000)));
    story.wait_until(10_000);
    assert!(story.send().is_empty(), "the gate is shut");
    assert_eq!(story.requests.sendable_at(), Some(at(30_500)));
    story.wait_until(30_500);
    let second = story.sent();
    assert_ne!(first, second);
    assert_eq!(story.chunk(&first, 1, 2), ChunkOutcome::Late);
    story.chunk(&second, 0, 2);
    story.chunk(&second, 1, 2);
    let end = story.end();
    assert_eq!((end.request, end.attempts), (Some(id), 2));
    assert_eq!(end.reason, FinishReason::Complete);
    assert_eq!(end.members, 20);
}

#[test]
fn a_chunk_lost_always_is_named() {
    let mut story = Story::new();
    story.ask_all(1);
    for (attempt, time) in [(1, 0), (2, 30_500), (3, 61_000)] {
        story.wait_until(time);
        let nonce = story.sent();
        story.chunk(&nonce, 0, 3);
        story.chunk(&nonce, 2, 3);
        story.wait_until(time + 9_999);
        assert!(story.ended.is_empty(), "attempt {attempt}");
        story.wait_until(time + 10_000);
    }
    let end = story.end();
    assert_eq!(end.reason, FinishReason::TimedOut);
    assert_eq!((end.attempts, end.missed), (3, vec![1]));
    assert!(story.requests.deadline().is_none() && story.requests.sendable_at().is_none());
}

#[test]
fn silence_counts_from_sending_and_each_new_chunk_renews_it() {
    let mut story = Story::new();
    story.ask_all(1);
    story.now = at(50_000);
    let nonce = story.sent();
    assert_eq!(story.requests.deadline(), Some(at(60_000)));
    story.now = at(59_000);
    story.chunk(&nonce, 0, 2);
    assert_eq!(story.requests.deadline(), Some(at(69_000)));
    story.now = at(60_000);
    assert_eq!(story.chunk(&nonce, 0, 2), ChunkOutcome::Duplicate);
    assert_eq!(story.requests.deadline(), Some(at(69_000)));
}

#[test]
fn an_answer_that_goes_on_after_all_needs_no_second_attempt() {
    let mut story = Story::new();
    story.ask_all(1);
    let nonce = story.sent();
    story.chunk(&nonce, 0, 3);
    story.wait_until(15_000);
    story.chunk(&nonce, 1, 3);
    assert_eq!(story.requests.sendable_at(), None);
    story.wait_until(20_000);
    story.chunk(&nonce, 2, 3);
    assert_eq!(story.end().attempts, 1);
}

#[test]
fn refusals_wait_as_told_and_end_in_refused() {
    let mut story = Story::new();
    let id = story.ask_all(1);
    let wait = |story: &mut Story, expected: Refusal, nonce: Option<&str>| {
        let after = Duration::from_secs(3);
        let (now, ended) = (story.now, &mut story.ended);
        let refusal = story
            .requests
            .rate_limited(now, guild(1), nonce, after, ended);
        assert_eq!(refusal, expected);
    };
    for round in 1..5 {
        let nonce = story.sent();
        wait(&mut story, Refusal::NotOurs, Some("other"));
        let named = (round % 2 == 0).then_some(nonce.as_str());
        wait(&mut story, Refusal::Postponed(id), named);
        wait(&mut story, Refusal::NotOurs, named);
        assert_eq!(
            story.requests.sendable_at(),
            Some(story.now.after(Duration::from_secs(3)))
        );
        story.wait_until(story.now.as_millis() + 3_000);
    }
    let nonce = story.sent();
    wait(&mut story, Refusal::Ended(id), Some(&nonce));
    let end = story.end();
    assert_eq!((end.reason, end.attempts), (FinishReason::Refused, 5));
}

#[test]
fn a_huge_retry_after_is_cut() {
    let mut story = Story::new();
    story.ask_all(1);
    story.sent();
    let (requests, ended) = (&mut story.requests, &mut story.ended);
    requests.rate_limited(at(0), guild(1), None, Duration::MAX, ended);
    assert_eq!(requests.sendable_at(), Some(at(60_000)));
}

#[test]
fn one_full_request_per_guild_passes_the_gate_others_are_free() {
    let mut story = Story::new();
    story.ask_all(1);
    story.ask_all(1);
    story.ask_all(2);
    story.ask(1, MemberQuery::Users(users(1..2)));
    assert_eq!(story.send().len(), 3);
    assert_eq!(story.requests.sendable_at(), Some(at(30_500)));
}

#[test]
fn sixteen_are_outstanding_at_most() {
    let mut story = Story::new();
    for number in 1..=40 {
        story.ask_all(number);
    }
    let nonces = story.send();
    assert_eq!(nonces.len(), 16);
    assert_eq!(story.requests.sendable_at(), None);
    story.chunk(&nonces[0], 0, 1);
    assert_eq!(story.send().len(), 1);
}

#[test]
fn a_lost_connection_stops_the_clocks_and_replayed_chunks_count() {
    let mut story = Story::new();
    let (whole, half) = (
        story.ask_all(1),
        story.ask(1, MemberQuery::Users(users(1..3))),
    );
    let nonces = story.send();
    story.chunk(&nonces[0], 0, 2);
    story.requests.connection_lost(story.now, &mut story.ended);
    assert_eq!(story.requests.sendable_at(), None);
    assert_eq!(story.requests.deadline(), Some(at(900_000)));
    story.now = at(90_000);
    assert_eq!(
        story.chunk(&nonces[0], 1, 2),
        ChunkOutcome::Completed(Some(whole))
    );
    story.requests.resumed(story.now);
    assert_eq!(story.end().request, Some(whole));
    let again = story.sent();
    assert_eq!(
        story.chunk(&again, 0, 1),
        ChunkOutcome::Completed(Some(half))
    );
    assert_eq!(story.end().attempts, 2);
}

#[test]
fn connections_lost_over_and_over_end_it() {
    let mut story = Story::new();
    story.ask(1, MemberQuery::Users(users(1..3)));
    for _ in 0..10 {
        story.sent();
        story.requests.connection_lost(story.now, &mut story.ended);
        story.requests.resumed(story.now);
    }
    let end = story.end();
    assert_eq!((end.reason, end.attempts), (FinishReason::TimedOut, 10));
}

#[test]
fn a_new_session_asks_again_once_the_guild_has_come() {
    let mut story = Story::new();
    let kept = story.ask(1, MemberQuery::Users(users(1..3)));
    let gone = story.ask_all(2);
    let nonces = story.send();
    story.requests.connection_lost(story.now, &mut story.ended);
    let listed = |it| it == guild(1);
    story.requests.new_session(listed, &mut story.ended);
    let end = story.end();
    assert_eq!(
        (end.request, end.reason),
        (Some(gone), FinishReason::GuildGone)
    );
    assert_eq!(story.chunk(&nonces[0], 0, 1), ChunkOutcome::Late);
    assert!(story.send().is_empty());
    assert_eq!(
        story.requests.progress(kept),
        Some(RequestProgress::AwaitingGuild)
    );
    story.requests.release(story.now, guild(1));
    let nonce = story.sent();
    assert_eq!(
        story.chunk(&nonce, 0, 1),
        ChunkOutcome::Completed(Some(kept))
    );
}

#[test]
fn halting_ends_everything() {
    let mut story = Story::new();
    story.ask_all(1);
    story.ask_all(1);
    story.send();
    story.chunk("other", 0, 2);
    story.requests.halted(&mut story.ended);
    assert_eq!(story.ended.len(), 3);
    assert!(
        story
            .ended
            .iter()
            .all(|end| end.reason == FinishReason::Halted)
    );
    let ask = Ask {
        guild: guild(1),
        query: MemberQuery::All,
        presences: false,
        auto: false,
        members: 0,
        awaits_guild: false,
    };
    let refused = story.requests.request(at(0), ask, Intents::all());
    assert_eq!(refused, Err(crate::RequestError::Halted));
}

#[test]
fn odd_nonces_have_their_names() {
    let mut story = Story::new();
    story.ask_all(1);
    let nonce = story.sent();
    let (tag, _) = nonce.split_once('.').unwrap();
    assert_eq!(story.chunk_of(1, None, 0, 1, &[]), ChunkOutcome::NoNonce);
    assert_eq!(
        story.chunk_of(2, Some(&nonce), 0, 1, &[]),
        ChunkOutcome::WrongGuild
    );
    assert_eq!(
        story.chunk(&alloc::format!("{tag}.1.2"), 0, 1),
        ChunkOutcome::NeverSent
    );
    assert_eq!(
        story.chunk(&alloc::format!("{tag}.1.0"), 0, 1),
        ChunkOutcome::NeverSent
    );
    assert_eq!(
        story.chunk(&alloc::format!("{tag}.9.1"), 0, 1),
        ChunkOutcome::NeverSent
    );
    assert_eq!(
        story.chunk(&alloc::format!("{tag}.0.1"), 0, 1),
        ChunkOutcome::NeverSent
    );
    assert_eq!(story.chunk(&"x".repeat(33), 0, 1), ChunkOutcome::NotAdopted);
    assert_eq!(story.chunk("", 0, 1), ChunkOutcome::NotAdopted);
    assert!(story.ended.is_empty());
}

#[test]
fn the_callers_queue_is_bounded() {
    let mut story = Story::with(RequestConfig {
        waiting: 2,
        ..RequestConfig::default()
    });
    story.ask_all(1);
    story.ask_all(2);
    let ask = Ask {
        guild: guild(3),
        query: MemberQuery::All,
        presences: false,
        auto: false,
        members: 0,
        awaits_guild: false,
    };
    let refused = story.requests.request(at(0), ask, Intents::all());
    assert_eq!(refused, Err(crate::RequestError::QueueFull { bound: 2 }));
}
