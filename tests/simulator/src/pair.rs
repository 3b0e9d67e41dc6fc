//! Shards of the core and the simulated gateway, face to face on virtual time.
//!
//! No socket, no thread: what one side says the other hears at the same instant. A dial is
//! answered as the gateway's model answers its handshake.

use std::collections::VecDeque;
use std::time::Duration;

use headcount_core::config::Identifying;
use headcount_core::fleet::{Fleet, FleetAction, FleetConfig, FleetInput, StartLimit};
use headcount_core::session::DialFailure;
use headcount_core::{Action, Config, Event, Input, Instant, Shard, ShardId};

use crate::act::Act;
use crate::edge::{Accept, ConnectionId, Millis, Output, Upgrade};
use crate::gateway::Gateway;
use crate::options::Options;

/// The base address that the shards dial.
pub const BASE: &str = "ws://base.simulated";
/// The address that READY names for resumes.
pub const RESUME: &str = "ws://resume.simulated";

/// A bot of one or more shards with its gateway.
#[derive(Debug)]
pub struct Pair {
    /// The server's side.
    pub gateway: Gateway,
    /// The client's side, by shard number.
    pub seats: Vec<Seat>,
    /// The time, in milliseconds.
    pub now: Millis,
    /// Every action of every shard since it was last taken, in order.
    pub done: Vec<Done>,
    /// Events of the whole bot, in order.
    pub bot_events: Vec<Event<'static>>,
    /// Whether the host reads. One with a slow user does not: what the gateway says waits, and
    /// deadlines are handed in as [`Input::Unread`], as is the moment when it reads on.
    pub reading: bool,
    fleet: Fleet,
    scratch: String,
    answers: VecDeque<(usize, Answer)>,
}

/// One shard and its connection.
#[derive(Debug)]
pub struct Seat {
    /// The shard.
    pub shard: Shard,
    connection: Option<ConnectionId>,
    /// Since when nothing has been read that the shard does not know of.
    unread_since: Option<Millis>,
}

/// An action that has been carried out.
#[derive(Clone, Debug)]
pub struct Done {
    /// When, in milliseconds.
    pub at: Millis,
    /// The number of the shard.
    pub shard: usize,
    /// What was done.
    pub action: Action<'static>,
}

/// What a shard is still to hear of its own actions.
#[derive(Clone, Copy, Debug)]
enum Answer {
    Opened,
    DialFailed(DialFailure),
    Granted,
}

impl Pair {
    /// A gateway and as many shards as it recommends, made of `config` and `seed`.
    #[must_use]
    pub fn new(options: Options, config: &Config, seed: u64) -> Self {
        let count = options.shards.max(1);
        let limit = StartLimit {
            total: options.limits.identify_total,
            remaining: options.limits.identify_total,
            max_concurrency: options.max_concurrency.max(1),
            ..StartLimit::default()
        };
        let ids = || (0..count).filter_map(move |number| ShardId::new_checked(number, count));
        let seats = ids().map(|shard| {
            let mut config = config.clone();
            (config.shard, config.url) = (shard, BASE.into());
            if count > 1 {
                config.identify = Identifying::Fleet;
            }
            Seat::new(Shard::new(config, seed ^ u64::from(shard.number())))
        });
        let seats = seats.collect();
        let mut gateway = Gateway::new(options, seed);
        gateway.set_urls(BASE.to_owned(), RESUME.to_owned());
        Self {
            gateway,
            seats,
            now: 0,
            done: Vec::new(),
            bot_events: Vec::new(),
            reading: true,
            fleet: Fleet::new(Instant::ZERO, FleetConfig::new(limit), ids()),
            scratch: String::new(),
            answers: VecDeque::new(),
        }
    }

    /// Makes something happen on the server's side now, and lets the shards hear of it.
    pub fn act(&mut self, act: Act) {
        self.look();
        self.gateway.act(self.now, act);
        self.settle();
    }

