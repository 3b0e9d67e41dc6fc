//! The model: connections, accounts, and what is still to happen.
use super::account::Account;
use super::connection::Connection;
use super::line::Line;
use super::options::{AccountPlan, RoomPlan, TwitchOptions};
use super::rules::{TwitchRule, TwitchViolation};
use crate::edge::{ConnectionId, Millis, Output};
use crate::rng::Rng;
use std::collections::{BTreeMap, VecDeque};

/// The wall-clock time of the model's epoch, for `tmi-sent-ts`.
const EPOCH: u64 = 1_700_000_000_000;

/// A message that the server took from a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// When, in milliseconds on the model's clock.
    pub at: Millis,
    /// On which connection.
    pub connection: ConnectionId,
    /// Who.
    pub login: String,
    /// In which room, without `#`.
    pub room: String,
    /// What.
    pub text: String,
}

/// Something that is still to happen.
#[derive(Clone, Debug)]
pub(super) enum Due {
    /// A line or some reaches a client.
    Lines(ConnectionId, String),
    /// A room is entered, unless its JOIN was taken back.
    Enter(ConnectionId, String),
    End(ConnectionId),
    Ping(ConnectionId),
    /// The PONG has to be there.
    Pong(ConnectionId),
    /// Viewers speak.
    Chatter,
}

/// A simulated Twitch chat; see the [module](super).
#[derive(Debug)]
pub struct Twitch {
    pub(super) options: TwitchOptions,
    pub(super) rng: Rng,
    pub(super) now: Millis,
    pub(super) accounts: BTreeMap<String, Account>,
    pub(super) connections: BTreeMap<ConnectionId, Connection>,
    pub(super) outputs: VecDeque<(ConnectionId, Output)>,
    pub(super) said: Vec<Said>,
    violations: Vec<TwitchViolation>,
    agenda: BTreeMap<(Millis, u64), Due>,
    serial: u64,
    opened: u64,
    messages: u64,
}

impl Twitch {
    /// A Twitch that nobody is connected to.
    #[must_use]
    pub fn new(options: TwitchOptions, seed: u64) -> Self {
        let accounts = options.accounts.iter();
        let mut new = Self {
            rng: Rng::of(&[seed]),
            now: 0,
            accounts: accounts
                .map(|plan| (plan.login.clone(), Account::new(plan.clone())))
                .collect(),
            connections: BTreeMap::new(),
            outputs: VecDeque::new(),
            said: Vec::new(),
            violations: Vec::new(),
            agenda: BTreeMap::new(),
            serial: 0,
            opened: 0,
            messages: 0,
            options,
        };
        if let Some(every) = new.options.chatter {
            new.later(every.max(1), Due::Chatter);
        }
        new
    }

    /// Somebody connects; outputs carry this id.
    pub fn open(&mut self, now: Millis) -> ConnectionId {
        self.advance(now);
        self.opened += 1;
        let id = ConnectionId(self.opened);
        self.connections.insert(id, Connection::new());
        self.later(self.options.ping_every, Due::Ping(id));
        id
    }

    /// A frame or some whole lines came from a client.
    pub fn receive(&mut self, now: Millis, id: ConnectionId, bytes: &[u8]) {
        self.advance(now);
        let Ok(text) = std::str::from_utf8(bytes) else {
            return self.note(id, TwitchRule::Nonsense);
        };
        let lines = text.split('\n').map(|line| line.trim_end_matches('\r'));
        for line in lines.filter(|line| !line.is_empty()) {
            let connection = self.connections.get(&id);
            if connection.is_some_and(|connection| !connection.frozen) {
                self.take(id, line);
            }
        }
    }

    /// A client's socket has ended.
    pub fn closed(&mut self, now: Millis, id: ConnectionId) {
        self.advance(now);
        self.forget(id);
    }

    /// Lets everything happen that is due until `now`.
    pub fn advance(&mut self, now: Millis) {
        while let Some(entry) = self.agenda.first_entry() {
            let at = entry.key().0;
            if at > now {
                break;
            }
            self.now = self.now.max(at);
            let due = entry.remove();
            self.happen(due);
        }
        self.now = self.now.max(now);
    }

