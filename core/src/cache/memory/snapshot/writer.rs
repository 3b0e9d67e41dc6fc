//! Writing a snapshot.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::iter;

use hashbrown::HashSet;

use crate::Instant;
use crate::cache::MemoryStore;
use crate::cache::memory::export::Exported;
use crate::cache::memory::guild::rows::GuildRows;
use crate::cache::memory::snapshot::SnapshotHead;
use crate::cache::memory::snapshot::packed::{
    CopiedMembers, CopiedPresences, LAYOUT, PORTABLE, roles_section,
};
use crate::cache::memory::snapshot::section::{Chain, FORMAT, MAGIC, SectionKind};
use crate::cache::memory::snapshot::uses::TrackedRows;
use crate::cache::policy::Seeded;
use crate::id::GuildId;
use crate::shard_id::ShardId;

/// Guilds are copied one after another until they have so many rows.
const ROWS_A_COPY: usize = 4_096;

/// So many rows are copied in the time in which one is looked up.
const ROWS_A_LOOK_UP: usize = 8;

/// Writes a snapshot of a store that goes on changing meanwhile.
///
/// ```
/// # use headcount_core::cache::MemoryStore;
/// # use headcount_core::cache::memory::snapshot::SnapshotReader;
/// # let (mut store, empty, now) = (MemoryStore::new(1), MemoryStore::new(2), 0);
/// let mut writer = store.snapshot(now);
/// let mut bytes = Vec::new();
/// while writer.copy(&store) {
///     // The store may be changed here, and the bytes that are there written to a file.
///     writer.write(&mut bytes);
/// }
/// writer.write(&mut bytes);
///
/// let mut reader = SnapshotReader::new(empty);
/// reader.push(&bytes)?;
/// let (store, head) = reader.finish()?;
/// assert_eq!(head.taken(), now);
/// # Ok::<(), headcount_core::cache::memory::snapshot::SnapshotError>(())
/// ```
#[derive(Debug)]
pub struct SnapshotWriter {
    head: SnapshotHead,
    chain: Chain,
    /// The time of the store at the beginning.
    begun: Instant,
    /// The shard whose guilds alone are copied, if it is of one.
    shard: Option<ShardId>,
    /// How many places of guilds in the store have not been looked at. They are from the last to
    /// the first: a guild that takes the place of one that leaves comes from further behind.
    places: usize,
    /// The guilds that have been copied, and may be at another place now.
    copied: HashSet<GuildId, Seeded>,
    /// What has been copied and refers to what lies elsewhere, in the order of the bytes.
    waiting: VecDeque<WaitingPiece>,
    /// What can be written, in the order of the bytes.
    ready: VecDeque<ReadyPiece>,
    is_portable: bool,
    rows_a_copy: usize,
    is_over: bool,
    has_ended: bool,
}

/// What can be written without the store.
#[derive(Debug)]
enum ReadyPiece {
    Portable(Exported<'static>),
    Packed(SectionKind, Vec<u8>),
    Presences(CopiedPresences),
}

/// What has been copied, with what has to be looked up first.
#[derive(Debug)]
enum WaitingPiece {
    Nothing(ReadyPiece),
    Users(CopiedMembers),
    Uses(TrackedRows),
}

impl MemoryStore {
    /// Begins a snapshot, in which everything up to here is included; `taken` is the time in
    /// milliseconds since 1970.
    ///
    /// Copies at once what lies in no guild.
    #[must_use]
    pub fn snapshot(&self, taken: u64) -> SnapshotWriter {
        let mut writer = self.snapshot_of(None, taken);
        writer.head.positions = self.positions().collect();
        writer.export(self.export_outside());
        writer.track(self.tracked_rows(None));
        writer.look_up(self, 0);
        writer
    }

    /// The same of one shard: of its guilds alone, and without what lies in no guild.
    #[must_use]
    pub fn shard_snapshot(&self, shard: ShardId, taken: u64) -> SnapshotWriter {
        let mut writer = self.snapshot_of(Some(shard), taken);
        writer.head.positions = self.applied_position(shard).into_iter().collect();
        writer.export(iter::once(self.export_shard(shard)));
        writer.look_up(self, 0);
        writer
    }

