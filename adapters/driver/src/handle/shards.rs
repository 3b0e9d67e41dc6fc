//! Ending shards, and letting them begin again.

use headcount_core::fleet::Fleet;
use headcount_core::session::{OnStop, Phase, Wait};
use headcount_core::{Deadline, RequestError, Shard, ShardId};

use super::{Handle, ShardState};
use crate::coordination::LeaseRequest;
use crate::record::RecordedCall;
use crate::shard_cell::ShardCell;

impl Handle {
    /// Asks every shard to end; the bot's stream ends after its last events.
    ///
    /// [`Bot::shutdown`](crate::Bot::shutdown) does this, waits, and returns the sessions. A bot
    /// with a [state folder](crate::Builder::state) stops with [`OnStop::Resume`], so that the next
    /// process goes on with its sessions; after [`OnStop::End`] that one begins anew.
    ///
    /// ```
    /// # use headcount_driver::Handle;
    /// use headcount_driver::core::session::OnStop;
    /// # fn ask(handle: &Handle) {
    /// handle.stop(OnStop::Resume);
    /// # }
    /// ```
    pub fn stop(&self, on_stop: OnStop) {
        if let Some(leases) = &self.shared.leases {
            return leases.send(LeaseRequest::End(on_stop));
        }
        for (_, cell) in self.shared.fleet.cells() {
            cell.stop(on_stop);
        }
        self.shared.fleet.stop();
    }

    /// Ends one shard, as [`stop`](Self::stop) does all of them; its last event is
    /// [`Event::Halted`](headcount_core::Event::Halted). The bot's stream ends with its last shard.
    ///
    /// ```
    /// # use headcount_driver::{Handle, core::{RequestError, ShardId}};
    /// use headcount_driver::core::session::OnStop;
    /// # fn run(handle: Handle, shard: ShardId) -> Result<(), RequestError> {
    /// handle.stop_shard(shard, OnStop::Resume)?; // until `Event::Halted`
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`RequestError::Halted`] for a shard that has ended, or that this bot does not run.
    pub fn stop_shard(&self, shard: ShardId, on_stop: OnStop) -> Result<(), RequestError> {
        let cell = self.running(shard)?;
        if let Some(leases) = &self.shared.leases {
            leases.send(LeaseRequest::Stop(shard, on_stop));
            return Ok(());
        }
        cell.stop(on_stop);
        self.shared.fleet.end_pending(shard);
        Ok(())
    }

    /// Makes a shard that has ended begin again: with the session that it was stopped with, or
    /// without one. Whatever still waited for the consumer when it ended comes again. Its guilds
    /// are as whole as the cache in memory has them.
    ///
    /// ```
    /// # use headcount_driver::{Handle, core::{RequestError, ShardId}};
    /// # fn run(handle: Handle, shard: ShardId) -> Result<(), RequestError> {
    /// handle.start_shard(shard)?; // after `Event::Halted`
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`RequestError::Running`] for a shard that has not ended; [`RequestError::Halted`] if this
    /// bot does not run it, or has ended itself.
    pub fn start_shard(&self, shard: ShardId) -> Result<(), RequestError> {
        let has_ended = self.cell(shard)?.read(Shard::halt).is_some();
        if let Some(leases) = self.shared.leases.as_ref().filter(|_| has_ended) {
            leases.send(LeaseRequest::Start(shard));
            return Ok(());
        }
        match has_ended {
            true if self.shared.fleet.start(shard) => Ok(()),
            true => Err(RequestError::Halted),
            false => Err(RequestError::Running),
        }
    }

    /// Gives a shard a new connection, at once: for the same session, or for a new one as soon as
    /// the pace of identifies allows.
    ///
    /// ```
    /// # use headcount_driver::{Handle, core::{RequestError, ShardId}};
    /// use headcount_driver::core::session::OnStop;
    /// # fn run(handle: Handle, shard: ShardId) -> Result<(), RequestError> {
    /// handle.restart(shard, OnStop::End)?; // a new session: every guild comes anew
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`stop_shard`](Self::stop_shard).
    pub fn restart(&self, shard: ShardId, on_stop: OnStop) -> Result<(), RequestError> {
        let cell = self.cell(shard)?;
        cell.change(
            || RecordedCall::restart(on_stop),
            |shard| shard.restart(on_stop),
        )
    }

    /// Says of a shard that has not begun that it waits for the fleet, or for its turn under a
    /// lease, which it does not know.
    pub(super) fn in_line(&self, mut state: ShardState) -> ShardState {
        if self.is_to_begin(state.owner, state.halt) {
            state = ShardState {
                phase: Phase::Idle,
                halt: None,
                ..state.without_tenure()
            };
        }
        let fleet = &self.shared.fleet;
        if let Some(waits) = &mut state.connection.waits_for
            && fleet.pending_shards().waits(state.id)
        {
            let at = fleet.read(Fleet::poll_timeout).unwrap_or(waits.at);
            let wait = Wait::IdentifyGrant;
            *waits = Deadline { at, wait };
        }
        state
    }

    /// The cell of a shard that has not ended.
    fn running(&self, id: ShardId) -> Result<&ShardCell, RequestError> {
        let cell = self.cell(id)?;
        let has_ended = cell.read(Shard::halt).is_some();
        (!has_ended).then_some(cell).ok_or(RequestError::Halted)
    }
}
