//! What a shard counts.

use headcount_core::session::{DialFailure, OnStop};
use headcount_core::wire::Name;
use headcount_core::{Input, Shard};

use crate::host::{Host, READY, RESUMED, config, dispatch};

#[test]
fn what_comes_and_goes_is_counted() {
    let mut host = Host::new(config());
    host.wake();
    host.input(Input::DialFailed(DialFailure::Tls));
    host.begin();
    for sequence in [2, 3, 3] {
        host.receive(&dispatch(sequence));
    }
    host.receive(r#"{"t":"SOMETHING_NEW","s":4,"op":0,"d":{}}"#);
    let counts = host.shard.counts();
    assert_eq!(counts.payloads, 6);
    let (hello, new) = (r#"{"op":10,"d":{"heartbeat_interval":41250}}"#, 41);
    let bytes = hello.len() + READY.len() + 3 * dispatch(2).len() + new;
    assert_eq!(counts.payload_bytes, bytes as u64);
    assert_eq!(counts.dispatches.get(Name::TypingStart), 2);
    assert_eq!(counts.dispatches.get(Name::Unknown), 1);
    assert_eq!(counts.dispatches.total(), 4);
    assert_eq!((counts.dials, counts.identifies, counts.resumes), (2, 1, 0));
    assert_eq!((counts.repeated, counts.losses.get("dial_tls")), (1, 1));
    assert_eq!((counts.losses.total(), counts.closes.total()), (1, 0));
}

#[test]
fn a_shard_that_begins_again_counts_on() {
    let mut host = Host::active();
    host.receive(&dispatch(2));
    host.receive(r#"{"t":"GUILD_UPDATE","s":3,"op":0,"d":{"id":[]}}"#);
    host.receive("no JSON");
    let of = |shard: &Shard| (shard.misunderstood(), shard.misreads().iter().count());
    let (before, not_understood) = (host.shard.counts().clone(), of(&host.shard));
    assert!(
        not_understood.0 == 2 && not_understood.1 > 0,
        "{not_understood:?}"
    );
    host.shard.stop(OnStop::Resume);
    host.wake();
    let session = host.session();
    host.shard.start(session).unwrap();
    assert_eq!(of(&host.shard), not_understood);
    host.begin();
    let counts = host.shard.counts();
    assert_eq!(counts.losses.get("stopped"), 1);
    assert_eq!((counts.dials, counts.resumes), (before.dials + 1, 1));
    assert_eq!(counts.dispatches.get(Name::TypingStart), 1);
    assert!(counts.payload_bytes > before.payload_bytes);
}

#[test]
fn a_shard_that_is_stopped_before_its_first_connection_has_lost_none() {
    let mut host = Host::new(config());
    host.shard.stop(OnStop::End);
    host.wake();
    assert_eq!(host.shard.counts().losses.total(), 0);
    host.shard.start(None).unwrap();
    host.begin();
    host.shard.stop(OnStop::End);
    host.wake();
    assert_eq!(host.shard.counts().losses.get("stopped"), 1);
}

#[test]
fn ends_of_connections_are_counted_by_cause_and_code() {
    let mut host = Host::active();
    host.input(Input::Closed(Some(4000)));
    host.dial();
    host.hello();
    host.receive(&dispatch(2));
    host.receive(&RESUMED.replace("\"s\":9", "\"s\":3"));
    for code in [None, Some(4999), Some(65_535), Some(4009)] {
        host.input(Input::Closed(code));
        host.begin();
    }
    let counts = host.shard.counts();
    let closes: Vec<_> = counts.closes.iter().collect();
    assert_eq!(
        closes,
        [("4000", 1), ("none", 1), ("other", 2), ("4009", 1)]
    );
    assert_eq!(counts.losses.iter().collect::<Vec<_>>(), [("closed", 5)]);
    assert_eq!(counts.gaps.iter().collect::<Vec<_>>(), [("refused", 1)]);
    assert_eq!((counts.resumes, counts.resumed), (4, 4));
    assert_eq!((counts.identifies, counts.replayed), (2, 1));
    let mut both = counts.clone();
    both.add(counts);
    assert_eq!((both.closes.get("other"), both.identifies), (4, 4));
    assert_eq!(both.dispatches.get(Name::Resumed), 8);
}
