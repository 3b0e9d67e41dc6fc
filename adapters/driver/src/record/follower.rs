//! The machines and rows of a recorded bot, as they stood where what is kept of it begins.

use headcount_core::cache::memory::snapshot::SnapshotReader;
use headcount_core::cache::{Kinds, MemoryStore, Policies, Policy};
use headcount_core::{Action, Instant};

use super::RecordingError;
use super::call::RecordedCall;
use super::file::{BlockKind, Blocks, put_block};
use super::followed::{FollowedCheckpoint, FollowedShard};
use super::frame::FrameReader;
use super::header::RecordingHeader;
use super::replay::{Happened, ReplayStep};
use crate::cache::of_nobody;

/// So much of the rows is written at a time.
const PART: usize = 1 << 20;

/// Does what the recorded bot did, from a part of its recording.
pub(super) struct Follower {
    shards: Vec<FollowedShard>,
    rows: Option<FollowedRows>,
}

impl Follower {
    /// As the bot was when its run began.
    pub(super) fn begin(
        header: &RecordingHeader,
        keeps_rows: bool,
    ) -> Result<Self, RecordingError> {
        let shards = header.shards.iter();
        let shards = shards.map(|shard| FollowedShard::begin(header, shard));
        Ok(Self {
            shards: shards.collect::<Result<_, _>>()?,
            rows: keeps_rows.then(|| FollowedRows::empty(header.kinds())),
        })
    }

    /// Takes in a part of the stream, as whole pieces. Whether all went as it did in the run.
    pub(super) fn follow(&mut self, mut blocks: Blocks<'_>) -> Result<bool, RecordingError> {
        let (mut stream, mut is_same) = (Vec::new(), true);
        while let Some((_, block)) = blocks.next()? {
            stream.extend_from_slice(&block);
            let mut reader = FrameReader::new(&stream, 0);
            let mut taken = 0;
            // A piece may end in the next block.
            while let Ok(Some((shard, piece))) = reader.piece() {
                is_same &= self.follow_piece(shard, &stream[piece])?;
                taken = reader.position();
            }
            stream.drain(..taken);
        }
        match stream.is_empty() {
            true => Ok(is_same),
            false => Err(RecordingError::Truncated),
        }
    }

    fn follow_piece(&mut self, shard: usize, frames: &[u8]) -> Result<bool, RecordingError> {
        let shard = self.shards.get_mut(shard);
        let shard = shard.ok_or(RecordingError::Broken("a piece of an unknown shard"))?;
        let (mut at, mut is_same) = (0, true);
        while let Some(step) = shard.step(frames, &mut at)? {
            is_same &= step.divergence.is_none();
            if let Some(rows) = &mut self.rows {
                rows.take(step)?;
            }
        }
        Ok(is_same)
    }

    /// The machines as they stand.
    pub(super) fn machines(&self) -> Vec<FollowedCheckpoint> {
        self.shards.iter().map(FollowedShard::checkpoint).collect()
    }

    /// The rows as they stand, if they are kept.
    pub(super) const fn rows(&self) -> Option<&FollowedRows> {
        self.rows.as_ref()
    }
}

/// The rows that mutations make, under the default policies of their kinds.
pub(super) struct FollowedRows {
    store: MemoryStore,
    now: Instant,
}

impl FollowedRows {
    pub(super) fn empty(kinds: Kinds) -> Self {
        let now = Instant::ZERO;
        let store = MemoryStore::with_policies(0, Policies::from(kinds));
        Self { store, now }
    }

    pub(super) fn into_store(self) -> MemoryStore {
        self.store
    }

    /// Applies what a step changes.
    fn take(&mut self, step: ReplayStep<'_>) -> Result<(), RecordingError> {
        self.now = self.now.max(step.at);
        if let Happened::Called(json) = step.happened
            && let RecordedCall::SetPolicy { kind, is_none } = RecordedCall::read(json.as_bytes())?
        {
            let plain = Policies::from(kind.only());
            let policy = match is_none {
                true => Policy::none(),
                false => plain.get(kind).clone(),
            };
            // It suits its kind.
            let _ = self.store.set_policy(kind, policy);
        }
        if matches!(step.happened, Happened::Begun) {
            self.store.apply(of_nobody(step.shard));
        }
        for action in step.actions {
            if let Action::Mutate(mutation) = action {
                self.store.advance(self.now);
                self.store.apply(mutation);
            }
        }
        Ok(())
    }

    /// Appends them as blocks of a file, each handed to `write` by itself.
    pub(super) fn write<E>(&self, mut write: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut writer = self.store.snapshot(self.now.as_millis());
        let (mut bytes, mut block) = (Vec::new(), Vec::new());
        let mut has_more = true;
        while has_more {
            has_more = writer.copy(&self.store);
            writer.write(&mut bytes);
            for part in bytes.chunks(PART) {
                block.clear();
                put_block(&mut block, BlockKind::Rows, part);
                write(&block)?;
            }
            bytes.clear();
        }
        Ok(())
    }

    /// Reads them back; `bytes` is the content of all blocks.
    pub(super) fn read(kinds: Kinds, now: Instant, bytes: &[u8]) -> Option<MemoryStore> {
        let mut empty = Self::empty(kinds).store;
        empty.advance(now);
        let mut reader = SnapshotReader::new(empty);
        reader.push(bytes).ok()?;
        reader.finish().ok().map(|(store, _)| store)
    }
}
