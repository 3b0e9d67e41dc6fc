//! One client's connection.
use crate::edge::Millis;
use crate::window::Window;

/// What the gateway knows of one open connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) phase: Phase,
    pub(crate) acks: Acks,
    /// Neither hears nor says anything: the path is dead, and nobody has noticed.
    pub(crate) silent: bool,
    /// Missed dispatches are being replayed.
    pub(crate) replaying: bool,
    /// What the session had reached that it asked for and that another one took the place of:
    /// heartbeats that were under way still name it.
    pub(crate) once_reached: u64,
    /// When the last heartbeat came, or HELLO went.
    pub(crate) last_beat: Millis,
    /// Payloads from the client.
    pub(crate) sends: Window,
    /// Dispatches that it has carried.
    pub(crate) dispatches: u32,
    /// Chunks that it has carried.
    pub(crate) chunks: u32,
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// No session yet: identify or resume is awaited.
    Waiting,
    /// It carries the session with this number.
    Attached(u64),
}

/// How heartbeats are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Acks {
    /// At once.
    Prompt,
    /// After this many milliseconds.
    Late(Millis),
    /// Never.
    Withheld,
}

impl Connection {
    pub(crate) fn new(now: Millis) -> Self {
        Self {
            phase: Phase::Waiting,
            acks: Acks::Prompt,
            silent: false,
            replaying: false,
            once_reached: 0,
            last_beat: now,
            sends: Window::default(),
            dispatches: 0,
            chunks: 0,
        }
    }

    /// The session that it carries.
    pub(crate) fn session(&self) -> Option<u64> {
        match self.phase {
            Phase::Waiting => None,
            Phase::Attached(session) => Some(session),
        }
    }
}
