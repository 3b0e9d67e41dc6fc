//! One shard of a recording on its way through the core.

use std::collections::BTreeMap;

use headcount_core::id::GuildId;
use headcount_core::setup::Barrier;
use headcount_core::{
    Action, Actions, Config, Input, Instant, Position, Shard, ShardCheckpoint, ShardId,
};
use serde::{Deserialize, Serialize};

use super::RecordingError;
use super::call::{Answers, RecordedCall};
use super::frame::{FrameEnd, FrameInput, FrameReader, RecordedFrame};
use super::frame_base::FrameBase;
use super::header::{RecordingHeader, ShardHeader};
use super::replay::{Divergence, Happened, ReplayStep};

/// So many points may wait for a store's word: one for each guild that a shard follows at most.
const BARRIERS: usize = 1 << 18;

/// A shard that does again what a recorded one did, and what it needs for that.
pub(super) struct FollowedShard {
    id: ShardId,
    /// How a shard begins in its place.
    config: Config,
    shard: Shard,
    answers: Answers,
    /// By their numbers.
    barriers: BTreeMap<u64, Barrier>,
    base: FrameBase,
}

/// The same, written down.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct FollowedCheckpoint {
    base: FrameBase,
    barriers: Vec<Barrier>,
    shard: ShardCheckpoint,
}

impl FollowedCheckpoint {
    /// The time of the last frame before it.
    pub(super) const fn now(&self) -> Instant {
        self.base.now()
    }
}

impl FollowedShard {
    /// The shard as it was when the run began.
    pub(super) fn begin(
        header: &RecordingHeader,
        shard: &ShardHeader,
    ) -> Result<Self, RecordingError> {
        let answers = Answers::default();
        let config = header.config(shard, &answers)?;
        Ok(Self {
            id: header.id(shard)?,
            shard: shard.shard(config.clone())?,
            config,
            answers,
            barriers: BTreeMap::new(),
            base: FrameBase::default(),
        })
    }

    /// The shard as it stood at a checkpoint.
    pub(super) fn go_on(
        header: &RecordingHeader,
        shard: &ShardHeader,
        checkpoint: FollowedCheckpoint,
    ) -> Result<Self, RecordingError> {
        let answers = Answers::default();
        let config = header.config(shard, &answers)?;
        let mut like = config.clone();
        let chunking = &mut like.tracker.setup.chunking;
        *chunking = answers.answering(std::mem::take(chunking), true);
        let barriers = checkpoint.barriers.into_iter();
        Ok(Self {
            id: header.id(shard)?,
            shard: Shard::from_checkpoint(checkpoint.shard, &like),
            config,
            answers,
            barriers: barriers.map(|it| (it.number(), it)).collect(),
            base: checkpoint.base,
        })
    }

    /// The shard as it stands.
    pub(super) fn checkpoint(&self) -> FollowedCheckpoint {
        FollowedCheckpoint {
            base: self.base,
            barriers: self.barriers.values().copied().collect(),
            shard: self.shard.checkpoint(),
        }
    }

    pub(super) const fn id(&self) -> ShardId {
        self.id
    }

    pub(super) const fn shard(&self) -> &Shard {
        &self.shard
    }

    /// When the frame at this place happened; `None` behind the last.
    pub(super) fn turn(&self, bytes: &[u8], at: usize) -> Result<Option<Instant>, RecordingError> {
        let next = FrameReader::new(bytes, at).next()?;
        Ok(next.map(|next| match next {
            RecordedFrame::Input(after, _) => self.base.later(after),
            _ => self.base.now(),
        }))
    }

