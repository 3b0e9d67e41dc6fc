//! Which kinds a mutation is about, and the part of it that is about some of them.

use super::{GuildStatus, Key, Kinds, Mutation, Op, Rows, Scope};
use crate::cache::key::any_plain_key;

impl<'i> Mutation<'i> {
    /// The kinds that it is about.
    #[must_use]
    pub fn kinds(&self) -> Kinds {
        self.ops()
            .fold(Kinds::empty(), |kinds, op| kinds | op.kinds())
    }

    /// The part of it that is about these kinds, in the same order; `None` if there is none.
    ///
    /// What is about many kinds at once, such as a guild that goes, is part of each.
    #[must_use]
    pub fn part(&self, kinds: Kinds) -> Option<Self> {
        let mut part = self.without_ops();
        for op in self.ops().filter(|op| op.kinds().intersects(kinds)) {
            part.push(op.clone());
        }
        (!part.is_empty()).then_some(part)
    }
}

impl Op<'_> {
    /// The kinds that it is about: those whose rows it changes, and those that go with them.
    #[must_use]
    pub const fn kinds(&self) -> Kinds {
        match self {
            Self::Upsert(rows) | Self::Patch(rows) | Self::Replace(rows) => rows.kinds(),
            Self::Remove(key) => key.kinds(),
            Self::Cascade(Scope::Guild)
            | Self::SetStatus(
                GuildStatus::Pending | GuildStatus::Available | GuildStatus::Outage,
            )
            | Self::HandedOver
            | Self::NewSession(_) => Kinds::all(),
            // It is about the guild as a whole, and the store that failed is the last to need it.
            Self::SetStatus(GuildStatus::Stale | GuildStatus::HandedOver) => Kinds::GUILDS,
            Self::Cascade(Scope::Channel(_)) => Kinds::HANGING_ON_CHANNELS,
            Self::RolesUnread => Kinds::ROLES,
            Self::StripRole(_) => Kinds::MEMBERS.union(Kinds::EMOJIS),
            Self::SetMemberCount(_) | Self::CountMember { .. } => {
                Kinds::GUILDS.union(Kinds::MEMBERS)
            }
            // Without the members there is nothing to count.
            Self::Recount | Self::Complete | Self::Incomplete(_) => Kinds::MEMBERS,
            Self::SetPresencesLack(_) => Kinds::PRESENCES,
            Self::SyncThreads(..) => Kinds::THREADS,
            Self::OnlyChannels(_) => Kinds::UNLISTED_IN_CHANNELS,
            Self::LeavePrivateThread(_) => OF_THREADS,
            Self::LastMessage(..) => Kinds::WITH_LAST_MESSAGES,
            Self::LastThread { .. } => Kinds::CHANNELS.union(Kinds::THREADS),
            Self::CountMessages { .. } => Kinds::THREADS,
            Self::CountInterested { .. } => Kinds::SCHEDULED_EVENTS,
            Self::React(_) | Self::Vote(_) => Kinds::MESSAGES,
            Self::PutWebhooks(..) => Kinds::WEBHOOK_MARKS,
            Self::SetApplication(_) => Kinds::USERS,
        }
    }
}

impl Rows<'_> {
    /// The kinds of these rows: users are part of members and of messages too.
    #[must_use]
    pub const fn kinds(&self) -> Kinds {
        let own = self.kind().only();
        match matches!(self, Self::Users(_)) {
            true => own.union(Kinds::MEMBERS).union(Kinds::MESSAGES),
            false => own,
        }
    }
}

impl Key<'_> {
    /// The kinds that go with this row.
    #[must_use]
    pub const fn kinds(&self) -> Kinds {
        match self {
            Self::Channel(_) => Kinds::HANGING_ON_CHANNELS,
            Self::PrivateChannel(_) => Kinds::PRIVATE_CHANNELS.union(Kinds::MESSAGES),
            Self::Thread(_) => OF_THREADS,
            Self::Member(_) => Kinds::MEMBERS.union(Kinds::PRESENCES),
            Self::ThreadMembers(..)
            | Self::ThreadMembersOf(_)
            | Self::Role(_)
            | Self::Presence(_)
            | Self::Messages(..)
            | Self::Invite(_)
            | Self::WebhookMark(_)
            | any_plain_key!() => self.kind().only(),
        }
    }
}

/// What a thread takes along.
const OF_THREADS: Kinds = Kinds::THREADS
    .union(Kinds::THREAD_MEMBERS)
    .union(Kinds::MESSAGES);

impl Kinds {
    /// The kinds whose rows lie in channels, and which a guild that comes does not list.
    pub(super) const UNLISTED_IN_CHANNELS: Self = Self::MESSAGES
        .union(Self::INVITES)
        .union(Self::WEBHOOK_MARKS);

    /// The kinds whose rows say what was said last.
    pub(crate) const WITH_LAST_MESSAGES: Self = Self::CHANNELS
        .union(Self::THREADS)
        .union(Self::PRIVATE_CHANNELS);

    /// The kinds whose rows may go with a channel.
    pub const HANGING_ON_CHANNELS: Self = Self::CHANNELS
        .union(OF_THREADS)
        .union(Self::PLAIN_ON_CHANNELS)
        .union(Self::INVITES)
        .union(Self::WEBHOOK_MARKS);
}
