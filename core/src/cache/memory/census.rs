//! Rows of any kind, found by their spot. Finding one here is no use of it.

use alloc::vec::Vec;

use super::MemoryStore;
use super::roster::Roster;
use super::slot::Slot;
use super::spot::Spot;
use super::table::Row as _;
use crate::cache::{Candidate, Keep, Kind, RowRef};
use crate::id::{ChannelId, GuildId, MessageId, UserId};

impl MemoryStore {
    /// A row as a predicate sees it; `None` if it is not there, or is a guild or a user.
    pub(super) fn candidate(&self, kind: Kind, spot: Spot) -> Option<Candidate<'_>> {
        let Some(guild) = spot.guild else {
            return self.private_candidate(kind, spot);
        };
        let slot = self.slot(guild)?;
        let row = self.row_ref(slot, kind, spot)?;
        let is = if let RowRef::Member(member) = row {
            self.traits(slot, spot, member.premium_since().is_some())
        } else {
            Keep::empty()
        };
        Some(Candidate {
            guild: spot.guild,
            row,
            is,
        })
    }

    fn private_candidate(&self, kind: Kind, spot: Spot) -> Option<Candidate<'_>> {
        let channel = ChannelId::new(spot.first)?;
        let row = if kind == Kind::PrivateChannel {
            RowRef::PrivateChannel(self.private.channel(channel)?)
        } else {
            let message = MessageId::new(spot.second).filter(|_| kind == Kind::Message)?;
            RowRef::Message(self.private.message(channel, message)?)
        };
        Some(Candidate {
            guild: None,
            row,
            is: Keep::empty(),
        })
    }

    /// What is true of a member.
    fn traits(&self, slot: &Slot, spot: Spot, booster: bool) -> Keep {
        let user = spot.user();
        let voice = slot.entities.voice_states.get(spot.first);
        let truths = [
            (
                Keep::OWN,
                self.current_user.as_ref().map(|own| own.id) == user,
            ),
            (Keep::OWNER, slot.owner() == user),
            (
                Keep::IN_VOICE,
                voice.is_some_and(|state| state.channel.value().is_some()),
            ),
            (Keep::ONLINE, slot.presences.contains(spot.first)),
            (Keep::BOOSTER, booster),
        ];
        let held = truths.into_iter().filter(|(_, truth)| *truth);
        held.fold(Keep::empty(), |all, (one, _)| all | one)
    }

    fn row_ref<'a>(&'a self, slot: &'a Slot, kind: Kind, spot: Spot) -> Option<RowRef<'a>> {
        let (id, entities) = (spot.first, &slot.entities);
        Some(match kind {
            Kind::Guild | Kind::User | Kind::PrivateChannel => return None,
            Kind::Channel => RowRef::Channel(slot.channels.get(id)?),
            Kind::Thread => RowRef::Thread(entities.threads.get(id)?),
            Kind::ThreadMember => {
                let roster = entities.rosters.get(id)?;
                RowRef::ThreadMember(roster.get(UserId::new(spot.second)?)?)
            }
            Kind::Role => RowRef::Role(slot.roles.get(id)?),
            Kind::Emoji => RowRef::Emoji(entities.emojis.get(id)?),
            Kind::Sticker => RowRef::Sticker(entities.stickers.get(id)?),
            Kind::Sound => RowRef::Sound(entities.sounds.get(id)?),
            Kind::Member => RowRef::Member(self.find_member(slot.id, id)?),
            Kind::Presence => RowRef::Presence(self.find_presence(slot.id, id)?),
            Kind::VoiceState => RowRef::VoiceState(entities.voice_states.get(id)?),
            Kind::Stage => RowRef::Stage(entities.stages.get(id)?),
            Kind::ScheduledEvent => RowRef::ScheduledEvent(entities.events.get(id)?),
            Kind::Integration => RowRef::Integration(entities.integrations.get(id)?),
            Kind::Message => {
                let (channel, id) = (ChannelId::new(id)?, MessageId::new(spot.second)?);
                RowRef::Message(entities.rings.message(channel, id)?)
            }
            Kind::Rule => RowRef::Rule(entities.rules.get(id)?),
            Kind::Invite => {
                let here = |code: &str| Spot::invite(slot.id, code, self.mixer) == spot;
                let mut invites = entities.invites.values();
                RowRef::Invite(invites.find(|row| here(&row.code.as_cow()))?)
            }
            Kind::WebhookMark => RowRef::WebhookMark(entities.hooks.get(id)?.channel()),
        })
    }

    /// Whether a row is there.
    pub(super) fn is_there(&self, kind: Kind, spot: Spot) -> bool {
        let Some(guild) = spot.guild else {
            let channel = ChannelId::new(spot.first).filter(|_| kind == Kind::PrivateChannel);
            let has_place = channel.is_some_and(|channel| self.private.has_place(channel));
            return has_place || self.private_candidate(kind, spot).is_some();
        };
        let Some(slot) = self.slot(guild) else {
            return false;
        };
        let guild = kind == Kind::Guild && slot.guild.is_some();
        guild || self.row_ref(slot, kind, spot).is_some()
    }

    /// All rows of a kind, by guild and id.
    pub(super) fn census(&self, kind: Kind) -> Vec<Spot> {
        let guilds = self.guilds.iter();
        let mut all: Vec<Spot> = guilds.flat_map(|slot| self.census_of(slot, kind)).collect();
        if kind == Kind::Message {
            all.extend(self.private.spots());
        } else if kind == Kind::PrivateChannel {
            all.extend(self.private.places().map(Spot::private_channel));
        }
        all.sort_unstable();
        all
    }

    /// The rows of a kind in a guild.
    pub(super) fn census_in(&self, guild: GuildId, kind: Kind) -> Vec<Spot> {
        let slot = self.slot(guild);
        let mut all = slot.map_or_else(Vec::new, |slot| self.census_of(slot, kind));
        all.sort_unstable();
        all
    }

    fn census_of(&self, slot: &Slot, kind: Kind) -> Vec<Spot> {
        let at = |id: u64| Spot::new(slot.id, id);
        let entities = &slot.entities;
        match kind {
            Kind::Guild => slot.guild.iter().map(|row| at(row.id.get())).collect(),
            Kind::User | Kind::PrivateChannel => Vec::new(),
            Kind::Channel => slot.channels.iter().map(|row| at(row.key())).collect(),
            Kind::Thread => entities.threads.iter().map(|row| at(row.key())).collect(),
            Kind::ThreadMember => {
                let rows = entities
                    .rosters
                    .iter()
                    .flat_map(|roster: &Roster| &roster.members);
                rows.map(|row| Spot::pair(slot.id, row.thread.get(), row.user.get()))
                    .collect()
            }
            Kind::Role => slot.roles.iter().map(|row| at(row.key())).collect(),
            Kind::Emoji => entities.emojis.iter().map(|row| at(row.key())).collect(),
            Kind::Sticker => entities.stickers.iter().map(|row| at(row.key())).collect(),
            Kind::Sound => entities.sounds.iter().map(|row| at(row.key())).collect(),
            Kind::Member => self
                .members(slot.id)
                .map(|row| at(row.id().get()))
                .collect(),
            Kind::Presence => self
                .presences(slot.id)
                .map(|row| at(row.user().get()))
                .collect(),
            Kind::VoiceState => entities
                .voice_states
                .iter()
                .map(|row| at(row.key()))
                .collect(),
            Kind::Stage => entities.stages.iter().map(|row| at(row.key())).collect(),
            Kind::ScheduledEvent => entities.events.iter().map(|row| at(row.key())).collect(),
            Kind::Integration => entities
                .integrations
                .iter()
                .map(|row| at(row.key()))
                .collect(),
            Kind::Message => {
                let in_ring = |ring: &super::messages::Ring| {
                    let channel = ring.channel().get();
                    let ids = ring.iter().map(|row| row.id.get());
                    ids.map(|id| Spot::pair(slot.id, channel, id))
                        .collect::<Vec<_>>()
                };
                entities.rings.iter().flat_map(in_ring).collect()
            }
            Kind::Rule => entities.rules.iter().map(|row| at(row.key())).collect(),
            Kind::Invite => {
                let codes = entities.invites.values().map(|row| row.code.as_cow());
                codes
                    .map(|code| Spot::invite(slot.id, &code, self.mixer))
                    .collect()
            }
            Kind::WebhookMark => entities.hooks.iter().map(|row| at(row.key())).collect(),
        }
    }
}
