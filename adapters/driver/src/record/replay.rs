//! Recordings replayed through the core on virtual time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;

use headcount_core::{Actions, Input, Instant, Shard, ShardId};

use super::followed::FollowedShard;
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
    /// Another shard began in its place, as in the next process, or it began again after another
    /// process had had it: of the rows of its guilds there are none any longer.
    Begun,
    /// Nothing more of the shard is in the recording, and why.
    Ended(&'static str),
}

/// Where a replay does something else than the recorded run.
///
/// It is seen from how many actions there are, and from a digest of two bytes of what scrubbing
/// leaves alone: kinds, numbers, reasons and outcomes, and of mutations the steps and how many rows
/// each has. One in 65,536 that have as many others is not seen, nor what rows and ids there are.
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
    shard: FollowedShard,
    bytes: &'r [u8],
    /// Where the next frame begins.
    at: usize,
}

impl<'r> Replay<'r> {
    /// A replay that stands before the first step.
    ///
    /// # Errors
    /// [`RecordingError::Broken`] for settings that no bot has.
    pub fn new(recording: &'r Recording) -> Result<Self, RecordingError> {
        let shards = recording.shards_at_begin()?.into_iter();
        let shards = shards.zip(&recording.frames);
        let shards = shards.map(|(shard, bytes)| ReplayedShard {
            shard,
            bytes,
            at: 0,
        });
        let shards: Vec<ReplayedShard<'r>> = shards.collect();
        let mut turns = BinaryHeap::new();
        for (number, shard) in shards.iter().enumerate() {
            turns.extend(shard.turn()?.map(|turn| Reverse((turn, number))));
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
        let Some(it) = self.shards.get_mut(number) else {
            return Ok(None);
        };
        let step = it.shard.step(it.bytes, &mut it.at)?;
        let turn = it.turn()?.map(|turn| Reverse((turn, number)));
        self.turns.extend(turn);
        Ok(step)
    }

    /// A shard as it stands after the last step; `None` if the recording does not have it.
    #[must_use]
    pub fn shard(&self, id: ShardId) -> Option<&Shard> {
        let found = self.shards.iter().find(|it| it.shard.id() == id)?;
        Some(found.shard.shard())
    }
}

impl ReplayedShard<'_> {
    /// When it has its next turn.
    fn turn(&self) -> Result<Option<Instant>, RecordingError> {
        self.shard.turn(self.bytes, self.at)
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
