//! What lies in a guild beside channels, roles, members and presences.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::cache::key::any_plain_key;
use crate::cache::memory::guild::channel_webhooks::ChannelWebhooks;
use crate::cache::memory::guild::merge_mode::MergeMode;
use crate::cache::memory::guild::plain::{PlainTables, put};
use crate::cache::memory::guild::thread_members::ThreadMembers;
use crate::cache::memory::indexes::Indexes;
use crate::cache::memory::messages::MessageTable;
use crate::cache::memory::messages::ring_row::Rings;
use crate::cache::memory::shared::SharedRows;
use crate::cache::memory::table::Row;
use crate::cache::memory::table::hash::Mixer;
use crate::cache::memory::table::lazy_table::{LazyTable, MergeRow as _, merge_row};
use crate::cache::memory::usage::{EntityUsage, Weight};
use crate::cache::rows::any_plain_rows;
use crate::cache::{Key, Kind, Rows};
use crate::id::{ChannelId, GuildId, RoleId, UserId};
use crate::kind::any_plain_kind;
use crate::wire::view::{Batch, Emoji, Invite, Message, Thread, ThreadMember, VoiceState};
use crate::wire::{Field, Part as _, Text};

merge_row!(Thread<'static>, id, |thread| thread.parent);

#[derive(Debug)]
pub(in crate::cache::memory) struct Entities {
    pub(in crate::cache::memory) mixer: Mixer,
    pub(in crate::cache::memory) threads: LazyTable<Thread<'static>>,
    pub(in crate::cache::memory) thread_members: LazyTable<ThreadMembers>,
    memberships: usize,
    pub(in crate::cache::memory) plain: PlainTables,
    pub(in crate::cache::memory) invites: BTreeMap<Text<'static>, Invite<'static>>,
    invite_heap: usize,
    pub(in crate::cache::memory) hooks: LazyTable<ChannelWebhooks>,
    pub(in crate::cache::memory) rings: Rings,
}

impl Entities {
    pub(in crate::cache::memory) const fn new(guild: GuildId, mixer: Mixer) -> Self {
        Self {
            mixer,
            threads: LazyTable::new(),
            thread_members: LazyTable::new(),
            memberships: 0,
            plain: PlainTables::new(),
            invites: BTreeMap::new(),
            invite_heap: 0,
            hooks: LazyTable::new(),
            rings: Rings::new(Some(guild)),
        }
    }

    /// How many rows there are, messages included.
    pub(in crate::cache::memory) fn row_count(&self, messages: &MessageTable) -> usize {
        let counts = [
            self.threads.len(),
            self.memberships,
            self.invites.len(),
            self.hooks.len(),
            self.plain.len(),
            messages.count(&self.rings),
        ];
        counts.into_iter().fold(0, usize::saturating_add)
    }

    /// Switches the indexes of threads and voice states on or off.
    pub(in crate::cache::memory) fn set_indexes(&mut self, indexes: Indexes) {
        let mixer = self.mixer;
        let (voice, threads) = (Indexes::VOICE_BY_CHANNEL, Indexes::THREADS_BY_CHANNEL);
        let states = &mut self.plain.voice_states;
        states.set_index(mixer, indexes.contains(voice));
        self.threads.set_index(mixer, indexes.contains(threads));
    }

    pub(in crate::cache::memory) fn usage(&self) -> EntityUsage {
        let mut usage = EntityUsage::default();
        for kind in [
            Kind::Thread,
            Kind::ThreadMember,
            Kind::WebhookMark,
            Kind::Invite,
        ] {
            usage.set(kind, self.weight(kind));
        }
        self.plain.weigh(&mut usage);
        usage
    }

    /// What the rows of one kind weigh; nothing for those that lie elsewhere.
    pub(in crate::cache::memory) fn weight(&self, kind: Kind) -> Weight {
        match kind {
            Kind::Thread => self.threads.weight(),
            Kind::ThreadMember => Weight {
                rows: self.memberships,
                ..self.thread_members.weight()
            },
            Kind::WebhookMark => self.hooks.weight(),
            Kind::Invite => {
                let rows = self.invites.len();
                let bytes = rows.saturating_mul(size_of::<(Text<'_>, Invite<'_>)>());
                Weight {
                    rows,
                    bytes: bytes.saturating_add(self.invite_heap),
                }
            }
            Kind::Guild
            | Kind::Channel
            | Kind::PrivateChannel
            | Kind::Role
            | Kind::Member
            | Kind::Presence
            | Kind::User
            | Kind::Message
            | any_plain_kind!() => self.plain.weight(kind),
        }
    }

    pub(in crate::cache::memory) fn put(
        &mut self,
        guild: GuildId,
        rows: Rows<'static>,
        how: MergeMode,
        shared: &mut SharedRows,
    ) {
        let mixer = self.mixer;
        match rows {
            Rows::Threads(rows) => self.put_threads(guild, rows, how, shared),
            Rows::ThreadMembers(rows) => self.put_memberships(rows, how),
            Rows::Messages(rows) => self.put_messages(&rows, how, shared),
            // Nobody lists these, and no event changes a part of them.
            Rows::Invites(_) | Rows::WebhookMarks(_) if how == MergeMode::Patch => {}
            Rows::Invites(rows) => rows.into_iter().for_each(|row| self.upsert_invite(row)),
            Rows::WebhookMarks(rows) => {
                let marks = rows.into_iter().map(ChannelWebhooks::mark).collect();
                put(&mut self.hooks, mixer, marks, MergeMode::Upsert);
            }
            Rows::VoiceStates(rows) if rows.iter().any(|row| row.channel.value().is_none()) => {
                self.put_voice_states(rows, how);
            }
            Rows::VoiceState(rows) => {
                let rows = rows.iter().map(VoiceState::into_owned);
                self.put_voice_states(rows.collect(), how);
            }
            any_plain_rows!() => self.plain.put(mixer, rows, how),
            Rows::CurrentUser(_)
            | Rows::Guild(_)
            | Rows::Channels(_)
            | Rows::PrivateChannels(_)
            | Rows::Roles(_)
            | Rows::Members(_)
            | Rows::Users(_)
            | Rows::Presences(_) => {}
        }
    }

    pub(in crate::cache::memory) fn put_messages(
        &mut self,
        rows: &Batch<Message<'_>>,
        how: MergeMode,
        shared: &mut SharedRows,
    ) {
        let (limit, users) = (shared.messages_per_channel, &mut shared.users);
        let (rings, messages) = (&mut self.rings, &mut shared.messages);
        rows.records()
            .for_each(|message| messages.put(rings, (message, how), limit, users));
    }

    /// A state that does not say where changes who is in voice, and puts nobody there.
    fn put_voice_states(&mut self, rows: Vec<VoiceState<'static>>, how: MergeMode) {
        let states = &mut self.plain.voice_states;
        if how == MergeMode::Replace {
            let listed: BTreeSet<u64> = rows.iter().map(Row::key).collect();
            states.sweep(|state| listed.contains(&state.key()));
        }
        rows.into_iter()
            .for_each(|row| self.put_voice_state(row, how));
    }

    pub(in crate::cache::memory) fn put_voice_state(
        &mut self,
        mut row: VoiceState<'_>,
        how: MergeMode,
    ) {
        let states = &mut self.plain.voice_states;
        let old = states.get(row.user.get());
        if old.is_some_and(|old| old.session == row.session) {
            // It is there, and to own it once more would allocate.
            row.session = None;
        }
        let row = row.into_owned();
        if how == MergeMode::Patch || row.channel.value().is_none() {
            states.update(row.key(), |old| old.take(row));
        } else {
            states.upsert(self.mixer, row);
        }
    }

    fn put_threads(
        &mut self,
        guild: GuildId,
        rows: Vec<Thread<'static>>,
        how: MergeMode,
        shared: &mut SharedRows,
    ) {
        match how {
            MergeMode::Upsert => rows
                .into_iter()
                .for_each(|row| self.upsert_thread(guild, row, shared)),
            MergeMode::Replace => self.sync_threads(guild, None, rows, shared),
            MergeMode::Patch => put(&mut self.threads, self.mixer, rows, how),
        }
    }

    fn put_memberships(&mut self, mut rows: Vec<ThreadMember>, how: MergeMode) {
        match how {
            MergeMode::Upsert => {}
            MergeMode::Replace => {
                self.thread_members.clear();
                self.memberships = 0;
            }
            MergeMode::Patch => return,
        }
        // The sort is stable: of two of a user the last counts.
        rows.sort_by_key(|row| row.thread);
        rows.chunk_by(|row, next| row.thread == next.thread)
            .for_each(|rows| self.join(rows));
    }

    pub(in crate::cache::memory) fn remove(&mut self, key: &Key<'_>, shared: &mut SharedRows) {
        match key {
            Key::Thread(thread) => self.remove_thread(*thread, shared),
            Key::ThreadMembers(thread, users) => self.leave(*thread, users),
            Key::ThreadMembersOf(user) => self.leave_all(*user),
            Key::Invite(code) => self.remove_invite(code),
            Key::WebhookMark(channel) => drop(self.hooks.remove(channel.get())),
            Key::Messages(channel, ids) => {
                let (messages, users) = (&mut shared.messages, &mut shared.users);
                messages.take_out(&mut self.rings, *channel, ids, users);
            }
            any_plain_key!() => self.plain.remove(key),
            Key::Channel(_)
            | Key::PrivateChannel(_)
            | Key::Role(_)
            | Key::Member(_)
            | Key::Presence(_) => {}
        }
    }

    fn upsert_thread(&mut self, guild: GuildId, mut row: Thread<'static>, shared: &mut SharedRows) {
        let id = row.id;
        row.guild = Field::Value(guild);
        let newest = |row: &Thread<'_>| row.last_message.value().copied();
        if self.threads.get(row.key()).and_then(newest) > newest(&row) {
            row.last_message = Field::Absent;
        }
        if self.threads.upsert(self.mixer, row) {
            shared.place(id, guild);
        }
    }

    /// Replaces the threads under `parents`, or all of them.
    pub(in crate::cache::memory) fn sync_threads(
        &mut self,
        guild: GuildId,
        parents: Option<&[ChannelId]>,
        rows: Vec<Thread<'static>>,
        shared: &mut SharedRows,
    ) {
        let mut listed: Vec<ChannelId> = rows.iter().map(|row| row.id).collect();
        listed.sort_unstable();
        let parents = parents.map(|all| {
            let mut all = all.to_vec();
            all.sort_unstable();
            all
        });
        let under = |all: &Vec<ChannelId>, row: &Thread<'_>| {
            row.parent.is_some_and(|up| all.binary_search(&up).is_ok())
        };
        let inside = |row: &Thread<'_>| {
            let parents = parents.as_ref().is_none_or(|all| under(all, row));
            parents && listed.binary_search(&row.id).is_err()
        };
        let gone: Vec<ChannelId> = self
            .threads
            .iter()
            .filter(|row| inside(row))
            .map(|row| row.id)
            .collect();
        for thread in gone {
            self.remove_thread(thread, shared);
        }
        for row in rows {
            self.upsert_thread(guild, row, shared);
        }
    }

    pub(in crate::cache::memory) fn remove_thread(
        &mut self,
        thread: ChannelId,
        shared: &mut SharedRows,
    ) {
        if self.threads.remove(thread.get()).is_some() {
            shared.displace(thread);
        }
        if let Some(members) = self.thread_members.remove(thread.get()) {
            self.memberships = self.memberships.saturating_sub(members.members.len());
        }
        self.remove_messages(thread, shared);
    }

    /// Where threads are kept at all, a membership needs its thread.
    fn join(&mut self, members: &[ThreadMember]) {
        let Some(members) = ThreadMembers::of(members) else {
            return;
        };
        let key = members.key();
        if !self.threads.is_empty() && self.threads.get(key).is_none() {
            return;
        }
        let size = |table: &LazyTable<ThreadMembers>| {
            table.get(key).map_or(0, |members| members.members.len())
        };
        let before = size(&self.thread_members);
        self.thread_members.upsert(self.mixer, members);
        let more = size(&self.thread_members).saturating_sub(before);
        self.memberships = self.memberships.saturating_add(more);
    }

    fn leave(&mut self, thread: ChannelId, users: &[UserId]) {
        let left = self.thread_members.update(thread.get(), |members| {
            (members.remove(users), members.members.is_empty())
        });
        let (gone, empty) = left.unwrap_or_default();
        self.memberships = self.memberships.saturating_sub(gone);
        if empty {
            self.thread_members.remove(thread.get());
        }
    }

    fn leave_all(&mut self, user: UserId) {
        let of = self
            .thread_members
            .iter()
            .filter(|members| members.get(user).is_some());
        let threads: Vec<ChannelId> = of.map(ThreadMembers::thread).collect();
        for thread in threads {
            self.leave(thread, &[user]);
        }
    }

    fn upsert_invite(&mut self, row: Invite<'static>) {
        self.remove_invite(&row.code.clone());
        let code = row.code.clone();
        self.invite_heap = self.invite_heap.wrapping_add(weigh(&row));
        self.invites.insert(code, row);
    }

    fn remove_invite(&mut self, code: &Text<'_>) {
        if let Some(row) = self.invites.remove(&code.clone().into_owned()) {
            self.invite_heap = self.invite_heap.wrapping_sub(weigh(&row));
        }
    }

    /// Takes a role from every emoji.
    pub(in crate::cache::memory) fn strip(&mut self, role: RoleId) {
        let has = |emoji: &&Emoji<'_>| emoji.roles.value().is_some_and(|all| all.contains(&role));
        let keys: Vec<u64> = self.plain.emojis.iter().filter(has).map(Row::key).collect();
        for key in keys {
            self.plain.emojis.update(key, |emoji| {
                if let Field::Value(roles) = &mut emoji.roles {
                    roles.retain(|other| *other != role);
                }
            });
        }
    }

    /// All that hangs on these channels, which are in order.
    pub(in crate::cache::memory) fn remove_channels(
        &mut self,
        channels: &[ChannelId],
        shared: &mut SharedRows,
    ) {
        let gone = |channel: Option<ChannelId>| {
            channel.is_some_and(|channel| channels.binary_search(&channel).is_ok())
        };
        let under = self.threads.iter().filter(|row| gone(row.parent));
        let threads: Vec<ChannelId> = under.map(|row| row.id).collect();
        for thread in threads {
            self.remove_thread(thread, shared);
        }
        self.plain.remove_on_channels(|channel| gone(Some(channel)));
        let leads = self.invites.values().filter(|row| gone(row.channel));
        let codes: Vec<_> = leads.map(|row| row.code.clone()).collect();
        codes.iter().for_each(|code| self.remove_invite(code));
        for &channel in channels {
            self.hooks.remove(channel.get());
            self.remove_messages(channel, shared);
        }
    }

    /// All messages of a channel go.
    fn remove_messages(&mut self, channel: ChannelId, shared: &mut SharedRows) {
        let (messages, users) = (&mut shared.messages, &mut shared.users);
        messages.remove_channel(&mut self.rings, channel, users);
    }

    /// What hangs on channels and threads that are not among these goes.
    pub(in crate::cache::memory) fn keep_channels(
        &mut self,
        mut listed: Vec<ChannelId>,
        shared: &mut SharedRows,
    ) {
        listed.sort_unstable();
        let gone = |channel: ChannelId| listed.binary_search(&channel).is_err();
        self.hooks.sweep(|row| !gone(row.channel()));
        let leads_nowhere = |row: &&Invite<'_>| row.channel.is_some_and(gone);
        let codes = self.invites.values().filter(leads_nowhere);
        let codes: Vec<_> = codes.map(|row| row.code.clone()).collect();
        codes.iter().for_each(|code| self.remove_invite(code));
        let written = shared.messages.channels(&self.rings);
        let written = written.map(|place| place.channel);
        let written: Vec<ChannelId> = written.filter(|&channel| gone(channel)).collect();
        for channel in written {
            self.remove_messages(channel, shared);
        }
    }

    /// Drops what no event of a new session can refill.
    pub(in crate::cache::memory) fn forget(&mut self, shared: &mut SharedRows) {
        shared.messages.clear(&mut self.rings, &mut shared.users);
        self.plain.forget();
        self.hooks.clear();
        self.invites = BTreeMap::new();
        self.invite_heap = 0;
    }

    /// Lets go of everything that guilds share.
    pub(in crate::cache::memory) fn dissolve(&mut self, shared: &mut SharedRows) {
        shared.messages.clear(&mut self.rings, &mut shared.users);
        self.threads.iter().for_each(|row| shared.displace(row.id));
    }
}

fn weigh(invite: &Invite<'_>) -> usize {
    invite.heap().saturating_add(invite.code.heap())
}
