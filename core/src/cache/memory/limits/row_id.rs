//! Where a row lies, whatever its kind.

use alloc::vec::Vec;
use core::hash::{Hash, Hasher};
use core::num::NonZeroU64;

use crate::cache::key::{any_plain_key, any_special_key};
use crate::cache::memory::table::hash::Mixer;
use crate::cache::rows::{any_plain_rows, any_special_rows};
use crate::cache::{Key, Kind, Op, Rows};
use crate::id::{ChannelId, GuildId, MessageId, UserId};
use crate::kind::{any_plain_kind, any_special_kind, for_each_kind};
use crate::wire::view::MessageRecord;

/// A row of a kind that is known from elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::cache::memory) struct RowId {
    /// The guild; `None` for a channel or a message outside guilds, and for a user.
    pub(in crate::cache::memory) guild: Option<GuildId>,
    /// Its id; of a message the channel, of a thread's member the thread, of a member or what
    /// hangs on one the user, of an invitation a hash of its code.
    pub(in crate::cache::memory) first: u64,
    /// Of a message its id, of a thread's member the user.
    pub(in crate::cache::memory) second: u64,
}

/// By three numbers, no more.
impl Hash for RowId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.guild.map_or(0, GuildId::get));
        state.write_u64(self.first);
        state.write_u64(self.second);
    }
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

    /// A user whom no guild holds.
    pub(in crate::cache::memory) const fn user(user: UserId) -> Self {
        Self {
            guild: None,
            first: user.get(),
            second: 0,
        }
    }

    pub(in crate::cache::memory) fn invite(guild: GuildId, code: &str, mixer: Mixer) -> Self {
        Self::new(guild, mixer.hash_all(code.bytes().map(u64::from)))
    }

    pub(in crate::cache::memory) fn user_id(self) -> Option<UserId> {
        UserId::new(self.first)
    }

    /// What a mutation would call the row; an invitation has to be looked for.
    pub(in crate::cache::memory) fn key(self, kind: Kind) -> Option<Key<'static>> {
        let (id, user) = (NonZeroU64::new(self.first)?, self.user_id()?);
        Some(match kind {
            Kind::Channel => Key::Channel(id.into()),
            Kind::PrivateChannel => Key::PrivateChannel(id.into()),
            Kind::Thread => Key::Thread(id.into()),
            Kind::ThreadMember => Key::ThreadMembers(id.into(), [UserId::new(self.second)?].into()),
            Kind::Role => Key::Role(id.into()),
            Kind::Member => Key::Member(user),
            Kind::Presence => Key::Presence(user),
            Kind::Message => Key::Messages(id.into(), [MessageId::new(self.second)?].into()),
            Kind::WebhookMark => Key::WebhookMark(id.into()),
            Kind::Guild | Kind::User | Kind::Invite => return None,
            any_plain_kind!() => plain_key(kind, id)?,
        })
    }
}

/// The rows that a removal names.
pub(in crate::cache::memory) fn removed(guild: GuildId, key: &Key<'_>, mixer: Mixer) -> Vec<RowId> {
    let at = |id: u64| RowId::new(guild, id);
    match key {
        Key::Channel(id) | Key::Thread(id) | Key::WebhookMark(id) => [at(id.get())].into(),
        Key::Role(id) => [at(id.get())].into(),
        Key::Member(user) | Key::Presence(user) => [at(user.get())].into(),
        // None lies in a guild, or by this key.
        Key::PrivateChannel(_) | Key::ThreadMembersOf(_) => Vec::new(),
        Key::ThreadMembers(thread, users) => {
            let row_id = |user: &UserId| RowId::pair(guild, thread.get(), user.get());
            users.iter().map(row_id).collect()
        }
        Key::Messages(channel, ids) => {
            let row_id = |id: &MessageId| RowId::pair(guild, channel.get(), id.get());
            ids.iter().map(row_id).collect()
        }
        Key::Invite(code) => [RowId::invite(guild, &code.as_cow(), mixer)].into(),
        any_plain_key!() => plain_id(key).map(at).into_iter().collect(),
    }
}

