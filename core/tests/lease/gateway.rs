//! The gateway: sessions with numbered events, and what it demands.

use std::collections::BTreeMap;
use std::time::Duration;

use headcount_core::ShardId;
use headcount_core::fleet::StartLimit;

/// How long a session without connection is remembered.
const REMEMBERED: u64 = 90_000;

/// A session of one shard, and what became of its events.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sessions {
    pub(crate) session: u64,
    /// The last event that was sent.
    pub(crate) sent: u64,
    /// The last one that the consumer has had.
    pub(crate) delivered: u64,
    /// What heartbeats acknowledged: it is not replayed.
    pub(crate) trimmed: u64,
    /// The process that is connected.
    pub(crate) connected: Option<u64>,
    left: u64,
    /// Whether the store has forgotten how far it was recorded: what another process puts back may
    /// be older, and is refused.
    forgotten: bool,
}

pub(crate) struct Gateway {
    pub(crate) concurrency: u32,
    total: u32,
    window: u64,
    resets: u64,
    spent: u32,
    sessions: u64,
    pub(crate) shards: BTreeMap<ShardId, Sessions>,
    last: BTreeMap<u32, u64>,
    /// When each shard identified, in order.
    pub(crate) identifies: Vec<(u64, ShardId)>,
    pub(crate) broken: Vec<String>,
}

impl Gateway {
    pub(crate) fn new(concurrency: u32, total: u32, window: u64) -> Self {
        Self {
            concurrency,
            total,
            window,
            resets: 0,
            spent: 0,
            sessions: 0,
            shards: BTreeMap::new(),
            last: BTreeMap::new(),
            identifies: Vec::new(),
            broken: Vec::new(),
        }
    }

    fn turn_day(&mut self, now: u64) {
        if self.spent > 0 && now >= self.resets {
            self.spent = 0;
        }
    }

    /// What `GET /gateway/bot` says.
    pub(crate) fn limit(&mut self, now: u64) -> StartLimit {
        self.turn_day(now);
        let left = if self.spent == 0 {
            0
        } else {
            self.resets - now
        };
        StartLimit {
            total: self.total,
            remaining: self.total.saturating_sub(self.spent),
            reset_after: Duration::from_millis(left),
            max_concurrency: self.concurrency,
        }
    }

    /// A shard identifies: a session begins.
    pub(crate) fn identify(&mut self, now: u64, shard: ShardId, process: u64) -> u64 {
        self.turn_day(now);
        if self.spent == 0 {
            self.resets = now + self.window;
        }
        self.spent += 1;
        if self.spent > self.total {
            self.broken
                .push(format!("{now}: identify over budget by {shard}"));
        }
        let key = shard.number() % self.concurrency;
        let last = self.last.insert(key, now);
        if let Some(last) = last.filter(|last| now - last < 5_000) {
            let gap = now - last;
            self.broken
                .push(format!("{now}: {shard} identifies {gap} ms after another"));
        }
        self.identifies.push((now, shard));
        self.sessions += 1;
        let connected = Some(process);
        let session = self.sessions;
        let begun = Sessions {
            session,
            connected,
            ..Sessions::default()
        };
        self.shards.insert(shard, begun);
        session
    }

    /// Whether a session can be resumed; then its events go to this process from now on.
    pub(crate) fn resume(&mut self, now: u64, shard: ShardId, from: (u64, u64), by: u64) -> bool {
        let Some(known) = self.shards.get_mut(&shard) else {
            return false;
        };
        let is_gone = known.connected.is_none() && now > known.left + REMEMBERED;
        if known.session != from.0 || is_gone {
            return false;
        }
        if from.1 < known.trimmed && known.forgotten {
            return false;
        }
        if from.1 < known.trimmed {
            let lost = known.trimmed;
            self.broken.push(format!(
                "{now}: {shard} resumes from {}, trimmed to {lost}",
                from.1
            ));
        }
        if from.1 > known.delivered {
            let had = known.delivered;
            self.broken.push(format!(
                "{now}: {shard} resumes from {}, delivered {had}",
                from.1
            ));
        }
        known.connected = Some(by);
        true
    }

    pub(crate) fn disconnect(&mut self, now: u64, shard: ShardId, process: u64) {
        if let Some(known) = self.shards.get_mut(&shard)
            && known.connected == Some(process)
        {
            (known.connected, known.left) = (None, now);
        }
    }

    /// A process is gone, and its connections with it.
    pub(crate) fn disconnect_all(&mut self, now: u64, process: u64) {
        let shards: Vec<ShardId> = self.shards.keys().copied().collect();
        for shard in shards {
            self.disconnect(now, shard, process);
        }
    }

    /// The store has forgotten all sessions.
    pub(crate) fn forget(&mut self) {
        let shards = self.shards.values_mut();
        shards.for_each(|known| known.forgotten = true);
    }

    pub(crate) fn trim(&mut self, shard: ShardId, session: u64, to: u64) {
        if let Some(known) = self.shards.get_mut(&shard)
            && known.session == session
        {
            known.trimmed = known.trimmed.max(to);
            known.forgotten = false;
        }
    }
}
