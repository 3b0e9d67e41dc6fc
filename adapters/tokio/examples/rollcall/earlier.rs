//! What one roll call leaves for the next in its folder, beside what the bot keeps there.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

/// The roll call that counted everyone.
pub(crate) struct Earlier {
    /// Where it was.
    pub(crate) place: String,
    /// How long it took.
    pub(crate) took: Duration,
}

impl Earlier {
    /// What is there of one; `None` if there is none, or nothing that can be read.
    pub(crate) fn read(folder: &Path) -> Option<Self> {
        let text = std::fs::read(file(folder)).ok()?;
        let value: Value = serde_json::from_slice(&text).ok()?;
        Some(Self {
            place: value["place"].as_str()?.to_owned(),
            took: Duration::try_from_secs_f64(value["seconds"].as_f64()?).ok()?,
        })
    }

    pub(crate) fn write(&self, folder: &Path) -> std::io::Result<()> {
        let value = json!({"place": self.place, "seconds": self.took.as_secs_f64()});
        std::fs::write(file(folder), value.to_string())
    }
}

fn file(folder: &Path) -> PathBuf {
    folder.join("rollcall.json")
}
