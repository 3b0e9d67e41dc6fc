//! One behaviour at a time, with every line by hand.

use std::time::Duration;

use headcount_core::manager::{Distributed, Options, Single, Spread};
use headcount_core::session::DialFailure;
use headcount_core::twitch::{
    Account, JoinFailure, Login, ManagerKey, Pool, PoolAction, PoolConfig, PoolEvent, PoolInput,
    Room, Say, SayError, SayOutcome, SocketId,
};
use headcount_core::{Instant, Token};

pub(crate) fn at(seconds: u64) -> Instant {
    Instant::from_millis(seconds * 1000)
}

pub(crate) fn room(name: &str) -> Room {
    Room::new(name).unwrap()
}

pub(crate) fn account() -> Account {
    Account::new(Login::new("bot").unwrap(), Some(Token::new("secret")))
}

/// The lines that are sent, with their sockets.
pub(crate) fn lines(actions: &[PoolAction<'_>]) -> Vec<(SocketId, String)> {
    let line = |action: &PoolAction<'_>| match action {
        PoolAction::Send { socket, command } => {
            let mut line = String::new();
            command.encode(&mut line).unwrap();
            Some((*socket, line.trim_end().into()))
        }
        _ => None,
    };
    actions.iter().filter_map(line).collect()
}

pub(crate) fn events<'a>(actions: &'a [PoolAction<'a>]) -> Vec<&'a PoolEvent<'a>> {
    let event = |action: &'a PoolAction<'a>| match action {
        PoolAction::Emit(event) => Some(event),
        _ => None,
    };
    actions.iter().filter_map(event).collect()
}

pub(crate) fn connects(actions: &[PoolAction<'_>]) -> Vec<SocketId> {
    let socket = |action: &PoolAction<'_>| match action {
        PoolAction::Connect { socket, .. } => Some(*socket),
        _ => None,
    };
    actions.iter().filter_map(socket).collect()
}

/// A pool with one socket per room, all logged in and joined at second 0.
pub(crate) fn up(config: PoolConfig, rooms: &[&str]) -> (Pool, ManagerKey, Vec<SocketId>) {
    let mut pool = Pool::new(config, 1);
    let account = pool.add_account(account());
    let one_each = Distributed::new(Spread {
        channels_per_shard: 1,
        max_shard_count: None,
        initial_shard_count: 1,
    });
    let initial: Vec<Room> = rooms.iter().map(|name| room(name)).collect();
    let made = pool.add_manager(account, Options::default(), initial, |_| one_each);
    let manager = made.unwrap();
    pool.start_all(at(0), manager).unwrap();
    let actions = pool.handle(at(0), PoolInput::Timeout);
    let sockets = connects(&actions);
    for (socket, room) in sockets.iter().zip(rooms) {
        let _ = pool.handle(at(0), PoolInput::Opened(*socket));
        let _ = pool.handle(at(0), PoolInput::Frame(*socket, b":x 001 bot :Welcome\r\n"));
        let echo = format!(":bot!bot@bot JOIN #{room}\r\n");
        let _ = pool.handle(at(0), PoolInput::Frame(*socket, echo.as_bytes()));
    }
    assert_eq!(sockets.len(), rooms.len());
    (pool, manager, sockets)
}

pub(crate) fn messages(pool: &mut Pool, socket: SocketId, line: &str) -> usize {
    let actions = pool.handle(at(1), PoolInput::Frame(socket, line.as_bytes()));
    let events = events(&actions);
    events
        .iter()
        .filter(|event| matches!(event, PoolEvent::Message { .. }))
        .count()
}

#[test]
fn a_whisper_comes_once_though_every_link_brings_it() {
    let (mut pool, _, sockets) = up(PoolConfig::default(), &["a", "b"]);
    let line = "@message-id=1;thread-id=2 :ann!ann@ann WHISPER bot :psst\r\n";
    assert_eq!(messages(&mut pool, sockets[0], line), 1);
    assert_eq!(messages(&mut pool, sockets[1], line), 0);
}

#[test]
fn messages_end_refused_or_unconfirmed_and_are_not_repeated() {
    let (mut pool, manager, sockets) = up(PoolConfig::default(), &["a"]);
    let first = pool
        .say(at(2), manager, Say::new(room("a"), "one"))
        .unwrap();
    let sent = lines(&pool.handle(at(2), PoolInput::Timeout));
    assert_eq!(sent[0].1, "@client-nonce=0 PRIVMSG #a :one");
    let notice = b"@msg-id=msg_duplicate :tmi.twitch.tv NOTICE #a :No.\r\n";
    let actions = pool.handle(at(3), PoolInput::Frame(sockets[0], notice));
    let refused = PoolEvent::Said {
        manager,
        id: first,
        outcome: SayOutcome::Refused("msg_duplicate".into()),
    };
    assert!(events(&actions).contains(&&refused));
    let reply = Say::new(room("a"), "two").reply_to("m-1");
    let second = pool.say(at(5), manager, reply).unwrap();
    let sent = lines(&pool.handle(at(5), PoolInput::Timeout));
    assert!(sent[0].1.contains("reply-parent-msg-id=m-1"));
    let actions = pool.handle(at(6), PoolInput::Closed(sockets[0]));
    let lost = PoolEvent::Said {
        manager,
        id: second,
        outcome: SayOutcome::Unconfirmed,
    };
    assert!(events(&actions).contains(&&lost));
    let socket = connects(&actions)[0];
    let _ = pool.handle(at(6), PoolInput::Opened(socket));
    let actions = pool.handle(at(6), PoolInput::Frame(socket, b":x 001 bot :Welcome\r\n"));
    assert_eq!(lines(&actions), [(socket, "JOIN #a".into())]);
}

