//! Scenarios of single requests, on virtual time.

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
pub(super) struct Scenario {
    pub(super) requests: Requests,
    pub(super) ended: Vec<ChunkRequestFinished>,
    pub(super) now: Instant,
}

impl Scenario {
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
            place: Some(ChunkPlace { index, count }),
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
    let mut scenario = Scenario::new();
    let id = scenario.ask_all(1);
    let nonce = scenario.sent();
    scenario.now = at(5);
    assert_eq!(
        scenario.chunk(&nonce, 2, 3),
        ChunkOutcome::Counted(Some(id))
    );
    assert_eq!(
        scenario.chunk(&nonce, 0, 3),
        ChunkOutcome::Counted(Some(id))
    );
    scenario.now = at(9);
    assert_eq!(
        scenario.chunk(&nonce, 1, 3),
        ChunkOutcome::Completed(Some(id))
    );
    let end = scenario.end();
    assert_eq!(end.reason, FinishReason::Complete);
    assert_eq!((end.request, end.attempts, end.members), (Some(id), 1, 30));
    assert_eq!((end.chunk_count, end.missed), (Some(3), vec![]));
    assert_eq!(
        (end.first_receipt, end.last_receipt),
        (Some(at(5)), Some(at(9)))
    );
    assert_eq!(end.nonce.unwrap().as_str(), nonce);
    assert_eq!(scenario.chunk(&nonce, 1, 3), ChunkOutcome::Late);
    assert_eq!(scenario.requests.deadline(), None);
}

#[test]
fn zero_matches_are_a_whole_answer() {
    let mut scenario = Scenario::new();
    let query = MemberQuery::Prefix {
        query: "zz".into(),
        limit: 5,
    };
    scenario.ask(1, query);
    let nonce = scenario.sent();
    scenario.chunk(&nonce, 0, 1);
    assert_eq!(scenario.end().reason, FinishReason::Complete);
}

#[test]
fn only_ids_that_were_asked_for_are_not_found() {
    let mut scenario = Scenario::new();
    scenario.ask(1, MemberQuery::Users(users(1..5)));
    let nonce = scenario.sent();
    scenario.chunk_of(1, Some(&nonce), 0, 1, &users(3..99));
    assert_eq!(scenario.end().not_found, users(3..5));
}

#[test]
fn a_chunk_lost_once_is_repaired_by_the_second_attempt() {
    let mut scenario = Scenario::new();
    let id = scenario.ask_all(1);
    let first = scenario.sent();
    scenario.chunk(&first, 0, 2);
    assert_eq!(scenario.requests.deadline(), Some(at(10_000)));
    scenario.wait_until(10_000);
    assert!(scenario.send().is_empty(), "the gate is shut");
    assert_eq!(scenario.requests.sendable_at(), Some(at(30_500)));
    scenario.wait_until(30_500);
    let second = scenario.sent();
    assert_ne!(first, second);
    assert_eq!(scenario.chunk(&first, 1, 2), ChunkOutcome::Late);
    scenario.chunk(&second, 0, 2);
    scenario.chunk(&second, 1, 2);
    let end = scenario.end();
    assert_eq!((end.request, end.attempts), (Some(id), 2));
    assert_eq!(end.reason, FinishReason::Complete);
    assert_eq!(end.members, 20);
}

#[test]
fn a_chunk_lost_always_is_named() {
    let mut scenario = Scenario::new();
    scenario.ask_all(1);
    for (attempt, time) in [(1, 0), (2, 30_500), (3, 61_000)] {
        scenario.wait_until(time);
        let nonce = scenario.sent();
        scenario.chunk(&nonce, 0, 3);
        scenario.chunk(&nonce, 2, 3);
        scenario.wait_until(time + 9_999);
        assert!(scenario.ended.is_empty(), "attempt {attempt}");
        scenario.wait_until(time + 10_000);
    }
    let end = scenario.end();
    assert_eq!(end.reason, FinishReason::TimedOut);
    assert_eq!((end.attempts, end.missed), (3, vec![1]));
    assert!(scenario.requests.deadline().is_none() && scenario.requests.sendable_at().is_none());
}

