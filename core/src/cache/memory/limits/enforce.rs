//! Policies, enforced: what a mutation touches is judged once all of it has been applied.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::cache::Unsuitable;
use crate::cache::memory::MemoryStore;
use crate::cache::memory::guild::rows::GuildRows;
use crate::cache::memory::limits::row_id::{
    RowId, private_channels, private_messages, removed, row_ids,
};
use crate::cache::memory::limits::{RowLimits, Touched};
use crate::cache::policy::Judgement;
use crate::cache::{
    Key, Kind, Kinds, Lack, MemberTraits, Mutation, Op, Policies, Policy, Rows, Scope,
};
use crate::id::{GuildId, UserId};

/// Choosing policies.
impl MemoryStore {
    /// An empty store that enforces policies; see [`MemoryStore::new`] for the seed.
    ///
    /// ```
    /// use headcount_core::cache::{Kind, MemberTraits, MemoryStore, Policies, Policy};
    ///
    /// let members = Policy::keep(MemberTraits::OWNER | MemberTraits::IN_VOICE);
    /// let policies = Policies::default().with(Kind::Member, members)?;
    /// let store = MemoryStore::with_policies(42, policies);
    /// # Ok::<(), headcount_core::cache::Unsuitable>(())
    /// ```
    #[must_use]
    pub fn with_policies(seed: u64, policies: impl Into<Policies>) -> Self {
        let mut store = Self::new(seed);
        let policies = policies.into();
        store.shared.messages_per_channel = newest(&policies);
        let limits = RowLimits::new(policies, store.mixer);
        store
            .shared
            .users
            .watch(limits.judged.contains(Kinds::USERS));
        store.limits = Some(Box::new(limits));
        store
    }

    /// Keeps no more than this many messages of each channel from now on: the newest ones. Zero
    /// keeps none; 100 is the default. Short for [`Policy::newest_per_channel`].
    #[must_use]
    pub fn messages_per_channel(mut self, limit: usize) -> Self {
        let policy = Policy::newest_per_channel(limit);
        let evicted = self.set_policy(Kind::Message, policy);
        debug_assert!(evicted.is_ok(), "messages may have newest ones");
        self
    }

    /// The policies; `None` if every row is kept that comes.
    #[must_use]
    pub fn policies(&self) -> Option<&Policies> {
        self.limits.as_ref().map(|limits| &limits.policies)
    }

    /// Changes all policies, as [`MemoryStore::set_policy`] does, and says how many rows went.
    pub fn set_policies(&mut self, policies: impl Into<Policies>) -> usize {
        let policies = policies.into();
        let evicted = Kind::ALL.iter().map(|&kind| {
            let policy = policies.get(kind).clone();
            // They have been checked.
            self.set_policy(kind, policy).unwrap_or(0)
        });
        evicted.fold(0, usize::saturating_add)
    }

    /// Changes the policy for a kind, evicts at once what does not fit, and says how many rows
    /// went. An eviction is like a removal, but no event reports it.
    ///
    /// Rows whose use and age were not watched until now count from now. A kind that is switched
    /// on fills with what comes from here on; whoever derives its mutations has to know first
    /// ([`Tracker::set_policy`](crate::Tracker::set_policy)).
    ///
    /// # Errors
    /// [`Unsuitable`] if the policy makes no sense for the kind; nothing has changed then.
    pub fn set_policy(&mut self, kind: Kind, policy: Policy) -> Result<usize, Unsuitable> {
        let mut policies = match &self.limits {
            Some(limits) => limits.policies.clone(),
            None => Policies::every(),
        };
        policies.set(kind, policy)?;
        let mixer = self.mixer;
        let mut limits = self
            .limits
            .take()
            .unwrap_or_else(|| Box::new(RowLimits::new(Policies::every(), mixer)));
        limits.policies = policies;
        let rows = self.census(kind);
        limits.track(kind, rows.iter().copied());
        let users = limits.judged.contains(Kinds::USERS);
        self.shared.users.watch(users);
        self.shared.messages_per_channel = newest(&limits.policies);
        self.limits = Some(limits);
        if kind == Kind::Member || kind == Kind::Presence {
            self.hope_for_all(kind);
        }
        let trimmed = if kind == Kind::Message {
            self.trim()
        } else {
            0
        };
        let mut touched = Touched::default();
        touched.recheck(kind, rows);
        Ok(trimmed.saturating_add(self.settle(touched)))
    }

