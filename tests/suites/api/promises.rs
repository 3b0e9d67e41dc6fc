//! One topic for each promise of the design, shown over whole shards and a simulated gateway.
//!
//! The eighth promise, speed and size, is measured elsewhere; what of it can be counted is in
//! the core's tests of allocations and in `sizes`.

mod budgets_are_never_broken;
mod cache_before_event;
mod every_guild_ends_in_one_outcome;
mod never_deaf;
mod never_panics_never_grows;
mod one_door;
mod pure;
mod the_token_never_appears;
