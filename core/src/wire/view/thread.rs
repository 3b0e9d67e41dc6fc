//! Threads, and who is in them.

use alloc::vec::Vec;
use core::num::NonZeroU64;

use serde::{Deserialize, Serialize};

use crate::id::{ChannelId, GuildId, MessageId, UserId};
use crate::wire::field::flat;
use crate::wire::row::row;
use crate::wire::{Field, Text, Timestamp};

row! {
    /// A thread of a guild.
    Thread {
        key "id" id: ChannelId;
        /// The guild; absent inside a guild.
        "guild_id" guild: Field<GuildId>,
        /// 10 of announcements, 11 public, 12 private.
        "type" kind: Option<u16>,
        /// The channel above it.
        "parent_id" parent: Option<ChannelId>,
        /// Its name.
        "name" name: Option<Text<'i>>,
        /// Who began it.
        "owner_id" owner: Option<UserId>,
        /// The newest message; it may be gone.
        "last_message_id" last_message: Field<MessageId>,
        /// When the newest pin was set.
        "last_pin_timestamp" last_pin: Field<Timestamp>,
        /// Seconds between two messages of a member.
        "rate_limit_per_user" rate_limit: Field<u32>,
        /// How many messages there are, the first one left out.
        "message_count" message_count: Field<u64>,
        /// How many were ever sent.
        "total_message_sent" total_messages: Field<u64>,
        /// How many members it has; the wire counts no further than 50.
        "member_count" member_count: Field<u32>,
        /// Its state.
        "thread_metadata" state: Option<ThreadState<'i>>,
        /// The tags of its forum that it carries.
        "applied_tags" tags: Field<Vec<NonZeroU64>>,
        /// Flags.
        "flags" flags: Field<u64>,
    }
}

row! {
    /// Whether a thread goes on.
    ThreadState {
        /// Whether it is archived.
        "archived" archived: Option<bool>,
        /// Minutes of silence until it is archived.
        "auto_archive_duration" auto_archive: Option<u32>,
        /// When it was last archived or brought back.
        "archive_timestamp" archived_at: Option<Timestamp>,
        /// Whether moderators alone may bring it back.
        "locked" locked: Option<bool>,
        /// Whether everyone in it may bring others in.
        "invitable" invitable: Field<bool>,
        /// When it began.
        "create_timestamp" created_at: Field<Timestamp>,
    }
}

row! {
    /// What a payload says of a membership; the bot's own inside a thread is not named.
    ThreadMembership {
        /// The thread.
        "id" thread: Option<ChannelId>,
        /// The member's user.
        "user_id" user: Option<UserId>,
        /// Since when.
        "join_timestamp" joined_at: Option<Timestamp>,
        /// Flags.
        "flags" flags: Field<u64>,
    }
}

/// Who is in which thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadMember {
    /// The thread.
    #[serde(rename = "id")]
    pub thread: ChannelId,
    /// The member's user.
    #[serde(rename = "user_id")]
    pub user: UserId,
    /// Since when.
    #[serde(rename = "join_timestamp")]
    pub joined_at: Option<Timestamp>,
    /// Flags.
    pub flags: u64,
}

flat!(ThreadMember);

impl Thread<'_> {
    /// Whether it is archived; a thread that does not say goes on.
    #[must_use]
    pub fn is_archived(&self) -> bool {
        self.state.as_ref().and_then(|state| state.archived) == Some(true)
    }

    /// Whether only those in it see it.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.kind == Some(12)
    }
}

impl ThreadMembership<'_> {
    /// The membership of `user` in `thread`, where the payload names no others.
    #[must_use]
    pub fn named(&self, thread: ChannelId, user: UserId) -> ThreadMember {
        ThreadMember {
            thread: self.thread.unwrap_or(thread),
            user: self.user.unwrap_or(user),
            joined_at: self.joined_at,
            flags: self.flags.value().copied().unwrap_or(0),
        }
    }
}
