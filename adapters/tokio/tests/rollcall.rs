//! The example `rollcall`, twice with the same folder.
#![allow(missing_docs, reason = "tests")]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// What a roll call with this folder prints.
fn roll(folder: &Path, more: &[&str]) -> String {
    let test = std::env::current_exe().expect("a path");
    let target = test.parent().and_then(Path::parent).expect("target");
    let mut program = Command::new(target.join("examples").join("rollcall"));
    program.arg("--state").arg(folder).args(more);
    let output = program.output().expect("the example is built");
    let printed = String::from_utf8(output.stdout).expect("text");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}\n{errors}");
    printed
}

/// The lines of the first table: guild, shard and members, and in a word what became of it.
fn table(printed: &str) -> Vec<(&str, &str)> {
    let lines = printed.lines();
    let lines = lines.skip_while(|line| !line.starts_with("guild "));
    let lines = lines.skip(1).take_while(|line| !line.is_empty());
    let columns = lines.map(|line| line.split_at_checked(46).expect("a line of the table"));
    columns
        .map(|(guild, rest)| (guild, rest.split_whitespace().nth(1).unwrap_or_default()))
        .collect()
}

#[test]
fn the_next_roll_call_with_a_folder_shows_its_table_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = roll(folder.path(), &["--plain"]);
    assert!(!first.contains("restored: "), "{first}");
    let next = roll(folder.path(), &["--plain"]);
    let counted = table(&first);
    assert_eq!(counted.len(), 60, "{first}");
    assert_eq!(table(&next), counted, "{next}");
    let (at_once, later) = next
        .split_once("What is not whole is counted anew.")
        .expect("two");
    let begun = at_once.contains("restored: 59 guilds, as of ");
    assert!(begun && at_once.contains("; counting took "), "{next}");
    assert!(later.contains("restored: 58 guilds, as of "), "{next}");
    let sums = |printed: &str| {
        let line = printed
            .lines()
            .find(|line| line.contains(" members in 60 guilds "));
        line.and_then(|line| line.split(':').next())
            .map(str::to_owned)
    };
    assert_eq!(sums(at_once), sums(&first), "{next}");
    assert_eq!(sums(later), sums(&first), "{next}");
}

#[test]
fn a_gateway_that_does_not_know_the_session_has_everyone_counted_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let object = |seed: &str| -> Value {
        let printed = roll(folder.path(), &["--json", "--seed", seed]);
        serde_json::from_str(&printed).expect("one object")
    };
    let first = object("1");
    let counts = |object: &Value| {
        let keys = ["guilds", "complete", "incomplete", "unavailable", "members"];
        keys.map(|key| object[key].as_u64().expect("a number"))
    };
    assert_eq!(first["restored"], Value::Null);
    let again = object("1");
    assert_eq!(again["restored"]["guilds"], 58, "one of 59 is asked again");
    assert_eq!(counts(&again), counts(&first));
    assert!(again["chunks"].as_u64() < Some(20), "{again}");
    let other = object("2");
    assert_eq!(other["restored"], Value::Null);
    assert_eq!(counts(&other), counts(&first));
    assert_eq!(other["chunks"], first["chunks"]);
}
