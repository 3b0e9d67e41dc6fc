//! All that one guild holds.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::cache::memory::guild::contents::Contents;
use crate::cache::memory::guild::entities::Entities;
use crate::cache::memory::indexes::Indexes;
use crate::cache::memory::people::member::MemberTable;
use crate::cache::memory::people::refcount::GuildNumber;
use crate::cache::memory::shared::SharedRows;
use crate::cache::memory::table::hash::Mixer;
use crate::cache::memory::table::packed_table::PackedTable;
use crate::cache::memory::table::{Row, Table};
use crate::cache::memory::usage::{Usage, Weight};
use crate::cache::{GuildStatus, Lack};
use crate::id::{ChannelId, GuildId, MessageId, RoleId, UserId};
use crate::wire::view::{Batch, Channel, Guild, Member, Presence, PresenceRecord, Role, Status};
use crate::wire::{Field, Part as _};

#[derive(Debug)]
pub(in crate::cache::memory) struct GuildRows {
    pub(in crate::cache::memory) id: GuildId,
    /// As the users' holders know the guild.
    pub(super) number: GuildNumber,
    pub(in crate::cache::memory) status: GuildStatus,
    pub(super) contents: Contents,
    /// Why not all members are here; `None` if they are.
    pub(in crate::cache::memory) lack: Option<Lack>,
    /// The same of the presences of all members.
    pub(in crate::cache::memory) presences_lack: Option<Lack>,
    pub(in crate::cache::memory) member_count: Option<u64>,
    pub(in crate::cache::memory) guild: Option<Box<Guild<'static>>>,
    guild_heap: usize,
    pub(in crate::cache::memory) channels: Table<Channel<'static>>,
    pub(in crate::cache::memory) roles: Table<Role<'static>>,
    /// Whether there are roles that could not be read.
    pub(in crate::cache::memory) roles_unread: bool,
    pub(in crate::cache::memory) members: MemberTable,
    pub(in crate::cache::memory) presences: PackedTable,
    /// What members and presences weighed when they were weighed last.
    people: [Weight; 2],
    /// Whether there may be presences without their members, which came while there were no
    /// members here.
    pub(super) orphans: bool,
    pub(in crate::cache::memory) entities: Entities,
}

impl Row for Box<GuildRows> {
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

impl GuildRows {
    pub(in crate::cache::memory) const fn new(
        id: GuildId,
        number: GuildNumber,
        mixer: Mixer,
    ) -> Self {
        Self {
            id,
            number,
            status: GuildStatus::Pending,
            contents: Contents::None,
            lack: Some(Lack::NotAsked),
            presences_lack: Some(Lack::NotAsked),
            member_count: None,
            guild: None,
            guild_heap: 0,
            channels: Table::new(mixer),
            roles: Table::new(mixer),
            roles_unread: false,
            members: MemberTable::new(mixer),
            presences: PackedTable::new(mixer),
            people: [Weight::NONE; 2],
            orphans: false,
            entities: Entities::new(id, mixer),
        }
    }

    /// Switches indexes on or off.
    pub(in crate::cache::memory) fn set_indexes(&mut self, indexes: Indexes, mixer: Mixer) {
        let by_role = indexes.contains(Indexes::MEMBERS_BY_ROLE);
        self.members.set_index(mixer, by_role);
        self.entities.set_indexes(indexes);
    }

    /// Whose the guild is, if that is known.
    pub(in crate::cache::memory) fn owner(&self) -> Option<UserId> {
        self.guild.as_ref()?.owner?.known()
    }

    /// Weighs members and presences; what they weighed before, and what they weigh now.
    pub(in crate::cache::memory) fn weigh_people(&mut self) -> [[Weight; 2]; 2] {
        let before = self.people;
        self.people = [
            Weight {
                rows: self.members.len(),
                bytes: self.members.bytes(),
            },
            Weight {
                rows: self.presences.len(),
                bytes: self.presences.bytes(),
            },
        ];
        [before, self.people]
    }

    /// What the guild's rows weigh; members and presences when they were weighed last.
    pub(in crate::cache::memory) fn usage(&self) -> Usage {
        let [members, presences] = self.people;
        Usage {
            guilds: Weight {
                rows: usize::from(self.guild.is_some()),
                bytes: size_of::<Self>().saturating_add(self.guild_heap),
            },
            channels: Weight::of(&self.channels),
            roles: Weight::of(&self.roles),
            members,
            presences,
        }
    }

    pub(in crate::cache::memory) fn known(&self) -> bool {
        self.contents != Contents::None
    }

    pub(in crate::cache::memory) const fn set_status(&mut self, status: GuildStatus) {
        (self.contents, self.status) = self.contents.reported(self.status, status);
    }

    /// An earlier process hands the guild over.
    pub(in crate::cache::memory) fn hand_over(&mut self) {
        if !self.known() {
            self.lack = Some(Lack::HandedOver);
            self.presences_lack = Some(Lack::HandedOver);
        }
        (self.contents, self.status) = self.contents.handed_over(self.status);
    }

