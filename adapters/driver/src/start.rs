//! Starting a bot.

mod asking;
mod identifying;
mod joining;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use headcount_core::bounds::within;
use headcount_core::config::{Acknowledge, Identifying};
use headcount_core::fleet::StartLimit;
use headcount_core::fleet::lease::{Leases, ProcessId};
use headcount_core::session::OnStop;
use headcount_core::{Config, Session, Shard, ShardId};

use crate::acknowledgements::{Acknowledgement, OUTSTANDING};
use crate::app_changes::AppChanges;
use crate::bot::Bot;
use crate::builder::{Builder, bounded};
use crate::cache::{Cache, CachePlan};
use crate::clock::Clock;
use crate::coordination::{Coordination, HAND_OVER, PARTING, SharedLeases, coordinate, halted};
use crate::delivery::{BufferLimits, Delivery, Events};
use crate::event::BotEvent;
use crate::handle::Handle;
use crate::inherited_rows::{InheritedRows, KeptSnapshots, SnapshotSearch};
use crate::launch::Launch;
use crate::listeners::Listeners;
use crate::metrics::LagCounters;
use crate::on_resume::OnResume;
use crate::record::{Recorder, Tape};
use crate::refresh::Refresh;
use crate::shard_cell::ShardCell;
use crate::shard_snapshots::LeftSnapshots;
use crate::shared::Shared;
use crate::sleep::Sleep;
use crate::snapshots::{SnapshotCounters, SnapshotFloors, SnapshotTask, Snapshots};
use crate::state::{BotKey, StateFolder};
use crate::timekeeper::keep_time;
use crate::{Error, ErrorKind, GatewayInfo, Runtime, address};

/// The shards of a bot in ascending order.
type ShardCells = Vec<(ShardId, Arc<ShardCell>)>;

/// So much longer a shutdown waits where rows are written down.
const SNAPSHOT_PATIENCE: Duration = Duration::from_secs(60);

impl<R: Runtime> Builder<R> {
    /// Asks the service how to connect, unless [`Builder::gateway`] says so, and starts the
    /// shards. It does not wait until they are connected: events report that.
    ///
    /// Cancel-safe: nothing was started.
    ///
    /// # Errors
    /// Those of [`Api::gateway_info`](crate::Api::gateway_info); [`ErrorKind::Config`] for a
    /// setting that makes no sense, no shards at all, a shard number out of range, or another total
    /// than that of the bot's [processes](Self::coordinate) that live;
    /// [`ErrorKind::Url`] for an address that cannot be dialled, [`ErrorKind::Plaintext`] for one
    /// where the token may not go. Nothing was started.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Error, Runtime};
    /// # async fn run<R: Runtime>(builder: Builder<R>) -> Result<(), Error> {
    /// let mut bot = builder.connect().await?;
    /// while let Some(it) = bot.next().await {
    ///     println!("{:?}", it.event);
    /// }
    /// bot.outcome()
    /// # }
    /// ```
    pub async fn connect(mut self) -> Result<Bot<R>, Error> {
        self.check()?;
        self.api.allow_plaintext |= self.options.allow_plaintext;
        let mut asked_over_tls = false;
        let given = self.info.take();
        let source = given
            .is_none()
            .then(|| (self.api.clone(), self.token.clone()));
        let info = match given {
            Some(info) => info,
            None => {
                asked_over_tls = address::is_secure(&self.api.base);
                self.api
                    .gateway_info(&self.runtime, self.token.expose())
                    .await?
            }
        };
        let info = self.join(info).await?;
        let (state, mut rows) = self.open_state()?;
        let cache = CachePlan::new(self.seed_of(0)?, self.kept(), self.indexes)
            .kept_elsewhere(self.stores.kinds());
        let (cache, found) = match &state {
            Some(folder) => self.find_snapshots(folder, cache, &mut rows).await?,
            None => (cache, None),
        };
        if self.on_resume == OnResume::Warm {
            rows.ask(&self.runtime, &self.stores, &self.sessions).await;
        }
        if let Some(folder) = state.as_ref().filter(|_| !self.resumes(&info)) {
            self.wait_out(folder).await;
        }
        let refresh = Refresh::new(self.runtime.clone(), source);
        let kept = (state, found);
        self.start(&info, asked_over_tls, kept, (cache, rows), refresh)
    }

