//! The files that show what nobody wished for.

use std::path::PathBuf;

/// So many are written by one bot: what comes first shows most, and a disk has an end.
const FILES: u32 = 4;

/// Where recordings go that nobody has asked for, each to a file of its own.
#[derive(Debug)]
pub(super) struct EvidenceFiles {
    first: PathBuf,
    /// How many were asked for.
    count: u32,
}

impl EvidenceFiles {
    pub(super) const fn new(first: PathBuf) -> Self {
        Self { first, count: 0 }
    }

    /// Where the next one goes: to the file itself, then to the same name with `.2` and so on;
    /// `None` if there are enough.
    pub(super) fn next(&mut self) -> Option<PathBuf> {
        self.count = self.count.saturating_add(1);
        if self.count > FILES {
            return None;
        }
        let mut path = self.first.clone().into_os_string();
        if self.count > 1 {
            path.push(format!(".{}", self.count));
        }
        Some(path.into())
    }

    /// Whether the last one that was asked for is the first of which there are enough.
    pub(super) const fn is_first_refused(&self) -> bool {
        self.count == FILES + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_the_file_itself_and_there_are_four_at_most() {
        let mut files = EvidenceFiles::new("a/bot.rec".into());
        let all: Vec<PathBuf> = std::iter::from_fn(|| files.next()).collect();
        let wanted = ["a/bot.rec", "a/bot.rec.2", "a/bot.rec.3", "a/bot.rec.4"];
        assert_eq!(all, wanted.map(PathBuf::from));
        let refused = files.is_first_refused();
        assert_eq!(files.next(), None);
        let first = [refused, files.is_first_refused()];
        assert_eq!(first, [true, false], "it is said once");
    }
}