#[test]
fn a_refusal_is_about_the_oldest_message_in_its_room() {
    let mut pool = Pool::new(PoolConfig::default(), 1);
    let moderator = account().moderating([room("a")]);
    let key = pool.add_account(moderator);
    let made = pool.add_manager(key, Options::default(), [room("a")], |_| Single);
    let manager = made.unwrap();
    pool.start_all(at(0), manager).unwrap();
    let socket = connects(&pool.handle(at(0), PoolInput::Timeout))[0];
    let _ = pool.handle(at(0), PoolInput::Opened(socket));
    let _ = pool.handle(at(0), PoolInput::Frame(socket, b":x 001 bot :Welcome\r\n"));
    let mut say = |text: &str| pool.say(at(1), manager, Say::new(room("a"), text)).unwrap();
    let (first, _) = (say("one"), say("two"));
    assert_eq!(lines(&pool.handle(at(1), PoolInput::Timeout)).len(), 2);
    let notice = b"@msg-id=msg_duplicate :tmi.twitch.tv NOTICE #a :No.\r\n";
    let actions = pool.handle(at(2), PoolInput::Frame(socket, notice));
    let said = |event: &&PoolEvent<'_>| matches!(event, PoolEvent::Said { id, .. } if *id == first);
    assert!(events(&actions).into_iter().any(|event| said(&event)));
}

#[test]
fn a_request_to_reconnect_is_reported() {
    let (mut pool, manager, sockets) = up(PoolConfig::default(), &["a"]);
    let shard = pool.manager(manager).unwrap().roster().keys()[0];
    let line = b":tmi.twitch.tv RECONNECT\r\n";
    let actions = pool.handle(at(1), PoolInput::Frame(sockets[0], line));
    let emitted = PoolEvent::Reconnecting { manager, shard };
    assert!(events(&actions).contains(&&emitted));
    assert_eq!(connects(&actions).len(), 1);
}

#[test]
fn what_cannot_be_said_is_refused_at_the_call() {
    let (mut pool, manager, _) = up(PoolConfig::default(), &["a"]);
    let mut say = |text: &str| pool.say(at(1), manager, Say::new(room("a"), text));
    assert_eq!(say(" "), Err(SayError::Empty));
    assert!(matches!(say("a\r\nPART #a"), Err(SayError::Encode(_))));
    assert_eq!(say(&"x".repeat(501)), Err(SayError::TooLong(501)));
    for _ in 0..1000 {
        say("hi").unwrap();
    }
    assert_eq!(say("hi"), Err(SayError::QueueFull));
}

#[test]
fn slow_mode_is_kept() {
    let (mut pool, manager, sockets) = up(PoolConfig::default(), &["a"]);
    let slow = b"@room-id=1;slow=30 :tmi.twitch.tv ROOMSTATE #a\r\n";
    let _ = pool.handle(at(1), PoolInput::Frame(sockets[0], slow));
    for text in ["one", "two"] {
        pool.say(at(1), manager, Say::new(room("a"), text)).unwrap();
    }
    assert_eq!(lines(&pool.handle(at(1), PoolInput::Timeout)).len(), 1);
    assert!(lines(&pool.handle(at(31), PoolInput::Timeout)).is_empty());
    let sent = lines(&pool.handle(at(32), PoolInput::Timeout));
    assert!(sent[0].1.ends_with(":two"), "{sent:?}");
}

