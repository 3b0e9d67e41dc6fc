//! Requests for members: chunk maths, the gate, arguments, faults, and cuts in between.

use crate::client::{Client, INTENTS};
use headcount_sim::ledger::RequestOutcome;
use headcount_sim::{Act, Burst, Fault, Options, Pace, Plan, Rule, Target, Trouble, guild_id};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn options(sizes: &[u32]) -> Options {
    Options {
        world: Plan::sizes(sizes.iter().copied()),
        ..Options::default()
    }
}

fn all(number: u32, nonce: &str) -> Value {
    json!({ "guild_id": guild_id(number).to_string(), "query": "", "limit": 0, "nonce": nonce })
}

fn ids(chunk: &Value) -> Vec<u64> {
    let members = chunk["d"]["members"].as_array().unwrap();
    members
        .iter()
        .map(|m| m["user"]["id"].as_str().unwrap().parse().unwrap())
        .collect()
}

#[test]
fn a_whole_guild_comes_in_chunks_of_a_thousand() {
    for (size, count) in [(1, 1), (999, 1), (1000, 1), (1001, 2), (3500, 4)] {
        let mut client = Client::new(options(&[size]), 3);
        let id = client.start([0, 1], INTENTS);
        client.say(id, 8, all(0, "n1"));
        client.wait(1000);
        let chunks = client.events("GUILD_MEMBERS_CHUNK");
        assert_eq!(chunks.len(), count, "{size} members");
        for (index, chunk) in chunks.iter().enumerate() {
            assert_eq!(chunk["d"]["chunk_index"], index);
            assert_eq!(chunk["d"]["chunk_count"], count);
            assert_eq!(chunk["d"]["nonce"], "n1");
            assert!(chunk["d"].get("not_found").is_none());
        }
        let sent: BTreeSet<u64> = chunks.iter().flat_map(|chunk| ids(chunk)).collect();
        let guild = client.gateway.world().guild(guild_id(0)).unwrap();
        assert_eq!(sent, guild.member_ids().collect());
        let request = &client.gateway.ledger().requests[0];
        assert!(request.is_whole() && request.members() == sent);
        assert!(client.rules().is_empty());
    }
}

#[test]
fn requests_take_turns_and_may_be_shuffled() {
    let pace = Pace {
        shuffle_chunks: true,
        ..Pace::default()
    };
    let mut client = Client::new(
        Options {
            pace,
            ..options(&[9000, 9000])
        },
        3,
    );
    let id = client.start([0, 1], INTENTS);
    client.say(id, 8, all(0, "a"));
    client.say(id, 8, all(1, "b"));
    client.wait(1000);
    let chunks = client.events("GUILD_MEMBERS_CHUNK");
    let nonces: Vec<&str> = chunks
        .iter()
        .map(|c| c["d"]["nonce"].as_str().unwrap())
        .collect();
    assert_eq!(
        nonces[..6],
        ["a", "a", "b", "a", "b", "a"],
        "b comes a chunk later"
    );
    let of_a = |chunk: &&&Value| chunk["d"]["nonce"] == "a";
    let order: Vec<u64> = chunks
        .iter()
        .filter(of_a)
        .map(|chunk| chunk["d"]["chunk_index"].as_u64().unwrap())
        .collect();
    assert_eq!(
        order.iter().copied().collect::<BTreeSet<_>>(),
        (0..9).collect()
    );
    assert_ne!(order, (0..9).collect::<Vec<_>>());
}

#[test]
fn a_second_whole_request_within_the_gate_is_refused_with_its_nonce() {
    let mut client = Client::new(options(&[10]), 3);
    let id = client.start([0, 1], INTENTS);
    client.say(id, 8, all(0, "a"));
    client.wait(12_345);
    client.say(id, 8, all(0, "b"));
    let limited = client.events("RATE_LIMITED")[0];
    assert_eq!(limited["d"]["retry_after"], 17.655);
    assert_eq!(limited["d"]["opcode"], 8);
    let meta = json!({ "guild_id": guild_id(0).to_string(), "nonce": "b" });
    assert_eq!(limited["d"]["meta"], meta);
    assert_eq!(client.rules(), [Rule::RequestPace]);
    client.wait(17_655);
    client.say(id, 8, all(0, "c"));
    client.wait(10);
    assert_eq!(client.events("GUILD_MEMBERS_CHUNK").len(), 2);
    let outcomes: Vec<_> = client
        .gateway
        .ledger()
        .requests
        .iter()
        .map(|r| r.outcome)
        .collect();
    let limited = RequestOutcome::RateLimited {
        retry_after: 17_655,
    };
    assert_eq!(
        outcomes,
        [RequestOutcome::Served, limited, RequestOutcome::Served]
    );
}

