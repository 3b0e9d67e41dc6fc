//! When the whole bot is ready.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::event::{BotReady, Event, FinishedChunking, PresencesCounts, StateChanged};
use crate::fleet::report::FleetReport;
use crate::session::Phase;
use crate::setup::{GuildStale, Restored, ShardFinishedChunking};
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
pub(super) struct FleetProgress {
    shards: BTreeMap<ShardId, ShardProgress>,
    chunking_emitted: bool,
    ready_emitted: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct ShardProgress {
    phase: Option<Phase>,
    ready: Option<Available>,
    chunked: Option<Chunked>,
}

/// Which guilds of a shard are there.
#[derive(Clone, Copy, Debug, Default)]
struct Available {
    available: usize,
    unavailable: usize,
    restored: Option<Restored>,
}

impl Available {
    fn and(self, other: Self) -> Self {
        Self {
            available: self.available.saturating_add(other.available),
            unavailable: self.unavailable.saturating_add(other.unavailable),
            restored: both_restored(self.restored, other.restored),
        }
    }
}

pub(super) fn both_restored(one: Option<Restored>, other: Option<Restored>) -> Option<Restored> {
    let all = [one, other].into_iter().flatten();
    all.reduce(Restored::and)
}

/// How the guilds of a shard's READY ended.
#[derive(Clone, Copy, Debug, Default)]
struct Chunked {
    complete: usize,
    others: usize,
    /// Guilds whose presences are complete too; `None` where they are not cached.
    presences: Option<usize>,
    restored: Option<Restored>,
}

impl Chunked {
    fn of(done: &ShardFinishedChunking) -> Self {
        Self {
            complete: done.complete,
            others: done.others(),
            presences: done.presences.as_ref().map(|presences| presences.complete),
            restored: done.restored,
        }
    }

    /// A store has failed a guild since.
    fn lose(&mut self, stale: &GuildStale) {
        if stale.was_complete {
            self.complete = self.complete.saturating_sub(1);
            self.others = self.others.saturating_add(1);
        }
        if stale.presences_were_complete {
            self.presences = self.presences.map(|complete| complete.saturating_sub(1));
        }
    }

    fn and(self, other: Self) -> Self {
        let presences = [self.presences, other.presences].into_iter().flatten();
        Self {
            complete: self.complete.saturating_add(other.complete),
            others: self.others.saturating_add(other.others),
            presences: presences.reduce(usize::saturating_add),
            restored: both_restored(self.restored, other.restored),
        }
    }
}

/// What one shard has reported, if it has.
type Reported<T> = fn(&ShardProgress) -> Option<T>;

impl ShardProgress {
    fn halted(&self) -> bool {
        self.phase == Some(Phase::Halted)
    }
}

impl FleetProgress {
    pub(super) fn new(shards: impl IntoIterator<Item = ShardId>) -> Self {
        let shards = shards
            .into_iter()
            .map(|shard| (shard, ShardProgress::default()))
            .collect();
        Self {
            shards,
            chunking_emitted: false,
            ready_emitted: false,
        }
    }

    pub(super) fn has(&self, shard: ShardId) -> bool {
        self.shards.contains_key(&shard)
    }

    /// Nothing is known of a shard any more.
    pub(super) fn forget(&mut self, shard: ShardId) {
        if let Some(progress) = self.shards.get_mut(&shard) {
            *progress = ShardProgress::default();
        }
    }

    /// What there is to say to other processes of the bot.
    pub(super) fn report(&self) -> FleetReport {
        let mut report = FleetReport::default();
        for (shard, progress) in &self.shards {
            let number = shard.number();
            if let Some(ready) = progress.ready {
                report.ready.push(number);
                report.available = report.available.saturating_add(ready.available);
                report.unavailable = report.unavailable.saturating_add(ready.unavailable);
            }
            if let Some(chunked) = progress.chunked {
                report.chunked.push(number);
                report.complete = report.complete.saturating_add(chunked.complete);
                report.others = report.others.saturating_add(chunked.others);
                let presences = [report.presences, chunked.presences].into_iter().flatten();
                report.presences = presences.reduce(usize::saturating_add);
                report.restored = both_restored(report.restored, chunked.restored);
            }
            if progress.halted() {
                report.halted.push(number);
            }
        }
        report
    }

