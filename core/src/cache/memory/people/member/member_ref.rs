//! A cached member, as it is read.

use core::fmt;

use crate::cache::memory::people::member::MemberRow;
use crate::cache::memory::people::role_interner::{MemberRoles, RoleInterner};
use crate::cache::memory::people::user::{UserRef, Users};
use crate::id::UserId;
use crate::wire::view::{Collectibles, Decoration, Membership};
use crate::wire::{Image, Stated, Timestamp};

/// A cached member with its user.
#[derive(Clone, Copy)]
pub struct MemberRef<'a> {
    pub(super) id: UserId,
    pub(super) row: &'a [u8],
    pub(super) roles: &'a RoleInterner,
    pub(super) users: &'a Users,
}

impl fmt::Debug for MemberRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = f.debug_struct("MemberRef");
        row.field("user", &self.user())
            .field("record", &self.record());
        row.field("roles", &self.roles()).finish()
    }
}

impl<'a> MemberRef<'a> {
    /// The record of a [`Membership`].
    #[inline]
    fn record(self) -> &'a [u8] {
        MemberRow::of(self.row).record
    }

    /// Whose row it is.
    #[inline]
    #[must_use]
    pub const fn id(self) -> UserId {
        self.id
    }

    /// The user, who is looked up each time.
    #[must_use]
    pub fn user(self) -> UserRef<'a> {
        self.users.held(self.id)
    }

    /// The name in this guild.
    #[must_use]
    pub fn nick(self) -> Option<&'a str> {
        Membership::only("nick", self.record())
            .nick
            .into_value()?
            .into_plain()
    }

    /// The roles in the order of the wire, the one that everyone has left out.
    #[inline]
    #[must_use]
    pub fn roles(self) -> MemberRoles<'a> {
        self.roles.resolve(MemberRow::of(self.row).roles)
    }

    /// Since when; `None` also when no payload says.
    #[must_use]
    pub fn joined_at(self) -> Option<Timestamp> {
        Membership::only("joined_at", self.record())
            .joined_at
            .into_value()
    }

    /// Since when the member boosts the guild.
    #[must_use]
    pub fn premium_since(self) -> Option<Timestamp> {
        Membership::only("premium_since", self.record())
            .premium_since
            .into_value()
    }

    /// Until when the member may not speak; a time that has passed means nothing.
    #[must_use]
    pub fn timeout(self) -> Option<Timestamp> {
        self.stated_timeout()?.known()
    }

    /// The same, as far as it could be read.
    pub(in crate::cache::memory) fn stated_timeout(self) -> Option<Stated<Timestamp>> {
        Membership::only("timeout", self.record())
            .timeout
            .into_value()
    }

    /// The picture in this guild.
    #[must_use]
    pub fn avatar(self) -> Option<Image<'a>> {
        Membership::only("avatar", self.record())
            .avatar
            .into_value()
    }

    /// The picture behind the profile in this guild.
    #[must_use]
    pub fn banner(self) -> Option<Image<'a>> {
        Membership::only("banner", self.record())
            .banner
            .into_value()
    }

    /// The frame around the picture in this guild.
    #[must_use]
    pub fn decoration(self) -> Option<Decoration<'a>> {
        Membership::only("decoration", self.record())
            .decoration
            .into_value()
    }

    /// What else the member wears in this guild of what is sold.
    #[must_use]
    pub fn collectibles(self) -> Option<Collectibles<'a>> {
        Membership::only("collectibles", self.record())
            .collectibles
            .into_value()
    }

    /// Until when the member's direct messages to others count as unusual; a time that has passed
    /// means nothing.
    #[must_use]
    pub fn unusual_dm_until(self) -> Option<Timestamp> {
        Membership::only("unusual_dm_until", self.record())
            .unusual_dm_until
            .into_value()
    }

    /// Whether the guild deafened the member; `None` if no payload says.
    #[must_use]
    pub fn is_deaf(self) -> Option<bool> {
        Membership::only("deaf", self.record()).deaf
    }

    /// Whether the guild muted the member; `None` if no payload says.
    #[must_use]
    pub fn is_mute(self) -> Option<bool> {
        Membership::only("mute", self.record()).mute
    }

    /// Whether the member has not passed the guild's gate yet.
    #[must_use]
    pub fn is_pending(self) -> bool {
        Membership::only("pending", self.record()).pending == Some(true)
    }

    /// Flags.
    #[must_use]
    pub fn flags(self) -> u32 {
        Membership::only("flags", self.record()).flags.unwrap_or(0)
    }
}
