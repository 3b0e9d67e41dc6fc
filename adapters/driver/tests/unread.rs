//! Answers that lie in the socket when their deadline comes: nothing is late before it was read.

use std::time::Duration;

use headcount_driver::core::chunk::{FinishReason, MemberQuery};
use headcount_driver::core::id::{GuildId, UserId};
use headcount_driver::core::{Event, Intents};
use headcount_driver::{Bot, BotEvent, Builder};
use serde_json::json;

mod memory;
use memory::{Gateway, Listener, Memory, PLAIN, info, memory};

async fn started(buffer: usize) -> (Bot<Memory>, Gateway, Listener) {
    let (runtime, mut listener) = memory();
    let intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    let builder = Builder::new(runtime, "token", intents)
        .gateway(info(1))
        .compression(PLAIN)
        .event_buffer(buffer);
    let bot = builder.connect().await.expect("started");
    let mut gateway = listener.accept().await;
    gateway.begin("s").await;
    (bot, gateway, listener)
}

#[tokio::test(start_paused = true)]
async fn an_answer_behind_a_backlog_is_not_late() {
    let (mut bot, mut gateway, _listener) = started(1_000).await;
    tokio::spawn(async move { while bot.next().await.is_some() {} });
    assert_eq!(gateway.any().await["op"], 1);
    // The host is busy with something else until the next beat is due.
    for at in 0..300 {
        gateway.dispatch("TYPING_START", json!({ "at": at })).await;
    }
    gateway.send(json!({"op": 11})).await;
    tokio::time::advance(Duration::from_secs(40)).await;
    let beat = gateway.any().await;
    assert_eq!(beat["op"], 1, "on the same connection: {beat}");
    assert!(
        beat["d"].as_u64() < Some(301),
        "sent before all was read: {beat}"
    );
    // The answer to this one is missing, and nothing lies unread.
    assert_eq!(gateway.closed().await, Some(4000));
}

#[tokio::test(start_paused = true)]
async fn members_that_a_slow_consumer_leaves_unread_are_not_asked_for_again() {
    let (mut bot, mut gateway, _listener) = started(1).await;
    let begun = |event: &BotEvent| matches!(event.event, Event::ShardReady(_));
    while !begun(&bot.next().await.expect("the bot runs")) {}
    let handle = bot.handle();
    let (guild, user) = (GuildId::new(7).expect("not zero"), UserId::new(9));
    let query = MemberQuery::Users(vec![user.expect("not zero")]);
    let request = handle.request_members(guild, query, false).expect("queued");
    let asked = gateway.expect(8).await;
    for at in 0..100 {
        gateway.dispatch("TYPING_START", json!({ "at": at })).await;
    }
    let chunk = json!({
        "guild_id": "7", "members": [], "not_found": ["9"], "chunk_index": 0, "chunk_count": 1,
        "nonce": asked["d"]["nonce"],
    });
    gateway.dispatch("GUILD_MEMBERS_CHUNK", chunk).await;
    for _ in 0..10 {
        let beat = gateway.any().await;
        assert_eq!(beat["op"], 1, "nothing but beats: {beat}");
    }
    loop {
        let event = bot.next().await.expect("the bot runs").event;
        if let Event::ChunkRequestFinished(end) = event {
            assert_eq!(end.request, Some(request));
            assert_eq!((end.reason, end.attempts), (FinishReason::Complete, 1));
            return;
        }
    }
}
