//! Voice states.
use crate::json::{Id, Null, Writer};
use crate::world::member::Member;
use crate::world::user::Image;

/// Writes a voice state; with the member outside `GUILD_CREATE`.
pub(crate) fn state(user: u64, channel: Option<u64>, member: Option<&Member>, w: &mut Writer) {
    w.field("user_id", Id(user));
    w.field("suppress", false);
    w.field("session_id", Image::still(user));
    w.field("self_video", false);
    w.field("self_mute", user.is_multiple_of(3));
    w.field("self_deaf", false);
    w.field("request_to_speak_timestamp", Null);
    w.field("mute", false);
    if let Some(member) = member {
        w.object("member", |w| member.write(w));
    }
    w.field("deaf", false);
    w.field("channel_id", channel.map(Id));
}
