//! Close codes of the server.

use headcount_core::session::{Halt, Phase, Reason};
use headcount_core::wire::close::Fatal;
use headcount_core::{Event, Input};

use crate::host::{Host, config};

#[test]
fn codes_that_keep_the_session() {
    for code in [1000, 1001, 1006, 4000, 4001, 4002, 4005, 4008, 4242] {
        let mut host = Host::active();
        host.input(Input::Closed(Some(code)));
        assert_eq!(host.shard.phase(), Phase::Idle, "{code}");
        assert!(host.session().is_some(), "{code}");
    }
}

#[test]
fn codes_that_end_the_session() {
    for code in [4003, 4006, 4007, 4009] {
        let mut host = Host::active();
        host.input(Input::Closed(Some(code)));
        assert_eq!(host.shard.phase(), Phase::Idle, "{code}");
        assert!(host.session().is_none(), "{code}");
        assert!(
            host.events().any(|event| matches!(event, Event::Gap(_))),
            "{code}"
        );
    }
}

#[test]
fn codes_that_end_the_shard() {
    let codes = [
        (4004, Fatal::AuthenticationFailed),
        (4010, Fatal::InvalidShard),
        (4011, Fatal::ShardingRequired),
        (4012, Fatal::InvalidVersion),
        (4013, Fatal::InvalidIntents),
        (4014, Fatal::DisallowedIntents),
    ];
    for (code, fatal) in codes {
        for greeted in [false, true] {
            let mut host = Host::new(config());
            host.dial();
            if greeted {
                host.hello();
            }
            host.input(Input::Closed(Some(code)));
            assert_eq!(
                (host.shard.phase(), host.shard.poll_timeout()),
                (Phase::Halted, None)
            );
            let halts = host.events().filter_map(|event| match event {
                Event::Halted(halt) => Some(*halt),
                _ => None,
            });
            assert_eq!(halts.collect::<Vec<_>>(), [Halt::Refused(fatal)]);
            assert_eq!(host.input(Input::Timeout) + host.input(Input::Opened), 0);
        }
    }
}

#[test]
fn too_much_sent_leads_to_a_pause() {
    let mut host = Host::active();
    let closed = host.now;
    host.input(Input::Closed(Some(4008)));
    host.dial();
    assert_eq!(host.now.since(closed), config().timing.longest_backoff / 2);
}

#[test]
fn only_a_shard_that_was_stopped_has_no_remedy() {
    let refused = Halt::Refused(Fatal::InvalidIntents).remedy();
    assert_eq!(refused, Some(Fatal::InvalidIntents.remedy()));
    assert!(Halt::Crashed.remedy().is_some());
    assert_eq!(Halt::Stopped.remedy(), None);
}

#[test]
fn a_shard_that_is_refused_says_with_which_code() {
    let mut host = Host::active();
    host.take();
    host.input(Input::Closed(Some(4014)));
    assert_eq!(
        host.changes(),
        [(Phase::Active, Phase::Halted, Reason::Closed(Some(4014)))]
    );
}
