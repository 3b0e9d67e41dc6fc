//! Waiting for a bot's events and listening to them, beside its consumer, on virtual time.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use headcount_driver::core::chunk::FinishReason;
use headcount_driver::core::error::RequestError;
use headcount_driver::core::id::{ChannelId, GuildId, UserId};
use headcount_driver::core::interest::Filter;
use headcount_driver::core::session::OnStop;
use headcount_driver::core::setup::Outcome;
use headcount_driver::core::wire::Name;
use headcount_driver::core::{Event, Intents};
use headcount_driver::{Bot, BotEvent, Builder, Handle, ListenError, WaitError};
use serde_json::{Value, json};

mod memory;
use memory::{Gateway, Listener, Memory, PLAIN, info, memory};

const SECOND: Duration = Duration::from_secs(1);

fn guild() -> GuildId {
    GuildId::new(7).expect("not zero")
}

/// A bot whose READY lists one guild, which has not come.
async fn started() -> (Bot<Memory>, Gateway, Listener) {
    let (runtime, mut listener) = memory();
    let intents = Intents::GUILDS | Intents::GUILD_MEMBERS | Intents::GUILD_MESSAGES;
    let builder = Builder::new(runtime, "token", intents).gateway(info(1));
    let bot = builder.compression(PLAIN).connect().await.expect("started");
    let mut gateway = listener.accept().await;
    gateway.hello(Duration::from_secs(4000)).await;
    gateway.expect(2).await;
    let guilds = json!([{"id": "7", "unavailable": true}]);
    gateway.ready_with("s", guilds).await;
    (bot, gateway, listener)
}

async fn guild_comes(gateway: &mut Gateway) {
    let create = json!({"id": "7", "name": "room", "member_count": 1, "members": [member(1)],
        "channels": [], "roles": []});
    gateway.dispatch("GUILD_CREATE", create).await;
}

fn member(id: u64) -> Value {
    json!({"user": {"id": id.to_string(), "username": "u"}, "roles": [],
        "joined_at": "2020-01-01T00:00:00+00:00", "deaf": false, "mute": false})
}

fn message(number: u64, channel: u64, author: u64) -> Value {
    json!({"id": number.to_string(), "channel_id": channel.to_string(), "guild_id": "7",
        "author": {"id": author.to_string()}, "content": format!("message {number}")})
}

fn content(event: &BotEvent) -> String {
    match &event.event {
        Event::Dispatch(dispatch) => {
            let data: Value = dispatch.parse().expect("JSON");
            data["content"].as_str().unwrap_or_default().to_owned()
        }
        other => panic!("{other:?}"),
    }
}

