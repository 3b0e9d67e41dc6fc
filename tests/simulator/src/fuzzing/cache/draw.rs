//! Dispatches about few guilds, users, roles and channels, so that they meet again and again.
use super::host::Asked;
use super::{GUILDS, USERS};
use crate::scenario::Source;
use serde_json::{Value, json};

/// A dispatch, and how it is fed.
#[derive(Clone, Debug)]
pub(super) struct Fed {
    pub(super) name: &'static str,
    pub(super) data: Value,
    /// How many dispatches had been fed when it was asked for, if that is known.
    pub(super) asked_after: Option<usize>,
    /// Its mutation goes through JSON on its way.
    pub(super) crosses: bool,
}

/// What happens next.
#[derive(Clone, Debug)]
pub(super) enum Move {
    Feed(Fed),
    /// The members of this guild are asked for.
    Ask(u64),
}

const NAMES: &[&str] = &["ann", "bob", "c\"d\\", "", "\u{e9}\u{1f600}"];

/// The smaller kinds: how each is created, updated and removed.
pub(super) const SMALL: [[&str; 3]; 6] = [
    ["THREAD_CREATE", "THREAD_UPDATE", "THREAD_DELETE"],
    [
        "GUILD_SOUNDBOARD_SOUND_CREATE",
        "GUILD_SOUNDBOARD_SOUND_UPDATE",
        "GUILD_SOUNDBOARD_SOUND_DELETE",
    ],
    [
        "STAGE_INSTANCE_CREATE",
        "STAGE_INSTANCE_UPDATE",
        "STAGE_INSTANCE_DELETE",
    ],
    [
        "GUILD_SCHEDULED_EVENT_CREATE",
        "GUILD_SCHEDULED_EVENT_UPDATE",
        "GUILD_SCHEDULED_EVENT_DELETE",
    ],
    [
        "INTEGRATION_CREATE",
        "INTEGRATION_UPDATE",
        "INTEGRATION_DELETE",
    ],
    [
        "AUTO_MODERATION_RULE_CREATE",
        "AUTO_MODERATION_RULE_UPDATE",
        "AUTO_MODERATION_RULE_DELETE",
    ],
];

pub(super) fn draw(source: &mut Source<'_>, asked: &[Asked]) -> Move {
    let guild = 1 + source.below(GUILDS);
    let (name, data) = match source.below(42) {
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
        22 | 23 => return chunk(source, guild, asked),
        24..=26 => ("PRESENCE_UPDATE", presence(source)),
        27 => ("USER_UPDATE", json!({"id": "9", "username": word(source)})),
        28..=31 => ("VOICE_STATE_UPDATE", voice(source)),
        32 => ("GUILD_ROLE_CREATE", json!({"role": role(source)})),
        33 | 34 => return Move::Ask(guild),
        35 => ("GUILD_SYNC", sync(source, guild)),
        _ => {
            let kind = source.below(SMALL.len() as u64) as usize;
            (source.pick(&SMALL[kind]), small(source, kind, guild))
        }
    };
    feed(source, guild, name, data)
}

fn feed(source: &mut Source<'_>, guild: u64, name: &'static str, mut data: Value) -> Move {
    if !matches!(name, "READY" | "USER_UPDATE") {
        data["guild_id"] = json!(guild.to_string());
    }
    Move::Feed(Fed {
        name,
        data,
        asked_after: None,
        crosses: source.percent(30),
    })
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
        "members": list(source, member), "threads": list(source, |it| small(it, 0, guild)),
        "soundboard_sounds": list(source, |it| small(it, 1, guild)),
    });
    if source.percent(10) {
        let key = source.pick(&["members", "channels", "roles", "presences", "member_count"]);
        data.as_object_mut().map(|fields| fields.remove(key));
    }
    data
}

fn sync(source: &mut Source<'_>, guild: u64) -> Value {
    json!({
        "id": guild.to_string(), "members": list(source, member),
        "presences": list(source, presence),
    })
}

