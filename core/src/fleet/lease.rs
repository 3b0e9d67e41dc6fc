//! One shard, one owner, over any number of processes: leases in a table that they share.
//!
//! The table is a store's ([`LeaseTable`] is one in memory), and there is one thing that is done to
//! it: an entry is compared and swapped ([`Swap`]). [`Leases`] is the part of one process, and does
//! no IO: it says what to swap, takes in what came of it, and says which shards to start and stop,
//! and who may identify.
//!
//! ```text
//!  Serve, Record, WantIdentify --> Leases::handle --> Swap ------> the store
//!        Answer <----------------- the store          Start, Stop, Recorded
//!  Report                                             Grant, Withdraw, Emit
//! ```
//!
//! # What holds
//!
//! Whatever the store does (it is down or slow, answers twice or not at all, its clock steps, it
//! fails over and loses what was written in the last [`LeaseConfig::settle`], or forgets all), and
//! whatever happens to processes (they are killed, stand still for any time, their clocks run at
//! speeds that differ by less than [`LeaseConfig::margin`] over a lease):
//!
//! - No two processes emit events of one shard at the same time.
//! - Identifies of one bucket are as far apart as the service asks, lower shards go first among
//!   those who wait, and no more are used than are left for the day.
//! - A record that [`Recorded`](LeaseAction::Recorded) names is what the next owner finds, or a
//!   newer one, unless the store forgets all. Then whoever lives and knows a shard's record writes
//!   it anew: its owner, or whoever had it last, as long as nobody else is seen to have it and
//!   looks that find nothing are no further apart than [`LeaseConfig::settle`].
//! - No two processes run shards of two numberings of the bot at the same time: who comes with
//!   another number than those who live runs none, and so does who stood still for so long that
//!   others took over with another one.
//! - Readiness of the whole bot is emitted by one process, once as long as any process of it lives;
//!   a process that is killed right then may take it along.
//!
//! # How
//!
//! No clock but a process's own is trusted. An entry is free once it has stood unchanged for a
//! lease, as seen by whoever wants it; its owner stops [some time](LeaseConfig::margin) before
//! that. So an entry that is not there is waited for as well: a new store, or one that has
//! forgotten all, gives no shard for one lease, and no identify for a hold and a spacing. Of how
//! many shards the bot is, a new table says after one lease as well, unless somebody knew before.
//! Nothing counts before it was still there some time later, so that what a store loses at last
//! was never relied on.

mod action;
mod agenda;
mod config;
mod context;
mod inquiry;
mod joining;
mod process_list;
mod processes;
mod queue;
mod shard;
mod store;
mod table;
mod tenure;
mod turns;
mod watch;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use crate::fleet::{IdentifyBudget, StartLimit};
use crate::owners::{Owners, RunnableShards};
use crate::shard_id::ShardId;
use crate::time::Instant;
use agenda::Agenda;
use context::LeaseContext;
use processes::Processes;
use shard::ShardLease;
use turns::Turns;

pub use crate::process_id::ProcessId;
pub use action::{LeaseAction, LeaseEnd, LeaseInput};
pub use config::LeaseConfig;
pub use joining::{BotTotal, Joining};
pub use store::LeaseStore;
pub use table::{Epoch, Expected, LeaseEntry, LeaseKey, LeaseTable, Swap, Swapped};

/// What the parts of a process's leases work with; its fields are borrowed one by one, so that a
/// part can be changed meanwhile.
macro_rules! context {
    ($leases:ident, $actions:ident) => {
        LeaseContext {
            now: $leases.now,
            config: &$leases.config,
            me: $leases.me,
            tickets: &mut $leases.tickets,
            floor: $leases.highest.saturating_add(1),
            actions: $actions,
        }
    };
}

/// When a store is asked again that did not answer.
const RETRY: Duration = Duration::from_millis(250);

