//! What members may do, as far as the store knows.

use alloc::vec::Vec;
use core::fmt;

use crate::cache::Kind;
use crate::cache::memory::{MemberRef, MemoryStore};
use crate::cache::permissions::{Holder, Place, is_redacted, role_of_everyone};
use crate::id::{ChannelId, GuildId, RoleId, UserId};
use crate::wire::view::Channel;
use crate::wire::{Permissions, Stated, Timestamp};

/// What the store lacks to compute what a member may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PermissionsUnknown {
    /// The guild, or whose it is: also if that was sent in a form that cannot be read.
    Guild(GuildId),
    /// The member.
    Member(GuildId, UserId),
    /// The role that everyone in the guild has; or one of the member's, where a policy keeps only
    /// some roles, or some roles could not be read; or what a role allows was sent in a form that
    /// cannot be read.
    Role(GuildId, RoleId),
    /// The member's roles: they were sent in a form that cannot be read whole.
    Roles(GuildId, UserId),
    /// The channel or thread, or of what kind it is.
    Channel(ChannelId),
    /// The channel above the thread.
    Parent(ChannelId),
    /// The channel's overwrites: no payload listed them, or one that concerns the member was sent
    /// in a form that cannot be read.
    Overwrites(ChannelId),
    /// The channel's data: the bot may not see it, and they are blanked out; or whether that is so
    /// cannot be read.
    Redacted(ChannelId),
    /// Until when the member may not speak: it was sent in a form that cannot be read.
    Timeout(GuildId, UserId),
}

impl fmt::Display for PermissionsUnknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guild(guild) => write!(f, "guild {guild} is not cached"),
            Self::Member(guild, user) => {
                write!(f, "member {user} of guild {guild} is not cached")
            }
            Self::Role(guild, role) => write!(f, "role {role} of guild {guild} is not known"),
            Self::Roles(guild, user) => {
                write!(
                    f,
                    "the roles of member {user} of guild {guild} are not known"
                )
            }
            Self::Channel(channel) => write!(f, "channel {channel} is not known"),
            Self::Parent(thread) => {
                write!(f, "the channel above thread {thread} is not cached")
            }
            Self::Overwrites(channel) => {
                write!(f, "the overwrites of channel {channel} are not known")
            }
            Self::Redacted(channel) => write!(f, "the bot may not see channel {channel}"),
            Self::Timeout(guild, user) => {
                write!(
                    f,
                    "the timeout of member {user} of guild {guild} is not known"
                )
            }
        }
    }
}

impl core::error::Error for PermissionsUnknown {}

impl MemoryStore {
    /// What a member may do in a guild, channels apart, at the time `now`, which decides whether
    /// a timeout has passed. [`Holder`] states the rules.
    ///
    /// A role of the member that the guild does not have counts for nothing: it has been deleted,
    /// and the member's next event will lack it too.
    ///
    /// What the guild's status says of its rows holds for this too.
    ///
    /// # Errors
    /// [`PermissionsUnknown`] names what is not cached; nothing is guessed.
    pub fn permissions(
        &self,
        guild: GuildId,
        user: UserId,
        now: Timestamp,
    ) -> Result<Permissions, PermissionsUnknown> {
        self.holder(guild, user, now, |holder| holder.in_guild())
    }

    /// What a member may do in a channel or thread of its guild at the time `now`.
    ///
    /// What the guild's status says of its rows holds for this too.
    ///
    /// # Errors
    /// [`PermissionsUnknown`] names what is not cached; nothing is guessed. The owner and
    /// administrators need no more of the channel than that it is there.
    pub fn permissions_in(
        &self,
        channel: ChannelId,
        user: UserId,
        now: Timestamp,
    ) -> Result<Permissions, PermissionsUnknown> {
        let guild = self.shared.guild_of(channel);
        let guild = guild.ok_or(PermissionsUnknown::Channel(channel))?;
        self.holder(guild, user, now, |holder| {
            if holder.in_guild() == Permissions::ALL {
                return Ok(Permissions::ALL);
            }
            let (place, above) = self.place(channel)?;
            if is_redacted(above) != Some(false) {
                return Err(PermissionsUnknown::Redacted(above.id));
            }
            let unknown = PermissionsUnknown::Overwrites(above.id);
            let overwrites = above.overwrites.rows().ok_or(unknown)?;
            if !above.overwrites.is_whole() || !holder.is_known_from(overwrites) {
                return Err(unknown);
            }
            Ok(holder.in_channel(place, overwrites))
        })?
    }

