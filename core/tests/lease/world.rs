//! Processes, a store and a gateway, one step after the other.

use std::collections::{BTreeMap, BTreeSet};

use headcount_core::fleet::lease::{
    Epoch, LeaseAction, LeaseConfig, LeaseEnd, LeaseInput, ProcessId, Swap, Swapped,
};
use headcount_core::fleet::{FleetReport, StartLimit};
use headcount_core::manager::Placement;
use headcount_core::{Event, ShardId};

use crate::dice::Dice;
use crate::gateway::Gateway;
use crate::process::{Doing, Process, Running};
use crate::store::Store;

/// A process that asks more often about one key spins.
const MOST_A_SECOND: u32 = 25;

/// What happens at some time; those of a process wait while it stands still.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A process wakes up for its deadline, unless another one took the place of it.
    Wake(u64, u64),
    Input(u64, LeaseInput),
    Request(u64, Swap),
    Host(u64, ShardId, u64, HostStep),
    Start,
    Fault,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum HostStep {
    /// The connection is open, to resume or to identify.
    Opened,
    WantIdentify,
    Event,
}

/// Who is told to run which shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Assignment {
    /// Each shard one process, by who lives.
    One,
    /// Whoever comes first.
    All,
}

pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) dice: Dice,
    pub(crate) store: Store,
    pub(crate) gateway: Gateway,
    pub(crate) processes: Vec<Process>,
    pub(crate) shards: Vec<ShardId>,
    pub(crate) assignment: Assignment,
    pub(crate) steps: u64,
    pub(crate) emitted: u64,
    /// What was said of the whole bot, by any process.
    pub(crate) said: Vec<Event<'static>>,
    /// How long each shard of a process that was killed had no owner.
    pub(crate) takeovers: Vec<u64>,
    pub(crate) deaths: BTreeMap<ShardId, u64>,
    /// Whether the store has forgotten all: then epochs may begin anew.
    pub(crate) has_forgotten: bool,
    pub(crate) faults: bool,
    /// Whether processes can run some of the shards alone, and give up some of those for good.
    pub(crate) is_partial: bool,
    config: LeaseConfig,
    queue: BTreeMap<(u64, u64), Step>,
    queued: u64,
    ids: u64,
    started: BTreeMap<ShardId, Epoch>,
}

impl World {
    pub(crate) fn new(seed: u64, shards: u32, processes: u64, gateway: Gateway) -> Self {
        let mut world = Self {
            now: 0,
            dice: Dice::new(seed),
            store: Store::new(),
            gateway,
            processes: Vec::new(),
            shards: ShardId::all(shards.try_into().unwrap()).collect(),
            assignment: Assignment::One,
            steps: 0,
            emitted: 0,
            said: Vec::new(),
            takeovers: Vec::new(),
            deaths: BTreeMap::new(),
            has_forgotten: false,
            faults: false,
            is_partial: false,
            config: LeaseConfig::default(),
            queue: BTreeMap::new(),
            queued: 0,
            ids: 0,
            started: BTreeMap::new(),
        };
        for _ in 0..processes {
            let wait = world.dice.roll(0, 3_000);
            world.at(wait, Step::Start);
        }
        world.at(5_000, Step::Fault);
        world
    }

    /// Lets something happen so much later.
    pub(crate) fn at(&mut self, wait: u64, step: Step) {
        self.queued += 1;
        self.queue.insert((self.now + wait, self.queued), step);
    }

    pub(crate) fn run_until(&mut self, end: u64) {
        while let Some(((at, _), step)) = self.queue.pop_first() {
            self.now = at;
            self.steps += 1;
            self.step(step);
            assert!(self.gateway.broken.is_empty(), "{:#?}", self.gateway.broken);
            if at >= end {
                break;
            }
        }
    }

    fn broken(&mut self, what: String) {
        self.gateway.broken.push(format!("{}: {what}", self.now));
    }

    fn index(&self, id: u64) -> Option<usize> {
        self.processes.iter().position(|process| process.id == id)
    }

