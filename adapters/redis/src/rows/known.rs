//! What a store knows of guilds without asking.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use headcount_core::cache::Mutation;
use headcount_core::id::GuildId;
use headcount_core::{Position, ShardId};

use crate::rows::failed::FailedChange;
use crate::rows::head::GuildHead;

/// Of so many guilds at most the head is known.
const MOST: usize = 1 << 16;

/// A change that may not be there, or only in part.
#[derive(Clone, Debug)]
pub(crate) struct Missed {
    /// The dispatch that led to it.
    origin: Option<Position>,
    /// The change itself, if no dispatch led to it.
    change: Option<Mutation<'static>>,
    /// The revision that was written here last.
    revision: Option<u64>,
    /// Whether Redis lost what it was given.
    is_forgotten: bool,
    /// Whether a change before it may not be there either.
    lacks_others: bool,
}

impl Missed {
    /// Whether a change fails since Redis lost what it was given: this one does however often it is
    /// tried, and where no dispatch led to it the next dispatch does too.
    pub(crate) fn fails(&self, mutation: &Mutation<'static>) -> bool {
        let is_next = self.origin.is_none() && mutation.origin().is_some();
        self.is_forgotten && (is_next || self.is(mutation))
    }

    /// Whether the guild, as it is found, lacks a change when this one is handed in.
    pub(crate) fn is_lacking(&self, found: &GuildHead, mutation: &Mutation<'static>) -> bool {
        self.lacks_others || !self.is(mutation) && !found.includes(self.origin)
    }

    /// Whether Redis has lost of the guild what it had when this was tried.
    pub(crate) fn is_lost(&self, found: Option<&GuildHead>) -> bool {
        !self.is_forgotten && self.revision > found.map(|head| head.revision)
    }

    /// Whether this is the same change, handed in again.
    pub(crate) fn is(&self, mutation: &Mutation<'static>) -> bool {
        match self.origin {
            Some(origin) => mutation.origin() == Some(origin),
            None => self.change.as_ref() == Some(mutation),
        }
    }
}

/// What a store knows of guilds without asking: how each was written here last, or what of it may
/// not be there.
#[derive(Debug, Default)]
pub(crate) struct WrittenGuilds(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    heads: BTreeMap<GuildId, GuildHead>,
    /// No more than the guilds that are served.
    missed: BTreeMap<GuildId, Missed>,
    /// What failed of guilds, the first of it, that whoever reads may not know of.
    distrusted: BTreeMap<GuildId, FailedChange>,
    /// The sessions that began here.
    begun: BTreeMap<ShardId, u64>,
}

impl WrittenGuilds {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn head(&self, guild: GuildId) -> Option<GuildHead> {
        self.lock().heads.get(&guild).cloned()
    }

    /// A session begins.
    pub(crate) fn begin(&self, at: Position) {
        self.lock().begun.insert(at.shard, at.session);
    }

    /// Whether the guild's rows, as they are found, are from before the session of a dispatch:
    /// nobody has written them since they were written here, or that session began here.
    pub(crate) fn are_older(&self, guild: GuildId, found: &GuildHead, dispatch: Position) -> bool {
        let known = self.lock();
        let begun = known.begun.get(&dispatch.shard).copied();
        if begun.is_some() && begun == found.position().map(|at| at.session) {
            return false;
        }
        let head = known.heads.get(&guild).map(|head| head.revision);
        let missed = known.missed.get(&guild).and_then(|missed| missed.revision);
        match head.max(missed) {
            Some(written) => found.revision <= written,
            None => begun == Some(dispatch.session),
        }
    }

    pub(crate) fn missed(&self, guild: GuildId) -> Option<Missed> {
        self.lock().missed.get(&guild).cloned()
    }

    /// The guild was written.
    pub(crate) fn set(&self, guild: GuildId, head: GuildHead) {
        let Known {
            heads,
            missed,
            distrusted,
            ..
        } = &mut *self.lock();
        missed.remove(&guild);
        distrusted.remove(&guild);
        heads.insert(guild, head);
        if heads.len() > MOST {
            let other = heads.keys().copied().find(|other| *other != guild);
            other.map(|other| heads.remove(&other));
        }
    }

    /// A change of the guild may not be there.
    pub(crate) fn miss(&self, guild: GuildId, mutation: &Mutation<'static>, is_forgotten: bool) {
        let Known {
            heads,
            missed,
            distrusted,
            ..
        } = &mut *self.lock();
        let head = heads.remove(&guild).map(|head| head.revision);
        let earlier = missed.get(&guild);
        let lacks_others = earlier.is_some_and(|it| it.lacks_others || !it.is(mutation));
        let earlier = earlier.and_then(|missed| missed.revision);
        let origin = mutation.origin();
        let it = Missed {
            origin,
            change: origin.is_none().then(|| mutation.clone()),
            revision: head.max(earlier),
            is_forgotten,
            lacks_others,
        };
        missed.insert(guild, it);
        let failed = match is_forgotten {
            true => FailedChange::Lost,
            false => FailedChange::Change(origin),
        };
        distrust(distrusted, guild, failed);
    }

    /// Of the guild this may not be there, and whoever reads may not know; unless it has been
    /// written here since.
    pub(crate) fn distrust(&self, guild: GuildId, change: FailedChange) {
        let known = &mut *self.lock();
        if !known.heads.contains_key(&guild) {
            distrust(&mut known.distrusted, guild, change);
        }
    }

    /// All of the guild is there, or whoever reads knows.
    pub(crate) fn trust(&self, guild: GuildId) {
        self.lock().distrusted.remove(&guild);
    }

    /// Takes out some guilds of which whoever reads may not know that something failed: so many at
    /// most.
    pub(crate) fn take_distrusted(&self, most: usize) -> Vec<(GuildId, FailedChange)> {
        let distrusted = &mut self.lock().distrusted;
        std::iter::from_fn(|| distrusted.pop_first())
            .take(most)
            .collect()
    }

    pub(crate) fn forget(&self, guild: GuildId) {
        let mut known = self.lock();
        known.heads.remove(&guild);
        known.missed.remove(&guild);
        known.distrusted.remove(&guild);
    }
}

/// The first that failed counts, unless more is lost.
fn distrust(
    distrusted: &mut BTreeMap<GuildId, FailedChange>,
    guild: GuildId,
    change: FailedChange,
) {
    let known = distrusted.entry(guild).or_insert(change);
    if change == FailedChange::Lost {
        *known = change;
    }
}

/// A change under way: one that is not ended may not be there.
pub(crate) struct UnderWay<'a> {
    known: &'a WrittenGuilds,
    guild: GuildId,
    mutation: &'a Mutation<'static>,
    is_forgotten: bool,
    has_ended: bool,
}

impl<'a> UnderWay<'a> {
    pub(crate) const fn new(
        known: &'a WrittenGuilds,
        guild: GuildId,
        mutation: &'a Mutation<'static>,
    ) -> Self {
        Self {
            known,
            guild,
            mutation,
            is_forgotten: false,
            has_ended: false,
        }
    }

    /// It is there, or is not to be.
    pub(crate) fn end(mut self) {
        self.has_ended = true;
    }

    /// It may not be there; whether since Redis lost what it was given.
    pub(crate) fn fail(mut self, is_forgotten: bool) {
        self.is_forgotten = is_forgotten;
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.known
                .miss(self.guild, self.mutation, self.is_forgotten);
        }
    }
}
