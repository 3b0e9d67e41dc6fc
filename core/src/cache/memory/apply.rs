//! Mutations, applied.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::cache::key::any_plain_key;
use crate::cache::memory::MemoryStore;
use crate::cache::memory::guild::merge_mode::MergeMode;
use crate::cache::memory::guild::rows::Slot;
use crate::cache::memory::shared::Shared;
use crate::cache::memory::usage::{EntityUsage, Usage};
use crate::cache::rows::any_plain_rows;
use crate::cache::{GuildStatus, Key, Mutation, NewSession, Op, Rows, Scope};
use crate::id::{ChannelId, GuildId};
use crate::wire::Part as _;
use crate::wire::view::{Application, User};

/// What came of a mutation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// Guilds that a new session no longer names, by id: the bot left them while it was away, and
    /// no event will say so.
    pub vanished: Vec<GuildId>,
    /// Whether the dispatch had been applied before, so that nothing was done.
    pub replayed: bool,
}

impl MemoryStore {
    /// Applies all of a mutation.
    ///
    /// A mutation that says where it comes from is passed over if its sequence number is not
    /// above the last one of the same session.
    pub fn apply(&mut self, mutation: Mutation<'_>) -> Applied {
        let mut applied = Applied::default();
        if self.is_replay(&mutation) {
            applied.replayed = true;
            return applied;
        }
        let touched = self.look(&mutation);
        let guild = mutation.guild();
        mutation.into_ops().for_each(|op| match (op, guild) {
            (Op::NewSession(session), _) => applied.vanished = self.new_session(&session),
            (Op::Upsert(Rows::CurrentUser(user)), _) => self.set_current_user(*user),
            (Op::Patch(Rows::Users(users)), _) => {
                users
                    .iter()
                    .for_each(|user| self.shared.users.patch_user(user));
            }
            (Op::SetApplication(application), _) => self.set_application(application),
            (op, Some(guild)) => self.step(guild, op),
            (op, None) => self.private.step(op, &mut self.shared),
        });
        if let Some(touched) = touched {
            self.settle(touched);
        }
        applied
    }

    fn is_replay(&mut self, mutation: &Mutation<'_>) -> bool {
        for op in mutation.ops() {
            if let Op::NewSession(session) = op {
                // It counts anew, even if its own number could not be read.
                self.sequences.remove(&session.shard);
            }
        }
        let Some((shard, sequence)) = mutation.origin() else {
            return false;
        };
        match self.sequences.get_mut(&shard) {
            Some(last) if sequence <= *last => return true,
            Some(last) => *last = sequence,
            None => {
                self.sequences.insert(shard, sequence);
            }
        }
        false
    }

    /// Flags that could not be read leave those that are known.
    fn set_application(&mut self, newer: Application) {
        let old = self.application.filter(|old| old.id == newer.id);
        let flags = newer.flags.or(old.and_then(|old| old.flags));
        self.application = Some(Application { flags, ..newer });
    }

    fn set_current_user(&mut self, user: User<'_>) {
        if let Some(old) = self.current_user.as_ref().map(|old| old.id)
            && old != user.id
        {
            self.current_user = None;
            self.shared.users.disown(old);
        }
        self.shared.users.own(&user);
        match &mut self.current_user {
            Some(own) => own.merge(user.into_owned()),
            None => self.current_user = Some(Box::new(user.into_owned())),
        }
    }

    /// Lets `change` at a guild's slot, if there is one, and keeps the totals.
    pub(super) fn within<T>(
        &mut self,
        guild: GuildId,
        change: impl FnOnce(&mut Slot, &mut Shared) -> T,
    ) -> Option<T> {
        self.weighed(guild, Slot::usage, Usage::replace, change)
    }

    /// Lets `change` at a guild's slot, if there is one; `weigh` says what of it may change, and
    /// `replace` keeps the totals of that.
    fn weighed<T, W>(
        &mut self,
        guild: GuildId,
        weigh: impl Fn(&Slot) -> W,
        replace: impl FnOnce(&mut Usage, W, W),
        change: impl FnOnce(&mut Slot, &mut Shared) -> T,
    ) -> Option<T> {
        let Self {
            guilds,
            shared,
            usage,
            ..
        } = self;
        guilds.update(guild.get(), |slot| {
            let before = weigh(slot);
            let result = change(slot, shared);
            replace(usage, before, weigh(slot));
            result
        })
    }

    fn ensure(&mut self, guild: GuildId) {
        if !self.guilds.contains(guild.get()) {
            self.pending.remove(&guild);
            let number = self.shared.users.enter(guild);
            let slot = Slot::new(guild, number, self.mixer);
            self.usage.replace(Usage::default(), slot.usage());
            self.guilds.insert(Box::new(slot));
        }
    }

