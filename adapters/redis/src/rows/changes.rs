//! What a step changes in the keys of a guild.

use std::collections::{BTreeMap, BTreeSet};

use headcount_core::cache::Kind;
use headcount_core::id::UserId;

use crate::rows::error::RowsError;
use crate::rows::held::{HeldRows, PlaceRows};
use crate::rows::keys::GuildKeys;
use crate::rows::member_row::{StoredMember, bucket, field};

/// So many fields are set or taken away by one command at most: what a script may hand on at once
/// has a limit.
const FIELDS: usize = 1_000;

/// What is set in a hash and taken away from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HashChange {
    pub(crate) set: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) gone: Vec<Vec<u8>>,
}

/// Some of what changes in a hash.
pub(crate) struct ChangePart<'a> {
    pub(crate) key: &'a str,
    pub(crate) set: &'a [(Vec<u8>, Vec<u8>)],
    pub(crate) gone: &'a [Vec<u8>],
}

/// What changes, by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes(BTreeMap<String, HashChange>);

impl Changes {
    /// From these rows to those, of members that lie in so many hashes.
    pub(crate) fn between(
        keys: &GuildKeys,
        buckets: u32,
        before: &HeldRows,
        after: &HeldRows,
    ) -> Result<Self, RowsError> {
        let mut changes = Self::default();
        for (user, row) in &after.members {
            let old = before.members.get(user);
            if old != Some(row) {
                changes.set_member(keys.bucket(bucket(*user, buckets)), *user, row, old)?;
            }
        }
        for (user, row) in &before.members {
            if !after.members.contains_key(user) {
                changes.take_member(keys.bucket(bucket(*user, buckets)), *user, row);
            }
        }
        let none = PlaceRows::new();
        let kinds = before.places.keys().chain(after.places.keys());
        for kind in kinds.copied().collect::<BTreeSet<Kind>>() {
            let (Some(key), old) = (keys.kind(kind), before.places.get(&kind).unwrap_or(&none))
            else {
                continue;
            };
            let new = after.places.get(&kind).unwrap_or(&none);
            let set = new
                .iter()
                .filter(|(name, row)| old.get(*name) != Some(*row));
            let gone = old.keys().filter(|name| !new.contains_key(*name));
            let change = HashChange {
                set: set
                    .map(|(name, row)| (name.clone().into_bytes(), row.clone()))
                    .collect(),
                gone: gone.map(|name| name.clone().into_bytes()).collect(),
            };
            changes.add(key, change);
        }
        Ok(changes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn add(&mut self, key: String, change: HashChange) {
        if !change.set.is_empty() || !change.gone.is_empty() {
            self.0.insert(key, change);
        }
    }

    /// Puts a member into a hash, in the place of what was there.
    pub(crate) fn set_member(
        &mut self,
        key: String,
        user: UserId,
        row: &StoredMember,
        old: Option<&StoredMember>,
    ) -> Result<(), RowsError> {
        let change = self.0.entry(key).or_default();
        let pieces = row.pieces().ok_or(RowsError::TooLong)?;
        for (piece, bytes) in pieces {
            change.set.push((field(user, piece), bytes));
        }
        let old = old.map_or(0, StoredMember::piece_count);
        change
            .gone
            .extend((row.piece_count()..old).map(|piece| field(user, piece)));
        Ok(())
    }

    /// Takes a member out of a hash.
    pub(crate) fn take_member(&mut self, key: String, user: UserId, row: &StoredMember) {
        let change = self.0.entry(key).or_default();
        change
            .gone
            .extend((0..row.piece_count()).map(|piece| field(user, piece)));
    }

    /// The changes by key, none of them of too many fields.
    pub(crate) fn parts(&self) -> impl Iterator<Item = ChangePart<'_>> {
        self.0.iter().flat_map(|(key, change)| {
            let set = change.set.chunks(FIELDS).map(|set| ChangePart {
                key,
                set,
                gone: &[],
            });
            let gone = change.gone.chunks(FIELDS).map(|gone| ChangePart {
                key,
                set: &[],
                gone,
            });
            set.chain(gone)
        })
    }

    /// How many bytes are set, names included.
    pub(crate) fn bytes(&self) -> u64 {
        let sets = self.0.values().flat_map(|change| &change.set);
        sets.map(|(name, value)| (name.len() + value.len()) as u64)
            .sum()
    }
}
