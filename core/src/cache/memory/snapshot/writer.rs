//! Writing a snapshot.

use alloc::vec::{self, Vec};

use crate::cache::MemoryStore;
use crate::cache::memory::export::Exported;
use crate::cache::memory::guild::rows::GuildRows;
use crate::cache::memory::snapshot::SnapshotHead;
use crate::cache::memory::snapshot::packed::{LAYOUT, PORTABLE, PackedSections};
use crate::cache::memory::snapshot::section::{Chain, FORMAT, MAGIC, SectionKind};
use crate::id::GuildId;

/// Guilds are copied one after another until they have so many rows.
const ROWS_A_COPY: usize = 4_096;

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
    /// Guilds that have not been copied.
    guilds: vec::IntoIter<GuildId>,
    /// What has been copied and not written.
    copied: Vec<CopiedPiece>,
    is_portable: bool,
    rows_a_copy: usize,
    is_over: bool,
    has_ended: bool,
}

/// What has been copied.
#[derive(Debug)]
enum CopiedPiece {
    Portable(Exported<'static>),
    Packed(SectionKind, Vec<u8>),
}

impl MemoryStore {
    /// Begins a snapshot, in which everything up to here is included; `taken` is the time in
    /// milliseconds since 1970.
    ///
    /// Copies at once what lies in no guild.
    #[must_use]
    pub fn snapshot(&self, taken: u64) -> SnapshotWriter {
        let mut guilds: Vec<GuildId> = self.guilds.iter().map(|guild_rows| guild_rows.id).collect();
        guilds.sort_unstable();
        let mut writer = SnapshotWriter {
            head: SnapshotHead {
                layout: LAYOUT,
                taken,
                positions: self.positions().collect(),
            },
            chain: Chain::new(),
            guilds: guilds.into_iter(),
            copied: Vec::new(),
            is_portable: false,
            rows_a_copy: ROWS_A_COPY,
            is_over: false,
            has_ended: false,
        };
        writer.extend(self.export_outside());
        writer.pack(|sections| self.copy_uses(None, sections));
        writer
    }
}

impl SnapshotWriter {
    /// The same, but guilds are [copied](Self::copy) one after another until they have so many
    /// rows; 4,096 unless something else is said.
    #[must_use]
    pub const fn rows_a_copy(mut self, rows: usize) -> Self {
        self.rows_a_copy = rows;
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

    /// Copies the next guilds out of the store with which the snapshot began, some thousands of
    /// rows or one guild that has more; `false` if these were the last. A guild that has left
    /// meanwhile is passed over, and so is one that has come: both come again after the positions
    /// at which the snapshot began.
    ///
    /// Takes time by the rows, and memory until [`write`](Self::write) is called.
    pub fn copy(&mut self, store: &MemoryStore) -> bool {
        let mut rows = 0_usize;
        loop {
            let Some(guild) = self.guilds.next() else {
                self.is_over = true;
                return false;
            };
            let Some(guild_rows) = store.guild_rows(guild) else {
                continue;
            };
            rows = rows.saturating_add(row_count(guild_rows));
            self.copy_guild(store, guild_rows);
            if rows >= self.rows_a_copy {
                return true;
            }
        }
    }

    fn copy_guild(&mut self, store: &MemoryStore, guild_rows: &GuildRows) {
        if self.is_portable {
            self.extend(store.export_guild(guild_rows));
        } else {
            self.extend(store.export_places(guild_rows));
            self.pack(|sections| {
                let mut packed = PackedSections::new(sections, guild_rows.id);
                packed.members(guild_rows, &store.shared.users);
                packed.presences(guild_rows);
            });
        }
        self.pack(|sections| store.copy_uses(Some(guild_rows), sections));
    }

    fn extend(&mut self, pieces: impl Iterator<Item = Exported<'static>>) {
        self.copied.extend(pieces.map(CopiedPiece::Portable));
    }

    fn pack(&mut self, copy: impl FnOnce(&mut Vec<(SectionKind, Vec<u8>)>)) {
        let mut sections = Vec::new();
        copy(&mut sections);
        let sections = sections.into_iter();
        let packed = sections.map(|(kind, content)| CopiedPiece::Packed(kind, content));
        self.copied.extend(packed);
    }

    /// Appends what has been copied; after the last guilds the end as well.
    pub fn write(&mut self, to: &mut Vec<u8>) {
        if self.chain.count() == 0 {
            to.extend_from_slice(&MAGIC);
            to.extend_from_slice(&FORMAT.to_le_bytes());
            let head = &self.head;
            self.chain.write(SectionKind::Head, to, |to| json(head, to));
        }
        for piece in self.copied.drain(..) {
            let chain = &mut self.chain;
            match piece {
                CopiedPiece::Portable(piece) => {
                    chain.write(SectionKind::Portable, to, |to| json(&piece, to));
                }
                CopiedPiece::Packed(kind, content) => {
                    chain.write(kind, to, |to| to.extend_from_slice(&content));
                }
            }
        }
        if self.is_over && !self.has_ended {
            self.has_ended = true;
            let count = self.chain.count();
            let write = |to: &mut Vec<u8>| to.extend_from_slice(&count.to_le_bytes());
            self.chain.write(SectionKind::End, to, write);
        }
    }
}

fn json(value: &impl serde::Serialize, to: &mut Vec<u8>) {
    let text = serde_json::to_vec(value);
    debug_assert!(text.is_ok(), "rows can be written");
    to.extend_from_slice(&text.unwrap_or_default());
}

fn row_count(guild_rows: &GuildRows) -> usize {
    let people = guild_rows
        .members
        .len()
        .saturating_add(guild_rows.presences.len());
    let entities = guild_rows
        .channels
        .len()
        .saturating_add(guild_rows.roles.len());
    people.saturating_add(entities).saturating_add(1)
}
