//! Stopping, with and without keeping the session.

use headcount_core::session::{Halt, OnStop, Phase, Wait};
use headcount_core::wire::command::Command;
use headcount_core::wire::presence::BotPresence;
use headcount_core::{Event, Input, RequestError};

use crate::host::{Host, config, dispatch};

#[test]
fn a_stop_keeps_or_ends_the_session() {
    for (keep, code) in [(OnStop::Resume, 4000), (OnStop::End, 1000)] {
        let mut host = Host::active();
        host.shard.stop(keep);
        assert_eq!(host.wake(), Wait::Stop);
        assert_eq!(
            (host.shard.phase(), host.closes()),
            (Phase::Halted, vec![code])
        );
        assert_eq!(host.session().is_some(), keep == OnStop::Resume);
        assert!(
            host.events()
                .any(|event| matches!(event, Event::Halted(Halt::Stopped)))
        );
        assert_eq!(host.shard.poll_timeout(), None);
    }
}

#[test]
fn nothing_is_reported_after_the_end() {
    let mut host = Host::active();
    host.shard.stop(OnStop::Resume);
    host.receive(&dispatch(2));
    let last = host.events().last();
    assert!(matches!(last, Some(Event::Halted(Halt::Stopped))));
    assert_eq!(host.receive("nonsense") + host.receive(&dispatch(3)), 0);
}

#[test]
fn a_replaced_presence_is_reported_before_the_end() {
    let mut host = Host::new(config());
    for _ in 0..2 {
        let presence = Command::UpdatePresence(Box::default());
        host.shard.send(presence).unwrap();
    }
    host.shard.stop(OnStop::End);
    host.wake();
    let finished = |event: &&Event<'_>| matches!(event, Event::CommandFinished(_));
    assert_eq!(host.events().filter(finished).count(), 2);
    assert!(matches!(host.events().last(), Some(Event::Halted(_))));
}

#[test]
fn a_stop_between_connections_keeps_the_session_too() {
    let mut host = Host::active();
    host.input(Input::Closed(None));
    host.shard.stop(OnStop::Resume);
    host.wake();
    assert!(host.closes().is_empty());
    assert!(host.session().is_some());
}

#[test]
fn a_stop_before_the_start_ends_it() {
    let mut host = Host::new(config());
    host.shard.stop(OnStop::Resume);
    host.wake();
    assert_eq!((host.shard.phase(), host.urls().len()), (Phase::Halted, 0));
    let refused = host
        .shard
        .send(Command::UpdatePresence(Box::<BotPresence>::default()));
    assert_eq!(refused, Err(RequestError::Halted));
}

#[test]
fn a_crash_ends_any_connection_with_its_cause_and_keeps_the_session() {
    let stages: [fn(&mut Host); 5] = [
        |_| {},
        Host::dial,
        |host| {
            host.dial();
            host.hello();
        },
        Host::begin,
        |host| {
            host.begin();
            host.input(Input::Closed(None));
            host.dial();
            host.hello();
        },
    ];
    for stage in stages {
        let mut host = Host::new(config());
        stage(&mut host);
        let session = host.session();
        host.take();
        host.input(Input::Crashed);
        assert_eq!(host.events().last().and_then(halted), Some(Halt::Crashed));
        assert_eq!(host.shard.phase(), Phase::Halted);
        assert_eq!(host.session(), session, "the session is kept");
        assert_eq!(host.input(Input::Crashed), 0, "once");
    }
}

fn halted(event: &Event<'_>) -> Option<Halt> {
    match event {
        Event::Halted(halt) => Some(*halt),
        _ => None,
    }
}
