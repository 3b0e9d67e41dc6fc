//! Sessions: resume, replay, take-over, ends, and copies for several sessions of a shard.

use crate::client::{Client, INTENTS};
use headcount_sim::{Act, EarlierSession, Limits, Options, Plan, Rule, Token, guild_id};
use serde_json::{Value, json};

fn options() -> Options {
    Options {
        world: Plan::even(4, 30),
        ..Options::default()
    }
}

#[test]
fn a_resume_replays_what_was_missed_unchanged_and_then_says_so() {
    let mut client = Client::new(options(), 1);
    let id = client.start([0, 1], INTENTS);
    let before = client.raw.clone();
    client.gateway.closed(client.now, id, None);
    client.gateway.act(
        client.now,
        Act::AddMember {
            guild: guild_id(0),
            user: None,
        },
    );
    let again = client.open();
    let heard = client.raw.len();
    client.resume(again, 2);
    let replayed = &client.raw[heard..];
    assert_eq!(
        replayed[0], before[3],
        "the first GUILD_CREATE has sequence 2, the next is sent"
    );
    let sequences: Vec<u64> = client.heard[heard..]
        .iter()
        .filter_map(|(_, value)| value["s"].as_u64())
        .collect();
    assert_eq!(sequences, [3, 4, 5, 6, 7]);
    assert_eq!(client.heard.last().unwrap().1["t"], "RESUMED");
    assert_eq!(client.events("GUILD_MEMBER_ADD").len(), 1);
    assert!(client.gateway.ledger().resumes[0].accepted);
}

#[test]
fn a_resume_fails_after_its_time_after_overflow_and_with_a_sequence_from_nowhere() {
    let limits = Limits {
        replay_dispatches: 3,
        ..Limits::default()
    };
    for (wait, sequence, expected) in [
        (89_000, 5, None),
        (90_001, 5, Some(9)),
        (10, 2, None),
        (10, 1, Some(9)),
        (10, 6, Some(4007)),
    ] {
        let mut client = Client::new(
            Options {
                limits: limits.clone(),
                ..options()
            },
            1,
        );
        let id = client.start([0, 1], INTENTS);
        client.gateway.closed(client.now, id, Some(4000));
        client.wait(wait);
        let again = client.open();
        client.resume(again, sequence);
        match expected {
            None => assert_eq!(client.events("RESUMED").len(), 1, "{wait} {sequence}"),
            Some(9) => assert_eq!(client.opcodes(again), [10, 9], "{wait} {sequence}"),
            Some(code) => assert_eq!(client.ends, [(again, Some(code))]),
        }
        assert_eq!(
            client.gateway.session_count(),
            usize::from(expected.is_none())
        );
    }
}

#[test]
fn a_resume_from_before_what_is_kept_in_time_is_refused() {
    for (replay_time, is_kept) in [(60_000, false), (90_000, true)] {
        let limits = Limits {
            replay_time,
            ..Limits::default()
        };
        let mut client = Client::new(
            Options {
                limits,
                ..options()
            },
            1,
        );
        let id = client.start([0, 1], INTENTS);
        client.gateway.closed(client.now, id, None);
        client.wait(70_000);
        let again = client.open();
        client.resume(again, 4);
        let expected: &[u64] = if is_kept { &[10] } else { &[10, 9] };
        assert_eq!(client.opcodes(again), expected, "{replay_time}");
        assert_eq!(client.events("RESUMED").len(), usize::from(is_kept));
    }
}

/// A gateway of this kind whose client has sent heartbeats with these sequences, and resumes.
fn resumed_after(heartbeats_trim: bool, beats: &[u64], sequence: u64) -> Client {
    let mut client = Client::new(
        Options {
            heartbeats_trim,
            ..options()
        },
        1,
    );
    let id = client.start([0, 1], INTENTS);
    for beat in beats {
        client.say(id, 1, json!(beat));
    }
    client.gateway.closed(client.now, id, None);
    let again = client.open();
    client.resume(again, sequence);
    client
}

#[test]
fn a_heartbeat_trims_the_replay_where_it_is_asked_to() {
    for (trims, sequence, is_kept) in [(true, 3, true), (true, 2, false), (false, 2, true)] {
        let client = resumed_after(trims, &[1, 3], sequence);
        let resumed = client.events("RESUMED").len();
        assert_eq!(resumed, usize::from(is_kept), "{trims} {sequence}");
        assert_eq!(client.gateway.ledger().resumes[0].accepted, is_kept);
        assert_eq!(client.rules(), []);
    }
}

