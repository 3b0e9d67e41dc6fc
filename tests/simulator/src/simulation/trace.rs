//! What happened, one line per event.
//!
//! A line is `MILLIS WHO MARK WHAT`: the real time from the start of the run; `s0`, `s1`, ... for a
//! shard, `--` for the run itself; and one of
//!
//! | mark | meaning |
//! |---|---|
//! | `<` | an input of the shard |
//! | `>` | a command that the shard sent, a dial or a close |
//! | `!` | an event that the shard or the fleet emitted (dispatches are left out) |
//! | `#` | a step of the scenario; `fault:` before the name of a fault |
//! | `=` | a phase of the run, or what failed |
use crate::edge::Millis;
use std::collections::VecDeque;
use std::fmt::{self, Write};

/// How many lines are kept for the report of a failure.
const LAST: usize = 30;

/// The lines of one run, as a hash and as the last few; all of them on demand.
#[derive(Clone, Debug)]
pub struct Trace {
    hash: u64,
    lines: u64,
    kept: VecDeque<String>,
    all: bool,
}

impl Trace {
    pub(crate) const fn new(all: bool) -> Self {
        Self {
            hash: 0xCBF2_9CE4_8422_2325,
            lines: 0,
            kept: VecDeque::new(),
            all,
        }
    }

    /// Adds a line.
    pub(crate) fn line(&mut self, now: Millis, who: Option<usize>, what: fmt::Arguments<'_>) {
        let recycled = (!self.all && self.kept.len() >= LAST).then(|| self.kept.pop_front());
        let mut line = recycled.flatten().unwrap_or_default();
        line.clear();
        let written = match who {
            Some(shard) => write!(line, "{now:>9} s{shard} {what}"),
            None => write!(line, "{now:>9} -- {what}"),
        };
        debug_assert!(written.is_ok(), "writing to a string does not fail");
        for byte in line.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
        self.lines += 1;
        self.kept.push_back(line);
    }

    /// Equal for equal traces.
    #[must_use]
    pub const fn digest(&self) -> (u64, u64) {
        (self.hash, self.lines)
    }

    /// The last 30 lines, or all if the run was asked to keep them.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.kept.iter().map(String::as_str)
    }
}
