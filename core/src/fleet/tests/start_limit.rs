//! Start limits that are read anew.

use super::*;

#[test]
fn a_start_limit_that_is_read_anew_counts_from_then_on() {
    let all = shards(3);
    let mut fleet = fleet(3, limit(16, 10));
    let until = at(3_600_000);
    let spent = FleetAction::Emit(Event::IdentifyBudgetSpent { until });
    assert_eq!(want(&mut fleet, at(0), all[0]), [spent]);
    assert_eq!(fleet.poll_timeout(), Some(until));

    // There is more than we thought: who waits is let in with the next wake-up, which is due.
    fleet.refresh(at(1_000), limit(16, 500));
    assert_eq!(fleet.identifies_left(), 500);
    assert!(fleet.poll_timeout().is_some_and(|due| due <= at(1_000)));
    assert_eq!(wake(&mut fleet, at(1_000)), [FleetAction::Grant(all[0])]);
    let emitted = feed(&mut fleet, at(2_000), all[0], &moves_to(Phase::Identifying));
    assert_eq!((emitted, fleet.identifies_left()), (Vec::new(), 499));
    let budget = fleet.identify_budget();
    assert_eq!((budget.left, budget.total), (499, 1000));
    assert_eq!(budget.resets, Some(at(3_601_000)));

    // The next answer has counted that one already. Now there is less, and for longer.
    fleet.refresh(at(3_000), limit(16, 10));
    assert_eq!(fleet.identifies_left(), 10);
    assert_eq!(want(&mut fleet, at(3_000), all[1]), [], "warned before");
    assert_eq!(fleet.poll_timeout(), Some(at(3_603_000)));
    assert_eq!(wake(&mut fleet, at(3_602_999)), []);
    assert_eq!(
        wake(&mut fleet, at(3_603_000)),
        [FleetAction::Grant(all[1])]
    );
    assert_eq!(fleet.identifies_left(), 1000);
    assert_eq!(fleet.identify_budget().resets, None, "it is full");
}

#[test]
fn a_budget_that_is_found_full_again_warns_anew() {
    let all = shards(3);
    let mut fleet = fleet(3, limit(16, 10));
    let spent = |until| FleetAction::Emit(Event::IdentifyBudgetSpent { until: at(until) });
    assert_eq!(want(&mut fleet, at(0), all[0]), [spent(3_600_000)]);
    fleet.refresh(at(3_601_000), limit(16, 1000));
    assert_eq!(
        wake(&mut fleet, at(3_601_000)),
        [FleetAction::Grant(all[0])]
    );
    // Other processes of the bot spend the rest of this day too.
    fleet.refresh(at(3_602_000), limit(16, 10));
    assert_eq!(want(&mut fleet, at(3_602_000), all[1]), [spent(7_202_000)]);
}

#[test]
fn more_buckets_are_used_as_soon_as_the_old_ones_are_free() {
    let all = shards(4);
    let mut fleet = fleet(4, limit(1, 1000));
    assert_eq!(want(&mut fleet, at(0), all[0]).len(), 1);
    feed(&mut fleet, at(100), all[0], &moves_to(Phase::Identifying))
        .into_iter()
        .for_each(drop);
    for shard in &all[1..] {
        assert_eq!(want(&mut fleet, at(200), *shard), []);
    }
    fleet.refresh(at(300), limit(2, 999));
    assert_eq!(fleet.poll_timeout(), Some(at(5_400)));
    assert_eq!(wake(&mut fleet, at(5_399)), []);
    let granted = [all[1], all[2]].map(FleetAction::Grant);
    assert_eq!(wake(&mut fleet, at(5_400)), granted, "one of each bucket");
}

#[test]
fn of_fewer_buckets_none_is_free_before_those_that_are_let_in_have_had_their_time() {
    let all = shards(6);
    let mut fleet = fleet(6, limit(4, 1000));
    for shard in &all[..4] {
        assert_eq!(want(&mut fleet, at(0), *shard).len(), 1);
    }
    assert_eq!(want(&mut fleet, at(0), all[4]), []);
    fleet.refresh(at(100), limit(1, 1000));
    // One of the four identifies; the other three still may.
    feed(&mut fleet, at(500), all[0], &moves_to(Phase::Identifying))
        .into_iter()
        .for_each(drop);
    assert_eq!(wake(&mut fleet, at(6_000)), []);
    let due = fleet.poll_timeout().unwrap();
    assert_eq!(wake(&mut fleet, due), [FleetAction::Grant(all[4])]);
    assert_eq!(due, at(60_000));
}

#[test]
fn a_limit_of_no_shards_at_a_time_is_one() {
    let all = shards(2);
    let mut fleet = fleet(2, limit(16, 1000));
    fleet.refresh(at(0), limit(0, 1000));
    assert_eq!(
        want(&mut fleet, at(0), all[0]),
        [FleetAction::Grant(all[0])]
    );
    assert_eq!(want(&mut fleet, at(0), all[1]), []);
}

#[test]
fn identifies_of_a_new_day_are_counted_too() {
    let all = shards(1);
    let mut fleet = fleet(1, limit(1, 500));
    let next_day = at(3_600_000);
    assert_eq!(
        want(&mut fleet, next_day, all[0]),
        [FleetAction::Grant(all[0])]
    );
    let emitted = feed(&mut fleet, next_day, all[0], &moves_to(Phase::Identifying));
    assert_eq!((emitted, fleet.identifies_left()), (Vec::new(), 999));
}

#[test]
fn a_low_budget_is_warned_of_once_until_it_has_been_full() {
    let all = shards(4);
    let mut fleet = fleet(4, limit(16, 100));
    let warnings = |actions: Vec<FleetAction>| {
        let low =
            |it: &&FleetAction| matches!(it, FleetAction::Emit(Event::IdentifyBudgetLow { .. }));
        actions.iter().filter(low).count()
    };
    assert_eq!(warnings(want(&mut fleet, at(0), all[0])), 1);
    fleet.refresh(at(1_000), limit(16, 90));
    assert_eq!(
        warnings(want(&mut fleet, at(1_000), all[1])),
        0,
        "warned before"
    );
    // Full again before its time: somebody was mistaken.
    fleet.refresh(at(2_000), limit(16, 1000));
    assert_eq!(warnings(want(&mut fleet, at(2_000), all[2])), 0, "plenty");
    fleet.refresh(at(3_000), limit(16, 80));
    assert_eq!(warnings(want(&mut fleet, at(3_000), all[3])), 1, "anew");
}
