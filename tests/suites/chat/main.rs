//! The simulated Twitch: what it answers, which limits it enforces, and what existing clients send.

mod clients;
mod limits;
mod rooms;
mod speech;
mod visitor;
