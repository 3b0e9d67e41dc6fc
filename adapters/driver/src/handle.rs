//! Asking and commanding a running bot from anywhere.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use headcount_core::event::Ticket;
use headcount_core::id::GuildId;
use headcount_core::session::{Keep, Phase};
use headcount_core::wire::command::Command;
use headcount_core::{RequestError, Session, Shard, ShardId};

use crate::clock::Clock;
use crate::seat::Seat;

/// A clonable handle to a running bot.
///
/// Every method is synchronous and short: it takes one shard's lock for one call of the core and
/// gives back owned values, never a guard. None waits for the network. After the bot has ended,
/// commands are refused with [`RequestError::Halted`] and reads tell the last state.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) total: NonZeroU32,
    /// In ascending order of shard number.
    pub(crate) seats: Vec<(ShardId, Arc<Seat>)>,
}

/// One shard at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardState {
    /// Which shard.
    pub id: ShardId,
    /// Where its connection stands.
    pub phase: Phase,
    /// Time from the last answered heartbeat to its answer on this connection.
    pub latency: Option<Duration>,
    /// Connections in a row that came to nothing.
    pub failures: u32,
    /// Payloads that were not understood so far.
    pub misunderstood: u64,
}

impl Handle {
    pub(crate) fn new(shared: Shared) -> Self {
        Self {
            shared: Arc::new(shared),
        }
    }

    /// The shards that this bot runs, in ascending order.
    pub fn shards(&self) -> impl ExactSizeIterator<Item = ShardState> + '_ {
        self.shared.seats.iter().map(|(id, seat)| {
            seat.read(|shard| ShardState {
                id: *id,
                phase: shard.phase(),
                latency: shard.latency(),
                failures: shard.failures(),
                misunderstood: shard.misunderstood(),
            })
        })
    }

    /// The shard that a guild's events come to, also when this bot does not run it.
    #[must_use]
    pub fn shard_of(&self, guild: GuildId) -> ShardId {
        ShardId::of_guild(guild, self.shared.total)
    }

    /// Queues a command at a shard. What becomes of it is told by an event with the ticket.
    ///
    /// # Errors
    /// Those of [`Shard::send`];
    /// [`RequestError::Halted`] also for a shard that this bot does not run.
    pub fn send(&self, shard: ShardId, command: Command) -> Result<Ticket, RequestError> {
        self.seat(shard)?.change(|shard| shard.send(command))
    }

    /// The clock that turns the core's time points into wall-clock time.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.shared.clock
    }

    /// Asks every shard to end; the bot's stream ends after its last events.
    ///
    /// [`Bot::shutdown`](crate::Bot::shutdown) does this, waits, and gives back the sessions.
    pub fn stop(&self, keep: Keep) {
        for (_, seat) in &self.shared.seats {
            seat.change(|shard| shard.stop(keep));
        }
    }

    /// The sessions as they are now. While shards run they grow old with the next event.
    #[must_use]
    pub fn sessions(&self) -> Vec<Session> {
        self.shared
            .seats
            .iter()
            .filter_map(|(_, seat)| seat.read(Shard::session))
            .collect()
    }

    fn seat(&self, id: ShardId) -> Result<&Seat, RequestError> {
        let at = self.shared.seats.binary_search_by_key(&id, |(id, _)| *id);
        at.map(|at| &*self.shared.seats[at].1)
            .map_err(|_| RequestError::Halted)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("shards", &self.shared.seats.len())
            .finish_non_exhaustive()
    }
}
