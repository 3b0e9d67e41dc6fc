//! Which row a mutation removes.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::id::{self, ChannelId, MessageId, RoleId, UserId};
use crate::kind::{Kind, for_each_kind};
use crate::wire::Text;

/// [`Key`], with a variant for each plain kind.
macro_rules! key {
    (special $special:tt plain { $(
        $(#[doc = $doc:literal])* $kind:ident $flag:ident = $bit:literal {
            row { $row:ident $key:ident: $id:ident }
            names { $rows:ident $all:ident $one:ident $noun:literal }
            $($more:tt)*
        }
    )* }) => {
        /// Which row.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Key<'i> {
            /// A channel.
            Channel(ChannelId),
            /// A channel outside guilds, with its messages.
            PrivateChannel(ChannelId),
            /// A thread, with its members and messages.
            Thread(ChannelId),
            /// Users' memberships of a thread.
            ThreadMembers(ChannelId, Vec<UserId>),
            /// A user's memberships of all threads of the guild.
            ThreadMembersOf(UserId),
            /// A role.
            Role(RoleId),
            /// A member, whose user stays only if somebody else holds it.
            Member(UserId),
            /// A presence.
            Presence(UserId),
            /// Messages of a channel.
            Messages(ChannelId, Vec<MessageId>),
            /// An invitation.
            Invite(Text<'i>),
            /// The mark of a channel's webhooks.
            WebhookMark(ChannelId),
            $(
                #[doc = concat!("One ", $noun, ".")]
                $kind(id::$id),
            )*
        }

        impl Key<'_> {
            /// The kind of the rows.
            #[must_use]
            pub const fn kind(&self) -> Kind {
                match self {
                    Self::Channel(_) => Kind::Channel,
                    Self::PrivateChannel(_) => Kind::PrivateChannel,
                    Self::Thread(_) => Kind::Thread,
                    Self::ThreadMembers(..) | Self::ThreadMembersOf(_) => Kind::ThreadMember,
                    Self::Role(_) => Kind::Role,
                    Self::Member(_) => Kind::Member,
                    Self::Presence(_) => Kind::Presence,
                    Self::Messages(..) => Kind::Message,
                    Self::Invite(_) => Kind::Invite,
                    Self::WebhookMark(_) => Kind::WebhookMark,
                    $(Self::$kind(_) => Kind::$kind,)*
                }
            }

            /// The same key, borrowing nothing.
            #[must_use]
            pub fn into_owned(self) -> Key<'static> {
                match self {
                    Self::Channel(id) => Key::Channel(id),
                    Self::PrivateChannel(id) => Key::PrivateChannel(id),
                    Self::Thread(id) => Key::Thread(id),
                    Self::ThreadMembers(thread, users) => Key::ThreadMembers(thread, users),
                    Self::ThreadMembersOf(user) => Key::ThreadMembersOf(user),
                    Self::Role(id) => Key::Role(id),
                    Self::Member(user) => Key::Member(user),
                    Self::Presence(user) => Key::Presence(user),
                    Self::Messages(channel, ids) => Key::Messages(channel, ids),
                    Self::Invite(code) => Key::Invite(code.into_owned()),
                    Self::WebhookMark(channel) => Key::WebhookMark(channel),
                    $(Self::$kind($key) => Key::$kind($key),)*
                }
            }
        }
    };
}
for_each_kind!(key);

/// A pattern: the key of a row of any plain kind.
macro_rules! any_plain_key {
    () => { crate::kind::for_each_kind!(any_plain_key) };
    (special $special:tt plain { $(
        $(#[doc = $doc:literal])* $kind:ident $flag:ident = $bit:literal $columns:tt
    )* }) => { $(Key::$kind(_))|* };
}
pub(super) use any_plain_key;

/// A pattern: the key of rows of any special kind.
macro_rules! any_special_key {
    () => {
        Key::Channel(_)
            | Key::PrivateChannel(_)
            | Key::Thread(_)
            | Key::ThreadMembers(..)
            | Key::ThreadMembersOf(_)
            | Key::Role(_)
            | Key::Member(_)
            | Key::Presence(_)
            | Key::Messages(..)
            | Key::Invite(_)
            | Key::WebhookMark(_)
    };
}
pub(super) use any_special_key;
