//! Members and the users that they hold.

use headcount_core::cache::memory::Completeness;
use headcount_core::cache::{Mutation, Op};
use headcount_core::wire::Timestamp;
use serde_json::{Value, json};

use crate::world::{ME, World, guild, guild_json, in_guild, member_json, role, user, user_json};

pub(crate) fn chunk(members: &[u64]) -> Value {
    json!({
        "members": members.iter().map(|&id| member_json(id)).collect::<Vec<_>>(),
        "presences": members
            .iter()
            .map(|id| json!({"user": {"id": id.to_string()}, "status": "online"}))
            .collect::<Vec<_>>(),
        "guild_id": "1", "chunk_index": 0, "chunk_count": 1, "not_found": ["555"], "nonce": "n",
    })
}

#[test]
fn guild_member_add_counts_and_keeps_the_member() {
    let mut world = World::new();
    world.feed("GUILD_MEMBER_ADD", &in_guild(member_json(11), 1));
    assert_eq!(world.member_count(), Some(6));
    let member = world.member(11).unwrap();
    assert_eq!(member.user().username(), "user11");
    assert_eq!(member.user().global_name(), Some("User 11"));
    assert_eq!(member.roles(), [role(200)]);
    assert_eq!(
        member.joined_at(),
        Timestamp::parse("2023-09-01T14:48:02.222Z")
    );
    let avatar = member.user().avatar().unwrap().to_string();
    assert_eq!(avatar, "0123456789abcdef0123456789abcdef");
}

#[test]
fn guild_member_add_of_a_member_does_not_count() {
    let mut world = World::new();
    for _ in 0..2 {
        world.feed("GUILD_MEMBER_ADD", &in_guild(member_json(10), 1));
        assert_eq!(world.member_count(), Some(5));
    }
}

#[test]
fn a_member_that_a_complete_guild_did_not_know_counts_once() {
    let mut world = World::new();
    world.feed("GUILD_CREATE", &guild_json(1, &[ME, 10], 2));
    let complete = |world: &World| world.store.completeness(guild(1)).unwrap();
    assert_eq!(complete(&world), Completeness::Complete { members: 2 });
    for name in [
        "GUILD_MEMBER_UPDATE",
        "GUILD_MEMBER_ADD",
        "GUILD_MEMBER_UPDATE",
    ] {
        world.feed(name, &in_guild(member_json(11), 1));
        assert_eq!(complete(&world), Completeness::Complete { members: 3 });
        assert_eq!(world.member_count(), Some(3), "{name}");
    }
    world.feed("GUILD_MEMBER_ADD", &in_guild(member_json(12), 1));
    assert_eq!(world.member_count(), Some(4));
    let mut world = World::new();
    world.feed("GUILD_MEMBER_UPDATE", &in_guild(member_json(11), 1));
    assert_eq!(
        world.member_count(),
        Some(5),
        "of an incomplete one, it was counted"
    );
}

#[test]
fn a_store_without_the_members_keeps_counting_them() {
    let mut world = World::new();
    world.feed("GUILD_CREATE", &guild_json(1, &[ME, 10], 2));
    world.feed("GUILD_MEMBER_ADD", &in_guild(member_json(11), 1));
    let members = &world.routed[1];
    let count = members.first.guild(guild(1)).unwrap().member_count();
    assert_eq!(count, Some(3));
    let complete = members.second.completeness(guild(1));
    assert_eq!(complete, Some(Completeness::Complete { members: 3 }));
}

