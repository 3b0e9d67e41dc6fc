//! Why the rows were not written or read.

use std::error::Error;
use std::fmt;

use headcount_core::cache::Kind;
use redis::RedisError;

use crate::error::{CoordinatorError, single};

/// Why rows were not written or read. What was to be written may be there all the same.
#[derive(Debug)]
#[non_exhaustive]
pub enum RowsError {
    /// Redis gave no answer.
    NoAnswer(CoordinatorError),
    /// The keys follow another version of the schema.
    OtherSchema(u64),
    /// The members are packed in another layout.
    OtherLayout(u64),
    /// What lies in the keys is not understood: somebody else wrote to them. Once they are deleted
    /// the guild's rows are [`Forgotten`](Self::Forgotten).
    Damaged,
    /// Redis has less than it had: it lost what it was given, and the guild's rows may be wrong
    /// until it is delivered anew.
    Forgotten,
    /// The guild's rows follow another session of its shard, or a later lease of it. Nothing of
    /// this one is applied to them until it delivers the guild anew, under the latest lease:
    /// another process has the shard, or a new session did not get as far as these rows.
    Superseded,
    /// Rows of this kind cannot be kept here.
    Unsupported(Kind),
    /// A row is longer than 16,318 bytes.
    TooLong,
    /// Somebody else writes the same guild all the time.
    Contended,
}

impl From<RedisError> for RowsError {
    fn from(error: RedisError) -> Self {
        let error = single(error);
        match error.code() {
            Some("WRONGTYPE") => Self::Damaged,
            _ => Self::NoAnswer(CoordinatorError::of(error)),
        }
    }
}

impl From<CoordinatorError> for RowsError {
    fn from(error: CoordinatorError) -> Self {
        Self::NoAnswer(error)
    }
}

impl fmt::Display for RowsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer(error) => error.fmt(f),
            Self::OtherSchema(version) => {
                write!(
                    f,
                    "the rows in Redis follow version {version} of the schema"
                )
            }
            Self::OtherLayout(layout) => {
                write!(f, "the members in Redis are packed in layout {layout}")
            }
            Self::Damaged => f.write_str("the rows in Redis are damaged"),
            Self::Forgotten => f.write_str("Redis has lost rows that it was given"),
            Self::Superseded => f.write_str("the rows in Redis follow another session"),
            Self::Unsupported(kind) => write!(f, "rows of the kind {kind:?} are not kept in Redis"),
            Self::TooLong => f.write_str("a row is too long for Redis"),
            Self::Contended => f.write_str("another process writes the same guild"),
        }
    }
}

impl Error for RowsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NoAnswer(error) => error.source(),
            Self::OtherSchema(_)
            | Self::OtherLayout(_)
            | Self::Damaged
            | Self::Forgotten
            | Self::Superseded
            | Self::Unsupported(_)
            | Self::TooLong
            | Self::Contended => None,
        }
    }
}
