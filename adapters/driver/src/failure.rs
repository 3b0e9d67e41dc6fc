//! A connection that failed, as the user is told of it.

use std::sync::Arc;

use headcount_core::ShardId;

use crate::Error;

/// A connection could not be opened, or broke, and why. The shard's
/// [`StateChanged`](headcount_core::Event::StateChanged) follows; it goes on by itself.
///
/// The error's [`source`](std::error::Error::source) is the whole chain of causes, and `{:#}`
/// prints it in one line. A connection that the gateway closed with a code is none of these.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConnectionFailure {
    /// Whose connection it was.
    pub shard: ShardId,
    /// Whether it had been open.
    pub opened: bool,
    /// What happened.
    pub error: Arc<Error>,
}
