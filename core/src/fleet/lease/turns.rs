//! Whose turn it is to identify, over all processes of a bot.

mod wants;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::mem;
use core::time::Duration;

use crate::fleet::lease::RETRY;
use crate::fleet::lease::action::LeaseAction;
use crate::fleet::lease::config::LeaseConfig;
use crate::fleet::lease::context::LeaseContext;
use crate::fleet::lease::inquiry::Inquiry;
use crate::fleet::lease::queue::{IdentifyQueue, QueueHold, SharedBudget, Stamp, reset_at};
use crate::fleet::lease::table::{Epoch, Expected, LeaseEntry, LeaseKey, Swapped};
use crate::fleet::lease::tenure::{Tenure, Written};
use crate::fleet::{IdentifyBudget, StartLimit};
use crate::process_id::ProcessId;
use crate::shard_id::ShardId;
use crate::time::{Instant, millis};

use wants::Wants;

/// Shards that come to wait one soon after the other are put into the queue at once, and so long
/// after another process has written it first.
const GATHER: Duration = Duration::from_millis(50);

/// One process's view of the queue, and its own part in it.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    me: ProcessId,
    inquiry: Inquiry,
    /// What is being written, if the last swap was to write, and with which limit.
    writing: Option<(IdentifyQueue, u64)>,
    found: Found,
    seen: SeenQueue,
    wants: Wants,
    /// How long others take this process for alive.
    tenure: Tenure,
    beat: u64,
    beat_at: Instant,
    stamps: u64,
    limits: KnownLimits,
}

/// The queue as it was found last.
#[derive(Clone, Debug)]
enum Found {
    /// Not looked at yet, or of a version that this process does not know.
    Unknown,
    Nothing,
    Queue(Epoch, Box<IdentifyQueue>),
}

/// Since when each thing in the queue is as it is, by this process's clock: later than by any
/// other.
#[derive(Clone, Debug, Default)]
struct SeenQueue {
    founded: Option<(Stamp, Instant)>,
    beats: BTreeMap<ProcessId, (u64, Instant)>,
    rests: BTreeMap<u32, (Stamp, Instant)>,
    /// When the day is over.
    resets: Option<(Stamp, Instant)>,
}

/// What the service says of the budget.
#[derive(Clone, Debug)]
struct KnownLimits {
    newest: StartLimit,
    /// How many came so far.
    given: u64,
    /// The last of them that is in the queue.
    taken: u64,
    /// When it was asked for, to open the queue, and how many had come by then.
    asked: Option<(Instant, u64)>,
}

impl KnownLimits {
    /// Whether one came since it was asked for.
    fn is_fresh(&self) -> bool {
        self.asked.is_some_and(|(_, given)| given < self.given)
    }
}

impl SeenQueue {
    fn observe(&mut self, queue: &IdentifyQueue, now: Instant) {
        if self.founded.is_none_or(|(stamp, _)| stamp != queue.founded) {
            self.founded = Some((queue.founded, now));
        }
        self.beats
            .retain(|process, _| queue.beat_of(*process).is_some());
        for (process, beat) in &queue.beats {
            let seen = self.beats.entry(*process).or_insert((*beat, now));
            if seen.0 != *beat {
                *seen = (*beat, now);
            }
        }
        let rests = queue
            .buckets
            .iter()
            .filter_map(|it| Some((it.key, it.rests?)));
        let before = mem::take(&mut self.rests);
        for (key, stamp) in rests {
            let same = before.get(&key).filter(|(before, _)| *before == stamp);
            self.rests
                .insert(key, same.copied().unwrap_or((stamp, now)));
        }
        let period = queue.budget.period;
        let known = self
            .resets
            .filter(|(of, _)| *of == period)
            .map(|(_, at)| at);
        let stated = reset_at(now, &queue.budget);
        let resets = [known, stated].into_iter().flatten().min();
        self.resets = resets.map(|at| (period, at));
    }

    fn is_gone(&self, process: ProcessId, now: Instant, config: &LeaseConfig) -> bool {
        let beat = self.beats.get(&process);
        beat.is_some_and(|(_, since)| since.after(config.hold) <= now)
    }

    /// Until when a bucket rests.
    fn rests_until(&self, key: u32, config: &LeaseConfig) -> Option<Instant> {
        let (_, since) = self.rests.get(&key)?;
        Some(since.after(config.spacing))
    }

