//! From headcount's types to twilight's and back.

use std::error::Error;
use std::fmt;

/// A value that twilight has a type for.
pub trait ToTwilight {
    /// twilight's type. Rows give a `Result` of it, since twilight's types have parts without which
    /// they cannot be.
    type Twilight;

    /// The same as twilight's type.
    ///
    /// A number that twilight does not know becomes its `Unknown`. Bits of flags that it does not
    /// know are left out, and so is a picture whose name is not a hash: twilight has no place for
    /// them.
    fn to_twilight(&self) -> Self::Twilight;
}

/// A value of twilight's that headcount has a type for.
pub trait ToHeadcount {
    /// headcount's type.
    type Headcount;

    /// The same as headcount's type.
    fn to_headcount(&self) -> Self::Headcount;
}

/// A row cannot be made into twilight's type: it lacks a part that twilight's must have, or has one
/// that could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingPart {
    row: &'static str,
    part: &'static str,
}

impl MissingPart {
    pub(crate) const fn new(row: &'static str, part: &'static str) -> Self {
        Self { row, part }
    }

    /// What kind of row it is.
    #[must_use]
    pub const fn row(self) -> &'static str {
        self.row
    }

    /// The part, as the wire calls it.
    #[must_use]
    pub const fn part(self) -> &'static str {
        self.part
    }
}

impl fmt::Display for MissingPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { row, part } = self;
        write!(
            f,
            "a {row} of whose `{part}` nothing is known: twilight's type needs it"
        )
    }
}

impl Error for MissingPart {}
