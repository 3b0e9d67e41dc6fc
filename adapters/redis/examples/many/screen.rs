//! What is to be seen meanwhile.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// The table is drawn anew no sooner.
const EVERY: Duration = Duration::from_millis(200);

/// A terminal, where a table is drawn anew below what has happened; lines alone elsewhere.
pub(crate) struct ProgressScreen {
    kind: ProgressKind,
    /// How many lines of the table stand there.
    lines: usize,
    drawn: Option<Instant>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ProgressKind {
    Terminal,
    Lines,
    /// Nothing is to be printed.
    Silent,
}

impl ProgressScreen {
    pub(crate) fn new(is_silent: bool) -> Self {
        let kind = match (is_silent, io::stdout().is_terminal()) {
            (true, _) => ProgressKind::Silent,
            (false, true) => ProgressKind::Terminal,
            (false, false) => ProgressKind::Lines,
        };
        Self {
            kind,
            lines: 0,
            drawn: None,
        }
    }

    /// Says what has happened, above the table.
    pub(crate) fn say(&mut self, what: &str) {
        if self.kind != ProgressKind::Silent {
            self.print(&[what.to_owned()]);
            self.lines = 0;
            self.drawn = None;
        }
    }

    /// Draws the table anew, if that is due.
    pub(crate) fn draw(&mut self, table: impl FnOnce() -> Vec<String>) {
        let is_due = self.drawn.is_none_or(|at| at.elapsed() >= EVERY);
        if self.kind == ProgressKind::Terminal && is_due {
            let table = table();
            self.print(&table);
            self.lines = table.len();
            self.drawn = Some(Instant::now());
        }
    }

    /// Prints lines in the place of the table.
    fn print(&self, lines: &[String]) {
        let mut text = String::new();
        if self.lines > 0 {
            // So many lines up, and all below is erased.
            text += &format!("\x1b[{}A\x1b[J", self.lines);
        }
        for line in lines {
            text += line;
            text.push('\n');
        }
        let mut out = io::stdout().lock();
        let _ = out.write_all(text.as_bytes());
        let _ = out.flush();
    }
}