    /// When [`advance`](Self::advance) is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Millis> {
        self.agenda.keys().next().map(|(at, _)| *at)
    }

    /// What to do next on a connection. After `Drop` no [`closed`](Self::closed) is needed.
    pub fn poll_output(&mut self) -> Option<(ConnectionId, Output)> {
        self.outputs.pop_front()
    }

    /// Every rule that was broken, oldest first.
    #[must_use]
    pub fn violations(&self) -> &[TwitchViolation] {
        &self.violations
    }

    /// Every message that was taken from a client, oldest first.
    #[must_use]
    pub fn said(&self) -> &[Said] {
        &self.said
    }

    /// How many connections were opened so far.
    #[must_use]
    pub fn opened(&self) -> u64 {
        self.opened
    }

    /// The connections that are open, with their login and the number of rooms they are in.
    pub fn connections(&self) -> impl Iterator<Item = (ConnectionId, Option<&str>, usize)> {
        let connections = self.connections.iter();
        connections.map(|(id, connection)| (*id, connection.login(), connection.rooms.len()))
    }

    /// The rooms that a connection is in, without `#`.
    pub fn rooms_of(&self, id: ConnectionId) -> impl Iterator<Item = &str> {
        let connection = self.connections.get(&id).into_iter();
        connection.flat_map(|connection| connection.rooms.iter().map(String::as_str))
    }

    /// How many connections are in a room.
    #[must_use]
    pub fn crowd(&self, room: &str) -> usize {
        self.listeners(room).len()
    }

    pub(super) fn listeners(&self, room: &str) -> Vec<ConnectionId> {
        let connections = self.connections.iter();
        let there = connections.filter(|(_, connection)| connection.rooms.contains(room));
        there.map(|(id, _)| *id).collect()
    }

    pub(super) fn room(&self, room: &str) -> RoomPlan {
        self.options.rooms.get(room).copied().unwrap_or_default()
    }

    /// An account; one that is not known yet comes into being.
    pub(super) fn account(&mut self, login: &str) -> &mut Account {
        let make = || {
            Account::new(AccountPlan {
                login: login.to_owned(),
                ..AccountPlan::default()
            })
        };
        self.accounts.entry(login.to_owned()).or_insert_with(make)
    }

    pub(super) fn later(&mut self, after: Millis, due: Due) {
        self.serial += 1;
        self.agenda.insert((self.now + after, self.serial), due);
    }

    pub(super) fn note(&mut self, id: ConnectionId, rule: TwitchRule) {
        let connection = self.connections.get(&id);
        let login = connection.and_then(|connection| connection.login());
        self.violations.push(TwitchViolation {
            at: self.now,
            connection: id,
            login: login.map(str::to_owned),
            rule,
        });
    }

    /// Sends whole lines to a client.
    pub(super) fn send(&mut self, id: ConnectionId, lines: String) {
        let connection = self.connections.get(&id);
        if connection.is_some_and(|connection| !connection.frozen) {
            self.outputs.push_back((id, Output::Send(lines)));
        }
    }

    /// Sends a line, with its tags to those who asked for tags.
    pub(super) fn send_line(&mut self, id: ConnectionId, tags: &str, rest: &str) {
        let Some(connection) = self.connections.get(&id) else {
            return;
        };
        let line = match connection.capabilities.tags && !tags.is_empty() {
            true => format!("@{tags} {rest}\r\n"),
            false => format!("{rest}\r\n"),
        };
        self.send(id, line);
    }

    /// A notice with its id, in a room; to those who asked for commands.
    pub(super) fn notice(&mut self, id: ConnectionId, room: &str, msg_id: &str, text: &str) {
        let connection = self.connections.get(&id);
        if connection.is_some_and(|connection| connection.capabilities.commands) {
            let rest = format!(":tmi.twitch.tv NOTICE #{room} :{text}");
            self.send_line(id, &format!("msg-id={msg_id}"), &rest);
        }
    }

    pub(super) fn next_message_id(&mut self) -> String {
        self.messages += 1;
        let number = self.messages;
        format!("00000000-0000-4000-8000-{number:012x}")
    }

    /// Wall-clock time in milliseconds.
    pub(super) fn wall(&self) -> u64 {
        EPOCH + self.now
    }

    /// Takes a connection away; its rooms count for a while.
    pub(super) fn forget(&mut self, id: ConnectionId) -> bool {
        let Some(connection) = self.connections.remove(&id) else {
            return false;
        };
        let until = self.now + self.options.limits.release_after;
        if let Some(login) = connection.account().map(str::to_owned) {
            let account = self.account(&login);
            for room in connection.rooms {
                account.linger(room, until);
            }
        }
        true
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::Lines(id, lines) => self.send(id, lines),
            Due::Enter(id, room) => self.enter(id, &room),
            Due::End(id) => self.end(id),
            Due::Ping(id) => self.ping(id),
            Due::Pong(id) => {
                let connection = self.connections.get(&id);
                if connection.is_some_and(|connection| connection.pinged) {
                    self.note(id, TwitchRule::NoPong);
                    self.end(id);
                }
            }
            Due::Chatter => self.chatter(),
        }
    }

    fn ping(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.pinged = true;
            self.send(id, "PING :tmi.twitch.tv\r\n".to_owned());
            self.later(self.options.pong_within, Due::Pong(id));
            self.later(self.options.ping_every, Due::Ping(id));
        }
    }

    /// One line of a client.
    fn take(&mut self, id: ConnectionId, line: &str) {
        let limit = self.options.limits.line_bytes.saturating_sub(2);
        let line = match line.len() > limit {
            true => {
                self.note(id, TwitchRule::LongLine);
                let ends = (0..=limit).rev().find(|end| line.is_char_boundary(*end));
                line.get(..ends.unwrap_or_default()).unwrap_or_default()
            }
            false => line,
        };
        let Some(line) = Line::parse(line) else {
            return self.note(id, TwitchRule::Nonsense);
        };
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let login = connection.login().map(str::to_owned);
        match (line.command.to_ascii_uppercase().as_str(), login) {
            ("CAP", _) => self.negotiate(id, &line),
            ("PASS", None) => self.pass(id, line.param(0)),
            ("NICK", None) => self.nick(id, line.param(0)),
            ("NICK", Some(_)) => self.end(id),
            // tmi.js asks without a word, and knows the answer by its having no prefix.
            ("PING", _) if line.params.is_empty() => self.send(id, "PONG\r\n".to_owned()),
            ("PING", _) => {
                let word = line.param(0);
                self.send(id, format!(":tmi.twitch.tv PONG tmi.twitch.tv :{word}\r\n"));
            }
            ("PONG", _) => connection.pinged = false,
            ("PASS" | "USER" | "MODE", _) => {}
            ("QUIT", _) => self.end(id),
            (_, None) => self.note(id, TwitchRule::TooEarly),
            ("JOIN", Some(_)) => self.join(id, &line),
            ("PART", Some(login)) => self.part(id, &login, &line),
            ("PRIVMSG", Some(_)) => self.speak(id, &line),
            (other, Some(login)) => {
                let line = format!(":tmi.twitch.tv 421 {login} {other} :Unknown command\r\n");
                self.send(id, line);
            }
        }
    }
}
