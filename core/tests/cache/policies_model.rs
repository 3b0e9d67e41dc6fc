//! A naive model of what policies leave in a store: everything is judged anew after each step.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use headcount_core::cache::memory::Indexes;
use headcount_core::cache::{
    Kind, Kinds, MemberTraits, MemoryStore, Policies, Policy, Predicate, RowRef,
};

use crate::world::{ME, World, ready};

/// A world whose store keeps every kind under these rules, after READY, and a model of the same.
pub(crate) fn side_by_side<'a>(
    rules: impl IntoIterator<Item = &'a (Kind, Rule)>,
) -> (World, Model) {
    let mut policies = Policies::from(Kinds::all());
    let mut model = Model::default();
    let newest = Rule {
        newest: Some(100),
        ..Rule::default()
    };
    model.rules.insert(Kind::Message, newest);
    let last = Rule {
        overall: Some(1_000),
        ..Rule::default()
    };
    model.rules.insert(Kind::PrivateChannel, last);
    let hour = Rule {
        over: Some(3_600_000),
        ..Rule::default()
    };
    model.rules.insert(Kind::ScheduledEvent, hour);
    for (kind, rule) in rules {
        policies.set(*kind, rule.policy(*kind)).unwrap();
        model.rules.insert(*kind, *rule);
    }
    let mut world = World::empty();
    let store = MemoryStore::with_policies(3, policies);
    world.keep_in(store.indexed(Indexes::all()));
    world.feed("READY", &ready(&[]));
    (world, model)
}

/// A row: the guild, the channel of a message or zero, and the id.
pub(crate) type At = (u64, u64, u64);

/// A condition on a row, said twice: for the store, and for the model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Condition {
    pub(crate) keep: MemberTraits,
    pub(crate) even: bool,
}

/// A policy, as the model reads it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rule {
    pub(crate) only: Option<Condition>,
    pub(crate) spared: Option<Condition>,
    pub(crate) overall: Option<usize>,
    pub(crate) per_guild: Option<usize>,
    pub(crate) per_channel: Option<usize>,
    pub(crate) newest: Option<usize>,
    pub(crate) age: Option<u64>,
    /// For scheduled events, and then nothing else: the age of those that are over.
    pub(crate) over: Option<u64>,
}

impl Rule {
    pub(crate) fn policy(self, kind: Kind) -> Policy {
        if let Some(age) = self.over {
            return Policy::until_over(Duration::from_millis(age));
        }
        let condition = |one: Condition| {
            let even = match kind {
                Kind::Member => Predicate::member(|row| row.user().id().get() % 2 == 0),
                Kind::Presence => Predicate::presence(|row| row.user().get() % 2 == 0),
                Kind::Channel => Predicate::channel(|row| row.id.get() % 2 == 0),
                Kind::Message => Predicate::message(|row| row.id().get() % 2 == 0),
                _ => Predicate::when(|one| number(one.row).is_multiple_of(2)),
            };
            match (one.even, one.keep.is_empty()) {
                (true, true) => even,
                (true, false) => even.or(one.keep),
                (false, _) => one.keep.into(),
            }
        };
        let mut policy = match (self.only, self.newest) {
            (Some(only), _) => Policy::keep(condition(only)),
            (None, Some(newest)) => Policy::newest_per_channel(newest),
            (None, None) => Policy::all(),
        };
        policy = self.overall.into_iter().fold(policy, Policy::at_most);
        policy = self.per_guild.into_iter().fold(policy, Policy::per_guild);
        policy = self
            .per_channel
            .into_iter()
            .fold(policy, Policy::per_channel);
        let ages = self.age.map(Duration::from_millis);
        policy = ages.into_iter().fold(policy, Policy::time_to_live);
        let spared = self.spared.map(condition);
        spared.into_iter().fold(policy, Policy::sparing)
    }

    pub(crate) fn barred(self) -> bool {
        let most = [self.overall, self.per_guild, self.per_channel, self.newest];
        most.contains(&Some(0)) || self.age.or(self.over) == Some(0)
    }

    pub(crate) fn is_none(self) -> bool {
        self.barred() && self.spared.is_none() && self.over.is_none()
    }

    pub(crate) fn counts_uses(self) -> bool {
        self.overall
            .or(self.per_guild)
            .or(self.per_channel)
            .is_some()
    }

    pub(crate) fn tracked(self) -> bool {
        let ages = self.age.or(self.over).is_some();
        (self.counts_uses() || ages) && !self.is_none()
    }
}

