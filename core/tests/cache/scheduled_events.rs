//! Scheduled events.

use core::time::Duration;

use headcount_core::Instant;
use headcount_core::cache::{Kind, Kinds, MemoryStore, Policies, Policy};
use headcount_core::id::ScheduledEventId;
use headcount_core::wire::Field;
use headcount_core::wire::view::ScheduledEvent;
use serde_json::{Value, json};

use crate::entities::{event_json, rows, seven};
use crate::world::{World, guild, guild_1, ready};

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

/// The event under a policy, or under the one that is there without any.
fn aging(policy: Option<Policy>) -> World {
    let mut policies = Policies::from(Kinds::all());
    if let Some(policy) = policy {
        policies.set(Kind::ScheduledEvent, policy).unwrap();
    }
    let mut world = World::empty();
    world.keep_in(MemoryStore::with_policies(7, policies));
    world.feed("READY", &ready(&[1]));
    world.feed("GUILD_CREATE", &guild_1());
    world.feed("GUILD_SCHEDULED_EVENT_CREATE", &event_json(7, 101));
    world
}

fn becomes(world: &mut World, status: u64) {
    let mut row = event_json(7, 101);
    row["status"] = json!(status);
    world.feed("GUILD_SCHEDULED_EVENT_UPDATE", &row);
}

const fn at(seconds: u64) -> Instant {
    Instant::from_millis(seconds * 1_000)
}

#[test]
fn an_event_that_is_completed_or_cancelled_goes_after_an_hour_without_a_word() {
    for over in [3, 4] {
        let mut world = aging(None);
        assert_eq!(world.store.advance(at(100_000)), 0, "it may yet begin");
        becomes(&mut world, 2);
        assert_eq!(world.store.advance(at(200_000)), 0, "it is on");
        becomes(&mut world, over);
        assert_eq!(world.store.next_expiry(), Some(at(203_600)));
        assert_eq!(world.store.advance(at(203_599)), 0);
        assert_eq!(rows(&world, Kind::ScheduledEvent), 1);
        assert_eq!(world.store.advance(at(203_600)), 1);
        assert_eq!(rows(&world, Kind::ScheduledEvent), 0);
    }
}

#[test]
fn how_long_an_event_stays_that_is_over_can_be_said() {
    let minute = Policy::until_over(Duration::from_secs(60));
    let mut world = aging(Some(minute));
    becomes(&mut world, 3);
    assert_eq!(world.store.advance(at(59)), 0);
    becomes(&mut world, 1);
    assert_eq!(
        world.store.advance(at(1_000)),
        0,
        "the next time of those that repeat"
    );
    becomes(&mut world, 4);
    assert_eq!(world.store.advance(at(1_060)), 1);
    let mut world = aging(Some(Policy::until_over(Duration::ZERO)));
    assert_eq!(rows(&world, Kind::ScheduledEvent), 1);
    becomes(&mut world, 3);
    assert_eq!(rows(&world, Kind::ScheduledEvent), 0, "at once");
}

#[test]
fn an_event_that_a_guild_lists_as_over_counts_from_then() {
    let mut world = aging(None);
    let mut listed = event_json(7, 101);
    listed["status"] = json!(4);
    let mut create = guild_1();
    create["guild_scheduled_events"] = json!([listed]);
    world.store.advance(at(500));
    world.feed("GUILD_CREATE", &create);
    assert_eq!(world.store.advance(at(4_099)), 0);
    assert_eq!(world.store.advance(at(4_100)), 1);
}
