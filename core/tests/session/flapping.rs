//! A connection that is cut again and again: what waits for the gateway still ends.

use std::time::Duration;

use headcount_core::chunk::{FinishReason, MemberQuery, RequestConfig};
use headcount_core::id::{GuildId, UserId};
use headcount_core::session::Phase;
use headcount_core::setup::{AutoChunk, SetupConfig};
use headcount_core::{Config, Event, Input, Instant, Intents};

use crate::host::{Host, RESUMED, config};

const READY: &str = r#"{"op":0,"t":"READY","s":1,"d":{"session_id":"5e55",
    "user":{"id":"1","username":"bot"},"guilds":[{"id":"7","unavailable":true},
    {"id":"8","unavailable":true}],"resume_gateway_url":"wss://resume.example"}}"#;
const CREATE: &str = r#"{"op":0,"t":"GUILD_CREATE","s":2,"d":{"id":"7","name":"g","owner_id":"9",
    "roles":[],"channels":[],"members":[],"member_count":1500}}"#;

fn chunking() -> Config {
    let mut config = config();
    config.intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    config.tracker.setup.chunking = AutoChunk::All.into();
    config
}

fn ready(config: Config) -> Host {
    let mut host = Host::new(config);
    host.dial();
    host.hello();
    host.receive(READY);
    host
}

/// Lives for so long, is cut, and resumes.
fn flap(host: &mut Host, life: Duration) {
    host.run(life);
    host.input(Input::Closed(None));
    host.dial();
    host.hello();
    host.receive(RESUMED);
    assert_eq!(host.shard.phase(), Phase::Active);
}

/// When what was looked for was emitted, as connections of that life are cut for up to an hour.
fn emitted(host: &mut Host, life: Duration, look: impl Fn(&Event<'_>) -> bool) -> Option<Instant> {
    let end = host.now.after(Duration::from_secs(3_600));
    while host.now < end {
        flap(host, life);
        if host.events().any(&look) {
            return Some(host.now);
        }
    }
    None
}

fn finished(event: &Event<'_>) -> bool {
    matches!(event, Event::ShardFinishedChunking(_))
}

fn ended(event: &Event<'_>) -> bool {
    matches!(event, Event::ChunkRequestFinished(end) if end.reason == FinishReason::TimedOut)
}

fn guild(number: u64) -> GuildId {
    GuildId::new(number).unwrap()
}

/// Asks for one user; a name that only the caller's requests have in these tests.
fn ask(host: &mut Host) {
    let one = MemberQuery::Users(vec![UserId::new(3).unwrap()]);
    host.shard.request_members(guild(7), one, false).unwrap();
}

#[test]
fn a_guild_that_never_comes_is_missed_though_every_connection_is_cut() {
    let mut host = ready(chunking());
    host.receive(CREATE);
    let emitted = emitted(&mut host, Duration::from_secs(3), finished).unwrap();
    // Ten sends of a request, each cut short, and the longest wait between two connections.
    assert!(emitted <= Instant::from_millis(900_000), "{emitted:?}");
    let summary = host.events().find_map(|event| match event {
        Event::ShardFinishedChunking(summary) => Some(summary.clone()),
        _ => None,
    });
    let summary = summary.unwrap();
    assert_eq!(
        summary.missed,
        [guild(7), guild(8)],
        "7 had no chunk at all"
    );
}

#[test]
fn connections_too_short_to_hear_anything_end_the_wait_for_guilds_too() {
    let mut host = ready(chunking());
    let start = host.now;
    let emitted = emitted(&mut host, Duration::ZERO, finished).unwrap();
    let patience = SetupConfig::default().patience;
    let longest = Duration::from_secs(61);
    assert!(emitted >= start.after(patience) && emitted <= start.after(patience + longest));
}

#[test]
fn a_connection_that_stays_away_ends_the_wait_for_guilds_and_members() {
    let mut host = ready(chunking());
    host.receive(CREATE);
    host.input(Input::Closed(None));
    let start = host.now;
    let patience = RequestConfig::default().patience;
    while host.now < start.after(patience) {
        host.wake();
    }
    assert!(host.events().any(ended) && host.events().any(finished));
    assert_eq!(host.shard.readiness().pending, 0);
}

#[test]
fn the_callers_request_does_not_wait_for_a_connection_for_ever() {
    let patience = RequestConfig::default().patience;
    let mut host = Host::active();
    host.input(Input::Closed(None));
    let start = host.now;
    ask(&mut host);
    while host.now < start.after(patience / 2) {
        host.wake();
    }
    let half = host.now;
    ask(&mut host);
    host.run(start.after(patience).since(host.now) - Duration::from_millis(1));
    assert!(!host.events().any(ended));
    host.run(Duration::from_millis(1));
    assert_eq!(host.events().filter(|event| ended(event)).count(), 1);
    host.take();
    host.run(half.after(patience).since(host.now));
    assert!(host.events().any(ended), "each has its own time");
}

#[test]
fn a_request_does_not_wait_for_its_guild_in_session_after_session() {
    let mut host = ready(chunking());
    ask(&mut host);
    let sends = RequestConfig::default().sends;
    for session in 0..=sends {
        assert!(!host.events().any(ended), "session {session}");
        host.input(Input::Closed(Some(4007)));
        host.dial();
        host.hello();
        host.receive(&READY.replace("5e55", &format!("s{session}")));
    }
    assert!(host.events().any(ended));
}

#[test]
fn the_answer_to_anothers_request_is_not_waited_for_for_ever() {
    let mut host = ready(chunking());
    host.receive(
        r#"{"op":0,"t":"GUILD_MEMBERS_CHUNK","s":2,"d":{"guild_id":"7","members":[],
        "chunk_index":0,"chunk_count":2,"nonce":"theirs"}}"#,
    );
    let theirs = |event: &Event<'_>| match event {
        Event::ChunkRequestFinished(end) => end.request.is_none(),
        _ => false,
    };
    let start = host.now;
    let emitted = emitted(&mut host, Duration::from_secs(3), theirs).unwrap();
    assert!(
        emitted <= start.after(Duration::from_secs(120)),
        "{emitted:?}"
    );
}

#[test]
fn a_busy_connection_puts_no_silence_off() {
    let mut host = ready(chunking());
    host.receive(CREATE);
    let mut sequence = 10;
    let end = host.now.after(Duration::from_secs(180));
    while host.now < end {
        host.pass(Duration::from_millis(500));
        sequence += 1;
        host.receive(&crate::host::dispatch(sequence));
        host.receive(r#"{"op":11}"#);
        let due = host.shard.poll_timeout().unwrap();
        if due.at <= host.now {
            // The next payload lies there already, as it always does.
            let missed = Duration::from_millis(1);
            host.input(Input::Unread { missed });
        }
    }
    assert!(host.events().any(finished));
}
