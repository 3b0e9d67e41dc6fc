//! The bot's timekeeper: the small loop that begins shards, and wakes the fleet and the cache when
//! their time comes.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use headcount_core::event::StoreFailure;
use headcount_core::fleet::lease::LeaseInput;
use headcount_core::fleet::{Fleet, FleetInput, StartLimit};
use headcount_core::{Event, Shard, ShardId};

use crate::alarm::Alarm;
use crate::coordination::LeaseRequest;
use crate::delivery::Untaken;
use crate::event::BotEvent;
use crate::identify_gate::GateWaiter;
use crate::launch::Launch;
use crate::pacer::Pacer;
use crate::panics::caught_in;
use crate::pending_shards::Next;
use crate::quantum::Quantum;
use crate::refresh::Refresh;
use crate::shared::Shared;
use crate::snapshots::SnapshotTask;
use crate::stall::Stall;
use crate::{Error, GatewayInfo, Runtime};

/// How long the timekeeper rests after a panic, so that one which comes again and again costs
/// little.
const REST: Duration = Duration::from_secs(1);

/// Begins the shards, and wakes the fleet and the cache at their deadlines, until every shard has
/// ended. All that it knows is shared, so after a panic it goes on.
pub(crate) async fn keep_time<R: Runtime>(launch: Launch<R>, refresh: Refresh<R>) {
    let runtime = launch.runtime.clone();
    let mut timekeeper = Timekeeper {
        alarm: Alarm::new(runtime.clone(), launch.shared.clock),
        quantum: Quantum::new(),
        stall: Stall::default(),
        refresh,
        gate: GateWaiter::new(runtime.clone()),
        waiting: None,
        launch,
    };
    timekeeper.begin();
    while let Err(panicked) = caught_in(timekeeper.run()).await {
        tracing::error!(error = %panicked, "the bot's timekeeper failed, and goes on");
        runtime.timer(REST).await;
    }
}

/// What the timekeeper works with.
struct Timekeeper<R: Runtime> {
    launch: Launch<R>,
    alarm: Alarm<R>,
    quantum: Quantum,
    stall: Stall,
    refresh: Refresh<R>,
    gate: GateWaiter<R>,
    /// What waits for the consumer, if the buffer is full.
    waiting: Option<Untaken>,
}

/// What is to be done.
enum Due {
    Time,
    Shard(Next),
    /// The user's gate lets a shard in.
    Admitted(ShardId),
    /// The service was asked how many identifies are left.
    Refreshed(Result<GatewayInfo, Error>),
    /// Every shard has ended.
    End,
}

impl<R: Runtime> Timekeeper<R> {
    /// Shards with a session begin at once; all others ask the fleet first.
    fn begin(&mut self) {
        let Shared { fleet, clock, .. } = &*self.launch.shared;
        let now = clock.now(&self.launch.runtime);
        let has_session = |id: &ShardId| {
            let cell = fleet.cell(*id);
            cell.is_some_and(|cell| cell.read(|shard| Shard::session(shard).is_some()))
        };
        let waiting = fleet.pending_shards().waiting();
        let (resume, identify): (Vec<_>, Vec<_>) = waiting.into_iter().partition(has_session);
        for id in resume {
            fleet.pending_shards().grant(id);
        }
        let mut events = Vec::new();
        for id in identify {
            events.extend(fleet.queue(now, id));
        }
        self.emit(events);
    }

    async fn run(&mut self) {
        loop {
            match poll_fn(|cx| self.poll_due(cx)).await {
                Due::Time => self.wake(),
                Due::Shard(Next::Begin(id)) => self.launch.begin(id),
                Due::Shard(Next::Start(id)) => self.launch.start(id),
                Due::Shard(Next::End(id)) => self.launch.end(id).await,
                Due::Shard(Next::Leave(_)) => self.launch.shared.fleet.ended(),
                Due::Admitted(id) => self.admit(id),
                Due::Refreshed(answer) => self.refresh(answer),
                Due::End => return self.end().await,
            }
        }
    }

    fn admit(&self, id: ShardId) {
        let Shared { fleet, clock, .. } = &*self.launch.shared;
        fleet.admit(clock.now(&self.launch.runtime), id);
    }