/// Takes events until one of this name has come.
async fn take_until(bot: &mut Bot<Memory>, name: Name) -> BotEvent {
    loop {
        let event = bot.next().await.expect("the bot runs");
        if matches!(&event.event, Event::Dispatch(dispatch) if dispatch.name() == name) {
            return event;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_event_that_was_waited_for_comes_to_the_consumer_too() {
    let (mut bot, mut gateway, _listener) = started().await;
    let channel = ChannelId::new(2).expect("not zero");
    let user = UserId::new(3).expect("not zero");
    let filter = Filter::named(Name::MessageCreate)
        .in_channel(channel)
        .of_user(user);
    let answer = bot.handle().wait_for(filter.in_guild(guild()), SECOND);
    for (number, channel, author) in [(10, 2, 4), (11, 5, 3), (12, 2, 3), (13, 2, 3)] {
        gateway
            .dispatch("MESSAGE_CREATE", message(number, channel, author))
            .await;
    }
    assert_eq!(content(&answer.await.expect("it came")), "message 12");
    for number in 10..=13 {
        let event = take_until(&mut bot, Name::MessageCreate).await;
        assert_eq!(content(&event), format!("message {number}"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_after_its_time_and_with_the_bot() {
    let (mut bot, _gateway, _listener) = started().await;
    let handle = bot.handle();
    let start = tokio::time::Instant::now();
    let none = || Filter::named(Name::TypingStart);
    let elapsed = handle.wait_for(none(), 5 * SECOND).await;
    assert_eq!(elapsed.expect_err("nothing came"), WaitError::Elapsed);
    assert_eq!(start.elapsed(), 5 * SECOND);
    let waiting = handle.wait_for(none(), Duration::MAX);
    let ready = handle.ready();
    let listening = handle.listen(none());
    handle.stop(OnStop::End);
    while bot.next().await.is_some() {}
    assert_eq!(waiting.await.expect_err("ended"), WaitError::Ended);
    assert_eq!(ready.await.expect_err("ended"), WaitError::Ended);
    assert!(listening.expect("room").next().await.is_none());
    let late = handle.wait_for(none(), SECOND).await;
    assert_eq!(late.expect_err("ended"), WaitError::Ended);
    assert!(handle.listen(none()).expect("room").next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_is_behind_is_told_how_much_it_lost() {
    let (mut bot, mut gateway, _listener) = started().await;
    let handle = bot.handle();
    let listen = || {
        handle
            .listen(Filter::named(Name::MessageCreate))
            .expect("room")
    };
    let (mut slow, mut other) = (listen(), listen());
    for number in 1..=300 {
        gateway
            .dispatch("MESSAGE_CREATE", message(number, 2, 3))
            .await;
        take_until(&mut bot, Name::MessageCreate).await;
    }
    let next = slow.next().await.expect("more");
    assert_eq!(next.expect_err("behind"), ListenError::Lagged(300 - 256));
    for number in 45..=300 {
        let event = slow.next().await.expect("more").expect("an event");
        assert_eq!(content(&event), format!("message {number}"));
        if number == 45 {
            other.next().await.expect("lagged").expect_err("behind");
            let same = other.next().await.expect("more").expect("an event");
            assert!(Arc::ptr_eq(&event, &same), "copied once for all");
        }
    }
    assert!(slow.next().now_or_never().is_none());
    // Large events are bounded in bytes.
    let large = json!({"id": "1", "channel_id": "2", "content": "x".repeat(400 << 10)});
    for _ in 0..4 {
        gateway.dispatch("MESSAGE_CREATE", large.clone()).await;
        take_until(&mut bot, Name::MessageCreate).await;
    }
    let next = slow.next().await.expect("more");
    assert_eq!(next.expect_err("behind"), ListenError::Lagged(2));
}

#[tokio::test(start_paused = true)]
async fn as_many_listen_as_may_and_no_more() {
    let (bot, _gateway, _listener) = started().await;
    let handle = bot.handle();
    let mut all: Vec<_> = (0..1024)
        .map(|_| handle.listen(Filter::any()).expect("room"))
        .collect();
    let refused = handle
        .wait_for(Filter::any(), SECOND)
        .await
        .expect_err("full");
    assert!(
        matches!(refused, WaitError::Full(full) if full.bound == 1024),
        "{refused}"
    );
    all.pop();
    assert!(
        handle.listen(Filter::any()).is_ok(),
        "dropping one makes room"
    );
}

#[tokio::test(start_paused = true)]
async fn a_predicate_that_panics_ends_its_own_wait_alone() {
    let (mut bot, mut gateway, _listener) = started().await;
    let handle = bot.handle();
    let bad = handle.wait_for(Filter::any().when(|_| panic!("bad predicate")), SECOND);
    let good = handle.wait_for(Filter::named(Name::TypingStart), SECOND);
    gateway
        .dispatch("TYPING_START", json!({"channel_id": "2"}))
        .await;
    assert!(good.await.is_ok());
    match bad.await.expect_err("panicked") {
        WaitError::Panicked(panicked) => assert_eq!(panicked.message(), "bad predicate"),
        other => panic!("{other:?}"),
    }
    take_until(&mut bot, Name::TypingStart).await;
}

/// Answers the next member request with this many members.
async fn answer(gateway: &mut Gateway, members: u64) {
    let request = gateway.expect(8).await;
    let members: Vec<Value> = (1..=members).map(member).collect();
    let chunk = json!({"guild_id": "7", "members": members, "chunk_index": 0, "chunk_count": 1,
        "nonce": request["d"]["nonce"]});
    gateway.dispatch("GUILD_MEMBERS_CHUNK", chunk).await;
}

/// Takes all events of a bot in a task of its own.
fn consume(mut bot: Bot<Memory>) -> Handle {
    let handle = bot.handle();
    tokio::spawn(async move { while bot.next().await.is_some() {} });
    handle
}

#[tokio::test(start_paused = true)]
async fn members_a_guild_and_the_bot_are_waited_for() {
    let (bot, mut gateway, _listener) = started().await;
    let handle = consume(bot);
    let (guild_ready, ready) = (handle.guild_ready(guild()), handle.ready());
    let mut guild_ready = Box::pin(guild_ready);
    assert!((&mut guild_ready).now_or_never().is_none());
    guild_comes(&mut gateway).await;
    let first = guild_ready.await.expect("it is there");
    assert_eq!((first.guild, &first.outcome), (guild(), &Outcome::Complete));
    assert_eq!(ready.await.expect("ready").ready, 1);
    let again = handle.guild_ready(guild()).await.expect("it is there");
    assert_eq!(
        (&again.outcome, again.members),
        (&first.outcome, first.members)
    );
    assert_eq!(handle.ready().await.expect("ready").ready, 1);

    let members = handle.members(guild());
    answer(&mut gateway, 5).await;
    let finished = members.await.expect("it has ended");
    assert_eq!(
        (finished.members, finished.reason),
        (5, FinishReason::Complete)
    );
    assert_eq!(handle.cache(|store| store.members(guild()).count()), 5);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_asked_is_refused_at_once() {
    let (runtime, mut listener) = memory();
    let builder = Builder::new(runtime, "token", Intents::GUILDS).gateway(info(2));
    let builder = builder.shards(0..1, 2).compression(PLAIN);
    let bot = builder.connect().await.expect("started");
    let mut gateway = listener.accept().await;
    gateway.begin("s").await;
    let handle = consume(bot);
    let elsewhere = GuildId::new(1 << 22).expect("not zero");
    let refused = WaitError::Refused(RequestError::OtherShard(elsewhere));
    assert_eq!(
        handle.guild_ready(elsewhere).await.expect_err("elsewhere"),
        refused
    );
    assert_eq!(
        handle.members(elsewhere).await.expect_err("elsewhere"),
        refused
    );
    let missing = RequestError::MissingIntents(Intents::GUILD_MEMBERS);
    let refused = handle.members(guild()).await.expect_err("no intent");
    assert_eq!(refused, WaitError::Refused(missing));
}
