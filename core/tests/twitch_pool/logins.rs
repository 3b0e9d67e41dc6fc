//! Logins that the server refuses.

use std::time::Duration;

use headcount_core::Token;
use headcount_core::manager::{Distributed, Health, Options, Single, Spread};
use headcount_core::session::DialFailure;
use headcount_core::twitch::connection::End;
use headcount_core::twitch::{
    Account, AccountKey, ManagerKey, Pool, PoolAction, PoolConfig, PoolEvent, PoolInput, PoolWait,
    Room,
};

use crate::details::{account, at, connects, events, lines, room, up};
use crate::stopping::keys;

const HOUR: u64 = 3600;

/// Rooms leave a shard that is down for 5 s.
fn moving() -> Options {
    Options {
        move_off_after: Some(Duration::from_secs(5)),
        close_empty_after: None,
    }
}

/// A pool with one account and a manager of one shard for each room, started.
fn started(account: Account, options: Options, rooms: &[&str]) -> (Pool, AccountKey, ManagerKey) {
    let config = PoolConfig {
        longest_back_off: Duration::from_secs(600),
        ..PoolConfig::default()
    };
    let mut pool = Pool::new(config, 1);
    let key = pool.add_account(account);
    let spread = Spread {
        channels_per_shard: 1,
        max_shard_count: None,
        initial_shard_count: 1,
    };
    let initial: Vec<Room> = rooms.iter().map(|name| room(name)).collect();
    let made = pool.add_manager(key, options, initial, |_| Distributed::new(spread));
    let manager = made.unwrap();
    pool.start_all(at(0), manager).unwrap();
    (pool, key, manager)
}

/// What a server that answers every login with this notice makes the pool do in a span of seconds:
/// the seconds of its dials, and everything else.
fn refused(
    pool: &mut Pool,
    notice: &str,
    span: std::ops::Range<u64>,
) -> (Vec<u64>, Vec<PoolAction<'static>>) {
    let line = format!(":tmi.twitch.tv NOTICE * :{notice}\r\n");
    let (mut dials, mut all) = (Vec::new(), Vec::new());
    for second in span {
        let mut actions = pool.handle(at(second), PoolInput::Timeout);
        while let Some(socket) = connects(&actions).first().copied() {
            dials.push(second);
            let _ = pool.handle(at(second), PoolInput::Opened(socket));
            let frame = PoolInput::Frame(socket, line.as_bytes());
            let owned = |action| match action {
                PoolAction::Emit(event) => match event {
                    PoolEvent::Message { .. } => None,
                    other => match other.into_owned() {
                        headcount_core::twitch::OwnedPoolEvent::Event(event) => {
                            Some(PoolAction::Emit(event))
                        }
                        headcount_core::twitch::OwnedPoolEvent::Heard(_) => None,
                    },
                },
                PoolAction::WantToken { account } => Some(PoolAction::WantToken { account }),
                PoolAction::Connect { .. } | PoolAction::Send { .. } | PoolAction::Close { .. } => {
                    None
                }
            };
            all.extend(pool.handle(at(second), frame).into_iter().filter_map(owned));
            let after = pool.handle(at(second), PoolInput::Closed(socket));
            let mut left: Vec<PoolAction<'static>> = actions.split_off(1);
            left.extend(after);
            actions = left;
        }
        all.extend(actions);
    }
    (dials, all)
}

fn emits(actions: &[PoolAction<'_>], wanted: &PoolEvent<'_>) -> bool {
    events(actions).contains(&wanted)
}

#[test]
fn an_invalid_nick_ends_the_login_for_good() {
    let (mut pool, _, manager) = started(account(), Options::default(), &["a"]);
    let shard = keys(&pool, manager)[0];
    let (dials, emitted) = refused(&mut pool, "Invalid NICK", 0..HOUR);
    assert_eq!(dials, [0], "an hour with one dial");
    let end = End::BadLogin;
    assert!(emits(
        &emitted,
        &PoolEvent::LinkLost {
            manager,
            shard,
            end
        }
    ));
    assert!(emits(
        &emitted,
        &PoolEvent::LoginRejected { manager, shard }
    ));
    assert!(pool.has_ended(manager));
    assert_eq!(pool.poll_timeout(), None, "nothing is waited for");
}

#[test]
fn an_account_that_is_not_taken_ends_with_all_its_shards() {
    let rooms = ["a", "b", "c"];
    let (mut pool, key, manager) = started(account(), moving(), &rooms);
    let other = pool.add_account(Account::anonymous());
    let made = pool.add_manager(other, Options::default(), [room("d")], |_| Single);
    let apart = made.unwrap();
    pool.start_all(at(0), apart).unwrap();
    let sockets = connects(&pool.handle(at(0), PoolInput::Timeout));
    assert_eq!(sockets.len(), 4);
    for socket in &sockets[..3] {
        let _ = pool.handle(at(0), PoolInput::Opened(*socket));
    }
    let notice = b":tmi.twitch.tv NOTICE * :Invalid NICK\r\n";
    let actions = pool.handle(at(0), PoolInput::Frame(sockets[0], notice));
    for socket in &sockets[..3] {
        assert!(actions.contains(&PoolAction::Close { socket: *socket }));
        let _ = pool.handle(at(0), PoolInput::Closed(*socket));
    }
    let dials = |action: &PoolAction<'_>| match action {
        PoolAction::Connect { account, .. } => *account == key,
        _ => false,
    };
    for second in 1..HOUR {
        assert!(
            !pool
                .handle(at(second), PoolInput::Timeout)
                .iter()
                .any(dials)
        );
    }
    assert!(pool.has_ended(manager));
    assert!(!pool.has_ended(apart), "the other account goes on");
    // A token of another name, and a start, and it dials again.
    pool.set_token(key, Token::new("other"));
    pool.start_all(at(HOUR), manager).unwrap();
    let again = pool.handle(at(HOUR), PoolInput::Timeout);
    assert_eq!(again.iter().filter(|action| dials(action)).count(), 3);
}

