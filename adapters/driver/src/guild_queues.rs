//! Events behind slow stores: none overtakes its own change, none waits for another guild's.

use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::{BoxFuture, ready};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use headcount_core::cache::{GuildStatus, Kinds, Mutation, Op};
use headcount_core::event::StoreFailure;
use headcount_core::id::GuildId;
use headcount_core::setup::Barrier;
use headcount_core::{Event, ShardId};

use crate::acknowledgements::Acknowledgements;
use crate::cache::Cache;
use crate::delivery::{Delivery, Parcel};
use crate::event::BotEvent;
use crate::stores::{StoreOutcome, Work};
use crate::unjudged::Unjudged;

/// Things that may wait for stores before the shard stops reading.
pub(crate) const ROOM: u32 = 1024;

/// Where something waits: behind the changes of one guild, or of none.
type GuildQueue = Option<GuildId>;

/// One change on its way into the stores.
pub(crate) struct Job {
    pub(crate) guild: GuildQueue,
    pub(crate) sequence: Option<u64>,
    /// Whether it touches many guilds, so that nothing may run beside it.
    pub(crate) alone: bool,
    /// Whether the guild is delivered anew, so that what its stores missed before counts no more.
    pub(crate) delivers: bool,
    /// The kinds whose store has not answered to a change before it, and is not asked again.
    pub(crate) silent: Kinds,
    pub(crate) work: Work,
}

/// What waits for its turn.
enum Item {
    Change(Job),
    Event(GuildQueue, Parcel),
    /// The shard wants to know when this is passed.
    Confirm(Barrier),
    /// Events that must not come before anything that went before.
    Last(Parcel),
}

/// What the shard is handed about its stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreInput {
    /// Every change of a guild up to this point has ended.
    Stored(Barrier),
    /// A change of a guild was not stored.
    Failed(GuildId),
}

/// A shard's changes and events that wait for stores.
///
/// A queue exists while a change of its guild runs; what comes meanwhile for the guild waits in it.
/// A change that runs alone, and events of the whole shard, wait until every queue is empty, and
/// what follows them waits with them.
pub(crate) struct GuildQueues {
    shard: ShardId,
    acknowledgements: Arc<Acknowledgements>,
    queues: BTreeMap<GuildQueue, VecDeque<Item>>,
    queue: VecDeque<Item>,
    /// Whether the change that runs wants to be alone.
    alone: bool,
    running: FuturesUnordered<BoxFuture<'static, Done>>,
    /// What an event must know of its change, by sequence.
    outcomes: BTreeMap<u64, StoreOutcome>,
    /// What the shard is handed next, in order.
    inputs: VecDeque<StoreInput>,
    waiting: u32,
}

/// A change that has ended.
struct Done {
    guild: GuildQueue,
    sequence: Option<u64>,
    outcome: StoreOutcome,
}

impl Job {
    /// The work that a mutation makes for stores.
    pub(crate) fn new(mutation: &Mutation<'_>, work: Work) -> Self {
        Self {
            guild: mutation.guild(),
            sequence: mutation.origin().map(|at| at.sequence),
            alone: mutation.ops().any(|op| matches!(op, Op::NewSession(_))),
            delivers: mutation
                .ops()
                .any(|op| matches!(op, Op::SetStatus(GuildStatus::Available))),
            silent: Kinds::empty(),
            work,
        }
    }

    /// The failure of the store in memory over a row, in a change of this guild and sequence. It is
    /// reported as any other store's.
    pub(crate) fn unjudged(row: Unjudged, (guild, sequence): (GuildQueue, Option<u64>)) -> Self {
        let own = row.guild;
        let outcome = StoreOutcome {
            failures: vec![row.into_failure()],
            ..StoreOutcome::default()
        };
        Self {
            guild: own,
            sequence: sequence.filter(|_| own == guild),
            alone: false,
            delivers: false,
            silent: Kinds::empty(),
            work: Box::new(|_| ready(outcome).boxed()),
        }
    }
}

impl GuildQueues {
    pub(crate) fn new(shard: ShardId, acknowledgements: Arc<Acknowledgements>) -> Self {
        Self {
            shard,
            acknowledgements,
            queues: BTreeMap::new(),
            queue: VecDeque::new(),
            alone: false,
            running: FuturesUnordered::new(),
            outcomes: BTreeMap::new(),
            inputs: VecDeque::new(),
            waiting: 0,
        }
    }

    /// Whether so much waits that the shard should not read on.
    pub(crate) const fn is_full(&self) -> bool {
        self.waiting >= ROOM
    }

    fn is_idle(&self) -> bool {
        self.queues.is_empty() && self.queue.is_empty()
    }

