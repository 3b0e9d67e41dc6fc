//! Writing the cache in memory down, from a thread of its own, for the next process.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{self, Duration, SystemTime};

use futures_channel::oneshot;
use headcount_core::{Instant, Position, ShardId};

use crate::clock::CLOCKS_DIFFER;
use crate::metrics::SnapshotCounts;
use crate::panics::caught;
use crate::shared::Shared;
use crate::state::{FileHead, RowsWriter, SnapshotFiles, millis};

/// How often they are written, if nothing is said of that.
pub(crate) const EVERY: Duration = Duration::from_secs(30);

/// Services keep what they replay for some minutes.
const LONGEST_REPLAY: Duration = Duration::from_secs(5 * 60);

/// After the cache was held it is left alone for so many times as long, lest shards wait for a good
/// part of the time while a snapshot is written.
const RESTS: u32 = 19;

/// When the rows of the cache in memory are written to the [state folder](crate::Builder::state).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Snapshots {
    /// At the end of the bot, each time that so long has passed, and where no shard goes on from
    /// one as soon as every shard has finished chunking; the default, with 30 seconds.
    Every(Duration),
    /// At the end of the bot alone: after a kill there are none, and it is as
    /// [`OnResume::Cold`](crate::OnResume::Cold) says.
    AtEnd,
    /// Never; what is there is read at the start, and taken away.
    Off,
}

impl Snapshots {
    /// How long after a snapshot events may have been dealt with that are replayed from it.
    pub(crate) fn longest_replay(self) -> Duration {
        match self {
            Self::Every(every) => LONGEST_REPLAY.max(every.saturating_mul(3)),
            Self::AtEnd | Self::Off => LONGEST_REPLAY,
        }
    }

