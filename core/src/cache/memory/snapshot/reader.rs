//! Reading a snapshot.

use alloc::vec::Vec;
use core::mem;

use crate::cache::MemoryStore;
use crate::cache::memory::export::Exported;
use crate::cache::memory::snapshot::section::{
    Chain, FORMAT, MAGIC, PREFACE, Section, SectionKind,
};
use crate::cache::memory::snapshot::{SnapshotError, SnapshotHead};

/// Reads a snapshot, as [`SnapshotWriter`](super::SnapshotWriter) wrote it.
///
/// Memory is taken for what has come, never for what the bytes announce.
#[derive(Debug)]
pub struct SnapshotReader {
    store: MemoryStore,
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
    /// missing, and said to be ([`Lack`](crate::cache::Lack)).
    #[must_use]
    pub const fn new(store: MemoryStore) -> Self {
        Self {
            store,
            head: None,
            chain: Chain::new(),
            partial: Vec::new(),
            has_begun: false,
            is_over: false,
            failure: None,
        }
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
            self.take(bytes)
        } else {
            let mut partial = mem::take(&mut self.partial);
            partial.extend_from_slice(bytes);
            let taken = self.take(&partial);
            partial.clear();
            taken
        };
        if let Err(failure) = taken {
            self.failure = Some(failure);
            self.partial = Vec::new();
        }
        taken
    }

    /// The store, once all bytes have come, and what the snapshot says of itself.
    ///
    /// # Errors
    /// [`SnapshotError`], as of [`push`](Self::push), or since the end is missing.
    pub fn finish(self) -> Result<(MemoryStore, SnapshotHead), SnapshotError> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        match self.head {
            Some(head) if self.is_over => Ok((self.store, head)),
            Some(_) | None => Err(SnapshotError::Truncated),
        }
    }

    /// Takes whole sections, and keeps the rest.
    fn take(&mut self, mut bytes: &[u8]) -> Result<(), SnapshotError> {
        if !self.has_begun {
            let Some((preface, rest)) = bytes.split_first_chunk::<PREFACE>() else {
                let known = bytes.len().min(MAGIC.len());
                if bytes.get(..known) != MAGIC.get(..known) {
                    return Err(SnapshotError::Foreign);
                }
                self.partial = bytes.to_vec();
                return Ok(());
            };
            begins(*preface)?;
            self.has_begun = true;
            bytes = rest;
        }
        while let Some(section) = self.chain.read(&mut bytes)? {
            let number = self.chain.count().saturating_sub(1);
            self.read(section).ok_or(SnapshotError::Damaged(number))?;
        }
        if self.is_over && !bytes.is_empty() {
            return Err(SnapshotError::Damaged(self.chain.count()));
        }
        self.partial = bytes.to_vec();
        Ok(())
    }

    /// `None` if the section is not what it should be.
    fn read(&mut self, section: Section<'_>) -> Option<()> {
        let is_first = self.head.is_none();
        match section.kind {
            SectionKind::Head if is_first => {
                self.head = Some(serde_json::from_slice(section.content).ok()?);
            }
            SectionKind::Portable if !is_first && !self.is_over => {
                let piece: Exported<'static> = serde_json::from_slice(section.content).ok()?;
                self.store.import(piece);
            }
            SectionKind::End if !is_first && !self.is_over => {
                let before = self.chain.count().checked_sub(1)?;
                (section.content == before.to_le_bytes()).then_some(())?;
                self.is_over = true;
            }
            SectionKind::Head | SectionKind::Portable | SectionKind::End => return None,
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
