//! The metrics of a chat bot.

use headcount_core::manager::Health;
use headcount_core::twitch::{PoolCounts, RoomCounts};

use super::sample::{Hand, labelled, whole};
use super::{Metric, Sample, SampleValue};

/// What a chat bot has done so far and how it stands, as of one call of
/// [`ChatHandle::metrics`](crate::ChatHandle::metrics). Counters count from the chat's start.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChatMetrics {
    /// What has come and gone, over all managers.
    pub counts: PoolCounts,
    /// How the connection of each shard is, manager by manager.
    pub shards: Vec<Health>,
    /// How the rooms stand.
    pub rooms: RoomCounts,
    /// Messages that were dropped because nobody took them.
    pub missed: u64,
    /// Events that wait for the consumer.
    pub waiting_events: usize,
    /// Their bytes, as [`ChatBuilder::backlog_bytes`](crate::ChatBuilder::backlog_bytes) counts
    /// them.
    pub waiting_bytes: usize,
}

impl ChatMetrics {
    /// Hands out every sample, those of one metric together, in the order of [`Metric::ALL`]: those
    /// of chat alone. Numbers by health and state are there for each of these, also at zero; other
    /// labels appear with their first count.
    ///
    /// ```
    /// # use headcount_driver::ChatHandle;
    /// # fn print(handle: &ChatHandle) {
    /// handle.metrics().each(|sample| {
    ///     let (name, label) = (sample.metric.name(), sample.label.unwrap_or_default());
    ///     println!("{name} {label} {:?}", sample.value);
    /// });
    /// # }
    /// ```
    pub fn each(&self, mut hand: impl FnMut(Sample<'_>)) {
        for &metric in Metric::ALL {
            self.samples(metric, &mut |label, value| {
                hand(Sample {
                    metric,
                    label,
                    value,
                });
            });
        }
    }

    fn samples(&self, metric: Metric, hand: Hand<'_>) {
        let counts = &self.counts;
        let count = match metric {
            Metric::ChatMessages => counts.messages,
            Metric::ChatBytes => counts.bytes,
            Metric::ChatMalformed => counts.malformed,
            Metric::ChatMissed => self.missed,
            Metric::ChatDials => counts.dials,
            Metric::ChatJoins => counts.joins,
            Metric::ChatWaitingEvents => return hand(None, whole(self.waiting_events)),
            Metric::ChatWaitingBytes => return hand(None, whole(self.waiting_bytes)),
            Metric::ChatLosses => return labelled(&counts.losses, hand),
            Metric::ChatJoinFailures => return labelled(&counts.join_failures, hand),
            Metric::ChatSaid => return labelled(&counts.said, hand),
            Metric::ChatShards => return self.by_health(hand),
            Metric::ChatRooms => {
                hand(Some("joined"), whole(self.rooms.joined));
                return hand(Some("not_joined"), whole(self.rooms.not_joined));
            }
            _ => return,
        };
        hand(None, SampleValue::Count(count));
    }

    fn by_health(&self, hand: Hand<'_>) {
        for health in Health::ALL {
            let here = self.shards.iter().filter(|it| *it == health).count();
            hand(Some(health.label()), whole(here));
        }
    }
}
