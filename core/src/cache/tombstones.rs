//! What the gateway has removed in this session, so that nothing which trails it comes back.

#[cfg(feature = "checkpoint")]
mod saved;

use alloc::collections::{BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::hash::BuildHasher as _;

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

#[cfg(feature = "checkpoint")]
use saved::SavedTombstones;

use super::policy::Seeded;
use crate::cache::memory::Index;
use crate::id::{self, ChannelId, GuildId, RoleId, UserId};
use crate::kind::{for_each_kind, given};
use crate::wire::nonce::Nonce;
use crate::wire::view::PlainEvent;

/// [`Removed`], with a variant for each plain kind whose rows are removed one by one.
macro_rules! removed {
    (special $special:tt plain { $(
        $(#[doc = $doc:literal])* $kind:ident $flag:ident = $bit:literal {
            row { $row:ident $key:ident: $id:ident }
            names { $rows:ident $all:ident $one:ident $noun:literal }
            intent $intent:tt
            $(changes { $create:ident $update:ident $delete:ident $at:literal })?
            $(listed $listed:tt)?
            $(hangs_on $hangs_on:tt)?
        }
    )* }) => {
        /// A row that the gateway removes by name, and that other dispatches may speak of
        /// afterwards.
        ///
        /// Messages and invitations are none of these: nothing but their creation adds them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub(crate) enum Removed {
            /// A role.
            Role(RoleId),
            /// A channel or a thread, and all that hangs on it.
            Channel(ChannelId),
            /// A user's membership of a thread.
            ThreadMember(ChannelId, UserId),
            /// A member, with the presence and the voice state.
            Member(UserId),
            $($(
                #[doc = concat!("One ", $noun, ", by [`Name::", stringify!($delete), "`].")]
                $kind(id::$id),
            )?)*
        }

        impl Removed {
            /// The row that a dispatch is about, as its removal would mark it.
            pub(crate) fn of(event: &PlainEvent<'_>) -> Self {
                match event {
                    $($(
                        PlainEvent::$kind(change) => {
                            given!($at => Self::$kind(change.id(|row| row.$key)))
                        }
                    )?)*
                }
            }
        }
    };
}
for_each_kind!(removed);

/// The mark of a row that is gone, as a session carries it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Tombstone {
    /// `None` for a channel outside guilds.
    pub(crate) guild: Option<GuildId>,
    pub(crate) removed: Removed,
}

/// How many removals had come before something.
type Removals = u64;

/// The marks that the last removals of a session left, of a bounded number of removals.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "checkpoint", derive(Serialize, Deserialize))]
#[cfg_attr(
    feature = "checkpoint",
    serde(from = "SavedTombstones", into = "SavedTombstones")
)]
pub(crate) struct Tombstones {
    bound: usize,
    removals: Removals,
    /// How many of them an earlier process had seen: its store may have missed those.
    restored: Removals,
    /// How often an export from before may have become wrong.
    outdated: u64,
    /// The last removals up to now, the oldest first: `None` for one whose row is there again, or
    /// was removed once more. The first one is a mark.
    order: VecDeque<Option<Tombstone>>,
    /// The marks, each by the [`number`] of its removal.
    places: Index,
    /// By guild, zero for none.
    guilds: HashMap<u64, GuildMarks, Seeded>,
    /// The member requests that were sent while there were marks, the oldest first.
    requests: VecDeque<(GuildId, Nonce, Removals)>,
}

/// The largest bound there may be.
pub(crate) const MOST: usize = 1 << 16;

/// What is marked in one guild, something at least.
#[derive(Clone, Debug, Default)]
struct GuildMarks {
    count: usize,
    roles: BTreeSet<RoleId>,
}

/// What the index knows a removal by: of the last ones each has another number.
#[allow(
    clippy::cast_possible_truncation,
    reason = "the lower half is what is wanted"
)]
const fn number(removals: Removals) -> u32 {
    removals as u32
}

/// The marks with their hashes and numbers, of which the first one is this.
fn numbered(
    order: &VecDeque<Option<Tombstone>>,
    first: u32,
    seeded: Seeded,
) -> impl Iterator<Item = (u64, u32)> {
    let places = order.iter().zip(0_u32..);
    places.filter_map(move |(mark, place)| {
        Some((seeded.hash_one(mark.as_ref()?), first.wrapping_add(place)))
    })
}

