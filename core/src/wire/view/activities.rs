//! Activities as they lie in a batch and in the store.

use core::fmt;

use serde::ser::{Serialize, Serializer};

use super::Activity;
use crate::wire::packed::Cursor;

/// What a user does: activities one by one, unpacked as they are asked for.
#[derive(Clone, Copy)]
pub struct Activities<'a> {
    left: usize,
    rest: Cursor<'a>,
}

impl<'a> Activities<'a> {
    /// A number, and as many records.
    pub(crate) fn of(packed: &'a [u8]) -> Self {
        let mut rest = Cursor::new(packed);
        // None takes less than a byte.
        let most = packed.len() as u64;
        let left = rest.number().unwrap_or(0).min(most);
        Self {
            left: usize::try_from(left).unwrap_or(0),
            rest,
        }
    }
}

impl<'a> Iterator for Activities<'a> {
    type Item = Activity<'a>;

    fn next(&mut self) -> Option<Activity<'a>> {
        self.left = self.left.checked_sub(1)?;
        Some(Activity::unpack(&mut self.rest))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Activities<'_> {}

impl PartialEq for Activities<'_> {
    fn eq(&self, other: &Self) -> bool {
        Iterator::eq(*self, *other)
    }
}

impl fmt::Debug for Activities<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

impl Serialize for Activities<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(*self)
    }
}
