//! The rows of a table as they lie, without what finds them.

use alloc::vec::Vec;

use crate::cache::memory::table::small_rows::SmallRows;

/// Bytes of a key.
const KEY: usize = 8;

/// A copy of a table's rows, which takes the time of copying bytes.
#[derive(Debug)]
pub(in crate::cache::memory) struct CopiedRows {
    small: SmallRows,
    sized: Vec<RowsOfSize>,
}

/// Rows of so many bytes each, their keys included.
#[derive(Debug)]
pub(super) struct RowsOfSize {
    pub(super) row: usize,
    pub(super) bytes: Vec<u8>,
}

impl CopiedRows {
    pub(super) const fn of_few(small: SmallRows) -> Self {
        let sized = Vec::new();
        Self { small, sized }
    }

    pub(super) const fn of_many(sized: Vec<RowsOfSize>) -> Self {
        let small = SmallRows::new();
        Self { small, sized }
    }

    pub(in crate::cache::memory) fn len(&self) -> usize {
        let sized = self.sized.iter().map(|rows| rows.all().len());
        sized.fold(self.small.len(), usize::saturating_add)
    }

    /// The rows with their keys, in the order of the table, but for the first `passed`. To pass
    /// over many takes no longer than to pass over few.
    pub(in crate::cache::memory) fn iter_from(
        &self,
        passed: usize,
    ) -> impl Iterator<Item = (u64, &[u8])> {
        let mut left = passed.saturating_sub(self.small.len());
        let sized = self.sized.iter().flat_map(move |rows| {
            let rows = rows.all();
            let here = left.min(rows.len());
            left = left.saturating_sub(here);
            rows.skip(here)
        });
        let sized = sized.filter_map(|row| {
            let (key, row) = row.split_first_chunk::<KEY>()?;
            Some((u64::from_le_bytes(*key), row))
        });
        self.small.iter().skip(passed).chain(sized)
    }
}

impl RowsOfSize {
    fn all(&self) -> core::slice::ChunksExact<'_, u8> {
        self.bytes.chunks_exact(self.row.max(1))
    }
}
