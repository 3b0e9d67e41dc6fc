//! Who is asked for all members is known to the next owner of a shard, also where it has no session
//! to go on with.

use headcount_driver::Builder;
use headcount_driver::core::Intents;
use headcount_driver::core::session::OnStop;
use headcount_driver::core::setup::AutoChunk;
use serde_json::json;
use tokio::time::Instant;

use super::memory::Gateway;
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

#[tokio::test(start_paused = true)]
async fn an_owner_that_ends_its_session_leaves_behind_whom_it_has_asked() {
    let table = Table::default();
    let (process, mut listener) = Process::new();
    let mut bot = builder(&table, &process).connect().await.expect("started");
    let mut gateway = beside(&mut bot, listener.accept()).await;
    deliver(&mut gateway, "first").await;
    beside(&mut bot, gateway.expect(8)).await;
    let began = Instant::now();
    let closed = tokio::spawn(async move { gateway.closed().await });
    bot.shutdown(OnStop::End).await.expect("it ends");
    assert_eq!(closed.await.expect("served"), Some(1000));
    let (other, mut listener) = Process::new();
    let mut second = builder(&table, &other).connect().await.expect("started");
    let mut gateway = beside(&mut second, listener.accept()).await;
    beside(&mut second, deliver(&mut gateway, "second")).await;
    beside(&mut second, gateway.expect(8)).await;
    let apart = began.elapsed();
    assert!(apart >= 30 * SECOND && apart < 50 * SECOND, "{apart:?}");
}

#[tokio::test(start_paused = true)]
async fn a_process_that_has_long_waited_for_a_shard_asks_nobody_too_soon() {
    let table = Table::default();
    let (process, mut listener) = Process::new();
    let mut bot = builder(&table, &process).connect().await.expect("started");
    let mut gateway = beside(&mut bot, listener.accept()).await;
    beside(&mut bot, begin(&mut gateway, "first")).await;
    let (other, mut listener) = Process::new();
    let mut second = builder(&table, &other).connect().await.expect("started");
    beside(&mut bot, tokio::time::sleep(300 * SECOND)).await;
    create(&mut gateway).await;
    beside(&mut bot, gateway.expect(8)).await;
    let began = Instant::now();
    let closed = tokio::spawn(async move { gateway.closed().await });
    bot.shutdown(OnStop::End).await.expect("it ends");
    assert_eq!(closed.await.expect("served"), Some(1000));
    let mut gateway = beside(&mut second, listener.accept()).await;
    beside(&mut second, deliver(&mut gateway, "second")).await;
    beside(&mut second, gateway.expect(8)).await;
    let apart = began.elapsed();
    assert!(apart >= 30 * SECOND && apart < 50 * SECOND, "{apart:?}");
}
