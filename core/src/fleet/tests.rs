//! Who identifies when, what the budget allows, and when the bot is ready.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use core::num::{NonZeroU32, NonZeroUsize};
use core::time::Duration;

use super::{Fleet, FleetAction, FleetConfig, FleetInput, StartLimit};
use crate::cache::Lack;
use crate::event::{BotReady, Event, FinishedChunking, PresencesCounts, StateChanged};
use crate::id::GuildId;
use crate::session::{Phase, Reason};
use crate::setup::{PresencesSummary, Restored, ShardFinishedChunking, ShardReady};
use crate::{Instant, ShardId};

mod earlier_process;
mod stale;
mod start_limit;

/// Actions are the same if all that can be seen of them is.
impl PartialEq for FleetAction {
    fn eq(&self, other: &Self) -> bool {
        format!("{self:?}") == format!("{other:?}")
    }
}

fn shards(total: u32) -> Vec<ShardId> {
    ShardId::all(NonZeroU32::new(total).unwrap()).collect()
}

fn limit(max_concurrency: u32, remaining: u32) -> StartLimit {
    let reset_after = Duration::from_secs(3600);
    StartLimit {
        total: 1000,
        remaining,
        reset_after,
        max_concurrency,
    }
}

fn fleet(total: u32, limit: StartLimit) -> Fleet {
    Fleet::new(Instant::ZERO, FleetConfig::new(limit), shards(total))
}

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

fn want(fleet: &mut Fleet, now: Instant, shard: ShardId) -> Vec<FleetAction> {
    fleet
        .handle(now, FleetInput::WantIdentify(shard))
        .into_iter()
        .collect()
}

fn wake(fleet: &mut Fleet, now: Instant) -> Vec<FleetAction> {
    fleet.handle(now, FleetInput::Timeout).into_iter().collect()
}

fn feed(fleet: &mut Fleet, now: Instant, shard: ShardId, event: &Event<'_>) -> Vec<FleetAction> {
    fleet
        .handle(now, FleetInput::Event(shard, event))
        .into_iter()
        .collect()
}

fn moves_to(to: Phase) -> Event<'static> {
    Event::StateChanged(StateChanged {
        from: Phase::Idle,
        to,
        reason: Reason::WaitOver,
    })
}

fn ready(shard: ShardId, available: usize, unavailable: usize) -> Event<'static> {
    Event::ShardReady(ShardReady {
        shard,
        available,
        unavailable,
        restored: None,
    })
}

fn finished(shard: ShardId, complete: usize) -> Event<'static> {
    Event::ShardFinishedChunking(Box::new(summary(shard, complete)))
}

fn summary(shard: ShardId, complete: usize) -> ShardFinishedChunking {
    ShardFinishedChunking {
        shard,
        complete,
        incomplete: Vec::new(),
        unread: Vec::new(),
        not_asked: Vec::new(),
        no_intent: Vec::new(),
        handed_over: Vec::new(),
        store_failed: Vec::new(),
        missed: Vec::new(),
        unavailable: Vec::new(),
        removed: Vec::new(),
        refused: Vec::new(),
        presences: None,
        untracked: 0,
        restored: None,
    }
}

#[test]
fn one_shard_of_each_bucket_identifies_at_a_time_in_order_of_asking() {
    let all = shards(5);
    let mut fleet = fleet(5, limit(2, 1000));
    let mut granted = Vec::new();
    for shard in &all {
        granted.extend(want(&mut fleet, at(0), *shard));
    }
    assert_eq!(
        granted,
        [FleetAction::Grant(all[0]), FleetAction::Grant(all[1])]
    );

    // The bucket of shard 0 rests from the moment its identify was written.
    assert_eq!(
        feed(&mut fleet, at(400), all[0], &moves_to(Phase::Identifying)),
        []
    );
    assert_eq!(wake(&mut fleet, at(5_699)), []);
    assert_eq!(fleet.poll_timeout(), Some(at(5_700)));
    assert_eq!(wake(&mut fleet, at(5_700)), [FleetAction::Grant(all[2])]);

    // Shard 1 gave up before it wrote anything: its bucket is free at once.
    let freed = feed(&mut fleet, at(5_800), all[1], &moves_to(Phase::Idle));
    assert_eq!(freed, [FleetAction::Grant(all[3])]);
}

