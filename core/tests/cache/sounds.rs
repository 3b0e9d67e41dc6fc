//! Soundboard sounds.

use headcount_core::cache::Kind;
use headcount_core::id::SoundId;
use serde_json::json;

use crate::entities::{rows, seven, sound_json};
use crate::world::{World, guild};

fn with_sound() -> World {
    let mut world = World::new();
    world.feed("GUILD_SOUNDBOARD_SOUND_CREATE", &sound_json(7));
    world
}

fn volume(world: &World) -> Option<f64> {
    let row = world.store.sound(guild(1), seven::<SoundId>());
    row.unwrap().volume
}

#[test]
fn guild_soundboard_sound_create_adds_it() {
    let world = with_sound();
    assert_eq!((rows(&world, Kind::Sound), volume(&world)), (1, Some(0.5)));
}

#[test]
fn guild_soundboard_sound_update_changes_it() {
    let mut world = with_sound();
    let mut changed = sound_json(7);
    changed["volume"] = json!(1);
    world.feed("GUILD_SOUNDBOARD_SOUND_UPDATE", &changed);
    assert_eq!((rows(&world, Kind::Sound), volume(&world)), (1, Some(1.0)));
}

#[test]
fn guild_soundboard_sound_delete_removes_it() {
    let mut world = with_sound();
    let gone = |id: &str| json!({"guild_id": "1", "sound_id": id});
    world.feed("GUILD_SOUNDBOARD_SOUND_DELETE", &gone("8"));
    assert_eq!(rows(&world, Kind::Sound), 1);
    world.feed("GUILD_SOUNDBOARD_SOUND_DELETE", &gone("7"));
    assert_eq!(rows(&world, Kind::Sound), 0);
}

#[test]
fn guild_soundboard_sounds_update_removes_none() {
    let mut world = with_sound();
    let some = json!({"guild_id": "1", "soundboard_sounds": [sound_json(8)]});
    world.feed("GUILD_SOUNDBOARD_SOUNDS_UPDATE", &some);
    assert_eq!(rows(&world, Kind::Sound), 2);
}

#[test]
fn soundboard_sounds_is_the_whole_list() {
    let mut world = with_sound();
    let all = json!({"guild_id": "1", "soundboard_sounds": [sound_json(8)]});
    world.feed("SOUNDBOARD_SOUNDS", &all);
    assert_eq!(rows(&world, Kind::Sound), 1);
    assert!(world.store.sound(guild(1), seven::<SoundId>()).is_none());
}
