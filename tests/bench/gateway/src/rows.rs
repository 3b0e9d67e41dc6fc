//! The rows of the table, each measured by a function of its own.

mod also;
mod asked;
mod counts;
mod felt;
mod kept;
mod lookups;
mod times;

use std::path::PathBuf;

use crate::library::Which;
use crate::payload::World;
use crate::row::Row;
use crate::scale::Scale;

/// What every row is measured with.
pub struct Setup {
    pub world: World,
    pub scale: Scale,
    /// No peers.
    pub alone: bool,
    /// Where callgrind's output goes.
    pub profile: PathBuf,
}

impl Setup {
    /// All libraries that are wanted.
    pub const fn all(&self) -> &'static [Which] {
        if self.alone { Which::ALONE } else { Which::ALL }
    }

    /// headcount and one peer.
    pub const fn pair(&self) -> &'static [Which] {
        if self.alone {
            Which::ALONE
        } else {
            Which::PAIR
        }
    }

    /// Those that differ in more than how they parse.
    pub const fn caches(&self) -> &'static [Which] {
        if self.alone {
            Which::ALONE
        } else {
            Which::CACHES
        }
    }
}

/// Measures one row.
type Measure = fn(&Setup) -> Row;

/// Every row of the table by its key, in order.
pub const TABLE: &[(&str, Measure)] = &[
    ("chunk_time", times::chunk_time),
    ("member_instructions", counts::member_instructions),
    ("steady_time", times::steady_time),
    ("steady_inflate_time", times::steady_inflate_time),
    ("guild_create_time", times::guild_create_time),
    ("member_bytes", counts::member_bytes),
    ("presence_bytes", counts::presence_bytes),
    ("allocations", counts::allocations),
    ("lookup_time", lookups::lookup_time),
    ("guild_delete_time", times::guild_delete_time),
    ("questions", asked::questions),
    ("index_bytes", asked::index_bytes),
    ("messages", felt::messages),
    ("presence_bytes_small", felt::presence_bytes_small),
    ("voice_time", times::voice_time),
    ("presence_time", times::presence_time),
    ("unwanted_time", times::unwanted_time),
    ("hot_lookup_time", lookups::hot_lookup_time),
    ("key_order", felt::key_order),
    ("blanks", felt::blanks),
    ("recent_members", felt::recent_members),
    ("longest_hold", felt::longest_hold),
    ("row_bytes", felt::row_bytes),
    ("after_load", felt::after_load),
    ("snapshot", kept::snapshot),
];

/// Every row below the table.
pub const ALSO: &[(&str, Measure)] = &[
    ("steady_instructions", also::steady_instructions),
    ("growth_stall", also::growth_stall),
    ("given_back", also::given_back),
    ("update_growth", also::update_growth),
    ("snapshot_large", kept::snapshot_large),
];

/// Whether there is a row with this key.
pub fn known(key: &str) -> bool {
    let mut rows = TABLE.iter().chain(ALSO);
    ["readers", "fields"].contains(&key) || rows.any(|(row, _)| *row == key)
}
