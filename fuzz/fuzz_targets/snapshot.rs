#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| headcount_sim::fuzzing::run("snapshot", bytes));
