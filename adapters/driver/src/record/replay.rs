//! Recordings replayed through the core on virtual time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt;

use headcount_core::id::GuildId;
use headcount_core::setup::Barrier;
use headcount_core::{Action, Actions, Input, Instant, Position, Shard, ShardId};

use super::call::{Answers, RecordedCall};
use super::digest::ActionDigest;
use super::frame::{FrameEnd, FrameInput, FrameReader, RecordedFrame, later};
use super::{Recording, RecordingError};

/// A recording on its way through the core. It stands still after each step.
///
/// Shards take turns by time; those of one millisecond by their numbers.
pub struct Replay<'r> {
    shards: Vec<ReplayedShard<'r>>,
    /// When each has its next turn.
    turns: BinaryHeap<Reverse<(Instant, usize)>>,
}

/// What a step did.
#[derive(Debug)]
pub struct ReplayStep<'s> {
    /// When.
    pub at: Instant,
    /// To which shard.
    pub shard: ShardId,
    /// What happened to it.
    pub happened: Happened<'s>,
    /// What that led to.
    pub actions: Actions<'s>,
    /// Whether that is something else than in the recorded run.
    pub divergence: Option<Divergence>,
}

/// What happened to a shard.
#[derive(Debug)]
pub enum Happened<'s> {
    /// An input.
    Input(Input<'s>),
    /// The bot asked for something; as JSON.
    Called(&'s str),
    /// So much of the session is dealt with.
    Acknowledged(u64),
    /// So much of it is written down.
    Recorded(u64),
    /// Nothing more of the shard is in the recording, and why.
    Ended(&'static str),
}

/// Where a replay does something else than the recorded run.
///
/// It is seen from a digest of one byte that holds all actions before it as well: one in 256 is
/// seen one step late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Divergence {
    /// It has so many actions, and in the recorded run there were others.
    Actions {
        /// Then.
        recorded: u64,
        /// Now.
        replayed: u64,
    },
    /// As many, and others.
    Digest,
    /// The run went no further: the shard's code panicked there, or the recording was written out.
    Unfinished,
    /// A store's answer to something that the replayed shard has not asked for.
    Unasked,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Actions { recorded, replayed } => {
                write!(f, "{replayed} actions where the run had {recorded}")
            }
            Self::Digest => f.write_str("other actions than the run had"),
            Self::Unfinished => f.write_str("the run did not get beyond this"),
            Self::Unasked => f.write_str("a store's answer that nobody has asked for"),
        }
    }
}

struct ReplayedShard<'r> {
    id: ShardId,
    shard: Shard,
    bytes: &'r [u8],
    /// Behind the frame that comes next.
    at: usize,
    /// What comes next, and when.
    next: Option<RecordedFrame>,
    now: Instant,
    answers: Answers,
    barriers: BTreeMap<(u64, u64), Barrier>,
    digest: ActionDigest,
}

impl<'r> Replay<'r> {
    /// A replay that stands before the first step.
    ///
    /// # Errors
    /// [`RecordingError::Broken`] for settings that no bot has.
    pub fn new(recording: &'r Recording) -> Result<Self, RecordingError> {
        let mut shards = Vec::new();
        let mut turns = BinaryHeap::new();
        let header = &recording.header;
        for (number, (shard, bytes)) in header.shards.iter().zip(&recording.frames).enumerate() {
            let answers = Answers::default();
            let mut replayed = ReplayedShard {
                id: header.id(shard)?,
                shard: header.shard(shard, &answers)?,
                bytes,
                at: 0,
                next: None,
                now: Instant::ZERO,
                answers,
                barriers: BTreeMap::new(),
                digest: ActionDigest::default(),
            };
            if let Some(turn) = replayed.advance()? {
                turns.push(Reverse((turn, number)));
            }
            shards.push(replayed);
        }
        Ok(Self { shards, turns })
    }

    /// Goes on by one step; `None` at the end of the recording.
    ///
    /// # Errors
    /// [`RecordingError`] if the next frame cannot be read; the replay cannot go on then.
    pub fn step(&mut self) -> Result<Option<ReplayStep<'r>>, RecordingError> {
        let Some(Reverse((_, number))) = self.turns.pop() else {
            return Ok(None);
        };
        let Some(shard) = self.shards.get_mut(number) else {
            return Ok(None);
        };
        let step = shard.step()?;
        if let Some(turn) = shard.advance()? {
            self.turns.push(Reverse((turn, number)));
        }
        Ok(Some(step))
    }

    /// A shard as it stands after the last step; `None` if the recording does not have it.
    #[must_use]
    pub fn shard(&self, id: ShardId) -> Option<&Shard> {
        let shard = self.shards.iter().find(|shard| shard.id == id)?;
        Some(&shard.shard)
    }
}

impl<'r> ReplayedShard<'r> {
    /// Reads the next frame, and says when it has its turn.
    fn advance(&mut self) -> Result<Option<Instant>, RecordingError> {
        let mut reader = FrameReader::new(self.bytes, self.at);
        self.next = reader.next()?;
        self.at = reader.position();
        Ok(self.next.as_ref().map(|next| match next {
            RecordedFrame::Input(after, _) => later(self.now, *after),
            _ => self.now,
        }))
    }

