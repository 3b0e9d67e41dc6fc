//! Which events of a shard are dealt with, so that the next process need not get them again.

mod unfinished;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::task::AtomicWaker;
use headcount_core::event::Gap;
use headcount_core::{Event, Instant, Position, Session};

use unfinished::{Open, Sessions};

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
#[derive(Debug, Default)]
pub(crate) struct Acknowledgements {
    sessions: Mutex<Sessions>,
    /// Wakes the shard's loop.
    bell: Arc<AtomicWaker>,
    /// Whether the next event that is dealt with rings the bell.
    rings: AtomicBool,
    /// Of how many dispatches something may be not dealt with.
    limit: usize,
}

impl Acknowledgements {
    /// `limit` is of how many dispatches something may be not dealt with.
    pub(crate) fn new(bell: Arc<AtomicWaker>, limit: usize) -> Self {
        Self {
            bell,
            limit,
            ..Self::default()
        }
    }

    /// Wakes the loop when the next event is dealt with.
    pub(crate) fn ring_at_next(&self) {
        self.rings.store(true, Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is emitted from here on follows from this position, and what is up to `acknowledged`
    /// never comes again.
    pub(crate) fn move_to(&self, at: Position, acknowledged: u64) {
        let mut sessions = self.lock();
        match &mut sessions.last {
            Some(open) if open.at.session == at.session => {
                open.at = at;
                open.positions.forget(acknowledged);
            }
            Some(_) | None => sessions.begin(Open::new(at, self.limit)),
        }
    }

    /// All that follows from where the shard is has its mark.
    pub(crate) fn settle(&self, now: Instant) {
        if let Some(open) = &mut self.lock().last {
            open.positions.reach(open.at.sequence);
            open.stuck.note(now, &open.positions);
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
            Event::Gap(gap) => self.open_gap(*gap),
            _ => self.open(HangsOn::Dispatch, None),
        }
    }

    /// Without a sequence it is that of the last dispatch.
    fn open(self: &Arc<Self>, hangs_on: HangsOn, sequence: Option<u64>) -> Option<Mark> {
        let mut sessions = self.lock();
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
        Some(Mark {
            position,
            hangs_on,
            all: Arc::clone(self),
        })
    }

    /// A gap after the last session is the end of that; any other is one that an earlier process
    /// handed on.
    fn open_gap(self: &Arc<Self>, gap: Gap) -> Option<Mark> {
        let mut sessions = self.lock();
        let open = sessions.last.as_mut()?;
        let ends = gap.to.is_none() && gap.from.session == open.at.session;
        if !ends {
            let number = open.add_gap(gap);
            return Some(Mark {
                position: open.at,
                hangs_on: HangsOn::Gap(number),
                all: Arc::clone(self),
            });
        }
        drop(sessions);
        self.open(HangsOn::Dispatch, None)
    }

    /// Everything of the last session up to this position is dealt with.
    pub(crate) fn acknowledged(&self) -> Option<Position> {
        self.lock().last.as_ref().map(Open::acknowledged)
    }

    /// As [`acknowledged`](Self::acknowledged), if something of that session is not dealt with.
    pub(crate) fn unfinished(&self) -> Option<Position> {
        let sessions = self.lock();
        let last = sessions.last.as_ref();
        last.filter(|open| open.is_unfinished())
            .map(Open::acknowledged)
    }

    /// Of how many dispatches something is not dealt with.
    pub(crate) fn outstanding(&self) -> usize {
        self.lock().outstanding()
    }

    /// Counts how often the gaps have changed that the next process has to report.
    pub(crate) fn gap_changes(&self) -> u64 {
        self.lock().gap_changes
    }

    /// The session as of what is acknowledged, without the dispatches that are dealt with, and with
    /// what the consumer has to hear of.
    pub(crate) fn to_hand_over(&self, session: Session) -> Session {
        let sessions = self.lock();
        match &sessions.last {
            Some(open) if open.at.session == session.digest() => session
                .with_delivered(open.positions.delivered())
                .with_gaps(sessions.gaps()),
            Some(_) | None => session,
        }
    }

    fn close(&self, position: Position, hangs_on: HangsOn) {
        self.lock().close(position, hangs_on);
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
    Gap(u32),
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
    use headcount_core::event::GapCause;

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
        let all = Arc::new(Acknowledgements::new(Arc::default(), 8));
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
        all.settle(Instant::ZERO);
        assert_eq!(all.acknowledged(), Some(at(1, 4)));
        follows.done();
        assert_eq!(all.acknowledged(), Some(at(1, 6)));
    }

    #[test]
    fn an_event_that_was_held_in_another_session_hangs_on_nothing_in_this_one() {
        let all = Arc::new(Acknowledgements::new(Arc::default(), 8));
        all.move_to(at(1, 9), 0);
        all.move_to(at(2, 1), 0);
        assert!(all.open(HangsOn::Itself, Some(9)).is_none());
        all.settle(Instant::ZERO);
        assert_eq!(all.acknowledged(), Some(at(2, 1)));
    }

    #[test]
    fn what_every_process_emits_anew_holds_up_nothing() {
        let all = Arc::new(Acknowledgements::new(Arc::default(), 8));
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
        let all = Arc::new(Acknowledgements::new(Arc::default(), 8));
        all.move_to(at(1, 5), 0);
        all.move_to(at(1, 6), 0);
        assert_eq!(all.acknowledged(), Some(at(1, 5)));
        all.settle(Instant::ZERO);
        assert_eq!(all.acknowledged(), Some(at(1, 6)));
    }

    #[test]
    fn a_mark_that_is_dropped_leaves_its_event_open() {
        let all = Arc::new(Acknowledgements::new(Arc::default(), 8));
        all.move_to(at(1, 5), 0);
        drop(all.open(HangsOn::Dispatch, None));
        assert_eq!(all.acknowledged(), Some(at(1, 4)));
    }

    #[test]
    fn events_of_a_session_that_is_gone_hold_up_no_other() {
        let all = Arc::new(Acknowledgements::new(Arc::default(), 8));
        all.move_to(at(1, 500), 0);
        let old = all.open(HangsOn::Dispatch, None).unwrap();
        all.move_to(at(2, 1), 0);
        assert_eq!(all.acknowledged(), Some(at(2, 1)));
        let _new = all.open(HangsOn::Itself, Some(1));
        old.done();
        assert_eq!(all.acknowledged(), Some(at(2, 0)));
    }

    fn session(digest_of: &str, sequence: u64) -> Session {
        let id = digest_of;
        let text = format!(
            r#"{{"version":1,"shard":[0,1],"intents":1,"id":"{id}","sequence":{sequence},
            "url":null,"guilds":{{"arrived":[],"expected":[],"away":[]}}}}"#
        );
        serde_json::from_str(&text).expect("a session")
    }

