//! Faults as data: what goes wrong, on which shard, and how often.
use crate::edge::Millis;
use std::collections::BTreeMap;

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Only on this shard; `None` for any. Troubles of a handshake know no shard and ignore it.
    pub shard: Option<u32>,
    /// How often.
    pub times: Times,
    /// What.
    pub trouble: Trouble,
}

impl Fault {
    /// A trouble on any shard that happens once.
    #[must_use]
    pub const fn once(trouble: Trouble) -> Self {
        Self {
            shard: None,
            times: Times::Count(1),
            trouble,
        }
    }

    /// A trouble on any shard that happens whenever it can.
    #[must_use]
    pub const fn always(trouble: Trouble) -> Self {
        Self {
            shard: None,
            times: Times::Always,
            trouble,
        }
    }

    /// The same on this shard only.
    #[must_use]
    pub const fn on_shard(mut self, shard: u32) -> Self {
        self.shard = Some(shard);
        self
    }
}

/// How often a fault strikes. Troubles of a connection strike each connection once at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// So many times.
    Count(u32),
    /// Each time.
    Always,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Any host answers the handshake with this HTTP status.
    RefuseUpgrade(u16),
    /// The resume host answers the handshake with this HTTP status (503 in real incidents).
    DeadResumeHost(u16),
    /// The host accepts the TCP connection and never answers.
    SilentUpgrade,
    /// The connection is closed instead of HELLO; without a code it is dropped.
    CloseInsteadOfHello(Option<u16>),
    /// RECONNECT comes instead of HELLO.
    ReconnectInsteadOfHello,
    /// An identify is answered with INVALID_SESSION; it spends the daily budget.
    InvalidateIdentify {
        /// The `d` of the answer.
        resumable: bool,
    },
    /// A resume is answered with INVALID_SESSION; the session lives on when `resumable`.
    InvalidateResume {
        /// The `d` of the answer.
        resumable: bool,
    },
    /// A resume is answered with the READY of a new session in place of the old one, which is gone
    /// with all that was missed; no identify is spent.
    ReadyForResume,
    /// The connection closes right after RESUMED or READY; without a code it is dropped.
    CloseAfterStart(Option<u16>),
    /// The connection is dropped after this many dispatches on it.
    CutAfterDispatches(u32),
    /// The connection is dropped after this many chunks on it.
    CutAfterChunks(u32),
    /// The connection neither hears nor says anything after this many dispatches on it.
    SilentAfterDispatches(u32),
    /// Junk comes after this many dispatches on the connection.
    JunkAfterDispatches(u32, Junk),
    /// Heartbeats on the connection stay unanswered from this time on.
    WithholdAcks {
        /// On the host's clock, in milliseconds.
        from: Millis,
    },
    /// Heartbeats on the connection are answered late.
    DelayAcks {
        /// In milliseconds.
        by: Millis,
    },
    /// The connection neither hears nor says anything from this time on.
    SilentFrom {
        /// On the host's clock, in milliseconds.
        from: Millis,
    },
    /// A chunk of an answer about this guild is never sent.
    LoseChunk {
        /// The guild's id.
        guild: u64,
        /// Which chunk, from 0.
        index: u32,
    },
    /// The chunk is sent twice.
    DuplicateChunk {
        /// The guild's id.
        guild: u64,
        /// Which chunk, from 0.
        index: u32,
    },
    /// The chunk is sent late, after the others.
    DelayChunk {
        /// The guild's id.
        guild: u64,
        /// Which chunk, from 0.
        index: u32,
        /// In milliseconds.
        by: Millis,
    },
    /// One of those whom a chunk lists leaves after it was written and before it comes:
    /// `GUILD_MEMBER_REMOVE`, then the chunk.
    LeaveAmidChunk {
        /// The guild's id.
        guild: u64,
    },
    /// After the next removal of such a thing come words of it that were written before: updates,
    /// and what names it by the way.
    LateWord {
        /// What is removed.
        of: Subject,
        /// How long after the removal, in milliseconds.
        by: Millis,
    },
    /// A value of the next dispatch, anywhere in it, has a form that nobody foresaw.
    OddValue {
        /// Of the next one of this name.
        event: &'static str,
        /// Draws the place and the form.
        draw: u64,
    },
    /// A row of a list of the next dispatch has no id, or none that anybody could read.
    OddRow {
        /// Of the next one of this name.
        event: &'static str,
        /// Draws the row and the form.
        draw: u64,
    },
    /// A request for members gets no answer at all.
    IgnoreRequest {
        /// The guild's id.
        guild: u64,
    },
    /// A request for all members is answered with RATE_LIMITED.
    RefuseRequest {
        /// The guild's id.
        guild: u64,
        /// In milliseconds.
        retry_after: Millis,
    },
    /// A guild sync gets no answer about this guild.
    IgnoreSync {
        /// The guild's id.
        guild: u64,
    },
}

