//! What an operator asks of a shard: what is not whole, and what its connection waits for.

use crate::chunk::{OpenRequest, RequestId};
use crate::id::GuildId;
use crate::session::Phase;
use crate::setup::GuildReadiness;
use crate::time::Instant;

use super::{Deadline, Shard};

/// Where a shard's connection stands, and what it waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionStanding {
    /// Its phase.
    pub phase: Phase,
    /// When that phase began.
    pub since: Instant,
    /// What the connection waits for, and until when at most; `None` while events flow, and once
    /// the shard has ended.
    pub waits_for: Option<Deadline>,
    /// When the session began; `None` without one, and for one that an earlier process began.
    pub session_since: Option<Instant>,
    /// How many commands had room on the connection at the shard's last input, by its
    /// [`SendLimits`](crate::config::SendLimits); `None` while no events flow.
    pub sends_left: Option<usize>,
}

impl Shard {
    /// Where the connection stands, since when, what it waits for and until when.
    #[must_use]
    pub fn connection(&self) -> ConnectionStanding {
        let waits_for = self.session.state().waits_for();
        ConnectionStanding {
            phase: self.phase(),
            since: self.session.since(),
            waits_for: waits_for.map(|(at, wait)| Deadline { at, wait }),
            session_since: self.session.session_since(),
            sends_left: self.session.sends_left(self.now),
        }
    }

    /// The guilds with an id above `after` that are not whole, ascending; see
    /// [`Tracker::not_whole`](crate::Tracker::not_whole).
    pub fn not_whole(
        &self,
        after: Option<GuildId>,
    ) -> impl Iterator<Item = (GuildId, GuildReadiness)> + '_ {
        self.tracker.not_whole(after)
    }

    /// The guilds that hold up readiness, ascending; see
    /// [`Tracker::pending`](crate::Tracker::pending).
    pub fn pending(&self) -> impl Iterator<Item = (GuildId, GuildReadiness)> + '_ {
        self.tracker.pending()
    }

    /// The member requests that have not ended and were made after this one, in that order.
    pub fn open_requests(
        &self,
        after: Option<RequestId>,
    ) -> impl Iterator<Item = OpenRequest> + '_ {
        self.tracker.open_requests(after)
    }
}
