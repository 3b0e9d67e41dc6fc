//! A budget within a sliding window of time.
use crate::edge::Millis;
use std::collections::VecDeque;

/// When the last payloads came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Window(VecDeque<Millis>);

impl Window {
    /// Counts one more at `now`; false when that makes more than `most` within `span`.
    pub(crate) fn admits(&mut self, now: Millis, span: Millis, most: usize) -> bool {
        while self.0.front().is_some_and(|first| first + span <= now) {
            self.0.pop_front();
        }
        self.0.push_back(now);
        self.0.len() <= most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_slides() {
        let mut window = Window::default();
        assert!(window.admits(0, 100, 2));
        assert!(window.admits(50, 100, 2));
        assert!(!window.admits(99, 100, 2));
        assert!(window.admits(150, 100, 2));
    }
}
