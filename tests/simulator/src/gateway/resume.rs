//! Resume: replay from where the client left off.
use super::Gateway;
use super::identify::Wanted;
use super::opening::plain;
use crate::connection::Phase;
use crate::edge::ConnectionId;
use crate::faults::Trouble;
use crate::json;
use crate::ledger::StartRecord;
use crate::rules::Rule;
use crate::session::Session;
use crate::token::Token;
use serde_json::Value;

impl Gateway {
    pub(super) fn resume(&mut self, id: ConnectionId, d: &Value) {
        let field = |key: &str| d.get(key).and_then(Value::as_str);
        let (Some(token), Some(name)) = (field("token"), field("session_id")) else {
            return self.punish(id, Rule::Body, "resume without token or session_id", 4001);
        };
        let Some(sequence) = d.get("seq").and_then(Value::as_u64) else {
            return self.punish(id, Rule::ResumeSequence, "resume without seq", 4007);
        };
        let Some(number) = self.find_session(name, token) else {
            self.note_resume(id, None, false);
            return self.say(id, plain(9, false));
        };
        let shard = self.sessions.get(&number).map(|session| session.view.shard);
        let accepted = self.take_over(id, number, sequence);
        self.note_resume(id, shard, accepted);
    }

    fn note_resume(&mut self, connection: ConnectionId, shard: Option<[u32; 2]>, accepted: bool) {
        self.ledger.resumes.push(StartRecord {
            at: self.now,
            connection,
            shard,
            accepted,
        });
    }

    fn find_session(&self, name: &str, token: &str) -> Option<u64> {
        let token = Token::new(token)?;
        let fits = |session: &Session| session.name == name && session.token == token;
        self.sessions_that(fits).first().copied()
    }

    /// Gives the session to this connection; false when the client was refused.
    fn take_over(&mut self, id: ConnectionId, number: u64, sequence: u64) -> bool {
        let Some(session) = self.sessions.get(&number) else {
            return false;
        };
        let (reached, shard) = (session.sequence, session.view.shard[0]);
        if let Some(resumable) = self.faults.strike(Some(shard), |trouble| match trouble {
            Trouble::InvalidateResume { resumable } => Some(*resumable),
            _ => None,
        }) {
            return self.refuse_resume(id, number, resumable);
        }
        let anew = |trouble: &Trouble| (*trouble == Trouble::ReadyForResume).then_some(());
        if self.faults.strike(Some(shard), anew).is_some() {
            return self.begin_anew(id, number);
        }
        if sequence > reached {
            self.end_session(number);
            let detail = format!("{sequence} when {reached} was reached");
            self.punish(id, Rule::ResumeSequence, detail, 4007);
            return false;
        }
        let (now, limits) = (self.now, &self.options.limits);
        let missed = self
            .sessions
            .get_mut(&number)
            .and_then(|found| found.missed_since(now, limits, sequence));
        let Some(missed) = missed else {
            return self.refuse_resume(id, number, false);
        };
        self.replay(id, number, missed);
        self.say_resumed(id, number, sequence);
        true
    }

    fn refuse_resume(&mut self, id: ConnectionId, number: u64, resumable: bool) -> bool {
        if !resumable {
            self.end_session(number);
        }
        self.say(id, plain(9, resumable));
        false
    }

    /// Ends the session, and begins another one like it on this connection.
    fn begin_anew(&mut self, id: ConnectionId, number: u64) -> bool {
        let Some(old) = self.sessions.get(&number) else {
            return false;
        };
        let (wanted, reached) = (Wanted::like(old), old.sequence);
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.once_reached = reached;
        }
        self.end_session(number);
        self.start(id, wanted);
        true
    }

    fn replay(&mut self, id: ConnectionId, number: u64, missed: Vec<String>) {
        let former = self
            .sessions
            .get_mut(&number)
            .and_then(|session| session.attached.take());
        if let Some(former) = former {
            self.let_go(former);
        }
        let Some(session) = self.sessions.get_mut(&number) else {
            return;
        };
        session.attached = Some(id);
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.phase = Phase::Attached(number);
            connection.replaying = true;
        }
        for text in missed {
            let chunk = text.starts_with(r#"{"t":"GUILD_MEMBERS_CHUNK""#);
            self.carry(id, text, chunk);
            if !self.connections.contains_key(&id) {
                return;
            }
        }
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.replaying = false;
        }
    }

    /// The end of a replay from `sequence` on, if the connection has lived to see it.
    fn say_resumed(&mut self, id: ConnectionId, number: u64, sequence: u64) {
        if !self.connections.contains_key(&id) {
            return;
        }
        if self.options.resumed_repeats {
            let text = json::object(|w| {
                w.field("t", "RESUMED");
                w.field("s", sequence);
                w.field("op", 0_u32);
                w.object("d", |w| w.list("_trace", |_| {}));
            });
            self.carry(id, text, false);
        } else {
            self.dispatch(number, "RESUMED", |_, _, w| w.list("_trace", |_| {}));
        }
        self.close_after_start(id);
    }

    /// Closes the connection whose session another one has taken over.
    fn let_go(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.phase = Phase::Waiting;
        }
        self.close(id, Some(4000));
    }
}
