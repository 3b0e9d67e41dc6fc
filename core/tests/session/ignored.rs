//! What comes too early, too late or twice changes nothing: a socket that is gone may still
//! bring something, and a fleet may grant what nobody wants any more.

use headcount_core::Input;
use headcount_core::config::Identifying;
use headcount_core::session::{DialFailure, OnStop, Phase};

use crate::host::{Host, config};

const HELLO: &str = r#"{"op":10,"d":{"heartbeat_interval":1000}}"#;
const ANSWER: &str = r#"{"op":11}"#;
const BEAT: &str = r#"{"op":1}"#;
const RECONNECT: &str = r#"{"op":7}"#;
const INVALID: &str = r#"{"op":9,"d":false}"#;

/// A host in each phase that waits for something.
fn in_each_phase() -> Vec<Host> {
    let mut fleet = config();
    fleet.identify = Identifying::Fleet;
    let mut waiting = Host::new(fleet);
    waiting.wake();
    let mut idle = Host::new(config());
    idle.wake();
    idle.input(Input::DialFailed(DialFailure::Other));
    let mut connecting = Host::new(config());
    connecting.wake();
    let mut greeting = Host::new(config());
    greeting.dial();
    let mut identifying = Host::new(config());
    identifying.dial();
    identifying.hello();
    let mut resuming = Host::active();
    resuming.input(Input::Closed(None));
    resuming.dial();
    resuming.hello();
    let mut stopped = Host::active();
    stopped.shard.stop(OnStop::Resume);
    stopped.input(Input::Timeout);
    let active = Host::active();
    let all = vec![
        idle,
        waiting,
        connecting,
        greeting,
        identifying,
        resuming,
        active,
        stopped,
    ];
    let phases: Vec<Phase> = all.iter().map(|host| host.shard.phase()).collect();
    assert_eq!(
        phases,
        [
            Phase::Idle,
            Phase::Waiting,
            Phase::Connecting,
            Phase::Greeting,
            Phase::Identifying,
            Phase::Resuming,
            Phase::Active,
            Phase::Halted,
        ]
    );
    all
}

/// Hands an input in, in each phase that has nothing to do with it.
fn ignored(input: Input<'_>, concerns: &[Phase]) {
    for mut host in in_each_phase() {
        let phase = host.shard.phase();
        if concerns.contains(&phase) {
            continue;
        }
        let before = (
            host.shard.poll_timeout(),
            host.session(),
            host.shard.misunderstood(),
        );
        assert_eq!(host.input(input), 0, "{input:?} while {phase:?}");
        let after = (
            host.shard.poll_timeout(),
            host.session(),
            host.shard.misunderstood(),
        );
        assert_eq!((host.shard.phase(), after), (phase, before), "{input:?}");
    }
}

#[test]
fn an_input_that_does_not_concern_a_phase_is_passed_over() {
    use Phase::{Active, Connecting, Greeting, Identifying, Resuming, Waiting};
    let connected = [Greeting, Identifying, Resuming, Active];
    ignored(Input::Timeout, &[]);
    ignored(Input::Opened, &[Connecting]);
    ignored(Input::DialFailed(DialFailure::Other), &[Connecting]);
    ignored(Input::IdentifyGranted, &[Waiting]);
    ignored(
        Input::Closed(Some(4000)),
        &[&[Connecting], &connected[..]].concat(),
    );
    ignored(Input::Payload(HELLO.as_bytes()), &[Greeting]);
    ignored(Input::Payload(ANSWER.as_bytes()), &[]);
    ignored(Input::Payload(BEAT.as_bytes()), &connected[1..]);
    ignored(Input::Payload(RECONNECT.as_bytes()), &connected);
    ignored(Input::Payload(INVALID.as_bytes()), &connected);
}

#[test]
fn a_second_hello_leaves_the_beat_as_it_was() {
    let mut host = Host::active();
    host.receive(HELLO);
    let from = host.done.len();
    host.run(crate::host::INTERVAL * 10);
    assert!((9..=11).contains(&host.beats_since(from)));
}
