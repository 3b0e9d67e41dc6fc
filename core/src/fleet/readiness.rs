//! When the whole bot is ready.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::event::{Event, StateChanged};
use crate::fleet::FleetEvent;
use crate::session::Phase;
use crate::shard_id::ShardId;

/// How far a bot is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FleetReadiness {
    /// Shards expected.
    pub shards: usize,
    /// Shards whose events flow now.
    pub active: usize,
    /// Shards that have been ready.
    pub ready: usize,
    /// Shards that have finished chunking.
    pub chunked: usize,
    /// Shards that have ended for good.
    pub halted: usize,
    /// Shards that wait for an identify.
    pub waiting: usize,
}

/// What is known of each expected shard.
#[derive(Clone, Debug)]
pub(super) struct Readiness {
    shards: BTreeMap<ShardId, Progress>,
    told_chunking: bool,
    told_ready: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    phase: Option<Phase>,
    /// It began a session of its own, so that its READY says what to wait for.
    identified: bool,
    /// Available and unavailable guilds.
    ready: Option<(usize, usize)>,
    /// Complete guilds and all others.
    chunked: Option<(usize, usize)>,
}

impl Progress {
    fn halted(&self) -> bool {
        self.phase == Some(Phase::Halted)
    }
}

impl Readiness {
    pub(super) fn new(shards: impl IntoIterator<Item = ShardId>) -> Self {
        let shards = shards
            .into_iter()
            .map(|shard| (shard, Progress::default()))
            .collect();
        Self {
            shards,
            told_chunking: false,
            told_ready: false,
        }
    }

    pub(super) fn has(&self, shard: ShardId) -> bool {
        self.shards.contains_key(&shard)
    }

    pub(super) fn counts(&self, waiting: usize) -> FleetReadiness {
        let mut counts = FleetReadiness {
            shards: self.shards.len(),
            waiting,
            ..FleetReadiness::default()
        };
        for progress in self.shards.values() {
            let count = |slot: &mut usize, yes: bool| {
                *slot = slot.saturating_add(usize::from(yes));
            };
            count(&mut counts.active, progress.phase == Some(Phase::Active));
            count(&mut counts.ready, progress.ready.is_some());
            count(&mut counts.chunked, progress.chunked.is_some());
            count(&mut counts.halted, progress.halted());
        }
        counts
    }

    /// Takes note of a shard's event. What it completes comes in the order chunking, ready.
    pub(super) fn observe(&mut self, shard: ShardId, event: &Event<'_>) -> Vec<FleetEvent> {
        let Some(progress) = self.shards.get_mut(&shard) else {
            return Vec::new();
        };
        match event {
            Event::StateChanged(StateChanged { to, .. }) => {
                progress.phase = Some(*to);
                progress.identified |= *to == Phase::Identifying;
            }
            Event::ShardReady(ready) => {
                progress.ready = Some((ready.available, ready.unavailable));
            }
            Event::ShardFinishedChunking(done) => {
                progress.chunked = Some((done.complete, done.others()));
            }
            // A session taken over from an earlier process: its guilds were ready there.
            Event::Resumed { .. } if !progress.identified => {
                progress.ready = progress.ready.or(Some((0, 0)));
                progress.chunked = progress.chunked.or(Some((0, 0)));
            }
            // No other event says anything about readiness.
            _ => return Vec::new(),
        }
        self.completed()
    }

    fn completed(&mut self) -> Vec<FleetEvent> {
        let mut events = Vec::new();
        if !self.told_chunking
            && let Some((complete, others)) = self.total(|progress| progress.chunked)
        {
            self.told_chunking = true;
            let halted = self.halted();
            events.push(FleetEvent::FinishedChunking {
                complete,
                others,
                halted,
            });
        }
        if !self.told_ready
            && let Some((available, unavailable)) = self.total(|progress| progress.ready)
        {
            self.told_ready = true;
            let halted = self.halted();
            events.push(FleetEvent::BotReady {
                available,
                unavailable,
                halted,
            });
        }
        events
    }

    /// The sums over all shards, once each has its numbers or has ended for good, and at least
    /// one has them.
    fn total(&self, of: impl Fn(&Progress) -> Option<(usize, usize)>) -> Option<(usize, usize)> {
        let mut total = None;
        for progress in self.shards.values() {
            match of(progress) {
                Some((a, b)) => {
                    let (x, y): (usize, usize) = total.unwrap_or_default();
                    total = Some((x.saturating_add(a), y.saturating_add(b)));
                }
                None if progress.halted() => {}
                None => return None,
            }
        }
        total
    }

    fn halted(&self) -> Vec<ShardId> {
        let halted = self.shards.iter().filter(|(_, progress)| progress.halted());
        halted.map(|(shard, _)| *shard).collect()
    }
}
