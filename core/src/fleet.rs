//! The shards of one bot, seen together: who may identify, and when the whole bot is ready.

mod budget;
mod gate;
pub mod lease;
mod readiness;
mod report;

use alloc::vec::Vec;
use core::time::Duration;

use smallvec::SmallVec;

use crate::bounds::{ConfigError, wait, within};
use crate::event::{Event, StateChanged};
use crate::session::{Halt, Phase};
use crate::shard_id::ShardId;
use crate::time::Instant;
use budget::{DailyBudget, Level};
use gate::Gate;
use readiness::FleetProgress;

pub use budget::{IdentifyBudget, StartLimit};
pub use readiness::FleetReadiness;
pub use report::FleetReport;

/// The settings of a [`Fleet`].
#[derive(Clone, Debug)]
pub struct FleetConfig {
    /// The identify budget: the `session_start_limit` of `GET /gateway/bot`
    /// (<https://discord.com/developers/docs/events/gateway#session-start-limit-object>).
    pub limit: StartLimit,
    /// Time between identifies of one bucket. Default 5.3 s: the protocol's 5 s, and some for
    /// the way there.
    pub spacing: Duration,
    /// When no more than this many identifies are left for the day, a warning is emitted.
    /// Default 100.
    pub warn_at: u32,
    /// When no more than this many are left, none is granted before the budget is full again:
    /// going beyond the last one resets the bot's token. Default 10, for other processes and
    /// counting errors.
    pub refuse_at: u32,
}

impl FleetConfig {
    /// The defaults, with this budget.
    #[must_use]
    pub const fn new(limit: StartLimit) -> Self {
        Self {
            limit,
            spacing: Duration::from_millis(5_300),
            warn_at: 100,
            refuse_at: 10,
        }
    }

    /// Checks that every setting is within its bounds, which the budget is a part of.
    ///
    /// # Errors
    /// The first setting that is out of its bounds: above all a `refuse_at` that would refuse every
    /// identify of a full budget.
    pub fn check(&self) -> Result<(), ConfigError> {
        let Self {
            limit,
            spacing,
            warn_at: _,
            refuse_at,
        } = self;
        wait("spacing", *spacing)?;
        within(
            "limit.max_concurrency",
            limit.max_concurrency,
            &(1..=u32::MAX),
        )?;
        within("limit.total", limit.total, &(1..=u32::MAX))?;
        within(
            "refuse_at",
            *refuse_at,
            &(0..=limit.total.saturating_sub(1)),
        )
    }
}

/// What happened to a shard of a [`Fleet`], or to its time.
#[derive(Clone, Copy, Debug)]
pub enum FleetInput<'e> {
    /// The deadline has come, or the host woke up for another reason.
    Timeout,
    /// A shard emitted [`Action::WantIdentify`](crate::Action::WantIdentify).
    WantIdentify(ShardId),
    /// A shard emitted this event.
    Event(ShardId, &'e Event<'e>),
}

/// What the host must do for a fleet.
#[derive(Clone, Debug)]
pub enum FleetAction {
    /// Hand [`Input::IdentifyGranted`](crate::Input::IdentifyGranted) to this shard.
    Grant(ShardId),
    /// Hand this event of the whole bot to the user: [`FinishedChunking`](Event::FinishedChunking),
    /// [`BotReady`](Event::BotReady), [`IdentifyBudgetLow`](Event::IdentifyBudgetLow) or
    /// [`IdentifyBudgetSpent`](Event::IdentifyBudgetSpent).
    Emit(Event<'static>),
}

/// What one input leads to, in order.
#[derive(Clone, Debug, Default)]
#[must_use = "grants are in this list"]
pub struct FleetActions(SmallVec<[FleetAction; 2]>);

impl FleetActions {
    fn push(&mut self, action: FleetAction) {
        self.0.push(action);
    }
}

impl IntoIterator for FleetActions {
    type Item = FleetAction;
    type IntoIter = FleetIntoIter;

    fn into_iter(self) -> FleetIntoIter {
        FleetIntoIter(self.0.into_iter())
    }
}

/// The actions of a list, by value and in order.
#[derive(Debug)]
pub struct FleetIntoIter(smallvec::IntoIter<[FleetAction; 2]>);

impl Iterator for FleetIntoIter {
    type Item = FleetAction;

    fn next(&mut self) -> Option<FleetAction> {
        self.0.next()
    }
}

/// The shards that one process runs for one bot, as a state machine.
///
/// It grants identifies, one per bucket (`shard number % max_concurrency`) at a time and within the
/// daily budget, in the order they were asked for. A bucket is held from the grant until the
/// identify has been written, or until its shard gives up; then it rests for the spacing. The
/// service's rule is at
/// <https://discord.com/developers/docs/events/gateway#sharding-max-concurrency>.
#[derive(Clone, Debug)]
pub struct Fleet {
    now: Instant,
    config: FleetConfig,
    gate: Gate,
    budget: DailyBudget,
    readiness: FleetProgress,
    /// Other processes run shards of the bot too.
    is_part: bool,
}

impl Fleet {
    /// A fleet of these shards: those of the bot that this process runs. The budget is as of
    /// `now`.
    #[must_use]
    pub fn new(
        now: Instant,
        config: FleetConfig,
        shards: impl IntoIterator<Item = ShardId>,
    ) -> Self {
        Self {
            now,
            gate: Gate::new(config.limit.max_concurrency, config.spacing),
            budget: DailyBudget::new(now, config.limit),
            readiness: FleetProgress::new(shards),
            is_part: false,
            config,
        }
    }

