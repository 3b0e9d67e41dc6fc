//! Rows by what they belong to: an index says what a scan says.

use std::collections::{BTreeMap, BTreeSet};

use headcount_core::cache::memory::{GuildRef, Indexes, MemberRef};
use headcount_core::cache::{Kind, Kinds, MemoryStore, Policies, Policy};
use headcount_core::id::{ChannelId, GuildId, RoleId, UserId};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::{
    World, channel, channel_json, guild, in_guild, member_json, role, user, user_json,
};

/// Ids by group.
type Groups = BTreeMap<u64, Vec<u64>>;

/// Ids that were groups once must be none now, unless the scan says so.
const PERHAPS: [u64; 12] = [1, 2, 5, 100, 101, 102, 200, 201, 202, 300, 400, 500];

fn sorted(ids: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut ids: Vec<u64> = ids.collect();
    ids.sort_unstable();
    ids
}

fn groups(pairs: impl Iterator<Item = (u64, u64)>) -> Groups {
    let mut groups: Groups = PERHAPS.map(|group| (group, Vec::new())).into();
    let pairs: BTreeSet<(u64, u64)> = pairs.collect();
    for (group, id) in pairs {
        groups.entry(group).or_default().push(id);
    }
    groups
}

/// Holds what the store says of groups against all its rows.
pub(crate) fn assert_as_scanned(store: &MemoryStore) {
    for guild in store.guilds().map(GuildRef::id).collect::<Vec<_>>() {
        assert_guild_as_scanned(store, guild);
    }
}

/// The same of private channels. Looking one up is a use of it.
fn assert_private_as_scanned(store: &MemoryStore) {
    let with = |user: UserId| {
        let rows = store.private_channels();
        let rows = rows.filter(|row| row.kind == Some(1));
        let own = rows.filter(|row| {
            let others = row.recipients.value().map(Vec::as_slice);
            others.is_some_and(|others| matches!(others, [one] if one.id == user))
        });
        own.map(|row| row.id).max()
    };
    let rows = store.private_channels();
    let others = rows.flat_map(|row| row.recipients.value().into_iter().flatten());
    let others: BTreeSet<UserId> = others.map(|other| other.id).collect();
    for other in others
        .into_iter()
        .chain(PERHAPS.into_iter().filter_map(UserId::new))
    {
        let found = store.private_channel_with(other).map(|row| row.id);
        assert_eq!(found, with(other), "private channel with {other}");
    }
}

fn assert_guild_as_scanned(store: &MemoryStore, guild: GuildId) {
    let id = |member: MemberRef<'_>| member.id().get();
    let members = store.members(guild);
    let roles = members.flat_map(|member| member.roles().map(move |role| (role.get(), id(member))));
    for (group, ids) in groups(roles).into_iter().filter(|it| it.0 != guild.get()) {
        let found = store.members_with_role(guild, RoleId::new(group).unwrap());
        assert_eq!(sorted(found.map(id)), ids, "role {group} of {guild}");
    }
    let states = store.voice_states(guild);
    let states =
        states.filter_map(|row| Some((row.channel.value().copied()?.get(), row.user.get())));
    for (group, ids) in groups(states) {
        let channel = ChannelId::new(group).unwrap();
        let found = store.voice_states_in(guild, channel);
        let found = sorted(found.map(|row| row.user.get()));
        assert_eq!(found, ids, "voice channel {group} of {guild}");
        let members = sorted(store.members_in_voice(guild, channel).map(id));
        let cached: BTreeSet<u64> = store.members(guild).map(id).collect();
        assert_eq!(
            members,
            sorted(ids.into_iter().filter(|id| cached.contains(id)))
        );
    }
    let threads = store.threads(guild);
    let threads = threads.filter_map(|row| Some((row.parent?.get(), row.id.get())));
    for (group, ids) in groups(threads) {
        let found = store.threads_of(guild, ChannelId::new(group).unwrap());
        let found = sorted(found.map(|row| row.id.get()));
        assert_eq!(found, ids, "threads of channel {group} of {guild}");
    }
}

fn with_roles(id: u64, roles: &[u64]) -> Value {
    let mut member = in_guild(member_json(id), 1);
    member["roles"] = roles.iter().map(ToString::to_string).collect();
    member
}

fn indexed() -> World {
    let mut world = World::empty();
    world.keep_in(MemoryStore::new(3).indexed(Indexes::all()));
    world.feed("READY", &crate::world::ready(&[1]));
    world.feed("GUILD_CREATE", &crate::world::guild_1());
    world
}

fn holders(world: &World, of: u64) -> Vec<u64> {
    let members = world.store.members_with_role(guild(1), role(of));
    sorted(members.map(|member| member.id().get()))
}

