//! What holds for any input: drawn at random, and made small when it does not hold.
//!
//! Most of it is asserted by the bodies of the fuzz targets, which random bytes drive here.
mod bodies;
mod budgets;
mod census;
mod corpus;
mod crashes;
mod decoder;
mod restore;
mod text;

use proptest::test_runner::Config;

/// So many cases; what once failed is kept as a file of the fuzz corpus or as a test by name.
fn cases(cases: u32) -> Config {
    Config {
        failure_persistence: None,
        ..Config::with_cases(cases)
    }
}
