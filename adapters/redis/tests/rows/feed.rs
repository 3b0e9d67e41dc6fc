//! Dispatches as a gateway sends them, drawn at random, and what they change.

use headcount_core::cache::{Deriver, Mutation, Op};
use headcount_core::id::GuildId;
use headcount_core::wire::Name;
use headcount_core::{Position, ShardId};
use headcount_redis::RowStore;
use serde_json::{Value, json};

/// A small generator.
#[derive(Clone)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, most: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        (self.0 >> 33) % most
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    /// Up to `most` numbers below `end`, each once.
    fn some(&mut self, most: u64, end: u64) -> Vec<u64> {
        let count = self.below(most + 1);
        let mut some: Vec<u64> = (0..count).map(|_| self.below(end)).collect();
        some.sort_unstable();
        some.dedup();
        some
    }
}

/// From dispatches to mutations, each with its place in a session.
pub(crate) struct Feed {
    deriver: Deriver,
    pub(crate) session: u64,
    pub(crate) sequence: u64,
}

pub(crate) fn guild(number: u64) -> GuildId {
    GuildId::new(number << 22).unwrap()
}

impl Feed {
    pub(crate) fn new(sweeps: bool) -> Self {
        let deriver = Deriver::new(ShardId::ONE, RowStore::KINDS);
        Self {
            deriver: deriver.sweep_after_chunk(sweeps),
            session: 1,
            sequence: 0,
        }
    }

    /// Gives a mutation the next place.
    pub(crate) fn place(&mut self, mutation: Mutation<'static>) -> Mutation<'static> {
        self.sequence += 1;
        mutation.at(Position {
            shard: ShardId::ONE,
            session: self.session,
            sequence: self.sequence,
        })
    }

    /// What a dispatch changes of the kinds that are kept; `None` if that is nothing.
    pub(crate) fn derive(&mut self, name: &str, data: &Value) -> Option<Mutation<'static>> {
        let text = data.to_string();
        let view = self.deriver.decode(Name::from_wire(name), &text).unwrap();
        let mutation = self.deriver.derive(view?).into_owned();
        let mutation = match name {
            "READY" => {
                self.session += 1;
                self.sequence = 0;
                mutation
            }
            "GUILD_MEMBERS_CHUNK" if data["chunk_index"] == 1 => self.deriver.complete(mutation),
            _ => mutation,
        };
        let placed = self.place(mutation);
        placed.part(RowStore::KINDS)
    }
}

/// Which ids a guild's rows have; those of another have others.
fn id(guild: u64, number: u64) -> String {
    (guild * 1_000 + number).to_string()
}

fn user(dice: &mut Dice, guild: u64, number: u64) -> Value {
    let mut user = json!({"id": id(guild, number), "username": format!("user{}", dice.below(3))});
    if dice.one_in(2) {
        let long = 1 + dice.below(3) as usize * 40;
        user["global_name"] = json!("ü".repeat(long));
    }
    if dice.one_in(3) {
        user["avatar"] = json!("a_0123456789abcdef0123456789abcdef");
    }
    user
}

pub(crate) fn member(dice: &mut Dice, guild: u64, number: u64) -> Value {
    let roles = dice.some(12, 14).into_iter();
    let roles: Vec<String> = roles.map(|role| id(guild, 500 + role)).collect();
    let mut member = json!({"user": user(dice, guild, number), "roles": roles,
        "joined_at": "2020-01-01T00:00:00+00:00", "deaf": false, "mute": dice.one_in(2)});
    match dice.below(3) {
        0 => member["nick"] = Value::Null,
        1 => member["nick"] = json!("n".repeat(1 + dice.below(200) as usize)),
        _ => {}
    }
    member
}

fn channel(dice: &mut Dice, guild: u64, number: u64) -> Value {
    json!({"id": id(guild, 100 + number), "type": if number == 5 { 15 } else { 0 },
        "name": format!("channel{}", dice.below(3)), "position": number})
}

