//! Who is asked for all members is known to the next owner of a shard, also where it has no session
//! to go on with.

use headcount_driver::core::Intents;
use headcount_driver::core::session::OnStop;
use headcount_driver::core::setup::AutoChunk;
use headcount_driver::{Bot, Builder};
use serde_json::json;
use tokio::time::Instant;

use super::memory::{Gateway, Listener};
use super::process::Process;
use super::table::Table;
use super::{SECOND, beside};

fn builder(table: &Table, process: &Process) -> Builder<Process> {
    let intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    let builder = table.builder_with(process, 1, intents);
    builder.chunking(AutoChunk::All)
}

/// A session begins, in which a guild comes that is to be asked.
async fn deliver(gateway: &mut Gateway, session: &str) {
    begin(gateway, session).await;
    create(gateway).await;
}

async fn begin(gateway: &mut Gateway, session: &str) {
    // Nobody answers heartbeats, of which there is one in ten minutes.
    gateway.hello(600 * SECOND).await;
    gateway.expect(2).await;
    gateway
        .ready_with(session, json!([{"id": "1", "unavailable": true}]))
        .await;
}

async fn create(gateway: &mut Gateway) {
    let create = json!({"id": "1", "name": "room", "member_count": 2, "large": false,
        "members": [], "roles": [], "channels": []});
    gateway.dispatch("GUILD_CREATE", create).await;
}

/// The bot ends its session as soon as it has asked. When it did.
async fn ends_once_it_has_asked(mut bot: Bot<Process>, mut gateway: Gateway) -> Instant {
    beside(&mut bot, gateway.expect(8)).await;
    let asked = Instant::now();
    let closed = tokio::spawn(async move { gateway.closed().await });
    bot.shutdown(OnStop::End).await.expect("it ends");
    assert_eq!(closed.await.expect("served"), Some(1000));
    asked
}

/// The next owner asks the same guild no sooner than it may, and not much later.
async fn waits(mut next: Bot<Process>, mut listener: Listener, asked: Instant) {
    let mut gateway = beside(&mut next, listener.accept()).await;
    beside(&mut next, deliver(&mut gateway, "second")).await;
    beside(&mut next, gateway.expect(8)).await;
    let apart = asked.elapsed();
    assert!(apart >= 30 * SECOND && apart < 50 * SECOND, "{apart:?}");
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_ends_its_session_leaves_behind_whom_it_has_asked() {
    let table = Table::default();
    let (process, mut listener) = Process::new();
    let mut bot = builder(&table, &process).connect().await.expect("started");
    let mut gateway = beside(&mut bot, listener.accept()).await;
    deliver(&mut gateway, "first").await;
    let asked = ends_once_it_has_asked(bot, gateway).await;
    let (other, listener) = Process::new();
    let next = builder(&table, &other).connect().await.expect("started");
    waits(next, listener, asked).await;
}

#[tokio::test(start_paused = true)]
async fn a_process_that_has_long_waited_for_a_shard_asks_nobody_too_soon() {
    let table = Table::default();
    let (process, mut listener) = Process::new();
    let mut bot = builder(&table, &process).connect().await.expect("started");
    let mut gateway = beside(&mut bot, listener.accept()).await;
    beside(&mut bot, begin(&mut gateway, "first")).await;
    let (other, listener) = Process::new();
    let next = builder(&table, &other).connect().await.expect("started");
    beside(&mut bot, tokio::time::sleep(300 * SECOND)).await;
    create(&mut gateway).await;
    let asked = ends_once_it_has_asked(bot, gateway).await;
    waits(next, listener, asked).await;
}
