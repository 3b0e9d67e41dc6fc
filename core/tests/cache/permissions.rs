//! What members may do.

use core::num::NonZeroU64;

use headcount_core::cache::memory::PermissionsUnknown;
use headcount_core::cache::permissions::{Holder, Place};
use headcount_core::cache::{Kind, Policy, Predicate};
use headcount_core::wire::view::{Overwrite, OverwriteHolder};
use headcount_core::wire::{Permissions, Stated, Timestamp};
use serde_json::{Value, json};

use crate::world::{World, channel, channel_json, guild, in_guild, role, user};

const VIEW: Permissions = Permissions::VIEW_CHANNEL;
const SEND: Permissions = Permissions::SEND_MESSAGES;
const SEND_IN_THREADS: Permissions = Permissions::SEND_MESSAGES_IN_THREADS;
const EMBED: Permissions = Permissions::EMBED_LINKS;
const HISTORY: Permissions = Permissions::READ_MESSAGE_HISTORY;
const CONNECT: Permissions = Permissions::CONNECT;
const SPEAK: Permissions = Permissions::SPEAK;
const ADMIN: Permissions = Permissions::ADMINISTRATOR;
const KICK: Permissions = Permissions::KICK_MEMBERS;
const NONE: Permissions = Permissions::NONE;
const ALL: Permissions = Permissions::ALL;

const ROLE: OverwriteHolder = OverwriteHolder::Role;
const MEMBER: OverwriteHolder = OverwriteHolder::Member;

fn overwrite(
    id: u64,
    holder: OverwriteHolder,
    allow: Permissions,
    deny: Permissions,
) -> Overwrite<'static> {
    let mut one = Overwrite::bare(NonZeroU64::new(id).unwrap());
    one.holder = Some(holder);
    one.allow = Some(Stated::Known(allow));
    one.deny = Some(Stated::Known(deny));
    one
}

/// User 10 of guild 1, with the roles 200 and 201.
fn holder(everyone: Permissions, roles: &[(u64, Permissions)]) -> (Permissions, Vec<Holding>) {
    (everyone, roles.to_vec())
}

type Holding = (u64, Permissions);

