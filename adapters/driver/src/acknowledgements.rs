//! Which events of a shard are dealt with, so that the next process need not get them again.

mod unfinished;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use headcount_core::event::Gap;
use headcount_core::{Event, Instant, Position, Session};

use unfinished::{Open, UnfinishedSessions};

/// When an event counts as dealt with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Acknowledgement {
    /// When the next one is asked for, and the last one at [`Bot::shutdown`](crate::Bot::shutdown).
    /// The default; right for a loop that handles one event after the other. A loop that spawns a
    /// task for each, and stream combinators that read ahead, want [`Explicit`](Self::Explicit).
    #[default]
    OnNext,
    /// When [`Mark::done`] says so, from any task and in any order. Every event has a mark, not
    /// dispatches alone: one that is dropped leaves its event not dealt with, so that it and all
    /// that comes after it come again after a restart, and holds some bytes until the session ends.
    Explicit,
    /// When it is received, so that what waits at the end of the process is lost: at most once.
    OnReceipt,
}

/// Of so many dispatches of a shard, beyond those that wait for the consumer, something may be
/// not dealt with. More are given up.
pub(crate) const OUTSTANDING: usize = 65_536;

/// A shard's events that are under way.
///
/// The shard's loop alone moves on and opens; events are dealt with by any task. What the loop asks
/// for with every payload it finds without the lock.
#[derive(Debug)]
pub(crate) struct Acknowledgements {
    sessions: Mutex<UnfinishedSessions>,
    /// Which session is the last one. As the next two, it is of meaning once there is one.
    session: AtomicU64,
    /// The sequence that the shard is at.
    at: AtomicU64,
    /// All that follows from sequences up to this one has its mark.
    settled: AtomicU64,
    /// What is up to this sequence never comes again.
    passed: AtomicU64,
    /// What of that the sessions know.
    forgotten: AtomicU64,
    /// The lowest sequence of the last session on which something hangs; [`NOTHING_OPEN`] if none.
    first_open: AtomicU64,
    /// How often the gaps have changed that the next process has to report.
    gap_changes: AtomicU64,
    /// When it was last looked at how long nothing is dealt with, in milliseconds.
    noted: AtomicU64,
    /// Wakes the shard's loop.
    bell: Arc<AtomicWaker>,
    /// Whether the next event that is dealt with rings the bell.
    rings: AtomicBool,
    /// Of how many dispatches something may be not dealt with.
    limit: usize,
    /// Counts how often all began anew.
    age: AtomicU32,
}

/// No sequence is as high.
const NOTHING_OPEN: u64 = u64::MAX;

/// So many sequences that never come again are forgotten at a time.
const FORGET: u64 = 64;

/// So often it is looked at how long nothing is dealt with.
const NOTE: Duration = Duration::from_secs(1);

/// The sessions behind their lock, up to where the loop has come. What changes in them is seen
/// without the lock once this is dropped.
struct Locked<'a> {
    sessions: MutexGuard<'a, UnfinishedSessions>,
    all: &'a Acknowledgements,
}

impl Locked<'_> {
    /// Forgets of what is dealt with as much as never comes again.
    fn forget(&mut self) {
        let passed = self.all.passed.load(Ordering::Acquire);
        self.all.forgotten.store(passed, Ordering::Relaxed);
        if let Some(open) = &mut self.sessions.last {
            open.positions.forget(passed);
        }
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        let last = self.sessions.last.as_ref();
        let first = last.and_then(|open| open.positions.first_open());
        let first = first.unwrap_or(NOTHING_OPEN);
        self.all.first_open.store(first, Ordering::Release);
        let changes = self.sessions.gap_changes;
        self.all.gap_changes.store(changes, Ordering::Release);
    }
}

impl Acknowledgements {
    /// `limit` is of how many dispatches something may be not dealt with.
    pub(crate) fn new(bell: Arc<AtomicWaker>, limit: usize) -> Self {
        Self {
            sessions: Mutex::default(),
            session: AtomicU64::new(0),
            at: AtomicU64::new(0),
            settled: AtomicU64::new(0),
            passed: AtomicU64::new(0),
            forgotten: AtomicU64::new(0),
            first_open: AtomicU64::new(NOTHING_OPEN),
            gap_changes: AtomicU64::new(0),
            noted: AtomicU64::new(0),
            bell,
            rings: AtomicBool::new(false),
            limit,
            age: AtomicU32::new(0),
        }
    }

