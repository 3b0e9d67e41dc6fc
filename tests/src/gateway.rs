//! The whole service.
use crate::act::Act;
use crate::edge::{Accept, ConnectionId, Millis, Output, Upgrade};
use crate::ledger::Ledger;
use crate::options::Options;
use crate::rest::{Rest, RestReply};
use crate::rules::Violation;
use crate::world::World;
use std::collections::VecDeque;

/// The service: worlds, sessions and connections.
#[derive(Debug)]
pub struct Gateway {
    base: String,
    resume: String,
    opened: u64,
    outputs: VecDeque<(ConnectionId, Output)>,
    violations: Vec<Violation>,
    ledger: Ledger,
    world: World,
}

impl Gateway {
    /// A gateway whose world is drawn from `seed`.
    #[must_use]
    pub fn new(_options: Options, _seed: u64) -> Self {
        Self {
            base: String::new(),
            resume: String::new(),
            opened: 0,
            outputs: VecDeque::new(),
            violations: Vec::new(),
            ledger: Ledger::default(),
            world: World::default(),
        }
    }

    /// Sets the URLs that REST replies and READY name, e.g. `ws://127.0.0.1:4000`.
    pub fn set_urls(&mut self, base: String, resume: String) {
        (self.base, self.resume) = (base, resume);
    }

    /// A client asks for a WebSocket.
    pub fn upgrade(&mut self, _now: Millis, _upgrade: Upgrade) -> Accept {
        self.opened += 1;
        let id = ConnectionId(self.opened);
        let hello = r#"{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":41250,"_trace":[]}}"#;
        self.outputs.push_back((id, Output::Send(hello.to_owned())));
        Accept::Open(id)
    }

    /// A client's payload arrived.
    pub fn receive(&mut self, _now: Millis, _from: ConnectionId, _payload: &[u8]) {}

    /// The client closed with `code`, or its socket died (`None`).
    pub fn closed(&mut self, _now: Millis, _which: ConnectionId, _code: Option<u16>) {}

    /// The next output; drain after every call.
    pub fn poll_output(&mut self) -> Option<(ConnectionId, Output)> {
        self.outputs.pop_front()
    }

    /// When [`advance`](Self::advance) wants to be called next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Millis> {
        None
    }

    /// Does what is due at `now`.
    pub fn advance(&mut self, _now: Millis) {}

    /// Answers an HTTP request.
    pub fn rest(&mut self, _now: Millis, _request: &Rest<'_>) -> RestReply {
        RestReply {
            status: 200,
            body: format!("{{\"url\":\"{}\"}}", self.base),
        }
    }

    /// Makes something happen.
    pub fn act(&mut self, _now: Millis, _act: Act) {}

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

    /// What exists.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }
}
