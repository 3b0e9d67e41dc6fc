//! Messages: who may say what, and who hears it.
use super::account::Speech;
use super::line::Line;
use super::model::{Due, Said, Twitch};
use super::rules::TwitchRule;
use crate::edge::{ConnectionId, Millis};
use std::collections::BTreeSet;

/// The number of a user or of a room's owner: the same for the same name.
pub(super) fn user_id(login: &str) -> u64 {
    let fold = |hash: u64, byte: u8| hash.wrapping_mul(131).wrapping_add(u64::from(byte));
    10_000 + login.bytes().fold(7, fold) % 900_000_000
}

impl Twitch {
    /// A PRIVMSG of a client. The sender need not be in the room, and does not hear itself.
    pub(super) fn speak(&mut self, id: ConnectionId, line: &Line<'_>) {
        let Some(room) = super::line::room(line.param(0)) else {
            return self.note(id, TwitchRule::Nonsense);
        };
        let text = self.trimmed(line.param(1));
        let account = self
            .connections
            .get(&id)
            .and_then(|connection| connection.account());
        let Some(login) = account.map(str::to_owned) else {
            return self.note(id, TwitchRule::AnonymousSpeech);
        };
        if text.is_empty() {
            return;
        }
        let (now, limits, plan) = (self.now, self.options.limits, self.room(&room));
        let gap: Millis = limits.room_gap.max(plan.slow * 1000);
        let account = self.account(&login);
        let banned = account.plan.banned.contains(&room);
        match account.spend_message(now, &room, &text, gap, &limits) {
            Speech::TooMany => self.note(id, TwitchRule::MessageRate),
            Speech::Muted => {}
            Speech::TooSoon => {
                self.note(id, TwitchRule::RoomRate);
                let text = "Your message was not sent because you are sending too quickly.";
                self.notice(id, &room, "msg_ratelimit", text);
            }
            Speech::Duplicate => {
                let text = "Your message is identical to the one you sent before.";
                self.notice(id, &room, "msg_duplicate", text);
            }
            Speech::Fine if banned => {
                let text = "You are permanently banned from talking in this channel.";
                self.notice(id, &room, "msg_banned", text);
            }
            Speech::Fine if plan.missing || plan.suspended => {
                let text = "This channel does not exist or has been suspended.";
                self.notice(id, &room, "msg_channel_suspended", text);
            }
            Speech::Fine => self.accept(id, &login, &room, text, line),
        }
    }

    /// Runs of blanks become one, and long texts are cut. A leading `. ` is how clients say that
    /// what follows is no command; it is taken off.
    fn trimmed(&self, text: &str) -> String {
        let text = text.strip_prefix(". ").unwrap_or(text);
        let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
        words
            .join(" ")
            .chars()
            .take(self.options.limits.text_chars)
            .collect()
    }

    fn accept(&mut self, id: ConnectionId, login: &str, room: &str, text: String, line: &Line<'_>) {
        let message = self.next_message_id();
        let nonce = line.tag("client-nonce").unwrap_or_default();
        let more = match nonce {
            "" => format!("id={message};"),
            nonce => format!("client-nonce={nonce};id={message};"),
        };
        let commands = |id| {
            self.connections
                .get(id)
                .is_some_and(|one| one.capabilities.commands)
        };
        if commands(&id) {
            self.user_state(id, login, room, &more);
        }
        let mut tags = String::new();
        if let Some(parent) = line.tag("reply-parent-msg-id") {
            tags.push_str(&format!("reply-parent-msg-id={parent};"));
        }
        self.said.push(Said {
            at: self.now,
            connection: id,
            login: login.to_owned(),
            room: room.to_owned(),
            text: text.clone(),
        });
        self.spread(room, login, &text, &tags, &message, Some(id));
    }

    /// A message of somebody who is not connected here. `tags` end in `;`.
    pub(super) fn broadcast(
        &mut self,
        room: &str,
        from: &str,
        text: &str,
        tags: &str,
        message: Option<&str>,
    ) {
        let message = message.map_or_else(|| self.next_message_id(), str::to_owned);
        self.spread(room, from, text, tags, &message, None);
    }

    fn spread(
        &mut self,
        room: &str,
        from: &str,
        text: &str,
        more: &str,
        message: &str,
        except: Option<ConnectionId>,
    ) {
        let (room_id, user, sent) = (user_id(room), user_id(from), self.wall());
        let tags = format!(
            "badge-info=;badges=;client-nonce=;color=#1E90FF;display-name={from};emotes=;\
             first-msg=0;flags=;id={message};mod=0;{more}returning-chatter=0;room-id={room_id};\
             subscriber=0;tmi-sent-ts={sent};turbo=0;user-id={user};user-type="
        );
        let rest = format!(":{from}!{from}@{from}.tmi.twitch.tv PRIVMSG #{room} :{text}");
        for id in self.listeners(room) {
            if Some(id) != except {
                self.send_line(id, &tags, &rest);
            }
        }
    }

    /// A viewer speaks in every room where somebody listens.
    pub(super) fn chatter(&mut self) {
        let Some(every) = self.options.chatter else {
            return;
        };
        self.later(every.max(1), Due::Chatter);
        let connections = self.connections.values();
        let rooms: BTreeSet<String> = connections
            .flat_map(|connection| connection.rooms.iter().cloned())
            .collect();
        for room in rooms {
            let viewer = format!("viewer_{}", self.rng.below(1000));
            self.broadcast(&room, &viewer, "good evening, everyone", "", None);
        }
    }
}
