//! Mutations, applied.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::cache::key::any_plain_key;
use crate::cache::memory::MemoryStore;
use crate::cache::memory::guild::entities::Entities;
use crate::cache::memory::guild::merge_mode::MergeMode;
use crate::cache::memory::guild::rows::GuildRows;
use crate::cache::memory::limits::Touched;
use crate::cache::memory::progress::Meeting;
use crate::cache::memory::shared::SharedRows;
use crate::cache::memory::usage::{EntityUsage, Usage};
use crate::cache::rows::any_plain_rows;
use crate::cache::{GuildStatus, Key, Kind, Mutation, NewSession, Op, Rows, Scope};
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
    /// above the last one of the same session, or of the one that its guild was read back at.
    ///
    /// A large guild that goes is out of sight at once; its rows are freed some at a time, by this
    /// and by [`MemoryStore::advance`].
    pub fn apply(&mut self, mutation: Mutation<'_>) -> Applied {
        let mut applied = Applied::default();
        let touched = match self.progress.meet(&mutation) {
            Meeting::New => self.change(mutation, &mut applied),
            Meeting::InGuild => {
                applied.replayed = true;
                self.pass_over(&mutation);
                None
            }
            Meeting::Everywhere => {
                applied.replayed = true;
                return applied;
            }
        };
        self.free_some();
        let noted = self.shared.users.has_noted();
        if let Some(touched) = touched.or_else(|| noted.then(Touched::default)) {
            self.settle(touched);
        }
        applied
    }

    /// Applies the steps; returns what policies have to look at.
    fn change(&mut self, mutation: Mutation<'_>, applied: &mut Applied) -> Option<Touched> {
        let touched = self.look(&mutation);
        let guild = mutation.guild();
        mutation.for_each_op(|op| match (op, guild) {
            (Op::NewSession(session), _) => applied.vanished = self.new_session(&session),
            (Op::Upsert(Rows::CurrentUser(user)), _) => self.set_current_user(*user),
            (Op::Patch(Rows::Users(users)), _) => {
                users
                    .iter()
                    .for_each(|user| self.shared.users.patch_user(user));
            }
            (Op::SetApplication(application), _) => self.set_application(application),
            (op, Some(guild)) => {
                self.learn_elsewhere(guild, &op);
                self.step(guild, op);
            }
            (op, None) => self.private_channels.step(op, &mut self.shared),
        });
        touched
    }

    /// A guild of which nothing is kept says something all the same of users whom others hold: it
    /// may have left while a snapshot was written, and what it said before comes again.
    fn learn_elsewhere(&mut self, guild: GuildId, op: &Op<'_>) {
        if let Op::Upsert(rows) | Op::Patch(rows) | Op::Replace(rows) = op
            && matches!(rows, Rows::Members(_) | Rows::Messages(_))
            && !self.guild_rows(guild).is_some_and(GuildRows::known)
        {
            self.shared.learn(op);
        }
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

    /// Lets `change` at a guild's rows, if it has any, and keeps the totals.
    pub(super) fn within<T>(
        &mut self,
        guild: GuildId,
        change: impl FnOnce(&mut GuildRows, &mut SharedRows) -> T,
    ) -> Option<T> {
        self.with_rows(guild, |guild_rows, shared, usage| {
            let before = guild_rows.usage();
            let result = change(guild_rows, shared);
            guild_rows.weigh_people();
            usage.replace(before, guild_rows.usage());
            result
        })
    }

    /// A guild's rows, if it has any, with what they share and the totals, which `change` keeps.
    fn with_rows<T>(
        &mut self,
        guild: GuildId,
        change: impl FnOnce(&mut GuildRows, &mut SharedRows, &mut Usage) -> T,
    ) -> Option<T> {
        let (shared, usage) = (&mut self.shared, &mut self.usage);
        let change = |guild_rows: &mut Box<GuildRows>| change(guild_rows, shared, usage);
        self.guilds.update(guild.get(), change)
    }

    /// Lets `change` at what a guild's rows weigh, all kinds included.
    pub(super) fn reweighed(
        &mut self,
        guild: GuildId,
        change: impl FnOnce(&mut GuildRows, &mut SharedRows),
    ) {
        let change = |guild_rows: &mut GuildRows, shared: &mut SharedRows| {
            let before = guild_rows.entities.usage();
            change(guild_rows, shared);
            (before, guild_rows.entities.usage())
        };
        if let Some((before, after)) = self.within(guild, change) {
            self.entity_usage.replace(&before, &after);
        }
    }

    pub(super) fn ensure(&mut self, guild: GuildId) {
        if !self.guilds.contains(guild.get()) {
            self.pending.remove(&guild);
            let number = self.shared.users.enter(guild);
            let mut guild_rows = GuildRows::new(guild, number, self.mixer);
            if !self.indexes.is_empty() {
                guild_rows.set_indexes(self.indexes, self.mixer);
            }
            guild_rows.weigh_people();
            self.usage.replace(Usage::default(), guild_rows.usage());
            let entities = guild_rows.entities.usage();
            self.entity_usage
                .replace(&EntityUsage::default(), &entities);
            self.guilds.insert(Box::new(guild_rows));
        }
    }

    fn set_status(&mut self, guild: GuildId, status: GuildStatus) {
        if status == GuildStatus::Pending && !self.guilds.contains(guild.get()) {
            self.pending.insert(guild);
            return;
        }
        self.ensure(guild);
        self.within(guild, |guild_rows, _| guild_rows.set_status(status));
        if status == GuildStatus::Available {
            self.sessions.delivered(guild);
        }
    }

    /// A guild of an earlier process: it is there from now on, unless more is known of it.
    fn hand_over(&mut self, guild: GuildId) {
        self.ensure(guild);
        self.within(guild, |slot, _| slot.hand_over());
    }

    fn new_session(&mut self, session: &NewSession) -> Vec<GuildId> {
        if session.shard.number() == 0 {
            self.private_channels.clear(&mut self.shared);
        }
        let verdict = self.sessions.judge(session);
        let all = self.guilds.iter().map(|guild_rows| guild_rows.id);
        let all = all.chain(self.pending.iter().copied());
        let mut vanished: Vec<GuildId> = all.filter(|&guild| !verdict.keeps(guild)).collect();
        vanished.sort_unstable();
        for &guild in &vanished {
            self.remove_guild(guild);
        }
        let waiting: BTreeSet<GuildId> = match session.is_whole {
            true => session.guilds.iter().copied().collect(),
            false => {
                let own = self.guilds.iter().map(|guild_rows| guild_rows.id);
                let own = own.filter(|&guild| session.shard.serves(guild));
                own.chain(session.guilds.iter().copied()).collect()
            }
        };
        for guild in waiting {
            self.all(guild, |guild_rows, shared| {
                guild_rows.entities.forget(shared);
            });
            self.set_status(guild, GuildStatus::Pending);
        }
        vanished
    }

    /// One step in a guild.
    pub(super) fn step(&mut self, guild: GuildId, op: Op<'_>) {
        match op {
            Op::SetStatus(status) => self.set_status(guild, status),
            Op::HandedOver => self.hand_over(guild),
            Op::Cascade(Scope::Guild) => self.remove_guild(guild),
            Op::SetMemberCount(count) => {
                self.ensure(guild);
                self.within(guild, |guild_rows, _| guild_rows.member_count = Some(count));
            }
            Op::Upsert(rows) => self.upsert(guild, rows),
            Op::Replace(rows) => {
                self.claim(guild, &rows);
                self.all(guild, |guild_rows, shared| {
                    put(guild_rows, shared, rows, MergeMode::Replace);
                });
            }
            Op::Patch(rows) => self.patch(guild, rows),
            Op::Remove(key) => self.remove(guild, &key),
            Op::Cascade(Scope::Channel(channel)) => {
                self.all(guild, |guild_rows, shared| {
                    guild_rows.remove_channels(&[channel], shared);
                });
            }
            Op::StripRole(role) => self.all(guild, |guild_rows, _| guild_rows.strip_role(role)),
            Op::CountMember { by, unless_cached } => {
                self.known(guild, |rows, _| rows.count_member(by, unless_cached));
            }
            Op::RolesUnread => self.known(guild, |guild_rows, _| guild_rows.roles_unread = true),
            Op::Recount => self.known(guild, |guild_rows, _| guild_rows.recount()),
            Op::Complete => self.known(guild, GuildRows::complete),
            Op::Incomplete(lack) => self.known(guild, |guild_rows, _| guild_rows.explain(lack)),
            Op::SetPresencesLack(lack) => {
                self.known(guild, |guild_rows, _| guild_rows.explain_presences(lack));
            }
            Op::SyncThreads(parents, threads) => self.all(guild, |rows, shared| {
                let (guild, threads) = (rows.id, threads.into_vec().own());
                let entities = &mut rows.entities;
                entities.sync_threads(guild, Some(&parents), threads, shared);
            }),
            Op::PutWebhooks(channel, rows) => self.all(guild, |guild_rows, _| {
                guild_rows.entities.put_webhooks(channel, rows.own());
            }),
            Op::OnlyChannels(channels) => {
                self.all(guild, |rows, shared| {
                    rows.entities.keep_channels(channels, shared);
                });
            }
            Op::LastMessage(channel, message) => {
                self.weightless(guild, |rows| rows.last_message(channel, message));
            }
            Op::LastThread { parent, thread } => {
                self.weightless(guild, |rows| rows.last_thread(parent, thread));
            }
            op @ (Op::React(_) | Op::Vote(_)) => {
                self.one_kind(guild, Kind::Message, |all, shared| all.count(op, shared));
            }
            Op::CountMessages { thread, by } => {
                self.weightless(guild, |rows| rows.entities.count_messages(thread, by));
            }
            op @ (Op::LeavePrivateThread(_) | Op::CountInterested { .. }) => {
                self.all(guild, |guild_rows, shared| {
                    guild_rows.entities.count(op, shared);
                });
            }
            Op::NewSession(_) | Op::SetApplication(_) => {}
        }
    }

    fn upsert(&mut self, guild: GuildId, rows: Rows<'_>) {
        if let Rows::Guild(row) = rows {
            self.ensure(guild);
            self.within(guild, |guild_rows, _| {
                guild_rows.merge_guild(row.into_owned(), true);
            });
            return;
        }
        if is_alone(&rows) {
            return self.put_alone(guild, rows, MergeMode::Upsert);
        }
        self.claim(guild, &rows);
        if matches!(rows, Rows::Members(_) | Rows::Presences(_) | Rows::Users(_)) {
            self.known(guild, |guild_rows, shared| {
                put(guild_rows, shared, rows, MergeMode::Upsert);
            });
        } else {
            self.all(guild, |guild_rows, shared| {
                put(guild_rows, shared, rows, MergeMode::Upsert);
            });
        }
    }

    fn patch(&mut self, guild: GuildId, rows: Rows<'_>) {
        if is_alone(&rows) {
            return self.put_alone(guild, rows, MergeMode::Patch);
        }
        self.all(guild, |guild_rows, shared| {
            put(guild_rows, shared, rows, MergeMode::Patch);
        });
    }

    fn remove(&mut self, guild: GuildId, key: &Key<'_>) {
        if matches!(key, Key::Messages(..) | Key::VoiceState(_)) {
            self.one_kind(guild, key.kind(), |all, shared| all.remove(key, shared));
        } else {
            self.all(guild, |guild_rows, shared| remove(guild_rows, shared, key));
        }
    }

    fn put_alone(&mut self, guild: GuildId, rows: Rows<'_>, how: MergeMode) {
        self.one_kind(guild, rows.kind(), |all, shared| {
            if let Rows::Messages(rows) = &rows {
                all.put_messages(rows, how, shared);
            } else if let Rows::VoiceState(rows) = &rows {
                rows.iter().for_each(|row| all.put_voice_state(row, how));
            } else {
                all.put(guild, rows.into_owned(), how, shared);
            }
        });
    }

    /// Lets `change` at the members, the presences and what weighs nothing of a guild whose data
    /// has come.
    fn known(&mut self, guild: GuildId, change: impl FnOnce(&mut GuildRows, &mut SharedRows)) {
        self.with_rows(guild, |guild_rows, shared, usage| {
            if guild_rows.known() {
                change(guild_rows, shared);
                let [before, after] = guild_rows.weigh_people();
                usage.replace_people(before, after);
            }
        });
    }

    /// The same for a change after which everything weighs what it did.
    fn weightless(&mut self, guild: GuildId, change: impl FnOnce(&mut GuildRows)) {
        self.with_rows(guild, |guild_rows, _, _| {
            if guild_rows.known() {
                change(guild_rows);
            }
        });
    }

    /// The same for a change that touches the other kinds too, which are weighed apart.
    fn all(&mut self, guild: GuildId, change: impl FnOnce(&mut GuildRows, &mut SharedRows)) {
        self.reweighed(guild, |guild_rows, shared| {
            if guild_rows.known() {
                change(guild_rows, shared);
            }
        });
    }

    /// The same for a change that touches the rows of one kind alone, which are weighed alone.
    fn one_kind(
        &mut self,
        guild: GuildId,
        kind: Kind,
        change: impl FnOnce(&mut Entities, &mut SharedRows),
    ) {
        let (shared, usage) = (&mut self.shared, &mut self.entity_usage);
        self.guilds.update(guild.get(), |guild_rows| {
            if guild_rows.known() {
                let entities = &mut guild_rows.entities;
                let before = entities.weight(kind);
                change(entities, shared);
                usage.replace_kind(kind, before, entities.weight(kind));
            }
        });
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
        self.all(guild, |guild_rows, shared| {
            guild_rows.remove_channels(&channels, shared);
            for &channel in &channels {
                guild_rows.entities.remove_thread(channel, shared);
            }
        });
    }
}

