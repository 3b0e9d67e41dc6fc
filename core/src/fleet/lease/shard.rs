//! The lease of one shard.

use alloc::boxed::Box;
use core::mem;
use core::time::Duration;

use crate::fleet::lease::RETRY;
use crate::fleet::lease::action::{LeaseAction, LeaseEnd};
use crate::fleet::lease::config::LeaseConfig;
use crate::fleet::lease::context::LeaseContext;
use crate::fleet::lease::inquiry::Inquiry;
use crate::fleet::lease::table::{Epoch, Expected, LeaseEntry, LeaseKey, Swapped};
use crate::fleet::lease::tenure::{Tenure, Written};
use crate::fleet::lease::watch::Watch;
use crate::process_id::ProcessId;
use crate::shard_id::ShardId;
use crate::time::Instant;

/// One shard, as one process sees it.
#[derive(Clone, Debug)]
pub(super) struct ShardLease {
    shard: ShardId,
    /// Whether this process is to run it.
    serve: bool,
    inquiry: Inquiry,
    asked: Asked,
    holding: ShardHolding,
}

/// What the store was asked last.
#[derive(Clone, Copy, Debug)]
enum Asked {
    Look,
    Claim(Claim),
    /// Written anew, with the record of that number.
    Renew(u64),
    GiveBack,
    PutBack,
}

/// An attempt to take a shard over.
#[derive(Clone, Copy, Debug)]
struct Claim {
    /// When the look was sent that found it free.
    looked: Instant,
    sent: Instant,
    /// What it writes has no lower number, and nothing that this process wrote before has a higher.
    floor: u64,
    /// Whether no entry at all was found.
    on_nothing: bool,
    /// Whether somebody may have had the shard, and been forgotten, while none was found.
    may_hide_holder: bool,
}

#[derive(Clone, Debug)]
enum ShardHolding {
    /// Somebody else's, or nobody's.
    Elsewhere(Elsewhere),
    /// This process's, as far as it knows.
    Here(Here),
}

#[derive(Clone, Debug, Default)]
struct Elsewhere {
    watch: Option<Watch>,
    /// A claim of which it is not known what came of it.
    claim: Option<Claim>,
    /// The record with which this process left the shard, until somebody else is seen to have it:
    /// if the store forgets it before that, nobody else knows it.
    left: Option<Box<[u8]>>,
}

#[derive(Clone, Debug)]
struct Here {
    /// What is in the store; `None` if it has forgotten.
    epoch: Option<Epoch>,
    tenure: Tenure,
    /// Not started before.
    from: Instant,
    stage: HeldStage,
    record: LeaseRecord,
}

/// How far a shard is that this process holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HeldStage {
    /// It is not certain yet that the lease lasts.
    Settling,
    Running,
    /// Nothing is emitted any more, and the host is closing the connection.
    Closing,
    /// It can be given back.
    Closed,
}

#[derive(Clone, Debug)]
struct LeaseRecord {
    number: u64,
    value: Box<[u8]>,
    /// The number of the one that was written last, and when.
    written: u64,
    written_at: Instant,
    /// The number of the one that stays in the store.
    lasting: u64,
}

impl Here {
    fn until(&self, config: &LeaseConfig) -> Option<Instant> {
        self.tenure.until(config.lease, config.settle, config)
    }

    fn holds(&self, now: Instant, config: &LeaseConfig) -> bool {
        self.until(config).is_some_and(|until| now < until)
    }
}

impl ShardLease {
    pub(super) const fn new(now: Instant, shard: ShardId) -> Self {
        Self {
            shard,
            serve: false,
            inquiry: Inquiry::new(now),
            asked: Asked::Look,
            holding: ShardHolding::Elsewhere(Elsewhere {
                watch: None,
                claim: None,
                left: None,
            }),
        }
    }

    pub(super) fn may_emit(&self, now: Instant, config: &LeaseConfig) -> bool {
        match &self.holding {
            ShardHolding::Here(here) => here.stage == HeldStage::Running && here.holds(now, config),
            ShardHolding::Elsewhere(_) => false,
        }
    }

    pub(super) fn may_write(&self, now: Instant, config: &LeaseConfig) -> bool {
        match &self.holding {
            ShardHolding::Here(here) => match here.stage {
                HeldStage::Running | HeldStage::Closing => here.holds(now, config),
                HeldStage::Settling | HeldStage::Closed => false,
            },
            ShardHolding::Elsewhere(_) => false,
        }
    }