/// How each plain kind gets from ids to keys and back.
macro_rules! plain_ids {
    (special $special:tt plain { $(
        $(#[doc = $doc:literal])* $kind:ident $flag:ident = $bit:literal {
            row { $row:ident $key:ident: $id:ident }
            names { $rows:ident $all:ident $one:ident $noun:literal }
            $($more:tt)*
        }
    )* }) => {
        /// What a mutation would call a row of a plain kind.
        fn plain_key(kind: Kind, id: NonZeroU64) -> Option<Key<'static>> {
            match kind {
                $(Kind::$kind => Some(Key::$kind(id.into())),)*
                any_special_kind!() => None,
            }
        }

        /// The id of a row of a plain kind.
        const fn plain_id(key: &Key<'_>) -> Option<u64> {
            match key {
                $(Key::$kind(id) => Some(id.get()),)*
                any_special_key!() => None,
            }
        }

        /// Hands out the ids of rows of a plain kind.
        fn plain_row_ids(rows: &Rows<'_>, mut to: impl FnMut(u64)) {
            match rows {
                $(Rows::$rows(rows) => rows.iter().for_each(|row| to(row.$key.get())),)*
                any_special_rows!() => {}
            }
        }
    };
}
for_each_kind!(plain_ids);

/// The messages outside guilds that a step is about.
#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "the other steps are not about messages"
)]
pub(in crate::cache::memory) fn private_messages(op: &Op<'_>) -> Vec<RowId> {
    match op {
        Op::Upsert(Rows::Messages(rows)) | Op::Patch(Rows::Messages(rows)) => {
            let row_id = |row: MessageRecord<'_>| Some(RowId::private(row.channel?, row.id));
            rows.records().filter_map(row_id).collect()
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
            let channels = rows.records().filter_map(|row| row.channel);
            channels.map(row_id).collect()
        }
        Op::LastMessage(channel, _) => [row_id(*channel)].into(),
        _ => Vec::new(),
    }
}

/// Hands out where rows lie or would lie.
pub(in crate::cache::memory) fn row_ids(
    guild: GuildId,
    rows: &Rows<'_>,
    mixer: Mixer,
    to: &mut dyn FnMut(RowId),
) {
    let at = |id: u64| RowId::new(guild, id);
    match rows {
        Rows::CurrentUser(_) | Rows::Users(_) | Rows::PrivateChannels(_) => {}
        Rows::Guild(_) => to(at(guild.get())),
        Rows::Channels(rows) => rows.iter().for_each(|row| to(at(row.id.get()))),
        Rows::Roles(rows) => rows.iter().for_each(|row| to(at(row.id.get()))),
        Rows::Members(rows) => rows.users().for_each(|user| to(at(user.get()))),
        Rows::Presences(rows) => rows.users().for_each(|user| to(at(user.get()))),
        Rows::Threads(rows) => rows.iter().for_each(|row| to(at(row.id.get()))),
        Rows::ThreadMembers(rows) => rows
            .iter()
            .for_each(|row| to(RowId::pair(guild, row.thread.get(), row.user.get()))),
        Rows::Invites(rows) => rows
            .iter()
            .for_each(|row| to(RowId::invite(guild, &row.code.as_cow(), mixer))),
        Rows::Messages(rows) => {
            let row_id =
                |channel: ChannelId, id: MessageId| RowId::pair(guild, channel.get(), id.get());
            let placed = rows
                .records()
                .filter_map(|row| Some(row_id(row.channel?, row.id)));
            placed.for_each(to);
        }
        Rows::WebhookMarks(rows) => rows.iter().for_each(|row| to(at(row.get()))),
        Rows::VoiceState(rows) => rows.users().for_each(|user| to(at(user.get()))),
        any_plain_rows!() => plain_row_ids(rows, |id| to(at(id))),
    }
}