    /// When nobody is left who was let in by an earlier queue, and what they did has rested.
    fn opens(&self, founded: Stamp, config: &LeaseConfig) -> Option<Instant> {
        let (_, since) = self.founded.filter(|(seen, _)| *seen == founded)?;
        Some(since.after(config.hold.saturating_add(config.spacing)))
    }
}

impl Turns {
    pub(super) fn new(now: Instant, me: ProcessId, limit: StartLimit) -> Self {
        Self {
            me,
            inquiry: Inquiry::new(now),
            writing: None,
            found: Found::Unknown,
            seen: SeenQueue::default(),
            wants: Wants::default(),
            tenure: Tenure::default(),
            beat: 0,
            beat_at: now,
            stamps: 0,
            limits: KnownLimits {
                newest: limit,
                given: 1,
                taken: 0,
                asked: None,
            },
        }
    }

    /// A shard waits. To say so again changes nothing, and asks the store nothing.
    pub(super) fn want(&mut self, now: Instant, shard: ShardId) {
        if self.wants.add(shard, now) {
            self.inquiry.again_by(now.after(GATHER));
        }
    }

    pub(super) fn identified(&mut self, now: Instant, shard: ShardId) {
        let stamp = self.stamp();
        self.wants.identified(shard, stamp);
        self.inquiry.again_by(now);
    }

    pub(super) fn drop_want(&mut self, now: Instant, shard: ShardId) {
        self.wants.drop(shard);
        self.inquiry.again_by(now);
    }

    pub(super) fn limit(&mut self, now: Instant, limit: StartLimit) {
        self.limits.newest = limit;
        self.limits.given = self.limits.given.saturating_add(1);
        self.inquiry.again_by(now);
    }

    pub(super) fn may_identify(&self, now: Instant, shard: ShardId, config: &LeaseConfig) -> bool {
        self.wants.is_granted(shard) && self.held_until(config).is_some_and(|until| now < until)
    }

    /// Until when others leave to this process what it holds.
    fn held_until(&self, config: &LeaseConfig) -> Option<Instant> {
        self.tenure.until(config.hold, Duration::ZERO, config)
    }

    fn stamp(&mut self) -> Stamp {
        self.stamps = self.stamps.saturating_add(1);
        Stamp(self.me, self.stamps)
    }

    fn queue(&self) -> Option<&IdentifyQueue> {
        match &self.found {
            Found::Queue(_, queue) => Some(queue.as_ref()),
            Found::Unknown | Found::Nothing => None,
        }
    }

    /// What is left of the identifies of the day, as the queue said last.
    pub(super) fn budget(&self) -> Option<IdentifyBudget> {
        let budget = &self.queue()?.budget;
        let resets = self.seen.resets.filter(|(of, _)| *of == budget.period);
        Some(IdentifyBudget {
            left: budget.left,
            total: budget.total,
            resets: resets.map(|(_, at)| at),
        })
    }

    /// Whether there is anything to look at the queue for.
    fn is_busy(&self) -> bool {
        let is_named = |queue: &IdentifyQueue| !queue.open || queue.names(self.me);
        !self.wants.is_empty()
            || self.limits.taken < self.limits.given
            || self.queue().is_none_or(is_named)
    }

    /// When there is something to do without an input; `None` if there is not.
    pub(super) fn deadline(&self, now: Instant, config: &LeaseConfig) -> Option<Instant> {
        let asks = (self.is_busy() || self.inquiry.is_open()).then(|| self.inquiry.deadline());
        let rests = self.wants.certain().filter_map(|shard| {
            let key = self.queue()?.key(shard);
            self.seen.rests_until(key, config)
        });
        let rests = rests.filter(|until| *until > now);
        let held = self.wants.has_held().then(|| self.held_until(config));
        rests.chain(asks).chain(held.flatten()).min()
    }

    pub(super) fn step(&mut self, cx: &mut LeaseContext<'_>) {
        if self.inquiry.gave_up(cx.now) {
            self.unknown(cx.now);
        }
        if self
            .held_until(cx.config)
            .is_some_and(|until| until <= cx.now)
        {
            self.tenure.lapse();
            self.wants.withdraw_all(cx.actions);
        }
        self.grant(cx);
        if self.inquiry.is_due(cx.now) && self.is_busy() {
            self.ask(cx);
        }
    }

