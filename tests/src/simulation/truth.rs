//! The cache against the world, whenever a shard knows all that the server has said.
use super::Simulation;
use crate::snowflake::guild_id;
use crate::world::guild::Guild;
use crate::world::presence::Status;
use headcount_core::Intents;
use headcount_core::cache::memory::{Completeness, PresencesCompleteness};
use headcount_core::cache::{GuildStatus, Kinds};
use headcount_core::id::{ChannelId, GuildId, RoleId, UserId};
use headcount_core::session::{Phase, Session};
use headcount_core::wire::view::VoiceState;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

impl Simulation {
    /// Whether everything that the server has said to this shard's session has been taken in.
    pub(super) fn is_caught_up(&self, host: usize) -> bool {
        let host = &self.hosts[host];
        let connection = host
            .lane
            .and_then(|lane| self.network.lane(lane).connection);
        let reached = connection.and_then(|connection| self.gateway.reached(connection));
        let taken = host.shard.session().as_ref().map(Session::sequence);
        host.shard.phase() == Phase::Active && reached.is_some() && reached == taken
    }

    /// Compares what the store holds of a shard's guilds with what there is.
    pub(super) fn compare(&mut self, host: usize, closely: bool) {
        if !self.is_caught_up(host) {
            return;
        }
        for number in 0..self.guilds {
            let guild = guild_id(number);
            if !self.hosts[host].serves(guild) || self.failure.is_some() {
                continue;
            }
            if let Err(wrong) = self.compare_guild(guild, closely) {
                self.fail(format!("s{host}: guild {number} ({guild}): {wrong}"));
            }
            self.tally.comparisons += 1;
        }
    }

    fn compare_guild(&self, number: u64, closely: bool) -> Result<(), String> {
        let Some(id) = GuildId::new(number) else {
            return Ok(());
        };
        if self.store.guild_status(id) != Some(GuildStatus::Available) {
            return Ok(());
        }
        let Some(guild) = self
            .gateway
            .world()
            .guild(number)
            .filter(|it| it.is_available())
        else {
            return Err("the store has it, and the world does not".to_owned());
        };
        self.compare_parts(id, guild)?;
        self.compare_voice(id, guild)?;
        self.compare_presences(id, guild)?;
        self.look_for_strangers(id, guild)?;
        match self.store.completeness(id) {
            Some(Completeness::Complete { members }) => {
                self.compare_members(id, guild, members)?;
                if closely {
                    self.compare_rows(id, guild)
                } else {
                    Ok(())
                }
            }
            Some(Completeness::Partial { .. }) | None => Ok(()),
        }
    }

    fn compare_parts(&self, id: GuildId, guild: &Guild) -> Result<(), String> {
        if !self.setting.intents.contains(Intents::GUILDS) {
            return Ok(());
        }
        let roles: BTreeSet<u64> = self.store.roles(id).map(|role| role.id.get()).collect();
        let channels: BTreeSet<u64> = self.store.channels(id).map(|it| it.id.get()).collect();
        let is = (guild.role_ids().collect(), guild.channel_ids().collect());
        let same = (&roles, &channels) == (&is.0, &is.1);
        let told = || format!("roles and channels {roles:?} {channels:?}, but there are {is:?}");
        if !same {
            return Err(told());
        }
        let threads: BTreeSet<u64> = self.store.threads(id).map(|it| it.id.get()).collect();
        let is: BTreeSet<u64> = guild.thread_ids().collect();
        match threads == is {
            true => Ok(()),
            false => Err(format!("threads {threads:?}, but there are {is:?}")),
        }
    }

    /// Whoever sits in a channel is told, guests too; nobody else is. No message lies in a channel
    /// that is no more.
    fn compare_voice(&self, id: GuildId, guild: &Guild) -> Result<(), String> {
        let told = Intents::GUILDS | Intents::GUILD_VOICE_STATES;
        let states = self.store.voice_states(id);
        let seat = |row: &VoiceState<'_>| Some((row.user.get(), row.channel.value()?.get()));
        let held: BTreeMap<u64, u64> = states.filter_map(seat).collect();
        let is: BTreeMap<u64, u64> = guild.in_voice().collect();
        if self.setting.intents.contains(told) && held != is {
            return Err(format!("in voice are {held:?}, but should be {is:?}"));
        }
        if !self.setting.intents.contains(Intents::GUILDS) {
            return Ok(());
        }
        let mut gone = guild.gone_channel_ids().filter_map(ChannelId::new);
        match gone.find(|channel| self.store.messages(id, *channel).count() > 0) {
            Some(channel) => Err(format!("messages lie in {channel}, which is no more")),
            None => Ok(()),
        }
    }

