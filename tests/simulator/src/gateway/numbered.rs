//! Traffic of every kind at a steady rate, each event with a number.
use super::{Gateway, Task};
use crate::act::{Act, Change};
use crate::edge::Millis;
use crate::session::View;
use crate::world::guild::Guild;
use std::collections::BTreeMap;

/// One of each, in turn; what is added is changed and taken away again.
const KINDS: [Kind; 17] = [
    Kind::Message(Message::Create),
    Kind::Message(Message::Preview),
    Kind::Message(Message::Reaction),
    Kind::Message(Message::Delete),
    Kind::Person(Person::Typing),
    Kind::Person(Person::Presence),
    Kind::Person(Person::Voice),
    Kind::Member(Step::Add),
    Kind::Member(Step::Update),
    Kind::Member(Step::Remove),
    Kind::Role(Step::Add),
    Kind::Role(Step::Update),
    Kind::Role(Step::Remove),
    Kind::Channel(Step::Add),
    Kind::Channel(Step::Update),
    Kind::Channel(Step::Remove),
    Kind::Guild,
];

#[derive(Clone, Copy)]
enum Kind {
    Message(Message),
    Person(Person),
    Member(Step),
    Role(Step),
    Channel(Step),
    Guild,
}

#[derive(Clone, Copy)]
enum Message {
    Create,
    Preview,
    Reaction,
    Delete,
}

#[derive(Clone, Copy)]
enum Person {
    Typing,
    Presence,
    Voice,
}

#[derive(Clone, Copy)]
enum Step {
    Add,
    Update,
    Remove,
}

impl Kind {
    /// Events of a family are about the same guild within a turn; families about others.
    fn family(self) -> u64 {
        match self {
            Self::Message(_) => 0,
            Self::Person(_) => 1,
            Self::Member(_) => 2,
            Self::Role(_) => 3,
            Self::Channel(_) => 4,
            Self::Guild => 5,
        }
    }
}

/// The numbers that were given out.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// Whether what is sent now gets a number.
    pub(super) open: bool,
    /// The last number by shard and intents: sessions that see the same events count the same.
    last: BTreeMap<([u32; 2], u64), u64>,
}

impl Numbers {
    /// The last number that a session like this received, also before it began.
    pub(super) fn last(&self, view: View) -> u64 {
        let last = self.last.get(&(view.shard, view.intents));
        last.copied().unwrap_or(0)
    }

    /// Gives the next number to a session that received `before`.
    pub(super) fn next(&mut self, view: View, before: &mut u64) -> Option<u64> {
        if !self.open {
            return None;
        }
        *before += 1;
        let last = self.last.entry((view.shard, view.intents)).or_default();
        *last = (*last).max(*before);
        Some(*before)
    }
}

impl Gateway {
    /// Makes the `made`th event, and plans the next.
    pub(super) fn make_numbered(&mut self, made: u64) {
        self.numbers.open = true;
        self.make_one(made);
        self.numbers.open = false;
        let next = made + 1;
        let at: Millis = next * 1000 / u64::from(self.options.traffic.max(1));
        self.agenda.plan(at, Task::Numbered(next));
    }

    fn make_one(&mut self, made: u64) {
        let kinds = KINDS.len() as u64;
        let kind = KINDS[(made % kinds) as usize];
        let turn = made / kinds;
        let guilds = self.world.guilds().filter(|guild| guild.is_available());
        let guilds: Vec<u64> = guilds.map(Guild::id).collect();
        let count = guilds.len().max(1) as u64;
        let picked = guilds.get(((turn + kind.family()) % count) as usize);
        let Some(guild) = picked.and_then(|guild| self.world.guild(*guild)) else {
            return;
        };
        let (id, user) = (guild.id(), somebody(guild, turn, self.world.bot()));
        match kind {
            Kind::Message(what) => self.number_message(what, id, user),
            Kind::Person(what) => self.number_person(what, id, user),
            Kind::Member(step) => self.number_member(step, id),
            Kind::Role(step) => self.number_role(step, id),
            Kind::Channel(step) => self.number_channel(step, id),
            Kind::Guild => self.update_guild(id),
        }
    }

    fn number_message(&mut self, what: Message, guild: u64, user: u64) {
        match what {
            Message::Create => self.post(guild, user),
            Message::Preview => self.happen(Act::MessagePreview { guild }),
            Message::Reaction => self.react(guild, user),
            Message::Delete => self.delete_message(guild),
        }
    }

    fn number_person(&mut self, what: Person, guild: u64, user: u64) {
        match what {
            Person::Typing => self.type_something(guild, user),
            Person::Presence => self.one_presence(guild, user),
            Person::Voice => self.change_seat(guild, user),
        }
    }

    fn number_member(&mut self, step: Step, guild: u64) {
        let newest = self.world.guild(guild).and_then(|found| {
            let places = (0..found.len()).rev();
            let mut ids = places.filter_map(|place| found.member_at(place));
            ids.find(|id| *id != self.world.bot())
        });
        let act = match (step, newest) {
            (Step::Add, _) | (Step::Update | Step::Remove, None) => {
                Act::AddMember { guild, user: None }
            }
            (Step::Update, Some(user)) => Act::UpdateMember {
                guild,
                user,
                nick: None,
            },
            (Step::Remove, Some(user)) => Act::RemoveMember { guild, user },
        };
        self.happen(act);
    }

    fn number_role(&mut self, step: Step, guild: u64) {
        let Some(found) = self.world.guild(guild) else {
            return;
        };
        let (newest, planned) = (found.role_ids().last(), found.role_count());
        let added = found.roles.numbers().any(|number| number >= planned);
        self.change_role(guild, change(step, newest, added));
    }

    fn number_channel(&mut self, step: Step, guild: u64) {
        let Some(found) = self.world.guild(guild) else {
            return;
        };
        let (newest, planned) = (found.channel_ids().last(), found.channel_count());
        let added = found.channels.numbers().any(|number| number >= planned);
        self.change_channel(guild, change(step, newest, added));
    }
}

/// A member who differs from turn to turn, and is the bot only where nobody else is.
fn somebody(guild: &Guild, turn: u64, bot: u64) -> u64 {
    let place = (turn % guild.len() as u64) as usize;
    let other = guild.member_at(place).filter(|user| *user != bot);
    other.or_else(|| guild.member_at(0)).unwrap_or(bot)
}

/// A step on the newest of a guild's things; only what was added is taken away.
fn change(step: Step, newest: Option<u64>, added: bool) -> Change {
    match (step, newest) {
        (Step::Add, _) | (Step::Update | Step::Remove, None) => Change::Add,
        (Step::Remove, Some(id)) if added => Change::Remove(id),
        (Step::Update | Step::Remove, Some(id)) => Change::Update(id),
    }
}
