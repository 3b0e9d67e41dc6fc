//! Mutations taken apart: one line for each value, which names its row and its part.

use std::collections::BTreeMap;

use serde_json::Value;

/// Lines, each as often as it stands there.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Lines(BTreeMap<String, usize>);

impl Lines {
    pub(super) fn add_mutation(&mut self, mutation: &Value) {
        self.flatten("guild", &mutation["guild"]);
        self.flatten("origin", &mutation["origin"]);
        for op in mutation["ops"].as_array().expect("steps") {
            match op {
                Value::String(name) => self.add(format!("op {name} = here")),
                Value::Object(named) => {
                    for (name, content) in named {
                        self.add_op(name, content);
                    }
                }
                other => panic!("no step: {other}"),
            }
        }
    }

    fn add_op(&mut self, name: &str, content: &Value) {
        match name {
            "Upsert" | "Patch" | "Replace" => {
                for (kind, rows) in content.as_object().expect("rows of a kind") {
                    self.add(format!("op {name} {kind} = here"));
                    self.add_rows(kind, rows);
                }
            }
            "SyncThreads" => {
                self.flatten("op SyncThreads", &content[0]);
                self.add_rows("threads", &content[1]);
            }
            _ => self.flatten(&format!("op {name}"), content),
        }
    }

    fn add_rows(&mut self, kind: &str, rows: &Value) {
        match rows {
            Value::Array(rows) => {
                for row in rows {
                    self.flatten(&format!("{kind} {}", key(kind, row)), row);
                }
            }
            row => self.flatten(kind, row),
        }
    }

    fn flatten(&mut self, path: &str, value: &Value) {
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                for (key, value) in fields {
                    self.flatten(&format!("{path}.{key}"), value);
                }
            }
            Value::Array(items) if !items.is_empty() => {
                for item in items {
                    self.flatten(&format!("{path}[]"), item);
                }
            }
            leaf => self.add(format!("{path} = {leaf}")),
        }
    }

    fn add(&mut self, line: String) {
        *self.0.entry(line).or_default() += 1;
    }

    /// What these have beyond the others.
    pub(super) fn beyond(&self, others: &Self) -> Self {
        let more = self.0.iter().filter_map(|(line, &count)| {
            let more = count.saturating_sub(others.0.get(line).copied().unwrap_or(0));
            (more > 0).then(|| (line.clone(), more))
        });
        Self(more.collect())
    }

    /// All of both.
    pub(super) fn joined(mut self, others: &Self) -> Self {
        for (line, count) in &others.0 {
            *self.0.entry(line.clone()).or_default() += count;
        }
        self
    }

    /// Those that pass.
    pub(super) fn filtered(&self, passes: impl Fn(&str) -> bool) -> Self {
        let kept = self.0.iter().filter(|(line, _)| passes(line));
        Self(kept.map(|(line, count)| (line.clone(), *count)).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Where the values stand, and what they are.
    pub(super) fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter()
            .map(|line| line.split_once(" = ").expect("a value"))
    }
}

/// What names a row among those of its kind.
fn key(kind: &str, row: &Value) -> String {
    let keys: &[&Value] = match kind {
        "members" | "presences" => &[&row["user"]["id"]],
        "voice_state" | "voice_states" => &[&row["user_id"]],
        "thread_members" => &[&row["id"], &row["user_id"]],
        "invites" => &[&row["code"]],
        "sounds" => &[&row["sound_id"]],
        "webhook_marks" => &[row],
        _ => &[&row["id"]],
    };
    let texts: Vec<String> = keys.iter().map(ToString::to_string).collect();
    assert!(!texts.iter().any(|text| text == "null"), "{kind} {row}");
    texts.join("/")
}
