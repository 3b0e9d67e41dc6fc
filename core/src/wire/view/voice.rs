//! Voice: who is where, and stages.

use crate::id::{ChannelId, ScheduledEventId, StageId, UserId};
use crate::wire::packed::packed;
use crate::wire::row::row;
use crate::wire::{Field, Text, Timestamp, VoiceSession};

packed! {
    /// A user's connection to a voice channel.
    VoiceState {
        key "user_id" user: UserId;
        first "member";
        beside "user_id";
        /// Whether the user may not speak on the stage.
        "suppress" suppress: Option<bool>,
        /// The voice session.
        "session_id" session: Option<VoiceSession<'i>>,
        /// Whether the camera is on.
        "self_video" self_video: Option<bool>,
        /// Whether the user streams.
        "self_stream" self_stream: Field<bool>,
        /// Whether the user is silent by choice.
        "self_mute" self_mute: Option<bool>,
        /// Whether the user hears nothing by choice.
        "self_deaf" self_deaf: Option<bool>,
        /// Since when the user asks to speak on the stage.
        "request_to_speak_timestamp" request_to_speak: Field<Timestamp>,
        /// Whether the guild muted the user.
        "mute" mute: Option<bool>,
        beside "guild_id";
        /// Whether the guild deafened the user.
        "deaf" deaf: Option<bool>,
        /// The channel; null when the user has left.
        "channel_id" channel: Field<ChannelId>,
    }
}

row! {
    /// A stage that is on.
    StageInstance {
        key "id" id: StageId;
        /// The channel.
        "channel_id" channel: Option<ChannelId>,
        /// What it is about.
        "topic" topic: Option<Text<'i>>,
        /// For whom it is: 1 for everyone, 2 for the guild.
        "privacy_level" privacy: Option<u16>,
        /// Whether it is left out of the directory.
        "discoverable_disabled" undiscoverable: Option<bool>,
        /// The scheduled event that it belongs to.
        "guild_scheduled_event_id" event: Field<ScheduledEventId>,
    }
}
