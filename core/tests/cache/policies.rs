//! Policies: what stays, what goes, and when.

use core::time::Duration;

use headcount_core::cache::memory::Completeness;
use headcount_core::cache::{
    Kind, Kinds, Lack, MemberTraits, MemoryStore, Policies, Policy, Predicate, RowRef, Unsuitable,
};
use headcount_core::id::MessageId;
use headcount_core::{Instant, ShardId};
use serde_json::{Value, json};

use crate::world::{
    ME, World, channel, guild, guild_1, guild_json, in_guild, member_json, ready, user, user_json,
};

/// A world whose store has these policies, all kinds being derived, with guild 1 delivered.
fn ruled(policies: Policies) -> World {
    let mut world = World::empty();
    world.keep_in(MemoryStore::with_policies(7, policies));
    world.feed("READY", &ready(&[1]));
    world.feed("GUILD_CREATE", &guild_1());
    world
}

fn members(policy: Policy) -> World {
    ruled(
        Policies::from(Kinds::all())
            .with(Kind::Member, policy)
            .unwrap(),
    )
}

fn join(world: &mut World, id: u64) {
    world.feed("GUILD_MEMBER_ADD", &in_guild(member_json(id), 1));
}

fn voice(world: &mut World, id: u64, channel: Option<u64>) {
    let channel = channel.map(|id| id.to_string());
    let data = json!({"guild_id": "1", "user_id": id.to_string(), "channel_id": channel,
        "session_id": "v", "deaf": false, "mute": false, "member": member_json(id)});
    world.feed("VOICE_STATE_UPDATE", &data);
}

fn presence(world: &mut World, id: u64, status: &str) {
    let data = json!({"guild_id": "1", "user": {"id": id.to_string()}, "status": status});
    world.feed("PRESENCE_UPDATE", &data);
}

fn say(world: &mut World, id: u64, channel: u64, author: u64) {
    let data = json!({"id": id.to_string(), "channel_id": channel.to_string(), "guild_id": "1",
        "content": "hi", "author": user_json(author), "type": 0});
    world.feed("MESSAGE_CREATE", &data);
}

fn said(world: &World, channel_id: u64) -> Vec<u64> {
    let kept = world.store.messages(guild(1), channel(channel_id));
    kept.map(|row| row.id().get()).collect()
}

fn seconds(seconds: u64) -> Instant {
    Instant::from_millis(seconds * 1000)
}

#[test]
fn the_least_recently_used_member_goes_and_its_user_is_released() {
    let mut world = members(Policy::lru(3));
    (20..22).for_each(|id| join(&mut world, id));
    assert_eq!(world.member_ids(1), [10, 20, 21, ME]);
    assert!(world.member(10).is_some(), "a look-up is a use");
    join(&mut world, 22);
    assert_eq!(world.member_ids(1), [10, 21, 22, ME]);
    assert!(world.store.user(user(20)).is_none());
    world.feed("GUILD_MEMBER_UPDATE", &in_guild(member_json(21), 1));
    assert_eq!(world.store.members(guild(1)).count(), 4, "no use of anyone");
    join(&mut world, 23);
    assert_eq!(world.member_ids(1), [21, 22, 23, ME]);
    assert_eq!(world.member_count(), Some(9), "an eviction is no departure");
}

#[test]
fn limits_count_by_guild_and_over_all() {
    let mut world = members(Policy::lru(3).per_guild(2));
    world.feed("GUILD_CREATE", &guild_json(2, &[ME, 20, 21, 22], 4));
    assert_eq!(world.member_ids(2), [21, 22, ME]);
    assert!(world.member(10).is_some());
    join(&mut world, 11);
    assert_eq!(
        (world.member_ids(1), world.member_ids(2)),
        (vec![10, 11, ME], vec![22, ME])
    );
    join(&mut world, 12);
    assert_eq!(
        (world.member_ids(1), world.member_ids(2)),
        (vec![11, 12, ME], vec![22, ME])
    );
}

