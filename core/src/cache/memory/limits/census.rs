//! Looks up rows of any kind by their ids. A lookup here does not count as a use of the row.

use alloc::vec::Vec;

use crate::cache::memory::MemoryStore;
use crate::cache::memory::guild::rows::GuildRows;
use crate::cache::memory::guild::thread_members::ThreadMembers;
use crate::cache::memory::limits::row_id::RowId;
use crate::cache::memory::messages::message_ref::MessageRef;
use crate::cache::memory::people::member::MemberRef;
use crate::cache::memory::table::Row as _;
use crate::cache::{Candidate, Kind, MemberTraits, RowRef};
use crate::id::{ChannelId, GuildId, MessageId, UserId};
use crate::kind::any_plain_kind;

impl MemoryStore {
    /// A row as a predicate sees it that looks at these traits alone; `None` if it is not there, or
    /// is a guild, or a user that a guild holds.
    pub(in crate::cache::memory) fn candidate(
        &self,
        kind: Kind,
        row_id: RowId,
        watched: MemberTraits,
    ) -> Option<Candidate<'_>> {
        let Some(guild) = row_id.guild else {
            return self.private_candidate(kind, row_id);
        };
        let guild_rows = self.guild_rows(guild)?;
        let row = self.row_ref(guild_rows, kind, row_id)?;
        let is = if let RowRef::Member(member) = &row {
            self.traits(guild_rows, member, watched)
        } else {
            MemberTraits::empty()
        };
        Some(Candidate {
            guild: row_id.guild,
            row,
            is,
        })
    }

    fn private_candidate(&self, kind: Kind, row_id: RowId) -> Option<Candidate<'_>> {
        if kind == Kind::User {
            let user = self.shared.users.correspondent(row_id.user_id()?)?;
            return Some(Candidate {
                guild: None,
                row: RowRef::User(user),
                is: MemberTraits::empty(),
            });
        }
        let channel = ChannelId::new(row_id.first)?;
        let row = if kind == Kind::PrivateChannel {
            RowRef::PrivateChannel(self.private_channels.channel(channel)?)
        } else {
            let message = MessageId::new(row_id.second).filter(|_| kind == Kind::Message)?;
            let users = &self.shared.users;
            RowRef::Message(self.private_channels.message(channel, message, users)?)
        };
        Some(Candidate {
            guild: None,
            row,
            is: MemberTraits::empty(),
        })
    }

    /// Which of these traits a member has.
    fn traits(
        &self,
        guild_rows: &GuildRows,
        member: &MemberRef<'_>,
        watched: MemberTraits,
    ) -> MemberTraits {
        let user = member.id();
        let in_voice = || {
            let state = guild_rows.entities.plain.voice_states.get(user.get());
            state.is_some_and(|state| state.channel.value().is_some())
        };
        let truth = |one| {
            if one == MemberTraits::OWN {
                self.current_user.as_ref().is_some_and(|own| own.id == user)
            } else if one == MemberTraits::OWNER {
                guild_rows.owner() == Some(user)
            } else if one == MemberTraits::IN_VOICE {
                in_voice()
            } else if one == MemberTraits::ONLINE {
                guild_rows.presences.contains(user.get())
            } else {
                one == MemberTraits::BOOSTER && member.premium_since().is_some()
            }
        };
        watched.iter().filter(|&one| truth(one)).collect()
    }

    fn row_ref<'a>(
        &'a self,
        guild_rows: &'a GuildRows,
        kind: Kind,
        row_id: RowId,
    ) -> Option<RowRef<'a>> {
        let (id, entities) = (row_id.first, &guild_rows.entities);
        Some(match kind {
            Kind::Guild | Kind::User | Kind::PrivateChannel => return None,
            Kind::Channel => RowRef::Channel(guild_rows.channels.get(id)?),
            Kind::Thread => RowRef::Thread(entities.threads.get(id)?),
            Kind::ThreadMember => {
                let members = entities.thread_members.get(id)?;
                RowRef::ThreadMember(members.get(UserId::new(row_id.second)?)?)
            }
            Kind::Role => RowRef::Role(guild_rows.roles.get(id)?),
            Kind::Member => RowRef::Member(self.find_member(guild_rows.id, id)?),
            Kind::Presence => RowRef::Presence(self.find_presence(guild_rows.id, id)?),
            Kind::Message => {
                let (channel, id) = (ChannelId::new(id)?, MessageId::new(row_id.second)?);
                RowRef::Message(self.find_message(guild_rows.id, channel, id)?)
            }
            Kind::Invite => {
                let here = |code: &str| RowId::invite(guild_rows.id, code, self.mixer) == row_id;
                let mut invites = entities.invites.values();
                RowRef::Invite(invites.find(|row| here(&row.code.as_cow()))?)
            }
            Kind::WebhookMark => RowRef::WebhookMark(entities.hooks.get(id)?.channel()),
            any_plain_kind!() => entities.plain.row_ref(kind, id)?,
        })
    }

    /// Whether a row is there.
    pub(in crate::cache::memory) fn is_there(&self, kind: Kind, row_id: RowId) -> bool {
        let Some(guild) = row_id.guild else {
            let channel = ChannelId::new(row_id.first).filter(|_| kind == Kind::PrivateChannel);
            let has_place = channel.is_some_and(|channel| self.private_channels.has_place(channel));
            return has_place || self.private_candidate(kind, row_id).is_some();
        };
        let Some(guild_rows) = self.guild_rows(guild) else {
            return false;
        };
        if kind == Kind::Member {
            let user = row_id.user_id();
            return user.is_some_and(|user| guild_rows.members.contains(user));
        }
        let guild = kind == Kind::Guild && guild_rows.guild.is_some();
        guild || self.row_ref(guild_rows, kind, row_id).is_some()
    }

    /// Whether a row is about the bot's own user.
    pub(super) fn is_own(&self, row_id: RowId) -> bool {
        let own = self.current_user.as_ref();
        own.is_some_and(|own| Some(own.id) == row_id.user_id())
    }

    /// All rows of a kind, by guild and id.
    pub(in crate::cache::memory) fn census(&self, kind: Kind) -> Vec<RowId> {
        let guilds = self.guilds.iter();
        let mut all: Vec<RowId> = guilds
            .flat_map(|guild_rows| self.census_of(guild_rows, kind))
            .collect();
        all.extend(self.census_outside(kind));
        all.sort_unstable();
        all
    }

    /// The rows of a kind outside guilds.
    pub(in crate::cache::memory) fn census_outside(&self, kind: Kind) -> Vec<RowId> {
        if kind == Kind::Message {
            let messages = self.private_channels.messages(&self.shared.users);
            let row_id = |message: MessageRef<'_>| RowId::private(message.channel(), message.id());
            messages.map(row_id).collect()
        } else if kind == Kind::PrivateChannel {
            let places = self.private_channels.places();
            places.map(RowId::private_channel).collect()
        } else if kind == Kind::User {
            let users = self.shared.users.correspondents();
            users.map(RowId::user).collect()
        } else {
            Vec::new()
        }
    }

    /// The rows of a kind in a guild.
    pub(in crate::cache::memory) fn census_in(&self, guild: GuildId, kind: Kind) -> Vec<RowId> {
        let guild_rows = self.guild_rows(guild);
        let mut all =
            guild_rows.map_or_else(Vec::new, |guild_rows| self.census_of(guild_rows, kind));
        all.sort_unstable();
        all
    }

    pub(in crate::cache::memory) fn census_of(
        &self,
        guild_rows: &GuildRows,
        kind: Kind,
    ) -> Vec<RowId> {
        let at = |id: u64| RowId::new(guild_rows.id, id);
        let entities = &guild_rows.entities;
        match kind {
            Kind::Guild => guild_rows
                .guild
                .iter()
                .map(|row| at(row.id.get()))
                .collect(),
            Kind::User | Kind::PrivateChannel => Vec::new(),
            Kind::Channel => guild_rows
                .channels
                .iter()
                .map(|row| at(row.key()))
                .collect(),
            Kind::Thread => entities.threads.iter().map(|row| at(row.key())).collect(),
            Kind::ThreadMember => {
                let rows = entities
                    .thread_members
                    .iter()
                    .flat_map(|members: &ThreadMembers| &members.members);
                rows.map(|row| RowId::pair(guild_rows.id, row.thread.get(), row.user.get()))
                    .collect()
            }
            Kind::Role => guild_rows.roles.iter().map(|row| at(row.key())).collect(),
            Kind::Member => self
                .members(guild_rows.id)
                .map(|row| at(row.id().get()))
                .collect(),
            Kind::Presence => self
                .presences(guild_rows.id)
                .map(|row| at(row.user().get()))
                .collect(),
            Kind::Message => {
                let (messages, users) = (&self.shared.messages, &self.shared.users);
                let messages = messages.in_channels(&entities.rings, users);
                let row_id = |message: MessageRef<'_>| {
                    let channel = message.channel().get();
                    RowId::pair(guild_rows.id, channel, message.id().get())
                };
                messages.map(row_id).collect()
            }
            Kind::Invite => {
                let codes = entities.invites.values().map(|row| row.code.as_cow());
                codes
                    .map(|code| RowId::invite(guild_rows.id, &code, self.mixer))
                    .collect()
            }
            Kind::WebhookMark => entities.hooks.iter().map(|row| at(row.key())).collect(),
            any_plain_kind!() => entities.plain.keys(kind, at),
        }
    }
}
