//! Which events of a shard are dealt with, so that the next process need not get them again.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::task::AtomicWaker;
use headcount_core::{Event, Position, Positions, Session};

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

/// A shard's events that are under way.
#[derive(Debug, Default)]
pub(crate) struct Acknowledgements {
    open: Mutex<Option<Open>>,
    /// Wakes the shard's loop.
    bell: Arc<AtomicWaker>,
    /// Whether the next event that is dealt with rings the bell.
    rings: AtomicBool,
}

#[derive(Debug)]
struct Open {
    /// The last position, as received.
    at: Position,
    positions: Positions,
}

impl Acknowledgements {
    pub(crate) fn new(bell: Arc<AtomicWaker>) -> Self {
        Self {
            bell,
            ..Self::default()
        }
    }

    /// Wakes the loop when the next event is dealt with.
    pub(crate) fn ring_at_next(&self) {
        self.rings.store(true, Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is emitted from here on follows from this position, and what is up to `acknowledged`
    /// never comes again.
    pub(crate) fn move_to(&self, at: Position, acknowledged: u64) {
        let mut open = self.lock();
        match &mut *open {
            Some(open) if open.at.session == at.session => {
                open.at = at;
                open.positions.forget(acknowledged);
            }
            Some(_) | None => {
                let positions = Positions::new(at.sequence);
                *open = Some(Open { at, positions });
            }
        }
    }

    /// All that follows from where the shard is has its mark.
    pub(crate) fn settle(&self) {
        if let Some(Open { at, positions }) = &mut *self.lock() {
            positions.reach(at.sequence);
        }
    }

    /// An event is under way.
    pub(crate) fn mark(self: &Arc<Self>, event: &Event<'_>) -> Option<Mark> {
        match event {
            Event::Dispatch(it) => self.open(HangsOn::Itself, it.sequence()),
            Event::ShardFinishedChunking(_)
            | Event::ShardReady(_)
            | Event::FinishedChunking(_)
            | Event::BotReady(_) => self.open(HangsOn::Nothing, None),
            _ => self.open(HangsOn::Dispatch, None),
        }
    }

    /// Without a sequence it is that of the last dispatch.
    fn open(self: &Arc<Self>, hangs_on: HangsOn, sequence: Option<u64>) -> Option<Mark> {
        let mut open = self.lock();
        let Open { at, positions } = open.as_mut()?;
        let sequence = sequence.unwrap_or(at.sequence);
        let position = Position { sequence, ..*at };
        if hangs_on != HangsOn::Nothing {
            positions.open(sequence);
        }
        Some(Mark {
            position,
            hangs_on,
            all: Arc::clone(self),
        })
    }

    /// Everything up to this position is dealt with.
    pub(crate) fn acknowledged(&self) -> Option<Position> {
        self.lock().as_ref().map(|open| Position {
            sequence: open.positions.acknowledged(),
            ..open.at
        })
    }

    /// The session as of what is acknowledged, without the dispatches that are dealt with.
    pub(crate) fn with_delivered(&self, session: Session) -> Session {
        match &*self.lock() {
            Some(open) if open.at.session == session.digest() => {
                session.with_delivered(open.positions.delivered())
            }
            Some(_) | None => session,
        }
    }

    fn close(&self, position: Position, hangs_on: HangsOn) {
        if let Some(open) = &mut *self.lock()
            && open.at.session == position.session
        {
            match hangs_on {
                HangsOn::Itself => open.positions.close_dispatch(position.sequence),
                HangsOn::Dispatch => open.positions.close(position.sequence),
                HangsOn::Nothing => {}
            }
        }
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
}

/// Says of one event that it is dealt with. Until then, and if this is dropped before, the event
/// comes again after a restart.
#[must_use = "an event whose mark is dropped comes again after a restart"]
pub struct Mark {
    position: Position,
    hangs_on: HangsOn,
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
        self.all.close(self.position, self.hangs_on);
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mark").field(&self.position).finish()
    }
}

#[cfg(test)]
mod tests {
    use headcount_core::ShardId;

    use super::*;

    fn at(session: u64, sequence: u64) -> Position {
        Position {
            shard: ShardId::ONE,
            session,
            sequence,
        }
    }

    #[test]
    fn events_count_once_all_before_them_do() {
        let all = Arc::new(Acknowledgements::default());
        assert!(
            all.open(HangsOn::Itself, None).is_none(),
            "without a session nothing comes again"
        );
        all.move_to(at(1, 5), 0);
        let first = all.open(HangsOn::Itself, Some(5)).unwrap();
        let follows = all.open(HangsOn::Dispatch, None).unwrap();
        all.move_to(at(1, 6), 0);
        let second = all.open(HangsOn::Itself, Some(6)).unwrap();
        second.done();
        first.done();
        all.settle();
        assert_eq!(all.acknowledged(), Some(at(1, 4)));
        follows.done();
        assert_eq!(all.acknowledged(), Some(at(1, 6)));
    }

    #[test]
    fn what_every_process_emits_anew_holds_up_nothing() {
        let all = Arc::new(Acknowledgements::default());
        all.move_to(at(1, 5), 0);
        let dispatch = all.open(HangsOn::Itself, Some(5)).unwrap();
        let summary = all.open(HangsOn::Nothing, None).unwrap();
        assert_eq!(summary.position(), at(1, 5));
        dispatch.done();
        assert_eq!(all.acknowledged(), Some(at(1, 5)));
        summary.done();
        assert_eq!(all.acknowledged(), Some(at(1, 5)));
    }

    #[test]
    fn what_leads_to_no_event_is_passed_once_nothing_more_can_come_of_it() {
        let all = Arc::new(Acknowledgements::default());
        all.move_to(at(1, 5), 0);
        all.move_to(at(1, 6), 0);
        assert_eq!(all.acknowledged(), Some(at(1, 5)));
        all.settle();
        assert_eq!(all.acknowledged(), Some(at(1, 6)));
    }

    #[test]
    fn a_mark_that_is_dropped_leaves_its_event_open() {
        let all = Arc::new(Acknowledgements::default());
        all.move_to(at(1, 5), 0);
        drop(all.open(HangsOn::Dispatch, None));
        assert_eq!(all.acknowledged(), Some(at(1, 4)));
    }

    #[test]
    fn events_of_a_session_that_is_gone_hold_up_no_other() {
        let all = Arc::new(Acknowledgements::default());
        all.move_to(at(1, 500), 0);
        let old = all.open(HangsOn::Dispatch, None).unwrap();
        all.move_to(at(2, 1), 0);
        assert_eq!(all.acknowledged(), Some(at(2, 1)));
        let _new = all.open(HangsOn::Itself, Some(1));
        old.done();
        assert_eq!(all.acknowledged(), Some(at(2, 0)));
    }
}
