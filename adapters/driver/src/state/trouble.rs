//! A disk that fails is reported once, not at each attempt, and each attempt is counted.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::metrics::{StateFailureCounters, StateWrite};

/// Whether the attempts of one kind fail at present.
#[derive(Debug)]
pub(super) struct Trouble {
    is_reported: bool,
    write: StateWrite,
    failures: Arc<StateFailureCounters>,
}

impl Trouble {
    pub(super) fn new(write: StateWrite, failures: &Arc<StateFailureCounters>) -> Self {
        Self {
            is_reported: false,
            write,
            failures: Arc::clone(failures),
        }
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
                self.failures.note(self.write);
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
