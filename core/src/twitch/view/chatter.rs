//! Who said it.

use super::{flag, number, text};
use crate::twitch::{IrcMessage, TagValue};

/// Who has sent a message, in the room that it was sent in.
#[derive(Clone, Copy, Debug)]
pub struct Chatter<'a>(pub(super) IrcMessage<'a>);

/// One badge beside a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Badge<'a> {
    /// Its set, such as `subscriber`.
    pub set: &'a str,
    /// Which one of the set; of `badge-info`, the months.
    pub version: &'a str,
}

impl<'a> Chatter<'a> {
    /// The login; `None` in messages of the server about the bot itself.
    #[must_use]
    pub fn login(self) -> Option<&'a str> {
        text(&self.0, "login").or_else(|| self.0.prefix()?.nick())
    }

    /// The user's number.
    #[must_use]
    pub fn user_id(self) -> Option<u64> {
        number(&self.0, "user-id")
    }

    /// The name to show, which may have blanks and other scripts.
    #[must_use]
    pub fn display_name(self) -> Option<TagValue<'a>> {
        self.0
            .tag("display-name")
            .filter(|name| !name.raw().is_empty())
    }

    /// The color of the name, as `0xRRGGBB`; `None` for who has chosen none.
    #[must_use]
    pub fn color(self) -> Option<u32> {
        let digits = text(&self.0, "color")?.strip_prefix('#')?;
        let all = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        u32::from_str_radix(digits, 16).ok().filter(|_| all)
    }

    /// The badges, in order.
    pub fn badges(self) -> impl Iterator<Item = Badge<'a>> + Clone {
        badges(text(&self.0, "badges"))
    }

    /// What is behind badges: the exact months of a `subscriber`.
    pub fn badge_info(self) -> impl Iterator<Item = Badge<'a>> + Clone {
        badges(text(&self.0, "badge-info"))
    }

    /// Whether there is a badge of this set.
    #[must_use]
    pub fn has_badge(self, set: &str) -> bool {
        self.badges().any(|badge| badge.set == set)
    }

    /// Whether it is the room's owner.
    #[must_use]
    pub fn is_broadcaster(self) -> bool {
        self.has_badge("broadcaster")
    }

    /// Whether it moderates the room. Owners do not count.
    #[must_use]
    pub fn is_moderator(self) -> bool {
        flag(&self.0, "mod")
    }

    /// Whether it is a VIP of the room.
    #[must_use]
    pub fn is_vip(self) -> bool {
        flag(&self.0, "vip") || self.has_badge("vip")
    }

    /// Whether it subscribes to the room.
    #[must_use]
    pub fn is_subscriber(self) -> bool {
        flag(&self.0, "subscriber")
    }
}

fn badges(list: Option<&str>) -> impl Iterator<Item = Badge<'_>> + Clone {
    let parts = list.unwrap_or_default().split(',');
    let badges = parts.filter_map(|part| part.rsplit_once('/'));
    badges.map(|(set, version)| Badge { set, version })
}
