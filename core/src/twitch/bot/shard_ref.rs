//! The name of a shard among those of all managers.

use super::action::ManagerKey;
use crate::manager::ShardKey;

/// A shard of one of the managers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ShardRef {
    pub(super) manager: ManagerKey,
    pub(super) shard: ShardKey,
}

impl ShardRef {
    pub(super) const fn new(manager: ManagerKey, shard: ShardKey) -> Self {
        Self { manager, shard }
    }
}