    fn set_status(&mut self, guild: GuildId, status: GuildStatus) {
        if status == GuildStatus::Pending && !self.guilds.contains(guild.get()) {
            self.pending.insert(guild);
            return;
        }
        self.ensure(guild);
        self.within(guild, |slot, _| slot.set_status(status));
        if status == GuildStatus::Available {
            self.sessions.delivered(guild);
        }
    }

    pub(super) fn remove_guild(&mut self, guild: GuildId) {
        self.pending.remove(&guild);
        if let Some(slot) = self.guilds.remove(guild.get()) {
            self.usage.replace(slot.usage(), Usage::default());
            let entities = slot.entities.usage();
            self.entity_usage
                .replace(&entities, &EntityUsage::default());
            slot.dissolve(&mut self.shared);
        }
    }

    fn new_session(&mut self, session: &NewSession) -> Vec<GuildId> {
        if session.shard.number() == 0 {
            self.private.clear(&mut self.shared);
        }
        let verdict = self.sessions.judge(session);
        let all = self.guilds.iter().map(|slot| slot.id);
        let all = all.chain(self.pending.iter().copied());
        let mut vanished: Vec<GuildId> = all.filter(|&guild| !verdict.keeps(guild)).collect();
        vanished.sort_unstable();
        for &guild in &vanished {
            self.remove_guild(guild);
        }
        let waiting: BTreeSet<GuildId> = match session.is_whole {
            true => session.guilds.iter().copied().collect(),
            false => {
                let own = self.guilds.iter().map(|slot| slot.id);
                let own = own.filter(|&guild| session.shard.serves(guild));
                own.chain(session.guilds.iter().copied()).collect()
            }
        };
        for guild in waiting {
            self.all(guild, |slot, shared| slot.entities.forget(shared));
            self.set_status(guild, GuildStatus::Pending);
        }
        vanished
    }

    /// One step in a guild.
    pub(super) fn step(&mut self, guild: GuildId, op: Op<'_>) {
        match op {
            Op::SetStatus(status) => self.set_status(guild, status),
            Op::Cascade(Scope::Guild) => self.remove_guild(guild),
            Op::SetMemberCount(count) => {
                self.ensure(guild);
                self.within(guild, |slot, _| slot.member_count = Some(count));
            }
            Op::Upsert(rows) => self.upsert(guild, rows),
            Op::Replace(rows) => {
                self.claim(guild, &rows);
                self.all(guild, |slot, shared| {
                    put(slot, shared, rows, MergeMode::Replace);
                });
            }
            Op::Patch(rows) => self.all(guild, |slot, shared| {
                put(slot, shared, rows, MergeMode::Patch);
            }),
            Op::Remove(key) => self.all(guild, |slot, shared| remove(slot, shared, &key)),
            Op::Cascade(Scope::Channel(channel)) => {
                self.all(guild, |slot, shared| {
                    slot.remove_channels(&[channel], shared);
                });
            }
            Op::StripRole(role) => self.all(guild, |slot, _| {
                slot.members.strip(role);
                slot.entities.strip(role);
            }),
            Op::CountMember { by, unless_cached } => {
                self.known(guild, |slot, _| slot.count_member(by, unless_cached));
            }
            Op::RolesUnread => self.known(guild, |slot, _| slot.roles_unread = true),
            Op::Recount => self.known(guild, |slot, _| slot.recount()),
            Op::Complete => self.known(guild, Slot::complete),
            Op::Incomplete(lack) => self.known(guild, |slot, _| slot.explain(lack)),
            Op::SetPresencesLack(lack) => {
                self.known(guild, |slot, _| slot.explain_presences(lack));
            }
            Op::SyncThreads(parents, threads) => self.all(guild, |slot, shared| {
                let entities = &mut slot.entities;
                entities.sync_threads(slot.id, Some(&parents), threads.own(), shared);
            }),
            Op::PutWebhooks(channel, rows) => self.all(guild, |slot, _| {
                slot.entities.put_webhooks(channel, rows.own());
            }),
            Op::OnlyChannels(channels) => {
                self.all(guild, |slot, shared| {
                    slot.entities.keep_channels(channels, shared);
                });
            }
            Op::LastMessage(channel, message) => {
                self.known(guild, |slot, _| slot.last_message(channel, message));
            }
            Op::LastThread { parent, thread } => {
                self.known(guild, |slot, _| slot.last_thread(parent, thread));
            }
            op @ (Op::LeavePrivateThread(_)
            | Op::CountMessages { .. }
            | Op::CountInterested { .. }
            | Op::React(_)
            | Op::Vote(_)) => {
                self.all(guild, |slot, shared| {
                    slot.entities.count(op.into_owned(), shared);
                });
            }
            Op::NewSession(_) | Op::SetApplication(_) => {}
        }
    }

