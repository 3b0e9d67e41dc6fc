//! What a shard's loop writes down for the next process.

use std::mem;
use std::sync::Arc;
use std::task::Context;
use std::time::SystemTime;

use headcount_core::session::Halt;
use headcount_core::wire::command::Command;
use headcount_core::{Instant, Position, Session, Shard};

use crate::Runtime;
use crate::alarm::Alarm;
use crate::clock::Clock;
use crate::shard_cell::ShardCell;
use crate::snapshots::SnapshotFloors;
use crate::state::{RequestLog, ShardJournal};

/// Keeps a shard's journal in step with what is acknowledged, and with where its guilds stand.
pub(crate) struct Keeper<R: Runtime> {
    journal: ShardJournal,
    requests: RequestLog,
    alarm: Alarm<R>,
    /// The session that the journal follows.
    session: Option<u64>,
    /// How often its guilds had changed when the journal heard of it.
    changes: u64,
    /// The same of the gaps that the next process has to report.
    gap_changes: u64,
    /// The last position that was reported to the shard as recorded.
    recorded: Option<Position>,
    /// Up to where the snapshots of the cache have it, if there are any.
    floors: Option<Arc<SnapshotFloors>>,
    /// How often these had changed when it was last reported what is recorded.
    floor_changes: u64,
    /// What was acknowledged when it last waited with nothing to write.
    seen: Option<u64>,
}

impl<R: Runtime> Keeper<R> {
    pub(crate) fn new(
        (journal, requests): (ShardJournal, RequestLog),
        runtime: R,
        clock: Clock,
        floors: Option<Arc<SnapshotFloors>>,
    ) -> Self {
        Self {
            session: journal.session(),
            journal,
            requests,
            alarm: Alarm::new(runtime, clock),
            changes: 0,
            gap_changes: 0,
            recorded: None,
            floors,
            floor_changes: 0,
            seen: None,
        }
    }

    /// The shard has taken something in, and what follows from it is not handed on yet: nothing of
    /// that is recorded before guilds that stand elsewhere now are.
    pub(crate) fn begin(&mut self, cell: &ShardCell) {
        self.look_at_guilds(cell);
    }

    /// A command goes out next: whom it asks for all members is written down before.
    pub(crate) fn send(&mut self, command: &Command) {
        if let Command::RequestMembers(request) = command
            && request.query.is_full()
        {
            self.requests.note(request.guild);
        }
    }

    /// Up to where everything is dealt with. If that changes the stage of guilds, the change is
    /// journalled first.
    fn acknowledged(&mut self, cell: &ShardCell) -> Option<Position> {
        self.follow_gaps(cell);
        let acknowledged = cell.acknowledged();
        self.look_at_guilds(cell);
        acknowledged
    }

    fn look_at_guilds(&mut self, cell: &ShardCell) {
        let changes = cell.guild_changes();
        if changes != self.changes {
            self.changes = changes;
            self.journal.guilds_changed();
        }
    }

    /// As [`begin`](Self::begin), for the gaps that go along with the guilds.
    fn follow_gaps(&mut self, cell: &ShardCell) {
        let changes = cell.acknowledgements.gap_changes();
        if changes != self.gap_changes {
            self.gap_changes = changes;
            self.journal.guilds_changed();
        }
    }

    /// Whether snapshots are written.
    pub(crate) const fn has_floors(&self) -> bool {
        self.floors.is_some()
    }

    /// Writes down what is due.
    pub(crate) fn save(&mut self, now: Instant, cell: &ShardCell) {
        if self.is_behind(now, cell) {
            self.catch_up(now, cell);
        }
    }

    /// Whether there is something to write down, as far as can be seen without a lock.
    fn is_behind(&self, now: Instant, cell: &ShardCell) -> bool {
        let (session, acknowledged) = cell.last_acknowledged();
        session != self.session
            || self.journal.is_behind(acknowledged, now)
            || self.changes != cell.guild_changes()
            || self.gap_changes != cell.acknowledgements.gap_changes()
            || self.floor_changes != self.floor_changes()
    }

