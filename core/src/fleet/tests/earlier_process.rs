//! What a process before this one did.

use super::*;

#[test]
fn a_bucket_rests_for_what_is_left_since_an_earlier_process_identified() {
    let all = shards(4);
    let mut fleet = fleet(4, limit(2, 1000));
    let ago = Duration::from_millis(300);
    fleet.identified_before(at(0), all[3], ago);
    assert_eq!(want(&mut fleet, at(0), all[1]), [], "its bucket rests");
    let granted = [FleetAction::Grant(all[0])];
    assert_eq!(want(&mut fleet, at(0), all[0]), granted, "the other one");
    assert_eq!(fleet.poll_timeout(), Some(at(5_000)));
    assert_eq!(wake(&mut fleet, at(4_999)), []);
    assert_eq!(wake(&mut fleet, at(5_000)), [FleetAction::Grant(all[1])]);
    assert_eq!(fleet.identifies_left(), 1000, "the service has counted it");
}

#[test]
fn of_several_that_used_a_bucket_the_latest_counts() {
    let all = shards(2);
    let seconds = Duration::from_secs;
    for ages in [[1, 4], [4, 1]] {
        let mut fleet = fleet(2, limit(1, 1000));
        for (shard, age) in all.iter().zip(ages) {
            fleet.identified_before(at(0), *shard, seconds(age));
        }
        assert_eq!(want(&mut fleet, at(0), all[0]), []);
        assert_eq!(fleet.poll_timeout(), Some(at(4_300)), "{ages:?}");
    }
}

#[test]
fn one_that_is_long_ago_holds_nobody_up() {
    let shard = ShardId::ONE;
    let mut fleet = fleet(1, limit(1, 1000));
    fleet.identified_before(at(0), shard, Duration::from_millis(5_300));
    assert_eq!(want(&mut fleet, at(0), shard), [FleetAction::Grant(shard)]);
}