    /// Forgets all that is under way: another process may have gone on with the session since, and
    /// what was taken here before is no matter of the next loop.
    pub(crate) fn begin_anew(&self) {
        let mut locked = self.lock();
        locked.sessions.forget();
        self.session.store(0, Ordering::Release);
        self.age.fetch_add(1, Ordering::AcqRel);
    }

    /// Wakes the loop when the next event is dealt with. What was before this call is seen after
    /// it.
    pub(crate) fn ring_at_next(&self) {
        self.rings.swap(true, Ordering::AcqRel);
    }

    fn lock(&self) -> Locked<'_> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = &mut sessions.last {
            open.at.sequence = self.at.load(Ordering::Acquire);
            open.positions.reach(self.settled.load(Ordering::Acquire));
        }
        Locked {
            sessions,
            all: self,
        }
    }

    /// What is emitted from here on follows from this position, and what is up to `passed` never
    /// comes again. Called by the shard's loop alone.
    pub(crate) fn move_to(&self, at: Position, passed: u64) {
        if !self.is_in(at.session) {
            self.begin(at);
        }
        self.at.store(at.sequence, Ordering::Release);
        if self.passed.load(Ordering::Relaxed) < passed {
            self.passed.store(passed, Ordering::Release);
            if passed.saturating_sub(self.forgotten.load(Ordering::Relaxed)) >= FORGET {
                self.lock().forget();
            }
        }
    }

    /// Whether this is the last session, for the shard's loop.
    fn is_in(&self, session: u64) -> bool {
        // Zero may stand for none.
        self.session.load(Ordering::Acquire) == session && session != 0
    }

    fn begin(&self, at: Position) {
        let mut locked = self.lock();
        let is_other = |open: &Open| open.at.session != at.session;
        if locked.sessions.last.as_ref().is_none_or(is_other) {
            self.settled.store(at.sequence, Ordering::Release);
            self.at.store(at.sequence, Ordering::Release);
            self.passed.store(0, Ordering::Release);
            self.forgotten.store(0, Ordering::Relaxed);
            locked.sessions.begin(Open::new(at, self.limit));
            self.session.store(at.session, Ordering::Release);
        }
    }

    /// All that follows from where the shard is has its mark. Called by its loop alone.
    pub(crate) fn settle(&self, now: Instant) {
        let at = self.at.load(Ordering::Relaxed);
        if self.settled.load(Ordering::Relaxed) < at {
            self.settled.store(at, Ordering::Release);
        }
        let noted = Instant::from_millis(self.noted.load(Ordering::Relaxed));
        if now.since(noted) >= NOTE {
            self.noted.store(now.as_millis(), Ordering::Relaxed);
            if let Some(open) = &mut self.lock().sessions.last {
                open.standstill.note(now, &open.positions);
            }
        }
    }

    /// Up to where everything of this session is dealt with, if it is the last one; at once, for
    /// its loop.
    pub(crate) fn acknowledged_in(&self, session: u64) -> Option<u64> {
        if !self.is_in(session) {
            return None;
        }
        let first = self.first_open.load(Ordering::Acquire);
        let settled = self.settled.load(Ordering::Acquire);
        Some(settled.min(first.saturating_sub(1)))
    }

    /// An event is under way.
    pub(crate) fn mark(self: &Arc<Self>, event: &Event<'_>) -> Option<Mark> {
        match event {
            Event::Dispatch(it) => self.open(HangsOn::Itself, it.sequence()),
            Event::ShardFinishedChunking(_)
            | Event::ShardReady(_)
            | Event::FinishedChunking(_)
            | Event::BotReady(_) => self.open(HangsOn::Nothing, None),
            Event::Gap(gap) => self.open_gap(*gap),
            _ => self.open(HangsOn::Dispatch, None),
        }
    }

    /// Without a sequence it is that of the last dispatch.
    fn open(self: &Arc<Self>, hangs_on: HangsOn, sequence: Option<u64>) -> Option<Mark> {
        let mut locked = self.lock();
        let sessions = &mut *locked.sessions;
        let open = sessions.last.as_mut()?;
        let sequence = sequence.unwrap_or(open.at.sequence);
        if sequence > open.at.sequence {
            // It was held in a session that this one took the place of.
            return None;
        }
        let position = Position {
            sequence,
            ..open.at
        };
        if hangs_on != HangsOn::Nothing {
            let given_up = open.positions.given_up();
            open.positions.open(sequence);
            if open.positions.given_up() != given_up {
                sessions.gap_changes = sessions.gap_changes.wrapping_add(1);
                let limit = self.limit;
                tracing::warn!(
                    limit,
                    "too many events are not acknowledged: the oldest do not come again"
                );
            }
        }
        Some(self.new_mark(position, hangs_on))
    }

    fn new_mark(self: &Arc<Self>, position: Position, hangs_on: HangsOn) -> Mark {
        Mark {
            position,
            hangs_on,
            age: self.age.load(Ordering::Acquire),
            all: Arc::clone(self),
        }
    }

    /// A gap after the last session is the end of that; any other is one that an earlier process
    /// handed on.
    fn open_gap(self: &Arc<Self>, gap: Gap) -> Option<Mark> {
        let mut locked = self.lock();
        let open = locked.sessions.last.as_mut()?;
        let ends = gap.to.is_none() && gap.from.session == open.at.session;
        if !ends {
            let number = open.add_gap(gap);
            let at = open.at;
            return Some(self.new_mark(at, HangsOn::Gap(number)));
        }
        drop(locked);
        self.open(HangsOn::Dispatch, None)
    }

    /// Everything of the last session up to this position is dealt with.
    pub(crate) fn acknowledged(&self) -> Option<Position> {
        self.lock().sessions.last.as_ref().map(Open::acknowledged)
    }

    /// As [`acknowledged`](Self::acknowledged), if something of that session is not dealt with.
    pub(crate) fn unfinished(&self) -> Option<Position> {
        let locked = self.lock();
        let last = locked.sessions.last.as_ref();
        last.filter(|open| open.is_unfinished())
            .map(Open::acknowledged)
    }

    /// Of how many dispatches something is not dealt with.
    pub(crate) fn outstanding(&self) -> usize {
        self.lock().sessions.outstanding()
    }

    /// Counts how often the gaps have changed that the next process has to report.
    pub(crate) fn gap_changes(&self) -> u64 {
        self.gap_changes.load(Ordering::Acquire)
    }

    /// The session as of what is acknowledged, without the dispatches that are dealt with, and with
    /// what the consumer has to hear of.
    pub(crate) fn to_hand_over(&self, session: Session) -> Session {
        let mut locked = self.lock();
        locked.forget();
        let sessions = &locked.sessions;
        match &sessions.last {
            Some(open) if open.at.session == session.digest() => session
                .with_delivered(open.positions.delivered())
                .with_gaps(sessions.gaps()),
            Some(_) | None => session,
        }
    }

    fn close(&self, position: Position, hangs_on: HangsOn, age: u32) {
        let mut locked = self.lock();
        if age == self.age.load(Ordering::Acquire) {
            locked.sessions.close(position, hangs_on);
        }
        drop(locked);
        if self.rings.swap(false, Ordering::AcqRel) {
            self.bell.wake();
        }
    }
}

/// What has to be replayed for an event to come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HangsOn {
    /// It is a dispatch.
    Itself,
    /// It follows from a dispatch.
    Dispatch,
    /// Every process emits it anew.
    Nothing,
    /// An earlier process has handed it on.
    Gap(u16),
}

/// Says of one event that it is dealt with. Until then, and if this is dropped before, the event
/// comes again after a restart.
#[must_use = "an event whose mark is dropped comes again after a restart"]
pub struct Mark {
    position: Position,
    hangs_on: HangsOn,
    age: u32,
    all: Arc<Acknowledgements>,
}

impl Mark {
    /// Where the event stands in its shard's stream.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// The event is dealt with: it does not come again.
    pub fn done(self) {
        self.all.close(self.position, self.hangs_on, self.age);
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mark").field(&self.position).finish()
    }
}

#[cfg(test)]
mod tests;
