//! Faults of the host itself, and of the code of the user's that it calls.

use std::time::Duration;

use headcount_core::config::Timing;
use headcount_core::session::{DialFailure, Halt, Phase};
use headcount_core::wire::command::Command;
use headcount_core::wire::presence::{Activity, ActivityKind, Presence};
use headcount_core::{Event, Input};
use headcount_sim::{Act, Options, Pair, Target};

use super::{has, has_resumed, millis, row, told, well};
use crate::bot::{all_active, options, pair};

#[test]
fn code_that_panics() {
    let row = row("code_that_panics");
    assert_eq!(row.within, [0]);
    let mut pair = pair(
        Options {
            shards: 2,
            max_concurrency: 2,
            ..options()
        },
        1,
    );
    assert!(pair.run_until(60_000, all_active));
    let session = pair.seats[0].shard.session();
    pair.done.clear();
    pair.input(0, Input::Crashed);
    assert!(has(&pair, |event| matches!(
        event,
        Event::Halted(Halt::Crashed)
    )));
    row.is_told(&told(&pair));
    pair.run(600_000);
    let phases: Vec<Phase> = pair.seats.iter().map(|seat| seat.shard.phase()).collect();
    assert_eq!(phases, [Phase::Halted, Phase::Active]);
    assert!(session.is_some());
    assert_eq!(pair.seats[0].shard.session(), session, "it is kept");
    assert_eq!(pair.gateway.violations(), []);
}

/// Lets the shard dial after a lost connection, and tells it at once that it failed so.
fn fail_to_dial(pair: &mut Pair, why: DialFailure) {
    pair.act(Act::Cut(Target::All));
    let deadline = pair.seats[0].shard.poll_timeout().expect("a wait");
    pair.now = pair.now.max(deadline.at.as_millis());
    pair.input(0, Input::Timeout);
    assert_eq!(pair.seats[0].shard.phase(), Phase::Connecting);
    pair.input(0, Input::DialFailed(why));
}

#[test]
fn address_in_plaintext() {
    let (row, timing) = (row("address_in_plaintext"), Timing::default());
    let bound = millis(timing.first_backoff + timing.dial + 2 * timing.first_backoff);
    assert_eq!(row.within, [bound]);
    let mut pair = well(1);
    fail_to_dial(&mut pair, DialFailure::Plaintext);
    assert!(pair.run_until(bound, has_resumed));
    row.is_told(&told(&pair));
}

#[test]
fn server_that_asks_to_wait() {
    let row = row("server_that_asks_to_wait");
    assert_eq!(row.within, [millis(Timing::default().longest_backoff)]);
    for asked in [30, 3_600] {
        let mut pair = well(1);
        let why = DialFailure::Status {
            code: 503,
            retry_after: Some(Duration::from_secs(asked)),
        };
        fail_to_dial(&mut pair, why);
        let least = row.within[0].min(asked * 1_000);
        assert!(!pair.run_until(least - 1, has_resumed), "{asked} s");
        assert!(pair.run_until(row.within[0] - least + 1, has_resumed));
        row.is_told(&told(&pair));
    }
}

#[test]
fn presence_too_large() {
    let row = row("presence_too_large");
    assert_eq!(row.within, [0]);
    let mut pair = well(1);
    let activity = Activity {
        name: "x".repeat(3_960),
        kind: ActivityKind::Playing,
        state: None,
        url: None,
    };
    let presence = Presence {
        activities: vec![activity],
        ..Presence::default()
    };
    let command = Command::UpdatePresence(Box::new(presence));
    assert!(
        command.encode(&mut String::new()).len() < 4_096,
        "alone it fits"
    );
    let refused = pair.seats[0].shard.send(command).expect_err("refused");
    row.is_told(&format!("{refused:?}"));
    pair.act(Act::ForgetSessions(Target::All));
    pair.act(Act::Cut(Target::All));
    pair.run(600_000);
    assert!(all_active(&pair));
    assert_eq!(pair.gateway.violations(), []);
}
