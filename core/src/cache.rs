//! The entity cache: what a dispatch changes, and a store in memory.

mod kind;
mod mutation;

pub use kind::{Kind, Kinds};
pub use mutation::{GuildStatus, Key, Mutation, NewSession, Op, Rows, Scope};
