//! The fuzz targets' bodies on random bytes.
use super::cases;
use headcount_sim::fuzzing;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::time::{Duration, Instant};

/// Random bytes of any length up to `longest`.
fn bytes(longest: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..longest)
}

macro_rules! holds {
    ($($(#[$doc:meta])* $test:ident: $target:literal, $cases:literal of $longest:literal;)*) => {
        $(
            proptest! {
                #![proptest_config(cases($cases))]

                $(#[$doc])*
                #[test]
                fn $test(bytes in bytes($longest)) {
                    fuzzing::run($target, &bytes);
                }
            }
        )*
    };
}

holds! {
    a_command_says_what_was_asked_for: "commands", 300 of 600;
    a_shard_keeps_the_protocol_and_time_may_be_split: "session", 150 of 600;
    setup_is_that_of_a_naive_reference: "setup", 150 of 900;
    chunks_are_those_of_plain_sets: "chunks", 200 of 600;
    a_view_is_the_same_in_any_spelling_and_an_odd_value_costs_itself: "views", 2000 of 60;
    the_cache_is_that_of_a_naive_model: "cache", 200 of 1500;
    a_damaged_snapshot_is_refused_or_gives_a_consistent_store: "snapshot", 600 of 400;
    a_compressed_stream_may_be_cut_anywhere: "inflate", 60 of 200;
    messages_arrive_whole_over_any_stream: "driver_io", 150 of 1500;
    a_bot_recovers_once_all_faults_are_over: "driver", 60 of 3000;
}

#[test]
#[ignore = "takes two minutes a target; in place of a fuzzer where there is none"]
fn random_bytes_for_two_minutes() {
    let targets = ["envelope", "views", "cache"];
    std::thread::scope(|scope| {
        for target in targets {
            scope.spawn(move || {
                let end = Instant::now() + Duration::from_secs(120);
                let mut runner = TestRunner::new(cases(1));
                while Instant::now() < end {
                    let tree = bytes(1_500).new_tree(&mut runner).expect("bytes");
                    fuzzing::run(target, &tree.current());
                }
            });
        }
    });
}
