//! The names of dispatches.

use core::fmt;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $wire:literal)*) => {
        /// Which dispatch it is: the `t` of an envelope.
        ///
        /// A name that this version does not know is [`Name::Unknown`]; its text stays in the
        /// envelope. The names are those of gateway version 10 and the undocumented ones seen.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Name {
            $(
                #[doc = concat!("`", $wire, "`.")]
                $name,
            )*
            /// A name that this version does not know.
            Unknown,
        }

        impl Name {
            /// Every known name, in the order of the declaration.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The name with this spelling; [`Name::Unknown`] if there is none.
            #[must_use]
            pub fn from_wire(text: &str) -> Self {
                Self::from_bytes(text.as_bytes())
            }

            /// The same for bytes that are perhaps no text.
            pub(super) fn from_bytes(bytes: &[u8]) -> Self {
                match bytes {
                    $(name if name == $wire.as_bytes() => Self::$name,)*
                    _ => Self::Unknown,
                }
            }

            /// The spelling on the wire; `"UNKNOWN"` for [`Name::Unknown`].
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $wire,)*
                    Self::Unknown => "UNKNOWN",
                }
            }
        }
    };
}

names! {
    Ready = "READY"
    Resumed = "RESUMED"
    RateLimited = "RATE_LIMITED"
    UserUpdate = "USER_UPDATE"
    GuildCreate = "GUILD_CREATE"
    GuildUpdate = "GUILD_UPDATE"
    GuildDelete = "GUILD_DELETE"
    GuildSync = "GUILD_SYNC"
    GuildRoleCreate = "GUILD_ROLE_CREATE"
    GuildRoleUpdate = "GUILD_ROLE_UPDATE"
    GuildRoleDelete = "GUILD_ROLE_DELETE"
    GuildEmojisUpdate = "GUILD_EMOJIS_UPDATE"
    GuildStickersUpdate = "GUILD_STICKERS_UPDATE"
    GuildSoundboardSoundCreate = "GUILD_SOUNDBOARD_SOUND_CREATE"
    GuildSoundboardSoundUpdate = "GUILD_SOUNDBOARD_SOUND_UPDATE"
    GuildSoundboardSoundDelete = "GUILD_SOUNDBOARD_SOUND_DELETE"
    GuildSoundboardSoundsUpdate = "GUILD_SOUNDBOARD_SOUNDS_UPDATE"
    SoundboardSounds = "SOUNDBOARD_SOUNDS"
    GuildBanAdd = "GUILD_BAN_ADD"
    GuildBanRemove = "GUILD_BAN_REMOVE"
    GuildIntegrationsUpdate = "GUILD_INTEGRATIONS_UPDATE"
    IntegrationCreate = "INTEGRATION_CREATE"
    IntegrationUpdate = "INTEGRATION_UPDATE"
    IntegrationDelete = "INTEGRATION_DELETE"
    WebhooksUpdate = "WEBHOOKS_UPDATE"
    GuildAuditLogEntryCreate = "GUILD_AUDIT_LOG_ENTRY_CREATE"
    GuildJoinRequestCreate = "GUILD_JOIN_REQUEST_CREATE"
    GuildJoinRequestUpdate = "GUILD_JOIN_REQUEST_UPDATE"
    GuildJoinRequestDelete = "GUILD_JOIN_REQUEST_DELETE"
    ApplicationCommandPermissionsUpdate = "APPLICATION_COMMAND_PERMISSIONS_UPDATE"
    GuildMemberAdd = "GUILD_MEMBER_ADD"
    GuildMemberUpdate = "GUILD_MEMBER_UPDATE"
    GuildMemberRemove = "GUILD_MEMBER_REMOVE"
    GuildMembersChunk = "GUILD_MEMBERS_CHUNK"
    PresenceUpdate = "PRESENCE_UPDATE"
    TypingStart = "TYPING_START"
    ChannelCreate = "CHANNEL_CREATE"
    ChannelUpdate = "CHANNEL_UPDATE"
    ChannelDelete = "CHANNEL_DELETE"
    ChannelPinsUpdate = "CHANNEL_PINS_UPDATE"
    ChannelInfo = "CHANNEL_INFO"
    VoiceChannelStatusUpdate = "VOICE_CHANNEL_STATUS_UPDATE"
    VoiceChannelStartTimeUpdate = "VOICE_CHANNEL_START_TIME_UPDATE"
    ThreadCreate = "THREAD_CREATE"
    ThreadUpdate = "THREAD_UPDATE"
    ThreadDelete = "THREAD_DELETE"
    ThreadListSync = "THREAD_LIST_SYNC"
    ThreadMemberUpdate = "THREAD_MEMBER_UPDATE"
    ThreadMembersUpdate = "THREAD_MEMBERS_UPDATE"
    MessageCreate = "MESSAGE_CREATE"
    MessageUpdate = "MESSAGE_UPDATE"
    MessageDelete = "MESSAGE_DELETE"
    MessageDeleteBulk = "MESSAGE_DELETE_BULK"
    MessageReactionAdd = "MESSAGE_REACTION_ADD"
    MessageReactionRemove = "MESSAGE_REACTION_REMOVE"
    MessageReactionRemoveAll = "MESSAGE_REACTION_REMOVE_ALL"
    MessageReactionRemoveEmoji = "MESSAGE_REACTION_REMOVE_EMOJI"
    MessagePollVoteAdd = "MESSAGE_POLL_VOTE_ADD"
    MessagePollVoteRemove = "MESSAGE_POLL_VOTE_REMOVE"
    VoiceStateUpdate = "VOICE_STATE_UPDATE"
    VoiceServerUpdate = "VOICE_SERVER_UPDATE"
    VoiceChannelEffectSend = "VOICE_CHANNEL_EFFECT_SEND"
    StageInstanceCreate = "STAGE_INSTANCE_CREATE"
    StageInstanceUpdate = "STAGE_INSTANCE_UPDATE"
    StageInstanceDelete = "STAGE_INSTANCE_DELETE"
    GuildScheduledEventCreate = "GUILD_SCHEDULED_EVENT_CREATE"
    GuildScheduledEventUpdate = "GUILD_SCHEDULED_EVENT_UPDATE"
    GuildScheduledEventDelete = "GUILD_SCHEDULED_EVENT_DELETE"
    GuildScheduledEventUserAdd = "GUILD_SCHEDULED_EVENT_USER_ADD"
    GuildScheduledEventUserRemove = "GUILD_SCHEDULED_EVENT_USER_REMOVE"
    InviteCreate = "INVITE_CREATE"
    InviteDelete = "INVITE_DELETE"
    InteractionCreate = "INTERACTION_CREATE"
    EntitlementCreate = "ENTITLEMENT_CREATE"
    EntitlementUpdate = "ENTITLEMENT_UPDATE"
    EntitlementDelete = "ENTITLEMENT_DELETE"
    SubscriptionCreate = "SUBSCRIPTION_CREATE"
    SubscriptionUpdate = "SUBSCRIPTION_UPDATE"
    SubscriptionDelete = "SUBSCRIPTION_DELETE"
    AutoModerationRuleCreate = "AUTO_MODERATION_RULE_CREATE"
    AutoModerationRuleUpdate = "AUTO_MODERATION_RULE_UPDATE"
    AutoModerationRuleDelete = "AUTO_MODERATION_RULE_DELETE"
    AutoModerationActionExecution = "AUTO_MODERATION_ACTION_EXECUTION"
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = super::Text::deserialize(from)?;
        Ok(Self::from_wire(&text.as_cow()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_by_its_spelling() {
        for &name in Name::ALL {
            assert_eq!(Name::from_wire(name.as_str()), name);
        }
        assert_eq!(Name::from_wire("SOMETHING_NEW"), Name::Unknown);
        assert_eq!(Name::from_wire("ready"), Name::Unknown);
    }
}
