//! What the recorder of the crate `metrics` is handed, on virtual time.
#![cfg(feature = "metrics")]

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use headcount_driver::Builder;
use headcount_driver::core::Intents;
use headcount_driver::core::cache::memory::Applied;
use headcount_driver::core::cache::{AsyncStore, Kinds, Mutation};
use headcount_driver::core::session::OnStop;
use headcount_driver::metrics::{Metric, MetricKind};
use metrics::{Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder};
use metrics::{SharedString, Unit};
use serde_json::json;

mod memory;
use memory::{PLAIN, begun, info, memory};

/// A recorder that keeps the numbers, and the kind of each metric.
#[derive(Default)]
struct Kept {
    numbers: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
    kinds: Mutex<BTreeMap<String, MetricKind>>,
    recorded: Arc<Recorded>,
}

/// How many values a histogram was handed, and the largest of them in milliseconds.
#[derive(Default)]
struct Recorded(AtomicU64, AtomicU64);

impl HistogramFn for Recorded {
    fn record(&self, value: f64) {
        self.0.fetch_add(1, Ordering::Relaxed);
        self.1.fetch_max((value * 1e3) as u64, Ordering::Relaxed);
    }
}

impl Kept {
    fn number(&self, key: &Key) -> Arc<AtomicU64> {
        let labels = key.labels().map(|label| label.value().to_owned());
        let name = format!("{} {}", key.name(), labels.collect::<String>());
        let mut numbers = self.numbers.lock().expect("whole");
        Arc::clone(numbers.entry(name).or_default())
    }

    fn is_a(&self, key: &KeyName, kind: MetricKind) {
        let mut kinds = self.kinds.lock().expect("whole");
        kinds.insert(key.as_str().to_owned(), kind);
    }

    /// The number of a sample; a gauge's as the bits of a float.
    fn get(&self, name: &str) -> u64 {
        let numbers = self.numbers.lock().expect("whole");
        let number = numbers.get(name);
        number
            .unwrap_or_else(|| panic!("no {name}"))
            .load(Ordering::Relaxed)
    }
}

impl Recorder for Kept {
    fn describe_counter(&self, key: KeyName, _: Option<Unit>, _: SharedString) {
        self.is_a(&key, MetricKind::Counter);
    }

    fn describe_gauge(&self, key: KeyName, _: Option<Unit>, _: SharedString) {
        self.is_a(&key, MetricKind::Gauge);
    }

    fn describe_histogram(&self, key: KeyName, _: Option<Unit>, _: SharedString) {
        self.is_a(&key, MetricKind::Histogram);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.number(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.number(key))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(Arc::clone(&self.recorded))
    }
}

#[tokio::test(start_paused = true)]
async fn the_recorder_has_every_metric_a_few_seconds_later_and_once_the_bot_has_ended() {
    let kept = Kept::default();
    let _guard = metrics::set_default_local_recorder(&kept);
    let (mut bot, mut gateway) = begun().await;
    gateway.dispatch("TYPING_START", json!({})).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let handle = bot.handle();
    let waiting = handle.metrics().waiting_events;
    for _ in 0..waiting {
        bot.next().await.expect("it waits");
    }
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(kept.get("headcount_events_total TYPING_START"), 1);
    assert_eq!(kept.get("headcount_shards active"), 1.0_f64.to_bits());
    let (taken, longest) = (&kept.recorded.0, &kept.recorded.1);
    assert_eq!(taken.load(Ordering::Relaxed), waiting as u64);
    assert_eq!(
        longest.load(Ordering::Relaxed),
        5_000,
        "the bound of its bucket"
    );
    handle.publish_metrics();
    assert_eq!(taken.load(Ordering::Relaxed), waiting as u64, "each once");
    let kinds = kept.kinds.lock().expect("whole").clone();
    for metric in Metric::ALL {
        let is_time = metric.unit() == "seconds" && metric.kind() == MetricKind::Counter;
        let kind = match is_time {
            true => MetricKind::Gauge,
            false => metric.kind(),
        };
        assert_eq!(kinds.get(metric.name()), Some(&kind), "{metric:?}");
    }
    tokio::spawn(async move { gateway.closed().await });
    bot.shutdown(OnStop::End).await.expect("it ends");
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(kept.get("headcount_shards halted"), 1.0_f64.to_bits());
}

#[tokio::test(start_paused = true)]
async fn the_last_numbers_are_published_when_a_bot_ends_that_nobody_has_a_handle_of() {
    let kept = Kept::default();
    let _guard = metrics::set_default_local_recorder(&kept);
    let (bot, mut gateway) = begun().await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    gateway.dispatch("TYPING_START", json!({})).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    tokio::spawn(async move { gateway.closed().await });
    bot.shutdown(OnStop::End).await.expect("it ends");
    assert_eq!(kept.get("headcount_shards halted"), 1.0_f64.to_bits());
    assert_eq!(kept.get("headcount_events_total TYPING_START"), 1);
}

/// A store that takes a while for each change, and counts them.
#[derive(Clone, Default)]
struct Slow(Arc<AtomicU64>);

impl AsyncStore for Slow {
    type Error = io::Error;

    async fn apply(&self, _: &Mutation<'static>) -> io::Result<Applied> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(Applied::default())
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_stores_did_after_the_last_shard_had_ended_is_published() {
    let kept = Kept::default();
    let _guard = metrics::set_default_local_recorder(&kept);
    let ((runtime, mut listener), slow) = (memory(), Slow::default());
    let builder = Builder::new(runtime, "token", Intents::GUILDS);
    let builder = builder.store(Kinds::ROLES, slow.clone());
    let builder = builder.gateway(info(1)).compression(PLAIN);
    let bot = builder.connect().await.expect("started");
    let mut gateway = listener.accept().await;
    gateway.begin("s").await;
    let role = json!({"id": "8", "name": "role", "permissions": "0"});
    let create = json!({"guild_id": "7", "role": role});
    gateway.dispatch("GUILD_ROLE_CREATE", create).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    tokio::spawn(async move { gateway.closed().await });
    let before = slow.0.load(Ordering::Relaxed);
    bot.shutdown(OnStop::End).await.expect("it ends");
    let written = slow.0.load(Ordering::Relaxed);
    assert!(written > before, "it had not written all");
    assert_eq!(kept.get("headcount_store_writes_total "), written);
}

#[tokio::test(start_paused = true)]
async fn a_gauge_that_has_no_number_any_longer_is_no_number() {
    let kept = Kept::default();
    let _guard = metrics::set_default_local_recorder(&kept);
    let (bot, mut gateway) = begun().await;
    let beat = gateway.any().await;
    assert_eq!(beat["op"], 1);
    gateway.send(json!({"op": 11})).await;
    tokio::time::sleep(Duration::from_secs(50)).await;
    let handle = bot.handle();
    handle.publish_metrics();
    let latency = || f64::from_bits(kept.get("headcount_heartbeat_latency_seconds 0"));
    assert!(latency() >= 0.0, "{}", latency());
    gateway.close(4000).await;
    drop(gateway);
    tokio::time::sleep(Duration::from_millis(100)).await;
    handle.publish_metrics();
    assert!(latency().is_nan(), "{}", latency());
    assert_eq!(
        kept.get("headcount_waiting_events ") >> 63,
        0,
        "others are as they were"
    );
}
