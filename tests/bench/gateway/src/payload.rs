//! Payloads as the gateway sends them, from a seed: the same seed gives the same bytes.
//!
//! Shapes, orders of keys, sizes and frequencies follow captures; the frequencies are guesses.

mod channel;
mod event;
mod frames;
mod guild;
mod ids;
mod member;
mod message;
mod message_event;
mod name;
mod presence;
mod rewrite;
mod rng;
mod role;
mod thread;
mod time;
mod user;
mod writer;

/// Events of one kind from the steady mix.
pub use event::{
    presence as presence_event, unwanted as unwanted_event, voice_state as voice_event,
};
pub use frames::Frames;
pub use rewrite::{reordered, spaced};
pub use rng::Rng;

use std::ops::Range;

use crate::library::RowKey;
use writer::Writer;

/// Writes one event of a guild with these users.
pub type Event = fn(World, u64, u64, Range<u64>, &mut Frames);

/// How many roles a guild of members alone has; lists of few roles are common in it, others rare.
pub const ROLES: u64 = 50;

/// Makes every payload from one seed.
#[derive(Clone, Copy)]
pub struct World {
    seed: u64,
}

impl World {
    /// The world of this seed.
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The id of a guild.
    pub fn guild_id(self, guild: u64) -> u64 {
        ids::guild(guild)
    }

    /// The id of a role.
    pub fn role_id(self, guild: u64, role: u64) -> u64 {
        ids::role(guild, role)
    }

    /// The id of a channel.
    pub fn channel_id(self, guild: u64, channel: u64) -> u64 {
        ids::channel(guild, channel)
    }

    /// The id of a user.
    pub fn user_id(self, user: u64) -> u64 {
        ids::user(user)
    }

    /// The rows of a guild of 71 kB that are not members.
    pub fn rows(self, guild: u64) -> Vec<RowKey> {
        let id = ids::guild(guild);
        let channels = (0..30).map(|at| RowKey::Channel(id, ids::channel(guild, at)));
        let roles = (1..20).map(|at| RowKey::Role(id, ids::role(guild, at)));
        let emojis = (0..20).map(|at| RowKey::Emoji(id, ids::emoji(guild, at)));
        let stickers = (1_000..1_002).map(|at| RowKey::Sticker(id, ids::emoji(guild, at)));
        let voices = (0..3).map(|at| RowKey::VoiceState(id, ids::user(guild * 50 + at)));
        let rows = channels
            .chain(roles)
            .chain(emojis)
            .chain(stickers)
            .chain(voices);
        rows.chain([RowKey::Guild(id)]).collect()
    }

    /// A generator for one thing, told apart by these numbers.
    fn rng(self, of: &[u64]) -> Rng {
        let mix = |seed, &part: &u64| Rng::new(seed ^ part).next();
        Rng::new(of.iter().fold(self.seed, mix))
    }

    /// A `GUILD_CREATE` of 71 kB: 50 members, 20 roles, 30 channels, 20 emojis.
    pub fn guild_create(self, guild: u64, frames: &mut Frames) {
        frames.dispatch("GUILD_CREATE", |json| {
            guild::write(json, self, guild, guild::FULL)
        });
    }

    /// A `GUILD_CREATE` in which everything that a row can tell is told.
    pub fn everything(self, frames: &mut Frames) {
        frames.dispatch("GUILD_CREATE", |json| {
            json.raw(include_str!("payload/everything.json"));
        });
    }

    /// The rows of that guild.
    pub fn rows_of_everything(self) -> Vec<RowKey> {
        const GUILD: u64 = 800_000_000_000_000_001;
        let id = |hundreds: u64, at: u64| 800_000_000_000_000_000 + hundreds * 100 + at;
        let mut rows = vec![RowKey::Guild(GUILD), RowKey::Channel(GUILD, id(2, 10))];
        rows.extend((0..6).map(|at| RowKey::Channel(GUILD, id(2, at))));
        rows.extend((1..5).map(|at| RowKey::Role(GUILD, id(1, at))));
        rows.extend((0..2).map(|at| RowKey::Emoji(GUILD, id(3, at))));
        rows.push(RowKey::Sticker(GUILD, id(4, 0)));
        for user in [id(5, 0), id(5, 1)] {
            rows.extend([
                RowKey::Member(GUILD, user),
                RowKey::User(user),
                RowKey::Presence(GUILD, user),
                RowKey::VoiceState(GUILD, user),
            ]);
        }
        rows
    }

    /// A small `GUILD_CREATE` without members, whose members come in chunks.
    pub fn bare_guild(self, guild: u64, frames: &mut Frames) {
        frames.dispatch("GUILD_CREATE", |json| {
            guild::write(json, self, guild, guild::BARE)
        });
    }

    /// A `THREAD_CREATE` of an active thread in one of the guild's channels.
    pub fn thread_create(self, guild: u64, thread: u64, frames: &mut Frames) {
        frames.dispatch("THREAD_CREATE", |json| {
            thread::write_create(json, self, guild, thread);
        });
    }

    /// The ids of the channels that threads are in.
    pub fn parents_of_threads(self, guild: u64) -> Vec<u64> {
        let parents = thread::parents();
        parents
            .map(|channel| ids::channel(guild, channel))
            .collect()
    }

    /// A `GUILD_DELETE` because the bot has left.
    pub fn guild_delete(self, guild: u64, frames: &mut Frames) {
        frames.dispatch("GUILD_DELETE", |json| {
            json.raw("{\"id\":").id(ids::guild(guild)).raw("}");
        });
    }