fn ask<T>(
    (everyone, roles): &(Permissions, Vec<Holding>),
    change: impl FnOnce(&mut Holder<'_>),
    ask: impl FnOnce(Holder<'_>) -> T,
) -> T {
    let roles: Vec<_> = roles.iter().map(|&(id, may)| (role(id), may)).collect();
    let mut holder = Holder {
        guild: guild(1),
        user: user(10),
        is_owner: false,
        is_timed_out: false,
        everyone: *everyone,
        roles: &roles,
    };
    change(&mut holder);
    ask(holder)
}

#[test]
fn roles_add_up_and_owners_and_administrators_may_do_everything() {
    let plain = holder(VIEW, &[(200, SEND), (201, KICK)]);
    assert_eq!(
        ask(&plain, |_| {}, |one| one.in_guild()),
        VIEW | SEND | KICK
    );
    let all = ask(&plain, |one| one.is_owner = true, |one| one.in_guild());
    assert_eq!(all, ALL);
    let admin = holder(NONE, &[(200, ADMIN)]);
    assert_eq!(ask(&admin, |_| {}, |one| one.in_guild()), ALL);
}

#[test]
fn a_timeout_leaves_sight_except_to_owners_and_administrators() {
    let silence = |one: &mut Holder<'_>| one.is_timed_out = true;
    let plain = holder(VIEW | SEND | HISTORY | KICK, &[]);
    assert_eq!(ask(&plain, silence, |one| one.in_guild()), VIEW | HISTORY);
    let allowed = [overwrite(10, MEMBER, SEND, NONE)];
    let here = ask(&plain, silence, |one| one.in_channel(Place::Text, &allowed));
    assert_eq!(here, VIEW | HISTORY, "no overwrite gives it back");
    let admin = holder(ADMIN, &[]);
    assert_eq!(ask(&admin, silence, |one| one.in_guild()), ALL);
    let owner = |one: &mut Holder<'_>| (one.is_timed_out, one.is_owner) = (true, true);
    assert_eq!(
        ask(&plain, owner, |one| one.in_channel(Place::Text, &[])),
        ALL
    );
}

#[test]
fn overwrites_apply_in_their_order_whatever_the_order_of_the_list() {
    let plain = holder(VIEW | SEND, &[(200, NONE), (201, NONE)]);
    let everyone = |allow, deny| overwrite(1, ROLE, allow, deny);
    let first = |allow, deny| overwrite(200, ROLE, allow, deny);
    let second = |allow, deny| overwrite(201, ROLE, allow, deny);
    let member = |allow, deny| overwrite(10, MEMBER, allow, deny);
    let table = [
        (vec![], VIEW | SEND),
        (vec![everyone(NONE, SEND)], VIEW),
        (vec![everyone(NONE, VIEW)], NONE),
        (vec![everyone(NONE, VIEW), first(VIEW, NONE)], VIEW | SEND),
        (vec![first(NONE, SEND), second(SEND, NONE)], VIEW | SEND),
        (vec![first(SEND, NONE), member(NONE, SEND)], VIEW),
        (vec![first(NONE, VIEW), member(VIEW, NONE)], VIEW | SEND),
        (vec![overwrite(300, ROLE, KICK, SEND)], VIEW | SEND),
        (vec![overwrite(11, MEMBER, KICK, SEND)], VIEW | SEND),
        (vec![overwrite(10, ROLE, KICK, SEND)], VIEW | SEND),
        (vec![overwrite(200, MEMBER, KICK, SEND)], VIEW | SEND),
        (vec![everyone(KICK, KICK)], VIEW | SEND | KICK),
    ];
    for (mut overwrites, expected) in table {
        for _ in 0..2 {
            let may = ask(
                &plain,
                |_| {},
                |one| one.in_channel(Place::Text, &overwrites),
            );
            assert_eq!(may, expected, "{overwrites:?}");
            overwrites.reverse();
        }
    }
}

#[test]
fn administrators_are_above_overwrites() {
    let admin = holder(NONE, &[(200, ADMIN)]);
    let denied = [
        overwrite(10, MEMBER, NONE, ALL),
        overwrite(1, ROLE, NONE, ALL),
    ];
    assert_eq!(
        ask(&admin, |_| {}, |one| one.in_channel(Place::Text, &denied)),
        ALL
    );
}

#[test]
fn what_is_missing_takes_more_with_it() {
    let table = [
        (Place::Text, SEND | EMBED, NONE),
        (Place::Text, VIEW | EMBED | HISTORY, VIEW | HISTORY),
        (Place::Text, VIEW | SPEAK, VIEW | SPEAK),
        (Place::Voice, VIEW | SPEAK | HISTORY, VIEW | HISTORY),
        (Place::Voice, VIEW | SPEAK | CONNECT, VIEW | SPEAK | CONNECT),
        (Place::Voice, VIEW | Permissions::MANAGE_CHANNELS, VIEW),
        (Place::Thread, VIEW | SEND | EMBED, VIEW),
        (
            Place::Thread,
            VIEW | SEND_IN_THREADS | EMBED,
            VIEW | SEND_IN_THREADS | SEND | EMBED,
        ),
        (Place::Thread, SEND_IN_THREADS, NONE),
    ];
    for (place, given, expected) in table {
        let plain = holder(given, &[]);
        let may = ask(&plain, |_| {}, |one| one.in_channel(place, &[]));
        assert_eq!(may, expected, "{place:?} with {given:?}");
    }
    let kinds = [
        (0, Place::Text),
        (2, Place::Voice),
        (13, Place::Voice),
        (12, Place::Thread),
    ];
    for (kind, place) in kinds {
        assert_eq!(Place::of(kind), place);
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

/// Member 10 of guild 1 has role 200, and user 5 owns the guild; channel 101 hides itself from
/// everyone but role 200, and thread 500 lies under it.
fn world() -> World {
    let mut world = World::new();
    let bits = |set: Permissions| set.bits().to_string();
    world.feed(
        "GUILD_UPDATE",
        &json!({"id": "1", "name": "g", "owner_id": "5"}),
    );
    world.update_role(1, &bits(SEND | VIEW));
    world.update_role(200, &bits(EMBED));
    let overwrites = json!([
        {"id": "1", "type": 0, "allow": "0", "deny": bits(VIEW)},
        {"id": "200", "type": 0, "allow": bits(VIEW), "deny": "0"},
    ]);
    let mut data = in_guild(channel_json(101), 1);
    data["permission_overwrites"] = overwrites;
    world.feed("CHANNEL_UPDATE", &data);
    let thread = json!({"id": "500", "guild_id": "1", "type": 11, "parent_id": "101"});
    world.feed("THREAD_CREATE", &thread);
    world
}

impl World {
    fn update_role(&mut self, id: u64, permissions: &str) {
        let mut data = crate::world::role_json(id);
        data["permissions"] = json!(permissions);
        let event: Value = json!({"guild_id": "1", "role": data});
        self.feed("GUILD_ROLE_UPDATE", &event);
    }

    fn may(&self, id: u64, seconds: i64) -> Result<Permissions, PermissionsUnknown> {
        self.store
            .permissions_in(channel(id), user(10), at(seconds))
    }
}

#[test]
fn the_store_finds_what_is_needed() {
    let mut world = world();
    let may = world.store.permissions(guild(1), user(10), at(0));
    assert_eq!(may, Ok(VIEW | SEND | EMBED));
    assert_eq!(world.may(101, 0), Ok(VIEW | SEND | EMBED));
    assert_eq!(world.may(500, 0), Ok(VIEW), "no writing in threads");
    let mut update = crate::world::member_json(10);
    update["communication_disabled_until"] = json!("1970-01-01T00:01:00+00:00");
    world.feed("GUILD_MEMBER_UPDATE", &in_guild(update, 1));
    assert_eq!(world.may(101, 59), Ok(VIEW));
    assert_eq!(world.may(101, 60), Ok(VIEW | SEND | EMBED));
    world.feed(
        "GUILD_UPDATE",
        &json!({"id": "1", "name": "g", "owner_id": "10"}),
    );
    assert_eq!(world.may(101, 0), Ok(ALL));
}

#[test]
fn what_is_not_cached_is_named_and_never_guessed() {
    let mut world = world();
    assert_eq!(
        world.may(100, 0),
        Err(PermissionsUnknown::Overwrites(channel(100)))
    );
    assert_eq!(
        world.may(999, 0),
        Err(PermissionsUnknown::Channel(channel(999)))
    );
    let who = |id| world.store.permissions(guild(1), user(id), at(0));
    assert_eq!(who(11), Err(PermissionsUnknown::Member(guild(1), user(11))));
    let nowhere = world.store.permissions(guild(2), user(10), at(0));
    assert_eq!(nowhere, Err(PermissionsUnknown::Guild(guild(2))));
    let mut hidden = in_guild(channel_json(101), 1);
    hidden["flags"] = json!(1 << 17);
    world.feed("CHANNEL_UPDATE", &hidden);
    assert_eq!(
        world.may(101, 0),
        Err(PermissionsUnknown::Redacted(channel(101)))
    );
    let orphan = json!({"id": "501", "guild_id": "1", "type": 11, "parent_id": "777"});
    world.feed("THREAD_CREATE", &orphan);
    assert_eq!(
        world.may(501, 0),
        Err(PermissionsUnknown::Parent(channel(501)))
    );
    let mut update = crate::world::member_json(10);
    update["roles"] = json!(["200", "300"]);
    world.feed("GUILD_MEMBER_UPDATE", &in_guild(update, 1));
    let may = |world: &World| world.store.permissions(guild(1), user(10), at(0));
    let held = Ok(VIEW | SEND | EMBED);
    assert_eq!(may(&world), held, "a deleted role counts for nothing");
    let some = Policy::keep(Predicate::when(|_| true));
    world.store.set_policy(Kind::Role, some).unwrap();
    let missing = PermissionsUnknown::Role(guild(1), role(300));
    assert_eq!(may(&world), Err(missing), "a policy may have taken it");
    assert_eq!(missing.to_string(), "role 300 of guild 1 is not known");
    world.feed(
        "GUILD_ROLE_DELETE",
        &json!({"guild_id": "1", "role_id": "1"}),
    );
    world.store.set_policy(Kind::Role, Policy::all()).unwrap();
    let everyone = PermissionsUnknown::Role(guild(1), role(1));
    assert_eq!(may(&world), Err(everyone), "nothing is guessed");
}
