//! A store of one's own beside the one in memory: members are counted by the day they joined, and
//! nothing else of them is kept; all other kinds are in memory.
//!
//! `cargo run -p headcount-core --example own_store`

use std::collections::BTreeMap;
use std::convert::Infallible;

use headcount_core::cache::memory::Applied;
use headcount_core::cache::{Key, Kinds, MemoryStore, Mutation, Op, Router, Rows, Scope, Store};
use headcount_core::id::{GuildId, UserId};
use headcount_core::tracker::{Tracker, TrackerConfig};
use headcount_core::wire::view::{Batch, Member};
use headcount_core::{Action, Event, Instant, Intents, ShardId};

/// Whole days since 1970.
type Day = i64;

/// When the members of each guild joined.
#[derive(Default)]
struct JoinDays {
    guilds: BTreeMap<GuildId, BTreeMap<UserId, Day>>,
}

impl Store for JoinDays {
    type Error = Infallible;

    fn apply(&mut self, mutation: Mutation<'_>) -> Result<Applied, Infallible> {
        let Some(guild) = mutation.guild() else {
            // A new session names its guilds; those that it leaves out are gone.
            for op in mutation.into_ops() {
                if let Op::NewSession(session) = op {
                    self.guilds
                        .retain(|guild, _| session.guilds.contains(guild));
                }
            }
            return Ok(Applied::default());
        };
        for op in mutation.into_ops() {
            match op {
                Op::Upsert(Rows::Members(rows)) => self.join(guild, &rows),
                Op::Replace(Rows::Members(rows)) => {
                    self.guilds.remove(&guild);
                    self.join(guild, &rows);
                }
                Op::Remove(Key::Member(user)) => {
                    self.guilds.entry(guild).or_default().remove(&user);
                }
                Op::Cascade(Scope::Guild) => {
                    self.guilds.remove(&guild);
                }
                // Updates say nothing new of when a member joined.
                _ => {}
            }
        }
        Ok(Applied::default())
    }
}

impl JoinDays {
    fn join(&mut self, guild: GuildId, rows: &Batch<Member<'_>>) {
        const DAY: i64 = 24 * 60 * 60 * 1_000_000;
        let days = self.guilds.entry(guild).or_default();
        for member in rows.iter() {
            if let Some(joined) = member.membership.joined_at.value() {
                days.insert(member.user.id, joined.as_micros().div_euclid(DAY));
            }
        }
    }

    /// How many joined on each day.
    fn histogram(&self, guild: GuildId) -> BTreeMap<Day, usize> {
        let mut days = BTreeMap::new();
        for day in self
            .guilds
            .get(&guild)
            .into_iter()
            .flat_map(BTreeMap::values)
        {
            *days.entry(*day).or_default() += 1;
        }
        days
    }
}

/// What a gateway would send.
const DISPATCHES: [(&str, &str); 4] = [
    (
        "READY",
        r#"{"v":10,"session_id":"s","guilds":[{"id":"1","unavailable":true}],
            "user":{"id":"9","username":"bot"},"application":{"id":"9","flags":0},
            "resume_gateway_url":"wss://gateway.example"}"#,
    ),
    (
        "GUILD_CREATE",
        r#"{"id":"1","name":"The library","member_count":2,"roles":[],"channels":[],"members":[
            {"user":{"id":"9","username":"bot"},"roles":[],"joined_at":"2020-01-01T10:00:00+00:00"},
            {"user":{"id":"10","username":"ann"},"roles":[],"joined_at":"2020-01-01T12:00:00+00:00"}
        ]}"#,
    ),
    (
        "GUILD_MEMBER_ADD",
        r#"{"guild_id":"1","user":{"id":"11","username":"bea"},"roles":[],
            "joined_at":"2020-01-03T00:00:00+00:00"}"#,
    ),
    (
        "GUILD_MEMBER_REMOVE",
        r#"{"guild_id":"1","user":{"id":"10","username":"ann"}}"#,
    ),
];

#[allow(clippy::print_stdout, reason = "an example shows something")]
fn main() {
    let config = TrackerConfig {
        kinds: Kinds::GUILDS | Kinds::MEMBERS,
        ..TrackerConfig::default()
    };
    let intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    let mut tracker = Tracker::new(ShardId::ONE, intents, config, 7);
    let mut store = Router::new(MemoryStore::new(7), JoinDays::default(), Kinds::MEMBERS);

    for (sequence, (name, data)) in (1..).zip(DISPATCHES) {
        for action in tracker.dispatch(Instant::ZERO, name, Some(sequence), data) {
            match action {
                // Nothing in this router can fail; a store that does is reported here, and the
                // event is handed on all the same.
                Action::Mutate(mutation) => drop(store.apply(mutation)),
                Action::Emit(Event::Dispatch(event)) => println!("{:?}", event.name()),
                _ => {}
            }
        }
    }
    for guild in store.first.guilds() {
        println!(
            "{}:",
            guild
                .data()
                .name
                .as_ref()
                .map_or("?".into(), |name| name.as_cow())
        );
        for (day, joined) in store.second.histogram(guild.id()) {
            println!("  day {day}: {joined} joined");
        }
    }
}
