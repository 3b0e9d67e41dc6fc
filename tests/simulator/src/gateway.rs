//! The whole service: its world, sessions and connections.
mod agenda;
mod changes;
mod commands;
mod delivery;
mod happenings;
mod identify;
mod incoming;
mod late;
mod members;
mod numbered;
mod opening;
mod resume;
mod speech;
mod spoil;
mod streaming;
mod sync;
mod traffic;

use crate::act::Act;
use crate::connection::Connection;
use crate::edge::{Accept, ConnectionId, Millis, Output, Upgrade};
use crate::faults::Faults;
use crate::ledger::{Ledger, Side};
use crate::odd::{Doubts, Odd};
use crate::options::Options;
use crate::rest::{self, Rest, RestReply};
use crate::rng::Rng;
use crate::rules::{Rule, Violation};
use crate::session::Session;
use crate::world::World;
use agenda::{Agenda, Task};
use identify::IdentifyGate;
use numbered::Numbers;
use speech::Speech;
use std::collections::{BTreeMap, VecDeque};

pub use speech::{Addressee, BotSaid};

/// The service. Drain [`poll_output`](Self::poll_output) after every other call.
#[derive(Debug)]
pub struct Gateway {
    options: Options,
    base: String,
    resume: String,
    now: Millis,
    rng: Rng,
    world: World,
    connections: BTreeMap<ConnectionId, Connection>,
    opened: u64,
    sessions: BTreeMap<u64, Session>,
    started: u64,
    gate: IdentifyGate,
    /// When all members of a guild were asked for last.
    asked: BTreeMap<u64, Millis>,
    agenda: Agenda,
    faults: Faults,
    numbers: Numbers,
    speech: Speech,
    outputs: VecDeque<(ConnectionId, Output)>,
    violations: Vec<Violation>,
    ledger: Ledger,
    /// The dispatches that were odd, by their bodies.
    odd: BTreeMap<String, Odd>,
}

impl Gateway {
    /// A gateway whose world is drawn from `seed`.
    #[must_use]
    pub fn new(options: Options, seed: u64) -> Self {
        let mut agenda = Agenda::default();
        for (at, act) in &options.script {
            agenda.plan(*at, Task::Perform(Box::new(act.clone())));
        }
        if options.traffic > 0 {
            agenda.plan(0, Task::Numbered(0));
        }
        let earlier = options.sessions.iter().map(Session::earlier);
        let sessions: BTreeMap<u64, Session> = (1..).zip(earlier).collect();
        for &session in sessions.keys() {
            let at = options.limits.session_ttl;
            agenda.plan(at, Task::Expire { session, since: 0 });
        }
        Self {
            base: "ws://127.0.0.1".to_owned(),
            resume: "ws://127.0.0.1".to_owned(),
            now: 0,
            rng: Rng::of(&[seed, 1]),
            world: World::new(&options.world, seed),
            connections: BTreeMap::new(),
            opened: 0,
            started: sessions.len() as u64,
            sessions,
            gate: IdentifyGate::default(),
            asked: BTreeMap::new(),
            agenda,
            faults: Faults::new(options.faults.clone()),
            numbers: Numbers::default(),
            speech: Speech::default(),
            outputs: VecDeque::new(),
            violations: Vec::new(),
            ledger: Ledger::default(),
            odd: BTreeMap::new(),
            options,
        }
    }

    /// Sets the URLs that REST replies and READY name, e.g. `ws://127.0.0.1:4000`.
    pub fn set_urls(&mut self, base: String, resume: String) {
        (self.base, self.resume) = (base, resume);
    }

    /// A client asks for a WebSocket.
    pub fn upgrade(&mut self, now: Millis, upgrade: Upgrade) -> Accept {
        self.advance(now);
        let accept = self.open(&upgrade);
        self.advance(now);
        accept
    }

    /// A client's payload arrived. Payloads of connections that have ended are ignored.
    pub fn receive(&mut self, now: Millis, from: ConnectionId, payload: &[u8]) {
        self.advance(now);
        self.take_in(from, payload);
        self.advance(now);
    }

