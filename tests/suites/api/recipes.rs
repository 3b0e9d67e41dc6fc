//! The recipes of the architecture page name files that are there.

use crate::sources::{read, root};

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
