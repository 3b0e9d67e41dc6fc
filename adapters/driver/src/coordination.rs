//! One bot in several processes: the task that keeps the leases of this one, and runs the shards
//! that they give it.

mod joining;
mod leases;
mod owned_shard;
mod record;
mod shards;
mod table;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::poll_fn;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use headcount_core::fleet::StartLimit;
use headcount_core::fleet::lease::{Expected, LeaseAction, LeaseConfig, LeaseInput, Leases, Swap};
use headcount_core::manager::{Placement, RunnableShards};
use headcount_core::session::OnStop;
use headcount_core::{Input, Instant, Intents, Shard, ShardId};

use crate::alarm::Alarm;
use crate::delivery::Delivery;
use crate::event::BotEvent;
use crate::fleet::Running;
use crate::panics::caught_in;
use crate::record::{RecordedCall, Tape};
use crate::refresh::Refresh;
use crate::shared::Shared;
use crate::{Error, GatewayInfo, Runtime};

pub(crate) use joining::join;
pub(crate) use leases::{LeaseRequest, SharedLeases};
pub(crate) use owned_shard::HAND_OVER;
use owned_shard::OwnedShard;
pub(crate) use table::AnyLeaseStore;
use table::{Silence, SwapAnswers, ask};

/// How long a process that ends waits for the store to hear of it.
pub(crate) const PARTING: Duration = Duration::from_secs(5);

/// How often it is looked whether the consumer is done with what it took of a shard that moves.
const LOOK: Duration = Duration::from_millis(50);

/// So many entries are looked at with one question at most.
const LOOKS: usize = 500;

/// So much of what has come is taken in at once.
const AT_ONCE: usize = 1_000;

/// How long the task rests after a panic.
const REST: Duration = Duration::from_secs(1);

/// How a bot shares its shards with other processes.
pub(crate) struct Sharing {
    /// The table of leases; `None` if it does not.
    pub(crate) store: Option<Arc<dyn AnyLeaseStore>>,
    pub(crate) placement: Placement,
    pub(crate) config: LeaseConfig,
}

impl Default for Sharing {
    fn default() -> Self {
        Self {
            store: None,
            placement: Placement::Spread,
            config: LeaseConfig::default(),
        }
    }
}

/// What the task works with.
pub(crate) struct Coordination<R: Runtime> {
    runtime: R,
    shared: Arc<Shared>,
    leases: Arc<SharedLeases>,
    /// Where events of the whole bot go.
    delivery: Delivery,
    store: Arc<dyn AnyLeaseStore>,
    placement: Placement,
    config: LeaseConfig,
    intents: Intents,
    /// Whether sessions of earlier owners are resumed.
    resumes: bool,
    refresh: Refresh<R>,
    /// What the service said last.
    limit: StartLimit,
    /// Since when it is to be asked again.
    ask_limit: Option<Instant>,
    swaps: FuturesUnordered<BoxFuture<'static, SwapAnswers>>,
    /// What is to be looked at, with as few questions as can be.
    looks: Vec<Swap>,
    silence: Silence,
    alarm: Alarm<R>,
    /// What the machine takes in next.
    inputs: VecDeque<LeaseInput>,
    /// Whether what this process is to run may have changed.
    is_to_place: bool,
    /// The shards that this process is to run.
    serves: BTreeSet<ShardId>,
    /// Those that it has said it can run.
    offered: Option<RunnableShards>,
    /// Of how many shards the bot is, if that keeps this process from running any.
    held_back: Option<u32>,
    /// Those that it is not to, and what becomes of their sessions.
    declined: BTreeMap<ShardId, OnStop>,
    /// Whether a shard has ended by itself.
    has_failed: bool,
    owned: BTreeMap<ShardId, OwnedShard>,
    /// The shards that no other process was seen to have since this one had them.
    had_last: BTreeSet<ShardId>,
    /// Counts the records of all shards: a lease that goes on after it was over takes no lower one.
    records: u64,
    next_record: Instant,
    /// When the shards are looked after next, if there are any.
    look_at: Instant,
    /// Since when the bot ends here, and what becomes of the sessions.
    ending: Option<(Instant, OnStop)>,
    leaves: bool,
}

/// What is to be done.
enum CoordinationDue {
    Time,
    Request(LeaseRequest),
    Answer(SwapAnswers),
    Limit(Result<GatewayInfo, Error>),
}

/// Keeps the leases until the bot has ended in this process. What it knows outlives a panic.
pub(crate) async fn coordinate<R: Runtime>(mut coordination: Coordination<R>) {
    let running = Running(Arc::clone(&coordination.shared));
    while let Err(panicked) = caught_in(coordination.run()).await {
        tracing::error!(error = %panicked, "the task of the leases failed, and goes on");
        coordination.runtime.timer(REST).await;
    }
    drop(running);
}