#[test]
fn guild_member_update_patches_and_distinguishes_absent_from_null() {
    let mut world = World::new();
    let update = json!({
        "guild_id": "1", "user": user_json(10), "roles": [], "nick": "Nick \u{1f600}",
        "premium_since": "2024-01-01T00:00:00Z", "mute": true, "pending": true, "flags": 3,
        "communication_disabled_until": "2025-01-01T00:00:00Z",
        "avatar": "fedcba9876543210fedcba9876543210",
    });
    world.feed("GUILD_MEMBER_UPDATE", &update);
    let member = world.member(10).unwrap();
    assert_eq!(member.nick(), Some("Nick \u{1f600}"));
    assert_eq!(member.roles(), []);
    assert_eq!(
        (member.is_deaf(), member.is_mute()),
        (Some(false), Some(true))
    );
    assert!(member.is_pending() && member.flags() == 3);
    assert!(member.joined_at().is_some(), "absent means unchanged");
    assert_eq!(member.timeout(), Timestamp::parse("2025-01-01T00:00:00Z"));
    assert!(member.avatar().is_some() && member.premium_since().is_some());
    let nulls = json!({
        "guild_id": "1", "user": user_json(10), "roles": ["200"], "nick": null, "avatar": null,
        "premium_since": null, "communication_disabled_until": null, "joined_at": null,
    });
    world.feed("GUILD_MEMBER_UPDATE", &nulls);
    let member = world.member(10).unwrap();
    assert_eq!(
        (member.nick(), member.timeout(), member.joined_at()),
        (None, None, None)
    );
    assert!(member.avatar().is_none() && member.premium_since().is_none());
    assert_eq!(member.is_mute(), Some(true));
    assert_eq!(world.member_count(), Some(5));
}

#[test]
fn guild_member_update_of_a_stranger_inserts_without_inventing() {
    let mut world = World::new();
    let update = json!({
        "guild_id": "1", "user": user_json(33), "roles": ["200"], "joined_at": "2021-01-01T00:00:00Z",
    });
    world.feed("GUILD_MEMBER_UPDATE", &update);
    let member = world.member(33).unwrap();
    assert_eq!(
        (member.is_deaf(), member.is_mute()),
        (None, None),
        "unknown, not false"
    );
    assert_eq!(world.member_count(), Some(5));
}

#[test]
fn guild_member_update_changes_the_shared_user() {
    let mut world = World::new();
    let mut renamed = member_json(10);
    renamed["user"]["username"] = json!("renamed");
    renamed["user"]["global_name"] = json!(null);
    world.feed("GUILD_MEMBER_UPDATE", &in_guild(renamed, 1));
    let row = world.store.user(user(10)).unwrap();
    assert_eq!((row.username(), row.global_name()), ("renamed", None));
    assert_eq!(row.guilds().collect::<Vec<_>>(), [guild(1)]);
}

#[test]
fn guild_member_remove_takes_member_presence_and_user() {
    let mut world = World::new();
    let online = json!({"guild_id": "1", "user": {"id": "10"}, "status": "online"});
    world.feed("PRESENCE_UPDATE", &online);
    let remove = json!({"guild_id": "1", "user": user_json(10)});
    world.feed("GUILD_MEMBER_REMOVE", &remove);
    assert!(world.member(10).is_none());
    assert!(world.store.presence(guild(1), user(10)).is_none());
    assert!(world.store.user(user(10)).is_none());
    assert_eq!(world.member_count(), Some(4));
    for _ in 0..9 {
        world.feed("GUILD_MEMBER_REMOVE", &remove);
    }
    assert_eq!(
        world.member_count(),
        Some(0),
        "cached or not, and never below zero"
    );
}

#[test]
fn guild_member_remove_of_the_bot_changes_nothing() {
    let mut world = World::new();
    world.feed(
        "GUILD_MEMBER_REMOVE",
        &json!({"guild_id": "1", "user": user_json(ME)}),
    );
    assert!(world.member(ME).is_some());
    assert_eq!(world.member_count(), Some(5));
}

#[test]
fn guild_members_chunk_adds_members_users_and_presences() {
    let mut world = World::new();
    world.feed("GUILD_MEMBERS_CHUNK", &chunk(&[10, 11, 12]));
    assert_eq!(world.member_ids(1), [10, 11, 12, ME]);
    assert!(world.store.presence(guild(1), user(12)).is_some());
    assert_eq!(world.member_count(), Some(5));
    let before = world.rows();
    world.feed("GUILD_MEMBERS_CHUNK", &chunk(&[10, 11, 12]));
    assert_eq!(world.rows(), before, "twice is once");
    world.complete(1);
    assert_eq!(world.member_count(), Some(4));
    let complete = Completeness::Complete { members: 4 };
    assert_eq!(world.store.completeness(guild(1)), Some(complete));
    world.feed("GUILD_MEMBER_ADD", &in_guild(member_json(13), 1));
    let complete = Completeness::Complete { members: 5 };
    assert_eq!(
        world.store.completeness(guild(1)),
        Some(complete),
        "events keep it so"
    );
}

