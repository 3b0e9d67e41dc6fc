//! The same checks for every shard manager, a user's own one too.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::time::Duration;

use headcount_core::Instant;
use headcount_core::id::GuildId;
use headcount_core::manager::{
    ChannelKey, Decision, Discord, Distributed, Health, Manager, Options, Plan, Refusal, ShardKey,
    Single, Spread, Supervisor,
};
use headcount_core::twitch::Room;
use proptest::prelude::*;

mod details;

#[allow(dead_code)]
#[path = "../../examples/custom_manager.rs"]
mod custom;

/// What a host would have open and joined after carrying out every decision.
struct Host<C: ChannelKey> {
    manager: Supervisor<C>,
    joined: BTreeMap<ShardKey, BTreeSet<C>>,
    names: BTreeMap<ShardKey, String>,
    log: Vec<Decision<C>>,
}

impl<C: ChannelKey> Host<C> {
    fn new(manager: Supervisor<C>) -> Self {
        let (joined, names, log) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        Self {
            manager,
            joined,
            names,
            log,
        }
    }

    fn carry_out(&mut self, decisions: Vec<Decision<C>>) {
        for decision in &decisions {
            match decision.clone() {
                Decision::Open { shard, spec } => {
                    let name = self.names.entry(shard).or_insert(spec.name().into());
                    assert_eq!(name, spec.name(), "a name is stable");
                    let new = self.joined.insert(shard, BTreeSet::new());
                    assert!(new.is_none(), "opened twice");
                }
                Decision::Join { shard, channel } => {
                    let elsewhere = self.joined.values().any(|all| all.contains(&channel));
                    assert!(!elsewhere, "joined twice");
                    self.joined.get_mut(&shard).unwrap().insert(channel);
                }
                Decision::Part { shard, channel } => {
                    assert!(self.joined.get_mut(&shard).unwrap().remove(&channel));
                }
                Decision::Move { channel, from, to } => {
                    assert!(self.joined.get_mut(&from).unwrap().remove(&channel));
                    assert!(self.joined.get_mut(&to).unwrap().insert(channel));
                }
                Decision::Close { shard } => {
                    self.joined.remove(&shard).expect("it was open");
                }
            }
        }
        self.log.extend(decisions);
        let mut names: Vec<_> = self.names.values().collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), self.names.len(), "names are unique");
    }

    /// The host's view and the roster's are the same, no shard is over its limit.
    fn check(&self, wanted: &BTreeSet<C>) {
        let roster = self.manager.roster();
        let held: BTreeSet<C> = roster.channels().map(|(c, _)| c.clone()).collect();
        assert_eq!(&held, wanted, "nothing lost, nothing extra");
        let mut running = 0;
        for (key, shard) in roster.shards() {
            let limit = shard.spec().seats().unwrap_or(usize::MAX);
            assert!(shard.load() <= limit, "over the limit");
            let assigned: BTreeSet<C> = shard.channels().cloned().collect();
            assert!(assigned.iter().all(|c| roster.shard_of(c) == Some(key)));
            if shard.health().is_running() {
                running += 1;
                assert_eq!(self.joined.get(&key), Some(&assigned));
            }
        }
        assert_eq!(self.joined.len(), running, "only running shards are open");
    }
}

#[derive(Clone, Debug)]
enum Op {
    Assign(u64),
    Unassign(u64),
    AddShard,
    StartAll,
    StopAll,
    Start(usize),
    Stop(usize),
    Report(usize, Health),
    Wait(u64),
}

fn op() -> impl Strategy<Value = Op> {
    let health = prop::sample::select(vec![
        Health::Up,
        Health::Up,
        Health::Down,
        Health::Dead,
        Health::Stopped,
    ]);
    prop_oneof![
        8 => (0..40_u64).prop_map(Op::Assign),
        4 => (0..40_u64).prop_map(Op::Unassign),
        1 => Just(Op::AddShard),
        2 => Just(Op::StartAll),
        1 => Just(Op::StopAll),
        1 => (0..9_usize).prop_map(Op::Start),
        1 => (0..9_usize).prop_map(Op::Stop),
        6 => ((0..9_usize), health).prop_map(|(n, health)| Op::Report(n, health)),
        3 => (0..40_u64).prop_map(Op::Wait),
    ]
}

