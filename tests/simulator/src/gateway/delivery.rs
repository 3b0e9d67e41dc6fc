//! How dispatches reach connections, and how connections end.
use super::opening::plain;
use super::{Gateway, Task};
use crate::connection::{Connection, Phase};
use crate::edge::{ConnectionId, Millis, Output};
use crate::faults::{Junk, Trouble};
use crate::intents;
use crate::json::{self, Null, Writer};
use crate::ledger::{EndRecord, Side};
use crate::session::{Session, View};
use crate::world::World;

impl Gateway {
    /// Gives one session one dispatch.
    pub(super) fn dispatch(
        &mut self,
        session: u64,
        event: &str,
        body: impl FnOnce(&World, View, &mut Writer),
    ) {
        let Some(found) = self.sessions.get_mut(&session) else {
            return;
        };
        let (world, view) = (&self.world, found.view);
        let number = self.numbers.next(view, &mut found.numbered);
        let body = json::object(|w| {
            body(world, view, w);
            if let Some(number) = number {
                w.field("number", number);
            }
        });
        let body = self.spoil(session, event, body);
        self.dispatch_text(session, event, &body);
    }

    /// Gives every session that sees the guild and wants the event one dispatch.
    pub(super) fn fan_out(
        &mut self,
        guild: Option<u64>,
        event: &str,
        body: impl Fn(&World, View, &mut Writer),
    ) {
        self.fan_out_to(guild, intents::needed_for(event), event, body);
    }

    /// The same for an event that needs one of these intents.
    pub(super) fn fan_out_to(
        &mut self,
        guild: Option<u64>,
        needed: u64,
        event: &str,
        body: impl Fn(&World, View, &mut Writer),
    ) {
        for session in
            self.sessions_that(|session| session.view.owns(guild) && session.view.wants(needed))
        {
            self.dispatch(session, event, &body);
        }
    }

    /// The numbers of the sessions that fit, ascending.
    pub(super) fn sessions_that(&self, fits: impl Fn(&Session) -> bool) -> Vec<u64> {
        self.sessions
            .iter()
            .filter(|(_, session)| fits(session))
            .map(|(number, _)| *number)
            .collect()
    }

    /// Sends one dispatch on a connection, and lets the faults have their way.
    pub(super) fn carry(&mut self, id: ConnectionId, text: String, chunk: bool) {
        self.fall_silent_in_time(id);
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        if connection.silent {
            return;
        }
        connection.dispatches += 1;
        connection.chunks += u32::from(chunk);
        let (dispatches, chunks) = (connection.dispatches, connection.chunks);
        self.outputs.push_back((id, Output::Send(text)));
        let shard = self.shard_on(id);
        let struck = self.faults.strike(shard, |trouble| match trouble {
            Trouble::CutAfterDispatches(after) if *after == dispatches => Some(trouble.clone()),
            Trouble::CutAfterChunks(after) if chunk && *after == chunks => Some(trouble.clone()),
            Trouble::SilentAfterDispatches(after) | Trouble::JunkAfterDispatches(after, _)
                if *after == dispatches =>
            {
                Some(trouble.clone())
            }
            _ => None,
        });
        match struck {
            None => {}
            Some(Trouble::JunkAfterDispatches(_, junk)) => self.babble(id, &junk),
            Some(Trouble::SilentAfterDispatches(_)) => self.silence(id),
            Some(_) => self.close(id, None),
        }
    }

