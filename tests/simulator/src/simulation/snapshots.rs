//! Snapshots of the store, written piece by piece while it goes on changing, and what a process has
//! of them.
use super::Simulation;
use super::restored::HostRows;
use crate::act::Act;
use crate::edge::Millis;
use crate::rng::Rng;
use crate::snowflake::guild_id;
use crate::world::guild::Guild;
use headcount_core::cache::MemoryStore;
use headcount_core::cache::memory::snapshot::{SnapshotReader, SnapshotWriter};
use headcount_core::{Position, Session, ShardId};
use std::collections::{BTreeMap, VecDeque};

/// A process goes on from a snapshot that is so much older than its session at most.
const LONGEST_REPLAY: Millis = 300_000;
/// Snapshots count for so much longer.
const MARGIN: Millis = 60_000;
/// So long at most a snapshot waits between two of its pieces: the longer, the more is said of
/// guilds of which it has an older or a newer state than of others.
const PIECES: [Millis; 3] = [1, 300, 3_000];
/// So many rows are in one piece, and an eighth as many users: few, so that guilds differ in how
/// far they are, and enough, so that the whole is written before it is too old.
const ROWS: [usize; 3] = [8, 64, 512];
/// So many are on the disk.
const GENERATIONS: usize = 2;

/// Positions in the sessions of shards.
type Reached = BTreeMap<ShardId, Position>;

/// The snapshots of a bot.
#[derive(Debug)]
pub(super) struct Snapshots {
    rng: Rng,
    /// When the next one begins, or goes on; `None` if the bot writes none.
    due: Option<Millis>,
    open: Option<(SnapshotWriter, Snapshot)>,
    /// The newest last.
    whole: VecDeque<Snapshot>,
}

/// One as it lies on the disk.
#[derive(Debug, Default)]
struct Snapshot {
    taken: Millis,
    bytes: Vec<u8>,
    /// Up to where it has each session at least.
    begun: Reached,
    /// Up to where some of its guilds have them.
    ended: Reached,
}

/// What a process finds.
#[derive(Debug)]
pub(super) struct FoundRows {
    pub(super) store: MemoryStore,
    taken: Millis,
    ended: Reached,
}

impl Snapshots {
    pub(super) fn new(seed: u64, are_written: bool) -> Self {
        Self {
            rng: Rng::of(&[seed, 5]),
            due: are_written.then_some(0),
            open: None,
            whole: VecDeque::new(),
        }
    }

    /// When something is to be written.
    pub(super) const fn next_at(&self) -> Option<Millis> {
        self.due
    }

    /// No more are written.
    pub(super) fn stop(&mut self) {
        self.due = None;
    }

    /// Begins a snapshot, or writes the next piece of it.
    fn advance(&mut self, now: Millis, store: &MemoryStore, reached: Reached) {
        let pause = match self.open.take() {
            None => {
                let writer = store.snapshot(now).rows_a_copy(self.rng.pick(&ROWS));
                let writer = match self.rng.below(4) {
                    0 => writer.portable(),
                    _ => writer,
                };
                let snapshot = Snapshot {
                    taken: now,
                    begun: reached,
                    ..Snapshot::default()
                };
                self.open = Some((writer, snapshot));
                self.rng.pick(&PIECES)
            }
            Some((mut writer, mut snapshot)) => {
                let goes_on = writer.copy(store);
                writer.write(&mut snapshot.bytes);
                snapshot.ended = reached;
                match goes_on {
                    true => {
                        self.open = Some((writer, snapshot));
                        self.rng.pick(&PIECES)
                    }
                    false => {
                        self.whole.push_back(snapshot);
                        let old = self.whole.len().saturating_sub(GENERATIONS);
                        self.whole.drain(..old);
                        self.rng.pick(&[500, 10_000, 60_000])
                    }
                }
            }
        };
        self.due = Some(now + self.rng.below(pause));
    }

    /// What may be recorded of this: no snapshot is passed that a process may go on from.
    pub(super) fn bounded(&self, now: Millis, recorded: Position) -> Position {
        let open = self.open.iter().map(|(_, snapshot)| snapshot);
        let snapshots = self.whole.iter().chain(open);
        let counts = |it: &&Snapshot| now - it.taken <= LONGEST_REPLAY + MARGIN;
        let floors = snapshots.filter(counts);
        let floors = floors.filter_map(|it| it.begun.get(&recorded.shard));
        let floors = floors.filter(|floor| floor.session == recorded.session);
        let lowest = floors.map(|floor| floor.sequence).min();
        Position {
            sequence: lowest.map_or(recorded.sequence, |it| it.min(recorded.sequence)),
            ..recorded
        }
    }

    /// The process is gone, and with it what it was writing; the next one begins then.
    pub(super) fn die(&mut self, begins: Millis) {
        self.open = None;
        self.due = self.due.map(|_| begins);
    }

    /// What a process finds that begins now with this store to fill. The newest may be torn.
    pub(super) fn find(
        &mut self,
        now: Millis,
        empty: impl Fn() -> MemoryStore,
    ) -> Option<FoundRows> {
        if self.rng.below(6) == 0
            && let Some(newest) = self.whole.back_mut()
        {
            let length = self.rng.below(newest.bytes.len() as u64);
            newest.bytes.truncate(length as usize);
        }
        let read = |snapshot: &Snapshot| {
            let mut reader = SnapshotReader::new(empty()).at(now);
            reader.push(&snapshot.bytes).ok()?;
            let (store, _) = reader.finish().ok()?;
            Some(FoundRows {
                store,
                taken: snapshot.taken,
                ended: snapshot.ended.clone(),
            })
        };
        self.whole.iter().rev().find_map(read)
    }
}

impl FoundRows {
    /// What a shard goes on from, if it is of its session and not too old.
    pub(super) fn of(&self, session: &Session, now: Millis, guilds: u32) -> Option<HostRows> {
        let at = self.store.applied_position(session.shard())?;
        let is_old = now - self.taken > LONGEST_REPLAY && at.sequence < session.sequence();
        if at.session != session.digest() || is_old {
            return None;
        }
        let ended = self.ended.get(&session.shard());
        let ended = ended.filter(|ended| ended.session == at.session);
        let ended = ended.unwrap_or(&at).sequence;
        HostRows::new((&self.store, guilds), at, self.taken, ended)
    }
}

impl Simulation {
    /// Writes what is due of a snapshot.
    pub(super) fn write_snapshot(&mut self) {
        let positions = self.hosts.iter().filter_map(|host| host.shard.position());
        let reached: Reached = positions.map(|at| (at.shard, at)).collect();
        for at in reached.values() {
            self.store.reach(*at);
        }
        self.snapshots.advance(self.now, &self.store, reached);
        self.live_on();
    }

    /// While a snapshot is written somebody may come, or go, or say something: of this its guilds
    /// have more or less.
    fn live_on(&mut self) {
        let Snapshots { rng, open, .. } = &mut self.snapshots;
        if open.is_none() || rng.below(4) > 0 {
            return;
        }
        let guild = guild_id(rng.below(u64::from(self.guilds)) as u32);
        let world = self.gateway.world();
        let found = world.guild(guild);
        let place = rng.below(found.map_or(1, Guild::len) as u64) as usize;
        let member = found.and_then(|found| found.member_at(place));
        let act = match (rng.below(3), member.filter(|user| *user != world.bot())) {
            (0, Some(user)) => Act::RemoveMember { guild, user },
            (1, _) => Act::AddMember { guild, user: None },
            (_, _) => Act::Traffic {
                events: 1 + rng.below(10) as u32,
            },
        };
        self.act(act, None);
    }
}
