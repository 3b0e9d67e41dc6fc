//! What a manager writes its wishes into: checked, and undone as a whole when it refuses.

use alloc::vec::Vec;

use crate::Instant;
use crate::manager::{
    ChannelKey, Decision, Health, NewShard, Options, Refusal, Roster, RosterShard, ShardKey,
};

/// A draft of decisions over the roster. Each step shows in the roster at once.
///
/// The plan refuses what no manager may do: put a channel on two shards, overfill a shard, close
/// one that still has channels, or use a name twice.
#[derive(Debug)]
pub struct Plan<'r, C: ChannelKey> {
    roster: &'r mut Roster<C>,
    options: &'r Options,
    now: Instant,
    decisions: Vec<Decision<C>>,
    undo: Vec<Undo<C>>,
}

/// How to take one step back.
#[derive(Debug)]
enum Undo<C> {
    Open(ShardKey),
    Seat(C, Option<ShardKey>),
    /// Since when a shard had no channel, and whether it was idle.
    Empty(ShardKey, Option<Instant>, bool),
    Close(ShardKey, RosterShard<C>),
    Health(ShardKey, Health),
}

impl<'r, C: ChannelKey> Plan<'r, C> {
    pub(super) fn new(roster: &'r mut Roster<C>, options: &'r Options, now: Instant) -> Self {
        Self {
            roster,
            options,
            now,
            decisions: Vec::new(),
            undo: Vec::new(),
        }
    }

    /// The shards as they are with this plan so far.
    #[must_use]
    pub fn roster(&self) -> &Roster<C> {
        self.roster
    }

    /// The options of the supervisor.
    #[must_use]
    pub fn options(&self) -> &Options {
        self.options
    }

    /// Opens a shard; it starts at once if the manager runs.
    ///
    /// # Errors
    /// [`Refusal::NameTaken`].
    pub fn open(&mut self, spec: NewShard) -> Result<ShardKey, Refusal<C>> {
        let key = ShardKey(self.roster.next);
        let spec = spec.with_default_name(key);
        if let Some(name) = self.roster.taken(spec.name()) {
            return Err(Refusal::NameTaken(name));
        }
        self.roster.next = self.roster.next.saturating_add(1);
        let health = if self.roster.running {
            let spec = spec.clone();
            self.decisions.push(Decision::Open { shard: key, spec });
            Health::Opening
        } else {
            Health::Stopped
        };
        self.roster
            .insert(key, RosterShard::new(spec, health, self.now));
        self.undo.push(Undo::Open(key));
        Ok(key)
    }

    /// Assigns a channel to a shard; one that another shard has is moved.
    ///
    /// # Errors
    /// [`Refusal::NoSuchShard`], [`Refusal::ShardFull`].
    pub fn join(&mut self, shard: ShardKey, channel: &C) -> Result<(), Refusal<C>> {
        let Some(target) = self.roster.get(shard) else {
            return Err(Refusal::NoSuchShard(shard));
        };
        if self.roster.shard_of(channel) == Some(shard) {
            return Ok(());
        }
        if target.free() == 0 {
            return Err(Refusal::ShardFull(shard));
        }
        self.undo
            .push(Undo::Empty(shard, target.empty_since, target.idle));
        let from = self.roster.seat(channel, Some(shard), self.now);
        self.undo.push(Undo::Seat(channel.clone(), from));
        self.decide_seat(channel, from, Some(shard));
        Ok(())
    }

    /// Takes a channel away from its shard; nothing happens when it has none.
    pub fn part(&mut self, channel: &C) {
        if let Some(from) = self.roster.seat(channel, None, self.now) {
            self.undo.push(Undo::Seat(channel.clone(), Some(from)));
            self.decide_seat(channel, Some(from), None);
        }
    }

    /// Starts a shard and joins its channels; nothing happens when it runs.
    ///
    /// # Errors
    /// [`Refusal::NoSuchShard`].
    pub fn start(&mut self, shard: ShardKey) -> Result<(), Refusal<C>> {
        let Some(entry) = self.roster.get(shard) else {
            return Err(Refusal::NoSuchShard(shard));
        };
        if entry.health.is_running() {
            return Ok(());
        }
        let spec = entry.spec.clone();
        self.decisions.push(Decision::Open { shard, spec });
        let joins = entry.channels.iter().cloned();
        self.decisions
            .extend(joins.map(|channel| Decision::Join { shard, channel }));
        self.set_health(shard, Health::Opening);
        Ok(())
    }