    /// Opens the state folder, if there is to be one, and takes over its sessions; those given by
    /// hand come before them.
    fn open_state(&mut self) -> Result<(Option<StateFolder>, InheritedRows), Error> {
        let Some((path, durability)) = &self.state else {
            return Ok((None, InheritedRows::default()));
        };
        let bot = BotKey::of(&self.token);
        let (folder, saved) = StateFolder::open(path, bot, *durability)?;
        let rows = InheritedRows::new(&saved);
        let saved = saved.into_iter().map(|saved| saved.session);
        self.sessions.splice(0..0, saved);
        Ok((Some(folder), rows))
    }

    /// Reads the rows of an earlier process, in a thread of its own. Without a thread there are
    /// none.
    async fn find_snapshots(
        &self,
        folder: &StateFolder,
        cache: CachePlan,
        rows: &mut InheritedRows,
    ) -> Result<(CachePlan, Option<KeptSnapshots>), Error> {
        let has_kinds = !cache.kinds().difference(self.stores.kinds()).is_empty();
        let is_read = has_kinds && self.on_resume != OnResume::Cold;
        let search = SnapshotSearch::new(folder.snapshots(), cache, is_read);
        let (files, cache, found) = search.run().await?;
        rows.found(found.restored, self.on_resume == OnResume::Warm);
        Ok((cache, Some((files, found.heads))))
    }

    /// Whether a shard goes on with a session.
    fn resumes(&self, info: &GatewayInfo) -> bool {
        let serves = |id: ShardId| match &self.shards {
            Some((numbers, total)) => id.total() == *total && numbers.contains(&id.number()),
            None => id.total() == info.shards,
        };
        let fits = |session: &Session| session.intents() == self.config.intents;
        let mut sessions = self.sessions.iter();
        self.on_resume != OnResume::Identify
            && sessions.any(|session| fits(session) && serves(session.shard()))
    }

    /// A bot that starts without a session again and again is slowed down: a loop of restarts would
    /// use up the identifies of a day.
    async fn wait_out(&self, folder: &StateFolder) {
        if let Some(wait) = folder.cold_start(SystemTime::now()) {
            let seconds = wait.as_secs();
            tracing::warn!(
                seconds,
                "too many starts without a session: waiting before the next"
            );
            self.runtime.timer(wait).await;
        }
    }