#[test]
fn guild_members_chunk_names_a_member_twice() {
    let mut world = World::new();
    let mut data = chunk(&[11, 11]);
    data["members"][1]["nick"] = json!("second");
    world.feed("GUILD_MEMBERS_CHUNK", &data);
    assert_eq!(world.member(11).unwrap().nick(), Some("second"));
    assert_eq!(world.member_ids(1), [10, 11, ME]);
}

#[test]
fn events_of_a_guild_that_has_not_come_change_nothing() {
    let mut world = World::empty();
    world.feed("READY", &crate::world::ready(&[1]));
    let before = world.rows();
    world.feed("GUILD_MEMBER_ADD", &in_guild(member_json(11), 1));
    world.feed("GUILD_MEMBERS_CHUNK", &chunk(&[11]));
    world.feed("GUILD_MEMBER_ADD", &in_guild(member_json(11), 2));
    assert_eq!(world.rows(), before);
    assert_eq!(world.store.guild_status(guild(2)), None);
}

#[test]
fn users_are_shared_by_guilds_and_go_with_the_last() {
    let mut world = World::new();
    world.feed("GUILD_CREATE", &guild_json(2, &[ME, 10], 2));
    let holders: Vec<_> = world.store.user(user(10)).unwrap().guilds().collect();
    assert_eq!(holders, [guild(1), guild(2)]);
    let remove = json!({"guild_id": "1", "user": {"id": "10"}});
    world.feed("GUILD_MEMBER_REMOVE", &remove);
    world.feed("GUILD_MEMBER_REMOVE", &remove);
    assert!(
        world.store.user(user(10)).is_some(),
        "a repeated removal releases nothing more"
    );
    world.feed("GUILD_DELETE", &json!({"id": "2"}));
    assert!(world.store.user(user(10)).is_none());
    assert!(world.store.user(user(ME)).is_some(), "the bot stays");
}

#[test]
fn user_update_changes_the_bot() {
    let mut world = World::new();
    world.feed(
        "USER_UPDATE",
        &json!({"id": "99", "username": "new", "avatar": null}),
    );
    let own = world.store.current_user().unwrap();
    assert_eq!(own.username.as_ref().unwrap(), &"new");
    let row = world.member(ME).unwrap().user();
    assert_eq!((row.username(), row.avatar()), ("new", None));
    assert_eq!(row.global_name(), Some("User 99"));
}

#[test]
fn strange_pictures_and_discriminators_survive() {
    let mut world = World::new();
    let mut member = member_json(11);
    member["user"]["avatar"] = json!("something else");
    member["user"]["discriminator"] = json!("0042");
    member["user"]["bot"] = json!(true);
    member["user"]["public_flags"] = json!(u64::MAX);
    world.feed("GUILD_MEMBER_ADD", &in_guild(member, 1));
    let row = world.store.user(user(11)).unwrap();
    assert_eq!(row.avatar().unwrap().to_string(), "something else");
    assert_eq!((row.discriminator(), row.is_bot()), (42, true));
    assert_eq!(row.public_flags(), u64::MAX);
}

#[test]
fn tags_and_frames_of_users_and_members_come_and_go() {
    let mut world = World::new();
    let mut member = member_json(10);
    member["avatar_decoration_data"] = json!({"asset": "a_1", "sku_id": "5"});
    member["user"]["avatar_decoration_data"] = json!({"asset": "a_2", "sku_id": "6"});
    member["user"]["primary_guild"] = json!({"identity_guild_id": "4", "identity_enabled": true,
        "tag": "ABCD", "badge": "0123456789abcdef0123456789abcdef"});
    world.feed("GUILD_MEMBER_UPDATE", &in_guild(member.clone(), 1));
    let row = world.member(10).unwrap();
    assert_eq!(
        row.decoration()
            .unwrap()
            .asset
            .as_ref()
            .unwrap()
            .to_string(),
        "a_1"
    );
    assert_eq!(
        row.user().decoration().unwrap().sku.value().unwrap().get(),
        6
    );
    let tag = row.user().primary_guild().unwrap();
    assert_eq!(tag.tag.value().unwrap(), &"ABCD");
    member["avatar_decoration_data"] = json!(null);
    member["user"]["avatar_decoration_data"] = json!(null);
    member["user"]["primary_guild"] = json!(null);
    world.feed("GUILD_MEMBER_UPDATE", &in_guild(member, 1));
    let row = world.member(10).unwrap();
    assert!(row.decoration().is_none() && row.user().primary_guild().is_none());
}

