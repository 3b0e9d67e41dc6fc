//! What the usual messages say, read from the line when it is asked for.
//!
//! Nothing is allocated: texts are borrowed, and a tag whose escapes matter is handed out as a
//! [`TagValue`]. A tag that is missing or makes no sense is as if it were not there.

mod chatter;
mod emote;
mod notices;
mod privmsg;
mod states;

use crate::twitch::IrcMessage;

pub use chatter::{Badge, Chatter};
pub use emote::Emote;
pub use notices::{ClearChat, Cleared, RoomNotice, UserNotice};
pub use privmsg::PrivMsg;
pub use states::{Followers, RoomSettings, UserState};

/// A message by its command.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum ChatLine<'a> {
    /// `PRIVMSG`: somebody said something.
    PrivMsg(PrivMsg<'a>),
    /// `USERNOTICE`: a subscription, a raid, an announcement and the like.
    UserNotice(UserNotice<'a>),
    /// `ROOMSTATE`: how a room is set, or what of it has changed.
    RoomSettings(RoomSettings<'a>),
    /// `CLEARCHAT`: messages are to be taken away.
    ClearChat(ClearChat<'a>),
    /// `NOTICE`: the server says something to the bot.
    Notice(RoomNotice<'a>),
    /// `USERSTATE`: what the bot is in a room.
    UserState(UserState<'a>),
    /// Any other command.
    Other(IrcMessage<'a>),
}

impl<'a> IrcMessage<'a> {
    /// The same by its command, with what it says. Costs a comparison of the command.
    ///
    /// ```
    /// use headcount_core::twitch::{ChatLine, IrcMessage};
    ///
    /// let line = b"@badges=vip/1;emotes=25:0-4;user-id=7 :ann!ann@ann PRIVMSG #bob :Kappa!";
    /// let ChatLine::PrivMsg(said) = IrcMessage::parse(line)?.view() else { panic!() };
    /// assert_eq!((said.text(), said.chatter().user_id()), ("Kappa!", Some(7)));
    /// let emote = said.emotes().next().expect("one");
    /// assert_eq!((emote.id(), emote.name_in(said.text())), ("25", Some("Kappa")));
    /// # Ok::<_, headcount_core::twitch::ParseError>(())
    /// ```
    #[must_use]
    pub fn view(self) -> ChatLine<'a> {
        match self.command() {
            "PRIVMSG" => ChatLine::PrivMsg(PrivMsg(self)),
            "USERNOTICE" => ChatLine::UserNotice(UserNotice(self)),
            "ROOMSTATE" => ChatLine::RoomSettings(RoomSettings(self)),
            "CLEARCHAT" => ChatLine::ClearChat(ClearChat(self)),
            "NOTICE" => ChatLine::Notice(RoomNotice(self)),
            "USERSTATE" => ChatLine::UserState(UserState(self)),
            _ => ChatLine::Other(self),
        }
    }
}

/// The text of a tag as it is on the wire; `None` if it is missing or empty.
fn text<'a>(message: &IrcMessage<'a>, key: &str) -> Option<&'a str> {
    let text = message.tag(key)?.raw();
    (!text.is_empty()).then_some(text)
}

/// The number in a tag.
fn number<T: core::str::FromStr>(message: &IrcMessage<'_>, key: &str) -> Option<T> {
    text(message, key)?.parse().ok()
}

/// Whether a tag says yes.
fn flag(message: &IrcMessage<'_>, key: &str) -> bool {
    text(message, key) == Some("1")
}

#[cfg(test)]
mod tests;
