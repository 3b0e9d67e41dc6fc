//! The thread that keeps what shards record, and writes it out.

use std::collections::VecDeque;
use std::fs::{self, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, SystemTime};

use futures_channel::oneshot;
use headcount_core::Config;

use super::RecordOptions;
use super::archive::{Archive, ArchiveFault, DifferingPart};
use super::header::{RecordingHeader, ShardHeader};
use super::key::ScrubKey;
use super::scrub::Scrubber;
use super::tape::{BUFFER, Tape, TapeFeed, TapePiece};
use crate::shard_cell::ShardCell;
use crate::{Error, ErrorKind};

/// How many pieces may wait for the thread, at least and at most: as a rule their bytes are what
/// bounds them.
const QUEUE: (usize, usize) = (64, 1 << 16);

/// As long as pieces come, the thread looks for them this often, so that no shard has to wake it
/// for each: that would cost more than all else of recording.
const LOOKS: Duration = Duration::from_secs(1);

/// How many pieces may wait if so many bytes may.
fn queue(waiting: usize) -> usize {
    let (least, most) = QUEUE;
    (waiting / BUFFER * 2).clamp(least, most)
}

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

type DumpRequests = Arc<Mutex<VecDeque<DumpRequest>>>;

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
        let header = RecordingHeader::new(config, total.get(), began, shards, &mut scrubber);
        let header = header.map_err(|error| Error::new(ErrorKind::Config, error.to_string()))?;
        let (sender, receiver) = mpsc::sync_channel(queue(options.waiting));
        let feed = Arc::new(TapeFeed::new(sender.clone(), options.waiting));
        let dumps = DumpRequests::default();
        let archive = Archive::new(scrubber, header, &options);
        let thread = RecorderThread {
            feed: Arc::downgrade(&feed),
            dumps: Arc::clone(&dumps),
            archive,
            file: options.file.clone(),
        };
        let builder = thread::Builder::new().name("headcount-record".into());
        let thread = builder
            .spawn(move || thread.run(&receiver))
            .map_err(|error| {
                Error::with_source(ErrorKind::Config, "no thread for the recorder", error)
            })?;
        feed.serve(thread.thread().clone());
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
        dumps.push_back(request);
        drop(dumps);
        // With a full queue the thread looks by itself.
        let _ = self.sender.try_send(RecorderTask::Look);
        self.feed.wake();
        answer
    }

    /// Where it is written to when a shard ends for a reason that is nobody's wish.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }
}

/// Does what comes, until nothing more can. As long as something does it is looked for now and
/// then, and nobody has to wake this thread.
pub(super) fn attend(tasks: &Receiver<RecorderTask>, mut work: impl FnMut(RecorderTask)) {
    while let Ok(first) = tasks.recv() {
        let mut next = Some(first);
        while next.is_some() {
            next.into_iter().chain(tasks.try_iter()).for_each(&mut work);
            thread::park_timeout(LOOKS);
            next = tasks.try_recv().ok();
        }
    }
}

struct RecorderThread {
    feed: Weak<TapeFeed>,
    dumps: DumpRequests,
    archive: Archive,
    /// Where it goes when the core is found to do something else than it did.
    file: Option<PathBuf>,
}

impl RecorderThread {
    fn run(mut self, tasks: &Receiver<RecorderTask>) {
        attend(tasks, |task| {
            self.work(task);
            self.write_out(tasks);
        });
        self.write_out(tasks);
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
        match self.archive.take_fault() {
            Some(ArchiveFault::Differs(part)) => {
                self.report("a replay does something else than the run", Some(&part));
            }
            Some(ArchiveFault::Stopped) => {
                self.report("the recording cannot be replayed, and ends here", None);
            }
            None => {}
        }
    }

    /// Warns of a fault of the library's, and writes out what shows it.
    fn report(&self, why: &str, differing: Option<&DifferingPart>) {
        tracing::warn!("the recorder: {why}");
        if let Some(path) = &self.file {
            let written = write_file(path, |out| self.archive.write(differing, why, out));
            warn_unwritten(path, &written);
        }
    }

    /// Writes out what is asked for, also while it does. What shards had handed over before is in
    /// the queue.
    fn write_out(&mut self, tasks: &Receiver<RecorderTask>) {
        while let Some(dump) = self.next_dump() {
            tasks.try_iter().for_each(|task| self.work(task));
            dump.pieces.into_iter().for_each(|piece| self.keep(piece));
            let write = |out: &mut dyn Write| self.archive.write(None, &dump.why, out);
            let written = write_file(&dump.path, write);
            warn_unwritten(&dump.path, &written);
            if let Some(reply) = dump.reply {
                let _ = reply.send(written);
            }
        }
    }

    fn next_dump(&self) -> Option<DumpRequest> {
        let mut dumps = self.dumps.lock().unwrap_or_else(PoisonError::into_inner);
        dumps.pop_front()
    }
}

fn warn_unwritten(path: &Path, written: &io::Result<()>) {
    if let Err(error) = written {
        tracing::warn!(%error, path = %path.display(), "the recording is not written");
    }
}

/// Writes a file that its owner alone can read, whole or not at all.
fn write_file(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    let mut name = name.to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    match fs::remove_file(&part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let written = write_part(&part, content).and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        // A part is of no use to anybody, and the disk may be full of it.
        let _ = fs::remove_file(&part);
    }
    written
}

fn write_part(
    part: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = BufWriter::new(options.open(part)?);
    content(&mut file)?;
    file.into_inner()?.sync_all()
}

#[cfg(test)]
mod tests;
