//! What a bot counts, on virtual time.

use std::collections::BTreeMap;
use std::time::Duration;

use headcount_driver::core::session::{OnStop, Phase};
use headcount_driver::core::wire::Name;
use headcount_driver::core::{Intents, ShardId};
use headcount_driver::metrics::{Metric, SampleValue};
use headcount_driver::{Builder, Handle};
use serde_json::json;

mod memory;
use memory::{PLAIN, begun, info, memory};

/// Every sample that is a number of things, by metric and label.
fn counts(handle: &Handle) -> BTreeMap<(&'static str, String), u64> {
    let (mut counts, mut seen) = (BTreeMap::new(), Vec::new());
    handle.metrics().each(|sample| {
        seen.push(sample.metric);
        let label = sample.label.unwrap_or_default().to_owned();
        assert_eq!(sample.metric.label().is_some(), sample.label.is_some());
        if let SampleValue::Count(count) = sample.value {
            let key = (sample.metric.name(), label);
            assert_eq!(counts.insert(key, count), None, "{:?}", sample.metric);
        }
    });
    assert!(seen.is_sorted(), "those of a metric are together");
    counts
}

#[tokio::test(start_paused = true)]
async fn events_are_counted_when_they_come_and_their_lag_when_they_are_taken() {
    let (mut bot, mut gateway) = begun().await;
    for number in 0..3 {
        let data = json!({ "number": number });
        gateway.dispatch("TYPING_START", data).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let handle = bot.handle();
    let metrics = handle.metrics();
    assert_eq!(metrics.total.dispatches.get(Name::TypingStart), 3);
    assert_eq!(metrics.shards[0].state.phase, Phase::Active);
    assert_eq!(metrics.lag.count(), 0);
    assert!(metrics.waiting_bytes > 0);
    let since = handle.waiting_since().expect("events wait");
    assert!(since.as_millis() < 1_000, "{since:?}");
    for _ in 0..metrics.waiting_events {
        bot.next().await.expect("it waits");
    }
    let after = handle.metrics();
    assert_eq!((after.waiting_events, after.waiting_bytes), (0, 0));
    assert_eq!(handle.waiting_since(), None);
    let late = after.lag.buckets().filter(|(_, count)| *count > 0);
    let late: Vec<_> = late.collect();
    let bound = Some(Duration::from_secs(5));
    assert_eq!(late.last(), Some(&(bound, after.lag.count())));
    let each = after.lag.sum() / u32::try_from(after.lag.count()).expect("few");
    assert_eq!(each.as_secs(), 2);
    assert_eq!(metrics.shards[0].state.lag, None);
    let last = after.shards[0].state.lag.expect("it is timed");
    assert_eq!(last.lag.as_secs(), 2);
    assert!(last.taken.as_millis() >= 2_000, "{last:?}");
}

#[tokio::test(start_paused = true)]
async fn samples_say_what_came_and_went() {
    let (bot, mut gateway) = begun().await;
    gateway.dispatch("TYPING_START", json!({})).await;
    gateway.dispatch("GUILD_UPDATE", json!({ "id": [] })).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let handle = bot.handle();
    let (metrics, counts) = (handle.metrics(), counts(&handle));
    let of = |metric: Metric, label: &str| counts[&(metric.name(), label.to_owned())];
    assert_eq!(of(Metric::Events, "TYPING_START"), 1);
    assert_eq!(of(Metric::ShardEvents, "0"), 3);
    assert_eq!(of(Metric::Payloads, "0"), 4, "with hello");
    let traffic = metrics.shards[0].traffic;
    let bytes = metrics.total.payload_bytes;
    assert_eq!(
        (traffic.received_bytes, traffic.inflate),
        (bytes, Duration::ZERO)
    );
    assert!(traffic.sent_bytes > 100, "an identify");
    assert_eq!(of(Metric::Identifies, "0"), 1);
    assert_eq!(
        (of(Metric::Shards, "active"), of(Metric::Shards, "idle")),
        (1, 0)
    );
    assert_eq!(of(Metric::Misunderstood, "0"), 1);
    let paths = counts
        .keys()
        .filter(|(name, _)| *name == Metric::Misreads.name());
    let paths: Vec<_> = paths.map(|(_, path)| path.as_str()).collect();
    assert!(paths[0].starts_with("GUILD_UPDATE "), "{paths:?}");
    assert_eq!(
        (
            of(Metric::GateGrants, ""),
            of(Metric::Rows, "thread_members")
        ),
        (1, 0)
    );
    let shown = format!("{metrics:?}{counts:?}");
    assert!(
        !shown.contains("secret") && !shown.contains("s1"),
        "{shown}"
    );
}

#[tokio::test(start_paused = true)]
async fn guilds_of_a_shard_that_has_ended_count_no_more() {
    let (bot, mut gateway) = begun().await;
    let guild = json!({ "id": "1", "name": "g", "member_count": 0 });
    gateway.dispatch("GUILD_CREATE", guild).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let handle = bot.handle();
    let guilds = || {
        let all = counts(&handle).into_iter();
        let stages = all.filter(|((name, _), _)| *name == Metric::Guilds.name());
        stages.map(|(_, count)| count).sum::<u64>()
    };
    assert_eq!(guilds(), 1);
    gateway.close(4004).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(handle.shards().all(|shard| shard.halt.is_some()));
    assert_eq!(guilds(), 0);
}

/// Those that only grow.
fn counters(handle: &Handle) -> BTreeMap<(&'static str, String), u64> {
    let mut all = counts(handle);
    all.retain(|(name, _), _| name.ends_with("_total"));
    all
}

#[tokio::test(start_paused = true)]
async fn no_count_falls_when_a_shard_begins_again() {
    let (runtime, mut listener) = memory();
    let builder = Builder::new(runtime, "MTIz.secret.token", Intents::GUILDS);
    let builder = builder.gateway(info(2)).compression(PLAIN);
    let bot = builder.connect().await.expect("started");
    let mut gateway = listener.accept().await;
    gateway.begin("s0").await;
    let mut other = listener.accept().await;
    other.begin("s1").await;
    gateway.dispatch("TYPING_START", json!({})).await;
    gateway.dispatch("GUILD_UPDATE", json!({ "id": [] })).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (handle, shard) = (bot.handle(), ShardId::new(0, 2));
    let before = counters(&handle);
    handle.stop_shard(shard, OnStop::End).expect("it runs");
    gateway.closed().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    handle.start_shard(shard).expect("it has ended");
    tokio::time::sleep(Duration::from_millis(1)).await;
    let between = counters(&handle);
    let mut gateway = listener.accept().await;
    gateway.begin("s2").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let after = counters(&handle);
    for (key, count) in &before {
        let all = [*count, between[key], after[key]];
        assert!(all.is_sorted(), "{key:?}: {all:?}");
    }
    let identifies = (Metric::Identifies.name(), "0".to_owned());
    assert_eq!((before[&identifies], after[&identifies]), (1, 2));
}