    /// Who holds it, as far as is known.
    pub(super) fn holder(&self, me: ProcessId) -> Option<ProcessId> {
        match &self.holding {
            ShardHolding::Elsewhere(elsewhere) => elsewhere.watch.as_ref()?.holder(),
            ShardHolding::Here(_) => Some(me),
        }
    }

    pub(super) fn serve(&mut self, now: Instant, serve: bool) {
        self.serve = serve;
        self.inquiry.again_by(now);
    }

    pub(super) fn record(&mut self, number: u64, value: Box<[u8]>) {
        if let ShardHolding::Here(here) = &mut self.holding
            && number > here.record.number
        {
            (here.record.number, here.record.value) = (number, value);
        }
    }

    pub(super) fn closed(&mut self, now: Instant) {
        if let ShardHolding::Here(here) = &mut self.holding
            && here.stage == HeldStage::Closing
        {
            here.stage = HeldStage::Closed;
            self.inquiry.again_by(now);
        }
    }

    /// When there is something to do without an input.
    pub(super) fn deadline(&self, now: Instant, config: &LeaseConfig) -> Instant {
        let asks = self.inquiry.deadline();
        let ShardHolding::Here(here) = &self.holding else {
            return asks;
        };
        let Some(until) = here.until(config) else {
            return asks;
        };
        match here.stage {
            HeldStage::Settling if now < here.from => asks.min(until).min(here.from),
            HeldStage::Settling => asks.min(until),
            HeldStage::Running => {
                let dirty = here.record.number > here.record.written && !self.inquiry.is_open();
                let record = dirty.then(|| here.record.written_at.after(config.record));
                asks.min(until).min(record.unwrap_or(asks))
            }
            HeldStage::Closing | HeldStage::Closed => asks.min(until),
        }
    }

    /// Does what is due.
    pub(super) fn step(&mut self, cx: &mut LeaseContext<'_>) {
        if self.inquiry.gave_up(cx.now) {
            self.unknown(cx.now);
        }
        self.step_here(cx);
        match &self.holding {
            ShardHolding::Elsewhere(_) => self.ask_elsewhere(cx),
            ShardHolding::Here(_) => self.ask_here(cx),
        }
    }

    fn ask_elsewhere(&mut self, cx: &mut LeaseContext<'_>) {
        let ShardHolding::Elsewhere(elsewhere) = &mut self.holding else {
            return;
        };
        let key = LeaseKey::Shard(self.shard);
        if let (Some(record), Some(watch), None) =
            (&elsewhere.left, &elsewhere.watch, elsewhere.claim)
            && watch.is_forgotten(cx.now, cx.config)
            && self.inquiry.is_due(cx.now)
        {
            self.asked = Asked::PutBack;
            let lease = watch.free_from().since(cx.now);
            let write = (lease, Some(record.clone()), false);
            cx.ask(&mut self.inquiry, key, Expected::Nothing, write);
            return;
        }
        let free = elsewhere.watch.as_ref().filter(|_| self.serve);
        if let Some(watch) = free.filter(|watch| watch.free_from() <= cx.now)
            && self.inquiry.is_due(cx.now)
        {
            let claim = Claim {
                looked: watch.looked,
                sent: cx.now,
                floor: cx.floor,
                on_nothing: watch.expected() == Expected::Nothing,
                may_hide_holder: watch.may_hide_holder,
            };
            self.asked = Asked::Claim(claim);
            // Of several of which nothing is known, the first may be the one that succeeded.
            elsewhere.claim = elsewhere.claim.or(Some(claim));
            let write = (cx.config.lease, None, true);
            cx.ask(&mut self.inquiry, key, watch.expected(), write);
        } else if self.inquiry.is_due(cx.now) {
            self.asked = Asked::Look;
            cx.look(&mut self.inquiry, key, elsewhere.claim.is_some());
        }
    }

