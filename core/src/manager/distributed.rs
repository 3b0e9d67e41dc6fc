//! So many channels per shard, and so many shards.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::manager::{ChannelKey, Health, Manager, NewShard, Plan, Refusal, RosterShard, ShardKey};

/// How a [`Distributed`] manager spreads channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// Channels per shard at most; 25 by default, at least 1.
    pub channels_per_shard: usize,
    /// Shards at most, dead ones not counted; 5 by default, `None` for no limit.
    pub max_shard_count: Option<usize>,
    /// Shards opened at the start, and kept open when idle ones are closed; 1 by default.
    pub initial_shard_count: usize,
}

impl Default for Spread {
    fn default() -> Self {
        Self {
            channels_per_shard: 25,
            max_shard_count: Some(5),
            initial_shard_count: 1,
        }
    }
}

/// Connections that are opened at once at most, whether or not there is anything to serve.
const MOST_AT_FIRST: usize = 10_000;

impl Spread {
    /// How many shards to open for so many channels.
    fn shards_for<C>(&self, channels: usize) -> Result<usize, Refusal<C>> {
        if self.channels_per_shard == 0 {
            return Err(Refusal::Options("channels_per_shard must be at least 1"));
        }
        if self.initial_shard_count > MOST_AT_FIRST {
            return Err(Refusal::Options(
                "initial_shard_count must be at most 10000",
            ));
        }
        let max = self.max_shard_count.unwrap_or(usize::MAX);
        if self.initial_shard_count > max {
            return Err(Refusal::Options("initial_shard_count is over the maximum"));
        }
        let needed = channels.div_ceil(self.channels_per_shard);
        if needed > max {
            let seats = max.saturating_mul(self.channels_per_shard);
            return Err(Refusal::Capacity { channels, seats });
        }
        Ok(needed.max(self.initial_shard_count))
    }
}

/// Spreads channels evenly over shards and opens a new shard when all are full.
///
/// Initial channels are dealt out in turn, so that loads differ by at most one. A later channel
/// goes to the least loaded shard that is up or coming up, then to one whose connection is down
/// for now, then to a new shard; then it is refused as [`Refusal::Full`].
///
/// With [`Options`](crate::manager::Options) set, channels leave a shard that is given up as far
/// as there are seats elsewhere, the rest following as soon as there are; and idle shards are
/// closed down to the initial number.
#[derive(Clone, Debug, Default)]
pub struct Distributed {
    spread: Spread,
    /// The shards that this manager opened: another manager may share the roster with it.
    own: BTreeSet<ShardKey>,
}

impl Distributed {
    /// A manager with this spread.
    #[must_use]
    pub fn new(spread: Spread) -> Self {
        Self {
            spread,
            own: BTreeSet::new(),
        }
    }

    fn open<C: ChannelKey>(&mut self, plan: &mut Plan<'_, C>) -> Result<ShardKey, Refusal<C>> {
        let shard = plan.open(NewShard::new().with_seats(self.spread.channels_per_shard))?;
        self.own.insert(shard);
        Ok(shard)
    }

    fn own<'p, C: ChannelKey>(
        &'p self,
        plan: &'p Plan<'_, C>,
    ) -> impl Iterator<Item = (ShardKey, &'p RosterShard<C>)> {
        let roster = plan.roster();
        let found = |key: &ShardKey| roster.get(*key).map(|shard| (*key, shard));
        self.own.iter().filter_map(found)
    }

    fn may_open<C: ChannelKey>(&self, plan: &Plan<'_, C>) -> bool {
        let counts =
            |shard: &RosterShard<C>| shard.health() != Health::Dead && !shard.is_given_up();
        let open = self.own(plan).filter(|(_, shard)| counts(shard)).count();
        self.spread.max_shard_count.is_none_or(|max| open < max)
    }

    /// The shard to place a channel on: least loaded among the best in health.
    fn best_seat<C: ChannelKey>(&self, plan: &Plan<'_, C>) -> Option<ShardKey> {
        let running = plan.roster().is_running();
        let usable = |shard: &RosterShard<C>| shard.free() > 0 && !shard.is_given_up();
        let rank = |shard: &RosterShard<C>| match shard.health() {
            Health::Up | Health::Opening => Some(0_u8),
            Health::Down => Some(1),
            Health::Stopped | Health::Closing if !running => Some(0),
            Health::Stopped | Health::Closing | Health::Dead => None,
        };
        self.own(plan)
            .filter(|(_, shard)| usable(shard))
            .filter_map(|(key, shard)| Some((rank(shard)?, shard.load(), key)))
            .min()
            .map(|(_, _, key)| key)
    }

    /// A seat for a channel, on a new shard if need be.
    fn find_seat<C: ChannelKey>(&mut self, plan: &mut Plan<'_, C>) -> Option<ShardKey> {
        if let Some(shard) = self.best_seat(plan) {
            return Some(shard);
        }
        if self.may_open(plan) {
            return self.open(plan).ok();
        }
        None
    }

    /// Moves channels off a shard as far as there are seats, and closes it when none is left.
    fn evacuate<C: ChannelKey>(&mut self, plan: &mut Plan<'_, C>, lost: ShardKey) {
        let Some(shard) = plan.roster().get(lost) else {
            return;
        };
        let channels: Vec<C> = shard.channels().cloned().collect();
        for channel in channels {
            let Some(seat) = self.find_seat(plan) else {
                return;
            };
            if plan.join(seat, &channel).is_err() {
                return;
            }
        }
        if plan.close(lost).is_ok() {
            self.own.remove(&lost);
        }
    }
}

impl<C: ChannelKey> Manager<C> for Distributed {
    fn set_up(&mut self, plan: &mut Plan<'_, C>, initial: &[C]) -> Result<(), Refusal<C>> {
        let count = self.spread.shards_for(initial.len())?;
        let shards: Result<Vec<_>, _> = (0..count).map(|_| self.open(plan)).collect();
        let shards = shards?;
        initial
            .iter()
            .zip(shards.iter().cycle())
            .try_for_each(|(channel, shard)| plan.join(*shard, channel))
    }

    fn assign(&mut self, plan: &mut Plan<'_, C>, channel: &C, _: bool) -> Result<(), Refusal<C>> {
        match self.find_seat(plan) {
            Some(shard) => plan.join(shard, channel),
            None => Err(Refusal::Full(channel.clone())),
        }
    }

    fn add_shard(&mut self, plan: &mut Plan<'_, C>) -> Result<ShardKey, Refusal<C>> {
        if self.may_open(plan) {
            self.open(plan)
        } else {
            Err(Refusal::FixedShards)
        }
    }

    fn tend(&mut self, plan: &mut Plan<'_, C>) {
        let roster = plan.roster();
        self.own.retain(|key| roster.get(*key).is_some());
        let given_up = self.own(plan).filter(|(_, shard)| shard.is_given_up());
        let given_up: Vec<_> = given_up.map(|(key, _)| key).collect();
        for lost in given_up {
            self.evacuate(plan, lost);
        }
        let idle = self.own(plan).filter(|(_, shard)| shard.is_idle());
        let idle: Vec<_> = idle.map(|(key, _)| key).collect();
        for shard in idle.into_iter().rev() {
            if self.own.len() > self.spread.initial_shard_count && plan.close(shard).is_ok() {
                self.own.remove(&shard);
            }
        }
    }
}