    /// A change, to be stored when its turn comes.
    pub(crate) fn change(&mut self, job: Job, delivery: &mut Delivery) {
        self.enter(Item::Change(job), delivery);
    }

    /// An event of the shard, to be delivered when its turn comes.
    pub(crate) fn event(&mut self, event: Event<'static>, delivery: &mut Delivery) {
        if self.is_idle() && self.outcomes.is_empty() {
            return delivery.push(self.marked(event));
        }
        let place = place(&event);
        let event = delivery.parcel(self.marked(event));
        let item = match place {
            QueuePlace::In(queue) => Item::Event(queue, event),
            QueuePlace::Last => Item::Last(event),
        };
        self.enter(item, delivery);
    }

    /// An event of the shard's connection, in order with the shard's own.
    pub(crate) fn notice(&mut self, event: Event<'static>, delivery: &mut Delivery) {
        let event = self.marked(event);
        self.enter(Item::Event(None, delivery.parcel(event)), delivery);
    }

    /// An event of the shard that is under way: a dispatch by its own sequence, even if it was
    /// held.
    fn marked(&self, event: Event<'static>) -> BotEvent {
        let mark = self.acknowledgements.mark(&event);
        BotEvent::of_shard(self.shard, event, mark)
    }

    /// A point that the shard wants to know of once every change before it has ended.
    pub(crate) fn confirm(&mut self, barrier: Barrier, delivery: &mut Delivery) {
        self.enter(Item::Confirm(barrier), delivery);
    }

    /// What the shard is handed next, before it takes in anything else.
    pub(crate) fn next_input(&mut self) -> Option<StoreInput> {
        self.inputs.pop_front()
    }

    /// An event of the fleet, which follows from events before it.
    pub(crate) fn fleet_event(&mut self, event: Event<'static>, delivery: &mut Delivery) {
        let mark = self.acknowledgements.mark(&event);
        let event = BotEvent::of_bot(event, mark);
        self.enter(Item::Last(delivery.parcel(event)), delivery);
    }

    fn enter(&mut self, item: Item, delivery: &mut Delivery) {
        self.waiting += 1;
        self.queue.push_back(item);
        self.advance(delivery);
    }

    /// Lets in from the queue whatever need not wait for all queues.
    fn advance(&mut self, delivery: &mut Delivery) {
        while !self.alone {
            let empty = self.queues.is_empty();
            match self.queue.front() {
                Some(Item::Change(job)) if job.alone && !empty => return,
                Some(Item::Last(_)) if !empty => return,
                Some(Item::Change(_) | Item::Event(..) | Item::Confirm(_) | Item::Last(_)) => {}
                None => return,
            }
            if let Some(item) = self.queue.pop_front() {
                self.admit(item, delivery);
            }
        }
    }

    fn admit(&mut self, item: Item, delivery: &mut Delivery) {
        let queue = match &item {
            Item::Change(job) => job.guild,
            Item::Event(queue, _) => *queue,
            Item::Confirm(barrier) => Some(barrier.guild()),
            Item::Last(_) => return self.take(item, delivery),
        };
        match self.queues.get_mut(&queue) {
            Some(queue) => queue.push_back(item),
            None => self.take(item, delivery),
        }
    }

    /// It is this one's turn.
    fn take(&mut self, item: Item, delivery: &mut Delivery) {
        self.waiting -= 1;
        match item {
            Item::Change(job) => self.run(job),
            Item::Confirm(barrier) => self.inputs.push_back(StoreInput::Stored(barrier)),
            Item::Event(_, event) | Item::Last(event) => delivery.send(self.informed(event)),
        }
    }

    fn run(&mut self, job: Job) {
        let Job {
            guild, sequence, ..
        } = job;
        self.alone = job.alone;
        self.queues.entry(guild).or_default();
        let done = (job.work)(job.silent).map(move |outcome| Done {
            guild,
            sequence,
            outcome,
        });
        self.running.push(done.boxed());
    }

    /// The event, with what came of its change.
    fn informed(&mut self, mut parcel: Parcel) -> Parcel {
        if let Event::Dispatch(dispatch) = &mut parcel.event.event
            && let Some(sequence) = dispatch.sequence()
            && let Some(outcome) = self.outcomes.remove(&sequence)
        {
            if !outcome.failures.is_empty() {
                dispatch.set_unstored();
            }
            dispatch.add_displaced(outcome.displaced);
        }
        parcel
    }