    fn step(&mut self, step: Step) {
        let of = match &step {
            Step::Wake(id, _) | Step::Input(id, _) | Step::Host(id, ..) => Some(*id),
            Step::Request(..) | Step::Start | Step::Fault => None,
        };
        if let Some(id) = of {
            let Some(index) = self.index(id) else {
                return;
            };
            let until = self.processes[index].paused_until;
            if until > self.now {
                self.at(until - self.now, step);
                return;
            }
        }
        match step {
            Step::Wake(id, at) => {
                let index = self.index(id).unwrap();
                let process = &mut self.processes[index];
                if process.wakes == Some(at) {
                    process.wakes = None;
                    self.feed(id, LeaseInput::Timeout);
                }
            }
            Step::Input(id, input) => self.feed(id, input),
            Step::Request(id, swap) => self.request(id, &swap),
            Step::Host(id, shard, attempt, step) => self.host(id, shard, attempt, step),
            Step::Start => self.start(),
            Step::Fault => self.fault(),
        }
    }

    fn start(&mut self) {
        let mut shards = self.shards.clone();
        if self.is_partial {
            shards.retain(|_| self.dice.chance(70));
        }
        self.start_with(&shards);
    }

    /// A process comes that may have to run these shards. Its id.
    pub(crate) fn start_with(&mut self, shards: &[ShardId]) -> u64 {
        self.ids += 1;
        let id = self.dice.next() & 0xffff_ffff_0000 | self.ids;
        let config = self.config.clone();
        let with = (&mut self.gateway, &mut self.dice);
        let process = Process::start(self.now, id, config, shards, with);
        self.processes.push(process);
        self.at(0, Step::Input(id, LeaseInput::Timeout));
        id
    }

    /// A shard has ended by itself in a process, and would do so again.
    pub(crate) fn decline(&mut self, id: u64, shard: ShardId) {
        let index = self.index(id).unwrap();
        let process = &mut self.processes[index];
        process.declined.insert(shard);
        let offer = process.offer();
        self.at(0, Step::Input(id, LeaseInput::Offer(offer)));
        self.place(id);
    }

    /// From now on somebody else has to run the shards of this process.
    fn end(&mut self, index: usize) {
        let process = &self.processes[index];
        for shard in &self.shards {
            if process.may_emit(self.now, *shard) {
                self.deaths.insert(*shard, self.now);
            }
        }
    }

    /// A process is to end, and is told so.
    pub(crate) fn leave(&mut self, index: usize) {
        self.end(index);
        let id = self.processes[index].id;
        self.at(0, Step::Input(id, LeaseInput::Leave));
    }

    pub(crate) fn kill(&mut self, index: usize) {
        self.end(index);
        let process = self.processes.remove(index);
        self.gateway.disconnect_all(self.now, process.id);
    }

    /// Tells a process what to run.
    fn place(&mut self, id: u64) {
        let index = self.index(id).unwrap();
        let process = &mut self.processes[index];
        let serves = match self.assignment {
            Assignment::One => {
                let owners = process.leases.owners();
                Placement::Spread.serves(ProcessId::new(id), &owners)
            }
            Assignment::All => process.watched.clone(),
        };
        let serves = serves.into_iter();
        let serves: BTreeSet<ShardId> = serves.filter(|shard| process.can_run(*shard)).collect();
        let before = std::mem::replace(&mut process.serves, serves.clone());
        for shard in &serves - &before {
            self.at(0, Step::Input(id, LeaseInput::Serve(shard)));
        }
        for shard in &before - &serves {
            self.at(0, Step::Input(id, LeaseInput::Yield(shard)));
        }
    }

    /// Hands an input to a process, and does what it wants.
    pub(crate) fn feed(&mut self, id: u64, input: LeaseInput) {
        let index = self.index(id).unwrap();
        let process = &mut self.processes[index];
        let clock = process.clock(self.now);
        let actions = process.leases.handle(clock, input);
        for action in actions {
            self.act(id, action);
        }
        let process = &self.processes[index];
        if let Some(at) = process.leases.poll_timeout() {
            assert!(at > clock, "all that is due is done");
            let at = process.when(at, self.now);
            if process.wakes.is_none_or(|wakes| at < wakes) {
                self.processes[index].wakes = Some(at);
                self.at(at - self.now, Step::Wake(id, at));
            }
        }
    }