    /// Its rows are of another session than the one that goes on: drops what nobody lists again in
    /// a guild that does not come anew. Members stay, but all of them are to be listed again before
    /// they count as whole.
    pub(in crate::cache::memory) fn leave_session(&mut self, shared: &mut SharedRows) {
        self.members.begin_generation();
        self.presences.sweep(|_, _| false, |_, _| ());
        self.entities.forget(shared);
    }

    /// Says that its rows are of another session than the one that goes on.
    pub(in crate::cache::memory) const fn outdate(&mut self) {
        self.contents = self.contents.outdated();
        self.status = GuildStatus::HandedOver;
        self.lack = Some(Lack::Stale);
        self.presences_lack = Some(Lack::Stale);
    }

    /// Merges the guild's own data; adds it if it is not there and `create` says so.
    pub(in crate::cache::memory) fn merge_guild(
        &mut self,
        mut guild: Guild<'static>,
        create: bool,
    ) {
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

    /// Takes a role that has gone away from whatever holds it.
    pub(in crate::cache::memory) fn strip_role(&mut self, role: RoleId) {
        self.members.strip(role);
        self.entities.strip(role);
    }

    /// Forgets the guild's own data, and nothing else.
    pub(in crate::cache::memory) fn drop_guild(&mut self) {
        self.guild = None;
        self.guild_heap = 0;
    }

    pub(in crate::cache::memory) fn count_member(&mut self, by: i8, unless_cached: Option<UserId>) {
        if unless_cached.is_some_and(|user| self.members.contains(user)) {
            return;
        }
        let count = self
            .member_count
            .map(|count| count.saturating_add_signed(i64::from(by)));
        self.member_count = count;
    }

    /// Members that are not upserted from here on are of an older generation.
    pub(in crate::cache::memory) const fn recount(&mut self) {
        self.members.begin_generation();
        self.lack = Some(Lack::NotAsked);
    }

    /// Drops the members of older generations.
    pub(in crate::cache::memory) fn sweep(&mut self, shared: &mut SharedRows) {
        let (presences, number) = (&mut self.presences, self.number);
        self.members.sweep(|user| {
            remove(presences, user);
            shared.users.release(user, number);
        });
    }

    /// All members have come; they are not all here if a policy has taken some away again.
    pub(in crate::cache::memory) fn complete(&mut self, shared: &mut SharedRows) {
        self.sweep(shared);
        if self.lack == Some(Lack::Limited) {
            return;
        }
        self.member_count = Some(self.members.len() as u64);
        self.lack = None;
    }

    /// Why not all members are here, unless they are, or a policy would not let them stay.
    pub(in crate::cache::memory) fn explain(&mut self, lack: Lack) {
        if !matches!(self.lack, None | Some(Lack::Limited)) {
            self.lack = Some(lack);
        }
    }

    /// Where all members are here, one that is new was not counted, unless its event did so.
    pub(in crate::cache::memory) fn upsert_members(
        &mut self,
        members: &Batch<Member<'_>>,
        shared: &mut SharedRows,
    ) {
        let before = self.members.len();
        self.members.prefetch(members.users());
        shared.users.prefetch(members.users());
        for member in members.records() {
            self.members.upsert(member);
            shared.users.hold(member.id, member.user, self.number);
        }
        let now = self.members.len();
        if self.lack.is_none() && now > before {
            self.member_count = self.member_count.max(Some(now as u64));
        }
    }

    pub(in crate::cache::memory) fn replace_members(
        &mut self,
        members: &Batch<Member<'_>>,
        shared: &mut SharedRows,
    ) {
        self.recount();
        self.upsert_members(members, shared);
        self.sweep(shared);
    }

    pub(in crate::cache::memory) fn patch_members(
        &mut self,
        members: &Batch<Member<'_>>,
        shared: &mut SharedRows,
    ) {
        for member in members.records() {
            self.members.patch(member);
            shared.users.patch(member.id, member.user);
        }
    }

    /// Removes a member with the presence, and releases the user.
    pub(in crate::cache::memory) fn remove_member(
        &mut self,
        user: UserId,
        shared: &mut SharedRows,
    ) {
        if self.members.remove(user) {
            self.remove_presence(user);
            shared.users.release(user, self.number);
        }
    }

    /// A policy takes a member away, and the presence with it.
    pub(in crate::cache::memory) const fn limit_members(&mut self) {
        self.lack = Some(Lack::Limited);
        self.limit_presences();
    }

    /// A policy takes a presence away.
    pub(in crate::cache::memory) const fn limit_presences(&mut self) {
        self.presences_lack = Some(Lack::Limited);
    }

    /// Why not all presences are here, unless a policy would not let them stay.
    pub(in crate::cache::memory) fn explain_presences(&mut self, lack: Option<Lack>) {
        if self.presences_lack != Some(Lack::Limited) {
            self.presences_lack = lack;
        }
    }

    pub(in crate::cache::memory) fn remove_presence(&mut self, user: UserId) {
        remove(&mut self.presences, user);
    }

    /// A presence needs its member, where members are kept at all.
    pub(in crate::cache::memory) fn upsert_presences(&mut self, presences: &Batch<Presence<'_>>) {
        for presence in presences.records() {
            self.set_presence(presence);
        }
    }

    fn set_presence(&mut self, presence: PresenceRecord<'_>) {
        let user = presence.id;
        let found = self.presences.find(user.get());
        let alone = self.members.len() == 0;
        // A presence that lies here was asked for its member then, and goes with it.
        let wanted = presence.status() != Status::Offline
            && (alone || found.is_some() && !self.orphans || self.members.contains(user));
        match (found, wanted) {
            (None, false) => {}
            (Some(row_id), false) => self.presences.remove(row_id),
            (None, true) => {
                self.orphans = alone || self.orphans && self.presences.len() > 0;
                self.presences.insert(user.get(), &[], presence.presence);
            }
            (Some(row_id), true) => {
                crate::cache::memory::people::presence::renew(
                    &mut self.presences,
                    row_id,
                    presence,
                );
            }
        }
    }

    pub(in crate::cache::memory) fn replace_presences(&mut self, presences: &Batch<Presence<'_>>) {
        let listed = sorted(presences.records().map(|presence| presence.id.get()));
        let keep = |key, _: &[u8]| listed.binary_search(&key).is_ok();
        self.presences.sweep(keep, |_, _| ());
        self.presences_lack = Some(Lack::NotAsked);
        self.upsert_presences(presences);
    }

    pub(in crate::cache::memory) fn upsert_roles(&mut self, roles: Vec<Role<'_>>) {
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

    pub(in crate::cache::memory) fn patch_roles(&mut self, mut roles: Vec<Role<'_>>) {
        roles.retain(|role| self.roles.contains(role.id.get()));
        self.upsert_roles(roles);
    }

    pub(in crate::cache::memory) fn replace_roles(&mut self, roles: Vec<Role<'_>>) {
        let listed = sorted(roles.iter().map(|role| role.id.get()));
        self.roles
            .sweep(|row| listed.binary_search(&row.key()).is_ok());
        self.upsert_roles(roles);
        self.roles_unread = false;
    }

    /// Upserts channels; unless they are a snapshot, a newer last message stays.
    pub(in crate::cache::memory) fn upsert_channels(
        &mut self,
        channels: Vec<Channel<'_>>,
        snapshot: bool,
        shared: &mut SharedRows,
    ) {
        for channel in channels {
            let mut channel = channel.into_owned();
            channel.guild = Field::Value(self.id);
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

    pub(in crate::cache::memory) fn replace_channels(
        &mut self,
        channels: Vec<Channel<'_>>,
        shared: &mut SharedRows,
    ) {
        let listed = sorted(channels.iter().map(|channel| channel.id.get()));
        for gone in self
            .channels
            .sweep(|row| listed.binary_search(&row.key()).is_ok())
        {
            shared.displace(gone.id);
        }
        self.upsert_channels(channels, true, shared);
    }

    pub(in crate::cache::memory) fn patch_channels(&mut self, channels: Vec<Channel<'_>>) {
        for channel in channels {
            let channel = channel.into_owned();
            self.channels
                .update(channel.key(), |old| old.merge(channel));
        }
    }

    /// Channels, which are in order, go with all that hangs on them.
    pub(in crate::cache::memory) fn remove_channels(
        &mut self,
        channels: &[ChannelId],
        shared: &mut SharedRows,
    ) {
        for &channel in channels {
            if self.channels.remove(channel.get()).is_some() {
                shared.displace(channel);
            }
        }
        self.entities.remove_channels(channels, shared);
    }

    /// A channel or thread has a newer message.
    pub(in crate::cache::memory) fn last_message(
        &mut self,
        channel: ChannelId,
        message: MessageId,
    ) {
        let newest = |last: &mut Field<MessageId>| {
            if last.value().is_none_or(|old| *old < message) {
                *last = Field::Value(message);
            }
        };
        let key = channel.get();
        self.channels
            .adjust(key, |row| newest(&mut row.last_message));
        let threads = &mut self.entities.threads;
        threads.adjust(key, |row| newest(&mut row.last_message));
    }

    /// The newest thread of a forum (15) or of a media channel (16) stands for its message.
    pub(in crate::cache::memory) fn last_thread(&mut self, parent: ChannelId, thread: ChannelId) {
        let row = self.channels.get(parent.get());
        if row.is_some_and(|row| matches!(row.kind, Some(15 | 16))) {
            let message = core::num::NonZeroU64::from(thread).into();
            self.last_message(parent, message);
        }
    }
}

fn remove(presences: &mut PackedTable, user: UserId) {
    if let Some(row_id) = presences.find(user.get()) {
        presences.remove(row_id);
    }
}

fn sorted(keys: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut keys: Vec<u64> = keys.collect();
    keys.sort_unstable();
    keys
}
