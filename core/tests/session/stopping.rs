//! Stopping, with and without keeping the session.

use headcount_core::session::{Halt, Keep, Phase, Wait};
use headcount_core::wire::command::Command;
use headcount_core::wire::presence::Presence;
use headcount_core::{Event, Input, RequestError};

use crate::host::{Host, config};

#[test]
fn a_stop_keeps_or_ends_the_session() {
    for (keep, code) in [(Keep::Session, 4000), (Keep::Nothing, 1000)] {
        let mut host = Host::active();
        host.shard.stop(keep);
        assert_eq!(host.wake(), Wait::Stop);
        assert_eq!(
            (host.shard.phase(), host.closes()),
            (Phase::Halted, vec![code])
        );
        assert_eq!(host.session().is_some(), keep == Keep::Session);
        assert!(
            host.events()
                .any(|event| matches!(event, Event::Halted(Halt::Stopped)))
        );
        assert_eq!(host.shard.poll_timeout(), None);
    }
}

#[test]
fn a_stop_between_connections_keeps_the_session_too() {
    let mut host = Host::active();
    host.input(Input::Closed(None));
    host.shard.stop(Keep::Session);
    host.wake();
    assert!(host.closes().is_empty());
    assert!(host.session().is_some());
}

#[test]
fn a_stop_before_the_start_ends_it() {
    let mut host = Host::new(config());
    host.shard.stop(Keep::Session);
    host.wake();
    assert_eq!((host.shard.phase(), host.urls().len()), (Phase::Halted, 0));
    let refused = host
        .shard
        .send(Command::UpdatePresence(Box::<Presence>::default()));
    assert_eq!(refused, Err(RequestError::Halted));
}
