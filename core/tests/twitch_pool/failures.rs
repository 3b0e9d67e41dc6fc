//! How long a shard waits after failures, and when they are forgotten.

use std::time::Duration;

use headcount_core::Instant;
use headcount_core::manager::{Distributed, Options, Spread};
use headcount_core::session::DialFailure;
use headcount_core::twitch::{
    Pool, PoolConfig, PoolEvent, PoolInput, PoolWait, Say, SayOutcome, SocketId,
};

use crate::details::{account, at, connects, events, room, up};
use crate::stopping::log_in;

/// A pool with one account and a manager of one room, which leaves a shard that is down for 5 s.
fn started() -> Pool {
    let mut pool = Pool::new(PoolConfig::default(), 1);
    let key = pool.add_account(account());
    let options = Options {
        move_off_after: Some(Duration::from_secs(5)),
        close_empty_after: None,
    };
    let spread = Spread {
        channels_per_shard: 1,
        max_shard_count: None,
        initial_shard_count: 1,
    };
    let made = pool.add_manager(key, options, [room("a")], |_| Distributed::new(spread));
    pool.start_all(at(0), made.unwrap()).unwrap();
    pool
}

/// The next dial and when it comes, with nothing but the pool's own deadlines before it.
fn next_dial(pool: &mut Pool) -> (Instant, SocketId) {
    for _ in 0..1_000 {
        let (due, _) = pool.poll_timeout().expect("it dials again");
        if let Some(socket) = connects(&pool.handle(due, PoolInput::Timeout)).first() {
            return (due, *socket);
        }
    }
    panic!("no dial");
}

/// Lets a dial fail, and the one that follows without a wait.
fn fail(pool: &mut Pool, now: Instant, socket: SocketId) -> Option<SocketId> {
    let failed = PoolInput::DialFailed(socket, DialFailure::Other);
    connects(&pool.handle(now, failed)).first().copied()
}

#[test]
fn a_link_that_held_for_long_ends_a_row_of_failures() {
    let config = PoolConfig::default();
    let (mut pool, _, sockets) = up(config, &["a"]);
    // It is lost at once, and then no dial succeeds for a while.
    let mut socket = connects(&pool.handle(at(1), PoolInput::Closed(sockets[0])))[0];
    let mut now = at(1);
    for _ in 0..6 {
        (now, socket) = match fail(&mut pool, now, socket) {
            Some(again) => (now, again),
            None => next_dial(&mut pool),
        };
    }
    let begins = now.as_millis() / 1000 + 1;
    let _ = log_in(&mut pool, begins, socket);
    for second in begins..begins + 120 {
        let _ = pool.handle(at(second), PoolInput::Frame(socket, b"PONG\r\n"));
    }
    let ends = at(begins + 120);
    let again = connects(&pool.handle(ends, PoolInput::Closed(socket)));
    assert_eq!(again.len(), 1, "it dials at once, as after no failure");
    let again = fail(&mut pool, ends, again[0]);
    assert_eq!(again, None, "two in a row");
    let (due, _) = next_dial(&mut pool);
    let wait = due.since(ends);
    assert!(
        (Duration::from_secs(1)..=Duration::from_millis(1_250)).contains(&wait),
        "{wait:?}"
    );
}

#[test]
fn a_shard_that_follows_one_that_failed_once_waits_a_second() {
    let mut pool = started();
    let first = connects(&pool.handle(at(0), PoolInput::Timeout))[0];
    let again = fail(&mut pool, at(0), first);
    assert!(again.is_some(), "the first failure costs no wait");
    // Nobody answers from here on. A room moves once its shard has been down for 5 s: the new one
    // dials at once, again after its dial has timed out, and is followed by the one after it.
    let mut dials = Vec::new();
    for millis in (0..40_000).step_by(50) {
        let now = Instant::from_millis(millis);
        let dialled = connects(&pool.handle(now, PoolInput::Timeout));
        dials.extend(dialled.iter().map(|_| now));
    }
    let [_, timed_out, next, ..] = dials[..] else {
        panic!("{dials:?}")
    };
    let wait = next.since(timed_out).saturating_sub(Duration::from_secs(5));
    assert!(wait >= Duration::from_secs(1), "{dials:?}");
}

#[test]
fn the_clock_is_asked_for_in_time_for_a_message_that_is_not_confirmed() {
    let patience = Duration::from_secs(3);
    let config = PoolConfig {
        say_patience: patience,
        ..PoolConfig::default()
    };
    let (mut pool, manager, _) = up(config, &["a"]);
    let id = pool.say(at(1), manager, Say::new(room("a"), "hi")).unwrap();
    let _ = pool.handle(at(1), PoolInput::Timeout);
    let due = at(1).after(patience);
    assert_eq!(pool.poll_timeout(), Some((due, PoolWait::Confirmation)));
    let actions = pool.handle(due, PoolInput::Timeout);
    let outcome = SayOutcome::Unconfirmed;
    assert_eq!(
        events(&actions),
        [&PoolEvent::Said {
            manager,
            id,
            outcome
        }]
    );
}