#[test]
fn a_start_tries_a_login_that_was_not_taken_once_more() {
    let (mut pool, _, manager) = started(account(), Options::default(), &["a"]);
    let (dials, _) = refused(&mut pool, "Invalid NICK", 0..100);
    assert_eq!(dials, [0]);
    pool.start_all(at(100), manager).unwrap();
    let (dials, _) = refused(&mut pool, "Invalid NICK", 100..200);
    assert_eq!(dials, [100]);
}

#[test]
fn rooms_of_a_login_that_is_not_taken_do_not_wander_from_shard_to_shard() {
    let (mut pool, _, manager) = started(account(), moving(), &["a", "b"]);
    let (dials, emitted) = refused(&mut pool, "Invalid NICK", 0..HOUR);
    assert_eq!(dials, [0, 0], "those that were under way");
    let roster = pool.manager(manager).unwrap().roster();
    for (_, shard) in roster.shards() {
        assert!(!shard.health().is_running());
    }
    assert!(
        roster
            .shards()
            .any(|(_, shard)| shard.health() == Health::Stopped)
    );
    let rejected = |event: &&&PoolEvent<'_>| matches!(event, PoolEvent::LoginRejected { .. });
    let rejected = events(&emitted).iter().filter(rejected).count();
    assert!(
        (2..=4).contains(&rejected),
        "each shard says so once: {rejected}"
    );
}

#[test]
fn a_link_that_is_logged_in_proves_the_login() {
    let (mut pool, manager, sockets) = up(PoolConfig::default(), &["a", "b"]);
    let actions = pool.handle(at(1), PoolInput::Closed(sockets[0]));
    let socket = connects(&actions)[0];
    let _ = pool.handle(at(1), PoolInput::Opened(socket));
    let notice = b":tmi.twitch.tv NOTICE * :Invalid NICK\r\n";
    let _ = pool.handle(at(1), PoolInput::Frame(socket, notice));
    let mut dials = connects(&pool.handle(at(1), PoolInput::Closed(socket)));
    for second in 2..30 {
        let pong = PoolInput::Frame(sockets[1], b"PONG\r\n");
        dials.extend(connects(&pool.handle(at(second), pong)));
    }
    assert!(!dials.is_empty(), "a failure like any other");
    assert!(pool.is_joined(manager, room("b")));
}

#[test]
fn nobody_is_not_asked_for_a_token() {
    let nobody = Account::anonymous();
    let (mut pool, key, manager) = started(nobody, Options::default(), &["a"]);
    let (dials, emitted) = refused(&mut pool, "Improperly formatted auth", 0..HOUR);
    assert_eq!(dials, [0]);
    assert!(!emitted.contains(&PoolAction::WantToken { account: key }));
    assert!(pool.has_ended(manager));
}

#[test]
fn logins_are_counted_also_those_that_are_over_at_once() {
    let rooms: Vec<String> = (0..30).map(|n| format!("r{n}")).collect();
    let rooms: Vec<&str> = rooms.iter().map(String::as_str).collect();
    let (mut pool, _, _) = started(account(), Options::default(), &rooms);
    let mut logins = Vec::new();
    let mut count = |second: u64, actions: &[PoolAction<'_>]| {
        let nicks = lines(actions)
            .iter()
            .filter(|(_, line)| line.starts_with("NICK"))
            .count();
        logins.extend(std::iter::repeat_n(second, nicks));
    };
    for second in 0..25 {
        let mut actions = pool.handle(at(second), PoolInput::Timeout);
        count(second, &actions);
        let mut sockets = connects(&actions);
        while let Some(socket) = sockets.pop() {
            actions = pool.handle(at(second), PoolInput::Opened(socket));
            count(second, &actions);
            let welcome = PoolInput::Frame(socket, b":x 001 bot :Welcome\r\n");
            let more = pool.handle(at(second), welcome);
            count(second, &more);
            sockets.extend(connects(&more));
        }
    }
    let at_once = logins.iter().filter(|second| **second == 0).count();
    assert_eq!(at_once, 20, "{logins:?}");
    assert!(logins.iter().filter(|second| **second < 10).count() == 20);
    assert_eq!(logins.len(), 30);
}

