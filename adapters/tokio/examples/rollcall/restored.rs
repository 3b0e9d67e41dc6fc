//! What the roll begins with, if an earlier one left its rows.

use std::fmt;
use std::time::{Duration, SystemTime};

use headcount_tokio::driver::core::setup::Restored;
use serde_json::{Value, json};

/// Guilds that are as an earlier roll call left them.
pub(crate) struct RestoredGuilds {
    guilds: usize,
    /// How long ago their rows were written down.
    age: Duration,
    /// How long it took until they were here.
    took: Duration,
    /// How long the roll call took that counted them, if it is known.
    counting: Option<Duration>,
}

impl RestoredGuilds {
    pub(crate) fn new(of: Restored, took: Duration, counting: Option<Duration>) -> Self {
        let taken = SystemTime::UNIX_EPOCH + Duration::from_millis(of.taken);
        Self {
            guilds: of.guilds.get(),
            age: taken.elapsed().unwrap_or_default(),
            took,
            counting,
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "guilds": self.guilds,
            "age_seconds": self.age.as_secs_f64(),
            "seconds": self.took.as_secs_f64(),
            "counting_seconds": self.counting.map(|it| it.as_secs_f64()),
        })
    }
}

impl fmt::Display for RestoredGuilds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (age, took) = (self.age.as_secs_f64(), self.took.as_secs_f64());
        write!(
            f,
            "restored: {} guilds, as of {age:.0} s ago, after {took:.3} s",
            self.guilds
        )?;
        match self.counting {
            Some(counting) => write!(f, "; counting took {:.3} s", counting.as_secs_f64()),
            None => Ok(()),
        }
    }
}
