//! One shard of a manager stops and starts while the others go on.

use std::time::Duration;

use headcount_core::manager::{
    Distributed, Health, Manager, NewShard, Options, Plan, Refusal, ShardKey, Single, Spread,
};
use headcount_core::session::DialFailure;
use headcount_core::twitch::connection::End;
use headcount_core::twitch::{
    Account, Login, ManagerKey, Pool, PoolAction, PoolConfig, PoolEvent, PoolInput, PoolWait, Room,
    SocketId,
};

use crate::details::{account, at, connects, events, lines, room, up};

pub(crate) fn keys(pool: &Pool, manager: ManagerKey) -> Vec<ShardKey> {
    pool.manager(manager).unwrap().roster().keys()
}

fn health(pool: &Pool, manager: ManagerKey, shard: ShardKey) -> Health {
    let roster = pool.manager(manager).unwrap().roster();
    roster.get(shard).unwrap().health()
}

/// Opens a socket and logs it in; what the pool then sends.
pub(crate) fn log_in(pool: &mut Pool, second: u64, socket: SocketId) -> Vec<(SocketId, String)> {
    let _ = pool.handle(at(second), PoolInput::Opened(socket));
    let welcome = b":x 001 bot :Welcome\r\n";
    lines(&pool.handle(at(second), PoolInput::Frame(socket, welcome)))
}

/// Lets the pool do what is due in each second of a span; what it does.
fn pass(pool: &mut Pool, seconds: std::ops::Range<u64>) -> Vec<PoolAction<'static>> {
    let mut all = Vec::new();
    for second in seconds {
        all.extend(pool.handle(at(second), PoolInput::Timeout));
    }
    all
}

/// Answers the pings of the sockets that are up, in each second of a span.
fn keep_up(pool: &mut Pool, sockets: &[SocketId], seconds: std::ops::Range<u64>) -> usize {
    let mut dials = 0;
    for second in seconds {
        for socket in sockets {
            let pong = b"PONG\r\n";
            dials += connects(&pool.handle(at(second), PoolInput::Frame(*socket, pong))).len();
        }
    }
    dials
}

#[test]
fn one_shard_stops_and_starts_while_the_others_go_on() {
    let (mut pool, manager, sockets) = up(PoolConfig::default(), &["a", "b"]);
    let shards = keys(&pool, manager);
    pool.stop(at(1), manager, shards[0]).unwrap();
    assert_eq!(pool.poll_timeout(), Some((at(1), PoolWait::Request)));
    let actions = pool.handle(at(1), PoolInput::Timeout);
    let lost = PoolEvent::LinkLost {
        manager,
        shard: shards[0],
        end: End::Stopped,
    };
    let close = PoolAction::Close { socket: sockets[0] };
    assert_eq!(actions, [close, PoolAction::Emit(lost)]);
    assert_eq!(health(&pool, manager, shards[0]), Health::Closing);
    assert_eq!(pool.handle(at(2), PoolInput::Closed(sockets[0])), []);
    assert_eq!(health(&pool, manager, shards[0]), Health::Stopped);
    assert_eq!(health(&pool, manager, shards[1]), Health::Up);
    assert!(!pool.is_joined(manager, room("a")) && pool.is_joined(manager, room("b")));
    assert!(!pool.has_ended(manager), "the other goes on");
    assert_eq!(
        keep_up(&mut pool, &sockets[1..], 3..200),
        0,
        "it stays stopped"
    );

    pool.start(at(200), manager, shards[0]).unwrap();
    let dialled = connects(&pool.handle(at(200), PoolInput::Timeout));
    assert_eq!(dialled.len(), 1);
    let joins = log_in(&mut pool, 201, dialled[0]);
    assert_eq!(joins, [(dialled[0], "JOIN #a".into())]);
    let echo = b":bot!bot@bot JOIN #a\r\n";
    let actions = pool.handle(at(201), PoolInput::Frame(dialled[0], echo));
    let joined = PoolEvent::Joined {
        manager,
        shard: shards[0],
        room: room("a"),
        took: Duration::from_secs(200),
        again: true,
    };
    assert_eq!(events(&actions), [&joined]);
    assert!(pool.is_joined(manager, room("a")) && pool.is_joined(manager, room("b")));
}

