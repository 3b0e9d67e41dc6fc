//! What setup needs to know of a guild that comes.

use super::chunk_filter::ChunkCandidate;
use super::stage::MemberCount;
use crate::chunk::Listed;
use crate::id::GuildId;

/// What setup needs to know of a guild that has come (`GUILD_CREATE`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Arrival {
    pub(crate) guild: GuildId,
    /// How many members it has; `None` if it does not say so in a form that can be read.
    pub(crate) members: Option<u64>,
    /// What it lists of them.
    pub(crate) listed: Listed,
    /// Whether the server calls it large.
    pub(crate) large: bool,
    /// Whether an earlier process has asked for all its members, and had no whole answer.
    #[cfg_attr(feature = "checkpoint", serde(default))]
    pub(crate) is_asked: bool,
}

impl Arrival {
    /// Whether it lists every member, and all of them can be read.
    pub(crate) fn is_whole(&self) -> bool {
        self.lists(self.listed.members) && self.listed.unread == 0
    }

    /// What a filter sees of it.
    pub(super) const fn candidate(&self) -> ChunkCandidate {
        ChunkCandidate {
            guild: self.guild,
            members: self.members,
            listed: self.listed.members,
            large: self.large,
        }
    }

    /// Whether so many members are everyone.
    pub(super) fn lists(&self, members: u64) -> bool {
        self.members.is_some_and(|all| members >= all)
    }

    /// Those that are listed and cannot be read included.
    pub(super) const fn named(&self) -> u64 {
        self.listed.members.saturating_add(self.listed.unread)
    }

    pub(super) fn member_count(&self) -> MemberCount {
        MemberCount {
            expected: self.members.unwrap_or_else(|| self.named()),
            received: self.listed.members,
        }
    }
}
