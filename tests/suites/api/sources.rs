//! The project's own source files, as text.

use std::fs;
use std::path::{Path, PathBuf};

/// One source file.
pub(crate) struct Source {
    /// From the project's root.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The text of a file, by its path from the root.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The Rust sources under a folder, by its path from the root; none if it is not there.
pub(crate) fn under(folder: &str) -> Vec<Source> {
    let mut sources = Vec::new();
    collect(&root().join(folder), &mut sources);
    sources.sort_by(|one, two| one.path.cmp(&two.path));
    sources
}

fn collect(folder: &Path, sources: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source is text");
            let path = path
                .strip_prefix(root())
                .expect("under the root")
                .to_path_buf();
            sources.push(Source { path, text });
        }
    }
}

/// Every source of the workspace.
pub(crate) fn all() -> Vec<Source> {
    ["core", "adapters", "tests", "fuzz"]
        .into_iter()
        .flat_map(under)
        .collect()
}

/// The core's library, without files that hold tests alone.
pub(crate) fn core_sources() -> Vec<Source> {
    let is_test = |path: &Path| {
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        [
            "tests",
            "scenarios",
            "sessions",
            "testing",
            "random",
            "hostile",
        ]
        .contains(&stem)
    };
    let mut sources = under("core/src");
    sources.retain(|source| !is_test(&source.path));
    assert!(sources.len() > 50);
    sources
}

/// A file's text up to the tests at its foot.
pub(crate) fn without_tests(text: &str) -> &str {
    text.find("\n#[cfg(test)]\nmod tests {")
        .map_or(text, |at| &text[..at])
}

/// The identifiers of a source, its comments and texts left out.
pub(crate) fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    let code = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or(line));
    let outside_texts = code.flat_map(|line| line.split('"').step_by(2));
    outside_texts.flat_map(|part| part.split(|c: char| !(c.is_alphanumeric() || c == '_')))
}
