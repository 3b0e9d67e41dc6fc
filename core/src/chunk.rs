//! Member requests: who is asked for, what has come of the answer, and how each request ended.
//!
//! A pure machine: it is fed with what the tracker read (chunks, refusals, the state of the
//! connection), and hands out requests when its owner has room to send one. Every request it
//! accepts ends exactly once, in a [`ChunkRequestFinished`].

mod adopted;
#[cfg(test)]
mod adopted_scenarios;
mod answers;
mod attempt;
mod config;
mod finished;
mod gate;
mod received;
mod request;
mod request_history;
mod request_id;
mod requests;
#[cfg(test)]
mod scenarios;
mod tag;
mod unread;

pub use crate::wire::member_request::{MemberQuery, RequestMembers};
pub use crate::wire::nonce::Nonce;
pub use attempt::ChunkOutcome;
pub use config::RequestConfig;
pub use finished::{ChunkRequestFinished, FinishReason};
pub use request::{OpenRequest, RequestProgress};
pub use request_id::RequestId;

pub(crate) use answers::{Chunk, RateLimitOutcome};
pub(crate) use attempt::{ChunkPlace, Listed};
pub(crate) use request::Ask;
pub(crate) use requests::Requests;
