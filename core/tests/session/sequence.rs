//! Which dispatches are delivered, and what the sequence does.

use headcount_core::event::Fault;
use headcount_core::{Event, Input};

use crate::host::{Host, READY, RESUMED, config, dispatch};

fn sequence(host: &Host) -> u64 {
    host.session().unwrap().sequence()
}

fn faults(host: &Host) -> Vec<Fault> {
    let fault = |event: &Event<'_>| match event {
        Event::Misunderstood(it) => Some(it.fault),
        _ => None,
    };
    host.events().filter_map(fault).collect()
}

#[test]
fn unknown_and_strange_dispatches_count_too() {
    let mut host = Host::active();
    host.receive(r#"{"t":"BRAND_NEW","s":2,"op":0,"d":[1]}"#);
    assert_eq!(sequence(&host), 2);
    host.receive(r#"{"t":"READY","s":3,"op":0,"d":7}"#);
    assert_eq!(sequence(&host), 3);
    host.receive(r#"{"t":null,"s":4,"op":0}"#);
    assert_eq!(sequence(&host), 4);
    assert_eq!(faults(&host).len(), 1);
}

#[test]
fn null_and_other_opcodes_leave_the_sequence() {
    let mut host = Host::active();
    host.receive(&dispatch(4));
    for payload in [
        r#"{"op":11,"s":9}"#,
        r#"{"op":0,"s":null,"t":"X"}"#,
        r#"{"op":77,"s":8}"#,
    ] {
        host.receive(payload);
        assert_eq!(sequence(&host), 4);
    }
    assert_eq!(faults(&host), [Fault::UnknownOpcode(77)]);
}

#[test]
fn a_repeated_dispatch_is_not_delivered_twice() {
    let mut host = Host::active();
    host.receive(&dispatch(2));
    host.take();
    host.receive(&dispatch(2));
    host.receive(&dispatch(1));
    assert_eq!(faults(&host), [Fault::Repeated, Fault::Repeated]);
    assert_eq!(host.events().count(), 2);
}

#[test]
fn a_repeated_ready_begins_nothing() {
    let mut host = Host::active();
    host.receive(&dispatch(2));
    host.take();
    host.receive(READY);
    assert_eq!(faults(&host), [Fault::Repeated]);
    assert_eq!((host.events().count(), sequence(&host)), (1, 2));
}

#[test]
fn dispatches_before_a_session_have_no_place() {
    let mut host = Host::new(config());
    host.dial();
    host.receive(&dispatch(5));
    host.hello();
    host.receive(&dispatch(6));
    assert_eq!(faults(&host), [Fault::OutOfPlace, Fault::OutOfPlace]);
}

#[test]
fn replayed_dispatches_are_delivered_and_counted() {
    let mut host = Host::active();
    host.receive(&dispatch(6));
    host.input(Input::Closed(None));
    host.dial();
    host.hello();
    host.take();
    host.receive(&dispatch(7));
    host.receive(&dispatch(8));
    host.receive(RESUMED);
    let replayed = host.events().find_map(|event| match event {
        Event::Resumed { replayed } => Some(*replayed),
        _ => None,
    });
    assert_eq!((replayed, sequence(&host)), (Some(2), 9));
}

#[test]
fn nonsense_is_counted_and_changes_nothing_else() {
    let deep = format!(r#"{{"op":0,"d":{}1{}}}"#, "[".repeat(500), "]".repeat(500));
    let nonsense = [
        "",
        "{",
        "not json",
        "[]",
        "{}",
        r#"{"op":"x"}"#,
        r#"{"op":-1}"#,
        r#"{"op":1e99}"#,
        r#"{"op":3}"#,
        &deep,
    ];
    let mut host = Host::active();
    let (deadline, session) = (host.shard.poll_timeout(), host.session());
    host.take();
    for (index, payload) in nonsense.iter().enumerate() {
        assert_eq!(host.receive(payload), 1, "{payload}");
        assert_eq!(host.shard.misunderstood(), index as u64 + 1);
    }
    assert_eq!(faults(&host).len(), nonsense.len());
    assert_eq!(
        (host.shard.poll_timeout(), host.session()),
        (deadline, session)
    );
    host.input(Input::Payload(b"{\"op\":0,\"d\":\"\xff\"}"));
    assert_eq!(host.shard.misunderstood(), nonsense.len() as u64 + 1);
}
