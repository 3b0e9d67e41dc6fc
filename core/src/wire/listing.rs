//! Rows that a payload lists.

use alloc::vec::Vec;

use super::field::Read;
use super::{Malformed, json::Reader};

/// The rows of a list, and how many of it could not be read.
///
/// A listing that was not read whole says nothing of what it does not list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing<T> {
    /// The rows, in the order of the payload.
    pub rows: Vec<T>,
    /// How many more there are, which could not be read.
    pub unread: u64,
}

impl<T> Listing<T> {
    /// Whether every row could be read.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.unread == 0
    }

    pub(crate) fn read_with<'i>(
        reader: &mut Reader<'i>,
        mut row: impl FnMut(&mut Reader<'i>) -> Result<T, Malformed>,
    ) -> Result<Self, Malformed> {
        let mut rows = Vec::new();
        let unread = reader.list(|reader| {
            rows.push(row(reader)?);
            Ok(())
        })?;
        Ok(Self { rows, unread })
    }
}

impl<'i, T: Read<'i>> Read<'i> for Listing<T> {
    fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        Self::read_with(reader, T::read)
    }
}
