//! Shared chat: a message that partner rooms mirror is emitted once, where it was said if possible.

use std::time::Duration;

use headcount_core::twitch::{
    ManagerKey, MirrorPolicy, Pool, PoolAction, PoolConfig, PoolEvent, PoolInput, PoolWait,
    SocketId,
};

use crate::details::{at, events, room, up};

/// Rooms in their order: the number of each, as the server states it, is its letter's.
const ROOMS: [&str; 3] = ["a", "b", "c"];

fn number(room: &str) -> u8 {
    room.as_bytes()[0]
}

/// A pool that drops mirrors, with one socket for each room; the rooms' numbers are known.
fn sharing(config: PoolConfig) -> (Pool, ManagerKey, Vec<SocketId>) {
    let config = PoolConfig {
        mirrors: MirrorPolicy::OfRoomsNotJoined,
        ..config
    };
    let (mut pool, manager, sockets) = up(config, &ROOMS);
    for (socket, room) in sockets.iter().zip(ROOMS) {
        let state = format!(
            "@room-id={} :tmi.twitch.tv ROOMSTATE #{room}\r\n",
            number(room)
        );
        let _ = pool.handle(at(0), PoolInput::Frame(*socket, state.as_bytes()));
    }
    (pool, manager, sockets)
}

/// The copy in a room of message `n`, which was said in room `origin`.
fn copy(n: u32, room: &str, origin: &str) -> String {
    let own = if room == origin { "m" } else { room };
    format!(
        "@id={own}{n};room-id={};source-id=m{n};source-room-id={} \
         :ann!ann@ann PRIVMSG #{room} :hi\r\n",
        number(room),
        number(origin)
    )
}

/// The rooms and ids of the messages that are emitted.
fn emitted(actions: &[PoolAction<'_>]) -> Vec<String> {
    let line = |event: &&PoolEvent<'_>| match event {
        PoolEvent::Message { message, .. } if message.command() == "PRIVMSG" => {
            Some(message.line().to_owned())
        }
        PoolEvent::Mirrored(heard) => Some(heard.line().to_owned()),
        _ => None,
    };
    let id = |line: String| line[4..].split(';').next().unwrap().to_owned();
    events(actions).iter().filter_map(line).map(id).collect()
}

fn hear(pool: &mut Pool, second: u64, socket: SocketId, line: &str) -> Vec<String> {
    emitted(&pool.handle(at(second), PoolInput::Frame(socket, line.as_bytes())))
}

#[test]
fn mirrors_of_shared_chat_are_dropped_when_asked() {
    use MirrorPolicy::{All, None, OfRoomsNotJoined};
    for (mirrors, copies) in [(All, 1), (OfRoomsNotJoined, 0), (None, 0)] {
        let config = PoolConfig {
            mirrors,
            ..PoolConfig::default()
        };
        let (mut pool, _, sockets) = up(config, &["a", "b"]);
        assert_eq!(hear(&mut pool, 1, sockets[0], &copy(1, "a", "a")), ["m1"]);
        let second = hear(&mut pool, 1, sockets[1], &copy(1, "b", "a"));
        assert_eq!(second.len(), copies);
    }
}

#[test]
fn no_mirror_comes_where_none_is_wanted_even_of_a_room_that_is_not_joined() {
    for (mirrors, expected) in [(MirrorPolicy::None, 0), (MirrorPolicy::OfRoomsNotJoined, 1)] {
        let config = PoolConfig {
            mirrors,
            ..PoolConfig::default()
        };
        let (mut pool, _, sockets) = up(config, &["a", "b"]);
        for (socket, room) in sockets.iter().zip(["a", "b"]) {
            let state = format!(
                "@room-id={} :tmi.twitch.tv ROOMSTATE #{room}\r\n",
                number(room)
            );
            let _ = pool.handle(at(0), PoolInput::Frame(*socket, state.as_bytes()));
        }
        let plain = "@id=p1;room-id=98 :ann!ann@ann PRIVMSG #b :hi\r\n";
        assert_eq!(hear(&mut pool, 1, sockets[1], plain), ["p1"]);
        let heard = hear(&mut pool, 1, sockets[1], &copy(1, "b", "z"));
        assert_eq!(heard.len(), expected);
        assert_eq!(hear(&mut pool, 1, sockets[1], &copy(2, "b", "b")), ["m2"]);
    }
}

#[test]
fn a_mirror_that_comes_first_gives_way_to_its_original() {
    let (mut pool, _, sockets) = sharing(PoolConfig::default());
    assert!(hear(&mut pool, 1, sockets[1], &copy(1, "b", "a")).is_empty());
    assert!(hear(&mut pool, 1, sockets[2], &copy(1, "c", "a")).is_empty());
    assert_eq!(hear(&mut pool, 2, sockets[0], &copy(1, "a", "a")), ["m1"]);
    for second in 3..10 {
        assert!(emitted(&pool.handle(at(second), PoolInput::Timeout)).is_empty());
    }
    assert!(hear(&mut pool, 10, sockets[1], &copy(1, "b", "a")).is_empty());
}

