//! One shard's part of the journal.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use headcount_core::session::Session;
use headcount_core::{Instant, Position, ShardId};

use super::Durability;
use super::bot_key::BotKey;
use super::disk::{Disk, replace};
use super::document::Document;
use super::layout::{RecordSlot, offset, session_file};
use super::millis;
use super::record::{Record, Recorded};
use super::saved::SavedShard;
use super::trouble::Trouble;
use crate::metrics::{StateFailureCounters, StateWrite};

/// So many sequences may be acknowledged and not recorded.
const UNRECORDED_EVENTS: u64 = 256;
/// So long an acknowledgement may be not recorded.
const UNRECORDED_TIME: Duration = Duration::from_millis(5);
/// The guilds are written so often at most, and what failed is tried again after as long.
const PAUSE: Duration = Duration::from_secs(1);

/// Records how far one shard's session is acknowledged.
///
/// Every failure of the disk is reported as a warning, once until it is mended; nothing else comes
/// of it than that a kill repeats more events. Writes block the caller: a record takes some
/// microseconds, a file with guilds as long as the disk takes for two `fsync`.
pub(crate) struct ShardJournal {
    disk: Arc<dyn Disk>,
    bot: BotKey,
    shard: ShardId,
    durability: Durability,
    /// The latest time that was handed in.
    now: Instant,
    session: Option<RunningSession>,
    /// Where the next record goes, and its generation.
    slot: RecordSlot,
    generation: u64,
    /// The generation of the guild list that the newest record on the disk refers to: its file
    /// must stay.
    referred: Option<u64>,
    /// The highest generation of a guild list so far.
    list: u64,
    /// No record is tried before.
    record_after: Option<Instant>,
    /// No guild list is due before.
    list_after: Option<Instant>,
    record_trouble: Trouble,
    list_trouble: Trouble,
}

/// The session that runs.
struct RunningSession {
    digest: u64,
    acknowledged: u64,
    /// What of it is on the disk.
    recorded: u64,
    /// Since when something is not.
    unrecorded_since: Option<Instant>,
    /// The generation of its guild list; `None` if none was written.
    list: Option<u64>,
    /// Whether the guilds have changed since: until they are written, no record may pass that.
    guilds_changed: bool,
}

impl RunningSession {
    const fn new(digest: u64, acknowledged: u64, list: Option<u64>) -> Self {
        Self {
            digest,
            acknowledged,
            recorded: acknowledged,
            unrecorded_since: None,
            list,
            guilds_changed: list.is_none(),
        }
    }

    /// The guild list that goes with what is acknowledged; `None` if it is still to be written.
    fn current_list(&self) -> Option<u64> {
        self.list.filter(|_| !self.guilds_changed)
    }
}

impl ShardJournal {
    pub(super) fn new(
        (disk, bot, shard): (Arc<dyn Disk>, BotKey, ShardId),
        durability: Durability,
        saved: &SavedShard,
        failures: &Arc<StateFailureCounters>,
    ) -> Self {
        let live = |at: Recorded| RunningSession::new(at.digest, at.acknowledged, Some(at.list));
        let record = saved.record.as_ref();
        Self {
            disk,
            bot,
            shard,
            durability,
            now: Instant::ZERO,
            session: saved.position(shard).map(live),
            slot: record.map_or(RecordSlot::First, |(slot, _)| slot.other()),
            generation: saved.generation.saturating_add(1),
            referred: record.and_then(|(_, record)| Some(record.position?.list)),
            list: saved.list,
            record_after: None,
            list_after: None,
            record_trouble: Trouble::new(StateWrite::Record, failures),
            list_trouble: Trouble::new(StateWrite::Session, failures),
        }
    }

    /// Whether what was to be written last could not be.
    pub(crate) const fn is_failing(&self) -> bool {
        self.record_trouble.is_reported() || self.list_trouble.is_reported()
    }

    /// The digest of the session that it follows.
    pub(crate) fn session(&self) -> Option<u64> {
        self.session.as_ref().map(|live| live.digest)
    }

