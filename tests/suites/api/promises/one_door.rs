//! Promise 2: every effect is an action; every wait has a deadline.

use std::collections::HashSet;

use headcount_core::chunk::MemberQuery;
use headcount_core::id::GuildId;
use headcount_core::session::{OnStop, Phase};
use headcount_core::{Action, Event};
use headcount_sim::{Act, Fault, Options, Pair, Target, Trouble, guild_id};

use crate::bot::{Dice, all_active, faults, options, pair};

/// Steps through time, and asks after each step whether every shard says when to wake it.
fn watched(pair: &mut Pair, millis: u64, seen: &mut HashSet<Phase>) {
    let end = pair.now + millis;
    loop {
        for seat in &pair.seats {
            let phase = seat.shard.phase();
            seen.insert(phase);
            let deadline = seat.shard.poll_timeout();
            assert_eq!(
                deadline.is_none(),
                phase == Phase::Halted,
                "{phase:?}: {deadline:?}"
            );
        }
        if !pair.step(end) {
            return;
        }
    }
}

#[test]
fn every_wait_has_a_deadline_in_every_phase() {
    let mut seen = HashSet::new();
    for seed in 0..8 {
        let mut dice = Dice(seed);
        let mut faults = faults(&mut dice);
        faults.push(Fault::once(Trouble::SilentUpgrade));
        faults.push(Fault::once(Trouble::CloseAfterStart(None)));
        // Silent from the first dispatch on: the phase before stays to be seen.
        faults.push(Fault::once(Trouble::SilentAfterDispatches(1)));
        let mut pair = pair(
            Options {
                shards: 2,
                faults,
                ..options()
            },
            seed,
        );
        watched(&mut pair, 200_000, &mut seen);
        pair.act(Act::Close(Target::All, 4009));
        watched(&mut pair, 200_000, &mut seen);
        pair.act(Act::Close(Target::All, 4004));
        watched(&mut pair, 200_000, &mut seen);
    }
    for phase in [Phase::Idle, Phase::Waiting, Phase::Active, Phase::Halted] {
        assert!(seen.contains(&phase), "{phase:?} was not seen");
    }
    // These last no time when the peer answers at once; here it does not.
    for (trouble, phase) in [
        (Trouble::SilentUpgrade, Phase::Connecting),
        (Trouble::SilentFrom { from: 0 }, Phase::Identifying),
    ] {
        let mut pair = pair(
            Options {
                faults: vec![Fault::always(trouble)],
                ..options()
            },
            1,
        );
        let mut seen = HashSet::new();
        watched(&mut pair, 100_000, &mut seen);
        assert!(
            seen.contains(&phase) && !seen.contains(&Phase::Active),
            "{seen:?}"
        );
    }
}

#[test]
fn what_is_asked_for_only_queues_and_pulls_the_deadline() {
    let mut pair = pair(options(), 3);
    assert!(pair.run_until(60_000, all_active));
    pair.run(5_000);
    let (now, before) = (pair.now, pair.gateway.ledger().requests.len());
    let shard = &mut pair.seats[0].shard;
    let guild = GuildId::new(guild_id(3)).unwrap();
    let prefix = MemberQuery::Prefix {
        query: "a".into(),
        limit: 5,
    };
    shard.request_members(guild, prefix, false).unwrap();
    assert!(shard.poll_timeout().unwrap().at.as_millis() <= now);
    assert_eq!(pair.gateway.ledger().requests.len(), before);
    pair.run(0);
    assert_eq!(pair.gateway.ledger().requests.len(), before + 1);
    let shard = &mut pair.seats[0].shard;
    shard.stop(OnStop::End);
    assert_eq!(shard.phase(), Phase::Active);
    assert!(shard.poll_timeout().unwrap().at.as_millis() <= now);
    pair.run(0);
    assert_eq!(pair.seats[0].shard.phase(), Phase::Halted);
    let last = &pair.done.last().unwrap().action;
    assert!(matches!(last, Action::Emit(Event::Halted(_))), "{last:?}");
}
