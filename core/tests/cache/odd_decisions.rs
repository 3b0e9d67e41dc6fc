//! Where a value decides something, nothing is guessed: an odd one is not as good as none.

use headcount_core::Event;
use headcount_core::cache::GuildStatus;
use headcount_core::cache::memory::{Completeness, PermissionsUnknown};
use headcount_core::setup::AutoChunk;
use headcount_core::wire::{Permissions, Timestamp};
use serde_json::{Value, json};

use crate::live::Live;
use crate::world::{
    channel, channel_json, guild, guild_json, in_guild, member_json, role, role_json, user,
};

/// Forms that are no permission set, no id, no time and no number.
pub(crate) fn odd_forms() -> [Value; 6] {
    [
        json!(null),
        json!("x"),
        json!(-1),
        json!(1.5),
        json!({}),
        json!([[]]),
    ]
}

type May = Result<Permissions, PermissionsUnknown>;

fn may(live: &Live, id: u64) -> May {
    live.store
        .permissions(guild(1), user(id), Timestamp::from_micros(0))
}

fn may_in(live: &Live, id: u64) -> May {
    live.store
        .permissions_in(channel(101), user(id), Timestamp::from_micros(0))
}

const VIEW: Permissions = Permissions::VIEW_CHANNEL;
const SEND: Permissions = Permissions::SEND_MESSAGES;

/// Everyone may see and write. Members 10 and 11 have the role 200, which allows nothing, and
/// member 12 has none; user 5 owns the guild. Channel 101 has no overwrites.
pub(crate) fn live() -> Live {
    let mut live = Live::new();
    live.feed("GUILD_UPDATE", &json!({"id": "1", "owner_id": "5"}))
        .plainly();
    set_role(&mut live, 1, &json!((VIEW | SEND).bits().to_string())).plainly();
    set_role(&mut live, 200, &json!("0")).plainly();
    let mut bare = member_json(12);
    bare["roles"] = json!([]);
    for member in [member_json(11), bare, member_json(5)] {
        live.feed("GUILD_MEMBER_ADD", &in_guild(member, 1))
            .plainly();
    }
    set_overwrites(&mut live, &json!([])).plainly();
    assert_eq!(
        (may(&live, 10), may_in(&live, 10)),
        (Ok(VIEW | SEND), Ok(VIEW | SEND))
    );
    live
}

fn set_role(live: &mut Live, id: u64, permissions: &Value) -> crate::live::Emitted {
    let mut row = role_json(id);
    row["permissions"] = permissions.clone();
    live.feed("GUILD_ROLE_UPDATE", &json!({"guild_id": "1", "role": row}))
}

fn set_overwrites(live: &mut Live, overwrites: &Value) -> crate::live::Emitted {
    let mut row = in_guild(channel_json(101), 1);
    row["permission_overwrites"] = overwrites.clone();
    live.feed("CHANNEL_UPDATE", &row)
}

#[test]
fn what_a_role_allows_is_unknown_to_those_who_have_it() {
    for odd in odd_forms() {
        let mut live = live();
        set_role(&mut live, 200, &odd).but_for(&["role.permissions"]);
        let unknown = Err(PermissionsUnknown::Role(guild(1), role(200)));
        assert_eq!(
            (may(&live, 10), may_in(&live, 10)),
            (unknown, unknown),
            "{odd}"
        );
        assert_eq!(may(&live, 12), Ok(VIEW | SEND), "{odd}");
        assert_eq!(
            may(&live, 5),
            Ok(Permissions::ALL),
            "the owner needs no role"
        );
        set_role(&mut live, 200, &json!("0")).plainly();
        assert_eq!(may(&live, 10), Ok(VIEW | SEND), "{odd}");
        set_role(&mut live, 1, &odd).but_for(&["role.permissions"]);
        let unknown = Err(PermissionsUnknown::Role(guild(1), role(1)));
        assert_eq!(
            (may(&live, 10), may(&live, 12)),
            (unknown, unknown),
            "{odd}"
        );
    }
}