/// What a row is called in its guild and channel; an invitation's code ends in its number.
fn number(row: RowRef<'_>) -> u64 {
    match row {
        RowRef::PrivateChannel(row) => row.id.get(),
        RowRef::Thread(row) => row.id.get(),
        RowRef::ThreadMember(row) => row.user.get(),
        RowRef::Role(row) => row.id.get(),
        RowRef::Emoji(row) => row.id.get(),
        RowRef::Sticker(row) => row.id.get(),
        RowRef::Sound(row) => row.id.get(),
        RowRef::VoiceState(row) => row.user.get(),
        RowRef::Stage(row) => row.id.get(),
        RowRef::ScheduledEvent(row) => row.id.get(),
        RowRef::Integration(row) => row.id.get(),
        RowRef::Rule(row) => row.id.get(),
        RowRef::Invite(row) => row.code.to_string()[1..].parse().unwrap(),
        RowRef::WebhookMark(channel) => channel.get(),
        other => panic!("{other:?} has a predicate of its own"),
    }
}

#[derive(Debug, Default)]
pub(crate) struct Guild {
    pub(crate) owner: u64,
    pub(crate) boosters: BTreeSet<u64>,
    /// Who is a member, kept or not.
    pub(crate) real: BTreeSet<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Evict,
    Spare,
    Count,
}

#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) guilds: BTreeMap<u64, Guild>,
    /// Rows of each kind with when they were last used and last written.
    pub(crate) rows: BTreeMap<Kind, BTreeMap<At, (u64, u64)>>,
    /// The channel on which a row hangs.
    pub(crate) links: BTreeMap<(Kind, At), u64>,
    /// The channels outside guilds that have a row, and not only messages.
    pub(crate) rowed: BTreeSet<At>,
    pub(crate) rules: BTreeMap<Kind, Rule>,
    pub(crate) tick: u64,
    pub(crate) now: u64,
}

/// The kinds that policies rule, in the order in which a store judges them.
pub(crate) const RULED: [Kind; 18] = [
    Kind::Channel,
    Kind::Thread,
    Kind::ThreadMember,
    Kind::Role,
    Kind::Emoji,
    Kind::Sticker,
    Kind::Sound,
    Kind::Presence,
    Kind::VoiceState,
    Kind::Stage,
    Kind::ScheduledEvent,
    Kind::Integration,
    Kind::Message,
    Kind::Rule,
    Kind::Invite,
    Kind::WebhookMark,
    Kind::PrivateChannel,
    Kind::Member,
];

impl Model {
    pub(crate) fn touch(&mut self, kind: Kind, at: At) {
        self.tick += 1;
        let row = (self.tick, self.now);
        self.rows.entry(kind).or_default().insert(at, row);
    }

    pub(crate) fn used(&mut self, kind: Kind, at: At) {
        self.tick += 1;
        let counts = self.rule(kind).counts_uses();
        if let Some(row) = self
            .rows
            .entry(kind)
            .or_default()
            .get_mut(&at)
            .filter(|_| counts)
        {
            row.0 = self.tick;
        }
    }

    pub(crate) fn rule(&self, kind: Kind) -> Rule {
        self.rules.get(&kind).copied().unwrap_or_default()
    }

    pub(crate) fn of(&self, kind: Kind) -> BTreeSet<At> {
        self.rows
            .get(&kind)
            .into_iter()
            .flatten()
            .map(|(at, _)| *at)
            .collect()
    }

    pub(crate) fn drop_rows(&mut self, kind: Kind, gone: impl Fn(&At) -> bool) {
        self.rows.entry(kind).or_default().retain(|at, _| !gone(at));
    }

    pub(crate) fn member_gone(&mut self, g: u64, u: u64) {
        self.drop_rows(Kind::Member, |at| *at == (g, 0, u));
        self.drop_rows(Kind::Presence, |at| *at == (g, 0, u));
    }

    /// A channel goes, cached or not, with all that hangs on it.
    pub(crate) fn channel_gone(&mut self, g: u64, c: u64) {
        for kind in RULED {
            let (links, rows) = (&self.links, self.of(kind));
            let hangs = |at: &At| at.0 == g && links.get(&(kind, *at)) == Some(&c);
            let hanging: Vec<At> = rows.into_iter().filter(hangs).collect();
            for at in hanging {
                self.evict(kind, at);
            }
        }
        self.drop_rows(Kind::Channel, |at| *at == (g, 0, c));
        self.drop_rows(Kind::WebhookMark, |at| *at == (g, 0, c));
        self.drop_rows(Kind::Message, |at| (at.0, at.1) == (g, c));
    }

    /// A thread goes, cached or not, with who is in it and what was said.
    pub(crate) fn thread_gone(&mut self, g: u64, thread: u64) {
        self.drop_rows(Kind::Thread, |at| *at == (g, 0, thread));
        self.drop_rows(Kind::ThreadMember, |at| (at.0, at.1) == (g, thread));
        self.drop_rows(Kind::Message, |at| (at.0, at.1) == (g, thread));
    }

    /// A channel outside guilds goes, with what was said.
    pub(crate) fn private_gone(&mut self, at: At) {
        self.drop_rows(Kind::PrivateChannel, |other| *other == at);
        self.rowed.remove(&at);
        self.drop_rows(Kind::Message, |other| (other.0, other.1) == (0, at.2));
    }

