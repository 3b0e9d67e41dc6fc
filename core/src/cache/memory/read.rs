//! Looking things up.

pub(super) mod entities;
mod grouped;
pub(super) mod member_walk;
pub(super) mod permitted;
mod ranked;

use core::fmt;

use crate::cache::memory::MemoryStore;
use crate::cache::memory::guild::rows::GuildRows;
use crate::cache::memory::limits::row_id::RowId;
use crate::cache::memory::people::member::MemberRef;
use crate::cache::memory::people::presence::PresenceRef;
use crate::cache::memory::people::user::UserRef;
use crate::cache::memory::usage::Weight;
use crate::cache::policy::Lifetimes;
use crate::cache::{GuildStatus, Kind, Lack};
use crate::id::{ChannelId, GuildId, RoleId, UserId};
use crate::kind::any_plain_kind;
use crate::wire::view::{Application, Channel, Guild, Role, User};

/// Whether all members of a guild are in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// All of them are, and events keep it so.
    Complete {
        /// How many there are.
        members: u64,
    },
    /// Some of them are.
    Partial {
        /// How many are in the cache.
        members: u64,
        /// How many there are, or were when a payload last said so, if one did.
        of: Option<u64>,
        /// Why not all of them.
        why: Lack,
    },
}

impl fmt::Display for Completeness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Complete { members } => write!(f, "complete, {members} members"),
            Self::Partial { members, of, why } => match of {
                Some(of) => write!(f, "{members} of {of} members, {why}"),
                None => write!(f, "{members} members, {why}"),
            },
        }
    }
}

/// Whether the presences of all members of a guild are in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PresencesCompleteness {
    /// All of them are, and events keep it so: whoever has none is offline, or has joined since
    /// and not been announced yet.
    Complete {
        /// How many there are.
        presences: u64,
    },
    /// Some of them are.
    Partial {
        /// How many are in the cache.
        presences: u64,
        /// Why not all of them.
        why: Lack,
    },
}

impl fmt::Display for PresencesCompleteness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Complete { presences } => write!(f, "complete, {presences} presences"),
            Self::Partial { presences, why } => write!(f, "{presences} presences, {why}"),
        }
    }
}

/// How many rows a guild has, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Channels.
    pub channels: usize,
    /// Roles.
    pub roles: usize,
    /// Members.
    pub members: usize,
    /// Presences: whoever is offline has none.
    pub presences: usize,
}

/// A cached guild.
#[derive(Clone, Copy, Debug)]
pub struct GuildRef<'a> {
    guild_rows: &'a GuildRows,
    guild: &'a Guild<'static>,
}

impl<'a> GuildRef<'a> {
    /// Its id.
    #[must_use]
    pub const fn id(self) -> GuildId {
        self.guild.id
    }

    /// Its own data, the member count left out.
    #[must_use]
    pub const fn data(self) -> &'a Guild<'static> {
        self.guild
    }

    /// How many members it has, cached or not, as a payload last said, counted on since.
    #[must_use]
    pub const fn member_count(self) -> Option<u64> {
        self.guild_rows.member_count
    }

    /// Whether its rows are current.
    #[must_use]
    pub const fn status(self) -> GuildStatus {
        self.guild_rows.status
    }
}

impl MemoryStore {
    #[inline]
    pub(super) fn guild_rows(&self, guild: GuildId) -> Option<&GuildRows> {
        self.guilds.get(guild.get()).map(|guild_rows| &**guild_rows)
    }

