//! A cache as anybody would write it who cares for nothing but being right.
use super::draw::Fed;
use super::{USERS, is_current};
use headcount_core::cache::GuildStatus;
use serde_json::Value;
use std::collections::BTreeMap;

/// What is cached of all guilds, and the names of users that were seen.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) guilds: BTreeMap<u64, Guild>,
    names: BTreeMap<u64, String>,
    sweeps: bool,
    /// The bot's own user is held.
    own: bool,
    /// A session has said who the bot is.
    me: bool,
}

/// What is cached of a guild.
#[derive(Clone, Debug, Eq)]
pub(super) struct Guild {
    pub(super) status: GuildStatus,
    /// Its data has come once; until then nothing else is kept.
    pub(super) known: bool,
    pub(super) complete: bool,
    pub(super) count: Option<u64>,
    pub(super) name: Option<String>,
    pub(super) channels: BTreeMap<u64, Option<String>>,
    pub(super) roles: BTreeMap<u64, Option<String>>,
    pub(super) members: BTreeMap<u64, Member>,
    /// Whether each is idle; whoever is offline has none.
    pub(super) presences: BTreeMap<u64, bool>,
    pub(super) voice: BTreeMap<u64, u64>,
}

/// A member; the user's name is kept once for all guilds.
#[derive(Clone, Debug, Eq)]
pub(super) struct Member {
    pub(super) nick: Option<String>,
    pub(super) roles: Vec<u64>,
    /// Told since the guild came last.
    pub(super) fresh: bool,
}

/// What can be seen from outside.
impl PartialEq for Guild {
    fn eq(&self, other: &Self) -> bool {
        let told = |it: &Self| (it.status, it.complete && is_current(it.status), it.count);
        told(self) == told(other)
            && self.name == other.name
            && self.channels == other.channels
            && self.roles == other.roles
            && self.members == other.members
            && self.presences == other.presences
            && self.voice == other.voice
    }
}

impl PartialEq for Member {
    fn eq(&self, other: &Self) -> bool {
        (&self.nick, &self.roles) == (&other.nick, &other.roles)
    }
}

impl Model {
    pub(super) const fn new(sweeps: bool) -> Self {
        Self {
            guilds: BTreeMap::new(),
            names: BTreeMap::new(),
            sweeps,
            own: false,
            me: false,
        }
    }

    /// The names of the users that somebody holds.
    pub(super) fn held_users(&self) -> BTreeMap<u64, String> {
        let held = |id: &u64| {
            let mut guilds = self.guilds.values();
            (self.own && *id == USERS.start) || guilds.any(|guild| guild.members.contains_key(id))
        };
        USERS
            .filter(held)
            .map(|id| (id, self.names[&id].clone()))
            .collect()
    }

    pub(super) fn feed(&mut self, fed: &Fed) {
        let data = &fed.data;
        let guild = id(&data["guild_id"]);
        match fed.name {
            "READY" => self.ready(data),
            "USER_UPDATE" => self.own(data),
            "GUILD_CREATE" => self.create(guild, data),
            "GUILD_DELETE" if data["unavailable"] == true => {
                self.status(guild, GuildStatus::Outage);
            }
            "GUILD_DELETE" => drop(self.guilds.remove(&guild)),
            _ => self.within(guild, fed),
        }
        // A name is forgotten with the last who holds it.
        self.names = self.held_users();
    }

    fn own(&mut self, user: &Value) {
        self.own = true;
        self.names.insert(id(&user["id"]), text(&user["username"]));
    }

    fn ready(&mut self, data: &Value) {
        self.own(&data["user"]);
        self.me = true;
        let listed: Vec<u64> = items(&data["guilds"])
            .map(|guild| id(&guild["id"]))
            .collect();
        self.guilds.retain(|guild, _| listed.contains(guild));
        listed
            .into_iter()
            .for_each(|guild| self.status(guild, GuildStatus::Pending));
    }

    fn status(&mut self, guild: u64, status: GuildStatus) {
        self.guilds.entry(guild).or_insert_with(Guild::new).status = status;
    }

    fn create(&mut self, number: u64, data: &Value) {
        if data["unavailable"] == true {
            return self.status(number, GuildStatus::Outage);
        }
        self.status(number, GuildStatus::Available);
        self.claim(number, &data["channels"]);
        let sweeps = self.sweeps;
        let Some(guild) = self.guilds.get_mut(&number) else {
            return;
        };
        guild.known = true;
        guild.name = Some(text(&data["name"]));
        guild.count = data["member_count"].as_u64().or(guild.count);
        if data["roles"].is_array() {
            guild.roles = named(&data["roles"]);
        }
        if data["channels"].is_array() {
            guild.channels = named(&data["channels"]);
        }
        if data["members"].is_array() {
            guild.recount();
            guild.add_members(&data["members"], &mut self.names);
            if !sweeps {
                guild.sweep();
            }
            let listed = items(&data["members"]).count() as u64;
            if data["member_count"]
                .as_u64()
                .is_some_and(|count| listed >= count)
            {
                guild.finish();
            }
        }
        guild.voice.clear();
        items(&data["voice_states"]).for_each(|state| guild.move_voice(state));
        if data["presences"].is_array() {
            let listed: Vec<u64> = items(&data["presences"])
                .map(|it| id(&it["user"]["id"]))
                .collect();
            guild.presences.retain(|user, _| listed.contains(user));
            items(&data["presences"]).for_each(|it| guild.show(it));
        }
    }