    /// Lets in whose bucket is its own, for certain, and has rested.
    fn grant(&mut self, cx: &mut LeaseContext<'_>) {
        let holds = self
            .held_until(cx.config)
            .is_some_and(|until| cx.now < until);
        let Found::Queue(_, queue) = &self.found else {
            return;
        };
        if !holds || !queue.open {
            return;
        }
        let ready = self.wants.certain().filter(|shard| {
            let until = self.seen.rests_until(queue.key(*shard), cx.config);
            until.is_none_or(|until| until <= cx.now)
        });
        let ready: Vec<ShardId> = ready.collect();
        for shard in ready {
            self.wants.grant(shard);
            cx.actions.push(LeaseAction::Grant(shard));
        }
    }

    fn ask(&mut self, cx: &mut LeaseContext<'_>) {
        let (expected, queue) = match self.found.clone() {
            Found::Unknown => (Expected::Never, None),
            Found::Nothing => {
                let queue = IdentifyQueue::new(self.stamp(), self.limits.newest);
                (Expected::Nothing, Some(queue))
            }
            Found::Queue(epoch, queue) => (Expected::Written(epoch), self.next(*queue, cx)),
        };
        let key = LeaseKey::Identifies;
        match &queue {
            Some(queue) => {
                let write = (cx.config.hold, Some(queue.encode()), true);
                cx.ask(&mut self.inquiry, key, expected, write);
            }
            None => cx.look(&mut self.inquiry, key, true),
        }
        self.writing = queue.map(|queue| (queue, self.limits.given));
    }

    /// What the queue should be; `None` if it is just that.
    fn next(&mut self, before: IdentifyQueue, cx: &mut LeaseContext<'_>) -> Option<IdentifyQueue> {
        let mut queue = before.clone();
        if let Some((_, at)) = self.seen.resets {
            queue.budget.resets_in = Some(millis(at.since(cx.now)));
            if at <= cx.now {
                let period = self.stamp();
                queue.budget.reset(period);
            }
        }
        self.open(&mut queue, cx);
        self.clean(&mut queue, cx);
        self.wants.apply(&mut queue, self.me);
        if queue.open {
            self.claim(&mut queue, cx);
        }
        // How long it is until the day is over changes all the time, and is no reason to write.
        let is_same = IdentifyQueue {
            budget: before.budget.clone(),
            ..queue.clone()
        } == before;
        let budget = |of: &IdentifyQueue| (of.budget.left, of.budget.period);
        let is_new = self.limits.taken < self.limits.given || budget(&queue) != budget(&before);
        let beats = queue.names(self.me) && self.beat_at.after(cx.config.renew) <= cx.now;
        if is_same && !is_new && !beats {
            return None;
        }
        if queue.names(self.me) {
            (self.beat, self.beat_at) = (self.beat.saturating_add(1), cx.now);
            queue.set_beat(self.me, self.beat);
        } else {
            queue.beats.retain(|(process, _)| *process != self.me);
        }
        Some(queue)
    }

    /// Takes in what the service says, and opens a queue that is new, once it was waited for.
    fn open(&mut self, queue: &mut IdentifyQueue, cx: &mut LeaseContext<'_>) {
        if self.limits.taken < self.limits.given {
            let stamp = self.stamp();
            queue.meet(self.limits.newest, stamp);
        }
        let is_over = self.seen.opens(queue.founded, cx.config);
        if queue.open || is_over.is_none_or(|at| at > cx.now) {
            return;
        }
        if self.limits.is_fresh() {
            // All that was let in before is known to the service by now.
            queue.budget = SharedBudget::new(self.stamp(), self.limits.newest);
            queue.open = true;
            return;
        }
        let again = |(asked, _): (Instant, u64)| asked.after(cx.config.hold) <= cx.now;
        if self.limits.asked.is_none_or(again) {
            self.limits.asked = Some((cx.now, self.limits.given));
            cx.actions.push(LeaseAction::AskLimit);
        }
    }

