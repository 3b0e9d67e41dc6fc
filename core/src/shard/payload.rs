//! What a payload means to a shard.

use core::time::Duration;

use crate::action::Actions;
use crate::dispatch::Dispatch;
use crate::event::{CommandOutcome, Event, Fault};
use crate::session::Phase;
use crate::session::payload;
use crate::session::signal::{Forwarding, SessionDispatch, Signal};
use crate::shard::Shard;
use crate::wire::json::Reader;
use crate::wire::opcode::Opcode;
use crate::wire::view::Hello;
use crate::wire::{Frame, Malformed, Misreads, Name};

impl Shard {
    pub(super) fn payload<'i>(&mut self, bytes: &'i [u8], out: &mut Actions<'i>) {
        let frame = match self.tracker.read(bytes) {
            Ok(frame) => frame,
            Err(malformed) => {
                let misreads = Misreads::frame(malformed.what, bytes);
                return self.misunderstand(Fault::Malformed(malformed), None, misreads, out);
            }
        };
        let op = frame.envelope.op;
        match Opcode::from_number(op) {
            None => self.misunderstand(Fault::UnknownOpcode(op), None, frame.misreads, out),
            Some(Opcode::Dispatch) => self.dispatch(frame, out),
            Some(Opcode::Heartbeat) => self.signal(Signal::BeatAsked, out),
            Some(Opcode::HeartbeatAck) => self.signal(Signal::Answered, out),
            Some(Opcode::Reconnect) => self.signal(Signal::ReconnectAsked, out),
            Some(Opcode::InvalidSession) => self.invalid_session(frame.envelope.data, out),
            Some(Opcode::Hello) => self.hello(frame.envelope.data, out),
        }
    }

    fn invalid_session(&mut self, data: &str, out: &mut Actions<'_>) {
        let resumable = flag(data).unwrap_or_else(|malformed| {
            let misreads = Misreads::whole(malformed.what, data);
            self.misunderstand(Fault::Malformed(malformed), None, misreads, out);
            // The session counts as gone.
            false
        });
        self.signal(Signal::InvalidSession { resumable }, out);
    }

    fn hello(&mut self, data: &str, out: &mut Actions<'_>) {
        match Hello::parse(data) {
            Ok(hello) => {
                let interval = Duration::from_millis(hello.interval);
                self.signal(Signal::Hello(interval), out);
            }
            Err(malformed) => {
                let misreads = Misreads::whole(malformed.what, data);
                self.misunderstand(Fault::Malformed(malformed), None, misreads, out);
            }
        }
    }

    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "the others mean nothing to a session"
    )]
    fn dispatch<'i>(&mut self, frame: Frame<'i>, out: &mut Actions<'i>) {
        let (sequence, data) = (frame.envelope.seq, frame.envelope.data);
        let (name, at) = (frame.name, Some((frame.name, sequence)));
        let replayed = self.phase() == Phase::Resuming;
        let mut view = frame.view;
        let delivery = match name {
            Name::Ready => match payload::ready(data) {
                Ok(session) => {
                    let (id, url) = (session.id.as_cow(), session.url.as_cow());
                    self.ready(sequence, SessionDispatch::Ready { id: &id, url: &url }, out)
                }
                Err(malformed) => {
                    view = Err(malformed);
                    self.dispatched(sequence, SessionDispatch::Nameless, out)
                }
            },
            Name::Resumed => self.dispatched(sequence, SessionDispatch::Resumed, out),
            _ => self.dispatched(sequence, SessionDispatch::Other, out),
        };
        match (delivery, view) {
            (Forwarding::Repeated, _) => {
                self.misunderstand(Fault::Repeated, at, Misreads::default(), out);
            }
            (Forwarding::OutOfPlace, Err(malformed)) => {
                let mut misreads = frame.misreads;
                misreads.append(Misreads::whole(malformed.what, data));
                self.misunderstand(Fault::NoSubject(malformed), at, misreads, out);
            }
            (Forwarding::OutOfPlace, Ok(_)) => {
                self.misunderstand(Fault::OutOfPlace, at, Misreads::default(), out);
            }
            (Forwarding::Forward, view) => {
                let text = frame.envelope.name.unwrap_or_default();
                let dispatch = Dispatch::read(name, text, sequence, data).replayed(replayed);
                let decoded = (view, frame.misreads);
                self.tracker
                    .dispatched(self.now, decoded, dispatch, data, out);
            }
        }
    }

    /// A READY that takes the place of a session takes its commands with it.
    fn ready(
        &mut self,
        sequence: Option<u64>,
        kind: SessionDispatch<'_>,
        out: &mut Actions<'_>,
    ) -> Forwarding {
        let had_session = self.session.state().session().is_some();
        let delivery = self.dispatched(sequence, kind, out);
        if had_session && delivery == Forwarding::Forward {
            self.drop_commands(CommandOutcome::SessionLost, out);
        }
        delivery
    }

    fn dispatched(
        &mut self,
        sequence: Option<u64>,
        kind: SessionDispatch<'_>,
        out: &mut Actions<'_>,
    ) -> Forwarding {
        self.session
            .handle(self.now, Signal::Dispatch { sequence, kind }, out)
    }

    fn misunderstand(
        &mut self,
        fault: Fault,
        dispatch: Option<(Name, Option<u64>)>,
        misreads: Misreads,
        out: &mut Actions<'_>,
    ) {
        let misunderstood = self.tracker.misunderstand(fault, dispatch, misreads);
        if !self.phase().has_session() {
            self.early_faults = self.early_faults.saturating_add(1);
            if self.early_faults > self.session.config().receive.early_faults {
                return;
            }
        }
        out.emit(Event::Misunderstood(misunderstood.into()));
    }
}

/// The boolean that a payload's data is, in whatever spelling.
fn flag(data: &str) -> Result<bool, Malformed> {
    let mut reader = Reader::new(data);
    let flag = reader.flag()?;
    reader.end()?;
    Ok(flag)
}
