//! How a bot behaves.

use core::time::Duration;

use crate::bounds::{ConfigError, SHORTEST, wait, within};
use crate::twitch::connection::Patience;

/// Which copies of a message of shared chat are emitted: partner rooms mirror what is said in each
/// other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MirrorPolicy {
    /// All: a message once for each joined room that shows it.
    #[default]
    All,
    /// Each message once, where it was said if that room is joined. What a partner room mirrors is
    /// dropped when its source was emitted, and waits when it comes first.
    OfRoomsNotJoined,
    /// No mirror: a message comes from the room where it was said, or not at all.
    None,
}

/// How the pool behaves; every bound with its default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolConfig {
    /// How long a connection waits for this and that.
    pub patience: Patience,
    /// For the answer to a JOIN: 10 s. Rooms that do not exist never answer.
    pub join_patience: Duration,
    /// For the confirmation of a message: 10 s.
    pub say_patience: Duration,
    /// How long a message may wait for budget or for a connection: 60 s.
    pub say_expiry: Duration,
    /// Messages waiting at most: 1000.
    pub say_queue: usize,
    /// The longest wait between two dials of a shard: 60 s. The first is immediate, then 1, 2, 4,
    /// 8 s and so on, as Twitch recommends, and a quarter more by chance.
    pub longest_back_off: Duration,
    /// The longest wait between two attempts to join a room: 600 s; the first is 15 s after a
    /// silent failure, 60 s after the server's room limit.
    pub longest_join_back_off: Duration,
    /// After how many failures in a row a shard is dead. `None`, the default: it goes on.
    pub give_up_after: Option<u32>,
    /// Which mirrors of shared chat are emitted; all by default.
    pub mirrors: MirrorPolicy,
    /// How long a mirrored message waits for its original before it is emitted instead: 2 s. No
    /// message waits when the room where it was said is known not to be joined.
    pub mirror_patience: Duration,
    /// What may wait so, in bytes for each manager: 1 MiB. Beyond it the oldest are emitted early.
    pub mirror_bytes: usize,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            patience: Patience::default(),
            join_patience: Duration::from_secs(10),
            say_patience: Duration::from_secs(10),
            say_expiry: Duration::from_secs(60),
            say_queue: 1000,
            longest_back_off: Duration::from_secs(60),
            longest_join_back_off: Duration::from_secs(600),
            give_up_after: None,
            mirrors: MirrorPolicy::All,
            mirror_patience: Duration::from_secs(2),
            mirror_bytes: 1 << 20,
        }
    }
}

impl PoolConfig {
    /// Whether every setting makes sense. A host asks this before it starts anything.
    ///
    /// # Errors
    /// The first setting that makes none.
    pub fn check(&self) -> Result<(), ConfigError> {
        // Every field is named, so that a new one is not forgotten.
        let Self {
            patience,
            join_patience,
            say_patience,
            say_expiry,
            say_queue,
            longest_back_off,
            longest_join_back_off,
            give_up_after,
            mirrors: _,
            mirror_patience,
            mirror_bytes,
        } = self;
        patience.check().map_err(|error| error.of("patience"))?;
        wait("join_patience", *join_patience)?;
        wait("say_patience", *say_patience)?;
        wait("say_expiry", *say_expiry)?;
        within("say_queue", *say_queue, &(1..=1_000_000))?;
        wait("longest_back_off", *longest_back_off)?;
        wait("longest_join_back_off", *longest_join_back_off)?;
        wait("mirror_patience", *mirror_patience)?;
        within("mirror_bytes", *mirror_bytes, &(0..=1 << 31))?;
        within("give_up_after", give_up_after.unwrap_or(1), &(1..=u32::MAX))
    }

    /// The same without waits that would keep the clock at one instant for ever.
    pub(super) fn sane(mut self) -> Self {
        for wait in [
            &mut self.join_patience,
            &mut self.longest_join_back_off,
            &mut self.mirror_patience,
        ] {
            *wait = (*wait).max(SHORTEST);
        }
        self
    }
}
