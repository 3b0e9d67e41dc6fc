//! The metrics as samples: one number each, with at most one label.

use std::time::Duration;

use headcount_core::counts::LabelCounts;
use headcount_core::session::Phase;
use headcount_core::setup::{OutcomeCounts, StageCounts};

use super::{LagHistogram, Metric, Metrics, ShardMetrics};

/// One number of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Sample<'m> {
    /// Of which metric.
    pub metric: Metric,
    /// The value of its [label](Metric::label); `None` if it has none. It may hold any text.
    pub label: Option<&'m str>,
    /// The number.
    pub value: SampleValue<'m>,
}

/// The number of a [`Sample`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SampleValue<'m> {
    /// Of a counter or a gauge of things.
    Count(u64),
    /// Of a counter or a gauge of time.
    Time(Duration),
    /// Of a histogram.
    Histogram(&'m LagHistogram),
}

impl Metrics {
    /// Hands out every sample, those of one metric together, in the order of [`Metric::ALL`].
    /// Numbers by shard are there for each shard, those by phase, stage, outcome of guilds and kind
    /// for each of these, also at zero; other labels appear with their first count. Of the metrics
    /// of chat there is none.
    ///
    /// ```
    /// # use headcount_driver::Handle;
    /// use headcount_driver::metrics::SampleValue;
    /// # fn print(handle: &Handle) {
    /// handle.metrics().each(|sample| {
    ///     let (name, label) = (sample.metric.name(), sample.label.unwrap_or_default());
    ///     match sample.value {
    ///         SampleValue::Count(count) => println!("{name} {label} {count}"),
    ///         SampleValue::Time(time) => println!("{name} {label} {}", time.as_secs_f64()),
    ///         SampleValue::Histogram(lag) => println!("{name} {:?}", lag.sum()),
    ///     }
    /// });
    /// # }
    /// ```
    pub fn each(&self, mut hand: impl FnMut(Sample<'_>)) {
        let shards: Vec<String> = self
            .shards
            .iter()
            .map(|it| number(it).to_string())
            .collect();
        for &metric in Metric::ALL {
            let mut hand = |label: Option<&str>, value: SampleValue<'_>| {
                hand(Sample {
                    metric,
                    label,
                    value,
                });
            };
            self.samples(metric, &shards, &mut hand);
        }
    }

    fn samples(&self, metric: Metric, shards: &[String], hand: Hand<'_>) {
        let total = &self.total;
        match metric {
            Metric::Events => {
                for (name, count) in total.dispatches.iter() {
                    hand(Some(name.as_str()), SampleValue::Count(count));
                }
            }
            Metric::LagSeconds => hand(None, SampleValue::Histogram(&self.lag)),
            Metric::WaitingEvents => hand(None, whole(self.waiting_events)),
            Metric::WaitingBytes => hand(None, whole(self.waiting_bytes)),
            Metric::Shards => {
                for &phase in Phase::ALL {
                    let is = |it: &&ShardMetrics| it.state.is_here() && it.state.phase == phase;
                    let count = self.shards.iter().filter(is).count();
                    hand(Some(phase.label()), whole(count));
                }
            }
            Metric::Losses => labelled(&total.losses, hand),
            Metric::Closes => labelled(&total.closes, hand),
            Metric::Gaps => labelled(&total.gaps, hand),
            Metric::Requests => labelled(&total.requests, hand),
            Metric::Commands => labelled(&total.commands, hand),
            Metric::IdentifiesLeft => {
                hand(None, SampleValue::Count(self.identifies_left.into()));
            }
            Metric::GateWaiting => hand(None, whole(self.gate_waiting)),
            Metric::GateGrants => hand(None, SampleValue::Count(self.gate_granted)),
            Metric::GateSeconds => hand(None, SampleValue::Time(self.gate_wait)),
            Metric::Guilds => {
                let none = StageCounts::default().iter();
                self.guilds(none, |it| it.state.readiness.stages.iter(), hand);
            }
            Metric::GuildOutcomes => {
                let none = OutcomeCounts::default().iter();
                self.guilds(none, |it| it.state.readiness.outcomes.iter(), hand);
            }
            Metric::Rows | Metric::RowBytes => self.rows(metric, hand),
            Metric::StoreWrites => hand(None, SampleValue::Count(self.stores.writes)),
            Metric::StoreFailures => hand(None, SampleValue::Count(self.stores.failures)),
            Metric::StoreRetries => hand(None, SampleValue::Count(self.stores.retries)),
            Metric::StoreSeconds => hand(None, SampleValue::Time(self.stores.time)),
            Metric::StoreQuestions => counts(&self.stores.questions(), hand),
            Metric::StoreBytes => hand(None, SampleValue::Count(self.stores.traffic.bytes)),
            Metric::Snapshots => hand(None, SampleValue::Count(self.snapshots.written)),
            Metric::SnapshotFailures => hand(None, SampleValue::Count(self.snapshots.failures)),
            Metric::SnapshotBytes => hand(None, SampleValue::Count(self.snapshots.bytes)),
            Metric::SnapshotHoldSeconds => {
                hand(None, SampleValue::Time(self.snapshots.longest_hold));
            }
            Metric::Takeovers => counts(&self.snapshots.takeovers(), hand),
            Metric::StateFailures => {
                for (kind, count) in self.state_failures.iter() {
                    hand(Some(kind), SampleValue::Count(count));
                }
            }
            Metric::HeldShards => hand(None, whole(self.leases.held)),
            Metric::LiveProcesses => hand(None, whole(self.leases.live)),
            Metric::LeaseEnds => counts(&self.leases.ends(), hand),
            Metric::LeaseSwaps => counts(&self.leases.questions(), hand),
            Metric::Misreads => self.paths(hand),
            by_shard => {
                for (shard, label) in self.shards.iter().zip(shards) {
                    if let Some(value) = of_shard(by_shard, shard) {
                        hand(Some(label), value);
                    }
                }
            }
        }
    }