    fn start(
        mut self,
        info: &GatewayInfo,
        asked_over_tls: bool,
        (state, snapshots): (Option<StateFolder>, Option<KeptSnapshots>),
        (plan, mut rows): (CachePlan, InheritedRows),
        refresh: Refresh<R>,
    ) -> Result<Bot<R>, Error> {
        let clock = Clock::start(&self.runtime);
        self.config.url = info.url.as_str().into();
        let warnings = self.warnings();
        self.config.tracker.kinds = plan.kinds();
        self.complete_config(state.is_some() || self.sharing.store.is_some());
        let (total, cells, recorder) = self.cells(info, &mut rows)?;
        asking::keep_gates(state.as_ref(), clock, (total, &cells));
        let (restored, rows) = (rows.restored(), rows.into_store(total, &cells));
        let ids: Vec<ShardId> = cells.iter().map(|(id, _)| *id).collect();
        if let Some(last) = ids.last() {
            self.check_start(&self.config_of(*last), asked_over_tls)?;
        }
        let leases = self.leases(clock, info, &ids)?;
        let about = (clock, info, refresh.is_possible());
        let others = (leases.as_ref(), state.as_ref());
        let (fleet, identify_log) = self.shared_fleet(about, cells, others)?;
        warnings.for_each(|warning| tracing::warn!("{warning}"));
        let failures = state.as_ref().map(StateFolder::failures);
        let cache = Cache::new(plan, rows);
        let stores = std::mem::take(&mut self.stores);
        let listeners = Arc::new(Listeners::new(leases.clone()));
        let (delivery, events) = delivery(self.events, Arc::clone(&listeners));
        let shared = Arc::new(Shared {
            clock,
            total,
            base: self.config.url.clone(),
            secure_base: asked_over_tls || address::is_secure(&self.config.url),
            fleet,
            leases,
            cache,
            restored,
            app_changes: AppChanges::new(&self.runtime, clock, &stores),
            stores,
            left_snapshots: self.left_snapshots()?,
            snapshots: SnapshotCounters::default(),
            state_failures: failures.unwrap_or_default(),
            identify_log,
            old_values: self.old_values,
            listeners,
            sleep: Sleep::new(&self.runtime),
            lag: LagCounters::default(),
            backlog: delivery.backlog(),
            #[cfg(feature = "metrics")]
            published: crate::metrics::Published::default(),
            recorder,
            unsaved: AtomicBool::new(false),
        });
        let (floors, snapshots) = self.keep_snapshots(&shared, snapshots);
        let launch = Launch {
            runtime: self.runtime.clone(),
            options: self.options.clone(),
            shared: Arc::clone(&shared),
            state,
            gate: self.config.tracker.requests.gate,
            delivery,
            floors,
            snapshots,
        };
        let limit = info.session_start_limit.into();
        self.coordinate_with(&launch, (refresh.another(), limit));
        Ok(self.begin(launch, events, refresh))
    }

    /// Where the shards' rows are left to other processes, if they are.
    fn left_snapshots(&mut self) -> Result<Option<LeftSnapshots>, Error> {
        let Some(store) = self.shard_snapshots.take() else {
            return Ok(None);
        };
        let seed = self.seed_of(0)?;
        let is_read = self.on_resume != OnResume::Cold;
        let left = LeftSnapshots::new(store, self.snapshots, seed, is_read);
        Ok(Some(left))
    }

    /// The leases of this process, if there are others.
    fn leases(
        &self,
        clock: Clock,
        info: &GatewayInfo,
        ids: &[ShardId],
    ) -> Result<Option<Arc<SharedLeases>>, Error> {
        if self.sharing.store.is_none() {
            return Ok(None);
        }
        let none = "the system gives no random numbers";
        let me = getrandom::u64().map_err(|e| Error::with_source(ErrorKind::Config, none, e))?;
        let (me, now) = (ProcessId::new(me), clock.now(&self.runtime));
        let limit = info.session_start_limit.into();
        let config = self.sharing.config.clone();
        let leases = Leases::new(now, config, me, limit, ids.iter().copied());
        let leases = SharedLeases::new(me, leases, &self.runtime, clock);
        Ok(Some(Arc::new(leases)))
    }

    /// Begins to keep the leases, if there are any, and to leave rows to other processes.
    fn coordinate_with(&mut self, launch: &Launch<R>, service: (Refresh<R>, StartLimit)) {
        let shared = &launch.shared;
        let Some(leases) = &shared.leases else {
            return;
        };
        if shared.left_snapshots.is_some() {
            let (runtime, shared) = (self.runtime.clone(), Arc::clone(shared));
            self.runtime
                .spawn(LeftSnapshots::keep_leaving(runtime, shared));
        }
        let host = (shared, leases, launch.delivery.another());
        let sharing = std::mem::take(&mut self.sharing);
        let resumes = self.on_resume != OnResume::Identify;
        let shards = (self.config.intents, resumes);
        let runtime = self.runtime.clone();
        if let Some(task) = Coordination::new(runtime, host, sharing, shards, service) {
            self.runtime.spawn(coordinate(task));
        }
    }