impl Tombstones {
    /// None yet, and at most `bound`.
    pub(crate) fn new(bound: usize, seed: u64) -> Self {
        Self {
            bound,
            removals: 0,
            restored: 0,
            outdated: 0,
            order: VecDeque::new(),
            places: Index::new(),
            guilds: HashMap::with_hasher(Seeded::new(seed)),
            requests: VecDeque::new(),
        }
    }

    /// Marks a row as removed just now; `false` if this process had marked it already.
    pub(crate) fn mark(&mut self, guild: Option<GuildId>, removed: Removed) -> bool {
        let known = self.at(guild, removed).is_some_and(|at| at > self.restored);
        self.unmark(guild, removed);
        self.push(Tombstone { guild, removed });
        // A mark that was exported may soon be forgotten, and its row come again unnoticed.
        let newest = self.exported() as u64;
        if self.removals.checked_rem(newest) == Some(0) {
            self.outdated = self.outdated.wrapping_add(1);
        }
        !known
    }

    /// Counts a removal, which leaves this mark; one of the same row there must not be.
    fn push(&mut self, mark: Tombstone) {
        if !self.count(Some(mark)) {
            return;
        }
        let (seeded, number) = (*self.guilds.hasher(), number(self.removals));
        let (order, first) = (&self.order, self.first());
        let all = || numbered(order, first, seeded);
        self.places.insert(seeded.hash_one(mark), number, all);
        let own = self.guilds.entry(key(mark.guild)).or_default();
        own.count = own.count.saturating_add(1);
        if let Removed::Role(role) = mark.removed {
            own.roles.insert(role);
        }
    }

    /// Counts a removal, with its mark if it leaves one; whether it is among the last ones now.
    fn count(&mut self, mark: Option<Tombstone>) -> bool {
        while !self.is_empty() && self.order.len() >= self.bound {
            self.erase(0);
            self.tidy();
        }
        self.removals = self.removals.saturating_add(1);
        let is_kept = self.bound > 0 && (mark.is_some() || !self.is_empty());
        if is_kept {
            self.grow();
            self.order.push_back(mark);
        }
        is_kept
    }

    /// Makes room for one more, and never for more than the bound.
    fn grow(&mut self) {
        let length = self.order.len();
        if length == self.order.capacity() {
            let left = self.bound.saturating_sub(length);
            self.order.reserve_exact(length.clamp(4, left.max(4)));
        }
    }

    /// The number of the oldest removal.
    fn first(&self) -> u32 {
        let length = self.order.len() as u64;
        number(self.removals.wrapping_sub(length).wrapping_add(1))
    }

    /// The row is there again; `false` if it was not marked.
    pub(crate) fn clear(&mut self, guild: Option<GuildId>, removed: Removed) -> bool {
        let was_marked = self.unmark(guild, removed);
        let by = u64::from(was_marked);
        self.outdated = self.outdated.wrapping_add(by);
        was_marked
    }

    fn unmark(&mut self, guild: Option<GuildId>, removed: Removed) -> bool {
        let Some(place) = self.place(guild, removed) else {
            return false;
        };
        self.erase(place);
        self.tidy();
        true
    }

    /// Takes a mark out.
    fn erase(&mut self, place: usize) {
        let first = self.first();
        let mark = self.order.get_mut(place).and_then(Option::take);
        let (Some(mark), Ok(place)) = (mark, u32::try_from(place)) else {
            return;
        };
        let seeded = *self.guilds.hasher();
        let order = &self.order;
        let rest = || numbered(order, first, seeded);
        self.places
            .remove(seeded.hash_one(mark), first.wrapping_add(place), rest);
        if let Some(own) = self.guilds.get_mut(&key(mark.guild)) {
            own.count = own.count.saturating_sub(1);
            if let Removed::Role(role) = mark.removed {
                own.roles.remove(&role);
            }
            if own.count == 0 {
                self.guilds.remove(&key(mark.guild));
            }
        }
    }

    /// Forgets what is older than the oldest mark.
    fn tidy(&mut self) {
        while self.order.front() == Some(&None) {
            self.order.pop_front();
        }
        self.forget_requests();
    }

    /// All of a guild comes anew, or is gone.
    pub(crate) fn clear_guild(&mut self, guild: GuildId) {
        let count = self.guilds.get(&guild.get()).map_or(0, |own| own.count);
        self.outdated = self.outdated.wrapping_add(count as u64);
        if count == 0 {
            return;
        }
        for place in 0..self.order.len() {
            let mark = self.order.get(place).copied().flatten();
            if mark.is_some_and(|mark| mark.guild == Some(guild)) {
                self.erase(place);
            }
        }
        self.tidy();
    }

