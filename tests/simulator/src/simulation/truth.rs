//! The cache against the world, whenever a shard knows all that the server has said.
use super::Simulation;
use crate::odd::{Doubts, Kind};
use crate::snowflake::guild_id;
use crate::world::guild::Guild;
use crate::world::presence::Status;
use headcount_core::Intents;
use headcount_core::cache::memory::{Completeness, GuildRef, PresencesCompleteness};
use headcount_core::cache::{GuildStatus, Kinds, Lack};
use headcount_core::id::{ChannelId, GuildId, RoleId, UserId};
use headcount_core::session::Phase;
use headcount_core::wire::view::VoiceState;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

impl Simulation {
    /// Whether this shard is active, on a connection that the server serves.
    pub(super) fn is_active(&self, host: usize) -> bool {
        self.hosts[host].shard.phase() == Phase::Active && self.reached(host).is_some()
    }

    /// Whether everything that the server has said to this shard's session has been taken in.
    pub(super) fn is_caught_up(&self, host: usize) -> bool {
        let position = self.hosts[host].shard.position();
        self.is_active(host) && self.reached(host) == position.map(|it| it.sequence)
    }

    /// The sequence that the server has reached on this shard's connection.
    pub(super) fn reached(&self, host: usize) -> Option<u64> {
        let socket = self.hosts[host].socket?;
        let connection = self.network.socket(socket).connection?;
        self.gateway.reached(connection)
    }

    /// Compares what the store holds of a shard's guilds with what there is.
    pub(super) fn compare(&mut self, host: usize, closely: bool) {
        if !self.is_caught_up(host) {
            return;
        }
        let standing = self.compare_standing(host, closely);
        if let Err(wrong) = standing.and_then(|()| self.compare_counts(host)) {
            return self.fail(format!("s{host}: {wrong}"));
        }
        for number in 0..self.guilds {
            let guild = guild_id(number);
            if !self.hosts[host].serves(guild) || self.failure.is_some() {
                continue;
            }
            if let Err(wrong) = self.compare_guild(host, guild, closely) {
                self.fail(format!("s{host}: guild {number} ({guild}): {wrong}"));
            }
            self.tally.comparisons += 1;
        }
    }

    /// What the client of a shard cannot know.
    pub(super) fn doubts(&self, host: usize) -> Doubts {
        let socket = self.hosts[host].socket;
        let connection = socket.and_then(|socket| self.network.socket(socket).connection);
        let doubts = connection.and_then(|connection| self.gateway.doubts(connection));
        let mut doubts = doubts.cloned().unwrap_or_default();
        if self.hosts[host].after_kill {
            doubts.forget_removals();
        }
        doubts
    }

