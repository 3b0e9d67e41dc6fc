//! One bot in several processes, against scripted gateways, on virtual time: the table of leases is
//! in memory, and a process ends when its tasks are aborted.

use std::time::Duration;

use headcount_driver::core::session::OnStop;
use headcount_driver::core::wire::Name;
use headcount_driver::core::{Event, ShardId};
use headcount_driver::{Bot, Error, ErrorKind};
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

mod asking;
mod faults;
mod lives;
#[path = "../memory/mod.rs"]
mod memory;
mod process;
mod recording;
mod rows;
mod service;
mod shelf;
mod snapshots;
mod table;
mod unable;
mod whole;

use memory::{Gateway, Listener};
use process::Process;
use service::{Service, Visit};
use table::Table;

const SECOND: Duration = Duration::from_secs(1);

/// The names and numbers of the next dispatches, until none comes for so long.
async fn dispatches(bot: &mut Bot<Process>, wait: Duration) -> Vec<(Name, u64)> {
    let mut all = Vec::new();
    while let Ok(Some(event)) = timeout(wait, bot.next()).await {
        if let Event::Dispatch(it) = event.event {
            all.push((it.name(), it.sequence().expect("a sequence")));
        }
    }
    all
}

async fn send_typing(gateway: &mut Gateway, count: u64) {
    for number in 0..count {
        let data = json!({ "number": number });
        gateway.dispatch("TYPING_START", data).await;
    }
}

/// The first process's bot of one shard in a session, whose events are all taken.
async fn settled(table: &Table) -> (Process, Bot<Process>, Listener, Gateway) {
    let (process, mut listener) = Process::new();
    let mut bot = table.builder(&process, 1).connect().await.expect("started");
    let mut gateway = beside(&mut bot, listener.accept()).await;
    // Nobody answers heartbeats, of which there is one in ten minutes.
    gateway.hello(600 * SECOND).await;
    gateway.expect(2).await;
    gateway.ready("shared").await;
    send_typing(&mut gateway, 3).await;
    let taken = dispatches(&mut bot, 5 * SECOND).await;
    assert_eq!(taken.last(), Some(&(Name::TypingStart, 4)));
    (process, bot, listener, gateway)
}

/// Something that comes while the events of a bot are taken.
async fn beside<T>(bot: &mut Bot<Process>, comes: impl Future<Output = T>) -> T {
    let taken = async { while bot.next().await.is_some() {} };
    tokio::select! {
        it = comes => it,
        () = taken => panic!("the bot has ended"),
    }
}

/// A resume of the session, and from which sequence.
async fn resumed(bot: &mut Bot<Process>, listener: &mut Listener) -> (Gateway, u64) {
    let mut gateway = beside(bot, listener.accept()).await;
    gateway.hello(40 * SECOND).await;
    let resume = gateway.expect(6).await;
    assert_eq!(resume["d"]["session_id"], "shared");
    let sequence = resume["d"]["seq"].as_u64().expect("a sequence");
    (gateway, sequence)
}