    /// Up to where the session is on the disk as acknowledged.
    pub(crate) fn recorded(&self) -> Option<Position> {
        let live = self.session.as_ref().filter(|live| live.list.is_some())?;
        Some(Position {
            shard: self.shard,
            session: live.digest,
            sequence: live.recorded,
        })
    }

    /// A session has begun. It is on the disk when this returns, in the place of the one before. If
    /// it cannot be written there is no session on the disk, until a later attempt succeeds.
    pub(crate) fn begin(&mut self, session: &Session, now: Instant) {
        self.guilds(session, now);
        let is_written = self
            .session
            .as_ref()
            .is_some_and(|live| live.list.is_some());
        if !is_written {
            self.record(None, true);
        }
    }

    /// Every event up to this sequence is acknowledged; a lower one than before changes nothing.
    /// Recorded at the latest 256 sequences or 5 milliseconds later, if [`advance`] is called at
    /// the [`deadline`].
    ///
    /// [`advance`]: Self::advance
    /// [`deadline`]: Self::deadline
    #[inline]
    pub(crate) fn acknowledged(&mut self, sequence: u64, now: Instant) {
        let Some(live) = &mut self.session else {
            return;
        };
        if sequence <= live.acknowledged {
            return;
        }
        self.now = now;
        live.acknowledged = sequence;
        let since = *live.unrecorded_since.get_or_insert(now);
        if sequence - live.recorded >= UNRECORDED_EVENTS || now.since(since) >= UNRECORDED_TIME {
            self.advance(now);
        }
    }

    /// Whether the journal should be given the acknowledged sequence, if it is this one: it is the
    /// first, enough has been acknowledged for a record, or the [`deadline`](Self::deadline) has
    /// passed.
    #[inline]
    pub(crate) fn is_behind(&self, sequence: u64, now: Instant) -> bool {
        let Some(live) = &self.session else {
            return false;
        };
        let is_first = live.unrecorded_since.is_none() && sequence > live.acknowledged;
        let can_record = !live.guilds_changed && self.record_after.is_none();
        let unrecorded = sequence.saturating_sub(live.recorded);
        is_first
            || (can_record && unrecorded >= UNRECORDED_EVENTS)
            || self.deadline().is_some_and(|due| due <= now)
    }

    /// The session's guilds are about to be others: call it before the event that changes them is
    /// acknowledged. Until [`guilds`](Self::guilds) has written them, records stay where they are,
    /// so that what is on the disk is of one moment.
    #[inline]
    pub(crate) fn guilds_changed(&mut self) {
        if let Some(live) = &mut self.session {
            live.guilds_changed = true;
        }
    }

    /// Whether the guilds are others than on the disk.
    pub(crate) fn has_changed_guilds(&self) -> bool {
        let session = self.session.as_ref();
        session.is_some_and(|live| live.guilds_changed)
    }

    /// Whether [`guilds`](Self::guilds) should be called: they have changed, and the last time was
    /// a second ago.
    pub(crate) fn wants_guilds(&self, now: Instant) -> bool {
        self.has_changed_guilds() && self.list_after.is_none_or(|after| after <= now)
    }

    /// The guilds of a session that is lost cannot be written any more.
    pub(crate) fn put_off_guilds(&mut self, now: Instant) {
        self.list_after = Some(now.after(PAUSE));
    }

    /// Writes a session and its guilds as of the last event acknowledged, whose sequence the
    /// session has, whether or not it is wanted. They are on the disk when this returns.
    pub(crate) fn guilds(&mut self, session: &Session, now: Instant) {
        self.now = now;
        self.list_after = Some(now.after(PAUSE));
        let digest = session.digest();
        let same = self.session.take().filter(|live| live.digest == digest);
        let mut live = same.unwrap_or(RunningSession::new(digest, session.sequence(), None));
        let generation = self.next_list();
        let stored = self.store(session, generation);
        let what = format_args!("the session of shard {}", self.shard);
        if self.list_trouble.note(&what, stored) {
            live.list = Some(generation);
            live.guilds_changed = false;
            let position = Recorded {
                digest,
                acknowledged: session.sequence(),
                list: generation,
            };
            if self.record(Some(position), true) {
                live.recorded = session.sequence();
            }
            live.acknowledged = live.acknowledged.max(session.sequence());
            live.unrecorded_since =
                (live.recorded != live.acknowledged || self.referred != live.list).then_some(now);
        }
        self.session = Some(live);
    }

