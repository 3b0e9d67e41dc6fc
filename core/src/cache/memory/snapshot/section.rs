//! The sections of a snapshot: how long each is, and whether it is whole.

use alloc::vec::Vec;

use crate::cache::memory::snapshot::SnapshotError;
use crate::crc32c::crc32c;

/// How a snapshot begins, before the number of its format.
pub(super) const MAGIC: [u8; 6] = *b"hcsnap";

/// The number of the format.
pub(super) const FORMAT: u16 = 1;

/// Bytes before the first section.
pub(super) const PREFACE: usize = 8;

/// Bytes before the content of a section: its length, its checksum and its kind.
const HEAD: usize = 9;

/// The longest content of a section, some hundred times what is usual: so much at most waits to be
/// whole.
const LONGEST: u32 = 256 << 20;

/// What a section holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SectionKind {
    Head = 1,
    Portable = 2,
    End = 3,
    Roles = 4,
    Members = 5,
    Presences = 6,
    Uses = 7,
}

impl SectionKind {
    const fn of(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Head,
            2 => Self::Portable,
            3 => Self::End,
            4 => Self::Roles,
            5 => Self::Members,
            6 => Self::Presences,
            7 => Self::Uses,
            _ => return None,
        })
    }
}

/// A section that is whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Section<'a> {
    pub(super) kind: SectionKind,
    pub(super) content: &'a [u8],
}

/// Sections in a row: each knows the one before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    /// The checksum of the last one.
    last: u32,
    count: u64,
}

impl Chain {
    pub(super) const fn new() -> Self {
        Self { last: 0, count: 0 }
    }

    /// How many there are.
    pub(super) const fn count(self) -> u64 {
        self.count
    }

    const fn follow(&mut self, checksum: u32) {
        self.last = checksum;
        self.count = self.count.saturating_add(1);
    }

    fn checksum(self, length: [u8; 4], kind: u8, content: &[u8]) -> u32 {
        crc32c(&[&self.last.to_le_bytes(), &length, &[kind], content])
    }

    /// Appends a section with what `write` writes. One beyond 256 MiB is left out.
    pub(super) fn write(
        &mut self,
        kind: SectionKind,
        to: &mut Vec<u8>,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        let start = to.len();
        to.extend_from_slice(&[0; HEAD]);
        let content = to.len();
        write(to);
        let written = to.get(content..).unwrap_or_default();
        let length = u32::try_from(written.len()).ok();
        let Some(length) = length.filter(|length| *length <= LONGEST) else {
            return to.truncate(start);
        };
        let length = length.to_le_bytes();
        let checksum = self.checksum(length, kind as u8, written);
        self.follow(checksum);
        let head = to.get_mut(start..).and_then(<[u8]>::first_chunk_mut);
        if let Some(head) = head {
            let [a, b, c, d] = length;
            let [e, f, g, h] = checksum.to_le_bytes();
            *head = [a, b, c, d, e, f, g, h, kind as u8];
        }
    }

    /// Takes a section off the bytes; `None` if the rest of it has not come yet.
    pub(super) fn read<'a>(
        &mut self,
        bytes: &mut &'a [u8],
    ) -> Result<Option<Section<'a>>, SnapshotError> {
        let Some((head, rest)) = bytes.split_first_chunk::<HEAD>() else {
            return Ok(None);
        };
        let [a, b, c, d, e, f, g, h, kind] = *head;
        let length = [a, b, c, d];
        if u32::from_le_bytes(length) > LONGEST {
            return Err(SnapshotError::Damaged(self.count));
        }
        let Some((content, rest)) = usize::try_from(u32::from_le_bytes(length))
            .ok()
            .and_then(|length| rest.split_at_checked(length))
        else {
            return Ok(None);
        };
        let checksum = u32::from_le_bytes([e, f, g, h]);
        let found =
            SectionKind::of(kind).filter(|_| checksum == self.checksum(length, kind, content));
        let Some(kind) = found else {
            return Err(SnapshotError::Damaged(self.count));
        };
        self.follow(checksum);
        *bytes = rest;
        Ok(Some(Section { kind, content }))
    }
}
