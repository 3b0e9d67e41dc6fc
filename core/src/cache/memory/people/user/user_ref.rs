//! A cached user, as it is read.

use crate::cache::memory::people::refcount::{Guilds, RefCounts};
use crate::cache::memory::people::user::{holder, record};
use crate::id::UserId;
use crate::wire::packed::Cursor;
use crate::wire::view::{Collectibles, Decoration, PrimaryGuild, User};
use crate::wire::{Image, Text};

/// A cached user.
#[derive(Clone, Copy, Debug)]
pub struct UserRef<'a> {
    pub(super) id: UserId,
    pub(super) row: &'a [u8],
    pub(super) holders: &'a RefCounts,
}

impl<'a> UserRef<'a> {
    /// All that is known of the user.
    pub(in crate::cache::memory) fn to_row(self) -> User<'static> {
        User::unpack(self.id, &mut Cursor::new(record(self.row))).into_owned()
    }

    /// Its id.
    #[must_use]
    pub const fn id(self) -> UserId {
        self.id
    }

    /// The unique name.
    #[must_use]
    pub fn username(self) -> &'a str {
        let name = User::only("username", self.id, record(self.row)).username;
        name.and_then(Text::into_plain).unwrap_or_default()
    }

    /// The name to show, if there is one.
    #[must_use]
    pub fn global_name(self) -> Option<&'a str> {
        let name = User::only("global_name", self.id, record(self.row)).global_name;
        name.into_value()?.into_plain()
    }

    /// The number behind the name, for those who still have one; zero for the others.
    #[must_use]
    pub fn discriminator(self) -> u16 {
        User::only("discriminator", self.id, record(self.row)).discriminator_number()
    }

    /// The picture.
    #[must_use]
    pub fn avatar(self) -> Option<Image<'a>> {
        User::only("avatar", self.id, record(self.row))
            .avatar
            .into_value()
    }

    /// The picture behind the profile.
    #[must_use]
    pub fn banner(self) -> Option<Image<'a>> {
        User::only("banner", self.id, record(self.row))
            .banner
            .into_value()
    }

    /// The frame around the picture.
    #[must_use]
    pub fn decoration(self) -> Option<Decoration<'a>> {
        User::only("decoration", self.id, record(self.row))
            .decoration
            .into_value()
    }

    /// The guild whose tag the user wears.
    #[must_use]
    pub fn primary_guild(self) -> Option<PrimaryGuild<'a>> {
        let row = User::only("primary_guild", self.id, record(self.row));
        row.primary_guild.into_value()
    }

    /// What else the user wears of what is sold.
    #[must_use]
    pub fn collectibles(self) -> Option<Collectibles<'a>> {
        let row = User::only("collectibles", self.id, record(self.row));
        row.collectibles.into_value()
    }

    /// The colour behind the profile if there is no picture, as `0xRRGGBB`.
    #[must_use]
    pub fn accent_color(self) -> Option<u32> {
        let row = User::only("accent_color", self.id, record(self.row));
        row.accent_color.into_value()
    }

    /// Whether it is a bot.
    #[must_use]
    pub fn is_bot(self) -> bool {
        User::only("bot", self.id, record(self.row)).bot == Some(true)
    }

    /// Whether it speaks for the platform.
    #[must_use]
    pub fn is_system(self) -> bool {
        User::only("system", self.id, record(self.row)).system == Some(true)
    }

    /// Flags that everyone may see.
    #[must_use]
    pub fn public_flags(self) -> u64 {
        User::only("public_flags", self.id, record(self.row))
            .public_flags
            .unwrap_or(0)
    }

    /// The guilds that hold the user, by id.
    pub fn guilds(self) -> Guilds<'a> {
        self.holders.of(self.id, holder(self.row))
    }
}
