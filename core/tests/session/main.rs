//! The session's table, row by row, on virtual time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod asked_before;
mod budget;
mod callers;
mod changes;
#[cfg(feature = "checkpoint")]
mod checkpoints;
mod closing;
mod counting;
mod earlier_answers;
mod failed_rows;
mod flapping;
mod guilds;
mod handed_over_rows;
mod handover;
mod heartbeat;
mod host;
mod identify_budget;
mod ignored;
mod invalid;
mod left_out;
mod life;
mod odd_ready;
mod reconnecting;
mod removed;
mod restarting;
mod restored;
mod sequence;
mod standing;
mod stopping;
mod stored_members;
mod unread;