/// The leases of one process, as a state machine: which shards it runs, and when they may identify.
#[derive(Clone, Debug)]
pub struct Leases {
    now: Instant,
    config: LeaseConfig,
    me: ProcessId,
    tickets: u64,
    /// The highest number of an epoch that was seen.
    highest: u64,
    shards: BTreeMap<ShardId, ShardLease>,
    agenda: Agenda,
    turns: Turns,
    processes: Processes,
}

impl Leases {
    /// The leases of the process `me`, which may be told to run some of these shards; `limit` is
    /// what `GET /gateway/bot` said just now.
    ///
    /// All shards are watched from now on, so that one whose owner is gone is noticed: give those
    /// that may have to be run here.
    #[must_use]
    pub fn new(
        now: Instant,
        config: LeaseConfig,
        me: ProcessId,
        limit: StartLimit,
        shards: impl IntoIterator<Item = ShardId>,
    ) -> Self {
        let shards: BTreeMap<_, _> = shards
            .into_iter()
            .map(|shard| (shard, ShardLease::new(now, shard)))
            .collect();
        let total = shards.keys().next().map_or(0, |shard| shard.total());
        let numbers = shards.keys().map(|shard| shard.number());
        let runs = RunnableShards::new(total, numbers, false);
        let mut agenda = Agenda::default();
        shards.keys().for_each(|shard| agenda.set(*shard, now));
        Self {
            now,
            config,
            me,
            tickets: 0,
            highest: 0,
            agenda,
            shards,
            turns: Turns::new(now, me, limit),
            processes: Processes::new(now, runs),
        }
    }

    /// Takes in what happened at `now`, by a clock that does not stand still while the process
    /// does, and returns what to do about it, in order. Shards that are not watched are ignored.
    #[must_use = "what to do is in this list"]
    pub fn handle(&mut self, now: Instant, input: LeaseInput) -> Vec<LeaseAction> {
        self.now = self.now.max(now);
        let mut actions = Vec::new();
        // What is over by now is over before anything else is looked at.
        self.step(&mut actions);
        self.take(input, &mut actions);
        self.step(&mut actions);
        actions
    }