    /// Does what the frame at this place says, and goes on to the next; `None` behind the last.
    pub(super) fn step<'b>(
        &mut self,
        bytes: &'b [u8],
        at: &mut usize,
    ) -> Result<Option<ReplayStep<'b>>, RecordingError> {
        let mut reader = FrameReader::new(bytes, *at);
        let (frame, now) = (reader.next()?, self.base.now());
        *at = reader.position();
        let happened = match frame {
            None => return Ok(None),
            Some(RecordedFrame::Input(after, input)) => {
                self.base.after(self.base.later(after));
                return self.input(bytes, at, input).map(Some);
            }
            Some(RecordedFrame::Acknowledged(more)) => {
                let sequence = self.base.acknowledged(more);
                if let Some(at) = self.shard.position() {
                    self.shard.acknowledge(Position { sequence, ..at });
                }
                Happened::Acknowledged(sequence)
            }
            Some(RecordedFrame::Recorded(more)) => {
                let sequence = self.base.recorded(more);
                if let Some(at) = self.shard.position() {
                    self.shard.record(Position { sequence, ..at });
                }
                Happened::Recorded(sequence)
            }
            Some(RecordedFrame::Call(range)) => self.call(&bytes[range])?,
            Some(RecordedFrame::Begun(range)) => {
                self.shard = ShardHeader::read(&bytes[range])?.shard(self.config.clone())?;
                self.base = FrameBase::default();
                self.barriers.clear();
                Happened::Begun
            }
            Some(RecordedFrame::BegunAgain(range)) => {
                // What is refused now was refused then.
                let _ = ShardHeader::read(&bytes[range])?.begin_in(&mut self.shard);
                self.barriers.clear();
                Happened::Begun
            }
            Some(RecordedFrame::End(FrameEnd::Lost)) => {
                Happened::Ended("the recorder could not keep up")
            }
            Some(RecordedFrame::End(FrameEnd::Started)) => {
                Happened::Ended("the shard was started by hand or from a snapshot")
            }
            Some(RecordedFrame::Answer(_) | RecordedFrame::Actions { .. }) => {
                return Err(RecordingError::Broken("an answer to nothing"));
            }
        };
        Ok(Some(ReplayStep {
            at: now,
            shard: self.id,
            happened,
            actions: Actions::new(),
            divergence: None,
        }))
    }

    fn call<'b>(&mut self, json: &'b [u8]) -> Result<Happened<'b>, RecordingError> {
        let call = RecordedCall::read(json)?;
        // What is refused now was refused then.
        let _ = call.repeat(&mut self.shard, &self.answers);
        let text = std::str::from_utf8(json);
        let text = text.map_err(|_| RecordingError::Broken("a call that is no text"))?;
        Ok(Happened::Called(text))
    }

    fn input<'b>(
        &mut self,
        bytes: &'b [u8],
        at: &mut usize,
        input: FrameInput,
    ) -> Result<ReplayStep<'b>, RecordingError> {
        let known = self.recorded_input(bytes, input)?;
        let recorded = self.outcome(bytes, at)?;
        let input = known.unwrap_or(Input::Timeout);
        let actions = self.shard.handle(self.base.now(), input);
        for action in actions.iter() {
            if let Action::Confirm(barrier) = action {
                self.barriers.insert(barrier.number(), *barrier);
            }
        }
        while self.barriers.len() > BARRIERS {
            self.barriers.pop_first();
        }
        let replayed = (self.base.digest(&actions), actions.len() as u64);
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
            at: self.base.now(),
            shard: self.id,
            happened: Happened::Input(input),
            actions,
            divergence,
        })
    }

    /// The input of a frame; `None` for an answer to what the shard has not asked for.
    fn recorded_input<'b>(
        &mut self,
        bytes: &'b [u8],
        input: FrameInput,
    ) -> Result<Option<Input<'b>>, RecordingError> {
        Ok(Some(match input {
            FrameInput::Timeout => Input::Timeout,
            FrameInput::Opened => Input::Opened,
            FrameInput::Payload(range) => Input::Payload(&bytes[range]),
            FrameInput::Closed(code) => Input::Closed(code),
            FrameInput::DialFailed(why) => Input::DialFailed(why),
            FrameInput::Unread(missed) => Input::Unread { missed },
            FrameInput::IdentifyGranted => Input::IdentifyGranted,
            FrameInput::Stored { guild, number } => {
                let barrier = self.barriers.remove(&number);
                let barrier = barrier.filter(|barrier| barrier.guild().get() == guild);
                return Ok(barrier.map(Input::Stored));
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
    fn outcome(
        &mut self,
        bytes: &[u8],
        at: &mut usize,
    ) -> Result<Option<(u16, u64)>, RecordingError> {
        let mut answers = Vec::new();
        let mut reader = FrameReader::new(bytes, *at);
        let outcome = loop {
            match reader.next()? {
                Some(RecordedFrame::Answer(answer)) => answers.push(answer),
                Some(RecordedFrame::Actions { digest, count }) => {
                    *at = reader.position();
                    break Some((digest, count));
                }
                _ => break None,
            }
        };
        self.answers.set(answers);
        Ok(outcome)
    }
}
