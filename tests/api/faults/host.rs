//! Faults of the host itself, and of the code of the user's that it calls.

use headcount_core::session::{Halt, Phase};
use headcount_core::{Event, Input};
use headcount_sim::Options;

use super::{has, row, told};
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