#[test]
fn a_role_that_cannot_be_read_is_not_a_deleted_one() {
    let roles = |odd: Value| json!({"id": "1", "roles": [role_json(1), role_json(200), odd]});
    let mut live = live();
    let mut member = member_json(11);
    member["roles"] = json!(["200", "300"]);
    live.feed("GUILD_MEMBER_UPDATE", &in_guild(member, 1))
        .plainly();
    let known = may(&live, 11);
    assert!(known.is_ok(), "role 300 has been deleted");
    let unknown = Err(PermissionsUnknown::Role(guild(1), role(300)));
    live.feed("GUILD_UPDATE", &roles(json!({"id": []})))
        .but_for(&["roles[2]", "roles[2].id"]);
    assert_eq!(may(&live, 11), unknown);
    assert!(may(&live, 10).is_ok(), "whose roles are all known");
    live.feed("GUILD_UPDATE", &roles(role_json(201))).plainly();
    assert!(may(&live, 11).is_ok());
    let created = json!({"guild_id": "1", "role": {"id": null, "permissions": "8"}});
    live.feed("GUILD_ROLE_CREATE", &created)
        .but_for(&["role", "role.id"]);
    assert_eq!(may(&live, 11), unknown);
}

#[test]
fn an_overwrite_that_cannot_be_read_is_unknown_to_those_whom_it_concerns() {
    let unknown = Err(PermissionsUnknown::Overwrites(channel(101)));
    for part in ["allow", "deny", "type"] {
        for odd in odd_forms() {
            let mut live = live();
            let mut row = json!({"id": "200", "type": 0, "allow": "0", "deny": "2048"});
            row[part] = odd.clone();
            let path = format!("permission_overwrites[0].{part}");
            set_overwrites(&mut live, &json!([row])).but_for(&[&path]);
            assert_eq!(
                (may_in(&live, 10), may_in(&live, 11)),
                (unknown, unknown),
                "{row}"
            );
            assert_eq!(may_in(&live, 12), Ok(VIEW | SEND), "{row}");
            assert_eq!(may_in(&live, 5), Ok(Permissions::ALL), "{row}");
            row.as_object_mut().unwrap().remove(part);
            set_overwrites(&mut live, &json!([row])).plainly();
            assert_eq!(may_in(&live, 10), unknown, "{part} is missing");
        }
    }
    let mut live = live();
    let member = json!({"id": "10", "type": 1, "allow": "0", "deny": []});
    set_overwrites(&mut live, &json!([member])).but_for(&["permission_overwrites[0].deny"]);
    assert_eq!(
        (may_in(&live, 10), may_in(&live, 11)),
        (unknown, Ok(VIEW | SEND))
    );
}

#[test]
fn an_overwrite_of_nobody_knows_whom_concerns_everyone() {
    let unknown = Err(PermissionsUnknown::Overwrites(channel(101)));
    let readable = json!({"id": "200", "type": 0, "allow": "0", "deny": "2048"});
    for odd in odd_forms() {
        let mut live = live();
        let row = json!({"id": odd, "type": 0, "allow": "0", "deny": "2048"});
        drop(set_overwrites(&mut live, &json!([readable, row])));
        let all = [10, 11, 12].map(|id| may_in(&live, id));
        assert_eq!(all, [unknown; 3], "{odd}");
        assert_eq!(may_in(&live, 5), Ok(Permissions::ALL));
        set_overwrites(&mut live, &json!([readable])).plainly();
        assert_eq!(
            (may_in(&live, 10), may_in(&live, 12)),
            (Ok(VIEW), Ok(VIEW | SEND))
        );
    }
}

#[test]
fn overwrites_that_are_no_list_leave_the_rows_and_are_unknown() {
    let unknown = Err(PermissionsUnknown::Overwrites(channel(101)));
    let rows = json!([{"id": "200", "type": 0, "allow": "0", "deny": "2048"}]);
    for odd in odd_forms() {
        let mut live = live();
        set_overwrites(&mut live, &rows).plainly();
        drop(set_overwrites(&mut live, &odd));
        assert_eq!(
            (may_in(&live, 10), may_in(&live, 12)),
            (unknown, unknown),
            "{odd}"
        );
        let row = live.store.channel(channel(101)).unwrap();
        assert_eq!(row.overwrites.rows().map(<[_]>::len), Some(1), "{odd}");
        live.feed("CHANNEL_UPDATE", &in_guild(channel_json(101), 1))
            .plainly();
        assert_eq!(
            may_in(&live, 10),
            unknown,
            "an update without them says nothing"
        );
        set_overwrites(&mut live, &rows).plainly();
        assert_eq!(may_in(&live, 10), Ok(VIEW));
    }
}