    /// Lets so many milliseconds pass.
    pub fn run(&mut self, millis: Millis) {
        let end = self.now.saturating_add(millis);
        while self.step(end) {}
    }

    /// Goes on until `holds`, at most so many milliseconds. Whether it holds.
    pub fn run_until(&mut self, millis: Millis, mut holds: impl FnMut(&Self) -> bool) -> bool {
        let end = self.now.saturating_add(millis);
        loop {
            if holds(self) {
                return true;
            }
            if !self.step(end) {
                return holds(self);
            }
        }
    }

    /// Does what is due next, but nothing later than `end`; `false` once time is there.
    pub fn step(&mut self, end: Millis) -> bool {
        self.look();
        let Some(next) = self.next_at().filter(|at| *at <= end) else {
            self.now = self.now.max(end);
            return false;
        };
        self.now = self.now.max(next);
        self.gateway.advance(self.now);
        self.settle();
        if self
            .fleet
            .poll_timeout()
            .is_some_and(|at| at <= self.instant())
        {
            self.ask_fleet(FleetInput::Timeout);
        }
        for seat in 0..self.seats.len() {
            if self.is_due(seat) {
                let due = self.missed(seat).unwrap_or(Input::Timeout);
                self.input(seat, due);
            }
        }
        self.settle();
        true
    }

    /// Hands an input to a shard and carries out what it wants.
    pub fn input(&mut self, seat: usize, input: Input<'_>) {
        let now = self.instant();
        let Some(place) = self.seats.get_mut(seat) else {
            return;
        };
        let actions: Vec<_> = place.shard.handle(now, input).into_iter().collect();
        for action in actions {
            self.perform(seat, &action);
            let (at, shard) = (self.now, seat);
            self.done.push(Done {
                at,
                shard,
                action: action.into_owned(),
            });
        }
    }

    /// Notes that nothing is read from now on, or informs the shards that it is again.
    fn look(&mut self) {
        for seat in 0..self.seats.len() {
            if !self.reading {
                self.seats[seat].unread_since.get_or_insert(self.now);
            } else if let Some(unread) = self.missed(seat) {
                self.input(seat, unread);
            }
        }
    }

