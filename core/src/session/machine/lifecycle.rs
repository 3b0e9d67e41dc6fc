//! How a session begins, goes on, and what it receives.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Context;
use crate::event::{Event, GapCause};
use crate::sequences::Sequences;
use crate::session::phase::Reason;
use crate::session::resume::Session;
use crate::session::signal::Forwarding;
use crate::session::state::{Live, Purpose, State};
use crate::setup::KnownGuilds;

impl Context<'_, '_> {
    pub(crate) fn identify(&mut self) {
        let config = &self.memory.config;
        let spacing = config.timing.identify_spacing;
        self.memory.pace.identified(self.now, spacing);
        let identify = config.identify(config.presence.as_ref());
        self.send(identify);
    }

    pub(crate) fn resume(&mut self, session: &Session) {
        let config = &self.memory.config;
        let resume = config.resume(session.id.clone(), session.sequence);
        self.send(resume);
    }

    /// READY: a new session begins.
    pub(crate) fn ready(
        &mut self,
        live: Box<Live>,
        id: &str,
        url: &str,
        sequence: Option<u64>,
    ) -> State {
        self.memory.resume_failures = 0;
        self.memory.acknowledged = sequence.unwrap_or(0);
        self.memory.recorded = self.memory.acknowledged;
        self.delivery = Forwarding::Forward;
        self.reason(Reason::Ready);
        let config = &self.memory.config;
        let session = Session {
            shard: config.shard,
            intents: config.intents,
            id: if config.can_resume(id) { id } else { "" }.into(),
            sequence: sequence.unwrap_or(0),
            url: (!url.is_empty()).then(|| url.into()),
            guilds: KnownGuilds::default(),
            delivered: Sequences::default(),
            settled: 0,
            gaps: Vec::new(),
        };
        self.memory.digest = session.digest();
        self.memory.began = Some(self.now);
        State::Active {
            since: self.now,
            live,
            session: Box::new(session),
        }
    }

    /// READY of another session: the one that went on is gone, and nobody said so.
    pub(crate) fn replaced(&mut self, session: Box<Session>) {
        self.give_up(Purpose::Resume(session), GapCause::Refused);
    }

    /// RESUMED: every missed event has been replayed.
    ///
    /// It is delivered even if its sequence was seen before: servers of the same protocol send the
    /// client's own in it, and whoever waits for it would wait for ever.
    pub(crate) fn resumed(
        &mut self,
        live: Box<Live>,
        mut session: Box<Session>,
        sequence: Option<u64>,
        replayed: u64,
    ) -> State {
        self.memory.resume_failures = 0;
        self.delivery = Forwarding::Forward;
        self.reason(Reason::Resumed);
        session.sequence = sequence.map_or(session.sequence, |it| it.max(session.sequence));
        self.out.emit(Event::Resumed { replayed });
        State::Active {
            since: self.now,
            live,
            session,
        }
    }

    /// Takes note of a dispatch's sequence; one that was seen before is not delivered again.
    pub(crate) fn deliver(&mut self, session: &mut Session, sequence: Option<u64>) -> Forwarding {
        self.delivery = match sequence {
            Some(sequence) if sequence <= session.sequence => Forwarding::Repeated,
            Some(sequence) => {
                session.sequence = sequence;
                Forwarding::Forward
            }
            None => Forwarding::Forward,
        };
        self.delivery
    }
}