fn thread(dice: &mut Dice, guild: u64, number: u64) -> Value {
    let mut thread = json!({"id": id(guild, 200 + number), "type": 11 + number % 2,
        "name": format!("thread{}", dice.below(3)), "parent_id": id(guild, 100 + number % 6),
        "thread_metadata": {"archived": false}, "message_count": 3, "total_message_sent": 4});
    if dice.one_in(2) {
        thread["member"] = json!({"id": id(guild, 200 + number), "user_id": id(guild, number),
            "join_timestamp": "2020-01-01T00:00:00+00:00", "flags": 1});
    }
    thread
}

fn small(dice: &mut Dice, guild: u64, from: u64, number: u64) -> Value {
    json!({"id": id(guild, from + number), "name": format!("x{}", dice.below(3))})
}

fn list(
    dice: &mut Dice,
    (most, end): (u64, u64),
    row: impl Fn(&mut Dice, u64) -> Value,
) -> Vec<Value> {
    let numbers = dice.some(most, end);
    numbers
        .into_iter()
        .map(|number| row(dice, number))
        .collect()
}

pub(crate) fn guild_create(dice: &mut Dice, guild: u64) -> Value {
    let members = list(dice, (20, 60), |dice, number| member(dice, guild, number));
    let voice = list(dice, (3, 60), |dice, number| {
        let on = dice.below(6);
        json!({"user_id": id(guild, number), "channel_id": id(guild, 100 + on), "session_id": "v"})
    });
    json!({"id": self::guild(guild).to_string(), "name": format!("guild{}", dice.below(3)),
        "member_count": 60, "members": members, "voice_states": voice,
        "roles": list(dice, (8, 14), |dice, number| small(dice, guild, 500, number)),
        "channels": list(dice, (6, 6), |dice, number| channel(dice, guild, number)),
        "threads": list(dice, (4, 8), |dice, number| thread(dice, guild, number)),
        "emojis": list(dice, (4, 9), |dice, number| {
            let mut emoji = small(dice, guild, 600, number);
            emoji["roles"] = json!([id(guild, 500 + dice.below(14))]);
            emoji
        }),
        "stickers": list(dice, (4, 9), |dice, number| small(dice, guild, 700, number)),
        "stage_instances": [], "guild_scheduled_events": [], "soundboard_sounds": []})
}

/// A role of the first guild, anew.
pub(crate) fn role_update(feed: &mut Feed) -> Mutation<'static> {
    let role = json!({"guild_id": guild(1).to_string(), "role": {"id": "1500", "name": "r"}});
    feed.derive("GUILD_ROLE_UPDATE", &role).unwrap()
}

/// A new session, which names these guilds.
pub(crate) fn ready(guilds: impl Iterator<Item = u64>) -> Value {
    let named = |it| json!({"id": guild(it).to_string(), "unavailable": true});
    let named: Vec<Value> = guilds.map(named).collect();
    json!({"v": 10, "session_id": "s", "guilds": named,
        "user": {"id": "9", "username": "bot"}, "application": {"id": "9", "flags": 0}})
}

/// The next dispatch.
pub(crate) fn draw(dice: &mut Dice, guilds: u64) -> (&'static str, Value) {
    let g = 1 + dice.below(guilds);
    let within = |row: Value| within(g, row);
    let number = dice.below(60);
    match dice.below(30) {
        0..=3 => ("GUILD_CREATE", guild_create(dice, g)),
        4 => {
            let listed = dice.some(guilds, guilds).into_iter();
            ("READY", ready(listed.map(|it| 1 + it)))
        }
        5 => {
            let id = guild(g).to_string();
            (
                "GUILD_DELETE",
                json!({"id": id, "unavailable": dice.one_in(2)}),
            )
        }
        6..=8 => ("GUILD_MEMBER_ADD", within(member(dice, g, number))),
        9..=11 => ("GUILD_MEMBER_UPDATE", within(member(dice, g, number))),
        12 => {
            let user = json!({"user": {"id": id(g, number), "username": "u"}});
            ("GUILD_MEMBER_REMOVE", within(user))
        }
        13..=16 => {
            let members = list(dice, (30, 60), |dice, number| member(dice, g, number));
            (
                "GUILD_MEMBERS_CHUNK",
                within(json!({"members": members, "nonce": "x",
                "chunk_index": dice.below(2), "chunk_count": 2})),
            )
        }
        17 => (
            "GUILD_ROLE_UPDATE",
            within(json!({"role": small(dice, g, 500, number % 14)})),
        ),
        18 => (
            "GUILD_ROLE_DELETE",
            within(json!({"role_id": id(g, 500 + number % 14)})),
        ),
        19..=24 => draw_place(dice, g, number),
        _ => draw_small(dice, g, number),
    }
}

