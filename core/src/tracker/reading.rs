//! From the bytes of a frame to what its dispatch means, as far as anybody needs that.

use super::Tracker;
use crate::wire::view::wanted::wanted;
use crate::wire::{Frame, Malformed, Name, Names};

impl Tracker {
    /// Reads a frame, and what its dispatch means to setup, requests and cache.
    ///
    /// # Errors
    /// [`Malformed`] if it is no frame at all.
    pub(crate) fn read<'i>(&mut self, frame: &'i [u8]) -> Result<Frame<'i>, Malformed> {
        if self.config.events != Names::ALL
            && let Some(unread) = Frame::unread(frame, |name| self.is_unread(name))
        {
            return Ok(unread);
        }
        let mut read = Frame::read(frame, self.config.kinds, &mut self.pools);
        if let Ok(frame) = &mut read
            && matches!(frame.view, Ok(None))
            && frame.is_dispatch()
        {
            let (view, noted) = self.deriver.glance(frame.name, frame.envelope.data);
            frame.view = view;
            frame.misreads.append(noted);
        }
        read
    }

    /// Whether nobody needs the data of a dispatch: neither the user nor setup nor the cache.
    fn is_unread(&self, name: Name) -> bool {
        let is_emitted = self.config.events.contains(name);
        !is_emitted && !wanted(name, self.config.kinds) && !self.deriver.glances_at(name)
    }
}
