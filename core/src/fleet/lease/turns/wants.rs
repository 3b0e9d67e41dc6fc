//! The shards of this process that are to identify, or did so just now.

use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use alloc::vec::Vec;
use core::mem;
use core::time::Duration;

use crate::fleet::lease::action::LeaseAction;
use crate::fleet::lease::queue::{IdentifyQueue, Stamp};
use crate::process_id::ProcessId;
use crate::shard_id::ShardId;
use crate::time::Instant;

/// How far a shard is on its way to an identify.
#[derive(Clone, Copy, Debug)]
enum Want {
    Waiting,
    /// Its bucket is taken for it; certainly, once that has stood for some time.
    Next {
        hold: Stamp,
        since: Instant,
        is_certain: bool,
    },
    Granted {
        hold: Stamp,
    },
}

/// An identify that was written, and has to get into the queue and stay there.
#[derive(Clone, Copy, Debug)]
struct Report {
    shard: ShardId,
    hold: Stamp,
    rests: Stamp,
    /// Since when it is in the queue.
    since: Option<Instant>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Wants {
    shards: BTreeMap<ShardId, Want>,
    reports: Vec<Report>,
}

impl Wants {
    pub(super) fn is_empty(&self) -> bool {
        self.shards.is_empty() && self.reports.is_empty()
    }

    /// A shard waits. One that was let in and asks again has lost its connection, and may try anew.
    /// Whether it did not wait before.
    pub(super) fn add(&mut self, shard: ShardId, now: Instant) -> bool {
        match self.shards.entry(shard) {
            Entry::Vacant(vacant) => {
                vacant.insert(Want::Waiting);
                true
            }
            Entry::Occupied(mut occupied) => match *occupied.get() {
                Want::Granted { hold } => {
                    occupied.insert(Want::Next {
                        hold,
                        since: now,
                        is_certain: true,
                    });
                    true
                }
                Want::Waiting | Want::Next { .. } => false,
            },
        }
    }

    pub(super) fn drop(&mut self, shard: ShardId) {
        self.shards.remove(&shard);
    }

    pub(super) fn identified(&mut self, shard: ShardId, rests: Stamp) {
        // One that waits again waits for another identify.
        if let Some(Want::Granted { hold }) = self.shards.get(&shard).copied() {
            self.shards.remove(&shard);
            let since = None;
            self.reports.push(Report {
                shard,
                hold,
                rests,
                since,
            });
        }
    }

    pub(super) fn grant(&mut self, shard: ShardId) {
        if let Some(want) = self.shards.get_mut(&shard)
            && let Want::Next { hold, .. } = *want
        {
            *want = Want::Granted { hold };
        }
    }

    pub(super) fn is_granted(&self, shard: ShardId) -> bool {
        matches!(self.shards.get(&shard), Some(Want::Granted { .. }))
    }

    pub(super) fn waiting(&self) -> impl Iterator<Item = ShardId> {
        let waiting = self.shards.iter();
        let waiting = waiting.filter(|(_, want)| matches!(want, Want::Waiting));
        waiting.map(|(shard, _)| *shard)
    }

    /// Whose buckets are certainly theirs, and who are not let in yet.
    pub(super) fn certain(&self) -> impl Iterator<Item = ShardId> {
        let next = self.shards.iter().filter(|(_, want)| {
            matches!(
                want,
                Want::Next {
                    is_certain: true,
                    ..
                }
            )
        });
        next.map(|(shard, _)| *shard)
    }

    /// Whether something of this process is in the queue that changes soon.
    pub(super) fn has_held(&self) -> bool {
        let waits = |want: &Want| matches!(want, Want::Waiting);
        !self.reports.is_empty() || self.shards.values().any(|want| !waits(want))
    }

    /// Nothing that was held is certain any more.
    pub(super) fn withdraw_all(&mut self, actions: &mut Vec<LeaseAction>) {
        for (shard, want) in &mut self.shards {
            if let Want::Granted { .. } = want {
                actions.push(LeaseAction::Withdraw(*shard));
            }
            *want = Want::Waiting;
        }
    }

    /// Puts into the queue what this process wants of it.
    pub(super) fn apply(&self, queue: &mut IdentifyQueue, me: ProcessId) {
        let waits = |shard: &ShardId| matches!(self.shards.get(shard), Some(Want::Waiting));
        queue
            .waiters
            .retain(|(shard, by)| *by != me || waits(shard));
        let own: Vec<_> = queue.holds().filter(|held| held.by == me).collect();
        for held in own {
            let report = self.report_of(held.stamp);
            let bucket = queue.bucket_mut(held.shard);
            if let Some(report) = report {
                (bucket.held, bucket.rests) = (None, Some(report.rests));
                queue.budget.spend();
            } else if !self.shards.contains_key(&held.shard) {
                bucket.held = None;
            }
        }
        for shard in self.waiting() {
            if queue.hold(shard, me).is_none() {
                queue.line_up(shard, me);
            }
        }
    }

    fn report_of(&self, hold: Stamp) -> Option<Report> {
        let mut reports = self.reports.iter();
        reports.find(|report| report.hold == hold).copied()
    }

    /// Compares what is wanted with the queue as it was at some time after `sent`.
    pub(super) fn observe(
        &mut self,
        queue: &IdentifyQueue,
        me: ProcessId,
        (sent, now, settle): (Instant, Instant, Duration),
        actions: &mut Vec<LeaseAction>,
    ) {
        let reports = mem::take(&mut self.reports);
        for (shard, want) in &mut self.shards {
            let held = queue.hold(*shard, me).map(|held| held.stamp);
            let held = held.filter(|held| reports.iter().all(|report| report.hold != *held));
            match want {
                Want::Next {
                    hold,
                    since,
                    is_certain,
                } if held == Some(*hold) => *is_certain |= since.after(settle) <= sent,
                Want::Granted { hold } if held == Some(*hold) => {}
                Want::Waiting | Want::Next { .. } | Want::Granted { .. } => {
                    if let Want::Granted { .. } = want {
                        actions.push(LeaseAction::Withdraw(*shard));
                    }
                    let (since, is_certain) = (now, false);
                    let next = held.map(|hold| Want::Next {
                        hold,
                        since,
                        is_certain,
                    });
                    *want = next.unwrap_or(Want::Waiting);
                }
            }
        }
        self.reports = reports;
        self.reports.retain_mut(|report| {
            let bucket = queue.bucket(report.shard);
            let is_held = queue.holds().any(|held| held.stamp == report.hold);
            let rests = bucket.is_some_and(|bucket| bucket.rests == Some(report.rests));
            report.since = match report.since {
                Some(since) if rests => Some(since),
                Some(_) | None => rests.then_some(now),
            };
            let lasts = report
                .since
                .is_some_and(|since| since.after(settle) <= sent);
            // What is neither held nor rests was counted by somebody else.
            is_held || rests && !lasts
        });
    }
}
