//! Messages with their reactions and polls.

use headcount_core::ShardId;
use headcount_core::cache::memory::MessageRef;
use headcount_core::cache::{Kind, Kinds, MemoryStore};
use headcount_core::id::MessageId;
use headcount_core::wire::Field;
use headcount_core::wire::view::Message;
use serde_json::{Value, json};

use crate::world::{World, channel, guild, guild_1, user, user_json};

pub(crate) fn message_json(id: u64, author: u64) -> Value {
    json!({"id": id.to_string(), "channel_id": "101", "guild_id": "1", "content": "hi",
        "author": user_json(author), "timestamp": "2024-02-03T04:05:06+00:00",
        "edited_timestamp": null, "tts": true, "mention_everyone": false, "pinned": false,
        "mentions": [{"id": "5", "username": "x", "member": {"roles": []}}],
        "mention_roles": ["200"], "attachments": [], "embeds": [{"title": "e"}], "type": 0})
}

fn message_id(id: u64) -> MessageId {
    MessageId::new(id).unwrap()
}

pub(crate) fn message(world: &World, id: u64) -> Option<Message<'_>> {
    let message = world.store.message(guild(1), channel(101), message_id(id));
    message.map(MessageRef::row)
}

fn ids(world: &World) -> Vec<u64> {
    let kept = world.store.messages(guild(1), channel(101));
    kept.map(|row| row.id().get()).collect()
}

pub(crate) fn about(id: u64, more: &Value) -> Value {
    let mut data = json!({"channel_id": "101", "guild_id": "1", "message_id": id.to_string()});
    for (key, value) in more.as_object().unwrap() {
        data[key] = value.clone();
    }
    data
}