    fn act(&mut self, id: u64, action: LeaseAction) {
        match action {
            LeaseAction::Swap(swap) => self.send(id, swap),
            LeaseAction::Start {
                shard,
                epoch,
                record,
            } => self.started(id, shard, epoch, &record),
            LeaseAction::Stop { shard, why } => self.stopped(id, shard, why),
            LeaseAction::Recorded { shard, number } => {
                self.gateway.trim(shard, number >> 32, number & 0xffff_ffff);
            }
            LeaseAction::Grant(shard) => {
                let wait = self.dice.roll(50, 3_000);
                self.begin(id, shard, Doing::Identifying, wait, HostStep::Opened);
            }
            LeaseAction::Withdraw(shard) => {
                let index = self.index(id).unwrap();
                self.processes[index].begin(shard, Doing::Waiting);
            }
            LeaseAction::Place => self.place(id),
            LeaseAction::Emit(event) => self.said.push(event),
            LeaseAction::AskLimit => {
                let limit: StartLimit = self.gateway.limit(self.now);
                let wait = self.dice.roll(20, 500);
                self.at(wait, Step::Input(id, LeaseInput::Limit(limit)));
            }
        }
    }

    fn send(&mut self, id: u64, swap: Swap) {
        let (key, ticket) = (swap.key, swap.ticket);
        let index = self.index(id).unwrap();
        if self.processes[index].asks(self.now, key) > MOST_A_SECOND {
            self.broken(format!("{id:x} asks about {key:?} without a rest"));
        }
        let refuses = self.store.is_down(self.now) && self.dice.chance(50);
        if refuses {
            let swapped = Swapped::Unknown;
            let answer = LeaseInput::Answer {
                key,
                ticket,
                swapped,
            };
            self.at(5, Step::Input(id, answer));
            return;
        }
        let times = 1 + u64::from(self.faults && self.dice.chance(2));
        for _ in 0..times {
            if !self.store.loses(self.now, &mut self.dice) {
                let way = self.store.way(self.now, &mut self.dice);
                self.at(way, Step::Request(id, swap.clone()));
            }
        }
    }

    fn request(&mut self, id: u64, swap: &Swap) {
        if self.store.is_down(self.now) {
            return;
        }
        let swapped = self.store.swap(self.now, swap);
        if !self.store.loses(self.now, &mut self.dice) {
            let way = self.store.way(self.now, &mut self.dice);
            let answer = LeaseInput::Answer {
                key: swap.key,
                ticket: swap.ticket,
                swapped,
            };
            self.at(way, Step::Input(id, answer));
        }
    }

    /// Nobody else may emit events of a shard while this process does.
    fn look_for_others(&mut self, id: u64, shard: ShardId) {
        let now = self.now;
        let other = |other: &&Process| other.id != id && other.may_emit(now, shard);
        if let Some(other) = self.processes.iter().find(other) {
            let other = other.id;
            self.broken(format!("{shard} is {id:x}'s and {other:x}'s"));
        }
    }

    fn started(&mut self, id: u64, shard: ShardId, epoch: Epoch, record: &[u8]) {
        self.look_for_others(id, shard);
        if let Some(died) = self.deaths.remove(&shard) {
            self.takeovers.push(self.now - died);
        }
        let before = self.started.insert(shard, epoch);
        let is_later = |before: Epoch| before < epoch || self.has_forgotten && before != epoch;
        if !before.is_none_or(is_later) {
            self.broken(format!("{shard}: {epoch:?} after {before:?}"));
        }
        let number = record.try_into().map_or(0, u64::from_le_bytes);
        let (session, from) = (number >> 32, number & 0xffff_ffff);
        let doing = Doing::Resuming { session, from };
        let attempt = 0;
        let running = Running { doing, attempt };
        let index = self.index(id).unwrap();
        self.processes[index].shards.insert(shard, running);
        let wait = self.dice.roll(50, 500);
        self.begin(id, shard, doing, wait, HostStep::Opened);
    }

    fn stopped(&mut self, id: u64, shard: ShardId, why: LeaseEnd) {
        let index = self.index(id).unwrap();
        self.processes[index].shards.remove(&shard);
        self.gateway.disconnect(self.now, shard, id);
        self.report(index);
        self.at(0, Step::Input(id, LeaseInput::NoIdentify(shard)));
        if why == LeaseEnd::Yielded {
            let wait = self.dice.roll(1, 500);
            self.at(wait, Step::Input(id, LeaseInput::Closed(shard)));
        }
    }

