//! Channels outside guilds, and their messages.

use core::time::Duration;

use headcount_core::Instant;
use headcount_core::cache::{Kind, Kinds, MemoryStore, Policies, Policy, Predicate, RowRef};
use headcount_core::id::MessageId;
use headcount_core::wire::{Field, Timestamp};
use serde_json::{Value, json};

use crate::world::{ME, World, channel, ready, user, user_json};

fn private(id: u64, with: &[u64]) -> Value {
    let with: Vec<Value> = with.iter().map(|&id| user_json(id)).collect();
    json!({"id": id.to_string(), "type": 1, "last_message_id": null, "recipients": with})
}

fn message(id: u64, author: u64) -> Value {
    json!({"id": id.to_string(), "channel_id": "500", "content": "hi", "type": 0,
        "author": user_json(author), "timestamp": "2024-02-03T04:05:06+00:00"})
}

/// Channel 500 with user 70, and two messages.
fn with_private() -> World {
    let mut world = World::new();
    world.feed("CHANNEL_CREATE", &private(500, &[70]));
    world.feed("MESSAGE_CREATE", &message(900, 70));
    world.feed("MESSAGE_CREATE", &message(901, ME));
    world
}

fn ids(world: &World) -> Vec<u64> {
    let kept = world.store.private_messages(channel(500));
    kept.map(|row| row.id().get()).collect()
}

fn message_id(id: u64) -> MessageId {
    MessageId::new(id).unwrap()
}

#[test]
fn channel_create_without_a_guild_keeps_it_and_holds_who_is_in_it() {
    let mut world = World::new();
    assert_eq!(world.store.bytes(Kind::PrivateChannel), 0);
    world.feed("CHANNEL_CREATE", &private(500, &[70]));
    let row = world.store.private_channel(channel(500)).unwrap();
    assert_eq!((row.kind, row.guild), (Some(1), Field::Absent));
    assert_eq!(row.recipients.value().unwrap()[0].id, user(70));
    assert_eq!(world.store.user(user(70)).unwrap().username(), "user70");
    assert_eq!(world.store.rows(Kind::PrivateChannel), 1);
    assert_eq!(world.store.rows(Kind::Channel), 2);
    assert!(world.store.bytes(Kind::PrivateChannel) > 0);
    assert_eq!(world.store.private_channels().count(), 1);
    assert!(
        world.store.channel(channel(500)).is_none(),
        "it is in no guild"
    );
}

#[test]
fn channel_update_without_a_guild_changes_who_is_held() {
    let mut world = with_private();
    world.feed("CHANNEL_UPDATE", &private(500, &[70, 71]));
    assert!(world.store.user(user(71)).is_some());
    world.feed("CHANNEL_UPDATE", &private(500, &[70]));
    assert!(world.store.user(user(71)).is_none());
    let mut older = private(500, &[70]);
    older["last_message_id"] = json!("3");
    world.feed("MESSAGE_CREATE", &message(902, 70));
    world.feed("CHANNEL_UPDATE", &older);
    let last = world.store.private_channel(channel(500)).unwrap();
    assert_eq!(last.last_message.value(), Some(&message_id(902)));
}

#[test]
fn channel_delete_without_a_guild_takes_messages_and_users() {
    let mut world = with_private();
    assert_eq!(world.store.rows(Kind::Message), 2);
    world.feed("CHANNEL_DELETE", &private(500, &[70]));
    assert_eq!(world.store.rows(Kind::Message), 0);
    assert_eq!(world.store.bytes(Kind::Message), 0);
    assert_eq!(world.store.rows(Kind::PrivateChannel), 0);
    assert!(world.store.user(user(70)).is_none());
    assert!(world.store.user(user(ME)).is_some());
}

#[test]
fn message_create_without_a_guild_needs_no_channel() {
    let mut world = World::new();
    world.feed("MESSAGE_CREATE", &message(900, 70));
    assert_eq!(ids(&world), [900]);
    assert!(world.store.private_channel(channel(500)).is_none());
    let mut world = with_private();
    let last = |world: &World| {
        let row = world.store.private_channel(channel(500)).unwrap();
        row.last_message.value().copied()
    };
    assert_eq!(last(&world), Some(message_id(901)));
    world.kinds = Kinds::PRIVATE_CHANNELS;
    world.deriver = headcount_core::cache::Deriver::new(headcount_core::ShardId::ONE, world.kinds);
    world.feed("MESSAGE_CREATE", &message(905, 70));
    assert_eq!(
        (last(&world), ids(&world).len()),
        (Some(message_id(905)), 2)
    );
}

