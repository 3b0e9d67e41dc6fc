//! What existing client libraries send, replayed against the model on virtual time.
//!
//! The recordings were made with `--record`; see `tests/cases/chat/README.md`.

use crate::visitor::{Visit, has};
use headcount_sim::ConnectionId;
use headcount_sim::twitch::TwitchOptions;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What came of a recording.
#[derive(Default)]
struct Outcome {
    logins: BTreeSet<String>,
    /// Rooms whose JOIN was confirmed.
    joined: BTreeSet<String>,
    said: Vec<(String, String)>,
}

fn replay(recording: &str) -> Outcome {
    let mut visit = Visit::new(TwitchOptions::default());
    let mut connections: BTreeMap<u64, ConnectionId> = BTreeMap::new();
    let mut outcome = Outcome::default();
    for line in recording.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let (at, number) = (
            line["t_ms"].as_u64().unwrap(),
            line["connection"].as_u64().unwrap(),
        );
        visit.wait(at.saturating_sub(visit.now));
        if line["open"].is_string() {
            connections.insert(number, visit.twitch.open(visit.now));
        } else if let Some(text) = line["line"].as_str() {
            visit.send(connections[&number], text);
        } else {
            visit.twitch.closed(visit.now, connections[&number]);
        }
        note(&mut visit, &connections, &mut outcome);
    }
    visit.wait(1000);
    note(&mut visit, &connections, &mut outcome);
    assert_eq!(visit.broken(), []);
    let said = visit.twitch.said().iter();
    outcome.said = said
        .map(|said| (said.room.clone(), said.text.clone()))
        .collect();
    outcome
}

fn note(visit: &mut Visit, connections: &BTreeMap<u64, ConnectionId>, outcome: &mut Outcome) {
    let open: Vec<_> = visit
        .twitch
        .connections()
        .map(|(_, login, _)| login.map(str::to_owned))
        .collect();
    outcome.logins.extend(open.into_iter().flatten());
    for id in connections.values() {
        let heard = visit.take(*id);
        assert!(
            !has(&heard, "Unknown command") && !has(&heard, "NOTICE"),
            "{heard:?}"
        );
        let confirmed = heard.iter().filter_map(|line| {
            let (who, room) = line.split_once(" JOIN #")?;
            who.starts_with(":bot!").then(|| room.to_owned())
        });
        outcome.joined.extend(confirmed);
    }
}

fn check(name: &str, recording: &str) {
    let outcome = replay(recording);
    assert_eq!(outcome.logins, BTreeSet::from(["bot".to_owned()]), "{name}");
    let rooms = ["ann", "bob", "cid"].map(str::to_owned);
    assert_eq!(outcome.joined, BTreeSet::from(rooms), "{name}");
    let said = ("ann".to_owned(), format!("hello from {name}"));
    assert_eq!(outcome.said, [said], "{name}");
}

#[test]
fn tmi_js_joins_and_speaks() {
    check("tmi.js", include_str!("../../cases/chat/tmi.js.jsonl"));
}

#[test]
fn twitchio_joins_and_speaks() {
    check("twitchio", include_str!("../../cases/chat/twitchio.jsonl"));
}

#[test]
fn twitch_irc_joins_and_speaks() {
    check(
        "twitch-irc",
        include_str!("../../cases/chat/twitch-irc.jsonl"),
    );
}
