//! Rows of one guild, packed.

use core::fmt;
use core::marker::PhantomData;

use serde::ser::{Serialize, Serializer};

use crate::id::UserId;
use crate::wire::packed::{Cursor, RecordPool};

/// Rows of one guild, packed: [`Member`](super::Member)s, [`Presence`](super::Presence)s,
/// [`VoiceState`](super::VoiceState)s or [`Message`](super::Message)s.
///
/// However many there are, they lie in one allocation, which a clone shares.
pub struct Batch<T> {
    pub(super) pool: RecordPool,
    pub(super) count: usize,
    rows: PhantomData<T>,
}

/// A row that comes in batches.
pub trait BatchRow: Sealed {
    /// The row as it borrows from its batch.
    type Row<'a>: fmt::Debug + Serialize;

    /// What identifies the row, or whose it is.
    type Id;

    /// Takes the first row off the records; `None` if there is none.
    #[doc(hidden)]
    fn take<'a>(records: &mut &'a [u8]) -> Option<Self::Row<'a>>;

    /// The same, but says only which row it is.
    #[doc(hidden)]
    fn skip(records: &mut &[u8]) -> Option<Self::Id>;
}

/// Keeps [`BatchRow`] to the rows of this crate.
#[allow(
    unnameable_types,
    reason = "nobody else can name it, so nobody else can be a row of a batch"
)]
pub trait Sealed {}

/// Takes what `read` reads off the records.
pub(super) fn take_off<'a, R>(
    records: &mut &'a [u8],
    read: impl FnOnce(&mut Cursor<'a>) -> Option<R>,
) -> Option<R> {
    let mut from = Cursor::new(records);
    let taken = read(&mut from)?;
    *records = from.rest();
    Some(taken)
}

impl<T> Batch<T> {
    /// None yet, to be written into this pool.
    pub(crate) fn within(pool: RecordPool) -> Self {
        Self {
            pool,
            ..Self::default()
        }
    }

    pub(crate) const fn pool(&self) -> &RecordPool {
        &self.pool
    }

    /// How many rows there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes back what has been added since there were `count` of them in `bytes`.
    pub(crate) fn truncate(&mut self, (count, bytes): (usize, usize)) {
        if count < self.count {
            self.pool.writer().truncate(bytes);
            self.count = count;
        }
    }

    /// How many there are, and in how many bytes.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.count, self.pool.as_slice().len())
    }

    /// What `read` reads, one record after the other.
    pub(super) fn each<'a, R>(
        &'a self,
        read: impl Fn(&mut Cursor<'a>) -> Option<R>,
    ) -> impl Iterator<Item = R> {
        let mut from = Cursor::new(self.pool.as_slice());
        core::iter::from_fn(move || read(&mut from))
    }
}

impl<T: BatchRow> Batch<T> {
    /// The rows in the order of the payload; a user may come twice, then the later row counts.
    pub fn iter(&self) -> impl Iterator<Item = T::Row<'_>> {
        let mut records = self.pool.as_slice();
        core::iter::from_fn(move || T::take(&mut records))
    }

    /// The same rows, borrowing nothing.
    #[must_use]
    pub fn into_owned(mut self) -> Batch<T::Row<'static>> {
        self.pool.shrink_to_fit();
        Batch {
            pool: self.pool,
            count: self.count,
            rows: PhantomData,
        }
    }
}

impl<T: BatchRow<Id = UserId>> Batch<T> {
    /// The ids of the rows' users, in the order of the payload.
    pub fn users(&self) -> impl Iterator<Item = UserId> {
        let mut records = self.pool.as_slice();
        core::iter::from_fn(move || T::skip(&mut records))
    }

    /// Keeps the rows of the users of whom `stays` says so.
    pub(crate) fn retain(&mut self, stays: impl Fn(UserId) -> bool) {
        if !self.users().all(&stays) {
            let one = |records: &mut &[u8]| Some(stays(T::skip(records)?));
            self.count = self.pool.retain(one);
        }
    }
}

impl<T> Clone for Batch<T> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            count: self.count,
            rows: PhantomData,
        }
    }
}

impl<T> Default for Batch<T> {
    fn default() -> Self {
        Self {
            pool: RecordPool::default(),
            count: 0,
            rows: PhantomData,
        }
    }
}

impl<T> PartialEq for Batch<T> {
    fn eq(&self, other: &Self) -> bool {
        self.pool == other.pool
    }
}

impl<T: BatchRow> fmt::Debug for Batch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T: BatchRow> Serialize for Batch<T> {
    /// As a list of rows.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter())
    }
}
