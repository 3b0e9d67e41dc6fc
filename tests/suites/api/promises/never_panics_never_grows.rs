//! Promise 3: whatever the peer says, nothing panics, nothing changes, nothing grows.

use headcount_core::event::{Fault, Misunderstood};
use headcount_core::session::Phase;
use headcount_core::{Action, Event, Input, Instant, Shard};

use crate::bot::{Dice, config};

const HELLO: &str = r#"{"op":10,"d":{"heartbeat_interval":41250}}"#;
const READY: &str = r#"{"op":0,"t":"READY","s":1,"d":{"session_id":"5e55","user":{"id":"1",
    "username":"bot"},"guilds":[{"id":"10","unavailable":true}]}}"#;
const CREATE: &str = r#"{"op":0,"t":"GUILD_CREATE","s":2,"d":{"id":"10","name":"g","owner_id":"9",
    "roles":[],"channels":[],"members":[],"member_count":1500}}"#;

/// A shard in each phase in which payloads come; the last one chunks a guild.
fn shards() -> Vec<Shard> {
    let now = Instant::ZERO;
    let mut shard = Shard::new(config(), 1);
    let mut shards = Vec::new();
    let _ = shard.handle(now, Input::Timeout);
    let _ = shard.handle(now, Input::Opened);
    shards.push(shard.clone());
    let _ = shard.handle(now, Input::Payload(HELLO.as_bytes()));
    shards.push(shard.clone());
    let _ = shard.handle(now, Input::Payload(READY.as_bytes()));
    let _ = shard.handle(now, Input::Payload(CREATE.as_bytes()));
    let mut resuming = shard.clone();
    shards.push(shard);
    let _ = resuming.handle(now, Input::Closed(None));
    let wake = resuming.poll_timeout().unwrap().at;
    let _ = resuming.handle(wake, Input::Timeout);
    let _ = resuming.handle(wake, Input::Opened);
    let _ = resuming.handle(wake, Input::Payload(HELLO.as_bytes()));
    shards.push(resuming);
    let phases: Vec<Phase> = shards.iter().map(Shard::phase).collect();
    let expected = [
        Phase::Greeting,
        Phase::Identifying,
        Phase::Active,
        Phase::Resuming,
    ];
    assert_eq!(phases, expected);
    shards
}

/// Everything that can be seen of a shard but its count of misunderstood payloads.
fn seen(shard: &Shard) -> String {
    let guild = headcount_core::id::GuildId::new(10).unwrap();
    let session = format!("{:?}", shard.session());
    // What is left of a gate is less with time alone.
    let (session, gates) = session.split_once("gates: ").unwrap_or((&session, ""));
    let rest = gates.split_once(']').map_or("", |(_, rest)| rest);
    format!(
        "{:?} {session}{rest} {:?} {:?} {:?}",
        shard.phase(),
        shard.readiness(),
        shard.guild(guild),
        shard.poll_timeout(),
    )
}

fn emitted(shard: &mut Shard, payload: &[u8]) -> Option<Misunderstood> {
    let now = shard.poll_timeout().unwrap().at;
    let now = Instant::from_millis(now.as_millis().saturating_sub(1));
    let actions = shard.handle(now, Input::Payload(payload));
    let mut emitted = None;
    for action in actions {
        match action {
            Action::Emit(Event::Misunderstood(event)) if emitted.is_none() => {
                emitted = Some(*event);
            }
            // A dispatch with an envelope is handed on all the same.
            Action::Emit(Event::Dispatch(_)) if emitted.is_none() => {}
            other => panic!("{other:?}"),
        }
    }
    emitted
}