    /// A process tells the others which of its shards are ready, some time later.
    pub(crate) fn report(&mut self, index: usize) {
        let process = &self.processes[index];
        let active = |running: &Running| matches!(running.doing, Doing::Active { .. });
        let shards = process.shards.iter();
        let numbers = shards
            .filter(|(_, running)| active(running))
            .map(|(shard, _)| shard.number());
        let ready: Vec<u32> = numbers.collect();
        let report = FleetReport {
            chunked: ready.clone(),
            available: ready.len(),
            ready,
            ..FleetReport::default()
        };
        let id = process.id;
        self.at(0, Step::Input(id, LeaseInput::Report(report)));
    }

    /// Lets a shard do something else, with a next step after some time.
    fn begin(&mut self, id: u64, shard: ShardId, doing: Doing, wait: u64, next: HostStep) {
        let index = self.index(id).unwrap();
        let attempt = self.processes[index].begin(shard, doing);
        self.at(wait, Step::Host(id, shard, attempt, next));
    }

    fn host(&mut self, id: u64, shard: ShardId, attempt: u64, step: HostStep) {
        let index = self.index(id).unwrap();
        let running = self.processes[index].shards.get(&shard).copied();
        let Some(running) = running.filter(|running| running.attempt == attempt) else {
            return;
        };
        match (step, running.doing) {
            (HostStep::WantIdentify, _) => self.want(id, shard),
            (HostStep::Opened, Doing::Resuming { session, from }) => {
                // A process that stood still may be a stranger to the session by now.
                let may = self.processes[index].may_emit(self.now, shard);
                if !may || self.dice.chance(10) {
                    self.begin(id, shard, running.doing, 700, HostStep::Opened);
                } else if self.gateway.resume(self.now, shard, (session, from), id) {
                    self.active(id, shard, session, from);
                } else {
                    self.want(id, shard);
                }
            }
            (HostStep::Opened, Doing::Identifying) => self.identify(id, shard),
            (
                HostStep::Event,
                Doing::Active {
                    session,
                    acknowledged,
                },
            ) => {
                self.event(id, shard, session, acknowledged);
            }
            (HostStep::Opened | HostStep::Event, _) => {}
        }
    }

    fn want(&mut self, id: u64, shard: ShardId) {
        let index = self.index(id).unwrap();
        self.processes[index].begin(shard, Doing::Waiting);
        self.feed(id, LeaseInput::WantIdentify(shard));
    }

    fn identify(&mut self, id: u64, shard: ShardId) {
        let process = &self.processes[self.index(id).unwrap()];
        if !process.leases.may_identify(process.clock(self.now), shard) {
            self.want(id, shard);
        } else if self.dice.chance(15) {
            self.feed(id, LeaseInput::NoIdentify(shard));
            self.begin(id, shard, Doing::Waiting, 1_000, HostStep::WantIdentify);
        } else {
            let session = self.gateway.identify(self.now, shard, id);
            self.feed(id, LeaseInput::Identified(shard));
            self.active(id, shard, session, 0);
        }
    }

    fn active(&mut self, id: u64, shard: ShardId, session: u64, acknowledged: u64) {
        let doing = Doing::Active {
            session,
            acknowledged,
        };
        let wait = self.dice.roll(100, 900);
        self.begin(id, shard, doing, wait, HostStep::Event);
        self.record(id, shard, session, acknowledged);
        let index = self.index(id).unwrap();
        self.report(index);
    }

    fn record(&mut self, id: u64, shard: ShardId, session: u64, acknowledged: u64) {
        let number = session << 32 | acknowledged;
        let record = Box::from(number.to_le_bytes());
        let input = LeaseInput::Record {
            shard,
            number,
            record,
        };
        self.feed(id, input);
    }

    /// An event comes, and is handed out with all that wait before it, if that is allowed.
    fn event(&mut self, id: u64, shard: ShardId, session: u64, acknowledged: u64) {
        let may = self.processes[self.index(id).unwrap()].may_emit(self.now, shard);
        let known = self.gateway.shards.get_mut(&shard).unwrap();
        if known.session != session || known.connected != Some(id) {
            let from = acknowledged;
            let doing = Doing::Resuming { session, from };
            self.begin(id, shard, doing, 300, HostStep::Opened);
            return;
        }
        known.sent += 1;
        let sent = known.sent;
        if may {
            known.delivered = known.delivered.max(sent);
            self.emitted += 1;
            self.look_for_others(id, shard);
        }
        self.active(id, shard, session, if may { sent } else { acknowledged });
        if self.is_partial && self.faults && self.dice.chance(1) && self.dice.chance(20) {
            self.decline(id, shard);
        }
    }
}
