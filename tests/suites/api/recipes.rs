//! The recipes of the architecture page name the files that a change touches, and they are few.

use std::collections::BTreeSet;

use crate::sources::{Source, core_sources, identifiers, read, root, without_tests};

/// The paths of files that a text names in backticks.
fn paths(text: &str) -> Vec<&str> {
    let quoted = text.split('`').skip(1).step_by(2);
    let is_path = |word: &&str| word.contains('/') && !word.contains(' ') && word.contains('.');
    quoted.filter(is_path).collect()
}

#[test]
fn every_file_that_the_architecture_page_names_is_there() {
    let page = read("core/src/architecture.md");
    let (_, recipes) = page.split_once("# Recipes").expect("recipes");
    let named = paths(recipes);
    assert!(named.len() > 12, "{named:?}");
    for path in named {
        assert!(root().join(path).is_file(), "{path} is not there");
    }
}

/// The files that one recipe names.
fn recipe(what: &str) -> BTreeSet<String> {
    let page = read("core/src/architecture.md");
    let (_, rest) = page.split_once(what).expect("such a recipe");
    let ends = ["\n\nTo add", "\n\nA kind that"].map(|end| rest.find(end));
    let end = ends.into_iter().flatten().min();
    let named = paths(&rest[..end.unwrap_or(rest.len())]);
    named.into_iter().map(str::to_owned).collect()
}

/// The files of the core whose code, tests left out, is such.
fn code_where(is_such: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let sources = core_sources().into_iter();
    let found = sources.filter(|source: &Source| is_such(without_tests(&source.text)));
    found
        .map(|source| source.path.display().to_string())
        .collect()
}

#[test]
fn a_plain_kind_is_known_to_the_files_of_its_recipe_alone() {
    let named = recipe("To add **a plain kind**");
    assert!(named.len() <= 6, "{named:?}");
    let in_core: BTreeSet<String> = named
        .into_iter()
        .filter(|path| path.starts_with("core/src/"))
        .collect();
    let integration = [
        "Integration",
        "Integrations",
        "integrations",
        "INTEGRATIONS",
        "IntegrationCreate",
        "IntegrationUpdate",
        "IntegrationDelete",
    ];
    let names_one = |code: &str| identifiers(code).any(|word| integration.contains(&word));
    assert_eq!(code_where(names_one), in_core);
}

#[test]
fn a_field_is_known_to_the_file_of_its_kind_alone() {
    let named = recipe("To add **a field**");
    assert!(named.len() <= 2, "{named:?}");
    let fields = [
        ("expire_behavior", "integration"),
        ("communication_disabled_until", "member"),
        ("verification_level", "guild"),
        ("hoist", "role"),
    ];
    for (field, kind) in fields {
        let own = format!("core/src/wire/view/{kind}.rs");
        let reads_it = |code: &str| code.contains(&format!("\"{field}\""));
        assert_eq!(code_where(reads_it), BTreeSet::from([own]));
    }
}

#[test]
fn the_readme_names_every_top_level_folder() {
    let readme = read("README.md");
    let folders = std::fs::read_dir(root()).expect("the root").flatten();
    for entry in folders.filter(|entry| entry.path().is_dir()) {
        let name = entry.file_name().into_string().expect("text");
        if !name.starts_with('.') && name != "target" {
            let is_named =
                readme.contains(&format!("| `{name}")) || readme.contains(&format!("`{name}/"));
            assert!(is_named, "{name}");
        }
    }
}
