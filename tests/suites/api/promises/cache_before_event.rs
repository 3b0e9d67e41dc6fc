//! Promise 5: the mutations of a dispatch come before it, in order of sequence; what follows
//! from it comes after, in one order.

use headcount_core::cache::Op;
use headcount_core::event::Fault;
use headcount_core::wire::Name;
use headcount_core::{Action, Event, Position};
use headcount_sim::pair::Done;
use headcount_sim::{Act, Junk, Options, Target, guild_id};

use crate::bot::{Dice, faults, options, pair};

/// A bot whose guilds live, through some trouble.
fn scenario(seed: u64, shards: u32) -> Vec<Done> {
    let mut dice = Dice(seed);
    let mut script: Vec<(u64, Act)> = Vec::new();
    for second in 1..200 {
        script.push((second * 1_000, Act::Traffic { events: 10 }));
    }
    script.push((60_000, Act::Cut(Target::All)));
    script.push((120_000, Act::Outage { guild: guild_id(1) }));
    script.push((150_000, Act::Restore { guild: guild_id(1) }));
    script.push((160_000, Act::CreateGuild { members: 1_100 }));
    let faults = faults(&mut dice);
    let mut pair = pair(
        Options {
            shards,
            faults,
            script,
            ..options()
        },
        seed,
    );
    pair.run(400_000);
    pair.done
}

fn of(done: &[Done], shard: usize) -> Vec<&Action<'static>> {
    let mine = done.iter().filter(|done| done.shard == shard);
    mine.map(|done| &done.action).collect()
}

#[test]
fn each_mutation_is_followed_by_its_own_dispatch() {
    for seed in 0..6 {
        let done = scenario(seed, 2);
        for shard in 0..2 {
            let actions = of(&done, shard);
            let mut mutations = 0;
            for pair in actions.windows(2) {
                let Action::Mutate(mutation) = pair[0] else {
                    continue;
                };
                let Some(Position { sequence, .. }) = mutation.origin() else {
                    // Time alone ends a request too, and says no more than that.
                    let mut ops = mutation.ops();
                    assert!(ops.all(|op| matches!(op, Op::Incomplete(_))), "seed {seed}");
                    continue;
                };
                let Action::Emit(Event::Dispatch(dispatch)) = pair[1] else {
                    panic!("seed {seed}: {:?} follows a mutation", pair[1]);
                };
                assert_eq!(dispatch.sequence(), Some(sequence), "seed {seed}");
                mutations += 1;
            }
            assert!(mutations > 20, "seed {seed}: {mutations}");
        }
    }
}

#[test]
fn dispatches_come_in_order_of_sequence_and_once() {
    for seed in 0..6 {
        let done = scenario(seed, 1);
        let mut last = 0;
        for action in of(&done, 0) {
            let Action::Emit(Event::Dispatch(dispatch)) = action else {
                continue;
            };
            let sequence = dispatch.sequence().expect("a sequence");
            if dispatch.name() == Name::Ready {
                last = 0;
            }
            assert!(sequence > last, "seed {seed}: {sequence} after {last}");
            last = sequence;
        }
        assert!(last > 20, "seed {seed}");
    }
}

#[test]
fn a_dispatch_that_is_sent_twice_is_delivered_once() {
    let mut pair = pair(options(), 2);
    pair.run(60_000);
    pair.done.clear();
    let last = pair.seats[0].shard.session().expect("a session").sequence();
    for sequence in [last + 1, last + 1, last, 1] {
        let text = format!(r#"{{"op":0,"t":"TYPING_START","s":{sequence},"d":{{}}}}"#);
        pair.act(Act::Babble(Target::All, Junk::Text(text)));
    }
    let events: Vec<_> = pair.events().collect();
    let [Event::Dispatch(_), repeated @ ..] = &events[..] else {
        panic!("delivered: {events:?}");
    };
    assert_eq!(repeated.len(), 3);
    for event in repeated {
        let Event::Misunderstood(event) = event else {
            panic!("{event:?}");
        };
        assert_eq!(event.fault, Fault::Repeated);
    }
}

/// The place of an event among those that one payload leads to.
fn rank(event: &Event<'_>) -> Option<u8> {
    match event {
        Event::Dispatch(_) => Some(0),
        Event::ChunkRequestFinished(_) => Some(1),
        Event::GuildReady(_) | Event::GuildJoin(_) | Event::GuildRestored(_) => Some(2),
        Event::ShardFinishedChunking(_) => Some(3),
        Event::ShardReady(_) => Some(4),
        _ => None,
    }
}

#[test]
fn what_follows_from_a_dispatch_comes_in_one_order() {
    let mut seen = [0; 5];
    for seed in 0..6 {
        let done = scenario(seed, 1);
        let mut last = 0;
        for action in of(&done, 0) {
            let Action::Emit(event) = action else {
                continue;
            };
            // A guild that has gone silent, or is gone, ends without a payload of its own.
            let Some(rank) = rank(event) else {
                last = 0;
                continue;
            };
            assert!(
                rank >= last || rank <= 1,
                "seed {seed}: {event:?} after one of rank {last}"
            );
            seen[usize::from(rank)] += 1;
            last = rank;
        }
    }
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
}
