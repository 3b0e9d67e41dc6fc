//! Twitch chat against the simulated server, over real sockets on loopback.

use std::collections::BTreeSet;
use std::time::Duration;

use headcount_sim::twitch::{
    AccountPlan, JoinEnforcement, Twitch, TwitchAct, TwitchOptions, TwitchServer,
    TwitchServerConfig, Who,
};
use headcount_tokio::driver::core::Token;
use headcount_tokio::driver::core::manager::{Distributed, Options, Refusal, RosterShard, Spread};
use headcount_tokio::driver::core::twitch::connection::{End, Patience};
use headcount_tokio::driver::core::twitch::{
    Account, AccountKey, AccountLimits, Login, ManagerKey, PoolConfig, PoolEvent, Rate, Room, Say,
    SayOutcome,
};
use headcount_tokio::{Chat, ChatBuilder, ChatEvent, ErrorKind, Tokio};
use tokio::time::timeout;

const SECRET: &str = "s3cret";

/// What a test may take at most; none comes near.
const LIMIT: Duration = Duration::from_secs(60);

fn room(number: usize) -> Room {
    Room::new(&format!("room_{number}")).expect("a name")
}

fn account(secret: &str) -> Account {
    // A small window, so that a test need not wait for ten seconds.
    let limits = AccountLimits {
        joins: Rate::new(20, 1),
        message_gap: Duration::from_millis(100),
        ..AccountLimits::NORMAL
    };
    Account::new(Login::new("bot").expect("a name"), Some(Token::new(secret))).with_limits(limits)
}

/// A server with one account, ten times faster than the real one.
async fn server(options: TwitchOptions) -> TwitchServer {
    let options = TwitchOptions {
        accounts: vec![AccountPlan::new("bot", SECRET)],
        strangers: false,
        join_enforcement: JoinEnforcement::Kill,
        ..options
    };
    let config = TwitchServerConfig {
        speed: 10,
        ..TwitchServerConfig::default()
    };
    TwitchServer::start(options, 1, config)
        .await
        .expect("a port")
}

/// A bot in `rooms` rooms on shards of ten.
fn bot(server: &TwitchServer, rooms: usize, options: Options) -> (Chat, ManagerKey) {
    let builder = Chat::builder().url(server.ws_url());
    start(builder, rooms, options, SECRET)
}

fn start(
    mut builder: ChatBuilder,
    rooms: usize,
    options: Options,
    secret: &str,
) -> (Chat, ManagerKey) {
    let account = builder.account(account(secret));
    let spread = Spread {
        channels_per_shard: 10,
        max_shard_count: Some(3),
        initial_shard_count: 1,
    };
    let make = |_: &Options| Distributed::new(spread);
    let made = builder.manager(account, options, (0..rooms).map(room), make);
    let manager = made.expect("they fit");
    (builder.start().expect("a good URL"), manager)
}

