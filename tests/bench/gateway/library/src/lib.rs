//! What is measured of a library: the way from the text of a frame to a cache and an event.

use std::collections::BTreeMap;

use serde_json::Value;

/// A row's fields by name; a field that is not there is as good as null.
pub type Fields = BTreeMap<String, Value>;

/// A row that a cache may keep: the guild first, where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKey {
    /// A guild.
    Guild(u64),
    /// A channel.
    Channel(u64, u64),
    /// A role.
    Role(u64, u64),
    /// A custom emoji.
    Emoji(u64, u64),
    /// A sticker.
    Sticker(u64, u64),
    /// A member.
    Member(u64, u64),
    /// A user.
    User(u64),
    /// A presence.
    Presence(u64, u64),
    /// A voice state.
    VoiceState(u64, u64),
}

/// What is asked of a cache beyond single rows; the answers to all ids are mixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// The members with each of these roles.
    WithRole,
    /// The users in each of these voice channels.
    InVoice,
    /// The threads of each of these channels.
    ThreadsOf,
    /// The guilds that are shared with each of these users.
    SharedGuilds,
    /// The highest role of each of these users, as members of the guild.
    HighestRole,
    /// The color in which each of these users is shown, as a member of the guild.
    DisplayColor,
}

/// One library with a cache of guilds, channels, roles, emojis, stickers, members, users,
/// presences and voice states, and of no messages.
pub trait Library {
    /// From the text of one frame to the cache and an event, which is thrown away.
    ///
    /// # Panics
    /// If the library refuses the frame: the payloads are sound.
    fn feed(&mut self, frame: &mut [u8]);

    /// How many members of a guild are cached.
    fn members(&self, guild: u64) -> usize;

    /// Looks each user up as a member of the guild and mixes the ids of those found.
    ///
    /// # Panics
    /// If one of them is not cached.
    fn look_up(&self, guild: u64, users: &[u64]) -> u64;

    /// The same, and mixes the ids of their roles.
    ///
    /// # Panics
    /// If one of them is not cached.
    fn look_up_roles(&self, guild: u64, users: &[u64]) -> u64;

    /// The answers to a question about each of these ids, mixed.
    ///
    /// # Panics
    /// If a user is not cached.
    fn ask(&self, question: Question, guild: u64, ids: &[u64]) -> u64;

    /// A cached row.
    fn row(&self, key: RowKey) -> Option<Fields>;
}

/// The fields of a row that can be serialised.
///
/// # Panics
/// If it does not become an object.
pub fn fields(row: &impl serde::Serialize) -> Fields {
    match serde_json::to_value(row) {
        Ok(Value::Object(fields)) => fields.into_iter().collect(),
        other => panic!("a row is an object, not {other:?}"),
    }
}