    /// Stops a shard, which keeps its channels; nothing happens when it does not run.
    ///
    /// # Errors
    /// [`Refusal::NoSuchShard`].
    pub fn stop(&mut self, shard: ShardKey) -> Result<(), Refusal<C>> {
        let Some(entry) = self.roster.get(shard) else {
            return Err(Refusal::NoSuchShard(shard));
        };
        if entry.health.is_running() {
            self.decisions.push(Decision::Close { shard });
            self.set_health(shard, Health::Closing);
        }
        Ok(())
    }

    /// Closes a shard without channels and forgets it.
    ///
    /// # Errors
    /// [`Refusal::NoSuchShard`], [`Refusal::NotEmpty`].
    pub fn close(&mut self, shard: ShardKey) -> Result<(), Refusal<C>> {
        match self.roster.get(shard) {
            None => return Err(Refusal::NoSuchShard(shard)),
            Some(entry) if entry.load() > 0 => return Err(Refusal::NotEmpty(shard)),
            Some(_) => {}
        }
        let Some(entry) = self.roster.remove(shard) else {
            return Err(Refusal::NoSuchShard(shard));
        };
        if entry.health.is_running() {
            self.decisions.push(Decision::Close { shard });
        }
        match entry.health {
            Health::Opening | Health::Up | Health::Down | Health::Closing => {
                self.roster.closing.insert(shard);
            }
            Health::Stopped | Health::Dead => {}
        }
        self.undo.push(Undo::Close(shard, entry));
        Ok(())
    }

    pub(super) fn finish(self) -> Vec<Decision<C>> {
        self.decisions
    }

    /// Takes every step back, the last one first.
    pub(super) fn roll_back(mut self) {
        while let Some(step) = self.undo.pop() {
            match step {
                Undo::Open(key) => {
                    self.roster.remove(key);
                    self.roster.next = key.0;
                }
                Undo::Seat(channel, shard) => {
                    self.roster.seat(&channel, shard, self.now);
                }
                Undo::Empty(key, since, idle) => {
                    if let Some(shard) = self.roster.shards.get_mut(&key) {
                        (shard.empty_since, shard.idle) = (since, idle);
                    }
                }
                Undo::Close(key, shard) => {
                    self.roster.closing.remove(&key);
                    self.roster.insert(key, shard);
                }
                Undo::Health(key, health) => {
                    if let Some(shard) = self.roster.shards.get_mut(&key) {
                        shard.health = health;
                    }
                }
            }
        }
    }

    fn set_health(&mut self, key: ShardKey, health: Health) {
        if let Some(shard) = self.roster.shards.get_mut(&key) {
            self.undo.push(Undo::Health(key, shard.health));
            shard.health = health;
        }
    }

