//! The entity cache: what a dispatch changes, and a store in memory.

mod derive;
mod key;
mod kind;
pub mod memory;
mod mutation;
mod ops;
mod policy;
mod react;
mod rows;

pub use derive::Deriver;
pub use key::Key;
pub use kind::{Kind, Kinds};
pub use memory::MemoryStore;
pub use mutation::{GuildStatus, Mutation, NewSession, Op, Scope};
pub use policy::{Candidate, Keep, Kept, Policies, Policy, Predicate, RowRef, Unsuitable, Warning};
pub use react::{OneReaction, React, ReactChange, Vote};
pub use rows::Rows;
