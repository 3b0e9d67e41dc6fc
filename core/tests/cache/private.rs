//! Channels outside guilds, and their messages.

use core::time::Duration;

use headcount_core::Instant;
use headcount_core::cache::{Kind, Kinds, MemoryStore, Policies, Policy, Predicate};
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
    kept.map(|row| row.id.get()).collect()
}

fn message_id(id: u64) -> MessageId {
    MessageId::new(id).unwrap()
}

#[test]
fn channel_create_without_a_guild_keeps_it_and_holds_who_is_in_it() {
    let mut world = World::new();
    let before = world.store.bytes(Kind::Channel);
    world.feed("CHANNEL_CREATE", &private(500, &[70]));
    let row = world.store.private_channel(channel(500)).unwrap();
    assert_eq!((row.kind, row.guild), (Some(1), Field::Absent));
    assert_eq!(row.recipients.value().unwrap()[0].id, user(70));
    assert_eq!(world.store.user(user(70)).unwrap().username(), "user70");
    assert_eq!(world.store.rows(Kind::Channel), 3);
    assert!(world.store.bytes(Kind::Channel) > before);
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
    assert_eq!(world.store.rows(Kind::Channel), 2);
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
    world.kinds = Kinds::CHANNELS;
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
    assert_eq!(row.content.as_ref().unwrap(), &"ho");
    assert_eq!(row.reactions.value().unwrap()[0].count, Some(1));
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
    let short = Predicate::message(|row| row.id.get() < 903);
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
