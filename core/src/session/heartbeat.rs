//! Beats, their answers, and the rule by which a connection is dead.

use core::time::Duration;

use crate::rng::Rng;
use crate::time::Instant;

/// Shortest interval taken at its word; faster beats alone would use up the send budget.
const SHORTEST: Duration = Duration::from_secs(1);
/// Longest interval taken at its word; a slower beat would leave a dead connection unnoticed.
const LONGEST: Duration = Duration::from_secs(600);

/// The beats of one connection.
///
/// Answers carry no mark: they match beats by order. Beats that the server asked for come between
/// the regular ones, so the place of the regular beat in the line of unanswered ones is kept.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Heartbeat {
    interval: Duration,
    due: Instant,
    unanswered: u32,
    /// How many answers until the regular beat has its own, and when that beat was sent.
    regular: Option<(u32, Instant)>,
    latency: Option<Duration>,
}

/// What to do when a regular beat is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    /// Send it.
    Send,
    /// The one before has no answer: the connection is dead.
    Unanswered,
}

impl Heartbeat {
    /// Beats from Hello on: the first after a random part of the interval, then one per interval.
    pub(crate) fn new(now: Instant, interval: Duration, rng: &mut Rng) -> Self {
        let interval = interval.clamp(SHORTEST, LONGEST);
        let due = now.after(rng.between(Duration::ZERO, interval));
        Self {
            interval,
            due,
            unanswered: 0,
            regular: None,
            latency: None,
        }
    }

    /// When the next regular beat is due.
    pub(crate) const fn due(&self) -> Instant {
        self.due
    }

    /// Time between regular beats.
    pub(crate) const fn interval(&self) -> Duration {
        self.interval
    }

    /// The last measured time from a regular beat to its answer.
    pub(crate) const fn latency(&self) -> Option<Duration> {
        self.latency
    }

    /// Whether a whole interval went by without the host waking up for a beat: it was suspended
    /// or stalled, and the server has given the connection up.
    pub(crate) fn host_stalled(&self, now: Instant) -> bool {
        now >= self.due.after(self.interval)
    }

    /// Takes note of a regular beat that is due.
    pub(crate) fn beat(&mut self, now: Instant) -> Beat {
        if self.regular.is_some() {
            return Beat::Unanswered;
        }
        self.unanswered = self.unanswered.saturating_add(1);
        self.regular = Some((self.unanswered, now));
        self.due = self.due.after(self.interval);
        Beat::Send
    }

    /// Takes note of a beat that the server asked for; the schedule stays.
    pub(crate) fn asked(&mut self) {
        self.unanswered = self.unanswered.saturating_add(1);
    }

    /// The answer to the regular beat may lie unread: when the next is due, that is not held
    /// against
    /// the connection.
    pub(crate) fn excuse(&mut self, now: Instant) {
        if now >= self.due {
            self.regular = None;
        }
    }

    /// Takes note of an answer. One too many is ignored.
    pub(crate) fn answered(&mut self, now: Instant) {
        self.unanswered = self.unanswered.saturating_sub(1);
        self.regular = match self.regular {
            Some((1, sent)) => {
                self.latency = Some(now.since(sent));
                None
            }
            Some((place, sent)) => Some((place.saturating_sub(1), sent)),
            None => None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(41_250);

    fn started() -> Heartbeat {
        Heartbeat::new(Instant::ZERO, INTERVAL, &mut Rng::new(3))
    }

    #[test]
    fn the_first_beat_comes_within_one_interval_and_varies() {
        let due = |seed| Heartbeat::new(Instant::ZERO, INTERVAL, &mut Rng::new(seed)).due();
        assert!((0..100).all(|seed| due(seed) <= Instant::ZERO.after(INTERVAL)));
        assert_ne!(due(1), due(2));
    }

    #[test]
    fn a_regular_beat_without_answer_is_noticed_at_the_next() {
        let mut beats = started();
        assert_eq!(beats.beat(beats.due()), Beat::Send);
        beats.answered(beats.due());
        assert_eq!(beats.beat(beats.due()), Beat::Send);
        assert_eq!(beats.beat(beats.due()), Beat::Unanswered);
    }

    #[test]
    fn answers_to_asked_beats_do_not_count_for_the_regular_one() {
        let mut beats = started();
        beats.asked();
        assert_eq!(beats.beat(beats.due()), Beat::Send);
        beats.asked();
        beats.answered(beats.due());
        assert_eq!(beats.clone().beat(beats.due()), Beat::Unanswered);
        beats.answered(beats.due());
        assert_eq!(beats.beat(beats.due()), Beat::Send);
    }

    #[test]
    fn an_asked_beat_still_open_does_not_make_a_zombie() {
        let mut beats = started();
        assert_eq!(beats.beat(beats.due()), Beat::Send);
        beats.asked();
        beats.answered(beats.due());
        assert_eq!(beats.beat(beats.due()), Beat::Send);
    }

    #[test]
    fn answers_too_many_are_harmless() {
        let mut beats = started();
        beats.answered(Instant::ZERO);
        assert_eq!(beats.beat(beats.due()), Beat::Send);
        assert_eq!(beats.beat(beats.due()), Beat::Unanswered);
    }

    #[test]
    fn answers_read_late_do_not_count_for_later_beats() {
        let mut beats = started();
        assert_eq!(beats.beat(beats.due()), Beat::Send);
        beats.excuse(Instant::ZERO);
        assert_eq!(beats.clone().beat(beats.due()), Beat::Unanswered, "not due");
        beats.excuse(beats.due());
        assert_eq!(beats.beat(beats.due()), Beat::Send);
        beats.answered(beats.due());
        assert_eq!(beats.clone().beat(beats.due()), Beat::Unanswered);
        beats.answered(beats.due());
        assert_eq!(beats.beat(beats.due()), Beat::Send);
    }

    #[test]
    fn absurd_intervals_are_clamped() {
        let mut rng = Rng::new(1);
        let interval = |asked, rng: &mut Rng| Heartbeat::new(Instant::ZERO, asked, rng).interval();
        assert_eq!(interval(Duration::ZERO, &mut rng), SHORTEST);
        assert_eq!(interval(Duration::from_secs(u64::MAX), &mut rng), LONGEST);
    }

    #[test]
    fn latency_is_measured_on_regular_beats() {
        let mut beats = started();
        let sent = beats.due();
        let _ = beats.beat(sent);
        beats.answered(sent.after(Duration::from_millis(80)));
        assert_eq!(beats.latency(), Some(Duration::from_millis(80)));
    }
}
