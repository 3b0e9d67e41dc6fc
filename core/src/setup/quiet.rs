//! How long no guild of READY may come before the rest are missed.

use super::config::SetupConfig;
use crate::Instant;
use crate::countdown::Countdown;
use core::time::Duration;

/// The silence since READY, or since the last guild of it that has come.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Quiet {
    /// Counts the time in which a guild could come.
    pub(super) heard: Countdown,
    /// When it is over whatever befalls the connection.
    pub(super) latest: Instant,
}

impl Quiet {
    pub(super) fn start(now: Instant, config: &SetupConfig) -> Self {
        Self {
            heard: Countdown::start(now, config.silence),
            latest: now.after(config.patience),
        }
    }

    /// A guild has come, as a replay before RESUMED may bring it too.
    pub(super) fn renew(&mut self, now: Instant, config: &SetupConfig) {
        self.heard.renew(now, config.silence);
        self.latest = now.after(config.patience);
    }

    /// For so long nothing was read.
    pub(super) fn put_off(&mut self, missed: Duration) {
        self.heard.put_off(missed);
        self.latest = self.latest.after(missed);
    }
}