#[test]
fn a_session_from_before_the_start_is_resumed_where_it_was_and_for_its_time() {
    let earlier = EarlierSession {
        token: Token::new("t").unwrap(),
        name: "kept".to_owned(),
        shard: [0, 1],
        intents: INTENTS,
        sequence: 40,
    };
    for (wait, sequence, is_kept) in [
        (0, 40, true),
        (89_999, 40, true),
        (90_001, 40, false),
        (0, 39, false),
        (0, 41, false),
    ] {
        let options = Options {
            sessions: vec![earlier.clone()],
            ..options()
        };
        let mut client = Client::new(options, 1);
        client.wait(wait);
        let id = client.open();
        client.say(
            id,
            6,
            json!({ "token": "t", "session_id": "kept", "seq": sequence }),
        );
        assert_eq!(client.gateway.ledger().resumes[0].accepted, is_kept);
        let member = Act::AddMember {
            guild: guild_id(0),
            user: None,
        };
        client.gateway.act(client.now, member);
        client.drain();
        let numbers = client.heard.iter().filter_map(|(_, it)| it["s"].as_u64());
        let numbers: Vec<u64> = numbers.collect();
        let expected: &[u64] = if is_kept { &[41, 42] } else { &[] };
        assert_eq!(numbers, expected, "{wait} {sequence}");
    }
}

#[test]
fn a_heartbeat_that_falls_is_refused_where_it_trims() {
    let start = |heartbeats_trim| {
        let mut client = Client::new(
            Options {
                heartbeats_trim,
                ..options()
            },
            1,
        );
        let id = client.start([0, 1], INTENTS);
        for beat in [json!(2), json!(4), Value::Null, json!(4), json!(3)] {
            client.say(id, 1, beat);
        }
        client
    };
    let trims = start(true);
    assert_eq!(trims.rules(), [Rule::HeartbeatFalls]);
    assert_eq!(
        trims.ends.iter().map(|end| end.1).collect::<Vec<_>>(),
        [Some(4007)]
    );
    assert_eq!(trims.gateway.session_count(), 1);
    let keeps = start(false);
    assert_eq!((keeps.rules(), keeps.ends), (vec![], vec![]));
}

#[test]
fn closing_with_1000_ends_the_session_and_4000_does_not() {
    for (code, left) in [(Some(1000), 0), (Some(1001), 0), (Some(4000), 1), (None, 1)] {
        let mut client = Client::new(options(), 1);
        let id = client.start([0, 1], INTENTS);
        client.gateway.closed(client.now, id, code);
        assert_eq!(client.gateway.session_count(), left, "{code:?}");
    }
}

#[test]
fn a_refused_resume_may_identify_on_the_same_connection() {
    let mut client = Client::new(options(), 1);
    let id = client.open();
    client.say(
        id,
        6,
        json!({ "token": "t", "session_id": "none", "seq": 1 }),
    );
    assert_eq!(client.opcodes(id), [10, 9]);
    client.identify(id, [0, 1], INTENTS);
    assert_eq!(client.events("READY").len(), 1);
}

#[test]
fn two_sessions_of_a_shard_both_hear_with_numbers_of_their_own() {
    let mut client = Client::new(options(), 1);
    let first = client.start([0, 1], INTENTS);
    client.wait(5000);
    let second = client.start([0, 2], INTENTS);
    client.gateway.act(
        client.now,
        Act::AddMember {
            guild: guild_id(2),
            user: None,
        },
    );
    client.drain();
    let adds: Vec<_> = client
        .heard
        .iter()
        .filter(|(_, value)| value["t"] == "GUILD_MEMBER_ADD")
        .collect();
    assert_eq!(adds.len(), 2);
    assert_eq!((adds[0].0, adds[1].0), (first, second));
    assert_eq!(adds[0].1["d"], adds[1].1["d"]);
    assert_ne!(adds[0].1["s"], adds[1].1["s"]);
}

#[test]
fn equal_seeds_and_inputs_give_equal_outputs_however_time_is_cut() {
    let run = |seed: u64, step: u64| {
        let mut client = Client::new(options(), seed);
        client.start([0, 1], 53_608_447);
        client.gateway.act(client.now, Act::Traffic { events: 200 });
        for _ in 0..(1000 / step) {
            client.wait(step);
        }
        client.raw
    };
    assert_eq!(run(5, 1000), run(5, 10));
    assert_ne!(run(5, 1000), run(6, 1000));
}

#[test]
fn a_resume_takes_a_session_over_from_a_connection_that_seems_alive() {
    let mut client = Client::new(options(), 1);
    let old = client.start([0, 1], INTENTS);
    let new = client.open();
    client.resume(new, 5);
    assert_eq!(client.ends, [(old, Some(4000))]);
    client.say(new, 1, Value::Null);
    client.gateway.act(
        client.now,
        Act::AddMember {
            guild: guild_id(0),
            user: None,
        },
    );
    client.drain();
    assert_eq!(client.heard.last().unwrap().0, new);
    assert_eq!(client.events("GUILD_MEMBER_ADD").len(), 1);
}
