//! Each message has one outcome, whatever becomes of its shard and its manager.

use std::collections::BTreeMap;

use headcount_core::Token;
use headcount_core::manager::{Options, Single};
use headcount_core::twitch::{
    Account, Login, ManagerKey, Pool, PoolAction, PoolConfig, PoolEvent, PoolInput, Priority, Say,
    SayError, SayId, SayOutcome, SocketId,
};

use crate::details::{at, connects, lines, room, up};
use crate::stopping::{keys, log_in};

/// What came of each message, in the order of its events. None is reported twice.
#[derive(Default)]
struct Outcomes {
    all: BTreeMap<SayId, SayOutcome>,
    order: Vec<SayId>,
}

impl Outcomes {
    fn note(&mut self, actions: &[PoolAction<'_>]) {
        for action in actions {
            if let PoolAction::Emit(PoolEvent::Said { id, outcome, .. }) = action {
                let before = self.all.insert(*id, outcome.clone());
                assert_eq!(before, None, "an outcome comes once: {id:?}");
                self.order.push(*id);
            }
        }
    }

    /// Lets the pool do what is due until then.
    fn run(&mut self, pool: &mut Pool, seconds: std::ops::Range<u64>) {
        for second in seconds {
            self.note(&pool.handle(at(second), PoolInput::Timeout));
        }
    }

    fn of(&self, ids: &[SayId], outcome: &SayOutcome) -> bool {
        ids.iter().all(|id| self.all.get(id) == Some(outcome))
    }
}

fn say(pool: &mut Pool, manager: ManagerKey, count: usize) -> Vec<SayId> {
    let one = |n| Say::new(room("a"), format!("{n}"));
    (0..count)
        .map(|n| pool.say(at(1), manager, one(n)).unwrap())
        .collect()
}

#[test]
fn what_waits_when_its_manager_stops_is_given_up_once() {
    let (mut pool, manager, sockets) = up(PoolConfig::default(), &["a"]);
    let ids = say(&mut pool, manager, 5);
    let sent = pool.handle(at(1), PoolInput::Timeout);
    assert_eq!(lines(&sent).len(), 1, "one a second in a room");
    let mut outcomes = Outcomes::default();
    pool.stop_all(at(2), manager).unwrap();
    let actions = pool.handle(at(2), PoolInput::Timeout);
    outcomes.note(&actions);
    assert!(lines(&actions).is_empty(), "nothing is said any more");
    assert!(
        outcomes.of(&ids[..1], &SayOutcome::Unconfirmed),
        "it was sent"
    );
    assert!(outcomes.of(&ids[1..], &SayOutcome::Stopped));
    assert_eq!(outcomes.order[..4], ids[1..], "in the order of asking");

    // Late answers and late ends change nothing.
    let late = b"@client-nonce=0;id=x :tmi.twitch.tv USERSTATE #a\r\n";
    outcomes.note(&pool.handle(at(3), PoolInput::Frame(sockets[0], late)));
    let actions = pool.handle(at(3), PoolInput::Closed(sockets[0]));
    assert_eq!(actions, [PoolAction::Emit(PoolEvent::Ended { manager })]);
    outcomes.run(&mut pool, 4..100);
    assert_eq!(outcomes.all.len(), 5);
    assert_eq!(pool.poll_timeout(), None);
}

#[test]
fn the_end_of_a_manager_is_reported_after_what_became_of_its_messages() {
    let mut pool = Pool::new(PoolConfig::default(), 1);
    let (ann, bob) = (account(&mut pool, "ann"), account(&mut pool, "bob"));
    let (first, second) = (ann.0, bob.0);
    // Neither is connected yet: what is to be said waits.
    let given_up = say(&mut pool, first, 3);
    let kept = say(&mut pool, second, 2);
    let mut outcomes = Outcomes::default();
    pool.stop_all(at(2), first).unwrap();
    let actions = pool.handle(at(2), PoolInput::Timeout);
    outcomes.note(&actions);
    assert_eq!(outcomes.order, given_up);
    assert!(outcomes.of(&given_up, &SayOutcome::Stopped));
    let actions = pool.handle(at(2), PoolInput::Closed(ann.1));
    assert_eq!(
        actions,
        [PoolAction::Emit(PoolEvent::Ended { manager: first })]
    );

    // The messages of the other manager wait on, and are said.
    let sent = log_in(&mut pool, 3, bob.1);
    assert_eq!(sent[1].1, "@client-nonce=3 PRIVMSG #a :0");
    let sent = lines(&pool.handle(at(5), PoolInput::Timeout));
    assert_eq!(sent[0].1, "@client-nonce=4 PRIVMSG #a :1");
    for id in &kept {
        let line = format!("@client-nonce={} :tmi.twitch.tv USERSTATE #a\r\n", id.get());
        outcomes.note(&pool.handle(at(6), PoolInput::Frame(bob.1, line.as_bytes())));
    }
    assert!(outcomes.of(&kept, &SayOutcome::Accepted));
    outcomes.run(&mut pool, 7..60);
    assert_eq!(outcomes.all.len(), 5);
}

/// An account with a manager of one room, started and dialling.
fn account(pool: &mut Pool, name: &str) -> (ManagerKey, SocketId) {
    let login = Login::new(name).unwrap();
    let key = pool.add_account(Account::new(login, Some(Token::new("secret"))));
    let made = pool.add_manager(key, Options::default(), [room("a")], |_| Single);
    let manager = made.unwrap();
    pool.start_all(at(0), manager).unwrap();
    (
        manager,
        connects(&pool.handle(at(0), PoolInput::Timeout))[0],
    )
}

#[test]
fn what_waits_when_its_shard_stops_is_said_after_the_next_start() {
    let (mut pool, manager, sockets) = up(PoolConfig::default(), &["a", "b"]);
    let shard = keys(&pool, manager)[0];
    pool.stop(at(1), manager, shard).unwrap();
    let mut outcomes = Outcomes::default();
    outcomes.note(&pool.handle(at(1), PoolInput::Timeout));
    outcomes.note(&pool.handle(at(1), PoolInput::Closed(sockets[0])));
    let one = |text: &str| Say::new(room("a"), text);
    let low = one("low").priority(Priority::Low);
    let low = pool.say(at(1), manager, low).unwrap();
    let high = pool
        .say(at(1), manager, one("high").priority(Priority::High))
        .unwrap();
    let other = pool.say(at(1), manager, Say::new(room("b"), "b")).unwrap();
    let sent = lines(&pool.handle(at(1), PoolInput::Timeout));
    assert_eq!(sent.len(), 1, "the other room has a shard: {sent:?}");
    assert_eq!(sent[0].0, sockets[1]);

    pool.start(at(30), manager, shard).unwrap();
    let actions = pool.handle(at(30), PoolInput::Timeout);
    outcomes.note(&actions);
    let socket = connects(&actions)[0];
    let sent = log_in(&mut pool, 31, socket);
    assert!(sent[1].1.ends_with(":high"), "{sent:?}");
    let sent = lines(&pool.handle(at(33), PoolInput::Timeout));
    assert!(sent[0].1.ends_with(":low"), "{sent:?}");
    outcomes.run(&mut pool, 34..50);
    assert!(outcomes.of(&[low, high, other], &SayOutcome::Unconfirmed));
}

#[test]
fn what_waits_for_a_shard_that_stays_stopped_expires() {
    let (mut pool, manager, sockets) = up(PoolConfig::default(), &["a"]);
    let shard = keys(&pool, manager)[0];
    pool.stop(at(1), manager, shard).unwrap();
    let mut outcomes = Outcomes::default();
    outcomes.note(&pool.handle(at(1), PoolInput::Timeout));
    outcomes.note(&pool.handle(at(1), PoolInput::Closed(sockets[0])));
    let ids = say(&mut pool, manager, 3);
    outcomes.note(&pool.handle(at(1), PoolInput::Timeout));
    let mut last = at(1);
    while let Some((due, _)) = pool.poll_timeout() {
        assert!(outcomes.all.is_empty(), "at {last:?}");
        last = due;
        outcomes.note(&pool.handle(due, PoolInput::Timeout));
    }
    assert_eq!(last, at(61), "the pool asks for that time by itself");
    assert!(outcomes.of(&ids, &SayOutcome::Expired));
}

#[test]
fn a_stopped_manager_says_nothing_until_it_runs_again() {
    let (mut pool, manager, sockets) = up(PoolConfig::default(), &["a"]);
    let given_up = say(&mut pool, manager, 1);
    pool.stop_all(at(1), manager).unwrap();
    let refused = pool.say(at(1), manager, Say::new(room("a"), "x"));
    assert_eq!(refused, Err(SayError::NotRunning));
    // It starts again before anything was done about the stop.
    pool.start_all(at(1), manager).unwrap();
    let said = say(&mut pool, manager, 1);
    assert!(said[0] > given_up[0], "no number is used twice");
    let mut outcomes = Outcomes::default();
    let actions = pool.handle(at(1), PoolInput::Timeout);
    outcomes.note(&actions);
    assert!(outcomes.of(&given_up, &SayOutcome::Stopped));
    assert!(lines(&actions).is_empty(), "the old socket is closing");
    let socket = connects(&actions)[0];
    outcomes.note(&pool.handle(at(1), PoolInput::Closed(sockets[0])));
    let sent = log_in(&mut pool, 2, socket);
    assert!(
        sent.iter()
            .any(|(_, line)| line == "@client-nonce=1 PRIVMSG #a :0"),
        "{sent:?}"
    );
    outcomes.run(&mut pool, 3..70);
    assert_eq!(outcomes.all.len(), 2, "each has its outcome, once");
    let mut empty = Pool::new(PoolConfig::default(), 1);
    let stranger = empty.say(at(1), manager, Say::new(room("a"), "x"));
    assert_eq!(
        stranger,
        Err(SayError::NotRunning),
        "there is no such manager"
    );
}
