//! Our rows under the names that the wire has for their fields.

use headcount_core::cache::memory::{GuildRef, MemberRef, PresenceRef, UserRef};
use headcount_core::cache::{GuildStatus, MemoryStore};
use headcount_core::id::{ChannelId, EmojiId, RoleId, StickerId};
use peer_library::{Fields, RowKey, fields as value};
use serde_json::{Value, json};

use super::{guild_id, user_id};

/// A row, read as a user of the store reads it.
pub fn row(store: &MemoryStore, key: RowKey) -> Option<Fields> {
    Some(match key {
        RowKey::Guild(guild) => self::guild(store.guild(guild_id(guild))?),
        RowKey::Channel(guild, channel) => in_guild(guild, self::channel(store, channel)?),
        RowKey::Role(guild, role) => {
            let role = store.role(guild_id(guild), RoleId::new(role)?)?;
            in_guild(guild, value(role))
        }
        RowKey::Emoji(guild, emoji) => {
            let emoji = store.emoji(guild_id(guild), EmojiId::new(emoji)?)?;
            value(emoji)
        }
        RowKey::Sticker(guild, sticker) => {
            let sticker = store.sticker(guild_id(guild), StickerId::new(sticker)?)?;
            in_guild(guild, value(sticker))
        }
        RowKey::Member(guild, user) => {
            in_guild(guild, member(store.member(guild_id(guild), user_id(user))?))
        }
        RowKey::User(id) => self::user(store.user(user_id(id))?),
        RowKey::Presence(guild, user) => {
            let presence = store.presence(guild_id(guild), user_id(user))?;
            in_guild(guild, self::presence(presence, store.user(user_id(user))))
        }
        RowKey::VoiceState(guild, user) => {
            let state = store.voice_state(guild_id(guild), user_id(user))?;
            in_guild(guild, value(state))
        }
    })
}

/// Rows lie in their guilds, so they need not tell them.
fn in_guild(guild: u64, mut row: Fields) -> Fields {
    row.insert("guild_id".to_owned(), json!(guild));
    row
}

fn fields<const N: usize>(fields: [(&str, Value); N]) -> Fields {
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn guild(guild: GuildRef<'_>) -> Fields {
    let mut fields = value(guild.data());
    fields.insert("member_count".to_owned(), json!(guild.member_count()));
    let available = guild.status() == GuildStatus::Available;
    fields.insert("unavailable".to_owned(), json!(!available));
    fields
}

fn channel(store: &MemoryStore, channel: u64) -> Option<Fields> {
    let id = ChannelId::new(channel)?;
    let Some(channel) = store.channel(id) else {
        return store.thread(id).map(value);
    };
    let mut channel = value(channel);
    // Ours count those that could not be read, too.
    if let Some(overwrites) = channel.get_mut("permission_overwrites") {
        *overwrites = overwrites["rows"].take();
    }
    Some(channel)
}

fn member(member: MemberRef<'_>) -> Fields {
    fields([
        ("user_id", json!(member.user().id())),
        ("user", json!(user(member.user()))),
        ("nick", json!(member.nick())),
        ("roles", json!(member.roles().collect::<Vec<_>>())),
        ("joined_at", json!(member.joined_at())),
        ("premium_since", json!(member.premium_since())),
        (
            "unusual_dm_activity_until",
            json!(member.unusual_dm_until()),
        ),
        ("communication_disabled_until", json!(member.timeout())),
        ("avatar", json!(member.avatar())),
        ("banner", json!(member.banner())),
        ("avatar_decoration_data", json!(member.decoration())),
        ("collectibles", json!(member.collectibles())),
        ("deaf", json!(member.is_deaf())),
        ("mute", json!(member.is_mute())),
        ("pending", json!(member.is_pending())),
        ("flags", json!(member.flags())),
    ])
}

fn user(user: UserRef<'_>) -> Fields {
    fields([
        ("id", json!(user.id())),
        ("username", json!(user.username())),
        ("global_name", json!(user.global_name())),
        ("discriminator", json!(user.discriminator())),
        ("avatar", json!(user.avatar())),
        ("banner", json!(user.banner())),
        ("avatar_decoration_data", json!(user.decoration())),
        ("primary_guild", json!(user.primary_guild())),
        ("collectibles", json!(user.collectibles())),
        ("accent_color", json!(user.accent_color())),
        ("bot", json!(user.is_bot())),
        ("system", json!(user.is_system())),
        ("public_flags", json!(user.public_flags())),
    ])
}

fn presence(presence: PresenceRef<'_>, user: Option<UserRef<'_>>) -> Fields {
    let clients = json!({
        "desktop": presence.desktop(),
        "mobile": presence.mobile(),
        "web": presence.web(),
        "vr": presence.vr(),
    });
    let id = || fields([("id", json!(presence.user()))]);
    fields([
        ("user_id", json!(presence.user())),
        ("user", json!(user.map_or_else(id, self::user))),
        ("status", json!(presence.status())),
        ("client_status", clients),
        (
            "activities",
            json!(presence.activities().collect::<Vec<_>>()),
        ),
    ])
}