    /// Every shard has ended: the rows are written down as they are now, and the metrics published.
    async fn end(&mut self) {
        if let Some(snapshots) = &mut self.launch.snapshots {
            snapshots.finish().await;
        }
        #[cfg(feature = "metrics")]
        crate::metrics::publish_last(&self.launch.shared);
    }

    fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<Due> {
        let Shared { fleet, cache, .. } = &*self.launch.shared;
        if fleet.listen(cx.waker()) {
            return Poll::Ready(Due::End);
        }
        ready!(self.quantum.poll(cx));
        self.quantum.spend(0);
        if let Some(next) = fleet.next() {
            return Poll::Ready(Due::Shard(next));
        }
        if let Pacer::Gate(queue) = fleet.pacer()
            && let Poll::Ready(id) = self.gate.poll(cx, queue)
        {
            return Poll::Ready(Due::Admitted(id));
        }
        if cache.has_unjudged() {
            return Poll::Ready(Due::Time);
        }
        let now = self.launch.shared.clock.now(&self.launch.runtime);
        let refresh = fleet.askers().deadline();
        if let Poll::Ready(answer) = self.refresh.poll(now, cx, refresh) {
            return Poll::Ready(Due::Refreshed(answer));
        }
        let refresh = refresh.filter(|_| !self.refresh.is_asking());
        self.waiting = self.launch.delivery.watch(cx);
        self.stall.note(now, self.waiting.is_some());
        let snapshots = &mut self.launch.snapshots;
        if let Some(snapshots) = snapshots.as_mut().filter(|it| it.awaits_finish())
            && fleet.has_finished()
        {
            snapshots.finished(now);
        }
        let snapshots = snapshots.as_ref();
        let deadlines = [
            fleet.read(Fleet::poll_timeout),
            cache.next_expiry(),
            self.stall.deadline(),
            refresh,
            snapshots.and_then(SnapshotTask::deadline),
        ];
        let next = deadlines.into_iter().flatten().min();
        let due = self.alarm.poll(cx, next);
        if due.is_pending() {
            self.quantum.rest();
        }
        due.map(|()| Due::Time)
    }

    /// The service's answer, if there is one, counts; the shards that waited for it go on either
    /// way.
    fn refresh(&mut self, answer: Result<GatewayInfo, Error>) {
        let Shared {
            clock,
            fleet,
            total,
            ..
        } = &*self.launch.shared;
        let now = clock.now(&self.launch.runtime);
        match answer {
            Ok(info) => {
                let limit = StartLimit::from(info.session_start_limit);
                fleet.refresh(now, limit);
                if let Some(leases) = &self.launch.shared.leases {
                    leases.send(LeaseRequest::Input(LeaseInput::Limit(limit)));
                }
                let (remaining, recommended) = (limit.remaining, info.shards);
                tracing::debug!(remaining, recommended, total, "the service was asked anew");
            }
            Err(error) => {
                tracing::warn!("the identifies left for the day are not known anew: {error:#}");
            }
        }
        let mut events = Vec::new();
        let waited = fleet.askers().answered(now);
        for id in waited {
            events.extend(fleet.queue(now, id));
        }
        self.emit(events);
    }

    fn wake(&mut self) {
        let Shared {
            clock,
            fleet,
            cache,
            total,
            ..
        } = &*self.launch.shared;
        let now = clock.now(&self.launch.runtime);
        if let Some(snapshots) = &mut self.launch.snapshots {
            snapshots.advance(now);
        }
        if let Some(waiting) = self.waiting {
            self.stall.warn(now, waiting);
        }
        for row in cache.advance(now) {
            let (guild, shard) = (row.guild, row.shard(*total));
            if let Some(guild) = guild {
                cache.mark_stale(guild);
                let cell = fleet.cell(shard);
                cell.into_iter().for_each(|cell| cell.store_failed(guild));
            }
            let (kinds, error) = row.into_failure();
            let failure = Event::StoreFailed(StoreFailure {
                guild,
                sequence: None,
                kinds,
                error,
            });
            let event = BotEvent::of_shard(shard, failure, None);
            self.launch.delivery.push(event);
        }
        let events = fleet.handle(now, FleetInput::Timeout);
        self.emit(events);
    }

    /// Hands on the fleet's events.
    fn emit(&mut self, events: Vec<Event<'static>>) {
        for event in events {
            self.launch.delivery.push(BotEvent::of_bot(event, None));
        }
    }
}
