//! Scheduled events.

use headcount_core::cache::Kind;
use headcount_core::id::ScheduledEventId;
use headcount_core::wire::Field;
use headcount_core::wire::view::ScheduledEvent;
use serde_json::{Value, json};

use crate::entities::{event_json, rows, seven};
use crate::world::{World, guild};

fn with_event() -> World {
    let mut world = World::new();
    world.feed("GUILD_SCHEDULED_EVENT_CREATE", &event_json(7, 101));
    world
}

fn event(world: &World) -> &ScheduledEvent<'static> {
    let row = world
        .store
        .scheduled_event(guild(1), seven::<ScheduledEventId>());
    row.unwrap()
}

fn one() -> Value {
    json!({"guild_scheduled_event_id": "7", "user_id": "10", "guild_id": "1"})
}

#[test]
fn guild_scheduled_event_create_adds_it() {
    let world = with_event();
    assert_eq!(event(&world).user_count, Field::Value(1));
    assert!(event(&world).recurrence.value().is_some());
}

#[test]
fn guild_scheduled_event_update_keeps_what_is_over() {
    let mut world = with_event();
    let mut finished = event_json(7, 101);
    finished["status"] = json!(3);
    world.feed("GUILD_SCHEDULED_EVENT_UPDATE", &finished);
    assert_eq!(event(&world).status, Some(3));
}

#[test]
fn guild_scheduled_event_delete_removes_it() {
    let mut world = with_event();
    world.feed("GUILD_SCHEDULED_EVENT_DELETE", &event_json(7, 101));
    assert_eq!(rows(&world, Kind::ScheduledEvent), 0);
}

#[test]
fn guild_scheduled_event_user_add_counts() {
    let mut world = with_event();
    world.feed("GUILD_SCHEDULED_EVENT_USER_ADD", &one());
    assert_eq!(event(&world).user_count, Field::Value(2));
    let mut other = one();
    other["guild_scheduled_event_id"] = json!("8");
    world.feed("GUILD_SCHEDULED_EVENT_USER_ADD", &other);
    assert_eq!(rows(&world, Kind::ScheduledEvent), 1);
}

#[test]
fn guild_scheduled_event_user_remove_never_counts_below_zero() {
    let mut world = with_event();
    for _ in 0..3 {
        world.feed("GUILD_SCHEDULED_EVENT_USER_REMOVE", &one());
    }
    assert_eq!(event(&world).user_count, Field::Value(0));
}
