//! The files with the rows of the cache in memory: two generations, which take turns, and beside
//! the last of a process the same in a form that other versions read too.

mod body;
mod head;

use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use headcount_core::cache::MemoryStore;
use headcount_core::cache::memory::snapshot::{SnapshotError, SnapshotReader};

use super::bot_key::BotKey;
use super::disk::Disk;
use super::layout::{PORTABLE_SNAPSHOT, snapshot_file, unfinished};
use super::millis;
use super::rejection::Rejection;
use super::saved::Unused;
use super::trouble::Trouble;
use crate::metrics::{StateFailureCounters, StateWrite};

pub(crate) use body::RowsWriter;
pub(crate) use head::FileHead;

use head::{HEAD_BYTES, StoredFileHead};

/// So much is written or read at a time.
const PART: usize = 1 << 20;

/// The snapshots of a state folder.
pub(crate) struct SnapshotFiles {
    disk: Arc<dyn Disk>,
    bot: BotKey,
    /// The highest generation that is whole.
    generation: u64,
    /// Whether the portable file may be there.
    has_portable: bool,
    trouble: Trouble,
}

/// What an earlier process left of its cache.
pub(crate) struct RestoredStore {
    pub(crate) store: MemoryStore,
    pub(crate) head: FileHead,
}

/// What was found of the snapshots.
#[derive(Default)]
pub(crate) struct FoundSnapshots {
    /// The newest that can be used.
    pub(crate) restored: Option<RestoredStore>,
    /// Each that is there, with its generation.
    pub(crate) heads: Vec<(u64, FileHead)>,
}

impl SnapshotFiles {
    pub(super) fn new(
        disk: Arc<dyn Disk>,
        bot: BotKey,
        failures: &Arc<StateFailureCounters>,
    ) -> Self {
        Self {
            disk,
            bot,
            generation: 0,
            has_portable: true,
            trouble: Trouble::new(StateWrite::Snapshot, failures),
        }
    }

    /// The generation of the next snapshot.
    pub(crate) const fn next(&self) -> u64 {
        self.generation.saturating_add(1)
    }

    /// Takes all snapshots away: no process goes on from them.
    pub(crate) fn remove(&mut self) {
        let removed = names().try_for_each(|name| self.disk.remove(&name));
        let removed = removed.and_then(|()| self.disk.sync_names());
        self.trouble.note(&"the snapshot", removed);
    }

    /// Looks for snapshots, and with an empty store to fill reads the newest that is whole: of the
    /// same one the packed form before the portable one. What is not used is named in a warning,
    /// but for a portable one that is older than another.
    pub(crate) fn find(&mut self, empty: Option<&dyn Fn() -> MemoryStore>) -> FoundSnapshots {
        let mut found = FoundSnapshots::default();
        let mut unused = Vec::new();
        for name in names() {
            // What a process left that was killed while it wrote.
            let _ = self.disk.remove(&unfinished(&name));
        }
        for (name, head, body) in self.heads(&mut unused) {
            let generation = head.generation;
            self.generation = self.generation.max(generation);
            found.heads.push((generation, head.content.clone()));
            let Some(empty) = empty.filter(|_| found.restored.is_none()) else {
                continue;
            };
            match self.read(&name, body, empty()) {
                Ok(store) => {
                    let head = head.content;
                    found.restored = Some(RestoredStore { store, head });
                }
                Err(why) => unused.push(Unused { what: name, why }),
            }
        }
        super::warn_of(&unused);
        found
    }

    /// The snapshots that are this bot's, the newest first, each with its length up to the body.
    fn heads(&self, unused: &mut Vec<Unused>) -> Vec<(String, StoredFileHead, u64)> {
        let mut heads = Vec::new();
        for name in names() {
            let head = self.head(&name);
            match head {
                Ok(Some((head, body))) => heads.push((name, head, body)),
                Ok(None) => {}
                Err(why) => {
                    let what = format!("the file {name}");
                    unused.push(Unused { what, why });
                }
            }
        }
        let newest = heads.iter().map(|(_, head, _)| head.generation).max();
        heads
            .retain(|(name, head, _)| name != PORTABLE_SNAPSHOT || Some(head.generation) == newest);
        // The portable one was the last, and stays so among equals.
        heads.sort_by_key(|(_, head, _)| std::cmp::Reverse(head.generation));
        heads
    }

