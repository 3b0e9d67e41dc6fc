//! Single promises of the managers and of what looks after them.

use std::time::Duration;

use headcount_core::Instant;
use headcount_core::manager::{
    Decision, Distributed, Health, Manager, NewShard, Options, Plan, Refusal, Supervisor,
};
use headcount_core::twitch::Room;

use crate::{new_rooms, options, room, spread};

#[test]
fn while_nothing_runs_a_channel_goes_to_the_least_loaded_shard_that_is_not_dead() {
    let now = Instant::ZERO;
    let mut manager = new_rooms(Options::default(), 4, spread(3, Some(3), 2)).unwrap();
    let home = |manager: &Supervisor<Room>, n: u64| manager.roster().shard_of(&room(n)).unwrap();
    let keys = manager.roster().keys();
    manager.unassign(now, &room(1)).unwrap();
    manager.assign(now, &room(10)).unwrap();
    assert_eq!(
        home(&manager, 10),
        keys[1],
        "before the start, where fewer are"
    );
    manager.start_all(now).unwrap();
    manager.report(now, keys[0], Health::Dead);
    manager.stop_all(now).unwrap();
    manager.unassign(now, &room(0)).unwrap();
    manager.assign(now, &room(11)).unwrap();
    assert_eq!(
        home(&manager, 11),
        keys[1],
        "while it closes, and not on the dead one"
    );
    manager.report(now, keys[1], Health::Stopped);
    manager.assign(now, &room(12)).unwrap();
    let new = home(&manager, 12);
    assert!(
        !keys.contains(&new),
        "the stopped one is full, the dead one is dead"
    );
    manager.unassign(now, &room(10)).unwrap();
    manager.assign(now, &room(13)).unwrap();
    assert_eq!(home(&manager, 13), new, "where fewer are again");
}

#[test]
fn while_others_run_a_stopped_shard_takes_no_channel() {
    let now = Instant::ZERO;
    let mut manager = new_rooms(Options::default(), 4, spread(3, Some(2), 2)).unwrap();
    manager.start_all(now).unwrap();
    let keys = manager.roster().keys();
    manager.stop(now, keys[0]).unwrap();
    manager.assign(now, &room(10)).unwrap();
    assert_eq!(
        manager.roster().shard_of(&room(10)),
        Some(keys[1]),
        "one is closing"
    );
    manager.report(now, keys[0], Health::Stopped);
    assert_eq!(manager.assign(now, &room(11)), Err(Refusal::Full(room(11))));
}

/// One shard for each channel, closed when a tending finds it empty.
struct OneEach;

impl Manager<Room> for OneEach {
    fn assign(
        &mut self,
        plan: &mut Plan<'_, Room>,
        room: &Room,
        _: bool,
    ) -> Result<(), Refusal<Room>> {
        let shard = plan.open(NewShard::new())?;
        plan.join(shard, room)
    }

    fn tend(&mut self, plan: &mut Plan<'_, Room>) {
        let empty = plan
            .roster()
            .shards()
            .filter(|(_, shard)| shard.load() == 0);
        for shard in empty.map(|(key, _)| key).collect::<Vec<_>>() {
            plan.close(shard).unwrap();
        }
    }
}

#[test]
fn a_manager_tends_its_shards_after_a_channel_was_taken_away() {
    let now = Instant::ZERO;
    let mut manager = new_rooms(Options::default(), 3, OneEach).unwrap();
    manager.start_all(now).unwrap();
    let shard = manager.roster().shard_of(&room(1)).unwrap();
    let decisions = manager.unassign(now, &room(1)).unwrap();
    assert!(
        matches!(decisions.last(), Some(Decision::Close { shard: closed }) if *closed == shard)
    );
    assert_eq!(manager.roster().shards().count(), 2);
}

#[test]
fn of_several_waits_the_first_is_reported() {
    let start = Instant::ZERO;
    let mut manager = new_rooms(options(), 2, spread(2, Some(3), 2)).unwrap();
    manager.start_all(start).unwrap();
    let keys = manager.roster().keys();
    manager.report(start, keys[0], Health::Down);
    let later = start.after(Duration::from_secs(7));
    manager.report(later, keys[1], Health::Down);
    assert_eq!(manager.poll_timeout(), Some(Instant::from_millis(20_000)));
    manager.report(later, keys[0], Health::Up);
    assert_eq!(manager.poll_timeout(), Some(Instant::from_millis(27_000)));
}

#[test]
fn a_spread_reports_its_seats_and_refuses_to_have_none() {
    let manager = new_rooms(Options::default(), 0, spread(7, None, 1)).unwrap();
    let roster = manager.roster();
    let (_, shard) = roster.shards().next().unwrap();
    assert_eq!((shard.spec().seats(), shard.free()), (Some(7), 7));
    let none = new_rooms(Options::default(), 3, spread(0, None, 1)).unwrap_err();
    assert!(matches!(none, Refusal::Options(_)), "{none}");
}

#[test]
fn by_default_there_are_one_to_five_shards_of_25_channels() {
    let default = |rooms| new_rooms(Options::default(), rooms, Distributed::default());
    assert_eq!(default(0).unwrap().roster().shards().count(), 1);
    assert_eq!(default(26).unwrap().roster().shards().count(), 2);
    assert_eq!(default(125).unwrap().roster().shards().count(), 5);
    let seats = 125;
    let channels = 126;
    assert_eq!(
        default(126).unwrap_err(),
        Refusal::Capacity { channels, seats }
    );
}

#[test]
fn once_one_shard_was_started_a_new_one_starts_at_once() {
    let now = Instant::ZERO;
    let mut manager = new_rooms(Options::default(), 1, spread(3, None, 1)).unwrap();
    let key = manager.roster().keys()[0];
    manager.start(now, key).unwrap();
    let decisions = manager.add_shard(now).unwrap();
    let opens = |it: &Decision<_>| matches!(it, Decision::Open { .. });
    assert!(decisions.iter().any(opens), "{decisions:?}");
}
