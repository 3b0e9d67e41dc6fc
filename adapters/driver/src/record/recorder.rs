//! The thread that scrubs what shards record, packs it, keeps it, and writes it out.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::SystemTime;

use futures_channel::oneshot;
use headcount_core::Config;

use super::end::RecordingEnd;
use super::file::{BLOCK, BlockKind, LARGEST_STREAM, MAGIC, put_block};
use super::frame::{FrameInput, FrameReader, RecordedFrame, put_number};
use super::header::{RecordingHeader, ShardHeader};
use super::key::ScrubKey;
use super::scrub::Scrubber;
use super::tape::{Tape, TapeFeed, TapePiece};
use super::{RecordOptions, RecordingError};
use crate::shard_cell::ShardCell;
use crate::{Error, ErrorKind};

/// How many pieces may wait for the thread; their bytes are bounded as well.
const QUEUE: usize = 4096;

/// What the thread is to do.
#[derive(Debug)]
pub(super) enum RecorderTask {
    /// Keep this.
    Piece(TapePiece),
    /// Look for what is to be written out.
    Look,
}

/// A recording to be written out, with what shards had not handed over.
struct DumpRequest {
    path: PathBuf,
    why: String,
    pieces: Vec<TapePiece>,
    reply: Option<oneshot::Sender<io::Result<()>>>,
}

type DumpRequests = Arc<Mutex<Vec<DumpRequest>>>;

/// A bot's recorder: the way to its thread, which ends with it.
pub(crate) struct Recorder {
    feed: Arc<TapeFeed>,
    sender: SyncSender<RecorderTask>,
    dumps: DumpRequests,
    file: Option<PathBuf>,
}

impl Recorder {
    /// Starts the thread.
    pub(crate) fn start(
        options: RecordOptions,
        config: &Config,
        total: NonZeroU32,
        shards: Vec<ShardHeader>,
    ) -> Result<Self, Error> {
        let key = ScrubKey::draw(total).map_err(|error| {
            Error::with_source(
                ErrorKind::Config,
                "the system gives no random numbers",
                error,
            )
        })?;
        let mut scrubber = Scrubber::new(key);
        let began = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let began = began.map_or(0, |since| since.as_secs());
        let count = shards.len();
        let header = RecordingHeader::new(config, total.get(), began, shards, &mut scrubber);
        let json = header.and_then(|header| {
            let broken = |_| RecordingError::Broken("settings that cannot be written");
            serde_json::to_vec(&header).map_err(broken)
        });
        let json = json.map_err(|error| Error::new(ErrorKind::Config, error.to_string()))?;
        let mut packed = MAGIC.to_vec();
        put_block(&mut packed, BlockKind::Header, &json);
        let (sender, receiver) = mpsc::sync_channel(QUEUE);
        let feed = Arc::new(TapeFeed::new(sender.clone(), options.waiting));
        let dumps = DumpRequests::default();
        let archive = Archive::new(scrubber, packed, count, options.bytes);
        let thread = RecorderThread {
            receiver,
            feed: Arc::downgrade(&feed),
            dumps: Arc::clone(&dumps),
            archive,
        };
        let builder = thread::Builder::new().name("headcount-record".into());
        builder.spawn(move || thread.run()).map_err(|error| {
            Error::with_source(ErrorKind::Config, "no thread for the recorder", error)
        })?;
        Ok(Self {
            feed,
            sender,
            dumps,
            file: options.file,
        })
    }

    /// What a shard writes to; `shard` is its place in the header.
    pub(crate) fn tape(&self, shard: usize) -> Tape {
        Tape::new(Arc::clone(&self.feed), shard as u32)
    }

    /// Has the recording so far written out; the answer comes when it is on the disk.
    pub(crate) fn dump<'c>(
        &self,
        path: PathBuf,
        why: String,
        cells: impl Iterator<Item = &'c ShardCell>,
    ) -> oneshot::Receiver<io::Result<()>> {
        let (reply, answer) = oneshot::channel();
        let request = DumpRequest {
            path,
            why,
            pieces: cells.filter_map(ShardCell::take_recorded).collect(),
            reply: Some(reply),
        };
        let mut dumps = self.dumps.lock().unwrap_or_else(PoisonError::into_inner);
        dumps.push(request);
        drop(dumps);
        // With a full queue the thread looks by itself.
        let _ = self.sender.try_send(RecorderTask::Look);
        answer
    }

    /// Where it is written to when a shard ends for a reason that is nobody's wish.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }
}

struct RecorderThread {
    receiver: Receiver<RecorderTask>,
    feed: Weak<TapeFeed>,
    dumps: DumpRequests,
    archive: Archive,
}

impl RecorderThread {
    fn run(mut self) {
        while let Ok(task) = self.receiver.recv() {
            self.work(task);
            self.write_out();
        }
        self.write_out();
    }

