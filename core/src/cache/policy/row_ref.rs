//! A row of any kind, as a predicate sees it.

use crate::cache::Kind;
use crate::cache::memory::MessageRef;
use crate::cache::memory::people::member::MemberRef;
use crate::cache::memory::people::presence::PresenceRef;
use crate::cache::memory::people::user::UserRef;
use crate::id::ChannelId;
use crate::kind::for_each_kind;
use crate::wire::view::{self, Channel, Invite, Role, Thread, ThreadMember};

/// [`RowRef`], with a variant for each plain kind.
macro_rules! row_ref {
    (special $special:tt plain { $(
        $(#[doc = $doc:literal])* $kind:ident $flag:ident = $bit:literal {
            row { $row:ident $key:ident: $id:ident }
            names { $rows:ident $all:ident $one:ident $noun:literal }
            $($more:tt)*
        }
    )* }) => {
        /// A row of any kind.
        #[derive(Clone, Copy, Debug)]
        #[non_exhaustive]
        pub enum RowRef<'a> {
            /// A channel of a guild.
            Channel(&'a Channel<'static>),
            /// A channel outside guilds.
            PrivateChannel(&'a Channel<'static>),
            /// A thread.
            Thread(&'a Thread<'static>),
            /// A member of a thread.
            ThreadMember(&'a ThreadMember),
            /// A role.
            Role(&'a Role<'static>),
            /// A member with its user.
            Member(MemberRef<'a>),
            /// A user whom messages and private channels alone hold.
            User(UserRef<'a>),
            /// A presence.
            Presence(PresenceRef<'a>),
            /// A message.
            Message(MessageRef<'a>),
            /// An invitation.
            Invite(&'a Invite<'static>),
            /// The mark of a channel's webhooks.
            WebhookMark(ChannelId),
            $(
                #[doc = concat!("One ", $noun, ".")]
                $kind(&'a view::$row<'static>),
            )*
        }

        impl RowRef<'_> {
            /// The row's kind.
            #[must_use]
            pub const fn kind(&self) -> Kind {
                match self {
                    Self::Channel(_) => Kind::Channel,
                    Self::PrivateChannel(_) => Kind::PrivateChannel,
                    Self::Thread(_) => Kind::Thread,
                    Self::ThreadMember(_) => Kind::ThreadMember,
                    Self::Role(_) => Kind::Role,
                    Self::Member(_) => Kind::Member,
                    Self::User(_) => Kind::User,
                    Self::Presence(_) => Kind::Presence,
                    Self::Message(_) => Kind::Message,
                    Self::Invite(_) => Kind::Invite,
                    Self::WebhookMark(_) => Kind::WebhookMark,
                    $(Self::$kind(_) => Kind::$kind,)*
                }
            }
        }
    };
}
for_each_kind!(row_ref);