    /// The same in milliseconds.
    pub(crate) fn lasts(self) -> u64 {
        u64::try_from(self.longest_replay().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Default for Snapshots {
    fn default() -> Self {
        Self::Every(EVERY)
    }
}

/// Up to where the snapshots that a later process may go on from have each session. What a server
/// is told to be dealt with never passes that.
#[derive(Debug)]
pub(crate) struct SnapshotFloors {
    /// By generation, the one that is being written included; and of that one each attempt that
    /// has failed, since it may be on the disk all the same.
    generations: Mutex<BTreeMap<u64, Vec<Floor>>>,
    /// How often they have changed.
    changes: AtomicU64,
}

/// What one snapshot has, or an attempt at one.
#[derive(Debug)]
struct Floor {
    head: FileHead,
    positions: BTreeMap<ShardId, Position>,
}

impl Floor {
    fn new(head: &FileHead) -> Self {
        let positions = head.positions.iter();
        Self {
            positions: positions.map(|at| (at.shard, *at)).collect(),
            head: head.clone(),
        }
    }

    /// Whether a process that starts at `now`, in milliseconds since 1970, may go on from it.
    fn counts(&self, now: u64) -> bool {
        // It counts for longer than it is gone on from.
        self.head.reaches(now, CLOCKS_DIFFER)
    }
}

impl SnapshotFloors {
    /// The snapshots that are there at the start.
    pub(crate) fn new(found: &[(u64, FileHead)]) -> Self {
        let mut generations: BTreeMap<u64, Vec<Floor>> = BTreeMap::new();
        for (generation, head) in found {
            generations
                .entry(*generation)
                .or_default()
                .push(Floor::new(head));
        }
        Self {
            generations: Mutex::new(generations),
            changes: AtomicU64::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Vec<Floor>>> {
        self.generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// A snapshot begins at what `look` says: nothing that is higher is recorded from here on.
    pub(crate) fn begin(&self, generation: u64, look: impl FnOnce() -> FileHead) -> FileHead {
        let mut generations = self.lock();
        let head = look();
        let attempts = generations.entry(generation).or_default();
        attempts.retain(|floor| floor.counts(head.taken));
        attempts.push(Floor::new(&head));
        head
    }

    /// It is kept, and of those before it one.
    pub(crate) fn written(&self, generation: u64) {
        let oldest = generation.saturating_sub(1);
        let mut generations = self.lock();
        generations.retain(|&it, _| it >= oldest);
        if let Some(attempts) = generations.get_mut(&generation) {
            // The others are overwritten.
            attempts.drain(..attempts.len().saturating_sub(1));
        }
        drop(generations);
        self.changes.fetch_add(1, Ordering::Release);
    }

    /// How often more may have become recordable.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// What is recorded, as far as the snapshots have it too.
    pub(crate) fn limit(&self, recorded: Position, now: SystemTime) -> Position {
        let mut limited = recorded;
        self.record(recorded, now, |at| limited = at);
        limited
    }

    /// Hands on what is recorded, as far as the snapshots have it too.
    pub(crate) fn record(
        &self,
        recorded: Position,
        now: SystemTime,
        hand_on: impl FnOnce(Position),
    ) {
        let generations = self.lock();
        let floors = generations.values().flatten();
        let floors = floors.filter(|floor| floor.counts(millis(now)));
        let floors = floors.filter_map(|floor| floor.positions.get(&recorded.shard));
        let floors = floors.filter(|floor| floor.session == recorded.session);
        let lowest = floors.map(|floor| floor.sequence).min();
        let sequence = lowest.map_or(recorded.sequence, |it| it.min(recorded.sequence));
        hand_on(Position {
            sequence,
            ..recorded
        });
    }
}

/// What the thread is asked for.
enum Order {
    Write,
    /// The last one; whoever waits is told once the folder is free.
    Finish(oneshot::Sender<()>),
}

/// What the thread is asked for while it writes, and rests in between: once it is to finish, it
/// hurries.
struct Rests<'o> {
    orders: &'o mpsc::Receiver<Order>,
    next: Option<Order>,
    hurries: bool,
}

impl<'o> Rests<'o> {
    const fn new(orders: &'o mpsc::Receiver<Order>, hurries: bool) -> Self {
        Self {
            orders,
            next: None,
            hurries,
        }
    }

    /// The cache was held for so long.
    fn rest(&mut self, hold: Duration) {
        let (begun, whole) = (time::Instant::now(), hold.saturating_mul(RESTS));
        while !self.hurries {
            let left = whole.saturating_sub(begun.elapsed());
            match self.orders.recv_timeout(left) {
                Ok(order) => {
                    self.hurries = matches!(order, Order::Finish(_));
                    self.next = Some(order);
                }
                Err(mpsc::RecvTimeoutError::Timeout) => return,
                Err(mpsc::RecvTimeoutError::Disconnected) => self.hurries = true,
            }
        }
    }
}

/// The thread that writes snapshots, seen from the bot.
pub(crate) struct SnapshotTask {
    orders: Option<mpsc::Sender<Order>>,
    every: Option<Duration>,
    due: Option<Instant>,
    /// Whether one is written as soon as the bot has finished chunking.
    awaits_finish: bool,
}

impl SnapshotTask {
    /// Starts the thread. Without one, which is a warning, nothing is written. `goes_on` says
    /// whether a shard goes on from a snapshot.
    pub(crate) fn start(
        plan: Snapshots,
        now: Instant,
        (files, goes_on): (SnapshotFiles, bool),
        (shared, floors): (Arc<Shared>, Arc<SnapshotFloors>),
    ) -> Option<Self> {
        let every = match plan {
            Snapshots::Every(every) => Some(every),
            Snapshots::AtEnd => None,
            Snapshots::Off => return None,
        };
        let (orders, received) = mpsc::channel();
        let job = SnapshotJob {
            plan,
            files,
            shared,
            floors,
        };
        let thread = thread::Builder::new().name("headcount-snapshot".to_owned());
        if let Err(error) = thread.spawn(move || job.run(&received)) {
            tracing::warn!(%error, "no snapshot is written: there is no thread for it");
            return None;
        }
        Some(Self {
            orders: Some(orders),
            every,
            due: every.map(|every| now.after(every)),
            awaits_finish: every.is_some() && !goes_on,
        })
    }

    /// Whether it is to hear that the bot has finished chunking.
    pub(crate) const fn awaits_finish(&self) -> bool {
        self.awaits_finish
    }

    /// The bot has finished chunking: its rows are worth to be written down now.
    pub(crate) fn finished(&mut self, now: Instant) {
        self.awaits_finish = false;
        self.due = self.due.map(|_| now);
    }

    /// When the next one is due.
    pub(crate) const fn deadline(&self) -> Option<Instant> {
        self.due
    }

    /// Has the next one written, if it is due.
    pub(crate) fn advance(&mut self, now: Instant) {
        if self.due.is_some_and(|due| due <= now) {
            self.due = self.every.map(|every| now.after(every));
            if let Some(orders) = &self.orders {
                let _ = orders.send(Order::Write);
            }
        }
    }

    /// Writes the last one, and waits until the thread has left the folder.
    pub(crate) async fn finish(&mut self) {
        self.due = None;
        if let Some(orders) = self.orders.take() {
            let (done, wait) = oneshot::channel();
            if orders.send(Order::Finish(done)).is_ok() {
                let _ = wait.await;
            }
        }
    }
}

/// The thread's own.
struct SnapshotJob {
    plan: Snapshots,
    files: SnapshotFiles,
    shared: Arc<Shared>,
    floors: Arc<SnapshotFloors>,
}

impl SnapshotJob {
    fn run(mut self, orders: &mpsc::Receiver<Order>) {
        let mut next = None;
        while let Some(order) = next.take().or_else(|| orders.recv().ok()) {
            // Those that have come in the meantime are met by this one.
            let last = orders.try_iter().last().unwrap_or(order);
            let is_last = matches!(last, Order::Finish(_));
            let mut rests = Rests::new(orders, is_last);
            if let Err(panicked) = caught(|| self.write(is_last, &mut rests)) {
                tracing::error!(error = %panicked, "a snapshot was not written");
            }
            next = rests.next;
            if let Order::Finish(done) = last {
                drop(self);
                let _ = done.send(());
                return;
            }
        }
    }

    /// Writes one, and if it is the last of this process its portable form too: the next process
    /// may be of another version.
    fn write(&mut self, is_last: bool, rests: &mut Rests<'_>) {
        let Shared { fleet, cache, .. } = &*self.shared;
        let generation = self.files.next();
        let head = self.floors.begin(generation, || {
            let cells = fleet.cells().iter();
            let applied = cells.filter_map(|(_, cell)| cell.applied());
            FileHead::now(self.plan, applied.collect())
        });
        cache.reach(&head.positions);
        let mut rows = RowsWriter::new(cache, head.taken);
        let length = self.files.write(head.clone(), |to| {
            let goes_on = rows.write(cache, to);
            rests.rest(rows.last_hold());
            goes_on
        });
        if length.is_some() {
            self.floors.written(generation);
        }
        self.shared.snapshots.note(length, rows.longest_hold());
        if is_last && length.is_some() {
            let mut rows = RowsWriter::portable(cache, head.taken);
            self.files.write_portable(head, |to| rows.write(cache, to));
        }
    }
}

/// Counts of snapshots while they are counted.
#[derive(Debug, Default)]
pub(crate) struct SnapshotCounters(Mutex<SnapshotCounts>);

impl SnapshotCounters {
    pub(crate) fn note(&self, length: Option<u64>, hold: Duration) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match length {
            Some(bytes) => {
                counts.written += 1;
                counts.bytes = bytes;
                counts.longest_hold = hold;
            }
            None => counts.failures += 1,
        }
    }

    /// A shard of an earlier owner is resumed; `note` counts what became of its snapshot.
    pub(crate) fn taken_over(&self, note: impl FnOnce(&mut SnapshotCounts)) {
        note(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn read(&self) -> SnapshotCounts {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(taken: u64, session: u64, sequence: u64) -> FileHead {
        let at = Position {
            shard: ShardId::ONE,
            session,
            sequence,
        };
        FileHead {
            taken,
            lasts: Snapshots::default().lasts(),
            positions: vec![at],
        }
    }

    /// What is handed on of this, so many seconds after 1970.
    fn recorded(floors: &SnapshotFloors, sequence: u64, seconds: u64) -> u64 {
        let recorded = Position {
            shard: ShardId::ONE,
            session: 7,
            sequence,
        };
        let (mut handed_on, now) = (0, Duration::from_secs(seconds));
        floors.record(recorded, SystemTime::UNIX_EPOCH + now, |at| {
            handed_on = at.sequence;
        });
        handed_on
    }

    #[test]
    fn what_is_recorded_passes_no_snapshot_that_a_process_may_go_on_from() {
        let found = [(3, head(0, 7, 10)), (4, head(0, 7, 20))];
        let floors = SnapshotFloors::new(&found);
        assert_eq!(recorded(&floors, 50, 1), 10);
        assert_eq!(recorded(&floors, 9, 1), 9);
        floors.begin(5, || head(1_000, 7, 30));
        assert_eq!(recorded(&floors, 50, 1), 10, "it may fail");
        floors.written(5);
        assert_eq!(recorded(&floors, 50, 1), 20, "it may be damaged later");
        floors.begin(6, || head(1_000, 7, 40));
        floors.begin(6, || head(1_000, 7, 41));
        floors.written(6);
        assert_eq!(recorded(&floors, 50, 1), 30);
        floors.begin(7, || head(1_000, 8, 2));
        floors.written(7);
        assert_eq!(
            recorded(&floors, 50, 1),
            41,
            "that one is of another session"
        );
    }

    #[test]
    fn an_attempt_that_has_failed_may_be_on_the_disk_until_one_is_written() {
        let floors = SnapshotFloors::new(&[]);
        floors.begin(1, || head(1_000, 7, 10));
        floors.begin(1, || head(31_000, 7, 20));
        assert_eq!(recorded(&floors, 50, 31), 10);
        assert_eq!(recorded(&floors, 50, 361), 10);
        assert_eq!(recorded(&floors, 50, 362), 20, "too old to go on from");
        floors.begin(1, || head(61_000, 7, 30));
        floors.written(1);
        assert_eq!(recorded(&floors, 50, 61), 30);
        floors.begin(2, || head(91_000, 7, 40));
        floors.begin(2, || head(92_000, 8, 3));
        floors.begin(2, || head(500_000, 8, 9));
        assert_eq!(
            floors.lock()[&2].len(),
            1,
            "those that are too old are gone"
        );
    }

    #[test]
    fn whoever_is_to_finish_while_it_rests_hurries() {
        let (orders, received) = mpsc::channel();
        let long = Duration::from_secs(1 << 40);
        let mut rests = Rests::new(&received, false);
        orders.send(Order::Write).unwrap();
        rests.rest(Duration::ZERO);
        assert!(matches!(rests.next, Some(Order::Write)));
        assert!(!rests.hurries, "the next one waits until it is due");
        orders.send(Order::Finish(oneshot::channel().0)).unwrap();
        rests.rest(long);
        rests.rest(long);
        assert!(matches!(rests.next, Some(Order::Finish(_))));
        Rests::new(&received, true).rest(long);
        drop(orders);
        let mut rests = Rests::new(&received, false);
        rests.rest(long);
        rests.rest(long);
        assert!(rests.next.is_none(), "nobody will ask for anything");
    }

    #[test]
    fn a_snapshot_that_is_too_old_to_go_on_from_holds_nothing_back() {
        let found = [(3, head(0, 7, 10))];
        let floors = SnapshotFloors::new(&found);
        assert_eq!(recorded(&floors, 50, 360), 10);
        assert_eq!(recorded(&floors, 50, 361), 50);
    }

    #[test]
    fn a_snapshot_from_before_the_clock_was_put_back_holds_nothing_back_for_ever() {
        let found = [(3, head(400_000, 7, 10))];
        let floors = SnapshotFloors::new(&found);
        assert_eq!(recorded(&floors, 50, 40), 10);
        assert_eq!(recorded(&floors, 50, 39), 50);
    }
}
