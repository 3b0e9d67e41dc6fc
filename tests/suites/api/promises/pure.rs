//! Promise 1: no clock, no randomness of its own; the same seed and inputs, the same actions.

use headcount_core::{Input, Instant, Shard};
use headcount_sim::{Act, Options, Target};

use crate::bot::{Dice, config, faults, options, pair};
use crate::sources::{core_sources, without_tests};

/// All that a bot of two shards does in ten minutes of trouble.
fn scenario(seed: u64) -> Vec<String> {
    let mut dice = Dice(seed);
    let faults = faults(&mut dice);
    let script = (1..20)
        .map(|minute| (minute * 30_000, Act::Traffic { events: 20 }))
        .collect();
    let mut pair = pair(
        Options {
            shards: 2,
            faults,
            script,
            ..options()
        },
        seed,
    );
    pair.run(300_000);
    pair.act(Act::Cut(Target::All));
    pair.run(300_000);
    pair.done.iter().map(|done| format!("{done:?}")).collect()
}

#[test]
fn the_same_seed_and_inputs_give_the_same_actions() {
    for seed in 0..4 {
        let first = scenario(seed);
        assert!(first.len() > 100);
        // What the process did before makes no difference.
        let other = scenario(seed + 1000);
        assert!(first != other, "seeds do not matter");
        assert!(first == scenario(seed), "seed {seed} makes two scenarios");
    }
}

#[test]
fn a_copy_of_a_shard_goes_on_like_the_shard() {
    let mut shard = Shard::new(config(), 5);
    let hello = br#"{"op":10,"d":{"heartbeat_interval":41250}}"#;
    let inputs = [
        Input::Timeout,
        Input::Opened,
        Input::Payload(hello),
        Input::Closed(None),
    ];
    for (step, input) in inputs.into_iter().cycle().take(40).enumerate() {
        let now = Instant::from_millis(step as u64 * 20_000);
        let mut copy = shard.clone();
        let (one, two) = (shard.handle(now, input), copy.handle(now, input));
        assert_eq!(format!("{one:?}"), format!("{two:?}"));
        assert_eq!(shard.poll_timeout(), copy.poll_timeout());
    }
}

#[test]
fn the_core_names_nothing_that_is_outside() {
    for source in core_sources() {
        for (number, line) in without_tests(&source.text).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let at = format!("{}:{}", source.path.display(), number + 1);
            for outside in ["std::", "thread_local", "lazy_lock"] {
                assert!(!code.contains(outside), "{outside} at {at}");
            }
            // An atomic may be a field, never a global: that a row was read is noted in the row.
            let item = code.trim_start().trim_start_matches("pub").trim_start();
            let item = item
                .trim_start_matches("(crate)")
                .trim_start_matches("(super)");
            assert!(
                !item.trim_start().starts_with("static "),
                "a global at {at}"
            );
        }
    }
}
