//! The bot as a whole: what is said of it once, and what is seen of it from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use headcount_driver::core::Event;
use headcount_driver::core::session::{Halt, OnStop, Phase};
use headcount_driver::metrics::{Metric, SampleValue};
use headcount_driver::{Bot, Handle, OnResume, ShardOwner, ShardState};
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::process::Process;
use crate::service::Service;
use crate::table::Table;
use crate::{SECOND, beside, dispatches, settled};

/// How often all guilds were said to be set up, and the bot to be ready.
#[derive(Clone, Default)]
struct Said(Arc<[AtomicUsize; 2]>);

impl Said {
    fn listen(&self, mut bot: Bot<Process>) {
        let said = self.clone();
        tokio::spawn(async move {
            while let Some(event) = bot.next().await {
                match event.event {
                    Event::FinishedChunking(_) => said.0[0].fetch_add(1, Ordering::SeqCst),
                    Event::BotReady(_) => said.0[1].fetch_add(1, Ordering::SeqCst),
                    _ => 0,
                };
            }
        });
    }

    fn counts(&self) -> [usize; 2] {
        [0, 1].map(|at| self.0[at].load(Ordering::SeqCst))
    }
}

#[tokio::test(start_paused = true)]
async fn the_whole_bot_is_ready_once_over_all_its_processes() {
    let (table, service, said) = (Table::default(), Service::default(), Said::default());
    let mut processes = Vec::new();
    for number in 0..3 {
        let (process, listener) = Process::new();
        service.serve(number, listener);
        said.listen(table.builder(&process, 6).connect().await.expect("started"));
        processes.push(process);
    }
    let five = async {
        while service.visits().len() < 5 {
            sleep(SECOND).await;
        }
    };
    let came = timeout(600 * SECOND, five).await;
    assert!(came.is_ok(), "{:?}", service.visits());
    assert_eq!(said.counts(), [0, 0], "one shard is missing");
    sleep(60 * SECOND).await;
    assert_eq!(said.counts(), [1, 1]);
    processes.remove(0).kill();
    let (process, listener) = Process::new();
    service.serve(3, listener);
    said.listen(table.builder(&process, 6).connect().await.expect("started"));
    sleep(60 * SECOND).await;
    assert_eq!(said.counts(), [1, 1], "whoever comes and goes");
}

#[tokio::test(start_paused = true)]
async fn owners_are_seen_from_outside() {
    let table = Table::default();
    let (process, bot, _listener, _gateway) = settled(&table).await;
    let (other, _other_listener) = Process::new();
    let second = table.builder(&other, 1).connect().await.expect("started");
    sleep(5 * SECOND).await;
    let (first, second) = (bot.handle(), second.handle());
    let owner = |handle: &Handle| handle.shards().next().map(|it| it.owner);
    assert_eq!(owner(&first), Some(ShardOwner::Here));
    let number = first.process().expect("one of several");
    assert_eq!(owner(&second), Some(ShardOwner::Elsewhere(number)));
    let leases = first.metrics().leases;
    assert_eq!((leases.held, leases.live, leases.failures), (1, 2, 0));
    assert!(leases.answers > 10);
    table.cut_off(&process);
    sleep(15 * SECOND).await;
    let leases = first.metrics().leases;
    assert!(leases.expired == 1 && leases.failures > 0, "{leases:?}");
}

#[tokio::test(start_paused = true)]
async fn a_shard_that_begins_without_a_session_again_and_again_has_to_wait() {
    let table = Table::default();
    for _ in 0..2 {
        let (process, mut listener) = Process::new();
        let mut bot = table.builder(&process, 1).connect().await.expect("started");
        let mut gateway = beside(&mut bot, listener.accept()).await;
        gateway.begin("short").await;
        let closed = tokio::spawn(async move { gateway.closed().await });
        bot.shutdown(OnStop::End).await.expect("it ends");
        closed.await.expect("served");
    }
    let (process, mut listener) = Process::new();
    let mut bot = table.builder(&process, 1).connect().await.expect("started");
    let early = timeout(60 * SECOND, beside(&mut bot, listener.raw())).await;
    assert!(early.is_err(), "the third within a minute");
    let late = timeout(30 * SECOND, beside(&mut bot, listener.raw())).await;
    assert!(late.is_ok());
}

#[tokio::test(start_paused = true)]
async fn shards_and_guilds_that_another_process_runs_are_not_counted_here() {
    let table = Table::default();
    let (process, mut listener) = Process::new();
    let mut bot = table.builder(&process, 1).connect().await.expect("started");
    let mut gateway = beside(&mut bot, listener.accept()).await;
    gateway.hello(600 * SECOND).await;
    gateway.expect(2).await;
    let missing = json!([{"id": "4194304", "unavailable": true}]);
    gateway.ready_with("shared", missing).await;
    dispatches(&mut bot, 5 * SECOND).await;
    let (other, _other_listener) = Process::new();
    let second = table.builder(&other, 1).connect().await.expect("started");
    sleep(5 * SECOND).await;
    let (first, second) = (bot.handle(), second.handle());
    let seen = |handle: &Handle| {
        let (mut shards, mut guilds, mut stopped) = (0, 0, 0);
        handle
            .metrics()
            .each(|sample| match (sample.metric, sample.value) {
                (Metric::Shards, SampleValue::Count(count)) => shards += count,
                (Metric::Guilds, SampleValue::Count(count)) => guilds += count,
                (Metric::Losses, SampleValue::Count(count)) => stopped += count,
                _ => {}
            });
        (shards, guilds, stopped, handle.not_whole(None, 9).len())
    };
    assert_eq!(seen(&first), (1, 1, 0, 1));
    assert_eq!(seen(&second), (0, 0, 0, 0));
    assert!(second.shards().all(|shard| !shard.is_here()));
    // It loses its lease, and what it knew of its guilds is nobody's.
    table.cut_off(&process);
    let closed = tokio::spawn(async move { gateway.closed().await });
    dispatches(&mut bot, 40 * SECOND).await;
    closed.await.expect("served");
    assert_eq!(seen(&first), (0, 0, 1, 0));
}