#[test]
fn rows_live_for_so_long_unless_they_are_touched_again() {
    let mut world = members(Policy::all().time_to_live(Duration::from_secs(60)));
    assert_eq!(world.store.advance(seconds(30)), 0);
    join(&mut world, 20);
    world.feed("GUILD_MEMBER_UPDATE", &in_guild(member_json(10), 1));
    join(&mut world, 21);
    assert!(world.member(21).is_some());
    assert_eq!(world.store.advance(seconds(89)), 0);
    join(&mut world, 20);
    assert!(world.member(21).is_some(), "reading renews nothing");
    assert_eq!(world.store.advance(seconds(90)), 2);
    assert_eq!(world.member_ids(1), [20, ME]);
    assert_eq!(world.store.advance(seconds(10)), 0, "time does not go back");
    let next = seconds(200);
    assert_eq!(world.store.advance(next), 1);
    assert_eq!(world.member_ids(1), [ME], "the bot's own member stays");
}

#[test]
fn a_member_is_kept_while_in_voice_and_comes_back_with_its_voice_state() {
    let mut world = members(Policy::keep(MemberTraits::IN_VOICE));
    assert_eq!(world.member_ids(1), [ME]);
    voice(&mut world, 10, Some(101));
    assert_eq!(world.member_ids(1), [10, ME]);
    assert!(world.store.user(user(10)).is_some());
    voice(&mut world, 10, Some(100));
    assert_eq!(world.member_ids(1), [10, ME]);
    voice(&mut world, 10, None);
    assert_eq!(world.member_ids(1), [ME]);
    assert!(world.store.user(user(10)).is_none());
    voice(&mut world, 10, Some(101));
    world.feed(
        "CHANNEL_DELETE",
        &json!({"id": "101", "guild_id": "1", "type": 2}),
    );
    assert_eq!(
        world.member_ids(1),
        [ME],
        "the channel took its voice states along"
    );
}

#[test]
fn voice_states_that_come_with_a_guild_count_too() {
    let mut world = members(Policy::keep(MemberTraits::IN_VOICE));
    let mut create = guild_1();
    create["voice_states"] = json!([{"user_id": "10", "channel_id": "101", "session_id": "v"}]);
    world.feed("GUILD_CREATE", &create);
    assert_eq!(world.member_ids(1), [10, ME]);
    create["voice_states"] = json!([]);
    world.feed("GUILD_CREATE", &create);
    assert_eq!(world.member_ids(1), [ME]);
}

#[test]
fn a_member_is_kept_while_it_owns_the_guild() {
    let mut world = members(Policy::keep(MemberTraits::OWNER));
    join(&mut world, 20);
    assert_eq!(world.member_ids(1), [10, ME]);
    world.feed(
        "GUILD_UPDATE",
        &json!({"id": "1", "name": "g", "owner_id": "20"}),
    );
    assert_eq!(world.member_ids(1), [ME], "the new one was not kept");
    join(&mut world, 20);
    assert_eq!(world.member_ids(1), [20, ME]);
}

#[test]
fn a_member_is_kept_while_online() {
    let mut world = members(Policy::keep(MemberTraits::ONLINE));
    let mut create = guild_1();
    create["presences"] = json!([{"user": {"id": "10"}, "status": "idle"}]);
    world.feed("GUILD_CREATE", &create);
    assert_eq!(world.member_ids(1), [10, ME]);
    presence(&mut world, 10, "online");
    assert_eq!(world.member_ids(1), [10, ME]);
    presence(&mut world, 10, "offline");
    assert_eq!(world.member_ids(1), [ME]);
    let chunk = json!({"guild_id": "1", "chunk_index": 0, "chunk_count": 1,
        "members": [member_json(10), member_json(20)],
        "presences": [{"user": {"id": "20"}, "status": "dnd"}]});
    world.feed("GUILD_MEMBERS_CHUNK", &chunk);
    assert_eq!(world.member_ids(1), [20, ME]);
}