impl Trouble {
    /// A name for counting.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::RefuseUpgrade(_) => "refuse upgrade",
            Self::DeadResumeHost(_) => "dead resume host",
            Self::SilentUpgrade => "silent upgrade",
            Self::CloseInsteadOfHello(_) => "close instead of hello",
            Self::ReconnectInsteadOfHello => "reconnect instead of hello",
            Self::InvalidateIdentify { .. } => "invalidate identify",
            Self::InvalidateResume { resumable: true } => "invalidate resume, resumable",
            Self::InvalidateResume { resumable: false } => "invalidate resume",
            Self::ReadyForResume => "ready for resume",
            Self::CloseAfterStart(_) => "close after start",
            Self::CutAfterDispatches(_) => "cut after dispatches",
            Self::CutAfterChunks(_) => "cut after chunks",
            Self::SilentAfterDispatches(_) => "silent after dispatches",
            Self::JunkAfterDispatches(..) => "junk after dispatches",
            Self::WithholdAcks { .. } => "withhold acks",
            Self::DelayAcks { .. } => "delay acks",
            Self::SilentFrom { .. } => "silent from",
            Self::LoseChunk { .. } => "lose chunk",
            Self::DuplicateChunk { .. } => "duplicate chunk",
            Self::DelayChunk { .. } => "delay chunk",
            Self::LeaveAmidChunk { .. } => "leave amid chunk",
            Self::LateWord { of, .. } => match of {
                Subject::Member => "late word of a member",
                Subject::Channel => "late word of a channel",
                Subject::Role => "late word of a role",
                Subject::Thread => "late word of a thread",
            },
            Self::OddValue { .. } => "odd value",
            Self::OddRow { .. } => "odd row",
            Self::IgnoreRequest { .. } => "ignore request",
            Self::RefuseRequest { .. } => "refuse request",
            Self::IgnoreSync { .. } => "ignore sync",
        }
    }
}

/// What is removed, and spoken of all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A member: by updates, presences and voice states.
    Member,
    /// A channel: by updates, messages in it and whoever sat in it.
    Channel,
    /// A role: by updates, of the role and of a member who had it.
    Role,
    /// A thread: by updates and messages in it.
    Thread,
}

/// What a broken server might say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Junk {
    /// Text that is not JSON.
    NotJson,
    /// JSON that is no envelope.
    NotAnEnvelope,
    /// Lists within lists, 2,000 deep.
    Deep,
    /// An opcode that nobody knows.
    UnknownOpcode,
    /// A dispatch with a name that nobody knows; it has a sequence number.
    UnknownEvent,
    /// A known dispatch whose body has the wrong type; it has a sequence number.
    WrongBody(String),
    /// Numbers far out of range where ids and counts belong; it has a sequence number.
    HugeNumbers,
    /// This text as it stands.
    Text(String),
}

/// The faults that are still to come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    pending: Vec<Fault>,
    struck: BTreeMap<&'static str, u64>,
}

impl Faults {
    pub(crate) fn new(faults: Vec<Fault>) -> Self {
        Self {
            pending: faults,
            struck: BTreeMap::new(),
        }
    }

    pub(crate) fn add(&mut self, fault: Fault) {
        self.pending.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.pending.clear();
    }

    /// Whether one waits that `fits` on this shard.
    pub(crate) fn any(&self, shard: u32, fits: impl Fn(&Trouble) -> bool) -> bool {
        self.pending.iter().any(|fault| {
            let here = fault.shard.is_none_or(|own| own == shard);
            here && fault.times != Times::Count(0) && fits(&fault.trouble)
        })
    }

    /// How often each kind has struck.
    pub(crate) const fn struck(&self) -> &BTreeMap<&'static str, u64> {
        &self.struck
    }

    /// Strikes with the first fault that `fits` on this shard, if there is one.
    pub(crate) fn strike<T>(
        &mut self,
        shard: Option<u32>,
        fits: impl Fn(&Trouble) -> Option<T>,
    ) -> Option<T> {
        let struck = &mut self.struck;
        self.pending.iter_mut().find_map(|fault| {
            if fault.shard.is_some() && shard.is_some() && fault.shard != shard {
                return None;
            }
            let hit = match &mut fault.times {
                Times::Count(0) => None,
                Times::Always => fits(&fault.trouble),
                Times::Count(left) => fits(&fault.trouble).inspect(|_| *left -= 1),
            };
            hit.inspect(|_| *struck.entry(fault.trouble.name()).or_default() += 1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_its_shard_as_often_as_it_says() {
        let trouble = Trouble::CutAfterChunks(1);
        let mut faults = Faults::new(vec![Fault::once(trouble).on_shard(1)]);
        let fits = |trouble: &Trouble| (*trouble == Trouble::CutAfterChunks(1)).then_some(());
        assert_eq!(faults.strike(Some(0), fits), None);
        assert_eq!(faults.strike(Some(1), fits), Some(()));
        assert_eq!(faults.strike(Some(1), fits), None);
    }
}
