//! What each dispatch does to the cache: one test for each row of the table of events.

mod bad_input;
mod channels;
mod displaced;
mod entities;
mod events;
mod guilds;
mod in_passing;
mod kept;
mod members;
mod messages;
mod mutations;
mod permissions;
mod policies;
mod policies_history;
mod policies_model;
mod presences;
mod private;
mod reactions;
mod roles;
mod scheduled_events;
mod sessions;
mod sounds;
mod threads;
mod unrefillable;
mod voice_channels;
mod world;
