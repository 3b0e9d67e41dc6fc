//! Looking up threads, invitations and messages of a guild.

use crate::cache::Kind;
use crate::cache::memory::MemoryStore;
use crate::cache::memory::limits::row_id::RowId;
use crate::cache::memory::messages::message_ref::MessageRef;
use crate::cache::memory::messages::ring_row::RingPlace;
use crate::id::{ChannelId, GuildId, MessageId, UserId};
use crate::wire::Text;
use crate::wire::view::{Invite, Thread, ThreadMember};

impl MemoryStore {
    /// An active thread of any guild.
    #[must_use]
    pub fn thread(&self, thread: ChannelId) -> Option<&Thread<'static>> {
        let guild = self.shared.guild_of(thread)?;
        self.used(Kind::Thread, RowId::new(guild, thread.get()));
        self.guild_rows(guild)?.entities.threads.get(thread.get())
    }

    /// The active threads of a guild, in no order that means anything.
    pub fn threads(&self, guild: GuildId) -> impl Iterator<Item = &Thread<'static>> {
        let guild_rows = self.guild_rows(guild).into_iter();
        guild_rows.flat_map(|guild_rows| guild_rows.entities.threads.iter())
    }

    /// A user's membership of a thread.
    #[must_use]
    pub fn thread_member(
        &self,
        guild: GuildId,
        thread: ChannelId,
        user: UserId,
    ) -> Option<&ThreadMember> {
        self.used(
            Kind::ThreadMember,
            RowId::pair(guild, thread.get(), user.get()),
        );
        let thread_members = &self.guild_rows(guild)?.entities.thread_members;
        thread_members.get(thread.get())?.get(user)
    }

    /// The known members of a thread, by user.
    pub fn thread_members(&self, guild: GuildId, thread: ChannelId) -> &[ThreadMember] {
        let guild_rows = self.guild_rows(guild);
        let members =
            guild_rows.and_then(|guild_rows| guild_rows.entities.thread_members.get(thread.get()));
        members.map_or(&[], |members| &members.members)
    }

    /// An invitation to a guild.
    #[must_use]
    pub fn invite(&self, guild: GuildId, code: &str) -> Option<&Invite<'static>> {
        self.used(Kind::Invite, RowId::invite(guild, code, self.mixer));
        let code = Text::plain(code).into_owned();
        self.guild_rows(guild)?.entities.invites.get(&code)
    }

    /// The invitations to a guild, by code.
    pub fn invites(&self, guild: GuildId) -> impl Iterator<Item = &Invite<'static>> {
        let guild_rows = self.guild_rows(guild).into_iter();
        guild_rows.flat_map(|guild_rows| guild_rows.entities.invites.values())
    }

    /// A message of a channel or thread of a guild.
    #[must_use]
    pub fn message(
        &self,
        guild: GuildId,
        channel: ChannelId,
        message: MessageId,
    ) -> Option<MessageRef<'_>> {
        self.used(
            Kind::Message,
            RowId::pair(guild, channel.get(), message.get()),
        );
        self.find_message(guild, channel, message)
    }

    /// The same without being a use of the message.
    pub(in crate::cache::memory) fn find_message(
        &self,
        guild: GuildId,
        channel: ChannelId,
        message: MessageId,
    ) -> Option<MessageRef<'_>> {
        let place = RingPlace {
            guild: Some(guild),
            channel,
        };
        let shared = &self.shared;
        shared.messages.message(place, message, &shared.users)
    }

    /// The messages of a channel or thread that are kept, from the oldest to the newest.
    pub fn messages(
        &self,
        guild: GuildId,
        channel: ChannelId,
    ) -> impl DoubleEndedIterator<Item = MessageRef<'_>> {
        let place = RingPlace {
            guild: Some(guild),
            channel,
        };
        let shared = &self.shared;
        shared.messages.in_channel(place, &shared.users)
    }
}