/// Payloads without a sequence that nobody can make sense of.
fn nonsense() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = [
        "",
        " ",
        "{",
        "nul",
        "null",
        "7",
        "\"op\"",
        "[]",
        "{}",
        "[{\"op\":0}]",
        r#"{"op":null}"#,
        r#"{"op":"0"}"#,
        r#"{"op":-1}"#,
        r#"{"op":1.5}"#,
        r#"{"op":1e3}"#,
        r#"{"op":18446744073709551616}"#,
        r#"{"op":99999999999999999999999999}"#,
        r#"{"op":10}"#,
        r#"{"op":10,"d":[]}"#,
        r#"{"op":10,"d":{"heartbeat_interval":"x"}}"#,
        r#"{"op":10,"d":{"heartbeat_interval":1e400}}"#,
        r#"{"op":2,"d":{}}"#,
        r#"{"op":255}"#,
        r#"{"op":18446744073709551615}"#,
        r#"{"op":0,"t":5,"d":{}}"#,
        r#"{"op":0,"s":"1","t":"READY","d":{}}"#,
        r#"{"op":0,"s":-1,"t":"GUILD_CREATE","d":{}}"#,
        r#"{"op":0,"t":"READY"}"#,
        r#"{"op":0,"t":"READY","d":[]}"#,
        r#"{"op":0,"t":"READY","d":{"guilds":7}}"#,
        r#"{"op":0,"t":"READY","d":{"session_id":5,"guilds":[]}}"#,
        r#"{"op":0,"t":"GUILD_CREATE","d":{}}"#,
        r#"{"op":0,"t":"GUILD_CREATE","d":{"id":0}}"#,
        r#"{"op":0,"t":"GUILD_CREATE","d":{"id":"-1"}}"#,
        r#"{"op":0,"t":"GUILD_CREATE","d":{"id":"99999999999999999999"}}"#,
        r#"{"op":0,"t":"GUILD_DELETE","d":{"id":{}}}"#,
        r#"{"op":0,"t":"GUILD_MEMBERS_CHUNK","d":{"guild_id":"x","members":[]}}"#,
        r#"{"op":0,"t":"GUILD_MEMBER_ADD","d":{"guild_id":"10"}}"#,
        r#"{"op":0,"t":"TYPING_START","d":{"a":[1}}"#,
        "{\"op\":0,\"t\":\"A\u{0}\",\"d\":1}",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    all.push(b"{\"op\":11,\"x\":\"\xff\"}".to_vec());
    for deep in [1_000, 200_000] {
        all.push(format!(r#"{{"op":0,"d":{}"#, "[".repeat(deep)).into_bytes());
        let nested = format!("{}{}", "{\"a\":".repeat(deep), "}".repeat(deep));
        all.push(format!(r#"{{"op":11,"d":{nested}}}"#).into_bytes());
    }
    all
}

#[test]
fn bad_input_is_counted_and_changes_nothing_in_any_phase() {
    for shard in shards() {
        for (number, payload) in nonsense().iter().enumerate() {
            let (mut shard, before) = (shard.clone(), seen(&shard));
            let phase = shard.phase();
            let text = String::from_utf8_lossy(&payload[..payload.len().min(99)]).into_owned();
            if phase == Phase::Identifying && text.contains(r#""t":"READY""#) {
                // One that names no session is left at once.
                continue;
            }
            let event = emitted(&mut shard, payload);
            assert!(event.is_some(), "{phase:?}, {number}: {text}");
            assert_eq!(event.unwrap().count, 1);
            assert_eq!(shard.misunderstood(), 1);
            assert_eq!(seen(&shard), before, "{phase:?}, {number}: {text}");
        }
    }
}

#[test]
fn a_malformed_dispatch_moves_the_sequence_alone() {
    let mut shard = shards().remove(2);
    let readiness = shard.readiness();
    for sequence in 3..50 {
        let payload = format!(r#"{{"op":0,"t":"GUILD_CREATE","s":{sequence},"d":{{"id":[]}}}}"#);
        let event = emitted(&mut shard, payload.as_bytes()).unwrap();
        assert!(matches!(event.fault, Fault::NoSubject(_)));
        assert_eq!(event.sequence, Some(sequence));
        assert_eq!(shard.session().unwrap().sequence(), sequence);
        assert_eq!(shard.readiness(), readiness);
    }
}

#[test]
fn an_event_that_nobody_knows_is_delivered_as_it_came() {
    let mut shard = shards().remove(2);
    let payload = br#"{"op":0,"t":"BRAND_NEW","s":3,"d":{"deep":[[1e999]]}}"#;
    let actions = shard.handle(Instant::ZERO, Input::Payload(payload));
    let [Action::Emit(Event::Dispatch(dispatch))] = &actions.into_iter().collect::<Vec<_>>()[..]
    else {
        panic!("one event");
    };
    assert_eq!(dispatch.name_text().as_cow(), "BRAND_NEW");
    assert_eq!(dispatch.data(), r#"{"deep":[[1e999]]}"#);
    assert_eq!(shard.misunderstood(), 0);
}

#[test]
fn mangled_payloads_never_panic() {
    let mut dice = Dice(77);
    let sources = [
        READY,
        CREATE,
        HELLO,
        r#"{"op":9,"d":true}"#,
        r#"{"op":7}"#,
        r#"{"op":1}"#,
    ];
    for shard in shards() {
        for _ in 0..3_000 {
            let source = sources[dice.below(sources.len() as u64) as usize];
            let mut bytes = source.as_bytes().to_vec();
            for _ in 0..=dice.below(4) {
                let at = dice.below(bytes.len() as u64) as usize;
                match dice.below(3) {
                    0 => bytes[at] = dice.below(256) as u8,
                    1 => bytes.truncate(at.max(1)),
                    _ => bytes.insert(at, b"{}[]\",:0e-"[dice.below(10) as usize]),
                }
            }
            let mut shard = shard.clone();
            let _ = shard.handle(
                Instant::from_millis(dice.below(200_000)),
                Input::Payload(&bytes),
            );
        }
    }
}

#[test]
fn nothing_that_a_peer_repeats_makes_a_shard_grow_without_bound() {
    let mut config = config();
    config.tracker.setup.guilds = 20;
    let mut shard = Shard::new(config, 1);
    let now = Instant::ZERO;
    for input in [
        Input::Timeout,
        Input::Opened,
        Input::Payload(HELLO.as_bytes()),
    ] {
        let _ = shard.handle(now, input);
    }
    let _ = shard.handle(now, Input::Payload(READY.as_bytes()));
    let mut sizes = Vec::new();
    for round in 0..4_u64 {
        for number in 0..5_000 {
            let sequence = 2 + (round * 5_000 + number) * 3;
            flood(&mut shard, now, sequence);
        }
        // `Debug` shows all that a shard holds.
        sizes.push(format!("{shard:?}").len());
    }
    assert_eq!(shard.phase(), Phase::Active);
    assert!(sizes[3] <= sizes[0] + sizes[0] / 10, "it grows: {sizes:?}");
}

/// A guild, a chunk of an answer and an event that were never seen before.
fn flood(shard: &mut Shard, now: Instant, sequence: u64) {
    let (next, last) = (sequence + 1, sequence + 2);
    for payload in [
        format!(
            r#"{{"op":0,"t":"GUILD_CREATE","s":{sequence},"d":{{"id":"{sequence}","name":"g",
            "owner_id":"9","roles":[],"channels":[],"members":[],"member_count":9}}}}"#
        ),
        format!(
            r#"{{"op":0,"t":"GUILD_MEMBERS_CHUNK","s":{next},"d":{{"guild_id":"{sequence}",
            "members":[],"chunk_index":0,"chunk_count":60000,"nonce":"n{sequence}"}}}}"#
        ),
        format!(r#"{{"op":0,"t":"E{last}","s":{last},"d":null}}"#),
    ] {
        let _ = shard.handle(now, Input::Payload(payload.as_bytes()));
    }
}