#[test]
fn a_refused_join_is_reported_with_its_reason_and_a_full_account_tries_later() {
    for (notice, wanted, retry) in [
        ("msg_banned", JoinFailure::Banned, None),
        ("msg_channel_suspended", JoinFailure::Suspended, None),
        ("msg_room_not_found", JoinFailure::NotFound, None),
        (
            "msg_concurrent_channel_limit_reached",
            JoinFailure::RoomLimit,
            Some(60),
        ),
    ] {
        let (mut pool, manager, sockets) = up(PoolConfig::default(), &["a"]);
        let put_out = pool.handle(
            at(1),
            PoolInput::Frame(sockets[0], b":bot!bot@bot PART #a\r\n"),
        );
        assert!(matches!(
            events(&put_out)[0],
            PoolEvent::Parted {
                by_server: true,
                ..
            }
        ));
        let asked = lines(&pool.handle(at(61), PoolInput::Timeout));
        assert!(asked.contains(&(sockets[0], "JOIN #a".into())), "{asked:?}");
        let line = format!("@msg-id={notice} :tmi.twitch.tv NOTICE #a :No.\r\n");
        let actions = pool.handle(at(62), PoolInput::Frame(sockets[0], line.as_bytes()));
        let failed = events(&actions).into_iter().find_map(|event| match event {
            PoolEvent::JoinFailed {
                reason, retry_in, ..
            } => Some((*reason, *retry_in)),
            _ => None,
        });
        let (reason, retry_in) = failed.unwrap();
        assert_eq!(reason, wanted);
        assert_eq!(retry_in.is_some(), retry.is_some());
        assert!(retry_in.is_none_or(|wait| wait >= Duration::from_secs(60)));
        assert!(!pool.is_joined(manager, room("a")));
    }
}

#[test]
fn nothing_is_dialled_without_a_token_and_the_host_is_asked_again() {
    let mut pool = Pool::new(PoolConfig::default(), 1);
    let key = pool.add_account(Account::new(Login::new("bot").unwrap(), None));
    let made = pool.add_manager(key, Options::default(), [room("a")], |_| Single);
    pool.start_all(at(0), made.unwrap()).unwrap();
    assert_eq!(
        pool.handle(at(0), PoolInput::Timeout),
        [PoolAction::WantToken { account: key }]
    );
    assert_eq!(pool.handle(at(1), PoolInput::Timeout), []);
    assert_eq!(pool.poll_timeout().unwrap().0, at(60));
    assert_eq!(
        pool.handle(at(60), PoolInput::Timeout),
        [PoolAction::WantToken { account: key }]
    );
    pool.set_token(key, Token::new("secret"));
    assert_eq!(connects(&pool.handle(at(61), PoolInput::Timeout)).len(), 1);
}

#[test]
fn nobody_reads_and_says_nothing() {
    let mut pool = Pool::new(PoolConfig::default(), 1);
    let key = pool.add_account(Account::anonymous());
    let made = pool.add_manager(key, Options::default(), [room("a")], |_| Single);
    let manager = made.unwrap();
    pool.start_all(at(0), manager).unwrap();
    let socket = connects(&pool.handle(at(0), PoolInput::Timeout))[0];
    let sent = lines(&pool.handle(at(0), PoolInput::Opened(socket)));
    assert!(
        sent.len() == 2 && sent[1].1.starts_with("NICK justinfan"),
        "{sent:?}"
    );
    let _ = pool.handle(
        at(0),
        PoolInput::Frame(socket, b":x 001 justinfan1 :Welcome\r\n"),
    );
    pool.say(at(1), manager, Say::new(room("a"), "hi")).unwrap();
    let actions = pool.handle(at(1), PoolInput::Timeout);
    assert!(lines(&actions).is_empty());
    let refused = |event: &&PoolEvent<'_>| match event {
        PoolEvent::Said { outcome, .. } => *outcome == SayOutcome::Anonymous,
        _ => false,
    };
    assert!(events(&actions).iter().any(refused));
}

#[test]
fn bad_lines_are_events() {
    let (mut pool, _, sockets) = up(PoolConfig::default(), &["a"]);
    let mut frame =
        b"@=1 X\r\nPING a\0b\r\n\xff\r\n:a\r\nPRIVMSG\r\n:tmi.twitch.tv NOTICE\r\n".to_vec();
    frame.extend(b"PRIVMSG #a :");
    frame.extend([b'x'; 10_000]);
    let actions = pool.handle(at(1), PoolInput::Frame(sockets[0], &frame));
    let malformed = |event: &&&PoolEvent<'_>| matches!(event, PoolEvent::Malformed { .. });
    assert_eq!(events(&actions).iter().filter(malformed).count(), 5);
    assert_eq!(actions.len(), 7, "{actions:?}");
}

#[test]
fn a_shard_that_always_fails_is_given_up_if_wanted() {
    let config = PoolConfig {
        give_up_after: Some(3),
        ..PoolConfig::default()
    };
    let mut pool = Pool::new(config, 1);
    let key = pool.add_account(account());
    let made = pool.add_manager(key, Options::default(), [room("a")], |_| Single);
    let manager = made.unwrap();
    pool.start_all(at(0), manager).unwrap();
    let mut dials = Vec::new();
    let mut open = Vec::new();
    for second in 0..60 {
        open.extend(connects(&pool.handle(at(second), PoolInput::Timeout)));
        while let Some(socket) = open.pop() {
            dials.push(second);
            open.extend(connects(&pool.handle(
                at(second),
                PoolInput::DialFailed(socket, DialFailure::Other),
            )));
        }
    }
    assert_eq!(dials.len(), 3, "{dials:?}");
    assert_eq!(dials[1], 0, "the second at once, the third after a second");
    assert!((1..=2).contains(&dials[2]));
    assert!(pool.has_ended(manager));
}
