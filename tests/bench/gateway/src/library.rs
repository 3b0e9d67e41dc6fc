//! The libraries that are measured.

use std::fmt;

pub use peer_library::{Library, Question, RowKey};
#[cfg(feature = "peers")]
use peer_serenity::Serenity;
#[cfg(feature = "peers")]
use peer_twilight::{Names, Parser, Twilight};

use crate::ours::Ours;

/// Which library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    Ours,
    Twilight,
    TwilightSimd,
    Serenity,
}

/// What a library is to keep.
#[derive(Clone, Copy, Debug)]
pub enum Kept {
    /// Everything but messages.
    State,
    /// Messages too: the newest hundred of each channel.
    Messages,
    /// Everything but messages; of members, so many that were used last. headcount alone can.
    RecentMembers(usize),
    /// Everything but messages, and every index there is: headcount alone has a choice.
    Indexed,
    /// Nothing, as nobody wants the events: headcount, told to leave them out, and a peer that
    /// finds their names alone.
    Nothing,
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

    /// Those that keep messages alike, or find the names of events.
    pub const PAIR: &[Self] = if cfg!(feature = "peers") {
        &[Self::Ours, Self::Twilight]
    } else {
        Self::ALONE
    };

    /// headcount without peers.
    pub const ALONE: &[Self] = &[Self::Ours];

    /// An empty cache of this library, of everything but messages.
    pub fn start(self) -> Box<dyn Library> {
        self.keeping(Kept::State)
    }

    /// An empty cache of this library, of what is to be kept.
    pub fn keeping(self, kept: Kept) -> Box<dyn Library> {
        #[cfg(feature = "peers")]
        let messages = matches!(kept, Kept::Messages);
        match self {
            Self::Ours => Box::new(Ours::keeping(kept)),
            #[cfg(feature = "peers")]
            Self::Twilight if matches!(kept, Kept::Nothing) => Box::new(Names),
            #[cfg(feature = "peers")]
            Self::Twilight => Box::new(Twilight::new(Parser::Serde, messages)),
            #[cfg(feature = "peers")]
            Self::TwilightSimd => Box::new(Twilight::new(Parser::Simd, messages)),
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