#[test]
fn asking_twice_changes_nothing_and_unknown_shards_are_refused() {
    let (mut pool, manager, sockets) = up(PoolConfig::default(), &["a"]);
    let shard = keys(&pool, manager)[0];
    pool.start(at(1), manager, shard).unwrap();
    assert_eq!(pool.handle(at(1), PoolInput::Timeout), []);
    for _ in 0..2 {
        pool.stop(at(1), manager, shard).unwrap();
    }
    assert_eq!(
        pool.handle(at(1), PoolInput::Timeout).len(),
        2,
        "one close, reported once"
    );
    let _ = pool.handle(at(2), PoolInput::Closed(sockets[0]));
    pool.stop(at(2), manager, shard).unwrap();
    assert_eq!(pool.handle(at(2), PoolInput::Timeout), []);
    assert!(pool.has_ended(manager), "it was the only one");

    let (other, stranger, _) = up(PoolConfig::default(), &["a", "b", "c"]);
    let unknown = keys(&other, stranger)[2];
    let refusal = Err(Refusal::NoSuchShard(unknown));
    assert_eq!(pool.start(at(3), manager, unknown), refusal);
    assert_eq!(pool.stop(at(3), manager, unknown), refusal);
    let mut empty = Pool::new(PoolConfig::default(), 1);
    assert!(matches!(
        empty.stop(at(3), manager, shard),
        Err(Refusal::Other(_))
    ));
}

#[test]
fn a_shard_that_is_stopped_while_it_dials_or_waits_dials_no_more() {
    for failures in 0..4 {
        let mut pool = Pool::new(PoolConfig::default(), 1);
        let key = pool.add_account(account());
        let made = pool.add_manager(key, Options::default(), [room("a")], |_| Single);
        let manager = made.unwrap();
        let shard = keys(&pool, manager)[0];
        pool.start(at(0), manager, shard).unwrap();
        let mut open = connects(&pool.handle(at(0), PoolInput::Timeout));
        for _ in 0..failures {
            let Some(socket) = open.pop() else { break };
            open = connects(&pool.handle(at(0), PoolInput::DialFailed(socket, DialFailure::Other)));
        }
        assert_eq!(
            open.is_empty(),
            failures > 1,
            "it dials, or waits for its back-off"
        );
        pool.stop(at(0), manager, shard).unwrap();
        assert!(!pool.has_ended(manager));
        let actions = pool.handle(at(0), PoolInput::Timeout);
        let closes = open
            .iter()
            .map(|socket| PoolAction::Close { socket: *socket });
        assert!(closes.clone().all(|close| actions.contains(&close)));
        for socket in open {
            let _ = pool.handle(at(0), PoolInput::Closed(socket));
        }
        assert_eq!(connects(&pass(&mut pool, 1..100)), []);
        assert!(pool.has_ended(manager));
        assert_eq!(pool.poll_timeout(), None, "it waits for nothing");
    }
}

#[test]
fn a_shard_that_starts_before_its_old_socket_has_ended_gets_a_new_one() {
    let (mut pool, manager, sockets) = up(PoolConfig::default(), &["a"]);
    let shard = keys(&pool, manager)[0];
    pool.stop(at(1), manager, shard).unwrap();
    pool.start(at(1), manager, shard).unwrap();
    let actions = pool.handle(at(1), PoolInput::Timeout);
    assert!(actions.contains(&PoolAction::Close { socket: sockets[0] }));
    let dialled = connects(&actions);
    assert_eq!(dialled.len(), 1);
    let late = pool.handle(
        at(2),
        PoolInput::Frame(sockets[0], b":ann!a@a PRIVMSG #a :hi\r\n"),
    );
    assert_eq!(late, [], "nothing is heard of the old one");
    assert_eq!(pool.handle(at(2), PoolInput::Closed(sockets[0])), []);
    assert_eq!(health(&pool, manager, shard), Health::Opening);
    assert_eq!(
        log_in(&mut pool, 3, dialled[0]),
        [(dialled[0], "JOIN #a".into())]
    );
    assert_eq!(health(&pool, manager, shard), Health::Up);
}

#[test]
fn rooms_that_come_and_go_while_their_shard_is_stopped_count_at_its_next_start() {
    let mut pool = Pool::new(PoolConfig::default(), 1);
    let key = pool.add_account(account());
    let rooms = [room("a"), room("b")];
    let manager = pool.add_manager(key, Options::default(), rooms, |_| Single);
    let manager = manager.unwrap();
    let shard = keys(&pool, manager)[0];
    pool.start_all(at(0), manager).unwrap();
    let socket = connects(&pool.handle(at(0), PoolInput::Timeout))[0];
    assert_eq!(
        log_in(&mut pool, 0, socket),
        [(socket, "JOIN #a,#b".into())]
    );
    pool.stop(at(1), manager, shard).unwrap();
    let _ = pool.handle(at(1), PoolInput::Timeout);
    let _ = pool.handle(at(1), PoolInput::Closed(socket));
    pool.assign(at(2), manager, room("c")).unwrap();
    pool.unassign(at(2), manager, room("a")).unwrap();
    assert_eq!(pool.handle(at(2), PoolInput::Timeout), []);
    pool.start(at(3), manager, shard).unwrap();
    let socket = connects(&pool.handle(at(3), PoolInput::Timeout))[0];
    assert_eq!(
        log_in(&mut pool, 3, socket),
        [(socket, "JOIN #b,#c".into())]
    );
}

