//! What a dispatch changes in a cache.

use alloc::boxed::Box;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::ShardId;
use crate::id::{
    ChannelId, EmojiId, GuildId, IntegrationId, MessageId, RoleId, RuleId, ScheduledEventId,
    SoundId, StageId, StickerId, UserId,
};
use crate::wire::view::{Channel, Guild, Members, Presences, Role, User};

/// All that one dispatch changes, to be applied in order and as one.
///
/// It is valid: a store never has to refuse it. Applying it twice is harmless, member counts
/// apart, which a sequence number guards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mutation<'i> {
    guild: Option<GuildId>,
    sequence: Option<u64>,
    shard: Option<ShardId>,
    ops: SmallVec<[Op<'i>; 2]>,
}

/// One step of a mutation. Where it names no guild, it is about the mutation's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Op<'i> {
    /// Adds rows, or overwrites what these say of rows that are there.
    ///
    /// Of a guild that the store has never seen available, nothing is kept, the guild's own row
    /// apart. A presence without its member is not kept either, when members are.
    Upsert(Rows<'i>),
    /// Overwrites what these say of rows that are there; never adds one.
    Patch(Rows<'i>),
    /// Upserts the rows and removes all others of this kind from the guild.
    Replace(Rows<'i>),
    /// Removes a row; no harm if it is not there.
    Remove(Key<'i>),
    /// Removes a guild or a channel with all that hangs on it.
    Cascade(Scope),
    /// Says whether the guild's rows are current.
    SetStatus(GuildStatus),
    /// Takes a role from every member and emoji of the guild; overwrites of channels keep it.
    StripRole(RoleId),
    /// Sets the guild's member count.
    SetMemberCount(u64),
    /// Adds to the guild's member count, never below zero.
    CountMember {
        /// One more or one less.
        by: i8,
        /// Only if this user is no member in the cache.
        unless_cached: Option<UserId>,
    },
    /// Members of the guild that are not upserted from here on are dropped by `Complete`.
    Recount,
    /// All members of the guild have been upserted: drops the others, sets the member count to
    /// what is left, and marks the guild complete.
    Complete,
    /// A shard has a new session: of its guilds, those that are not listed go with all that hangs
    /// on them, and the listed ones wait for their data.
    NewSession(Box<NewSession>),
}

/// Rows of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Rows<'i> {
    /// The bot's own user, which is always kept.
    CurrentUser(Box<User<'i>>),
    /// The guild itself.
    Guild(Box<Guild<'i>>),
    /// Channels of the guild.
    Channels(Vec<Channel<'i>>),
    /// Roles of the guild.
    Roles(Vec<Role<'i>>),
    /// Members of the guild, and their users.
    Members(Members<'i>),
    /// Users without a new holder: of use in a patch alone.
    Users(Vec<User<'i>>),
    /// Presences in the guild; one that is offline removes the row.
    Presences(Presences<'i>),
}

/// Which row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Key<'i> {
    /// A channel.
    Channel(ChannelId),
    /// A thread.
    Thread(ChannelId),
    /// A user's membership of a thread.
    ThreadMember(ChannelId, UserId),
    /// A role.
    Role(RoleId),
    /// An emoji.
    Emoji(EmojiId),
    /// A sticker.
    Sticker(StickerId),
    /// A soundboard sound.
    Sound(SoundId),
    /// A member, whose user stays only if somebody else holds it.
    Member(UserId),
    /// A presence.
    Presence(UserId),
    /// A voice state.
    VoiceState(UserId),
    /// A stage instance.
    Stage(StageId),
    /// A scheduled event.
    ScheduledEvent(ScheduledEventId),
    /// An integration.
    Integration(IntegrationId),
    /// Messages of a channel.
    Messages(ChannelId, Vec<MessageId>),
    /// An auto-moderation rule.
    Rule(RuleId),
    /// An invitation.
    Invite(crate::wire::Text<'i>),
}

/// What a cascade takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Scope {
    /// The guild, its status included.
    Guild,
    /// A channel of it.
    Channel(ChannelId),
}

/// Whether a guild's rows are current.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum GuildStatus {
    /// Named by a new session, not delivered yet; older rows are stale.
    Pending,
    /// Delivered.
    Available,
    /// Out of reach; older rows are stale.
    Outage,
}

/// A shard's new session and the guilds that it names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewSession {
    /// The shard.
    pub shard: ShardId,
    /// Its guilds, in the order of the payload.
    pub guilds: Vec<GuildId>,
}

impl<'i> Mutation<'i> {
    /// Nothing yet, for this guild if there is one.
    #[must_use]
    pub fn new(guild: Option<GuildId>) -> Self {
        Self {
            guild,
            sequence: None,
            shard: None,
            ops: SmallVec::new(),
        }
    }

    /// Says which dispatch it comes from, so that a store can pass over one that it has applied.
    #[must_use]
    pub fn at(mut self, shard: ShardId, sequence: u64) -> Self {
        self.shard = Some(shard);
        self.sequence = Some(sequence);
        self
    }

    /// Adds a step.
    #[must_use]
    pub fn with(mut self, op: Op<'i>) -> Self {
        self.push(op);
        self
    }

    /// Adds a step.
    pub fn push(&mut self, op: Op<'i>) {
        self.ops.push(op);
    }

    /// Adds a step if there is one.
    pub fn extend(&mut self, op: Option<Op<'i>>) {
        self.ops.extend(op);
    }

    /// The guild that it is about, if it is about one.
    #[must_use]
    pub const fn guild(&self) -> Option<GuildId> {
        self.guild
    }

    /// The shard and the sequence number of the dispatch that it comes from.
    #[must_use]
    pub const fn origin(&self) -> Option<(ShardId, u64)> {
        match (self.shard, self.sequence) {
            (Some(shard), Some(sequence)) => Some((shard, sequence)),
            _ => None,
        }
    }

    /// The steps, in order.
    #[must_use]
    pub fn ops(&self) -> &[Op<'i>] {
        &self.ops
    }

    /// The steps, in order.
    pub fn into_ops(self) -> impl Iterator<Item = Op<'i>> {
        self.ops.into_iter()
    }

    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// The same mutation, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Mutation<'static> {
        Mutation {
            guild: self.guild,
            sequence: self.sequence,
            shard: self.shard,
            ops: self.ops.into_iter().map(Op::into_owned).collect(),
        }
    }
}

impl Op<'_> {
    /// The same step, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Op<'static> {
        match self {
            Self::Upsert(rows) => Op::Upsert(rows.into_owned()),
            Self::Patch(rows) => Op::Patch(rows.into_owned()),
            Self::Replace(rows) => Op::Replace(rows.into_owned()),
            Self::Remove(key) => Op::Remove(key.into_owned()),
            Self::Cascade(scope) => Op::Cascade(scope),
            Self::SetStatus(status) => Op::SetStatus(status),
            Self::StripRole(role) => Op::StripRole(role),
            Self::SetMemberCount(count) => Op::SetMemberCount(count),
            Self::CountMember { by, unless_cached } => Op::CountMember { by, unless_cached },
            Self::Recount => Op::Recount,
            Self::Complete => Op::Complete,
            Self::NewSession(session) => Op::NewSession(session),
        }
    }
}

impl Rows<'_> {
    /// The same rows, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Rows<'static> {
        use crate::wire::Part as _;
        match self {
            Self::CurrentUser(user) => Rows::CurrentUser(Box::new(user.into_owned())),
            Self::Guild(guild) => Rows::Guild(Box::new(guild.into_owned())),
            Self::Channels(channels) => Rows::Channels(channels.own()),
            Self::Roles(roles) => Rows::Roles(roles.own()),
            Self::Members(members) => Rows::Members(members.into_owned()),
            Self::Users(users) => Rows::Users(users.own()),
            Self::Presences(presences) => Rows::Presences(presences.into_owned()),
        }
    }
}

impl Key<'_> {
    /// The same key, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Key<'static> {
        match self {
            Self::Channel(id) => Key::Channel(id),
            Self::Thread(id) => Key::Thread(id),
            Self::ThreadMember(thread, user) => Key::ThreadMember(thread, user),
            Self::Role(id) => Key::Role(id),
            Self::Emoji(id) => Key::Emoji(id),
            Self::Sticker(id) => Key::Sticker(id),
            Self::Sound(id) => Key::Sound(id),
            Self::Member(user) => Key::Member(user),
            Self::Presence(user) => Key::Presence(user),
            Self::VoiceState(user) => Key::VoiceState(user),
            Self::Stage(id) => Key::Stage(id),
            Self::ScheduledEvent(id) => Key::ScheduledEvent(id),
            Self::Integration(id) => Key::Integration(id),
            Self::Messages(channel, ids) => Key::Messages(channel, ids),
            Self::Rule(id) => Key::Rule(id),
            Self::Invite(code) => Key::Invite(code.into_owned()),
        }
    }
}
