//! The libraries that are measured.

use std::fmt;

pub use peer_library::{Library, RowKey};
use peer_serenity::Serenity;
use peer_twilight::{Parser, Twilight};

use crate::ours::Ours;

/// Which library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    Ours,
    Twilight,
    TwilightSimd,
    Serenity,
}

impl Which {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 4] = [
        Self::Ours,
        Self::Twilight,
        Self::TwilightSimd,
        Self::Serenity,
    ];

    /// Those that differ in more than how they parse.
    pub const CACHES: [Self; 3] = [Self::Ours, Self::Twilight, Self::Serenity];

    /// An empty cache of this library.
    pub fn start(self) -> Box<dyn Library> {
        match self {
            Self::Ours => Box::new(Ours::new()),
            Self::Twilight => Box::new(Twilight::new(Parser::Serde)),
            Self::TwilightSimd => Box::new(Twilight::new(Parser::Simd)),
            Self::Serenity => Box::new(Serenity::new()),
        }
    }

    /// Its name in tables and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ours => "headcount",
            Self::Twilight => "twilight",
            Self::TwilightSimd => "twilight-simd-json",
            Self::Serenity => "serenity",
        }
    }

    /// The library of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|which| which.name() == name)
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
