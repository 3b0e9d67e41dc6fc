//! What is said apart from a voice channel, and stages.

use headcount_core::cache::Kind;
use headcount_core::id::StageId;
use headcount_core::wire::view::Channel;
use serde_json::json;

use crate::entities::{rows, seven, stage_json};
use crate::world::{World, channel, guild};

fn row(world: &World) -> &Channel<'static> {
    world.store.channel(channel(101)).unwrap()
}

#[test]
fn voice_channel_status_update_patches() {
    let mut world = World::new();
    let update = |id: &str| json!({"id": id, "guild_id": "1", "status": "hi"});
    world.feed("VOICE_CHANNEL_STATUS_UPDATE", &update("101"));
    world.feed("VOICE_CHANNEL_STATUS_UPDATE", &update("999"));
    assert_eq!(row(&world).status.value().unwrap(), &"hi");
    assert_eq!(rows(&world, Kind::Channel), 2);
}

#[test]
fn voice_channel_start_time_update_patches() {
    let mut world = World::new();
    let update = |time| json!({"id": "101", "guild_id": "1", "voice_start_time": time});
    world.feed("VOICE_CHANNEL_START_TIME_UPDATE", &update(Some(5)));
    assert_eq!(row(&world).voice_start.value(), Some(&5));
    world.feed("VOICE_CHANNEL_START_TIME_UPDATE", &update(None));
    assert_eq!(row(&world).voice_start.value(), None);
}

#[test]
fn channel_info_patches_what_it_says() {
    let mut world = World::new();
    let start = json!({"id": "101", "guild_id": "1", "voice_start_time": 5});
    world.feed("VOICE_CHANNEL_START_TIME_UPDATE", &start);
    let info = json!({"guild_id": "1", "channels": [{"id": "101", "status": "x"}, {"id": "999"}]});
    world.feed("CHANNEL_INFO", &info);
    assert_eq!(row(&world).status.value().unwrap(), &"x");
    assert_eq!(row(&world).voice_start.value(), Some(&5));
    assert_eq!(rows(&world, Kind::Channel), 2);
}

fn with_stage() -> World {
    let mut world = World::new();
    world.feed("STAGE_INSTANCE_CREATE", &stage_json(7, 101));
    world
}

#[test]
fn stage_instance_create_adds_it() {
    let world = with_stage();
    let row = world.store.stage(guild(1), seven::<StageId>()).unwrap();
    assert_eq!(row.channel, Some(channel(101)));
}

#[test]
fn stage_instance_update_changes_it() {
    let mut world = with_stage();
    let mut changed = stage_json(7, 101);
    changed["topic"] = json!("u");
    world.feed("STAGE_INSTANCE_UPDATE", &changed);
    let row = world.store.stage(guild(1), seven::<StageId>()).unwrap();
    assert_eq!(row.topic.as_ref().unwrap(), &"u");
}

#[test]
fn stage_instance_delete_removes_it() {
    let mut world = with_stage();
    world.feed("STAGE_INSTANCE_DELETE", &stage_json(7, 101));
    assert_eq!(rows(&world, Kind::Stage), 0);
}
