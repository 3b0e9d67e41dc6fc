//! What a mutation displaces, for those who want to know what a row was before.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Applied, MemberRef, MemoryStore};
use crate::cache::{Key, Mutation, Op, Rows, Scope};
use crate::id::{RoleId, UserId};
use crate::wire::Timestamp;
use crate::wire::view::{Channel, Guild, Role};

/// The rows that one dispatch displaced, as they were just before it.
///
/// `None` means that there was no such row, which is not the same as "unchanged". Dispatches about
/// many rows at once (a guild that comes, chunks) displace sets, which are not kept here.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Displaced {
    /// The guild, updated or left.
    pub guild: Option<Box<Guild<'static>>>,
    /// The channel, updated or deleted.
    pub channel: Option<Box<Channel<'static>>>,
    /// The role, updated or deleted.
    pub role: Option<Box<Role<'static>>>,
    /// The member, updated or gone.
    pub member: Option<Box<OldMember>>,
}

/// A member as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OldMember {
    /// The user.
    pub user: UserId,
    /// The user's name.
    pub username: String,
    /// The name in the guild.
    pub nick: Option<String>,
    /// The roles, without the one that everyone has.
    pub roles: Vec<RoleId>,
    /// When the user joined.
    pub joined_at: Option<Timestamp>,
    /// Since when the user boosts the guild.
    pub premium_since: Option<Timestamp>,
    /// Until when the user may not speak.
    pub timeout: Option<Timestamp>,
    /// Whether the user has not passed the guild's screening.
    pub pending: bool,
    /// The flags, as the wire has them.
    pub flags: u32,
}

impl Displaced {
    /// Adds what another store displaced; of what both told, this one's word stays.
    pub fn add(&mut self, other: Self) {
        let own = core::mem::take(self);
        *self = Self {
            guild: own.guild.or(other.guild),
            channel: own.channel.or(other.channel),
            role: own.role.or(other.role),
            member: own.member.or(other.member),
        };
    }

    /// Whether nothing was displaced.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl OldMember {
    fn of(member: MemberRef<'_>) -> Self {
        Self {
            user: member.user().id(),
            username: member.user().username().into(),
            nick: member.nick().map(String::from),
            roles: member.roles().collect(),
            joined_at: member.joined_at(),
            premium_since: member.premium_since(),
            timeout: member.timeout(),
            pending: member.is_pending(),
            flags: member.flags(),
        }
    }
}

impl MemoryStore {
    /// Applies all of a mutation, as [`MemoryStore::apply`] does, and tells what it displaced.
    pub fn replace(&mut self, mutation: Mutation<'_>) -> (Applied, Displaced) {
        let mut displaced = Displaced::default();
        for op in mutation.ops() {
            self.look_before(&mutation, op, &mut displaced);
        }
        let applied = self.apply(mutation);
        if applied.replayed {
            displaced = Displaced::default();
        }
        (applied, displaced)
    }

    fn look_before(&self, mutation: &Mutation<'_>, op: &Op<'_>, to: &mut Displaced) {
        let Some(guild) = mutation.guild() else {
            return;
        };
        if let Op::Cascade(Scope::Guild) | Op::Patch(Rows::Guild(_)) = op {
            to.guild = self.guild(guild).map(|guild| guild.data().clone().into());
        }
        if let Op::Cascade(Scope::Channel(id)) | Op::Remove(Key::Channel(id)) = op {
            to.channel = self.channel(*id).map(|channel| channel.clone().into());
        }
        if let Op::Upsert(Rows::Channels(rows)) | Op::Patch(Rows::Channels(rows)) = op
            && let [row] = &**rows
        {
            to.channel = self.channel(row.id).map(|channel| channel.clone().into());
        }
        if let Op::Remove(Key::Role(id)) = op {
            to.role = self.role(guild, *id).map(|role| role.clone().into());
        }
        if let Op::Upsert(Rows::Roles(rows)) = op
            && let [row] = &**rows
        {
            to.role = self.role(guild, row.id).map(|role| role.clone().into());
        }
        if let Op::Remove(Key::Member(user)) = op {
            to.member = self.old_member(guild, *user);
        }
        if let Op::Upsert(Rows::Members(rows)) | Op::Patch(Rows::Members(rows)) = op
            && rows.len() == 1
            && let Some(user) = rows.users().next()
        {
            to.member = self.old_member(guild, user);
        }
    }

    fn old_member(&self, guild: crate::id::GuildId, user: UserId) -> Option<Box<OldMember>> {
        self.member(guild, user)
            .map(|member| OldMember::of(member).into())
    }
}
