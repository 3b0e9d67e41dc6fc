//! What is known about a guild as a whole, apart from its rows.

use serde::{Deserialize, Serialize};

use crate::cache::memory::Completeness;
use crate::cache::memory::guild::contents::Contents;
use crate::cache::memory::guild::rows::GuildRows;
use crate::cache::{GuildStatus, Kinds, Lack};
use crate::id::GuildId;
use crate::positions::Position;

/// What is known about a guild as a whole, apart from its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuildState {
    pub(in crate::cache::memory) id: GuildId,
    status: GuildStatus,
    contents: Contents,
    lack: Option<Lack>,
    presences_lack: Option<Lack>,
    member_count: Option<u64>,
    roles_unread: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    position: Option<Position>,
}

impl GuildState {
    /// The guild.
    #[must_use]
    pub const fn id(&self) -> GuildId {
        self.id
    }

    /// Whether the guild's rows are current.
    #[must_use]
    pub const fn status(&self) -> GuildStatus {
        self.status
    }

    /// Why not all members are there, whatever the [status](Self::status); `None` if they are.
    #[must_use]
    pub const fn lack(&self) -> Option<Lack> {
        self.lack
    }

    /// How many members the guild has, as far as that is known.
    #[must_use]
    pub const fn member_count(&self) -> Option<u64> {
        self.member_count
    }

    /// Whether all members are there, where so many are.
    #[must_use]
    pub const fn completeness(&self, members: u64) -> Completeness {
        match self.status.lack(self.lack) {
            None => Completeness::Complete { members },
            Some(why) => Completeness::Partial {
                members,
                of: self.member_count,
                why,
            },
        }
    }

    /// The last dispatch that the guild's rows include; `None` if no mutation said where it came
    /// from.
    #[must_use]
    pub const fn position(&self) -> Option<Position> {
        self.position
    }
}

impl GuildStatus {
    /// Why a kind's rows are not whole, where `own` is known of the kind itself.
    pub(in crate::cache::memory) const fn lack(self, own: Option<Lack>) -> Option<Lack> {
        match self {
            Self::Pending | Self::Outage => Some(Lack::Stale),
            Self::Stale => Some(Lack::StoreFailed),
            Self::Available | Self::HandedOver => own,
        }
    }
}

impl GuildRows {
    pub(in crate::cache::memory) const fn state(&self, position: Option<Position>) -> GuildState {
        GuildState {
            id: self.id,
            status: self.status,
            contents: self.contents,
            lack: self.lack,
            presences_lack: self.presences_lack,
            member_count: self.member_count,
            roles_unread: self.roles_unread,
            position,
        }
    }

    pub(in crate::cache::memory) const fn set_state(&mut self, state: &GuildState) {
        self.status = state.status;
        self.contents = state.contents;
        self.lack = state.lack;
        self.presences_lack = state.presences_lack;
        self.member_count = state.member_count;
        self.roles_unread = state.roles_unread;
    }

    /// The guild's rows were kept by others: says that those of the new kinds are missing, and
    /// hopes for what limits alone took away where nothing is judged any more.
    pub(in crate::cache::memory) fn admit_lacks(&mut self, new: Kinds, judged: Kinds) {
        if new.intersects(Kinds::LISTED) {
            self.contents = self.contents.outdated();
            if self.status == GuildStatus::Available {
                self.status = GuildStatus::HandedOver;
            }
        }
        let lack = |own: Option<Lack>, kind: Kinds, limited_by: Kinds| {
            let hopes = own == Some(Lack::Limited) && !judged.intersects(limited_by);
            if hopes || new.contains(kind) {
                Some(Lack::NotAsked)
            } else {
                own
            }
        };
        let (members, presences) = (Kinds::MEMBERS, Kinds::PRESENCES);
        self.lack = lack(self.lack, members, members);
        // A member that goes takes its presence along.
        self.presences_lack = lack(self.presences_lack, presences, members | presences);
        self.roles_unread |= new.contains(Kinds::ROLES);
    }
}
