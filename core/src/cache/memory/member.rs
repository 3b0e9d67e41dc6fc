//! Members, as small as can be.

use alloc::boxed::Box;

use super::role_lists::{ListId, RoleLists};
use super::table::Row;
use super::user::{UserRef, merge_decoration, merge_image};
use crate::id::{RoleId, UserId};
use crate::wire::view::{Decoration, Member, Membership};
use crate::wire::{Field, Image, Part as _, Text, Timestamp};

#[derive(Debug)]
pub(super) struct MemberRow {
    user: UserId,
    joined_at: Option<Micros>,
    nick: Option<Box<str>>,
    rare: Option<Box<Rare>>,
    roles: ListId,
    flags: u32,
    deaf: Option<bool>,
    mute: Option<bool>,
    pending: bool,
    /// When the row was last upserted, as [`super::slot::Slot`] counts.
    pub(super) generation: u8,
}

/// What few members have.
#[derive(Debug, Default, PartialEq)]
struct Rare {
    avatar: Option<Image<'static>>,
    banner: Option<Image<'static>>,
    premium_since: Option<Timestamp>,
    timeout: Option<Timestamp>,
    decoration: Option<Decoration<'static>>,
}

/// A point in time in eight bytes even if it may be missing: microseconds since 1970, mirrored so
/// that the one number that stands for none lies far in the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Micros(core::num::NonZeroI64);

impl Micros {
    fn new(time: Timestamp) -> Option<Self> {
        core::num::NonZeroI64::new(time.as_micros() ^ i64::MIN).map(Self)
    }

    const fn get(self) -> Timestamp {
        Timestamp::from_micros(self.0.get() ^ i64::MIN)
    }
}

impl Row for MemberRow {
    fn key(&self) -> u64 {
        self.user.get()
    }

    fn heap(&self) -> usize {
        let nick = self.nick.as_ref().map_or(0, |nick| nick.len());
        let rare = self.rare.as_ref().map_or(0, |rare| {
            let images = rare.avatar.heap().saturating_add(rare.banner.heap());
            let parts = images.saturating_add(rare.decoration.heap());
            size_of::<Rare>().saturating_add(parts)
        });
        nick.saturating_add(rare)
    }
}

impl MemberRow {
    pub(super) const fn new(user: UserId) -> Self {
        Self {
            user,
            joined_at: None,
            nick: None,
            rare: None,
            roles: ListId::EMPTY,
            flags: 0,
            deaf: None,
            mute: None,
            pending: false,
            generation: 0,
        }
    }

    pub(super) const fn user(&self) -> UserId {
        self.user
    }

    pub(super) const fn roles(&self) -> ListId {
        self.roles
    }

    pub(super) fn merge(&mut self, member: Member<'_, '_>, lists: &mut RoleLists) {
        if let Some(roles) = member.roles {
            let list = lists.hold(roles);
            lists.release(self.roles);
            self.roles = list;
        }
        let new = member.membership;
        merge_text(&mut self.nick, &new.nick);
        match new.joined_at {
            Field::Absent => {}
            Field::Null => self.joined_at = None,
            Field::Value(time) => self.joined_at = Micros::new(time),
        }
        self.deaf = new.deaf.or(self.deaf);
        self.mute = new.mute.or(self.mute);
        self.pending = new.pending.unwrap_or(self.pending);
        self.flags = new.flags.unwrap_or(self.flags);
        self.merge_rare(new);
    }

    fn merge_rare(&mut self, new: &Membership<'_>) {
        let nothing = self.rare.is_none()
            && new.avatar.value().is_none()
            && new.banner.value().is_none()
            && new.premium_since.value().is_none()
            && new.timeout.value().is_none()
            && new.decoration.value().is_none();
        if nothing {
            return;
        }
        let rare = self.rare.get_or_insert_default();
        merge_image(&mut rare.avatar, &new.avatar);
        merge_image(&mut rare.banner, &new.banner);
        merge_time(&mut rare.premium_since, new.premium_since);
        merge_time(&mut rare.timeout, new.timeout);
        merge_decoration(&mut rare.decoration, &new.decoration);
        if **rare == Rare::default() {
            self.rare = None;
        }
    }
}

/// Takes what is said; allocates only if it is something new.
fn merge_text(to: &mut Option<Box<str>>, from: &Field<Text<'_>>) {
    match from {
        Field::Absent => {}
        Field::Null => *to = None,
        Field::Value(text) if to.as_deref().is_some_and(|old| *text == *old) => {}
        Field::Value(text) => *to = Some(text.clone().into_boxed_str()),
    }
}

const fn merge_time(to: &mut Option<Timestamp>, from: Field<Timestamp>) {
    match from {
        Field::Absent => {}
        Field::Null => *to = None,
        Field::Value(time) => *to = Some(time),
    }
}

/// A cached member with its user.
#[derive(Clone, Copy, Debug)]
pub struct MemberRef<'a> {
    pub(super) row: &'a MemberRow,
    pub(super) lists: &'a RoleLists,
    pub(super) user: UserRef<'a>,
}

impl<'a> MemberRef<'a> {
    /// The user.
    #[must_use]
    pub const fn user(self) -> UserRef<'a> {
        self.user
    }

    /// The name in this guild.
    #[must_use]
    pub fn nick(self) -> Option<&'a str> {
        self.row.nick.as_deref()
    }

    /// The roles in the order of the wire, the one that everyone has left out.
    #[must_use]
    pub fn roles(self) -> &'a [RoleId] {
        self.lists.get(self.row.roles)
    }

    /// Since when; `None` also when no payload told.
    #[must_use]
    pub fn joined_at(self) -> Option<Timestamp> {
        self.row.joined_at.map(Micros::get)
    }

    /// Since when the member boosts the guild.
    #[must_use]
    pub fn premium_since(self) -> Option<Timestamp> {
        self.row.rare.as_ref()?.premium_since
    }

    /// Until when the member may not speak; a time that has passed means nothing.
    #[must_use]
    pub fn timeout(self) -> Option<Timestamp> {
        self.row.rare.as_ref()?.timeout
    }

    /// The picture in this guild.
    #[must_use]
    pub fn avatar(self) -> Option<&'a Image<'static>> {
        self.row.rare.as_ref()?.avatar.as_ref()
    }

    /// The picture behind the profile in this guild.
    #[must_use]
    pub fn banner(self) -> Option<&'a Image<'static>> {
        self.row.rare.as_ref()?.banner.as_ref()
    }

    /// The frame around the picture in this guild.
    #[must_use]
    pub fn decoration(self) -> Option<&'a Decoration<'static>> {
        self.row.rare.as_ref()?.decoration.as_ref()
    }

    /// Whether the guild deafened the member; `None` if no payload told.
    #[must_use]
    pub const fn is_deaf(self) -> Option<bool> {
        self.row.deaf
    }

    /// Whether the guild muted the member; `None` if no payload told.
    #[must_use]
    pub const fn is_mute(self) -> Option<bool> {
        self.row.mute
    }

    /// Whether the member has not passed the guild's gate yet.
    #[must_use]
    pub const fn is_pending(self) -> bool {
        self.row.pending
    }

    /// Flags.
    #[must_use]
    pub const fn flags(self) -> u32 {
        self.row.flags
    }
}
