//! All that is known of the answer to one request, over its attempts.

use alloc::vec::Vec;

use super::attempt::{Attempt, ChunkPlace, Listed, Taken};
use super::finished::{ChunkRequestFinished, FinishReason};
use super::request::Ask;
use super::request_id::RequestId;
use crate::cache::Lack;
use crate::id::{GuildId, UserId};
use crate::wire::member_request::MOST;
use crate::wire::nonce::Nonce;
use crate::{Instant, ShardId};

/// One `GUILD_MEMBERS_CHUNK`, as far as the count is concerned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chunk<'a> {
    pub(crate) guild: GuildId,
    pub(crate) nonce: Option<&'a str>,
    /// `None` if it cannot be read.
    pub(crate) place: Option<ChunkPlace>,
    pub(crate) listed: Listed,
    pub(crate) not_found: &'a [UserId],
}

/// The last attempt, and what outlives it.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct RequestHistory {
    attempt: Option<Attempt>,
    attempts: u32,
    chunk_count: Option<u32>,
    first_receipt: Option<Instant>,
    last_receipt: Option<Instant>,
    not_found: Vec<UserId>,
    /// What the last attempt brought is lost, and what else it brings does not count.
    void: bool,
}

impl RequestHistory {
    /// A new attempt under its own nonce; what came under the last one no longer counts.
    pub(crate) fn begin(&mut self, nonce: Nonce) {
        self.attempt = Some(Attempt::new(nonce));
        self.attempts = self.attempts.saturating_add(1);
        self.not_found.clear();
        self.void = false;
    }

    /// The last attempt's answer is lost: only another attempt can bring a whole one.
    pub(crate) const fn make_void(&mut self) {
        self.void = true;
    }

    /// Counts a chunk of the last attempt; `None` when there is none that counts.
    pub(crate) fn take(
        &mut self,
        now: Instant,
        place: ChunkPlace,
        listed: Listed,
        bound: u32,
    ) -> Option<Taken> {
        let attempt = self.attempt.as_mut().filter(|_| !self.void)?;
        let taken = attempt.take(place, listed, bound);
        match taken {
            Taken::Counted | Taken::Whole => {
                self.chunk_count = Some(place.count);
                self.first_receipt.get_or_insert(now);
                self.last_receipt = Some(now);
            }
            Taken::Ignored(_) => {}
        }
        Some(taken)
    }

    /// Notes ids that the guild does not have; at most 100 are kept, as many as may be asked.
    pub(crate) fn note_not_found(&mut self, ids: impl Iterator<Item = UserId>) {
        for id in ids {
            if let Err(place) = self.not_found.binary_search(&id)
                && self.not_found.len() < MOST
            {
                self.not_found.insert(place, id);
            }
        }
    }

    pub(crate) const fn attempt(&self) -> Option<&Attempt> {
        self.attempt.as_ref()
    }

    pub(crate) const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The closing report; `asked` names the request, unless it was made elsewhere.
    pub(crate) fn finish(
        self,
        shard: ShardId,
        guild: GuildId,
        asked: Option<(RequestId, &Ask)>,
        reason: FinishReason,
    ) -> ChunkRequestFinished {
        let attempt = self.attempt.as_ref();
        let listed = attempt.map(Attempt::listed);
        let for_presences = asked.is_some_and(|(_, ask)| ask.presences);
        ChunkRequestFinished {
            shard,
            guild,
            request: asked.map(|(id, _)| id),
            full: asked.is_some_and(|(_, ask)| ask.query.is_full()),
            nonce: attempt.map(Attempt::nonce),
            attempts: self.attempts,
            chunk_count: self.chunk_count,
            missed: attempt.map_or_else(Vec::new, |last| last.missed(self.chunk_count)),
            not_found: self.not_found,
            first_receipt: self.first_receipt,
            last_receipt: self.last_receipt,
            members: listed.map_or(0, |listed| listed.members),
            unread: listed.map_or(0, |listed| listed.unread),
            presences: presences_lack(for_presences, listed, reason),
            reason,
        }
    }
}

/// Why an answer does not bring the presences of everyone in it.
fn presences_lack(asked: bool, listed: Option<Listed>, reason: FinishReason) -> Option<Lack> {
    if !asked {
        return Some(Lack::NotAsked);
    }
    match reason {
        FinishReason::Complete => match listed.and_then(|listed| listed.presences_unread) {
            Some(0) => None,
            Some(unread) => Some(Lack::Unread(unread)),
            None => Some(Lack::Unanswered),
        },
        FinishReason::TimedOut
        | FinishReason::Superseded
        | FinishReason::GuildGone
        | FinishReason::Refused
        | FinishReason::Halted => Some(Lack::Unanswered),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_that_got_nothing_misses_what_the_one_before_announced() {
        let guild = GuildId::new(1).unwrap();
        let mut history = RequestHistory::default();
        let take = |history: &mut RequestHistory| {
            let listed = Listed {
                members: 7,
                unread: 2,
                presences_unread: Some(0),
            };
            history.take(Instant::ZERO, ChunkPlace { index: 1, count: 3 }, listed, 10)
        };
        assert_eq!(take(&mut history), None);
        history.begin(Nonce::new("a").unwrap());
        assert_eq!(take(&mut history), Some(Taken::Counted));
        history.begin(Nonce::new("b").unwrap());
        let end = history.finish(ShardId::ONE, guild, None, FinishReason::TimedOut);
        assert_eq!(end.missed, [0, 1, 2]);
        assert_eq!((end.members, end.unread, end.attempts), (0, 0, 2));
        assert_eq!(end.first_receipt, Some(Instant::ZERO));
    }

    #[test]
    fn not_found_ids_are_sorted_single_and_bounded() {
        let mut history = RequestHistory::default();
        let ids = |range: core::ops::Range<u64>| range.filter_map(UserId::new);
        history.note_not_found(ids(3..5).chain(ids(1..4)));
        assert_eq!(history.not_found.len(), 4);
        assert!(history.not_found.is_sorted());
        history.note_not_found(ids(10..1000));
        assert_eq!(history.not_found.len(), MOST);
    }
}