    /// What time alone leads to for a shard that is held here.
    fn step_here(&mut self, cx: &mut LeaseContext<'_>) {
        let ShardHolding::Here(here) = &mut self.holding else {
            return;
        };
        let shard = self.shard;
        if here.until(cx.config).is_some_and(|until| until <= cx.now) {
            here.tenure.lapse();
            match here.stage {
                HeldStage::Settling => {}
                HeldStage::Running => {
                    here.stage = HeldStage::Settling;
                    let why = LeaseEnd::Expired;
                    cx.actions.push(LeaseAction::Stop { shard, why });
                }
                // Whether it can be given back still, nobody knows: it will be free anyway.
                HeldStage::Closing | HeldStage::Closed => {
                    let record = mem::take(&mut here.record.value);
                    self.holding = ShardHolding::Elsewhere(Elsewhere::default());
                    self.left_with(record);
                    return;
                }
            }
        }
        if !self.serve {
            match here.stage {
                HeldStage::Running => {
                    here.stage = HeldStage::Closing;
                    let why = LeaseEnd::Yielded;
                    cx.actions.push(LeaseAction::Stop { shard, why });
                }
                HeldStage::Settling => here.stage = HeldStage::Closed,
                HeldStage::Closing | HeldStage::Closed => {}
            }
        }
        let may_start = here.from <= cx.now && here.holds(cx.now, cx.config);
        if let (HeldStage::Settling, true, Some(epoch)) = (here.stage, may_start, here.epoch) {
            here.stage = HeldStage::Running;
            cx.actions.push(LeaseAction::Start {
                shard,
                epoch,
                record: here.record.value.clone(),
            });
        }
    }

    fn ask_here(&mut self, cx: &mut LeaseContext<'_>) {
        let ShardHolding::Here(here) = &mut self.holding else {
            return;
        };
        let record = &mut here.record;
        let is_new = record.number > record.written;
        let record_due = is_new && record.written_at.after(cx.config.record) <= cx.now;
        if self.inquiry.is_open() || !(self.inquiry.is_due(cx.now) || record_due) {
            return;
        }
        let expected = here.epoch.map_or(Expected::Nothing, Expected::Written);
        let lease = match here.stage {
            HeldStage::Closed => Duration::ZERO,
            HeldStage::Settling | HeldStage::Running | HeldStage::Closing => cx.config.lease,
        };
        self.asked = match here.stage {
            HeldStage::Closed => Asked::GiveBack,
            HeldStage::Settling | HeldStage::Running | HeldStage::Closing => {
                Asked::Renew(record.number)
            }
        };
        let value = (is_new || here.epoch.is_none()).then(|| record.value.clone());
        if value.is_some() {
            record.written_at = cx.now;
        }
        let key = LeaseKey::Shard(self.shard);
        cx.ask(&mut self.inquiry, key, expected, (lease, value, false));
    }

    /// The store answered.
    pub(super) fn answer(&mut self, cx: &mut LeaseContext<'_>, ticket: u64, swapped: Swapped) {
        let Some(sent) = self.inquiry.answered(ticket) else {
            return;
        };
        match swapped {
            Swapped::Done(entry) => self.done(cx, sent, entry),
            Swapped::Refused(entry) => self.refused(cx, sent, entry),
            Swapped::Unknown => self.unknown(cx.now),
        }
    }

    fn unknown(&mut self, now: Instant) {
        self.inquiry.again_at(now.after(RETRY));
    }

    fn done(&mut self, cx: &mut LeaseContext<'_>, sent: Instant, entry: LeaseEntry) {
        let written = Written {
            sent,
            answered: cx.now,
            number: 0,
        };
        match (self.asked, &mut self.holding) {
            (Asked::Claim(claim), ShardHolding::Elsewhere(_)) => self.claimed(cx, claim, entry),
            (Asked::Renew(number), ShardHolding::Here(here)) => {
                here.epoch = Some(entry.epoch);
                here.record.written = here.record.written.max(number);
                let lasting = here.tenure.stood(sent, cx.config.settle);
                here.tenure.wrote(Written { number, ..written });
                if let Some(number) = lasting.filter(|number| *number > here.record.lasting) {
                    here.record.lasting = number;
                    let shard = self.shard;
                    cx.actions.push(LeaseAction::Recorded { shard, number });
                }
                let settles = here.tenure.settles(cx.config.settle);
                let renew = sent.after(cx.config.renew);
                let next = match here.stage {
                    HeldStage::Settling => settles.unwrap_or(renew).min(renew),
                    HeldStage::Running | HeldStage::Closing => renew,
                    HeldStage::Closed => cx.now,
                };
                self.inquiry.again_at(next.max(cx.now));
            }
            (Asked::GiveBack, ShardHolding::Here(here)) => {
                let record = mem::take(&mut here.record.value);
                self.watch(cx, sent, Some(&entry));
                self.left_with(record);
            }
            (Asked::PutBack, ShardHolding::Elsewhere(_)) => self.watch(cx, sent, Some(&entry)),
            (Asked::Look | Asked::GiveBack | Asked::Renew(_), ShardHolding::Elsewhere(_))
            | (Asked::Look | Asked::Claim(_) | Asked::PutBack, ShardHolding::Here(_)) => {}
        }
    }

