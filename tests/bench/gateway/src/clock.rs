//! Time of this thread and of the wall.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// How long something took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Time {
    /// Nanoseconds that this thread ran.
    pub cpu: f64,
    /// Nanoseconds that went by.
    pub wall: f64,
}

impl Time {
    /// How long `work` takes.
    pub fn of<T>(work: impl FnOnce() -> T) -> (T, Self) {
        let (cpu, wall) = (cpu(), Instant::now());
        let result = work();
        let wall = wall.elapsed();
        let cpu = self::cpu().saturating_sub(cpu);
        (
            result,
            Self {
                cpu: nanos(cpu),
                wall: nanos(wall),
            },
        )
    }
}

fn nanos(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}
