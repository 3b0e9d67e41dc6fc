//! Ending a shard's connection by hand, and beginning anew.

use core::mem;

use crate::cache::memory::RestoredRows;
use crate::config::Config;
use crate::error::RequestError;
use crate::session::signal::Signal;
use crate::session::{OnStop, Phase, Session};
use crate::shard::Shard;

/// What the user wants of the connection, until the next input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum StopRequest {
    /// It ends, and the shard with it.
    Stop(OnStop),
    /// It ends, and another follows.
    Restart(OnStop),
}

impl StopRequest {
    pub(super) const fn signal(self) -> Signal<'static> {
        match self {
            Self::Stop(on_stop) => Signal::Stop(on_stop),
            Self::Restart(on_stop) => Signal::Restart(on_stop),
        }
    }
}

impl Shard {
    /// Ends the shard at its next [`Input::Timeout`](crate::Input::Timeout): it closes the
    /// connection and emits [`Event::Halted`](crate::Event::Halted).
    ///
    /// With [`OnStop::Resume`] the session can be fetched afterwards with [`Shard::session`].
    pub fn stop(&mut self, on_stop: OnStop) {
        self.stop_request = Some(StopRequest::Stop(on_stop));
    }

    /// Ends the connection at the next [`Input::Timeout`](crate::Input::Timeout) and connects anew
    /// without waiting for the back-off: with [`OnStop::Resume`] for the same session, with
    /// [`OnStop::End`] for a new one, as soon as the pace of identifies allows. A stop that was
    /// asked for before goes first.
    ///
    /// # Errors
    /// [`RequestError::Halted`]; [`Shard::start`] is for a shard that has ended.
    pub fn restart(&mut self, on_stop: OnStop) -> Result<(), RequestError> {
        if self.phase() == Phase::Halted {
            return Err(RequestError::Halted);
        }
        self.stop_request
            .get_or_insert(StopRequest::Restart(on_stop));
        Ok(())
    }

    /// Makes a shard that has ended begin again at its next
    /// [`Input::Timeout`](crate::Input::Timeout), as a new one with the same configuration: to
    /// resume `session`, which is its own ([`Shard::session`]) or another, or with a new one. What
    /// it knew of its guilds is what the session says; its counts go on, and guilds that it has
    /// asked for all their members are not asked again too soon. That is counted from the time of
    /// the last input: hand in [`Input::Timeout`](crate::Input::Timeout) before, if that is long
    /// ago.
    ///
    /// # Errors
    /// [`RequestError::Running`] if it has not ended, [`RequestError::ForeignSession`].
    pub fn start(&mut self, session: Option<Session>) -> Result<(), RequestError> {
        self.begin_again(None, session, None)
    }

    /// As [`start`](Self::start), with this seed in the place of one that follows from its own: a
    /// host that draws it by [`next_seed`](Self::next_seed) can have all that is random happen
    /// again.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with_seed(
        &mut self,
        seed: u64,
        session: Option<Session>,
    ) -> Result<(), RequestError> {
        self.begin_again(Some(seed), session, None)
    }

    /// The seed that the next [`start`](Self::start) would take: another one with each call.
    pub fn next_seed(&mut self) -> u64 {
        self.session.next_seed()
    }

    /// As [`start`](Self::start), for a host whose store still has the rows: guilds are as whole as
    /// these, as for [`Shard::with_rows`].
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with_rows(
        &mut self,
        session: Session,
        rows: &RestoredRows,
    ) -> Result<(), RequestError> {
        self.begin_again(None, Some(session), Some(rows))
    }

    fn begin_again(
        &mut self,
        seed: Option<u64>,
        session: Option<Session>,
        rows: Option<&RestoredRows>,
    ) -> Result<(), RequestError> {
        if self.phase() != Phase::Halted {
            return Err(RequestError::Running);
        }
        let config = Config {
            tracker: self.tracker.config().clone(),
            ..self.session.config().clone()
        };
        let seed = seed.unwrap_or_else(|| self.next_seed());
        let mut next = Self::begin(self.now, (config, seed), session, rows)?;
        next.tracker.go_on_after(&mut self.tracker);
        *self = Self {
            counts: mem::take(&mut self.counts),
            ..next
        };
        Ok(())
    }
}