#[test]
fn permissions_may_be_numbers_and_holders_words() {
    let mut live = live();
    set_role(&mut live, 200, &json!(2)).plainly();
    assert_eq!(may(&live, 10), Ok(VIEW | SEND | Permissions::KICK_MEMBERS));
    let rows = json!([
        {"id": "200", "type": "role", "allow": 0, "deny": 2048},
        {"id": "11", "type": "member", "allow": 2048, "deny": 0},
    ]);
    set_overwrites(&mut live, &rows).plainly();
    let kick = Permissions::KICK_MEMBERS;
    assert_eq!(may_in(&live, 10), Ok(VIEW | kick));
    assert_eq!(may_in(&live, 11), Ok(VIEW | SEND | kick));
}

#[test]
fn roles_of_a_member_that_cannot_be_read_whole_are_unknown() {
    for odd in [
        json!(null),
        json!(5),
        json!({}),
        json!(["200", "x"]),
        json!([[], "200"]),
    ] {
        let mut live = live();
        let mut member = member_json(10);
        member["roles"] = odd.clone();
        let emitted = live.feed("GUILD_MEMBER_UPDATE", &in_guild(member, 1));
        assert!(
            emitted
                .misread()
                .iter()
                .all(|path| path.starts_with("roles")),
            "{emitted:?}"
        );
        assert_eq!(
            may(&live, 10),
            Err(PermissionsUnknown::Roles(guild(1), user(10))),
            "{odd}"
        );
        assert_eq!(may(&live, 11), Ok(VIEW | SEND));
        live.feed("GUILD_MEMBER_UPDATE", &in_guild(member_json(10), 1))
            .plainly();
        assert_eq!(may(&live, 10), Ok(VIEW | SEND));
    }
}

#[test]
fn an_owner_or_a_timeout_that_cannot_be_read_is_unknown() {
    for odd in [json!("x"), json!(-1), json!({}), json!([])] {
        let mut live = live();
        let mut silent = member_json(10);
        silent["communication_disabled_until"] = odd.clone();
        let emitted = live.feed("GUILD_MEMBER_UPDATE", &in_guild(silent, 1));
        emitted.but_for(&["communication_disabled_until"]);
        let unknown = Err(PermissionsUnknown::Timeout(guild(1), user(10)));
        assert_eq!(
            (may(&live, 10), may_in(&live, 10)),
            (unknown, unknown),
            "{odd}"
        );
        set_role(&mut live, 200, &json!("8")).plainly();
        assert_eq!(
            may(&live, 10),
            Ok(Permissions::ALL),
            "administrators are never silenced"
        );
        let update = json!({"id": "1", "owner_id": odd});
        live.feed("GUILD_UPDATE", &update).but_for(&["owner_id"]);
        let unknown = Err(PermissionsUnknown::Guild(guild(1)));
        assert_eq!((may(&live, 5), may(&live, 12)), (unknown, unknown), "{odd}");
    }
}

#[test]
fn a_channel_of_no_known_kind_or_that_is_perhaps_blanked_out_is_unknown() {
    let mut live = live();
    let mut row = in_guild(channel_json(101), 1);
    (row["flags"], row["permission_overwrites"]) = (json!("many"), json!([]));
    live.feed("CHANNEL_UPDATE", &row).but_for(&["flags"]);
    assert_eq!(
        may_in(&live, 10),
        Err(PermissionsUnknown::Redacted(channel(101)))
    );
    let mut row = in_guild(channel_json(102), 1);
    (row["type"], row["permission_overwrites"]) = (json!("voice"), json!([]));
    live.feed("CHANNEL_CREATE", &row).but_for(&["type"]);
    let may = live
        .store
        .permissions_in(channel(102), user(10), Timestamp::from_micros(0));
    assert_eq!(may, Err(PermissionsUnknown::Channel(channel(102))));
}