    /// Takes out who is gone, and what is over.
    fn clean(&mut self, queue: &mut IdentifyQueue, cx: &LeaseContext<'_>) {
        let others = queue.beats.iter().map(|(process, _)| *process);
        let gone: Vec<ProcessId> = others
            .filter(|process| *process != self.me && self.seen.is_gone(*process, cx.now, cx.config))
            .collect();
        let holds: Vec<QueueHold> = queue
            .holds()
            .filter(|hold| gone.contains(&hold.by))
            .collect();
        for hold in holds {
            let stamp = self.stamp();
            queue.give_up(hold, stamp);
        }
        queue.waiters.retain(|(_, process)| !gone.contains(process));
        queue.beats.retain(|(process, _)| !gone.contains(process));
        for bucket in &mut queue.buckets {
            let until = self.seen.rests_until(bucket.key, cx.config);
            let seen = self.seen.rests.get(&bucket.key).map(|(stamp, _)| *stamp);
            if bucket.rests == seen && until.is_some_and(|until| until <= cx.now) {
                bucket.rests = None;
            }
        }
        queue
            .buckets
            .retain(|it| it.rests.is_some() || it.held.is_some());
    }

    /// Takes the buckets for which nobody comes before this process.
    fn claim(&mut self, queue: &mut IdentifyQueue, cx: &LeaseContext<'_>) {
        let waiting: Vec<ShardId> = self.wants.waiting().collect();
        for shard in waiting {
            let is_held = queue
                .bucket(shard)
                .is_some_and(|bucket| bucket.held.is_some());
            let is_first = queue.first_for(shard) == Some((shard, self.me));
            if is_held || !is_first || queue.room(cx.config.refuse_at) == 0 {
                continue;
            }
            let stamp = self.stamp();
            let by = self.me;
            queue.bucket_mut(shard).held = Some(QueueHold { shard, by, stamp });
            queue.waiters.retain(|waiter| *waiter != (shard, by));
        }
    }

    pub(super) fn answer(&mut self, cx: &mut LeaseContext<'_>, ticket: u64, swapped: Swapped) {
        let Some(sent) = self.inquiry.answered(ticket) else {
            return;
        };
        let writing = self.writing.take();
        let is_writing = writing.is_some();
        match (swapped, writing) {
            (Swapped::Done(entry), Some((queue, given))) => {
                self.limits.taken = self.limits.taken.max(given);
                self.observe(cx, sent, Found::Queue(entry.epoch, Box::new(queue)));
                self.tenure.wrote(Written {
                    sent,
                    answered: cx.now,
                    number: self.beat,
                });
                self.again(cx);
            }
            (Swapped::Refused(entry), _) => {
                self.observe(cx, sent, found(entry));
                if is_writing {
                    self.inquiry.again_at(cx.now.after(GATHER));
                } else {
                    self.again(cx);
                }
            }
            (Swapped::Unknown | Swapped::Done(_), _) => self.unknown(cx.now),
        }
    }

    /// What the queue was at some time after `sent`.
    fn observe(&mut self, cx: &mut LeaseContext<'_>, sent: Instant, found: Found) {
        self.found = found;
        let Found::Queue(_, queue) = &self.found else {
            // Either all is forgotten, or it cannot be understood: nothing is certain.
            self.tenure.lapse();
            self.wants.withdraw_all(cx.actions);
            return;
        };
        self.seen.observe(queue, cx.now);
        if queue.open {
            self.limits.asked = None;
        }
        match queue.beat_of(self.me) {
            Some(beat) if self.tenure.may_have(beat) => {
                self.tenure.stood(sent, cx.config.settle);
            }
            Some(_) => self.tenure.lost_latest(),
            None => self.tenure.lapse(),
        }
        let times = (sent, cx.now, cx.config.settle);
        self.wants.observe(queue, self.me, times, cx.actions);
    }

    /// Looks again soon if it may be this process's turn.
    fn again(&mut self, cx: &LeaseContext<'_>) {
        let is_first = |queue: &IdentifyQueue| {
            let mut waiting = self.wants.waiting();
            waiting.any(|shard| queue.first_for(shard) == Some((shard, self.me)))
        };
        let soon = self.wants.has_held() || self.queue().is_some_and(is_first);
        let wait = if soon {
            cx.config.look.checked_div(2).unwrap_or(cx.config.look)
        } else {
            cx.config.look.saturating_mul(2)
        };
        self.inquiry.again_at(cx.now.after(wait));
    }

    fn unknown(&mut self, now: Instant) {
        self.writing = None;
        self.inquiry.again_at(now.after(RETRY));
    }
}

fn found(entry: Option<LeaseEntry>) -> Found {
    let Some(entry) = entry else {
        return Found::Nothing;
    };
    match IdentifyQueue::decode(&entry.value) {
        Some(queue) => Found::Queue(entry.epoch, Box::new(queue)),
        None => Found::Unknown,
    }
}
