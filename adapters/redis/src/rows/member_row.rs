//! A member's row as the fields of a small hash.
//!
//! Redis packs a hash as long as it has few fields and none of its values is over 64 bytes, so a
//! row is cut into pieces: the first is named by the user's id, eight bytes, the lowest first, and
//! the others by the id and a byte that counts from 1.

use std::collections::{BTreeMap, BTreeSet};

use headcount_core::id::UserId;

use crate::rows::error::RowsError;

/// The longest value of a packed hash, as servers are set up by default.
const PIECE: usize = 64;

/// How many pieces are asked for before it is known how many there are: most rows have two.
pub(crate) const USUAL: u8 = 3;

/// About how many members share a hash: their pieces shall be no more than 128.
pub(crate) const A_BUCKET: u64 = 36;

/// The generation, and of how many pieces the row is.
const HEAD: usize = 2;

/// A member as it lies in Redis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredMember {
    /// That in which the member was listed last.
    pub(crate) generation: u8,
    /// The member, [packed](headcount_core::wire::view::Batch::packed).
    pub(crate) packed: Vec<u8>,
}

/// The hash in which a member lies, of so many: the upper half of the id times
/// 0x9E3779B97F4A7C15 is spread over the next power of two, and what lies beyond the last hash over
/// half of that.
pub(crate) fn bucket(user: UserId, buckets: u32) -> u32 {
    let spread = (user.get().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32;
    let size = buckets.max(1).next_power_of_two();
    let bucket = spread & (size - 1);
    if bucket < buckets.max(1) {
        bucket
    } else {
        bucket & (size / 2 - 1)
    }
}

/// The hash that is divided when there is one more than so many.
pub(crate) fn divided(buckets: u32) -> u32 {
    buckets - (1 << buckets.max(1).ilog2())
}

/// The name of a piece.
pub(crate) fn field(user: UserId, piece: u8) -> Vec<u8> {
    let mut name = user.get().to_le_bytes().to_vec();
    if piece > 0 {
        name.push(piece);
    }
    name
}

/// Whether a piece is a row's first.
pub(crate) fn is_first(name: &[u8]) -> bool {
    name.len() == size_of::<u64>()
}

impl StoredMember {
    /// The pieces; `None` if there are too many.
    pub(crate) fn pieces(&self) -> Option<impl Iterator<Item = (u8, Vec<u8>)>> {
        let pieces = u8::try_from((HEAD + self.packed.len()).div_ceil(PIECE)).ok()?;
        let mut row = Vec::with_capacity(HEAD + self.packed.len());
        row.extend([self.generation, pieces]);
        row.extend_from_slice(&self.packed);
        Some((0..pieces).map(move |piece| {
            let from = usize::from(piece) * PIECE;
            (piece, row[from..row.len().min(from + PIECE)].to_vec())
        }))
    }

    /// Of how many pieces the row is; 0 if it is too long.
    pub(crate) fn piece_count(&self) -> u8 {
        u8::try_from((HEAD + self.packed.len()).div_ceil(PIECE)).unwrap_or(0)
    }
}

/// Rows of which pieces come one by one, in any order.
#[derive(Debug, Default)]
pub(crate) struct RowPieces(BTreeMap<(UserId, u8), Vec<u8>>);

impl RowPieces {
    pub(crate) fn add(&mut self, user: UserId, piece: u8, bytes: Vec<u8>) {
        self.0.insert((user, piece), bytes);
    }

    /// The same for a field as it is named in the hash; passes over one that is none.
    pub(crate) fn add_field(&mut self, name: &[u8], bytes: Vec<u8>) {
        let Some((id, rest)) = name.split_first_chunk() else {
            return;
        };
        let piece = match rest {
            [] => 0,
            [piece] => *piece,
            _ => return,
        };
        if let Some(user) = UserId::new(u64::from_le_bytes(*id)) {
            self.add(user, piece, bytes);
        }
    }

    /// The rows of which pieces are missing, and of how many they are.
    pub(crate) fn long(&self) -> Vec<(UserId, u8)> {
        let firsts = self.0.iter().filter(|((_, piece), _)| *piece == 0);
        let counted = firsts.map(|((user, _), first)| (*user, first.get(1).copied().unwrap_or(0)));
        let lacks = |&(user, count): &(UserId, u8)| {
            (1..count).any(|piece| !self.0.contains_key(&(user, piece)))
        };
        counted.filter(lacks).collect()
    }

    /// Puts rows in the place of those of the same members.
    pub(crate) fn replace(&mut self, newer: Self) {
        let users: BTreeSet<UserId> = newer.0.keys().map(|(user, _)| *user).collect();
        let stale = self.long().into_iter().map(|(user, _)| user);
        let gone: BTreeSet<UserId> = stale.chain(users).collect();
        self.0.retain(|(user, _), _| !gone.contains(user));
        self.0.extend(newer.0);
    }

    /// The rows; an error if pieces of one are missing.
    pub(crate) fn into_rows(mut self) -> Result<BTreeMap<UserId, StoredMember>, RowsError> {
        let firsts = self.0.keys().filter(|(_, piece)| *piece == 0);
        let users: Vec<UserId> = firsts.map(|(user, _)| *user).collect();
        users
            .into_iter()
            .map(|user| Ok((user, self.take(user).ok_or(RowsError::Damaged)?)))
            .collect()
    }

    fn take(&mut self, user: UserId) -> Option<StoredMember> {
        let first = self.0.remove(&(user, 0))?;
        let ([generation, count], begin) = first.split_first_chunk()?;
        let mut packed = begin.to_vec();
        for piece in 1..*count {
            packed.extend(self.0.remove(&(user, piece))?);
        }
        Some(StoredMember {
            generation: *generation,
            packed,
        })
    }
}
