//! The settings of a tracker.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::bounds::{ConfigError, within};
use crate::cache::{Kinds, tombstones};
use crate::chunk::RequestConfig;
use crate::send_budget::SendLimits;
use crate::setup::{HoldConfig, SetupConfig};
use crate::wire::Names;

/// The time between heartbeats of the connection that a tracker alone shares; the gateway's.
pub(super) const HEARTBEATS: Duration = Duration::from_millis(41_250);

/// Guild streaming, member requests and cache derivation of one shard.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct TrackerConfig {
    /// Guild streaming.
    pub setup: SetupConfig,
    /// Member requests.
    pub requests: RequestConfig,
    /// Whether the events of a guild in setup are held until it is ready, and how many at most.
    ///
    /// Default `None`: they are delivered at once. The dispatches that make up the setup
    /// (guilds, chunks, sessions), and interactions, which must be answered within seconds, are
    /// never held. Mutations always apply on arrival.
    pub hold: Option<HoldConfig>,
    /// Which kinds of rows are derived; others are not even decoded.
    pub kinds: Kinds,
    /// Which dispatches are emitted, by name; all of them by default.
    ///
    /// One that is left out changes the cache and setup as any other, its sequence counts, and the
    /// events that follow from it come; what of it was not understood is told. If neither cache nor
    /// setup needs its data, that is not looked at, be it no JSON at all.
    pub events: Names,
    /// Whether the members of a guild that comes again stay, as stale ones, until its last chunk.
    ///
    /// Default no. Has an effect only while all guilds are asked for all members
    /// ([`AutoChunk::All`](crate::setup::AutoChunk::All), without lists).
    pub sweep_after_chunk: bool,
    /// How many of the last removals by the gateway in this session are remembered, so that nothing
    /// which trails one (a member inside a voice state, a chunk that was written before, a late
    /// update) brings the row back.
    ///
    /// Default 4,096, of some 40 bytes each, and as many again for each guild that has some: more
    /// members than leave while the answer to one request comes, be they pruned or banned. Zero
    /// remembers nothing, and 65,536 is the most. The later half goes along with a session that is
    /// handed on.
    pub tombstones: usize,
    /// For a tracker beside another library: its share of the connection's sends. Default 60 per
    /// window, half of the protocol's, and a little less of that for member requests, so that
    /// heartbeats and commands have room. A shard counts all its sends together instead.
    pub limits: SendLimits,
}

impl Default for TrackerConfig {
    fn default() -> Self {
        Self {
            setup: SetupConfig::default(),
            requests: RequestConfig::default(),
            hold: None,
            kinds: Kinds::default(),
            events: Names::ALL,
            sweep_after_chunk: false,
            tombstones: 4096,
            limits: SendLimits {
                total: 60,
                ..SendLimits::default()
            },
        }
    }
}

impl TrackerConfig {
    /// Whether every setting makes sense; see [`Config::check`](crate::Config::check).
    ///
    /// # Errors
    /// The first setting that makes none.
    pub fn check(&self) -> Result<(), ConfigError> {
        let Self {
            setup,
            requests,
            hold,
            kinds: _,
            events: _,
            sweep_after_chunk: _,
            tombstones,
            limits,
        } = self;
        setup.check().map_err(|error| error.of("setup"))?;
        requests.check().map_err(|error| error.of("requests"))?;
        if let Some(hold) = hold {
            hold.check().map_err(|error| error.of("hold"))?;
        }
        within("tombstones", *tombstones, &(0..=tombstones::MOST))?;
        limits.check().map_err(|error| error.of("limits"))
    }
}
