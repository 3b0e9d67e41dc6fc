//! All that one guild holds.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::entities::Entities;
use super::hash::Mixer;
use super::member::MemberRow;
use super::presence::PresenceRow;
use super::role_lists::RoleLists;
use super::shared::Shared;
use super::table::{Row, Table};
use super::usage::{Usage, Weight};
use crate::cache::GuildStatus;
use crate::id::{ChannelId, GuildId, MessageId, UserId};
use crate::wire::view::{Channel, Guild, Members, Presence, Presences, Role, Status};
use crate::wire::{Field, Part as _};

#[derive(Debug)]
pub(super) struct Slot {
    pub(super) id: GuildId,
    pub(super) status: GuildStatus,
    /// Whether the guild's data has ever come: before that, nothing of it is kept.
    known: bool,
    pub(super) complete: bool,
    /// Whether a policy has taken members away since they were last listed anew.
    pub(super) limited: bool,
    pub(super) member_count: Option<u64>,
    /// Counted up whenever the members are listed anew.
    generation: u8,
    pub(super) guild: Option<Box<Guild<'static>>>,
    guild_heap: usize,
    pub(super) channels: Table<Channel<'static>>,
    pub(super) roles: Table<Role<'static>>,
    pub(super) members: Table<MemberRow>,
    pub(super) lists: RoleLists,
    pub(super) presences: Table<PresenceRow>,
    pub(super) entities: Entities,
}

impl Row for Box<Slot> {
    fn key(&self) -> u64 {
        self.id.get()
    }

    /// What is in the guild is weighed apart, by kind.
    fn heap(&self) -> usize {
        0
    }
}

impl Row for Channel<'static> {
    fn key(&self) -> u64 {
        self.id.get()
    }

    fn heap(&self) -> usize {
        crate::wire::Part::heap(self)
    }
}

impl Row for Role<'static> {
    fn key(&self) -> u64 {
        self.id.get()
    }

    fn heap(&self) -> usize {
        crate::wire::Part::heap(self)
    }
}

impl Slot {
    pub(super) const fn new(id: GuildId, mixer: Mixer) -> Self {
        Self {
            id,
            status: GuildStatus::Pending,
            known: false,
            complete: false,
            limited: false,
            member_count: None,
            generation: 0,
            guild: None,
            guild_heap: 0,
            channels: Table::new(mixer),
            roles: Table::new(mixer),
            members: Table::new(mixer),
            lists: RoleLists::new(mixer),
            presences: Table::new(mixer),
            entities: Entities::new(mixer),
        }
    }

    pub(super) fn usage(&self) -> Usage {
        let members = self.members.bytes().saturating_add(self.lists.bytes());
        Usage {
            guilds: Weight {
                rows: usize::from(self.guild.is_some()),
                bytes: size_of::<Self>().saturating_add(self.guild_heap),
            },
            channels: Weight::of(&self.channels),
            roles: Weight::of(&self.roles),
            members: Weight {
                rows: self.members.len(),
                bytes: members,
            },
            presences: Weight::of(&self.presences),
        }
    }

    pub(super) const fn known(&self) -> bool {
        self.known
    }

    pub(super) const fn set_status(&mut self, status: GuildStatus) {
        self.status = status;
        if let GuildStatus::Available = status {
            self.known = true;
        }
    }