#[test]
fn a_member_is_kept_while_it_boosts_or_as_a_function_says() {
    let named = |row: headcount_core::cache::memory::MemberRef<'_>| row.nick() == Some("boss");
    let keep = Predicate::from(MemberTraits::BOOSTER).or(Predicate::member(named));
    let mut world = members(Policy::keep(keep));
    let change = |world: &mut World, key: &str, value: Value| {
        let mut data = in_guild(member_json(10), 1);
        data[key] = value;
        world.feed("GUILD_MEMBER_UPDATE", &data);
    };
    change(
        &mut world,
        "premium_since",
        json!("2024-01-01T00:00:00+00:00"),
    );
    assert_eq!(world.member_ids(1), [10, ME]);
    change(&mut world, "premium_since", json!(null));
    assert_eq!(world.member_ids(1), [ME]);
    change(&mut world, "nick", json!("boss"));
    assert_eq!(world.member_ids(1), [10, ME]);
    change(&mut world, "nick", json!("hand"));
    assert_eq!(world.member_ids(1), [ME]);
}

#[test]
fn a_function_is_asked_again_when_a_role_is_taken_away() {
    let has_roles = |row: headcount_core::cache::memory::MemberRef<'_>| row.roles().len() > 0;
    let mut world = members(Policy::keep(Predicate::member(has_roles)));
    assert_eq!(world.member_ids(1), [10, ME]);
    world.feed(
        "GUILD_ROLE_DELETE",
        &json!({"guild_id": "1", "role_id": "200"}),
    );
    assert_eq!(world.member_ids(1), [ME]);
}

#[test]
fn who_is_spared_stays_beyond_the_limits_until_it_is_spared_no_longer() {
    let mut world = members(Policy::lru(1).sparing(MemberTraits::IN_VOICE));
    for id in 20..23 {
        voice(&mut world, id, Some(101));
    }
    join(&mut world, 30);
    assert_eq!(world.member_ids(1), [20, 21, 22, 30, ME]);
    voice(&mut world, 20, None);
    assert_eq!(
        world.member_ids(1),
        [20, 21, 22, ME],
        "who left voice was used last"
    );
    world.feed(
        "CHANNEL_DELETE",
        &json!({"id": "101", "guild_id": "1", "type": 2}),
    );
    assert_eq!(
        world.member_ids(1),
        [20, ME],
        "the others were displaced before"
    );
}

#[test]
fn none_keeps_nobody_not_even_the_bot() {
    let world = members(Policy::none());
    assert!(world.member_ids(1).is_empty());
    assert!(
        world.store.user(user(ME)).is_some(),
        "the bot's own user is no member"
    );
}

#[test]
fn completeness_reports_that_a_policy_holds_members_back() {
    let mut world = members(Policy::lru(2));
    let mut create = guild_json(1, &[ME, 10], 2);
    create["large"] = json!(false);
    world.feed("GUILD_CREATE", &create);
    let is = |world: &World| world.store.completeness(guild(1)).unwrap();
    assert_eq!(is(&world), Completeness::Complete { members: 2 }, "all fit");
    (20..22).for_each(|id| join(&mut world, id));
    let limited = Completeness::Partial {
        members: 3,
        of: Some(4),
        why: Lack::Limited,
    };
    assert_eq!(is(&world), limited);
    assert_eq!(limited.to_string(), "3 of 4 members, as the policy says");
    all_members(&mut world, &[ME, 10, 20, 21]);
    assert_eq!(
        is(&world),
        limited,
        "an answer with all of them changes nothing"
    );
    assert_eq!(world.store.set_policy(Kind::Member, Policy::all()), Ok(0));
    let partial = Completeness::Partial {
        members: 3,
        of: Some(4),
        why: Lack::NotAsked,
    };
    assert_eq!(is(&world), partial);
    all_members(&mut world, &[ME, 10, 20, 21]);
    assert_eq!(is(&world), Completeness::Complete { members: 4 });
}

