//! Rows of one kind, as a mutation carries them.

use alloc::boxed::Box;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::Kind;
use crate::id::ChannelId;
use crate::kind::for_each_kind;
use crate::wire::Part as _;
use crate::wire::view::{
    self, Batch, Channel, Guild, Invite, Member, Message, Presence, Role, Thread, ThreadMember,
    User, VoiceState,
};

/// [`Rows`], with a variant for each plain kind.
macro_rules! rows {
    (special $special:tt plain { $(
        $(#[doc = $doc:literal])* $kind:ident $flag:ident = $bit:literal {
            row { $row:ident $key:ident: $id:ident }
            names { $rows:ident $all:ident $one:ident $noun:literal }
            $($more:tt)*
        }
    )* }) => {
        /// Rows of one kind.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Rows<'i> {
            /// The bot's own user, which is always kept.
            CurrentUser(Box<User<'i>>),
            /// The guild itself.
            Guild(Box<Guild<'i>>),
            /// Channels of the guild.
            Channels(Vec<Channel<'i>>),
            /// Channels outside guilds.
            PrivateChannels(Vec<Channel<'i>>),
            /// Roles of the guild.
            Roles(Vec<Role<'i>>),
            /// Members of the guild, and their users.
            Members(Batch<Member<'i>>),
            /// Users without a new holder: of use in a patch alone.
            Users(Vec<User<'i>>),
            /// Presences in the guild; one that is offline removes the row.
            Presences(Batch<Presence<'i>>),
            /// Threads of the guild.
            Threads(Vec<Thread<'i>>),
            /// Who is in threads of the guild.
            ThreadMembers(Vec<ThreadMember>),
            /// Invitations to the guild.
            Invites(Vec<Invite<'i>>),
            /// Messages in the guild.
            Messages(Batch<Message<'i>>),
            /// Channels whose webhooks have changed since anybody asked for them.
            WebhookMarks(Vec<ChannelId>),
            /// One voice state, packed, as its own event brings it. It says what
            /// [`Rows::VoiceStates`] of this one would say.
            VoiceState(Batch<VoiceState<'i>>),
            $(
                #[doc = concat!("The guild's ", $noun, "s.")]
                $rows(Vec<view::$row<'i>>),
            )*
        }

        impl Rows<'_> {
            /// Which kind of rows they are; the bot's own user is a user.
            #[must_use]
            pub const fn kind(&self) -> Kind {
                match self {
                    Self::CurrentUser(_) | Self::Users(_) => Kind::User,
                    Self::Guild(_) => Kind::Guild,
                    Self::Channels(_) => Kind::Channel,
                    Self::PrivateChannels(_) => Kind::PrivateChannel,
                    Self::Roles(_) => Kind::Role,
                    Self::Members(_) => Kind::Member,
                    Self::Presences(_) => Kind::Presence,
                    Self::Threads(_) => Kind::Thread,
                    Self::ThreadMembers(_) => Kind::ThreadMember,
                    Self::Invites(_) => Kind::Invite,
                    Self::Messages(_) => Kind::Message,
                    Self::WebhookMarks(_) => Kind::WebhookMark,
                    Self::VoiceState(_) => Kind::VoiceState,
                    $(Self::$rows(_) => Kind::$kind,)*
                }
            }

            /// The same rows, borrowing nothing.
            #[must_use]
            pub fn into_owned(self) -> Rows<'static> {
                match self {
                    Self::CurrentUser(user) => Rows::CurrentUser(user.own()),
                    Self::Guild(guild) => Rows::Guild(guild.own()),
                    Self::Channels(channels) => Rows::Channels(channels.own()),
                    Self::PrivateChannels(channels) => Rows::PrivateChannels(channels.own()),
                    Self::Roles(roles) => Rows::Roles(roles.own()),
                    Self::Members(members) => Rows::Members(members.into_owned()),
                    Self::Users(users) => Rows::Users(users.own()),
                    Self::Presences(presences) => Rows::Presences(presences.into_owned()),
                    Self::Threads(rows) => Rows::Threads(rows.own()),
                    Self::ThreadMembers(rows) => Rows::ThreadMembers(rows.own()),
                    Self::Invites(rows) => Rows::Invites(rows.own()),
                    Self::Messages(rows) => Rows::Messages(rows.into_owned()),
                    Self::WebhookMarks(channels) => Rows::WebhookMarks(channels),
                    Self::VoiceState(states) => Rows::VoiceState(states.into_owned()),
                    $(Self::$rows(rows) => Rows::$rows(rows.own()),)*
                }
            }
        }
    };
}
for_each_kind!(rows);

/// A pattern: rows of any plain kind.
macro_rules! any_plain_rows {
    () => { crate::kind::for_each_kind!(any_plain_rows) };
    (special $special:tt plain { $(
        $(#[doc = $doc:literal])* $kind:ident $flag:ident = $bit:literal {
            row $row:tt
            names { $rows:ident $all:ident $one:ident $noun:literal }
            $($more:tt)*
        }
    )* }) => { $(Rows::$rows(_))|* };
}
pub(super) use any_plain_rows;

/// A pattern: rows of any special kind.
macro_rules! any_special_rows {
    () => {
        Rows::CurrentUser(_)
            | Rows::Guild(_)
            | Rows::Channels(_)
            | Rows::PrivateChannels(_)
            | Rows::Roles(_)
            | Rows::Members(_)
            | Rows::Users(_)
            | Rows::Presences(_)
            | Rows::Threads(_)
            | Rows::ThreadMembers(_)
            | Rows::Invites(_)
            | Rows::Messages(_)
            | Rows::WebhookMarks(_)
            | Rows::VoiceState(_)
    };
}
pub(super) use any_special_rows;
