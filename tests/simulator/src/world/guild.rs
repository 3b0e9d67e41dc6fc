//! One guild's state: who is in it now.
use crate::snowflake::{Part, guild_id, own_user_id, part_id, shared_user_id};
use crate::world::inventory::Inventory;
use crate::world::parts;
use crate::world::plan::{Arrival, GuildPlan, Plan};
use std::collections::BTreeMap;

/// One guild.
#[derive(Clone, Debug)]
pub struct Guild {
    number: u32,
    arrival: Arrival,
    available: bool,
    members: Vec<Entry>,
    next_user: u32,
    nicks: BTreeMap<u64, Option<String>>,
    voice: BTreeMap<u64, u64>,
    /// Raised by each change of the guild's own fields.
    revision: u32,
    planned_roles: u32,
    planned_channels: u32,
    pub(crate) roles: Inventory,
    pub(crate) channels: Inventory,
    pub(crate) threads: Inventory,
    /// The channel of each thread.
    parents: BTreeMap<u32, u64>,
    emojis: u32,
}

/// A member, drawn anew from its id and the number of its changes whenever it is written.
#[derive(Clone, Copy, Debug)]
struct Entry {
    id: u64,
    revision: u32,
}

impl Guild {
    /// The guild with this number; `bot` is in every guild.
    pub(crate) fn new(number: u32, plan: &Plan, own: GuildPlan, bot: u64) -> Self {
        let people = own.members.clamp(1, 500_000) - 1;
        let pool = shared_pool(plan);
        let share = u64::from(people) * u64::from(plan.shared_percent.min(100)) / 100;
        let shared = pool.min(share as u32);
        let first = number.wrapping_mul(7919) % pool;
        let mut members: Vec<Entry> = (0..people)
            .map(|at| match at < shared {
                true => shared_user_id((first + at) % pool),
                false => own_user_id(number, at),
            })
            .chain([bot])
            .map(|id| Entry { id, revision: 0 })
            .collect();
        members.sort_unstable_by_key(|entry| entry.id);
        let mut guild = Self {
            number,
            arrival: own.arrival,
            available: own.arrival == Arrival::Normal,
            members,
            next_user: people,
            nicks: BTreeMap::new(),
            voice: BTreeMap::new(),
            revision: 0,
            planned_roles: plan.roles.clamp(1, 250),
            planned_channels: plan.channels.min(500),
            roles: Inventory::new(plan.roles.clamp(1, 250)),
            channels: Inventory::new(plan.channels.min(500)),
            threads: Inventory::new(0),
            parents: BTreeMap::new(),
            emojis: plan.emojis.min(500),
        };
        guild.seat(plan.in_voice, bot);
        guild
    }

    fn seat(&mut self, count: u32, bot: u64) {
        let Some(channel) = self.voice_channel() else {
            return;
        };
        let people = self
            .members
            .iter()
            .map(|entry| entry.id)
            .filter(|id| *id != bot);
        self.voice = people
            .take(count as usize)
            .map(|id| (id, channel))
            .collect();
    }

    /// The guild's id.
    #[must_use]
    pub fn id(&self) -> u64 {
        guild_id(self.number)
    }

    /// The guild's number in the order of creation, from 0.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// What becomes of it after READY.
    #[must_use]
    pub fn arrival(&self) -> Arrival {
        self.arrival
    }

    /// Whether it can be reached now: it is in no outage.
    #[must_use]
    pub fn is_available(&self) -> bool {
        self.available
    }

    /// How many members there are now, the bot included.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "the bot is always in it")]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// The ids of all members now, ascending.
    pub fn member_ids(&self) -> impl ExactSizeIterator<Item = u64> {
        self.members.iter().map(|entry| entry.id)
    }

    /// The id of the member at this place in the ascending order.
    #[must_use]
    pub fn member_at(&self, place: usize) -> Option<u64> {
        self.members.get(place).map(|entry| entry.id)
    }

    /// Whether this user is a member now.
    #[must_use]
    pub fn holds(&self, user: u64) -> bool {
        self.find(user).is_ok()
    }

    /// Who sits in which voice channel, guests among them, as (user, channel), ascending.
    pub fn in_voice(&self) -> impl ExactSizeIterator<Item = (u64, u64)> {
        self.voice.iter().map(|(user, channel)| (*user, *channel))
    }

    /// The ids of the roles now, in the order of their numbers, `@everyone` first.
    pub fn role_ids(&self) -> impl Iterator<Item = u64> {
        self.roles
            .numbers()
            .map(|number| parts::role_id(self, number))
    }

    /// The ids of the channels now, in the order of their numbers.
    pub fn channel_ids(&self) -> impl Iterator<Item = u64> {
        self.channels
            .numbers()
            .map(|number| parts::channel_id(self, number))
    }

    /// The ids of the channels that are no more, in the order of their numbers.
    pub fn gone_channel_ids(&self) -> impl Iterator<Item = u64> {
        self.channels
            .gone()
            .map(|number| parts::channel_id(self, number))
    }

