//! What a member may do, computed from plain values.
//!
//! The order of the rules is the platform's: the owner and administrators may do everything; then
//! the roles of a guild add up; then a channel's overwrites apply, those of the role that everyone
//! has, those of the member's other roles together, and those of the member. What is left of that
//! is cut down by a timeout and by what the lack of one permission implies.

use crate::id::{GuildId, RoleId, UserId};
use crate::wire::view::{Channel, Overwrite};
use crate::wire::{Permissions, Stated};

/// What a silenced member keeps, unless it is an administrator.
const IN_TIMEOUT: Permissions = Permissions::VIEW_CHANNEL.union(Permissions::READ_MESSAGE_HISTORY);

/// What whoever may not write may not do either.
const NEEDS_SENDING: Permissions = Permissions::MENTION_EVERYONE
    .union(Permissions::SEND_TTS_MESSAGES)
    .union(Permissions::EMBED_LINKS)
    .union(Permissions::ATTACH_FILES);

/// What whoever may not join a voice channel may not do there either.
const NEEDS_CONNECTING: Permissions = Permissions::PRIORITY_SPEAKER
    .union(Permissions::STREAM)
    .union(Permissions::SPEAK)
    .union(Permissions::MUTE_MEMBERS)
    .union(Permissions::DEAFEN_MEMBERS)
    .union(Permissions::MOVE_MEMBERS)
    .union(Permissions::USE_VOICE_ACTIVITY)
    .union(Permissions::REQUEST_TO_SPEAK)
    .union(Permissions::USE_ACTIVITIES)
    .union(Permissions::USE_SOUNDBOARD)
    .union(Permissions::USE_EXTERNAL_SOUNDS)
    .union(Permissions::MANAGE_CHANNELS)
    .union(Permissions::MANAGE_ROLES);

/// A member, as far as permissions ask.
#[derive(Clone, Copy, Debug)]
pub struct Holder<'a> {
    /// The guild.
    pub guild: GuildId,
    /// The member's user.
    pub user: UserId,
    /// Whether the guild is the member's.
    pub is_owner: bool,
    /// Whether the member is silenced now.
    pub is_timed_out: bool,
    /// What everyone may do.
    pub everyone: Permissions,
    /// The member's other roles, with what each allows; the order does not matter.
    pub roles: &'a [(RoleId, Permissions)],
}

/// Where something is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A channel for text, a forum, a category, or a kind that this version does not know.
    Text,
    /// A voice channel or a stage.
    Voice,
    /// A thread. The overwrites are those of the channel above it.
    Thread,
}

impl Place {
    /// What a channel is, by the number of its kind.
    #[must_use]
    pub const fn of(kind: u16) -> Self {
        match kind {
            2 | 13 => Self::Voice,
            10..=12 => Self::Thread,
            _ => Self::Text,
        }
    }
}

impl Holder<'_> {
    /// What the member may do in the guild, channels apart.
    ///
    /// The owner and administrators may do [`Permissions::ALL`].
    #[must_use]
    pub fn in_guild(&self) -> Permissions {
        let all = self.before_timeout();
        if all == Permissions::ALL || !self.is_timed_out {
            all
        } else {
            all & IN_TIMEOUT
        }
    }

    /// What the member may do in a place with these overwrites.
    ///
    /// Nothing without `VIEW_CHANNEL`. In a thread, `SEND_MESSAGES` says what
    /// `SEND_MESSAGES_IN_THREADS` does, as it is not inherited; whether the member is in a private
    /// thread is not asked.
    #[must_use]
    pub fn in_channel(&self, place: Place, overwrites: &[Overwrite<'_>]) -> Permissions {
        let base = self.before_timeout();
        if base == Permissions::ALL {
            return base;
        }
        let said = self.overwritten(base, overwrites);
        let said = match place {
            Place::Thread if said.contains(Permissions::SEND_MESSAGES_IN_THREADS) => {
                said | Permissions::SEND_MESSAGES
            }
            Place::Thread => said.without(Permissions::SEND_MESSAGES),
            Place::Text | Place::Voice => said,
        };
        let said = match self.is_timed_out {
            true => said & IN_TIMEOUT,
            false => said,
        };
        implied(place, said)
    }

    /// What the guild's roles allow.
    fn before_timeout(&self) -> Permissions {
        let roles: Permissions = self.roles.iter().map(|role| role.1).collect();
        let all = self.everyone | roles;
        if self.is_owner || all.contains(Permissions::ADMINISTRATOR) {
            return Permissions::ALL;
        }
        all
    }

    /// Whether these overwrites hold all that this member's permissions need: none that concerns
    /// the member lacks a part, or has one that could not be read.
    #[must_use]
    pub fn is_known_from(&self, overwrites: &[Overwrite<'_>]) -> bool {
        let everyone = role_of_everyone(self.guild);
        let mut own = self.roles.iter().map(|role| role.0).chain([everyone]);
        let mut concerns = |one: &Overwrite<'_>| {
            one.may_name_member(self.user) || own.any(|role| one.may_name_role(role))
        };
        overwrites
            .iter()
            .all(|one| one.is_readable() || !concerns(one))
    }

    fn overwritten(&self, base: Permissions, overwrites: &[Overwrite<'_>]) -> Permissions {
        let everyone = role_of_everyone(self.guild);
        let is_everyones = |one: &Overwrite<'_>| one.role() == Some(everyone);
        let is_a_roles = |one: &Overwrite<'_>| {
            let holds = |role| self.roles.iter().any(|own| own.0 == role);
            one.role()
                .is_some_and(|role| role != everyone && holds(role))
        };
        let is_members = |one: &Overwrite<'_>| one.member() == Some(self.user);
        let base = apply(base, overwrites, is_everyones);
        let base = apply(base, overwrites, is_a_roles);
        apply(base, overwrites, is_members)
    }
}

/// The role that everyone in a guild has: it bears the guild's id.
#[must_use]
pub fn role_of_everyone(guild: GuildId) -> RoleId {
    core::num::NonZeroU64::from(guild).into()
}

/// Whether a channel's data are blanked out, because the bot may not see it; then nothing is
/// known of anybody's permissions there. `None` if that cannot be read.
#[must_use]
pub fn is_redacted(channel: &Channel<'_>) -> Option<bool> {
    match channel.flags.value() {
        Some(flags) => Some(flags.known()? & 1 << 17 != 0),
        None => Some(false),
    }
}

/// Takes away what the chosen overwrites deny together, then adds what they allow together.
fn apply(
    base: Permissions,
    overwrites: &[Overwrite<'_>],
    chosen: impl Fn(&Overwrite<'_>) -> bool,
) -> Permissions {
    let of = |part: fn(&Overwrite<'_>) -> Option<Stated<Permissions>>| -> Permissions {
        let chosen = overwrites.iter().filter(|one| chosen(one));
        chosen.filter_map(part).filter_map(Stated::known).collect()
    };
    base.without(of(|one| one.deny)) | of(|one| one.allow)
}

/// Takes away what goes with something that is missing.
fn implied(place: Place, said: Permissions) -> Permissions {
    if !said.contains(Permissions::VIEW_CHANNEL) {
        return Permissions::NONE;
    }
    let said = match place {
        Place::Voice if !said.contains(Permissions::CONNECT) => said.without(NEEDS_CONNECTING),
        Place::Text | Place::Voice | Place::Thread => said,
    };
    if said.contains(Permissions::SEND_MESSAGES) {
        said
    } else {
        said.without(NEEDS_SENDING)
    }
}