    fn head(&self, name: &str) -> Result<Option<(StoredFileHead, u64)>, Rejection> {
        let mut bytes = vec![0; HEAD_BYTES];
        let Some(read) = self.fill(name, 0, &mut bytes)? else {
            return Ok(None);
        };
        let (head, length) = StoredFileHead::decode(&bytes[..read])?;
        match head.bot == self.bot {
            true => Ok(Some((head, length as u64))),
            false => Err(Rejection::OtherBot),
        }
    }

    fn read(&self, name: &str, body: u64, empty: MemoryStore) -> Result<MemoryStore, Rejection> {
        let mut reader = SnapshotReader::new(empty).at(millis(SystemTime::now()));
        let (mut part, mut at) = (vec![0; PART], body);
        loop {
            let read = self.fill(name, at, &mut part)?.unwrap_or(0);
            if read == 0 {
                let (store, _) = reader.finish().map_err(refused)?;
                return Ok(store);
            }
            reader.push(&part[..read]).map_err(refused)?;
            at += read as u64;
        }
    }

    /// Fills the buffer from a file as far as that goes; `None` if there is no such file.
    fn fill(&self, name: &str, at: u64, buffer: &mut [u8]) -> Result<Option<usize>, Rejection> {
        let unreadable = |error: io::Error| Rejection::Unreadable(error.to_string());
        self.disk.read_part(name, at, buffer).map_err(unreadable)
    }

    /// Writes the next snapshot in the place of the older one of two; `body` appends its next piece
    /// and says whether there are more. Its length if it is on the disk; a failure is a warning.
    pub(crate) fn write(
        &mut self,
        head: FileHead,
        body: impl FnMut(&mut Vec<u8>) -> bool,
    ) -> Option<u64> {
        let generation = self.next();
        let name = snapshot_file(generation);
        let written = self.try_write(&name, generation, head, body);
        let length = written.as_ref().ok().copied();
        self.trouble.note(&"the snapshot", written.map(drop));
        if length.is_some() {
            self.generation = generation;
            // One that stays is older from now on, and not used.
            self.has_portable = self.has_portable && self.disk.remove(PORTABLE_SNAPSHOT).is_err();
        }
        length
    }

    /// Writes the portable form of the last snapshot beside it; `body` is as for
    /// [`write`](Self::write). A failure is a warning.
    pub(crate) fn write_portable(
        &mut self,
        head: FileHead,
        body: impl FnMut(&mut Vec<u8>) -> bool,
    ) {
        self.has_portable = true;
        let written = self.try_write(PORTABLE_SNAPSHOT, self.generation, head, body);
        let what = "the portable snapshot";
        self.trouble.note(&what, written.map(drop));
    }

    fn try_write(
        &self,
        name: &str,
        generation: u64,
        head: FileHead,
        mut body: impl FnMut(&mut Vec<u8>) -> bool,
    ) -> io::Result<u64> {
        let new = unfinished(name);
        let written = self.write_new(&new, generation, head, &mut body);
        let renamed = written.and_then(|length| {
            self.disk.rename(&new, name)?;
            self.disk.sync_names()?;
            Ok(length)
        });
        if renamed.is_err() {
            // Lest it take the room that others need.
            let _ = self.disk.remove(&new);
        }
        renamed
    }

    fn write_new(
        &self,
        new: &str,
        generation: u64,
        head: FileHead,
        body: &mut impl FnMut(&mut Vec<u8>) -> bool,
    ) -> io::Result<u64> {
        let head = StoredFileHead {
            bot: self.bot,
            generation,
            content: head,
        };
        let mut bytes = head.encode()?;
        self.disk.write(new, &[])?;
        let mut length = 0;
        loop {
            let goes_on = body(&mut bytes);
            if bytes.len() >= PART || !goes_on {
                self.disk.append(new, &bytes)?;
                length += bytes.len() as u64;
                bytes.clear();
            }
            if !goes_on {
                break;
            }
        }
        self.disk.sync(new)?;
        Ok(length)
    }
}

/// The files, the portable one last.
fn names() -> impl Iterator<Item = String> {
    let packed = [0, 1].map(snapshot_file);
    packed.into_iter().chain([PORTABLE_SNAPSHOT.to_owned()])
}

fn refused(error: SnapshotError) -> Rejection {
    match error {
        SnapshotError::Truncated | SnapshotError::Damaged(_) => Rejection::Torn,
        other => Rejection::Content(other.to_string()),
    }
}
