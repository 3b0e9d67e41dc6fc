//! A disk in memory that fails where a test says, and that knows what a loss of power leaves.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::state::disk::Disk;
use crate::state::layout::JOURNAL;

/// How much of a write happens before it fails.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Nothing,
    OneByte,
    Half,
    AllButOneByte,
    All,
}

impl Part {
    pub(super) const ALL: [Self; 5] = [
        Self::Nothing,
        Self::OneByte,
        Self::Half,
        Self::AllButOneByte,
        Self::All,
    ];

    fn of(self, length: usize) -> usize {
        match self {
            Self::Nothing => 0,
            Self::OneByte => length.min(1),
            Self::Half => length / 2,
            Self::AllButOneByte => length.saturating_sub(1),
            Self::All => length,
        }
    }
}

/// What fails.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// The process is killed in the middle of this operation.
    Killed(usize, Part),
    /// This operation fails, and those behind it do not.
    Failed(usize, Part),
    /// From this operation on there is no room for anything new.
    Full(usize),
}

/// What is there when the machine is up again.
#[derive(Clone, Copy, Debug)]
pub(super) enum Restart {
    /// Everything that was written: the system went on.
    Process,
    /// What was synchronised, and nothing else.
    Synchronised,
    /// Every name, and of the content what was synchronised.
    Names,
    /// The synchronised names, and every content.
    Contents,
    /// One page of each two of the journal, and of the rest what was synchronised.
    OddPages,
    EvenPages,
}

impl Restart {
    pub(super) const POWER_LOSSES: [Self; 5] = [
        Self::Synchronised,
        Self::Names,
        Self::Contents,
        Self::OddPages,
        Self::EvenPages,
    ];
}

/// A file: what was written, and what of it is on the disk for sure.
#[derive(Clone, Default)]
struct Content {
    written: Vec<u8>,
    synchronised: Vec<u8>,
}

#[derive(Clone, Default)]
struct Files {
    contents: Vec<Content>,
    names: BTreeMap<String, usize>,
    synchronised_names: BTreeMap<String, usize>,
    operations: usize,
    fault: Option<Fault>,
    is_killed: bool,
}

/// The disk; its clones are one and the same.
#[derive(Clone, Default)]
pub(super) struct Faulty(Arc<Mutex<Files>>);

impl Faulty {
    /// A disk with an empty journal.
    pub(super) fn new() -> Self {
        let names = BTreeMap::from([(JOURNAL.to_owned(), 0)]);
        Self(Arc::new(Mutex::new(Files {
            contents: vec![Content::default()],
            synchronised_names: names.clone(),
            names,
            ..Files::default()
        })))
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.0.lock().unwrap()
    }

    pub(super) fn fail(&self, fault: Option<Fault>) {
        self.files().fault = fault;
    }

    /// How many operations changed it.
    pub(super) fn operations(&self) -> usize {
        self.files().operations
    }

    pub(super) fn is_killed(&self) -> bool {
        self.files().is_killed
    }

    /// Changes one byte of the journal.
    pub(super) fn damage(&self, at: usize) {
        self.files().contents[0].written[at] ^= 1;
    }

    /// What was written to a file.
    pub(super) fn content(&self, name: &str) -> Vec<u8> {
        let mut files = self.files();
        files.content(name).unwrap().written.clone()
    }

    /// Puts a file there, past all that is counted.
    pub(super) fn put(&self, name: &str, content: &[u8]) {
        self.files().content(name).unwrap().written = content.to_vec();
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.files().names.keys().cloned().collect()
    }

    /// The disk as the next process finds it.
    pub(super) fn restart(&self, how: Restart) -> Self {
        let mut files = self.files().clone();
        (files.fault, files.is_killed) = (None, false);
        if !matches!(how, Restart::Process | Restart::Names) {
            files.names = files.synchronised_names.clone();
        }
        for (at, content) in files.contents.iter_mut().enumerate() {
            let parity = match how {
                Restart::Process | Restart::Contents => continue,
                Restart::OddPages if at == 0 => 1,
                Restart::EvenPages if at == 0 => 0,
                _ => {
                    content.written = content.synchronised.clone();
                    continue;
                }
            };
            let length = content.written.len();
            content.synchronised.resize(length, 0);
            let Content {
                written,
                synchronised,
            } = content;
            let pages = written.chunks_mut(4096).zip(synchronised.chunks(4096));
            for (page, (written, synchronised)) in pages.enumerate() {
                if page % 2 != parity {
                    written.copy_from_slice(synchronised);
                }
            }
        }
        Self(Arc::new(Mutex::new(files)))
    }
}

