//! Many frames in one piece of memory.

use super::Writer;

/// Frames one after the other.
#[derive(Clone, Default)]
pub struct Frames {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Frames {
    /// Adds a dispatch; its sequence number is its place, from 1.
    pub(super) fn dispatch(&mut self, name: &str, data: impl FnOnce(&mut Writer)) {
        let mut json = Writer::default();
        json.raw("{\"t\":\"")
            .raw(name)
            .raw("\",\"s\":")
            .number(self.ends.len() as u64 + 1);
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
