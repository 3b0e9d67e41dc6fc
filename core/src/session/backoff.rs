//! How long to wait before the next connection.

use core::time::Duration;

use crate::rng::Rng;

/// Doubling waits with jitter, counted over failures in a row.
///
/// A connection counts as a success only once it has been active for a while; otherwise a server
/// that accepts and then closes would be called again at once, for ever.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait before the next try, which is then counted as a failure until
    /// [`Backoff::succeeded`].
    ///
    /// The first is drawn from nothing to `first`, which spreads a fleet that lost all its
    /// connections at one moment; the later ones from the upper half of `first * 2^n`, at most
    /// `longest`.
    pub(crate) fn next(&mut self, first: Duration, longest: Duration, rng: &mut Rng) -> Duration {
        let doublings = self.failures.min(31);
        self.failures = self.failures.saturating_add(1);
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        let ceiling = first.saturating_mul(factor).min(longest);
        let floor = if doublings == 0 {
            Duration::ZERO
        } else {
            half(ceiling)
        };
        rng.between(floor, ceiling)
    }

    /// The last connection was good: the next failure is the first again.
    pub(crate) const fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// Failures in a row so far.
    pub(crate) const fn failures(&self) -> u32 {
        self.failures
    }
}

fn half(wait: Duration) -> Duration {
    wait.checked_div(2).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_secs(1);
    const LONGEST: Duration = Duration::from_secs(60);

    #[test]
    fn waits_double_up_to_the_longest_and_start_again_after_success() {
        let (mut backoff, mut rng) = (Backoff::default(), Rng::new(5));
        let mut next = |backoff: &mut Backoff| backoff.next(FIRST, LONGEST, &mut rng);
        assert!(next(&mut backoff) <= FIRST);
        for ceiling in [2, 4, 8, 16, 32, 60, 60, 60] {
            let wait = next(&mut backoff).as_millis();
            assert!(
                (ceiling * 500..=ceiling * 1000).contains(&wait),
                "{wait} of {ceiling} s"
            );
        }
        backoff.succeeded();
        assert!(next(&mut backoff) <= FIRST);
    }

    #[test]
    fn a_billion_failures_are_no_overflow() {
        let mut backoff = Backoff { failures: u32::MAX };
        assert!(backoff.next(FIRST, LONGEST, &mut Rng::new(1)) <= LONGEST);
        assert_eq!(backoff.failures(), u32::MAX);
    }
}