    /// A channel lies in one guild.
    fn claim(&mut self, number: u64, channels: &Value) {
        for channel in items(channels) {
            let others = self
                .guilds
                .iter_mut()
                .filter(|(other, _)| **other != number);
            others.for_each(|(_, guild)| {
                if guild.channels.contains_key(&id(&channel["id"])) {
                    guild.remove_channel(id(&channel["id"]));
                }
            });
        }
    }

    /// What concerns the inside of a guild that is known.
    fn within(&mut self, number: u64, fed: &Fed) {
        let data = &fed.data;
        if matches!(fed.name, "CHANNEL_CREATE" | "CHANNEL_UPDATE") {
            self.claim(number, &Value::from(vec![data.clone()]));
        }
        if fed.name == "PRESENCE_UPDATE"
            && let Some(name) = data["user"]["username"].as_str()
        {
            let user = id(&data["user"]["id"]);
            self.names
                .entry(user)
                .and_modify(|old| name.clone_into(old));
        }
        let Some(guild) = self.guilds.get_mut(&number).filter(|guild| guild.known) else {
            return;
        };
        let one = Value::from(vec![data.clone()]);
        match fed.name {
            "GUILD_UPDATE" => {
                guild.name = Some(text(&data["name"]));
                guild.roles = named(&data["roles"]);
            }
            "CHANNEL_CREATE" | "CHANNEL_UPDATE" => guild.channels.extend(named(&one)),
            "CHANNEL_DELETE" => guild.remove_channel(id(&data["id"])),
            "GUILD_ROLE_UPDATE" => guild
                .roles
                .extend(named(&Value::from(vec![data["role"].clone()]))),
            "GUILD_ROLE_DELETE" => guild.remove_role(id(&data["role_id"])),
            "GUILD_MEMBER_ADD" => {
                let new = !guild.members.contains_key(&id(&data["user"]["id"]));
                guild.count = guild.count.map(|count| count + u64::from(new));
                guild.add_members(&one, &mut self.names);
            }
            "GUILD_MEMBER_UPDATE" => guild.add_members(&one, &mut self.names),
            "GUILD_MEMBER_REMOVE" => {
                let user = id(&data["user"]["id"]);
                if !(self.me && user == USERS.start) {
                    guild.remove_member(user);
                }
            }
            "GUILD_MEMBERS_CHUNK" => {
                guild.add_members(&data["members"], &mut self.names);
                items(&data["presences"]).for_each(|it| guild.show(it));
                if fed.completes {
                    guild.finish();
                }
            }
            "PRESENCE_UPDATE" => guild.show(data),
            "VOICE_STATE_UPDATE" => guild.move_voice(data),
            other => panic!("{other} is drawn and not modelled"),
        }
    }
}

impl Guild {
    const fn new() -> Self {
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
        }
    }

    /// Where all are here, one that is new was not counted, unless its event did so.
    fn add_members(&mut self, members: &Value, names: &mut BTreeMap<u64, String>) {
        let before = self.members.len();
        for data in items(members) {
            let user = id(&data["user"]["id"]);
            names.insert(user, text(&data["user"]["username"]));
            let none = Member {
                nick: None,
                roles: Vec::new(),
                fresh: true,
            };
            let member = self.members.entry(user).or_insert(none);
            member.fresh = true;
            if data["roles"].is_array() {
                member.roles = items(&data["roles"]).map(id).collect();
            }
            if let Some(nick) = data.get("nick") {
                member.nick = nick.as_str().map(str::to_owned);
            }
        }
        if self.complete && self.members.len() > before {
            self.count = self.count.max(Some(self.members.len() as u64));
        }
    }

    fn recount(&mut self) {
        self.complete = false;
        self.members
            .values_mut()
            .for_each(|member| member.fresh = false);
    }

    fn sweep(&mut self) {
        let (members, presences) = (&mut self.members, &mut self.presences);
        presences.retain(|user, _| members.get(user).is_none_or(|member| member.fresh));
        members.retain(|_, member| member.fresh);
    }

    fn finish(&mut self) {
        self.sweep();
        (self.count, self.complete) = (Some(self.members.len() as u64), true);
    }

    fn remove_member(&mut self, user: u64) {
        self.count = self.count.map(|count| count.saturating_sub(1));
        self.members.remove(&user);
        self.presences.remove(&user);
        self.voice.remove(&user);
    }

    fn remove_role(&mut self, role: u64) {
        self.roles.remove(&role);
        let members = self.members.values_mut();
        members.for_each(|member| member.roles.retain(|other| *other != role));
    }

    fn remove_channel(&mut self, channel: u64) {
        self.channels.remove(&channel);
        self.voice.retain(|_, at| *at != channel);
    }

    fn show(&mut self, presence: &Value) {
        let user = id(&presence["user"]["id"]);
        let stranger = !self.members.is_empty() && !self.members.contains_key(&user);
        if stranger || presence["status"] == "offline" {
            self.presences.remove(&user);
        } else {
            self.presences.insert(user, presence["status"] == "idle");
        }
    }

    /// A list may name a state without a channel; an event then means that the user has left.
    fn move_voice(&mut self, state: &Value) {
        let user = id(&state["user_id"]);
        match state["channel_id"].is_string() {
            true => drop(self.voice.insert(user, id(&state["channel_id"]))),
            false => drop(self.voice.remove(&user)),
        }
    }
}

fn id(value: &Value) -> u64 {
    value.as_str().and_then(|id| id.parse().ok()).unwrap_or(0)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn named(rows: &Value) -> BTreeMap<u64, Option<String>> {
    items(rows)
        .map(|row| (id(&row["id"]), Some(text(&row["name"]))))
        .collect()
}
