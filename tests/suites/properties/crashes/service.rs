//! A gateway with one shard, which remembers every dispatch of its sessions.
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use headcount_core::wire::command::{Command, Resume};
use serde_json::{Value, json};

/// The guilds of the bot.
pub(crate) const GUILDS: std::ops::RangeInclusive<u64> = 1..=3;

/// What a guild of the world is changed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Join,
    Leave,
    Talk,
    /// It comes again, with all that it has.
    Create,
}

pub(crate) struct Service {
    /// The payloads of the dispatches of each session, from sequence 1 on; the last one is current.
    pub(crate) sessions: Vec<Vec<String>>,
    /// The members of each guild.
    pub(crate) members: BTreeMap<u64, BTreeSet<u64>>,
    /// What is under way to the shard.
    pub(crate) wire: VecDeque<String>,
    /// A connection carries the session.
    is_attached: bool,
    /// The next resume is refused.
    pub(crate) refuses: bool,
    /// Member requests without an answer: the guild, and the nonce.
    asked: VecDeque<(u64, String)>,
    users: u64,
}

impl Service {
    pub(crate) fn new() -> Self {
        Self {
            sessions: Vec::new(),
            members: GUILDS.map(|guild| (guild, (100..103).collect())).collect(),
            wire: VecDeque::new(),
            is_attached: false,
            refuses: false,
            asked: VecDeque::new(),
            users: 200,
        }
    }

    /// Ends the connection, and loses what is under way.
    pub(crate) fn cut(&mut self) {
        self.is_attached = false;
        self.wire.clear();
    }

    pub(crate) fn greet(&mut self) {
        let hello = json!({"op": 10, "d": {"heartbeat_interval": 41_250}});
        self.wire.push_back(hello.to_string());
    }

    pub(crate) fn take(&mut self, command: &Command) {
        match command {
            Command::Identify(_) => self.begin(),
            Command::Resume(resume) => self.resume(resume),
            Command::Heartbeat { .. } => self.wire.push_back(json!({"op": 11}).to_string()),
            Command::RequestMembers(request) => {
                let nonce = request.nonce.to_string();
                self.asked.push_back((request.guild.get(), nonce));
            }
            _ => {}
        }
    }

    fn begin(&mut self) {
        self.sessions.push(Vec::new());
        self.is_attached = true;
        self.asked.clear();
        let guilds: Vec<Value> = GUILDS
            .map(|id| json!({"id": id.to_string(), "unavailable": true}))
            .collect();
        let id = format!("session {}", self.sessions.len());
        self.say(
            "READY",
            &json!({"v": 10, "session_id": id, "user": {"id": "9", "username": "b"},
                "guilds": guilds, "resume_gateway_url": "ws://resume",
                "application": {"id": "9", "flags": 0}}),
        );
        for guild in GUILDS {
            self.change(guild, Change::Create);
        }
    }

    fn resume(&mut self, resume: &Resume) {
        let is_current = *resume.session == format!("session {}", self.sessions.len());
        if std::mem::take(&mut self.refuses) || !is_current {
            self.wire
                .push_back(json!({"op": 9, "d": false}).to_string());
            return;
        }
        let sent = self.sessions.last().expect("it is current");
        let missed = sent.get(resume.sequence as usize..).expect("it came");
        self.wire.extend(missed.iter().cloned());
        self.is_attached = true;
        self.say("RESUMED", &json!({}));
    }

    fn say(&mut self, name: &str, data: &Value) {
        let Some(sent) = self.sessions.last_mut() else {
            return;
        };
        let payload = json!({"op": 0, "s": sent.len() + 1, "t": name, "d": data}).to_string();
        sent.push(payload.clone());
        if self.is_attached {
            self.wire.push_back(payload);
        }
    }

    /// Something happens in a guild.
    pub(crate) fn change(&mut self, guild: u64, change: Change) {
        let id = guild.to_string();
        let members = self.members.entry(guild).or_default();
        match change {
            Change::Join => {
                self.users += 1;
                members.insert(self.users);
                let data = json!({"guild_id": id, "roles": [], "user": user(self.users)});
                self.say("GUILD_MEMBER_ADD", &data);
            }
            Change::Leave => {
                // The bot itself stays.
                if let Some(last) = members.pop_last().filter(|last| *last > 100) {
                    let data = json!({"guild_id": id, "user": user(last)});
                    self.say("GUILD_MEMBER_REMOVE", &data);
                } else {
                    members.insert(100);
                }
            }
            Change::Talk => {
                let data = json!({"guild_id": id, "channel_id": "7", "user_id": "100",
                    "timestamp": 1});
                self.say("TYPING_START", &data);
            }
            Change::Create => {
                let first = members.first().map(|first| member(*first));
                let first: Vec<Value> = first.into_iter().collect();
                let data = json!({"id": id, "name": "g", "member_count": members.len(),
                    "large": true, "roles": [], "channels": [], "members": first});
                self.say("GUILD_CREATE", &data);
            }
        }
    }

    /// Answers the oldest member request. Whether there was one.
    pub(crate) fn answer(&mut self) -> bool {
        let Some((guild, nonce)) = self.asked.pop_front() else {
            return false;
        };
        let members = self.members.get(&guild).into_iter().flatten();
        let members: Vec<Value> = members.map(|it| member(*it)).collect();
        let data = json!({"guild_id": guild.to_string(), "members": members,
            "chunk_index": 0, "chunk_count": 1, "nonce": nonce});
        self.say("GUILD_MEMBERS_CHUNK", &data);
        true
    }
}

fn user(id: u64) -> Value {
    json!({"id": id.to_string(), "username": format!("u{id}")})
}

fn member(id: u64) -> Value {
    json!({"user": user(id), "roles": []})
}
