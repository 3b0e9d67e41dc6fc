//! Many frames in one piece of memory.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::Writer;

/// The sequence number of the next dispatch: whatever is made later comes later in the session,
/// which began with READY.
static NEXT: AtomicU64 = AtomicU64::new(2);

/// Frames one after the other.
#[derive(Clone, Default)]
pub struct Frames {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Frames {
    /// Adds a dispatch, with a sequence number above all that were made before.
    pub(super) fn dispatch(&mut self, name: &str, data: impl FnOnce(&mut Writer)) {
        let mut json = Writer::default();
        json.raw("{\"t\":\"")
            .raw(name)
            .raw("\",\"s\":")
            .number(NEXT.fetch_add(1, Relaxed));
        json.raw(",\"op\":0,\"d\":");
        data(&mut json);
        json.raw("}");
        self.push(json.text.as_bytes());
    }

    /// Adds a frame.
    pub fn push(&mut self, frame: &[u8]) {
        self.bytes.extend_from_slice(frame);
        self.ends.push(self.bytes.len());
    }

    /// Forgets the frames and keeps the room.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// Their bytes in all.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Each frame in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, &end)| &self.bytes[start..end])
    }

    /// Each frame in order, to be scribbled on.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut [u8]> {
        let mut rest = &mut self.bytes[..];
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let (frame, after) = std::mem::take(&mut rest).split_at_mut(end - start);
            (rest, start) = (after, end);
            frame
        })
    }
}