    fn work(&mut self, task: RecorderTask) {
        match task {
            RecorderTask::Piece(piece) => self.keep(piece),
            RecorderTask::Look => {}
        }
    }

    fn keep(&mut self, piece: TapePiece) {
        let feed = &self.feed;
        self.archive.take(piece, |bytes| {
            if let Some(feed) = feed.upgrade() {
                feed.give_back(bytes);
            }
        });
    }

    /// Writes out what is asked for. What shards had handed over before is in the queue.
    fn write_out(&mut self) {
        let dumps = std::mem::take(&mut *self.dumps.lock().unwrap_or_else(PoisonError::into_inner));
        for dump in dumps {
            while let Ok(task) = self.receiver.try_recv() {
                self.work(task);
            }
            dump.pieces.into_iter().for_each(|piece| self.keep(piece));
            let written = write_file(&dump.path, &self.archive.file(&dump.why));
            if let Err(error) = &written {
                tracing::warn!(%error, path = %dump.path.display(), "the recording is not written");
            }
            if let Some(reply) = dump.reply {
                let _ = reply.send(written);
            }
        }
    }
}

/// What is kept of a recording, scrubbed and packed.
pub(super) struct Archive {
    scrubber: Scrubber,
    /// Pieces that came before others of their shard.
    early: BTreeMap<(u32, u64), TapePiece>,
    /// The number of the next piece of each shard.
    next: Vec<u64>,
    /// Scrubbed, and not packed yet.
    stream: Vec<u8>,
    /// The file so far.
    packed: Vec<u8>,
    /// How many bytes that may have.
    limit: usize,
    /// How many the stream has had.
    streamed: usize,
    is_full: bool,
}

impl Archive {
    pub(super) fn new(scrubber: Scrubber, packed: Vec<u8>, shards: usize, limit: usize) -> Self {
        Self {
            scrubber,
            early: BTreeMap::new(),
            next: vec![0; shards],
            stream: Vec::new(),
            packed,
            limit,
            streamed: 0,
            is_full: false,
        }
    }

    /// Takes a piece in, and hands the buffers of what is dealt with to `free`.
    pub(super) fn take(&mut self, piece: TapePiece, mut free: impl FnMut(Vec<u8>)) {
        let shard = piece.shard;
        self.early.insert((shard, piece.number), piece);
        while let Some(next) = self.next.get_mut(shard as usize)
            && let Some(mut piece) = self.early.remove(&(shard, *next))
        {
            *next += 1;
            self.add(shard, &mut piece.bytes);
            free(piece.bytes);
        }
    }

    /// Scrubs a piece, and keeps it while there is room.
    fn add(&mut self, shard: u32, bytes: &mut [u8]) {
        self.is_full |= self.packed.len() + self.stream.len() > self.limit;
        self.is_full |= self.streamed + bytes.len() > LARGEST_STREAM;
        if self.is_full || scrub(&mut self.scrubber, bytes).is_err() {
            return;
        }
        put_number(&mut self.stream, u64::from(shard));
        put_number(&mut self.stream, bytes.len() as u64);
        self.stream.extend_from_slice(bytes);
        self.streamed += bytes.len();
        let mut blocks = self.stream.chunks_exact(BLOCK);
        for block in &mut blocks {
            put_block(&mut self.packed, BlockKind::Stream, block);
        }
        self.stream = blocks.remainder().to_vec();
    }

    /// The recording so far, as a file.
    pub(super) fn file(&self, why: &str) -> Vec<u8> {
        let mut file = self.packed.clone();
        if !self.stream.is_empty() {
            put_block(&mut file, BlockKind::Stream, &self.stream);
        }
        let end = RecordingEnd {
            why: why.into(),
            is_full: self.is_full,
        };
        put_block(
            &mut file,
            BlockKind::End,
            &serde_json::to_vec(&end).unwrap_or_default(),
        );
        file
    }
}

/// Replaces in frames what their users have written.
fn scrub(scrubber: &mut Scrubber, bytes: &mut [u8]) -> Result<(), RecordingError> {
    let mut at = 0;
    loop {
        let mut reader = FrameReader::new(bytes, at);
        let Some(frame) = reader.next()? else {
            return Ok(());
        };
        let from = at;
        at = reader.position();
        match frame {
            RecordedFrame::Input(_, FrameInput::Payload(range)) => scrubber.json(&mut bytes[range]),
            RecordedFrame::Call(range) => scrubber.own_json(&mut bytes[range]),
            RecordedFrame::Input(after, FrameInput::Stored { guild, .. })
            | RecordedFrame::Input(after, FrameInput::StoreFailed { guild }) => {
                let mut number = Vec::new();
                put_number(&mut number, after);
                let from = from + 1 + number.len();
                let id = scrubber.id(guild).to_le_bytes();
                bytes[from..from + id.len()].copy_from_slice(&id);
            }
            _ => {}
        }
    }
}

/// Writes a file that its owner alone can read, whole or not at all.
fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    match fs::remove_file(&part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&part, path)
}