    /// Other processes run shards of the bot too, and any of these may move: [`FinishedChunking`]
    /// and [`BotReady`] are not emitted by this fleet. What it [reports](Self::report) is for the
    /// [leases](lease::LeaseInput::Report), which know when to.
    ///
    /// [`FinishedChunking`]: Event::FinishedChunking
    /// [`BotReady`]: Event::BotReady
    #[must_use]
    pub fn part_of_bot(mut self) -> Self {
        self.is_part = true;
        self
    }

    /// How far the shards that run here are. One that was stopped is none of them.
    #[must_use]
    pub fn report(&self) -> FleetReport {
        self.readiness.report()
    }

    /// Takes in what happened at `now`, and returns what to do about it.
    ///
    /// Hand in every event of every shard, in the order the shard emitted them. Shards that are
    /// not of this fleet are ignored.
    pub fn handle(&mut self, now: Instant, input: FleetInput<'_>) -> FleetActions {
        let mut out = FleetActions::default();
        self.now = self.now.max(now);
        match input {
            FleetInput::Timeout => {}
            FleetInput::WantIdentify(shard) if self.readiness.has(shard) => {
                self.gate.queue(self.now, shard);
            }
            FleetInput::Event(shard, event) if self.readiness.has(shard) => {
                self.observe(shard, event, &mut out);
            }
            FleetInput::WantIdentify(_) | FleetInput::Event(..) => {}
        }
        self.grant(&mut out);
        out
    }

    /// Returns when to hand in [`FleetInput::Timeout`]; `None` when nothing waits.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let gate = self.gate.poll_timeout()?;
        match self.budget.level(self.now, &self.config) {
            Level::Spent(until) => Some(gate.max(until)),
            Level::Low(_) | Level::Plenty => Some(gate),
        }
    }

    /// How far the bot is, as counts; cheap enough for every frame of a progress bar.
    #[must_use]
    pub fn readiness(&self) -> FleetReadiness {
        self.readiness.counts(self.gate.waiting())
    }

    /// How many identifies were granted so far, and how long their shards had waited for them in
    /// all.
    #[must_use]
    pub const fn granted(&self) -> (u64, Duration) {
        self.gate.granted()
    }

    /// Identifies left for the day.
    #[must_use]
    pub fn identifies_left(&self) -> u32 {
        self.budget.left(self.now)
    }

    /// What is left of the identify budget, of how many, and when it is full again.
    #[must_use]
    pub fn identify_budget(&self) -> IdentifyBudget {
        self.budget.as_of(self.now)
    }

    /// Takes over a newer answer of `GET /gateway/bot`.
    pub fn refresh(&mut self, now: Instant, limit: StartLimit) {
        self.now = self.now.max(now);
        self.budget.refresh(self.now, limit);
        self.gate.set_concurrency(limit.max_concurrency);
    }

    /// A process before this one let a shard identify so long ago, of this fleet or of another: its
    /// bucket rests for what is left of the spacing. Hand in what is known of the last spacing
    /// before any shard asks. It is not taken from the budget.
    pub fn identified_before(&mut self, now: Instant, shard: ShardId, ago: Duration) {
        self.now = self.now.max(now);
        let left = self.config.spacing.saturating_sub(ago);
        if !left.is_zero() {
            self.gate.rest(shard, self.now.after(left));
        }
    }

    fn observe(&mut self, shard: ShardId, event: &Event<'_>, out: &mut FleetActions) {
        if let Event::StateChanged(StateChanged { to, .. }) = event {
            match to {
                Phase::Identifying => {
                    self.gate.identified(self.now, shard);
                    self.budget.spend(self.now);
                }
                Phase::Idle | Phase::Halted => self.gate.release(shard),
                Phase::Waiting
                | Phase::Connecting
                | Phase::Greeting
                | Phase::Resuming
                | Phase::Active => {}
            }
        }
        if self.is_part && matches!(event, Event::Halted(Halt::Stopped)) {
            // Another process may have it from here on.
            self.readiness.forget(shard);
        }
        let completed = self.readiness.observe(shard, event);
        for event in completed.into_iter().filter(|_| !self.is_part) {
            out.push(FleetAction::Emit(event));
        }
    }

    /// Grants identifies to the shards that may have one.
    fn grant(&mut self, out: &mut FleetActions) {
        if !self.gate.has_waiting() {
            return;
        }
        let level = self.budget.level(self.now, &self.config);
        if let Some(event) = self.budget.warning(self.now, level) {
            out.push(FleetAction::Emit(event));
        }
        if let Level::Spent(_) = level {
            return;
        }
        // What is granted now is not spent yet: it must not go below the refusal level either.
        let left = self
            .budget
            .left(self.now)
            .saturating_sub(self.config.refuse_at);
        let held = self.gate.held();
        let room = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .saturating_sub(held);
        let granted: Vec<_> = self.gate.grant(self.now, room);
        granted
            .into_iter()
            .for_each(|shard| out.push(FleetAction::Grant(shard)));
    }
}

#[cfg(test)]
mod tests;
