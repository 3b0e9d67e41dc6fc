//! A recording of shards that are driven by hand, without a thread.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};

use headcount_core::chunk::MemberQuery;
use headcount_core::id::GuildId;
use headcount_core::session::OnStop;
use headcount_core::setup::Chunking;
use headcount_core::wire::command::Command;
use headcount_core::{Actions, Config, Input, Instant, Session, ShardId};

use super::archive::Archive;
use super::call::RecordedCall;
use super::header::{RecordingHeader, ShardHeader};
use super::key::ScrubKey;
use super::recorder::RecorderTask;
use super::scrub::Scrubber;
use super::tape::{Tape, TapeFeed};
use super::{RecordOptions, RecordingError};

/// Pieces that wait until the next input.
const QUEUE: usize = 1024;

/// Records shards that are driven by hand, as a simulation does, in the form that [`Replay`] reads.
/// Nothing is left out.
///
/// Report what is done to each shard, before it is done; after an input, what came of it.
///
/// [`Replay`]: super::Replay
pub struct RunRecorder {
    tapes: Vec<Tape>,
    feed: Arc<TapeFeed>,
    pieces: Receiver<RecorderTask>,
    archive: Archive,
}

impl fmt::Debug for RunRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunRecorder").finish_non_exhaustive()
    }
}

impl RunRecorder {
    /// A recorder of the shards with these numbers, each with its seed and the session that it goes
    /// on with; `config` is the same for all but for the number. Nothing is scrubbed: what is
    /// recorded is to hold nobody's data.
    ///
    /// # Errors
    /// [`RecordingError::Broken`] for settings that cannot be written.
    pub fn new(
        config: &Config,
        shards: impl IntoIterator<Item = (u32, u64, Option<Session>)>,
    ) -> Result<Self, RecordingError> {
        Self::with(Scrubber::none(), config, shards)
    }

    /// The same, scrubbed as the recordings of bots are, by a key that whoever knows it can undo it
    /// with.
    ///
    /// # Errors
    /// [`RecordingError::Broken`] for settings that cannot be written.
    pub fn scrubbed(
        key: [u64; 2],
        config: &Config,
        shards: impl IntoIterator<Item = (u32, u64, Option<Session>)>,
    ) -> Result<Self, RecordingError> {
        let total = NonZeroU32::new(config.shard.total()).unwrap_or(NonZeroU32::MIN);
        Self::with(Scrubber::new(ScrubKey::new(key, total)), config, shards)
    }

    fn with(
        mut scrubber: Scrubber,
        config: &Config,
        shards: impl IntoIterator<Item = (u32, u64, Option<Session>)>,
    ) -> Result<Self, RecordingError> {
        let options = RecordOptions {
            bytes: usize::MAX,
            rows: false,
            waiting: usize::MAX,
            file: None,
        };
        let begin = |(number, seed, session)| ShardHeader::new(number, seed, session, false);
        let shards: Vec<ShardHeader> = shards.into_iter().map(begin).collect();
        let total = config.shard.total();
        let (sender, pieces) = mpsc::sync_channel(QUEUE);
        let feed = Arc::new(TapeFeed::new(sender, options.waiting));
        let tapes = (0..shards.len()).map(|place| Tape::new(Arc::clone(&feed), place as u32));
        let tapes = tapes.collect();
        let header = RecordingHeader::new(config, total, 0, shards, &mut scrubber)?;
        Ok(Self {
            tapes,
            feed,
            pieces,
            archive: Archive::new(scrubber, header, &options),
        })
    }

    /// A shard takes something in; `place` is its place among those that were given.
    pub fn input(&mut self, place: usize, now: Instant, input: &Input<'_>) {
        self.keep();
        self.on(place, |tape| tape.input(now, input));
    }

    /// What came of it.
    pub fn actions(&mut self, place: usize, actions: &Actions<'_>) {
        self.on(place, |tape| tape.actions(actions));
    }

    /// So much of the session is acknowledged; what changes nothing of the shard may be left out.
    pub fn acknowledged(&mut self, place: usize, sequence: u64) {
        self.on(place, |tape| tape.acknowledged(sequence));
    }

    /// So much of it is written down.
    pub fn recorded(&mut self, place: usize, sequence: u64) {
        self.on(place, |tape| tape.recorded(sequence));
    }

    /// Members are asked for.
    pub fn request(&mut self, place: usize, guild: GuildId, query: &MemberQuery, presences: bool) {
        let call = RecordedCall::request(guild, query, presences);
        self.on(place, |tape| tape.call(&call));
    }

    /// A command is queued.
    pub fn send(&mut self, place: usize, command: &Command) {
        let call = RecordedCall::send(command);
        self.on(place, |tape| tape.call(&call));
    }

    /// Other guilds are asked for their members; without a function.
    pub fn set_chunking(&mut self, place: usize, chunking: &Chunking) {
        let call = RecordedCall::chunking(chunking);
        self.on(place, |tape| tape.call(&call));
    }

    /// The shard is asked to stop.
    pub fn stop(&mut self, place: usize, on_stop: OnStop) {
        let call = RecordedCall::stop(on_stop);
        self.on(place, |tape| tape.call(&call));
    }

    /// Another shard begins in its place, as in the next process.
    ///
    /// # Errors
    /// [`RecordingError::Broken`] for a session that cannot be written.
    pub fn begin(
        &mut self,
        place: usize,
        id: ShardId,
        seed: u64,
        session: Option<&Session>,
    ) -> Result<(), RecordingError> {
        let shard = ShardHeader::new(id.number(), seed, session.cloned(), false);
        let json = shard.json()?;
        self.on(place, |tape| tape.begun(&json));
        Ok(())
    }

    fn on(&mut self, place: usize, record: impl FnOnce(&mut Tape)) {
        if let Some(tape) = self.tapes.get_mut(place) {
            record(tape);
        }
    }

    /// Takes over what tapes have handed on.
    fn keep(&mut self) {
        while let Ok(RecorderTask::Piece(piece)) = self.pieces.try_recv() {
            self.archive.take(piece, |bytes| self.feed.give_back(bytes));
        }
    }

    /// The recording so far, as a file.
    #[must_use]
    pub fn file(&mut self, why: &str) -> Vec<u8> {
        self.keep();
        for tape in &mut self.tapes {
            if let Some(piece) = tape.take() {
                self.archive.take(piece, |bytes| self.feed.give_back(bytes));
            }
        }
        self.archive.file(why)
    }
}
