//! headcount-core: the wire, the derivation and the store in memory.

use std::hint::black_box;

use headcount_core::ShardId;
use headcount_core::cache::memory::{MemberRef, PresenceRef, UserRef};
use headcount_core::cache::{Deriver, Kinds, MemoryStore};
use headcount_core::id::{ChannelId, GuildId, RoleId, UserId};
use headcount_core::wire::view::View;
use headcount_core::wire::{Envelope, Image};
use peer_library::{Fields, Library, RowKey, fields as value};
use serde_json::{Value, json};

/// headcount.
pub struct Ours {
    deriver: Deriver,
    store: MemoryStore,
    kinds: Kinds,
}

impl Ours {
    pub fn new() -> Self {
        let kinds = Kinds::GUILDS
            | Kinds::CHANNELS
            | Kinds::THREADS
            | Kinds::ROLES
            | Kinds::EMOJIS
            | Kinds::STICKERS
            | Kinds::MEMBERS
            | Kinds::USERS
            | Kinds::PRESENCES
            | Kinds::VOICE_STATES;
        let shard = ShardId::new(0, 1);
        Self {
            deriver: Deriver::new(shard, kinds),
            store: MemoryStore::new(7),
            kinds,
        }
    }
}

impl Library for Ours {
    fn feed(&mut self, frame: &mut [u8]) {
        let event = Envelope::parse(frame).expect("the envelope is sound");
        let view = View::parse(event.kind(), event.data, self.kinds).expect("the data is sound");
        if let Some(view) = view {
            let mutation = self.deriver.derive(view);
            black_box(self.store.apply(mutation));
        }
        black_box(&event);
    }

    fn members(&self, guild: u64) -> usize {
        self.store.counts(guild_id(guild)).members
    }

    fn look_up(&self, guild: u64, users: &[u64]) -> u64 {
        let guild = guild_id(guild);
        let roles = |&user: &u64| {
            let member = self
                .store
                .member(guild, user_id(user))
                .expect("a cached member");
            black_box(member.roles().len() as u64)
        };
        users.iter().map(roles).sum()
    }

    fn row(&self, key: RowKey) -> Option<Fields> {
        let store = &self.store;
        Some(match key {
            RowKey::Guild(guild) => {
                let guild = store.guild(guild_id(guild))?;
                let mut fields = on_the_wire(value(guild.data()));
                fields.insert("member_count".to_owned(), json!(guild.member_count()));
                fields
            }
            RowKey::Channel(_, channel) => on_the_wire(value(
                store.channel(ChannelId::new(channel).expect("no zero"))?,
            )),
            RowKey::Role(guild, role) => on_the_wire(value(
                store.role(guild_id(guild), RoleId::new(role).expect("no zero"))?,
            )),
            RowKey::Member(guild, user) => member(store.member(guild_id(guild), user_id(user))?),
            RowKey::User(id) => user(store.user(user_id(id))?),
            RowKey::Presence(guild, user) => {
                presence(store.presence(guild_id(guild), user_id(user))?)
            }
            RowKey::Emoji(..) | RowKey::VoiceState(..) => return None,
        })
    }
}

fn guild_id(id: u64) -> GuildId {
    GuildId::new(id).expect("no zero")
}

fn user_id(id: u64) -> UserId {
    UserId::new(id).expect("no zero")
}

fn fields<const N: usize>(fields: [(&str, Value); N]) -> Fields {
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn image(image: Option<&Image<'static>>) -> Value {
    json!(image)
}

fn member(member: MemberRef<'_>) -> Fields {
    let micros = |time: Option<headcount_core::wire::Timestamp>| json!(time);
    fields([
        ("user_id", json!(member.user().id())),
        ("nick", json!(member.nick())),
        ("roles", json!(member.roles())),
        ("joined_at", micros(member.joined_at())),
        ("premium_since", micros(member.premium_since())),
        ("communication_disabled_until", micros(member.timeout())),
        ("avatar", image(member.avatar())),
        ("banner", image(member.banner())),
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
        ("avatar", image(user.avatar())),
        ("banner", image(user.banner())),
        ("bot", json!(user.is_bot())),
        ("system", json!(user.is_system())),
        ("public_flags", json!(user.public_flags())),
    ])
}

fn presence(presence: PresenceRef<'_>) -> Fields {
    let clients = json!({
        "desktop": presence.desktop(),
        "mobile": presence.mobile(),
        "web": presence.web(),
        "vr": presence.vr(),
    });
    fields([
        ("user_id", json!(presence.user())),
        ("status", lower(json!(presence.status()))),
        ("client_status", lower(clients)),
        ("activities", named(json!(presence.activities()))),
    ])
}

/// What the wire calls otherwise than our rows do.
const NAMES: &[(&str, &str)] = &[
    ("kind", "type"),
    ("guild", "guild_id"),
    ("owner", "owner_id"),
    ("parent", "parent_id"),
    ("application", "application_id"),
    ("last_message", "last_message_id"),
    ("last_pin", "last_pin_timestamp"),
    ("overwrites", "permission_overwrites"),
    ("rate_limit", "rate_limit_per_user"),
    ("primary", "primary_color"),
    ("secondary", "secondary_color"),
    ("tertiary", "tertiary_color"),
    ("afk_channel", "afk_channel_id"),
    ("rules_channel", "rules_channel_id"),
    ("system_channel", "system_channel_id"),
    ("notifications", "default_message_notifications"),
    ("content_filter", "explicit_content_filter"),
    ("max_stage_users", "max_stage_video_channel_users"),
    ("max_video_users", "max_video_channel_users"),
    ("boosts", "premium_subscription_count"),
    ("locale", "preferred_locale"),
];

fn on_the_wire(row: Fields) -> Fields {
    let name = |ours: String| match NAMES.iter().find(|(name, _)| *name == ours) {
        Some((_, wire)) => (*wire).to_owned(),
        None => ours,
    };
    row.into_iter()
        .map(|(field, value)| (name(field), named(value)))
        .collect()
}

/// The same for the parts of a row.
fn named(value: Value) -> Value {
    match value {
        Value::Object(parts) => on_the_wire(parts.into_iter().collect())
            .into_iter()
            .collect(),
        Value::Array(items) => items.into_iter().map(named).collect(),
        other => other,
    }
}

/// Statuses as the wire writes them.
fn lower(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.to_lowercase()),
        Value::Object(parts) => parts
            .into_iter()
            .map(|(name, value)| (name, lower(value)))
            .collect(),
        other => other,
    }
}
