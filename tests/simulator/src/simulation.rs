//! Whole bots on virtual time: shards, a fleet and a store against the gateway model, over lines
//! and a host that misbehave.
//!
//! A run follows from its [`Source`] alone. First the safety phase: steps of a scenario, faults
//! included, and after every input the promises that hold at any time. Then the liveness phase:
//! the faults stop, and within a stated bound every shard is active, every guild has its outcome
//! and every request has ended. What fails is reported with the last lines of the [`Trace`].
mod book;
mod campaign;
mod check;
mod clock;
mod feed;
mod host;
mod journal;
mod judge;
mod liveness;
mod network;
mod perform;
mod restored;
mod snapshots;
mod stores;
mod tally;
mod tolerance;
mod trace;
mod truth;
mod values;
mod witness;

use crate::edge::Millis;
use crate::gateway::Gateway;
use crate::scenario::{Scene, Setting, Source, Step};
use clock::HostClock;
use headcount_core::cache::MemoryStore;
use headcount_core::fleet::{Fleet, FleetConfig, StartLimit};
use headcount_core::id::GuildId;
use headcount_core::{Instant, Shard, ShardId};
use headcount_driver::record::{RecordingError, RunRecorder};
use host::Host;
use judge::Excuses;
use network::Network;
use snapshots::Snapshots;
use std::collections::{BTreeMap, BTreeSet};
use witness::Witness;

pub use campaign::{Campaign, Failure, check_bytes, check_seed, record_seed, reproduce};
pub use tally::Tally;
pub use trace::Trace;

/// How long a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    /// Steps of the safety phase: inputs that are no bare timeouts, and faults.
    pub steps: u64,
    /// Moves of the scenario at most, so that a run without inputs ends too.
    pub moves: u64,
}

impl Length {
    /// A run of so many steps, with moves in the usual proportion to them.
    #[must_use]
    pub const fn of(steps: u64) -> Self {
        Self {
            steps,
            moves: steps.saturating_mul(5) / 3,
        }
    }
}

impl Default for Length {
    fn default() -> Self {
        Self::of(600)
    }
}

/// One run under way.
#[derive(Debug)]
pub struct Simulation {
    setting: Setting,
    now: Millis,
    clock: HostClock,
    gateway: Gateway,
    network: Network,
    hosts: Vec<Host>,
    fleet: Fleet,
    /// When shards identified last, as the bot has it on its disk.
    identified: BTreeMap<ShardId, Millis>,
    /// What the fleet of this process has emitted.
    fleet_emitted: BTreeSet<String>,
    /// How often the process was killed.
    kills: u64,
    store: MemoryStore,
    snapshots: Snapshots,
    /// What the process before had, if this one goes on from a snapshot.
    witness: Option<Witness>,
    /// Guilds with rows of a session that nobody has gone on with, of which nothing came since.
    stale: BTreeSet<GuildId>,
    trace: Trace,
    tally: Tally,
    excuses: Excuses,
    /// How many guilds there have ever been.
    guilds: u32,
    scratch: String,
    /// What is done to the shards, if it is recorded.
    recorder: Option<RunRecorder>,
    failure: Option<String>,
}

/// The fleet of a process that begins at this time of its clock.
fn fleet(setting: &Setting, start: Millis) -> Fleet {
    let limit = StartLimit {
        max_concurrency: setting.gateway.max_concurrency,
        ..StartLimit::default()
    };
    let shards = (0..setting.shards).map(|number| ShardId::new(number, setting.shards));
    let start = Instant::from_millis(start);
    Fleet::new(start, FleetConfig::new(limit), shards)
}

impl Simulation {
    /// A run that has not begun. With `whole_trace` all lines are kept, not only the last.
    #[must_use]
    pub fn new(source: &mut Source<'_>, whole_trace: bool) -> Self {
        let setting = Setting::draw(source);
        let mut gateway = Gateway::new(setting.gateway.clone(), setting.seed);
        gateway.set_urls("ws://base".to_owned(), "ws://resume".to_owned());
        let mut clock = HostClock::new();
        let start = clock.read(0);
        Self {
            now: 0,
            fleet: fleet(&setting, start),
            identified: BTreeMap::new(),
            fleet_emitted: BTreeSet::new(),
            kills: 0,
            network: Network::new(
                setting.shards as usize,
                setting.latency,
                setting.jitter,
                setting.seed,
            ),
            hosts: (0..setting.shards)
                .map(|number| Host::new(&setting, number))
                .collect(),
            store: MemoryStore::new(setting.seed),
            snapshots: Snapshots::new(setting.seed, setting.snapshots),
            witness: None,
            stale: BTreeSet::new(),
            trace: Trace::new(whole_trace),
            tally: Tally {
                seeds: 1,
                ..Tally::default()
            },
            excuses: Excuses::default(),
            guilds: setting.gateway.world.guilds.len() as u32,
            scratch: String::new(),
            recorder: None,
            failure: None,
            clock,
            gateway,
            setting,
        }
    }

