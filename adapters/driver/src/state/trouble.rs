//! A disk that fails is reported once, not at each attempt.

use std::fmt;
use std::io;

/// Whether the attempts of one kind fail at present.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    is_reported: bool,
}

impl Trouble {
    pub(super) const fn new() -> Self {
        Self { is_reported: false }
    }

    /// Whether the last attempt failed.
    pub(super) const fn is_reported(&self) -> bool {
        self.is_reported
    }

    /// Reports the first failure and the first success after one. Whether it was a success.
    pub(super) fn note(&mut self, what: &dyn fmt::Display, result: io::Result<()>) -> bool {
        match result {
            Ok(()) if self.is_reported => {
                tracing::info!("{what} can be written again");
                self.is_reported = false;
            }
            Ok(()) => {}
            Err(error) => {
                if !self.is_reported {
                    tracing::warn!(%error, "{what} could not be written; the bot goes on without");
                    self.is_reported = true;
                }
                return false;
            }
        }
        true
    }
}
