//! At which instant of its snapshots a bot is killed.
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// When a bot is to be killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Instant {
    /// Once its guilds are set up, before its first snapshot.
    Before,
    /// While it writes one.
    During,
    /// As soon as one is whole.
    After,
    /// A while after one, before the next.
    Between,
}

/// How long a bot lives after a snapshot that is killed between two.
const BETWEEN: Duration = Duration::from_millis(60);

impl Instant {
    /// Each in turn; the one that is the hardest to meet twice.
    pub(crate) const TURNS: [Self; 5] = [
        Self::During,
        Self::Before,
        Self::During,
        Self::After,
        Self::Between,
    ];

    /// How often the bot writes snapshots.
    pub(crate) const fn every(self) -> Duration {
        match self {
            Self::Before => Duration::from_secs(3_600),
            Self::During | Self::After => Duration::from_millis(100),
            Self::Between => Duration::from_millis(300),
        }
    }
}

/// The folder of a bot whose snapshots are waited for.
pub(crate) struct Watch {
    folder: PathBuf,
    /// What whole snapshots were there when the bot began.
    before: Vec<Option<Written>>,
    /// What were there when one was waited for.
    seen: Vec<Option<Written>>,
}

/// When a file was written, and how long it is.
type Written = (std::time::SystemTime, u64);

impl Watch {
    /// Begins, before the bot does: takes away what was not finished.
    pub(crate) fn new(folder: &Path) -> Self {
        for name in NAMES {
            let _ = fs::remove_file(unfinished(folder, name));
        }
        let before = whole(folder);
        Self {
            folder: folder.to_owned(),
            seen: before.clone(),
            before,
        }
    }

    /// From now on the next snapshot is waited for.
    pub(crate) fn wait(&mut self) {
        self.seen = whole(&self.folder);
    }

    /// Whether it is that instant now, as far as the folder shows; how long to wait still if so.
    pub(crate) fn meets(&self, instant: Instant) -> Option<Duration> {
        let has_written = whole(&self.folder) != self.seen;
        match instant {
            Instant::Before => Some(Duration::ZERO),
            Instant::During => self.open().map(|_| Duration::ZERO),
            Instant::After => has_written.then_some(Duration::ZERO),
            Instant::Between => has_written.then_some(BETWEEN),
        }
    }

    /// The length of what is being written, or was when the bot died.
    fn open(&self) -> Option<u64> {
        let files = NAMES.map(|name| fs::metadata(unfinished(&self.folder, name)).ok());
        files.iter().flatten().map(fs::Metadata::len).next()
    }

    /// At which instant the bot died, as its folder shows.
    pub(crate) fn found(&self) -> Found {
        let is = whole(&self.folder);
        let lengths = is.iter().flatten().map(|(_, length)| *length);
        match (self.open(), is == self.before) {
            (Some(0), _) => Found::Begun,
            (Some(length), _) if lengths.max().is_some_and(|whole| length < whole / 2) => {
                Found::InPart
            }
            (Some(_), _) => Found::Written,
            (None, true) => Found::Before,
            (None, false) => Found::Between,
        }
    }
}

const NAMES: [&str; 2] = ["snapshot.0", "snapshot.1"];

fn unfinished(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.new"))
}

fn whole(folder: &Path) -> Vec<Option<Written>> {
    let written = |name| {
        let file = fs::metadata(folder.join(name)).ok()?;
        Some((file.modified().ok()?, file.len()))
    };
    NAMES.into_iter().map(written).collect()
}

/// Where a kill has met the snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Found {
    /// There was none of this bot.
    Before,
    /// A file was made, and nothing in it.
    Begun,
    /// Some of it was written.
    InPart,
    /// It was written, and had not taken the place of the older one.
    Written,
    /// None was being written, and one had been.
    Between,
}

/// How often each was met.
#[derive(Clone, Debug, Default)]
pub(crate) struct Instants(Vec<Found>);

impl Instants {
    pub(crate) fn note(&mut self, found: Found) {
        self.0.push(found);
    }

    pub(crate) fn json(&self) -> Value {
        let count = |found| self.0.iter().filter(|it| **it == found).count();
        json!({
            "before": count(Found::Before),
            "during": {
                "begun": count(Found::Begun),
                "in_part": count(Found::InPart),
                "written": count(Found::Written),
            },
            "between": count(Found::Between),
        })
    }
}
