//! The thread that keeps what shards record, and writes it out.

use std::collections::VecDeque;
use std::fs::{self, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::mem;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, SystemTime};

use futures_channel::oneshot;
use headcount_core::Config;

use super::RecordOptions;
use super::archive::{Archive, ArchiveFault, ArchivedStream, DifferingPart};
use super::evidence_files::EvidenceFiles;
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
    target: DumpTarget,
    why: String,
    pieces: Vec<TapePiece>,
    reply: oneshot::Sender<io::Result<()>>,
}

/// Where a recording goes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum DumpTarget {
    /// To this file, in the place of an older one.
    File(PathBuf),
    /// To the next of those that show what nobody wished for.
    Evidence,
}

/// What is asked of the thread. Once that has ended nothing stays here.
#[derive(Clone, Default)]
struct DumpRequests(Arc<Mutex<VecDeque<DumpRequest>>>);

impl DumpRequests {
    fn lock(&self) -> MutexGuard<'_, VecDeque<DumpRequest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes all that wait.
    fn take(&self) -> VecDeque<DumpRequest> {
        mem::take(&mut *self.lock())
    }
}

/// Says to all who still wait that nothing will be written, when it is dropped.
struct DumpRequestsEnd(DumpRequests);

impl Drop for DumpRequestsEnd {
    fn drop(&mut self) {
        drop(self.0.take());
    }
}

/// A bot's recorder: the way to its thread, which ends with it.
pub(crate) struct Recorder {
    feed: Arc<TapeFeed>,
    sender: SyncSender<RecorderTask>,
    dumps: DumpRequests,
    /// Whether there is a place for what shows that a shard has ended badly.
    keeps_evidence: bool,
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
        let keeps_evidence = options.file.is_some();
        let thread = RecorderThread {
            feed: Arc::downgrade(&feed),
            dumps: dumps.clone(),
            archive,
            evidence: options.file.map(EvidenceFiles::new),
        };
        let builder = thread::Builder::new().name("headcount-record".into());
        let thread = builder
            .spawn(move || thread.serve(receiver))
            .map_err(|error| {
                Error::with_source(ErrorKind::Config, "no thread for the recorder", error)
            })?;
        feed.serve(thread.thread().clone());
        Ok(Self {
            feed,
            sender,
            dumps,
            keeps_evidence,
        })
    }

    /// What a shard writes to; `shard` is its place in the header.
    pub(crate) fn tape(&self, shard: usize) -> Tape {
        Tape::new(Arc::clone(&self.feed), shard as u32)
    }

    /// Has the recording so far written out; the answer comes when it is on the disk. Without one
    /// the thread has ended.
    pub(crate) fn dump<'c>(
        &self,
        path: PathBuf,
        why: String,
        cells: impl Iterator<Item = &'c ShardCell>,
    ) -> oneshot::Receiver<io::Result<()>> {
        self.ask(DumpTarget::File(path), why, cells)
    }

    /// Has the recording written out as a shard has ended for a reason that is nobody's wish, if
    /// there is a place for that.
    pub(crate) fn keep_evidence<'c>(
        &self,
        why: String,
        cells: impl Iterator<Item = &'c ShardCell>,
    ) -> Option<oneshot::Receiver<io::Result<()>>> {
        self.keeps_evidence
            .then(|| self.ask(DumpTarget::Evidence, why, cells))
    }

    fn ask<'c>(
        &self,
        target: DumpTarget,
        why: String,
        cells: impl Iterator<Item = &'c ShardCell>,
    ) -> oneshot::Receiver<io::Result<()>> {
        let (reply, answer) = oneshot::channel();
        let request = DumpRequest {
            target,
            why,
            pieces: cells.filter_map(ShardCell::take_recorded).collect(),
            reply,
        };
        self.dumps.lock().push_back(request);
        // With a full queue the thread looks by itself.
        if let Err(TrySendError::Disconnected(_)) = self.sender.try_send(RecorderTask::Look) {
            drop(self.dumps.take());
        }
        self.feed.wake();
        answer
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
    /// Where it goes when a shard ends badly, or the core is found to do something else than it
    /// did.
    evidence: Option<EvidenceFiles>,
}

impl RecorderThread {
    /// Runs until nothing more can come. Whoever asks for something is told if it panics.
    fn serve(self, tasks: Receiver<RecorderTask>) {
        // Dropped last: who asks later sees that nobody receives.
        let _end = DumpRequestsEnd(self.dumps.clone());
        let tasks = tasks;
        self.run(&tasks);
    }