/// Takes events until `wanted` says that it is the one.
async fn until<T>(chat: &mut Chat, mut wanted: impl FnMut(&ChatEvent) -> Option<T>) -> T {
    let found = async {
        loop {
            let event = chat.next().await.expect("the chat goes on");
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    };
    timeout(LIMIT, found).await.expect("in time")
}

/// Takes events until so many rooms were joined, and gives back those.
async fn joins(chat: &mut Chat, count: usize, anew: bool) -> BTreeSet<Room> {
    let mut rooms = BTreeSet::new();
    until(chat, |event| {
        if let ChatEvent::Pool(PoolEvent::Joined { room, again, .. }) = event {
            assert!(*again == anew && rooms.insert(*room), "{event:?}");
        }
        (rooms.len() == count).then_some(())
    })
    .await;
    rooms
}

async fn ended(chat: &mut Chat) {
    until(chat, |event| {
        matches!(event, ChatEvent::Pool(PoolEvent::Ended { .. })).then_some(())
    })
    .await;
}

fn loads(twitch: &Twitch) -> Vec<usize> {
    twitch.connections().map(|(_, _, rooms)| rooms).collect()
}

#[tokio::test]
async fn rooms_are_joined_and_messages_go_both_ways() {
    let server = server(TwitchOptions::default()).await;
    let (mut chat, manager) = bot(&server, 25, Options::default());
    joins(&mut chat, 25, false).await;
    assert_eq!(server.inspect(loads), [9, 8, 8]);
    let (room, from) = ("room_3".to_owned(), "ann".to_owned());
    server.act(TwitchAct::Say {
        room,
        from,
        text: "hi, bot".into(),
    });
    let line = until(&mut chat, |event| match event {
        ChatEvent::Heard(heard) => {
            let message = heard.message().expect("read before");
            (message.command() == "PRIVMSG").then(|| heard.line().to_owned())
        }
        _ => None,
    });
    assert!(
        line.await
            .ends_with(":ann!ann@ann.tmi.twitch.tv PRIVMSG #room_3 :hi, bot")
    );
    let handle = chat.handle();
    let id = handle
        .say(manager, Say::new(self::room(3), "hi, ann"))
        .expect("queued");
    let outcome = until(&mut chat, |event| match event {
        ChatEvent::Pool(PoolEvent::Said {
            id: said, outcome, ..
        }) if *said == id => Some(outcome.clone()),
        _ => None,
    });
    assert_eq!(outcome.await, SayOutcome::Accepted);
    assert_eq!(server.inspect(|twitch| twitch.said().len()), 1);
    assert_eq!(server.violations(), []);
    timeout(LIMIT, chat.shutdown()).await.expect("it ends");
    timeout(
        LIMIT,
        server.until(|twitch| twitch.connections().count() == 0),
    )
    .await
    .expect("gone");
}

#[tokio::test]
async fn a_lost_connection_gets_its_rooms_back() {
    let server = server(TwitchOptions::default()).await;
    let (mut chat, _) = bot(&server, 15, Options::default());
    joins(&mut chat, 15, false).await;
    let first = server.inspect(|twitch| twitch.connections().map(|(id, ..)| id).min());
    server.act(TwitchAct::Cut(Who::Connection(first.expect("one"))));
    let lost = until(&mut chat, |event| match event {
        ChatEvent::Pool(PoolEvent::LinkLost { end, .. }) => Some(*end),
        _ => None,
    });
    assert_eq!(lost.await, End::Closed);
    let back = joins(&mut chat, 8, true).await;
    assert_eq!(back.len(), 8);
    let mut loads = server.inspect(loads);
    loads.sort_unstable();
    assert_eq!(loads, [7, 8]);
    assert_eq!(server.violations(), []);
}

#[tokio::test]
async fn a_killed_shards_rooms_go_elsewhere() {
    let server = server(TwitchOptions::default()).await;
    let options = Options {
        move_off_after: Some(Duration::from_millis(100)),
        ..Options::default()
    };
    let (mut chat, manager) = bot(&server, 12, options);
    joins(&mut chat, 12, false).await;
    let handle = chat.handle();
    let shard = handle
        .roster(manager, |roster| roster.keys()[0])
        .expect("a manager");
    let lost = handle.roster(manager, |roster| {
        roster.get(shard).map_or(0, RosterShard::load)
    });
    handle.kill_shard(manager, shard);
    let mut back = 0;
    until(&mut chat, |event| {
        if let ChatEvent::Pool(PoolEvent::Joined { shard: new, .. }) = event {
            assert_ne!(*new, shard);
            back += 1;
        }
        (Some(back) == lost).then_some(())
    })
    .await;
    assert!((0..12).all(|number| handle.is_joined(manager, room(number))));
    assert_eq!(server.violations(), []);
}

#[tokio::test]
async fn a_reconnect_leaves_no_gap_and_no_duplicate() {
    let chatter = Some(1000);
    let server = server(TwitchOptions {
        chatter,
        ..TwitchOptions::default()
    })
    .await;
    let (mut chat, _) = bot(&server, 5, Options::default());
    joins(&mut chat, 5, false).await;
    let mut seen = BTreeSet::new();
    let mut note = |event: &ChatEvent| {
        let ChatEvent::Heard(heard) = event else {
            return;
        };
        let message = heard.message().expect("read before");
        if let Some(id) = message.tag("id").filter(|_| message.command() == "PRIVMSG") {
            assert!(seen.insert(id.raw().to_owned()), "twice: {id:?}");
        }
    };
    let messages = server.now() / 1000 * 5;
    let (who, after) = (Who::All, 20_000);
    server.act(TwitchAct::Reconnect { who, after });
    let mut moved = 0;
    until(&mut chat, |event| {
        note(event);
        moved += usize::from(matches!(
            event,
            ChatEvent::Pool(PoolEvent::HandedOver { .. })
        ));
        (moved == 5).then_some(())
    })
    .await;
    let old_is_gone = |twitch: &Twitch| loads(twitch) == [5];
    timeout(LIMIT, server.until(old_is_gone))
        .await
        .expect("the old one ends");
    for _ in 0..100 {
        until(&mut chat, |event| {
            note(event);
            Some(())
        })
        .await;
    }
    assert!(seen.len() >= 50, "{}", seen.len());
    // Numbers count up over all rooms: none is missing in between.
    let numbers = seen
        .iter()
        .map(|id| u64::from_str_radix(&id[24..], 16).expect("a number"));
    let numbers: Vec<u64> = numbers.filter(|number| *number > messages).collect();
    assert!(
        numbers.windows(2).all(|pair| pair[1] - pair[0] == 1),
        "{numbers:?}"
    );
    assert_eq!(server.violations(), []);
}

#[tokio::test]
async fn a_manager_stops_and_starts_again() {
    let server = server(TwitchOptions::default()).await;
    let (mut chat, manager) = bot(&server, 12, Options::default());
    joins(&mut chat, 12, false).await;
    let handle = chat.handle();
    handle.stop(manager).expect("it runs");
    ended(&mut chat).await;
    let empty = |twitch: &Twitch| twitch.connections().count() == 0;
    timeout(LIMIT, server.until(empty))
        .await
        .expect("all ended");
    assert!(handle.say(manager, Say::new(room(1), "hi")).is_err());
    handle.assign(manager, room(12)).expect("there are seats");
    handle.start(manager).expect("it can start again");
    let full = |twitch: &Twitch| loads(twitch).iter().sum::<usize>() == 13;
    timeout(LIMIT, server.until(full))
        .await
        .expect("all joined");
    handle.unassign(manager, room(12)).expect("it is assigned");
    let refused = handle.unassign(manager, room(12));
    assert_eq!(refused, Err(Refusal::NotAssigned(room(12))));
    let left = |twitch: &Twitch| twitch.crowd("room_12") == 0;
    timeout(LIMIT, server.until(left)).await.expect("left");
    assert_eq!(server.violations(), []);
}

#[tokio::test]
async fn a_bad_token_is_asked_for_anew_and_never_shown() {
    let server = server(TwitchOptions::default()).await;
    let builder = Chat::builder().url(server.ws_url());
    let (mut chat, _) = start(builder, 3, Options::default(), "0ld-s3cret");
    let mut emitted = String::new();
    let account: AccountKey = until(&mut chat, |event| {
        emitted.push_str(&format!("{event:?}"));
        match event {
            ChatEvent::WantToken(account) => Some(*account),
            _ => None,
        }
    })
    .await;
    emitted.push_str(&format!("{chat:?} {:?}", chat.handle()));
    assert!(
        emitted.contains("Login authentication failed") && !emitted.contains("s3cret"),
        "{emitted}"
    );
    chat.handle().set_token(account, SECRET);
    joins(&mut chat, 3, false).await;
}

#[tokio::test]
async fn a_slow_consumer_misses_messages_and_stays_connected() {
    let server = server(TwitchOptions {
        chatter: Some(100),
        ping_every: 2000,
        pong_within: 5000,
        ..TwitchOptions::default()
    })
    .await;
    let builder = Chat::builder().url(server.ws_url()).backlog(10);
    let (mut chat, _) = start(builder, 20, Options::default(), SECRET);
    joins(&mut chat, 20, false).await;
    // Twenty rooms with a hundred messages a second each: the channel is full at once.
    let later = server.now() + 20_000;
    let pinged = async {
        while server.now() < later {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    pinged.await;
    let missed = until(&mut chat, |event| match event {
        ChatEvent::Missed { messages } => Some(*messages),
        ChatEvent::Pool(PoolEvent::LinkLost { .. }) => panic!("{event:?}"),
        _ => None,
    });
    assert!(missed.await > 0);
    assert_eq!(server.violations(), []);
    assert_eq!(
        server.inspect(Twitch::opened),
        2,
        "nobody had to connect again"
    );
}

#[tokio::test]
async fn a_frozen_connection_is_noticed_and_replaced() {
    let server = server(TwitchOptions::default()).await;
    let config = PoolConfig {
        patience: Patience {
            silence: Duration::from_millis(500),
            pong: Duration::from_millis(500),
            ..Patience::default()
        },
        ..PoolConfig::default()
    };
    let builder = ChatBuilder::with_config(Tokio, config).url(server.ws_url());
    let (mut chat, _) = start(builder, 5, Options::default(), SECRET);
    joins(&mut chat, 5, false).await;
    server.act(TwitchAct::Freeze(Who::All));
    let lost = until(&mut chat, |event| match event {
        ChatEvent::Pool(PoolEvent::LinkLost { end, .. }) => Some(*end),
        _ => None,
    });
    assert_eq!(lost.await, End::Deaf);
    joins(&mut chat, 5, true).await;
}

#[tokio::test]
async fn a_url_that_cannot_be_dialled_is_an_error_at_once() {
    let builder = Chat::builder().url("irc://127.0.0.1");
    let error = builder.start().expect_err("no such scheme");
    assert_eq!(error.kind(), ErrorKind::Url);
}
