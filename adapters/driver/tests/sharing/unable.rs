//! Processes that cannot do what others can.

use headcount_driver::core::ShardId;
use headcount_driver::core::fleet::lease::LeaseKey;
use headcount_driver::core::manager::Placement;
use headcount_driver::core::session::OnStop;
use headcount_driver::{Bot, Builder, ErrorKind};
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use crate::memory::Listener;
use crate::process::Process;
use crate::service::Service;
use crate::table::Table;
use crate::{SECOND, beside, settled};

fn take_all(mut bot: Bot<Process>) {
    tokio::spawn(async move { while bot.next().await.is_some() {} });
}

/// A bot of two shards of which this process runs one; they share one bucket.
async fn one_of_two(table: &Table, process: &Process, number: u32) -> Bot<Process> {
    let builder = table.builder(process, 2);
    let builder = builder.placement(Placement::Numbers([number].into()));
    builder.connect().await.expect("started")
}

async fn identified(bot: &mut Bot<Process>, listener: &mut Listener) -> Instant {
    let mut gateway = beside(bot, listener.accept()).await;
    gateway.begin("second").await;
    let at = Instant::now();
    tokio::spawn(async move { gateway.closed().await });
    at
}

#[tokio::test(start_paused = true)]
async fn a_process_that_cannot_dial_keeps_nobody_from_identifying() {
    let table = Table::default();
    let (process, listener) = Process::new();
    drop(listener);
    take_all(one_of_two(&table, &process, 0).await);
    sleep(20 * SECOND).await;
    let (other, mut listener) = Process::new();
    let mut second = one_of_two(&table, &other, 1).await;
    let identified = identified(&mut second, &mut listener);
    timeout(60 * SECOND, identified)
        .await
        .expect("it is let in");
}

#[tokio::test(start_paused = true)]
async fn an_identify_on_its_way_counts_though_its_shard_is_stopped() {
    let table = Table::default();
    let (process, mut listener) = Process::with_narrow_pipes();
    let mut bot = one_of_two(&table, &process, 0).await;
    let (other, mut other_listener) = Process::new();
    let mut second = one_of_two(&table, &other, 1).await;
    let mut gateway = beside(&mut bot, listener.accept()).await;
    gateway.hello(40 * SECOND).await;
    sleep(SECOND).await;
    let handle = bot.handle();
    handle
        .stop_shard(ShardId::new(0, 2), OnStop::End)
        .expect("it runs");
    take_all(bot);
    sleep(3 * SECOND).await;
    assert!(!other_listener.is_dialled(), "one may be on its way");
    gateway.expect(2).await;
    let first = Instant::now();
    tokio::spawn(async move { gateway.closed().await });
    let second = identified(&mut second, &mut other_listener).await;
    assert!(second - first >= 5 * SECOND, "{:?}", second - first);
}

#[tokio::test(start_paused = true)]
async fn shard_that_one_process_cannot_run() {
    let table = Table::default();
    let mut service = Service::default();
    service.refuses = Some(1);
    for number in 1..=2 {
        let (process, listener) = Process::new();
        service.serve(number, listener);
        take_all(table.builder(&process, 8).connect().await.expect("started"));
        sleep(60 * SECOND).await;
    }
    for shard in (1..8).step_by(2) {
        let visits = service.visits();
        let mut visits = visits.iter().filter(|visit| visit.shard == shard);
        assert!(visits.any(|visit| visit.process == 2), "shard {shard}");
    }
}

fn of_three(table: &Table, process: &Process) -> Builder<Process> {
    table.builder(process, 3)
}

#[tokio::test(start_paused = true)]
async fn another_number_of_shards() {
    let table = Table::default();
    let (process, _listener) = Process::new();
    let first = table.builder(&process, 2).connect().await.expect("started");
    sleep(5 * SECOND).await;
    let (other, _other_listener) = Process::new();
    let second = of_three(&table, &other).connect().await.expect("started");
    assert_eq!(second.handle().shards().count(), 2);
    let by_hand = of_three(&table, &other).shards(0..3, 3).connect().await;
    let error = by_hand.expect_err("guilds would come twice");
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    process.kill();
    other.kill();
    drop((first, second));
    // Nobody lives who runs two.
    let (third, _listener) = Process::new();
    let third = of_three(&table, &third).connect().await.expect("started");
    assert_eq!(third.handle().shards().count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_record_of_a_later_version_is_left_as_it_is_to_who_can_read_it() {
    let table = Table::default();
    let (process, bot, _listener, gateway) = settled(&table).await;
    let key = LeaseKey::Shard(ShardId::ONE);
    process.kill();
    drop((bot, gateway));
    let mut record: Value = serde_json::from_slice(&table.value(key)).expect("JSON");
    record["version"] = 2.into();
    let record = record.to_string();
    table.set_value(key, record.as_bytes());
    let (other, mut listener) = Process::new();
    let mut second = table.builder(&other, 1).connect().await.expect("started");
    let dialled = timeout(60 * SECOND, beside(&mut second, listener.raw())).await;
    assert!(dialled.is_err(), "its session would be lost");
    assert_eq!(*table.value(key), *record.as_bytes());
    let owner = |bot: &Bot<Process>| bot.handle().owners().expect("of several").shards[0].1;
    assert_eq!(owner(&second), None, "it is free for others");
}

#[tokio::test(start_paused = true)]
async fn shards_of_others_are_looked_at_with_few_questions() {
    const SHARDS: u32 = 60;
    let table = Table::default();
    let (process, _listener) = Process::new();
    let all = Placement::Numbers((0..SHARDS).collect());
    let first = table.builder(&process, SHARDS).placement(all);
    take_all(first.connect().await.expect("started"));
    sleep(15 * SECOND).await;
    let (other, _other_listener) = Process::new();
    let second = table
        .builder(&other, SHARDS)
        .connect()
        .await
        .expect("started");
    let answers = || second.handle().metrics().leases.answers;
    sleep(5 * SECOND).await;
    let before = answers();
    sleep(10 * SECOND).await;
    let asked = answers() - before;
    // Each shard about twice a second, and the list of processes.
    assert!((20..60).contains(&asked), "{asked} questions");
}
