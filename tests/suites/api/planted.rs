//! Planted bugs go on to fit the sources that they break, and each has its line in the table.

use std::fs;

use crate::sources::{read, root};

const FOLDER: &str = "tests/mutants/planted";

/// The names and texts of the patches.
fn patches() -> Vec<(String, String)> {
    let entries = fs::read_dir(root().join(FOLDER)).expect("the folder of planted bugs");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let patches = paths.filter(|path| path.extension().is_some_and(|it| it == "patch"));
    patches
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy();
            let text = fs::read_to_string(&path).expect("a patch is text");
            (name.into_owned(), text)
        })
        .collect()
}

/// What each hunk expects to find, with the file that it changes.
fn hunks(patch: &str) -> Vec<(String, String)> {
    let (mut file, mut hunks) = (String::new(), Vec::<(String, String)>::new());
    for line in patch.lines() {
        if let Some(path) = line.strip_prefix("+++ b/") {
            path.clone_into(&mut file);
        } else if line.starts_with("@@") {
            hunks.push((file.clone(), String::new()));
        } else if let (Some(kept), Some((_, old))) =
            (line.strip_prefix([' ', '-']), hunks.last_mut())
            && !line.starts_with("--- ")
        {
            old.push_str(kept);
            old.push('\n');
        }
    }
    hunks
}

#[test]
fn every_planted_bug_fits_the_sources() {
    let mut count = 0;
    for (name, text) in patches() {
        let hunks = hunks(&text);
        assert!(!hunks.is_empty(), "{name} changes nothing");
        for (file, old) in hunks {
            assert!(read(&file).contains(&old), "{name} does not fit {file}");
            count += 1;
        }
    }
    assert!(count > 30, "{count} hunks");
}

#[test]
fn every_planted_bug_has_its_line_in_the_table() {
    let table = read(&format!("{FOLDER}/README.md"));
    let rows = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let mut rows: Vec<String> = rows.map(ToOwned::to_owned).collect();
    let number = |name: &str| name.splitn(3, '-').take(2).collect::<Vec<_>>().join("-");
    let mut names: Vec<String> = patches().iter().map(|(name, _)| number(name)).collect();
    rows.sort();
    names.sort();
    assert_eq!(rows, names);
}