#[test]
fn users_are_asked_for_by_id_and_the_unknown_are_named() {
    let mut client = Client::new(options(&[40]), 3);
    let id = client.start([0, 1], 1);
    let known = client
        .gateway
        .world()
        .guild(guild_id(0))
        .unwrap()
        .member_ids()
        .nth(7)
        .unwrap();
    let ask = json!({ "guild_id": guild_id(0), "user_ids": [known, "12"], "presences": true });
    client.say(id, 8, ask);
    client.wait(10);
    let chunk = client.events("GUILD_MEMBERS_CHUNK")[0];
    assert_eq!(ids(chunk), [known]);
    assert_eq!(chunk["d"]["not_found"], json!(["12"]));
    assert_eq!(chunk["d"]["chunk_count"], 1);
    assert!(chunk["d"].get("presences").is_none() && chunk["d"].get("nonce").is_none());
    assert!(client.rules().is_empty());
}

#[test]
fn a_prefix_finds_names_and_a_limit_bounds_them() {
    let mut client = Client::new(options(&[3000]), 3);
    let id = client.start([0, 1], 1);
    let guild = guild_id(0).to_string();
    client.say(
        id,
        8,
        json!({ "guild_id": guild, "query": "Ka", "limit": 5 }),
    );
    client.say(
        id,
        8,
        json!({ "guild_id": guild, "query": "nobody is so called", "limit": 5 }),
    );
    client.wait(50);
    let chunks = client.events("GUILD_MEMBERS_CHUNK");
    let members = chunks[0]["d"]["members"].as_array().unwrap();
    assert_eq!(members.len(), 5);
    for member in members {
        let names = [&member["user"]["username"], &member["nick"]];
        let fits = |name: &&Value| {
            name.as_str()
                .is_some_and(|name| name.to_lowercase().starts_with("ka"))
        };
        assert!(names.iter().any(fits), "{member}");
    }
    assert_eq!(chunks[1]["d"]["members"], json!([]));
    assert_eq!(chunks[1]["d"]["chunk_count"], 1);
}

#[test]
fn presences_come_with_the_intent_only_and_offline_people_have_none() {
    for (intents, expected) in [(3, false), (3 | 1 << 8, true)] {
        let mut client = Client::new(options(&[200]), 3);
        let id = client.start([0, 1], intents);
        let mut ask = all(0, "p");
        ask["presences"] = json!(true);
        client.say(id, 8, ask);
        client.wait(10);
        let chunk = client.events("GUILD_MEMBERS_CHUNK")[0];
        let presences = chunk["d"].get("presences").and_then(Value::as_array);
        assert_eq!(presences.is_some(), expected);
        assert!(presences.is_none_or(|list| (60..180).contains(&list.len())));
    }
}

#[test]
fn requests_that_break_a_rule_are_noted_and_served_as_far_as_may_be() {
    let own = guild_id(0).to_string();
    let foreign = guild_id(1).to_string();
    let ids: Vec<String> = (1..=101).map(|id: u64| id.to_string()).collect();
    let rows = [
        (
            json!({ "guild_id": [own, foreign], "query": "", "limit": 0 }),
            Rule::RequestGuild,
            1,
        ),
        (
            json!({ "guild_id": foreign, "query": "", "limit": 0 }),
            Rule::ForeignGuild,
            0,
        ),
        (
            json!({ "guild_id": own, "user_ids": ids }),
            Rule::RequestIds,
            1,
        ),
        (
            json!({ "guild_id": own, "query": "a", "limit": 101 }),
            Rule::RequestArguments,
            1,
        ),
        (
            json!({ "guild_id": own, "query": "a", "user_ids": [] }),
            Rule::RequestArguments,
            1,
        ),
        (
            json!({ "guild_id": own, "query": "", "limit": 0, "nonce": "x".repeat(33) }),
            Rule::Nonce,
            1,
        ),
    ];
    for (ask, rule, chunks) in rows {
        let mut client = Client::new(options(&[20, 20]), 3);
        let id = client.start([0, 2], INTENTS);
        client.say(id, 8, ask.clone());
        client.wait(10);
        assert_eq!(client.rules(), [rule], "{ask}");
        assert_eq!(client.events("GUILD_MEMBERS_CHUNK").len(), chunks, "{ask}");
        assert!(client.ends.is_empty());
        for chunk in client.events("GUILD_MEMBERS_CHUNK") {
            assert!(chunk["d"].get("nonce").is_none());
        }
    }
    let mut client = Client::new(options(&[20]), 3);
    let id = client.start([0, 1], 1);
    client.say(id, 8, all(0, "n"));
    client.wait(10);
    assert_eq!(client.rules(), [Rule::RequestIntent]);
    assert!(client.events("GUILD_MEMBERS_CHUNK").is_empty());
}

#[test]
fn one_guild_in_a_list_is_served_as_it_is() {
    let mut client = Client::new(options(&[20, 20]), 3);
    let id = client.start([0, 2], INTENTS);
    let ask = json!({ "guild_id": [guild_id(0).to_string()], "query": "", "limit": 0 });
    client.say(id, 8, ask);
    client.wait(10);
    assert_eq!(client.rules(), []);
    assert_eq!(client.events("GUILD_MEMBERS_CHUNK").len(), 1);
    let none = json!({ "guild_id": [], "query": "", "limit": 0 });
    client.say(id, 8, none);
    assert_eq!(client.rules(), [Rule::RequestArguments]);
}

