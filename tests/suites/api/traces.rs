//! The page of spans and events is that of the code.

use std::collections::BTreeSet;

use crate::sources::{Source, read, under, without_tests};

/// What a call of `tracing` says: its text, its level, and the names of its fields in order.
type Trace = (String, String, Vec<String>);

/// The calls in a file.
fn calls(text: &str) -> Vec<Trace> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("tracing::") {
        let rest = &text[at + "tracing::".len()..];
        let Some((kind, rest)) = rest.split_once("!(") else {
            continue;
        };
        let is_name = kind.chars().all(|c| c == '_' || c.is_ascii_lowercase());
        if is_name {
            found.push(call(kind, arguments(rest)));
        }
    }
    found
}

/// The arguments up to the bracket that closes them, at the commas between them.
fn arguments(text: &str) -> Vec<String> {
    let (mut depth, mut quoted, mut all) = (0_u32, false, vec![String::new()]);
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            ')' if !quoted && depth == 0 => break,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => depth -= 1,
            _ => {}
        }
        match c {
            ',' if !quoted && depth == 0 => all.push(String::new()),
            _ => all.last_mut().expect("one at least").push(c),
        }
    }
    let trimmed = all.iter().map(|part| part.trim().to_owned());
    trimmed.filter(|part| !part.is_empty()).collect()
}

fn call(kind: &str, arguments: Vec<String>) -> Trace {
    let is_text = |part: &&String| part.starts_with('"');
    let text = arguments.iter().find(is_text).expect("a text");
    // What follows an event's text fills its places; a span's fields follow its name.
    let is_span = kind.ends_with("_span");
    let before = |part: &&String| is_span || *part != text;
    let fields = arguments
        .iter()
        .take_while(before)
        .filter(|it| !is_text(it));
    let name = |field: &String| {
        let name = field.split('=').next().unwrap_or_default();
        name.trim_matches(['%', '?', ' ']).to_owned()
    };
    let text = text.trim_matches('"').to_owned();
    (
        text,
        kind.replace("_span", " span"),
        fields.map(name).collect(),
    )
}

#[test]
fn the_page_of_traces_lists_every_span_and_event() {
    let is_test = |path: &str| path.contains("/tests/") || path.ends_with("/tests.rs");
    let sources = under("adapters").into_iter().filter(|Source { path, .. }| {
        let path = path.to_str().expect("text");
        path.contains("/src/") && !path.contains("/examples/") && !is_test(path)
    });
    let sources: Vec<Source> = sources.collect();
    for Source { path, text, .. } in &sources {
        // What is called by a name of its own is not found below.
        let imports = text.lines().filter(|line| line.starts_with("use tracing"));
        let imports: Vec<&str> = imports
            .filter(|line| !line.ends_with("::Instrument;"))
            .collect();
        assert_eq!(imports, [""; 0], "{}", path.display());
        assert!(!text.contains("#[instrument"), "{}", path.display());
    }
    let called = sources
        .into_iter()
        .flat_map(|Source { text, .. }| calls(without_tests(&text)));
    let called: BTreeSet<Trace> = called.collect();
    assert!(called.len() > 20, "{called:#?}");
    let page = read("adapters/driver/src/traces.md");
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let listed: Vec<Trace> = rows
        .map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let fields = cells[3].split('`').skip(1).step_by(2).map(str::to_owned);
            let text = cells[1].trim_matches('`').to_owned();
            (text, cells[2].to_owned(), fields.collect())
        })
        .collect();
    let unique: BTreeSet<Trace> = listed.iter().cloned().collect();
    assert_eq!(unique.len(), listed.len(), "each once");
    let missing: Vec<_> = called.difference(&unique).collect();
    let gone: Vec<_> = unique.difference(&called).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "{missing:#?} {gone:#?}"
    );
}