    fn upsert(&mut self, guild: GuildId, rows: Rows<'_>) {
        if let Rows::Guild(row) = rows {
            self.ensure(guild);
            self.within(guild, |slot, _| slot.merge_guild(row.into_owned(), true));
            return;
        }
        self.claim(guild, &rows);
        if matches!(rows, Rows::Members(_) | Rows::Presences(_) | Rows::Users(_)) {
            self.known(guild, |slot, shared| {
                put(slot, shared, rows, MergeMode::Upsert);
            });
        } else {
            self.all(guild, |slot, shared| {
                put(slot, shared, rows, MergeMode::Upsert);
            });
        }
    }

    /// Lets `change` at the members, the presences and what weighs nothing in the slot of a guild
    /// whose data has come.
    fn known(&mut self, guild: GuildId, change: impl FnOnce(&mut Slot, &mut Shared)) {
        let change = |slot: &mut Slot, shared: &mut Shared| {
            if slot.known() {
                change(slot, shared);
            }
        };
        self.weighed(guild, Slot::people, Usage::replace_people, change);
    }

    /// The same for a change that touches the other kinds too, which are weighed apart.
    fn all(&mut self, guild: GuildId, change: impl FnOnce(&mut Slot, &mut Shared)) {
        let change = |slot: &mut Slot, shared: &mut Shared| {
            let before = slot.entities.usage();
            if slot.known() {
                change(slot, shared);
            }
            (before, slot.entities.usage())
        };
        if let Some((before, after)) = self.within(guild, change) {
            self.entity_usage.replace(&before, &after);
        }
    }

    /// Takes channels out of other guilds that hold them: a channel lies in one guild.
    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "the other rows lie nowhere else"
    )]
    fn claim(&mut self, guild: GuildId, rows: &Rows<'_>) {
        let channels: Vec<ChannelId> = match rows {
            Rows::Channels(channels) => channels.iter().map(|row| row.id).collect(),
            Rows::Threads(threads) => threads.iter().map(|row| row.id).collect(),
            _ => return,
        };
        let mut elsewhere: BTreeMap<GuildId, Vec<ChannelId>> = BTreeMap::new();
        for channel in channels {
            match self.shared.guild_of(channel) {
                Some(other) if other != guild => elsewhere.entry(other).or_default().push(channel),
                Some(_) | None => {}
            }
        }
        for (other, channels) in elsewhere {
            self.evict(other, channels);
        }
    }

    fn evict(&mut self, guild: GuildId, mut channels: Vec<ChannelId>) {
        channels.sort_unstable();
        self.all(guild, |slot, shared| {
            slot.remove_channels(&channels, shared);
            for &channel in &channels {
                slot.entities.remove_thread(channel, shared);
            }
        });
    }
}

fn put(slot: &mut Slot, shared: &mut Shared, rows: Rows<'_>, how: MergeMode) {
    match rows {
        Rows::Channels(rows) => match how {
            MergeMode::Upsert => slot.upsert_channels(rows, false, shared),
            MergeMode::Replace => slot.replace_channels(rows, shared),
            MergeMode::Patch => slot.patch_channels(rows),
        },
        Rows::Roles(rows) => match how {
            MergeMode::Upsert => slot.upsert_roles(rows),
            MergeMode::Replace => slot.replace_roles(rows),
            MergeMode::Patch => slot.patch_roles(rows),
        },
        Rows::Members(rows) => match how {
            MergeMode::Upsert => slot.upsert_members(&rows, shared),
            MergeMode::Replace => slot.replace_members(&rows, shared),
            MergeMode::Patch => slot.patch_members(&rows, shared),
        },
        Rows::Presences(rows) => match how {
            MergeMode::Upsert | MergeMode::Patch => slot.upsert_presences(&rows),
            MergeMode::Replace => slot.replace_presences(&rows),
        },
        Rows::Guild(row) => slot.merge_guild(row.into_owned(), how != MergeMode::Patch),
        Rows::Users(users) => users.iter().for_each(|user| shared.users.patch_user(user)),
        Rows::CurrentUser(_) => {}
        Rows::PrivateChannels(_) => {}
        rows @ (Rows::Threads(_)
        | Rows::ThreadMembers(_)
        | Rows::Invites(_)
        | Rows::Messages(_)
        | Rows::WebhookMarks(_)
        | any_plain_rows!()) => slot.entities.put(slot.id, rows.into_owned(), how, shared),
    }
}

fn remove(slot: &mut Slot, shared: &mut Shared, key: &Key<'_>) {
    match *key {
        Key::Channel(channel) => slot.remove_channels(&[channel], shared),
        Key::Role(role) => {
            slot.roles.remove(role.get());
        }
        Key::Member(user) => slot.remove_member(user, shared),
        Key::Presence(user) => slot.remove_presence(user),
        Key::PrivateChannel(_) => {}
        Key::Thread(_)
        | Key::ThreadMembers(..)
        | Key::ThreadMembersOf(_)
        | Key::Messages(..)
        | Key::Invite(_)
        | Key::WebhookMark(_)
        | any_plain_key!() => slot.entities.remove(key, shared),
    }
}
