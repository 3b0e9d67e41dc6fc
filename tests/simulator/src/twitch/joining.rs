//! Rooms: JOIN, PART, and the limits on them.
use super::line::Line;
use super::model::{Due, Twitch};
use super::options::JoinEnforcement;
use super::rules::TwitchRule;
use super::speaking::user_id;
use crate::edge::ConnectionId;

/// What becomes of a JOIN.
enum Verdict {
    Enter,
    /// No answer.
    Silence,
    Kill,
    /// A notice: its id and text.
    Refuse(&'static str, &'static str),
}

impl Twitch {
    /// Each room of the list is an attempt of its own.
    pub(super) fn join(&mut self, id: ConnectionId, line: &Line<'_>) {
        for room in line.rooms() {
            let Some(room) = room else {
                self.note(id, TwitchRule::Nonsense);
                continue;
            };
            match self.judge_join(id, &room) {
                Verdict::Enter => {
                    let (from, to) = self.options.join_delay;
                    let wait = from + self.rng.below(to.saturating_sub(from) + 1);
                    if let Some(connection) = self.connections.get_mut(&id) {
                        connection.coming.insert(room.clone());
                    }
                    self.later(wait, Due::Enter(id, room));
                }
                Verdict::Silence => {}
                Verdict::Kill => return self.end(id),
                Verdict::Refuse(msg_id, text) => self.notice(id, &room, msg_id, text),
            }
        }
    }

    fn judge_join(&mut self, id: ConnectionId, room: &str) -> Verdict {
        let (now, limits, plan) = (self.now, self.options.limits, self.room(room));
        let Some(connection) = self.connections.get(&id) else {
            return Verdict::Silence;
        };
        let login = connection.account().map(str::to_owned);
        let again = connection.rooms.contains(room) || connection.coming.contains(room);
        let account = login.as_ref().map(|login| self.account(login));
        let banned = account
            .as_ref()
            .is_some_and(|one| one.plan.banned.contains(room));
        let within = account.is_none_or(|account| account.spend_join(now, &limits));
        if !within {
            self.note(id, TwitchRule::JoinRate);
            match self.options.join_enforcement {
                JoinEnforcement::Off => {}
                JoinEnforcement::Drop => return Verdict::Silence,
                JoinEnforcement::Kill => return Verdict::Kill,
            }
        }
        if plan.missing || again {
            return Verdict::Silence;
        }
        if plan.suspended {
            let text = "This channel does not exist or has been suspended.";
            return Verdict::Refuse("msg_channel_suspended", text);
        }
        if banned {
            let text = "You are permanently banned from talking in this channel.";
            return Verdict::Refuse("msg_banned", text);
        }
        if login.is_some_and(|login| self.is_full(&login, room)) {
            self.note(id, TwitchRule::RoomLimit);
            let text = "You are connected to too many chat channels.";
            return Verdict::Refuse("msg_concurrent_channel_limit_reached", text);
        }
        Verdict::Enter
    }

    /// Whether an account may be in no further room.
    fn is_full(&mut self, login: &str, room: &str) -> bool {
        let now = self.now;
        self.account(login).settle(room);
        let Some(account) = self.accounts.get(login) else {
            return false;
        };
        let moderates = |room: &String| account.plan.moderates.contains(room);
        if moderates(&room.to_owned()) {
            return false;
        }
        let connections = self.connections.values();
        let own = connections.filter(|connection| connection.account() == Some(login));
        let rooms = own.flat_map(|connection| connection.rooms.iter().chain(&connection.coming));
        let held = rooms.filter(|room| !moderates(room)).count();
        held + account.lingering(now).count() >= self.options.limits.rooms
    }

    /// A JOIN comes true.
    pub(super) fn enter(&mut self, id: ConnectionId, room: &str) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        if !connection.coming.remove(room) {
            return;
        }
        connection.rooms.insert(room.to_owned());
        let (capabilities, account) = (connection.capabilities, connection.account().is_some());
        let login = connection.login().unwrap_or_default().to_owned();
        let host = format!("{login}.tmi.twitch.tv");
        self.send(id, format!(":{login}!{login}@{host} JOIN #{room}\r\n"));
        let names = format!(
            ":{host} 353 {login} = #{room} :{login}\r\n\
             :{host} 366 {login} #{room} :End of /NAMES list\r\n"
        );
        let wait = self.rng.below(self.options.names_delay + 1);
        self.later(wait, Due::Lines(id, names));
        if !capabilities.commands {
            return;
        }
        let states = [(true, true), (false, account)];
        let turn = usize::from(self.rng.percent(50));
        for place in [turn, 1 - turn] {
            match states[place] {
                (true, _) => self.room_state(id, room),
                (false, true) => self.user_state(id, &login, room, ""),
                (false, false) => {}
            }
        }
        if capabilities.membership {
            for other in self
                .listeners(room)
                .into_iter()
                .filter(|other| *other != id)
            {
                self.announce(other, &login, "JOIN", room);
            }
        }
    }

    fn room_state(&mut self, id: ConnectionId, room: &str) {
        let (slow, number) = (self.room(room).slow, user_id(room));
        let tags = format!(
            "emote-only=0;followers-only=-1;r9k=0;room-id={number};slow={slow};subs-only=0"
        );
        self.send_line(id, &tags, &format!(":tmi.twitch.tv ROOMSTATE #{room}"));
    }

    /// USERSTATE; `more` are tags that end in `;`.
    pub(super) fn user_state(&mut self, id: ConnectionId, login: &str, room: &str, more: &str) {
        let plan = &self.account(login).plan;
        let (badges, moderator, kind) = match plan.moderates.contains(room) {
            true => ("moderator/1", 1, "mod"),
            false if login == room => ("broadcaster/1", 0, ""),
            false => ("", 0, ""),
        };
        let tags = format!(
            "badge-info=;badges={badges};{more}color=;display-name={login};emote-sets=0;\
             mod={moderator};subscriber=0;user-type={kind}"
        );
        self.send_line(id, &tags, &format!(":tmi.twitch.tv USERSTATE #{room}"));
    }

    pub(super) fn part(&mut self, id: ConnectionId, login: &str, line: &Line<'_>) {
        for room in line.rooms().flatten() {
            let Some(connection) = self.connections.get_mut(&id) else {
                return;
            };
            connection.coming.remove(&room);
            if connection.rooms.remove(&room) {
                let line = format!(":{login}!{login}@{login}.tmi.twitch.tv PART #{room}\r\n");
                self.send(id, line);
                for other in self.listeners(&room) {
                    self.announce(other, login, "PART", &room);
                }
            }
        }
    }

    /// Informs those who asked for membership that somebody came or went.
    fn announce(&mut self, id: ConnectionId, login: &str, what: &str, room: &str) {
        let connection = self.connections.get(&id);
        if connection.is_some_and(|connection| connection.capabilities.membership) {
            let line = format!(":{login}!{login}@{login}.tmi.twitch.tv {what} #{room}\r\n");
            self.send(id, line);
        }
    }
}
