//! One connection after another, and the session that outlives them.
//!
//! `state` says what there is, `step` what happens: its arms are the rows of the protocol's
//! table. `machine` keeps the little that belongs to no single state.

pub(crate) mod backoff;
mod dial;
pub(crate) mod heartbeat;
pub(crate) mod identify_pace;
pub(crate) mod machine;
pub(crate) mod payload;
mod phase;
pub(crate) mod resume;
pub(crate) mod signal;
pub(crate) mod state;
pub(crate) mod step;

pub use dial::DialFailure;
pub use phase::{Halt, OnStop, Phase, Reason, Wait};
pub use resume::Session;
