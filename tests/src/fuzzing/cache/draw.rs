//! Dispatches about few guilds, users, roles and channels, so that they meet again and again.
use super::{GUILDS, USERS};
use crate::scenario::Source;
use serde_json::{Value, json};

/// A dispatch, and how it is fed.
#[derive(Debug)]
pub(super) struct Fed {
    pub(super) name: &'static str,
    pub(super) data: Value,
    /// It is the last chunk of all of a guild's members.
    pub(super) completes: bool,
    /// Its mutation goes through JSON on its way.
    pub(super) crosses: bool,
}

const NAMES: &[&str] = &["ann", "bob", "c\"d\\", "", "\u{e9}\u{1f600}"];

pub(super) fn draw(source: &mut Source<'_>) -> Fed {
    let guild = 1 + source.below(GUILDS);
    let mut completes = false;
    let (name, mut data) = match source.below(30) {
        0 => ("READY", ready(source)),
        1..=4 => ("GUILD_CREATE", create(source, guild)),
        5 => (
            "GUILD_UPDATE",
            json!({"id": guild.to_string(), "name": word(source), "roles": roles(source)}),
        ),
        6 => ("GUILD_DELETE", json!({"id": guild.to_string()})),
        7 => (
            "GUILD_DELETE",
            json!({"id": guild.to_string(), "unavailable": true}),
        ),
        8 | 9 => ("CHANNEL_CREATE", channel(source)),
        10 => ("CHANNEL_UPDATE", channel(source)),
        11 => ("CHANNEL_DELETE", channel(source)),
        12 | 13 => ("GUILD_ROLE_UPDATE", json!({"role": role(source)})),
        14 => ("GUILD_ROLE_DELETE", json!({"role_id": role(source)["id"]})),
        15..=17 => ("GUILD_MEMBER_ADD", member(source)),
        18 | 19 => ("GUILD_MEMBER_UPDATE", member(source)),
        20 | 21 => (
            "GUILD_MEMBER_REMOVE",
            json!({"user": {"id": user(source).to_string()}}),
        ),
        22 | 23 => {
            completes = source.percent(40);
            ("GUILD_MEMBERS_CHUNK", chunk(source))
        }
        24..=26 => ("PRESENCE_UPDATE", presence(source)),
        27 => ("USER_UPDATE", json!({"id": "9", "username": word(source)})),
        _ => ("VOICE_STATE_UPDATE", voice(source)),
    };
    if !matches!(name, "READY" | "USER_UPDATE") {
        data["guild_id"] = json!(guild.to_string());
    }
    Fed {
        name,
        data,
        completes,
        crosses: source.percent(30),
    }
}

fn list(source: &mut Source<'_>, item: impl Fn(&mut Source<'_>) -> Value) -> Value {
    (0..source.below(4)).map(|_| item(source)).collect()
}

fn word(source: &mut Source<'_>) -> &'static str {
    source.pick(NAMES)
}

fn user(source: &mut Source<'_>) -> u64 {
    USERS.start + source.below(USERS.end - USERS.start)
}

fn ready(source: &mut Source<'_>) -> Value {
    let guilds: Vec<Value> = (1..=GUILDS)
        .filter(|_| source.percent(60))
        .map(|id| json!({"id": id.to_string(), "unavailable": true}))
        .collect();
    json!({"session_id": "s", "user": {"id": "9", "username": word(source)}, "guilds": guilds})
}

fn create(source: &mut Source<'_>, guild: u64) -> Value {
    if source.percent(10) {
        return json!({"id": guild.to_string(), "unavailable": true});
    }
    let mut data = json!({
        "id": guild.to_string(), "name": word(source), "member_count": source.below(4),
        "roles": roles(source), "channels": list(source, channel),
        "presences": list(source, presence), "voice_states": list(source, voice),
        "members": list(source, member),
    });
    if source.percent(10) {
        let key = source.pick(&["members", "channels", "roles", "presences", "member_count"]);
        data.as_object_mut().map(|fields| fields.remove(key));
    }
    data
}

fn roles(source: &mut Source<'_>) -> Value {
    list(source, role)
}

fn role(source: &mut Source<'_>) -> Value {
    json!({"id": (200 + source.below(3)).to_string(), "name": word(source), "permissions": "8"})
}

fn channel(source: &mut Source<'_>) -> Value {
    json!({"id": (300 + source.below(4)).to_string(), "type": 0, "name": word(source)})
}

fn member(source: &mut Source<'_>) -> Value {
    let roles: Vec<String> = (200..203)
        .filter(|_| source.percent(30))
        .map(|id: u64| id.to_string())
        .collect();
    let mut data = json!({
        "user": {"id": user(source).to_string(), "username": word(source)}, "roles": roles,
    });
    match source.below(4) {
        0 => data["nick"] = json!(word(source)),
        1 => data["nick"] = Value::Null,
        2 => drop(data.as_object_mut().map(|fields| fields.remove("roles"))),
        _ => {}
    }
    data
}

fn chunk(source: &mut Source<'_>) -> Value {
    json!({
        "chunk_index": 0, "chunk_count": 1, "members": list(source, member),
        "presences": list(source, presence),
    })
}

fn presence(source: &mut Source<'_>) -> Value {
    let mut user = json!({"id": user(source).to_string()});
    if source.percent(20) {
        user["username"] = json!(word(source));
    }
    json!({"user": user, "status": source.pick(&["idle", "online", "offline"]), "activities": []})
}

fn voice(source: &mut Source<'_>) -> Value {
    let channel = match source.percent(70) {
        true => json!((300 + source.below(4)).to_string()),
        false => Value::Null,
    };
    json!({"user_id": user(source).to_string(), "channel_id": channel, "session_id": "v"})
}
