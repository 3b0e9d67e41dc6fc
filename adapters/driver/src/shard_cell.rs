//! A shard's place in the bot: its core state, shared between its loop and the handles.

use std::collections::BTreeSet;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Context;
use std::time::SystemTime;

use futures_util::task::AtomicWaker;
use headcount_core::cache::memory::RestoredRows;
use headcount_core::id::GuildId;
use headcount_core::session::OnStop;
use headcount_core::setup::Chunking;
use headcount_core::{Actions, Input, Instant, Position, RequestError, Session, Shard, ShardId};

use crate::acknowledgements::Acknowledgements;
use crate::clock::CLOCKS_DIFFER;
use crate::delivery::Revocation;
use crate::metrics::{EventLag, TrafficCounters};
use crate::record::{RecordedCall, Tape, TapePiece};
use crate::recorded_shard::RecordedShard;
use crate::shard_tenure::ShardTenure;

/// One shard's core state behind a short lock, and a bell for its loop.
///
/// The lock is held for one call of the core, never across an await and never by a caller.
pub(crate) struct ShardCell {
    shard: Mutex<RecordedShard>,
    bell: Arc<AtomicWaker>,
    granted: AtomicBool,
    /// Whether a loop runs it.
    runs: AtomicBool,
    /// What its loop is to begin with, until it does.
    tenure: Mutex<ShardTenure>,
    /// What takes back the events of its loop.
    revocation: Mutex<Option<Revocation>>,
    /// Guilds of which a store has failed to keep something, outside of the loop.
    failed: Mutex<BTreeSet<GuildId>>,
    published: PublishedState,
    id: ShardId,
    /// Up to where the cache in memory has what its shard was sent.
    applied: Reached,
    /// Its events that are under way.
    pub(crate) acknowledgements: Arc<Acknowledgements>,
    /// What goes over its connections.
    pub(crate) traffic: TrafficCounters,
    /// Of its events that were taken, the one that was timed last.
    lag: Mutex<Option<EventLag>>,
}

/// A position in the session of a shard, which its loop moves without a lock.
#[derive(Debug, Default)]
struct Reached {
    /// The digest of the session; zero without one.
    session: AtomicU64,
    sequence: AtomicU64,
}

impl Reached {
    fn set(&self, session: u64, sequence: u64) {
        if self.session.load(Ordering::Acquire) != session {
            // Whoever looks meanwhile sees no more of either session than there is.
            self.sequence.store(0, Ordering::Release);
            self.session.store(session, Ordering::Release);
        }
        self.sequence.store(sequence, Ordering::Release);
    }

    /// The session and the sequence, as of one time.
    fn get(&self) -> (u64, u64) {
        let mut session = self.session.load(Ordering::Acquire);
        loop {
            let sequence = self.sequence.load(Ordering::Acquire);
            let again = self.session.load(Ordering::Acquire);
            if again == session {
                return (session, sequence);
            }
            session = again;
        }
    }
}

/// What of the shard is to be seen without its lock, by its loop.
#[derive(Debug, Default)]
struct PublishedState {
    /// The digest of its session; zero without one.
    session: AtomicU64,
    /// Up to where that is acknowledged.
    acknowledged: AtomicU64,
    guild_changes: AtomicU64,
    /// Up to where it was received.
    received: Reached,
}

impl PublishedState {
    fn update(&self, shard: &Shard) {
        let acknowledged = shard.acknowledged();
        let session = acknowledged.map_or(0, |at| at.session);
        let sequence = acknowledged.map_or(0, |at| at.sequence);
        self.session.store(session, Ordering::Release);
        self.acknowledged.store(sequence, Ordering::Release);
        let changes = shard.guild_changes();
        self.guild_changes.store(changes, Ordering::Release);
        let at = shard.position();
        self.received.set(
            at.map_or(0, |at| at.session),
            at.map_or(0, |at| at.sequence),
        );
    }
}

impl ShardCell {
    /// `unacknowledged` is of how many dispatches something may be not dealt with.
    pub(crate) fn new(shard: Shard, unacknowledged: usize, tape: Option<Tape>) -> Self {
        let bell = Arc::new(AtomicWaker::new());
        let acknowledgements = Acknowledgements::new(Arc::clone(&bell), unacknowledged);
        let published = PublishedState::default();
        published.update(&shard);
        Self {
            id: shard.id(),
            shard: Mutex::new(RecordedShard {
                shard,
                tape: tape.map(Box::new),
                stop: None,
                is_of_before: false,
            }),
            acknowledgements: Arc::new(acknowledgements),
            bell,
            granted: AtomicBool::new(false),
            runs: AtomicBool::new(false),
            tenure: Mutex::default(),
            revocation: Mutex::default(),
            failed: Mutex::default(),
            applied: Reached::default(),
            published,
            traffic: TrafficCounters::default(),
            lag: Mutex::default(),
        }
    }

    /// Which shard.
    pub(crate) const fn id(&self) -> ShardId {
        self.id
    }

