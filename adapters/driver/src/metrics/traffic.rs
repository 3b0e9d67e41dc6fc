//! What goes over connections.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What went over a shard's connections so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traffic {
    /// Bytes in messages that came, before decompression. Frames, TLS and handshakes are left out.
    pub received_bytes: u64,
    /// Bytes in messages that were sent.
    pub sent_bytes: u64,
    /// Time that decompression took. Of messages below 1 KiB, the first 1,024 of a connection are
    /// timed, and then one of sixteen, which counts for all of them.
    pub inflate: Duration,
}

/// The same while it is counted. The shard's loop alone counts.
#[derive(Debug, Default)]
pub(crate) struct TrafficCounters {
    received_bytes: AtomicU64,
    sent_bytes: AtomicU64,
    inflate_nanos: AtomicU64,
}

impl TrafficCounters {
    /// Adds what has gone over a connection.
    pub(crate) fn add(&self, traffic: Traffic) {
        let nanos = u64::try_from(traffic.inflate.as_nanos()).unwrap_or(u64::MAX);
        for (count, by) in [
            (&self.received_bytes, traffic.received_bytes),
            (&self.sent_bytes, traffic.sent_bytes),
            (&self.inflate_nanos, nanos),
        ] {
            // Nobody else writes, so that nothing comes between.
            let sum = count.load(Ordering::Relaxed).saturating_add(by);
            count.store(sum, Ordering::Relaxed);
        }
    }

    /// As of now.
    pub(crate) fn read(&self) -> Traffic {
        Traffic {
            received_bytes: self.received_bytes.load(Ordering::Relaxed),
            sent_bytes: self.sent_bytes.load(Ordering::Relaxed),
            inflate: Duration::from_nanos(self.inflate_nanos.load(Ordering::Relaxed)),
        }
    }
}
