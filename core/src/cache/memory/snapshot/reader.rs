//! Reading a snapshot.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;
use core::time::Duration;

use crate::cache::memory::export::Exported;
use crate::cache::memory::limits::RowLimits;
use crate::cache::memory::limits::uses::UsesByKind;
use crate::cache::memory::snapshot::packed::{LAYOUT, PORTABLE};
use crate::cache::memory::snapshot::section::{
    Chain, FORMAT, MAGIC, PREFACE, Section, SectionKind,
};
use crate::cache::memory::snapshot::{SnapshotError, SnapshotHead};
use crate::cache::{Kinds, MemoryStore};

/// Reads a snapshot, as [`SnapshotWriter`](super::SnapshotWriter) wrote it.
///
/// Memory is taken for what has come, never for what the bytes announce.
#[derive(Debug)]
pub struct SnapshotReader {
    store: MemoryStore,
    /// The store's, which are enforced at the end.
    limits: Option<Box<RowLimits>>,
    kept: Kinds,
    uses: UsesByKind,
    /// When it is read, in milliseconds since 1970.
    now: Option<u64>,
    head: Option<SnapshotHead>,
    chain: Chain,
    /// What has come of a section that is not whole yet.
    partial: Vec<u8>,
    has_begun: bool,
    is_over: bool,
    failure: Option<SnapshotError>,
}

impl SnapshotReader {
    /// Reads into this store: an empty one, with the policies and indexes that it shall have.
    ///
    /// Kinds that it does not keep are passed over. What it keeps and the snapshot does not is
    /// missing, and said to be ([`Lack`](crate::cache::Lack)); a guild that would have listed it
    /// counts as [handed over](crate::cache::GuildStatus::HandedOver). The same holds for kinds
    /// that [others](MemoryStore::kept_elsewhere) keep now.
    #[must_use]
    pub fn new(mut store: MemoryStore) -> Self {
        let kept = store.kept();
        Self {
            limits: store.lift_limits(),
            store,
            kept,
            uses: UsesByKind::new(),
            now: None,
            head: None,
            chain: Chain::new(),
            partial: Vec::new(),
            has_begun: false,
            is_over: false,
            failure: None,
        }
    }

    /// Says what time it is, in milliseconds since 1970: rows have grown older since the snapshot
    /// was taken. Without it they are as old as they were.
    #[must_use]
    pub const fn at(mut self, now: u64) -> Self {
        self.now = Some(now);
        self
    }

    /// Takes the next bytes, as many as there are.
    ///
    /// # Errors
    /// [`SnapshotError`], from then on always the same: it is no snapshot, or not a whole one.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let taken = if self.partial.is_empty() {
            self.take(bytes).map(|taken| {
                let rest = bytes.get(taken..).unwrap_or_default();
                self.partial.extend_from_slice(rest);
            })
        } else {
            let mut partial = mem::take(&mut self.partial);
            partial.extend_from_slice(bytes);
            self.take(&partial).map(|taken| {
                partial.drain(..taken);
                self.partial = partial;
            })
        };
        self.failure = taken.err();
        taken
    }

    /// The store, once all bytes have come, and what the snapshot says of itself.
    ///
    /// # Errors
    /// [`SnapshotError`], as of [`push`](Self::push), or since the end is missing.
    pub fn finish(mut self) -> Result<(MemoryStore, SnapshotHead), SnapshotError> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let Some(head) = self.head.filter(|_| self.is_over) else {
            return Err(SnapshotError::Truncated);
        };
        let since = self.now.unwrap_or(head.taken).saturating_sub(head.taken);
        let since = Duration::from_millis(since);
        self.store.kept_before = None;
        self.store.set_limits(self.limits, self.uses, since);
        Ok((self.store, head))
    }

    /// Takes whole sections; returns how many bytes they were.
    fn take(&mut self, all: &[u8]) -> Result<usize, SnapshotError> {
        let mut bytes = all;
        if !self.has_begun {
            let Some((preface, rest)) = bytes.split_first_chunk::<PREFACE>() else {
                let known = bytes.len().min(MAGIC.len());
                let is_known = bytes.get(..known) == MAGIC.get(..known);
                return is_known.then_some(0).ok_or(SnapshotError::Foreign);
            };
            begins(*preface)?;
            self.has_begun = true;
            bytes = rest;
        }
        while let Some(section) = self.chain.read(&mut bytes)? {
            let number = self.chain.count().saturating_sub(1);
            self.read(section).ok_or(SnapshotError::Damaged(number))?;
            let layout = self.head.as_ref().map_or(LAYOUT, |head| head.layout);
            if layout != LAYOUT && layout != PORTABLE {
                return Err(SnapshotError::OtherLayout(layout));
            }
        }
        if self.is_over && !bytes.is_empty() {
            return Err(SnapshotError::Damaged(self.chain.count()));
        }
        Ok(all.len().saturating_sub(bytes.len()))
    }

    /// `None` if the section is not what it should be.
    fn read(&mut self, section: Section<'_>) -> Option<()> {
        let content = section.content;
        let is_first = section.kind == SectionKind::Head;
        if self.is_over || is_first != self.head.is_none() {
            return None;
        }
        match section.kind {
            SectionKind::Head => self.head = Some(serde_json::from_slice(content).ok()?),
            SectionKind::Portable => {
                let piece: Exported<'static> = serde_json::from_slice(content).ok()?;
                let judged = self.limits.as_ref();
                let judged = judged.map_or(Kinds::empty(), |limits| limits.judged);
                self.store.import_for(self.kept, judged, piece);
            }
            SectionKind::End => {
                let before = self.chain.count().checked_sub(1)?;
                (content == before.to_le_bytes()).then_some(())?;
                self.is_over = true;
            }
            SectionKind::Roles | SectionKind::Members if !self.kept.contains(Kinds::MEMBERS) => {}
            SectionKind::Roles => self.store.read_roles(content)?,
            SectionKind::Members => self.store.read_members(content)?,
            SectionKind::Presences if !self.kept.contains(Kinds::PRESENCES) => {}
            SectionKind::Presences => self.store.read_presences(content)?,
            SectionKind::Uses => self.store.read_uses(content, &mut self.uses)?,
        }
        Some(())
    }
}

fn begins(preface: [u8; PREFACE]) -> Result<(), SnapshotError> {
    let [magic @ .., low, high] = preface;
    if magic != MAGIC {
        return Err(SnapshotError::Foreign);
    }
    match u16::from_le_bytes([low, high]) {
        FORMAT => Ok(()),
        other => Err(SnapshotError::OtherFormat(other)),
    }
}
