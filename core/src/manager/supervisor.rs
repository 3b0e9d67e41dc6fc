//! A manager at work: keeps the roster, carries the calls, watches the time.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::Instant;
use crate::manager::{
    ChannelKey, Decision, Health, Manager, Options, Plan, Refusal, Roster, RosterShard, ShardKey,
};

/// What came of a call: decisions to carry out in order, or a refusal that changed nothing.
type Decisions<C> = Result<Vec<Decision<C>>, Refusal<C>>;

/// Runs a [`Manager`]: the one door between it and the host.
///
/// The host carries out the decisions, reports how shards fare by [`report`](Self::report), and
/// calls [`handle_timeout`](Self::handle_timeout) when [`poll_timeout`](Self::poll_timeout) says.
pub struct Supervisor<C: ChannelKey> {
    manager: Box<dyn Manager<C> + Send>,
    options: Options,
    roster: Roster<C>,
}

impl<C: ChannelKey> Supervisor<C> {
    /// Makes a manager by `factory` and sets it up. Duplicates among the channels are left out.
    ///
    /// # Errors
    /// Whatever [`Manager::set_up`] refuses, [`Refusal::Capacity`] above all; [`Refusal::Options`]
    /// for a wait of more than a day.
    pub fn new<M: Manager<C> + Send + 'static>(
        options: Options,
        initial: impl IntoIterator<Item = C>,
        factory: impl FnOnce(&Options) -> M,
    ) -> Result<Self, Refusal<C>> {
        options.check()?;
        let mut seen = BTreeSet::new();
        let mut channels: Vec<C> = Vec::new();
        for channel in initial {
            if seen.insert(channel.clone()) {
                channels.push(channel);
            }
        }
        let mut new = Self {
            manager: Box::new(factory(&options)),
            options,
            roster: Roster::new(),
        };
        new.act(Instant::ZERO, |manager, plan| {
            manager.set_up(plan, &channels)?;
            let placed = |channel: &&C| plan.roster().shard_of(channel).is_some();
            match channels.iter().find(|channel| !placed(channel)) {
                Some(left_out) => Err(Refusal::NotPlaced(left_out.clone())),
                None => Ok(()),
            }
        })?;
        Ok(new)
    }

    /// The shards, their health and their load.
    #[must_use]
    pub fn roster(&self) -> &Roster<C> {
        &self.roster
    }

    /// Whether every connection has ended: what "wait until all have ended" waits for.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.roster.has_ended()
    }

    /// The shard that sends to a channel.
    #[must_use]
    pub fn sender(&self, channel: &C) -> Option<ShardKey> {
        self.manager.sender(&self.roster, channel)
    }

    /// Assigns a channel; one that is assigned already stays where it is.
    ///
    /// # Errors
    /// [`Refusal::Full`] when all shards are full, and what else the manager refuses.
    pub fn assign(&mut self, now: Instant, channel: &C) -> Decisions<C> {
        if self.roster.shard_of(channel).is_some() {
            return Ok(Vec::new());
        }
        self.act(now, |manager, plan| {
            manager.assign(plan, channel, false)?;
            match plan.roster().shard_of(channel) {
                Some(_) => Ok(()),
                None => Err(Refusal::NotPlaced(channel.clone())),
            }
        })
    }

    /// Takes a channel away from its shard.
    ///
    /// # Errors
    /// [`Refusal::NotAssigned`].
    pub fn unassign(&mut self, now: Instant, channel: &C) -> Decisions<C> {
        if self.roster.shard_of(channel).is_none() {
            return Err(Refusal::NotAssigned(channel.clone()));
        }
        self.act(now, |manager, plan| {
            manager.unassign(plan, channel)?;
            manager.tend(plan);
            Ok(())
        })
    }

    /// Adds a shard without channels.
    ///
    /// # Errors
    /// [`Refusal::FixedShards`] when the manager allows no further one.
    pub fn add_shard(&mut self, now: Instant) -> Decisions<C> {
        self.act(now, |manager, plan| {
            manager.add_shard(plan)?;
            manager.tend(plan);
            Ok(())
        })
    }

    /// Starts one shard.
    ///
    /// # Errors
    /// [`Refusal::NoSuchShard`].
    pub fn start(&mut self, now: Instant, shard: ShardKey) -> Decisions<C> {
        let decisions = self.act(now, |manager, plan| manager.start(plan, shard))?;
        self.roster.running = true;
        self.revive(now, &decisions);
        Ok(decisions)
    }

    /// Starts every shard, for the first time or again after a stop.
    ///
    /// # Errors
    /// What the manager refuses.
    pub fn start_all(&mut self, now: Instant) -> Decisions<C> {
        let decisions = self.act(now, |manager, plan| manager.start_all(plan))?;
        self.roster.running = true;
        self.revive(now, &decisions);
        Ok(decisions)
    }

    /// Stops one shard.
    ///
    /// # Errors
    /// [`Refusal::NoSuchShard`].
    pub fn stop(&mut self, now: Instant, shard: ShardKey) -> Decisions<C> {
        self.act(now, |manager, plan| manager.stop(plan, shard))
    }

    /// Stops every shard, those without a connection too.
    ///
    /// # Errors
    /// What the manager refuses.
    pub fn stop_all(&mut self, now: Instant) -> Decisions<C> {
        let decisions = self.act(now, |manager, plan| manager.stop_all(plan))?;
        self.roster.running = false;
        Ok(decisions)
    }

    /// Takes in how a shard fares. A shard that is closing can only become `Stopped`, one
    /// that has ended stays so until it is started, and unknown shards are ignored.
    pub fn report(&mut self, now: Instant, shard: ShardKey, health: Health) -> Vec<Decision<C>> {
        let ended = match health {
            Health::Stopped | Health::Dead => true,
            Health::Opening | Health::Up | Health::Down | Health::Closing => false,
        };
        if ended {
            self.roster.closing.remove(&shard);
        }
        let Some(entry) = self.roster.shards.get_mut(&shard) else {
            return Vec::new();
        };
        match entry.health {
            Health::Opening | Health::Up | Health::Down => entry.health = health,
            Health::Closing if ended => entry.health = Health::Stopped,
            Health::Closing | Health::Stopped | Health::Dead => return Vec::new(),
        }
        note_health(entry, now);
        self.handle_timeout(now)
    }

    /// Looks after shards that have been down or empty for too long.
    pub fn handle_timeout(&mut self, now: Instant) -> Vec<Decision<C>> {
        let options = &self.options;
        for shard in self.roster.shards.values_mut() {
            let dead = shard.health == Health::Dead && options.move_off_after.is_some();
            let down = due(shard.down_since, options.move_off_after);
            shard.given_up = dead || down.is_some_and(|at| at <= now);
            let empty = empty_until(shard, options);
            shard.idle = empty.is_some_and(|at| at <= now);
        }
        let tended = self.act(now, |manager, plan| {
            manager.tend(plan);
            Ok(())
        });
        tended.unwrap_or_default()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due; `None` when nothing waits.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let next = |shard: &RosterShard<C>| {
            let down = due(shard.down_since, self.options.move_off_after);
            let empty = empty_until(shard, &self.options);
            let down = down.filter(|_| !shard.given_up);
            [down, empty.filter(|_| !shard.idle)]
        };
        self.roster.shards.values().flat_map(next).flatten().min()
    }

    fn act(
        &mut self,
        now: Instant,
        call: impl FnOnce(&mut dyn Manager<C>, &mut Plan<'_, C>) -> Result<(), Refusal<C>>,
    ) -> Decisions<C> {
        let mut plan = Plan::new(&mut self.roster, &self.options, now);
        match call(&mut *self.manager, &mut plan) {
            Ok(()) => Ok(plan.finish()),
            Err(refusal) => {
                plan.roll_back();
                Err(refusal)
            }
        }
    }

    /// Forgets how long the started shards were down before.
    fn revive(&mut self, now: Instant, decisions: &[Decision<C>]) {
        for decision in decisions {
            if let Decision::Open { shard, .. } = decision
                && let Some(entry) = self.roster.shards.get_mut(shard)
            {
                note_health(entry, now);
                entry.given_up = false;
                entry.empty_since = entry.channels.is_empty().then_some(now);
            }
        }
    }
}

/// Keeps the time since which a shard has been down.
fn note_health<C>(shard: &mut RosterShard<C>, now: Instant) {
    match shard.health {
        Health::Down => {
            shard.down_since.get_or_insert(now);
        }
        Health::Stopped | Health::Opening | Health::Up | Health::Dead | Health::Closing => {
            shard.down_since = None;
        }
    }
}

/// When a running shard has been empty for long enough to be idle.
fn empty_until<C>(shard: &RosterShard<C>, options: &Options) -> Option<Instant> {
    let since = shard.empty_since.filter(|_| shard.health.is_running());
    due(since, options.close_empty_after)
}

fn due(since: Option<Instant>, wait: Option<Duration>) -> Option<Instant> {
    Some(since?.after(wait?))
}

impl<C: ChannelKey> fmt::Debug for Supervisor<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor")
            .field("options", &self.options)
            .field("roster", &self.roster)
            .finish_non_exhaustive()
    }
}