    /// A guild.
    #[must_use]
    pub fn guild(&self, guild: GuildId) -> Option<GuildRef<'_>> {
        self.guild_rows(guild)?.guild_ref()
    }

    /// All guilds, in no order that means anything.
    pub fn guilds(&self) -> impl Iterator<Item = GuildRef<'_>> {
        self.guilds
            .iter()
            .filter_map(|guild_rows| guild_rows.guild_ref())
    }

    /// Whether a guild's rows are current; `None` if the bot is not in it.
    #[must_use]
    pub fn guild_status(&self, guild: GuildId) -> Option<GuildStatus> {
        let status = self.guild_rows(guild).map(|guild_rows| guild_rows.status);
        status.or_else(|| self.is_pending(guild).then_some(GuildStatus::Pending))
    }

    /// Whether a session has named the guild, and nothing of it has come.
    fn is_pending(&self, guild: GuildId) -> bool {
        self.pending.contains(&guild)
    }

    /// A channel of any guild.
    #[must_use]
    pub fn channel(&self, channel: ChannelId) -> Option<&Channel<'static>> {
        let guild = self.shared.guild_of(channel)?;
        self.used(Kind::Channel, RowId::new(guild, channel.get()));
        self.guild_rows(guild)?.channels.get(channel.get())
    }

    /// The channels of a guild, in no order that means anything.
    pub fn channels(&self, guild: GuildId) -> impl Iterator<Item = &Channel<'static>> {
        self.guild_rows(guild)
            .into_iter()
            .flat_map(|guild_rows| guild_rows.channels.iter())
    }

    /// A role of a guild.
    #[must_use]
    pub fn role(&self, guild: GuildId, role: RoleId) -> Option<&Role<'static>> {
        self.used(Kind::Role, RowId::new(guild, role.get()));
        self.guild_rows(guild)?.roles.get(role.get())
    }

    /// The roles of a guild, in no order that means anything.
    pub fn roles(&self, guild: GuildId) -> impl Iterator<Item = &Role<'static>> {
        self.guild_rows(guild)
            .into_iter()
            .flat_map(|guild_rows| guild_rows.roles.iter())
    }

    /// A member of a guild.
    #[inline]
    #[must_use]
    pub fn member(&self, guild: GuildId, user: UserId) -> Option<MemberRef<'_>> {
        self.used(Kind::Member, RowId::new(guild, user.get()));
        self.find_member(guild, user.get())
    }

    #[inline]
    pub(super) fn find_member(&self, guild: GuildId, user: u64) -> Option<MemberRef<'_>> {
        let members = &self.guild_rows(guild)?.members;
        members.get(UserId::new(user)?, &self.shared.users)
    }

    /// The cached members of a guild, in no order that means anything. Whoever shares the store
    /// takes a [`MemberWalk`](super::MemberWalk) where there may be very many.
    pub fn members(&self, guild: GuildId) -> impl Iterator<Item = MemberRef<'_>> {
        let guild_rows = self.guild_rows(guild).into_iter();
        guild_rows.flat_map(|guild_rows| guild_rows.members.iter(&self.shared.users))
    }

    /// A user that somebody holds.
    #[must_use]
    pub fn user(&self, user: UserId) -> Option<UserRef<'_>> {
        self.used(Kind::User, RowId::user(user));
        self.shared.users.get(user)
    }

    /// The bot's own user.
    #[must_use]
    pub fn current_user(&self) -> Option<&User<'static>> {
        self.current_user.as_deref()
    }

    /// The bot's application, as the newest session named it.
    #[must_use]
    pub const fn application(&self) -> Option<Application> {
        self.application
    }

    /// A user's presence in a guild; `None` also for whoever is offline.
    #[must_use]
    pub fn presence(&self, guild: GuildId, user: UserId) -> Option<PresenceRef<'_>> {
        self.used(Kind::Presence, RowId::new(guild, user.get()));
        self.find_presence(guild, user.get())
    }

    pub(super) fn find_presence(&self, guild: GuildId, user: u64) -> Option<PresenceRef<'_>> {
        let record = self.guild_rows(guild)?.presences.get(user)?;
        Some(PresenceRef::new(UserId::new(user)?, record))
    }

    /// The presences in a guild, in no order that means anything.
    pub fn presences(&self, guild: GuildId) -> impl Iterator<Item = PresenceRef<'_>> {
        let presences = self
            .guild_rows(guild)
            .map(|guild_rows| guild_rows.presences.iter());
        let presence = |(key, record)| Some(PresenceRef::new(UserId::new(key)?, record));
        presences.into_iter().flatten().filter_map(presence)
    }

    /// Whether all members of a guild are in the cache; `None` if the bot is not in it.
    #[must_use]
    pub fn completeness(&self, guild: GuildId) -> Option<Completeness> {
        let Some(guild_rows) = self.guild_rows(guild) else {
            return self.is_pending(guild).then_some(Completeness::Partial {
                members: 0,
                of: None,
                why: Lack::Stale,
            });
        };
        let (members, of) = (guild_rows.members.len() as u64, guild_rows.member_count);
        Some(match self.lack(guild_rows, Kind::Member, guild_rows.lack) {
            None => Completeness::Complete { members },
            Some(why) => Completeness::Partial { members, of, why },
        })
    }

    /// Whether the presences of all members of a guild are in the cache; `None` if the bot is not
    /// in it. Counted apart from members, since they have to be asked for apart.
    #[must_use]
    pub fn presences_completeness(&self, guild: GuildId) -> Option<PresencesCompleteness> {
        let Some(guild_rows) = self.guild_rows(guild) else {
            let partial = PresencesCompleteness::Partial {
                presences: 0,
                why: Lack::Stale,
            };
            return self.is_pending(guild).then_some(partial);
        };
        let presences = guild_rows.presences.len() as u64;
        Some(
            match self.lack(guild_rows, Kind::Presence, guild_rows.presences_lack) {
                None => PresencesCompleteness::Complete { presences },
                Some(why) => PresencesCompleteness::Partial { presences, why },
            },
        )
    }

    /// What a guild lacks of a kind, beside what is known of that kind itself.
    fn lack(&self, guild_rows: &GuildRows, kind: Kind, own: Option<Lack>) -> Option<Lack> {
        let policies = self.policies();
        let keeps_none = policies.is_some_and(|policies| policies.get(kind).is_none());
        let own = if keeps_none { Some(Lack::Limited) } else { own };
        guild_rows.status.lack(own)
    }

    /// How many rows a guild has.
    #[must_use]
    pub fn counts(&self, guild: GuildId) -> Counts {
        self.guild_rows(guild)
            .map_or_else(Counts::default, |guild_rows| Counts {
                channels: guild_rows.channels.len(),
                roles: guild_rows.roles.len(),
                members: guild_rows.members.len(),
                presences: guild_rows.presences.len(),
            })
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "the others lie in guilds")]
    fn weight(&self, kind: Kind) -> Weight {
        let (channels, messages) = self.private_channels.weight();
        let private = match kind {
            Kind::PrivateChannel => channels,
            Kind::Message => messages,
            _ => Weight::default(),
        };
        self.weight_in_guilds(kind).and(private)
    }

    /// Messages outside guilds left out.
    pub(super) fn weight_in_guilds(&self, kind: Kind) -> Weight {
        let [members, presences] = self.leaving.weights();
        match kind {
            Kind::Guild => {
                // The nodes of a tree are at least half full.
                let pending = self.pending.len().saturating_mul(2);
                let pending = pending.saturating_mul(size_of::<GuildId>());
                let bytes = self.usage.guilds.bytes.saturating_add(self.guilds.bytes());
                let bytes = bytes.saturating_add(pending);
                Weight {
                    bytes,
                    ..self.usage.guilds
                }
            }
            Kind::Channel => {
                let places = Weight {
                    rows: 0,
                    bytes: self.shared.bytes(),
                };
                self.usage.channels.and(places)
            }
            Kind::PrivateChannel => Weight::default(),
            Kind::Role => self.usage.roles,
            Kind::Message => self.shared.messages.weight(),
            Kind::Member => self.usage.members.and(members),
            Kind::Presence => self.usage.presences.and(presences),
            Kind::User => Weight {
                rows: self.shared.users.len(),
                bytes: self.shared.users.bytes(),
            },
            Kind::Thread
            | Kind::ThreadMember
            | Kind::Invite
            | Kind::WebhookMark
            | any_plain_kind!() => self.entity_usage.get(kind),
        }
    }

    /// How many rows of a kind there are, in constant time.
    #[must_use]
    pub fn rows(&self, kind: Kind) -> usize {
        self.weight(kind).rows
    }

    /// How many bytes the rows of a kind take with their indexes and spare room, in constant
    /// time; the allocator's own cost is left out. What a policy has to remember is part of it.
    #[must_use]
    pub fn bytes(&self, kind: Kind) -> usize {
        let lifetimes = self
            .limits
            .as_ref()
            .and_then(|limits| limits.lifetimes(kind));
        let remembered = lifetimes.map_or(0, Lifetimes::bytes);
        self.weight(kind).bytes.saturating_add(remembered)
    }
}

impl GuildRows {
    fn guild_ref(&self) -> Option<GuildRef<'_>> {
        self.guild.as_deref().map(|guild| GuildRef {
            guild_rows: self,
            guild,
        })
    }
}