    /// The client closed with `code`, or its socket died (`None`). 1000 and 1001 end the session,
    /// everything else leaves it to be resumed.
    pub fn closed(&mut self, now: Millis, which: ConnectionId, code: Option<u16>) {
        self.advance(now);
        let Some(connection) = self.forget(which, Side::Client, code) else {
            return;
        };
        match (connection.session(), code) {
            (Some(session), Some(1000 | 1001)) => self.end_session(session),
            (Some(session), _) => self.detach(session),
            (None, _) => {}
        }
        self.advance(now);
    }

    /// The next output; those of one connection come in order.
    pub fn poll_output(&mut self) -> Option<(ConnectionId, Output)> {
        self.outputs.pop_front()
    }

    /// When [`advance`](Self::advance) wants to be called next, in milliseconds.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Millis> {
        self.agenda.next_at()
    }

    /// Does what is due at `now`. A time before the last one counts as the last one.
    pub fn advance(&mut self, now: Millis) {
        let now = self.now.max(now);
        while let Some((at, task)) = self.agenda.take_due(now) {
            self.now = self.now.max(at);
            self.perform(task);
        }
        self.now = now;
    }

    /// Answers an HTTP request.
    pub fn rest(&mut self, now: Millis, request: &Rest<'_>) -> RestReply {
        self.advance(now);
        let call = rest::Call::of(request);
        if call.needs_token() && !self.knows(request.authorization) {
            let path = request.path.split('?').next().unwrap_or_default();
            let detail = format!("{} {path} without the token", request.method);
            self.violations.push(Violation {
                at: self.now,
                connection: None,
                shard: None,
                rule: Rule::Authorization,
                detail,
            });
            return rest::unauthorised();
        }
        if let rest::Call::Post(post) = call {
            let reply = self.take_post(post, request.body);
            self.advance(now);
            return reply;
        }
        let start = self.gate.left(self.now, &self.options);
        call.answer(&self.world, &self.base, &self.options, start)
    }

    /// Makes something happen now.
    pub fn act(&mut self, now: Millis, act: Act) {
        self.advance(now);
        self.happen(act);
        self.advance(now);
    }

    /// Every rule that was broken, oldest first.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// What was sent.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What exists now.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// How many sessions can be resumed or run now.
    #[must_use]
    pub fn session_count(&self) -> usize {
        self.sessions.len()
    }

    /// How often each kind of trouble has struck, by [`Trouble::name`](crate::Trouble::name).
    #[must_use]
    pub fn struck(&self) -> &BTreeMap<&'static str, u64> {
        self.faults.struck()
    }

    /// The sequence that the session on this connection has reached; `None` when it carries none.
    #[must_use]
    pub fn reached(&self, connection: ConnectionId) -> Option<u64> {
        self.session_on(connection).map(|session| session.sequence)
    }

    /// What is odd about a dispatch with this body.
    pub(crate) fn odd(&self, body: &str) -> Option<&Odd> {
        self.odd.get(body)
    }

    /// What the client of this connection's session cannot know.
    pub(crate) fn doubts(&self, connection: ConnectionId) -> Option<&Doubts> {
        self.session_on(connection).map(|session| &session.doubts)
    }

    fn perform(&mut self, task: Task) {
        match task {
            Task::CheckBeat(connection) => self.check_beat(connection),
            Task::Ack(connection) => self.ack(connection),
            Task::CloseAfterReconnect(connection) => self.close(connection, Some(4000)),
            Task::Expire { session, since } => self.expire(session, since),
            Task::Stream(session) => self.stream(session),
            Task::Chunk(session) => self.send_chunks(session),
            Task::LateChunk(session, job) => self.take_up(session, *job),
            Task::Late(late) => self.say_late(&late),
            Task::CheckAnswer(interaction) => self.check_answer(interaction),
            Task::Numbered(made) => self.make_numbered(made),
            Task::Perform(act) => self.happen(*act),
        }
    }

    fn blame(&mut self, connection: ConnectionId, rule: Rule, detail: impl Into<String>) {
        let session = self
            .connections
            .get(&connection)
            .and_then(Connection::session);
        let shard = session
            .and_then(|number| self.sessions.get(&number))
            .map(|s| s.view.shard);
        self.violations.push(Violation {
            at: self.now,
            connection: Some(connection),
            shard,
            rule,
            detail: detail.into(),
        });
    }
}
