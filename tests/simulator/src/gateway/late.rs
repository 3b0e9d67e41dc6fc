//! Dispatches that were written before a removal and are delivered after it.
use super::{Gateway, Task};
use crate::faults::{Subject, Trouble};
use crate::intents;
use crate::json::{self, Id};
use crate::snowflake::message_id;
use crate::world::World;
use crate::world::guild::Guild;
use crate::world::message::Message;
use crate::world::parts;
use crate::world::user::Place;
use crate::world::voice;

/// A dispatch that was written: its name and its body.
pub(crate) type Word = (&'static str, String);

/// What a late word speaks of, as if it were there.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Gone {
    Member(u64),
    Channel(u32),
    Role(u32),
    Thread(u32),
}

impl Gone {
    const fn subject(self) -> Subject {
        match self {
            Self::Member(_) => Subject::Member,
            Self::Channel(_) => Subject::Channel,
            Self::Role(_) => Subject::Role,
            Self::Thread(_) => Subject::Thread,
        }
    }

    fn is_gone(self, guild: &Guild) -> bool {
        match self {
            Self::Member(user) => !guild.holds(user),
            Self::Channel(number) => !guild.channels.has(number),
            Self::Role(number) => !guild.roles.has(number),
            Self::Thread(number) => !guild.threads.has(number),
        }
    }

    /// What was said of it while it was there.
    fn words(self, world: &World, guild: &Guild, message: u64) -> Vec<Word> {
        match self {
            Self::Member(user) => of_member(world, guild, user),
            Self::Channel(number) => {
                let update = json::object(|w| parts::channel(world.seed(), guild, number, true, w));
                let channel = parts::channel_id(guild, number);
                let mut words = vec![("CHANNEL_UPDATE", update)];
                words.push(a_message(world, guild, channel, message));
                let sat = guild.in_voice().find(|(_, seat)| *seat == channel);
                words.extend(sat.map(|(user, _)| a_seat(world, guild, user, channel)));
                words
            }
            Self::Role(number) => {
                let update = json::object(|w| {
                    w.object("role", |w| parts::role(world.seed(), guild, number, w));
                    w.field("guild_id", Id(guild.id()));
                });
                vec![("GUILD_ROLE_UPDATE", update)]
            }
            Self::Thread(number) => {
                let update = json::object(|w| parts::thread(world.seed(), guild, number, w));
                let thread = parts::thread_id(guild, number);
                let message = a_message(world, guild, thread, message);
                vec![("THREAD_UPDATE", update), message]
            }
        }
    }
}

fn of_member(world: &World, guild: &Guild, user: u64) -> Vec<Word> {
    let update = json::object(|w| {
        world.write_member(guild, user, w);
        w.field("guild_id", Id(guild.id()));
    });
    let presence = json::object(|w| world.presence(user, Some(guild.id())).write(w));
    let mut words = vec![
        ("GUILD_MEMBER_UPDATE", update),
        ("PRESENCE_UPDATE", presence),
    ];
    let channel = guild.voice_channel();
    words.extend(channel.map(|channel| a_seat(world, guild, user, channel)));
    words
}

fn a_seat(world: &World, guild: &Guild, user: u64, channel: u64) -> Word {
    let sitter = world.draw_sitter(guild, user);
    let body = json::object(|w| {
        voice::state(user, Some(channel), Some(&sitter), w);
        w.field("guild_id", Id(guild.id()));
    });
    ("VOICE_STATE_UPDATE", body)
}

fn a_message(world: &World, guild: &Guild, channel: u64, number: u64) -> Word {
    let message = Message {
        number,
        author: world.bot(),
    };
    let body = json::object(|w| {
        w.field("type", 0_u32);
        w.field("id", Id(message_id(message.number)));
        w.field("content", "late");
        w.field("channel_id", Id(channel));
        let author = world.user(message.author);
        w.object("author", |w| author.write(w, Place::Event));
        w.field("guild_id", Id(guild.id()));
    });
    ("MESSAGE_CREATE", body)
}

/// Words to be said at their time.
#[derive(Debug)]
pub(crate) struct Late {
    guild: u64,
    of: Gone,
    words: Vec<Word>,
    /// How the members who held a role looked right after it went.
    holders: Vec<(u64, String)>,
    /// The sessions that received the removal.
    sessions: Vec<u64>,
    /// How often the guild had come by then.
    creates: usize,
}

impl Gateway {
    /// Removes something with `remove`, and lets words of it come late if a fault says so.
    pub(super) fn take_away(&mut self, guild: u64, of: Gone, remove: impl FnOnce(&mut Self)) {
        let subject = of.subject();
        let late = self.faults.strike(None, |trouble| match trouble {
            Trouble::LateWord { of, by } if *of == subject => Some(*by),
            _ => None,
        });
        let Some((by, mut late)) = late.and_then(|by| Some((by, self.write_late(guild, of)?)))
        else {
            return remove(self);
        };
        remove(self);
        for (user, text) in &mut late.holders {
            *text = self.world.member_json(guild, *user).unwrap_or_default();
        }
        late.creates = self.creates_of(guild);
        self.agenda.plan(self.now + by, Task::Late(Box::new(late)));
    }

    fn write_late(&mut self, guild: u64, of: Gone) -> Option<Late> {
        let message = self.world.next_message();
        let found = self.world.guild(guild)?;
        let mut words = of.words(&self.world, found, message);
        let mut holders = Vec::new();
        if let Gone::Role(number) = of {
            let role = format!("\"{}\"", parts::role_id(found, number));
            let text = |user| Some((user, self.world.member_json(guild, user)?));
            let mut texts = found.member_ids().filter_map(text);
            if let Some((user, text)) = texts.find(|(_, text)| text.contains(&role)) {
                let body = format!("{},\"guild_id\":\"{guild}\"}}", &text[..text.len() - 1]);
                words.push(("GUILD_MEMBER_UPDATE", body));
                holders.push((user, String::new()));
            }
        }
        Some(Late {
            guild,
            of,
            words,
            holders,
            sessions: self.sessions_that(|session| session.view.owns(Some(guild))),
            creates: 0,
        })
    }

    fn creates_of(&self, guild: u64) -> usize {
        let record = self.ledger.guilds.get(&guild);
        record.map_or(0, |record| record.creates.len())
    }

    /// Sends late dispatches, unless what they are about is back or has come anew.
    pub(super) fn say_late(&mut self, late: &Late) {
        let still = |found: &Guild| late.of.is_gone(found) && found.is_available();
        let gone = self.world.guild(late.guild).is_some_and(still);
        let same = |(user, text): &(u64, String)| {
            self.world.member_json(late.guild, *user).as_ref() == Some(text)
        };
        let as_it_was = self.creates_of(late.guild) == late.creates;
        if !gone || !as_it_was || !late.holders.iter().all(same) {
            return;
        }
        for (event, body) in &late.words {
            let needed = intents::needed_for(event);
            for session in &late.sessions {
                let found = self.sessions.get_mut(session);
                let Some(found) = found.filter(|found| found.view.wants(needed)) else {
                    continue;
                };
                found.doubts.trail();
                self.dispatch_text(*session, event, body);
            }
        }
    }
}