#[test]
fn a_refusal_of_another_kind_is_tried_again() {
    let (mut pool, _, _) = started(account(), Options::default(), &["a"]);
    let (dials, _) = refused(&mut pool, "Try again later", 0..HOUR);
    assert!((10..30).contains(&dials.len()), "{}", dials.len());
}

#[test]
fn a_shard_that_takes_the_place_of_another_backs_off_like_it() {
    let (mut pool, _, manager) = started(account(), moving(), &["a"]);
    let first = keys(&pool, manager);
    let (dials, _) = refused(&mut pool, "Try again later", 0..HOUR);
    assert!((10..40).contains(&dials.len()), "{}", dials.len());
    assert_ne!(keys(&pool, manager), first, "the room has moved");
    // In the end each shard waits as long as one that has failed all the time.
    for two in dials.windows(2).rev().take(3) {
        assert!(two[1] - two[0] >= 600, "{dials:?}");
    }
    // A start of the caller's is tried at once.
    pool.stop_all(at(HOUR), manager).unwrap();
    let _ = pool.handle(at(HOUR), PoolInput::Timeout);
    pool.start_all(at(HOUR + 1), manager).unwrap();
    let actions = pool.handle(at(HOUR + 1), PoolInput::Timeout);
    assert_eq!(connects(&actions).len(), 1);
}

#[test]
fn a_token_is_asked_for_again_while_the_shard_still_backs_off() {
    let (mut pool, key, _) = started(account(), Options::default(), &["a"]);
    // So many failures that the next wait is a long one.
    let (mut failures, mut second) = (0, 0);
    let socket = loop {
        let Some(socket) = connects(&pool.handle(at(second), PoolInput::Timeout)).pop() else {
            second += 1;
            continue;
        };
        if failures == 10 {
            break socket;
        }
        failures += 1;
        // The next dial is seen in the next round.
        let mut again = connects(&pool.handle(
            at(second),
            PoolInput::DialFailed(socket, DialFailure::Other),
        ));
        while let Some(socket) = again.pop() {
            failures += 1;
            again = connects(&pool.handle(
                at(second),
                PoolInput::DialFailed(socket, DialFailure::Other),
            ));
        }
    };
    let _ = pool.handle(at(second), PoolInput::Opened(socket));
    let notice = b":tmi.twitch.tv NOTICE * :Login authentication failed\r\n";
    let want = PoolAction::WantToken { account: key };
    assert!(
        pool.handle(at(second), PoolInput::Frame(socket, notice))
            .contains(&want)
    );
    let _ = pool.handle(at(second), PoolInput::Closed(socket));
    for minute in 1..=5 {
        let due = at(second + 60 * minute);
        assert_eq!(
            pool.poll_timeout(),
            Some((due, PoolWait::Token)),
            "minute {minute}"
        );
        let asked = pool.handle(due, PoolInput::Timeout);
        assert_eq!(asked, std::slice::from_ref(&want));
    }
}

#[test]
fn no_token_is_asked_for_where_nothing_runs_any_more() {
    let (mut pool, key, manager) = started(account(), Options::default(), &["a"]);
    let (_, emitted) = refused(&mut pool, "Login authentication failed", 0..1);
    let want = PoolAction::WantToken { account: key };
    assert!(emitted.contains(&want));
    pool.stop_all(at(1), manager).unwrap();
    for second in 1..200 {
        assert!(!pool.handle(at(second), PoolInput::Timeout).contains(&want));
    }
    pool.start_all(at(200), manager).unwrap();
    assert!(pool.handle(at(200), PoolInput::Timeout).contains(&want));
}

#[test]
fn a_server_that_asks_to_wait_is_obeyed_within_the_longest_back_off() {
    for (asked, from, to) in [(30, 30, 31), (86_400, 600, 601), (0, 0, 2)] {
        let (mut pool, _, _) = started(account(), Options::default(), &["a"]);
        let socket = connects(&pool.handle(at(0), PoolInput::Timeout)).pop();
        let why = DialFailure::Status {
            code: 503,
            retry_after: Some(Duration::from_secs(asked)),
        };
        let input = PoolInput::DialFailed(socket.expect("a dial"), why);
        let mut again = connects(&pool.handle(at(0), input));
        let mut second = 0;
        while again.is_empty() {
            second += 1;
            again = connects(&pool.handle(at(second), PoolInput::Timeout));
        }
        assert!(
            (from..=to).contains(&second),
            "{second} s, asked for {asked}"
        );
    }
}