    /// Does what comes next.
    fn step(&mut self) -> Result<ReplayStep<'r>, RecordingError> {
        let happened = match self.next.take() {
            Some(RecordedFrame::Input(after, input)) => {
                self.now = later(self.now, after);
                return self.input(input);
            }
            Some(RecordedFrame::Acknowledged(sequence)) => {
                if let Some(at) = self.shard.position() {
                    self.shard.acknowledge(Position { sequence, ..at });
                }
                Happened::Acknowledged(sequence)
            }
            Some(RecordedFrame::Recorded(sequence)) => {
                if let Some(at) = self.shard.position() {
                    self.shard.record(Position { sequence, ..at });
                }
                Happened::Recorded(sequence)
            }
            Some(RecordedFrame::Call(range)) => self.call(&self.bytes[range])?,
            Some(RecordedFrame::End(FrameEnd::Lost)) => {
                Happened::Ended("the recorder could not keep up")
            }
            Some(RecordedFrame::End(FrameEnd::Started)) => {
                Happened::Ended("the shard was started by hand or from a snapshot")
            }
            Some(RecordedFrame::Answer(_) | RecordedFrame::Actions { .. }) | None => {
                return Err(RecordingError::Broken("an answer to nothing"));
            }
        };
        Ok(ReplayStep {
            at: self.now,
            shard: self.id,
            happened,
            actions: Actions::new(),
            divergence: None,
        })
    }

    fn call(&mut self, json: &'r [u8]) -> Result<Happened<'r>, RecordingError> {
        let broken = |_| RecordingError::Broken("a call that cannot be read");
        let call: RecordedCall = serde_json::from_slice(json).map_err(broken)?;
        // What is refused now was refused then.
        let _ = call.repeat(&mut self.shard, &self.answers);
        let text = std::str::from_utf8(json);
        let text = text.map_err(|_| RecordingError::Broken("a call that is no text"))?;
        Ok(Happened::Called(text))
    }

    fn input(&mut self, input: FrameInput) -> Result<ReplayStep<'r>, RecordingError> {
        let known = self.recorded_input(input)?;
        let recorded = self.outcome()?;
        let input = known.unwrap_or(Input::Timeout);
        let actions = self.shard.handle(self.now, input);
        for action in actions.iter() {
            if let Action::Confirm(barrier) = action {
                let key = (barrier.guild().get(), barrier.number());
                self.barriers.insert(key, *barrier);
            }
        }
        self.digest.add(&actions);
        let replayed = (self.digest.short(), actions.len() as u64);
        let divergence = match recorded {
            _ if known.is_none() => Some(Divergence::Unasked),
            None => Some(Divergence::Unfinished),
            Some((_, count)) if count != replayed.1 => Some(Divergence::Actions {
                recorded: count,
                replayed: replayed.1,
            }),
            Some((digest, _)) => (digest != replayed.0).then_some(Divergence::Digest),
        };
        Ok(ReplayStep {
            at: self.now,
            shard: self.id,
            happened: Happened::Input(input),
            actions,
            divergence,
        })
    }

    /// The input of a frame; `None` for an answer to what the shard has not asked for.
    fn recorded_input(&mut self, input: FrameInput) -> Result<Option<Input<'r>>, RecordingError> {
        let bytes = self.bytes;
        Ok(Some(match input {
            FrameInput::Timeout => Input::Timeout,
            FrameInput::Opened => Input::Opened,
            FrameInput::Payload(range) => Input::Payload(&bytes[range]),
            FrameInput::Closed(code) => Input::Closed(code),
            FrameInput::DialFailed(why) => Input::DialFailed(why),
            FrameInput::Unread(missed) => Input::Unread { missed },
            FrameInput::IdentifyGranted => Input::IdentifyGranted,
            FrameInput::Stored { guild, number } => {
                return Ok(self.barriers.remove(&(guild, number)).map(Input::Stored));
            }
            FrameInput::StoreFailed { guild } => {
                let guild = GuildId::new(guild);
                Input::StoreFailed(guild.ok_or(RecordingError::Broken("a guild without an id"))?)
            }
            FrameInput::Crashed => Input::Crashed,
        }))
    }

    /// What the input led to in the run, as far as the recording says; and what the filter of
    /// member requests answered.
    fn outcome(&mut self) -> Result<Option<(u8, u64)>, RecordingError> {
        let mut answers = Vec::new();
        let mut reader = FrameReader::new(self.bytes, self.at);
        let outcome = loop {
            match reader.next()? {
                Some(RecordedFrame::Answer(answer)) => answers.push(answer),
                Some(RecordedFrame::Actions { digest, count }) => {
                    self.at = reader.position();
                    break Some((digest, count));
                }
                _ => break None,
            }
        };
        self.answers.set(answers);
        Ok(outcome)
    }
}

impl fmt::Debug for Replay<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shards = self.shards.len();
        f.debug_struct("Replay")
            .field("shards", &shards)
            .finish_non_exhaustive()
    }
}
