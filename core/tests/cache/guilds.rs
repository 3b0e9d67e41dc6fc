//! Guilds, from first sight to the last.

use headcount_core::cache::memory::Completeness;
use headcount_core::cache::{GuildStatus, Kind, Lack};
use headcount_core::wire::{Field, Stated};
use serde_json::json;

use crate::world::{
    ME, World, channel, channel_json, guild, guild_1, guild_json, member_json, ready, role,
    role_json, user,
};

#[test]
fn ready_keeps_the_bot_and_names_its_guilds() {
    let mut world = World::empty();
    let applied = world.feed("READY", &ready(&[1, 2]));
    assert_eq!(applied.vanished, []);
    assert_eq!(world.deriver.me(), Some(user(ME)));
    assert_eq!(world.store.current_user().unwrap().id, user(ME));
    let application = world.store.application().unwrap();
    assert_eq!(
        (application.id.get(), application.flags),
        (99, Some(4_294_967_304))
    );
    assert_eq!(world.store.user(user(ME)).unwrap().username(), "user99");
    assert_eq!(
        world.store.guild_status(guild(1)),
        Some(GuildStatus::Pending)
    );
    assert!(world.store.guild(guild(1)).is_none());
    assert_eq!(world.store.guild_status(guild(3)), None);
    let nothing = Completeness::Partial {
        members: 0,
        of: None,
        why: Lack::Stale,
    };
    assert_eq!(world.store.completeness(guild(2)), Some(nothing));
}

#[test]
fn guild_create_drops_what_hung_on_a_channel_that_is_gone() {
    let mut world = World::new();
    for (name, data) in [
        ("INVITE_CREATE", json!({"code": "a", "channel_id": "101"})),
        ("WEBHOOKS_UPDATE", json!({"channel_id": "101"})),
        (
            "MESSAGE_CREATE",
            json!({"id": "1", "channel_id": "101", "author": {"id": "10", "username": "u"}}),
        ),
    ] {
        world.feed(name, &crate::world::in_guild(data, 1));
    }
    let kinds = [Kind::Invite, Kind::WebhookMark, Kind::Message];
    let rows = |world: &World| kinds.map(|kind| world.store.rows(kind));
    world.feed("GUILD_CREATE", &guild_1());
    assert_eq!(rows(&world), [1; 3]);
    let mut create = guild_1();
    create["channels"] = json!([channel_json(100)]);
    world.feed("GUILD_CREATE", &create);
    assert_eq!(rows(&world), [0; 3]);
}

#[test]
fn guild_create_unavailable_touches_nothing_but_the_status() {
    let mut world = World::new();
    let before = world.rows();
    world.feed("GUILD_CREATE", &json!({"id": "1", "unavailable": true}));
    assert_eq!(
        world.store.guild_status(guild(1)),
        Some(GuildStatus::Outage)
    );
    assert_eq!(world.rows(), before);
    world.feed("GUILD_CREATE", &json!({"id": "5", "unavailable": true}));
    assert_eq!(
        world.store.guild_status(guild(5)),
        Some(GuildStatus::Outage)
    );
    assert_eq!(world.rows(), before);
}

#[test]
fn guild_create_fills_everything_in() {
    let world = World::new();
    let store = &world.store;
    let row = store.guild(guild(1)).unwrap();
    assert_eq!(row.data().name.as_ref().unwrap(), &"guild1");
    assert_eq!(
        (row.member_count(), row.status()),
        (Some(5), GuildStatus::Available)
    );
    assert_eq!(row.data().large, Some(false));
    assert_eq!(
        store.channel(channel(101)).unwrap().guild,
        Field::Value(guild(1))
    );
    assert_eq!(store.roles(guild(1)).count(), 2);
    assert_eq!(world.member_ids(1), [10, ME]);
    let expected = [
        (Kind::Guild, 1),
        (Kind::Channel, 2),
        (Kind::Role, 2),
        (Kind::Member, 2),
        (Kind::User, 2),
    ];
    assert_eq!(world.rows(), expected);
    let partial = Completeness::Partial {
        members: 2,
        of: Some(5),
        why: Lack::NotAsked,
    };
    assert_eq!(store.completeness(guild(1)), Some(partial));
    assert_eq!(partial.to_string(), "2 of 5 members, not asked for");
}