    fn run(mut self, tasks: &Receiver<RecorderTask>) {
        attend(tasks, |task| {
            self.work(tasks, task);
            self.write_out(tasks);
        });
        self.write_out(tasks);
    }

    fn work(&mut self, tasks: &Receiver<RecorderTask>, task: RecorderTask) {
        match task {
            RecorderTask::Piece(piece) => self.keep(tasks, piece),
            RecorderTask::Look => {}
        }
    }

    fn keep(&mut self, tasks: &Receiver<RecorderTask>, piece: TapePiece) {
        let feed = &self.feed;
        self.archive.take(piece, |bytes| give_back(feed, bytes));
        match self.archive.take_fault() {
            Some(ArchiveFault::Differs(part)) => {
                self.report(
                    tasks,
                    "a replay does something else than the run",
                    Some(&part),
                );
            }
            Some(ArchiveFault::Stopped) => {
                self.report(
                    tasks,
                    "the recording cannot be replayed, and ends here",
                    None,
                );
            }
            None => {}
        }
    }

    /// Warns of a fault of the library's, and writes out what shows it.
    fn report(
        &mut self,
        tasks: &Receiver<RecorderTask>,
        why: &str,
        differing: Option<&DifferingPart>,
    ) {
        warn(why);
        if let Some(path) = self.evidence_file() {
            // It has warned.
            let _ = self.write(tasks, &path, why, differing);
        }
    }

    /// Writes out what is asked for, also while it does: once for all who ask for the same. What
    /// shards had handed over before is in the queue.
    fn write_out(&mut self, tasks: &Receiver<RecorderTask>) {
        loop {
            let mut dumps = self.dumps.take();
            let mut is_quiet = true;
            for task in tasks.try_iter() {
                is_quiet = false;
                self.work(tasks, task);
            }
            for dump in &mut dumps {
                let pieces = mem::take(&mut dump.pieces);
                pieces.into_iter().for_each(|piece| self.keep(tasks, piece));
            }
            // What was taken out of the queue may have said that there is more to write.
            if dumps.is_empty() && is_quiet {
                return;
            }
            while let Some(first) = dumps.pop_front() {
                let is_same = |it: &DumpRequest| it.target == first.target;
                let (same, others) = dumps.into_iter().partition(is_same);
                self.answer(tasks, first, same);
                dumps = others;
            }
        }
    }

    /// Writes a recording out for all of these.
    fn answer(
        &mut self,
        tasks: &Receiver<RecorderTask>,
        first: DumpRequest,
        others: VecDeque<DumpRequest>,
    ) {
        let path = match first.target {
            DumpTarget::File(path) => Some(path),
            DumpTarget::Evidence => self.evidence_file(),
        };
        let why = match others.len() {
            0 => first.why,
            more => format!("{}, and {more} more asked for it", first.why),
        };
        let written = path.map_or(Ok(()), |path| self.write(tasks, &path, &why, None));
        for dump in others {
            // An error cannot be copied.
            let copy = written.as_ref().map(|&()| ());
            let copy = copy.map_err(|error| io::Error::new(error.kind(), error.to_string()));
            let _ = dump.reply.send(copy);
        }
        let _ = first.reply.send(written);
    }

    /// Where the next recording goes that nobody has asked for. Says once that there are enough.
    fn evidence_file(&mut self) -> Option<PathBuf> {
        let files = self.evidence.as_mut()?;
        let next = files.next();
        if next.is_none() && files.is_first_refused() {
            warn("what else ends badly is not written out, there are files enough");
        }
        next
    }

    /// Writes the recording; what comes meanwhile is taken in, as far as there is room.
    fn write(
        &mut self,
        tasks: &Receiver<RecorderTask>,
        path: &Path,
        why: &str,
        differing: Option<&DifferingPart>,
    ) -> io::Result<()> {
        let (archive, feed) = (&mut self.archive, &self.feed);
        let meanwhile = |stream: &mut ArchivedStream| {
            while !stream.is_crowded()
                && let Ok(task) = tasks.try_recv()
            {
                if let RecorderTask::Piece(piece) = task {
                    stream.take(piece, |bytes| give_back(feed, bytes));
                }
            }
        };
        let written = write_file(path, |out| archive.write(differing, why, out, meanwhile));
        if let Err(error) = &written {
            tracing::warn!(%error, path = %path.display(), "the recording is not written");
        }
        written
    }
}

fn give_back(feed: &Weak<TapeFeed>, bytes: Vec<u8>) {
    if let Some(feed) = feed.upgrade() {
        feed.give_back(bytes);
    }
}

fn warn(why: &str) {
    tracing::warn!("the recorder: {why}");
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
