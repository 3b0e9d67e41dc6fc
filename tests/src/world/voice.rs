//! Voice states.
use crate::json::{Id, Null, Writer};
use crate::world::user::Image;

/// Writes a voice state as `GUILD_CREATE` carries it.
pub(crate) fn state(user: u64, channel: Option<u64>, w: &mut Writer) {
    w.field("user_id", Id(user));
    w.field("suppress", false);
    w.field("session_id", Image::still(user));
    w.field("self_video", false);
    w.field("self_mute", user.is_multiple_of(3));
    w.field("self_deaf", false);
    w.field("request_to_speak_timestamp", Null);
    w.field("mute", false);
    w.field("deaf", false);
    w.field("channel_id", channel.map(Id));
}
