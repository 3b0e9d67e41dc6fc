//! Voice states and stages.

use headcount_core::id::GuildId;
use headcount_core::wire::view;
use twilight_model::channel::StageInstance;
use twilight_model::channel::stage_instance::PrivacyLevel;
use twilight_model::voice::VoiceState;

use crate::part::{RowName, id, text, times};
use crate::{MissingPart, ToTwilight};

pub(crate) fn voice_state(
    guild: GuildId,
    row: &view::VoiceState<'_>,
) -> Result<VoiceState, MissingPart> {
    const ROW: RowName = RowName("voice state");
    Ok(VoiceState {
        channel_id: id(&row.channel),
        deaf: ROW.needs("deaf", row.deaf)?,
        guild_id: Some(guild.to_twilight()),
        member: None,
        mute: ROW.needs("mute", row.mute)?,
        self_deaf: ROW.needs("self_deaf", row.self_deaf)?,
        self_mute: ROW.needs("self_mute", row.self_mute)?,
        self_stream: row.self_stream.value() == Some(&true),
        self_video: ROW.needs("self_video", row.self_video)?,
        session_id: ROW.needs("session_id", row.session.as_ref().map(ToString::to_string))?,
        suppress: ROW.needs("suppress", row.suppress)?,
        user_id: row.user.to_twilight(),
        request_to_speak_timestamp: times(&row.request_to_speak),
    })
}

pub(crate) fn stage(
    guild: GuildId,
    row: &view::StageInstance<'_>,
) -> Result<StageInstance, MissingPart> {
    const ROW: RowName = RowName("stage instance");
    let channel = row.channel.map(|channel| channel.to_twilight());
    // twilight knows of the guild's own alone; those for everyone are no longer made.
    let privacy = row
        .privacy
        .filter(|level| *level == PrivacyLevel::GuildOnly as u16);
    Ok(StageInstance {
        channel_id: ROW.needs("channel_id", channel)?,
        guild_id: guild.to_twilight(),
        guild_scheduled_event_id: id(&row.event),
        id: row.id.to_twilight(),
        privacy_level: ROW.needs("privacy_level", privacy.map(|_| PrivacyLevel::GuildOnly))?,
        topic: ROW.needs("topic", row.topic.as_ref().map(text))?,
    })
}