    fn compare_guild(&self, host: usize, number: u64, closely: bool) -> Result<(), String> {
        let Some(id) = GuildId::new(number) else {
            return Ok(());
        };
        let (doubts, shard) = (&self.doubts(host), host as u64);
        let untold = doubts.row((number, Kind::Guild, number))
            || doubts.row((shard, Kind::Guild, number))
            || doubts.is_partial(shard, Kind::Guild);
        let completeness = self.store.completeness(id);
        let is_available = self.store.guild_status(id) == Some(GuildStatus::Available);
        if untold || !is_available && !matches!(completeness, Some(Completeness::Complete { .. })) {
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
        let view = Compared { id, guild, doubts };
        if let (false, Some(Completeness::Complete { members })) = (is_available, completeness) {
            // What it lists of its own may be old; whoever is counted is not.
            return self.compare_members(view, members);
        }
        self.compare_parts(view)?;
        self.compare_voice(view)?;
        self.compare_presences(view)?;
        self.look_for_outsiders(view)?;
        if closely || !doubts.is_empty() {
            self.compare_values(view)?;
        }
        match completeness {
            Some(Completeness::Complete { members }) => {
                self.compare_members(view, members)?;
                self.compare_count(view)?;
                if closely {
                    self.compare_rows(view)
                } else {
                    Ok(())
                }
            }
            Some(Completeness::Partial { why, .. }) => self.compare_the_read(view, why),
            None => Ok(()),
        }
    }

    fn compare_parts(&self, view: Compared<'_>) -> Result<(), String> {
        if !self.setting.intents.contains(Intents::GUILDS) {
            return Ok(());
        }
        let (id, guild) = (view.id, view.guild);
        let roles = self.store.roles(id).map(|role| role.id.get());
        view.same(Kind::Role, roles, guild.role_ids())?;
        let channels = self.store.channels(id).map(|it| it.id.get());
        view.same(Kind::Channel, channels, guild.channel_ids())?;
        if view.doubts.any_untold(view.guild.id(), Kind::Channel) {
            return Ok(());
        }
        // Nobody can tell that a thread goes with its channel who cannot read which that is.
        let there: BTreeSet<u64> = guild.thread_ids().collect();
        let is_known = |thread: &u64| {
            there.contains(thread) || !view.is_doubtful(Kind::Thread, *thread, "parent_id")
        };
        let threads = self.store.threads(id).map(|it| it.id.get());
        view.same(Kind::Thread, threads.filter(is_known), guild.thread_ids())
    }

    /// Whoever sits in a channel is reported, guests too; nobody else is. No message lies in a
    /// channel that is no more.
    fn compare_voice(&self, view: Compared<'_>) -> Result<(), String> {
        let Compared { id, guild, doubts } = view;
        let reported = Intents::GUILDS | Intents::GUILD_VOICE_STATES;
        let states = self.store.voice_states(id);
        let seat = |row: &VoiceState<'_>| Some((row.user.get(), row.channel.value()?.get()));
        let known = |(user, _): &(u64, u64)| !view.is_doubtful(Kind::Voice, *user, "channel_id");
        let held: BTreeMap<u64, u64> = states.filter_map(seat).filter(known).collect();
        let is: BTreeMap<u64, u64> = guild.in_voice().filter(known).collect();
        let more = doubts.is_partial(guild.id(), Kind::Voice)
            || doubts.any_untold(guild.id(), Kind::Channel)
            || doubts.any_untold(guild.id(), Kind::Member);
        let same = match more {
            true => is.iter().all(|(user, seat)| held.get(user) == Some(seat)),
            false => held == is,
        };
        if self.setting.intents.contains(reported) && !same {
            return Err(format!("in voice are {held:?}, but should be {is:?}"));
        }
        if !self.setting.intents.contains(Intents::GUILDS) {
            return Ok(());
        }
        let known = |channel: &u64| !doubts.untold((guild.id(), Kind::Channel, *channel));
        let gone = guild.gone_channel_ids().filter(known);
        let mut gone = gone.filter_map(ChannelId::new);
        match gone.find(|channel| self.store.messages(id, *channel).count() > 0) {
            Some(channel) => Err(format!("messages lie in {channel}, which is no more")),
            None => Ok(()),
        }
    }

    /// Where the gateway reports departures, the store holds nobody who is not a member.
    fn look_for_outsiders(&self, view: Compared<'_>) -> Result<(), String> {
        let reported = Intents::GUILDS | Intents::GUILD_MEMBERS;
        if !self.setting.intents.contains(reported) || self.setting.sweep_after_chunk {
            return Ok(());
        }
        let held = self.store.members(view.id).map(|row| row.user().id().get());
        let outsiders: Vec<u64> = held.filter(|user| !view.may_be_member(*user)).collect();
        match outsiders.is_empty() {
            true => Ok(()),
            false => Err(format!("{outsiders:?} are held, and no members")),
        }
    }

    /// Whoever is there is a member, and has the status that was reported last, if the intents are
    /// those that report who joins, leaves and changes.
    fn compare_presences(&self, view: Compared<'_>) -> Result<(), String> {
        let Compared { id, guild, doubts } = view;
        let reported = Intents::GUILDS | Intents::GUILD_MEMBERS | Intents::GUILD_PRESENCES;
        if !self.setting.intents.contains(reported) {
            return Ok(());
        }
        let world = self.gateway.world();
        // With no member beside it, a presence that a partial list leaves out may stay.
        let alone = !self.setting.kinds.contains(Kinds::MEMBERS);
        let partial = doubts.is_partial(guild.id(), Kind::Presence);
        for row in self.store.presences(id) {
            let user = row.user().get();
            let (held, is) = (format!("{:?}", row.status()), world.status(user));
            let is_member = view.may_be_member(user);
            if !is_member && partial && alone {
                continue;
            }
            let unlisted = is == Status::Offline && partial;
            let known = !view.is_doubtful(Kind::Presence, user, "status") && !unlisted;
            if !is_member || (known && held != format!("{is:?}")) {
                return Err(format!("{user} is {held}, but should be {is:?}"));
            }
        }
        let Some(PresencesCompleteness::Complete { .. }) = self.store.presences_completeness(id)
        else {
            return Ok(());
        };
        let online = |user: &u64| {
            let untold = doubts.untold((guild.id(), Kind::Presence, *user));
            world.status(*user) != Status::Offline && !untold
        };
        let held = |user: &u64| UserId::new(*user).and_then(|user| self.store.presence(id, user));
        match guild
            .member_ids()
            .find(|user| online(user) && held(user).is_none())
        {
            Some(user) => Err(format!("presences are complete, and {user} has none")),
            None => Ok(()),
        }
    }

    /// Where all members are held the guild counts them as they come and go, each once.
    fn compare_count(&self, view: Compared<'_>) -> Result<(), String> {
        let Compared { id, guild, doubts } = view;
        let reported = Intents::GUILDS | Intents::GUILD_MEMBERS;
        let all_told = !doubts.any_untold(guild.id(), Kind::Member) && !view.may_hold_more();
        // No event says what becomes of the bot itself.
        let has_bot = guild.holds(self.gateway.world().bot());
        let is_counted = all_told && has_bot && self.setting.intents.contains(reported);
        let counted = self.store.guild(id).and_then(GuildRef::member_count);
        match counted.filter(|counted| is_counted && *counted != guild.len() as u64) {
            Some(counted) => Err(format!(
                "{counted} members are counted, and there are {}",
                guild.len()
            )),
            None => Ok(()),
        }
    }

    /// Reported as complete: it holds everyone, and nobody else.
    fn compare_members(&self, view: Compared<'_>, reported: u64) -> Result<(), String> {
        let Compared { id, guild, doubts } = view;
        let held = self.store.members(id).map(|row| row.user().id().get());
        let held: BTreeSet<u64> = held.collect();
        let known = |user: &u64| !doubts.untold((guild.id(), Kind::Member, *user));
        let all_told = !doubts.any_untold(guild.id(), Kind::Member);
        let missing = guild.member_ids().filter(|user| !held.contains(user));
        let missing: Vec<u64> = missing.filter(known).collect();
        let is_right = match view.may_hold_more() {
            true => reported >= guild.len() as u64,
            false => reported == guild.len() as u64,
        };
        if missing.is_empty() && (!all_told || is_right) {
            return Ok(());
        }
        let extra: Vec<&u64> = held.iter().filter(|user| !guild.holds(**user)).collect();
        Err(format!(
            "reported to be complete with {reported} members, of which there are {}; holds {}, \
             lacks {missing:?}, and has {extra:?} too many",
            guild.len(),
            held.len(),
        ))
    }

    /// Reported as partial for rows that could not be read: there were some, and the others are
    /// held.
    fn compare_the_read(&self, view: Compared<'_>, why: Lack) -> Result<(), String> {
        let Lack::Unread(rows) = why else {
            return Ok(());
        };
        let held = self.store.members(view.id).map(|row| row.user().id().get());
        let held: BTreeSet<u64> = held.collect();
        let known = |user: &u64| !view.doubts.row((view.guild.id(), Kind::Member, *user));
        let missing = view.guild.member_ids().filter(|user| !held.contains(user));
        let missing: Vec<u64> = missing.filter(known).collect();
        match missing.is_empty() && view.doubts.is_partial(view.guild.id(), Kind::Member) {
            true => Ok(()),
            false => Err(format!("{rows} rows are not read, and {missing:?} missing")),
        }
    }

    /// Names, nicks and roles of all members.
    fn compare_rows(&self, view: Compared<'_>) -> Result<(), String> {
        let Compared { id, guild, doubts } = view;
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
            let known = |role: &u64| !doubts.row((guild.id(), Kind::Role, *role));
            let roles: BTreeSet<u64> = row.roles().map(RoleId::get).filter(known).collect();
            let role = |role: &Value| role.as_str()?.parse().ok();
            let is = truth["roles"].as_array().into_iter().flatten();
            let is: BTreeSet<u64> = is.filter_map(role).filter(known).collect();
            let named = truth["user"]["username"].as_str().unwrap_or("");
            let unsure = |part| view.is_doubtful(Kind::Member, user, part);
            let named_oddly = unsure("user") || view.is_doubtful(Kind::Presence, user, "user");
            let same = (unsure("nick") || row.nick() == truth["nick"].as_str())
                && (unsure("roles") || roles == is)
                && (named_oddly || row.user().username() == named);
            if !same {
                return Err(format!(
                    "{user} is {:?} {:?} {roles:?}, but should be {truth}",
                    row.nick(),
                    row.user().username(),
                ));
            }
        }
        Ok(())
    }
}