#[test]
fn a_mirror_waits_too_where_no_rooms_number_is_known() {
    let config = PoolConfig {
        mirrors: MirrorPolicy::OfRoomsNotJoined,
        ..PoolConfig::default()
    };
    let (mut pool, _, sockets) = up(config, &["a", "b"]);
    let mirror = "@id=b1;source-id=m1 :ann!ann@ann PRIVMSG #b :hi\r\n";
    assert!(hear(&mut pool, 1, sockets[1], mirror).is_empty());
    let original = "@id=m1;source-id=m1 :ann!ann@ann PRIVMSG #a :hi\r\n";
    assert_eq!(hear(&mut pool, 1, sockets[0], original), ["m1"]);
}

#[test]
fn a_mirror_whose_original_does_not_come_is_reported_after_its_wait() {
    let (mut pool, _, sockets) = sharing(PoolConfig::default());
    assert!(hear(&mut pool, 1, sockets[1], &copy(1, "b", "a")).is_empty());
    assert_eq!(pool.poll_timeout(), Some((at(3), PoolWait::Original)));
    assert!(emitted(&pool.handle(at(2), PoolInput::Timeout)).is_empty());
    let actions = pool.handle(at(3), PoolInput::Timeout);
    assert_eq!(emitted(&actions), ["b1"]);
    let Some(PoolEvent::Mirrored(heard)) = events(&actions).first().copied() else {
        panic!("{actions:?}")
    };
    assert_eq!(heard.socket(), sockets[1]);
    assert_eq!(heard.message().unwrap().room(), Some(room("b")));
    // What comes of it now has been emitted.
    assert!(hear(&mut pool, 4, sockets[0], &copy(1, "a", "a")).is_empty());
    assert!(hear(&mut pool, 4, sockets[2], &copy(1, "c", "a")).is_empty());
}

#[test]
fn each_mirror_waits_its_own_time() {
    let (mut pool, _, sockets) = sharing(PoolConfig::default());
    assert!(hear(&mut pool, 1, sockets[1], &copy(1, "b", "a")).is_empty());
    assert!(hear(&mut pool, 2, sockets[1], &copy(2, "b", "a")).is_empty());
    assert_eq!(emitted(&pool.handle(at(3), PoolInput::Timeout)), ["b1"]);
    assert_eq!(emitted(&pool.handle(at(4), PoolInput::Timeout)), ["b2"]);
}

#[test]
fn a_mirror_from_a_room_that_is_not_joined_does_not_wait() {
    let (mut pool, manager, sockets) = sharing(PoolConfig::default());
    assert_eq!(hear(&mut pool, 1, sockets[1], &copy(1, "b", "x")), ["b1"]);
    assert!(hear(&mut pool, 1, sockets[2], &copy(1, "c", "x")).is_empty());
    // The room where it was said has been left.
    pool.unassign(at(2), manager, room("a")).unwrap();
    let _ = pool.handle(at(2), PoolInput::Timeout);
    assert_eq!(hear(&mut pool, 2, sockets[1], &copy(2, "b", "a")), ["b2"]);
}

#[test]
fn what_waits_is_bounded_in_bytes_and_the_oldest_is_reported_early() {
    let config = PoolConfig {
        mirror_bytes: 1000,
        mirror_patience: Duration::from_secs(3600),
        ..PoolConfig::default()
    };
    let (mut pool, _, sockets) = sharing(config);
    let mut early = Vec::new();
    for n in 0..100 {
        early.extend(hear(&mut pool, 1, sockets[1], &copy(n, "b", "a")));
        let waiting = n as usize + 1 - early.len();
        assert!(waiting <= 10, "{waiting} wait");
    }
    assert!(early.len() >= 90);
    let in_order: Vec<String> = (0..early.len()).map(|n| format!("b{n}")).collect();
    assert_eq!(early, in_order);
    // The rest waits on, and a long one goes at once.
    assert_eq!(hear(&mut pool, 2, sockets[0], &copy(99, "a", "a")), ["m99"]);
    let long = copy(200, "b", "a").replace(":hi", &format!(":{}", "x".repeat(2000)));
    assert!(hear(&mut pool, 2, sockets[1], &long).ends_with(&["b200".to_owned()]));
}

#[test]
fn a_mirror_in_a_room_that_was_left_meanwhile_is_not_reported() {
    let (mut pool, manager, sockets) = sharing(PoolConfig::default());
    assert!(hear(&mut pool, 1, sockets[1], &copy(1, "b", "a")).is_empty());
    pool.unassign(at(1), manager, room("b")).unwrap();
    for second in 1..10 {
        assert!(emitted(&pool.handle(at(second), PoolInput::Timeout)).is_empty());
    }
}

#[test]
fn a_stopped_manager_reports_what_waits_before_its_end() {
    let (mut pool, manager, sockets) = sharing(PoolConfig {
        mirror_patience: Duration::from_secs(3600),
        ..PoolConfig::default()
    });
    assert!(hear(&mut pool, 1, sockets[1], &copy(1, "b", "a")).is_empty());
    pool.stop_all(at(2), manager).unwrap();
    let mut all = pool.handle(at(2), PoolInput::Timeout);
    for socket in sockets {
        all.extend(pool.handle(at(2), PoolInput::Closed(socket)));
    }
    assert_eq!(emitted(&all), ["b1"]);
    let ended = PoolEvent::Ended { manager };
    assert_eq!(events(&all).last(), Some(&&ended), "the end comes last");
}
