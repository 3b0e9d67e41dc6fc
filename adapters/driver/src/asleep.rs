//! How long the machine has been asleep, which most monotonic clocks do not count.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Less than this is what lies between reading one clock and the other.
const NOISE: Duration = Duration::from_secs(1);

/// The time that the machine has slept since this process first asked.
///
/// It is the difference between a clock that runs on in a sleep and [`Instant`], which does not:
/// changes of the wall clock play no part. On Windows, and on systems of which we know no such
/// clock, it is nothing: on Windows `Instant` runs on by itself.
pub(crate) fn asleep() -> Duration {
    static START: OnceLock<(Duration, Instant)> = OnceLock::new();
    let Some(running_on) = running_on() else {
        return Duration::ZERO;
    };
    let (began, awake) = *START.get_or_init(|| (running_on, Instant::now()));
    let asleep = running_on
        .saturating_sub(began)
        .saturating_sub(awake.elapsed());
    if asleep < NOISE {
        return Duration::ZERO;
    }
    asleep
}

/// A clock that counts the time asleep too.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn running_on() -> Option<Duration> {
    read(rustix::time::ClockId::Boottime)
}

/// A clock that counts the time asleep too: on Apple's systems the monotonic one does, and
/// `Instant` stands on another.
#[cfg(target_vendor = "apple")]
fn running_on() -> Option<Duration> {
    read(rustix::time::ClockId::Monotonic)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
const fn running_on() -> Option<Duration> {
    None
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn read(clock: rustix::time::ClockId) -> Option<Duration> {
    let time = rustix::time::clock_gettime(clock);
    let (seconds, nanos) = (time.tv_sec.try_into().ok()?, time.tv_nsec.try_into().ok()?);
    Some(Duration::new(seconds, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_is_awake_has_not_slept() {
        let before = asleep();
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(asleep(), before);
    }

    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    #[test]
    fn the_clock_that_runs_on_runs_with_the_other() {
        let (before, start) = (running_on().expect("a clock"), Instant::now());
        std::thread::sleep(Duration::from_millis(20));
        let (passed, awake) = (running_on().expect("a clock") - before, start.elapsed());
        assert!(passed >= Duration::from_millis(20) && passed < awake + NOISE);
    }
}