    /// The gaps that go to the next process.
    fn gaps(all: &Acknowledgements, session: &Session) -> Vec<(u64, Option<u64>, GapCause)> {
        let kept = all.to_hand_over(session.clone());
        let gaps = kept.gaps().iter();
        gaps.map(|gap| (gap.from.sequence, gap.to, gap.why))
            .collect()
    }

    #[test]
    fn what_a_lost_session_leaves_undone_is_a_gap_in_the_next_process_until_it_is_done() {
        let all = Arc::new(Acknowledgements::new(Arc::default(), 8));
        let next = session("b", 1);
        all.move_to(at(1, 4), 0);
        all.move_to(at(1, 5), 0);
        let dispatch = all.mark(&Event::Resumed { replayed: 0 }).unwrap();
        let lost = Gap {
            from: at(1, 5),
            to: None,
            why: GapCause::Refused,
        };
        let gap = all.mark(&Event::Gap(lost)).unwrap();
        assert_eq!(all.unfinished(), Some(at(1, 4)), "without a session");
        all.move_to(at(next.digest(), 1), 0);
        let changes = all.gap_changes();
        let undone = (4, None, GapCause::NotAcknowledged);
        assert_eq!(gaps(&all, &next), [undone]);
        dispatch.done();
        assert_eq!(gaps(&all, &next), [undone], "the gap itself is not taken");
        gap.done();
        assert_eq!(gaps(&all, &next), []);
        assert!(all.gap_changes() > changes, "it is to be written down");
    }

    #[test]
    fn a_gap_that_was_handed_on_is_handed_on_again_until_it_is_done() {
        let all = Arc::new(Acknowledgements::new(Arc::default(), 8));
        let session = session("b", 7);
        let here = at(session.digest(), 7);
        all.move_to(here, 7);
        let earlier = Gap {
            from: at(1, 3),
            to: Some(5),
            why: GapCause::Overdue,
        };
        let mark = all.mark(&Event::Gap(earlier)).unwrap();
        assert_eq!(gaps(&all, &session), [(3, Some(5), GapCause::Overdue)]);
        assert_eq!(all.acknowledged(), Some(here), "it holds up nothing");
        mark.done();
        assert_eq!(gaps(&all, &session), []);
    }

    #[test]
    fn too_many_events_that_are_never_done_end_in_a_gap_and_not_in_a_stall() {
        let all = Arc::new(Acknowledgements::new(Arc::default(), 8));
        let session = session("b", 0);
        for sequence in 1..=9 {
            all.move_to(at(session.digest(), sequence), 0);
            drop(all.open(HangsOn::Itself, Some(sequence)));
            all.settle(Instant::ZERO);
        }
        assert_eq!(all.acknowledged(), Some(at(session.digest(), 2)));
        assert_eq!(all.outstanding(), 7);
        assert_eq!(gaps(&all, &session), [(0, Some(2), GapCause::Overdue)]);
    }
}