    pub(super) fn silence(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.silent = true;
        }
    }

    /// Says something that makes no sense.
    pub(super) fn babble(&mut self, id: ConnectionId, junk: &Junk) {
        match junk {
            Junk::NotJson => self.say(id, "{\"t\":null,\"op\":".to_owned()),
            Junk::NotAnEnvelope => self.say(id, "[1,\"two\",null]".to_owned()),
            Junk::Deep => {
                let nest = format!("{}{}", "[".repeat(2000), "]".repeat(2000));
                self.say(
                    id,
                    format!("{{\"t\":null,\"s\":null,\"op\":77,\"d\":{nest}}}"),
                );
            }
            Junk::UnknownOpcode => self.say(id, plain(99, Null)),
            Junk::UnknownEvent => self.babble_event(id, "SOMETHING_NEW", "{\"a\":[1,{}]}"),
            Junk::WrongBody(event) => self.babble_event(id, event, "[7,\"x\"]"),
            Junk::HugeNumbers => {
                let body = "{\"guild_id\":\"99999999999999999999999\",\"chunk_index\":1e400,\
                    \"chunk_count\":-1,\"members\":[]}";
                self.babble_event(id, "GUILD_MEMBERS_CHUNK", body);
            }
            Junk::Text(text) => self.say(id, text.clone()),
        }
    }

    fn babble_event(&mut self, id: ConnectionId, event: &str, body: &str) {
        let found = self.connections.get(&id);
        if found.is_some_and(|connection| connection.replaying) {
            // A new event among old ones would make the old ones look repeated.
            return self.say(id, plain(99, Null));
        }
        let number = found.and_then(Connection::session);
        let Some(session) = number.and_then(|number| self.sessions.get_mut(&number)) else {
            return;
        };
        let text = session.dispatch(self.now, &self.options.limits, event, body);
        self.ledger.dispatches += 1;
        self.say(id, text);
    }

    /// The session that a connection carries.
    pub(super) fn session_on(&self, id: ConnectionId) -> Option<&Session> {
        self.connections
            .get(&id)?
            .session()
            .and_then(|number| self.sessions.get(&number))
    }

    pub(super) fn shard_on(&self, id: ConnectionId) -> Option<u32> {
        self.session_on(id).map(|session| session.view.shard[0])
    }

    /// Ends a connection from this side; without a code it is dropped. Its session stays.
    pub(super) fn close(&mut self, id: ConnectionId, code: Option<u16>) {
        let Some(connection) = self.forget(id, Side::Server, code) else {
            return;
        };
        if !connection.silent {
            self.outputs
                .push_back((id, code.map_or(Output::Drop, Output::Close)));
        }
        if let Some(session) = connection.session() {
            self.detach(session);
        }
    }

    /// Takes a connection out of the books.
    pub(super) fn forget(
        &mut self,
        id: ConnectionId,
        by: Side,
        code: Option<u16>,
    ) -> Option<Connection> {
        let connection = self.connections.remove(&id)?;
        self.ledger.ends.push(EndRecord {
            at: self.now,
            connection: id,
            by,
            code,
        });
        Some(connection)
    }

    /// Leaves a session without connection, to be resumed within its time.
    pub(super) fn detach(&mut self, session: u64) {
        let Some(found) = self.sessions.get_mut(&session) else {
            return;
        };
        let connection = found.attached.take();
        found.detached_at = self.now;
        let forgotten = match self.options.pace.answers_outlive_connection {
            true => Default::default(),
            false => std::mem::take(&mut found.jobs),
        };
        for job in forgotten {
            self.lose(job.request, job.left);
        }
        self.release(connection);
        let at = self.now + self.options.limits.session_ttl;
        self.agenda.plan(
            at,
            Task::Expire {
                session,
                since: self.now,
            },
        );
    }

    /// Ends a session for good; its connection waits for a new identify.
    pub(super) fn end_session(&mut self, session: u64) {
        if let Some(ended) = self.sessions.remove(&session) {
            self.release(ended.attached);
        }
    }

    fn release(&mut self, connection: Option<ConnectionId>) {
        if let Some(connection) = connection.and_then(|id| self.connections.get_mut(&id)) {
            connection.phase = Phase::Waiting;
        }
    }

    pub(super) fn expire(&mut self, session: u64, since: Millis) {
        let gone = |found: &Session| found.attached.is_none() && found.detached_at == since;
        if self.sessions.get(&session).is_some_and(gone) {
            self.sessions.remove(&session);
        }
    }
}
