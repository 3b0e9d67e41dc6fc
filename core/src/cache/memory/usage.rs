//! How many rows of a kind there are, and what they weigh.

use crate::cache::Kind;
use crate::cache::memory::table::{Row, Table};

/// Rows of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Weight {
    pub(super) rows: usize,
    pub(super) bytes: usize,
}

impl Weight {
    pub(super) const NONE: Self = Self { rows: 0, bytes: 0 };

    pub(super) fn of<R: Row>(table: &Table<R>) -> Self {
        Self {
            rows: table.len(),
            bytes: table.bytes(),
        }
    }

    /// Both together.
    pub(super) const fn and(self, other: Self) -> Self {
        Self {
            rows: self.rows.saturating_add(other.rows),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }

    const fn replace(&mut self, before: Self, after: Self) {
        self.rows = self.rows.wrapping_sub(before.rows).wrapping_add(after.rows);
        self.bytes = self
            .bytes
            .wrapping_sub(before.bytes)
            .wrapping_add(after.bytes);
    }
}

/// The kinds that lie in guilds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    pub(super) guilds: Weight,
    pub(super) channels: Weight,
    pub(super) roles: Weight,
    pub(super) members: Weight,
    pub(super) presences: Weight,
}

impl Usage {
    /// One guild's part changed from `before` to `after`.
    pub(super) const fn replace(&mut self, before: Self, after: Self) {
        self.guilds.replace(before.guilds, after.guilds);
        self.channels.replace(before.channels, after.channels);
        self.roles.replace(before.roles, after.roles);
        self.replace_people(
            [before.members, before.presences],
            [after.members, after.presences],
        );
    }

    /// One guild's members and presences changed from `before` to `after`.
    pub(super) const fn replace_people(&mut self, before: [Weight; 2], after: [Weight; 2]) {
        let ([members, presences], [members_now, presences_now]) = (before, after);
        self.members.replace(members, members_now);
        self.presences.replace(presences, presences_now);
    }
}

/// The other kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct EntityUsage([Weight; Kind::ALL.len()]);

impl EntityUsage {
    pub(super) fn set(&mut self, kind: Kind, weight: Weight) {
        if let Some(place) = self.0.get_mut(kind as usize) {
            *place = weight;
        }
    }

    pub(super) fn get(&self, kind: Kind) -> Weight {
        self.0.get(kind as usize).copied().unwrap_or_default()
    }

    /// One guild's part of one kind changed from `before` to `after`.
    pub(super) fn replace_kind(&mut self, kind: Kind, before: Weight, after: Weight) {
        if let Some(place) = self.0.get_mut(kind as usize) {
            place.replace(before, after);
        }
    }

    /// One guild's part changed from `before` to `after`.
    pub(super) fn replace(&mut self, before: &Self, after: &Self) {
        for (own, (before, after)) in self.0.iter_mut().zip(before.0.iter().zip(&after.0)) {
            own.replace(*before, *after);
        }
    }
}
