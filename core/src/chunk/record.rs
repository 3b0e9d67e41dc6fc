//! All that is known of the answer to one request, over its attempts.

use alloc::vec::Vec;

use super::attempt::{Attempt, Taken};
use super::finished::{ChunkRequestFinished, FinishReason};
use super::nonce::Nonce;
use super::request::{MOST, RequestId};
use crate::id::{GuildId, UserId};
use crate::{Instant, ShardId};

/// One `GUILD_MEMBERS_CHUNK`, as far as the count is concerned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chunk<'a> {
    pub(crate) guild: GuildId,
    pub(crate) nonce: Option<&'a str>,
    pub(crate) index: u32,
    pub(crate) count: u32,
    /// How many members it lists.
    pub(crate) members: u64,
    pub(crate) not_found: &'a [UserId],
}

/// The last attempt, and what outlives it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    attempt: Option<Attempt>,
    attempts: u32,
    chunk_count: Option<u32>,
    first_receipt: Option<Instant>,
    last_receipt: Option<Instant>,
    not_found: Vec<UserId>,
    /// What the last attempt brought is lost, and what else it brings does not count.
    void: bool,
}

impl Record {
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
    pub(crate) fn take(&mut self, now: Instant, chunk: &Chunk<'_>, bound: u32) -> Option<Taken> {
        let attempt = self.attempt.as_mut().filter(|_| !self.void)?;
        let taken = attempt.take(chunk.index, chunk.count, chunk.members, bound);
        match taken {
            Taken::Counted | Taken::Whole => {
                self.chunk_count = Some(chunk.count);
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

    /// The closing report.
    pub(crate) fn finish(
        self,
        shard: ShardId,
        guild: GuildId,
        request: Option<RequestId>,
        reason: FinishReason,
    ) -> ChunkRequestFinished {
        let attempt = self.attempt.as_ref();
        ChunkRequestFinished {
            shard,
            guild,
            request,
            full: false,
            nonce: attempt.map(Attempt::nonce),
            attempts: self.attempts,
            chunk_count: self.chunk_count,
            missed: attempt.map_or_else(Vec::new, |last| last.missed(self.chunk_count)),
            not_found: self.not_found,
            first_receipt: self.first_receipt,
            last_receipt: self.last_receipt,
            members: attempt.map_or(0, Attempt::members),
            reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_that_got_nothing_misses_what_the_one_before_announced() {
        let guild = GuildId::new(1).unwrap();
        let mut record = Record::default();
        let chunk = Chunk {
            guild,
            nonce: None,
            index: 1,
            count: 3,
            members: 7,
            not_found: &[],
        };
        assert_eq!(record.take(Instant::ZERO, &chunk, 10), None);
        record.begin(Nonce::new("a").unwrap());
        assert_eq!(record.take(Instant::ZERO, &chunk, 10), Some(Taken::Counted));
        record.begin(Nonce::new("b").unwrap());
        let end = record.finish(ShardId::ONE, guild, None, FinishReason::TimedOut);
        assert_eq!(end.missed, [0, 1, 2]);
        assert_eq!((end.members, end.attempts), (0, 2));
        assert_eq!(end.first_receipt, Some(Instant::ZERO));
    }

    #[test]
    fn not_found_ids_are_sorted_single_and_bounded() {
        let mut record = Record::default();
        let ids = |range: core::ops::Range<u64>| range.filter_map(UserId::new);
        record.note_not_found(ids(3..5).chain(ids(1..4)));
        assert_eq!(record.not_found.len(), 4);
        assert!(record.not_found.is_sorted());
        record.note_not_found(ids(10..1000));
        assert_eq!(record.not_found.len(), MOST);
    }
}