    /// Merges the guild's own data; adds it if it is not there and `create` says so.
    pub(super) fn merge_guild(&mut self, mut guild: Guild<'static>, create: bool) {
        let count = guild.member_count.take();
        match &mut self.guild {
            Some(own) => own.merge(guild),
            None if create => self.guild = Some(Box::new(guild)),
            None => return,
        }
        self.member_count = count.or(self.member_count);
        self.guild_heap = self.guild.as_ref().map_or(0, |guild| {
            guild.heap().saturating_add(size_of::<Guild<'_>>())
        });
    }

    /// Forgets the guild's own data, and nothing else.
    pub(super) fn drop_guild(&mut self) {
        self.guild = None;
        self.guild_heap = 0;
    }

    pub(super) fn count_member(&mut self, by: i8, unless_cached: Option<UserId>) {
        if unless_cached.is_some_and(|user| self.members.contains(user.get())) {
            return;
        }
        let count = self
            .member_count
            .map(|count| count.saturating_add_signed(i64::from(by)));
        self.member_count = count;
    }

    /// Members that are not upserted from here on are of an older generation.
    pub(super) const fn recount(&mut self) {
        self.generation = self.generation.wrapping_add(1);
        self.complete = false;
        self.limited = false;
    }

    /// Drops the members of older generations.
    pub(super) fn sweep(&mut self, shared: &mut Shared) {
        let generation = self.generation;
        for member in self.members.sweep(|member| member.generation == generation) {
            self.member_gone(&member, shared);
        }
    }

    /// All members have come; they are not all here if a policy has taken some away again.
    pub(super) fn complete(&mut self, shared: &mut Shared) {
        self.sweep(shared);
        if self.limited {
            return;
        }
        self.member_count = Some(self.members.len() as u64);
        self.complete = true;
    }

    pub(super) fn upsert_members(&mut self, members: &Members<'_>, shared: &mut Shared) {
        for member in members.iter() {
            let key = member.user.id.get();
            if !self.members.contains(key) {
                self.members.insert(MemberRow::new(member.user.id));
            }
            shared.users.hold(member.user, self.id);
            let (lists, generation) = (&mut self.lists, self.generation);
            self.members.update(key, |row| {
                row.merge(member, lists);
                row.generation = generation;
            });
        }
    }

    pub(super) fn patch_members(&mut self, members: &Members<'_>, shared: &mut Shared) {
        for member in members.iter() {
            let lists = &mut self.lists;
            self.members
                .update(member.user.id.get(), |row| row.merge(member, lists));
            shared.users.patch(member.user);
        }
    }

    pub(super) fn remove_member(&mut self, user: UserId, shared: &mut Shared) {
        if let Some(member) = self.members.remove(user.get()) {
            self.member_gone(&member, shared);
        }
    }

    /// A policy takes a member away.
    pub(super) const fn limit_members(&mut self) {
        self.complete = false;
        self.limited = true;
    }

    /// After the row: the presence, the roles' list and the user's holder.
    fn member_gone(&mut self, member: &MemberRow, shared: &mut Shared) {
        self.presences.remove(member.user().get());
        self.lists.release(member.roles());
        shared.users.release(member.user(), self.id);
    }

    /// A presence needs its member, where members are kept at all.
    pub(super) fn upsert_presences(&mut self, presences: &Presences<'_>) {
        for presence in presences.iter() {
            self.set_presence(presence);
        }
    }

    fn set_presence(&mut self, presence: Presence<'_, '_>) {
        let key = presence.user.id.get();
        let wanted = self.members.len() == 0 || self.members.contains(key);
        if presence.status == Status::Offline || !wanted {
            self.presences.remove(key);
            return;
        }
        let row = PresenceRow::new(presence);
        if self.presences.contains(key) {
            self.presences.update(key, |old| *old = row);
        } else {
            self.presences.insert(row);
        }
    }

    pub(super) fn replace_presences(&mut self, presences: &Presences<'_>) {
        let listed = sorted(presences.iter().map(|presence| presence.user.id.get()));
        self.presences
            .sweep(|row| listed.binary_search(&row.key()).is_ok());
        self.upsert_presences(presences);
    }

    pub(super) fn upsert_roles(&mut self, roles: Vec<Role<'_>>) {
        for role in roles {
            let role = role.into_owned();
            let key = role.key();
            if self.roles.contains(key) {
                self.roles.update(key, |old| old.merge(role));
            } else {
                self.roles.insert(role);
            }
        }
    }

    pub(super) fn replace_roles(&mut self, roles: Vec<Role<'_>>) {
        let listed = sorted(roles.iter().map(|role| role.id.get()));
        self.roles
            .sweep(|row| listed.binary_search(&row.key()).is_ok());
        self.upsert_roles(roles);
    }

    /// Upserts channels; unless they are a snapshot, a newer last message stays.
    pub(super) fn upsert_channels(
        &mut self,
        channels: Vec<Channel<'_>>,
        snapshot: bool,
        shared: &mut Shared,
    ) {
        for channel in channels {
            let mut channel = channel.into_owned();
            channel.guild = Some(self.id);
            let key = channel.key();
            if !self.channels.contains(key) {
                shared.place(channel.id, self.id);
                self.channels.insert(channel);
                continue;
            }
            self.channels.update(key, |old| {
                let newest = old.last_message.value().copied();
                let newer = newest > channel.last_message.value().copied();
                if newer && !snapshot {
                    channel.last_message = Field::Absent;
                }
                old.merge(channel);
            });
        }
    }

    pub(super) fn replace_channels(&mut self, channels: Vec<Channel<'_>>, shared: &mut Shared) {
        let listed = sorted(channels.iter().map(|channel| channel.id.get()));
        for gone in self
            .channels
            .sweep(|row| listed.binary_search(&row.key()).is_ok())
        {
            shared.displace(gone.id);
        }
        self.upsert_channels(channels, true, shared);
    }

    pub(super) fn patch_channels(&mut self, channels: Vec<Channel<'_>>) {
        for channel in channels {
            let channel = channel.into_owned();
            self.channels
                .update(channel.key(), |old| old.merge(channel));
        }
    }

    pub(super) fn remove_channel(&mut self, channel: ChannelId, shared: &mut Shared) {
        if self.channels.remove(channel.get()).is_some() {
            shared.displace(channel);
        }
        self.entities.remove_channel(channel, shared);
    }

    /// A channel or thread has a newer message.
    pub(super) fn last_message(&mut self, channel: ChannelId, message: MessageId) {
        let newest = |last: &mut Field<MessageId>| {
            if last.value().is_none_or(|old| *old < message) {
                *last = Field::Value(message);
            }
        };
        let key = channel.get();
        self.channels
            .update(key, |row| newest(&mut row.last_message));
        let threads = &mut self.entities.threads;
        threads.update(key, |row| newest(&mut row.last_message));
    }

    /// The newest thread of a forum (15) or of a media channel (16) stands for its message.
    pub(super) fn last_thread(&mut self, parent: ChannelId, thread: ChannelId) {
        let row = self.channels.get(parent.get());
        if row.is_some_and(|row| matches!(row.kind, Some(15 | 16))) {
            let message = core::num::NonZeroU64::from(thread).into();
            self.last_message(parent, message);
        }
    }

    /// Lets go of everything that others share.
    pub(super) fn dissolve(self, shared: &mut Shared) {
        self.entities.dissolve(shared);
        for channel in self.channels.iter() {
            shared.displace(channel.id);
        }
        for member in self.members.into_rows() {
            shared.users.release(member.user(), self.id);
        }
    }
}

fn sorted(keys: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut keys: Vec<u64> = keys.collect();
    keys.sort_unstable();
    keys
}