    /// A presence needs its member, if the guild has any.
    pub(crate) fn presence(&mut self, g: u64, u: u64, online: bool) {
        let members = self.of(Kind::Member);
        let empty = !members.iter().any(|at| at.0 == g);
        if online && (empty || members.contains(&(g, 0, u))) {
            self.touch(Kind::Presence, (g, 0, u));
        } else {
            self.drop_rows(Kind::Presence, |at| *at == (g, 0, u));
        }
    }

    pub(crate) fn verdict(&self, kind: Kind, at: At) -> Verdict {
        let rule = self.rule(kind);
        let (member, u) = (kind == Kind::Member, at.2);
        let guild = |is: &dyn Fn(&Guild) -> bool| self.guilds.get(&at.0).is_some_and(is);
        let holds = |one: Condition| {
            let online = self.of(Kind::Presence).contains(&at);
            let voice = self.of(Kind::VoiceState).contains(&at);
            (one.even && u % 2 == 0)
                || (member && one.keep.contains(MemberTraits::OWNER) && guild(&|it| it.owner == u))
                || (member && one.keep.contains(MemberTraits::IN_VOICE) && voice)
                || (member && one.keep.contains(MemberTraits::ONLINE) && online)
                || (member
                    && one.keep.contains(MemberTraits::BOOSTER)
                    && guild(&|it| it.boosters.contains(&u)))
        };
        // An odd channel is that of an event that is over.
        let over = self.links.get(&(kind, at)).is_some_and(|on| on % 2 == 1);
        if rule.is_none() {
            Verdict::Evict
        } else if kind == Kind::PrivateChannel && !self.rowed.contains(&at) {
            Verdict::Count
        } else if (member && u == ME) || (rule.over.is_some() && !over) {
            Verdict::Spare
        } else if rule.only.is_some_and(|only| !holds(only)) {
            Verdict::Evict
        } else if rule.spared.is_some_and(holds) {
            Verdict::Spare
        } else if rule.barred() {
            Verdict::Evict
        } else {
            Verdict::Count
        }
    }

    pub(crate) fn evict(&mut self, kind: Kind, at: At) {
        match kind {
            Kind::Member => self.member_gone(at.0, at.2),
            Kind::Channel => self.channel_gone(at.0, at.2),
            Kind::Thread => self.thread_gone(at.0, at.2),
            Kind::PrivateChannel => self.private_gone(at),
            _ => self.drop_rows(kind, |other| *other == at),
        }
    }

    /// Judges everything anew.
    pub(crate) fn settle(&mut self) {
        self.trim();
        for kind in RULED {
            for at in self.of(kind) {
                if self.verdict(kind, at) == Verdict::Evict {
                    self.evict(kind, at);
                }
            }
            let rule = self.rule(kind);
            for at in self.of(kind) {
                let touched = self.rows[&kind][&at].1;
                let age = rule.age.or(rule.over);
                let old = age.is_some_and(|age| touched + age <= self.now);
                if old && self.verdict(kind, at) == Verdict::Count {
                    self.evict(kind, at);
                }
            }
            let groups: BTreeSet<At> = self.of(kind);
            for (g, c, _) in groups {
                // A channel outside guilds counts by itself.
                self.limit(kind, rule.per_guild, |at| at.0 == g && (g > 0 || at.1 == c));
                self.limit(kind, rule.per_channel, |at| at.1 == c);
            }
            self.limit(kind, rule.overall, |_| true);
        }
    }

    pub(crate) fn limit(&mut self, kind: Kind, most: Option<usize>, inside: impl Fn(&At) -> bool) {
        while let Some(most) = most {
            let counted = |at: &At| inside(at) && self.verdict(kind, *at) == Verdict::Count;
            let rows = self.rows.get(&kind).cloned().unwrap_or_default();
            let rows = rows.into_iter().filter(|(at, _)| counted(at));
            let mut order: Vec<(u64, At)> = rows.map(|(at, (used, _))| (used, at)).collect();
            order.sort_unstable();
            if order.len() <= most {
                return;
            }
            self.evict(kind, order[0].1);
        }
    }

    pub(crate) fn trim(&mut self) {
        let newest = self.rule(Kind::Message).newest.unwrap_or(usize::MAX);
        let rows = self.of(Kind::Message);
        for at in &rows {
            let newer = rows
                .iter()
                .filter(|other| other.1 == at.1 && other.2 > at.2);
            if newer.count() >= newest {
                self.drop_rows(Kind::Message, |other| other == at);
            }
        }
    }

    pub(crate) fn set_rule(&mut self, kind: Kind, rule: Rule) {
        let old = self.rules.insert(kind, rule).unwrap_or_default();
        if !old.tracked() && rule.tracked() {
            for at in self.of(kind) {
                self.touch(kind, at);
            }
        }
    }
}