    /// From here on all members or presences can be complete again, if they are asked for.
    fn hope_for_all(&mut self, kind: Kind) {
        let judged = self.limits.as_ref().map(|limits| limits.judged);
        // A member that goes takes its presence along.
        let people = Kinds::MEMBERS.union(Kinds::PRESENCES);
        let presences = kind == Kind::Presence || judged.is_some_and(|it| !it.intersects(people));
        let hope = |lack: &mut Option<Lack>, hopes: bool| {
            if hopes && *lack == Some(Lack::Limited) {
                *lack = Some(Lack::NotAsked);
            }
        };
        let guilds: Vec<GuildId> = self.guilds.iter().map(|guild_rows| guild_rows.id).collect();
        for guild in guilds {
            self.within(guild, |guild_rows, _| {
                hope(&mut guild_rows.lack, kind == Kind::Member);
                hope(&mut guild_rows.presences_lack, presences);
            });
        }
    }

    /// Takes out the messages that are too many for their channel, and says how many.
    fn trim(&mut self) -> usize {
        let before = self.rows(Kind::Message);
        let guilds: Vec<GuildId> = self.guilds.iter().map(|guild_rows| guild_rows.id).collect();
        for guild in guilds {
            self.within(guild, |guild_rows, shared| {
                let (limit, users) = (shared.messages_per_channel, &mut shared.users);
                let rings = &mut guild_rows.entities.rings;
                shared.messages.trim_all(rings, limit, users);
            });
        }
        self.private_channels.trim(&mut self.shared);
        before.saturating_sub(self.rows(Kind::Message))
    }
}

/// How many messages of each channel are kept.
fn newest(policies: &Policies) -> usize {
    let policy = policies.get(Kind::Message);
    policy.newest.unwrap_or(usize::MAX)
}

/// Watching.
impl MemoryStore {
    /// A row is looked up.
    #[inline]
    pub(in crate::cache::memory) fn used(&self, kind: Kind, row_id: RowId) {
        if let Some(limits) = &self.limits
            && let Some(lifetimes) = limits.lifetimes(kind)
        {
            lifetimes.used(&row_id);
        }
    }

    /// What a mutation is about to touch; `None` if no policy cares.
    pub(in crate::cache::memory) fn look(&mut self, mutation: &Mutation<'_>) -> Option<Touched> {
        let limits = self.limits.as_mut()?;
        if !mutation.kinds().intersects(limits.concerned) {
            return None;
        }
        let mut touched = limits.take_touched();
        let limits = self.limits.as_ref()?;
        for op in mutation.ops() {
            match mutation.guild() {
                Some(guild) => self.look_at(limits, guild, op, &mut touched),
                None => look_at_private(limits, op, &mut touched),
            }
        }
        if touched.is_empty() && limits.tracked.is_empty() {
            self.limits.as_mut()?.put_touched(touched);
            return None;
        }
        Some(touched)
    }

    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "the other steps count, or set a status"
    )]
    fn look_at(&self, limits: &RowLimits, guild: GuildId, op: &Op<'_>, touched: &mut Touched) {
        match op {
            Op::Upsert(rows) | Op::Patch(rows) => self.look_at_rows(limits, guild, rows, touched),
            Op::Replace(rows) => {
                self.look_at_rows(limits, guild, rows, touched);
                self.recheck_all(limits, guild, watched_in(rows.kind()), touched);
            }
            Op::SyncThreads(_, threads) if limits.judged.contains(Kinds::THREADS) => {
                let row_ids = threads.iter().map(|row| RowId::new(guild, row.id.get()));
                touched.change(Kind::Thread, row_ids);
            }
            Op::PutWebhooks(channel, _) if limits.judged.contains(Kinds::WEBHOOK_MARKS) => {
                touched.change(Kind::WebhookMark, [RowId::new(guild, channel.get())]);
            }
            Op::Remove(key) => {
                let kind = key.kind();
                let tracked = limits.tracked.contains(kind.only());
                if !tracked && !limits.watched.intersects(watched_in(kind)) {
                    return;
                }
                let row_ids = removed(guild, key, self.mixer);
                if tracked {
                    touched
                        .gone
                        .extend(row_ids.iter().map(|&row_id| (kind, row_id)));
                }
                doubt_members(limits, kind, row_ids, touched);
            }
            Op::Cascade(Scope::Channel(_)) => {
                self.recheck_all(limits, guild, MemberTraits::IN_VOICE, touched);
            }
            // Only a function can look at roles: it watches everything.
            Op::StripRole(_) if limits.watched.is_all() => {
                self.recheck_all(limits, guild, MemberTraits::all(), touched);
            }
            _ => {}
        }
    }

    fn look_at_rows(&self, limits: &RowLimits, guild: GuildId, rows: &Rows<'_>, to: &mut Touched) {
        let kind = rows.kind();
        let judged = limits.judged.contains(kind.only());
        let watched = limits.watched.intersects(watched_in(kind));
        if judged || watched {
            row_ids(guild, rows, self.mixer, &mut |row_id| {
                if watched {
                    to.recheck(Kind::Member, [row_id]);
                }
                if judged {
                    to.change(kind, [row_id]);
                }
            });
        }
        if let Rows::Guild(row) = rows {
            let owner = self.guild_rows(guild).and_then(GuildRows::owner);
            if row.owner.is_some_and(|newer| newer.known() != owner) {
                self.recheck_all(limits, guild, MemberTraits::OWNER, to);
            }
        }
    }

    /// All members of a guild may have to go, if their policy looks at `on`.
    fn recheck_all(&self, limits: &RowLimits, guild: GuildId, on: MemberTraits, to: &mut Touched) {
        if limits.watched.intersects(on) {
            to.recheck(Kind::Member, self.census_in(guild, Kind::Member));
        }
    }
}

