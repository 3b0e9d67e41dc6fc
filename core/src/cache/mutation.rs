//! What a dispatch changes in a cache.

use alloc::boxed::Box;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::ops::Ops;
use super::{Key, Lack, React, Rows, Vote};
use crate::ShardId;
use crate::id::{ChannelId, GuildId, MessageId, RoleId, ScheduledEventId, UserId};
use crate::positions::Position;
use crate::wire::Part as _;
use crate::wire::view::{Application, Thread, Webhook};

/// All that one dispatch changes, to be applied in order and as one.
///
/// It is valid: a store never has to refuse it. Applying it twice is harmless, counters
/// apart, which a sequence number guards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mutation<'i> {
    guild: Option<GuildId>,
    origin: Option<Position>,
    ops: Ops<'i>,
}

/// One step of a mutation. Where it names no guild, it is about the mutation's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Op<'i> {
    /// Adds rows, or overwrites what these say of rows that are there.
    ///
    /// Of a guild that the store has never seen available, nothing is kept, the guild's own row
    /// apart. A presence without its member is not kept either, when members are; nor is a voice
    /// state that does not say where, of a user who is in no channel.
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
    /// An earlier process handed the guild over with its session. If nothing is known of it here,
    /// what comes from now on is kept, and nothing of it is whole
    /// ([`Lack::HandedOver`](crate::cache::Lack::HandedOver)). One that is stale is what it was
    /// before: [`SetStatus`](Self::SetStatus) follows if a store has failed it.
    HandedOver,
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
    /// Replaces the threads under these channels of the guild; threads elsewhere stay.
    SyncThreads(Box<[ChannelId]>, Box<[Thread<'i>]>),
    /// The guild has these channels and threads and no others: messages, invitations and webhooks
    /// of any other go, since no event will say so.
    OnlyChannels(Vec<ChannelId>),
    /// The newest message of a channel or thread, never an older one than before.
    LastMessage(ChannelId, MessageId),
    /// A thread has begun: the newest message of its parent, if that is a forum.
    LastThread {
        /// The forum.
        parent: ChannelId,
        /// The thread.
        thread: ChannelId,
    },
    /// The bot has left a thread: a private one is gone from its sight.
    LeavePrivateThread(ChannelId),
    /// Adds to a thread's message count, never below zero, and if it grows to the total.
    CountMessages {
        /// The thread; a channel has no count.
        thread: ChannelId,
        /// How many more.
        by: i32,
    },
    /// Adds to the number of those interested in an event, if it is known, never below zero.
    CountInterested {
        /// The event.
        event: ScheduledEventId,
        /// One more or one less.
        by: i8,
    },
    /// Changes the reactions to a message.
    React(Box<React<'i>>),
    /// Counts a vote in a message's poll.
    Vote(Vote),
    /// A channel's webhooks, as the application fetched them: they replace the older ones, and the
    /// channel's mark is gone.
    PutWebhooks(ChannelId, Vec<Webhook<'i>>),
    /// The bot's application.
    SetApplication(Application),
    /// Some roles of the guild came in a form that cannot be read: until all come anew, a role that
    /// is not here is not known to be gone.
    RolesUnread,
    /// Members of the guild that are not upserted from here on are dropped by `Complete`.
    Recount,
    /// All members of the guild have been upserted: drops the others, sets the member count to
    /// what is left, and marks the guild complete.
    Complete,
    /// Says why not all members of the guild are here. Changes nothing where they are, or where a
    /// policy did not let them stay.
    Incomplete(Lack),
    /// Says why not the presences of all members of the guild are here; `None` if they are.
    /// Changes nothing where a policy did not let them stay, until they are replaced.
    SetPresencesLack(Option<Lack>),
    /// A shard has a new session: of its guilds, those that are not listed go with all that hangs
    /// on them, and the others wait for their data; if the list is not whole, none goes. What no
    /// guild lists goes too, since no event will say what is left of it: messages, invitations,
    /// integrations, rules and webhooks.
    NewSession(Box<NewSession>),
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
#[serde(rename_all = "snake_case")]
pub enum GuildStatus {
    /// Named by a new session, not delivered yet; older rows are stale.
    Pending,
    /// Delivered.
    Available,
    /// Out of reach; older rows are stale.
    Outage,
    /// A store failed to apply a change: rows may be wrong until the guild is delivered anew.
    Stale,
    /// Handed over by an earlier process: only what has come since is there, until the guild is
    /// delivered anew.
    HandedOver,
}

/// A shard's new session and the guilds that it names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewSession {
    /// The shard.
    pub shard: ShardId,
    /// Its guilds, in the order of the payload.
    pub guilds: Vec<GuildId>,
    /// Whether these are all: the list could be read whole.
    pub is_whole: bool,
}

impl<'i> Mutation<'i> {
    /// Nothing yet, for this guild if there is one.
    #[must_use]
    pub fn new(guild: Option<GuildId>) -> Self {
        Self {
            guild,
            origin: None,
            ops: Ops::new(),
        }
    }

    /// The webhooks of a channel, which the application has asked for: the gateway never sends
    /// them. If the gateway says meanwhile that they have changed, ask again.
    #[must_use]
    pub fn webhooks(guild: GuildId, channel: ChannelId, webhooks: Vec<Webhook<'i>>) -> Self {
        Self::new(Some(guild)).with(Op::PutWebhooks(channel, webhooks))
    }

    /// One of the same guild and origin that changes nothing.
    pub(super) const fn without_ops(&self) -> Self {
        Self {
            guild: self.guild,
            origin: self.origin,
            ops: Ops::new(),
        }
    }

    /// Says which dispatch it comes from, so that a store can pass over one that it has applied.
    #[must_use]
    pub const fn at(mut self, origin: Position) -> Self {
        self.origin = Some(origin);
        self
    }

    /// The same in place.
    pub(crate) const fn set_origin(&mut self, origin: Position) {
        self.origin = Some(origin);
    }

    /// Adds a step.
    #[must_use]
    pub fn with(mut self, op: Op<'i>) -> Self {
        self.push(op);
        self
    }

    /// Adds a step.
    #[inline]
    pub fn push(&mut self, op: Op<'i>) {
        self.ops.push(op);
    }

    /// Adds a step if there is one.
    pub fn extend(&mut self, op: Option<Op<'i>>) {
        if let Some(op) = op {
            self.push(op);
        }
    }

    /// The guild that it is about, if it is about one.
    #[must_use]
    pub const fn guild(&self) -> Option<GuildId> {
        self.guild
    }

    /// The dispatch that it comes from.
    #[must_use]
    pub const fn origin(&self) -> Option<Position> {
        self.origin
    }

    /// The steps, in order.
    pub fn ops(&self) -> impl Iterator<Item = &Op<'i>> {
        self.ops.iter()
    }

    /// The steps, in order.
    pub fn into_ops(self) -> impl Iterator<Item = Op<'i>> {
        self.ops.into_iter()
    }

    /// Hands out the steps in order, moving none of them before.
    pub(super) fn for_each_op(self, step: impl FnMut(Op<'i>)) {
        self.ops.for_each(step);
    }

    /// Whether nothing changes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// The same mutation, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Mutation<'static> {
        Mutation {
            guild: self.guild,
            origin: self.origin,
            ops: self.ops.into_owned(),
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
            Self::HandedOver => Op::HandedOver,
            Self::StripRole(role) => Op::StripRole(role),
            Self::SetMemberCount(count) => Op::SetMemberCount(count),
            Self::CountMember { by, unless_cached } => Op::CountMember { by, unless_cached },
            Self::SyncThreads(parents, threads) => {
                Op::SyncThreads(parents, threads.into_vec().own().into())
            }
            Self::OnlyChannels(channels) => Op::OnlyChannels(channels),
            Self::LastMessage(channel, message) => Op::LastMessage(channel, message),
            Self::LastThread { parent, thread } => Op::LastThread { parent, thread },
            Self::LeavePrivateThread(thread) => Op::LeavePrivateThread(thread),
            Self::CountMessages { thread, by } => Op::CountMessages { thread, by },
            Self::CountInterested { event, by } => Op::CountInterested { event, by },
            Self::React(react) => Op::React(Box::new(react.into_owned())),
            Self::Vote(vote) => Op::Vote(vote),
            Self::PutWebhooks(channel, rows) => Op::PutWebhooks(channel, rows.own()),
            Self::SetApplication(application) => Op::SetApplication(application),
            Self::RolesUnread => Op::RolesUnread,
            Self::Recount => Op::Recount,
            Self::Complete => Op::Complete,
            Self::Incomplete(lack) => Op::Incomplete(lack),
            Self::SetPresencesLack(lack) => Op::SetPresencesLack(lack),
            Self::NewSession(session) => Op::NewSession(session),
        }
    }
}