    /// A new session: what it lists is the truth.
    pub(crate) fn clear_all(&mut self) {
        self.guilds.clear();
        self.order = VecDeque::new();
        self.places = Index::new();
        self.requests.clear();
    }

    /// Whether nothing is marked at all.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Whether anything of this guild is marked. Cheap.
    #[inline]
    pub(crate) fn any_in(&self, guild: Option<GuildId>) -> bool {
        !self.is_empty() && self.guilds.contains_key(&key(guild))
    }

    /// Whether a row is marked.
    #[inline]
    pub(crate) fn contains(&self, guild: Option<GuildId>, removed: Removed) -> bool {
        self.place(guild, removed).is_some()
    }

    /// Whether a row was marked after so many removals.
    pub(crate) fn contains_since(&self, guild: GuildId, removed: Removed, seen: Removals) -> bool {
        self.at(Some(guild), removed).is_some_and(|at| at > seen)
    }

    /// How many removals there were with the one that marked a row.
    fn at(&self, guild: Option<GuildId>, removed: Removed) -> Option<Removals> {
        let later = self.order.len().checked_sub(self.place(guild, removed)?)?;
        let later = (later as u64).saturating_sub(1);
        Some(self.removals.saturating_sub(later))
    }

    /// Where the mark of a row is.
    fn place(&self, guild: Option<GuildId>, removed: Removed) -> Option<usize> {
        if self.order.is_empty() {
            return None;
        }
        let (mark, first) = (Tombstone { guild, removed }, self.first());
        let place = |number: u32| number.wrapping_sub(first) as usize;
        let same = |number| self.order.get(place(number)) == Some(&Some(mark));
        let hash = self.guilds.hasher().hash_one(mark);
        self.places.find(hash, same).map(place)
    }

    /// The roles of a guild that are marked, ascending.
    pub(crate) fn roles(&self, guild: GuildId) -> impl Iterator<Item = RoleId> {
        let own = self.guilds.get(&guild.get()).into_iter();
        own.flat_map(|own| own.roles.iter().copied())
    }

    /// A member request goes out now: its answer knows of all that was removed before.
    pub(crate) fn request_sent(&mut self, guild: GuildId, nonce: Nonce) {
        if self.order.is_empty() {
            return;
        }
        while self.requests.len() >= self.bound {
            self.requests.pop_front();
        }
        self.requests.push_back((guild, nonce, self.removals));
    }

    /// How many removals the answer with this nonce knows of; none if it is not known when it was
    /// asked for.
    pub(crate) fn seen_by(&self, guild: GuildId, nonce: Option<&str>) -> Removals {
        let Some(nonce) = nonce.and_then(Nonce::new) else {
            return 0;
        };
        let mut latest = self.requests.iter().rev();
        latest
            .find(|(own, sent, _)| (*own, *sent) == (guild, nonce))
            .map_or(0, |&(_, _, seen)| seen)
    }

    /// Requests that were sent before the oldest mark know of none.
    fn forget_requests(&mut self) {
        let before = self.removals.saturating_sub(self.order.len() as u64);
        let oldest = (!self.is_empty()).then(|| before.saturating_add(1));
        while let Some(&(_, _, seen)) = self.requests.front()
            && oldest.is_none_or(|oldest| seen < oldest)
        {
            self.requests.pop_front();
        }
    }

    /// The marks of the latest removals, the oldest of them first, for the process that goes on
    /// with the session: of half as many as are remembered.
    pub(crate) fn export(&self) -> Vec<Tombstone> {
        let older = self.order.len().saturating_sub(self.exported());
        self.order.iter().skip(older).flatten().copied().collect()
    }

    const fn exported(&self) -> usize {
        self.bound / 2
    }

    /// Counts how often a row that was marked came again, and the like: as long as it stays the
    /// same, what was [exported](Self::export) names no row that is there.
    pub(crate) const fn outdated(&self) -> u64 {
        self.outdated
    }

    /// Takes over the marks of a session that another process began.
    pub(crate) fn restore(&mut self, marks: &[Tombstone]) {
        for &Tombstone { guild, removed } in marks {
            self.mark(guild, removed);
        }
        self.restored = self.removals;
    }
}

const fn key(guild: Option<GuildId>) -> u64 {
    match guild {
        Some(guild) => guild.get(),
        None => 0,
    }
}

#[cfg(test)]
mod tests;