fn in_phase(handle: &Handle, phase: Phase) -> u64 {
    let mut found = 0;
    handle.metrics().each(|sample| match sample.value {
        SampleValue::Count(count)
            if sample.metric == Metric::Shards && sample.label == Some(phase.label()) =>
        {
            found = count;
        }
        _ => {}
    });
    found
}

#[tokio::test(start_paused = true)]
async fn shards_that_the_gateway_refuses_are_seen_as_halted_though_their_leases_are_given_back() {
    let (table, mut service) = (Table::default(), Service::default());
    service.refuses = Some(1);
    let (process, listener) = Process::new();
    service.serve(1, listener);
    let bot = table.builder(&process, 4).connect().await.expect("started");
    let handle = bot.handle();
    Said::default().listen(bot);
    sleep(60 * SECOND).await;
    assert_eq!(in_phase(&handle, Phase::Active), 2);
    assert_eq!(in_phase(&handle, Phase::Halted), 2);
    let refused = handle.shards().filter(ShardState::is_here);
    let refused = refused.filter(|it| matches!(it.halt, Some(Halt::Refused(_))));
    assert_eq!(refused.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_shard_that_waits_for_its_next_tenure_shows_nothing_of_its_last_one() {
    let table = Table::default();
    let (process, mut listener) = Process::new();
    let builder = table.builder(&process, 1).on_resume(OnResume::Identify);
    let mut bot = builder.connect().await.expect("started");
    let handle = bot.handle();
    let mut gateway = beside(&mut bot, listener.accept()).await;
    gateway.hello(600 * SECOND).await;
    gateway.expect(2).await;
    let missing = json!([{"id": "4194304", "unavailable": true}]);
    gateway.ready_with("shared", missing).await;
    dispatches(&mut bot, 5 * SECOND).await;
    assert_eq!(handle.not_whole(None, 9).len(), 1);
    table.set_down(true);
    let closed = tokio::spawn(async move { gateway.closed().await });
    dispatches(&mut bot, 40 * SECOND).await;
    closed.await.expect("served");
    // The lease comes back, and nobody lets it identify.
    table.set_down(false);
    table.keep_identifies();
    dispatches(&mut bot, 20 * SECOND).await;
    let shard = handle.shards().next().expect("one");
    assert_eq!(shard.owner, ShardOwner::Here);
    assert_eq!((shard.phase, shard.halt), (Phase::Idle, None));
    assert_eq!(handle.not_whole(None, 9), []);
    assert_eq!(in_phase(&handle, Phase::Halted), 0);
}

#[tokio::test(start_paused = true)]
async fn shards_of_a_process_that_is_gone_are_nobodys_until_they_are_taken_over() {
    let table = Table::default();
    let (process, bot, _listener, gateway) = settled(&table).await;
    let (other, _other_listener) = Process::new();
    let second = table.builder(&other, 1).connect().await.expect("started");
    sleep(5 * SECOND).await;
    let owner = || second.handle().shards().next().expect("one").owner;
    assert!(matches!(owner(), ShardOwner::Elsewhere(_)));
    process.kill();
    drop((bot, gateway));
    let gone = async {
        while owner() != ShardOwner::Nobody {
            assert_ne!(owner(), ShardOwner::Here, "it was nobody's before");
            sleep(SECOND / 10).await;
        }
    };
    timeout(60 * SECOND, gone).await.expect("it is seen");
}

#[tokio::test(start_paused = true)]
async fn the_gate_and_the_budget_that_processes_share_are_counted() {
    let (table, service) = (Table::default(), Service::default());
    let mut handles = Vec::new();
    for number in 0..2 {
        let (process, listener) = Process::new();
        service.serve(number, listener);
        let bot = table.builder(&process, 4).connect().await.expect("started");
        handles.push(bot.handle());
        Said::default().listen(bot);
    }
    sleep(12 * SECOND).await;
    let waiting: usize = handles.iter().map(|it| it.metrics().gate_waiting).sum();
    assert!(waiting > 0, "they share one bucket");
    sleep(60 * SECOND).await;
    let metrics: Vec<_> = handles.iter().map(Handle::metrics).collect();
    let granted: u64 = metrics.iter().map(|it| it.gate_granted).sum();
    let identified = service.visits().iter().filter(|it| !it.resumed).count() as u64;
    // A shard that is let in as it moves does not identify.
    let unused = granted.checked_sub(identified).expect("each was let in");
    assert!(unused <= 2, "{granted} for {identified}");
    let waits = metrics.iter().map(|it| it.gate_wait);
    assert!(waits.sum::<std::time::Duration>() >= 15 * SECOND);
    let left: Vec<u32> = metrics.iter().map(|it| it.identifies_left).collect();
    let least = u64::from(*left.iter().min().expect("two"));
    let all = 1_000 - granted..=1_000 - identified;
    assert!(all.contains(&least), "{left:?}, {granted} for {identified}");
}
