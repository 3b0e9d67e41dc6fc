//! Resuming, beginning anew, and never in a loop without waits.

use std::time::Duration;

use headcount_core::event::{Gap, GapCause};
use headcount_core::session::{DialFailure, Phase, Reason, Session, Wait};
use headcount_core::wire::command::Command;
use headcount_core::{Config, Event, Input, RequestError, Shard, ShardId};

use crate::host::{Host, INTERVAL, READY, RESUMED, config, dispatch};

const BASE: &str = "wss://base.example";
const RESUME: &str = "wss://resume.example";

fn resumes(host: &Host) -> usize {
    host.commands()
        .filter(|command| matches!(command, Command::Resume(_)))
        .count()
}

#[test]
fn a_lost_connection_is_resumed_on_the_resume_host() {
    let mut host = Host::active();
    host.input(Input::Closed(None));
    host.take();
    host.dial();
    host.hello();
    assert_eq!((host.urls(), resumes(&host)), (vec![RESUME], 1));
    host.receive(RESUMED);
    assert_eq!(host.shard.phase(), Phase::Active);
}

#[test]
fn reconnect_asked_for_keeps_the_session_also_in_place_of_hello() {
    let mut host = Host::active();
    host.receive(r#"{"op":7,"d":null}"#);
    assert_eq!(host.closes(), [4000]);
    host.dial();
    host.receive(r#"{"op":7}"#);
    assert_eq!(
        (host.shard.phase(), host.closes()),
        (Phase::Idle, vec![4000, 4000])
    );
    host.dial();
    host.hello();
    assert_eq!(resumes(&host), 1);
}

#[test]
fn one_failed_dial_leaves_a_dead_resume_host_and_keeps_the_session() {
    let mut host = Host::active();
    host.input(Input::Closed(None));
    host.take();
    host.wake();
    host.input(Input::DialFailed(DialFailure::Other));
    host.dial();
    host.hello();
    assert_eq!((host.urls(), resumes(&host)), (vec![RESUME, BASE], 1));
}

#[test]
fn a_resume_host_that_accepts_and_stays_silent_is_left_too() {
    let mut host = Host::active();
    host.input(Input::Closed(None));
    host.take();
    host.dial();
    host.wake();
    host.dial();
    assert_eq!(host.urls(), [RESUME, BASE]);
    assert!(host.session().is_some());
}

#[test]
fn an_invalid_session_is_dropped_or_kept_as_asked_after_1_to_5_seconds() {
    for resumable in [true, false] {
        let mut host = Host::active();
        let emitted = host.now;
        host.receive(&format!(r#"{{"op":9,"d":{resumable}}}"#));
        assert_eq!(host.session().is_some(), resumable);
        let lost = host.events().any(|e| {
            matches!(
                e,
                Event::Gap(Gap {
                    why: GapCause::Refused,
                    ..
                })
            )
        });
        assert_eq!(lost, !resumable);
        host.take();
        host.dial();
        let waited = host.now.since(emitted);
        assert!((Duration::from_secs(1)..=Duration::from_millis(5300)).contains(&waited));
        host.hello();
        assert_eq!(resumes(&host), usize::from(resumable));
        assert_eq!(host.urls(), [if resumable { RESUME } else { BASE }]);
    }
}

/// As a server does that has lost the session, and does not say so.
#[test]
fn a_ready_in_answer_to_a_resume_reports_that_the_session_is_lost() {
    let mut host = Host::active();
    host.input(Input::Closed(None));
    host.dial();
    host.hello();
    assert_eq!(host.shard.phase(), Phase::Resuming);
    host.take();
    host.receive(&READY.replace("5e55", "a7e3"));
    assert_eq!(host.shard.phase(), Phase::Active);
    let emitted: Vec<_> = host.events().collect();
    assert!(
        matches!(
            emitted[..],
            [
                Event::Gap(Gap {
                    why: GapCause::Refused,
                    ..
                }),
                Event::StateChanged(_),
                Event::Dispatch(_),
                ..
            ]
        ),
        "{emitted:?}"
    );
    host.take();
    host.receive(READY.replace("5e55", "a7e3").as_str());
    assert!(
        matches!(host.events().next(), Some(Event::Misunderstood(_))),
        "delivered again, it begins nothing"
    );
}

#[test]
fn a_session_that_cannot_be_resumed_is_given_up_after_some_tries() {
    let mut host = Host::active();
    host.input(Input::Closed(None));
    for _ in 0..config().timing.resume_failures {
        assert!(host.session().is_some());
        host.dial();
        host.hello();
        host.input(Input::Closed(None));
    }
    assert!(host.session().is_none());
    assert!(host.events().any(|e| matches!(
        e,
        Event::Gap(Gap {
            why: GapCause::ResumesFailed,
            ..
        })
    )));
    host.begin();
}

#[test]
fn a_replay_that_is_cut_again_and_again_goes_on_where_it_was_cut() {
    let mut host = Host::active();
    host.input(Input::Closed(None));
    for turn in 0..3 * u64::from(config().timing.resume_failures) {
        host.dial();
        host.hello();
        host.receive(&dispatch(2 + turn));
        host.input(Input::Closed(None));
    }
    assert!(host.session().is_some());
    host.begin();
    assert_eq!(
        host.events()
            .filter(|it| matches!(it, Event::Resumed { .. }))
            .count(),
        1
    );
}

#[test]
fn a_host_that_is_away_while_it_resumes_loses_no_session() {
    let mut host = Host::active();
    host.input(Input::Closed(None));
    for _ in 0..3 * config().timing.resume_failures {
        host.dial();
        host.hello();
        host.pass(INTERVAL * 2);
        host.input(Input::Timeout);
        assert_eq!(host.changes().last().unwrap().2, Reason::HostStalled);
    }
    assert!(host.session().is_some());
    assert!(
        host.urls().iter().skip(1).all(|url| *url == RESUME),
        "nor its host"
    );
}

#[test]
fn a_connection_that_dies_while_resuming_is_found_by_its_beats_and_the_session_kept() {
    let mut host = Host::active();
    host.receive(&dispatch(2));
    host.input(Input::Closed(None));
    host.dial();
    host.receive(r#"{"op":10,"d":{"heartbeat_interval":10000}}"#);
    host.take();
    // The replay comes, so that the wait for its end begins anew, but no beat is answered.
    let mut sequence = 2;
    while host.shard.phase() == Phase::Resuming {
        sequence += 1;
        host.receive(&dispatch(sequence));
        assert_eq!(host.wake(), Wait::Heartbeat);
    }
    assert_eq!((host.beats_since(0), host.closes()), (1, vec![4000]));
    let beat = Command::Heartbeat { sequence: Some(3) };
    assert!(host.commands().any(|command| *command == beat));
    host.take();
    host.dial();
    host.hello();
    let resumed = host.commands().find_map(|command| match command {
        Command::Resume(resume) => Some(resume.sequence),
        _ => None,
    });
    assert_eq!(
        resumed,
        Some(sequence),
        "from the last one that was replayed"
    );
    host.receive(RESUMED);
    assert_eq!(host.shard.phase(), Phase::Active);
}

#[test]
fn a_beat_that_is_asked_for_while_resuming_is_sent() {
    let mut host = Host::active();
    host.receive(&dispatch(7));
    host.input(Input::Closed(None));
    host.dial();
    host.hello();
    host.take();
    host.receive(r#"{"op":1}"#);
    let beat = Command::Heartbeat { sequence: Some(7) };
    assert_eq!(host.commands().collect::<Vec<_>>(), [&beat]);
    assert_eq!(host.shard.phase(), Phase::Resuming);
}

#[test]
fn a_server_that_accepts_and_closes_is_called_ever_more_rarely() {
    let mut host = Host::new(config());
    let mut dials = 0;
    while host.now.as_millis() < 3_600_000 {
        host.begin();
        dials += 1;
        host.input(Input::Closed(Some(4000)));
    }
    // One hour of it: a handful at first, then one in 30 to 60 s.
    assert!((60..=130).contains(&dials), "{dials}");
    assert!(host.shard.failures() > 50);
}

#[test]
fn a_connection_that_lasted_makes_the_next_failure_the_first() {
    let mut host = Host::new(config());
    for _ in 0..5 {
        host.dial();
        host.input(Input::Closed(None));
    }
    host.begin();
    host.run(config().timing.stable);
    host.input(Input::Closed(None));
    assert_eq!(host.shard.failures(), 1);
    let lost = host.now;
    host.dial();
    assert!(host.now.since(lost) <= config().timing.first_backoff);
}

#[test]
fn an_exported_session_is_resumed_by_another_shard() {
    let mut host = Host::active();
    host.receive(&dispatch(41));
    let text = serde_json::to_string(&host.session().unwrap()).unwrap();
    assert!(!text.contains("s3cr3t"));
    let session: Session = serde_json::from_str(&text).unwrap();
    let mut next = Host::of(Shard::with_session(config(), 8, session.clone()).unwrap());
    next.dial();
    next.hello();
    assert_eq!(next.urls(), [RESUME]);
    let Some(Command::Resume(resume)) = next.commands().next() else {
        panic!("no resume")
    };
    assert_eq!((&*resume.session, resume.sequence), ("5e55", 41));

    let mut other = config();
    other.shard = ShardId::new(0, 2);
    let refused = Shard::with_session(other, 8, session).err();
    assert_eq!(refused, Some(RequestError::ForeignSession));
}

/// Where the next process resumes that has this base address, after a session was begun at `base`
/// and asked to resume at `ws://resume.example`.
fn resumed_at(base: &str, next: &str) -> String {
    let at = |url: &str| Config {
        url: url.into(),
        ..config()
    };
    let mut host = Host::new(at(base));
    host.dial();
    host.hello();
    host.receive(&READY.replace("wss:", "ws:"));
    let text = serde_json::to_string(&host.session().unwrap()).unwrap();
    let session: Session = serde_json::from_str(&text).unwrap();
    let mut other = Host::of(Shard::with_session(at(next), 8, session).unwrap());
    other.dial();
    other.hello();
    assert!(other.commands().any(|it| matches!(it, Command::Resume(_))));
    other.urls()[0].to_owned()
}

#[test]
fn a_session_keeps_no_address_without_tls_that_was_heard_of_over_tls() {
    let (secure, plain) = ("wss://base.example", "ws://localhost:1");
    for base in [secure, "WSS://base.example", "https://base.example"] {
        assert_eq!(resumed_at(base, plain), plain, "{base}");
        assert_eq!(resumed_at(base, secure), secure, "{base}");
    }
    // The next host judges this one by what it allows itself.
    assert_eq!(resumed_at(plain, secure), "ws://resume.example");
}

#[test]
fn a_server_that_asks_to_wait_is_obeyed_within_the_longest_back_off() {
    let longest = config().timing.longest_backoff;
    let asks = |seconds| Some(Duration::from_secs(seconds));
    for (retry_after, least) in [
        (None, Duration::ZERO),
        (asks(20), Duration::from_secs(20)),
        (asks(86_400), longest),
    ] {
        let mut host = Host::active();
        host.input(Input::Closed(None));
        host.wake();
        let (at, code) = (host.now, 503);
        let why = DialFailure::Status { code, retry_after };
        host.input(Input::DialFailed(why));
        let emitted = host.events().last();
        let reason = Reason::DialFailed(why);
        assert!(
            matches!(emitted, Some(Event::StateChanged(it)) if it.reason == reason),
            "{emitted:?}"
        );
        host.wake();
        let waited = host.now.since(at);
        assert!((least..=longest).contains(&waited), "{waited:?}");
        assert!(retry_after.is_some() || waited < Duration::from_secs(3));
        assert!(host.session().is_some(), "the session is kept");
    }
}

#[test]
fn a_long_life_that_ends_with_a_missed_beat_is_a_first_failure_too() {
    let mut host = Host::active();
    for _ in 0..5 {
        host.input(Input::Closed(None));
        host.begin();
    }
    host.run(config().timing.stable);
    while host.shard.phase() == Phase::Active {
        host.wake();
    }
    let lost = host.now;
    host.wake();
    assert!(host.now.since(lost) <= config().timing.first_backoff);
}

#[test]
fn a_replay_that_goes_on_is_not_given_up_however_long_it_takes() {
    let mut host = Host::active();
    host.input(Input::Closed(None));
    host.dial();
    host.hello();
    for sequence in 2..8 {
        host.run(config().timing.ready / 2);
        assert_eq!(host.shard.phase(), Phase::Resuming);
        host.receive(&dispatch(sequence));
    }
    host.receive(RESUMED);
    assert_eq!(host.shard.phase(), Phase::Active);
}

#[test]
fn a_session_taken_over_is_tried_as_often_as_one_of_its_own() {
    let session = Host::active().session().unwrap();
    let mut host = Host::of(Shard::with_session(config(), 8, session).unwrap());
    for _ in 0..config().timing.resume_failures {
        assert!(host.session().is_some());
        host.dial();
        host.hello();
        while host.shard.phase() == Phase::Resuming {
            host.wake();
        }
    }
    assert_eq!(host.session(), None);
    assert_eq!(resumes(&host), config().timing.resume_failures as usize);
}
