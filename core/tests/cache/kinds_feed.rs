//! Events about rows of any kind.

use headcount_core::cache::Kind;
use serde_json::{Value, json};

use crate::world::{member_json, user_json};

/// The author of a message: out of reach of the members' ids.
pub(crate) fn author(id: u64) -> u64 {
    id % 5 + 300
}

/// Who is in a channel outside guilds: out of reach too.
pub(crate) fn recipient(id: u64) -> u64 {
    id + 500
}

/// A row as its event carries it; `first` is the thread of a membership and the channel of a
/// message, `hangs` the channel on which another hangs.
pub(crate) fn row(kind: Kind, first: u64, id: u64, hangs: Option<u64>) -> Value {
    let (name, id, channel) = (id.to_string(), id, hangs.map(|id| id.to_string()));
    match kind {
        Kind::Channel => json!({"id": name, "type": 0, "name": "c"}),
        Kind::Thread => json!({"id": name, "type": thread_type(id), "name": "t",
            "parent_id": channel, "thread_metadata": {"archived": false}}),
        Kind::Role => json!({"id": name, "name": "r", "permissions": "0"}),
        Kind::Emoji | Kind::Sticker => json!({"id": name, "name": "e"}),
        Kind::Sound => json!({"sound_id": name, "name": "s", "volume": 1}),
        Kind::VoiceState => json!({"user_id": name, "channel_id": channel, "session_id": "v"}),
        Kind::Stage => json!({"id": name, "channel_id": channel, "topic": "t"}),
        Kind::ScheduledEvent => json!({"id": name, "channel_id": channel, "name": "e",
            "status": if hangs.is_some_and(|on| on % 2 == 1) { 3 } else { 1 }}),
        Kind::PrivateChannel => json!({"id": name, "type": 1,
            "recipients": [user_json(recipient(id))]}),
        Kind::Integration => json!({"id": name, "name": "i", "type": "discord"}),
        Kind::Rule => json!({"id": name, "name": "r", "event_type": 1}),
        Kind::Invite => json!({"code": format!("i{id}"), "channel_id": channel}),
        Kind::WebhookMark => json!({"channel_id": name}),
        Kind::Message => json!({"id": name, "channel_id": first.to_string(), "type": 0,
            "author": user_json(author(id))}),
        Kind::Member => member_json(id),
        other => panic!("{other:?} is not fed alone"),
    }
}

/// Odd threads are private.
fn thread_type(id: u64) -> u64 {
    11 + id % 2
}

/// The event that brings a row or changes it, and where in the event the row is.
pub(crate) fn coming(kind: Kind) -> (&'static str, Option<&'static str>) {
    match kind {
        Kind::Channel => ("CHANNEL_CREATE", None),
        Kind::Thread => ("THREAD_CREATE", None),
        Kind::Role => ("GUILD_ROLE_UPDATE", Some("role")),
        Kind::Sound => ("GUILD_SOUNDBOARD_SOUND_CREATE", None),
        Kind::VoiceState => ("VOICE_STATE_UPDATE", None),
        Kind::Stage => ("STAGE_INSTANCE_UPDATE", None),
        Kind::ScheduledEvent => ("GUILD_SCHEDULED_EVENT_UPDATE", None),
        Kind::Integration => ("INTEGRATION_CREATE", None),
        Kind::Rule => ("AUTO_MODERATION_RULE_UPDATE", None),
        Kind::Invite => ("INVITE_CREATE", None),
        Kind::WebhookMark => ("WEBHOOKS_UPDATE", None),
        Kind::Message => ("MESSAGE_CREATE", None),
        Kind::Member => ("GUILD_MEMBER_ADD", None),
        other => panic!("{other:?} does not come alone"),
    }
}

/// The event that takes a row away.
pub(crate) fn going(kind: Kind, row: Value) -> (&'static str, Value) {
    match kind {
        Kind::Channel => ("CHANNEL_DELETE", row),
        Kind::Thread => ("THREAD_DELETE", row),
        Kind::Role => ("GUILD_ROLE_DELETE", json!({"role_id": row["id"]})),
        Kind::Sound => ("GUILD_SOUNDBOARD_SOUND_DELETE", row),
        Kind::VoiceState => {
            let mut row = row;
            row["channel_id"] = Value::Null;
            ("VOICE_STATE_UPDATE", row)
        }
        Kind::Stage => ("STAGE_INSTANCE_DELETE", row),
        Kind::ScheduledEvent => ("GUILD_SCHEDULED_EVENT_DELETE", row),
        Kind::Integration => ("INTEGRATION_DELETE", row),
        Kind::Rule => ("AUTO_MODERATION_RULE_DELETE", row),
        Kind::Invite => ("INVITE_DELETE", row),
        Kind::Message => ("MESSAGE_DELETE", row),
        Kind::Member => ("GUILD_MEMBER_REMOVE", json!({"user": row["user"]})),
        other => panic!("{other:?} does not go alone"),
    }
}
