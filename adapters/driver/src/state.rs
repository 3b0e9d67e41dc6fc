#![doc = include_str!("state/format.md")]

mod bot_key;
mod cold_starts;
mod disk;
mod document;
mod heading;
mod identifies;
mod journal;
mod layout;
mod recent_times;
mod record;
mod rejection;
mod requests;
mod saved;
mod snapshot;
#[cfg(test)]
mod tests;
mod trouble;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use headcount_core::ShardId;
use serde::de::DeserializeOwned;

use crate::metrics::{StateFailureCounters, StateWrite};
use crate::{Error, ErrorKind};

pub(crate) use bot_key::BotKey;
pub(crate) use cold_starts::ColdStarts;
pub(crate) use identifies::{IdentifyLog, RecentIdentifies};
pub(crate) use journal::ShardJournal;
pub(crate) use requests::{RecentRequests, RequestLog};
pub use saved::SavedSession;
pub(crate) use snapshot::{FileHead, FoundSnapshots, RestoredStore, RowsWriter, SnapshotFiles};

use disk::{Disk, Folder, Unusable, replace};
use document::Document;
use layout::{COLD_STARTS, IDENTIFIES, JOURNAL, length_for};
use rejection::Rejection;
use saved::{SavedShard, Unused, read_all, wall_time};
use trouble::Trouble;

/// What an acknowledgement outlives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The end of the process, however it comes: the system keeps what was written. A session's
    /// beginning and its guilds outlive a loss of power too.
    #[default]
    Process,
    /// A loss of power: each record is synchronised with the disk, which takes its time.
    PowerLoss,
}

/// The folder in which a bot keeps what the next process needs. It is locked as long as it or a
/// [`ShardJournal`] of it is there.
pub(crate) struct StateFolder {
    disk: Arc<dyn Disk>,
    bot: BotKey,
    durability: Durability,
    /// Held while the journal grows.
    growth: Mutex<Trouble>,
    cold_starts: Mutex<Breaker>,
    /// Those of the processes before this one.
    identifies: RecentIdentifies,
    /// Whom they have asked for all members.
    requests: RecentRequests,
    failures: Arc<StateFailureCounters>,
}

/// The cold starts, and whether they can be written.
struct Breaker {
    starts: ColdStarts,
    trouble: Trouble,
}

impl StateFolder {
    /// Opens a folder, which is made if it is not there, and gives the sessions to resume, in
    /// order of shard. What does not fit is named in a warning and not used.
    ///
    /// # Errors
    /// [`ErrorKind::StateInUse`] if another process has it open, [`ErrorKind::State`] if it cannot
    /// be made, locked or read.
    pub(crate) fn open(
        path: &Path,
        bot: BotKey,
        durability: Durability,
    ) -> Result<(Self, Vec<SavedSession>), Error> {
        let disk = Folder::open(path).map_err(|why| match why {
            Unusable::InUse => {
                let detail = format!("another process uses the state in {}", path.display());
                Error::new(ErrorKind::StateInUse, detail)
            }
            Unusable::Io(error) => unusable(path, error),
        })?;
        Self::over(Arc::new(disk), bot, durability).map_err(|error| unusable(path, error))
    }

    fn over(
        disk: Arc<dyn Disk>,
        bot: BotKey,
        durability: Durability,
    ) -> io::Result<(Self, Vec<SavedSession>)> {
        let (sessions, mut unused) = read_all(&*disk, Some(bot))?;
        let starts = read(&*disk, COLD_STARTS, Some(bot), &mut unused);
        let identifies = read(&*disk, IDENTIFIES, Some(bot), &mut unused);
        let requests = RecentRequests::read_all(&*disk, Some(bot), &mut unused)?;
        warn_of(&unused);
        let failures = Arc::new(StateFailureCounters::default());
        let folder = Self {
            disk,
            bot,
            durability,
            growth: Mutex::new(Trouble::new(StateWrite::Room, &failures)),
            cold_starts: Mutex::new(Breaker {
                starts,
                trouble: Trouble::new(StateWrite::ColdStarts, &failures),
            }),
            identifies,
            requests,
            failures,
        };
        Ok((folder, sessions))
    }

    /// What could not be written so far.
    pub(crate) fn failures(&self) -> Arc<StateFailureCounters> {
        Arc::clone(&self.failures)
    }

    /// The journal of a shard, which goes on with what the folder has of that shard. A shard
    /// has one journal at a time.
    pub(crate) fn journal(&self, shard: ShardId) -> ShardJournal {
        self.grow(shard);
        let saved = SavedShard::read(&*self.disk, Some(self.bot), shard.number());
        let saved = saved.unwrap_or_else(|error| {
            tracing::warn!(%error, "the record of shard {shard} cannot be read");
            SavedShard::default()
        });
        let place = (Arc::clone(&self.disk), self.bot, shard);
        ShardJournal::new(place, self.durability, &saved, &self.failures)
    }

    /// The files with the rows.
    pub(crate) fn snapshots(&self) -> SnapshotFiles {
        SnapshotFiles::new(Arc::clone(&self.disk), self.bot, &self.failures)
    }

    /// The identifies of the processes before this one.
    pub(crate) const fn identifies(&self) -> &RecentIdentifies {
        &self.identifies
    }

