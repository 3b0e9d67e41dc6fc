//! What holds of any store, wherever its rows come from.
use headcount_core::cache::memory::{Exported, MemberRef};
use headcount_core::cache::{Kind, MemoryStore};
use headcount_core::id::{GuildId, UserId};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// All guilds that have rows.
pub(super) fn guilds(store: &MemoryStore) -> BTreeSet<GuildId> {
    let pieces = store.export();
    let guilds = pieces.filter_map(|piece| match piece {
        Exported::Guild(state) => Some(state.id()),
        _ => None,
    });
    guilds.collect()
}

/// Keys are unique, rows are found and counted, and users are held by those who show them.
pub(super) fn assert_consistent(store: &MemoryStore) {
    let mut rows: BTreeMap<String, usize> = BTreeMap::new();
    let mut keys = BTreeSet::new();
    let mut shown = BTreeSet::new();
    for piece in store.export() {
        let piece = serde_json::to_value(&piece).expect("it can be written");
        shown.extend(own(&piece["store"]));
        let Some(kinds) = piece["rows"]["rows"].as_object() else {
            continue;
        };
        let guild = &piece["rows"]["guild"];
        for (kind, all) in kinds {
            let one = std::slice::from_ref(all);
            for row in all.as_array().map_or(one, Vec::as_slice) {
                *rows.entry(kind.clone()).or_default() += 1;
                let key = format!("{kind} {guild} {}", key(row));
                assert!(kind == "users" || keys.insert(key.clone()), "{key} twice");
                shown.extend(shows(kind, row));
            }
        }
    }
    assert_counts(store, &rows);
    assert_eq!(store.rows(Kind::User), shown.len(), "{shown:?}");
    for guild in guilds(store) {
        assert_found(store, guild);
    }
}

/// What a row is found by.
fn key(row: &Value) -> String {
    let parts = [
        &row["id"],
        &row["user_id"],
        &row["user"]["id"],
        &row["code"],
    ];
    format!("{parts:?}")
}

fn own(state: &Value) -> Option<String> {
    Some(state["current_user"]["id"].as_str()?.to_owned())
}

/// The users whom a row holds.
fn shows(kind: &str, row: &Value) -> Vec<String> {
    let users: Vec<&Value> = match kind {
        "members" => vec![&row["user"]],
        "messages" if row["webhook_id"].is_null() => vec![&row["author"]],
        "private_channels" => row["recipients"].as_array().into_iter().flatten().collect(),
        _ => Vec::new(),
    };
    let ids = users.into_iter().filter_map(|user| user["id"].as_str());
    ids.map(str::to_owned).collect()
}

/// As many rows as are said to be.
fn assert_counts(store: &MemoryStore, rows: &BTreeMap<String, usize>) {
    for (kind, name) in [
        (Kind::Guild, "guild"),
        (Kind::Channel, "channels"),
        (Kind::Thread, "threads"),
        (Kind::ThreadMember, "thread_members"),
        (Kind::Role, "roles"),
        (Kind::Member, "members"),
        (Kind::Presence, "presences"),
        (Kind::Message, "messages"),
        (Kind::Invite, "invites"),
        (Kind::PrivateChannel, "private_channels"),
        (Kind::Emoji, "emojis"),
        (Kind::VoiceState, "voice_states"),
    ] {
        let there = rows.get(name).copied().unwrap_or(0);
        assert_eq!(store.rows(kind), there, "{name}");
    }
}

/// Each row of a guild is found by its key, and each member holds the user.
fn assert_found(store: &MemoryStore, guild: GuildId) {
    let members: Vec<UserId> = store.members(guild).map(MemberRef::id).collect();
    assert_eq!(store.counts(guild).members, members.len());
    for id in members {
        assert!(store.member(guild, id).is_some(), "{id}");
        let holders = store.user(id).expect("every member has a user").guilds();
        assert!(
            holders.into_iter().any(|own| own == guild),
            "{guild} holds {id}"
        );
        for role in store
            .member(guild, id)
            .into_iter()
            .flat_map(MemberRef::roles)
        {
            let with = store.members_with_role(guild, role);
            assert!(
                with.into_iter().any(|row| row.id() == id),
                "{id} has {role}"
            );
        }
    }
    for row in store.presences(guild) {
        assert!(store.presence(guild, row.user()).is_some());
    }
    for row in store.channels(guild) {
        assert_eq!(store.channel(row.id).map(|row| row.id), Some(row.id));
    }
    for row in store.roles(guild) {
        assert!(store.role(guild, row.id).is_some());
    }
}
