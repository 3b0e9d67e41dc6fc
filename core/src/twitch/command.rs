//! What a client says.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::Token;
use crate::twitch::{EncodeError, Limits, Line, Login, Room};

/// A line from the client to Twitch (<https://dev.twitch.tv/docs/chat/irc/>). `Debug` never shows
/// the token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IrcCommand {
    /// Asks for tags and for commands (NOTICE, ROOMSTATE, USERSTATE and the like).
    Capabilities,
    /// The account's secret, with or without `oauth:`.
    Pass(Token),
    /// The account's login.
    Nick(Login),
    /// Joins rooms; each counts as one attempt.
    Join(Vec<Room>),
    /// Parts from rooms.
    Part(Vec<Room>),
    /// Says something in a room.
    Say {
        /// The room.
        room: Room,
        /// What to say; Twitch cuts it at 500 characters.
        text: String,
        /// The id of the message this replies to.
        reply_to: Option<String>,
        /// Comes back with the confirmation.
        nonce: String,
    },
    /// Asks for a sign of life.
    Ping,
    /// Answers the server's PING.
    Pong(String),
}

impl IrcCommand {
    /// Appends the line with CRLF to `out`.
    ///
    /// # Errors
    /// [`EncodeError`] when a text cannot be sent; then `out` is as it was.
    pub fn encode(&self, out: &mut String) -> Result<(), EncodeError> {
        match self {
            Self::Capabilities => {
                let wanted = "twitch.tv/tags twitch.tv/commands";
                write("CAP", &["REQ", wanted], out)
            }
            Self::Pass(token) => {
                let secret = token.expose();
                let secret = secret.strip_prefix("oauth:").unwrap_or(secret);
                write("PASS", &[&alloc::format!("oauth:{secret}")], out)
            }
            Self::Nick(login) => write("NICK", &[login.as_str()], out),
            Self::Join(rooms) => write("JOIN", &[&list(rooms)], out),
            Self::Part(rooms) => write("PART", &[&list(rooms)], out),
            Self::Say {
                room,
                text,
                reply_to,
                nonce,
            } => {
                let reply = reply_to.as_deref().unwrap_or_default();
                let tags = [
                    ("client-nonce", nonce.as_str()),
                    ("reply-parent-msg-id", reply),
                ];
                let tags = if reply.is_empty() {
                    tags.get(..1)
                } else {
                    Some(&tags[..])
                };
                let line = Line {
                    tags: tags.unwrap_or_default(),
                    prefix: None,
                    command: "PRIVMSG",
                    params: &[&room.to_string(), text],
                };
                line.encode(Limits::TWITCH, out)
            }
            Self::Ping => write("PING", &["headcount"], out),
            Self::Pong(word) => write("PONG", &[word], out),
        }
    }
}

fn write(command: &str, params: &[&str], out: &mut String) -> Result<(), EncodeError> {
    let line = Line {
        command,
        params,
        ..Line::default()
    };
    line.encode(Limits::TWITCH, out)
}

fn list(rooms: &[Room]) -> String {
    let mut text = String::new();
    for room in rooms {
        if !text.is_empty() {
            text.push(',');
        }
        text.push('#');
        text.push_str(room.as_str());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(command: &IrcCommand) -> String {
        let mut out = String::new();
        command.encode(&mut out).unwrap();
        out
    }

    #[test]
    fn lines_are_what_twitch_expects() {
        let room = |name| Room::new(name).unwrap();
        let wanted = "CAP REQ :twitch.tv/tags twitch.tv/commands\r\n";
        assert_eq!(encoded(&IrcCommand::Capabilities), wanted);
        let pass = IrcCommand::Pass(Token::new("oauth:secret"));
        assert_eq!(encoded(&pass), "PASS oauth:secret\r\n");
        assert!(!alloc::format!("{pass:?}").contains("secret"));
        let join = IrcCommand::Join(alloc::vec![room("a"), room("b")]);
        assert_eq!(encoded(&join), "JOIN #a,#b\r\n");
        let say = IrcCommand::Say {
            room: room("a"),
            text: "hi".into(),
            reply_to: Some("x-1".into()),
            nonce: "7".into(),
        };
        let wanted = "@client-nonce=7;reply-parent-msg-id=x-1 PRIVMSG #a :hi\r\n";
        assert_eq!(encoded(&say), wanted);
        assert_eq!(
            encoded(&IrcCommand::Pong("tmi.twitch.tv".into())),
            "PONG tmi.twitch.tv\r\n"
        );
    }

    #[test]
    fn a_hundred_long_names_fit_one_line() {
        let name = |n| Room::new(&alloc::format!("a_name_of_25_letters_{n:04}")).unwrap();
        let join = IrcCommand::Join((0..100).map(name).collect());
        assert!(encoded(&join).len() <= 4096);
    }
}