#[test]
fn the_oldest_message_of_a_private_channel_goes_too() {
    let mut world = World::empty();
    world.keep_in(MemoryStore::new(1).messages_per_channel(1));
    world.feed("MESSAGE_CREATE", &message(900, 70));
    world.feed("MESSAGE_CREATE", &message(901, 71));
    assert_eq!(ids(&world), [901]);
    assert!(world.store.user(user(70)).is_none());
}

#[test]
fn edits_reactions_votes_and_pins_work_without_a_guild() {
    let mut world = with_private();
    let edit = json!({"id": "900", "channel_id": "500", "content": "ho"});
    world.feed("MESSAGE_UPDATE", &edit);
    let about = json!({"channel_id": "500", "message_id": "900", "user_id": "70",
        "emoji": {"id": null, "name": "x"}, "burst": false, "answer_id": 1});
    world.feed("MESSAGE_REACTION_ADD", &about);
    world.feed("MESSAGE_POLL_VOTE_ADD", &about);
    let row = world
        .store
        .private_message(channel(500), message_id(900))
        .unwrap();
    assert_eq!(row.content(), Some("ho"));
    assert_eq!(row.row().reactions.value().unwrap()[0].count, Some(1));
    let at = "2024-02-03T04:05:06+00:00";
    let pins = json!({"channel_id": "500", "last_pin_timestamp": at});
    world.feed("CHANNEL_PINS_UPDATE", &pins);
    let pin = world.store.private_channel(channel(500)).unwrap().last_pin;
    assert_eq!(pin, Field::Value(Timestamp::parse(at).unwrap()));
    world.feed("MESSAGE_DELETE", &json!({"id": "900", "channel_id": "500"}));
    assert_eq!(ids(&world), [901]);
}

#[test]
fn a_new_session_of_the_first_shard_forgets_what_is_private() {
    let mut world = with_private();
    world.feed("READY", &ready(&[1]));
    assert_eq!(world.store.private_channels().count(), 0);
    assert_eq!(ids(&world), [] as [u64; 0]);
    assert!(world.store.user(user(70)).is_none());
}

/// Messages outside guilds under a policy.
fn ruled(policy: Policy) -> World {
    let policies = Policies::from(Kinds::all());
    let policies = policies.with(Kind::Message, policy).unwrap();
    let events = policies.with(Kind::ScheduledEvent, Policy::all());
    let policies = events.unwrap();
    let mut world = World::empty();
    world.keep_in(MemoryStore::with_policies(7, policies));
    world
}

fn elsewhere(id: u64, author: u64) -> Value {
    let mut message = message(id, author);
    message["channel_id"] = json!("501");
    message
}

#[test]
fn private_messages_count_for_the_policy_of_all_messages() {
    let mut world = ruled(Policy::lru(2));
    world.feed("MESSAGE_CREATE", &message(900, 70));
    world.feed("MESSAGE_CREATE", &message(901, 71));
    let oldest = |world: &World| {
        let row = world.store.private_message(channel(500), message_id(900));
        row.is_some()
    };
    assert!(oldest(&world), "a look-up is a use");
    world.feed("MESSAGE_CREATE", &elsewhere(902, 72));
    assert_eq!(ids(&world), [900], "the one went that was not used");
    assert!(world.store.user(user(71)).is_none());
    assert_eq!(world.store.rows(Kind::Message), 2);
    world.feed("MESSAGE_DELETE", &json!({"id": "900", "channel_id": "500"}));
    world.feed("MESSAGE_CREATE", &message(903, 70));
    world.feed("MESSAGE_CREATE", &message(904, 70));
    assert_eq!(ids(&world), [903, 904]);
    assert_eq!(world.store.set_policy(Kind::Message, Policy::lru(1)), Ok(1));
    assert_eq!(ids(&world), [904]);
}

