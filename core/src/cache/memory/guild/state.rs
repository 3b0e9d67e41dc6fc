//! What is known about a guild as a whole, apart from its rows.

use serde::{Deserialize, Serialize};

use crate::cache::memory::guild::contents::Contents;
use crate::cache::memory::guild::rows::GuildRows;
use crate::cache::{GuildStatus, Lack};
use crate::id::GuildId;

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
}

impl GuildState {
    /// The guild.
    #[must_use]
    pub const fn id(&self) -> GuildId {
        self.id
    }
}

impl GuildRows {
    pub(in crate::cache::memory) const fn state(&self) -> GuildState {
        GuildState {
            id: self.id,
            status: self.status,
            contents: self.contents,
            lack: self.lack,
            presences_lack: self.presences_lack,
            member_count: self.member_count,
            roles_unread: self.roles_unread,
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
}