    /// A `GUILD_MEMBERS_CHUNK` of these users, one of `count`.
    pub fn chunk(self, guild: u64, users: Range<u64>, count: u64, frames: &mut Frames) {
        let index = users.start / 1_000 % count;
        frames.dispatch("GUILD_MEMBERS_CHUNK", |json| {
            json.raw("{\"not_found\":[],\"nonce\":\"1\",\"members\":[");
            json.list(users, |json, user| {
                member::write(json, self, guild, user, 0)
            });
            json.raw("],\"guild_id\":").id(ids::guild(guild));
            json.raw(",\"chunk_index\":").number(index);
            json.raw(",\"chunk_count\":").number(count).raw("}");
        });
    }

    /// A `PRESENCE_UPDATE` of a user who is there.
    pub fn presence(self, guild: u64, user: u64, frames: &mut Frames) {
        frames.dispatch("PRESENCE_UPDATE", |json| {
            presence::here(json, self, guild, user)
        });
    }

    /// A `GUILD_MEMBER_UPDATE`; another version, other values.
    pub fn member_update(self, guild: u64, user: u64, version: u64, frames: &mut Frames) {
        frames.dispatch("GUILD_MEMBER_UPDATE", |json| {
            member::write_update(json, self, guild, user, version);
        });
    }

    /// A `GUILD_MEMBER_REMOVE`.
    pub fn member_leaves(self, guild: u64, user: u64, frames: &mut Frames) {
        frames.dispatch("GUILD_MEMBER_REMOVE", |json| {
            json.raw("{\"user\":");
            user::write(json, self, user, user::Place::Event);
            json.raw(",\"guild_id\":").id(ids::guild(guild)).raw("}");
        });
    }

    /// An event of the steady mix, about one of the guild's first `users` members.
    pub fn event(self, number: u64, guild: u64, users: Range<u64>, frames: &mut Frames) {
        event::write(self, number, guild, users, frames);
    }

    /// An event about messages, of which ten in a row concern the same few of one guild.
    pub fn message_event(self, number: u64, guild: u64, users: Range<u64>, frames: &mut Frames) {
        message_event::write(self, number, guild, users, frames);
    }

    /// An event of `guilds` small guilds, `members` in each: the steady mix, and among it, one in
    /// seven, what happens to messages.
    pub fn mixed_event(self, number: u64, guilds: u64, members: u64, frames: &mut Frames) {
        let guild = number / 10 % guilds;
        let users = guild * members..(guild + 1) * members;
        if (number / 10).is_multiple_of(7) {
            self.message_event(number, guild, users, frames);
        } else {
            self.event(number, guild, users, frames);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORLD: World = World::new(1);

    fn chunk() -> Frames {
        let mut frames = Frames::default();
        WORLD.chunk(1, 0..1_000, 1, &mut frames);
        frames
    }

    fn near(value: usize, wanted: usize) {
        assert!(
            value.abs_diff(wanted) * 20 < wanted,
            "{value}, not about {wanted}"
        );
    }

    #[test]
    fn payloads_are_as_long_as_those_that_were_captured() {
        near(chunk().bytes() / 1_000, 580);
        let (mut guilds, mut events) = (Frames::default(), Frames::default());
        (0..50).for_each(|guild| WORLD.guild_create(guild, &mut guilds));
        near(guilds.bytes() / 50, 71_000);
        (0..10_000).for_each(|number| WORLD.event(number, 1, 0..5_000, &mut events));
        near(events.bytes() / 10_000, 630);
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let data = |frames: Frames| {
            let frame = frames.iter().next().unwrap();
            let frame: serde_json::Value = serde_json::from_slice(frame).unwrap();
            frame["d"].clone()
        };
        assert_eq!(data(chunk()), data(chunk()));
    }

    #[test]
    fn members_are_as_frequent_as_they_should_be() {
        let frames = chunk();
        let frame: serde_json::Value =
            serde_json::from_slice(frames.iter().next().unwrap()).unwrap();
        let members = frame["d"]["members"].as_array().unwrap();
        let count = |has: &dyn Fn(&serde_json::Value) -> bool| {
            members.iter().filter(|member| has(member)).count()
        };
        assert!((780..860).contains(&count(&|member| !member["user"]["avatar"].is_null())));
        assert!((150..210).contains(&count(&|member| !member["nick"].is_null())));
        assert!((95..145).contains(&count(&|member| !member["user"]["primary_guild"].is_null())));
        let decorated =
            |member: &serde_json::Value| !member["user"]["avatar_decoration_data"].is_null();
        assert!((50..90).contains(&count(&decorated)));
        let roles: usize = members
            .iter()
            .map(|member| member["roles"].as_array().unwrap().len())
            .sum();
        assert!((2_000..3_000).contains(&roles), "{roles}");
        assert!(
            members
                .iter()
                .all(|member| (1..=10).contains(&member["roles"].as_array().unwrap().len()))
        );
    }

    #[test]
    fn presences_are_most_of_the_steady_mix() {
        let mut frames = Frames::default();
        (0..10_000).for_each(|number| WORLD.event(number, 1, 0..5_000, &mut frames));
        let name = |frame: &[u8]| {
            let frame: serde_json::Value = serde_json::from_slice(frame).unwrap();
            frame["t"].as_str().unwrap().to_owned()
        };
        let names: Vec<String> = frames.iter().map(name).collect();
        let count = |wanted: &str| names.iter().filter(|name| *name == wanted).count();
        assert!((6_800..7_200).contains(&count("PRESENCE_UPDATE")));
        assert!((1_100..1_300).contains(&count("MESSAGE_CREATE")));
        assert!((250..350).contains(&count("GUILD_MEMBER_UPDATE")));
    }
}
