//! The fuzz targets' bodies on random bytes.
use super::cases;
use headcount_sim::fuzzing;
use proptest::collection::vec;
use proptest::prelude::*;

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
    the_cache_is_that_of_a_naive_model: "cache", 200 of 1500;
    a_compressed_stream_may_be_cut_anywhere: "inflate", 60 of 200;
    messages_arrive_whole_over_any_stream: "driver_io", 150 of 1500;
}