impl<R: Runtime> Coordination<R> {
    pub(crate) fn new(
        runtime: R,
        (shared, leases, delivery): (&Arc<Shared>, &Arc<SharedLeases>, Delivery),
        sharing: Sharing,
        (intents, resumes): (Intents, bool),
        (refresh, limit): (Refresh<R>, StartLimit),
    ) -> Option<Self> {
        Some(Self {
            alarm: Alarm::new(runtime.clone(), shared.clock),
            runtime,
            shared: Arc::clone(shared),
            leases: Arc::clone(leases),
            delivery,
            store: sharing.store?,
            placement: sharing.placement,
            config: sharing.config,
            intents,
            resumes,
            refresh,
            limit,
            ask_limit: None,
            swaps: FuturesUnordered::new(),
            looks: Vec::new(),
            silence: Silence::default(),
            inputs: VecDeque::new(),
            is_to_place: true,
            serves: BTreeSet::new(),
            offered: None,
            held_back: None,
            declined: BTreeMap::new(),
            has_failed: false,
            owned: BTreeMap::new(),
            had_last: BTreeSet::new(),
            records: 0,
            next_record: Instant::ZERO,
            look_at: Instant::ZERO,
            ending: None,
            leaves: false,
        })
    }

    async fn run(&mut self) {
        while !self.has_ended() {
            let due = poll_fn(|cx| self.poll_due(cx)).await;
            self.take_in(due);
            // What else is there is taken in with it: shards are placed once for all of that.
            for _ in 0..AT_ONCE {
                match poll_fn(|cx| Poll::Ready(self.poll_due(cx))).await {
                    Poll::Ready(CoordinationDue::Time) | Poll::Pending => break,
                    Poll::Ready(due) => self.take_in(due),
                }
            }
            self.look_after_shards();
            self.advance();
        }
    }

    fn take_in(&mut self, due: CoordinationDue) {
        match due {
            CoordinationDue::Time => self.inputs.push_back(LeaseInput::Timeout),
            CoordinationDue::Request(request) => self.request(request),
            CoordinationDue::Answer(answer) => {
                self.leases.counters().answered(answer.failure.is_none());
                self.silence
                    .note(self.leases.now(), answer.failure.as_ref());
                self.inputs.extend(answer.inputs);
            }
            CoordinationDue::Limit(answer) => self.answer_limit(answer),
        }
    }

    fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<CoordinationDue> {
        if let Some(request) = self.leases.next_request(cx.waker()) {
            return Poll::Ready(CoordinationDue::Request(request));
        }
        if let Poll::Ready(Some(answer)) = self.swaps.poll_next_unpin(cx) {
            return Poll::Ready(CoordinationDue::Answer(answer));
        }
        let now = self.leases.now();
        if let Poll::Ready(answer) = self.refresh.poll(now, cx, self.ask_limit) {
            return Poll::Ready(CoordinationDue::Limit(answer));
        }
        let deadline = self.deadline();
        self.alarm
            .poll(cx, deadline)
            .map(|()| CoordinationDue::Time)
    }

    fn deadline(&self) -> Option<Instant> {
        let look = (!self.owned.is_empty()).then_some(self.look_at);
        let ending = self
            .ending
            .map(|(since, _)| since.after(HAND_OVER + PARTING));
        let machine = self.leases.read(Leases::poll_timeout);
        look.into_iter().chain(ending).chain(machine).min()
    }

    /// Whether the bot has ended here: all is given back, or the store does not answer.
    fn has_ended(&self) -> bool {
        let Some((since, _)) = self.ending else {
            return false;
        };
        let is_over = since.after(HAND_OVER + PARTING) <= self.leases.now();
        if is_over {
            tracing::warn!("the leases could not be given back: they run out by themselves");
        }
        is_over || self.leaves && self.leases.read(Leases::has_left)
    }

    fn request(&mut self, request: LeaseRequest) {
        match request {
            LeaseRequest::Input(LeaseInput::NoIdentify(shard)) => self.gave_up(shard),
            LeaseRequest::Input(input) => self.inputs.push_back(input),
            LeaseRequest::Stop(shard, on_stop) => {
                self.declined.insert(shard, on_stop);
                self.is_to_place = true;
            }
            LeaseRequest::Start(shard) => {
                self.declined.remove(&shard);
                self.is_to_place = true;
            }
            LeaseRequest::Left(shard) => self.left(shard),
            LeaseRequest::End(on_stop) => self.end(on_stop),
        }
    }

    fn end(&mut self, on_stop: OnStop) {
        if self.ending.is_none() {
            self.ending = Some((self.leases.now(), on_stop));
            self.is_to_place = true;
        }
    }

    /// Hands the machine what it is to take in, and does what it says.
    fn advance(&mut self) {
        loop {
            while let Some(input) = self.inputs.pop_front() {
                for action in self.leases.handle(input) {
                    self.act(action);
                }
            }
            if mem::take(&mut self.is_to_place) {
                self.place();
            }
            self.look_after_end();
            if self.inputs.is_empty() && !self.is_to_place {
                break;
            }
        }
        let looks = mem::take(&mut self.looks);
        let at_once = self.store.looks_at_once().clamp(1, LOOKS);
        let looks = looks.chunks(at_once);
        looks.for_each(|some| self.ask(some.to_vec()));
    }

