//! twilight-model and twilight-cache-inmemory, as twilight-gateway puts them together.

use std::hint::black_box;

use peer_library::{Fields, Library, Question, RowKey, fields};
use serde::de::DeserializeSeed as _;
use twilight_cache_inmemory::{DefaultInMemoryCache, ResourceType};
use twilight_model::gateway::event::{Event, GatewayEvent, GatewayEventDeserializer};
use twilight_model::id::Id;
use twilight_model::id::marker::{GuildMarker, UserMarker};

/// What reads the JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Parser {
    /// serde_json, the default.
    Serde,
    /// simd-json, the feature of that name.
    Simd,
}

/// twilight with one of its parsers.
pub struct Twilight {
    cache: DefaultInMemoryCache,
    parser: Parser,
}

impl Twilight {
    /// An empty cache, with the newest hundred messages of each channel or with none.
    pub fn new(parser: Parser, messages: bool) -> Self {
        let of_messages = ResourceType::MESSAGE | ResourceType::REACTION;
        let (kinds, size) = match messages {
            true => (ResourceType::all(), 100),
            false => (ResourceType::all() - of_messages, 0),
        };
        let cache = DefaultInMemoryCache::builder()
            .resource_types(kinds)
            .message_cache_size(size)
            .build();
        Self { cache, parser }
    }

    /// twilight has no word for it: the color of the highest role that has one.
    fn color(&self, guild: Id<GuildMarker>, user: Id<UserMarker>) -> u64 {
        let member = self.cache.member(guild, user).expect("a cached member");
        let mut highest = None;
        for &id in member.roles() {
            if let Some(role) = self.cache.role(id)
                && role.colors.primary_color != 0
            {
                let rank = (role.position, std::cmp::Reverse(id));
                highest = highest.max(Some((rank, role.colors.primary_color)));
            }
        }
        highest.map_or(0, |(_, color)| u64::from(color))
    }

    /// The text is checked to be UTF-8, as twilight does when it has inflated a frame.
    fn parse(&self, frame: &mut [u8]) -> GatewayEvent {
        let text = std::str::from_utf8(frame).expect("a frame is UTF-8");
        let event = GatewayEventDeserializer::from_json(text).expect("a frame has an opcode");
        match self.parser {
            Parser::Serde => {
                let mut json = serde_json::Deserializer::from_str(text);
                event
                    .deserialize(&mut json)
                    .expect("twilight parses the frame")
            }
            Parser::Simd => {
                let event = event.into_owned();
                let mut json = simd_json::Deserializer::from_slice(frame).expect("valid JSON");
                event
                    .deserialize(&mut json)
                    .expect("twilight parses the frame")
            }
        }
    }
}

/// What finds the name, the opcode and the sequence number of a frame, and no more.
pub struct Names;

impl Library for Names {
    fn feed(&mut self, frame: &mut [u8]) {
        let text = std::str::from_utf8(frame).expect("a frame is UTF-8");
        black_box(GatewayEventDeserializer::from_json(text).expect("a frame has an opcode"));
    }

    fn members(&self, _: u64) -> usize {
        0
    }

    fn look_up(&self, _: u64, _: &[u64]) -> u64 {
        unreachable!("nothing is kept")
    }

    fn look_up_roles(&self, _: u64, _: &[u64]) -> u64 {
        unreachable!("nothing is kept")
    }

    fn ask(&self, _: Question, _: u64, _: &[u64]) -> u64 {
        unreachable!("nothing is kept")
    }

    fn row(&self, _: RowKey) -> Option<Fields> {
        None
    }
}

impl Library for Twilight {
    fn feed(&mut self, frame: &mut [u8]) {
        let event = Event::from(self.parse(frame));
        self.cache.update(&event);
        black_box(&event);
    }

    fn members(&self, guild: u64) -> usize {
        self.cache
            .guild_members(Id::new(guild))
            .map_or(0, |members| members.len())
    }

    fn look_up(&self, guild: u64, users: &[u64]) -> u64 {
        let guild = Id::new(guild);
        let id = |&user: &u64| {
            let member = self.cache.member(guild, Id::new(user));
            member.expect("a cached member").user_id().get()
        };
        users.iter().map(id).fold(0, u64::wrapping_add)
    }

    fn look_up_roles(&self, guild: u64, users: &[u64]) -> u64 {
        let guild = Id::new(guild);
        let roles = |&user: &u64| {
            let member = self.cache.member(guild, Id::new(user));
            let member = member.expect("a cached member");
            member
                .roles()
                .iter()
                .fold(0, |sum: u64, role| sum.wrapping_add(role.get()))
        };
        users.iter().map(roles).fold(0, u64::wrapping_add)
    }

    fn ask(&self, question: Question, guild: u64, ids: &[u64]) -> u64 {
        let (cache, guild) = (&self.cache, Id::new(guild));
        let answer = |&id: &u64| match question {
            Question::WithRole => {
                let role = Id::new(id);
                let members = cache.guild_members(guild).expect("a cached guild");
                let has = |user: &&_| {
                    let member = cache.member(guild, **user);
                    member.is_some_and(|member| member.roles().contains(&role))
                };
                let found = members.iter().filter(has);
                found.fold(0, |sum: u64, user| sum.wrapping_add(user.get()))
            }
            Question::InVoice => {
                let states = cache.voice_channel_states(Id::new(id));
                let states = states.into_iter().flatten();
                states.fold(0, |sum: u64, state| sum.wrapping_add(state.user_id().get()))
            }
            Question::ThreadsOf => {
                let channels = cache.guild_channels(guild).expect("a cached guild");
                let threads = channels.iter().filter(|thread| {
                    let thread = cache.channel(**thread);
                    thread.is_some_and(|thread| {
                        thread.kind.is_thread() && thread.parent_id == Some(Id::new(id))
                    })
                });
                threads.fold(0, |sum: u64, thread| sum.wrapping_add(thread.get()))
            }
            Question::SharedGuilds => {
                let guilds = cache.user_guilds(Id::new(id)).expect("a cached user");
                guilds
                    .iter()
                    .fold(0, |sum: u64, guild| sum.wrapping_add(guild.get()))
            }
            Question::HighestRole => {
                let highest = cache.member_highest_role(guild, Id::new(id));
                highest.expect("a member with a role").get()
            }
            Question::DisplayColor => self.color(guild, Id::new(id)),
        };
        ids.iter().map(answer).fold(0, u64::wrapping_add)
    }

    fn row(&self, key: RowKey) -> Option<Fields> {
        let cache = &self.cache;
        let row = match key {
            RowKey::Guild(guild) => fields(cache.guild(Id::new(guild))?.value()),
            RowKey::Channel(_, channel) => fields(cache.channel(Id::new(channel))?.value()),
            RowKey::Role(_, role) => fields(cache.role(Id::new(role))?.resource()),
            RowKey::Emoji(_, emoji) => fields(cache.emoji(Id::new(emoji))?.resource()),
            RowKey::Sticker(_, sticker) => fields(cache.sticker(Id::new(sticker))?.resource()),
            RowKey::Member(guild, user) => {
                fields(cache.member(Id::new(guild), Id::new(user))?.value())
            }
            RowKey::User(user) => fields(cache.user(Id::new(user))?.value()),
            RowKey::Presence(guild, user) => {
                fields(cache.presence(Id::new(guild), Id::new(user))?.value())
            }
            RowKey::VoiceState(guild, user) => {
                fields(cache.voice_state(Id::new(user), Id::new(guild))?.value())
            }
        };
        Some(row)
    }
}
