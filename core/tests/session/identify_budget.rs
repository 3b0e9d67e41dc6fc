//! The day's identifies of a shard alone, whatever makes it identify again.

use std::time::Duration;

use headcount_core::event::Fault;
use headcount_core::session::{Phase, Reason};
use headcount_core::wire::Misread;
use headcount_core::wire::command::Command;
use headcount_core::{Action, Event, Input, Instant};

use crate::host::{Host, READY, config};

const DAY: Duration = Duration::from_secs(86_400);

/// READY whose session id is no text.
const NAMELESS: &str = r#"{"t":"READY","s":1,"op":0,"d":{"v":10,"guilds":[],"session_id":7,
    "user":{"id":"1","username":"bot"},"resume_gateway_url":"wss://resume.example"}}"#;

/// When the shard identified, in two days and an hour in which `end` ends each session.
fn identifies(mut end: impl FnMut(&mut Host)) -> Vec<Instant> {
    let mut host = Host::new(config());
    let mut times = Vec::new();
    while host.now < Instant::ZERO.after(DAY * 2 + DAY / 24) {
        host.dial();
        host.hello();
        let identify = |action: &Action<'_>| matches!(action, Action::Send(Command::Identify(_)));
        if host.take().iter().any(identify) {
            times.push(host.now);
        }
        end(&mut host);
    }
    times
}

fn most_in_a_day(times: &[Instant]) -> usize {
    let within = |start: Instant| {
        let day = |time: &&Instant| **time >= start && time.since(start) < DAY;
        times.iter().filter(day).count()
    };
    times.iter().map(|&start| within(start)).max().unwrap_or(0)
}

#[test]
fn ready_without_a_session_id_never_spends_more_than_the_day_s_identifies() {
    let times = identifies(|host| {
        host.receive(NAMELESS);
        assert_eq!(host.shard.phase(), Phase::Idle);
    });
    assert!((900..=1_000).contains(&most_in_a_day(&times)));
}

#[test]
fn sessions_that_are_called_invalid_at_once_never_do() {
    let times = identifies(|host| {
        host.receive(READY);
        host.receive(r#"{"op":9,"d":false}"#);
    });
    assert!((900..=1_000).contains(&most_in_a_day(&times)));
}

#[test]
fn sessions_that_last_a_minute_never_do() {
    let times = identifies(|host| {
        host.receive(READY);
        host.run(Duration::from_secs(61));
        host.receive(r#"{"op":9,"d":false}"#);
    });
    assert!((900..=1_000).contains(&most_in_a_day(&times)));
}

#[test]
fn ready_without_a_session_id_says_so_and_backs_off_at_once() {
    let mut host = Host::new(config());
    host.dial();
    host.hello();
    host.take();
    host.receive(NAMELESS);
    let emitted: Vec<&Event<'_>> = host.events().collect();
    let [Event::StateChanged(change), Event::Misunderstood(event)] = &emitted[..] else {
        panic!("{emitted:?}");
    };
    assert_eq!(
        (change.to, change.reason),
        (Phase::Idle, Reason::ReadyNameless)
    );
    assert!(matches!(event.fault, Fault::NoSubject(_)));
    let paths: Vec<&str> = event.misreads.places().iter().map(Misread::path).collect();
    assert_eq!(paths, ["session_id", ""]);
    assert_eq!(host.closes().len(), 1);
    assert_eq!(host.shard.failures(), 1);
    // A session that goes on is none the worse for it.
    let mut host = Host::active();
    host.take();
    host.receive(&NAMELESS.replace("\"s\":1", "\"s\":2"));
    assert_eq!(host.shard.phase(), Phase::Active);
    let emitted = host
        .events()
        .filter(|event| matches!(event, Event::Dispatch(_)));
    assert_eq!(emitted.count(), 1);
    host.input(Input::Closed(None));
    assert!(
        host.session()
            .is_some_and(|session| session.sequence() == 2)
    );
}