/// A step that names no guild.
fn look_at_private(limits: &RowLimits, op: &Op<'_>, touched: &mut Touched) {
    if limits.judged.contains(Kinds::PRIVATE_CHANNELS) {
        if let Op::Remove(Key::PrivateChannel(channel)) = op {
            let row_id = RowId::private_channel(*channel);
            touched.gone.push((Kind::PrivateChannel, row_id));
        }
        touched.change(Kind::PrivateChannel, private_channels(op));
    }
    if !limits.judged.contains(Kinds::MESSAGES) {
        return;
    }
    let row_ids = private_messages(op);
    if matches!(op, Op::Remove(_)) {
        let gone = row_ids.into_iter().map(|row_id| (Kind::Message, row_id));
        touched.gone.extend(gone);
    } else {
        touched.change(Kind::Message, row_ids);
    }
}

/// What a policy for members looks at in rows of a kind.
fn watched_in(kind: Kind) -> MemberTraits {
    if kind == Kind::VoiceState {
        MemberTraits::IN_VOICE
    } else if kind == Kind::Presence {
        MemberTraits::ONLINE
    } else {
        MemberTraits::empty()
    }
}

/// The members of these voice states or presences may have to go.
fn doubt_members(
    limits: &RowLimits,
    kind: Kind,
    row_ids: impl IntoIterator<Item = RowId>,
    to: &mut Touched,
) {
    if limits.watched.intersects(watched_in(kind)) {
        to.recheck(Kind::Member, row_ids);
    }
}

/// Evicting.
impl MemoryStore {
    /// Rows have gone without a mutation, and of these guilds all presences.
    pub(in crate::cache::memory) fn settle_without_presences(&mut self, guilds: &[GuildId]) {
        let mut touched = Touched::default();
        if let Some(limits) = &self.limits {
            for guild in guilds {
                self.recheck_all(limits, *guild, MemberTraits::ONLINE, &mut touched);
            }
        }
        self.settle(touched);
    }

    /// Judges what was touched and evicts what does not fit; says how many rows went.
    pub(in crate::cache::memory) fn settle(&mut self, mut touched: Touched) -> usize {
        let Some(mut limits) = self.limits.take() else {
            return 0;
        };
        for &(kind, row_id) in &touched.gone {
            self.forget(&mut limits, kind, row_id);
        }
        // Members last: their policy looks at voice states and presences.
        // And then users, whom all of these let go.
        let last = Kinds::MEMBERS.union(Kinds::USERS);
        let others = limits.judged.difference(last).each();
        let mut evicted: usize = 0;
        for kind in others.chain([Kind::Member]) {
            let gone = self.settle_kind(&mut limits, kind, &mut touched);
            evicted = evicted.saturating_add(gone);
        }
        if limits.judged.contains(Kinds::USERS) {
            let noted = self.shared.users.take_noted();
            touched.change(Kind::User, noted.into_iter().map(RowId::user));
            let gone = self.settle_kind(&mut limits, Kind::User, &mut touched);
            evicted = evicted.saturating_add(gone);
        }
        limits.put_touched(touched);
        self.limits = Some(limits);
        evicted
    }