struct Scene<C: ChannelKey> {
    host: Host<C>,
    now: Instant,
    wanted: BTreeSet<C>,
}

impl<C: ChannelKey> Scene<C> {
    fn step(&mut self, op: &Op, channel: fn(u64) -> C) {
        let (now, host) = (self.now, &mut self.host);
        let key = |n: usize| host.manager.roster().keys().get(n).copied();
        let answer = match op {
            Op::Assign(n) => {
                let answer = host.manager.assign(now, &channel(*n));
                if answer.is_ok() {
                    self.wanted.insert(channel(*n));
                }
                answer
            }
            Op::Unassign(n) => {
                let had = self.wanted.remove(&channel(*n));
                let answer = host.manager.unassign(now, &channel(*n));
                assert_eq!(had, answer.is_ok());
                answer
            }
            Op::AddShard => host.manager.add_shard(now),
            Op::StartAll => host.manager.start_all(now),
            Op::StopAll => host.manager.stop_all(now),
            Op::Start(n) => key(*n).map_or(Ok(vec![]), |shard| host.manager.start(now, shard)),
            Op::Stop(n) => key(*n).map_or(Ok(vec![]), |shard| host.manager.stop(now, shard)),
            Op::Report(n, health) => Ok(self.report(*n, *health)),
            Op::Wait(seconds) => {
                self.now = now.after(Duration::from_secs(*seconds));
                Ok(host.manager.handle_timeout(self.now))
            }
        };
        self.host.carry_out(answer.unwrap_or_default());
        if matches!(op, Op::StopAll) {
            assert!(self.host.joined.is_empty(), "stop closes every shard");
        }
        self.host.check(&self.wanted);
    }

    /// Reports as a host does: only what can happen to a shard in its state.
    fn report(&mut self, n: usize, health: Health) -> Vec<Decision<C>> {
        let roster = self.host.manager.roster();
        let Some(key) = roster.keys().get(n).copied() else {
            return vec![];
        };
        let before = roster.get(key).unwrap().health();
        if before.is_running() && matches!(health, Health::Dead | Health::Stopped) {
            self.host.joined.remove(&key);
        }
        self.host.manager.report(self.now, key, health)
    }
}

fn play<C: ChannelKey>(
    make: &dyn Fn() -> Result<Supervisor<C>, Refusal<C>>,
    channel: fn(u64) -> C,
    ops: &[Op],
) -> Vec<Decision<C>> {
    let manager = make().unwrap();
    let wanted = manager
        .roster()
        .channels()
        .map(|(c, _)| c.clone())
        .collect();
    let mut scene = Scene {
        host: Host::new(manager),
        now: Instant::from_millis(5),
        wanted,
    };
    for op in ops {
        scene.step(op, channel);
    }
    scene.host.log
}

fn check_manager<C: ChannelKey>(
    make: impl Fn() -> Result<Supervisor<C>, Refusal<C>>,
    channel: fn(u64) -> C,
    ops: &[Op],
) {
    let first = play(&make, channel, ops);
    assert_eq!(
        first,
        play(&make, channel, ops),
        "same input, same decisions"
    );
}

fn room(n: u64) -> Room {
    Room::new(&format!("room_{n}")).unwrap()
}

fn guild(n: u64) -> GuildId {
    GuildId::new((n << 22) + 1).unwrap()
}

fn options() -> Options {
    Options {
        move_off_after: Some(Duration::from_secs(20)),
        close_empty_after: Some(Duration::from_secs(30)),
    }
}

