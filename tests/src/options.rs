//! Everything that can be configured; the default is a small gateway that keeps its own rules.

/// The gateway's configuration.
#[derive(Clone, Debug, Default)]
pub struct Options {}