#[test]
fn who_is_let_in_is_counted_and_how_long_they_waited() {
    let mut fleet = fleet(3, limit(1, 1000));
    let all = shards(3);
    for &shard in &all {
        want(&mut fleet, at(1_000), shard);
    }
    assert_eq!(fleet.granted(), (1, Duration::ZERO));
    feed(&mut fleet, at(2_000), all[0], &moves_to(Phase::Identifying));
    wake(&mut fleet, at(7_300));
    assert_eq!(fleet.granted(), (2, Duration::from_millis(6_300)));
    // One that gives up has waited for nothing.
    feed(&mut fleet, at(9_000), all[2], &moves_to(Phase::Idle));
    assert_eq!(fleet.granted(), (2, Duration::from_millis(6_300)));
}

#[test]
fn a_grant_that_leads_to_nothing_is_forgotten() {
    let all = shards(2);
    let mut fleet = fleet(2, limit(1, 1000));
    assert_eq!(want(&mut fleet, at(0), all[0]).len(), 1);
    assert_eq!(want(&mut fleet, at(0), all[1]), []);
    let again = fleet.poll_timeout().unwrap();
    assert!(again <= at(60_000));
    assert_eq!(wake(&mut fleet, again), [FleetAction::Grant(all[1])]);
}

#[test]
fn a_shard_that_lost_its_grant_gets_another() {
    let all = shards(1);
    let mut fleet = fleet(1, limit(1, 1000));
    for time in [0, 20_000, 200_000] {
        assert_eq!(
            want(&mut fleet, at(time), all[0]),
            [FleetAction::Grant(all[0])]
        );
    }
}

#[test]
fn asking_twice_is_asking_once() {
    let all = shards(3);
    let mut fleet = fleet(3, limit(1, 1000));
    for shard in [all[0], all[1], all[1], all[2], all[2]] {
        want(&mut fleet, at(0), shard).into_iter().for_each(drop);
    }
    assert_eq!(fleet.readiness().waiting, 2);
    feed(&mut fleet, at(1), all[0], &moves_to(Phase::Identifying))
        .into_iter()
        .for_each(drop);
    assert_eq!(wake(&mut fleet, at(10_000)), [FleetAction::Grant(all[1])]);
}

#[test]
fn the_budget_warns_then_refuses_and_is_full_again_at_its_time() {
    let all = shards(200);
    let mut fleet = fleet(200, limit(1000, 102));
    let mut granted = 0;
    let mut low = 0;
    let mut spent = Vec::new();
    for shard in &all {
        for action in want(&mut fleet, at(0), *shard) {
            match action {
                FleetAction::Grant(shard) => {
                    granted += 1;
                    let emitted = feed(&mut fleet, at(0), shard, &moves_to(Phase::Identifying));
                    assert_eq!(emitted, []);
                }
                FleetAction::Emit(Event::IdentifyBudgetLow { .. }) => low += 1,
                event => spent.push(event),
            }
        }
    }
    assert_eq!((granted, low, fleet.identifies_left()), (92, 1, 10));
    let until = at(3_600_000);
    let event = Event::IdentifyBudgetSpent { until };
    assert_eq!(spent, [FleetAction::Emit(event)]);
    assert_eq!(fleet.poll_timeout(), Some(until));
    let refilled = wake(&mut fleet, until);
    assert_eq!(refilled.len(), 200 - 92);
}

#[test]
fn what_is_spent_comes_back_after_a_day_if_nobody_says_when() {
    let day = at(86_400_000);
    for remaining in [0, 11] {
        let limit = StartLimit {
            reset_after: Duration::ZERO,
            ..limit(1, remaining)
        };
        let all = shards(2);
        let mut fleet = fleet(2, limit);
        let granted = want(&mut fleet, at(0), all[0]).contains(&FleetAction::Grant(all[0]));
        assert_eq!(granted, remaining == 11);
        feed(&mut fleet, at(0), all[0], &moves_to(Phase::Identifying))
            .into_iter()
            .for_each(drop);
        want(&mut fleet, at(20_000), all[1])
            .into_iter()
            .for_each(drop);
        assert_eq!(fleet.poll_timeout(), Some(day), "{remaining} were left");
        let woken = wake(&mut fleet, day);
        assert!(woken.contains(&FleetAction::Grant(all[1])), "{woken:?}");
    }
}

