//! Invitations.

use alloc::vec::Vec;

use crate::id::{ApplicationId, ChannelId, RoleId, UserId};
use crate::wire::row::row;
use crate::wire::{Field, OnlyId, Text, Timestamp};

row! {
    /// An invitation to a guild.
    Invite {
        key "code" code: Text<'i>;
        /// Where it leads.
        "channel_id" channel: Option<ChannelId>,
        /// When it was made.
        "created_at" created_at: Option<Timestamp>,
        /// When it expires; no event reports that.
        "expires_at" expires_at: Field<Timestamp>,
        /// Who made it.
        "inviter" inviter: Field<OnlyId<UserId>>,
        /// Seconds that it is good for; zero for ever.
        "max_age" max_age: Option<u32>,
        /// How often it may be used; zero for no limit.
        "max_uses" max_uses: Option<u32>,
        /// How often it had been used when it was made; no event counts on.
        "uses" uses: Option<u32>,
        /// Whether those who come leave with their connection.
        "temporary" temporary: Option<bool>,
        /// To what it leads: 1 a stream, 2 an application.
        "target_type" target_kind: Field<u16>,
        /// Whose stream.
        "target_user" target_user: Field<OnlyId<UserId>>,
        /// Which application.
        "target_application" target_application: Field<OnlyId<ApplicationId>>,
        /// Roles for those who come.
        "role_ids" roles: Field<Vec<RoleId>>,
    }
}