/// The last chunk of an answer with everyone.
fn all_members(world: &mut World, ids: &[u64]) {
    let members: Vec<Value> = ids.iter().map(|&id| member_json(id)).collect();
    let chunk = json!({"guild_id": "1", "chunk_index": 0, "chunk_count": 1, "members": members});
    let text = chunk.to_string();
    let name = headcount_core::wire::Name::GuildMembersChunk;
    let view = headcount_core::wire::view::View::parse(name, &text, world.kinds).unwrap();
    let mutation = world.deriver.derive(view.unwrap());
    world.store.apply(world.deriver.complete(mutation));
}

#[test]
fn messages_are_off_by_default_and_zero_means_none() {
    for policies in [
        Policies::default(),
        Policies::default()
            .with(Kind::Message, Policy::newest_per_channel(0))
            .unwrap(),
        Policies::default()
            .with(Kind::Message, Policy::all().per_channel(0))
            .unwrap(),
    ] {
        let mut world = ruled(policies);
        say(&mut world, 1, 101, 50);
        presence(&mut world, 10, "online");
        assert_eq!(world.store.rows(Kind::Message), 0);
        assert_eq!(world.store.rows(Kind::Presence), 0);
        assert!(
            world.store.user(user(50)).is_none(),
            "the author was released"
        );
    }
}

#[test]
fn messages_have_newest_ones_and_limits_by_use() {
    let policy = Policy::newest_per_channel(3).at_most(4);
    let policies = Policies::from(Kinds::all()).with(Kind::Message, policy);
    let mut world = ruled(policies.unwrap());
    (1..=4).for_each(|id| say(&mut world, id, 101, 50));
    assert_eq!(said(&world, 101), [2, 3, 4]);
    say(&mut world, 5, 100, 51);
    let id = MessageId::new(2).unwrap();
    assert!(world.store.message(guild(1), channel(101), id).is_some());
    say(&mut world, 6, 100, 51);
    assert_eq!(
        (said(&world, 101), said(&world, 100)),
        (vec![2, 4], vec![5, 6])
    );
    let policy = Policy::all().per_channel(1);
    assert_eq!(world.store.set_policy(Kind::Message, policy), Ok(2));
    assert_eq!((said(&world, 101), said(&world, 100)), (vec![2], vec![6]));
    let policy = Policy::keep(Predicate::message(|row| row.id().get() > 2));
    assert_eq!(world.store.set_policy(Kind::Message, policy), Ok(1));
    assert!(world.store.user(user(50)).is_none());
    let policy = Policy::newest_per_channel(2);
    assert_eq!(world.store.set_policy(Kind::Message, policy), Ok(0));
    (7..=9).for_each(|id| say(&mut world, id, 100, 51));
    assert_eq!(said(&world, 100), [8, 9]);
    assert_eq!(
        world
            .store
            .set_policy(Kind::Message, Policy::newest_per_channel(1)),
        Ok(1)
    );
    assert_eq!(said(&world, 100), [9]);
}

#[test]
fn presences_and_channels_take_functions() {
    let policies = Policies::from(Kinds::all())
        .with(
            Kind::Presence,
            Policy::keep(Predicate::presence(|row| row.user().get() > 10)),
        )
        .and_then(|all| {
            let first = Predicate::channel(|row| row.id.get() == 100);
            all.with(Kind::Channel, Policy::keep(first))
        })
        .and_then(|all| {
            let mine = Predicate::when(|one| {
                one.guild == Some(guild(1))
                    && matches!(one.row, RowRef::Role(row) if row.id.get() == 1)
            });
            all.with(Kind::Role, Policy::keep(mine))
        });
    let mut world = ruled(policies.unwrap());
    join(&mut world, 20);
    presence(&mut world, 10, "online");
    presence(&mut world, 20, "online");
    assert!(world.store.presence(guild(1), user(10)).is_none());
    assert!(world.store.presence(guild(1), user(20)).is_some());
    let channels: Vec<u64> = world
        .store
        .channels(guild(1))
        .map(|row| row.id.get())
        .collect();
    assert_eq!(channels, [100]);
    assert_eq!(world.store.roles(guild(1)).count(), 1);
    assert!(world.store.channel(channel(101)).is_none());
}