#[test]
fn silence_counts_from_sending_and_each_new_chunk_renews_it() {
    let mut scenario = Scenario::new();
    scenario.ask_all(1);
    scenario.now = at(50_000);
    let nonce = scenario.sent();
    assert_eq!(scenario.requests.deadline(), Some(at(60_000)));
    scenario.now = at(59_000);
    scenario.chunk(&nonce, 0, 2);
    assert_eq!(scenario.requests.deadline(), Some(at(69_000)));
    scenario.now = at(60_000);
    assert_eq!(scenario.chunk(&nonce, 0, 2), ChunkOutcome::Duplicate);
    assert_eq!(scenario.requests.deadline(), Some(at(69_000)));
}

#[test]
fn an_answer_that_goes_on_after_all_needs_no_second_attempt() {
    let mut scenario = Scenario::new();
    scenario.ask_all(1);
    let nonce = scenario.sent();
    scenario.chunk(&nonce, 0, 3);
    scenario.wait_until(15_000);
    scenario.chunk(&nonce, 1, 3);
    assert_eq!(scenario.requests.sendable_at(), None);
    scenario.wait_until(20_000);
    scenario.chunk(&nonce, 2, 3);
    assert_eq!(scenario.end().attempts, 1);
}

#[test]
fn refusals_wait_as_asked_and_end_in_refused() {
    let mut scenario = Scenario::new();
    let id = scenario.ask_all(1);
    let wait = |scenario: &mut Scenario, expected: RateLimitOutcome, nonce: Option<&str>| {
        let after = Duration::from_secs(3);
        let (now, ended) = (scenario.now, &mut scenario.ended);
        let refusal = scenario
            .requests
            .rate_limited(now, guild(1), nonce, after, ended);
        assert_eq!(refusal, expected);
    };
    for round in 1..5 {
        let nonce = scenario.sent();
        wait(&mut scenario, RateLimitOutcome::NotOurs, Some("other"));
        let named = (round % 2 == 0).then_some(nonce.as_str());
        wait(&mut scenario, RateLimitOutcome::Postponed(id), named);
        wait(&mut scenario, RateLimitOutcome::NotOurs, named);
        assert_eq!(
            scenario.requests.sendable_at(),
            Some(scenario.now.after(Duration::from_secs(3)))
        );
        scenario.wait_until(scenario.now.as_millis() + 3_000);
    }
    let nonce = scenario.sent();
    wait(&mut scenario, RateLimitOutcome::Ended(id), Some(&nonce));
    let end = scenario.end();
    assert_eq!((end.reason, end.attempts), (FinishReason::Refused, 5));
}

#[test]
fn a_huge_retry_after_is_cut() {
    let mut scenario = Scenario::new();
    scenario.ask_all(1);
    scenario.sent();
    let (requests, ended) = (&mut scenario.requests, &mut scenario.ended);
    requests.rate_limited(at(0), guild(1), None, Duration::MAX, ended);
    assert_eq!(requests.sendable_at(), Some(at(60_000)));
}

#[test]
fn one_full_request_per_guild_passes_the_gate_others_are_free() {
    let mut scenario = Scenario::new();
    scenario.ask_all(1);
    scenario.ask_all(1);
    scenario.ask_all(2);
    scenario.ask(1, MemberQuery::Users(users(1..2)));
    assert_eq!(scenario.send().len(), 3);
    assert_eq!(scenario.requests.sendable_at(), Some(at(30_500)));
}

#[test]
fn sixteen_are_outstanding_at_most() {
    let mut scenario = Scenario::new();
    for number in 1..=40 {
        scenario.ask_all(number);
    }
    let nonces = scenario.send();
    assert_eq!(nonces.len(), 16);
    assert_eq!(scenario.requests.sendable_at(), None);
    scenario.chunk(&nonces[0], 0, 1);
    assert_eq!(scenario.send().len(), 1);
}

#[test]
fn a_lost_connection_stops_the_clocks_and_replayed_chunks_count() {
    let mut scenario = Scenario::new();
    let (whole, half) = (
        scenario.ask_all(1),
        scenario.ask(1, MemberQuery::Users(users(1..3))),
    );
    let nonces = scenario.send();
    scenario.chunk(&nonces[0], 0, 2);
    scenario
        .requests
        .connection_lost(scenario.now, &mut scenario.ended);
    assert_eq!(scenario.requests.sendable_at(), None);
    assert_eq!(scenario.requests.deadline(), Some(at(900_000)));
    scenario.now = at(90_000);
    assert_eq!(
        scenario.chunk(&nonces[0], 1, 2),
        ChunkOutcome::Completed(Some(whole))
    );
    scenario.requests.resumed(scenario.now);
    assert_eq!(scenario.end().request, Some(whole));
    let again = scenario.sent();
    assert_eq!(
        scenario.chunk(&again, 0, 1),
        ChunkOutcome::Completed(Some(half))
    );
    assert_eq!(scenario.end().attempts, 2);
}

