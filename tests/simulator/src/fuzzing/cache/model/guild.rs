//! What is cached of one guild.
use super::super::draw::id_of;
use super::super::is_current;
use super::{has_joined, id, items, text};
use headcount_core::cache::GuildStatus;
use serde_json::Value;
use std::collections::BTreeMap;

/// What is cached of a guild.
#[derive(Clone, Debug, Eq)]
pub(in super::super) struct Guild {
    pub(in super::super) status: GuildStatus,
    /// Its data has come once; until then nothing else is kept.
    pub(in super::super) known: bool,
    pub(in super::super) complete: bool,
    pub(in super::super) count: Option<u64>,
    pub(in super::super) name: Option<String>,
    pub(in super::super) channels: BTreeMap<u64, Option<String>>,
    pub(in super::super) roles: BTreeMap<u64, Option<String>>,
    pub(in super::super) members: BTreeMap<u64, Member>,
    /// Whether each is idle; whoever is offline has none.
    pub(in super::super) presences: BTreeMap<u64, bool>,
    pub(in super::super) voice: BTreeMap<u64, u64>,
    /// Rows of the smaller kinds, by kind and id, with the channel that they lie in.
    pub(in super::super) small: BTreeMap<(usize, u64), Option<u64>>,
}

impl Guild {
    /// Takes back the rows that are missing here, and that `after` has as they were before.
    pub(in super::super) fn keep(&mut self, before: &Self, after: &Self) {
        keep(&mut self.channels, &before.channels, &after.channels);
        keep(&mut self.roles, &before.roles, &after.roles);
        keep(&mut self.voice, &before.voice, &after.voice);
        keep(&mut self.small, &before.small, &after.small);
    }
}

fn keep<K: Ord + Copy, V: PartialEq + Clone>(
    rows: &mut BTreeMap<K, V>,
    before: &BTreeMap<K, V>,
    after: &BTreeMap<K, V>,
) {
    for (key, row) in before {
        if !rows.contains_key(key) && after.get(key) == Some(row) {
            rows.insert(*key, row.clone());
        }
    }
}

/// A member; the user's name is kept once for all guilds.
#[derive(Clone, Debug, Eq)]
pub(in super::super) struct Member {
    pub(in super::super) nick: Option<String>,
    pub(in super::super) roles: Vec<u64>,
    /// Stated since the guild came last.
    pub(in super::super) fresh: bool,
}

/// What can be seen from outside.
impl PartialEq for Guild {
    fn eq(&self, other: &Self) -> bool {
        let stated = |it: &Self| (it.status, it.complete && is_current(it.status), it.count);
        stated(self) == stated(other)
            && self.name == other.name
            && self.channels == other.channels
            && self.roles == other.roles
            && self.members == other.members
            && self.presences == other.presences
            && self.voice == other.voice
            && self.small == other.small
    }
}

impl PartialEq for Member {
    fn eq(&self, other: &Self) -> bool {
        (&self.nick, &self.roles) == (&other.nick, &other.roles)
    }
}

impl Member {
    fn merge(&mut self, data: &Value) {
        if data["roles"].is_array() {
            self.roles = items(&data["roles"]).map(id).collect();
        }
        if let Some(nick) = data.get("nick") {
            self.nick = nick.as_str().map(str::to_owned);
        }
    }
}

impl Guild {
    pub(super) const fn new() -> Self {
        Self {
            status: GuildStatus::Pending,
            known: false,
            complete: false,
            count: None,
            name: None,
            channels: BTreeMap::new(),
            roles: BTreeMap::new(),
            members: BTreeMap::new(),
            presences: BTreeMap::new(),
            voice: BTreeMap::new(),
            small: BTreeMap::new(),
        }
    }

    /// Where all are here, one that is new was not counted, unless its event did so. Guests of a
    /// stage are none.
    pub(super) fn add_members<'v>(
        &mut self,
        members: impl Iterator<Item = &'v Value>,
        names: &mut BTreeMap<u64, String>,
    ) {
        let before = self.members.len();
        for data in members.filter(|data| has_joined(data)) {
            let user = id(&data["user"]["id"]);
            names.insert(user, text(&data["user"]["username"]));
            let none = Member {
                nick: None,
                roles: Vec::new(),
                fresh: true,
            };
            let member = self.members.entry(user).or_insert(none);
            member.fresh = true;
            member.merge(data);
        }
        if self.complete && self.members.len() > before {
            self.count = self.count.max(Some(self.members.len() as u64));
        }
    }

    /// Changes a member that is here.
    pub(super) fn patch_member(&mut self, data: &Value, names: &mut BTreeMap<u64, String>) {
        let user = id(&data["user"]["id"]);
        let name = text(&data["user"]["username"]);
        names.entry(user).and_modify(|old| *old = name);
        if let Some(member) = self.members.get_mut(&user) {
            member.merge(data);
        }
    }

    pub(super) fn recount(&mut self) {
        self.complete = false;
        self.members
            .values_mut()
            .for_each(|member| member.fresh = false);
    }

    pub(super) fn sweep(&mut self) {
        let (members, presences) = (&mut self.members, &mut self.presences);
        presences.retain(|user, _| members.get(user).is_none_or(|member| member.fresh));
        members.retain(|_, member| member.fresh);
    }

    pub(super) fn finish(&mut self) {
        self.sweep();
        (self.count, self.complete) = (Some(self.members.len() as u64), true);
    }

    pub(super) fn remove_member(&mut self, user: u64) {
        self.count = self.count.map(|count| count.saturating_sub(1));
        self.members.remove(&user);
        self.presences.remove(&user);
        self.voice.remove(&user);
    }

    pub(super) fn strip(&mut self, role: u64) {
        let members = self.members.values_mut();
        members.for_each(|member| member.roles.retain(|other| *other != role));
    }

    pub(super) fn remove_channel(&mut self, channel: u64) {
        self.channels.remove(&channel);
        self.voice.retain(|_, at| *at != channel);
        self.small.retain(|_, at| *at != Some(channel));
    }

    pub(super) fn show(&mut self, presence: &Value) {
        let user = id(&presence["user"]["id"]);
        let stranger = !self.members.is_empty() && !self.members.contains_key(&user);
        if stranger || presence["status"] == "offline" {
            self.presences.remove(&user);
        } else {
            self.presences.insert(user, presence["status"] == "idle");
        }
    }

    /// A list may name a state without a channel; an event then means that the user has left.
    pub(super) fn move_voice(&mut self, state: &Value) {
        let user = id(&state["user_id"]);
        match state["channel_id"].is_string() {
            true => drop(self.voice.insert(user, id(&state["channel_id"]))),
            false => drop(self.voice.remove(&user)),
        }
    }

    /// A row of a smaller kind comes or changes.
    pub(super) fn put(&mut self, kind: usize, data: &Value) {
        let channel = match kind {
            0 => Some(id(&data["parent_id"])),
            2 | 3 => Some(id(&data["channel_id"])),
            _ => None,
        };
        self.small.insert((kind, id(&data[id_of(kind)])), channel);
    }

    /// All rows of a smaller kind.
    pub(super) fn replace(&mut self, kind: usize, rows: &Value) {
        self.small.retain(|(own, _), _| *own != kind);
        items(rows).for_each(|row| self.put(kind, row));
    }
}