    /// The ids of the threads now, in the order of their numbers.
    pub fn thread_ids(&self) -> impl Iterator<Item = u64> {
        self.threads
            .numbers()
            .map(|number| parts::thread_id(self, number))
    }

    /// The channel that a thread lies in, also of one that is no more.
    pub(crate) fn parent_of(&self, thread: u32) -> Option<u64> {
        self.parents.get(&thread).copied()
    }

    /// Adds a thread to the first channel below the category; `None` if there is no such channel.
    pub(crate) fn add_thread(&mut self) -> Option<u32> {
        let first = self.channels.numbers().find(|number| *number > 0)?;
        let parent = parts::channel_id(self, first);
        let number = self.threads.add();
        self.parents.insert(number, parent);
        Some(number)
    }

    /// Removes a channel with its threads, and whoever sits in it.
    pub(crate) fn remove_channel(&mut self, number: u32) {
        let channel = parts::channel_id(self, number);
        self.channels.remove(number);
        self.voice.retain(|_, seat| *seat != channel);
        for (thread, _) in self.parents.iter().filter(|(_, up)| **up == channel) {
            self.threads.remove(*thread);
        }
    }

    /// Where this user sits.
    pub(crate) fn seat_of(&self, user: u64) -> Option<u64> {
        self.voice.get(&user).copied()
    }

    /// Guests of a stage: they sit in the guild, and are no members.
    pub(crate) fn guests(&self) -> impl Iterator<Item = u64> {
        self.voice.keys().copied().filter(|user| !self.holds(*user))
    }

    /// Somebody who may come as a guest.
    #[must_use]
    pub fn guest_id(&self, guest: u32) -> u64 {
        own_user_id(self.number, FIRST_GUEST + guest % 16)
    }

    pub(crate) fn revision(&self) -> u32 {
        self.revision
    }

    pub(crate) fn revise(&mut self) {
        self.revision += 1;
    }

    /// How many roles it had at first.
    pub(crate) fn role_count(&self) -> u32 {
        self.planned_roles
    }

    /// How many channels it had at first.
    pub(crate) fn channel_count(&self) -> u32 {
        self.planned_channels
    }

    pub(crate) fn emoji_count(&self) -> u32 {
        self.emojis
    }

    /// A channel that people can talk in; its last one.
    pub(crate) fn voice_channel(&self) -> Option<u64> {
        let last = self
            .planned_channels
            .checked_sub(1)
            .filter(|last| self.channels.has(*last))?;
        Some(part_id(self.number, Part::Channel, last))
    }

    pub(crate) fn nick_of(&self, user: u64) -> Option<Option<String>> {
        self.nicks.get(&user).cloned()
    }

    pub(crate) fn revision_of(&self, user: u64) -> Option<u32> {
        self.find(user).ok().map(|at| self.members[at].revision)
    }

    pub(crate) fn set_available(&mut self, available: bool) {
        self.available = available;
        self.arrival = if available {
            Arrival::Normal
        } else {
            Arrival::Outage
        };
    }

    /// Adds this user, or somebody new; returns who it was and whether they are new here.
    pub(crate) fn add(&mut self, user: Option<u64>) -> (u64, bool) {
        let id = user.unwrap_or_else(|| {
            self.next_user += 1;
            own_user_id(self.number, self.next_user)
        });
        match self.find(id) {
            Ok(_) => (id, false),
            Err(at) => {
                self.members.insert(at, Entry { id, revision: 0 });
                (id, true)
            }
        }
    }

    /// Removes this user; false when it was not a member.
    pub(crate) fn remove(&mut self, user: u64) -> bool {
        let found = self.find(user);
        if let Ok(at) = found {
            self.members.remove(at);
            self.nicks.remove(&user);
            self.voice.remove(&user);
        }
        found.is_ok()
    }

    /// Changes this member's roles, and the nick when one is given; false for no member.
    pub(crate) fn change(&mut self, user: u64, nick: Option<Option<String>>) -> bool {
        let Ok(at) = self.find(user) else {
            return false;
        };
        self.members[at].revision += 1;
        if let Some(nick) = nick {
            self.nicks.insert(user, nick);
        }
        true
    }

    /// Moves this user to a voice channel, or out of voice.
    pub(crate) fn move_to(&mut self, user: u64, channel: Option<u64>) {
        match channel {
            Some(channel) => self.voice.insert(user, channel),
            None => self.voice.remove(&user),
        };
    }

    fn find(&self, user: u64) -> Result<usize, usize> {
        self.members.binary_search_by_key(&user, |entry| entry.id)
    }
}

/// Beyond the members that a guild may have.
const FIRST_GUEST: u32 = 1_000_000;

/// How many users the guilds share: half as many again as the largest guild's share.
fn shared_pool(plan: &Plan) -> u32 {
    let largest = plan
        .guilds
        .iter()
        .map(|guild| guild.members.min(500_000))
        .max()
        .unwrap_or(1);
    largest + largest / 2 + 1
}