    /// For how long a shard was not read to, if it was not.
    fn missed(&mut self, seat: usize) -> Option<Input<'static>> {
        let (now, reading) = (self.now, self.reading);
        let since = &mut self.seats[seat].unread_since;
        let missed = Duration::from_millis(now.saturating_sub((*since)?));
        *since = (!reading).then_some(now);
        Some(Input::Unread { missed })
    }

    /// Takes the events so far; everything else that was done is forgotten.
    pub fn take_events(&mut self) -> impl Iterator<Item = (usize, Event<'static>)> {
        std::mem::take(&mut self.done)
            .into_iter()
            .filter_map(|done| match done.action {
                Action::Emit(event) => Some((done.shard, event)),
                Action::Connect { .. }
                | Action::Send(_)
                | Action::Close(_)
                | Action::WantIdentify
                | Action::Mutate(_)
                | Action::Confirm(_) => None,
            })
    }

    /// The events so far.
    pub fn events(&self) -> impl Iterator<Item = &Event<'static>> {
        self.done.iter().filter_map(|done| match &done.action {
            Action::Emit(event) => Some(event),
            Action::Connect { .. }
            | Action::Send(_)
            | Action::Close(_)
            | Action::WantIdentify
            | Action::Mutate(_)
            | Action::Confirm(_) => None,
        })
    }

    fn instant(&self) -> Instant {
        Instant::from_millis(self.now)
    }

    fn is_due(&self, seat: usize) -> bool {
        let deadline = self
            .seats
            .get(seat)
            .and_then(|seat| seat.shard.poll_timeout());
        deadline.is_some_and(|deadline| deadline.at <= self.instant())
    }

    /// When something is due on either side.
    fn next_at(&self) -> Option<Millis> {
        let shards = self
            .seats
            .iter()
            .filter_map(|seat| seat.shard.poll_timeout());
        shards
            .map(|deadline| deadline.at)
            .chain(self.fleet.poll_timeout())
            .map(Instant::as_millis)
            .chain(self.gateway.poll_timeout())
            .min()
    }

    /// Delivers what is under way until nothing is.
    fn settle(&mut self) {
        loop {
            if let Some((seat, answer)) = self.answers.pop_front() {
                self.input(
                    seat,
                    match answer {
                        Answer::Opened => Input::Opened,
                        Answer::DialFailed(why) => Input::DialFailed(why),
                        Answer::Granted => Input::IdentifyGranted,
                    },
                );
            } else if !self.reading {
                return;
            } else if let Some((id, output)) = self.gateway.poll_output() {
                self.deliver(id, &output);
            } else {
                return;
            }
        }
    }

    fn deliver(&mut self, id: ConnectionId, output: &Output) {
        let mut seats = self.seats.iter_mut().enumerate();
        let Some((number, seat)) = seats.find(|(_, seat)| seat.connection == Some(id)) else {
            return;
        };
        let input = match output {
            Output::Send(text) => Input::Payload(text.as_bytes()),
            Output::Close(code) => Input::Closed(Some(*code)),
            Output::Drop => Input::Closed(None),
        };
        if let Input::Closed(_) = input {
            seat.connection = None;
        }
        self.input(number, input);
    }

    fn perform(&mut self, seat: usize, action: &Action<'_>) {
        match action {
            Action::Connect { url } => self.dial(seat, url),
            Action::Send(command) => {
                if let Some(id) = self.seats[seat].connection {
                    let payload = command.encode(&mut self.scratch);
                    self.gateway.receive(self.now, id, payload.as_bytes());
                }
            }
            Action::Close(code) => self.hang_up(seat, Some(*code)),
            Action::WantIdentify => {
                let shard = self.seats[seat].shard.id();
                self.ask_fleet(FleetInput::WantIdentify(shard));
            }
            Action::Emit(event) => {
                let shard = self.seats[seat].shard.id();
                self.ask_fleet(FleetInput::Event(shard, event));
            }
            Action::Mutate(_) | Action::Confirm(_) => {}
        }
    }

    fn dial(&mut self, seat: usize, url: &str) {
        self.hang_up(seat, None);
        let resume_host = url == RESUME;
        let upgrade = Upgrade {
            resume_host,
            ..Upgrade::default()
        };
        match self.gateway.upgrade(self.now, upgrade) {
            Accept::Open(id) => {
                self.seats[seat].connection = Some(id);
                self.answers.push_back((seat, Answer::Opened));
            }
            Accept::Refuse(code) => {
                let retry_after = None;
                let why = DialFailure::Status { code, retry_after };
                self.answers.push_back((seat, Answer::DialFailed(why)));
            }
            Accept::Silent => {}
        }
    }

    fn hang_up(&mut self, seat: usize, code: Option<u16>) {
        self.answers
            .retain(|(other, answer)| *other != seat || matches!(answer, Answer::Granted));
        if let Some(id) = self.seats[seat].connection.take() {
            self.gateway.closed(self.now, id, code);
        }
    }

    fn ask_fleet(&mut self, input: FleetInput<'_>) {
        let actions = self.fleet.handle(Instant::from_millis(self.now), input);
        for action in actions {
            match action {
                FleetAction::Grant(shard) => {
                    let seat = self.seats.iter().position(|seat| seat.shard.id() == shard);
                    self.answers
                        .extend(seat.map(|seat| (seat, Answer::Granted)));
                }
                FleetAction::Emit(event) => self.bot_events.push(event),
            }
        }
    }
}

impl Seat {
    const fn new(shard: Shard) -> Self {
        Self {
            shard,
            connection: None,
            unread_since: None,
        }
    }
}
