//! What a run found, as Markdown that is printed as it comes, or as one JSON object.

use std::io::{Error, Result};
use std::path::Path;
use std::process::Command;
use std::{fs, thread};

use serde_json::{Map, Value};

use crate::row::{HEAD, Row};

/// The lines of a file between which the tables go.
const BEGIN: &str = "<!-- tests/bench/gateway: begin -->\n";
const END: &str = "<!-- tests/bench/gateway: end -->";

/// Collects what is found.
pub struct Report {
    json: bool,
    text: String,
    object: Map<String, Value>,
}

impl Report {
    /// Prints lines, or keeps them for one object at the end.
    pub fn new(json: bool) -> Self {
        Self {
            json,
            text: String::new(),
            object: Map::new(),
        }
    }

    /// A line of Markdown.
    pub fn line(&mut self, line: &str) {
        self.detail(line);
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A line that is printed and goes into no file.
    pub fn detail(&self, line: &str) {
        if !self.json {
            println!("{line}");
        }
    }

    /// A key of the object.
    pub fn put(&mut self, key: &str, value: Value) {
        self.object.insert(key.to_owned(), value);
    }

    /// A table of these rows, if there are any.
    pub fn table(&mut self, rows: impl Iterator<Item = Row>) {
        let mut head = Some(HEAD);
        for row in rows {
            if let Some(head) = head.take() {
                self.line(&format!("\n{head}"));
            }
            self.put(row.key, row.json());
            row.markdown().iter().for_each(|line| self.line(line));
        }
    }

    /// Prints the object, and puts the text into a file if there is one.
    ///
    /// # Errors
    /// If the file cannot be read or written, or does not say where the tables go.
    pub fn finish(self, readme: Option<&Path>) -> Result<()> {
        if self.json {
            println!("{}", Value::Object(self.object));
        }
        match readme {
            Some(file) => put_between(file, &format!("{}\n{}\n", measured_on(), self.text)),
            None => Ok(()),
        }
    }
}

fn put_between(file: &Path, text: &str) -> Result<()> {
    let whole = fs::read_to_string(file)?;
    let parts = whole.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let (before, after) =
        parts.ok_or_else(|| Error::other("no lines to put the tables between"))?;
    fs::write(file, format!("{before}{BEGIN}{text}{END}{after}"))
}

/// When and on what.
fn measured_on() -> String {
    let date = Command::new("date").args(["-u", "+%-d %B %Y"]).output();
    let date = date.map_or_else(
        |_| "an unknown day".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    );
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let processor = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let processor = processor.unwrap_or_else(|| "an unknown processor".to_owned());
    format!("Measured on {date}, on {cores} cores of {processor}.")
}
