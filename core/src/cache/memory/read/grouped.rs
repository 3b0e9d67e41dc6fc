//! Looking up rows by what they belong to, by an index if there is one.

use crate::cache::memory::{MemberRef, MemoryStore, UserRef};
use crate::cache::permissions::role_of_everyone;
use crate::id::{ChannelId, GuildId, RoleId, UserId};
use crate::wire::view::{Channel, Thread, VoiceState};

impl MemoryStore {
    /// The cached members of a guild with a role, in no order that means anything; of the role that
    /// everyone has, all of them.
    ///
    /// Quick with [`Indexes::MEMBERS_BY_ROLE`](super::super::Indexes::MEMBERS_BY_ROLE).
    pub fn members_with_role(
        &self,
        guild: GuildId,
        role: RoleId,
    ) -> impl Iterator<Item = MemberRef<'_>> {
        let everyone = role == role_of_everyone(guild);
        let all = everyone.then(|| self.members(guild));
        let guild_rows = self.guild_rows(guild).filter(|_| !everyone);
        let with_role = guild_rows.into_iter().flat_map(move |guild_rows| {
            let members = &guild_rows.members;
            members.with_role(role, &self.shared.users)
        });
        all.into_iter().flatten().chain(with_role)
    }

    /// The voice states of those who are in a voice channel of a guild, in no order that means
    /// anything.
    ///
    /// Quick with [`Indexes::VOICE_BY_CHANNEL`](super::super::Indexes::VOICE_BY_CHANNEL).
    pub fn voice_states_in(
        &self,
        guild: GuildId,
        channel: ChannelId,
    ) -> impl Iterator<Item = &VoiceState<'static>> {
        let guild_rows = self.guild_rows(guild).into_iter();
        guild_rows.flat_map(move |guild_rows| {
            let states = &guild_rows.entities.plain.voice_states;
            states.in_group(channel.get())
        })
    }

    /// Those of them whose members are cached.
    ///
    /// Quick with [`Indexes::VOICE_BY_CHANNEL`](super::super::Indexes::VOICE_BY_CHANNEL).
    pub fn members_in_voice(
        &self,
        guild: GuildId,
        channel: ChannelId,
    ) -> impl Iterator<Item = MemberRef<'_>> {
        let states = self.voice_states_in(guild, channel);
        states.filter_map(move |state| self.find_member(guild, state.user.get()))
    }

    /// The active threads of a channel of a guild, in no order that means anything.
    ///
    /// Quick with [`Indexes::THREADS_BY_CHANNEL`](super::super::Indexes::THREADS_BY_CHANNEL).
    pub fn threads_of(
        &self,
        guild: GuildId,
        channel: ChannelId,
    ) -> impl Iterator<Item = &Thread<'static>> {
        let guild_rows = self.guild_rows(guild).into_iter();
        let threads = guild_rows.map(|guild_rows| &guild_rows.entities.threads);
        threads.flat_map(move |threads| threads.in_group(channel.get()))
    }

    /// The guilds that the bot shares with a user, as far as its members there are cached, by id.
    /// Takes time for those guilds alone, without an index.
    pub fn guilds_of(&self, user: UserId) -> impl Iterator<Item = GuildId> {
        self.user(user).into_iter().flat_map(UserRef::guilds)
    }

    /// The channel in which the bot and a user write to each other, the newest one if there are
    /// several.
    ///
    /// Quick with
    /// [`Indexes::PRIVATE_CHANNELS_BY_USER`](super::super::Indexes::PRIVATE_CHANNELS_BY_USER).
    #[must_use]
    pub fn private_channel_with(&self, user: UserId) -> Option<&Channel<'static>> {
        let channels = self.private_channels.channels_with(user);
        let newest = channels.max_by_key(|channel| channel.id)?;
        self.private_channel(newest.id)
    }
}