    /// What a channel is, and where its overwrites are.
    fn place(&self, channel: ChannelId) -> Result<(Place, &Channel<'static>), PermissionsUnknown> {
        if let Some(row) = self.channel(channel) {
            let kind = row.kind.ok_or(PermissionsUnknown::Channel(channel))?;
            return Ok((Place::of(kind), row));
        }
        let thread = self.thread(channel);
        let thread = thread.ok_or(PermissionsUnknown::Channel(channel))?;
        let above = thread.parent.and_then(|parent| self.channel(parent));
        let above = above.ok_or(PermissionsUnknown::Parent(channel))?;
        Ok((Place::Thread, above))
    }

    fn holder<T>(
        &self,
        guild: GuildId,
        user: UserId,
        now: Timestamp,
        ask: impl FnOnce(Holder<'_>) -> T,
    ) -> Result<T, PermissionsUnknown> {
        let owner = self
            .guild(guild)
            .and_then(|guild| guild.data().owner?.known());
        let owner = owner.ok_or(PermissionsUnknown::Guild(guild))?;
        let member = self.member(guild, user);
        let member = member.ok_or(PermissionsUnknown::Member(guild, user))?;
        let is_owner = owner == user;
        let (everyone, roles) = match is_owner {
            true => (Permissions::ALL, Vec::new()),
            false => self.roles_of(guild, member)?,
        };
        let timeout = member.stated_timeout();
        let until = timeout.map(Stated::known);
        let holder = Holder {
            guild,
            user,
            is_owner,
            is_timed_out: until.is_some_and(|until| until.is_none_or(|until| now < until)),
            everyone,
            roles: &roles,
        };
        match until {
            // The owner and administrators are never silenced.
            Some(None) if holder.in_guild() != Permissions::ALL => {
                Err(PermissionsUnknown::Timeout(guild, user))
            }
            Some(_) | None => Ok(ask(holder)),
        }
    }

    /// Whether a role that is not here is known to be gone.
    pub(super) fn knows_all_roles(&self, guild: GuildId) -> bool {
        let policies = self.policies();
        let all_are_kept = policies.is_none_or(|policies| policies.get(Kind::Role).is_all());
        let guild_rows = self.guild_rows(guild);
        all_are_kept && guild_rows.is_some_and(|guild_rows| !guild_rows.roles_unread)
    }

    fn roles_of(
        &self,
        guild: GuildId,
        member: MemberRef<'_>,
    ) -> Result<(Permissions, Vec<(RoleId, Permissions)>), PermissionsUnknown> {
        let allowed = |role: RoleId| {
            let row = self.role(guild, role);
            let allowed = row.and_then(|row| row.permissions?.known());
            allowed.ok_or(PermissionsUnknown::Role(guild, role))
        };
        if !member.roles().is_whole() {
            return Err(PermissionsUnknown::Roles(guild, member.id()));
        }
        let everyone = allowed(role_of_everyone(guild))?;
        let all_are_known = self.knows_all_roles(guild);
        let is_deleted = |role| all_are_known && self.role(guild, role).is_none();
        let roles = member.roles().filter(|&role| !is_deleted(role));
        let roles = roles.map(|role| Ok((role, allowed(role)?)));
        Ok((everyone, roles.collect::<Result<_, _>>()?))
    }
}
