//! Promise 6: with a server that is well again, a shard hears again within the bound.

use std::time::Duration;

use headcount_core::Action;
use headcount_core::config::Timing;
use headcount_sim::{Act, Fault, Junk, Options, Pair, Plan, Target, Trouble};

use crate::bot::{self, all_active, pair, troubles};

/// A guild of two chunks and one of none.
fn options() -> Options {
    let world = Plan {
        guilds: Plan::sizes([1_100, 3]).guilds,
        ..bot::options().world
    };
    Options {
        world,
        ..bot::options()
    }
}

/// Two heartbeat intervals and the deadlines of one attempt, in milliseconds.
fn bound() -> u64 {
    let Timing {
        dial,
        hello,
        ready,
        longest_backoff,
        ..
    } = Timing::default();
    let attempt = dial + hello + ready + longest_backoff;
    assert!(attempt <= Duration::from_secs(120));
    2 * 41_250 + u64::try_from(attempt.as_millis()).unwrap()
}

/// Whether each shard is active and a heartbeat asked for now is sent at once.
fn hears(pair: &mut Pair) -> bool {
    if !all_active(pair) {
        return false;
    }
    let before = pair.gateway.ledger().heartbeats;
    pair.act(Act::AskBeat(Target::All));
    pair.run(1_000);
    let beats = pair.gateway.ledger().heartbeats - before;
    beats >= pair.seats.len() as u64
}

/// Runs a bot until all is well, lets `acts` happen, and says whether it hears within the bound.
fn recovers(acts: &[Act], seed: u64) -> bool {
    let mut pair = pair(options(), seed);
    assert!(pair.run_until(60_000, all_active));
    pair.run(20_000 + seed * 7_000);
    for act in acts {
        pair.act(act.clone());
    }
    pair.run(bound());
    hears(&mut pair)
}

#[test]
fn after_each_trouble_of_a_connection_that_is_made_anew() {
    for (number, trouble) in troubles().into_iter().enumerate() {
        for cut in [Act::Cut(Target::All), Act::Close(Target::All, 4009)] {
            let acts = [Act::Inject(Fault::once(trouble.clone())), cut];
            assert!(recovers(&acts, number as u64), "{acts:?}");
        }
    }
}

#[test]
fn after_each_trouble_of_a_connection_that_runs() {
    let junk = [
        Junk::NotJson,
        Junk::Deep,
        Junk::UnknownOpcode,
        Junk::HugeNumbers,
    ];
    let mut acts: Vec<Act> = junk.map(|junk| Act::Babble(Target::All, junk)).into();
    acts.extend(
        [
            1000, 1001, 1006, 4000, 4001, 4002, 4003, 4005, 4006, 4007, 4008, 4009, 4321,
        ]
        .map(|code| Act::Close(Target::All, code)),
    );
    acts.extend([true, false].map(|resumable| {
        let target = Target::All;
        Act::Invalidate { target, resumable }
    }));
    acts.extend([Act::Reconnect(Target::All), Act::WithholdAcks(Target::All)]);
    acts.extend([Act::Silence(Target::All), Act::Cut(Target::All)]);
    for (seed, act) in acts.into_iter().enumerate() {
        assert!(recovers(std::slice::from_ref(&act), seed as u64), "{act:?}");
        let lost = [Act::ForgetSessions(Target::All), act];
        assert!(recovers(&lost, seed as u64), "{lost:?}");
    }
}

#[test]
fn from_the_first_dial_on() {
    for (seed, trouble) in troubles().into_iter().enumerate() {
        let faults = vec![Fault::once(trouble.clone())];
        let mut pair = pair(
            Options {
                faults,
                ..options()
            },
            seed as u64,
        );
        pair.run(bound());
        assert!(hears(&mut pair), "{trouble:?}");
    }
}

#[test]
fn no_trouble_that_lasts_leads_to_a_loop_without_back_off() {
    for (trouble, most) in [
        (Trouble::RefuseUpgrade(503), 200),
        (Trouble::CloseInsteadOfHello(None), 200),
        (Trouble::ReconnectInsteadOfHello, 200),
        (Trouble::CloseAfterStart(None), 200),
        (Trouble::InvalidateIdentify { resumable: false }, 200),
    ] {
        let faults = vec![Fault::always(trouble.clone())];
        let mut pair = pair(
            Options {
                faults,
                ..options()
            },
            9,
        );
        pair.run(3_600_000);
        let dials = pair
            .done
            .iter()
            .filter(|done| matches!(done.action, Action::Connect { .. }));
        let dials = dials.count();
        assert!(
            (20..most).contains(&dials),
            "{trouble:?}: {dials} dials in an hour"
        );
        pair.act(Act::Heal);
        pair.run(bound());
        assert!(hears(&mut pair), "{trouble:?}");
    }
}

#[test]
fn a_dead_resume_host_is_given_up_and_the_session_is_kept() {
    let faults = vec![Fault::always(Trouble::DeadResumeHost(503))];
    let mut pair = pair(
        Options {
            faults,
            ..options()
        },
        4,
    );
    assert!(pair.run_until(60_000, all_active));
    pair.run(5_000);
    pair.act(Act::Cut(Target::All));
    pair.done.clear();
    assert!(pair.run_until(60_000, all_active));
    let mut urls = Vec::new();
    for done in &pair.done {
        if let Action::Connect { url } = &done.action {
            urls.push(&**url);
        }
    }
    use headcount_sim::pair::{BASE, RESUME};
    assert_eq!(urls, [RESUME, BASE]);
    let ledger = pair.gateway.ledger();
    assert_eq!((ledger.identifies.len(), ledger.resumes.len()), (1, 1));
}
