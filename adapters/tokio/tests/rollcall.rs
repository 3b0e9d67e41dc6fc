//! The example `rollcall`: twice with the same folder, with its status page, and recorded.
#![allow(missing_docs, reason = "tests")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use headcount_tokio::driver::record::{Happened, Recording, Replay};
use serde_json::Value;

/// The program.
fn rollcall() -> Command {
    let test = std::env::current_exe().expect("a path");
    let target = test.parent().and_then(Path::parent).expect("target");
    Command::new(target.join("examples").join("rollcall"))
}

/// What a roll call with this folder prints.
fn roll(folder: &Path, more: &[&str]) -> String {
    let mut program = rollcall();
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

#[test]
fn a_roll_call_that_is_recorded_replays_to_the_same_actions() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("roll.rec");
    let mut program = rollcall();
    let output = program.arg("--plain").arg("--record").arg(&path).output();
    assert!(output.expect("the example is built").status.success());
    let recording = std::fs::read(&path).expect("a file");
    let recording = Recording::read(&recording).expect("a recording");
    assert_eq!(recording.shards().expect("shards").len(), 2);
    let mut replay = Replay::new(&recording).expect("settings");
    let mut inputs = 0;
    while let Some(step) = replay.step().expect("frames") {
        assert_eq!(step.divergence, None, "{:?}", step.happened);
        assert!(!matches!(step.happened, Happened::Ended(_)));
        inputs += u64::from(matches!(step.happened, Happened::Input(_)));
    }
    assert!(inputs > 60, "{inputs}: a guild is one at least");
}

/// What the page answers.
fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[cfg(unix)]
#[test]
fn a_roll_call_with_a_page_says_where_it_is_and_keeps_it_up_until_it_is_stopped() {
    use rustix::process::{Pid, Signal, kill_process};

    let mut program = rollcall();
    program.args(["--plain", "--board", "127.0.0.1:0"]);
    let program = program.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = program
        .stderr(Stdio::null())
        .spawn()
        .expect("the example is built");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut line = |wanted: &str| {
        let found = lines.find_map(|line| line.ok().filter(|it| it.contains(wanted)));
        found.unwrap_or_else(|| panic!("no {wanted:?}"))
    };
    let board = line("board http://127.0.0.1:");
    let address = board
        .trim_start_matches("board http://")
        .trim_end_matches('/');
    let page = get(address, "/");
    assert!(
        page.starts_with("HTTP/1.1 200 OK") && page.contains("<title>headcount"),
        "{page}"
    );
    line(" members in 60 guilds ");
    // The table is the last that is printed, and the page is still there.
    let ready = get(address, "/readyz");
    assert!(ready.starts_with("HTTP/1.1 200 OK"), "{ready}");
    assert!(child.try_wait().expect("a child").is_none(), "it stays");
    let id = Pid::from_raw(child.id().try_into().expect("an id")).expect("not zero");
    kill_process(id, Signal::INT).expect("it runs");
    assert!(child.wait().expect("it ends").success());
    assert!(
        TcpStream::connect(address).is_err(),
        "the page goes with it"
    );
}
