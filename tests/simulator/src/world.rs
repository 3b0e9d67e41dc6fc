//! The guilds, members and users that the gateway knows.
//!
//! A world is drawn from a seed. It keeps ids only; whatever a payload says about somebody is drawn
//! anew from the seed and the ids whenever it is written, so a million members cost 16 MB.
pub mod guild;
pub mod plan;
pub mod presence;

pub(crate) mod create;
pub(crate) mod inventory;
pub(crate) mod member;
pub(crate) mod message;
pub(crate) mod name;
pub(crate) mod parts;
pub(crate) mod user;
pub(crate) mod voice;

use crate::json::{self, Writer};
use crate::rng::Rng;
use crate::snowflake::shared_user_id;
use guild::Guild;
use member::Member;
use plan::{Arrival, GuildPlan, Plan};
use presence::{Presence, Status};
use std::collections::BTreeMap;
use user::User;

/// Everything that exists.
#[derive(Clone, Debug)]
pub struct World {
    seed: u64,
    bot: u64,
    plan: Plan,
    next_guild: u32,
    guilds: BTreeMap<u64, Guild>,
    users: BTreeMap<u64, u32>,
    statuses: BTreeMap<u64, Status>,
    messages: u64,
}

impl World {
    /// The world that `plan` and `seed` describe.
    #[must_use]
    pub fn new(plan: &Plan, seed: u64) -> Self {
        let bot = shared_user_id(u32::MAX >> 12);
        let mut world = Self {
            seed,
            bot,
            plan: plan.clone(),
            next_guild: 0,
            guilds: BTreeMap::new(),
            users: BTreeMap::new(),
            statuses: BTreeMap::new(),
            messages: 0,
        };
        for guild in &plan.guilds {
            world.found(*guild);
        }
        world
    }

    /// The bot's user id, which is its application id too.
    #[must_use]
    pub fn bot(&self) -> u64 {
        self.bot
    }

    /// The guild with this id.
    #[must_use]
    pub fn guild(&self, id: u64) -> Option<&Guild> {
        self.guilds.get(&id)
    }

    /// Every guild, by ascending id.
    pub fn guilds(&self) -> impl Iterator<Item = &Guild> {
        self.guilds.values()
    }

    /// How many different users are in the guilds.
    #[must_use]
    pub fn user_count(&self) -> usize {
        let mut ids: Vec<u64> = self.guilds().flat_map(Guild::member_ids).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.len()
    }

    /// The member's JSON text as it stands now in a chunk.
    #[must_use]
    pub fn member_json(&self, guild: u64, user: u64) -> Option<String> {
        let guild = self.guild(guild).filter(|guild| guild.holds(user))?;
        Some(json::object(|w| self.write_member(guild, user, w)))
    }

    /// The user's status now.
    #[must_use]
    pub fn status(&self, user: u64) -> Status {
        if user == self.bot {
            return Status::Online;
        }
        self.statuses.get(&user).copied().unwrap_or_else(|| {
            let mut rng = Rng::of(&[self.seed, user, 3]);
            Status::draw(&mut rng, self.plan.offline_percent)
        })
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    pub(crate) fn guild_mut(&mut self, id: u64) -> Option<&mut Guild> {
        self.guilds.get_mut(&id)
    }

    /// Adds one more guild and returns its id.
    pub(crate) fn found(&mut self, own: GuildPlan) -> u64 {
        let guild = Guild::new(self.next_guild, &self.plan, own, self.bot);
        self.next_guild += 1;
        let id = guild.id();
        self.guilds.insert(id, guild);
        id
    }

    pub(crate) fn dissolve(&mut self, id: u64) -> bool {
        self.guilds.remove(&id).is_some()
    }

    pub(crate) fn set_status(&mut self, user: u64, status: Status) {
        self.statuses.insert(user, status);
    }

    /// Changes the user's profile.
    pub(crate) fn change_user(&mut self, user: u64) {
        *self.users.entry(user).or_default() += 1;
    }

    pub(crate) fn next_message(&mut self) -> u64 {
        self.messages += 1;
        self.messages
    }

    /// The number of the last message; 0 when there was none.
    pub(crate) fn last_message(&self) -> u64 {
        self.messages
    }

    /// Gives the user another status by chance; offline half as often as at the start.
    pub(crate) fn redraw_status(&mut self, user: u64, rng: &mut Rng) {
        self.statuses
            .insert(user, Status::draw(rng, self.plan.offline_percent / 2));
    }

    pub(crate) fn user(&self, id: u64) -> User {
        let revision = self.users.get(&id).copied().unwrap_or(0);
        let user = User::draw(self.seed, id, revision);
        if id == self.bot {
            user.into_bot()
        } else {
            user
        }
    }

    /// The member, if this user is one.
    pub(crate) fn draw_member(&self, guild: &Guild, user: u64) -> Option<Member> {
        let revision = guild.revision_of(user)?;
        Some(Member::draw(
            self.seed,
            guild,
            self.user(user),
            user,
            revision,
        ))
    }

    /// The member, or a guest of a stage by this id.
    pub(crate) fn draw_sitter(&self, guild: &Guild, user: u64) -> Member {
        let member = self.draw_member(guild, user);
        member.unwrap_or_else(|| Member::guest(self.user(user)))
    }

    /// Writes the member; nothing when the user is none.
    pub(crate) fn write_member(&self, guild: &Guild, user: u64, w: &mut Writer) {
        if let Some(member) = self.draw_member(guild, user) {
            member.write(w);
        }
    }

    /// The user's presence, in an event for `guild` or inside another payload.
    pub(crate) fn presence(&self, user: u64, guild: Option<u64>) -> Presence<'static> {
        let rng = Rng::of(&[self.seed, user, 4]);
        Presence {
            id: user,
            guild,
            status: self.status(user),
            user: None,
            rng,
        }
    }
}

impl Default for World {
    /// An empty world.
    fn default() -> Self {
        Self::new(
            &Plan {
                guilds: Vec::new(),
                ..Plan::default()
            },
            0,
        )
    }
}

/// A guild that can be reached, for guilds founded while the gateway runs.
pub(crate) fn reachable(members: u32) -> GuildPlan {
    GuildPlan {
        members,
        arrival: Arrival::Normal,
    }
}