#[test]
fn each_private_channel_counts_by_itself() {
    let mut world = ruled(Policy::all().per_guild(1));
    world.feed("MESSAGE_CREATE", &message(900, 70));
    world.feed("MESSAGE_CREATE", &elsewhere(901, 71));
    assert_eq!(world.store.rows(Kind::Message), 2);
    world.feed("MESSAGE_CREATE", &message(902, 70));
    assert_eq!(
        (ids(&world), world.store.rows(Kind::Message)),
        (vec![902], 2)
    );
    let newest = Policy::newest_per_channel(1);
    world.store.set_policy(Kind::Message, newest).unwrap();
    world.feed("MESSAGE_CREATE", &message(903, 70));
    world
        .store
        .set_policy(Kind::Message, Policy::all())
        .unwrap();
    world.feed("MESSAGE_CREATE", &message(904, 70));
    let newest = Policy::newest_per_channel(1);
    assert_eq!(world.store.set_policy(Kind::Message, newest), Ok(1));
    assert_eq!(ids(&world), [904]);
}

#[test]
fn private_messages_grow_old_and_are_judged() {
    let short = Predicate::message(|row| row.id().get() < 903);
    let minute = Duration::from_secs(60);
    let mut world = ruled(Policy::keep(short).time_to_live(minute));
    world.feed("MESSAGE_CREATE", &message(900, 70));
    world.feed("MESSAGE_CREATE", &message(903, 70));
    assert_eq!(ids(&world), [900], "the predicate refuses the other");
    let at = |seconds: u64| Instant::from_millis(seconds * 1000);
    assert_eq!(world.store.next_expiry(), Some(at(60)));
    assert_eq!(world.store.advance(at(59)), 0);
    world.feed("MESSAGE_CREATE", &message(901, 71));
    assert_eq!(world.store.advance(at(60)), 1);
    assert_eq!(
        (ids(&world), world.store.next_expiry()),
        (vec![901], Some(at(119)))
    );
    assert_eq!(world.store.advance(at(119)), 1);
    assert_eq!(
        world.store.next_expiry(),
        Some(at(179)),
        "were one to come now"
    );
    world
        .store
        .set_policy(Kind::Message, Policy::all())
        .unwrap();
    assert_eq!(world.store.next_expiry(), None);
    assert_eq!(MemoryStore::new(1).next_expiry(), None);
}

fn channel_ids(world: &World) -> Vec<u64> {
    let rows = world.store.private_channels();
    let mut ids: Vec<u64> = rows.map(|row| row.id.get()).collect();
    ids.sort_unstable();
    ids
}

/// Channels outside guilds under a policy, or under the one that is there without any.
fn bounded(policy: Option<Policy>) -> World {
    let mut policies = Policies::from(Kinds::all());
    if let Some(policy) = policy {
        policies.set(Kind::PrivateChannel, policy).unwrap();
    }
    let mut world = World::empty();
    world.keep_in(MemoryStore::with_policies(7, policies));
    world
}

#[test]
fn the_thousand_private_channels_used_last_stay_unless_another_policy_says_so() {
    let mut world = bounded(None);
    for id in 1..=1_000 {
        world.feed("CHANNEL_CREATE", &private(id, &[id + 5_000]));
    }
    assert!(world.store.private_channel(channel(1)).is_some(), "a use");
    for id in [1_001, 1_002] {
        world.feed("CHANNEL_CREATE", &private(id, &[id + 5_000]));
    }
    let left = [1, 4, 1_001].map(|id| world.store.private_channel(channel(id)).is_some());
    assert_eq!(left, [true; 3]);
    let gone = [2, 3].map(|id| world.store.private_channel(channel(id)).is_none());
    assert_eq!(gone, [true; 2]);
    assert_eq!(world.store.rows(Kind::PrivateChannel), 1_000);
    assert!(world.store.user(user(5_002)).is_none(), "nobody holds them");
    let four = world.store.set_policy(Kind::PrivateChannel, Policy::lru(4));
    assert_eq!(four, Ok(996));
    assert_eq!(channel_ids(&world), [1, 4, 1_001, 1_002]);
}