#[test]
fn an_evicted_channel_takes_along_what_hangs_on_it() {
    let policies = Policies::from(Kinds::all())
        .with(Kind::Channel, Policy::lru(2))
        .and_then(|all| all.with(Kind::Member, Policy::keep(MemberTraits::IN_VOICE)));
    let mut world = ruled(policies.unwrap());
    voice(&mut world, 10, Some(100));
    say(&mut world, 1, 100, 50);
    assert!(world.store.channel(channel(101)).is_some());
    let new = json!({"id": "102", "guild_id": "1", "type": 0, "name": "c"});
    world.feed("CHANNEL_CREATE", &new);
    assert!(world.store.channel(channel(100)).is_none());
    assert_eq!((said(&world, 100), world.member_ids(1)), (vec![], vec![ME]));
}

#[test]
fn policies_change_at_run_time() {
    let mut world = World::new();
    (20..25).for_each(|id| join(&mut world, id));
    assert!(world.store.policies().is_none(), "everything is kept");
    let refused = world
        .store
        .set_policy(Kind::Member, Policy::newest_per_channel(1));
    assert_eq!(refused, Err(Unsuitable::Newest(Kind::Member)));
    assert!(world.store.policies().is_none());
    assert_eq!(world.store.set_policy(Kind::Member, Policy::lru(4)), Ok(2));
    assert_eq!(
        world.member_ids(1),
        [21, 22, 23, 24, ME],
        "by id: no use was watched yet"
    );
    assert!(world.member(21).is_some());
    assert_eq!(world.store.set_policy(Kind::Member, Policy::lru(2)), Ok(2));
    assert_eq!(
        world.member_ids(1),
        [21, 24, ME],
        "the order of use is kept"
    );
    let old = Policy::lru(2).time_to_live(Duration::from_secs(5));
    assert_eq!(world.store.advance(seconds(3)), 0);
    assert_eq!(world.store.set_policy(Kind::Member, old), Ok(0));
    assert_eq!(world.store.advance(seconds(5)), 2);
    assert_eq!(
        world.store.set_policies(Kinds::GUILDS | Kinds::ROLES),
        3,
        "the bot, 2 channels"
    );
    let left: Vec<Kind> = world.rows().into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(left, [Kind::Guild, Kind::Role, Kind::User]);
    assert_eq!(world.store.set_policy(Kind::Guild, Policy::none()), Ok(1));
    assert!(world.store.guild(guild(1)).is_none());
    assert_eq!(world.store.roles(guild(1)).count(), 2);
    assert_eq!(
        world
            .store
            .set_policy(Kind::User, Policy::all().per_guild(1)),
        Err(Unsuitable::PerGuild(Kind::User))
    );
}

#[test]
fn what_a_policy_remembers_is_weighed_and_all_remembers_nothing() {
    let mut plain = World::new();
    let mut all = members(Policy::all());
    let mut lru = members(Policy::lru(1_000));
    for world in [&mut plain, &mut all, &mut lru] {
        (200..300).for_each(|id| join(world, id));
    }
    assert_eq!(
        plain.store.bytes(Kind::Member),
        all.store.bytes(Kind::Member)
    );
    assert!(lru.store.bytes(Kind::Member) > all.store.bytes(Kind::Member));
}

#[test]
fn kinds_that_are_off_are_not_decoded() {
    let kinds = Policies::default().kinds();
    let mut world = World::caching(kinds, ShardId::ONE);
    world.keep_in(MemoryStore::with_policies(7, kinds));
    world.feed("GUILD_CREATE", &guild_1());
    presence(&mut world, 10, "online");
    say(&mut world, 1, 101, 50);
    assert_eq!(
        world.store.rows(Kind::Presence) + world.store.rows(Kind::Message),
        0
    );
    assert_eq!(world.store.counts(guild(1)).members, 2);
}