    fn floor_changes(&self) -> u64 {
        let floors = self.floors.as_ref();
        floors.map_or(0, |floors| floors.changes())
    }

    fn catch_up(&mut self, now: Instant, cell: &ShardCell) {
        let Some(at) = self.acknowledged(cell) else {
            if self.session.take().is_some() {
                self.journal.end(now);
            }
            return;
        };
        if self.session != Some(at.session) {
            if let Some(session) = cell.session() {
                self.journal.begin(&session, now);
                self.session = Some(at.session);
                self.seen = None;
            }
        } else {
            self.journal.acknowledged(at.sequence, now);
            if self.journal.wants_guilds(now) {
                self.write_guilds(now, cell);
            } else if self.journal.deadline().is_some_and(|due| due <= now) {
                self.journal.advance(now);
            }
        }
        let recorded = self
            .journal
            .recorded()
            .filter(|it| it.session == at.session);
        let floor_changes = self.floor_changes();
        if recorded != self.recorded || floor_changes != self.floor_changes {
            self.recorded = recorded;
            self.floor_changes = floor_changes;
            match (recorded, &self.floors) {
                (Some(recorded), Some(floors)) => {
                    // As the snapshots' own: by the wall clock, which may be set meanwhile.
                    let now = SystemTime::now();
                    floors.record(recorded, now, |recorded| cell.record(Some(recorded)));
                }
                (recorded, _) => cell.record(recorded),
            }
        }
    }

    fn write_guilds(&mut self, now: Instant, cell: &ShardCell) {
        match cell.session() {
            Some(session) => self.journal.guilds(&session, now),
            None => self.journal.put_off_guilds(now),
        }
    }

    /// Whether something has to be written down; if not, the task is woken when it has. To be asked
    /// before the task waits.
    pub(crate) fn is_due(
        &mut self,
        now: impl FnOnce() -> Instant,
        cx: &mut Context<'_>,
        cell: &ShardCell,
    ) -> bool {
        if self.journal.deadline().is_none() {
            cell.acknowledgements.ring_at_next();
            let session = self.session;
            let seen = session.and_then(|it| cell.acknowledgements.acknowledged_in(it));
            let is_new = mem::replace(&mut self.seen, seen) != seen
                || self.gap_changes != cell.acknowledgements.gap_changes();
            if is_new
                && let Some(at) = self.acknowledged(cell)
                && session == Some(at.session)
            {
                self.journal.acknowledged(at.sequence, now());
            }
        }
        self.alarm.poll_idle(cx, self.journal.deadline()).is_ready()
    }

    /// The shard has ended: its session, if the next process can go on with it, is on the disk when
    /// this returns. Whether all of that could be written.
    pub(crate) fn finish(&mut self, now: Instant, cell: &ShardCell) -> bool {
        // This acknowledges too, and may so move guilds.
        let session = cell.session();
        self.follow_gaps(cell);
        self.look_at_guilds(cell);
        let is_stopped = cell.read(Shard::halt) == Some(Halt::Stopped);
        let lost = cell.acknowledgements.unfinished().filter(|_| !is_stopped);
        match (session, lost) {
            (Some(session), _) if self.is_written(&session) => {
                self.journal.acknowledged(session.sequence(), now);
                self.journal.flush(now);
            }
            (Some(session), _) => self.journal.guilds(&session, now),
            // The next process will find that it is gone, and report from where.
            (None, Some(at)) if self.journal.session() == Some(at.session) => {
                self.journal.acknowledged(at.sequence, now);
                self.journal.flush(now);
            }
            (None, _) => self.journal.end(now),
        }
        !self.journal.is_failing()
    }

    /// Whether all but its sequence is on the disk.
    fn is_written(&self, session: &Session) -> bool {
        let is_same = self.journal.session() == Some(session.digest());
        let is_plain = session.delivered().next().is_none() && session.gaps().is_empty();
        is_same && !self.journal.has_changed_guilds() && is_plain
    }
}

#[cfg(test)]
mod tests;