    /// The sums over all shards that have not ended, of counts that have the same labels in the
    /// same order as `none`.
    fn guilds<I>(&self, none: I, counts: fn(&ShardMetrics) -> I, hand: Hand<'_>)
    where
        I: Iterator<Item = (&'static str, usize)>,
    {
        let mut sums: Vec<(&str, usize)> = none.collect();
        let running = self.shards.iter().filter(|it| it.state.halt.is_none());
        for shard in running {
            for ((_, sum), (_, count)) in sums.iter_mut().zip(counts(shard)) {
                *sum += count;
            }
        }
        for (label, sum) in sums {
            hand(Some(label), whole(sum));
        }
    }

    fn rows(&self, metric: Metric, hand: Hand<'_>) {
        for row in &self.rows {
            let names = row.kind.only();
            let label = names.iter_names().map(|(name, _)| name).collect::<String>();
            let count = match metric {
                Metric::RowBytes => row.bytes,
                _ => row.rows,
            };
            hand(Some(&label.to_lowercase()), whole(count));
        }
    }

    fn paths(&self, hand: Hand<'_>) {
        for (name, path, count) in self.misreads.iter() {
            hand(Some(&format!("{name} {path}")), SampleValue::Count(count));
        }
        if self.misreads.others() > 0 {
            hand(Some("other"), SampleValue::Count(self.misreads.others()));
        }
    }
}

/// Who takes the samples of one metric.
pub(super) type Hand<'h> = &'h mut dyn FnMut(Option<&str>, SampleValue<'_>);

fn number(shard: &ShardMetrics) -> u32 {
    shard.state.id.number()
}

pub(super) fn whole(count: usize) -> SampleValue<'static> {
    SampleValue::Count(u64::try_from(count).unwrap_or(u64::MAX))
}

pub(super) fn labelled(counts: &LabelCounts, hand: Hand<'_>) {
    for (label, count) in counts.iter() {
        hand(Some(label), SampleValue::Count(count));
    }
}

fn counts(counts: &[(&str, u64)], hand: Hand<'_>) {
    for (label, count) in counts {
        hand(Some(label), SampleValue::Count(*count));
    }
}

/// One shard's number of a metric that is by shard; `None` if there is none yet.
fn of_shard(metric: Metric, shard: &ShardMetrics) -> Option<SampleValue<'static>> {
    let ShardMetrics {
        state,
        counts,
        traffic,
    } = shard;
    let count = match metric {
        Metric::ShardEvents => counts.dispatches.total(),
        Metric::Payloads => counts.payloads,
        Metric::PayloadBytes => counts.payload_bytes,
        Metric::ReceivedBytes => traffic.received_bytes,
        Metric::SentBytes => traffic.sent_bytes,
        Metric::InflateSeconds => return Some(SampleValue::Time(traffic.inflate)),
        Metric::ReplayedEvents => counts.replayed,
        Metric::RepeatedEvents => counts.repeated,
        Metric::UnacknowledgedEvents => return Some(whole(state.unacknowledged)),
        Metric::HeartbeatSeconds => return state.latency.map(SampleValue::Time),
        Metric::Dials => counts.dials,
        Metric::Identifies => counts.identifies,
        Metric::Resumes => counts.resumes,
        Metric::Resumed => counts.resumed,
        Metric::QueuedRequests => return Some(whole(state.readiness.requests_queued)),
        Metric::OutstandingRequests => return Some(whole(state.readiness.requests_outstanding)),
        Metric::Misunderstood => state.misunderstood,
        _ => return None,
    };
    Some(SampleValue::Count(count))
}
