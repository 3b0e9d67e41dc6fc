//! One attempt at an answer: which chunks of one nonce have come.

use alloc::vec::Vec;

use super::received::Received;
use super::request_id::RequestId;
use crate::wire::nonce::Nonce;

/// What became of one chunk. Its members reach the cache whatever is said here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkOutcome {
    /// Counted; more are to come. `None` when the request is not ours but adopted.
    Counted(Option<RequestId>),
    /// Counted, and the answer is whole. `None` when the request is not ours but adopted.
    Completed(Option<RequestId>),
    /// This index has come before: ignored.
    Duplicate,
    /// Its index or its count cannot be read, so that nobody knows which one it is: ignored.
    Unplaced,
    /// The index is not below the count, or the count is zero or beyond the bound: ignored.
    OutOfRange,
    /// The count differs from that of the answer's first chunk: ignored.
    CountChanged,
    /// The nonce is ours, but was sent to another guild: ignored.
    WrongGuild,
    /// The request has ended, or has been sent again with another nonce: ignored.
    Late,
    /// The nonce looks like ours, but was never sent: ignored.
    NeverSent,
    /// A nonce of someone else, while as many are followed as the configuration allows: ignored.
    NotAdopted,
    /// No nonce: feeds the cache and nothing else.
    NoNonce,
}

/// What became of a chunk within its attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    Counted,
    Whole,
    Ignored(ChunkOutcome),
}

/// Which chunk of an answer it is, as the chunk itself says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChunkPlace {
    pub(crate) index: u32,
    pub(crate) count: u32,
}

/// What a payload lists of members, or all chunks of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Listed {
    /// Members that can be read.
    pub(crate) members: u64,
    /// Members that cannot.
    pub(crate) unread: u64,
    /// Presences that cannot be read; `None` if there is no list of presences at all.
    pub(crate) presences_unread: Option<u64>,
}

impl Listed {
    pub(crate) const NOTHING: Self = Self {
        members: 0,
        unread: 0,
        presences_unread: Some(0),
    };

    fn and(self, other: Self) -> Self {
        let presences = self.presences_unread.zip(other.presences_unread);
        Self {
            members: self.members.saturating_add(other.members),
            unread: self.unread.saturating_add(other.unread),
            presences_unread: presences.map(|(some, more)| some.saturating_add(more)),
        }
    }
}

/// The chunks of one nonce.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Attempt {
    nonce: Nonce,
    received: Option<Received>,
    listed: Listed,
}

impl Attempt {
    pub(crate) const fn new(nonce: Nonce) -> Self {
        Self {
            nonce,
            received: None,
            listed: Listed::NOTHING,
        }
    }

    /// Counts one chunk; answers with more than `bound` chunks are not followed.
    pub(crate) fn take(&mut self, place: ChunkPlace, listed: Listed, bound: u32) -> Taken {
        let ChunkPlace { index, count } = place;
        if index >= count || count > bound {
            return Taken::Ignored(ChunkOutcome::OutOfRange);
        }
        let received = self.received.get_or_insert_with(|| Received::new(count));
        if received.size() != count {
            return Taken::Ignored(ChunkOutcome::CountChanged);
        }
        if !received.insert(index) {
            return Taken::Ignored(ChunkOutcome::Duplicate);
        }
        self.listed = self.listed.and(listed);
        if received.is_whole() {
            Taken::Whole
        } else {
            Taken::Counted
        }
    }

    pub(crate) const fn nonce(&self) -> Nonce {
        self.nonce
    }

    /// What the chunks that were counted list.
    pub(crate) const fn listed(&self) -> Listed {
        self.listed
    }

    /// How many chunks came, and how many the answer has; `None` before the first.
    pub(crate) fn chunks(&self) -> Option<(u32, u32)> {
        self.received.as_ref().map(|set| (set.len(), set.size()))
    }

    /// The chunks that did not come, ascending; all below `known` when none came.
    pub(crate) fn missed(&self, known: Option<u32>) -> Vec<u32> {
        match &self.received {
            Some(set) => set.missing(),
            None => (0..known.unwrap_or(0)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_oddity_has_its_name() {
        let mut attempt = Attempt::new(Nonce::new("n").unwrap());
        let ignored = Taken::Ignored;
        let table = [
            ((0, 0), ignored(ChunkOutcome::OutOfRange)),
            ((3, 3), ignored(ChunkOutcome::OutOfRange)),
            ((0, 11), ignored(ChunkOutcome::OutOfRange)),
            ((1, 3), Taken::Counted),
            ((1, 3), ignored(ChunkOutcome::Duplicate)),
            ((1, 4), ignored(ChunkOutcome::CountChanged)),
            ((2, 3), Taken::Counted),
        ];
        for ((index, count), expected) in table {
            assert_eq!(
                take(&mut attempt, index, count),
                expected,
                "{index} of {count}"
            );
        }
        assert_eq!(attempt.missed(None), [0]);
        assert_eq!(take(&mut attempt, 0, 3), Taken::Whole);
        assert_eq!(attempt.chunks(), Some((3, 3)));
        let listed = Listed {
            members: 15,
            unread: 3,
            presences_unread: Some(6),
        };
        assert_eq!(attempt.listed(), listed, "no chunk counts twice");
    }

    fn take(attempt: &mut Attempt, index: u32, count: u32) -> Taken {
        let listed = Listed {
            members: 5,
            unread: 1,
            presences_unread: Some(2),
        };
        attempt.take(ChunkPlace { index, count }, listed, 10)
    }

    #[test]
    fn one_chunk_without_presences_is_enough_to_lack_them() {
        let mut attempt = Attempt::new(Nonce::new("n").unwrap());
        take(&mut attempt, 0, 3);
        let bare = Listed {
            presences_unread: None,
            ..Listed::NOTHING
        };
        attempt.take(ChunkPlace { index: 1, count: 3 }, bare, 10);
        take(&mut attempt, 2, 3);
        assert_eq!(attempt.listed().presences_unread, None);
    }

    #[test]
    fn nothing_came() {
        let attempt = Attempt::new(Nonce::new("n").unwrap());
        assert_eq!(attempt.chunks(), None);
        assert!(attempt.missed(None).is_empty());
        assert_eq!(attempt.missed(Some(2)), [0, 1]);
    }
}