    /// Reads the shard.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Shard) -> T) -> T {
        look(&self.lock().shard)
    }

    /// Changes the shard from outside its loop, and wakes the loop: its deadline may have moved.
    /// `call` says for a recording what is asked of it.
    pub(crate) fn change<T>(
        &self,
        call: impl FnOnce() -> RecordedCall,
        change: impl FnOnce(&mut Shard) -> T,
    ) -> T {
        let mut recorded = self.lock();
        if let Some(tape) = &mut recorded.tape {
            tape.call(&call());
        }
        let result = change(&mut recorded.shard);
        drop(recorded);
        self.bell.wake();
        result
    }

    /// Asks the shard to stop. One that is about to begin again stops as soon as it has.
    pub(crate) fn stop(&self, on_stop: OnStop) {
        let mut recorded = self.lock();
        recorded.stop = Some(on_stop);
        recorded.stop(on_stop);
        drop(recorded);
        self.bell.wake();
    }

    /// Whether it was asked to stop since it was to begin.
    pub(crate) fn is_to_stop(&self) -> bool {
        self.lock().stop.is_some()
    }

    /// The shard is to begin again: that it was asked to stop before counts no more.
    pub(crate) fn await_start(&self) {
        self.lock().stop = None;
    }

    /// Changes which guilds are asked for their members.
    pub(crate) fn set_chunking(&self, chunking: Chunking) {
        let mut recorded = self.lock();
        let RecordedShard { shard, tape, .. } = &mut *recorded;
        shard.set_chunking(match tape {
            Some(tape) => {
                tape.call(&RecordedCall::chunking(&chunking));
                tape.following(chunking)
            }
            None => chunking,
        });
        drop(recorded);
        self.bell.wake();
    }

    /// Makes a shard that has ended begin again, with the rows of its guilds if they are there. It
    /// stops at once if it was asked to since it was to begin.
    pub(crate) fn start(
        &self,
        now: Instant,
        tenure: ShardTenure,
        rows: Option<&RestoredRows>,
    ) -> Result<(), RequestError> {
        let mut recorded = self.lock();
        recorded.wake(now);
        let started = match (tenure.session, rows) {
            (Some(session), Some(rows)) => recorded.start_with_rows(session, rows),
            (Some(session), None) => recorded.start(Some(session), false),
            // A new one takes the place of one that is given up, if there was any.
            (None, _) => {
                let begins_anew = tenure.given_up.is_some();
                recorded.start(tenure.given_up, begins_anew)
            }
        };
        if started.is_ok() {
            recorded.is_of_before = false;
            for (guild, ago) in tenure.asked.ages(SystemTime::now()) {
                recorded.asked_before(guild, ago.saturating_sub(CLOCKS_DIFFER));
            }
            if let Some(on_stop) = recorded.stop {
                recorded.stop(on_stop);
            }
        }
        self.published.update(&recorded.shard);
        drop(recorded);
        self.bell.wake();
        started
    }

    /// Its loop, once it begins, goes on with this of another owner.
    pub(crate) fn inherit(&self, tenure: ShardTenure) {
        self.lock().is_of_before = true;
        *lock(&self.tenure) = tenure;
    }

    /// A new loop is about to begin after another owner: what was under way in the last one here
    /// counts no more. What it begins with.
    pub(crate) fn begin_tenure(&self) -> ShardTenure {
        self.acknowledgements.begin_anew();
        self.applied.set(0, 0);
        mem::take(&mut lock(&self.tenure))
    }

    /// Its loop sends events from which these can be taken back.
    pub(crate) fn set_revocation(&self, revocation: Revocation) {
        *lock(&self.revocation) = Some(revocation);
    }

    /// Nothing that its loop sends is taken from here on.
    pub(crate) fn revoke(&self) {
        if let Some(revocation) = lock(&self.revocation).take() {
            revocation.revoke();
        }
    }

    /// Whether somebody may still say of an event that it is dealt with; once its loop is gone.
    pub(crate) fn has_marks(&self) -> bool {
        Arc::strong_count(&self.acknowledgements) > 1
    }

    /// What of it is recorded and not handed over yet.
    pub(crate) fn take_recorded(&self) -> Option<TapePiece> {
        self.lock().tape.as_mut()?.take()
    }

    /// The shard, for its loop.
    pub(crate) fn lock(&self) -> MutexGuard<'_, RecordedShard> {
        // The core does not panic, and if a caller's closure did, the state is still whole.
        self.shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands what happened to the shard. What is emitted follows from where that leads it, and is
    /// to be followed by a call of [`Acknowledgements::settle`].
    pub(crate) fn handle<'i>(&self, now: Instant, input: Input<'i>) -> Actions<'i> {
        let mut recorded = self.lock();
        if let Some(at) = recorded.shard.position()
            && let Some(sequence) = self.acknowledgements.acknowledged_in(at.session)
        {
            recorded.acknowledge(Position { sequence, ..at });
        }
        let RecordedShard { shard, tape, .. } = &mut *recorded;
        if let Some(tape) = tape {
            tape.input(now, &input);
        }
        let actions = shard.handle(now, input);
        if let Some(tape) = tape {
            tape.actions(&actions);
        }
        if let Some((at, acknowledged)) = shard.position().zip(shard.acknowledged()) {
            self.acknowledgements.move_to(at, acknowledged.sequence);
        }
        self.published.update(shard);
        actions
    }

    /// One of its events has been taken.
    pub(crate) fn note_lag(&self, event: EventLag) {
        *lock(&self.lag) = Some(event);
    }

    /// Of its events that were taken, the one that was timed last.
    pub(crate) fn lag(&self) -> Option<EventLag> {
        *lock(&self.lag)
    }

    /// The loop has applied all that the shard has led to so far.
    pub(crate) fn note_applied(&self) {
        let (session, sequence) = self.published.received.get();
        self.applied.set(session, sequence);
    }

    /// Up to where the cache in memory has all that the shard was sent; `None` without a session.
    pub(crate) fn applied(&self) -> Option<Position> {
        let (session, sequence) = self.applied.get();
        (session != 0).then_some(Position {
            shard: self.id,
            session,
            sequence,
        })
    }

    /// The session, for the next process: as of what is acknowledged.
    pub(crate) fn session(&self) -> Option<Session> {
        let session = self.acknowledge().shard.session()?;
        Some(self.acknowledgements.to_hand_over(session))
    }

    /// Up to where the next process need not get events again: in the session, or in the one that
    /// was lost as long as something of it is not dealt with. Nothing from when it was given anew
    /// until it begins.
    pub(crate) fn acknowledged(&self) -> Option<Position> {
        let recorded = self.acknowledge();
        if recorded.is_of_before {
            return None;
        }
        let acknowledged = recorded.shard.acknowledged();
        acknowledged.or_else(|| self.acknowledgements.unfinished())
    }

    /// Reports to the shard what is written down.
    pub(crate) fn record(&self, position: Option<Position>) {
        if let Some(position) = position {
            let mut recorded = self.lock();
            let RecordedShard { shard, tape, .. } = &mut *recorded;
            let is_known = shard
                .position()
                .is_some_and(|at| at.session == position.session);
            if let Some(tape) = tape.as_mut().filter(|_| is_known) {
                tape.recorded(position.sequence);
            }
            shard.record(position);
        }
    }

    /// Reports to the shard what is dealt with.
    fn acknowledge(&self) -> MutexGuard<'_, RecordedShard> {
        let acknowledged = self.acknowledgements.acknowledged();
        let mut recorded = self.lock();
        if let Some(position) = acknowledged {
            recorded.acknowledge(position);
        }
        self.published.update(&recorded.shard);
        recorded
    }

    /// The session that the last input has left and up to where it was acknowledged then, for the
    /// loop.
    pub(crate) fn last_acknowledged(&self) -> (Option<u64>, u64) {
        let session = self.published.session.load(Ordering::Acquire);
        let acknowledged = self.published.acknowledged.load(Ordering::Acquire);
        ((session != 0).then_some(session), acknowledged)
    }

    /// [`Shard::guild_changes`] as of the last input or look at what is acknowledged.
    pub(crate) fn guild_changes(&self) -> u64 {
        self.published.guild_changes.load(Ordering::Acquire)
    }

    /// A loop runs the shard, until [`left`](Self::left).
    pub(crate) fn enter(&self) {
        self.runs.store(true, Ordering::Release);
    }

    /// Its loop is gone.
    pub(crate) fn left(&self) {
        self.runs.store(false, Ordering::Release);
    }

    /// Whether a loop runs the shard.
    pub(crate) fn runs(&self) -> bool {
        self.runs.load(Ordering::Acquire)
    }

    /// Wakes the loop: the fleet lets it identify.
    pub(crate) fn grant(&self) {
        self.granted.store(true, Ordering::Release);
        self.bell.wake();
    }

    /// It must not identify after all.
    pub(crate) fn withdraw(&self) {
        self.granted.store(false, Ordering::Release);
    }

    /// Whether the fleet lets it identify, and the loop does not know yet.
    pub(crate) fn is_granted(&self) -> bool {
        self.granted.load(Ordering::Acquire)
    }

    /// Wakes the loop: a store has failed to keep a change of this guild.
    pub(crate) fn store_failed(&self, guild: GuildId) {
        self.failed().insert(guild);
        self.bell.wake();
    }

    /// A guild of which a store has failed to keep something, each once.
    pub(crate) fn take_failed(&self) -> Option<GuildId> {
        self.failed().pop_first()
    }

    fn failed(&self) -> MutexGuard<'_, BTreeSet<GuildId>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a grant came since the last call; otherwise the task is woken by the next ring.
    pub(crate) fn poll_granted(&self, cx: &Context<'_>) -> bool {
        self.bell.register(cx.waker());
        self.granted.swap(false, Ordering::AcqRel)
    }
}

fn lock<T>(place: &Mutex<T>) -> MutexGuard<'_, T> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