    fn settle_kind(&mut self, limits: &mut RowLimits, kind: Kind, touched: &mut Touched) -> usize {
        let (mut place, mut evicted) = (0_usize, 0_usize);
        let by_group = limits.policies.get(kind).is_by_group();
        touched.groups.clear();
        while let Some(row) = touched.at(place, kind) {
            place = place.wrapping_add(1);
            let Some((row_id, changed)) = row else {
                continue;
            };
            match self.verdict(limits, kind, row_id) {
                None => self.forget(limits, kind, row_id),
                Some(Judgement::Evict) => {
                    self.dismiss(limits, kind, row_id, touched);
                    evicted = evicted.saturating_add(1);
                }
                Some(verdict) => {
                    let (group, now) = (limits.group(kind, row_id), limits.now);
                    let spared = verdict == Judgement::Spare;
                    if by_group {
                        touched.groups.push(group);
                    }
                    match limits.lifetimes_mut(kind) {
                        Some(lifetimes) if changed => lifetimes.touch(&row_id, group, now, spared),
                        Some(lifetimes) => lifetimes.spare(&row_id, spared),
                        None => {}
                    }
                }
            }
        }
        self.drop_stale(limits, kind);
        while let Some(row_id) = next_victim(limits, kind, &mut touched.groups) {
            self.dismiss(limits, kind, row_id, touched);
            evicted = evicted.saturating_add(1);
        }
        evicted
    }

    fn verdict(&self, limits: &RowLimits, kind: Kind, row_id: RowId) -> Option<Judgement> {
        let policy = limits.policies.get(kind);
        if policy.is_none() {
            return self.is_there(kind, row_id).then_some(Judgement::Evict);
        }
        if !policy.looks_at_rows() {
            let verdict = match kind == Kind::Member && self.is_own(row_id) {
                true => Judgement::Spare,
                false => Judgement::Count,
            };
            return self.is_there(kind, row_id).then_some(verdict);
        }
        let watched = limits.watched | MemberTraits::OWN;
        match self.candidate(kind, row_id, watched) {
            Some(candidate) => Some(policy.judge(&candidate)),
            // Messages outside guilds take a place even if nobody has changed of their channel.
            None => self.is_there(kind, row_id).then_some(Judgement::Count),
        }
    }

    /// Forgets rows that are gone together with what they hung on.
    fn drop_stale(&self, limits: &mut RowLimits, kind: Kind) {
        let rows = match kind == Kind::PrivateChannel {
            true => self.private_channels.place_count(),
            false => self.rows(kind),
        };
        if let Some(lifetimes) = limits.lifetimes_mut(kind)
            && lifetimes.len() > rows
        {
            lifetimes.retain(|row_id| self.is_there(kind, *row_id));
        }
    }

    /// A row is gone. A member takes its presence along, unless there is one without a member.
    fn forget(&self, limits: &mut RowLimits, kind: Kind, row_id: RowId) {
        limits.forget(kind, row_id);
        if kind == Kind::Member && !self.is_there(Kind::Presence, row_id) {
            limits.forget(Kind::Presence, row_id);
        }
    }

    /// Takes a row away as if it had been removed.
    fn dismiss(
        &mut self,
        limits: &mut RowLimits,
        kind: Kind,
        row_id: RowId,
        touched: &mut Touched,
    ) {
        let Some(guild) = row_id.guild else {
            if kind == Kind::User {
                let user = UserId::new(row_id.first).into_iter();
                user.for_each(|user| self.shared.users.evict(user));
            } else if let Some(key) = row_id.key(kind) {
                self.private_channels
                    .step(Op::Remove(key), &mut self.shared);
            }
            return self.forget(limits, kind, row_id);
        };
        if kind == Kind::Guild {
            self.within(guild, |guild_rows, _| guild_rows.drop_guild());
        }
        let candidate = self.candidate(kind, row_id, MemberTraits::empty());
        let code = match candidate.map(|candidate| candidate.row) {
            Some(crate::cache::RowRef::Invite(row)) => Some(Key::Invite(row.code.clone())),
            Some(_) | None => None,
        };
        if let Some(key) = code.or_else(|| row_id.key(kind)) {
            self.step(guild, Op::Remove(key));
        }
        self.forget(limits, kind, row_id);
        if kind == Kind::Member {
            self.within(guild, |guild_rows, _| guild_rows.limit_members());
        } else if kind == Kind::Presence {
            self.within(guild, |guild_rows, _| guild_rows.limit_presences());
            doubt_members(limits, kind, [row_id], touched);
        } else if kind == Kind::Channel {
            self.recheck_all(limits, guild, MemberTraits::IN_VOICE, touched);
        } else {
            doubt_members(limits, kind, [row_id], touched);
        }
    }
}

/// The next row that is too old or too much; `groups` are those that may have too many.
fn next_victim(limits: &mut RowLimits, kind: Kind, groups: &mut Vec<u64>) -> Option<RowId> {
    let now = limits.now;
    let lifetimes = limits.lifetimes_mut(kind)?;
    if let Some(row_id) = lifetimes.expired(now) {
        return Some(row_id);
    }
    while let Some(&group) = groups.last() {
        if let Some(row_id) = lifetimes.overflow(group) {
            return Some(row_id);
        }
        groups.pop();
    }
    lifetimes.overflow_all()
}