    fn snapshot_of(&self, shard: Option<ShardId>, taken: u64) -> SnapshotWriter {
        SnapshotWriter {
            head: SnapshotHead {
                layout: LAYOUT,
                taken,
                positions: Vec::new(),
            },
            chain: Chain::new(),
            begun: self.now(),
            shard,
            places: self.guilds.len(),
            // It would have to grow while the store is held.
            copied: HashSet::with_capacity_and_hasher(self.guilds.len(), Seeded::new(taken)),
            waiting: VecDeque::new(),
            ready: VecDeque::new(),
            is_portable: false,
            rows_a_copy: ROWS_A_COPY,
            is_over: false,
            has_ended: false,
        }
    }
}

impl SnapshotWriter {
    /// The same, but guilds are [copied](Self::copy) one after another until they have so many
    /// rows, and an eighth as many are looked up at a time; one at least, and 4,096 unless
    /// something else is said.
    #[must_use]
    pub const fn rows_a_copy(mut self, rows: usize) -> Self {
        self.rows_a_copy = if rows == 0 { 1 } else { rows };
        self
    }

    /// What the snapshot says of itself.
    #[must_use]
    pub const fn head(&self) -> &SnapshotHead {
        &self.head
    }

    /// The same in a form that every later version reads, also one that lays rows out in another
    /// way: some four times as long, and slower to write and to read.
    #[must_use]
    pub const fn portable(mut self) -> Self {
        self.is_portable = true;
        self.head.layout = PORTABLE;
        self
    }

    /// Copies the next rows out of the store with which the snapshot began; `false` if these were
    /// the last. Takes memory until [`write`](Self::write) is called.
    ///
    /// These are whole guilds, until they have some thousands of rows, in the time of copying
    /// bytes; or the users of a few hundred members copied before, in the time of looking them up.
    /// A guild is copied at once however large it is, with its messages: one of 1,000,000 members
    /// in some 17 ms.
    /// A guild that has left meanwhile is passed over, and one that has come may be: both come
    /// again after the positions at which the snapshot began.
    pub fn copy(&mut self, store: &MemoryStore) -> bool {
        if self.waiting.is_empty() {
            self.copy_guilds(store);
            self.look_up(store, 0);
        } else {
            self.look_up(store, (self.rows_a_copy / ROWS_A_LOOK_UP).max(1));
        }
        self.is_over = self.waiting.is_empty() && self.places == 0;
        !self.is_over
    }

    fn copy_guilds(&mut self, store: &MemoryStore) {
        let mut rows = 0_usize;
        while rows < self.rows_a_copy
            && let Some(guild_rows) = self.next_guild(store)
        {
            rows = rows.saturating_add(1);
            let is_in = self.shard.is_none_or(|shard| shard.serves(guild_rows.id));
            if is_in && self.copied.insert(guild_rows.id) {
                rows = rows.saturating_add(row_count(store, guild_rows));
                self.copy_guild(store, guild_rows);
            }
        }
    }