    /// The same, with a recording of what is done to the shards; with a key it is scrubbed as the
    /// recordings of bots are. Its processes go on without rows, which a recording does not follow.
    ///
    /// # Errors
    /// Settings that cannot be written.
    pub fn recorded(mut self, key: Option<[u64; 2]>) -> Result<Self, RecordingError> {
        self.setting.snapshots = false;
        self.snapshots = Snapshots::new(self.setting.seed, false);
        let config = host::config(&self.setting, ShardId::new(0, self.setting.shards));
        let shards = (0..self.setting.shards).map(|number| {
            let seed = host::seed(&self.setting, number, 0);
            (number, seed, None)
        });
        self.recorder = Some(match key {
            Some(key) => RunRecorder::scrubbed(key, &config, shards)?,
            None => RunRecorder::new(&config, shards)?,
        });
        Ok(self)
    }

    /// What was recorded so far, as a file that the example `replay` reads; `None` if nothing was.
    pub fn recording(&mut self, why: &str) -> Option<Vec<u8>> {
        Some(self.recorder.as_mut()?.file(why))
    }

    /// Runs both phases.
    ///
    /// # Errors
    /// What promise was broken.
    pub fn run(&mut self, source: &mut Source<'_>, length: Length) -> Result<(), String> {
        self.safety(source, length);
        if self.failure.is_none() {
            self.liveness();
        }
        self.tally.session_millis = self.now * u64::from(self.setting.shards);
        for (name, count) in self.gateway.struck() {
            *self.tally.faults.entry(name).or_default() += count;
        }
        self.failure.take().map_or(Ok(()), Err)
    }

    /// The shards as they stand, in ascending order.
    pub fn shards(&self) -> impl ExactSizeIterator<Item = &Shard> {
        self.hosts.iter().map(|host| &host.shard)
    }

    /// The rows that all of them have made since they were last lost.
    #[must_use]
    pub const fn store(&self) -> &MemoryStore {
        &self.store
    }

    /// What was reached so far.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The lines so far.
    #[must_use]
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    fn safety(&mut self, source: &mut Source<'_>, length: Length) {
        let described = format!(
            "{} shards, {:?}, {:?}, sync {:?}, hold {:?}, heartbeats of {} ms",
            self.setting.shards,
            self.setting.intents,
            self.setting.chunking,
            self.setting.sync,
            self.setting.hold,
            self.setting.gateway.limits.heartbeat_interval,
        );
        self.trace
            .line(0, None, format_args!("= safety: {described}"));
        for _ in 0..length.moves {
            let enough = self.tally.steps >= length.steps || source.is_spent();
            if enough || self.failure.is_some() {
                return;
            }
            let scene = Scene {
                setting: &self.setting,
                world: self.gateway.world(),
                guilds: self.guilds,
            };
            let step = Step::draw(source, scene);
            self.perform(step);
            self.run_until(self.now);
            for host in 0..self.hosts.len() {
                self.note_requests(host);
                self.compare(host, false);
            }
        }
    }

    /// Lets everything happen that is due by `end`.
    fn run_until(&mut self, end: Millis) {
        let mut still = 0;
        self.collect();
        while let Some(at) = self.next_at().filter(|at| *at <= end) {
            still = if at > self.now { 0 } else { still + 1 };
            if still > 5_000 {
                self.fail("time stands still".to_owned());
            }
            if self.failure.is_some() {
                return;
            }
            self.now = self.now.max(at);
            self.turn();
        }
        self.now = self.now.max(end);
    }

    /// When anything happens next.
    fn next_at(&self) -> Option<Millis> {
        let hosts = match self.clock.asleep(self.now) {
            Some(until) => Some(until),
            None => self
                .hosts
                .iter()
                .filter_map(|host| self.host_at(host))
                .min(),
        };
        let fleet = self
            .fleet
            .poll_timeout()
            .filter(|_| self.clock.asleep(self.now).is_none());
        let fleet = fleet.map(|at| self.clock.real(self.now, at.as_millis()));
        let network = self.network.next_at();
        let snapshots = self.snapshots.next_at();
        let snapshots = snapshots.map(|at| at.max(self.clock.asleep(self.now).unwrap_or(at)));
        [
            self.gateway.poll_timeout(),
            network,
            hosts,
            fleet,
            snapshots,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// When a host does something by itself.
    fn host_at(&self, host: &Host) -> Option<Millis> {
        let reading = (!host.inbox.is_empty()).then(|| host.stalled.max(self.now));
        let deadline = host.shard.poll_timeout();
        let deadline = deadline.map(|it| self.clock.real(self.now, it.at.as_millis()));
        let stores = host.stores.next_at().map(|at| at.max(self.now));
        let next = [reading, deadline, stores].into_iter().flatten().min();
        next.map(|at| at.max(host.down))
    }

    /// Everything that is due now.
    fn turn(&mut self) {
        self.gateway.advance(self.now);
        self.collect();
        while let Some((socket, parcel)) = self.network.take_due(self.now) {
            self.deliver(socket, parcel);
            self.collect();
        }
        if self.clock.asleep(self.now).is_none() {
            (0..self.hosts.len()).for_each(|host| self.attend(host));
            let shown = self.clock.read(self.now);
            if self
                .fleet
                .poll_timeout()
                .is_some_and(|at| at.as_millis() <= shown)
            {
                self.wake_fleet();
            }
            if self.snapshots.next_at().is_some_and(|at| at <= self.now) {
                self.write_snapshot();
            }
        }
        self.judge_rules();
    }

    fn fail(&mut self, what: String) {
        if self.failure.is_none() {
            self.trace
                .line(self.now, None, format_args!("= FAILED: {what}"));
            self.failure = Some(what);
        }
    }
}
