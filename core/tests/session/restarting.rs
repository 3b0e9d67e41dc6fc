//! A shard that is restarted or begun again by hand, and what is reported as missing.

use headcount_core::event::{Gap, GapCause};
use headcount_core::session::{OnStop, Phase, Reason, Wait};
use headcount_core::wire::command::Command;
use headcount_core::{Dispatch, Event, Input, Position, RequestError, Session, Shard};

use crate::host::{Host, config, dispatch};

fn gaps(host: &Host) -> Vec<Gap> {
    let gaps = host.events().filter_map(|event| match event {
        Event::Gap(gap) => Some(*gap),
        _ => None,
    });
    gaps.collect()
}

/// A host whose session has come to this sequence.
fn received(last: u64) -> Host {
    let mut host = Host::active();
    for sequence in 2..=last {
        host.receive(&dispatch(sequence));
    }
    host
}

/// The sequence that the last resume began at.
fn resumes_at(host: &Host) -> Option<u64> {
    let resumes = host.commands().filter_map(|command| match command {
        Command::Resume(resume) => Some(resume.sequence),
        _ => None,
    });
    resumes.last()
}

#[test]
fn a_restart_goes_on_with_the_session_at_once() {
    let mut host = received(5);
    host.shard.restart(OnStop::Resume).unwrap();
    let before = host.now;
    assert_eq!(host.wake(), Wait::Stop);
    assert_eq!(host.closes(), [4000]);
    host.dial();
    assert_eq!(host.now, before, "no back-off");
    host.hello();
    assert_eq!((resumes_at(&host), gaps(&host)), (Some(5), vec![]));
    let restarted = (Phase::Active, Phase::Idle, Reason::Restarted);
    assert!(host.changes().contains(&restarted));
}

#[test]
fn a_restart_may_begin_another_session_and_says_from_where_events_are_missing() {
    let mut host = received(5);
    let from = host.shard.position().unwrap();
    host.shard.restart(OnStop::End).unwrap();
    host.wake();
    assert_eq!(host.closes(), [1000]);
    let ended = Gap {
        from,
        to: None,
        why: GapCause::Ended,
    };
    assert_eq!(gaps(&host), [ended]);
    host.begin();
    assert_eq!(resumes_at(&host), None);
}

#[test]
fn a_restart_without_a_connection_skips_the_back_off() {
    let mut host = received(5);
    host.input(Input::Closed(None));
    let before = host.now;
    host.shard.restart(OnStop::Resume).unwrap();
    host.dial();
    assert_eq!((host.now, host.closes()), (before, vec![]));
}

#[test]
fn a_stop_goes_before_a_restart_that_was_asked_for() {
    let mut host = Host::active();
    host.shard.restart(OnStop::Resume).unwrap();
    host.shard.stop(OnStop::End);
    host.wake();
    assert_eq!(host.shard.phase(), Phase::Halted);
    let refused = host.shard.restart(OnStop::Resume);
    assert_eq!(refused, Err(RequestError::Halted));
}

#[test]
fn a_shard_that_has_ended_begins_again_with_what_it_kept() {
    let mut host = received(5);
    assert_eq!(host.shard.start(None), Err(RequestError::Running));
    host.shard.stop(OnStop::Resume);
    host.wake();
    let session = host.session();
    host.shard.start(session).unwrap();
    host.begin();
    assert_eq!(resumes_at(&host), Some(5));
    host.shard.stop(OnStop::End);
    host.wake();
    host.shard.start(None).unwrap();
    let resumes = host.commands().count();
    host.begin();
    let identify = host.commands().nth(resumes);
    assert!(matches!(identify, Some(Command::Identify(_))));
}

#[test]
fn what_was_changed_of_a_shard_holds_when_it_begins_again() {
    let mut host = Host::active();
    let kinds = headcount_core::cache::Kinds::MEMBERS;
    host.shard.set_kinds(kinds);
    host.shard.stop(OnStop::End);
    host.wake();
    host.shard.start(None).unwrap();
    let mut other = config();
    other.tracker.kinds = kinds;
    let shows = |shard: &Shard| format!("{shard:?}").contains("kinds: Kinds(MEMBERS)");
    assert_eq!(shows(&host.shard), shows(&Shard::new(other, 7)));
    assert!(!shows(&Shard::new(config(), 7)));
}

#[test]
fn a_session_that_is_refused_leaves_a_gap_from_where_it_was() {
    let mut host = received(5);
    let from = host.shard.position().unwrap();
    host.input(Input::Closed(Some(4009)));
    let refused = Gap {
        from,
        to: None,
        why: GapCause::Refused,
    };
    assert_eq!(gaps(&host), [refused]);
}

#[test]
fn gaps_of_an_earlier_process_come_before_anything_else_and_once() {
    let session = received(5).session().unwrap();
    let at = |sequence| Position {
        shard: session.shard(),
        session: 7,
        sequence,
    };
    let many = (1..=20).map(|sequence| Gap {
        from: at(sequence),
        to: Some(sequence + 1),
        why: GapCause::Overdue,
    });
    let many: Vec<Gap> = many.collect();
    let text = serde_json::to_string(&session.with_gaps(many.clone())).unwrap();
    let session: Session = serde_json::from_str(&text).unwrap();
    assert_eq!(session.gaps(), &many[..16], "bounded");
    let mut host = Host::of(Shard::with_session(config(), 9, session).unwrap());
    assert_eq!(host.session().unwrap().gaps(), &many[..16], "not reported");
    host.wake();
    assert_eq!(gaps(&host), many[..16]);
    assert!(matches!(host.events().next(), Some(Event::Gap(_))));
    assert_eq!(host.session().unwrap().gaps(), []);
    host.begin();
    assert_eq!(gaps(&host).len(), 16);
}

#[test]
fn dispatches_of_a_replay_are_told_from_others() {
    let mut host = received(5);
    host.input(Input::Closed(None));
    host.dial();
    host.hello();
    host.receive(&dispatch(6));
    host.receive(r#"{"op":0,"t":"RESUMED","s":7,"d":{}}"#);
    host.receive(&dispatch(8));
    let replayed = host.events().filter_map(Event::dispatch);
    let replayed = replayed.filter(|it| it.is_replayed());
    let sequences: Vec<_> = replayed.filter_map(Dispatch::sequence).collect();
    assert_eq!(sequences, [6, 7]);
}
