//! Which room is joined first when the budget does not suffice for all.

use headcount_core::Token;
use headcount_core::manager::{Options, Single};
use headcount_core::twitch::{
    Account, AccountLimits, Login, ManagerKey, Pool, PoolConfig, PoolEvent, PoolInput, Rate, Room,
    SocketId,
};

use crate::details::{account, at, connects, events, lines, room};
use crate::stopping::log_in;

/// An account that may join one room in 10 s, and a manager of one shard that is logged in.
fn slow(rooms: &[&str]) -> (Pool, ManagerKey, SocketId) {
    let limits = AccountLimits {
        joins: Rate::new(1, 10),
        ..AccountLimits::NORMAL
    };
    let login = Login::new("bot").unwrap();
    let account = Account::new(login, Some(Token::new("secret"))).with_limits(limits);
    let mut pool = Pool::new(PoolConfig::default(), 1);
    let key = pool.add_account(account);
    let initial: Vec<Room> = rooms.iter().map(|name| room(name)).collect();
    let made = pool.add_manager(key, Options::default(), initial, |_| Single);
    let manager = made.unwrap();
    pool.start_all(at(0), manager).unwrap();
    let socket = connects(&pool.handle(at(0), PoolInput::Timeout))[0];
    let _ = pool.handle(at(0), PoolInput::Opened(socket));
    (pool, manager, socket)
}

/// The rooms that are joined, in order, each confirmed but those that are not to be.
fn joined(
    pool: &mut Pool,
    socket: SocketId,
    span: std::ops::Range<u64>,
    silent: &[&str],
) -> Vec<String> {
    let mut order = Vec::new();
    for second in span {
        let mut sent = lines(&pool.handle(at(second), PoolInput::Timeout));
        let pong = PoolInput::Frame(socket, b"PONG\r\n");
        sent.extend(lines(&pool.handle(at(second), pong)));
        for (_, line) in sent {
            let Some(name) = line.strip_prefix("JOIN #") else {
                continue;
            };
            order.push(name.to_owned());
            if !silent.contains(&name) {
                let echo = format!(":bot!bot@bot JOIN #{name}\r\n");
                let actions = pool.handle(at(second), PoolInput::Frame(socket, echo.as_bytes()));
                assert!(
                    lines(&actions)
                        .iter()
                        .all(|(_, line)| !line.starts_with("JOIN"))
                );
            }
        }
    }
    order
}

#[test]
fn rooms_are_joined_in_the_order_in_which_they_were_assigned() {
    let (mut pool, manager, socket) = slow(&[]);
    let _ = pool.handle(at(0), PoolInput::Frame(socket, b":x 001 bot :Welcome\r\n"));
    for name in ["m", "c", "z", "a"] {
        pool.assign(at(0), manager, room(name)).unwrap();
    }
    assert_eq!(joined(&mut pool, socket, 0..60, &[]), ["m", "c", "z", "a"]);
}

#[test]
fn rooms_that_were_lost_go_before_new_ones_and_new_ones_before_those_that_failed() {
    let (mut pool, manager, socket) = slow(&["z"]);
    let welcome = b":x 001 bot :Welcome\r\n";
    let echo = b":bot!bot@bot JOIN #z\r\n";
    let _ = pool.handle(at(0), PoolInput::Frame(socket, welcome));
    let _ = pool.handle(at(0), PoolInput::Frame(socket, echo));
    assert!(joined(&mut pool, socket, 0..11, &[]).is_empty());
    pool.assign(at(11), manager, room("f")).unwrap();
    // Nobody answers for f; it is tried again 15 s after its 10 s, and by then others wait.
    assert_eq!(joined(&mut pool, socket, 11..30, &["f"]), ["f"]);
    let again = pool.handle(at(30), PoolInput::Closed(socket));
    let socket = connects(&again)[0];
    let _ = pool.handle(at(30), PoolInput::Opened(socket));
    pool.assign(at(30), manager, room("a")).unwrap();
    let first = lines(&pool.handle(at(30), PoolInput::Frame(socket, welcome)));
    assert_eq!(first, [(socket, "JOIN #z".into())], "it was joined before");
    let _ = pool.handle(at(30), PoolInput::Frame(socket, echo));
    // f is in the queue again at second 37, and b comes after it.
    let _ = joined(&mut pool, socket, 31..38, &[]);
    pool.assign(at(38), manager, room("b")).unwrap();
    assert_eq!(joined(&mut pool, socket, 38..80, &[]), ["a", "b", "f"]);
}