    /// Lets the shards begin.
    fn begin(self, launch: Launch<R>, events: Events, refresh: Refresh<R>) -> Bot<R> {
        let shared = Arc::clone(&launch.shared);
        let on_drop = match launch.state {
            None if shared.leases.is_none() => OnStop::End,
            Some(_) | None => OnStop::Resume,
        };
        let mut patience = self.options.write_deadline + self.options.close_deadline;
        if shared.leases.is_some() {
            patience += HAND_OVER + PARTING;
        }
        if launch.snapshots.is_some() {
            patience += SNAPSHOT_PATIENCE;
        }
        #[cfg(feature = "metrics")]
        crate::metrics::spawn_publisher(&self.runtime, &shared);
        self.runtime.spawn(keep_time(launch, refresh));
        Bot::new(
            self.runtime,
            events,
            Handle::new(shared),
            self.acknowledgement,
            on_drop,
            patience,
        )
    }

    /// Begins to write the rows down, if they are to be; what nobody goes on from is taken away.
    fn keep_snapshots(
        &self,
        shared: &Arc<Shared>,
        kept: Option<KeptSnapshots>,
    ) -> (Option<Arc<SnapshotFloors>>, Option<SnapshotTask>) {
        let Some((mut files, heads)) = kept else {
            return (None, None);
        };
        let plan = self.snapshots;
        let has_kinds = !shared.cache.kinds().is_empty();
        let is_periodic = matches!(plan, Snapshots::Every(_));
        // Those that nobody guards may be gone beyond, and count for nothing then.
        let are_guarded = is_periodic && has_kinds;
        if !are_guarded && !heads.is_empty() {
            files.remove();
        }
        if !has_kinds {
            return (None, None);
        }
        let heads = if is_periodic { heads } else { Vec::new() };
        let floors = Arc::new(SnapshotFloors::new(&heads));
        for (_, cell) in shared.fleet.cells() {
            cell.note_applied();
        }
        let now = shared.clock.now(&self.runtime);
        let both = (Arc::clone(shared), Arc::clone(&floors));
        let writer = SnapshotTask::start(plan, now, (files, shared.restored.is_some()), both);
        (Some(floors), writer)
    }

    /// What the driver decides of the shards' configuration.
    fn complete_config(&mut self, has_state: bool) {
        self.config.identify = Identifying::Fleet;
        self.config.acknowledge = match self.acknowledgement {
            Acknowledgement::OnNext | Acknowledgement::Explicit => Acknowledge::ByHost {
                in_heartbeats: has_state,
            },
            Acknowledgement::OnReceipt => Acknowledge::OnReceipt,
        };
        let confirm = &mut self.config.tracker.setup.confirm;
        confirm.get_or_insert(self.stores.patience());
    }

