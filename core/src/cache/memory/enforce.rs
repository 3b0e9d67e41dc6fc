//! Policies, enforced: what a mutation touches is judged once all of it has been applied.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::MemoryStore;
use super::messages::Ring;
use super::spot::{Spot, private_channels, private_messages, removed, spots};
use super::wards::{Touched, Wards};
use crate::Instant;
use crate::cache::Unsuitable;
use crate::cache::policy::Verdict;
use crate::cache::{Keep, Key, Kind, Kinds, Lack, Mutation, Op, Policies, Policy, Rows, Scope};
use crate::id::GuildId;

/// Choosing policies.
impl MemoryStore {
    /// An empty store that enforces policies; see [`MemoryStore::new`] for the seed.
    ///
    /// ```
    /// use headcount_core::cache::{Keep, Kind, MemoryStore, Policies, Policy};
    ///
    /// let members = Policy::keep(Keep::OWNER | Keep::IN_VOICE);
    /// let policies = Policies::default().with(Kind::Member, members)?;
    /// let store = MemoryStore::with_policies(42, policies);
    /// # Ok::<(), headcount_core::cache::Unsuitable>(())
    /// ```
    #[must_use]
    pub fn with_policies(seed: u64, policies: impl Into<Policies>) -> Self {
        let mut store = Self::new(seed);
        let policies = policies.into();
        store.shared.messages_per_channel = newest(&policies);
        store.wards = Some(Box::new(Wards::new(policies, store.mixer)));
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
        self.wards.as_ref().map(|wards| &wards.policies)
    }

    /// Changes all policies, as [`MemoryStore::set_policy`] does, and says how many rows went.
    pub fn set_policies(&mut self, policies: impl Into<Policies>) -> usize {
        let policies = policies.into();
        let evicted = Kind::ALL.iter().map(|&kind| {
            let policy = policies.get(kind).clone();
            // Users are refused, and follow their holders.
            self.set_policy(kind, policy).unwrap_or(0)
        });
        evicted.fold(0, usize::saturating_add)
    }

    /// Changes the policy for a kind, evicts at once what does not fit, and says how many rows
    /// went. An eviction is like a removal, but no event tells of it.
    ///
    /// Rows whose use and age were not watched until now count from now. A kind that is switched
    /// on fills with what comes from here on; whoever derives its mutations has to be told first
    /// ([`Tracker::set_policy`](crate::Tracker::set_policy)).
    ///
    /// # Errors
    /// [`Unsuitable`] if the policy makes no sense for the kind; nothing has changed then.
    pub fn set_policy(&mut self, kind: Kind, policy: Policy) -> Result<usize, Unsuitable> {
        let mut policies = match &self.wards {
            Some(wards) => wards.policies.clone(),
            None => Policies::every(),
        };
        policies.set(kind, policy)?;
        let mixer = self.mixer;
        let mut wards = self
            .wards
            .take()
            .unwrap_or_else(|| Box::new(Wards::new(Policies::every(), mixer)));
        wards.policies = policies;
        let rows = self.census(kind);
        wards.track(kind, rows.iter().copied());
        self.shared.messages_per_channel = newest(&wards.policies);
        self.wards = Some(wards);
        if kind == Kind::Member || kind == Kind::Presence {
            self.hope_for_all(kind);
        }
        let trimmed = if kind == Kind::Message {
            self.trim()
        } else {
            0
        };
        let mut touched = Touched::default();
        touched.doubt(kind, rows);
        Ok(trimmed.saturating_add(self.settle(touched)))
    }

    /// Tells the time, and says how many rows went because they had lived for long enough. Cheap
    /// when none has.
    ///
    /// A host calls it before each mutation; where mutations are rare, with a timer too. An
    /// earlier time than one before counts as unchanged.
    pub fn advance(&mut self, now: Instant) -> usize {
        let Some(wards) = &mut self.wards else {
            return 0;
        };
        wards.now = wards.now.max(now);
        if !wards.may_expire() {
            return 0;
        }
        self.settle(Touched::default())
    }

