//! Snapshots that are damaged in any way, their checksums right or not: each is refused, or gives
//! a store that is consistent and goes on.
mod consistency;
mod damage;

use crate::scenario::Source;
use consistency::{assert_consistent, guilds};
use damage::{damage, whole};
use headcount_core::cache::memory::Indexes;
use headcount_core::cache::memory::snapshot::SnapshotReader;
use headcount_core::cache::{
    Deriver, Kind, Kinds, MemoryStore, Mutation, Op, Policies, Policy, Scope,
};
use headcount_core::wire::Name;
use headcount_core::{Instant, ShardId};
use serde_json::{Value, json};
use std::time::Duration;

/// The first byte chooses: bytes as they are, or a snapshot of a store and what happens to it; and
/// whether checksums are made right.
pub(super) fn run(bytes: &[u8]) {
    let [first, rest @ ..] = bytes else {
        return;
    };
    let source = &mut Source::bytes(rest);
    let mends = first % 2 == 0;
    let mut snapshot = match first / 2 % 3 {
        0 => rest.to_vec(),
        portable => {
            let mut bytes = written(&drawn(source), portable == 2);
            damage(source, &mut bytes);
            bytes
        }
    };
    if mends {
        snapshot = whole(&snapshot);
    }
    let policies = policies(first / 6 % 4);
    let Some(mut store) = read(policies.clone(), source, &snapshot) else {
        return;
    };
    assert_consistent(&store);
    let again = written(&store, false);
    let again = read(policies, &mut Source::bytes(&[]), &again);
    assert_consistent(&again.expect("what was read can be written"));
    go_on(&mut store);
}

/// Everything, or less by one rule or another.
fn policies(choice: u8) -> Policies {
    let all = Policies::from(Kinds::all());
    let with = |kind, policy| all.clone().with(kind, policy).expect("it makes sense");
    match choice {
        0 => all,
        1 => with(Kind::Member, Policy::lru(3).per_guild(2)),
        2 => with(
            Kind::Role,
            Policy::lru(2).time_to_live(Duration::from_millis(50)),
        ),
        _ => Policies::from(Kinds::all() - Kinds::MEMBERS - Kinds::CHANNELS),
    }
}

fn empty(policies: Policies) -> MemoryStore {
    MemoryStore::with_policies(7, policies).indexed(Indexes::all())
}

/// The store of these bytes, which come in pieces; `None` if they are refused.
fn read(policies: Policies, source: &mut Source<'_>, bytes: &[u8]) -> Option<MemoryStore> {
    let mut reader = SnapshotReader::new(empty(policies)).at(1_000);
    let piece = 1 + source.below(2_000) as usize;
    for piece in bytes.chunks(piece) {
        reader.push(piece).ok()?;
    }
    reader.finish().ok().map(|(store, _)| store)
}

fn written(store: &MemoryStore, portable: bool) -> Vec<u8> {
    let mut writer = store.snapshot(500).rows_a_copy(8);
    if portable {
        writer = writer.portable();
    }
    let mut bytes = Vec::new();
    while writer.copy(store) {
        writer.write(&mut bytes);
    }
    writer.write(&mut bytes);
    bytes
}

/// A store with up to three guilds, whose rows are used and grow older.
fn drawn(source: &mut Source<'_>) -> MemoryStore {
    let policies = policies(source.below(3) as u8);
    let (mut store, mut deriver) = (empty(policies), Deriver::new(ShardId::ONE, Kinds::all()));
    let mut feed = |store: &mut MemoryStore, name: &str, data: &Value| {
        let text = data.to_string();
        let view = deriver.decode(Name::from_wire(name), &text);
        if let Ok(Some(view)) = view {
            store.apply(deriver.derive(view).into_owned());
        }
    };
    feed(&mut store, "READY", &ready());
    let guilds = 1 + source.below(3);
    for id in 1..=guilds {
        store.advance(Instant::from_millis(id * 10));
        feed(&mut store, "GUILD_CREATE", &guild(source, id));
    }
    for id in 0..source.below(4) {
        let mut data = json!({"id": (50 + id).to_string(), "channel_id": "101",
            "author": user(10 + source.below(8), "wrote")});
        match source.below(3) {
            0 => data["channel_id"] = json!("900"),
            _ => data["guild_id"] = json!("1"),
        }
        feed(&mut store, "MESSAGE_CREATE", &data);
    }
    store
}

fn ready() -> Value {
    json!({"v": 10, "session_id": "a", "resume_gateway_url": "wss://resume.example",
        "user": user(9, "bot"), "guilds": [{"id": "1", "unavailable": true}],
        "application": {"id": "9", "flags": 0}})
}

fn user(id: u64, name: &str) -> Value {
    json!({"id": id.to_string(), "username": name, "discriminator": "0", "global_name": null,
        "avatar": "0123456789abcdef0123456789abcdef"})
}

fn guild(source: &mut Source<'_>, id: u64) -> Value {
    let mut members: Vec<u64> = (0..source.below(5)).map(|_| 9 + source.below(6)).collect();
    members.sort_unstable();
    members.dedup();
    let presence = |user: &u64| {
        json!({"user": {"id": user.to_string()}, "status": "idle",
        "activities": [{"name": "chess", "type": 0}]})
    };
    let presences: Vec<Value> = members.iter().take(2).map(presence).collect();
    let member = |user: &u64| {
        json!({"user": self::user(*user, "somebody"), "nick": "nick",
        "roles": [(200 + user % 2).to_string()], "joined_at": "2023-09-01T14:48:02+00:00"})
    };
    let rows: Vec<Value> = members.iter().map(member).collect();
    let role = |id: u64| json!({"id": id.to_string(), "name": "role", "permissions": "8"});
    let voice: Vec<Value> = members
        .first()
        .iter()
        .map(|user| voice(**user, id))
        .collect();
    json!({"id": id.to_string(), "name": "guild", "owner_id": "10", "large": false,
        "member_count": rows.len(), "members": rows, "presences": presences,
        "channels": [{"id": (100 + id).to_string(), "type": 0, "name": "channel"}],
        "threads": [{"id": (110 + id).to_string(), "type": 11, "name": "thread",
            "parent_id": (100 + id).to_string()}],
        "roles": [role(id), role(200), role(201)], "voice_states": voice,
        "emojis": [{"id": (300 + id).to_string(), "name": "blob"}], "stickers": []})
}

fn voice(user: u64, guild: u64) -> Value {
    json!({"user_id": user.to_string(), "channel_id": (100 + guild).to_string(),
        "session_id": "a", "deaf": false, "mute": false})
}

/// Time passes, and guild after guild goes: nothing of it stays.
fn go_on(store: &mut MemoryStore) {
    store.advance(Instant::from_millis(10_000));
    assert_consistent(store);
    let mut deriver = Deriver::new(ShardId::ONE, Kinds::all());
    for guild in guilds(store) {
        let mut joins = json!({"user": user(9, "new"), "roles": ["999"]});
        joins["guild_id"] = json!(guild.get().to_string());
        let (name, text) = (Name::GuildMemberAdd, joins.to_string());
        if let Ok(Some(view)) = deriver.decode(name, &text) {
            store.apply(deriver.derive(view).into_owned());
        }
        assert_consistent(store);
        let leave = Op::Cascade(Scope::Guild);
        store.apply(Mutation::new(Some(guild)).with(leave));
        assert_consistent(store);
    }
    let left = [
        Kind::Guild,
        Kind::Channel,
        Kind::Role,
        Kind::Member,
        Kind::Presence,
    ];
    assert_eq!(left.map(|kind| store.rows(kind)), [0; 5]);
}