    /// When to hand in [`LeaseInput::Timeout`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let turns = self.turns.deadline(self.now, &self.config);
        let processes = self.processes.deadline(self.now, &self.config);
        let shards = self.agenda.next();
        shards.into_iter().chain(turns).chain([processes]).min()
    }

    /// Whether events of the shard may be handed out at this time. To be asked for each, right
    /// before.
    #[must_use]
    pub fn may_emit(&self, now: Instant, shard: ShardId) -> bool {
        let lease = self.shards.get(&shard);
        lease.is_some_and(|lease| lease.may_emit(now, &self.config))
    }

    /// Whether what the shard changes may be written at this time: as long as it is this process's,
    /// also while it is being given back. To be asked right before each attempt.
    #[must_use]
    pub fn may_write(&self, now: Instant, shard: ShardId) -> bool {
        let lease = self.shards.get(&shard);
        lease.is_some_and(|lease| lease.may_write(now, &self.config))
    }

    /// Whether the shard may identify at this time. To be asked right before it does.
    #[must_use]
    pub fn may_identify(&self, now: Instant, shard: ShardId) -> bool {
        self.turns.may_identify(now, shard, &self.config)
    }

    /// Of how many shards the bot is, if the processes that live run it with another number than
    /// this one: it is to run none as long as any of them lives, since guilds would come twice.
    #[must_use]
    pub fn held_back(&self) -> Option<u32> {
        self.processes.held_back()
    }

    /// What is left of the identifies of the day over all processes, as the queue said when it was
    /// looked at last; `None` before it was found.
    #[must_use]
    pub fn identify_budget(&self) -> Option<IdentifyBudget> {
        self.turns.budget()
    }

    /// The processes that live, and who holds which shard, as this process knows it.
    #[must_use]
    pub fn owners(&self) -> Owners {
        let may_run = self.processes.may_run();
        let shards = self.shards.iter().filter(|_| may_run);
        Owners {
            live: self.processes.live().clone(),
            shards: shards
                .map(|(shard, lease)| (*shard, lease.holder(self.me)))
                .collect(),
        }
    }

    /// Whether the process has [left](LeaseInput::Leave): it holds no shard, and the others know
    /// that they need not wait for it.
    #[must_use]
    pub fn has_left(&self) -> bool {
        let holds = |lease: &ShardLease| lease.holder(self.me) == Some(self.me);
        self.processes.has_left() && !self.shards.values().any(holds)
    }

    fn take(&mut self, input: LeaseInput, actions: &mut Vec<LeaseAction>) {
        let now = self.now;
        match input {
            LeaseInput::Timeout => {}
            LeaseInput::Answer {
                key,
                ticket,
                swapped,
            } => self.answer(key, ticket, swapped, actions),
            LeaseInput::Offer(runs) => self.processes.offer(now, runs),
            LeaseInput::Serve(shard) => self.change(shard, |lease| lease.serve(now, true)),
            LeaseInput::Yield(shard) => self.change(shard, |lease| lease.serve(now, false)),
            LeaseInput::Record {
                shard,
                number,
                record,
            } => self.change(shard, |lease| lease.record(number, record)),
            LeaseInput::Closed(shard) => self.change(shard, |lease| lease.closed(now)),
            LeaseInput::WantIdentify(shard) => self.turns.want(now, shard),
            LeaseInput::Identified(shard) => self.turns.identified(now, shard),
            LeaseInput::NoIdentify(shard) => self.turns.drop_want(now, shard),
            LeaseInput::Report(report) => self.processes.report_of_here(now, report),
            LeaseInput::Leave => self.processes.leave(now),
            LeaseInput::Limit(limit) => self.turns.limit(now, limit),
        }
    }

    /// Changes what is wanted of a shard; it is looked after at once.
    fn change(&mut self, shard: ShardId, change: impl FnOnce(&mut ShardLease)) {
        if let Some(lease) = self.shards.get_mut(&shard) {
            change(lease);
            self.agenda.set(shard, self.now);
        }
    }

    fn answer(
        &mut self,
        key: LeaseKey,
        ticket: u64,
        swapped: Swapped,
        actions: &mut Vec<LeaseAction>,
    ) {
        if let Swapped::Done(entry) | Swapped::Refused(Some(entry)) = &swapped {
            self.highest = self.highest.max(entry.epoch.number);
        }
        let mut cx = context!(self, actions);
        match key {
            LeaseKey::Processes => self.processes.answer(&mut cx, ticket, swapped),
            LeaseKey::Identifies => self.turns.answer(&mut cx, ticket, swapped),
            LeaseKey::Shard(shard) => {
                if let Some(lease) = self.shards.get_mut(&shard) {
                    change_holder(lease, &mut cx, |lease, cx| {
                        lease.answer(cx, ticket, swapped);
                    });
                    self.agenda.set(shard, self.now);
                }
            }
        }
    }

    /// Does all that is due.
    fn step(&mut self, actions: &mut Vec<LeaseAction>) {
        let mut cx = context!(self, actions);
        let mut done = Vec::new();
        while let Some(shard) = self.agenda.pop(self.now) {
            if let Some(lease) = self.shards.get_mut(&shard) {
                change_holder(lease, &mut cx, ShardLease::step);
                done.push((shard, lease.deadline(self.now, &self.config)));
            }
        }
        done.into_iter()
            .for_each(|(shard, at)| self.agenda.set(shard, at));
        self.turns.step(&mut cx);
        self.processes.step(&mut cx);
    }
}

/// Changes a lease; shards are to be placed anew if another process holds it after that.
fn change_holder(
    lease: &mut ShardLease,
    cx: &mut LeaseContext<'_>,
    change: impl FnOnce(&mut ShardLease, &mut LeaseContext<'_>),
) {
    let before = lease.holder(cx.me);
    change(lease, cx);
    if lease.holder(cx.me) != before {
        cx.actions.push(LeaseAction::Place);
    }
}