fn new_rooms<M: Manager<Room> + Send + 'static>(
    options: Options,
    initial: u64,
    manager: M,
) -> Result<Supervisor<Room>, Refusal<Room>> {
    Supervisor::new(options, (0..initial).map(room), |_| manager)
}

fn spread(cap: usize, max: Option<usize>, initial: usize) -> Distributed {
    Distributed::new(Spread {
        channels_per_shard: cap,
        max_shard_count: max,
        initial_shard_count: initial,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_manager_passes_the_same_checks(
        ops in prop::collection::vec(op(), 1..80),
        upkeep: bool,
        cap in 1..6_usize,
    ) {
        let options = if upkeep { options() } else { Options::default() };
        check_manager(|| new_rooms(options.clone(), 5, Single), room, &ops);
        check_manager(|| new_rooms(options.clone(), 5, spread(cap, Some(5), 2)), room, &ops);
        check_manager(|| new_rooms(options.clone(), 5, spread(cap, None, 0)), room, &ops);
        let custom = || custom::BigRoom { big: room(3), rest: spread(cap, Some(6), 1) };
        check_manager(|| new_rooms(options.clone(), 5, custom()), room, &ops);
        let total = NonZeroU32::new(4).unwrap();
        let discord = || Discord::partly(total, [0, 1, 3]);
        let initial = || [0, 1, 4, 5, 7].map(guild);
        check_manager(|| Supervisor::new(options.clone(), initial(), |_| discord()), guild, &ops);
    }
}

#[test]
fn every_small_case_is_spread_evenly_or_refused_up_front() {
    let rooms: Vec<Room> = (0..60).map(room).collect();
    for n in 0..=60_usize {
        for cap in 1..=12_usize {
            for initial in 0..=8_usize {
                for max in 0..=8_usize {
                    let made =
                        Supervisor::new(Options::default(), rooms.iter().take(n).copied(), |_| {
                            spread(cap, Some(max), initial)
                        });
                    match made {
                        Ok(manager) => {
                            assert!(n <= cap * max && initial <= max);
                            check_spread(&manager, n, cap, max.min(initial.max(n.div_ceil(cap))));
                        }
                        Err(Refusal::Capacity { channels, seats }) => {
                            assert!(n > cap * max && channels == n && seats == cap * max);
                        }
                        Err(other) => assert!(initial > max, "{other}"),
                    }
                }
            }
        }
    }
}

fn check_spread(manager: &Supervisor<Room>, n: usize, cap: usize, shards: usize) {
    let loads: Vec<usize> = manager.roster().shards().map(|(_, s)| s.load()).collect();
    assert_eq!(loads.len(), shards);
    assert_eq!(loads.iter().sum::<usize>(), n);
    let (low, high) = (loads.iter().min(), loads.iter().max());
    if let (Some(low), Some(high)) = (low, high) {
        assert!(high - low <= 1 && *high <= cap, "{loads:?}");
    }
}

#[test]
fn later_channels_go_to_the_least_loaded_healthy_shard_then_to_a_new_one() {
    let now = Instant::ZERO;
    let mut manager = new_rooms(Options::default(), 4, spread(3, Some(3), 2)).unwrap();
    manager.start_all(now).unwrap();
    let keys = manager.roster().keys();
    manager.report(now, keys[0], Health::Up);
    manager.report(now, keys[1], Health::Up);
    manager.unassign(now, &room(1)).unwrap();
    let to = |decisions: &[Decision<Room>]| match decisions.last() {
        Some(Decision::Join { shard, .. }) => *shard,
        other => panic!("{other:?}"),
    };
    assert_eq!(to(&manager.assign(now, &room(10)).unwrap()), keys[1]);
    manager.report(now, keys[0], Health::Down);
    assert_eq!(to(&manager.assign(now, &room(11)).unwrap()), keys[1]);
    // The only seats left are on the shard that is down: better than one more connection.
    assert_eq!(to(&manager.assign(now, &room(12)).unwrap()), keys[0]);
    let decisions = manager.assign(now, &room(13)).unwrap();
    assert!(matches!(decisions[0], Decision::Open { .. }));
    assert_eq!(to(&decisions).get(), 2);
    manager.assign(now, &room(14)).unwrap();
    manager.assign(now, &room(15)).unwrap();
    let before = manager.roster().channels().count();
    let refused = manager.assign(now, &room(16));
    assert_eq!(refused, Err(Refusal::Full(room(16))));
    assert_eq!(manager.roster().channels().count(), before);
    assert_eq!(manager.assign(now, &room(15)), Ok(vec![]), "joined once");
    manager.unassign(now, &room(15)).unwrap();
    assert!(manager.assign(now, &room(16)).is_ok(), "and later it fits");
}

#[test]
fn a_dead_shards_channels_move_and_the_rest_follow_when_there_is_room() {
    let now = Instant::ZERO;
    let mut manager = new_rooms(options(), 6, spread(3, Some(2), 2)).unwrap();
    manager.start_all(now).unwrap();
    let keys = manager.roster().keys();
    let moved = manager.report(now, keys[0], Health::Dead);
    assert_eq!(moved.len(), 4, "a new shard and three joins: {moved:?}");
    assert!(manager.roster().get(keys[0]).is_none());
    assert_eq!(manager.roster().channels().count(), 6);
    // Down for a while is not dead; down for too long is.
    let keys = manager.roster().keys();
    assert!(manager.report(now, keys[0], Health::Down).is_empty());
    let due = manager.poll_timeout().unwrap();
    assert_eq!(due, Instant::from_millis(20_000));
    let moved = manager.handle_timeout(due);
    let moves = moved.iter().filter(|d| matches!(d, Decision::Move { .. }));
    assert_eq!(moves.count(), 3);
    assert!(matches!(moved.last(), Some(Decision::Close { .. })));
}

#[test]
fn idle_shards_are_closed_down_to_the_initial_number() {
    let now = Instant::ZERO;
    let mut manager = new_rooms(options(), 6, spread(2, Some(4), 1)).unwrap();
    manager.start_all(now).unwrap();
    for n in 0..6 {
        manager.unassign(now, &room(n)).unwrap();
    }
    let due = manager.poll_timeout().unwrap();
    assert_eq!(due, Instant::from_millis(30_000));
    assert_eq!(manager.handle_timeout(due).len(), 2);
    assert_eq!(manager.roster().shards().count(), 1);
    assert_eq!(manager.poll_timeout(), None);
}

#[test]
fn stop_ends_all_and_start_brings_all_back() {
    let now = Instant::ZERO;
    let mut manager = new_rooms(Options::default(), 6, spread(3, Some(2), 1)).unwrap();
    assert!(manager.has_ended());
    manager.start_all(now).unwrap();
    let keys = manager.roster().keys();
    manager.report(now, keys[1], Health::Down);
    assert_eq!(manager.stop_all(now).unwrap().len(), 2);
    assert!(!manager.has_ended());
    manager.report(now, keys[0], Health::Stopped);
    manager.report(now, keys[1], Health::Stopped);
    assert!(manager.has_ended());
    assert_eq!(manager.start_all(now).unwrap().len(), 8);
    assert_eq!(manager.roster().keys(), keys, "names are stable");
}

#[test]
fn a_refused_set_up_leaves_no_manager_and_a_lazy_one_is_caught() {
    struct Lazy;
    impl Manager<Room> for Lazy {
        fn assign(
            &mut self,
            _: &mut Plan<'_, Room>,
            _: &Room,
            _: bool,
        ) -> Result<(), Refusal<Room>> {
            Ok(())
        }
    }
    let made = new_rooms(Options::default(), 1, Lazy);
    assert_eq!(made.unwrap_err(), Refusal::NotPlaced(room(0)));
}