#[tokio::test(start_paused = true)]
async fn heartbeats_carry_what_the_table_has() {
    let table = Table::default();
    let (_process, mut bot, _listener, mut gateway) = settled(&table).await;
    let began = Instant::now();
    let mut beat = beside(&mut bot, gateway.any()).await;
    gateway.send(json!({"op": 11})).await;
    if began.elapsed() < 20 * SECOND {
        // The first one comes at a random time, and the table may not have had all by then.
        beat = beside(&mut bot, gateway.any()).await;
        gateway.send(json!({"op": 11})).await;
    }
    assert_eq!(beat, json!({"op": 1, "d": 4}));
    send_typing(&mut gateway, 2).await;
    // Nobody takes them.
    sleep(550 * SECOND).await;
    assert_eq!(gateway.any().await, json!({"op": 1, "d": 4}));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_hands_a_shard_over_at_once_with_what_was_taken_last() {
    let table = Table::default();
    let (_process, bot, _listener, mut gateway) = settled(&table).await;
    let (other, mut listener) = Process::new();
    let mut second = table.builder(&other, 1).connect().await.expect("started");
    sleep(3 * SECOND).await;
    let closed = tokio::spawn(async move { gateway.closed().await });
    let began = Instant::now();
    let ended = bot.shutdown(OnStop::Resume);
    let (ended, (_gateway, sequence)) = tokio::join!(ended, resumed(&mut second, &mut listener));
    ended.expect("it ends");
    assert_eq!(sequence, 4);
    assert!(began.elapsed() <= 5 * SECOND, "{:?}", began.elapsed());
    let code = closed.await.expect("served").expect("a code");
    assert!(code != 1000 && code != 1001, "{code}");
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_that_ends_the_session_leaves_none_to_resume() {
    let table = Table::default();
    let (_process, bot, _listener, mut gateway) = settled(&table).await;
    let closed = tokio::spawn(async move { gateway.closed().await });
    bot.shutdown(OnStop::End).await.expect("it ends");
    assert_eq!(closed.await.expect("served"), Some(1000));
    let (other, mut listener) = Process::new();
    let mut second = table.builder(&other, 1).connect().await.expect("started");
    let mut gateway = beside(&mut second, listener.accept()).await;
    gateway.begin("another").await;
}

/// So many that some fall to each of two processes, whatever the numbers are that those draw.
const SPREAD: u32 = 20;

#[tokio::test(start_paused = true)]
async fn shards_are_spread_each_identifies_once_and_in_order_and_moves_resume() {
    let table = Table::default();
    let service = Service::default();
    let (first, listener) = Process::new();
    let mut bot = table
        .builder(&first, SPREAD)
        .connect()
        .await
        .expect("started");
    service.serve(1, listener);
    tokio::spawn(async move { while bot.next().await.is_some() {} });
    sleep(150 * SECOND).await;
    let visits = service.visits();
    let shards: Vec<u32> = visits.iter().map(|visit| visit.shard).collect();
    assert!(shards.iter().copied().eq(0..SPREAD), "in order: {shards:?}");
    for pair in visits.windows(2) {
        assert!(pair[1].at - pair[0].at >= 5 * SECOND, "{visits:?}");
    }
    let (second, listener) = Process::new();
    let mut bot = table
        .builder(&second, SPREAD)
        .connect()
        .await
        .expect("started");
    service.serve(2, listener);
    tokio::spawn(async move { while bot.next().await.is_some() {} });
    sleep(150 * SECOND).await;
    let moved: Vec<Visit> = service.visits().split_off(shards.len());
    assert!((1..shards.len()).contains(&moved.len()), "{moved:?}");
    for visit in &moved {
        assert!(visit.resumed && visit.process == 2, "{visit:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_shard_that_is_stopped_by_hand_is_given_back_and_begins_again_by_hand() {
    let table = Table::default();
    let (_process, mut bot, mut listener, mut gateway) = settled(&table).await;
    let handle = bot.handle();
    handle
        .stop_shard(ShardId::ONE, OnStop::Resume)
        .expect("it runs");
    let closed = tokio::spawn(async move { gateway.closed().await });
    dispatches(&mut bot, 20 * SECOND).await;
    closed.await.expect("served").expect("a code");
    assert!(!listener.is_dialled());
    handle.start_shard(ShardId::ONE).expect("it has ended");
    let (_gateway, sequence) = resumed(&mut bot, &mut listener).await;
    assert_eq!(sequence, 4);
}

#[tokio::test(start_paused = true)]
async fn a_process_whose_shards_have_all_ended_by_themselves_ends() {
    let table = Table::default();
    let (_process, mut bot, _listener, mut gateway) = settled(&table).await;
    gateway.close(4004).await;
    let ended = async { while bot.next().await.is_some() {} };
    timeout(30 * SECOND, ended).await.expect("the bot ends");
    let outcome = bot.outcome().expect_err("it was refused");
    assert!(matches!(outcome.kind(), ErrorKind::Halted(_)), "{outcome}");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_go_with_a_table_of_leases_is_refused() {
    let table = Table::default();
    let (process, _listener) = Process::new();
    let refused = |result: Result<Bot<Process>, Error>| match result {
        Ok(_) => panic!("it was started"),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Config, "{error}"),
    };
    let folder = tempfile::tempdir().expect("a folder");
    refused(
        table
            .builder(&process, 1)
            .state(folder.path())
            .connect()
            .await,
    );
    let short = table.builder(&process, 1);
    refused(short.lease_config(|it| it.lease = SECOND).connect().await);
}
