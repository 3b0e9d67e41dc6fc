//! The replay example against recordings and what is known of their outcome.

#[path = "../examples/replay/main.rs"]
#[allow(dead_code, reason = "the program's own entrance")]
mod program;

use std::fs;
use std::path::{Path, PathBuf};

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/replay")
}

fn replayed(recording: &str) -> Result<Vec<String>, String> {
    let mut lines = Vec::new();
    let played = program::replay(recording, |line| lines.push(line));
    played.map(|()| lines).map_err(|fault| fault.to_string())
}

#[test]
fn each_recording_leads_to_what_stands_beside_it() {
    let mut count = 0;
    for entry in fs::read_dir(cases()).unwrap() {
        let path = entry.unwrap().path();
        let Some(stem) = path
            .to_str()
            .and_then(|path| path.strip_suffix(".in.jsonl"))
        else {
            continue;
        };
        let lines = replayed(&fs::read_to_string(&path).unwrap()).unwrap();
        let expected = fs::read_to_string(format!("{stem}.out.jsonl")).unwrap();
        for (number, (line, wanted)) in lines.iter().zip(expected.lines()).enumerate() {
            assert_eq!(line, wanted, "{stem}, line {}", number + 1);
        }
        assert_eq!(lines.len(), expected.lines().count(), "{stem}");
        count += 1;
    }
    assert!(count >= 2);
}

#[test]
fn a_line_that_makes_no_sense_is_named() {
    let ready = r#"{"t_ms":5,"payload":{"t":"READY","s":1,"d":{}}}"#;
    for (line, why) in [
        ("{", "EOF"),
        ("7", "invalid type"),
        (r#"{"shard":0}"#, "missing field `t_ms`"),
        (r#"{"t_ms":9,"shard":1}"#, "no such shard among 1"),
        (r#"{"t_ms":9,"shard":[0,2]}"#, "no such shard among 1"),
        (r#"{"t_ms":4}"#, "time goes back"),
        (r#"{"t_ms":9,"config":{}}"#, "first line"),
        (r#"{"t_ms":9,"payload":{},"closed":{}}"#, "one of"),
        (r#"{"t_ms":9,"payload":[]}"#, "payload"),
        (r#"{"t_ms":9,"payload":{"op":0}}"#, "has a name"),
        (r#"{"t_ms":9,"request":{"guild":"0"}}"#, "id"),
        (
            r#"{"t_ms":9,"request":{"guild":"1","limit":1}}"#,
            "a prefix with a limit",
        ),
        (r#"{"t_ms":9,"wat":1}"#, "unknown field `wat`"),
    ] {
        let fault = replayed(&format!("{ready}\n\n{line}\n")).unwrap_err();
        assert!(
            fault.starts_with("line 3: ") && fault.contains(why),
            "{line}: {fault}"
        );
    }
}

#[test]
fn deadlines_between_lines_fire_in_order_of_time() {
    let mut recording = String::from(r#"{"t_ms":0,"config":{"machine":"shard","shards":2}}"#);
    recording.push_str("\n{\"t_ms\":0,\"shard\":1}\n{\"t_ms\":200000,\"shard\":0}\n");
    let lines = replayed(&recording).unwrap();
    let time = |line: &String| -> u64 {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["t_ms"].as_u64().unwrap()
    };
    let times: Vec<u64> = lines.iter().map(time).collect();
    assert!(
        times.is_sorted() && times.last() > Some(&100_000),
        "{times:?}"
    );
    for shard in ["[0,2]", "[1,2]"] {
        assert!(lines.iter().any(|line| line.contains(shard)));
    }
}