/// One about channels, threads and who is in them.
fn draw_place(dice: &mut Dice, g: u64, number: u64) -> (&'static str, Value) {
    let within = |row: Value| within(g, row);
    match dice.below(6) + 19 {
        19 => ("CHANNEL_UPDATE", within(channel(dice, g, number % 6))),
        20 => ("CHANNEL_DELETE", within(channel(dice, g, number % 6))),
        21 => ("THREAD_CREATE", within(thread(dice, g, number % 8))),
        22 => ("THREAD_DELETE", within(thread(dice, g, number % 8))),
        23 => {
            let change = json!({"id": id(g, 200 + number % 8), "member_count": 3,
                "added_members": [{"id": id(g, 200 + number % 8), "user_id": id(g, number),
                    "join_timestamp": "2020-01-01T00:00:00+00:00", "flags": 0}],
                "removed_member_ids": [id(g, number / 2)]});
            ("THREAD_MEMBERS_UPDATE", within(change))
        }
        _ => {
            let on = (!dice.one_in(3)).then(|| id(g, 100 + number % 6));
            let state = json!({"user_id": id(g, number), "channel_id": on, "session_id": "v"});
            ("VOICE_STATE_UPDATE", within(state))
        }
    }
}

/// One about what is smaller.
fn draw_small(dice: &mut Dice, g: u64, number: u64) -> (&'static str, Value) {
    let within = |row: Value| within(g, row);
    match dice.below(5) + 25 {
        25 => {
            let emojis = list(dice, (4, 9), |dice, number| small(dice, g, 600, number));
            ("GUILD_EMOJIS_UPDATE", within(json!({"emojis": emojis})))
        }
        26 => {
            let event = json!({"id": id(g, 800 + number % 4), "name": "e", "status": 1,
                "channel_id": id(g, 100 + number % 6), "user_count": 5});
            ("GUILD_SCHEDULED_EVENT_UPDATE", within(event))
        }
        27 => (
            "INTEGRATION_CREATE",
            within(json!({"id": id(g, 900 + number % 4), "name": "i",
            "type": "discord"})),
        ),
        28 => (
            "AUTO_MODERATION_RULE_UPDATE",
            within(json!({"id": id(g, 950 + number % 4),
            "name": "r", "event_type": 1})),
        ),
        _ => {
            let place = [100 + number % 6, 200 + number % 8][dice.below(2) as usize];
            let message = json!({"id": dice.below(1 << 20).to_string(), "type": 0,
                "channel_id": id(g, place), "author": user(dice, g, number)});
            ("MESSAGE_CREATE", within(message))
        }
    }
}

fn within(g: u64, mut row: Value) -> Value {
    row["guild_id"] = json!(guild(g).to_string());
    row
}

/// A mutation as time or a failure leads to it, without a dispatch.
pub(crate) fn draw_own(dice: &mut Dice, guilds: u64) -> Mutation<'static> {
    use headcount_core::cache::{GuildStatus, Lack};
    let of = Mutation::new(Some(guild(1 + dice.below(guilds))));
    match dice.below(5) {
        0 => of.with(Op::Recount),
        1 => of.with(Op::Complete),
        2 => of.with(Op::Incomplete(Lack::Loading)),
        3 => of.with(Op::SetStatus(GuildStatus::Stale)),
        _ => of.with(Op::HandedOver),
    }
}