/// Whether rows touch none of another kind: those that come often, and in guilds alone.
const fn is_alone(rows: &Rows<'_>) -> bool {
    matches!(
        rows,
        Rows::Messages(_) | Rows::VoiceState(_) | Rows::VoiceStates(_)
    )
}

fn put(guild_rows: &mut GuildRows, shared: &mut SharedRows, rows: Rows<'_>, how: MergeMode) {
    match rows {
        Rows::Channels(rows) => match how {
            MergeMode::Upsert => guild_rows.upsert_channels(rows, false, shared),
            MergeMode::Replace => guild_rows.replace_channels(rows, shared),
            MergeMode::Patch => guild_rows.patch_channels(rows),
        },
        Rows::Roles(rows) => match how {
            MergeMode::Upsert => guild_rows.upsert_roles(rows),
            MergeMode::Replace => guild_rows.replace_roles(rows),
            MergeMode::Patch => guild_rows.patch_roles(rows),
        },
        Rows::Members(rows) => match how {
            MergeMode::Upsert => guild_rows.upsert_members(&rows, shared),
            MergeMode::Replace => guild_rows.replace_members(&rows, shared),
            MergeMode::Patch => guild_rows.patch_members(&rows, shared),
        },
        Rows::Presences(rows) => match how {
            MergeMode::Upsert | MergeMode::Patch => guild_rows.upsert_presences(&rows),
            MergeMode::Replace => guild_rows.replace_presences(&rows),
        },
        Rows::Guild(row) => guild_rows.merge_guild(row.into_owned(), how != MergeMode::Patch),
        Rows::Users(users) => users.iter().for_each(|user| shared.users.patch_user(user)),
        Rows::CurrentUser(_) => {}
        Rows::PrivateChannels(_) => {}
        rows @ (Rows::Threads(_)
        | Rows::ThreadMembers(_)
        | Rows::Invites(_)
        | Rows::Messages(_)
        | Rows::WebhookMarks(_)
        | Rows::VoiceState(_)
        | any_plain_rows!()) => {
            guild_rows
                .entities
                .put(guild_rows.id, rows.into_owned(), how, shared);
        }
    }
}

fn remove(guild_rows: &mut GuildRows, shared: &mut SharedRows, key: &Key<'_>) {
    match *key {
        Key::Channel(channel) => guild_rows.remove_channels(&[channel], shared),
        Key::Role(role) => {
            guild_rows.roles.remove(role.get());
        }
        Key::Member(user) => guild_rows.remove_member(user, shared),
        Key::Presence(user) => guild_rows.remove_presence(user),
        Key::PrivateChannel(_) => {}
        Key::Thread(_)
        | Key::ThreadMembers(..)
        | Key::ThreadMembersOf(_)
        | Key::Messages(..)
        | Key::Invite(_)
        | Key::WebhookMark(_)
        | any_plain_key!() => guild_rows.entities.remove(key, shared),
    }
}
