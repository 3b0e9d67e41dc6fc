//! The fuzz targets on any toolchain: their corpus, what they once found, and what is said of them.
use headcount_sim::fuzzing::TARGETS;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files of a folder, by name; none if it is not there.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.sort();
    files
}

fn replay(target: &str, file: &Path) {
    let bytes = std::fs::read(file).expect("a file of the corpus");
    let passed = std::panic::catch_unwind(|| headcount_sim::fuzzing::run(target, &bytes));
    assert!(
        passed.is_ok(),
        "{target} does not hold for {}",
        file.display()
    );
}

#[test]
fn the_corpus_passes() {
    for target in TARGETS {
        let files = files(&root().join("fuzz/corpus").join(target.name));
        assert!(
            files.len() >= 5,
            "{} has {} files",
            target.name,
            files.len()
        );
        files.iter().for_each(|file| replay(target.name, file));
    }
}

#[test]
fn what_was_once_found_passes() {
    for folder in files(&root().join("tests/cases/fuzz"))
        .iter()
        .filter(|it| it.is_dir())
    {
        let name = folder
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name");
        files(folder).iter().for_each(|file| replay(name, file));
    }
}

#[test]
fn the_targets_are_listed_once_and_described_truly() {
    let names: BTreeSet<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert!(names.len() == TARGETS.len() && names.len() >= 8);
    let manifest = read("fuzz/Cargo.toml");
    let readme = read("fuzz/README.md");
    for target in TARGETS {
        let row = format!("| `{}` | {} |", target.name, target.what);
        assert!(readme.contains(&row), "{row}");
        let listed = format!("path = \"fuzz_targets/{}.rs\"", target.name);
        assert!(manifest.contains(&listed), "{listed}");
        let shim = read(&format!("fuzz/fuzz_targets/{}.rs", target.name));
        assert!(shim.contains(&format!("run(\"{}\", bytes)", target.name)));
    }
    assert_eq!(files(&root().join("fuzz/fuzz_targets")).len(), names.len());
    assert_eq!(manifest.matches("[[bin]]").count(), names.len());
    let rows = readme
        .lines()
        .filter(|line| line.starts_with("| `"))
        .count();
    assert_eq!(
        rows,
        2 * names.len(),
        "one row for what it asserts, one for its last run"
    );
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).expect(path)
}