    /// When [`MemoryStore::advance`] may have something to do next; `None` if no policy has an
    /// age. Rows that come meanwhile do not live for less.
    ///
    /// It may be too early, never too late. It changes with each mutation and each call of
    /// `advance`.
    #[must_use]
    pub fn next_expiry(&self) -> Option<Instant> {
        self.wards.as_ref()?.next_expiry()
    }

    /// From here on all members or presences can be complete again, if they are asked for.
    fn hope_for_all(&mut self, kind: Kind) {
        let guilds: Vec<GuildId> = self.guilds.iter().map(|slot| slot.id).collect();
        for guild in guilds {
            self.within(guild, |slot, _| {
                let lack = match kind == Kind::Member {
                    true => &mut slot.lack,
                    false => &mut slot.presences_lack,
                };
                if *lack == Some(Lack::Limited) {
                    *lack = Some(Lack::NotAsked);
                }
            });
        }
    }

    /// Takes out the messages that are too many for their channel, and says how many.
    fn trim(&mut self) -> usize {
        let limit = self.shared.messages_per_channel;
        let surplus = |ring: &Ring| {
            let ids = ring.iter().map(|message| message.id);
            let ids: Vec<_> = ids.take(ring.len().saturating_sub(limit)).collect();
            (!ids.is_empty()).then(|| Key::Messages(ring.channel(), ids))
        };
        let rings = self.guilds.iter().flat_map(|slot| {
            let rings = slot.entities.rings.iter();
            rings.filter_map(move |ring| Some((slot.id, surplus(ring)?)))
        });
        let rings: Vec<_> = rings.collect();
        let before = self.rows(Kind::Message);
        for (guild, key) in rings {
            self.step(guild, Op::Remove(key));
        }
        self.private.trim(&mut self.shared);
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
    pub(super) fn used(&self, kind: Kind, spot: Spot) {
        if let Some(wards) = &self.wards
            && let Some(lifetimes) = wards.lifetimes(kind)
        {
            lifetimes.used(&spot);
        }
    }

    /// What a mutation is about to touch; `None` if no policy cares.
    pub(super) fn look(&self, mutation: &Mutation<'_>) -> Option<Touched> {
        let wards = self.wards.as_ref()?;
        if !mutation.kinds().intersects(wards.concerned) {
            return None;
        }
        let mut touched = Touched::default();
        for op in mutation.ops() {
            match mutation.guild() {
                Some(guild) => self.look_at(wards, guild, op, &mut touched),
                None => look_at_private(wards, op, &mut touched),
            }
        }
        (!touched.is_empty() || !wards.tracked.is_empty()).then_some(touched)
    }

    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "the other steps count, or set a status"
    )]
    fn look_at(&self, wards: &Wards, guild: GuildId, op: &Op<'_>, touched: &mut Touched) {
        match op {
            Op::Upsert(rows) | Op::Patch(rows) => self.look_at_rows(wards, guild, rows, touched),
            Op::Replace(rows) => {
                self.look_at_rows(wards, guild, rows, touched);
                self.doubt_all(wards, guild, watched_in(rows.kind()), touched);
            }
            Op::SyncThreads(_, threads) if wards.judged.contains(Kinds::THREADS) => {
                let spots = threads.iter().map(|row| Spot::new(guild, row.id.get()));
                touched.tell(Kind::Thread, spots);
            }
            Op::PutWebhooks(channel, _) if wards.judged.contains(Kinds::WEBHOOK_MARKS) => {
                touched.tell(Kind::WebhookMark, [Spot::new(guild, channel.get())]);
            }
            Op::Remove(key) => {
                let (kind, spots) = removed(guild, key, self.mixer);
                if wards.tracked.contains(kind.only()) {
                    touched.gone.extend(spots.iter().map(|&spot| (kind, spot)));
                }
                doubt_members(wards, kind, spots, touched);
            }
            Op::Cascade(Scope::Channel(_)) => {
                self.doubt_all(wards, guild, Keep::IN_VOICE, touched);
            }
            // Only a function can look at roles: it watches everything.
            Op::StripRole(_) if wards.watched.is_all() => {
                self.doubt_all(wards, guild, Keep::all(), touched);
            }
            _ => {}
        }
    }

    fn look_at_rows(&self, wards: &Wards, guild: GuildId, rows: &Rows<'_>, to: &mut Touched) {
        let kind = rows.kind();
        let members = wards.watched.intersects(watched_in(kind));
        if wards.judged.contains(kind.only()) || members {
            let spots = spots(guild, rows, self.mixer);
            doubt_members(wards, kind, spots.iter().copied(), to);
            if wards.judged.contains(kind.only()) {
                to.tell(kind, spots);
            }
        }
        if let Rows::Guild(row) = rows {
            let owner = self.slot(guild).and_then(super::slot::Slot::owner);
            if row.owner.is_some_and(|newer| newer.known() != owner) {
                self.doubt_all(wards, guild, Keep::OWNER, to);
            }
        }
    }

    /// All members of a guild may have to go, if their policy looks at `on`.
    fn doubt_all(&self, wards: &Wards, guild: GuildId, on: Keep, to: &mut Touched) {
        if wards.watched.intersects(on) {
            to.doubt(Kind::Member, self.census_in(guild, Kind::Member));
        }
    }
}