/// A guild as it is, and what cannot be known of it.
#[derive(Clone, Copy)]
pub(super) struct Compared<'g> {
    pub(super) id: GuildId,
    pub(super) guild: &'g Guild,
    doubts: &'g Doubts,
}

impl Compared<'_> {
    /// Fails unless the rows that are held are those that there are.
    fn same(
        self,
        kind: Kind,
        held: impl Iterator<Item = u64>,
        is: impl Iterator<Item = u64>,
    ) -> Result<(), String> {
        let (held, is) = (held.collect(), is.collect());
        match held == is || self.doubts.excuse(self.guild.id(), kind, &held, &is) {
            true => Ok(()),
            false => Err(format!("{kind:?}: {held:?} are held, but there are {is:?}")),
        }
    }

    /// Whether a part of a row was sent last in a form that nobody can read.
    pub(super) fn is_unreadable(self, kind: Kind, id: u64, part: &str) -> bool {
        self.doubts.unreadable((self.guild.id(), kind, id), part)
    }

    pub(super) fn is_doubtful(self, kind: Kind, id: u64, part: &str) -> bool {
        self.doubts.part((self.guild.id(), kind, id), part)
    }

    /// Whether it is a member, or nobody can tell that it is none.
    fn may_be_member(self, user: u64) -> bool {
        let guild = self.guild.id();
        self.guild.holds(user)
            || self.may_hold_more()
            || self.doubts.untold((guild, Kind::Member, user))
    }

    /// Whether members may be held who are none.
    fn may_hold_more(self) -> bool {
        self.doubts.is_partial(self.guild.id(), Kind::Member)
    }
}