#[test]
fn a_shard_that_is_added_is_dialled_and_takes_the_next_room() {
    let (mut pool, manager, _) = up(PoolConfig::default(), &["a"]);
    pool.add_shard(at(1), manager).unwrap();
    let socket = connects(&pool.handle(at(1), PoolInput::Timeout))[0];
    assert_eq!(log_in(&mut pool, 1, socket), []);
    pool.assign(at(2), manager, room("b")).unwrap();
    let actions = pool.handle(at(2), PoolInput::Timeout);
    assert_eq!(lines(&actions), [(socket, "JOIN #b".into())]);
    assert_eq!(connects(&actions), []);
}

#[test]
fn rooms_of_a_shard_that_is_down_for_long_move_when_it_is_time() {
    let mut pool = Pool::new(PoolConfig::default(), 1);
    let key = pool.add_account(account());
    let two = Distributed::new(Spread {
        channels_per_shard: 2,
        max_shard_count: Some(2),
        initial_shard_count: 2,
    });
    let options = Options {
        move_off_after: Some(Duration::from_secs(20)),
        close_empty_after: None,
    };
    let manager = pool.add_manager(key, options, [room("a"), room("b")], |_| two);
    let manager = manager.unwrap();
    pool.start_all(at(0), manager).unwrap();
    let sockets = connects(&pool.handle(at(0), PoolInput::Timeout));
    for socket in &sockets {
        assert_eq!(log_in(&mut pool, 0, *socket).len(), 1);
    }
    // The first loses its socket, and its dials are never answered.
    let _ = pool.handle(at(1), PoolInput::Closed(sockets[0]));
    assert_eq!(keep_up(&mut pool, &sockets[1..], 2..20), 1);
    let asked = pool.handle(at(20), PoolInput::Frame(sockets[1], b"PONG\r\n"));
    assert_eq!(lines(&asked), []);
    let moved = pool.handle(at(21), PoolInput::Timeout);
    assert_eq!(lines(&moved), [(sockets[1], "JOIN #a".into())]);
    let shards = keys(&pool, manager);
    assert_eq!(shards.len(), 1, "the one that was down is closed");
}

/// Opens its one shard for an account of its own choice.
struct For(&'static str);

impl Manager<Room> for For {
    fn assign(
        &mut self,
        plan: &mut Plan<'_, Room>,
        room: &Room,
        _: bool,
    ) -> Result<(), Refusal<Room>> {
        let shard = plan.open(NewShard::new().with_account(self.0))?;
        plan.join(shard, room)
    }
}

#[test]
fn a_shard_for_an_account_that_is_not_there_is_dead_and_reported() {
    let mut pool = Pool::new(PoolConfig::default(), 1);
    let key = pool.add_account(account());
    let other = pool.add_account(Account::anonymous());
    for (name, wanted) in [
        ("bot", Some(key)),
        ("anonymous", Some(other)),
        ("ann", None),
    ] {
        let made = pool.add_manager(key, Options::default(), [room("a")], |_| For(name));
        let manager = made.unwrap();
        let shard = keys(&pool, manager)[0];
        pool.start(at(0), manager, shard).unwrap();
        let actions = pool.handle(at(0), PoolInput::Timeout);
        match wanted {
            Some(wears) => assert!(
                matches!(actions[..], [PoolAction::Connect { account, .. }] if account == wears)
            ),
            None => {
                let emitted = PoolEvent::UnknownAccount { manager, shard };
                assert_eq!(actions, [PoolAction::Emit(emitted)]);
                assert_eq!(health(&pool, manager, shard), Health::Dead);
            }
        }
    }
    assert!(Login::new("ann").is_ok(), "the name itself is fine");
}

#[test]
fn a_manager_has_ended_once_both_sockets_of_a_shard_that_reconnects_are_closed() {
    for first_is_old in [true, false] {
        let (mut pool, manager, sockets) = up(PoolConfig::default(), &["a"]);
        let actions = pool.handle(at(1), PoolInput::Frame(sockets[0], b":x RECONNECT\r\n"));
        let [old, new] = [sockets[0], connects(&actions)[0]];
        log_in(&mut pool, 1, new);
        pool.stop_all(at(2), manager).unwrap();
        let actions = pool.handle(at(2), PoolInput::Timeout);
        for socket in [old, new] {
            assert!(
                actions.contains(&PoolAction::Close { socket }),
                "{actions:?}"
            );
        }
        let ended = PoolEvent::Ended { manager };
        let [first, last] = if first_is_old { [old, new] } else { [new, old] };
        let actions = pool.handle(at(3), PoolInput::Closed(first));
        assert!(!events(&actions).contains(&&ended), "the other is open");
        let actions = pool.handle(at(4), PoolInput::Closed(last));
        assert_eq!(events(&actions), [&ended]);
    }
}