#[test]
fn messages_outside_guilds_go_with_the_place_of_their_channel() {
    let mut world = bounded(Some(Policy::lru(2)));
    let say = |world: &mut World, id: u64, at: u64| {
        let mut message = message(id, id);
        message["channel_id"] = json!(at.to_string());
        world.feed("MESSAGE_CREATE", &message);
    };
    for (id, at) in [(900, 500), (901, 501), (902, 500), (903, 502)] {
        say(&mut world, id, at);
    }
    let messages = |world: &World, at| {
        let rows = world.store.private_messages(channel(at));
        rows.map(|row| row.id().get()).collect::<Vec<_>>()
    };
    assert_eq!(messages(&world, 500), [900, 902]);
    assert_eq!(
        messages(&world, 501),
        [] as [u64; 0],
        "the one talked in least"
    );
    assert_eq!(messages(&world, 502), [903]);
    assert!(world.store.user(user(901)).is_none());
    world.feed("CHANNEL_CREATE", &private(503, &[70]));
    assert_eq!(
        (messages(&world, 500), channel_ids(&world)),
        (vec![], vec![503])
    );
    assert_eq!(world.store.rows(Kind::Message), 1);
    world.feed("READY", &ready(&[]));
    say(&mut world, 904, 504);
    say(&mut world, 905, 505);
    assert_eq!(
        (messages(&world, 504), messages(&world, 505)),
        (vec![904], vec![905])
    );
}

#[test]
fn private_channels_are_judged_and_grow_old() {
    let people = Predicate::when(|one| match one.row {
        RowRef::PrivateChannel(row) => row.kind == Some(1),
        _ => false,
    });
    let minute = Duration::from_secs(60);
    let mut world = bounded(Some(Policy::keep(people).time_to_live(minute)));
    let mut group = private(501, &[71]);
    group["type"] = json!(3);
    world.feed("CHANNEL_CREATE", &private(500, &[70]));
    world.feed("CHANNEL_CREATE", &group);
    assert_eq!(channel_ids(&world), [500]);
    let at = |seconds: u64| Instant::from_millis(seconds * 1000);
    assert_eq!(world.store.advance(at(59)), 0);
    world.feed("MESSAGE_CREATE", &message(900, 70));
    assert_eq!(world.store.advance(at(60)), 0, "a message uses it");
    assert_eq!(world.store.advance(at(119)), 1);
    assert_eq!((channel_ids(&world), ids(&world)), (vec![], vec![]));
}

#[test]
fn a_message_that_is_not_kept_is_a_use_of_its_private_channel() {
    let kinds = Kinds::all().difference(Kinds::MESSAGES);
    let policies = Policies::from(kinds);
    let policies = policies.with(Kind::PrivateChannel, Policy::lru(2)).unwrap();
    let mut world = World::caching(kinds, headcount_core::ShardId::ONE);
    world.keep_in(MemoryStore::with_policies(7, policies));
    for id in [500, 501] {
        world.feed("CHANNEL_CREATE", &private(id, &[70]));
    }
    world.feed("MESSAGE_CREATE", &message(900, 70));
    world.feed("CHANNEL_CREATE", &private(502, &[70]));
    assert_eq!(channel_ids(&world), [500, 502]);
}

#[test]
fn without_private_channels_nothing_outside_guilds_is_cached() {
    let mut world = World::caching(
        Kinds::all().difference(Kinds::PRIVATE_CHANNELS),
        headcount_core::ShardId::ONE,
    );
    world.feed("CHANNEL_CREATE", &private(500, &[70]));
    world.feed("MESSAGE_CREATE", &message(900, 70));
    assert_eq!(world.rows(), []);
    let mut world = bounded(Some(Policy::none()));
    world.feed("CHANNEL_CREATE", &private(500, &[70]));
    world.feed("MESSAGE_CREATE", &message(900, 70));
    assert_eq!(world.rows(), []);
}

#[test]
fn a_store_that_keeps_every_row_keeps_every_private_channel_whatever_else_is_ruled() {
    let mut world = World::empty();
    world.keep_in(MemoryStore::new(1).messages_per_channel(1));
    for id in 1..=1_001 {
        world.feed("CHANNEL_CREATE", &private(id, &[70]));
    }
    assert_eq!(world.store.rows(Kind::PrivateChannel), 1_001);
    assert_eq!(world.store.next_expiry(), None);
}
