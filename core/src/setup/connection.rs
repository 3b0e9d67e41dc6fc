//! What becomes of the waits of setup when the connection is cut, or is not read.

use alloc::vec::Vec;
use core::time::Duration;

use super::event::SetupEvent;
use super::machine::Setup;
use super::quiet::Quiet;
use crate::Instant;

impl Setup {
    /// The connection is lost; what comes until [`Setup::resumed`] is replay.
    pub(crate) fn connection_lost(&mut self, now: Instant, out: &mut Vec<SetupEvent>) {
        if let Some(quiet) = &mut self.quiet {
            quiet.heard.stop(now);
        }
        self.requests.connection_lost(now, &mut self.ended);
        self.emit_ended(now, out);
        while let Some(config) = &self.config.sync
            && let Some(guild) = self.syncs.connection_lost(config)
        {
            self.give_up_sync(now, guild, out);
        }
        self.conclude(out);
    }

    /// The session goes on where it was. So do the waits: a connection that is cut again and again
    /// puts off none of them for ever.
    pub(crate) fn resumed(&mut self, now: Instant, out: &mut Vec<SetupEvent>) {
        match &mut self.quiet {
            Some(quiet) => quiet.heard.go_on(now),
            None => self.quiet = Some(Quiet::start(now, &self.config)),
        }
        self.requests.resumed(now);
        self.take_over(now, out);
        self.conclude(out);
    }

    /// A guild of READY has come, or turned out to be gone.
    pub(super) fn renew_quiet(&mut self, now: Instant) {
        if let Some(quiet) = &mut self.quiet {
            quiet.renew(now, &self.config);
        }
    }

    /// For so long nothing was read: that is no silence.
    pub(crate) fn unread(&mut self, missed: Duration) {
        if missed.is_zero() {
            return;
        }
        self.requests.unread(missed);
        self.syncs.unread(missed);
        if let Some(quiet) = &mut self.quiet {
            quiet.put_off(missed);
        }
    }
}