#[test]
fn a_guild_that_is_perhaps_gone_is_in_an_outage() {
    for odd in odd_forms() {
        let mut live = live();
        let emitted = live.feed("GUILD_DELETE", &json!({"id": "1", "unavailable": odd}));
        assert!(
            matches!(emitted.events[..], [Event::GuildUnavailable(_)]),
            "{emitted:?}"
        );
        emitted.but_for(&["unavailable"]);
        assert_eq!(live.store.guild_status(guild(1)), Some(GuildStatus::Outage));
        assert!(live.store.member(guild(1), user(10)).is_some());
    }
}

#[test]
fn a_guild_that_does_not_say_how_many_members_it_has_is_asked() {
    for odd in odd_forms() {
        let mut live = Live::expecting(AutoChunk::Missing.into());
        let mut data = guild_json(1, &[10, 99], 2);
        data["member_count"] = odd;
        live.feed("GUILD_CREATE", &data).but_for(&["member_count"]);
        assert_eq!(live.nonces.len(), 1);
        let completeness = live.store.completeness(guild(1)).unwrap();
        assert!(
            matches!(completeness, Completeness::Partial { .. }),
            "{completeness:?}"
        );
    }
}

#[test]
fn a_voice_state_of_nobody_knows_where_stays_where_it_was() {
    for odd in [json!("x"), json!(-1), json!({}), json!([])] {
        let mut live = live();
        let state = |channel: Value, mute: bool| {
            json!({"guild_id": "1", "user_id": "10", "channel_id": channel, "session_id": "v",
                "self_mute": mute})
        };
        live.feed("VOICE_STATE_UPDATE", &state(odd.clone(), true))
            .but_for(&["channel_id"]);
        assert!(
            live.store.voice_state(guild(1), user(10)).is_none(),
            "nobody is put anywhere"
        );
        live.feed("VOICE_STATE_UPDATE", &state(json!("101"), false))
            .plainly();
        live.feed("VOICE_STATE_UPDATE", &state(odd, true))
            .but_for(&["channel_id"]);
        let row = live.store.voice_state(guild(1), user(10)).unwrap();
        assert_eq!(
            (row.channel.value(), row.self_mute),
            (Some(&channel(101)), Some(true))
        );
    }
}

#[test]
fn a_member_of_a_voice_state_who_has_perhaps_not_joined_changes_and_never_comes() {
    let mut live = live();
    for id in [10, 77] {
        let mut member = member_json(id);
        (member["joined_at"], member["nick"]) = (json!(5), json!("heard"));
        let state = json!({"guild_id": "1", "user_id": id.to_string(), "channel_id": "101",
            "session_id": "v", "member": member});
        live.feed("VOICE_STATE_UPDATE", &state)
            .but_for(&["member.joined_at"]);
    }
    let known = live.store.member(guild(1), user(10)).unwrap();
    assert_eq!(known.nick(), Some("heard"));
    assert!(known.joined_at().is_some(), "what was known stays");
    assert!(live.store.member(guild(1), user(77)).is_none());
}

#[test]
fn a_chunk_that_does_not_say_which_it_is_counts_for_nothing_but_its_rows() {
    for (key, odd) in [
        ("chunk_index", json!(null)),
        ("chunk_index", json!(-1)),
        ("chunk_count", json!("x")),
        ("chunk_count", json!(1.5)),
    ] {
        let mut live = Live::asking(AutoChunk::All.into());
        let mut chunk = json!({"guild_id": "1", "chunk_index": 0, "chunk_count": 1,
            "members": [member_json(10), member_json(20)], "nonce": live.nonces[0]});
        let whole = chunk.clone();
        chunk[key] = odd;
        let emitted = live.feed("GUILD_MEMBERS_CHUNK", &chunk);
        assert!(emitted.events.is_empty(), "{emitted:?}");
        emitted.but_for(&[key]);
        assert!(live.store.member(guild(1), user(20)).is_some());
        let emitted = live.feed("GUILD_MEMBERS_CHUNK", &whole);
        assert!(!emitted.events.is_empty(), "it still waits for the chunk");
    }
}
