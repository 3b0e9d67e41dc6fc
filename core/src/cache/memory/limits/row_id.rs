//! Where a row lies, whatever its kind.

use alloc::vec::Vec;

use crate::cache::memory::table::hash::Mixer;
use crate::cache::{Key, Kind, Op, Rows};
use crate::id::{ChannelId, GuildId, MessageId, UserId};
use crate::wire::view::Message;

/// A row of a kind that is known from elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::cache::memory) struct RowId {
    /// The guild; `None` for a channel or a message outside guilds.
    pub(in crate::cache::memory) guild: Option<GuildId>,
    /// Its id; of a message the channel, of a thread's member the thread, of a member or what
    /// hangs on one the user, of an invitation a hash of its code.
    pub(in crate::cache::memory) first: u64,
    /// Of a message its id, of a thread's member the user.
    pub(in crate::cache::memory) second: u64,
}

impl RowId {
    pub(in crate::cache::memory) const fn new(guild: GuildId, first: u64) -> Self {
        Self::pair(guild, first, 0)
    }

    pub(in crate::cache::memory) const fn pair(guild: GuildId, first: u64, second: u64) -> Self {
        Self {
            guild: Some(guild),
            first,
            second,
        }
    }

    /// A message outside guilds.
    pub(in crate::cache::memory) const fn private(channel: ChannelId, message: MessageId) -> Self {
        Self {
            guild: None,
            first: channel.get(),
            second: message.get(),
        }
    }

    /// A channel outside guilds.
    pub(in crate::cache::memory) const fn private_channel(channel: ChannelId) -> Self {
        Self {
            guild: None,
            first: channel.get(),
            second: 0,
        }
    }

    pub(in crate::cache::memory) fn invite(guild: GuildId, code: &str, mixer: Mixer) -> Self {
        Self::new(guild, mixer.hash_all(code.bytes().map(u64::from)))
    }

    pub(in crate::cache::memory) fn user(self) -> Option<UserId> {
        UserId::new(self.first)
    }

    /// What a mutation would call the row; an invitation has to be looked for.
    pub(in crate::cache::memory) fn key(self, kind: Kind) -> Option<Key<'static>> {
        let (id, user) = (core::num::NonZeroU64::new(self.first)?, self.user()?);
        Some(match kind {
            Kind::Channel => Key::Channel(id.into()),
            Kind::PrivateChannel => Key::PrivateChannel(id.into()),
            Kind::Thread => Key::Thread(id.into()),
            Kind::ThreadMember => Key::ThreadMembers(id.into(), [UserId::new(self.second)?].into()),
            Kind::Role => Key::Role(id.into()),
            Kind::Emoji => Key::Emoji(id.into()),
            Kind::Sticker => Key::Sticker(id.into()),
            Kind::Sound => Key::Sound(id.into()),
            Kind::Member => Key::Member(user),
            Kind::Presence => Key::Presence(user),
            Kind::VoiceState => Key::VoiceState(user),
            Kind::Stage => Key::Stage(id.into()),
            Kind::ScheduledEvent => Key::ScheduledEvent(id.into()),
            Kind::Integration => Key::Integration(id.into()),
            Kind::Message => Key::Messages(id.into(), [MessageId::new(self.second)?].into()),
            Kind::Rule => Key::Rule(id.into()),
            Kind::WebhookMark => Key::WebhookMark(id.into()),
            Kind::Guild | Kind::User | Kind::Invite => return None,
        })
    }
}

/// The rows that a removal names, by kind.
pub(in crate::cache::memory) fn removed(
    guild: GuildId,
    key: &Key<'_>,
    mixer: Mixer,
) -> (Kind, Vec<RowId>) {
    let one = |id: u64| Vec::from([RowId::new(guild, id)]);
    match key {
        Key::Channel(id) => (Kind::Channel, one(id.get())),
        // None lies in a guild.
        Key::PrivateChannel(_) => (Kind::PrivateChannel, Vec::new()),
        Key::Thread(id) => (Kind::Thread, one(id.get())),
        Key::ThreadMembers(thread, users) => {
            let row_id = |user: &UserId| RowId::pair(guild, thread.get(), user.get());
            (Kind::ThreadMember, users.iter().map(row_id).collect())
        }
        Key::ThreadMembersOf(_) => (Kind::ThreadMember, Vec::new()),
        Key::Role(id) => (Kind::Role, one(id.get())),
        Key::Emoji(id) => (Kind::Emoji, one(id.get())),
        Key::Sticker(id) => (Kind::Sticker, one(id.get())),
        Key::Sound(id) => (Kind::Sound, one(id.get())),
        Key::Member(user) => (Kind::Member, one(user.get())),
        Key::Presence(user) => (Kind::Presence, one(user.get())),
        Key::VoiceState(user) => (Kind::VoiceState, one(user.get())),
        Key::Stage(id) => (Kind::Stage, one(id.get())),
        Key::ScheduledEvent(id) => (Kind::ScheduledEvent, one(id.get())),
        Key::Integration(id) => (Kind::Integration, one(id.get())),
        Key::Messages(channel, ids) => {
            let row_id = |id: &MessageId| RowId::pair(guild, channel.get(), id.get());
            (Kind::Message, ids.iter().map(row_id).collect())
        }
        Key::Rule(id) => (Kind::Rule, one(id.get())),
        Key::Invite(code) => {
            let row_id = RowId::invite(guild, &code.as_cow(), mixer);
            (Kind::Invite, Vec::from([row_id]))
        }
        Key::WebhookMark(channel) => (Kind::WebhookMark, one(channel.get())),
    }
}