    /// Goes on with the changes; ready when nothing waits for a store.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        delivery: &mut Delivery,
        cache: &Cache,
    ) -> Poll<()> {
        loop {
            match self.running.poll_next_unpin(cx) {
                Poll::Ready(Some(done)) => self.done(done, delivery, cache),
                Poll::Ready(None) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// A change has ended: reports its failures, and lets those behind it go.
    fn done(&mut self, done: Done, delivery: &mut Delivery, cache: &Cache) {
        self.alone = false;
        self.emit_failures(&done, delivery, cache);
        self.pass_over(done.guild, done.outcome.silent());
        if let Some(sequence) = done.sequence
            && !done.outcome.is_plain()
        {
            self.outcomes.entry(sequence).or_default().add(done.outcome);
            if self.outcomes.len() > ROOM as usize {
                self.outcomes.pop_first();
            }
        }
        let mut behind = self.queues.remove(&done.guild).unwrap_or_default();
        while let Some(item) = behind.pop_front() {
            let change = matches!(item, Item::Change(_));
            self.take(item, delivery);
            if change {
                self.queues.insert(done.guild, behind);
                break;
            }
        }
        self.advance(delivery);
    }

    /// Waits for no store any more: hands on all events in order of their queues, and drops the
    /// changes, whether they run or wait.
    pub(crate) fn give_up(&mut self, delivery: &mut Delivery) {
        let new = Self::new(self.shard, Arc::clone(&self.acknowledgements));
        let old = mem::replace(self, new);
        let queues = old.queues.into_values().flatten();
        for item in queues.chain(old.queue) {
            match item {
                Item::Change(_) | Item::Confirm(_) => {}
                Item::Event(_, event) | Item::Last(event) => delivery.send(event),
            }
        }
    }

    /// A failure is the shard's business, unless the guild is delivered anew behind it.
    fn emit_failures(&mut self, done: &Done, delivery: &mut Delivery, cache: &Cache) {
        if done.outcome.failures.is_empty() {
            return;
        }
        if let Some(guild) = done.guild
            && !self.delivers_anew(guild)
        {
            cache.mark_stale(guild);
            self.inputs.push_back(StoreInput::Failed(guild));
        }
        for (kinds, error) in &done.outcome.failures {
            tracing::warn!(guild = ?done.guild, %error, "a store failed");
            let failure = Event::StoreFailed(StoreFailure {
                guild: done.guild,
                sequence: done.sequence,
                kinds: *kinds,
                error: error.clone(),
            });
            delivery.push(self.marked(failure));
        }
    }

    /// A store has not answered in time: it is not handed what waits behind, up to where it can be
    /// whole again, so that no event waits for it much longer than once.
    fn pass_over(&mut self, queue: GuildQueue, silent: Kinds) {
        let behind = self.queues.get_mut(&queue).into_iter().flatten();
        let behind = behind.chain(&mut self.queue).filter_map(|item| match item {
            Item::Change(job) => Some(job),
            Item::Event(..) | Item::Confirm(_) | Item::Last(_) => None,
        });
        let same_queue = behind.filter(|job| job.guild == queue);
        for job in same_queue.take_while(|job| !job.delivers && !job.alone) {
            job.silent |= silent;
        }
    }

    /// Whether a change that waits delivers the guild anew.
    fn delivers_anew(&self, guild: GuildId) -> bool {
        let behind = self.queues.get(&Some(guild)).into_iter().flatten();
        behind.chain(&self.queue).any(|item| match item {
            Item::Change(job) => job.delivers && job.guild == Some(guild),
            Item::Event(..) | Item::Confirm(_) | Item::Last(_) => false,
        })
    }
}

/// Where an event waits.
enum QueuePlace {
    In(GuildQueue),
    Last,
}

/// The events of a guild wait for the guild, and the shard's readiness for everybody.
fn place(event: &Event<'_>) -> QueuePlace {
    #[allow(
        clippy::match_same_arms,
        clippy::wildcard_enum_match_arm,
        reason = "a list of events, of which more may come"
    )]
    match event {
        Event::Dispatch(dispatch) => QueuePlace::In(dispatch.guild()),
        Event::GuildReady(it) | Event::GuildJoin(it) | Event::GuildRestored(it) => {
            QueuePlace::In(Some(it.guild))
        }
        Event::GuildUnavailable(it) => QueuePlace::In(Some(it.guild)),
        Event::GuildStale(it) => QueuePlace::In(Some(it.guild)),
        Event::GuildLeave(it) => QueuePlace::In(Some(it.guild)),
        Event::HeldOverflow(it) => QueuePlace::In(Some(it.guild)),
        Event::ChunkRequestFinished(it) => QueuePlace::In(Some(it.guild)),
        Event::ShardFinishedChunking(_) | Event::ShardReady(_) => QueuePlace::Last,
        Event::Gap(_) | Event::Halted(_) => QueuePlace::Last,
        _ => QueuePlace::In(None),
    }
}

#[cfg(test)]
mod tests;
