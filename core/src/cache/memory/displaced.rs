//! What a mutation displaces, for those who want to know what a row was before.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::cache::memory::{MemberRef, PresenceRef, UserRef};
use crate::id::{RoleId, UserId};
use crate::kind::for_each_kind;
use crate::wire::view::{
    self, Activity, Channel, Guild, Invite, Message, Role, Status, Thread, User,
};
use crate::wire::{Image, Part as _, Timestamp};

/// [`Displaced`], with a list for each plain kind.
macro_rules! displaced {
    (special $special:tt plain { $(
        $(#[doc = $doc:literal])* $kind:ident $flag:ident = $bit:literal {
            row { $row:ident $key:ident: $id:ident }
            names { $rows:ident $all:ident $one:ident $noun:literal }
            $($more:tt)*
        }
    )* }) => {
        /// The rows that one dispatch displaced, as they were just before it.
        ///
        /// What is not here was not cached, which is not the same as "unchanged". Of lists that a
        /// dispatch replaces, all old rows are here. Of a guild that comes, of a new session and of
        /// chunks nothing is kept.
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
            /// The user, if it has changed.
            pub user: Option<Box<OldUser>>,
            /// The bot's own user, updated.
            pub current_user: Option<Box<User<'static>>>,
            /// The presence, updated or gone.
            pub presence: Option<Box<OldPresence>>,
            /// Threads, updated, archived, deleted or out of sight.
            pub threads: Vec<Thread<'static>>,
            /// The invitation, deleted.
            pub invites: Vec<Invite<'static>>,
            /// Messages, edited or deleted, those of them that were kept.
            pub messages: Vec<Message<'static>>,
            $(
                #[doc = concat!("The ", $noun, "s that were updated, deleted or replaced.")]
                pub $all: Vec<view::$row<'static>>,
            )*
        }

        impl Displaced {
            /// Adds what another store displaced; of what both have, this one's stays.
            pub fn add(&mut self, other: Self) {
                let own = core::mem::take(self);
                *self = Self {
                    guild: own.guild.or(other.guild),
                    channel: own.channel.or(other.channel),
                    role: own.role.or(other.role),
                    member: own.member.or(other.member),
                    user: own.user.or(other.user),
                    current_user: own.current_user.or(other.current_user),
                    presence: own.presence.or(other.presence),
                    threads: either(own.threads, other.threads),
                    invites: either(own.invites, other.invites),
                    messages: either(own.messages, other.messages),
                    $($all: either(own.$all, other.$all),)*
                };
            }

            /// Bytes on the heap, the allocator's own cost left out.
            #[must_use]
            pub fn bytes(&self) -> usize {
                // Every field is named, so that a new one is not forgotten.
                let Self {
                    guild,
                    channel,
                    role,
                    member,
                    user,
                    current_user,
                    presence,
                    threads,
                    invites,
                    messages,
                    $($all,)*
                } = self;
                let parts = [
                    guild.heap(),
                    channel.heap(),
                    role.heap(),
                    member.as_deref().map_or(0, OldMember::bytes),
                    user.as_deref().map_or(0, OldUser::bytes),
                    current_user.heap(),
                    presence.as_deref().map_or(0, OldPresence::bytes),
                    threads.heap(),
                    invites.heap(),
                    messages.heap(),
                    $($all.heap(),)*
                ];
                parts.into_iter().fold(0, usize::saturating_add)
            }

            /// Whether nothing was displaced.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                *self == Self::default()
            }
        }
    };
}
for_each_kind!(displaced);

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

/// A user as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OldUser {
    /// Its id.
    pub id: UserId,
    /// The unique name.
    pub username: String,
    /// The name to show.
    pub global_name: Option<String>,
    /// The number behind the name; zero if there is none.
    pub discriminator: u16,
    /// The picture.
    pub avatar: Option<Image<'static>>,
    /// Flags that everyone may see.
    pub public_flags: u64,
}

/// A presence as it was.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct OldPresence {
    /// Whose it was.
    pub user: UserId,
    /// The status.
    pub status: Status,
    /// The status on a desktop.
    pub desktop: Option<Status>,
    /// The status on a mobile device.
    pub mobile: Option<Status>,
    /// The status in a browser.
    pub web: Option<Status>,
    /// The status on a headset.
    pub vr: Option<Status>,
    /// What the user did.
    pub activities: Vec<Activity<'static>>,
}

/// The first list, or the second if that is empty.
fn either<T>(first: Vec<T>, second: Vec<T>) -> Vec<T> {
    if first.is_empty() { second } else { first }
}

impl OldMember {
    pub(super) fn of(member: MemberRef<'_>) -> Self {
        Self {
            user: member.id(),
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

    fn bytes(&self) -> usize {
        let nick = self.nick.as_ref().map_or(0, String::capacity);
        let roles = self.roles.capacity().saturating_mul(size_of::<RoleId>());
        let parts = [size_of::<Self>(), self.username.capacity(), nick, roles];
        parts.into_iter().fold(0, usize::saturating_add)
    }
}

impl OldUser {
    pub(super) fn of(user: UserRef<'_>) -> Self {
        Self {
            id: user.id(),
            username: user.username().into(),
            global_name: user.global_name().map(String::from),
            discriminator: user.discriminator(),
            avatar: user.avatar().map(Image::into_owned),
            public_flags: user.public_flags(),
        }
    }

    fn bytes(&self) -> usize {
        let shown = self.global_name.as_ref().map_or(0, String::capacity);
        let parts = [
            size_of::<Self>(),
            self.username.capacity(),
            shown,
            self.avatar.heap(),
        ];
        parts.into_iter().fold(0, usize::saturating_add)
    }
}

impl OldPresence {
    pub(super) fn of(presence: PresenceRef<'_>) -> Self {
        Self {
            user: presence.user(),
            status: presence.status(),
            desktop: presence.desktop(),
            mobile: presence.mobile(),
            web: presence.web(),
            vr: presence.vr(),
            activities: presence.activities().map(Activity::into_owned).collect(),
        }
    }

    fn bytes(&self) -> usize {
        size_of::<Self>().saturating_add(self.activities.heap())
    }
}
