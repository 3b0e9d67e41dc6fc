//! What each dispatch does to the cache: one test for each row of the table of events.

mod bad_input;
mod channels;
mod displaced;
mod entities;
mod guilds;
mod members;
mod messages;
mod mutations;
mod permissions;
mod presences;
mod roles;
mod sessions;
mod threads;
mod world;
