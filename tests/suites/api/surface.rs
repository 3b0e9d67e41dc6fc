//! The core's public API names no type of another crate, serde and bitflags apart.

use crate::sources::{core_sources, without_tests};

/// The signatures of a file's public items: from `pub` to the body, the value or the end.
fn signatures(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut current: Option<String> = None;
    for line in text.lines() {
        let words = line.trim();
        if current.is_none() && words.starts_with("pub ") {
            current = Some(String::new());
        }
        if let Some(signature) = &mut current {
            signature.push_str(words);
            signature.push(' ');
            if words.ends_with(['{', ';', '}', ',']) && !words.ends_with("(,") {
                found.extend(current.take());
            }
        }
    }
    found
}

/// A tuple struct's private field is no part of the API.
fn public_part(signature: &str) -> &str {
    let is_tuple = signature.starts_with("pub struct ") && signature.contains('(');
    match signature.split_once('(') {
        Some((head, fields)) if is_tuple && !fields.contains("pub ") => head,
        _ => signature,
    }
}

#[test]
fn the_core_shows_no_foreign_types() {
    let foreign = [
        "smallvec",
        "SmallVec",
        "hashbrown",
        "HashMap",
        "HashSet",
        "HashTable",
        "RawValue",
    ];
    let mut seen = 0;
    for source in core_sources() {
        for signature in signatures(without_tests(&source.text)) {
            seen += 1;
            let public = public_part(&signature);
            for name in foreign {
                assert!(
                    !public.contains(name),
                    "{}: {signature}",
                    source.path.display()
                );
            }
            let reexport = public.starts_with("pub use ") && !public.contains("crate::");
            let outside = ["smallvec", "hashbrown", "serde_json"];
            let leaks = reexport && outside.iter().any(|name| public.contains(name));
            assert!(!leaks, "{}: {signature}", source.path.display());
        }
    }
    assert!(seen > 500, "{seen}");
}

#[test]
fn the_core_depends_on_what_it_says() {
    let manifest = crate::sources::read("core/Cargo.toml");
    let list = manifest
        .split("[dependencies]")
        .nth(1)
        .expect("dependencies");
    let list = list.split("\n[").next().unwrap_or_default();
    let names: Vec<&str> = list
        .lines()
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .filter(|n| !n.is_empty())
        .collect();
    assert_eq!(
        names,
        [
            "bitflags",
            "hashbrown",
            "serde",
            "serde_json",
            "simdutf8",
            "smallvec",
            "wide"
        ]
    );
}