#[test]
fn guild_create_again_replaces_every_set() {
    let mut world = World::new();
    let mut again = guild_1();
    again["channels"] = json!([channel_json(101), channel_json(102)]);
    again["roles"] = json!([role_json(1)]);
    again["members"] = json!([member_json(ME), member_json(11)]);
    world.feed("GUILD_CREATE", &again);
    assert!(world.store.channel(channel(100)).is_none());
    assert!(world.store.channel(channel(102)).is_some());
    assert!(world.store.role(guild(1), role(200)).is_none());
    assert_eq!(world.member_ids(1), [11, ME]);
    assert!(
        world.store.user(user(10)).is_none(),
        "its last holder is gone"
    );
    again["channels"] = json!([]);
    again.as_object_mut().unwrap().remove("roles");
    world.feed("GUILD_CREATE", &again);
    assert_eq!(
        world.store.counts(guild(1)).channels,
        0,
        "an empty list empties the set"
    );
    assert_eq!(
        world.store.counts(guild(1)).roles,
        1,
        "no list changes nothing"
    );
}

#[test]
fn guild_create_that_lists_everyone_is_complete() {
    let mut world = World::empty();
    world.feed("GUILD_CREATE", &guild_json(1, &[ME, 10], 2));
    let complete = Completeness::Complete { members: 2 };
    assert_eq!(world.store.completeness(guild(1)), Some(complete));
    assert_eq!(complete.to_string(), "complete, 2 members");
}

#[test]
fn guild_create_keeps_old_members_until_all_have_come_if_so_asked() {
    let mut world = World::new();
    world.deriver = world.deriver.sweep_after_chunk(true);
    world.feed("GUILD_CREATE", &guild_json(1, &[ME], 2));
    assert_eq!(world.member_ids(1), [10, ME], "still there, as a stale one");
    world.feed("GUILD_MEMBERS_CHUNK", &crate::members::chunk(&[12, ME]));
    world.complete(1);
    assert_eq!(world.member_ids(1), [12, ME]);
    assert!(world.store.user(user(10)).is_none());
    let complete = Completeness::Complete { members: 2 };
    assert_eq!(world.store.completeness(guild(1)), Some(complete));
}

#[test]
fn guild_update_patches_and_keeps_what_only_create_reports() {
    let mut world = World::new();
    let update = json!({
        "id": "1", "name": "renamed", "icon": "a_0123456789abcdef0123456789abcdef",
        "roles": [role_json(1), role_json(300)], "emojis": [], "stickers": [],
        "member_count": 12345, "large": true, "joined_at": "2000-01-01T00:00:00Z",
    });
    world.feed("GUILD_UPDATE", &update);
    let row = world.store.guild(guild(1)).unwrap();
    assert_eq!(row.data().name.as_ref().unwrap(), &"renamed");
    let owner = row.data().owner.and_then(Stated::known);
    assert_eq!(owner, Some(user(10)), "absent means unchanged");
    assert!(row.data().icon.value().is_some());
    assert_eq!(
        (row.member_count(), row.data().large),
        (Some(5), Some(false))
    );
    assert_eq!(world.store.counts(guild(1)).roles, 2);
    assert!(world.store.role(guild(1), role(200)).is_none());
    assert_eq!(world.member_ids(1), [10, ME]);
    world.feed("GUILD_UPDATE", &json!({"id": "1", "icon": null}));
    let row = world.store.guild(guild(1)).unwrap();
    assert_eq!(row.data().icon.value(), None, "null means none");
}

#[test]
fn guild_update_of_an_unknown_guild_creates_nothing() {
    let mut world = World::empty();
    world.feed(
        "GUILD_UPDATE",
        &json!({"id": "1", "name": "x", "roles": [role_json(1)]}),
    );
    assert_eq!(world.rows(), []);
    assert_eq!(world.store.guild_status(guild(1)), None);
    world.feed("READY", &ready(&[1]));
    world.feed(
        "GUILD_UPDATE",
        &json!({"id": "1", "name": "x", "roles": [role_json(1)]}),
    );
    assert_eq!(world.rows(), [(Kind::User, 1)]);
}

