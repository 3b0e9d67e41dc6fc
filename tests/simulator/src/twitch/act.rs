//! What happens on the server's side.
use super::connection::Connection;
use super::model::{Due, Twitch};
use crate::edge::{ConnectionId, Millis, Output};

/// Which connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// All of them.
    All,
    /// One.
    Connection(ConnectionId),
    /// Those of an account.
    Account(String),
}

/// Something that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TwitchAct {
    /// RECONNECT is sent, and the connections end `after` so many milliseconds.
    Reconnect {
        /// Which connections.
        who: Who,
        /// Milliseconds until they end.
        after: Millis,
    },
    /// Connections end at once and without a word.
    Cut(Who),
    /// Connections are half open from now on: nothing gets through.
    Freeze(Who),
    /// A line goes out, whatever it is; its end is added.
    Send {
        /// To whom.
        who: Who,
        /// The line.
        line: String,
    },
    /// Somebody says something in a room.
    Say {
        /// The room, without `#`.
        room: String,
        /// The login of who says it.
        from: String,
        /// What.
        text: String,
    },
    /// A message of shared chat: the same one in several rooms.
    SayShared {
        /// The rooms, without `#`; the first is where it was said.
        rooms: Vec<String>,
        /// The login of who says it.
        from: String,
        /// What.
        text: String,
    },
    /// A whisper, which reaches every connection of the account.
    Whisper {
        /// The account's login.
        to: String,
        /// The login of who whispers.
        from: String,
        /// What.
        text: String,
    },
    /// An account is banned from a room: it is put out and cannot come back.
    Ban {
        /// The account's login.
        login: String,
        /// The room, without `#`.
        room: String,
    },
    /// A ban is lifted.
    Unban {
        /// The account's login.
        login: String,
        /// The room, without `#`.
        room: String,
    },
    /// An account gets another token; the old one is not taken any more.
    ChangeToken {
        /// The account's login.
        login: String,
        /// The token, without `oauth:`.
        token: String,
    },
}

impl Twitch {
    /// Makes something happen at `now`.
    pub fn act(&mut self, now: Millis, act: TwitchAct) {
        self.advance(now);
        match act {
            TwitchAct::Reconnect { who, after } => {
                for id in self.whom(&who) {
                    self.send(id, ":tmi.twitch.tv RECONNECT\r\n".to_owned());
                    self.later(after, Due::End(id));
                }
            }
            TwitchAct::Cut(who) => self.whom(&who).into_iter().for_each(|id| self.end(id)),
            TwitchAct::Freeze(who) => {
                for id in self.whom(&who) {
                    if let Some(connection) = self.connections.get_mut(&id) {
                        connection.frozen = true;
                    }
                }
            }
            TwitchAct::Send { who, line } => {
                for id in self.whom(&who) {
                    self.send(id, format!("{line}\r\n"));
                }
            }
            TwitchAct::Say { room, from, text } => {
                self.broadcast(&room, &from, &text, "", None);
            }
            TwitchAct::SayShared { rooms, from, text } => self.share(&rooms, &from, &text),
            TwitchAct::Whisper { to, from, text } => self.whisper(&to, &from, &text),
            TwitchAct::Ban { login, room } => self.ban(&login, &room),
            TwitchAct::Unban { login, room } => {
                if let Some(account) = self.accounts.get_mut(&login) {
                    account.plan.banned.remove(&room);
                }
            }
            TwitchAct::ChangeToken { login, token } => {
                let account = self.account(&login);
                account.plan.token = Some(token);
            }
        }
    }

    /// The connections that are meant, in the order in which they came.
    fn whom(&self, who: &Who) -> Vec<ConnectionId> {
        let meant = |(id, connection): (&ConnectionId, &Connection)| match who {
            Who::All => true,
            Who::Connection(one) => one == id,
            Who::Account(login) => connection.account() == Some(login),
        };
        let connections = self.connections.iter();
        connections
            .filter(|entry| meant(*entry))
            .map(|(id, _)| *id)
            .collect()
    }

    fn share(&mut self, rooms: &[String], from: &str, text: &str) {
        let Some(first) = rooms.first() else { return };
        let source = self.next_message_id();
        let origin = super::speaking::user_id(first);
        for room in rooms {
            let tags = format!("source-id={source};source-room-id={origin};");
            let own = (room == first).then_some(source.as_str());
            self.broadcast(room, from, text, &tags, own);
        }
    }

    fn whisper(&mut self, to: &str, from: &str, text: &str) {
        let id = self.next_message_id();
        let user = super::speaking::user_id(from);
        let tags = format!("display-name={from};emotes=;message-id={id};user-id={user}");
        let rest = format!(":{from}!{from}@{from}.tmi.twitch.tv WHISPER {to} :{text}");
        for id in self.whom(&Who::Account(to.to_owned())) {
            self.send_line(id, &tags, &rest);
        }
    }

    fn ban(&mut self, login: &str, room: &str) {
        let account = self.account(login);
        account.plan.banned.insert(room.to_owned());
        let user = super::speaking::user_id(login);
        let tags = format!("target-user-id={user};tmi-sent-ts={}", self.wall());
        let rest = format!(":tmi.twitch.tv CLEARCHAT #{room} :{login}");
        for id in self.listeners(room) {
            self.send_line(id, &tags, &rest);
        }
        for id in self.whom(&Who::Account(login.to_owned())) {
            let connection = self.connections.get_mut(&id);
            if connection.is_some_and(|connection| connection.rooms.remove(room)) {
                let line = format!(":{login}!{login}@{login}.tmi.twitch.tv PART #{room}\r\n");
                self.send(id, line);
            }
        }
    }

    /// Ends a connection without a word.
    pub(super) fn end(&mut self, id: ConnectionId) {
        if self.forget(id) {
            self.outputs.push_back((id, Output::Drop));
        }
    }
}