#[test]
fn a_whole_budget_begins_its_day_with_the_first_identify() {
    let limit = StartLimit {
        reset_after: Duration::ZERO,
        total: 11,
        ..limit(1, 11)
    };
    let all = shards(2);
    let mut fleet = fleet(2, limit);
    let spent = at(50_000);
    want(&mut fleet, spent, all[0]).into_iter().for_each(drop);
    let emitted = feed(&mut fleet, spent, all[0], &moves_to(Phase::Identifying));
    assert_eq!(emitted, []);
    want(&mut fleet, at(60_000), all[1])
        .into_iter()
        .for_each(drop);
    assert_eq!(fleet.poll_timeout(), Some(at(86_450_000)));
}

#[test]
fn a_newer_answer_with_as_many_buckets_leaves_them_as_they_are() {
    let all = shards(2);
    let mut fleet = fleet(2, limit(2, 1000));
    assert_eq!(want(&mut fleet, at(0), all[0]).len(), 1);
    fleet.refresh(at(1), limit(2, 999));
    assert_eq!(
        want(&mut fleet, at(2), all[1]),
        [FleetAction::Grant(all[1])]
    );
    assert_eq!(fleet.readiness().waiting, 0);
}

#[test]
fn an_ordinary_bot_has_a_thousand_identifies_a_day_one_at_a_time() {
    let ordinary = StartLimit::default();
    assert_eq!((ordinary.total, ordinary.remaining), (1000, 1000));
    assert_eq!(
        (ordinary.max_concurrency, ordinary.reset_after),
        (1, Duration::ZERO)
    );
}

#[test]
fn grants_under_way_count_against_the_budget() {
    let all = shards(8);
    let mut fleet = fleet(8, limit(8, 13));
    let granted: usize = all
        .iter()
        .map(|s| want(&mut fleet, at(0), *s))
        .map(|actions| {
            actions
                .iter()
                .filter(|action| matches!(action, FleetAction::Grant(_)))
                .count()
        })
        .sum();
    assert_eq!(granted, 3);
}

#[test]
fn the_bot_is_ready_once_when_every_shard_is() {
    let all = shards(2);
    let mut fleet = fleet(2, limit(1, 1000));
    for shard in &all {
        feed(&mut fleet, at(0), *shard, &moves_to(Phase::Identifying))
            .into_iter()
            .for_each(drop);
    }
    assert_eq!(feed(&mut fleet, at(1), all[0], &finished(all[0], 3)), []);
    assert_eq!(feed(&mut fleet, at(1), all[0], &ready(all[0], 3, 1)), []);
    let chunked = Event::FinishedChunking(FinishedChunking {
        complete: 7,
        others: 0,
        presences: None,
        restored: None,
        halted: Vec::new(),
    });
    assert_eq!(
        feed(&mut fleet, at(2), all[1], &finished(all[1], 4)),
        [FleetAction::Emit(chunked)]
    );
    let done = Event::BotReady(BotReady {
        available: 7,
        unavailable: 1,
        restored: None,
        halted: Vec::new(),
    });
    assert_eq!(
        feed(&mut fleet, at(2), all[1], &ready(all[1], 4, 0)),
        [FleetAction::Emit(done)]
    );
    // A later fresh session of a shard says it again; the bot does not.
    assert_eq!(feed(&mut fleet, at(9), all[1], &finished(all[1], 4)), []);
    assert_eq!(feed(&mut fleet, at(9), all[1], &ready(all[1], 4, 0)), []);
    assert_eq!((fleet.readiness().ready, fleet.readiness().chunked), (2, 2));
}

