//! A cache as anybody would write it who cares for nothing but being right.
mod gone;
mod guild;

use super::USERS;
use super::draw::{Fed, SMALL, id_of};
use gone::{Gone, Row};
pub(super) use guild::{Guild, Member};
use headcount_core::cache::GuildStatus;
use serde_json::Value;
use std::collections::BTreeMap;

/// What is cached of all guilds, and the names of users that were seen.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) guilds: BTreeMap<u64, Guild>,
    names: BTreeMap<u64, String>,
    gone: Gone,
    /// Dispatches so far.
    fed: usize,
    sweeps: bool,
    /// The bot's own user is held.
    own: bool,
    /// A session has said who the bot is.
    me: bool,
}

impl Model {
    pub(super) fn new(sweeps: bool) -> Self {
        Self {
            guilds: BTreeMap::new(),
            names: BTreeMap::new(),
            gone: Gone::default(),
            fed: 0,
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

    /// Takes in a dispatch, which `completes` its guild's members or not.
    pub(super) fn feed(&mut self, fed: &Fed, completes: bool) {
        self.fed += 1;
        let data = &fed.data;
        let guild = id(&data["guild_id"]);
        match fed.name {
            "READY" => self.ready(data),
            "USER_UPDATE" => self.own(data),
            "GUILD_CREATE" => self.create(guild, data),
            "GUILD_DELETE" if data["unavailable"] == true => {
                self.status(guild, GuildStatus::Outage);
            }
            "GUILD_DELETE" => {
                self.gone.clear_guild(guild);
                self.guilds.remove(&guild);
            }
            "GUILD_MEMBERS_CHUNK" => self.chunk(guild, fed, completes),
            name if name.starts_with("GUILD_MEMBER_") => self.member(guild, name, data),
            "GUILD_SYNC" | "PRESENCE_UPDATE" | "VOICE_STATE_UPDATE" => self.people(guild, fed),
            "GUILD_UPDATE" => self.update(guild, data),
            name if name.starts_with("GUILD_ROLE_") => self.role(guild, name, data),
            name if name.starts_with("CHANNEL_") => self.channel(guild, name, data),
            name => self.small(guild, name, data),
        }
        let roles = self.gone.roles(guild);
        let found = self.guilds.get_mut(&guild).into_iter();
        found.for_each(|guild| roles.iter().for_each(|role| guild.strip(*role)));
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
        self.gone.clear_all();
        let listed: Vec<u64> = items(&data["guilds"])
            .map(|guild| id(&guild["id"]))
            .collect();
        self.guilds.retain(|guild, _| listed.contains(guild));
        for guild in listed {
            self.status(guild, GuildStatus::Pending);
            // No guild lists integrations and rules.
            let own = self.guilds.get_mut(&guild).into_iter();
            own.for_each(|guild| guild.small.retain(|(kind, _), _| *kind < 4));
        }
    }

    fn status(&mut self, guild: u64, status: GuildStatus) {
        self.guilds.entry(guild).or_insert_with(Guild::new).status = status;
    }

    fn create(&mut self, number: u64, data: &Value) {
        if data["unavailable"] == true {
            return self.status(number, GuildStatus::Outage);
        }
        self.gone.clear_guild(number);
        self.status(number, GuildStatus::Available);
        self.claim(number, items(&data["channels"]));
        let sweeps = self.sweeps;
        let Some(guild) = self.guilds.get_mut(&number) else {
            return;
        };
        guild.known = true;
        guild.name = Some(text(&data["name"]));
        guild.count = data["member_count"].as_u64().or(guild.count);
        if data["roles"].is_array() {
            guild.roles = named(items(&data["roles"]));
        }
        if data["channels"].is_array() {
            guild.channels = named(items(&data["channels"]));
        }
        guild.replace(0, &data["threads"]);
        guild.replace(1, &data["soundboard_sounds"]);
        guild.recount();
        if data["members"].is_array() {
            guild.add_members(items(&data["members"]), &mut self.names);
            if !sweeps {
                guild.sweep();
            }
            let listed = items(&data["members"]).filter(|row| has_joined(row));
            let listed = listed.count() as u64;
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
    fn claim<'v>(&mut self, number: u64, channels: impl Iterator<Item = &'v Value>) {
        for channel in channels {
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

    /// Lets `change` at a guild whose data has come. Of another one nothing is kept but what it
    /// says of users whom others hold.
    fn within(&mut self, guild: u64, change: impl FnOnce(&mut Guild, &mut BTreeMap<u64, String>)) {
        match self.guilds.get_mut(&guild).filter(|guild| guild.known) {
            Some(guild) => change(guild, &mut self.names),
            None => change(&mut Guild::new(), &mut self.names),
        }
    }

    fn update(&mut self, number: u64, data: &Value) {
        for role in items(&data["roles"]) {
            self.gone.clear(number, Row::Role(id(&role["id"])));
        }
        self.within(number, |guild, _| {
            guild.name = Some(text(&data["name"]));
            guild.roles = named(items(&data["roles"]));
        });
    }

    fn role(&mut self, number: u64, name: &str, data: &Value) {
        let row = match name {
            "GUILD_ROLE_DELETE" => Row::Role(id(&data["role_id"])),
            _ => Row::Role(id(&data["role"]["id"])),
        };
        match name {
            "GUILD_ROLE_DELETE" => {
                self.gone.mark(number, row, self.fed);
                let role = id(&data["role_id"]);
                return self.within(number, |guild, _| drop(guild.roles.remove(&role)));
            }
            "GUILD_ROLE_CREATE" => self.gone.clear(number, row),
            _ if self.gone.has(number, row) => return,
            _ => {}
        }
        let role = std::iter::once(&data["role"]);
        self.within(number, |guild, _| guild.roles.extend(named(role)));
    }

    fn channel(&mut self, number: u64, name: &str, data: &Value) {
        let channel = id(&data["id"]);
        match name {
            "CHANNEL_DELETE" => {
                self.gone.mark(number, Row::Channel(channel), self.fed);
                return self.within(number, |guild, _| guild.remove_channel(channel));
            }
            "CHANNEL_CREATE" => self.gone.clear(number, Row::Channel(channel)),
            _ if self.gone.has(number, Row::Channel(channel)) => return,
            _ => {}
        }
        self.claim(number, std::iter::once(data));
        let row = named(std::iter::once(data));
        self.within(number, |guild, _| guild.channels.extend(row));
    }

    fn member(&mut self, number: u64, name: &str, data: &Value) {
        let user = id(&data["user"]["id"]);
        let row = Row::Member(user);
        let one = std::iter::once(data);
        match name {
            "GUILD_MEMBER_REMOVE" if self.me && user == USERS.start => {}
            "GUILD_MEMBER_REMOVE" => self.left(number, user),
            "GUILD_MEMBER_ADD" if has_joined(data) => {
                self.gone.clear(number, row);
                self.within(number, |guild, names| {
                    let new = !guild.members.contains_key(&user);
                    guild.count = guild.count.map(|count| count + u64::from(new));
                    guild.add_members(one, names);
                });
            }
            "GUILD_MEMBER_UPDATE" if self.gone.has(number, row) => {}
            "GUILD_MEMBER_UPDATE" if has_joined(data) => {
                self.within(number, |guild, names| guild.add_members(one, names));
            }
            "GUILD_MEMBER_UPDATE" => {
                // The user is held elsewhere, perhaps.
                self.within(number, |guild, names| guild.patch_member(data, names));
            }
            _ => {}
        }
    }

    /// Who has left already does so no second time.
    fn left(&mut self, number: u64, user: u64) {
        if self.gone.mark(number, Row::Member(user), self.fed) {
            self.within(number, |guild, _| guild.remove_member(user));
        }
    }

    /// An answer knows of what went before it was asked for.
    fn chunk(&mut self, number: u64, fed: &Fed, completes: bool) {
        let (gone, data) = (&self.gone, &fed.data);
        let stays = |row: &&Value| {
            let user = Row::Member(id(&row["user"]["id"]));
            !gone.has_since(number, user, fed.asked_after)
        };
        let members: Vec<&Value> = items(&data["members"]).filter(stays).collect();
        let presences: Vec<&Value> = items(&data["presences"]).filter(stays).collect();
        for member in members.iter().filter(|member| has_joined(member)) {
            let user = id(&member["user"]["id"]);
            self.gone.clear(number, Row::Member(user));
        }
        self.within(number, |guild, names| {
            guild.add_members(members.into_iter(), names);
            presences.into_iter().for_each(|it| guild.show(it));
            if completes {
                guild.finish();
            }
        });
    }

    /// What states people in passing.
    fn people(&mut self, number: u64, fed: &Fed) {
        let data = &fed.data;
        match fed.name {
            "GUILD_SYNC" => {
                let gone = &self.gone;
                let stays = |row: &&Value| !gone.has(number, Row::Member(id(&row["user"]["id"])));
                let members: Vec<&Value> = items(&data["members"]).filter(stays).collect();
                let presences: Vec<&Value> = items(&data["presences"]).filter(stays).collect();
                self.within(number, |guild, names| {
                    guild.add_members(members.into_iter(), names);
                    presences.into_iter().for_each(|it| guild.show(it));
                });
            }
            "PRESENCE_UPDATE" => {
                let user = id(&data["user"]["id"]);
                if self.gone.has(number, Row::Member(user)) {
                    return;
                }
                if let Some(name) = data["user"]["username"].as_str() {
                    let held = self.names.entry(user);
                    held.and_modify(|old| name.clone_into(old));
                }
                self.within(number, |guild, _| guild.show(data));
            }
            _ => self.voice(number, data),
        }
    }

    fn voice(&mut self, number: u64, data: &Value) {
        let (user, member) = (id(&data["user_id"]), &data["member"]);
        let guest = member.is_object() && !has_joined(member);
        let left = self.gone.has(number, Row::Member(user)) && !guest;
        let nowhere = left || self.gone.has_channel_of(number, data);
        let came = member.is_object() && !left;
        self.within(number, |guild, names| {
            if came {
                guild.add_members(std::iter::once(member), names);
            }
            match nowhere {
                true => drop(guild.voice.remove(&user)),
                false => guild.move_voice(data),
            }
        });
    }

    fn small(&mut self, number: u64, name: &str, data: &Value) {
        let is = |names: &&[&str; 3]| names.contains(&name);
        let kind = SMALL.iter().position(|names| is(&names));
        let Some(kind) = kind else {
            panic!("{name} is drawn and not modelled");
        };
        let [create, _, delete] = SMALL[kind];
        let (row, thread) = (Row::small(kind, data), kind == 0);
        let homeless = self.gone.has_channel_of(number, data);
        let key = (kind, id(&data[id_of(kind)]));
        if name == delete || thread && name != create && is_archived(data) {
            if name == delete {
                self.gone.mark(number, row, self.fed);
            }
            return self.within(number, |guild, _| {
                guild.small.remove(&key);
            });
        }
        if name == create && !(thread && homeless) {
            self.gone.clear(number, row);
        }
        if !homeless && !self.gone.has(number, row) {
            self.within(number, |guild, _| guild.put(kind, data));
        }
    }
}

fn is_archived(thread: &Value) -> bool {
    thread["thread_metadata"]["archived"] == true
}

/// Guests of a stage have not.
fn has_joined(member: &Value) -> bool {
    member["joined_at"].is_string()
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

fn named<'v>(rows: impl Iterator<Item = &'v Value>) -> BTreeMap<u64, Option<String>> {
    rows.map(|row| (id(&row["id"]), Some(text(&row["name"]))))
        .collect()
}