/// The messages outside guilds that a step is about.
#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "the other steps are not about messages"
)]
pub(in crate::cache::memory) fn private_messages(op: &Op<'_>) -> Vec<RowId> {
    match op {
        Op::Upsert(Rows::Messages(rows)) | Op::Patch(Rows::Messages(rows)) => {
            let row_id = |row: &Message<'_>| Some(RowId::private(row.channel?, row.id));
            rows.iter().filter_map(row_id).collect()
        }
        Op::Remove(Key::Messages(channel, ids)) => {
            ids.iter().map(|&id| RowId::private(*channel, id)).collect()
        }
        _ => Vec::new(),
    }
}

/// The channels outside guilds of which a step says something.
#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "the other steps change no channel, or take it away"
)]
pub(in crate::cache::memory) fn private_channels(op: &Op<'_>) -> Vec<RowId> {
    let row_id = |id| RowId::private_channel(id);
    match op {
        Op::Upsert(Rows::PrivateChannels(rows)) | Op::Patch(Rows::PrivateChannels(rows)) => {
            rows.iter().map(|row| row_id(row.id)).collect()
        }
        Op::Upsert(Rows::Messages(rows)) => {
            let channels = rows.iter().filter_map(|row| row.channel);
            channels.map(row_id).collect()
        }
        Op::LastMessage(channel, _) => [row_id(*channel)].into(),
        _ => Vec::new(),
    }
}

/// Where rows lie or would lie.
pub(in crate::cache::memory) fn row_ids(
    guild: GuildId,
    rows: &Rows<'_>,
    mixer: Mixer,
) -> Vec<RowId> {
    let at = |id: u64| RowId::new(guild, id);
    match rows {
        Rows::CurrentUser(_) | Rows::Users(_) | Rows::PrivateChannels(_) => Vec::new(),
        Rows::Guild(_) => [at(guild.get())].into(),
        Rows::Channels(rows) => rows.iter().map(|row| at(row.id.get())).collect(),
        Rows::Roles(rows) => rows.iter().map(|row| at(row.id.get())).collect(),
        Rows::Members(rows) => rows.iter().map(|row| at(row.user.id.get())).collect(),
        Rows::Presences(rows) => rows.iter().map(|row| at(row.user.id.get())).collect(),
        Rows::Threads(rows) => rows.iter().map(|row| at(row.id.get())).collect(),
        Rows::ThreadMembers(rows) => {
            let rows = rows.iter().map(|row| (row.thread.get(), row.user.get()));
            rows.map(|(thread, user)| RowId::pair(guild, thread, user))
                .collect()
        }
        Rows::Emojis(rows) => rows.iter().map(|row| at(row.id.get())).collect(),
        Rows::Stickers(rows) => rows.iter().map(|row| at(row.id.get())).collect(),
        Rows::Sounds(rows) => rows.iter().map(|row| at(row.id.get())).collect(),
        Rows::VoiceStates(rows) => rows.iter().map(|row| at(row.user.get())).collect(),
        Rows::Stages(rows) => rows.iter().map(|row| at(row.id.get())).collect(),
        Rows::ScheduledEvents(rows) => rows.iter().map(|row| at(row.id.get())).collect(),
        Rows::Integrations(rows) => rows.iter().map(|row| at(row.id.get())).collect(),
        Rows::Invites(rows) => {
            let code = |code: &crate::wire::Text<'_>| RowId::invite(guild, &code.as_cow(), mixer);
            rows.iter().map(|row| code(&row.code)).collect()
        }
        Rows::Rules(rows) => rows.iter().map(|row| at(row.id.get())).collect(),
        Rows::Messages(rows) => {
            let channel = |channel: ChannelId, id: MessageId| (channel.get(), id.get());
            let rows = rows
                .iter()
                .filter_map(|row| Some(channel(row.channel?, row.id)));
            rows.map(|(channel, id)| RowId::pair(guild, channel, id))
                .collect()
        }
        Rows::WebhookMarks(rows) => rows.iter().map(|row| at(row.get())).collect(),
    }
}