#[test]
fn guild_delete_unavailable_keeps_everything_as_stale() {
    let mut world = World::new();
    let before = world.rows();
    for _ in 0..2 {
        world.feed("GUILD_DELETE", &json!({"id": "1", "unavailable": true}));
        assert_eq!(world.rows(), before);
        let stale = Completeness::Partial {
            members: 2,
            of: Some(5),
            why: Lack::Stale,
        };
        assert_eq!(world.store.completeness(guild(1)), Some(stale));
        assert_eq!(stale.to_string(), "2 of 5 members, stale");
    }
    world.feed("GUILD_DELETE", &json!({"id": "8", "unavailable": true}));
    assert_eq!(
        world.store.guild_status(guild(8)),
        Some(GuildStatus::Outage)
    );
}

#[test]
fn guild_delete_takes_all_that_hangs_on_the_guild() {
    for delete in [json!({"id": "1"}), json!({"id": "1", "unavailable": false})] {
        let mut world = World::new();
        world.feed("GUILD_DELETE", &delete);
        assert_eq!(world.rows(), [(Kind::User, 1)], "the bot alone stays");
        assert_eq!(world.store.guild_status(guild(1)), None);
        assert!(world.store.channel(channel(100)).is_none());
        world.feed("GUILD_DELETE", &delete);
        assert_eq!(world.rows(), [(Kind::User, 1)]);
    }
}

#[test]
fn bytes_come_back_when_guilds_go() {
    let mut world = World::new();
    world.feed("GUILD_DELETE", &json!({"id": "1"}));
    let members: Vec<u64> = (1_000..1_500).collect();
    let empty: Vec<usize> = Kind::ALL
        .iter()
        .map(|&kind| world.store.bytes(kind))
        .collect();
    world.feed("GUILD_CREATE", &guild_json(1, &members, 500));
    assert!(world.store.bytes(Kind::Member) >= 500 * 16);
    assert!(world.store.bytes(Kind::User) >= 500 * 32);
    world.feed("GUILD_DELETE", &json!({"id": "1"}));
    for (&kind, before) in Kind::ALL.iter().zip(empty) {
        let after = world.store.bytes(kind);
        assert!(after < before + 40_000, "{kind:?}: {before} to {after}");
        assert!(kind == Kind::User || kind == Kind::Guild || after <= before + 1_000);
    }
}

#[test]
fn guild_sync_merges_into_what_is_there() {
    let mut world = World::new();
    let sync = json!({
        "id": "1", "large": true, "members": [member_json(12)],
        "presences": [{"user": {"id": "12"}, "status": "idle", "activities": []}],
    });
    world.feed("GUILD_SYNC", &sync);
    assert_eq!(world.member_ids(1), [10, 12, ME]);
    assert!(world.store.presence(guild(1), user(12)).is_some());
}

#[test]
fn kinds_that_are_off_leave_nothing() {
    use headcount_core::{ShardId, cache::Kinds};
    let mut world = World::caching(Kinds::MEMBERS, ShardId::ONE);
    world.feed("GUILD_CREATE", &guild_1());
    assert_eq!(world.rows(), [(Kind::Member, 2), (Kind::User, 2)]);
    let partial = Completeness::Partial {
        members: 2,
        of: Some(5),
        why: Lack::NotAsked,
    };
    assert_eq!(world.store.completeness(guild(1)), Some(partial));
    world.feed(
        "GUILD_MEMBER_REMOVE",
        &json!({"guild_id": "1", "user": {"id": "77"}}),
    );
    let fewer = Completeness::Partial {
        members: 2,
        of: Some(4),
        why: Lack::NotAsked,
    };
    assert_eq!(world.store.completeness(guild(1)), Some(fewer));
    let mut world = World::caching(Kinds::GUILDS, ShardId::ONE);
    world.feed("GUILD_CREATE", &guild_1());
    assert_eq!(world.rows(), [(Kind::Guild, 1)]);
    world.feed(
        "GUILD_MEMBER_ADD",
        &crate::world::in_guild(member_json(10), 1),
    );
    assert_eq!(
        (world.rows(), world.member_count()),
        (vec![(Kind::Guild, 1)], Some(6))
    );
}
