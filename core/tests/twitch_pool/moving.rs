//! Rooms that move off a shard which is then closed.

use std::time::Duration;

use headcount_core::manager::{Manager, NewShard, Options, Plan, Refusal, ShardKey};
use headcount_core::twitch::{
    ManagerKey, Pool, PoolAction, PoolConfig, PoolEvent, PoolInput, Room, SocketId,
};

use crate::details::{account, at, connects, events, messages, room, up};
use crate::stopping::log_in;

/// One shard; a further one takes all its rooms, and it is closed.
struct Renewing;

impl Manager<Room> for Renewing {
    fn assign(
        &mut self,
        plan: &mut Plan<'_, Room>,
        room: &Room,
        _: bool,
    ) -> Result<(), Refusal<Room>> {
        let shard = match plan.roster().keys().first() {
            Some(shard) => *shard,
            None => plan.open(NewShard::new())?,
        };
        plan.join(shard, room)
    }

    fn add_shard(&mut self, plan: &mut Plan<'_, Room>) -> Result<ShardKey, Refusal<Room>> {
        let old = plan.roster().keys();
        let channels = plan.roster().channels();
        let rooms: Vec<Room> = channels.map(|(room, _)| *room).collect();
        let new = plan.open(NewShard::new())?;
        rooms.iter().try_for_each(|room| plan.join(new, room))?;
        old.into_iter().try_for_each(|shard| plan.close(shard))?;
        Ok(new)
    }
}

/// A room is moving to a new shard at second 1: the old socket, and the new one that is dialled.
fn renewing() -> (Pool, ManagerKey, [SocketId; 2]) {
    let mut pool = Pool::new(PoolConfig::default(), 1);
    let key = pool.add_account(account());
    let made = pool.add_manager(key, Options::default(), [room("a")], |_| Renewing);
    let manager = made.unwrap();
    pool.start_all(at(0), manager).unwrap();
    let old = connects(&pool.handle(at(0), PoolInput::Timeout))[0];
    log_in(&mut pool, 0, old);
    let echo = b":bot!bot@bot JOIN #a\r\n";
    let _ = pool.handle(at(0), PoolInput::Frame(old, echo));
    pool.add_shard(at(1), manager).unwrap();
    let actions = pool.handle(at(1), PoolInput::Timeout);
    assert!(!actions.contains(&PoolAction::Close { socket: old }));
    let new = connects(&actions)[0];
    (pool, manager, [old, new])
}

#[test]
fn a_shard_that_is_closed_serves_its_rooms_until_they_are_joined_elsewhere() {
    let (mut pool, manager, [old, new]) = renewing();
    let line = b"@id=1 :ann!ann@ann PRIVMSG #a :hi\r\n";
    let emitted = pool.handle(at(2), PoolInput::Frame(old, line)).to_vec();
    let message = |event: &&PoolEvent<'_>| matches!(event, PoolEvent::Message { .. });
    assert_eq!(events(&emitted).into_iter().filter(message).count(), 1);
    log_in(&mut pool, 2, new);
    let echo = b":bot!bot@bot JOIN #a\r\n";
    let _ = pool.handle(at(2), PoolInput::Frame(new, echo));
    let mut closed = false;
    for second in 2..20 {
        let mut actions = pool.handle(at(second), PoolInput::Timeout).to_vec();
        let echo = b":bot!bot@bot PART #a\r\n";
        actions.extend(
            pool.handle(at(second), PoolInput::Frame(old, echo))
                .to_vec(),
        );
        closed |= actions.contains(&PoolAction::Close { socket: old });
    }
    assert!(closed && pool.is_joined(manager, room("a")));
}

#[test]
fn a_shard_that_is_closed_waits_a_minute_for_its_rooms_at_the_longest() {
    let (mut pool, _, [old, _]) = renewing();
    let mut closed = Vec::new();
    for second in 2..100 {
        let actions = pool.handle(at(second), PoolInput::Frame(old, b"PONG\r\n"));
        if actions.contains(&PoolAction::Close { socket: old }) {
            closed.push(second);
        }
    }
    assert_eq!(closed, [61]);
}

#[test]
fn the_clock_is_asked_for_in_time_for_a_shard_that_waits_for_its_rooms() {
    let (mut pool, _, [old, _]) = renewing();
    let (mut due, mut closed) = (at(1), false);
    while !closed && due < at(100) {
        (due, _) = pool.poll_timeout().expect("it waits");
        let actions = pool.handle(due, PoolInput::Timeout);
        closed = actions.contains(&PoolAction::Close { socket: old });
    }
    assert_eq!((closed, due), (true, at(61)));
}

#[test]
fn a_stop_closes_a_shard_that_waits_for_its_rooms_at_once() {
    let (mut pool, manager, [old, new]) = renewing();
    pool.stop_all(at(2), manager).unwrap();
    let actions = pool.handle(at(2), PoolInput::Timeout);
    for socket in [old, new] {
        assert!(
            actions.contains(&PoolAction::Close { socket }),
            "{actions:?}"
        );
    }
}

#[test]
fn what_the_lost_socket_brought_does_not_come_again_on_the_one_it_replaced() {
    let (mut pool, _, sockets) = up(PoolConfig::default(), &["a"]);
    let old = sockets[0];
    let actions = pool.handle(at(1), PoolInput::Frame(old, b":x RECONNECT\r\n"));
    let new = connects(&actions)[0];
    log_in(&mut pool, 1, new);
    let echo = b":bot!bot@bot JOIN #a\r\n";
    let _ = pool.handle(at(1), PoolInput::Frame(new, echo));
    assert_eq!(
        messages(&mut pool, new, "@id=1 :ann!a@a PRIVMSG #a :hi\r\n"),
        1
    );
    // The PART is under way: the old socket still hears the room, a little late.
    let _ = pool.handle(at(1), PoolInput::Closed(new));
    assert_eq!(
        messages(&mut pool, old, "@id=1 :ann!a@a PRIVMSG #a :hi\r\n"),
        0
    );
    assert_eq!(
        messages(&mut pool, old, "@id=2 :ann!a@a PRIVMSG #a :yo\r\n"),
        1
    );
}

#[test]
fn a_room_that_was_lost_counts_from_then_until_it_is_joined_again() {
    let (mut pool, manager, sockets) = up(PoolConfig::default(), &["a", "b"]);
    let shards = crate::stopping::keys(&pool, manager);
    let actions = pool.handle(at(30), PoolInput::Closed(sockets[0]));
    let new = connects(&actions)[0];
    log_in(&mut pool, 31, new);
    let echo = b":bot!bot@bot JOIN #a\r\n";
    let actions = pool.handle(at(33), PoolInput::Frame(new, echo));
    let joined = PoolEvent::Joined {
        manager,
        shard: shards[0],
        room: room("a"),
        took: Duration::from_secs(3),
        again: true,
    };
    assert!(events(&actions).contains(&&joined), "{actions:?}");
    // The other shard's room went on all the time.
    let actions = pool.handle(at(40), PoolInput::Closed(sockets[1]));
    let new = connects(&actions)[0];
    log_in(&mut pool, 41, new);
    let echo = b":bot!bot@bot JOIN #b\r\n";
    let actions = pool.handle(at(41), PoolInput::Frame(new, echo));
    let took = |event: &&PoolEvent<'_>| match event {
        PoolEvent::Joined { took, .. } => took.as_secs() == 1,
        _ => false,
    };
    assert_eq!(events(&actions).into_iter().filter(took).count(), 1);
}
