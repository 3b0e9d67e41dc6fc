//! How much may still be sent on a connection.

use alloc::collections::VecDeque;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::bounds::{ConfigError, wait, within};
use crate::time::Instant;

/// Limits on what is sent on one connection.
///
/// Those of the service are at <https://discord.com/developers/docs/events/gateway#rate-limiting>.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SendLimits {
    /// Sends per window on one connection, heartbeats included. Default 120, the protocol's.
    pub total: usize,
    /// The length of that window. Default 61 s: the protocol's 60 s, and one for delays on the way.
    pub window: Duration,
    /// Presence updates per presence window. Default 5, the protocol's.
    pub presences: usize,
    /// The length of that window. Default 20.5 s: the protocol's 20 s, and some for delays on the
    /// way.
    pub presence_window: Duration,
    /// Bytes of one payload. Default 4096, the protocol's.
    pub payload: usize,
    /// Commands that may wait for room. Default 128: more than a whole window takes.
    pub queue: usize,
}

impl Default for SendLimits {
    fn default() -> Self {
        Self {
            total: 120,
            window: Duration::from_secs(61),
            presences: 5,
            presence_window: Duration::from_millis(20_500),
            payload: 4096,
            queue: 128,
        }
    }
}

impl SendLimits {
    /// The least `total` with which a member request ever finds room, beside the heartbeats and
    /// commands of a connection to the real gateway.
    const LEAST: usize = 12;

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let Self {
            total,
            window,
            presences,
            presence_window,
            payload,
            queue,
        } = self;
        within("total", *total, &(Self::LEAST..=100_000))?;
        wait("window", *window)?;
        within("presences", *presences, &(1..=100_000))?;
        wait("presence_window", *presence_window)?;
        within("payload", *payload, &(512..=1 << 20))?;
        within("queue", *queue, &(1..=1_000_000))
    }
}

/// What is to be sent, by rank: each leaves room for those above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rank {
    /// A regular heartbeat; always has room.
    Beat,
    /// A heartbeat that the server asked for.
    AskedBeat,
    /// Identify and resume: one per connection, at its start.
    Session,
    /// What the user sends.
    Command,
    /// Member requests.
    Request,
}

/// The times of the sends of one connection within the last window.
///
/// A window that slides is right whatever kind of window the server keeps.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Budget {
    sent: VecDeque<Instant>,
    total: usize,
    window: Duration,
    beats: usize,
}

/// Room kept for beats that the server asks for.
const ROOM_FOR_ASKED_BEATS: usize = 3;
/// Room kept for commands when member requests would use up all there is.
const ROOM_FOR_COMMANDS: usize = 5;

/// Sends that are remembered without further allocation; the protocol's total fits.
const ROOM_AT_FIRST: usize = 128;

impl Budget {
    /// The budget of a fresh connection with this time between heartbeats.
    pub(crate) fn new(limits: &SendLimits, interval: Duration) -> Self {
        let per_window = limits
            .window
            .as_millis()
            .div_ceil(interval.as_millis().max(1));
        Self {
            sent: VecDeque::with_capacity(limits.total.min(ROOM_AT_FIRST)),
            total: limits.total,
            window: limits.window,
            beats: usize::try_from(per_window)
                .unwrap_or(usize::MAX)
                .saturating_add(1),
        }
    }

    /// How many sends within one window leave enough room for higher ranks.
    const fn limit(&self, rank: Rank) -> usize {
        let below_beats = self.total.saturating_sub(self.beats);
        let below_asked = below_beats.saturating_sub(ROOM_FOR_ASKED_BEATS);
        match rank {
            Rank::Beat => self.total,
            Rank::AskedBeat | Rank::Session => below_beats,
            Rank::Command => below_asked,
            Rank::Request => below_asked.saturating_sub(ROOM_FOR_COMMANDS),
        }
    }

    /// Forgets the sends that have left the window.
    fn slide(&mut self, now: Instant) {
        while self
            .sent
            .front()
            .is_some_and(|&sent| sent.after(self.window) <= now)
        {
            self.sent.pop_front();
        }
    }

    /// Counts a send, if there is room for it.
    pub(crate) fn take(&mut self, now: Instant, rank: Rank) -> bool {
        self.slide(now);
        let room = self.sent.len() < self.limit(rank);
        if room {
            self.sent.push_back(now);
        }
        room
    }

    /// Whether [`Budget::take`] would succeed.
    pub(crate) fn has_room(&mut self, now: Instant, rank: Rank) -> bool {
        self.slide(now);
        self.sent.len() < self.limit(rank)
    }

    /// How many sends of this rank there is room for.
    pub(crate) fn left(&self, now: Instant, rank: Rank) -> usize {
        let has_left = |sent: &Instant| sent.after(self.window) <= now;
        let gone = self.sent.partition_point(has_left);
        let within = self.sent.len().saturating_sub(gone);
        self.limit(rank).saturating_sub(within)
    }

    /// When there is room again; `None` when there is room already, or never will be.
    pub(crate) fn room_at(&self, rank: Rank) -> Option<Instant> {
        let over = self.sent.len().checked_sub(self.limit(rank))?;
        self.sent.get(over).map(|sent| sent.after(self.window))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(41_250);

    fn fresh() -> Budget {
        Budget::new(&SendLimits::default(), INTERVAL)
    }

    fn fill(budget: &mut Budget, now: Instant, rank: Rank) -> usize {
        core::iter::repeat_with(|| budget.take(now, rank))
            .take_while(|&taken| taken)
            .count()
    }

    #[test]
    fn each_rank_leaves_room_for_those_above() {
        let (mut budget, now) = (fresh(), Instant::ZERO);
        assert_eq!(fill(&mut budget, now, Rank::Request), 109);
        assert_eq!(fill(&mut budget, now, Rank::Command), 5);
        assert_eq!(fill(&mut budget, now, Rank::AskedBeat), 3);
        assert_eq!(fill(&mut budget, now, Rank::Beat), 3);
    }

    #[test]
    fn room_comes_back_when_the_first_send_leaves_the_window() {
        let (mut budget, start) = (fresh(), Instant::ZERO);
        assert_eq!(budget.room_at(Rank::Request), None);
        assert!(budget.take(start, Rank::Request));
        fill(
            &mut budget,
            start.after(Duration::from_secs(1)),
            Rank::Request,
        );
        let again = budget.room_at(Rank::Request).unwrap();
        assert_eq!(budget.left(start, Rank::Request), 0);
        assert_eq!(budget.left(again, Rank::Request), 1);
        assert_eq!(budget.left(again, Rank::Command), 6);
        assert_eq!(again, start.after(SendLimits::default().window));
        let before = Instant::from_millis(again.as_millis() - 1);
        assert!(!budget.has_room(before, Rank::Request));
        assert!(budget.take(again, Rank::Request));
        assert!(!budget.has_room(again, Rank::Request));
    }

    #[test]
    fn the_fastest_beats_have_their_room_and_leave_some() {
        let mut budget = Budget::new(&SendLimits::default(), Duration::from_secs(1));
        assert_eq!(fill(&mut budget, Instant::ZERO, Rank::Request), 50);
        assert_eq!(fill(&mut budget, Instant::ZERO, Rank::Beat), 70);
    }

    #[test]
    fn a_limit_of_nothing_is_no_panic() {
        let limits = SendLimits {
            total: 0,
            ..SendLimits::default()
        };
        let mut budget = Budget::new(&limits, Duration::ZERO);
        assert!(!budget.take(Instant::ZERO, Rank::Beat));
        assert_eq!(budget.room_at(Rank::Beat), None);
    }
}
