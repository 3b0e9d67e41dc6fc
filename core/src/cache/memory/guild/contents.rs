//! How much of a guild has come.

use serde::{Deserialize, Serialize};

use crate::cache::GuildStatus;

/// How much of a guild has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Contents {
    /// Nothing, so nothing of it is kept.
    None,
    /// What has come since an earlier process handed it over.
    HandedOver,
    /// All of it, at least once.
    Delivered,
}

impl Contents {
    /// What there is of a guild with this status once another is reported, and which it has then:
    /// one in an outage comes anew in any case, so that no store fails it.
    pub(super) const fn reported(
        self,
        status: GuildStatus,
        reported: GuildStatus,
    ) -> (Self, GuildStatus) {
        match (status, reported) {
            (GuildStatus::Outage, GuildStatus::Stale) => (self, status),
            (_, GuildStatus::Available) => (Self::Delivered, reported),
            (_, _) => (self, reported),
        }
    }

    /// What is left of it when another session goes on.
    pub(in crate::cache::memory) const fn outdated(self) -> Self {
        match self {
            Self::None => Self::None,
            Self::HandedOver | Self::Delivered => Self::HandedOver,
        }
    }

    /// What an earlier process hands over, with the status that it has then. A guild that is stale
    /// only because its shard ended before its stores answered has not failed: it gets its earlier
    /// status back.
    pub(super) const fn handed_over(self, status: GuildStatus) -> (Self, GuildStatus) {
        match (self, status) {
            (Self::None, _) | (Self::HandedOver, GuildStatus::Stale) => {
                (Self::HandedOver, GuildStatus::HandedOver)
            }
            (Self::Delivered, GuildStatus::Stale) => (self, GuildStatus::Available),
            (
                Self::HandedOver | Self::Delivered,
                GuildStatus::Pending
                | GuildStatus::Available
                | GuildStatus::HandedOver
                | GuildStatus::Outage,
            ) => (self, status),
        }
    }
}
