//! One process: its leases, and its shards as far as leases have to do with them.

use std::collections::{BTreeMap, BTreeSet};

use headcount_core::fleet::lease::{LeaseConfig, LeaseKey, Leases, ProcessId};
use headcount_core::manager::{Placement, RunnableShards};
use headcount_core::{Instant, ShardId};

use crate::dice::Dice;
use crate::gateway::Gateway;

/// What a shard does in its process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    /// It dials to resume this session from this event.
    Resuming {
        session: u64,
        from: u64,
    },
    Waiting,
    /// It was let in, and dials.
    Identifying,
    /// Its events flow; the last one that was acknowledged.
    Active {
        session: u64,
        acknowledged: u64,
    },
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Running {
    pub(crate) doing: Doing,
    /// Which of its steps count.
    pub(crate) attempt: u64,
}

pub(crate) struct Process {
    pub(crate) id: u64,
    pub(crate) leases: Leases,
    /// Its clock runs so many thousandths faster, and shows this at the beginning.
    speed: i64,
    begin: u64,
    pub(crate) paused_until: u64,
    pub(crate) shards: BTreeMap<ShardId, Running>,
    pub(crate) serves: BTreeSet<ShardId>,
    /// The shards that it may have to run.
    pub(crate) watched: Vec<ShardId>,
    /// Those of them that it has given up for good.
    pub(crate) declined: BTreeSet<ShardId>,
    pub(crate) attempts: u64,
    pub(crate) wakes: Option<u64>,
    /// The last second in which it asked about each key, and how often it did.
    asked: BTreeMap<LeaseKey, (u64, u32)>,
}

impl Process {
    pub(crate) fn start(
        now: u64,
        id: u64,
        config: LeaseConfig,
        shards: &[ShardId],
        (gateway, dice): (&mut Gateway, &mut Dice),
    ) -> Self {
        let speed = dice.roll(0, 40) as i64 - 20;
        let begin = dice.roll(0, 1_000_000);
        let clock = |now: u64| clock(now, begin, speed);
        let limit = gateway.limit(now);
        let me = ProcessId::new(id);
        Self {
            id,
            leases: Leases::new(clock(now), config, me, limit, shards.iter().copied()),
            speed,
            begin,
            paused_until: 0,
            shards: BTreeMap::new(),
            serves: BTreeSet::new(),
            watched: shards.to_vec(),
            declined: BTreeSet::new(),
            attempts: 0,
            wakes: None,
            asked: BTreeMap::new(),
        }
    }

    /// What its clock shows: it goes on while the process stands still.
    pub(crate) fn clock(&self, now: u64) -> Instant {
        clock(now, self.begin, self.speed)
    }

    /// When its clock shows that, or a little later.
    pub(crate) fn when(&self, at: Instant, now: u64) -> u64 {
        let wait = at.since(self.clock(now)).as_millis() as i64;
        now + (wait * 1_000 / (1_000 + self.speed) + 1) as u64
    }

    /// It asks the store about a key; returns how often it did in this second.
    pub(crate) fn asks(&mut self, now: u64, key: LeaseKey) -> u32 {
        let second = now / 1_000;
        let last = self.asked.entry(key).or_default();
        if last.0 != second {
            *last = (second, 0);
        }
        last.1 += 1;
        last.1
    }

    pub(crate) fn may_emit(&self, now: u64, shard: ShardId) -> bool {
        self.leases.may_emit(self.clock(now), shard)
    }

    /// Whether it can run a shard.
    pub(crate) fn can_run(&self, shard: ShardId) -> bool {
        self.watched.contains(&shard) && !self.declined.contains(&shard)
    }

    /// The shards that it can run, as it tells the others.
    pub(crate) fn offer(&self) -> RunnableShards {
        let total = self.watched.first().map_or(0, |shard| shard.total());
        let shards = self.watched.iter().copied();
        let shards = shards.filter(|shard| self.can_run(*shard));
        Placement::Spread.runnable(total, shards)
    }

    /// Begins something else with a shard; what was going on with it counts no more.
    pub(crate) fn begin(&mut self, shard: ShardId, doing: Doing) -> u64 {
        self.attempts += 1;
        let attempt = self.attempts;
        if let Some(running) = self.shards.get_mut(&shard) {
            (running.doing, running.attempt) = (doing, attempt);
        }
        attempt
    }
}

fn clock(now: u64, begin: u64, speed: i64) -> Instant {
    let shown = now as i64 * (1_000 + speed) / 1_000;
    Instant::from_millis(begin + shown as u64)
}
