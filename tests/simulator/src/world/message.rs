//! Messages and what happens around them.
use crate::intents;
use crate::json::{Id, Null, Writer};
use crate::rng::Rng;
use crate::snowflake::{Time, message_id};
use crate::world::World;
use crate::world::guild::Guild;
use crate::world::name;
use crate::world::parts;
use crate::world::user::Place;

/// One message in a guild.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message {
    pub(crate) number: u64,
    pub(crate) author: u64,
}

impl Message {
    fn rng(self) -> Rng {
        Rng::of(&[self.number, self.author, 6])
    }

    /// The first channel for text; `None` in a guild without channels.
    pub(crate) fn place(guild: &Guild) -> Option<u64> {
        let Id(channel) = Self::channel(guild);
        guild
            .channel_ids()
            .any(|own| own == channel)
            .then_some(channel)
    }

    /// The first channel for text.
    fn channel(guild: &Guild) -> Id {
        let number = guild
            .channels
            .numbers()
            .find(|number| *number > 0)
            .unwrap_or(0);
        Id(parts::channel_id(guild, number))
    }

    /// Writes the body of `MESSAGE_CREATE`; without the intent the content is empty.
    pub(crate) fn write(self, world: &World, guild: &Guild, bits: u64, w: &mut Writer) {
        let mut rng = self.rng();
        let words = 1 + rng.below(16);
        let content = name::words(&mut rng, words);
        let Id(channel) = Self::channel(guild);
        self.write_words(world, guild, (channel, &content), bits, w);
    }

    /// The same with this channel and these words.
    pub(crate) fn write_words(
        self,
        world: &World,
        guild: &Guild,
        (channel, content): (u64, &str),
        bits: u64,
        w: &mut Writer,
    ) {
        let shown = bits & intents::MESSAGE_CONTENT != 0 || self.author == world.bot();
        let id = message_id(self.number);
        w.field("type", 0_u32);
        w.field("tts", false);
        w.field("timestamp", Time::of(id));
        w.field("pinned", false);
        w.field("nonce", Id(id + 1));
        w.list("mentions", |_| {});
        w.list("mention_roles", |_| {});
        w.field("mention_everyone", false);
        if let Some(member) = world.draw_member(guild, self.author) {
            w.object("member", |w| member.write_bare(w));
        }
        w.field("id", Id(id));
        w.field("flags", 0_u32);
        w.list("embeds", |_| {});
        w.field("edited_timestamp", Null);
        w.field("content", if shown { content } else { "" });
        w.list("components", |_| {});
        w.field("channel_type", 0_u32);
        w.field("channel_id", Id(channel));
        w.object("author", |w| world.user(self.author).write(w, Place::Event));
        w.list("attachments", |_| {});
        w.field("guild_id", Id(guild.id()));
    }

    /// Writes a `MESSAGE_UPDATE` with few fields, as link previews cause it.
    pub(crate) fn write_preview(self, guild: &Guild, w: &mut Writer) {
        w.field("id", Id(message_id(self.number)));
        w.list("embeds", |w| {
            w.entry(|w| {
                w.field("url", "https://example.org/a");
                w.field("type", "link");
                w.field("title", "A page");
            });
        });
        w.field("channel_id", Self::channel(guild));
        w.field("guild_id", Id(guild.id()));
    }

    /// Writes the body of `MESSAGE_DELETE`.
    pub(crate) fn write_deletion(self, guild: &Guild, w: &mut Writer) {
        w.field("id", Id(message_id(self.number)));
        w.field("channel_id", Self::channel(guild));
        w.field("guild_id", Id(guild.id()));
    }

    /// Writes the body of `MESSAGE_REACTION_ADD`.
    pub(crate) fn write_reaction(self, world: &World, guild: &Guild, by: u64, w: &mut Writer) {
        w.field("user_id", Id(by));
        w.field("type", 0_u32);
        w.field("message_id", Id(message_id(self.number)));
        w.field("message_author_id", Id(self.author));
        w.object("member", |w| world.write_member(guild, by, w));
        w.object("emoji", |w| {
            w.field("name", "👍");
            w.field("id", Null);
        });
        w.field("channel_id", Self::channel(guild));
        w.field("burst", false);
        w.field("guild_id", Id(guild.id()));
    }
}

/// Writes the body of `TYPING_START`.
pub(crate) fn typing(world: &World, guild: &Guild, user: u64, w: &mut Writer) {
    w.field("user_id", Id(user));
    w.field("timestamp", 1_790_000_000_u64);
    w.object("member", |w| world.write_member(guild, user, w));
    w.field("channel_id", Message::channel(guild));
    w.field("guild_id", Id(guild.id()));
}
