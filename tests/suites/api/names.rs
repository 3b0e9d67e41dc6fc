//! One name for each thing: no type of the library shares its name with another.

use std::collections::BTreeMap;

use crate::sources::{Source, identifiers, under, without_tests};

/// What each runtime's crate names anew, so that a bot needs one `use` alone.
const ALIASES: [&str; 4] = ["Bot", "Builder", "Chat", "ChatBuilder"];

/// Private types that every runtime has, or that an adapter has under the name of what it wraps.
const PRIVATE_ALIASES: [&str; 2] = ["Stream", "Timer"];

/// What may stand before a type's keyword.
const VISIBILITIES: [&str; 4] = ["pub ", "pub(crate) ", "pub(super) ", ""];

/// The types that a source defines outside of other items, private ones included.
fn defined_at_all(text: &str) -> Vec<&str> {
    let types = without_tests(text).lines().filter_map(|line| {
        let words = VISIBILITIES
            .iter()
            .find_map(|visibility| line.strip_prefix(visibility))?;
        let kinds = ["struct ", "enum ", "trait ", "type ", "union "];
        let rest = kinds.iter().find_map(|kind| words.strip_prefix(kind))?;
        rest.split(|c: char| !c.is_alphanumeric()).next()
    });
    types.collect()
}

/// The public types that a source defines, those of the macro of rows included.
fn defined(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut in_rows = false;
    for line in without_tests(text).lines() {
        let words = line.trim_start();
        in_rows = (in_rows || line.starts_with("row! {")) && line != "}";
        let kinds = ["struct", "enum", "trait", "type", "union"];
        let rest = kinds.iter().find_map(|kind| {
            let rest = words.strip_prefix("pub ")?.strip_prefix(kind)?;
            rest.strip_prefix(' ')
        });
        let is_row = in_rows && line.starts_with("    ") && line.ends_with(" {");
        let rest = rest.or(is_row.then_some(words));
        let name = rest.and_then(|rest| rest.split(|c: char| !c.is_alphanumeric()).next());
        let is_type = |name: &&str| name.starts_with(|c: char| c.is_ascii_uppercase());
        names.extend(name.filter(is_type));
    }
    names
}

/// Where the types are that these sources define.
fn places(defined: fn(&str) -> Vec<&str>) -> BTreeMap<String, Vec<String>> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let sources = under("core/src").into_iter().chain(under("adapters"));
    for Source { path, text } in sources {
        let path = path.display().to_string();
        let is_test = path.ends_with("/tests.rs") || path.ends_with("/testing.rs");
        if is_test || path.contains("/tests/") || path.contains("/examples/") {
            continue;
        }
        for name in defined(&text) {
            places
                .entry(name.to_owned())
                .or_default()
                .push(path.clone());
        }
    }
    assert!(places.len() > 200, "types are found: {}", places.len());
    places.retain(|name, places| places.len() > 1 && !ALIASES.contains(&name.as_str()));
    places
}

#[test]
fn no_public_type_name_is_defined_twice() {
    let twice = places(defined);
    assert!(twice.is_empty(), "{twice:#?}");
}

#[test]
fn no_private_type_has_the_name_of_another_type() {
    let mut twice = places(defined_at_all);
    twice.retain(|name, _| !PRIVATE_ALIASES.contains(&name.as_str()));
    assert!(twice.is_empty(), "{twice:#?}");
}

/// Words that stood for things which have a name in the field: a queue, a store's input, an event.
const PRIVATE_WORDS: &str = "ByHand Hooks Lane Lanes Lot Outlet Slot Spot Squad Story Told Ward \
    Wards bunch in_lane lane lanes lot news owed tell tells told ward wards";

#[test]
fn code_is_named_in_the_words_of_the_field() {
    let folders = [
        "core",
        "adapters",
        "fuzz",
        "tests/simulator",
        "tests/suites",
        "tests/bench",
    ];
    // This file has the list.
    let exempt = ["suites/api/names.rs"];
    let sources = folders.into_iter().flat_map(under).filter(|source| {
        let path = source.path.to_string_lossy();
        !exempt.iter().any(|part| path.contains(part))
    });
    let private: Vec<&str> = PRIVATE_WORDS.split_whitespace().collect();
    let mut found = Vec::new();
    for Source { path, text } in sources {
        let words = identifiers(&text).filter(|word| private.contains(word));
        found.extend(words.map(|word| format!("{}: {word}", path.display())));
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn words_in_comments_and_texts_are_no_identifiers() {
    let text = "let a = \"told\"; // told\n/// told\nfn told_b() {}\nlane.tell(x)";
    let words: Vec<_> = identifiers(text).filter(|word| !word.is_empty()).collect();
    assert_eq!(words, ["let", "a", "fn", "told_b", "lane", "tell", "x"]);
}

#[test]
fn types_are_found_whatever_defines_them() {
    let text = "pub struct A;\npub(crate) struct B;\nrow! {\n    /// A row.\n    C {\n\
                \x20       \"x\" x: u8,\n    }\n}\nstruct D;\n";
    assert_eq!(defined(text), ["A", "C"]);
    assert_eq!(defined_at_all(text), ["A", "B", "D"]);
}