#[test]
fn presences_and_guilds_that_are_not_complete_are_counted_over_all_shards() {
    let all = shards(3);
    let mut fleet = fleet(3, limit(1, 1000));
    let guild = |number| GuildId::new(number).unwrap();
    let emitted = [
        ShardFinishedChunking {
            unread: [(guild(1), 2)].into(),
            not_asked: [guild(2)].into(),
            presences: Some(PresencesSummary {
                complete: 3,
                lacking: [(guild(3), Lack::NotAsked)].into(),
            }),
            ..summary(all[0], 4)
        },
        ShardFinishedChunking {
            no_intent: [guild(4)].into(),
            presences: Some(PresencesSummary {
                complete: 1,
                lacking: Vec::new(),
            }),
            ..summary(all[1], 1)
        },
    ];
    for (shard, summary) in all.iter().zip(emitted) {
        let done = Event::ShardFinishedChunking(Box::new(summary));
        assert_eq!(feed(&mut fleet, at(1), *shard, &done), []);
    }
    let done = Event::FinishedChunking(FinishedChunking {
        complete: 5,
        others: 3,
        presences: Some(PresencesCounts {
            complete: 4,
            others: 4,
        }),
        restored: None,
        halted: Vec::new(),
    });
    let last = feed(&mut fleet, at(2), all[2], &finished(all[2], 0));
    assert_eq!(last[0], FleetAction::Emit(done));
}

#[test]
fn what_was_restored_is_counted_over_all_shards_as_of_the_earliest_time() {
    let all = shards(3);
    let mut fleet = fleet(3, limit(1, 1000));
    let restored = |guilds, taken| {
        let guilds = NonZeroUsize::new(guilds)?;
        Some(Restored { guilds, taken })
    };
    let mut last = Vec::new();
    for (shard, part) in all.iter().zip([restored(2, 70), None, restored(3, 60)]) {
        let chunked = ShardFinishedChunking {
            restored: part,
            ..summary(*shard, 4)
        };
        let ready = ShardReady {
            shard: *shard,
            available: 4,
            unavailable: 0,
            restored: part,
        };
        let chunked = Event::ShardFinishedChunking(Box::new(chunked));
        last = feed(&mut fleet, at(1), *shard, &chunked);
        last.extend(feed(&mut fleet, at(1), *shard, &Event::ShardReady(ready)));
    }
    let expected = [
        FleetAction::Emit(Event::FinishedChunking(FinishedChunking {
            complete: 12,
            others: 0,
            presences: None,
            restored: restored(5, 60),
            halted: Vec::new(),
        })),
        FleetAction::Emit(Event::BotReady(BotReady {
            available: 12,
            unavailable: 0,
            restored: restored(5, 60),
            halted: Vec::new(),
        })),
    ];
    assert_eq!(last, expected);
    assert_eq!(fleet.report().restored, restored(5, 60));
}

#[test]
fn a_halted_shard_is_not_waited_for_and_is_named() {
    let all = shards(2);
    let mut fleet = fleet(2, limit(1, 1000));
    assert_eq!(
        feed(&mut fleet, at(0), all[0], &moves_to(Phase::Halted)),
        []
    );
    let done = Event::BotReady(BotReady {
        available: 1,
        unavailable: 0,
        restored: None,
        halted: [all[0]].into(),
    });
    assert_eq!(
        feed(&mut fleet, at(2), all[1], &ready(all[1], 1, 0)),
        [FleetAction::Emit(done)]
    );
}

#[test]
fn a_resume_alone_says_nothing_of_guilds() {
    let all = shards(1);
    let mut fleet = fleet(1, limit(1, 1000));
    let resumed = feed(&mut fleet, at(0), all[0], &Event::Resumed { replayed: 3 });
    assert_eq!(resumed, []);
    let handed_over = ShardFinishedChunking {
        handed_over: [GuildId::new(5).unwrap()].into(),
        ..summary(all[0], 0)
    };
    let done = Event::ShardFinishedChunking(Box::new(handed_over));
    let emitted = feed(&mut fleet, at(0), all[0], &done);
    let [FleetAction::Emit(Event::FinishedChunking(done))] = &emitted[..] else {
        panic!("{emitted:?}");
    };
    assert_eq!((done.complete, done.others), (0, 1));
}

#[test]
fn shards_of_others_are_ignored() {
    let mut fleet = fleet(2, limit(1, 1000));
    assert_eq!(want(&mut fleet, at(0), ShardId::new(0, 3)), []);
    assert_eq!(fleet.poll_timeout(), None);
}