fn roles(source: &mut Source<'_>) -> Value {
    list(source, role)
}

fn role(source: &mut Source<'_>) -> Value {
    json!({"id": (200 + source.below(3)).to_string(), "name": word(source), "permissions": "8"})
}

fn channel_id(source: &mut Source<'_>) -> String {
    (300 + source.below(4)).to_string()
}

fn channel(source: &mut Source<'_>) -> Value {
    json!({"id": channel_id(source), "type": 0, "name": word(source)})
}

/// A row of one of the [`SMALL`] kinds; ids differ from guild to guild.
fn small(source: &mut Source<'_>, kind: usize, guild: u64) -> Value {
    let id = (1000 + guild * 10 + source.below(3)).to_string();
    let mut row = json!({"name": word(source)});
    row[id_of(kind)] = json!(id);
    match kind {
        0 => {
            let archived = source.percent(20);
            row["type"] = json!(11);
            row["parent_id"] = json!(channel_id(source));
            row["thread_metadata"] = json!({"archived": archived});
        }
        2 | 3 => row["channel_id"] = json!(channel_id(source)),
        _ => {}
    }
    row
}

/// What the id of one of the [`SMALL`] kinds is called.
pub(super) fn id_of(kind: usize) -> &'static str {
    if kind == 1 { "sound_id" } else { "id" }
}

fn member(source: &mut Source<'_>) -> Value {
    let roles: Vec<String> = (200..203)
        .filter(|_| source.percent(30))
        .map(|id: u64| id.to_string())
        .collect();
    let mut data = json!({
        "user": {"id": user(source).to_string(), "username": word(source)}, "roles": roles,
        "joined_at": "2020-01-01T00:00:00+00:00",
    });
    match source.below(4) {
        0 => data["nick"] = json!(word(source)),
        1 => data["nick"] = Value::Null,
        2 => drop(data.as_object_mut().map(|fields| fields.remove("roles"))),
        _ => {}
    }
    if source.percent(15) {
        data["joined_at"] = Value::Null;
    }
    data
}

/// A chunk, which answers one of the last requests, or one that nobody knows.
fn chunk(source: &mut Source<'_>, guild: u64, asked: &[Asked]) -> Move {
    let recent = &asked[asked.len().saturating_sub(3)..];
    let known = match source.percent(80) && !recent.is_empty() {
        true => Some(recent[source.below(recent.len() as u64) as usize].clone()),
        false => None,
    };
    let guild = known.as_ref().map_or(guild, |asked| asked.guild);
    // As many chunks as the nonce says, always the same.
    let last = known.as_ref().and_then(|asked| asked.nonce.bytes().last());
    let count = 1 + u64::from(last.unwrap_or_default() % 2);
    let mut data = json!({
        "guild_id": guild.to_string(), "chunk_index": source.below(count), "chunk_count": count,
        "members": list(source, member), "presences": list(source, presence),
    });
    if let Some(known) = &known {
        data["nonce"] = json!(known.nonce);
    }
    Move::Feed(Fed {
        name: "GUILD_MEMBERS_CHUNK",
        data,
        asked_after: known.map(|asked| asked.after),
        crosses: source.percent(30),
    })
}

fn presence(source: &mut Source<'_>) -> Value {
    let mut user = json!({"id": user(source).to_string()});
    if source.percent(20) {
        user["username"] = json!(word(source));
    }
    json!({"user": user, "status": source.pick(&["idle", "online", "offline"]), "activities": []})
}

/// A voice state, which may carry the member.
fn voice(source: &mut Source<'_>) -> Value {
    let channel = match source.percent(70) {
        true => json!(channel_id(source)),
        false => Value::Null,
    };
    let member = member(source);
    let mut state =
        json!({"user_id": member["user"]["id"], "channel_id": channel, "session_id": "v"});
    if source.percent(50) {
        state["member"] = member;
    }
    state
}
