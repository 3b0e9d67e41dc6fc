//! The keys that the product knows, as its sources declare them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

/// A row, with its parts in order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) name: String,
    /// The part without which there is no row.
    pub(super) key: Option<String>,
    /// Each key, and the type of its value.
    pub(super) parts: BTreeMap<String, String>,
}

/// All that is declared.
pub(super) struct Declared {
    pub(super) rows: Vec<Row>,
    /// Texts beside the rows that look like keys: what code asks for by hand.
    pub(super) by_hand: BTreeSet<String>,
}

impl Declared {
    /// What the sources declare now.
    pub(super) fn get() -> &'static Self {
        static ALL: OnceLock<Declared> = OnceLock::new();
        ALL.get_or_init(Self::read)
    }

    fn read() -> Self {
        let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../core/src");
        let wire = core.join("wire");
        let mut files = vec![wire.join("only_id.rs"), core.join("kind.rs")];
        let views = fs::read_dir(wire.join("view")).expect("the folder of the views");
        let views = views.map(|entry| entry.expect("an entry").path());
        files.extend(views.filter(|path| path.is_file()));
        let mut all = Self {
            rows: Vec::new(),
            by_hand: BTreeSet::new(),
        };
        for file in files {
            let text = fs::read_to_string(&file).expect("a source");
            all.add(text.split("#[cfg(test)]").next().unwrap_or_default());
        }
        all
    }

    fn add(&mut self, source: &str) {
        let mut within = false;
        for line in source.lines() {
            let words = line.trim();
            match words {
                "row! {" | "packed! {" => within = true,
                _ if line == "}" => within = false,
                _ if words.starts_with("//") || words.starts_with("beside ") => {}
                // What rows are called, in the table of kinds.
                _ if words.starts_with("names ") => {}
                _ if within => self.add_part(words),
                _ => self.by_hand.extend(literals(words)),
            }
        }
    }

    fn add_part(&mut self, words: &str) {
        if let Some(name) = words.strip_suffix(" {") {
            self.rows.push(Row {
                name: name.to_owned(),
                key: None,
                parts: BTreeMap::new(),
            });
        }
        let is_key = words.starts_with("key ");
        let words = words.trim_start_matches("key ");
        let Some((key, rest)) = words.strip_prefix('"').and_then(|it| it.split_once('"')) else {
            return;
        };
        let (_, of) = rest.split_once(": ").expect("a type");
        let row = self.rows.last_mut().expect("a part belongs to a row");
        let of = of.trim_end_matches([',', ';']).replace("<'i>", "");
        row.parts.insert(key.to_owned(), of);
        if is_key {
            row.key = Some(key.to_owned());
        }
    }

    /// The row that an object with these keys is, if any: the one with the most keys.
    pub(super) fn row_of(&self, keys: &BTreeSet<&str>) -> Option<&Row> {
        let fits = |row: &&Row| row.parts.keys().all(|key| keys.contains(key.as_str()));
        self.rows
            .iter()
            .filter(fits)
            .max_by_key(|row| row.parts.len())
    }

    pub(super) fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.name == name)
    }
}

/// The texts in a line of code that look like keys.
fn literals(line: &str) -> impl Iterator<Item = String> {
    let inside = line.split('"').skip(1).step_by(2);
    let is_key = |text: &&str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    inside.filter(is_key).map(str::to_owned)
}
