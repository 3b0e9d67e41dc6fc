//! Rows that are written out, a bounded number together.

use alloc::vec::Vec;
use core::iter;

/// How many rows are written in one piece.
pub(super) const ROWS: usize = 1_000;

/// Rows, as many together as a piece has.
pub(super) fn in_pieces<T>(mut rows: impl Iterator<Item = T>) -> impl Iterator<Item = Vec<T>> {
    iter::from_fn(move || {
        let piece: Vec<T> = rows.by_ref().take(ROWS).collect();
        (!piece.is_empty()).then_some(piece)
    })
}
