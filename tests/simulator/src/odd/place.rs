//! The place that is odd, and its form.
use super::said::{Kind, Place, Said};
use crate::census::tree::{Order, Tree, Way};
use crate::rng::Rng;
use serde_json::Value;
use std::collections::BTreeMap;

/// A dispatch with an odd place.
#[derive(Clone, Debug)]
pub(crate) struct Odd {
    /// The name of the dispatch.
    pub(crate) event: String,
    /// Its body as it is sent.
    pub(crate) body: String,
    /// Where it is odd, as the library writes that.
    pub(crate) path: String,
    /// What stands there.
    pub(crate) place: Place,
    /// Whether nobody could take it for a value that belongs there.
    pub(crate) senseless: bool,
}

/// Draws an odd place of a dispatch: anywhere, or a row of one of its lists. `None` if there is
/// none.
pub(crate) fn draw(said: &Said<'_>, data: &Value, draw: u64, rows: bool) -> Option<Odd> {
    let mut rng = Rng::of(&[draw, 91]);
    let order = rng.pick(&[Order::Usual, Order::Unusual]);
    let tree = Tree::new(data, order);
    let mut patterns: BTreeMap<String, Vec<(Way, Place)>> = BTreeMap::new();
    for way in tree.places() {
        let place = said.place(&tree.keys(&way));
        let fits = match rows {
            true => matches!(place, Place::Row(_, Some(_))),
            false => !matches!(place, Place::Row(..)) && !begins_sessions(&tree, &way),
        };
        if fits {
            let pattern = pattern(&tree.path(&way));
            patterns.entry(pattern).or_default().push((way, place));
        }
    }
    // Places that there are many of come no oftener than others.
    let all: Vec<&Vec<(Way, Place)>> = patterns.values().collect();
    let ways = all.get(rng.below(all.len().max(1) as u64) as usize)?;
    let (way, place) = &ways[rng.below(ways.len() as u64) as usize];
    let key = tree.key(way).unwrap_or_default();
    // A row that is missing as a whole is none that anybody could miss.
    let missing = rows && tree.key(way).is_some() && rng.percent(30);
    let (body, senseless) = match missing {
        true => (tree.without(way).text(), false),
        false => {
            let form = form(&mut rng, tree.at(way), key);
            (tree.with(way, form).text(), form != "null")
        }
    };
    Some(Odd {
        event: said.event.to_owned(),
        body,
        path: tree.path(way),
        place: place.clone(),
        senseless,
    })
}

/// Without a name of its own no session begins; that is tested elsewhere.
fn begins_sessions(tree: &Tree, way: &[usize]) -> bool {
    tree.path(way) == "session_id"
}

fn pattern(path: &str) -> String {
    path.chars()
        .filter(|letter| !letter.is_ascii_digit())
        .collect()
}

/// A form that is no value of what stands there, whatever it is.
fn form(rng: &mut Rng, value: &Tree, key: &str) -> &'static str {
    let forms: &[&str] = match value {
        Tree::List(_) => &["7", "\"odd\"", "{\"odd\":1}", "true", "null"],
        Tree::Object(_) => &["7", "\"odd\"", "[[]]", "true", "null"],
        Tree::Leaf(text) => match text.as_bytes().first() {
            Some(b'"') => &["true", "[]", "{\"odd\":1}", "-1", "1.5", "1e999", "null"],
            Some(b't' | b'f') => &["7", "\"odd\"", "[]", "{\"odd\":1}", "1e999", "null"],
            Some(b'n') => &["[[]]", "1e999"],
            _ => &["true", "\"odd\"", "[]", "{\"odd\":1}", "1e999", "null"],
        },
    };
    match rng.pick(forms) {
        // Who has never joined is a guest, and no channel is no seat: null has a meaning there.
        "null" if matches!(key, "joined_at" | "channel_id") => "1e999",
        form => form,
    }
}

impl Odd {
    /// What kind of row it is of, and which part of it; `None` for the row itself.
    pub(crate) fn of(&self) -> Option<(Kind, Option<&str>)> {
        match &self.place {
            // A removal is about an id, and nothing else of it is read.
            _ if self.event.ends_with("_DELETE") || self.event.ends_with("_REMOVE") => None,
            Place::List(_, kind) | Place::Row(kind, _) => Some((*kind, None)),
            Place::Part((_, kind, _), part) => Some((*kind, Some(part))),
            Place::Subject | Place::Elsewhere => None,
        }
    }
}