    fn ask(&self, swaps: Vec<Swap>) {
        let (store, patience) = (Arc::clone(&self.store), self.config.patience);
        let asked = ask(self.runtime.clone(), store, swaps, patience);
        self.swaps.push(asked);
    }

    fn act(&mut self, action: LeaseAction) {
        match action {
            LeaseAction::Swap(swap) => match swap.expected {
                Expected::Never => self.looks.push(swap),
                Expected::Nothing | Expected::Written(_) => self.ask(vec![swap]),
            },
            LeaseAction::Start {
                shard,
                epoch,
                record,
            } => self.begin(shard, epoch.number, &record),
            LeaseAction::Stop { shard, why } => self.stop(shard, why),
            LeaseAction::Recorded { shard, number } => {
                let owned = self.owned.get_mut(&shard);
                let position = owned.and_then(|owned| owned.recorded(number));
                if let Some(cell) = self.shared.fleet.cell(shard) {
                    cell.record(position);
                }
            }
            LeaseAction::Grant(shard) => self.grant(shard),
            LeaseAction::Withdraw(shard) => {
                if let Some(cell) = self.shared.fleet.cell(shard) {
                    cell.withdraw();
                }
            }
            LeaseAction::Place => self.is_to_place = true,
            LeaseAction::Emit(event) => self.delivery.push(BotEvent::of_bot(event, None)),
            LeaseAction::AskLimit => match self.refresh.is_possible() {
                true => self.ask_limit = Some(self.leases.now()),
                false => self.inputs.push_back(LeaseInput::Limit(self.limit)),
            },
        }
    }

    /// Compares what this process is to run with what it is told to.
    fn place(&mut self) {
        let look = |leases: &Leases| (leases.owners(), leases.held_back());
        let (owners, held_back) = self.leases.read(look);
        self.note_held_back(held_back);
        self.offer();
        for (shard, holder) in &owners.shards {
            if holder.is_some_and(|holder| holder != self.leases.me()) {
                self.had_last.remove(shard);
            }
        }
        let placed = match self.ending {
            Some(_) => Vec::new(),
            None => self.placement.serves(self.leases.me(), &owners),
        };
        let placed = placed.into_iter();
        let serves: BTreeSet<ShardId> = placed
            .filter(|shard| !self.declined.contains_key(shard))
            .collect();
        let new = serves.difference(&self.serves).copied();
        self.inputs.extend(new.map(LeaseInput::Serve));
        let old = self.serves.difference(&serves).copied();
        self.inputs.extend(old.map(LeaseInput::Yield));
        self.serves = serves;
    }

    /// Tells the others which shards this process can run, if that has changed.
    fn offer(&mut self) {
        let shards = self.shared.fleet.cells().iter().map(|(shard, _)| *shard);
        let shards = shards.filter(|shard| !self.declined.contains_key(shard));
        let offer = self.placement.runnable(self.shared.total.get(), shards);
        if self.offered.as_ref() != Some(&offer) {
            self.offered = Some(offer.clone());
            self.inputs.push_back(LeaseInput::Offer(offer));
        }
    }

    /// Says when this process cannot run its shards because of those that others run.
    fn note_held_back(&mut self, by: Option<u32>) {
        if self.held_back == by {
            return;
        }
        let own = self.shared.total;
        match by {
            Some(total) => tracing::error!(
                "others run this bot with {total} shards, not {own}: none runs here while they live"
            ),
            None => tracing::info!("the bot is run with {own} shards from now on"),
        }
        self.held_back = by;
    }

    fn look_after_end(&mut self) {
        let runs_none = self.owned.is_empty();
        let offers_none = self.offered.as_ref().is_some_and(RunnableShards::is_empty);
        if self.has_failed && runs_none && offers_none {
            self.end(OnStop::Resume);
        }
        if self.ending.is_some() && runs_none && !self.leaves {
            self.leaves = true;
            self.inputs.push_back(LeaseInput::Leave);
        }
    }

    fn answer_limit(&mut self, answer: Result<GatewayInfo, Error>) {
        self.ask_limit = None;
        match answer {
            Ok(info) => {
                self.limit = info.session_start_limit.into();
                self.shared.fleet.refresh(self.leases.now(), self.limit);
                self.inputs.push_back(LeaseInput::Limit(self.limit));
            }
            Err(error) => {
                tracing::warn!("the identifies left for the day are not known anew: {error:#}");
            }
        }
    }
}

/// Lets a shard that was never run count as one that has ended: it begins once its lease is given.
pub(crate) fn halted(mut shard: Shard, mut tape: Option<&mut Tape>) -> Shard {
    if let Some(tape) = &mut tape {
        tape.call(&RecordedCall::stop(OnStop::End));
        tape.input(Instant::ZERO, &Input::Timeout);
    }
    shard.stop(OnStop::End);
    let actions = shard.handle(Instant::ZERO, Input::Timeout);
    if let Some(tape) = tape {
        tape.actions(&actions);
    }
    shard
}