#[test]
fn what_users_and_members_seldom_have_is_kept_and_goes() {
    let mut world = World::new();
    let mut member = member_json(10);
    member["unusual_dm_activity_until"] = json!("2025-01-01T00:00:00Z");
    member["user"]["accent_color"] = json!(0x00ff_8800);
    member["user"]["collectibles"] = json!({"nameplate": {"sku_id": "7", "asset": "a/b/",
        "label": "LABEL", "palette": "violet"}});
    member["collectibles"] = json!({"nameplate": {"sku_id": "8", "asset": "c/d/"}});
    world.feed("GUILD_MEMBER_UPDATE", &in_guild(member.clone(), 1));
    let row = world.member(10).unwrap();
    let until = Timestamp::parse("2025-01-01T00:00:00Z");
    assert_eq!(row.unusual_dm_until(), until);
    assert_eq!(row.user().accent_color(), Some(0x00ff_8800));
    let worn = row.user().collectibles().unwrap();
    let plate = worn.nameplate.value().unwrap();
    assert_eq!(plate.sku.value().unwrap().get(), 7);
    assert_eq!(plate.asset.as_ref().unwrap(), &"a/b/");
    assert_eq!(plate.label.value().unwrap(), &"LABEL");
    assert_eq!(plate.palette.value().unwrap(), &"violet");
    let here = row.collectibles().unwrap();
    let plate = here.nameplate.value().unwrap();
    assert_eq!(plate.sku.value().unwrap().get(), 8);

    world.feed("GUILD_MEMBER_UPDATE", &in_guild(member_json(10), 1));
    let row = world.member(10).unwrap();
    assert_eq!(row.unusual_dm_until(), until, "absent means unchanged");
    assert!(row.user().accent_color().is_some() && row.user().collectibles().is_some());
    assert!(row.collectibles().is_some());

    member["unusual_dm_activity_until"] = json!(null);
    member["user"]["accent_color"] = json!(null);
    member["user"]["collectibles"] = json!(null);
    member["collectibles"] = json!(null);
    world.feed("GUILD_MEMBER_UPDATE", &in_guild(member, 1));
    let row = world.member(10).unwrap();
    assert_eq!(row.unusual_dm_until(), None);
    assert!(row.user().accent_color().is_none() && row.user().collectibles().is_none());
    assert!(row.collectibles().is_none());
}

#[test]
fn whoever_is_not_named_again_in_a_recount_goes_whoever_else_came_and_left() {
    let mut world = World::new();
    let step = |world: &mut World, op| {
        world.store.apply(Mutation::new(Some(guild(1))).with(op));
    };
    let members = |world: &World| world.store.counts(guild(1)).members;
    world.feed("GUILD_MEMBERS_CHUNK", &chunk(&[ME, 10, 11, 12]));
    let all = members(&world);
    step(&mut world, Op::Recount);
    for id in 20..20 + all as u64 {
        world.feed("GUILD_MEMBER_ADD", &in_guild(member_json(id), 1));
        let gone = json!({"guild_id": "1", "user": user_json(id)});
        world.feed("GUILD_MEMBER_REMOVE", &gone);
    }
    for _ in 0..all {
        world.feed("GUILD_MEMBER_UPDATE", &in_guild(member_json(11), 1));
    }
    assert_eq!(members(&world), all);
    step(&mut world, Op::Complete);
    assert!(world.member(11).is_some());
    assert_eq!(members(&world), 1);
}
