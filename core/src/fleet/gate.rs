//! Whose turn it is to identify.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::mem;
use core::time::Duration;

use crate::shard_id::ShardId;
use crate::time::Instant;

/// How long a grant holds its bucket when nothing more is heard of the shard: longer than any
/// dial and Hello may take.
const FORGET: Duration = Duration::from_secs(60);

/// The identify buckets, each admitting one shard at a time, in the order of asking.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    concurrency: u32,
    spacing: Duration,
    /// Who waits for which bucket, in the order of asking. A line has somebody in it.
    lines: BTreeMap<u32, BTreeMap<u64, ShardId>>,
    /// The place of each who waits, over all lines, and since when.
    places: BTreeMap<ShardId, (u64, Instant)>,
    /// How many have asked so far.
    asked: u64,
    buckets: BTreeMap<u32, IdentifyBucket>,
    /// How many were let in so far.
    granted: u64,
    /// How long those had waited, in all.
    waited: Duration,
}

/// A bucket that is not simply free.
#[derive(Clone, Copy, Debug)]
enum IdentifyBucket {
    /// A shard was let in, and has not identified yet.
    Held { by: ShardId, until: Instant },
    /// A shard identified; the next may from `until`.
    Resting { until: Instant },
}

impl IdentifyBucket {
    const fn until(&self) -> Instant {
        match self {
            Self::Held { until, .. } | Self::Resting { until } => *until,
        }
    }
}

impl Gate {
    pub(super) fn new(concurrency: u32, spacing: Duration) -> Self {
        Self {
            concurrency: concurrency.max(1),
            spacing,
            lines: BTreeMap::new(),
            places: BTreeMap::new(),
            asked: 0,
            buckets: BTreeMap::new(),
            granted: 0,
            waited: Duration::ZERO,
        }
    }

    /// Changes the number of buckets; those in use rest until all of the old ones are free.
    pub(super) fn set_concurrency(&mut self, concurrency: u32) {
        let concurrency = concurrency.max(1);
        if concurrency == self.concurrency {
            return;
        }
        let latest = self.buckets.values().map(IdentifyBucket::until).max();
        self.concurrency = concurrency;
        self.lines.clear();
        for (shard, (place, since)) in mem::take(&mut self.places) {
            self.line_up(shard, place, since);
        }
        self.buckets.clear();
        if let Some(until) = latest {
            let rest = |key| (key, IdentifyBucket::Resting { until });
            self.buckets = (0..concurrency.min(1024)).map(rest).collect();
        }
    }

    fn key(&self, shard: ShardId) -> u32 {
        shard.number().checked_rem(self.concurrency).unwrap_or(0)
    }

    /// Puts a shard in line; one that waits already keeps its place. One that was let in and asks
    /// again has lost its grant, perhaps with its process: it waits anew.
    pub(super) fn queue(&mut self, now: Instant, shard: ShardId) {
        if !self.places.contains_key(&shard) {
            self.release(shard);
            self.asked = self.asked.saturating_add(1);
            self.line_up(shard, self.asked, now);
        }
    }

    fn line_up(&mut self, shard: ShardId, place: u64, since: Instant) {
        let line = self.lines.entry(self.key(shard)).or_default();
        line.insert(place, shard);
        self.places.insert(shard, (place, since));
    }

    /// Takes a shard out of its line. Since when it has waited; `None` if it was in none.
    fn leave(&mut self, shard: ShardId) -> Option<Instant> {
        let key = self.key(shard);
        let (place, since) = self.places.remove(&shard)?;
        let line = self.lines.get_mut(&key)?;
        line.remove(&place);
        if line.is_empty() {
            self.lines.remove(&key);
        }
        Some(since)
    }

    fn is_held_by(&self, shard: ShardId) -> bool {
        let bucket = self.buckets.get(&self.key(shard));
        matches!(bucket, Some(IdentifyBucket::Held { by, .. }) if *by == shard)
    }

    /// The shard has written its identify: its bucket rests.
    pub(super) fn identified(&mut self, now: Instant, shard: ShardId) {
        self.leave(shard);
        self.rest(shard, now.after(self.spacing));
    }

    /// The shard's bucket rests until then, longer if it rests for others.
    pub(super) fn rest(&mut self, shard: ShardId, until: Instant) {
        let key = self.key(shard);
        let until = match self.buckets.get(&key) {
            Some(IdentifyBucket::Resting { until: others }) => until.max(*others),
            Some(IdentifyBucket::Held { .. }) | None => until,
        };
        self.buckets.insert(key, IdentifyBucket::Resting { until });
    }

    /// The shard has given up: if it was let in and has not identified, its bucket is free.
    pub(super) fn release(&mut self, shard: ShardId) {
        self.leave(shard);
        if self.is_held_by(shard) {
            self.buckets.remove(&self.key(shard));
        }
    }

    /// Lets in the first of each free bucket, at most `room` in all.
    pub(super) fn grant(&mut self, now: Instant, room: usize) -> Vec<ShardId> {
        self.buckets.retain(|_, bucket| bucket.until() > now);
        let free = self
            .lines
            .iter()
            .filter(|(key, _)| !self.buckets.contains_key(key));
        let mut first: Vec<(u64, ShardId)> = free
            .filter_map(|(_, line)| line.first_key_value())
            .map(|(place, shard)| (*place, *shard))
            .collect();
        first.sort_unstable();
        let granted: Vec<ShardId> = first
            .into_iter()
            .map(|(_, shard)| shard)
            .take(room)
            .collect();
        for by in &granted {
            let since = self.leave(*by).unwrap_or(now);
            self.granted = self.granted.saturating_add(1);
            self.waited = self.waited.saturating_add(now.since(since));
            let until = now.after(FORGET);
            self.buckets
                .insert(self.key(*by), IdentifyBucket::Held { by: *by, until });
        }
        granted
    }

    /// When the first of those who wait can be let in.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let free_at = |key: &u32| {
            self.buckets
                .get(key)
                .map_or(Instant::ZERO, IdentifyBucket::until)
        };
        self.lines.keys().map(free_at).min()
    }

    pub(super) fn has_waiting(&self) -> bool {
        !self.places.is_empty()
    }

    /// How many were let in so far, and how long those had waited in all.
    pub(super) const fn granted(&self) -> (u64, Duration) {
        (self.granted, self.waited)
    }

    pub(super) fn waiting(&self) -> usize {
        self.places.len()
    }

    /// How many were let in and have not identified yet.
    pub(super) fn held(&self) -> usize {
        let held = |bucket: &&IdentifyBucket| matches!(bucket, IdentifyBucket::Held { .. });
        self.buckets.values().filter(held).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_bucket_at_all_is_one() {
        let mut gate = Gate::new(0, Duration::from_secs(5));
        gate.queue(Instant::ZERO, ShardId::ONE);
        assert_eq!(gate.grant(Instant::ZERO, 1), [ShardId::ONE]);
        gate.set_concurrency(1);
        assert_eq!(gate.held(), 1, "nothing has changed");
    }
}