#[test]
fn members_are_found_by_role_as_roles_come_and_go() {
    let mut world = indexed();
    world.feed("GUILD_MEMBER_ADD", &with_roles(20, &[200, 201]));
    world.feed("GUILD_MEMBER_ADD", &with_roles(21, &[200]));
    assert_eq!(holders(&world, 201), [20]);
    world.feed("GUILD_MEMBER_UPDATE", &with_roles(21, &[201]));
    assert_eq!(holders(&world, 201), [20, 21]);
    assert_eq!(
        holders(&world, 1).len(),
        world.store.counts(guild(1)).members
    );
    assert_as_scanned(&world.store);
    let gone = json!({"guild_id": "1", "role_id": "201"});
    world.feed("GUILD_ROLE_DELETE", &gone);
    assert!(holders(&world, 201).is_empty());
    assert_as_scanned(&world.store);
    let left = json!({"guild_id": "1", "user": {"id": "20", "username": "t"}});
    world.feed("GUILD_MEMBER_REMOVE", &left);
    assert!(!holders(&world, 200).contains(&20));
    assert_as_scanned(&world.store);
}

#[test]
fn an_index_may_be_built_and_dropped_at_any_time_and_weighs_until_then() {
    let mut world = World::new();
    (30..200).for_each(|id| drop(world.feed("GUILD_MEMBER_ADD", &with_roles(id, &[200, id]))));
    let weigh = |world: &World| {
        (
            world.store.bytes(Kind::Member),
            world.store.bytes(Kind::Thread),
        )
    };
    let (plain, before) = (weigh(&world), holders(&world, 200));
    world.store.set_indexes(Indexes::all());
    assert_eq!(holders(&world, 200), before);
    assert_as_scanned(&world.store);
    let pairs = 170 * 2;
    let cost = weigh(&world).0 - plain.0;
    assert!(cost > pairs * 8 && cost < pairs * 90, "{cost}");
    world.store.set_indexes(Indexes::empty());
    assert_eq!(weigh(&world), plain);
    assert_eq!(holders(&world, 200), before);
}

#[test]
fn who_is_in_a_voice_channel_is_found_where_they_have_moved() {
    let mut world = indexed();
    let moves = |to: Option<u64>| {
        json!({"guild_id": "1", "user_id": "10", "session_id": "s",
            "channel_id": to.map(|id| id.to_string())})
    };
    let count = |world: &World, at| world.store.voice_states_in(guild(1), channel(at)).count();
    world.feed("VOICE_STATE_UPDATE", &moves(Some(101)));
    assert_eq!((count(&world, 101), count(&world, 102)), (1, 0));
    let members = world.store.members_in_voice(guild(1), channel(101));
    assert!(members.map(MemberRef::id).eq([user(10)]));
    world.feed("VOICE_STATE_UPDATE", &moves(Some(102)));
    assert_eq!((count(&world, 101), count(&world, 102)), (0, 1));
    world.feed("VOICE_STATE_UPDATE", &moves(None));
    assert_eq!(count(&world, 102), 0);
    world.feed("VOICE_STATE_UPDATE", &moves(Some(101)));
    world.feed("CHANNEL_DELETE", &in_guild(channel_json(101), 1));
    assert_eq!(count(&world, 101), 0);
    assert_as_scanned(&world.store);
}

#[test]
fn the_guilds_of_a_user_and_its_private_channel_are_found() {
    let mut world = indexed();
    world.feed("GUILD_CREATE", &crate::world::guild_json(2, &[], 1));
    let mut member = with_roles(10, &[]);
    member["guild_id"] = json!("2");
    world.feed("GUILD_MEMBER_ADD", &member);
    assert!(world.store.guilds_of(user(10)).eq([guild(1), guild(2)]));
    assert_eq!(world.store.guilds_of(user(9_999)).next(), None);
    for (id, kind) in [(70, 1), (71, 1), (72, 3)] {
        let data = json!({"id": id.to_string(), "type": kind,
            "recipients": [{"id": "10", "username": "t"}]});
        world.feed("CHANNEL_CREATE", &data);
    }
    let found = world.store.private_channel_with(user(10)).unwrap();
    assert_eq!(found.id, channel(71), "the newer one of two users alone");
    assert_as_scanned(&world.store);
}

proptest! {
    #[test]
    fn private_channels_are_found_by_user_whatever_happens(
        steps in prop::collection::vec((0..8_u8, 1..7_u64, 1..4_u64), 0..60),
        most in prop::option::of(1..4_usize),
    ) {
        let policies = most.map(|most| (Kind::PrivateChannel, Policy::lru(most)));
        let policies = policies.into_iter().fold(Policies::from(Kinds::all()), |all, (kind, one)| {
            all.with(kind, one).unwrap()
        });
        let mut world = World::empty();
        let store = MemoryStore::with_policies(3, policies);
        world.keep_in(store.indexed(Indexes::PRIVATE_CHANNELS_BY_USER));
        world.feed("READY", &crate::world::ready(&[]));
        for (step, id, other) in steps {
            let id = id.to_string();
            let others: Vec<Value> = (other..=other.max(2)).map(user_json).collect();
            match step {
                0..3 => {
                    let data = json!({"id": id, "type": 1, "recipients": [user_json(other)]});
                    world.feed("CHANNEL_CREATE", &data);
                }
                3..5 => {
                    let data = json!({"id": id, "type": 3, "recipients": others});
                    world.feed("CHANNEL_CREATE", &data);
                }
                5..7 => {
                    let data = json!({"id": id, "type": 1});
                    world.feed("CHANNEL_DELETE", &data);
                }
                _ => drop(world.feed("READY", &crate::world::ready(&[]))),
            }
            assert_private_as_scanned(&world.store);
        }
    }
}
