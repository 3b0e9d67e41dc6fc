//! The bounds and waits of member requests.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::bounds::{ConfigError, LONGEST, pause, wait, within};

/// What no setting allows beyond: each chunk that is missing is named.
const MOST_CHUNKS: u32 = 1 << 20;

/// Bounds and waits of member requests; the defaults suit the public gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestConfig {
    /// How often a request may run into silence before it ends as timed out; at least one.
    ///
    /// Default 3: one lost chunk is repaired by the second attempt, and a chunk that is lost
    /// three times will be lost again.
    pub attempts: u32,
    /// How often a request is sent at most, sends cut short by a lost connection included; and in
    /// how many sessions one after the other it waits for its guild.
    ///
    /// Default 10: a connection that is lost ten times within one answer will not bring it.
    pub sends: u32,
    /// How often the server may refuse a request (`RATE_LIMITED`) before it ends as refused.
    ///
    /// Default 5: with `retry_after` obeyed even one refusal is rare.
    pub refusals: u32,
    /// The silence after which an attempt has failed, counted from sending and from each new
    /// chunk. Default 10 s: the gateway answers within two.
    pub silence: Duration,
    /// What is added to `silence` for each thousand members of the guild (one chunk).
    ///
    /// Default 100 ms: large guilds are collected before the first chunk is sent.
    pub silence_per_chunk: Duration,
    /// The longest silence allowed, whatever the guild's size. Default 120 s.
    pub silence_max: Duration,
    /// How long a request waits for a connection, counted from the loss or, if it is made later,
    /// from then on; after that it ends as timed out. Default 15 min: the shards of a large bot
    /// take minutes to start.
    pub patience: Duration,
    /// The wait between two requests for all members of one guild.
    ///
    /// Default 30.5 s: the documented 30 s, and half a second for the network's jitter.
    pub gate: Duration,
    /// The longest `retry_after` that is obeyed; longer ones are cut. Default 60 s, twice the
    /// documented gate.
    pub retry_after_max: Duration,
    /// How many requests may be unanswered at once; at least one. Default 16: enough to keep a
    /// connection busy, few enough that the silence of one is not the queue behind another.
    pub outstanding: usize,
    /// How many requests of the caller may wait. Default 10,000, a day's worth of a busy bot's
    /// send budget in minutes. Requests made by setup are bounded by the number of guilds.
    pub waiting: usize,
    /// How many chunks one answer may have. Default 65,536: more than twice the largest guild
    /// the service allows (25 million members).
    pub chunks: u32,
    /// How many answers to requests of others (another process, an earlier run) are followed
    /// at once. Default 64.
    pub adopted: usize,
    /// How many ended answers of others are remembered, to distinguish late chunks from new
    /// answers.
    /// Default 256.
    pub remembered: usize,
}

impl Default for RequestConfig {
    fn default() -> Self {
        Self {
            attempts: 3,
            sends: 10,
            refusals: 5,
            silence: Duration::from_secs(10),
            silence_per_chunk: Duration::from_millis(100),
            silence_max: Duration::from_secs(120),
            patience: Duration::from_secs(900),
            gate: Duration::from_millis(30_500),
            retry_after_max: Duration::from_secs(60),
            outstanding: 16,
            waiting: 10_000,
            chunks: 65_536,
            adopted: 64,
            remembered: 256,
        }
    }
}

impl RequestConfig {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let Self {
            attempts,
            sends,
            refusals,
            silence,
            silence_per_chunk,
            silence_max,
            patience,
            gate,
            retry_after_max,
            outstanding,
            waiting,
            chunks,
            adopted,
            remembered,
        } = self;
        within("attempts", *attempts, &(1..=1_000))?;
        within("sends", *sends, &(1..=1_000))?;
        within("refusals", *refusals, &(1..=1_000))?;
        wait("silence", *silence)?;
        pause("silence_per_chunk", *silence_per_chunk)?;
        within("silence_max", *silence_max, &(*silence..=LONGEST))?;
        wait("patience", *patience)?;
        wait("gate", *gate)?;
        wait("retry_after_max", *retry_after_max)?;
        within("outstanding", *outstanding, &(1..=100_000))?;
        within("waiting", *waiting, &(1..=10_000_000))?;
        within("chunks", *chunks, &(1..=MOST_CHUNKS))?;
        within("adopted", *adopted, &(0..=100_000))?;
        within("remembered", *remembered, &(0..=100_000))
    }

    /// The same, with no more chunks than an answer can have without filling the memory.
    pub(crate) fn bounded(mut self) -> Self {
        self.chunks = self.chunks.min(MOST_CHUNKS);
        self
    }

    /// The silence allowed to a guild with this many members.
    pub(crate) fn silence_of(&self, members: u64) -> Duration {
        let chunks = u32::try_from(members.div_ceil(1000)).unwrap_or(u32::MAX);
        let grown = self.silence_per_chunk.saturating_mul(chunks);
        self.silence.saturating_add(grown).min(self.silence_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_grows_with_the_guild_up_to_a_bound() {
        let config = RequestConfig::default();
        for (members, millis) in [
            (0, 10_000),
            (1, 10_100),
            (1000, 10_100),
            (100_000, 20_000),
            (u64::MAX, 120_000),
        ] {
            assert_eq!(config.silence_of(members), Duration::from_millis(millis));
        }
    }
}
