//! The bot's clock: the core's time from a runtime's, and wall-clock time for people.

use std::time::{Duration, Instant as StdInstant, SystemTime};

use headcount_core::Instant;

use crate::Runtime;

/// So much may the clocks of two machines differ, or one's before and after it was set.
pub(crate) const CLOCKS_DIFFER: Duration = Duration::from_secs(60);

/// The core's time: milliseconds since the bot was made. All shards of a bot share it.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    epoch: StdInstant,
    /// What the machine had slept by then.
    asleep: Duration,
    wall: SystemTime,
}

impl Clock {
    /// A clock that starts now.
    pub(crate) fn start<R: Runtime>(runtime: &R) -> Self {
        Self {
            epoch: runtime.now(),
            asleep: runtime.asleep(),
            wall: SystemTime::now(),
        }
    }

    /// The core's time now, by the clock of the bot's runtime. It runs on while the machine sleeps.
    #[must_use]
    pub fn now<R: Runtime>(&self, runtime: &R) -> Instant {
        self.read(runtime).1
    }

    /// The same, after the runtime's time, which is finer.
    pub(crate) fn read<R: Runtime>(&self, runtime: &R) -> (StdInstant, Instant) {
        let now = runtime.now();
        let awake = now.saturating_duration_since(self.epoch);
        let asleep = runtime.asleep().saturating_sub(self.asleep);
        let elapsed = awake.saturating_add(asleep);
        let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        (now, Instant::from_millis(millis))
    }

    /// The wall-clock time of a point in the core's time, for example of the first chunk of a
    /// request. It counts from the wall clock at the bot's start, so that changes of the system's
    /// clock never reorder two points. `None` when no calendar reaches that far.
    #[must_use]
    pub fn wall_time(&self, at: Instant) -> Option<SystemTime> {
        self.wall.checked_add(Duration::from_millis(at.as_millis()))
    }
}