    /// A claim succeeded, and its entry was still there just now.
    fn claimed(&mut self, cx: &mut LeaseContext<'_>, claim: Claim, entry: LeaseEntry) {
        let mut tenure = Tenure::default();
        tenure.wrote(Written {
            sent: claim.sent,
            answered: cx.now,
            number: 0,
        });
        // Between the look and the claim the store may have forgotten who has the shard, if the
        // time was long enough for somebody to get it: whoever did is over after a lease.
        let is_late = claim.on_nothing && cx.now.since(claim.looked) > cx.config.settle;
        let wait = if is_late || claim.may_hide_holder {
            cx.config.lease
        } else {
            Duration::ZERO
        };
        self.holding = ShardHolding::Here(Here {
            epoch: Some(entry.epoch),
            tenure,
            from: cx.now.after(wait),
            stage: HeldStage::Settling,
            record: LeaseRecord {
                number: 0,
                value: entry.value,
                written: 0,
                written_at: cx.now,
                lasting: 0,
            },
        });
        self.inquiry.again_at(cx.now.after(cx.config.settle));
    }

    fn refused(&mut self, cx: &mut LeaseContext<'_>, sent: Instant, entry: Option<LeaseEntry>) {
        match &self.holding {
            ShardHolding::Elsewhere(elsewhere) => match (elsewhere.claim, entry) {
                (Some(claim), Some(entry)) if is_of(claim, &entry, cx) => {
                    self.claimed(cx, claim, entry);
                }
                (_, entry) => self.watch(cx, sent, entry.as_ref()),
            },
            ShardHolding::Here(_) => self.refused_here(cx, sent, entry.as_ref()),
        }
    }

    /// What this process has written last is not what is there.
    fn refused_here(
        &mut self,
        cx: &mut LeaseContext<'_>,
        sent: Instant,
        entry: Option<&LeaseEntry>,
    ) {
        let ShardHolding::Here(here) = &mut self.holding else {
            return;
        };
        here.tenure.lost_latest();
        let why = match entry.map(|entry| entry.epoch) {
            // An answer was lost, or the store has lost what came after.
            Some(epoch) if epoch.holder == cx.me => {
                here.epoch = Some(epoch);
                None
            }
            Some(epoch) => Some(LeaseEnd::Taken(epoch.holder)),
            // Whoever comes now waits for a lease, since there is no entry: longer than this one
            // holds.
            None if here.holds(cx.now, cx.config) => {
                here.epoch = None;
                None
            }
            None => Some(LeaseEnd::Expired),
        };
        let Some(why) = why else {
            // What is written next has to have the record.
            here.record.written = 0;
            self.inquiry.again_at(cx.now);
            return;
        };
        if here.stage == HeldStage::Running {
            let shard = self.shard;
            cx.actions.push(LeaseAction::Stop { shard, why });
        }
        let record = mem::take(&mut here.record.value);
        self.watch(cx, sent, entry);
        if entry.is_none() {
            self.left_with(record);
        }
    }

    fn watch(&mut self, cx: &LeaseContext<'_>, sent: Instant, entry: Option<&LeaseEntry>) {
        let (before, left, was_here) = match &mut self.holding {
            ShardHolding::Elsewhere(it) => (it.watch.take(), it.left.take(), false),
            ShardHolding::Here(_) => (None, None, true),
        };
        let left = left.filter(|_| entry.is_none_or(|entry| entry.epoch.holder == cx.me));
        let watch = Watch::found(before, entry, cx.config, sent, cx.now);
        let look = cx.next_look();
        // What is free now is looked at again only if nobody here wants it. Whether this process
        // wants back what it has just given back is to be said anew.
        let free = watch.free_from().max(cx.now);
        let next = match self.serve && !was_here {
            true => look.min(free),
            false => look,
        };
        self.inquiry.again_at(next);
        self.holding = ShardHolding::Elsewhere(Elsewhere {
            watch: Some(watch),
            claim: None,
            left,
        });
    }

    /// The shard was held here with this record.
    fn left_with(&mut self, record: Box<[u8]>) {
        if let ShardHolding::Elsewhere(elsewhere) = &mut self.holding {
            elsewhere.left = Some(record).filter(|record| !record.is_empty());
        }
    }
}

/// Whether an entry is what this claim has written.
fn is_of(claim: Claim, entry: &LeaseEntry, cx: &LeaseContext<'_>) -> bool {
    entry.epoch.holder == cx.me && entry.epoch.number >= claim.floor
}
