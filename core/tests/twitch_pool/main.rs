//! Scenarios of a whole Twitch bot in virtual time.

mod details;
mod dice;
mod failures;
mod joins;
mod logins;
mod mirrors;
mod moving;
mod speech;
mod stopping;
mod stub;

use std::collections::BTreeSet;
use std::time::Duration;

use headcount_core::Instant;
use headcount_core::manager::{Distributed, Health, Options, Single, Spread};
use headcount_core::twitch::{
    Account, Login, ManagerKey, Pool, PoolConfig, Priority, Room, Say, SayOutcome, SocketId,
};
use headcount_core::{Token, twitch};
use stub::{Manners, World};

#[allow(dead_code)]
#[path = "../../examples/custom_manager.rs"]
mod custom;

fn room(n: usize) -> Room {
    Room::new(&format!("room_{n}")).unwrap()
}

fn login(name: &str) -> Login {
    Login::new(name).unwrap()
}

fn account(name: &str) -> Account {
    Account::new(login(name), Some(Token::new("oauth:first")))
}

fn shards(cap: usize, max: Option<usize>, initial: usize) -> Distributed {
    Distributed::new(Spread {
        channels_per_shard: cap,
        max_shard_count: max,
        initial_shard_count: initial,
    })
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A world with one account and a distributed manager over `n` rooms, started.
fn start(
    n: usize,
    manager: Distributed,
    options: Options,
    manners: Manners,
) -> (World, ManagerKey) {
    let mut pool = Pool::new(PoolConfig::default(), 7);
    let moderated = manners.moderated.iter().copied();
    let key = pool.add_account(account("bot").moderating(moderated));
    let made = pool.add_manager(key, options, (0..n).map(room), |_| manager);
    let manager = made.unwrap();
    pool.start_all(Instant::ZERO, manager).unwrap();
    let mut world = World::new(pool, manners, 11);
    world.logins.insert(key.get(), "bot".into());
    (world, manager)
}

fn missing(world: &World, manager: ManagerKey, rooms: impl Iterator<Item = Room>) -> Vec<Room> {
    rooms
        .filter(|room| !world.pool.is_joined(manager, *room) || world.crowd(*room) != 1)
        .collect()
}

#[test]
fn a_hundred_rooms_are_joined_as_fast_as_the_budget_allows() {
    let (mut world, manager) = start(
        100,
        shards(25, Some(4), 4),
        Options::default(),
        Manners::default(),
    );
    // Five windows of 20 joins: the last begins after four spans of 10.5 s.
    world.run_for(seconds(45));
    assert_eq!(missing(&world, manager, (0..100).map(room)), []);
    assert_eq!(world.sockets().len(), 4);
    assert!(
        world
            .sockets()
            .iter()
            .all(|socket| world.rooms_of(*socket) == 25)
    );
}

#[test]
fn several_accounts_have_their_own_budgets() {
    let mut pool = Pool::new(PoolConfig::default(), 1);
    let mut managers = Vec::new();
    let mut world_logins = Vec::new();
    for name in ["ann", "bob", "cid"] {
        let key = pool.add_account(account(name));
        world_logins.push((key.get(), String::from(name)));
        let first = managers.len() * 40;
        let rooms = (first..first + 40).map(room);
        let made = pool.add_manager(key, Options::default(), rooms, |_| shards(25, None, 1));
        managers.push(made.unwrap());
        pool.start_all(Instant::ZERO, managers[managers.len() - 1])
            .unwrap();
    }
    let mut world = World::new(pool, Manners::default(), 5);
    world.logins.extend(world_logins);
    world.run_for(seconds(14));
    for (number, manager) in managers.iter().enumerate() {
        let rooms = (number * 40..number * 40 + 40).map(room);
        assert_eq!(missing(&world, *manager, rooms), []);
    }
}

#[test]
fn a_reconnect_leaves_no_gap_and_no_duplicate() {
    let manners = Manners {
        chat_every: 500,
        ..Manners::default()
    };
    let (mut world, manager) = start(30, shards(30, Some(1), 1), Options::default(), manners);
    world.run_for(seconds(30));
    let before = world.messages_sent();
    let old = world.sockets();
    world.reconnect(old[0], 60_000);
    world.run_for(seconds(30));
    let sockets = world.sockets();
    assert!(
        sockets.len() == 1 && sockets != old,
        "the old one is closed by us: {sockets:?}"
    );
    world.run_for(seconds(60));
    let after = world.messages_sent() - 60;
    for id in before + 1..after {
        assert_eq!(
            world.seen.get(&(manager, format!("m{id}"))),
            Some(&1),
            "m{id}"
        );
    }
    assert_eq!(missing(&world, manager, (0..30).map(room)), []);
    let handed = world
        .events
        .iter()
        .filter(|(_, event)| event.contains("HandedOver"));
    assert_eq!(handed.count(), 30);
}

#[test]
fn at_the_room_limit_a_reconnect_parts_first() {
    let (mut world, manager) = start(
        100,
        shards(50, Some(2), 2),
        Options::default(),
        Manners::default(),
    );
    world.run_for(seconds(60));
    assert_eq!(world.usage["bot"].most_rooms, 100);
    let old = world.sockets();
    world.reconnect(old[0], 120_000);
    world.run_for(seconds(60));
    assert_eq!(missing(&world, manager, (0..100).map(room)), []);
    assert_eq!(world.sockets().len(), 2);
    assert!(!world.sockets().contains(&old[0]));
    assert_eq!(world.usage["bot"].most_rooms, 100);
    // Each room is left only when its join can follow at once.
    let mut again = world.rejoins.iter().collect::<Vec<_>>();
    again.sort();
    assert_eq!(again.len(), 50);
    assert!(*again[49] < seconds(2), "{again:?}");
}

#[test]
fn moderated_rooms_do_not_count() {
    let manners = Manners {
        moderated: (0..20).map(room).collect(),
        ..Manners::default()
    };
    let (mut world, manager) = start(125, shards(25, None, 1), Options::default(), manners);
    world.run_for(seconds(120));
    let held = (0..125)
        .map(room)
        .filter(|room| world.pool.is_joined(manager, *room));
    assert_eq!(held.count(), 120, "100 and the 20 moderated ones");
    let emitted = world
        .events
        .iter()
        .filter(|(_, event)| event.contains("RoomLimit"));
    assert_eq!(emitted.count(), 5, "each that waits is emitted once");
    // A place that becomes free is taken.
    world
        .pool
        .unassign(world.time(), manager, room(50))
        .unwrap();
    world.run_for(seconds(30));
    let held = (0..125)
        .map(room)
        .filter(|room| world.pool.is_joined(manager, *room));
    assert_eq!(held.count(), 120);
}

#[test]
fn a_dead_shards_rooms_move_and_no_message_is_sent_twice() {
    let options = Options {
        move_off_after: Some(seconds(5)),
        close_empty_after: None,
    };
    let (mut world, manager) = start(100, shards(25, Some(4), 4), options, Manners::default());
    world.run_for(seconds(60));
    let dead = world.pool.manager(manager).unwrap().roster().keys()[1];
    let rooms: Vec<Room> = {
        let roster = world.pool.manager(manager).unwrap().roster();
        roster.get(dead).unwrap().channels().copied().collect()
    };
    for (n, room) in rooms.iter().enumerate() {
        world
            .pool
            .say(world.time(), manager, Say::new(*room, format!("s{n}")))
            .unwrap();
    }
    world.run_for(Duration::from_millis(100));
    world.pool.kill(world.time(), manager, dead);
    world.run_for(seconds(25));
    assert_eq!(missing(&world, manager, (0..100).map(room)), []);
    let roster = world.pool.manager(manager).unwrap().roster();
    assert!(roster.get(dead).is_none(), "the dead shard is gone");
    assert!(
        rooms
            .iter()
            .all(|room| roster.shard_of(room).is_some_and(|shard| shard != dead))
    );
    world.run_for(seconds(90));
    assert!(
        world.said.values().all(|times| *times == 1),
        "{:?}",
        world.said
    );
    assert_eq!(world.outcomes.len(), 25, "every message has its outcome");
}

#[test]
fn messages_keep_their_budget_and_their_priority() {
    let manners = Manners {
        moderated: [room(1)].into(),
        ..Manners::default()
    };
    let (mut world, manager) = start(40, shards(25, None, 1), Options::default(), manners);
    world.run_for(seconds(30));
    for n in 0..60 {
        let say = Say::new(room(n % 40), format!("low{n}")).priority(Priority::Low);
        world.pool.say(world.time(), manager, say).unwrap();
    }
    let mut moderated = Vec::new();
    for n in 0..70 {
        let say = Say::new(room(1), format!("mod{n}"));
        moderated.push(world.pool.say(world.time(), manager, say).unwrap());
    }
    let high = Say::new(room(30), "high").priority(Priority::High);
    let high = world.pool.say(world.time(), manager, high).unwrap();
    world.run_for(seconds(2));
    assert_eq!(world.outcomes.get(&high.get()), Some(&SayOutcome::Accepted));
    let accepted =
        |id: &&twitch::SayId| world.outcomes.get(&id.get()) == Some(&SayOutcome::Accepted);
    assert_eq!(
        moderated.iter().filter(accepted).count(),
        70,
        "a moderator may say more"
    );
    world.run_for(seconds(120));
    assert_eq!(world.outcomes.len(), 131);
    let expired = world
        .outcomes
        .values()
        .filter(|outcome| **outcome == SayOutcome::Expired);
    assert!(expired.count() > 0, "what waits for too long is given up");
    assert!(world.said.values().all(|times| *times == 1));
}

#[test]
fn stop_ends_all_and_a_stopped_manager_starts_again() {
    let manners = Manners {
        dial_failures: 30,
        ..Manners::default()
    };
    let (mut world, manager) = start(40, shards(5, None, 1), Options::default(), manners);
    for round in 1..=20 {
        world.run_for(Duration::from_millis(900 * round));
        world.pool.stop_all(world.time(), manager).unwrap();
        world.run_for(seconds(6));
        assert!(world.pool.has_ended(manager), "round {round}");
        assert_eq!((world.sockets().len(), world.ended), (0, round as usize));
        world.pool.start_all(world.time(), manager).unwrap();
    }
    world.run_for(seconds(120));
    assert_eq!(missing(&world, manager, (0..40).map(room)), []);
}

#[test]
fn a_bad_token_is_asked_for_anew() {
    let manners = Manners {
        bad_tokens: 50,
        ..Manners::default()
    };
    let (mut world, manager) = start(10, shards(5, None, 1), Options::default(), manners);
    world.run_for(seconds(300));
    assert!(world.tokens_wanted > 0);
    assert_eq!(missing(&world, manager, (0..10).map(room)), []);
    let emitted = format!("{:?} {:?}", world.events, world.pool);
    assert!(
        !emitted.contains("fresh") && !emitted.contains("oauth"),
        "no token is shown"
    );
}

#[test]
fn a_sender_of_its_own_sees_what_the_bot_says() {
    let mut pool = Pool::new(PoolConfig::default(), 3);
    let (ear, voice) = (
        pool.add_account(account("ear")),
        pool.add_account(account("voice")),
    );
    let make = |_: &Options| custom::BigRoom {
        big: room(0),
        rest: Distributed::default(),
    };
    let made = pool.add_manager(ear, Options::default(), (0..5).map(room), make);
    let manager = made.unwrap();
    pool.start_all(Instant::ZERO, manager).unwrap();
    let mut world = World::new(pool, Manners::default(), 9);
    world
        .logins
        .extend([(ear.get(), "ear".into()), (voice.get(), "voice".into())]);
    world.run_for(seconds(10));
    world
        .pool
        .say(world.time(), manager, Say::new(room(0), "hello"))
        .unwrap();
    world.run_for(seconds(3));
    assert_eq!(world.usage["voice"].plain.len(), 1);
    assert!(world.usage["ear"].plain.is_empty());
    assert_eq!(world.seen.get(&(manager, "ehello".into())), Some(&1));
}

#[test]
fn same_seed_same_inputs_same_actions() {
    let story = || {
        let manners = Manners {
            dropped: 5,
            slow: 20,
            dial_failures: 20,
            chat_every: 1000,
            ..Manners::default()
        };
        let (mut world, _) = start(60, shards(25, None, 2), Options::default(), manners);
        for _ in 0..20 {
            world.run_for(seconds(20));
            let sockets = world.sockets();
            let pick = world.dice.next() as usize % sockets.len().max(1);
            if let Some(socket) = sockets.get(pick) {
                world.kill(*socket);
            }
        }
        (world.events, world.seen)
    };
    assert_eq!(story(), story());
}

#[test]
fn over_simulated_hours_no_budget_is_broken_and_every_room_comes_back() {
    let seeds = std::env::var("SEEDS")
        .ok()
        .and_then(|seeds| seeds.parse().ok());
    for seed in 1..=seeds.unwrap_or(3) {
        hours(seed);
    }
}

/// Two accounts, three managers, three hours of trouble and then twenty quiet minutes.
fn hours(seed: u64) {
    let mut pool = Pool::new(PoolConfig::default(), seed);
    let (ann, bob) = (
        pool.add_account(account("ann")),
        pool.add_account(account("bob")),
    );
    let upkeep = Options {
        move_off_after: Some(seconds(20)),
        close_empty_after: Some(seconds(60)),
    };
    let wanted: [Vec<Room>; 3] = [
        (0..60).map(room).collect(),
        (100..130).map(room).collect(),
        (200..290).map(room).collect(),
    ];
    let rooms = |n: usize| wanted[n].clone();
    let managers = [
        pool.add_manager(ann, upkeep.clone(), rooms(0), |_| shards(25, Some(4), 1)),
        pool.add_manager(ann, Options::default(), rooms(1), |_| Single),
        pool.add_manager(bob, upkeep, rooms(2), |_| shards(25, Some(5), 2)),
    ]
    .map(Result::unwrap);
    for manager in managers {
        pool.start_all(Instant::ZERO, manager).unwrap();
    }
    let manners = Manners {
        missing: [room(3), room(105)].into(),
        banned: [room(4), room(204)].into(),
        dropped: 3,
        slow: 10,
        dial_failures: 10,
        bad_tokens: 2,
        chat_every: 20_000,
        ..Manners::default()
    };
    let never: BTreeSet<Room> = manners.missing.union(&manners.banned).copied().collect();
    let mut world = World::new(pool, manners, seed);
    world
        .logins
        .extend([(ann.get(), "ann".into()), (bob.get(), "bob".into())]);
    let mut says = 0_usize;
    while world.now() < 3 * 3600 * 1000 {
        let wait = world.dice.roll(100, 60_000);
        world.run_for(Duration::from_millis(wait));
        trouble(&mut world, &managers, &wanted, &mut says);
    }
    world.manners.dropped = 0;
    world.manners.slow = 0;
    world.manners.dial_failures = 0;
    world.manners.bad_tokens = 0;
    // The longest back-off of a room is ten minutes; then the budget needs seven windows.
    world.run_for(seconds(600 + 120));
    for (manager, rooms) in managers.iter().zip(&wanted) {
        let joinable = rooms.iter().copied().filter(|room| !never.contains(room));
        assert_eq!(missing(&world, *manager, joinable), [], "seed {seed}");
        for (_, shard) in world.pool.manager(*manager).unwrap().roster().shards() {
            assert_eq!(shard.health(), Health::Up);
        }
    }
    assert!(
        world.said.values().all(|times| *times == 1),
        "no message twice"
    );
    assert_eq!(world.outcomes.len(), says, "every message has one outcome");
    let twice = world.seen.iter().find(|(_, times)| **times != 1);
    assert_eq!(twice, None, "every message is seen once, seed {seed}");
}

fn trouble(world: &mut World, managers: &[ManagerKey], wanted: &[Vec<Room>; 3], says: &mut usize) {
    let sockets = world.sockets();
    let pick = world.dice.next() as usize;
    let socket: Option<SocketId> = sockets.get(pick % sockets.len().max(1)).copied();
    let which = pick % managers.len();
    let manager = managers[which];
    match (world.dice.roll(0, 9), socket) {
        (0 | 1, Some(socket)) => world.kill(socket),
        (2 | 3, Some(socket)) => {
            let after = world.dice.roll(1_000, 60_000);
            world.reconnect(socket, after);
        }
        (4, Some(socket)) => world.deafen(socket),
        (5, Some(socket)) => world.send_nonsense(socket),
        (6, _) => {
            let keys = world.pool.manager(manager).unwrap().roster().keys();
            if which != 1 && !keys.is_empty() {
                world
                    .pool
                    .kill(world.time(), manager, keys[pick % keys.len()]);
            }
        }
        (7, _) => {
            let room = wanted[which][pick % wanted[which].len()];
            world.pool.unassign(world.time(), manager, room).unwrap();
            world.run_for(Duration::from_millis(pick as u64 % 3000));
            world.pool.assign(world.time(), manager, room).unwrap();
        }
        _ => {
            for _ in 0..30 {
                let room = wanted[which][world.dice.next() as usize % wanted[which].len()];
                let say = Say::new(room, format!("say{says}"));
                if world.pool.say(world.time(), manager, say).is_ok() {
                    *says += 1;
                }
            }
        }
    }
}