    /// The generation of the next guild list: its file is not the one that is referred to.
    fn next_list(&mut self) -> u64 {
        let next = self.list.saturating_add(1);
        let is_needed = self.referred.is_some_and(|list| list % 2 == next % 2);
        self.list = next.saturating_add(u64::from(is_needed));
        self.list
    }

    fn store(&self, session: &Session, generation: u64) -> std::io::Result<()> {
        let document = Document {
            bot: self.bot,
            generation,
            content: session,
        };
        let name = session_file(self.shard.number(), generation);
        replace(&*self.disk, &name, &document.encode()?)
    }

    /// When [`advance`](Self::advance) has something to do, or guilds are wanted.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let live = self.session.as_ref()?;
        if live.current_list().is_none() {
            return Some(self.list_after.unwrap_or(Instant::ZERO));
        }
        let due = live.unrecorded_since?.after(UNRECORDED_TIME);
        Some(self.record_after.map_or(due, |after| after.max(due)))
    }

    /// Records what is acknowledged, unless that failed within the last second or waits for the
    /// guilds.
    pub(crate) fn advance(&mut self, now: Instant) {
        self.now = now;
        if self.record_after.is_none_or(|after| after <= now) {
            self.record_position(false);
        }
    }

    /// Records what is acknowledged, and has it on the disk when it returns. What waits for the
    /// guilds is left out: call [`guilds`](Self::guilds) instead if they have changed.
    pub(crate) fn flush(&mut self, now: Instant) {
        self.now = now;
        if !self.record_position(true) {
            let synced = self.disk.sync_journal();
            let what = format_args!("the record of shard {}", self.shard);
            self.record_trouble.note(&what, synced);
        }
    }

    /// The session has ended: there is nothing to resume.
    pub(crate) fn end(&mut self, now: Instant) {
        self.now = now;
        self.session = None;
        self.record(None, true);
    }

    /// Whether there was something to record.
    fn record_position(&mut self, sync: bool) -> bool {
        let Some(live) = &self.session else {
            return false;
        };
        let (Some(list), Some(_)) = (live.current_list(), live.unrecorded_since) else {
            return false;
        };
        let position = Recorded {
            digest: live.digest,
            acknowledged: live.acknowledged,
            list,
        };
        let is_recorded = self.record(Some(position), sync);
        if let Some(live) = self.session.as_mut().filter(|_| is_recorded) {
            live.recorded = position.acknowledged;
            live.unrecorded_since = None;
        }
        true
    }

    /// Writes the next record. Whether it is written; it may be so and not be synchronised.
    fn record(&mut self, position: Option<Recorded>, sync: bool) -> bool {
        let record = Record {
            bot: self.bot,
            shard: self.shard,
            generation: self.generation,
            written: millis(SystemTime::now()),
            position,
        };
        let place = offset(self.shard.number(), self.slot);
        let mut result = self.disk.write_journal(place, &record.encode());
        let is_written = result.is_ok();
        if is_written {
            self.slot = self.slot.other();
            self.generation = self.generation.saturating_add(1);
            self.referred = position.map(|position| position.list);
            if sync || self.durability == Durability::PowerLoss {
                result = self.disk.sync_journal();
            }
        }
        let what = format_args!("the record of shard {}", self.shard);
        self.record_trouble.note(&what, result);
        self.record_after = (!is_written).then(|| self.now.after(PAUSE));
        is_written
    }
}

/// What was acknowledged last is recorded, also when the bot is dropped.
impl Drop for ShardJournal {
    fn drop(&mut self) {
        self.record_position(false);
    }
}
