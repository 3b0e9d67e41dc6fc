//! A shard as it stands, written down.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::command_queue::CommandQueue;
use crate::config::Config;
use crate::counts::ShardCounts;
use crate::event::Gap;
use crate::session::machine::Machine;
use crate::shard::Shard;
use crate::shard::restart::StopRequest;
use crate::time::Instant;
use crate::tracker::{Tracker, TrackerForm};

/// A shard as it stood at one point, to be gone on with from there: with the same inputs it does
/// the same. Takes about as much memory as the shard has.
///
/// It serialises, in any format of serde whose maps have texts for keys, JSON for one. Within a
/// version of the library it reads back; another one may refuse it. It lacks the token, the
/// operating system that is named to the gateway, and the function of
/// [`Chunking`](crate::setup::Chunking). What the gateway has said is in it: the session with its
/// id, ids of guilds, nonces, and the data of events that are held.
///
/// The counts of the shard ([`Shard::counts`], [`Shard::misreads`]) are not in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ShardCheckpoint {
    has_filter: bool,
    #[serde(with = "ShardForm")]
    shard: Shard,
}

/// How the parts of a shard are written. A shard by itself is not: what a checkpoint leaves out has
/// to be put in again.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Shard")]
struct ShardForm {
    now: Instant,
    session: Machine,
    #[serde(with = "TrackerForm")]
    tracker: Tracker,
    command_queue: CommandQueue,
    early_faults: u32,
    stop_request: Option<StopRequest>,
    gaps: Vec<Gap>,
    #[serde(skip)]
    counts: ShardCounts,
}

impl Shard {
    /// The shard as it stands now.
    #[must_use]
    pub fn checkpoint(&self) -> ShardCheckpoint {
        ShardCheckpoint {
            has_filter: self.tracker.has_filter(),
            shard: self.clone(),
        }
    }

    /// A shard that goes on from a checkpoint. What that lacks is that of `config`: token,
    /// operating system, and the function of chunking if the shard had one; nothing else of it
    /// counts. All counts begin at zero.
    ///
    /// ```
    /// # use headcount_core::{Config, Instant, Input, Intents, Shard, ShardId, Token};
    /// # let config = Config::new(Token::new("token"), Intents::GUILDS, ShardId::ONE);
    /// # let mut shard = Shard::new(config.clone(), 7);
    /// let text = serde_json::to_string(&shard.checkpoint())?;
    /// let mut same = Shard::from_checkpoint(serde_json::from_str(&text)?, &config);
    /// let now = Instant::from_millis(5);
    /// let actions = shard.handle(now, Input::Timeout);
    /// assert_eq!(format!("{actions:?}"), format!("{:?}", same.handle(now, Input::Timeout)));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn from_checkpoint(checkpoint: ShardCheckpoint, config: &Config) -> Self {
        let ShardCheckpoint {
            has_filter,
            mut shard,
        } = checkpoint;
        shard.session.complete(config);
        let filter = config.tracker.setup.chunking.filter.as_ref();
        shard.tracker.complete(filter.filter(|_| has_filter));
        shard
    }
}