    /// What writes down those of this process, which rests so long between two of a bucket.
    pub(crate) fn identify_log(&self, spacing: Duration) -> IdentifyLog {
        let place = (Arc::clone(&self.disk), self.bot);
        let trouble = Trouble::new(StateWrite::Identifies, &self.failures);
        IdentifyLog::new(place, spacing, self.identifies.clone(), trouble)
    }

    /// The guilds that the processes before this one have asked for all their members.
    pub(crate) const fn requests(&self) -> &RecentRequests {
        &self.requests
    }

    /// What writes down those that a shard asks, with so long between two requests for a guild. It
    /// goes on with what the folder has of the shard.
    pub(crate) fn request_log(&self, shard: ShardId, gate: Duration) -> RequestLog {
        let place = (Arc::clone(&self.disk), self.bot, shard);
        let (bot, number) = (Some(self.bot), shard.number());
        let found = RecentRequests::of_shard(&*self.disk, number, bot, &mut Vec::new());
        let trouble = Trouble::new(StateWrite::Requests, &self.failures);
        RequestLog::new(place, gate, found, trouble)
    }

    /// Has room for a shard in the journal now, so that a disk that fills up later does no harm.
    fn grow(&self, shard: ShardId) {
        let mut trouble = self.growth.lock().unwrap_or_else(PoisonError::into_inner);
        let needed = length_for(shard.number());
        let grown = self.disk.journal_length().and_then(|length| {
            let missing = needed.saturating_sub(length);
            if missing == 0 {
                return Ok(());
            }
            let zeros = vec![0; usize::try_from(missing).unwrap_or(0)];
            self.disk.write_journal(length, &zeros)
        });
        trouble.note(&format_args!("the file {JOURNAL}"), grown);
    }

    /// Counts a start of the bot without any session to resume, and says how long to wait before
    /// identifying: after three of them within a minute.
    pub(crate) fn cold_start(&self, now: SystemTime) -> Option<Duration> {
        let breaker = self.cold_starts.lock();
        let mut breaker = breaker.unwrap_or_else(PoisonError::into_inner);
        let wait = breaker.starts.count(millis(now));
        let document = Document {
            bot: self.bot,
            generation: 0,
            content: &breaker.starts,
        };
        let bytes = document.encode();
        let written = bytes.and_then(|bytes| replace(&*self.disk, COLD_STARTS, &bytes));
        let what = format_args!("the file {COLD_STARTS}");
        breaker.trouble.note(&what, written);
        wait
    }
}

fn unusable(path: &Path, error: io::Error) -> Error {
    let detail = format!("the state in {} cannot be used", path.display());
    Error::with_source(ErrorKind::State, detail, error)
}

/// Milliseconds since 1970.
pub(crate) fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

/// What one of the small files says; with a bot, only what is that bot's. One that says nothing is
/// as one that is not there.
fn read<T: Default + DeserializeOwned>(
    disk: &dyn Disk,
    name: &str,
    bot: Option<BotKey>,
    unused: &mut Vec<Unused>,
) -> T {
    let content = || {
        let bytes = disk.read(name);
        let Some(bytes) = bytes.map_err(|error| Rejection::Unreadable(error.to_string()))? else {
            return Ok(T::default());
        };
        let document = Document::decode(&bytes)?;
        if bot.is_some_and(|bot| bot != document.bot) {
            return Err(Rejection::OtherBot);
        }
        Ok(document.content)
    };
    content().unwrap_or_else(|why| {
        let what = format!("the file {name}");
        unused.push(Unused { what, why });
        T::default()
    })
}

/// One warning for each reason, however many shards it is about.
fn warn_of(unused: &[Unused]) {
    let mut reasons: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for Unused { what, why } in unused {
        reasons.entry(why.to_string()).or_default().push(what);
    }
    for (why, what) in reasons {
        let (first, others) = (what[0], what.len() - 1);
        tracing::warn!(others, "{first} in the state folder is not used: {why}");
    }
}

/// What a state folder holds, for people and tools. Reading needs no lock and changes nothing, so
/// it may be done while a bot runs.
#[derive(Clone, Debug)]
pub struct SavedState {
    /// The sessions that can be resumed, in order of shard.
    pub sessions: Vec<SavedSession>,
    /// When the bot started without a session, as far as it counts for the breaker of restart
    /// loops.
    pub cold_starts: Vec<SystemTime>,
    /// What is there and cannot be used, a line each.
    pub unused: Vec<String>,
}

impl SavedState {
    /// Reads a folder.
    ///
    /// # Errors
    /// [`ErrorKind::State`] if there is none with a journal, or it cannot be read.
    pub fn read(folder: impl AsRef<Path>) -> Result<Self, Error> {
        let path = folder.as_ref();
        let disk = Folder::look_at(path).map_err(|error| unusable(path, error))?;
        let (sessions, mut unused) =
            read_all(&disk, None).map_err(|error| unusable(path, error))?;
        let starts: ColdStarts = read(&disk, COLD_STARTS, None, &mut unused);
        let _: RecentIdentifies = read(&disk, IDENTIFIES, None, &mut unused);
        RecentRequests::read_all(&disk, None, &mut unused)
            .map_err(|error| unusable(path, error))?;
        let line = |Unused { what, why }| format!("{what}: {why}");
        Ok(Self {
            sessions,
            cold_starts: starts.recent.into_iter().map(wall_time).collect(),
            unused: unused.into_iter().map(line).collect(),
        })
    }
}