    /// The guild at the next place, if there is one.
    fn next_guild<'s>(&mut self, store: &'s MemoryStore) -> Option<&'s GuildRows> {
        let places = self.places.min(store.guilds.len());
        self.places = places.saturating_sub(1);
        let place = places.checked_sub(1)?;
        store.guilds.at(place).map(|guild_rows| &**guild_rows)
    }

    fn copy_guild(&mut self, store: &MemoryStore, guild_rows: &GuildRows) {
        if self.is_portable {
            self.export(store.export_guild(guild_rows));
        } else {
            self.export(store.export_places(guild_rows));
            self.copy_people(guild_rows);
        }
        self.track(store.tracked_rows(Some(guild_rows)));
    }

    fn copy_people(&mut self, guild_rows: &GuildRows) {
        if guild_rows.members.len() > 0 {
            let roles = ReadyPiece::Packed(SectionKind::Roles, roles_section(guild_rows));
            let members = WaitingPiece::Users(CopiedMembers::of(guild_rows));
            self.waiting.extend([WaitingPiece::Nothing(roles), members]);
        }
        let presences = ReadyPiece::Presences(CopiedPresences::of(guild_rows));
        self.waiting.push_back(WaitingPiece::Nothing(presences));
    }

    fn export(&mut self, pieces: impl Iterator<Item = Exported<'static>>) {
        let pieces = pieces.map(|piece| WaitingPiece::Nothing(ReadyPiece::Portable(piece)));
        self.waiting.extend(pieces);
    }

    fn track(&mut self, rows: impl Iterator<Item = TrackedRows>) {
        self.waiting.extend(rows.map(WaitingPiece::Uses));
    }

    /// Looks up so many rows at most, and lets what waits for no more be written.
    fn look_up(&mut self, store: &MemoryStore, most: usize) {
        let mut left = most;
        while let Some(piece) = self.waiting.pop_front() {
            let (kind, section, piece) = match piece {
                WaitingPiece::Nothing(piece) => {
                    self.ready.push_back(piece);
                    continue;
                }
                piece if left == 0 => return self.waiting.push_front(piece),
                WaitingPiece::Users(mut members) => {
                    let most = left;
                    left = left.saturating_sub(members.left());
                    let section = members.look_up(&store.shared.users, most);
                    let goes_on = members.left() > 0;
                    let piece = goes_on.then_some(WaitingPiece::Users(members));
                    (SectionKind::Members, section, piece)
                }
                WaitingPiece::Uses(mut rows) => {
                    let most = left;
                    left = left.saturating_sub(rows.left());
                    let section = rows.look_up(store, most, self.begun);
                    let goes_on = rows.left() > 0;
                    let piece = goes_on.then_some(WaitingPiece::Uses(rows));
                    (SectionKind::Uses, section, piece)
                }
            };
            self.ready.push_back(ReadyPiece::Packed(kind, section));
            if let Some(piece) = piece {
                return self.waiting.push_front(piece);
            }
        }
    }

    /// Appends what has been copied; after the last guilds the end as well.
    pub fn write(&mut self, to: &mut Vec<u8>) {
        while self.write_some(to, usize::MAX) {}
    }

    /// The same until so many bytes have been appended, and a section more at most; whether there
    /// is more to be written. What a large guild is in text need not be in memory at once so.
    pub fn write_some(&mut self, to: &mut Vec<u8>, bytes: usize) -> bool {
        let most = to.len().saturating_add(bytes);
        if self.chain.count() == 0 {
            to.extend_from_slice(&MAGIC);
            to.extend_from_slice(&FORMAT.to_le_bytes());
            let head = &self.head;
            self.chain.write(SectionKind::Head, to, |to| json(head, to));
        }
        while let Some(piece) = self.ready.pop_front() {
            if to.len() >= most {
                self.ready.push_front(piece);
                return true;
            }
            if let Some(rest) = write_section(&mut self.chain, piece, to) {
                self.ready.push_front(rest);
            }
        }
        if self.is_over && !self.has_ended {
            self.has_ended = true;
            let count = self.chain.count();
            let write = |to: &mut Vec<u8>| to.extend_from_slice(&count.to_le_bytes());
            self.chain.write(SectionKind::End, to, write);
        }
        false
    }
}

/// Writes a section of a piece, and gives back what is left of it.
fn write_section(chain: &mut Chain, piece: ReadyPiece, to: &mut Vec<u8>) -> Option<ReadyPiece> {
    match piece {
        ReadyPiece::Portable(piece) => {
            chain.write(SectionKind::Portable, to, |to| json(&piece, to));
            None
        }
        ReadyPiece::Packed(kind, content) => {
            chain.write(kind, to, |to| to.extend_from_slice(&content));
            None
        }
        ReadyPiece::Presences(presences) if presences.is_written() => None,
        ReadyPiece::Presences(mut presences) => {
            chain.write(SectionKind::Presences, to, |to| presences.write(to));
            Some(ReadyPiece::Presences(presences))
        }
    }
}

fn json(value: &impl serde::Serialize, to: &mut Vec<u8>) {
    let text = serde_json::to_vec(value);
    debug_assert!(text.is_ok(), "rows can be written");
    to.extend_from_slice(&text.unwrap_or_default());
}

fn row_count(store: &MemoryStore, guild_rows: &GuildRows) -> usize {
    let people = guild_rows
        .members
        .len()
        .saturating_add(guild_rows.presences.len());
    let places = guild_rows
        .channels
        .len()
        .saturating_add(guild_rows.roles.len());
    let entities = guild_rows.entities.row_count(&store.shared.messages);
    people.saturating_add(places).saturating_add(entities)
}
