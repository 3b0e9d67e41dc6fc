//! The guilds, members and users that the gateway knows.

/// Everything that exists, from a seed.
#[derive(Clone, Debug, Default)]
pub struct World {}