#[test]
fn message_create_keeps_it_holds_its_author_and_moves_the_channel_on() {
    let mut world = World::new();
    world.feed("MESSAGE_CREATE", &message_json(900, 50));
    world.feed("MESSAGE_CREATE", &message_json(900, 50));
    world.feed("MESSAGE_CREATE", &message_json(800, 50));
    assert_eq!(ids(&world), [800, 900]);
    let row = message(&world, 900).unwrap();
    assert_eq!(row.embeds.value().unwrap().as_str(), r#"[{"title":"e"}]"#);
    assert_eq!(row.mentions.as_ref().unwrap()[0].0, user(5));
    assert!(
        world.store.user(user(5)).is_none(),
        "a mention holds nobody"
    );
    assert_eq!(world.store.user(user(50)).unwrap().username(), "user50");
    let last = world.store.channel(channel(101)).unwrap().last_message;
    assert_eq!(last.value(), Some(&message_id(900)));
    let mut hook = message_json(901, 51);
    hook["webhook_id"] = json!("51");
    world.feed("MESSAGE_CREATE", &hook);
    assert!(world.store.user(user(51)).is_none(), "a webhook is no user");
    assert_eq!(world.store.rows(Kind::Message), 3);
}

#[test]
fn message_create_moves_the_channel_on_even_if_messages_are_off() {
    let mut world = World::caching(Kinds::CHANNELS, ShardId::ONE);
    world.feed("GUILD_CREATE", &guild_1());
    world.feed("MESSAGE_CREATE", &message_json(900, 50));
    let last = world.store.channel(channel(101)).unwrap().last_message;
    assert_eq!(last.value(), Some(&message_id(900)));
    assert_eq!(world.rows(), [(Kind::Channel, 2)]);
}

#[test]
fn the_oldest_message_of_a_full_channel_goes_and_its_author_with_it() {
    let mut world = World::empty();
    world.keep_in(MemoryStore::new(1).messages_per_channel(2));
    world.feed("GUILD_CREATE", &guild_1());
    for id in 900..903 {
        world.feed("MESSAGE_CREATE", &message_json(id, id));
    }
    assert_eq!(ids(&world), [901, 902]);
    assert!(world.store.user(user(900)).is_none());
    assert!(world.store.user(user(901)).is_some());
    world.keep_in(MemoryStore::new(1).messages_per_channel(0));
    world.feed("GUILD_CREATE", &guild_1());
    world.feed("MESSAGE_CREATE", &message_json(900, 50));
    assert_eq!(world.store.rows(Kind::Message), 0, "zero keeps none");
}

#[test]
fn message_update_patches_and_never_adds() {
    let mut world = World::new();
    world.feed("MESSAGE_CREATE", &message_json(900, 50));
    let update = json!({"id": "900", "channel_id": "101", "guild_id": "1", "tts": false,
        "content": "ho", "edited_timestamp": "2024-02-03T05:05:06+00:00"});
    world.feed("MESSAGE_UPDATE", &update);
    let row = message(&world, 900).unwrap();
    assert_eq!(row.content.as_ref().unwrap(), &"ho");
    assert_eq!(row.tts, Some(true), "an update always says no");
    assert!(row.edited_at.value().is_some() && row.embeds.value().is_some());
    let unknown = json!({"id": "999", "channel_id": "101", "guild_id": "1", "content": "x"});
    world.feed("MESSAGE_UPDATE", &unknown);
    assert_eq!(ids(&world), [900]);
}

#[test]
fn a_message_that_is_said_to_be_of_another_holds_that_one() {
    let mut world = World::new();
    world.feed("MESSAGE_CREATE", &message_json(900, 50));
    world.feed("MESSAGE_CREATE", &message_json(900, 51));
    assert!(world.store.user(user(50)).is_none());
    assert_eq!(world.store.user(user(51)).unwrap().username(), "user51");
    world.feed("MESSAGE_UPDATE", &message_json(900, 52));
    assert!(world.store.user(user(51)).is_none());
    let gone = json!({"id": "900", "channel_id": "101", "guild_id": "1"});
    world.feed("MESSAGE_DELETE", &gone);
    assert!(world.store.user(user(52)).is_none());
}

#[test]
fn message_delete_and_message_delete_bulk_release_the_authors() {
    let mut world = World::new();
    for id in 900..904 {
        world.feed("MESSAGE_CREATE", &message_json(id, 50));
    }
    let one = json!({"id": "900", "channel_id": "101", "guild_id": "1"});
    world.feed("MESSAGE_DELETE", &one);
    world.feed("MESSAGE_DELETE", &one);
    assert_eq!(ids(&world), [901, 902, 903]);
    assert!(world.store.user(user(50)).is_some());
    let rest = json!({"ids": ["903", "901", "777", "902"], "channel_id": "101", "guild_id": "1"});
    world.feed("MESSAGE_DELETE_BULK", &rest);
    assert!(world.store.user(user(50)).is_none());
    assert_eq!(world.store.rows(Kind::Message), 0);
}

#[test]
fn messages_count_in_threads() {
    let mut world = World::new();
    let thread = json!({"id": "500", "guild_id": "1", "type": 11, "parent_id": "101",
        "message_count": 0, "total_message_sent": 0});
    world.feed("THREAD_CREATE", &thread);
    let mut data = message_json(900, 50);
    data["channel_id"] = json!("500");
    world.feed("MESSAGE_CREATE", &data);
    let count = |world: &World| {
        let row = world.store.thread(channel(500)).unwrap();
        (row.message_count, row.total_messages)
    };
    assert_eq!(count(&world), (Field::Value(1), Field::Value(1)));
    for _ in 0..2 {
        let delete = json!({"id": "900", "channel_id": "500", "guild_id": "1"});
        world.feed("MESSAGE_DELETE", &delete);
    }
    assert_eq!(
        count(&world),
        (Field::Value(0), Field::Value(1)),
        "the total stays"
    );
}

#[test]
fn a_new_session_forgets_messages_and_their_authors() {
    let mut world = World::new();
    world.feed("MESSAGE_CREATE", &message_json(900, 50));
    world.feed("READY", &crate::world::ready(&[1]));
    assert_eq!(world.store.rows(Kind::Message), 0);
    assert!(world.store.user(user(50)).is_none());
}