    pub(super) fn counts(&self, waiting: usize) -> FleetReadiness {
        let mut counts = FleetReadiness {
            shards: self.shards.len(),
            waiting,
            ..FleetReadiness::default()
        };
        for progress in self.shards.values() {
            let count = |total: &mut usize, yes: bool| {
                *total = total.saturating_add(usize::from(yes));
            };
            count(&mut counts.active, progress.phase == Some(Phase::Active));
            count(&mut counts.ready, progress.ready.is_some());
            count(&mut counts.chunked, progress.chunked.is_some());
            count(&mut counts.halted, progress.halted());
        }
        counts
    }

    /// Takes note of a shard's event. What it completes comes in the order chunking, ready.
    pub(super) fn observe(&mut self, shard: ShardId, event: &Event<'_>) -> Vec<Event<'static>> {
        let Some(progress) = self.shards.get_mut(&shard) else {
            return Vec::new();
        };
        match event {
            Event::StateChanged(StateChanged { to, .. }) => {
                progress.phase = Some(*to);
            }
            Event::ShardReady(ready) => {
                progress.ready = Some(Available {
                    available: ready.available,
                    unavailable: ready.unavailable,
                    restored: ready.restored,
                });
            }
            Event::ShardFinishedChunking(done) => {
                progress.chunked = Some(Chunked::of(done));
            }
            Event::GuildStale(stale) if !self.chunking_emitted => {
                if let Some(chunked) = &mut progress.chunked {
                    chunked.lose(stale);
                }
                return Vec::new();
            }
            Event::Resumed { .. }
            | Event::Dispatch(_)
            | Event::Misunderstood(_)
            | Event::Gap(_)
            | Event::Halted(_)
            | Event::CommandFinished(_)
            | Event::GuildReady(_)
            | Event::GuildJoin(_)
            | Event::GuildRestored(_)
            | Event::GuildUnavailable(_)
            | Event::GuildStale(_)
            | Event::GuildLeave(_)
            | Event::HeldOverflow(_)
            | Event::ChunkRequestFinished(_)
            | Event::FinishedChunking(_)
            | Event::BotReady(_)
            | Event::IdentifyBudgetLow { .. }
            | Event::IdentifyBudgetSpent { .. }
            | Event::StoreFailed(_)
            | Event::ConnectionFailed(_) => return Vec::new(),
        }
        self.completed()
    }

    fn completed(&mut self) -> Vec<Event<'static>> {
        let mut events = Vec::new();
        if !self.chunking_emitted
            && let Some(all) = self.total(|progress| progress.chunked, Chunked::and)
        {
            self.chunking_emitted = true;
            let guilds = all.complete.saturating_add(all.others);
            events.push(Event::FinishedChunking(FinishedChunking {
                complete: all.complete,
                others: all.others,
                presences: all.presences.map(|complete| PresencesCounts {
                    complete,
                    others: guilds.saturating_sub(complete),
                }),
                restored: all.restored,
                halted: self.halted(),
            }));
        }
        if !self.ready_emitted
            && let Some(all) = self.total(|progress| progress.ready, Available::and)
        {
            self.ready_emitted = true;
            events.push(Event::BotReady(BotReady {
                available: all.available,
                unavailable: all.unavailable,
                restored: all.restored,
                halted: self.halted(),
            }));
        }
        events
    }

    /// The sum over all shards, once each has its numbers or has ended for good, and at least
    /// one has them.
    fn total<T>(&self, of: Reported<T>, and: fn(T, T) -> T) -> Option<T> {
        let mut total = None;
        for progress in self.shards.values() {
            match of(progress) {
                Some(one) => {
                    total = Some(match total {
                        Some(sum) => and(sum, one),
                        None => one,
                    });
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
