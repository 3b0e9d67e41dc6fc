//! The entity cache: what a dispatch changes, and the stores that keep it.

mod derive;
mod key;
mod lack;
pub mod memory;
mod mutation;
mod ops;
mod part;
pub mod permissions;
mod policy;
mod react;
mod rows;
mod shard_snapshots;
mod store;
pub(crate) mod tombstones;

pub use crate::kind::{Kind, Kinds};
pub use derive::Deriver;
pub use key::Key;
pub use lack::Lack;
pub use memory::MemoryStore;
pub use mutation::{GuildStatus, Mutation, NewSession, Op, Scope};
pub use policy::{
    Candidate, Guard, Kept, MemberTraits, Policies, Policy, Predicate, RowRef, Unsuitable, Warning,
};
pub use react::{OneReaction, React, ReactChange, Vote};
pub use rows::Rows;
pub use shard_snapshots::{ShardSnapshots, SnapshotId, WholeSnapshot};
pub use store::{AsyncStore, Router, RouterError, Store, StoreTraffic};
