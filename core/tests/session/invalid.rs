//! An invalid session (9) and RESUMED: what becomes of the connection, and why.

use headcount_core::event::{Gap, GapCause};
use headcount_core::session::{Phase, Reason};
use headcount_core::{Event, Input};

use crate::host::{Host, READY, RESUMED, config, dispatch};

/// A shard in each phase in which the gateway may call the session invalid.
fn hosts() -> [(Phase, Host); 3] {
    let mut identifying = Host::new(config());
    identifying.dial();
    identifying.hello();
    let mut resuming = Host::active();
    resuming.input(Input::Closed(None));
    resuming.dial();
    resuming.hello();
    [
        (Phase::Identifying, identifying),
        (Phase::Resuming, resuming),
        (Phase::Active, Host::active()),
    ]
}

#[test]
fn an_invalid_session_closes_the_connection_and_keeps_the_way_back() {
    for resumable in [true, false] {
        for (phase, mut host) in hosts() {
            assert_eq!(host.shard.phase(), phase);
            host.take();
            host.receive(&format!(r#"{{"op":9,"d":{resumable}}}"#));
            assert_eq!(host.closes(), [4000], "{phase:?}, {resumable}");
            assert_eq!(host.shard.phase(), Phase::Idle);
            host.take();
            host.dial();
            assert!(host.closes().is_empty(), "once");
        }
    }
}

#[test]
fn whether_an_invalid_session_may_be_resumed_is_read_in_other_spellings() {
    for (data, read) in [
        ("true", Some(true)),
        ("1", Some(true)),
        (r#""1""#, Some(true)),
        ("false", Some(false)),
        ("0", Some(false)),
        ("null", None),
        ("{}", None),
        (r#""odd""#, None),
        ("7", None),
    ] {
        let mut host = Host::active();
        host.receive(&format!(r#"{{"op":9,"d":{data}}}"#));
        let resumes = host.shard.session().is_some();
        assert_eq!(resumes, read == Some(true), "{data}");
        let is_said = |event: &Event<'_>| matches!(event, Event::Misunderstood(_));
        assert_eq!(host.events().any(is_said), read.is_none(), "{data}");
    }
    let mut host = Host::active();
    host.receive(r#"{"op":9}"#);
    assert!(host.shard.session().is_none());
}

/// READY of a session, as it came first.
fn ready(id: &str, sequence: &str) -> String {
    READY.replace("5e55", id).replace(r#""s":1,"#, sequence)
}

#[test]
fn a_ready_of_another_session_reports_that_the_one_before_is_lost() {
    let mut host = Host::active();
    host.take();
    host.receive(&ready("other", r#""s":1,"#));
    let lost = |event: &&Event<'_>| {
        matches!(
            event,
            Event::Gap(Gap {
                why: GapCause::Refused,
                ..
            })
        )
    };
    assert_eq!(host.events().filter(lost).count(), 1);
    let session = serde_json::to_string(&host.session().unwrap()).unwrap();
    assert!(session.contains("other"), "{session}");
}

#[test]
fn a_ready_of_the_same_session_is_replayed_like_any_other_dispatch() {
    let [_, (_, mut host), _] = hosts();
    host.take();
    host.receive(READY);
    assert_eq!(host.shard.phase(), Phase::Resuming);
    let lost = |event: &Event<'_>| matches!(event, Event::Gap(_));
    assert!(!host.events().any(lost));
}

#[test]
fn a_ready_without_a_sequence_is_before_the_first() {
    let mut host = Host::new(config());
    host.dial();
    host.hello();
    host.receive(&ready("5e55", ""));
    assert_eq!(host.session().unwrap().sequence(), 0);
    host.take();
    host.receive(&dispatch(1));
    assert!(
        host.events()
            .any(|event| matches!(event, Event::Dispatch(_)))
    );
}

#[test]
fn a_shard_that_is_active_again_says_that_it_has_resumed() {
    let [_, (_, mut host), _] = hosts();
    host.take();
    host.receive(RESUMED);
    assert_eq!(
        host.changes(),
        [(Phase::Resuming, Phase::Active, Reason::Resumed)]
    );
}

#[test]
fn a_ready_of_the_same_session_without_a_sequence_begins_it_anew() {
    let mut host = Host::active();
    host.receive(&dispatch(5));
    host.take();
    host.receive(&ready("5e55", ""));
    let lost = |event: &Event<'_>| {
        matches!(
            event,
            Event::Gap(Gap {
                why: GapCause::Refused,
                ..
            })
        )
    };
    assert!(host.events().any(lost));
    assert_eq!(host.session().unwrap().sequence(), 0);
}
