//! serenity's models and cache, as its client puts them together.

use std::hint::black_box;

use peer_library::{Fields, Library, Question, RowKey, fields};
use serenity::cache::{Cache, CacheUpdate};
use serenity::model::event::{Event, GatewayEvent};
use serenity::model::id::{ChannelId, EmojiId, GuildId, RoleId, StickerId, UserId};

/// serenity.
#[derive(Default)]
pub struct Serenity {
    cache: Cache,
}

impl Serenity {
    /// An empty cache.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the client's dispatcher does with the cache, for the events of the payloads here.
    fn update(&self, event: &mut Event) {
        match event {
            Event::GuildCreate(event) => self.apply(event),
            Event::GuildDelete(event) => self.apply(event),
            Event::GuildMembersChunk(event) => self.apply(event),
            Event::GuildMemberUpdate(event) => self.apply(event),
            Event::GuildRoleUpdate(event) => self.apply(event),
            Event::ChannelUpdate(event) => self.apply(event),
            Event::PresenceUpdate(event) => self.apply(event),
            Event::VoiceStateUpdate(event) => self.apply(event),
            Event::MessageCreate(event) => self.apply(event),
            Event::MessageDelete(_) | Event::TypingStart(_) | Event::ReactionAdd(_) => {}
            other => unreachable!("no such payload is made: {other:?}"),
        }
    }

    fn apply<E: CacheUpdate>(&self, event: &mut E) {
        black_box(self.cache.update(event));
    }
}

impl Library for Serenity {
    fn feed(&mut self, frame: &mut [u8]) {
        let text = std::str::from_utf8(frame).expect("a frame is UTF-8");
        let event = serenity::json::from_str(text).expect("serenity parses the frame");
        let GatewayEvent::Dispatch(_, mut event) = event else {
            unreachable!("only dispatches are made");
        };
        self.update(&mut event);
        black_box(&event);
    }

    fn members(&self, guild: u64) -> usize {
        self.cache
            .guild(guild)
            .map_or(0, |guild| guild.members.len())
    }

    fn look_up(&self, guild: u64, users: &[u64]) -> u64 {
        let guild = GuildId::new(guild);
        let id = |&user: &u64| {
            let guild = self.cache.guild(guild).expect("a cached guild");
            let member = guild.members.get(&UserId::new(user));
            member.expect("a cached member").user.id.get()
        };
        users.iter().map(id).fold(0, u64::wrapping_add)
    }

    fn look_up_roles(&self, guild: u64, users: &[u64]) -> u64 {
        let guild = GuildId::new(guild);
        let roles = |&user: &u64| {
            let guild = self.cache.guild(guild).expect("a cached guild");
            let member = guild.members.get(&UserId::new(user));
            let roles = &member.expect("a cached member").roles;
            roles
                .iter()
                .fold(0, |sum: u64, role| sum.wrapping_add(role.get()))
        };
        users.iter().map(roles).fold(0, u64::wrapping_add)
    }

    fn ask(&self, _: Question, _: u64, _: &[u64]) -> u64 {
        unreachable!("twilight alone is asked")
    }

    fn row(&self, key: RowKey) -> Option<Fields> {
        let guild = |id: u64| self.cache.guild(id);
        let row = match key {
            RowKey::Guild(id) => fields(&*guild(id)?),
            RowKey::Channel(id, channel) => {
                let (guild, channel) = (guild(id)?, ChannelId::new(channel));
                let thread = || guild.threads.iter().find(|thread| thread.id == channel);
                fields(guild.channels.get(&channel).or_else(thread)?)
            }
            RowKey::Role(id, role) => fields(guild(id)?.roles.get(&RoleId::new(role))?),
            RowKey::Emoji(id, emoji) => fields(guild(id)?.emojis.get(&EmojiId::new(emoji))?),
            RowKey::Sticker(id, sticker) => {
                fields(guild(id)?.stickers.get(&StickerId::new(sticker))?)
            }
            RowKey::Member(id, user) => fields(guild(id)?.members.get(&UserId::new(user))?),
            RowKey::User(user) => fields(&*self.cache.user(user)?),
            RowKey::Presence(id, user) => fields(guild(id)?.presences.get(&UserId::new(user))?),
            RowKey::VoiceState(id, user) => {
                fields(guild(id)?.voice_states.get(&UserId::new(user))?)
            }
        };
        Some(row)
    }
}
