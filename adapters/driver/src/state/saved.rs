//! What is in the folder.

use std::io;
use std::time::{Duration, SystemTime};

use headcount_core::ShardId;
use headcount_core::session::Session;

use super::bot_key::BotKey;
use super::disk::Disk;
use super::document::Document;
use super::layout::{RecordSlot, offset, session_file, shards_in};
use super::record::{RECORD_BYTES, Record, Recorded};
use super::rejection::Rejection;

/// A session as the folder has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedSession {
    /// The session and its guilds, as of the last event that was acknowledged.
    pub session: Session,
    /// When that was written, by the wall clock.
    pub written: SystemTime,
    /// A digest of the bot's id.
    pub bot: u64,
}

/// What is not used: what it is, and why not.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unused {
    pub(super) what: String,
    pub(super) why: Rejection,
}

/// What was found of one shard.
#[derive(Debug, Default)]
pub(super) struct SavedShard {
    /// The newest record that can be used, and where it is.
    pub(super) record: Option<(RecordSlot, Record)>,
    /// The session of that record.
    pub(super) session: Option<SavedSession>,
    /// The highest generation of any record.
    pub(super) generation: u64,
    /// The highest generation of any file with a session.
    pub(super) list: u64,
    pub(super) unused: Vec<Unused>,
}

impl SavedShard {
    /// Reads what there is of a shard; with a bot, only what is that bot's.
    pub(super) fn read(disk: &dyn Disk, bot: Option<BotKey>, number: u32) -> io::Result<Self> {
        let mut saved = Self::default();
        for (slot, record) in saved.records(disk, bot, number)? {
            let session = record.position.map(|at| session(disk, &record, &at));
            match session.transpose() {
                Ok(session) => {
                    saved.record = Some((slot, record));
                    saved.session = session;
                    break;
                }
                Err(why) => {
                    let what = format!("the session of shard {}", record.shard);
                    saved.unused.push(Unused { what, why });
                }
            }
        }
        Ok(saved)
    }

    /// The records that can be used, the newest first.
    fn records(
        &mut self,
        disk: &dyn Disk,
        bot: Option<BotKey>,
        number: u32,
    ) -> io::Result<Vec<(RecordSlot, Record)>> {
        let mut records = Vec::new();
        for slot in RecordSlot::ALL {
            let mut bytes = [0; RECORD_BYTES];
            disk.read_journal(offset(number, slot), &mut bytes)?;
            let why = match Record::decode(&bytes) {
                Ok(None) => continue,
                Ok(Some(record)) if record.shard.number() != number => Rejection::Torn,
                Ok(Some(record)) => {
                    self.generation = self.generation.max(record.generation);
                    let list = record.position.map(|position| position.list);
                    self.list = self.list.max(list.unwrap_or_default());
                    if bot.is_none_or(|bot| bot == record.bot) {
                        records.push((slot, record));
                        continue;
                    }
                    Rejection::OtherBot
                }
                Err(why) => why,
            };
            let what = format!("a record of shard {number}");
            self.unused.push(Unused { what, why });
        }
        records.sort_by_key(|(_, record)| std::cmp::Reverse(record.generation));
        Ok(records)
    }

    /// How far this shard's session is acknowledged, if it is a shard of as many.
    pub(super) fn position(&self, shard: ShardId) -> Option<Recorded> {
        let (_, record) = self.record.as_ref()?;
        record.position.filter(|_| record.shard == shard)
    }
}

/// The session that a record speaks of, as of its sequence.
fn session(disk: &dyn Disk, record: &Record, at: &Recorded) -> Result<SavedSession, Rejection> {
    let name = session_file(record.shard.number(), at.list);
    let bytes = disk.read(&name);
    let bytes = bytes.map_err(|error| Rejection::Unreadable(error.to_string()))?;
    let document = Document::<Session>::decode(&bytes.ok_or(Rejection::Mismatch)?)?;
    let session = document.content;
    let found = (
        document.bot,
        document.generation,
        session.shard(),
        session.digest(),
    );
    if found != (record.bot, at.list, record.shard, at.digest) {
        return Err(Rejection::Mismatch);
    }
    Ok(SavedSession {
        session: session.as_of(at.acknowledged),
        written: wall_time(record.written),
        bot: record.bot.bits(),
    })
}

/// Milliseconds since 1970 as a time; the first of 1970 if no calendar reaches that far.
pub(super) fn wall_time(millis: u64) -> SystemTime {
    let epoch = SystemTime::UNIX_EPOCH;
    epoch
        .checked_add(Duration::from_millis(millis))
        .unwrap_or(epoch)
}

/// Every session in the folder, in order of shard, and what is not used.
pub(super) fn read_all(
    disk: &dyn Disk,
    bot: Option<BotKey>,
) -> io::Result<(Vec<SavedSession>, Vec<Unused>)> {
    let (mut sessions, mut unused) = (Vec::new(), Vec::new());
    for number in 0..shards_in(disk.journal_length()?) {
        let saved = SavedShard::read(disk, bot, number)?;
        sessions.extend(saved.session);
        unused.extend(saved.unused);
    }
    Ok((sessions, unused))
}
