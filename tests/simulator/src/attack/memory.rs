//! How much memory this process holds, as the system counts it. Linux reports it; elsewhere nothing
//! is known.
use std::fs;

/// Bytes that are resident now.
#[must_use]
pub fn resident() -> Option<u64> {
    status("VmRSS:")
}

/// The most that has been resident since the start, or since [`forget_peak`].
#[must_use]
pub fn peak() -> Option<u64> {
    status("VmHWM:")
}

/// Begins the peak anew, at what is resident now.
pub fn forget_peak() {
    // Documented in proc_pid_clear_refs(5). Where it cannot be written the peak is that of the
    // start, which is the higher one.
    let _ = fs::write("/proc/self/clear_refs", "5");
}

fn status(key: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_peak_shows_what_was_held_for_a_while() {
        let size = 64 << 20;
        forget_peak();
        let before = peak().unwrap();
        drop(std::hint::black_box(vec![1_u8; size]));
        assert!(peak().unwrap() >= before + size as u64 / 2);
        assert!(resident().unwrap() <= peak().unwrap());
    }
}
