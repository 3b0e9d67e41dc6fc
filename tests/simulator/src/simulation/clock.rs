//! The host's clock, which may jump, and the host, which may sleep.
use crate::edge::Millis;

/// Far enough from the epoch for any jump backward.
const START: Millis = 1_000_000_000;

/// What the host's clock shows at which real time, and whether the host is awake.
#[derive(Clone, Debug)]
pub(crate) struct HostClock {
    /// What the clock is ahead of real time.
    ahead: Millis,
    /// Until when the clock shows one and the same time.
    stuck: Option<(Millis, Millis)>,
    /// Until when the host is suspended.
    asleep: Millis,
    /// What the clock showed when the host was suspended last.
    dozed: Millis,
    latest: Millis,
}

impl HostClock {
    pub(crate) const fn new() -> Self {
        Self {
            ahead: START,
            stuck: None,
            asleep: 0,
            dozed: START,
            latest: START,
        }
    }

    /// What the clock shows.
    pub(crate) fn read(&mut self, now: Millis) -> Millis {
        let shown = match self.stuck {
            Some((until, shown)) if now < until => shown,
            Some((_, shown)) => {
                self.stuck = None;
                self.ahead = shown.saturating_sub(now);
                shown
            }
            None => now + self.ahead,
        };
        self.latest = self.latest.max(shown);
        shown
    }

    /// The real time at which the clock shows `deadline`, unless something happens to it.
    pub(crate) fn real(&self, now: Millis, deadline: Millis) -> Millis {
        match self.stuck {
            Some((_, shown)) if deadline <= shown => now,
            Some((until, shown)) => until.max(now) + (deadline - shown),
            None => deadline.saturating_sub(self.ahead).max(now),
        }
    }

    /// Jumps, by milliseconds.
    pub(crate) fn jump(&mut self, now: Millis, forward: u64, backward: u64) {
        self.read(now);
        if let Some((_, shown)) = &mut self.stuck {
            *shown = (*shown + forward).saturating_sub(backward);
        }
        self.ahead = (self.ahead + forward).saturating_sub(backward);
    }

    /// Stands still for so long.
    pub(crate) fn stick(&mut self, now: Millis, time: u64) {
        let shown = self.read(now);
        self.stuck = Some((now + time, shown));
    }

    pub(crate) fn sleep(&mut self, now: Millis, time: u64) {
        if self.asleep <= now {
            self.dozed = self.read(now);
        }
        self.asleep = self.asleep.max(now + time);
    }

    /// Until when the host sleeps; `None` when it is awake.
    pub(crate) fn asleep(&self, now: Millis) -> Option<Millis> {
        (self.asleep > now).then_some(self.asleep)
    }

    /// What the clock showed when the host could last do anything.
    pub(crate) fn last_awake(&mut self, now: Millis) -> Millis {
        match self.asleep(now) {
            Some(_) => self.dozed,
            None => self.read(now),
        }
    }

    /// All is well from now on: awake, and no earlier than it ever showed.
    pub(crate) fn heal(&mut self, now: Millis) {
        self.asleep = now;
        self.stuck = None;
        let behind = self.latest.saturating_sub(now + self.ahead);
        self.ahead += behind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_follow_the_clock() {
        let mut clock = HostClock::new();
        assert_eq!(clock.real(5, START + 10), 10);
        clock.jump(5, 4, 0);
        assert_eq!((clock.read(5), clock.real(5, START + 10)), (START + 9, 6));
        clock.stick(5, 100);
        assert_eq!(
            (clock.read(50), clock.real(50, START + 10)),
            (START + 9, 106)
        );
        assert_eq!((clock.read(105), clock.read(106)), (START + 9, START + 10));
        clock.jump(106, 0, 50);
        clock.heal(106);
        assert_eq!(clock.read(106), START + 10);
    }
}
