//! Where the records of a batch lie.

use alloc::sync::Arc;
use core::mem;

use super::Sink;

/// The largest pool that is kept for later, in bytes.
const KEPT: usize = 4096;

/// The records of a batch, behind one pointer.
///
/// Whoever made a pool may keep a clone, and write on it anew once nobody else holds it: rows that
/// come one by one allocate nothing then.
#[derive(Clone, Debug, Default)]
pub(crate) struct RecordPool(Option<Arc<Sink>>);

/// Pools for the rows of one dispatch, to be used again when those of the one before have been
/// dropped.
#[derive(Clone, Debug, Default)]
pub(crate) struct RecordPools {
    /// For the row that comes alone.
    pub(crate) alone: RecordPool,
    /// For the voice state that comes with its member, which lies in the other one.
    pub(crate) voice: RecordPool,
}

impl RecordPool {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(Some(Arc::new(Sink::with_capacity(bytes))))
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[u8] {
        self.0.as_deref().map_or(&[], Sink::as_slice)
    }

    /// To write on; it is copied before if somebody else holds it.
    #[inline]
    pub(crate) fn writer(&mut self) -> &mut Sink {
        Arc::make_mut(self.0.get_or_insert_default())
    }

    /// An empty pool: this one if nobody else holds it.
    pub(crate) fn reuse(&mut self) -> Self {
        let mut pool = mem::take(self);
        if let Some(sink) = pool.0.as_mut().and_then(Arc::get_mut) {
            sink.clear();
            return pool;
        }
        Self::default()
    }

    /// The same pool for [`RecordPool::reuse`], unless it is too large to be kept.
    pub(crate) fn spare(&self) -> Self {
        match &self.0 {
            Some(sink) if sink.capacity() <= KEPT => self.clone(),
            Some(_) | None => Self::default(),
        }
    }

    /// Keeps the records of which `stays` says so, which takes one off and has `None` to say where
    /// none is left; how many stay.
    pub(crate) fn retain(&mut self, stays: impl Fn(&mut &[u8]) -> Option<bool>) -> usize {
        let mut kept = Sink::with_capacity(self.as_slice().len());
        let (mut from, mut count) = (self.as_slice(), 0_usize);
        loop {
            let before = from;
            let Some(stays) = stays(&mut from) else {
                break;
            };
            if stays {
                let length = before.len().saturating_sub(from.len());
                kept.put(before.get(..length).unwrap_or_default());
                count = count.saturating_add(1);
            }
        }
        self.0 = Some(Arc::new(kept));
        count
    }

    pub(crate) fn shrink_to_fit(&mut self) {
        if let Some(sink) = self.0.as_mut().and_then(Arc::get_mut) {
            sink.shrink_to_fit();
        }
    }
}

impl PartialEq for RecordPool {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for RecordPool {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_is_used_again_when_nobody_else_holds_it() {
        let mut pool = RecordPool::default();
        pool.writer().put(b"ab");
        let mut spare = pool.spare();
        let place = pool.as_slice().as_ptr();
        assert_eq!(spare.reuse().as_slice(), b"", "somebody else reads it");
        assert_eq!(pool.as_slice(), b"ab");
        spare = pool.spare();
        drop(pool);
        let mut again = spare.reuse();
        again.writer().put(b"c");
        assert_eq!(
            (again.as_slice(), again.as_slice().as_ptr()),
            (&b"c"[..], place)
        );
    }

    #[test]
    fn a_pool_that_is_shared_is_copied_before_it_changes() {
        let mut one = RecordPool::default();
        one.writer().put(b"ab");
        let mut two = one.clone();
        two.writer().put(b"c");
        assert_eq!((one.as_slice(), two.as_slice()), (&b"ab"[..], &b"abc"[..]));
    }

    #[test]
    fn a_large_pool_is_not_kept() {
        let pool = RecordPool::with_capacity(KEPT * 2);
        assert!(pool.spare().0.is_none());
    }
}
