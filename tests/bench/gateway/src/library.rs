//! The libraries that are measured.

use std::fmt;

pub use peer_library::{Library, RowKey};
#[cfg(feature = "peers")]
use peer_serenity::Serenity;
#[cfg(feature = "peers")]
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
    pub const ALL: &[Self] = if cfg!(feature = "peers") {
        &[
            Self::Ours,
            Self::Twilight,
            Self::TwilightSimd,
            Self::Serenity,
        ]
    } else {
        Self::ALONE
    };

    /// Those that differ in more than how they parse.
    pub const CACHES: &[Self] = if cfg!(feature = "peers") {
        &[Self::Ours, Self::Twilight, Self::Serenity]
    } else {
        Self::ALONE
    };

    /// headcount without peers.
    pub const ALONE: &[Self] = &[Self::Ours];

    /// An empty cache of this library.
    pub fn start(self) -> Box<dyn Library> {
        match self {
            Self::Ours => Box::new(Ours::new()),
            #[cfg(feature = "peers")]
            Self::Twilight => Box::new(Twilight::new(Parser::Serde)),
            #[cfg(feature = "peers")]
            Self::TwilightSimd => Box::new(Twilight::new(Parser::Simd)),
            #[cfg(feature = "peers")]
            Self::Serenity => Box::new(Serenity::new()),
            #[cfg(not(feature = "peers"))]
            Self::Twilight | Self::TwilightSimd | Self::Serenity => {
                unreachable!("this was built without peers")
            }
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
        let named = |which: &Self| which.name() == name;
        Self::ALL.iter().copied().find(named)
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
