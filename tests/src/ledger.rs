//! What the gateway sent, for tests to compare a client's tables with.

/// The record of what was sent.
#[derive(Clone, Debug, Default)]
pub struct Ledger {}
