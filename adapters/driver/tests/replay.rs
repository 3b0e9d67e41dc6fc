//! The replay example against scripts and recordings, and what is known of their outcome.

#[path = "../examples/replay/main.rs"]
#[allow(dead_code, reason = "the program's own entrance")]
mod program;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use headcount_driver::Builder;
use headcount_driver::core::setup::AutoChunk;
use headcount_driver::core::{
    Actions, Config, Event, Input, Instant, Intents, Shard, ShardId, Token,
};
use headcount_driver::record::{RecordOptions, RunRecorder};
use serde_json::{Value, json};

mod memory;
use memory::{PLAIN, info, memory};
use program::recorded::{Cut, Summary};

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/replay")
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
        let line: Value = serde_json::from_str(line).unwrap();
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

/// The guild of this number: the even ones are on shard 0 of 2, the others on shard 1.
fn guild(number: u64) -> String {
    (number << 22).to_string()
}

/// A recording of a bot of two shards, whose guilds come one after the other.
async fn recording() -> Vec<u8> {
    let (runtime, mut listener) = memory();
    let intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    let builder = Builder::new(runtime, "token", intents).gateway(info(2));
    let builder = builder.compression(PLAIN).chunking(AutoChunk::Missing);
    let builder = builder.record(RecordOptions::default());
    let mut bot = builder.connect().await.expect("started");
    let mut gateways = Vec::new();
    for shard in 0..2 {
        let mut gateway = listener.accept().await;
        gateway.hello(Duration::from_secs(40)).await;
        gateway.expect(2).await;
        let listed = (2..14).filter(|number| number % 2 == shard);
        let listed = listed.map(|number| json!({"id": guild(number), "unavailable": true}));
        gateway.ready_with("s", listed.collect()).await;
        gateways.push(gateway);
    }
    for number in 2..14 {
        let gateway = &mut gateways[usize::from(number % 2 == 1)];
        let create = json!({"id": guild(number), "name": "a secret room", "member_count": 1,
            "members": [{"user": {"id": "7", "username": "nobody"}, "roles": []}],
            "owner_id": "1", "roles": [], "channels": []});
        gateway.dispatch("GUILD_CREATE", create).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    while !matches!(bot.next().await.expect("it runs").event, Event::BotReady(_)) {}
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bot.rec");
    bot.handle().dump(&path).await.expect("written");
    fs::read(path).unwrap()
}

fn shown(file: &[u8], cut: &Cut) -> (Vec<Value>, u64) {
    let mut lines = Vec::new();
    let mut print = |line: String| lines.push(serde_json::from_str(&line).unwrap());
    let summary = program::recorded::replay_recording(file, cut, &mut print).unwrap();
    assert!(
        summary.inputs > 20 && summary.steps >= summary.inputs,
        "{summary:?}"
    );
    (lines, summary.differing)
}

#[tokio::test(start_paused = true)]
async fn a_recording_is_replayed_to_the_same_actions_and_cut_by_shard_guild_and_time() {
    let file = recording().await;
    let (lines, differing) = shown(&file, &Cut::default());
    assert_eq!(differing, 0);
    for kind in ["payload", "input", "emit", "mutate", "send", "confirm"] {
        assert!(lines.iter().any(|line| line["kind"] == kind), "{kind}");
    }
    let cut = |shard, guild, from| Cut {
        shard,
        guild,
        from,
        ..Cut::default()
    };
    let (on_one, _) = shown(&file, &cut(Some(1), None, 0));
    assert!(!on_one.is_empty() && on_one.len() < lines.len());
    assert!(on_one.iter().all(|line| line["shard"][0] == 1));
    let ready = |line: &Value| {
        line["details"]["guild_ready"]["guild"]
            .as_str()
            .map(str::to_owned)
    };
    let all: BTreeSet<String> = lines.iter().filter_map(ready).collect();
    let on_one: BTreeSet<String> = on_one.iter().filter_map(ready).collect();
    assert_eq!((all.len(), on_one.len()), (12, 6));
    let one = all.first().cloned();
    let (about, _) = shown(&file, &cut(None, one.clone(), 0));
    // READY names it beside the others of its shard.
    let about: BTreeSet<String> = about.iter().filter_map(ready).collect();
    assert_eq!(about.len(), 1);
    assert_eq!(about.first(), one.as_ref());
    let end = lines.last().unwrap()["t_ms"].as_u64().unwrap();
    let (late, _) = shown(&file, &cut(None, None, end));
    assert!(!late.is_empty() && late.len() < lines.len());
    assert!(late.iter().all(|line| line["t_ms"] == end));
    let middle = lines[lines.len() / 2]["t_ms"].as_u64().unwrap();
    let early = Cut {
        to: middle,
        ..Cut::default()
    };
    let (early, _) = shown(&file, &early);
    let is_early = |line: &&Value| line["t_ms"].as_u64() <= Some(middle);
    assert_eq!(early.len(), lines.iter().filter(is_early).count());
    assert!(early.len() < lines.len());
    let only_differing = Cut {
        only_differing: true,
        ..Cut::default()
    };
    assert_eq!(shown(&file, &only_differing).0, Vec::<Value>::new());
}

/// A recording of two shards that did something else than they do now, at two times each: as the
/// seeds of their headers are others.
fn differing() -> Vec<u8> {
    let intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    let config = |number| Config::new(Token::new("token"), intents, ShardId::new(number, 2));
    let begins = [(0, 7, None), (1, 7, None)];
    let mut recorder = RunRecorder::new(&config(0), begins).unwrap();
    for place in 0..2 {
        let mut shard = Shard::new(config(place), 7);
        for second in 0..4 {
            let now = Instant::from_millis(u64::from(10 * place + second) * 1_000);
            let place = place as usize;
            recorder.input(place, now, &Input::Timeout);
            let actions = shard.handle(now, Input::Timeout);
            // What is said to have come of every second one is nothing.
            let none = Actions::new();
            recorder.actions(place, if second % 2 == 0 { &none } else { &actions });
        }
    }
    recorder.file("a test")
}

fn checked(file: &[u8], cut: Cut) -> Result<(Vec<Value>, u64), String> {
    let mut lines = Vec::new();
    let mut print = |line: String| lines.push(serde_json::from_str(&line).unwrap());
    let cut = Cut {
        only_differing: true,
        ..cut
    };
    let summary = program::recorded::replay_recording(file, &cut, &mut print)?;
    Ok((lines, summary.differing))
}

#[test]
fn a_check_finds_the_first_step_that_differs_of_the_cut() {
    let file = differing();
    let first = |cut| {
        let (lines, differing) = checked(&file, cut).unwrap();
        assert!(lines.iter().all(|line| line["t_ms"] == lines[0]["t_ms"]));
        assert_eq!(lines.last().unwrap()["kind"], "differs");
        (
            lines[0]["shard"][0].clone(),
            lines[0]["t_ms"].clone(),
            differing,
        )
    };
    let (all, one) = (
        first(Cut::default()),
        first(Cut {
            shard: Some(1),
            ..Cut::default()
        }),
    );
    assert_eq!((&all.0, &one.0), (&json!(0), &json!(1)));
    assert!(all.2 > one.2, "{all:?} {one:?}");
    assert_eq!(one.1, 10_000);
    let none = checked(
        &file,
        Cut {
            from: 1,
            to: 9_999,
            shard: Some(1),
            ..Cut::default()
        },
    );
    assert!(none.unwrap_err().contains("nothing happened there"));
    let of_no_guild = Cut {
        guild: Some("4194304".into()),
        ..Cut::default()
    };
    let none = checked(&file, of_no_guild);
    assert!(none.unwrap_err().contains("no input has the id 4194304"));
}

#[test]
fn a_check_of_a_recording_without_inputs_fails_and_says_why() {
    let intents = Intents::GUILDS;
    let config = Config::new(Token::new("token"), intents, ShardId::ONE);
    let file = RunRecorder::new(&config, [(0, 7, None)])
        .unwrap()
        .file("a test");
    let why = checked(&file, Cut::default()).unwrap_err();
    assert!(why.contains("no inputs"), "{why}");
    assert_eq!(
        shown_steps(&file, &Cut::default()),
        0,
        "to look at it is no mistake"
    );
}

fn shown_steps(file: &[u8], cut: &Cut) -> u64 {
    let summary = program::recorded::replay_recording(file, cut, &mut |_| {});
    summary.unwrap().steps
}

#[test]
fn a_recording_of_another_version_is_said_to_be_one() {
    let words = |version: &str| {
        let summary = Summary {
            version: version.into(),
            ..Summary::default()
        };
        summary.in_words(Duration::from_secs(1))
    };
    assert!(words("0.0.7").contains("version 0.0.7 wrote it"));
    assert!(!words(env!("CARGO_PKG_VERSION")).contains("version"));
}
