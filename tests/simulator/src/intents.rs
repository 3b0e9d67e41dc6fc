//! Intents: which events a session wants.

/// `GUILDS`.
pub const GUILDS: u64 = 1;
/// `GUILD_MEMBERS`, privileged.
pub const GUILD_MEMBERS: u64 = 1 << 1;
/// `GUILD_VOICE_STATES`.
pub const GUILD_VOICE_STATES: u64 = 1 << 7;
/// `GUILD_PRESENCES`, privileged.
pub const GUILD_PRESENCES: u64 = 1 << 8;
/// `GUILD_MESSAGES`.
pub const GUILD_MESSAGES: u64 = 1 << 9;
/// `GUILD_MESSAGE_REACTIONS`.
pub const GUILD_MESSAGE_REACTIONS: u64 = 1 << 10;
/// `GUILD_MESSAGE_TYPING`.
pub const GUILD_MESSAGE_TYPING: u64 = 1 << 11;
/// `MESSAGE_CONTENT`, privileged.
pub const MESSAGE_CONTENT: u64 = 1 << 15;
/// Every bit that a bot may set; another one is close code 4013.
pub const ALL: u64 = 53_608_447;
/// The bits that the bot's owner has to enable; without that, close code 4014.
pub const PRIVILEGED: u64 = GUILD_MEMBERS | GUILD_PRESENCES | MESSAGE_CONTENT;

/// The bits of which one is needed for an event; 0 for events that always come.
#[must_use]
pub fn needed_for(event: &str) -> u64 {
    let bit = |number: u32| 1_u64 << number;
    match event {
        "GUILD_MEMBER_ADD" | "GUILD_MEMBER_UPDATE" | "GUILD_MEMBER_REMOVE" => GUILD_MEMBERS,
        "GUILD_AUDIT_LOG_ENTRY_CREATE" | "GUILD_BAN_ADD" | "GUILD_BAN_REMOVE" => bit(2),
        "GUILD_EMOJIS_UPDATE" | "GUILD_STICKERS_UPDATE" => bit(3),
        "GUILD_SOUNDBOARD_SOUND_CREATE"
        | "GUILD_SOUNDBOARD_SOUND_UPDATE"
        | "GUILD_SOUNDBOARD_SOUND_DELETE"
        | "GUILD_SOUNDBOARD_SOUNDS_UPDATE" => bit(3),
        "GUILD_INTEGRATIONS_UPDATE"
        | "INTEGRATION_CREATE"
        | "INTEGRATION_UPDATE"
        | "INTEGRATION_DELETE" => bit(4),
        "WEBHOOKS_UPDATE" => bit(5),
        "INVITE_CREATE" | "INVITE_DELETE" => bit(6),
        "VOICE_STATE_UPDATE" | "VOICE_CHANNEL_EFFECT_SEND" => GUILD_VOICE_STATES,
        "PRESENCE_UPDATE" => GUILD_PRESENCES,
        "MESSAGE_CREATE" | "MESSAGE_UPDATE" | "MESSAGE_DELETE" | "MESSAGE_DELETE_BULK" => {
            GUILD_MESSAGES
        }
        "TYPING_START" => GUILD_MESSAGE_TYPING,
        "AUTO_MODERATION_ACTION_EXECUTION" => bit(21),
        "MESSAGE_POLL_VOTE_ADD" | "MESSAGE_POLL_VOTE_REMOVE" => bit(24),
        _ => needed_for_family(event),
    }
}

fn needed_for_family(event: &str) -> u64 {
    const FAMILIES: [(&str, u64); 10] = [
        ("MESSAGE_REACTION_", GUILD_MESSAGE_REACTIONS),
        ("GUILD_SCHEDULED_EVENT_", 1 << 16),
        ("AUTO_MODERATION_RULE_", 1 << 20),
        ("GUILD_JOIN_REQUEST_", 1 << 2),
        ("GUILD_ROLE_", GUILDS),
        ("CHANNEL_PINS_", GUILDS),
        ("CHANNEL_INFO", 0),
        ("CHANNEL_", GUILDS),
        ("THREAD_", GUILDS),
        ("STAGE_INSTANCE_", GUILDS),
    ];
    match event {
        "GUILD_CREATE" | "GUILD_UPDATE" | "GUILD_DELETE" => GUILDS,
        "VOICE_CHANNEL_STATUS_UPDATE" | "VOICE_CHANNEL_START_TIME_UPDATE" => GUILDS,
        _ => FAMILIES
            .iter()
            .find(|(family, _)| event.starts_with(family))
            .map_or(0, |(_, bits)| *bits),
    }
}