#[test]
fn chunks_are_lost_doubled_and_delayed_as_the_faults_say() {
    let guild = guild_id(0);
    let faults = vec![
        Fault::always(Trouble::LoseChunk { guild, index: 1 }),
        Fault::once(Trouble::DuplicateChunk { guild, index: 2 }),
        Fault::always(Trouble::DelayChunk {
            guild,
            index: 0,
            by: 500,
        }),
    ];
    let mut client = Client::new(
        Options {
            faults,
            ..options(&[3500])
        },
        3,
    );
    let id = client.start([0, 1], INTENTS);
    client.say(id, 8, all(0, "a"));
    client.wait(1000);
    let order = |client: &Client| -> Vec<u64> {
        let chunks = client.events("GUILD_MEMBERS_CHUNK");
        chunks
            .iter()
            .map(|chunk| chunk["d"]["chunk_index"].as_u64().unwrap())
            .collect()
    };
    assert_eq!(order(&client), [2, 2, 3, 0]);
    let request = &client.gateway.ledger().requests[0];
    assert_eq!(request.lost, BTreeSet::from([1]));
    assert!(!request.is_whole());
    assert_eq!(request.sent[&2].times, 2);
    client.gateway.act(client.now, Act::Heal);
    client.wait(30_000);
    client.say(id, 8, all(0, "b"));
    client.wait(100);
    assert!(client.gateway.ledger().requests[1].is_whole());
}

#[test]
fn a_fault_can_refuse_or_ignore_a_request() {
    let guild = guild_id(0);
    let faults = vec![
        Fault::once(Trouble::RefuseRequest {
            guild,
            retry_after: 2000,
        }),
        Fault::once(Trouble::IgnoreRequest { guild }),
    ];
    let mut client = Client::new(
        Options {
            faults,
            ..options(&[10])
        },
        3,
    );
    let id = client.start([0, 1], INTENTS);
    for nonce in ["a", "b", "c"] {
        client.say(id, 8, all(0, nonce));
        client.wait(100);
    }
    assert_eq!(client.events("RATE_LIMITED")[0]["d"]["retry_after"], 2.0);
    assert_eq!(client.events("GUILD_MEMBERS_CHUNK")[0]["d"]["nonce"], "c");
    assert!(client.rules().is_empty());
}

#[test]
fn after_a_cut_the_rest_of_an_answer_is_replayed_or_forgotten() {
    for outlive in [true, false] {
        let pace = Pace {
            answers_outlive_connection: outlive,
            ..Pace::default()
        };
        let faults = vec![Fault::once(Trouble::CutAfterChunks(2))];
        let mut client = Client::new(
            Options {
                pace,
                faults,
                ..options(&[4500])
            },
            3,
        );
        let id = client.start([0, 1], INTENTS);
        client.say(id, 8, all(0, "a"));
        client.wait(1000);
        assert_eq!(client.ends, [(id, None)]);
        assert_eq!(client.events("GUILD_MEMBERS_CHUNK").len(), 2);
        let last = client.heard.last().unwrap().1["s"].as_u64().unwrap();
        let again = client.open();
        client.resume(again, last);
        let chunks = client.events("GUILD_MEMBERS_CHUNK");
        let request = &client.gateway.ledger().requests[0];
        assert_eq!(chunks.len(), if outlive { 5 } else { 2 });
        assert_eq!(request.is_whole(), outlive);
        assert_eq!(request.lost.len(), if outlive { 0 } else { 3 });
    }
}

#[test]
fn everything_at_once_is_a_pace_too() {
    let pace = Pace {
        chunks: Burst::AT_ONCE,
        guilds: Burst::AT_ONCE,
        ..Pace::default()
    };
    let mut client = Client::new(
        Options {
            pace,
            ..options(&[5000, 10, 10])
        },
        3,
    );
    let id = client.open();
    client.identify(id, [0, 1], INTENTS);
    assert_eq!(client.events("GUILD_CREATE").len(), 3);
    client.say(id, 8, all(0, "a"));
    assert_eq!(client.events("GUILD_MEMBERS_CHUNK").len(), 5);
}

#[test]
fn the_gate_spans_sessions_and_a_silent_path_says_nothing() {
    let mut client = Client::new(options(&[10]), 3);
    let id = client.start([0, 1], INTENTS);
    client.say(id, 8, all(0, "a"));
    client.gateway.act(client.now, Act::Silence(Target::All));
    let heard = client.heard.len();
    client.wait(100_000);
    client.say(id, 1, Value::Null);
    assert_eq!(client.heard.len(), heard);
    assert!(client.ends.is_empty() && client.rules().is_empty());
}