    /// The shards' cores, how many shards the whole bot has, and what records it.
    fn cells(
        &mut self,
        info: &GatewayInfo,
        rows: &mut InheritedRows,
    ) -> Result<(NonZeroU32, ShardCells, Option<Recorder>), Error> {
        let all = || (bounded(0..info.shards), info.shards);
        let (mut numbers, total) = self.shards.take().unwrap_or_else(all);
        let total = NonZeroU32::new(total).ok_or_else(|| unusable("a bot has a shard"))?;
        within("shards", numbers.len(), &(1..=self.max_shards()))?;
        numbers.sort_unstable();
        if numbers.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(unusable("a shard number is given twice"));
        }
        let unacknowledged = OUTSTANDING.saturating_add(self.events.events);
        let mut begins = Vec::new();
        for number in numbers {
            let id = ShardId::new_checked(number, total.get())
                .ok_or_else(|| unusable("these shard numbers do not exist"))?;
            let seed = self.seed_of(u64::from(number).saturating_add(1))?;
            begins.push((id, seed, self.session(id)));
        }
        self.warn_of_sessions(&begins);
        let recorder = self.recorder(total, &begins)?;
        let go_on = begins.iter().filter(|(id, ..)| rows.serves(*id)).count();
        if recorder.is_some() && go_on > 0 {
            tracing::warn!(
                shards = go_on,
                "shards that go on with rows of before are not recorded"
            );
        }
        let mut cells = Vec::new();
        for (place, (id, seed, session)) in begins.into_iter().enumerate() {
            let mut tape = recorder.as_ref().map(|recorder| recorder.tape(place));
            let mut shard = self.shard(id, seed, (session, rows), tape.as_mut())?;
            if self.sharing.store.is_some() {
                // It begins once its lease is given.
                shard = halted(shard, tape.as_mut());
            }
            let cell = ShardCell::new(shard, unacknowledged, tape);
            cells.push((id, Arc::new(cell)));
        }
        Ok((total, cells, recorder))
    }

    /// One shard's core, with its session of an earlier process if there is one.
    fn shard(
        &self,
        id: ShardId,
        seed: u64,
        (session, rows): (Option<Session>, &mut InheritedRows),
        mut tape: Option<&mut Tape>,
    ) -> Result<Shard, Error> {
        let mut config = self.config_of(id);
        if let Some(tape) = &mut tape {
            let setup = &mut config.tracker.setup;
            setup.chunking = tape.following(std::mem::take(&mut setup.chunking));
        }
        match session {
            None => Ok(Shard::new(config, seed)),
            Some(session) => {
                let mut shard = rows.shard(config, seed, session, self.stores.kinds())?;
                if let Some(tape) = tape.filter(|_| rows.serves(id)) {
                    tape.started();
                }
                if self.on_resume == OnResume::Identify {
                    let _ = shard.restart(OnStop::End);
                }
                Ok(shard)
            }
        }
    }

    /// The seed of one part of the bot: no two parts have the same.
    fn seed_of(&self, part: u64) -> Result<u64, Error> {
        let seed = self.seed.map_or_else(getrandom::u64, Ok);
        let none = "the system gives no random numbers";
        let seed = seed.map_err(|e| Error::with_source(ErrorKind::Config, none, e))?;
        Ok(seed.wrapping_add(part))
    }

    fn config_of(&self, id: ShardId) -> Config {
        Config {
            shard: id,
            ..self.config.clone()
        }
    }

    /// Takes the session that a shard can go on with, or else one that a new one takes the place
    /// of; of several the last that was given.
    fn session(&mut self, id: ShardId) -> Option<Session> {
        let intents = self.config.intents;
        let is_own = |session: &Session| session.shard() == id;
        let fits = |session: &Session| is_own(session) && session.intents() == intents;
        let sessions = &self.sessions;
        let at = sessions.iter().rposition(fits);
        let at = at.or_else(|| sessions.iter().rposition(is_own))?;
        Some(self.sessions.swap_remove(at))
    }

    /// Says which sessions nobody goes on with. Their shards begin anew: a resume can change
    /// neither the number of shards nor the intents.
    fn warn_of_sessions(&self, begins: &[(ShardId, u64, Option<Session>)]) {
        let list: Vec<String> = begins.iter().map(|(id, ..)| id.to_string()).collect();
        let (shards, intents) = (list.join(" "), self.config.intents);
        let taken = begins.iter().filter_map(|(.., session)| session.as_ref());
        let given_up = taken.filter(|session| session.intents() != intents);
        for session in given_up.chain(&self.sessions) {
            tracing::warn!(
                saved_shard = %session.shard(),
                saved_intents = ?session.intents(),
                shards,
                ?intents,
                "a saved session does not fit this bot, or is one too many: it is not resumed"
            );
        }
    }
}

/// The way to the consumer; who listens beside it sees each event as well.
fn delivery(limits: BufferLimits, listeners: Arc<Listeners>) -> (Delivery, Events) {
    let observe = move |event: Option<&BotEvent>| listeners.observe(event);
    Delivery::observed(limits, Box::new(observe))
}

fn unusable(detail: &'static str) -> Error {
    Error::new(ErrorKind::Config, detail)
}
