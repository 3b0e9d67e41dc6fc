//! How long each thing takes that processes agree on.

use core::time::Duration;

use crate::bounds::{ConfigError, wait};

/// The settings of [`Leases`](super::Leases): the same in every process of a bot, or nearly.
#[derive(Clone, Debug)]
pub struct LeaseConfig {
    /// For how long a shard is leased. Default 10 s. A process that is gone is noticed after that.
    pub lease: Duration,
    /// How often a lease is renewed. Default 2 s.
    pub renew: Duration,
    /// The shortest time between two records of one shard. Default 1 s.
    pub record: Duration,
    /// How often the leases of others are looked at, and twice as often one's own place in the
    /// queue for identifies. Default 0.5 s.
    pub look: Duration,
    /// What a store may lose of the last that was written to it, when it fails over or is killed.
    /// Nothing counts before it has stood for so long. Default 1.5 s.
    pub settle: Duration,
    /// By how much a process stops before its lease is over: for clocks that run at different
    /// speeds. Default 1 s.
    pub margin: Duration,
    /// How long an answer of the store is waited for. Default 2 s.
    pub patience: Duration,
    /// For how long a bucket is held for a process that is to identify, and gives no sign of life.
    /// Default 10 s.
    pub hold: Duration,
    /// Time between identifies of one bucket, from when the first of them is heard of. Default
    /// 5.15 s: the protocol's 5 s, and some for the way there.
    pub spacing: Duration,
    /// When no more than this many identifies are left for the day, none is granted before the
    /// budget is full again. Default 10.
    pub refuse_at: u32,
}

impl Default for LeaseConfig {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(10),
            renew: Duration::from_secs(2),
            record: Duration::from_secs(1),
            look: Duration::from_millis(500),
            settle: Duration::from_millis(1_500),
            margin: Duration::from_secs(1),
            patience: Duration::from_secs(2),
            hold: Duration::from_secs(10),
            spacing: Duration::from_millis(5_150),
            refuse_at: 10,
        }
    }
}

impl LeaseConfig {
    /// Checks that every setting is within its bounds, and that they fit together.
    ///
    /// # Errors
    /// The first setting that does not.
    pub fn check(&self) -> Result<(), ConfigError> {
        let Self {
            lease,
            renew,
            record,
            look,
            settle,
            margin,
            patience,
            hold,
            spacing,
            refuse_at: _,
        } = self;
        for (name, given) in [
            ("lease", lease),
            ("renew", renew),
            ("record", record),
            ("look", look),
            ("settle", settle),
            ("margin", margin),
            ("patience", patience),
            ("hold", hold),
            ("spacing", spacing),
        ] {
            wait(name, *given)?;
        }
        let needed = [renew, settle, margin, patience];
        let needed = needed
            .into_iter()
            .fold(Duration::ZERO, |sum, part| sum.saturating_add(*part));
        for (name, given) in [("lease", lease), ("hold", hold)] {
            if *given <= needed {
                let detail = "must be longer than renew, settle, margin and patience together";
                return Err(ConfigError::new(name, detail));
            }
        }
        if spacing <= settle {
            return Err(ConfigError::new("spacing", "must be longer than settle"));
        }
        Ok(())
    }
}
