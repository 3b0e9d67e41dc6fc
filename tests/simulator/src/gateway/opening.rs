//! From the handshake to HELLO, and the watch over heartbeats.
use super::{Gateway, Task};
use crate::connection::{Acks, Connection};
use crate::edge::{Accept, ConnectionId, Encoding, Output, Upgrade};
use crate::faults::Trouble;
use crate::json;
use crate::rules::Rule;

impl Gateway {
    pub(super) fn open(&mut self, upgrade: &Upgrade) -> Accept {
        if let Some(refusal) = self.refusal(upgrade.resume_host) {
            return refusal;
        }
        self.opened += 1;
        let id = ConnectionId(self.opened);
        self.connections.insert(id, Connection::new(self.now));
        self.greet(id, upgrade);
        Accept::Open(id)
    }

    fn refusal(&mut self, resume_host: bool) -> Option<Accept> {
        self.faults.strike(None, |trouble| match trouble {
            Trouble::RefuseUpgrade(status) => Some(Accept::Refuse(*status)),
            Trouble::DeadResumeHost(status) if resume_host => Some(Accept::Refuse(*status)),
            Trouble::SilentUpgrade => Some(Accept::Silent),
            _ => None,
        })
    }

    fn greet(&mut self, id: ConnectionId, upgrade: &Upgrade) {
        if !matches!(upgrade.version, 9 | 10) {
            self.blame(id, Rule::Version, format!("version {}", upgrade.version));
            return self.close(id, Some(4012));
        }
        if upgrade.encoding == Encoding::Etf {
            self.blame(id, Rule::Version, "encoding etf");
            return self.close(id, Some(4002));
        }
        if let Some(code) = self.faults.strike(None, |trouble| match trouble {
            Trouble::CloseInsteadOfHello(code) => Some(*code),
            _ => None,
        }) {
            return self.close(id, code);
        }
        if self
            .faults
            .strike(None, |t| {
                (*t == Trouble::ReconnectInsteadOfHello).then_some(())
            })
            .is_some()
        {
            return self.ask_to_reconnect(id);
        }
        self.say_hello(id);
        let patience = self.options.limits.heartbeat_interval * 3 / 2;
        self.agenda.plan(self.now + patience, Task::CheckBeat(id));
    }

    fn say_hello(&mut self, id: ConnectionId) {
        let interval = self.options.limits.heartbeat_interval;
        let text = json::object(|w| {
            w.field("t", json::Null);
            w.field("s", json::Null);
            w.field("op", 10_u32);
            w.object("d", |w| {
                w.field("heartbeat_interval", interval);
                w.list("_trace", |w| w.item(r#"["gateway-sim",{"micros":0.0}]"#));
            });
        });
        self.say(id, text);
    }

    /// RECONNECT, and a close a little later.
    pub(super) fn ask_to_reconnect(&mut self, id: ConnectionId) {
        self.say(id, plain(7, json::Null));
        let grace = self.options.limits.reconnect_grace;
        self.agenda
            .plan(self.now + grace, Task::CloseAfterReconnect(id));
    }

    /// Closes a connection that has been quiet for 1.5 intervals.
    pub(super) fn check_beat(&mut self, id: ConnectionId) {
        let patience = self.options.limits.heartbeat_interval * 3 / 2;
        let Some(connection) = self.connections.get(&id) else {
            return;
        };
        let due = connection.last_beat + patience;
        if due > self.now {
            return self.agenda.plan(due, Task::CheckBeat(id));
        }
        if !connection.silent {
            self.blame(
                id,
                Rule::Heartbeat,
                format!("no heartbeat for {patience} ms"),
            );
        }
        self.close(id, Some(4000));
    }

    /// Notes a heartbeat and answers it.
    pub(super) fn beat(&mut self, id: ConnectionId, d: &serde_json::Value) {
        self.check_sequence(id, d);
        self.ledger.heartbeats += 1;
        if self.options.heartbeats_trim && !self.trim(id, d) {
            return;
        }
        self.bend_acks(id);
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        connection.last_beat = self.now;
        match connection.acks {
            Acks::Prompt => self.ack(id),
            Acks::Late(by) => self.agenda.plan(self.now + by, Task::Ack(id)),
            Acks::Withheld => {}
        }
    }

    pub(super) fn ack(&mut self, id: ConnectionId) {
        if self.connections.contains_key(&id) {
            self.ledger.acks += 1;
            self.say(id, plain(11, json::Null));
        }
    }

    fn check_sequence(&mut self, id: ConnectionId, d: &serde_json::Value) {
        let once = self.connections.get(&id).map(|it| it.once_reached);
        let reached = self.session_on(id).map(|session| session.sequence);
        let reached = reached.map(|reached| reached.max(once.unwrap_or(0)));
        match (d.is_null(), d.as_u64(), reached) {
            (true, _, _) => {}
            (false, None, _) => self.blame(id, Rule::HeartbeatSequence, "no number"),
            (false, Some(sequence), Some(reached)) if sequence > reached => {
                let detail = format!("{sequence} when {reached} was reached");
                self.blame(id, Rule::HeartbeatSequence, detail);
            }
            (false, Some(_), _) => {}
        }
    }

    /// Takes a heartbeat's sequence for what its client needs no more; false if the client was
    /// refused.
    fn trim(&mut self, id: ConnectionId, d: &serde_json::Value) -> bool {
        let number = self.connections.get(&id).and_then(Connection::session);
        let session = number.and_then(|number| self.sessions.get_mut(&number));
        let (Some(session), Some(sequence)) = (session, d.as_u64()) else {
            return true;
        };
        if sequence < session.trimmed {
            let detail = format!("{sequence} after {}", session.trimmed);
            self.punish(id, Rule::HeartbeatFalls, detail, 4007);
            return false;
        }
        // One from nowhere is a broken rule of its own.
        if sequence <= session.sequence {
            session.trim(sequence);
        }
        true
    }

    fn bend_acks(&mut self, id: ConnectionId) {
        let (now, shard) = (self.now, self.shard_on(id));
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        if connection.acks != Acks::Prompt {
            return;
        }
        if let Some(acks) = self.faults.strike(shard, |trouble| match trouble {
            Trouble::WithholdAcks { from } if *from <= now => Some(Acks::Withheld),
            Trouble::DelayAcks { by } => Some(Acks::Late(*by)),
            _ => None,
        }) {
            connection.acks = acks;
        }
    }

    /// Says something without a sequence number.
    pub(super) fn say(&mut self, id: ConnectionId, text: String) {
        if self
            .connections
            .get(&id)
            .is_some_and(|connection| !connection.silent)
        {
            self.outputs.push_back((id, Output::Send(text)));
        }
    }
}

/// A payload that is no dispatch.
pub(super) fn plain(op: u32, d: impl json::Value) -> String {
    json::object(|w| {
        w.field("t", json::Null);
        w.field("s", json::Null);
        w.field("op", op);
        w.field("d", d);
    })
}
