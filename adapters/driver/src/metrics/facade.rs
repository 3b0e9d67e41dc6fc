//! The same metrics for whichever recorder the crate `metrics` has.

use std::collections::BTreeSet;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram};
use metrics::{gauge, histogram};

use super::{LagHistogram, Metric, MetricKind, Sample, SampleValue};
use crate::Runtime;
#[cfg(feature = "chat")]
use crate::chat::{ChatHandle, SharedChat};
use crate::handle::Handle;
use crate::panics::{Panicked, caught};
use crate::shared::Shared;

/// So often the recorder is handed every metric.
const PERIOD: Duration = Duration::from_secs(5);

/// What the recorder has been handed, for the next time.
#[derive(Debug, Default)]
pub(crate) struct Published(Mutex<LastPublished>);

#[derive(Debug, Default)]
struct LastPublished {
    /// The histogram: the recorder takes values, not sums.
    lag: LagHistogram,
    /// The gauges that had a number.
    gauges: BTreeSet<(Metric, Option<String>)>,
}

impl Handle {
    /// Hands every metric to the recorder that the crate `metrics` has on this thread, or for all.
    /// The bot does so by itself every 5 seconds, and once more when it has ended.
    ///
    /// Numbers of time are gauges there, also those that only grow, as its counters are whole
    /// numbers. Each lag is recorded as the upper bound of its bucket, or 60 s above the last. A
    /// gauge that has a number no longer, such as the latency of a connection, is set to NaN.
    ///
    /// # Panics
    /// Inside of [`Handle::cache`] and of a predicate.
    ///
    /// ```
    /// # use headcount_driver::Handle;
    /// # fn before_a_scrape(handle: &Handle) {
    /// handle.publish_metrics();
    /// # }
    /// ```
    #[track_caller]
    pub fn publish_metrics(&self) {
        let published = &self.shared().published.0;
        let mut last = published.lock().unwrap_or_else(PoisonError::into_inner);
        let before = mem::take(&mut last.gauges);
        self.metrics().each(|sample| publish(&sample, &mut last));
        for (metric, label) in before.difference(&last.gauges) {
            gauge!(metric.name(), &labels(*metric, label.as_deref())).set(f64::NAN);
        }
    }
}

fn labels(metric: Metric, value: Option<&str>) -> Vec<(&'static str, String)> {
    let label = metric.label().zip(value);
    let label = label.map(|(label, value)| (label, value.to_owned()));
    label.into_iter().collect()
}

fn publish(sample: &Sample<'_>, last: &mut LastPublished) {
    let (metric, name) = (sample.metric, sample.metric.name());
    let labels = labels(metric, sample.label);
    if metric.kind() == MetricKind::Gauge {
        let label = sample.label.map(str::to_owned);
        last.gauges.insert((metric, label));
    }
    match (sample.value, metric.kind()) {
        (SampleValue::Count(count), MetricKind::Counter) => {
            counter!(name, &labels).absolute(count);
        }
        #[allow(clippy::cast_precision_loss, reason = "a gauge is a float")]
        (SampleValue::Count(count), _) => gauge!(name, &labels).set(count as f64),
        (SampleValue::Time(time), _) => gauge!(name, &labels).set(time.as_secs_f64()),
        (SampleValue::Histogram(lag), _) => {
            let histogram = histogram!(name, &labels);
            for ((bound, count), (_, before)) in lag.buckets().zip(last.lag.buckets()) {
                let new = usize::try_from(count - before).unwrap_or(usize::MAX);
                let value = bound.unwrap_or(LagHistogram::LONGEST).as_secs_f64();
                if new > 0 {
                    histogram.record_many(value, new);
                }
            }
            last.lag = *lag;
        }
    }
}

/// Tells the recorder what the metrics are.
fn describe() {
    for &metric in Metric::ALL {
        let unit = match metric.unit() {
            "seconds" => Unit::Seconds,
            "bytes" => Unit::Bytes,
            _ => Unit::Count,
        };
        let (name, help) = (metric.name(), metric.help());
        match (metric.kind(), unit) {
            (MetricKind::Counter, unit @ (Unit::Bytes | Unit::Count)) => {
                describe_counter!(name, unit, help);
            }
            (MetricKind::Counter | MetricKind::Gauge, unit) => describe_gauge!(name, unit, help),
            (MetricKind::Histogram, unit) => describe_histogram!(name, unit, help),
        }
    }
}

#[cfg(feature = "chat")]
impl ChatHandle {
    /// Hands every metric of chat to the recorder that the crate `metrics` has on this thread, or
    /// for all. The chat does so by itself every 5 seconds, and once more when it has ended.
    ///
    /// ```
    /// # use headcount_driver::ChatHandle;
    /// # fn before_a_scrape(handle: &ChatHandle) {
    /// handle.publish_metrics();
    /// # }
    /// ```
    #[track_caller]
    pub fn publish_metrics(&self) {
        // None of them is a histogram, and each has a number for good.
        let mut last = LastPublished::default();
        self.metrics().each(|sample| publish(&sample, &mut last));
    }
}

/// Publishes the metrics of a bot that has ended, for the last time if nobody keeps a handle.
pub(crate) fn publish_last(shared: &Arc<Shared>) {
    let handle = Handle::new(Arc::clone(shared));
    warn_unpublished(caught(|| handle.publish_metrics()));
}

/// The same of a chat.
#[cfg(feature = "chat")]
pub(crate) fn publish_last_of_chat(shared: &Arc<SharedChat>) {
    let handle = ChatHandle::new(Arc::clone(shared));
    warn_unpublished(caught(|| handle.publish_metrics()));
}

/// A recorder that panics keeps no bot from its end.
fn warn_unpublished(published: Result<(), Panicked>) {
    if let Err(panicked) = published {
        tracing::warn!(error = %panicked, "the last metrics are not published");
    }
}

/// Begins to publish the metrics of a bot, in the background.
pub(crate) fn spawn_publisher<R: Runtime>(runtime: &R, shared: &Arc<Shared>) {
    let shared = Arc::downgrade(shared);
    runtime.spawn(keep_publishing(runtime.clone(), move || {
        let shared = shared.upgrade()?;
        let goes_on = !shared.fleet.has_ended();
        Handle::new(shared).publish_metrics();
        goes_on.then_some(())
    }));
}

/// Begins to publish the metrics of a chat, in the background.
#[cfg(feature = "chat")]
pub(crate) fn spawn_chat_publisher<R: Runtime>(runtime: &R, shared: &Arc<SharedChat>) {
    let shared = Arc::downgrade(shared);
    runtime.spawn(keep_publishing(runtime.clone(), move || {
        let shared = shared.upgrade()?;
        let goes_on = !shared.is_over();
        ChatHandle::new(shared).publish_metrics();
        goes_on.then_some(())
    }));
}

/// Publishes every few seconds, until that says that it was the last time.
async fn keep_publishing<R: Runtime>(runtime: R, publish: impl Fn() -> Option<()> + Send) {
    describe();
    loop {
        runtime.timer(PERIOD).await;
        if publish().is_none() {
            return;
        }
    }
}