    /// The decision that a change of seat leads to, as far as running shards are concerned.
    fn decide_seat(&mut self, channel: &C, from: Option<ShardKey>, to: Option<ShardKey>) {
        let runs = |key: &ShardKey| {
            let shard = self.roster.get(*key);
            shard.is_some_and(|shard| shard.health.is_running())
        };
        let channel = channel.clone();
        self.decisions
            .extend(match (from.filter(runs), to.filter(runs)) {
                (Some(from), Some(to)) => Some(Decision::Move { channel, from, to }),
                (Some(shard), None) => Some(Decision::Part { shard, channel }),
                (None, Some(shard)) => Some(Decision::Join { shard, channel }),
                (None, None) => None,
            });
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;
    use core::time::Duration;

    use super::*;
    use crate::manager::{Manager, Supervisor};

    type Answer = Result<(), Refusal<u64>>;

    /// A manager with the shards `a` (channels 0, 1 and 2, and no more), `b` (channel 3) and `c`
    /// (no channel). To assign any other channel it follows its script.
    struct Scripted(fn(&mut Plan<'_, u64>, u64) -> Answer);

    impl Manager<u64> for Scripted {
        fn set_up(&mut self, plan: &mut Plan<'_, u64>, initial: &[u64]) -> Answer {
            let a = plan.open(NewShard::new().named("a").with_seats(3))?;
            let b = plan.open(NewShard::new().named("b"))?;
            plan.open(NewShard::new().named("c").with_seats(2))?;
            let mut seats = [a, a, a, b].into_iter();
            initial
                .iter()
                .zip(&mut seats)
                .try_for_each(|(channel, shard)| plan.join(shard, channel))
        }

        fn assign(&mut self, plan: &mut Plan<'_, u64>, channel: &u64, _: bool) -> Answer {
            (self.0)(plan, *channel)
        }
    }

    fn scripted(script: fn(&mut Plan<'_, u64>, u64) -> Answer) -> Supervisor<u64> {
        let options = Options {
            move_off_after: None,
            close_empty_after: Some(Duration::from_secs(30)),
        };
        Supervisor::new(options, 0..4, |_| Scripted(script)).unwrap()
    }

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1000)
    }

    fn shard(plan: &Plan<'_, u64>, name: &str) -> ShardKey {
        plan.roster().named(name).unwrap()
    }

    /// All that a supervisor knows.
    fn all(manager: &Supervisor<u64>) -> String {
        format!("{manager:?} {:?}", manager.poll_timeout())
    }

    /// Everything that a plan can do, and then a refusal.
    fn everything(plan: &mut Plan<'_, u64>, channel: u64) -> Answer {
        let (a, b, c) = (shard(plan, "a"), shard(plan, "b"), shard(plan, "c"));
        let new = plan.open(NewShard::new())?;
        plan.join(new, &0)?;
        plan.join(new, &channel)?;
        plan.part(&1);
        plan.join(a, &3)?;
        plan.stop(b)?;
        plan.close(b)?;
        let again = plan.open(NewShard::new().named("b"))?;
        plan.join(again, &2)?;
        plan.join(c, &1)?;
        plan.stop(c)?;
        plan.start(c)?;
        plan.part(&1);
        plan.close(c)?;
        Err(Refusal::Full(channel))
    }

    #[test]
    fn a_refusal_takes_back_all_that_was_opened_moved_stopped_and_closed() {
        let mut manager = scripted(everything);
        let before = all(&manager);
        assert_eq!(manager.assign(at(1), &9), Err(Refusal::Full(9)));
        assert_eq!(all(&manager), before, "before the start");

        manager.start_all(at(2)).unwrap();
        let keys = manager.roster().keys();
        manager.report(at(2), keys[0], Health::Up);
        manager.report(at(3), keys[1], Health::Down);
        let before = all(&manager);
        assert_eq!(manager.assign(at(4), &9), Err(Refusal::Full(9)));
        assert_eq!(all(&manager), before, "while shards run");

        manager.stop_all(at(5)).unwrap();
        let before = all(&manager);
        assert_eq!(manager.assign(at(6), &9), Err(Refusal::Full(9)));
        assert_eq!(all(&manager), before, "while they close");
    }

    #[test]
    fn what_a_plan_refuses_undoes_the_steps_before_it() {
        for (script, refusal) in [
            (
                (|plan, channel| {
                    let new = plan.open(NewShard::new().named("d"))?;
                    plan.join(new, &channel)?;
                    plan.open(NewShard::new().named("d")).map(drop)
                }) as fn(&mut Plan<'_, u64>, u64) -> Answer,
                Refusal::NameTaken("d".into()),
            ),
            (
                |plan, channel| {
                    plan.join(shard(plan, "c"), &0)?;
                    plan.join(shard(plan, "c"), &1)?;
                    plan.join(shard(plan, "c"), &channel)
                },
                Refusal::ShardFull(ShardKey(2)),
            ),
            (
                |plan, channel| {
                    plan.join(shard(plan, "c"), &channel)?;
                    plan.close(shard(plan, "c"))
                },
                Refusal::NotEmpty(ShardKey(2)),
            ),
            (
                |plan, channel| {
                    let c = shard(plan, "c");
                    plan.close(c)?;
                    plan.join(c, &channel)
                },
                Refusal::NoSuchShard(ShardKey(2)),
            ),
        ] {
            let mut manager = scripted(script);
            manager.start_all(at(0)).unwrap();
            let before = all(&manager);
            assert_eq!(manager.assign(at(7), &9), Err(refusal));
            assert_eq!(all(&manager), before);
        }
    }

    #[test]
    fn a_shard_that_is_empty_grows_idle_through_refusals() {
        let mut manager = scripted(everything);
        manager.start_all(at(0)).unwrap();
        let keys = manager.roster().keys();
        for second in [10, 20, 29] {
            assert!(manager.assign(at(second), &9).is_err());
            assert_eq!(manager.poll_timeout(), Some(at(30)));
        }
        manager.handle_timeout(at(30));
        assert!(manager.assign(at(31), &9).is_err());
        assert!(manager.roster().get(keys[2]).unwrap().is_idle());
    }
}