/// A step that names no guild.
fn look_at_private(wards: &Wards, op: &Op<'_>, touched: &mut Touched) {
    if wards.judged.contains(Kinds::PRIVATE_CHANNELS) {
        if let Op::Remove(Key::PrivateChannel(channel)) = op {
            let spot = Spot::private_channel(*channel);
            touched.gone.push((Kind::PrivateChannel, spot));
        }
        touched.tell_any(Kind::PrivateChannel, private_channels(op));
    }
    if !wards.judged.contains(Kinds::MESSAGES) {
        return;
    }
    let spots = private_messages(op);
    if matches!(op, Op::Remove(_)) {
        let gone = spots.into_iter().map(|spot| (Kind::Message, spot));
        touched.gone.extend(gone);
    } else {
        touched.tell_any(Kind::Message, spots);
    }
}

/// What a policy for members looks at in rows of a kind.
fn watched_in(kind: Kind) -> Keep {
    if kind == Kind::VoiceState {
        Keep::IN_VOICE
    } else if kind == Kind::Presence {
        Keep::ONLINE
    } else {
        Keep::empty()
    }
}

/// The members of these voice states or presences may have to go.
fn doubt_members(
    wards: &Wards,
    kind: Kind,
    spots: impl IntoIterator<Item = Spot>,
    to: &mut Touched,
) {
    if wards.watched.intersects(watched_in(kind)) {
        to.doubt(Kind::Member, spots);
    }
}

/// Evicting.
impl MemoryStore {
    /// Judges what was touched and evicts what does not fit; says how many rows went.
    pub(super) fn settle(&mut self, mut touched: Touched) -> usize {
        let Some(mut wards) = self.wards.take() else {
            return 0;
        };
        for (kind, spot) in core::mem::take(&mut touched.gone) {
            self.forget(&mut wards, kind, spot);
        }
        // Members last: their policy looks at voice states and presences.
        let others = wards.judged.difference(Kinds::MEMBERS).each();
        let mut evicted: usize = 0;
        for kind in others.chain([Kind::Member]) {
            let gone = self.settle_kind(&mut wards, kind, &mut touched);
            evicted = evicted.saturating_add(gone);
        }
        self.wards = Some(wards);
        evicted
    }