#[test]
fn a_join_that_is_not_answered_is_tried_again_after_twice_as_long_each_time() {
    let (mut pool, _, socket) = slow(&["f"]);
    let mut waits = Vec::new();
    let _ = pool.handle(at(0), PoolInput::Frame(socket, b":x 001 bot :Welcome\r\n"));
    for second in 1..200 {
        let pong = PoolInput::Frame(socket, b"PONG\r\n");
        let actions = pool.handle(at(second), pong);
        waits.extend(events(&actions).iter().filter_map(|event| match event {
            PoolEvent::JoinFailed { retry_in, .. } => retry_in.map(|wait| wait.as_secs()),
            _ => None,
        }));
    }
    assert_eq!(waits, [15, 30, 60, 120]);
}

#[test]
fn a_room_whose_link_is_lost_before_the_join_is_answered_is_joined_on_the_next_at_once() {
    let mut pool = Pool::new(PoolConfig::default(), 1);
    let key = pool.add_account(account());
    let made = pool.add_manager(key, Options::default(), [room("a")], |_| Single);
    let manager = made.unwrap();
    pool.start_all(at(0), manager).unwrap();
    let mut dials = connects(&pool.handle(at(0), PoolInput::Timeout));
    for second in 0..2 {
        let socket = dials[0];
        let join = (socket, "JOIN #a".into());
        assert!(log_in(&mut pool, second, socket).contains(&join));
        dials = connects(&pool.handle(at(second), PoolInput::Closed(socket)));
        dials.extend(connects(&pool.handle(at(second + 1), PoolInput::Timeout)));
    }
}

#[test]
fn a_room_that_is_left_before_its_join_was_carried_out_is_not_joined_at_the_next_start() {
    let mut pool = Pool::new(PoolConfig::default(), 1);
    let key = pool.add_account(account());
    let made = pool.add_manager(key, Options::default(), [room("a")], |_| Single);
    let manager = made.unwrap();
    pool.start_all(at(0), manager).unwrap();
    let _ = pool.handle(at(0), PoolInput::Timeout);
    pool.assign(at(1), manager, room("b")).unwrap();
    pool.stop_all(at(1), manager).unwrap();
    pool.unassign(at(1), manager, room("b")).unwrap();
    let _ = pool.handle(at(1), PoolInput::Timeout);
    pool.start_all(at(20), manager).unwrap();
    let socket = connects(&pool.handle(at(20), PoolInput::Timeout))[0];
    let said = log_in(&mut pool, 20, socket);
    let lines = said.iter().map(|(_, line)| line.as_str());
    let joins: Vec<&str> = lines.filter(|line| line.starts_with("JOIN")).collect();
    assert_eq!(joins, ["JOIN #a"]);
}

#[test]
fn a_join_that_was_asked_on_a_link_that_went_is_asked_on_the_link_in_its_place_at_once() {
    let mut pool = Pool::new(PoolConfig::default(), 1);
    let key = pool.add_account(account());
    let made = pool.add_manager(key, Options::default(), [room("a")], |_| Single);
    pool.start_all(at(0), made.unwrap()).unwrap();
    let old = connects(&pool.handle(at(0), PoolInput::Timeout))[0];
    assert!(log_in(&mut pool, 0, old).contains(&(old, "JOIN #a".into())));
    let asked = b":tmi.twitch.tv RECONNECT\r\n";
    let new = connects(&pool.handle(at(1), PoolInput::Frame(old, asked)))[0];
    let mut said = log_in(&mut pool, 1, new);
    said.extend(lines(&pool.handle(at(2), PoolInput::Closed(old))));
    assert!(said.contains(&(new, "JOIN #a".into())), "{said:?}");
}