impl Files {
    /// Counts an operation that changes `length` bytes, of which the last `new` need room. How much
    /// of it happens, and how it ends.
    fn operation(&mut self, length: usize, new: usize) -> (usize, io::Result<()>) {
        let at = self.operations;
        self.operations += 1;
        let failed = || Err(io::Error::other("injected"));
        match self.fault {
            _ if self.is_killed => (0, failed()),
            Some(Fault::Killed(when, part)) if when == at => {
                self.is_killed = true;
                (part.of(length), failed())
            }
            Some(Fault::Failed(when, part)) if when == at => (part.of(length), failed()),
            Some(Fault::Full(since)) if since <= at && new > 0 => {
                (length - new, Err(io::ErrorKind::StorageFull.into()))
            }
            Some(_) | None => (length, Ok(())),
        }
    }

    fn content(&mut self, name: &str) -> io::Result<&mut Content> {
        let at = self.names.get(name).copied();
        let at = at.ok_or(io::Error::from(io::ErrorKind::NotFound))?;
        Ok(&mut self.contents[at])
    }

    fn synchronise(&mut self, name: &str) -> io::Result<()> {
        let (done, result) = self.operation(1, 0);
        let content = self.content(name)?;
        if done == 1 {
            content.synchronised = content.written.clone();
        }
        result
    }
}

impl Disk for Faulty {
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(self
            .files()
            .content(name)
            .ok()
            .map(|content| content.written.clone()))
    }

    fn write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let mut files = self.files();
        let (done, result) = files.operation(content.len(), content.len());
        if files.is_killed && done == 0 {
            return result;
        }
        // What was there by that name is cut to nothing first, which may be lost as well.
        let at = files.contents.len();
        files.contents.push(Content {
            written: content[..done].to_vec(),
            synchronised: Vec::new(),
        });
        files.names.insert(name.to_owned(), at);
        result
    }

    fn read_part(&self, name: &str, offset: u64, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let mut files = self.files();
        let Ok(content) = files.content(name) else {
            return Ok(None);
        };
        let written = &content.written;
        let from = usize::try_from(offset).unwrap().min(written.len());
        let length = (written.len() - from).min(buffer.len());
        buffer[..length].copy_from_slice(&written[from..][..length]);
        Ok(Some(length))
    }

    fn append(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let mut files = self.files();
        let (done, result) = files.operation(content.len(), content.len());
        files
            .content(name)?
            .written
            .extend_from_slice(&content[..done]);
        result
    }

    fn sync(&self, name: &str) -> io::Result<()> {
        self.files().synchronise(name)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut files = self.files();
        let (done, result) = files.operation(1, 0);
        if done == 1 {
            files.names.remove(name);
        }
        result
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut files = self.files();
        let (done, result) = files.operation(1, 0);
        if done == 1 {
            let content = files.names.remove(from);
            let content = content.ok_or(io::Error::from(io::ErrorKind::NotFound))?;
            files.names.insert(to.to_owned(), content);
        }
        result
    }

    fn sync_names(&self) -> io::Result<()> {
        let mut files = self.files();
        let (done, result) = files.operation(1, 0);
        if done == 1 {
            files.synchronised_names = files.names.clone();
        }
        result
    }

    fn journal_length(&self) -> io::Result<u64> {
        Ok(self.files().content(JOURNAL)?.written.len() as u64)
    }

    fn read_journal(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let mut files = self.files();
        let written = &files.content(JOURNAL)?.written;
        let from = usize::try_from(offset).unwrap().min(written.len());
        let rest = &written[from..];
        let length = rest.len().min(buffer.len());
        buffer.fill(0);
        buffer[..length].copy_from_slice(&rest[..length]);
        Ok(())
    }

    fn write_journal(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut files = self.files();
        let from = usize::try_from(offset).unwrap();
        let length = files.content(JOURNAL)?.written.len();
        let new = (from + bytes.len()).saturating_sub(length).min(bytes.len());
        let (done, result) = files.operation(bytes.len(), new);
        let written = &mut files.content(JOURNAL)?.written;
        if done > 0 {
            written.resize(length.max(from + done), 0);
            written[from..from + done].copy_from_slice(&bytes[..done]);
        }
        result
    }

    fn sync_journal(&self) -> io::Result<()> {
        self.files().synchronise(JOURNAL)
    }
}