#[test]
fn connections_lost_over_and_over_end_it() {
    let mut scenario = Scenario::new();
    scenario.ask(1, MemberQuery::Users(users(1..3)));
    for _ in 0..10 {
        scenario.sent();
        scenario
            .requests
            .connection_lost(scenario.now, &mut scenario.ended);
        scenario.requests.resumed(scenario.now);
    }
    let end = scenario.end();
    assert_eq!((end.reason, end.attempts), (FinishReason::TimedOut, 10));
}

#[test]
fn a_new_session_asks_again_once_the_guild_has_come() {
    let mut scenario = Scenario::new();
    let kept = scenario.ask(1, MemberQuery::Users(users(1..3)));
    let gone = scenario.ask_all(2);
    let nonces = scenario.send();
    scenario
        .requests
        .connection_lost(scenario.now, &mut scenario.ended);
    let listed = |it| it == guild(1);
    scenario.requests.new_session(listed, &mut scenario.ended);
    let end = scenario.end();
    assert_eq!(
        (end.request, end.reason),
        (Some(gone), FinishReason::GuildGone)
    );
    assert_eq!(scenario.chunk(&nonces[0], 0, 1), ChunkOutcome::Late);
    assert!(scenario.send().is_empty());
    assert_eq!(
        scenario.requests.progress(kept),
        Some(RequestProgress::AwaitingGuild)
    );
    scenario.requests.release(scenario.now, guild(1));
    let nonce = scenario.sent();
    assert_eq!(
        scenario.chunk(&nonce, 0, 1),
        ChunkOutcome::Completed(Some(kept))
    );
}

#[test]
fn halting_ends_everything() {
    let mut scenario = Scenario::new();
    scenario.ask_all(1);
    scenario.ask_all(1);
    scenario.send();
    scenario.chunk("other", 0, 2);
    scenario.requests.halted(&mut scenario.ended);
    assert_eq!(scenario.ended.len(), 3);
    assert!(
        scenario
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
    let refused = scenario.requests.request(at(0), ask, Intents::all());
    assert_eq!(refused, Err(crate::RequestError::Halted));
}

#[test]
fn odd_nonces_have_their_names() {
    let mut scenario = Scenario::new();
    scenario.ask_all(1);
    let nonce = scenario.sent();
    let (tag, _) = nonce.split_once('.').unwrap();
    assert_eq!(scenario.chunk_of(1, None, 0, 1, &[]), ChunkOutcome::NoNonce);
    assert_eq!(
        scenario.chunk_of(2, Some(&nonce), 0, 1, &[]),
        ChunkOutcome::WrongGuild
    );
    for forged in ["1.2", "1.0", "9.1", "0.1"] {
        let outcome = scenario.chunk(&alloc::format!("{tag}.{forged}"), 0, 1);
        assert_eq!(outcome, ChunkOutcome::NeverSent, "{forged}");
    }
    assert_eq!(
        scenario.chunk(&"x".repeat(33), 0, 1),
        ChunkOutcome::NotAdopted
    );
    assert_eq!(scenario.chunk("", 0, 1), ChunkOutcome::NotAdopted);
    assert!(scenario.ended.is_empty());
}

#[test]
fn the_callers_queue_is_bounded() {
    let mut scenario = Scenario::with(RequestConfig {
        waiting: 2,
        ..RequestConfig::default()
    });
    scenario.ask_all(1);
    scenario.ask_all(2);
    let ask = Ask {
        guild: guild(3),
        query: MemberQuery::All,
        presences: false,
        auto: false,
        members: 0,
        awaits_guild: false,
    };
    let refused = scenario.requests.request(at(0), ask, Intents::all());
    assert_eq!(refused, Err(crate::RequestError::QueueFull { bound: 2 }));
}