    fn settle_kind(&mut self, wards: &mut Wards, kind: Kind, touched: &mut Touched) -> usize {
        let told = touched.told.remove(&kind).unwrap_or_default();
        let doubtful = touched.doubtful.remove(&kind).unwrap_or_default();
        let told = told.into_iter().map(|spot| (spot, true));
        let rows = told.chain(doubtful.into_iter().map(|spot| (spot, false)));
        let (mut groups, mut evicted) = (Vec::new(), Vec::new());
        for (spot, told) in rows {
            match self.verdict(wards, kind, spot) {
                None => self.forget(wards, kind, spot),
                Some(Verdict::Evict) => {
                    self.dismiss(wards, kind, spot, touched);
                    evicted.push(spot);
                }
                Some(verdict) => {
                    let (group, now) = (wards.group(kind, spot), wards.now);
                    let spared = verdict == Verdict::Spare;
                    groups.push(group);
                    match wards.lifetimes_mut(kind) {
                        Some(lifetimes) if told => lifetimes.told(&spot, group, now, spared),
                        Some(lifetimes) => lifetimes.spare(&spot, spared),
                        None => {}
                    }
                }
            }
        }
        self.drop_stale(wards, kind);
        while let Some(spot) = next_victim(wards, kind, &mut groups) {
            self.dismiss(wards, kind, spot, touched);
            evicted.push(spot);
        }
        evicted.len()
    }

    fn verdict(&self, wards: &Wards, kind: Kind, spot: Spot) -> Option<Verdict> {
        let policy = wards.policies.get(kind);
        if policy.is_none() {
            return self.is_there(kind, spot).then_some(Verdict::Evict);
        }
        match self.candidate(kind, spot) {
            Some(candidate) => Some(policy.judge(&candidate)),
            // Messages outside guilds take a place even if nobody has told of their channel.
            None => self.is_there(kind, spot).then_some(Verdict::Count),
        }
    }

    /// Forgets rows that are gone together with what they hung on.
    fn drop_stale(&self, wards: &mut Wards, kind: Kind) {
        let rows = match kind == Kind::PrivateChannel {
            true => self.private.place_count(),
            false => self.rows(kind),
        };
        if let Some(lifetimes) = wards.lifetimes_mut(kind)
            && lifetimes.len() > rows
        {
            lifetimes.retain(|spot| self.is_there(kind, *spot));
        }
    }

    /// A row is gone. A member takes its presence along, unless there is one without a member.
    fn forget(&self, wards: &mut Wards, kind: Kind, spot: Spot) {
        wards.forget(kind, spot);
        if kind == Kind::Member && !self.is_there(Kind::Presence, spot) {
            wards.forget(Kind::Presence, spot);
        }
    }

    /// Takes a row away as if it had been removed.
    fn dismiss(&mut self, wards: &mut Wards, kind: Kind, spot: Spot, touched: &mut Touched) {
        let Some(guild) = spot.guild else {
            if let Some(key) = spot.key(kind) {
                self.private.step(Op::Remove(key), &mut self.shared);
            }
            return self.forget(wards, kind, spot);
        };
        if kind == Kind::Guild {
            self.within(guild, |slot, _| slot.drop_guild());
        }
        let code = match self.candidate(kind, spot).map(|candidate| candidate.row) {
            Some(crate::cache::RowRef::Invite(row)) => Some(Key::Invite(row.code.clone())),
            Some(_) | None => None,
        };
        if let Some(key) = code.or_else(|| spot.key(kind)) {
            self.step(guild, Op::Remove(key));
        }
        self.forget(wards, kind, spot);
        if kind == Kind::Member {
            self.within(guild, |slot, _| slot.limit_members());
        } else if kind == Kind::Presence {
            self.within(guild, |slot, _| slot.limit_presences());
            doubt_members(wards, kind, [spot], touched);
        } else if kind == Kind::Channel {
            self.doubt_all(wards, guild, Keep::IN_VOICE, touched);
        } else {
            doubt_members(wards, kind, [spot], touched);
        }
    }
}

/// The next row that is too old or too much; `groups` are those that may have too many.
fn next_victim(wards: &mut Wards, kind: Kind, groups: &mut Vec<u64>) -> Option<Spot> {
    let now = wards.now;
    let lifetimes = wards.lifetimes_mut(kind)?;
    if let Some(spot) = lifetimes.expired(now) {
        return Some(spot);
    }
    while let Some(&group) = groups.last() {
        if let Some(spot) = lifetimes.overflow(group) {
            return Some(spot);
        }
        groups.pop();
    }
    lifetimes.overflow_all()
}
