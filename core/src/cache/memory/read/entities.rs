//! Looking up what lies in a guild beside channels, roles, members and presences.

use crate::cache::Kind;
use crate::cache::memory::MemoryStore;
use crate::cache::memory::limits::row_id::RowId;
use crate::id::{
    ChannelId, EmojiId, GuildId, IntegrationId, MessageId, RuleId, ScheduledEventId, SoundId,
    StageId, StickerId, UserId,
};
use crate::wire::Text;
use crate::wire::view::{
    Emoji, Integration, Invite, Message, Rule, ScheduledEvent, Sound, StageInstance, Sticker,
    Thread, ThreadMember, VoiceState,
};

impl MemoryStore {
    /// An active thread of any guild.
    #[must_use]
    pub fn thread(&self, thread: ChannelId) -> Option<&Thread<'static>> {
        let guild = self.shared.guild_of(thread)?;
        self.used(Kind::Thread, RowId::new(guild, thread.get()));
        self.slot(guild)?.entities.threads.get(thread.get())
    }

    /// The active threads of a guild, in no order that means anything.
    pub fn threads(&self, guild: GuildId) -> impl Iterator<Item = &Thread<'static>> {
        let slot = self.slot(guild).into_iter();
        slot.flat_map(|slot| slot.entities.threads.iter())
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
        let thread_members = &self.slot(guild)?.entities.thread_members;
        thread_members.get(thread.get())?.get(user)
    }

    /// The known members of a thread, by user.
    pub fn thread_members(&self, guild: GuildId, thread: ChannelId) -> &[ThreadMember] {
        let slot = self.slot(guild);
        let members = slot.and_then(|slot| slot.entities.thread_members.get(thread.get()));
        members.map_or(&[], |members| &members.members)
    }

    /// An emoji of a guild.
    #[must_use]
    pub fn emoji(&self, guild: GuildId, emoji: EmojiId) -> Option<&Emoji<'static>> {
        self.used(Kind::Emoji, RowId::new(guild, emoji.get()));
        self.slot(guild)?.entities.emojis.get(emoji.get())
    }

    /// The emojis of a guild, in no order that means anything.
    pub fn emojis(&self, guild: GuildId) -> impl Iterator<Item = &Emoji<'static>> {
        let slot = self.slot(guild).into_iter();
        slot.flat_map(|slot| slot.entities.emojis.iter())
    }

    /// A sticker of a guild.
    #[must_use]
    pub fn sticker(&self, guild: GuildId, sticker: StickerId) -> Option<&Sticker<'static>> {
        self.used(Kind::Sticker, RowId::new(guild, sticker.get()));
        self.slot(guild)?.entities.stickers.get(sticker.get())
    }

    /// The stickers of a guild, in no order that means anything.
    pub fn stickers(&self, guild: GuildId) -> impl Iterator<Item = &Sticker<'static>> {
        let slot = self.slot(guild).into_iter();
        slot.flat_map(|slot| slot.entities.stickers.iter())
    }

    /// A soundboard sound of a guild.
    #[must_use]
    pub fn sound(&self, guild: GuildId, sound: SoundId) -> Option<&Sound<'static>> {
        self.used(Kind::Sound, RowId::new(guild, sound.get()));
        self.slot(guild)?.entities.sounds.get(sound.get())
    }

    /// The soundboard sounds of a guild, in no order that means anything.
    pub fn sounds(&self, guild: GuildId) -> impl Iterator<Item = &Sound<'static>> {
        let slot = self.slot(guild).into_iter();
        slot.flat_map(|slot| slot.entities.sounds.iter())
    }

    /// A voice state of a guild.
    #[must_use]
    pub fn voice_state(&self, guild: GuildId, user: UserId) -> Option<&VoiceState<'static>> {
        self.used(Kind::VoiceState, RowId::new(guild, user.get()));
        self.slot(guild)?.entities.voice_states.get(user.get())
    }

    /// The voice states of a guild, in no order that means anything.
    pub fn voice_states(&self, guild: GuildId) -> impl Iterator<Item = &VoiceState<'static>> {
        let slot = self.slot(guild).into_iter();
        slot.flat_map(|slot| slot.entities.voice_states.iter())
    }

    /// A stage instance of a guild.
    #[must_use]
    pub fn stage(&self, guild: GuildId, stage: StageId) -> Option<&StageInstance<'static>> {
        self.used(Kind::Stage, RowId::new(guild, stage.get()));
        self.slot(guild)?.entities.stages.get(stage.get())
    }

    /// The stage instances of a guild, in no order that means anything.
    pub fn stages(&self, guild: GuildId) -> impl Iterator<Item = &StageInstance<'static>> {
        let slot = self.slot(guild).into_iter();
        slot.flat_map(|slot| slot.entities.stages.iter())
    }

    /// A scheduled event of a guild.
    #[must_use]
    pub fn scheduled_event(
        &self,
        guild: GuildId,
        event: ScheduledEventId,
    ) -> Option<&ScheduledEvent<'static>> {
        self.used(Kind::ScheduledEvent, RowId::new(guild, event.get()));
        self.slot(guild)?.entities.events.get(event.get())
    }

    /// The scheduled events of a guild, in no order that means anything.
    pub fn scheduled_events(
        &self,
        guild: GuildId,
    ) -> impl Iterator<Item = &ScheduledEvent<'static>> {
        let slot = self.slot(guild).into_iter();
        slot.flat_map(|slot| slot.entities.events.iter())
    }

    /// An integration of a guild.
    #[must_use]
    pub fn integration(
        &self,
        guild: GuildId,
        integration: IntegrationId,
    ) -> Option<&Integration<'static>> {
        self.used(Kind::Integration, RowId::new(guild, integration.get()));
        self.slot(guild)?
            .entities
            .integrations
            .get(integration.get())
    }

    /// The integrations of a guild, in no order that means anything.
    pub fn integrations(&self, guild: GuildId) -> impl Iterator<Item = &Integration<'static>> {
        let slot = self.slot(guild).into_iter();
        slot.flat_map(|slot| slot.entities.integrations.iter())
    }

    /// An auto-moderation rule of a guild.
    #[must_use]
    pub fn rule(&self, guild: GuildId, rule: RuleId) -> Option<&Rule<'static>> {
        self.used(Kind::Rule, RowId::new(guild, rule.get()));
        self.slot(guild)?.entities.rules.get(rule.get())
    }

    /// The auto-moderation rules of a guild, in no order that means anything.
    pub fn rules(&self, guild: GuildId) -> impl Iterator<Item = &Rule<'static>> {
        let slot = self.slot(guild).into_iter();
        slot.flat_map(|slot| slot.entities.rules.iter())
    }

    /// An invitation to a guild.
    #[must_use]
    pub fn invite(&self, guild: GuildId, code: &str) -> Option<&Invite<'static>> {
        self.used(Kind::Invite, RowId::invite(guild, code, self.mixer));
        let code = Text::plain(code).into_owned();
        self.slot(guild)?.entities.invites.get(&code)
    }

    /// The invitations to a guild, by code.
    pub fn invites(&self, guild: GuildId) -> impl Iterator<Item = &Invite<'static>> {
        let slot = self.slot(guild).into_iter();
        slot.flat_map(|slot| slot.entities.invites.values())
    }

    /// A message of a channel or thread of a guild.
    #[must_use]
    pub fn message(
        &self,
        guild: GuildId,
        channel: ChannelId,
        message: MessageId,
    ) -> Option<&Message<'static>> {
        self.used(
            Kind::Message,
            RowId::pair(guild, channel.get(), message.get()),
        );
        self.slot(guild)?.entities.rings.message(channel, message)
    }

    /// The messages of a channel or thread that are kept, from the oldest to the newest.
    pub fn messages(
        &self,
        guild: GuildId,
        channel: ChannelId,
    ) -> impl DoubleEndedIterator<Item = &Message<'static>> {
        let slot = self.slot(guild);
        let ring = slot.and_then(|slot| slot.entities.rings.ring(channel));
        ring.into_iter()
            .flat_map(crate::cache::memory::guild::message_ring::Ring::iter)
    }
}