    /// Where it is told who leaves, nobody is held who is no member.
    fn look_for_strangers(&self, id: GuildId, guild: &Guild) -> Result<(), String> {
        let told = Intents::GUILDS | Intents::GUILD_MEMBERS;
        if !self.setting.intents.contains(told) || self.setting.sweep_after_chunk {
            return Ok(());
        }
        let held = self.store.members(id).map(|row| row.user().id().get());
        let strangers: Vec<u64> = held.filter(|user| !guild.holds(*user)).collect();
        match strangers.is_empty() {
            true => Ok(()),
            false => Err(format!("{strangers:?} are held, and no members")),
        }
    }

    /// Whoever is there is a member, and has the status that was told last, if the intents are
    /// those by which it is told who comes, leaves and changes.
    fn compare_presences(&self, id: GuildId, guild: &Guild) -> Result<(), String> {
        let told = Intents::GUILDS | Intents::GUILD_MEMBERS | Intents::GUILD_PRESENCES;
        if !self.setting.intents.contains(told) {
            return Ok(());
        }
        let world = self.gateway.world();
        for row in self.store.presences(id) {
            let user = row.user().get();
            let (held, is) = (format!("{:?}", row.status()), world.status(user));
            if !guild.holds(user) || held != format!("{is:?}") {
                return Err(format!("{user} is {held}, but should be {is:?}"));
            }
        }
        let Some(PresencesCompleteness::Complete { .. }) = self.store.presences_completeness(id)
        else {
            return Ok(());
        };
        let online = |user: &u64| world.status(*user) != Status::Offline;
        let held = |user: &u64| UserId::new(*user).and_then(|user| self.store.presence(id, user));
        match guild
            .member_ids()
            .find(|user| online(user) && held(user).is_none())
        {
            Some(user) => Err(format!("presences are complete, and {user} has none")),
            None => Ok(()),
        }
    }

    /// Told to be complete: it holds everyone, and nobody else.
    fn compare_members(&self, id: GuildId, guild: &Guild, told: u64) -> Result<(), String> {
        let absent = |user: &u64| {
            UserId::new(*user).is_none_or(|user| self.store.member(id, user).is_none())
        };
        let missing: Vec<u64> = guild.member_ids().filter(absent).collect();
        if missing.is_empty() && told == guild.len() as u64 {
            return Ok(());
        }
        let held = self.store.members(id).map(|row| row.user().id().get());
        let held: Vec<u64> = held.collect();
        let extra: Vec<&u64> = held.iter().filter(|user| !guild.holds(**user)).collect();
        Err(format!(
            "told to be complete with {told} members, of which there are {}; holds {}, lacks \
             {missing:?}, and has {extra:?} too many",
            guild.len(),
            held.len(),
        ))
    }

    /// Names, nicks and roles of all members.
    fn compare_rows(&self, id: GuildId, guild: &Guild) -> Result<(), String> {
        let whole = self
            .setting
            .intents
            .contains(Intents::GUILDS | Intents::GUILD_MEMBERS);
        if !whole || !self.setting.kinds.contains(Kinds::ROLES) {
            return Ok(());
        }
        let world = self.gateway.world();
        for user in guild.member_ids() {
            let Some(text) = world.member_json(guild.id(), user) else {
                continue;
            };
            let truth: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
            let Some(row) = UserId::new(user).and_then(|user| self.store.member(id, user)) else {
                continue;
            };
            let roles: BTreeSet<u64> = row.roles().map(RoleId::get).collect();
            let role = |role: &Value| role.as_str()?.parse().ok();
            let is: BTreeSet<u64> = truth["roles"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(role)
                .collect();
            let held = (row.nick(), row.user().username());
            let named = (
                truth["nick"].as_str(),
                truth["user"]["username"].as_str().unwrap_or(""),
            );
            if held != named || roles != is {
                return Err(format!(
                    "{user} is {held:?} {roles:?}, but should be {named:?} {is:?}"
                ));
            }
        }
        Ok(())
    }
}
