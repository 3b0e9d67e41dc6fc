//! The steady mix of events that a bot with all intents sees.
use super::Gateway;
use crate::world::guild::Guild;
use crate::world::message::{Message, typing};

/// How many events of 100 are of each kind, in the order of [`Kind`]'s variants.
const MIX: [(u64, Kind); 8] = [
    (70, Kind::Presence),
    (12, Kind::Message),
    (8, Kind::Typing),
    (4, Kind::Voice),
    (3, Kind::Member),
    (2, Kind::Reaction),
    (0, Kind::Preview),
    (1, Kind::Deletion),
];

#[derive(Clone, Copy)]
enum Kind {
    Presence,
    Message,
    Typing,
    Voice,
    Member,
    Reaction,
    Preview,
    Deletion,
}

impl Gateway {
    /// So many events of the mix, each about a member of some guild.
    pub(super) fn make_traffic(&mut self, events: u32) {
        let available = |guild: &&Guild| guild.is_available();
        let guilds: Vec<u64> = self
            .world
            .guilds()
            .filter(available)
            .map(Guild::id)
            .collect();
        if guilds.is_empty() {
            return;
        }
        for _ in 0..events {
            let guild = self.rng.pick(&guilds);
            let Some(found) = self.world.guild(guild) else {
                continue;
            };
            let at = self.rng.below(found.len() as u64) as usize;
            let Some(user) = found.member_at(at) else {
                continue;
            };
            let kind = self.draw_kind();
            self.make_event(kind, guild, user);
        }
    }

    fn draw_kind(&mut self) -> Kind {
        let mut left = self.rng.below(100);
        for (share, kind) in MIX {
            if left < share {
                return kind;
            }
            left -= share;
        }
        Kind::Presence
    }

    fn make_event(&mut self, kind: Kind, guild: u64, user: u64) {
        match kind {
            Kind::Presence => self.one_presence(guild, user),
            Kind::Message => self.happen(crate::Act::Message {
                guild,
                author: user,
            }),
            Kind::Typing => self.type_something(guild, user),
            Kind::Voice => self.change_seat(guild, user),
            Kind::Member => self.happen(crate::Act::UpdateMember {
                guild,
                user,
                nick: None,
            }),
            Kind::Reaction => self.react(guild, user),
            Kind::Preview => self.happen(crate::Act::MessagePreview { guild }),
            Kind::Deletion => self.delete_message(guild),
        }
    }

    pub(super) fn type_something(&mut self, guild: u64, user: u64) {
        self.fan_out(Some(guild), "TYPING_START", |world, _, w| {
            if let Some(found) = world.guild(guild) {
                typing(world, found, user, w);
            }
        });
    }

    /// Into voice, or out of it.
    pub(super) fn change_seat(&mut self, guild: u64, user: u64) {
        let sits = |found: &Guild| found.in_voice().any(|(sitting, _)| sitting == user);
        let joins = !self.world.guild(guild).is_some_and(sits);
        self.happen(crate::Act::MoveVoice { guild, user, joins });
    }

    /// A status in one guild's event only, so that one draw is one event; a new one for those who
    /// are in no other guild, which would have to hear of it too. 2 of 100 carry the whole user.
    pub(super) fn one_presence(&mut self, guild: u64, user: u64) {
        let whole = self.rng.percent(2);
        if self.guilds_of(user) == [guild] {
            self.world.redraw_status(user, &mut self.rng);
        }
        self.fan_out(Some(guild), "PRESENCE_UPDATE", |world, _, w| {
            let profile = world.user(user);
            let mut presence = world.presence(user, Some(guild));
            presence.user = whole.then_some(&profile);
            presence.write(w);
        });
    }

    pub(super) fn react(&mut self, guild: u64, user: u64) {
        let message = Message {
            number: self.world.last_message(),
            author: self.world.bot(),
        };
        self.fan_out(Some(guild), "MESSAGE_REACTION_ADD", |world, _, w| {
            if let Some(found) = world.guild(guild) {
                message.write_reaction(world, found, user, w);
            }
        });
    }

    pub(super) fn delete_message(&mut self, guild: u64) {
        let message = Message {
            number: self.world.last_message(),
            author: self.world.bot(),
        };
        self.fan_out(Some(guild), "MESSAGE_DELETE", |world, _, w| {
            if let Some(found) = world.guild(guild) {
                message.write_deletion(found, w);
            }
        });
    }
}
