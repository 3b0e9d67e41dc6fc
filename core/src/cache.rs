//! The entity cache: what a dispatch changes, and a store in memory.

mod derive;
mod kind;
pub mod memory;
mod mutation;

pub use derive::Deriver;
pub use kind::{Kind, Kinds};
pub use memory::MemoryStore;
pub use mutation::{GuildStatus, Key, Mutation, NewSession, Op, Rows, Scope};
