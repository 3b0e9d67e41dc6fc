//! Which rows are kept, and for how long.
//!
//! A [`Policy`] rules one kind of row, [`Policies`] every kind. A [`MemoryStore`] enforces them on
//! the gateway's rows, a [`Kept`] on rows of your own.
//!
//! ```
//! use core::time::Duration;
//! use headcount_core::cache::{Kind, MemberTraits, Policies, Policy, Predicate};
//!
//! let policies = Policies::default()
//!     // Members in voice and owners for good, beside them the 10,000 used last.
//!     .with(
//!         Kind::Member,
//!         Policy::lru(10_000).sparing(MemberTraits::IN_VOICE | MemberTraits::OWNER),
//!     )?
//!     // The newest 50 messages of each channel, 20,000 over all, none longer than a day.
//!     .with(
//!         Kind::Message,
//!         Policy::newest_per_channel(50)
//!             .at_most(20_000)
//!             .time_to_live(Duration::from_secs(86_400)),
//!     )?
//!     // Text channels alone.
//!     .with(Kind::Channel, Policy::keep(Predicate::channel(|row| row.kind == Some(0))))?;
//! # Ok::<(), headcount_core::cache::Unsuitable>(())
//! ```
//!
//! [`MemoryStore`]: super::MemoryStore

mod kept;
mod lifetimes;
mod policies;
mod predicate;
mod queue;
mod row_ref;
mod seeded;
mod unsuitable;
mod warning;

use core::time::Duration;

pub use kept::Kept;
pub(in crate::cache) use lifetimes::Lifetimes;
pub use policies::Policies;
pub use predicate::{Candidate, Guard, MemberTraits, Predicate};
pub use row_ref::RowRef;
pub(crate) use seeded::Seeded;
pub use unsuitable::Unsuitable;
pub use warning::Warning;

/// Which rows of one kind are kept.
///
/// A row has to pass all that is said: a predicate, limits, an age. Where a limit is passed, the
/// row goes that has not been used for longest. A look-up by key is a use, and so is a row that
/// comes anew or changes; going through many rows is none. A limit of zero keeps nothing.
///
/// The bot's own member of a guild stays as long as members are kept at all, and does not count.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    pub(in crate::cache) limits: KindLimits,
    /// For messages: how many of a channel, the newest ones.
    pub(in crate::cache) newest: Option<usize>,
    pub(super) only: Option<Predicate>,
    pub(super) spared: Option<Predicate>,
}

/// How many rows, and for how long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::cache) struct KindLimits {
    pub(super) per_group: Option<(Group, usize)>,
    pub(super) overall: Option<usize>,
    pub(super) time_to_live: Option<Duration>,
}

/// What rows are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cache) enum Group {
    Guild,
    Channel,
}

/// What is to become of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cache) enum Judgement {
    /// It goes.
    Evict,
    /// It stays, whatever the limits.
    Spare,
    /// It stays as long as the limits let it.
    Count,
}

impl KindLimits {
    /// Whether there is anything to watch.
    pub(super) const fn any(&self) -> bool {
        self.bound_numbers() || self.time_to_live.is_some()
    }

    /// Whether the order of use matters.
    pub(super) const fn bound_numbers(&self) -> bool {
        self.per_group.is_some() || self.overall.is_some()
    }

    const fn zero(&self) -> bool {
        matches!(self.per_group, Some((_, 0)))
            || matches!(self.overall, Some(0))
            || matches!(self.time_to_live, Some(Duration::ZERO))
    }
}

impl Policy {
    /// Every row.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// No row: the kind is not even decoded.
    #[must_use]
    pub fn none() -> Self {
        Self::lru(0)
    }

    /// At most this many rows over all guilds, the least recently used of which goes.
    #[must_use]
    pub fn lru(most: usize) -> Self {
        Self::all().at_most(most)
    }

    /// The rows of which `predicate` holds, as long as it does.
    ///
    /// It is judged when a row comes or changes, and again when something changes on which a
    /// [`MemberTraits`] depends. A row that it refuses goes at once.
    #[must_use]
    pub fn keep(predicate: impl Into<Predicate>) -> Self {
        Self {
            only: Some(predicate.into()),
            ..Self::default()
        }
    }

    /// For scheduled events: every one, and those that are completed or cancelled for this long
    /// after a payload last said so, to the millisecond. No event removes these.
    #[must_use]
    pub fn until_over(age: Duration) -> Self {
        let goes_on = Predicate::scheduled_event(|row| !row.is_over());
        Self::all().time_to_live(age).sparing(goes_on)
    }

    /// For messages: this many of each channel, the newest ones, used or not. They cost no
    /// bookkeeping.
    #[must_use]
    pub fn newest_per_channel(most: usize) -> Self {
        Self {
            newest: Some(most),
            ..Self::default()
        }
    }

    /// At most this many rows over all guilds.
    #[must_use]
    pub const fn at_most(mut self, most: usize) -> Self {
        self.limits.overall = Some(most);
        self
    }

    /// At most this many rows of each guild, and messages of each channel outside guilds. Replaces
    /// [`Policy::per_channel`].
    #[must_use]
    pub const fn per_guild(mut self, most: usize) -> Self {
        self.limits.per_group = Some((Group::Guild, most));
        self
    }

    /// For messages: at most this many of each channel, the least recently used of which goes.
    /// Replaces [`Policy::per_guild`].
    #[must_use]
    pub const fn per_channel(mut self, most: usize) -> Self {
        self.limits.per_group = Some((Group::Channel, most));
        self
    }

    /// A row goes that no mutation has touched for this long, to the millisecond.
    ///
    /// Reading does not renew it: what is left is never older than this. The age is looked at
    /// whenever the store's time is set.
    #[must_use]
    pub const fn time_to_live(mut self, age: Duration) -> Self {
        self.limits.time_to_live = Some(age);
        self
    }

    /// Rows of which `predicate` holds stay whatever the limits and their age, and count for no
    /// limit.
    #[must_use]
    pub fn sparing(mut self, predicate: impl Into<Predicate>) -> Self {
        self.spared = Some(predicate.into());
        self
    }

    /// The same, with `guard` around every function of the user's.
    #[must_use]
    pub fn guarded(mut self, guard: &Guard) -> Self {
        self.only = self.only.map(|only| only.guarded(guard));
        self.spared = self.spared.map(|spared| spared.guarded(guard));
        self
    }

    /// Whether every row is kept.
    #[must_use]
    pub const fn is_all(&self) -> bool {
        !self.limits.any() && self.newest.is_none() && self.only.is_none()
    }

    /// Whether no row is ever kept.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.spared.is_none() && self.is_barred()
    }

    /// Whether rows that are not spared have no room at all.
    const fn is_barred(&self) -> bool {
        self.limits.zero() || matches!(self.newest, Some(0))
    }

    /// Whether rows have to be judged when they come.
    pub(in crate::cache) const fn judges(&self) -> bool {
        self.only.is_some() || self.is_tracked() || self.is_barred()
    }

    /// Whether the order of use and the ages of rows matter.
    pub(in crate::cache) const fn is_tracked(&self) -> bool {
        self.limits.any() && !self.is_none()
    }

    /// Whether rows are counted by what they lie in.
    pub(in crate::cache) const fn is_by_group(&self) -> bool {
        self.limits.per_group.is_some()
    }

    /// Whether rows are counted by channel.
    pub(in crate::cache) const fn is_per_channel(&self) -> bool {
        matches!(self.limits.per_group, Some((Group::Channel, _)))
    }

    /// The built-in predicates that are part of it.
    pub(in crate::cache) fn watched(&self) -> MemberTraits {
        self.predicates()
            .fold(MemberTraits::empty(), |all, one| all | one.watched())
    }

    fn predicates(&self) -> impl Iterator<Item = &Predicate> {
        self.only.iter().chain(&self.spared)
    }

    /// Whether it depends on what is in a row, beyond whether a member is the bot itself.
    pub(in crate::cache) const fn looks_at_rows(&self) -> bool {
        self.only.is_some() || self.spared.is_some()
    }

    /// What becomes of a row.
    pub(in crate::cache) fn judge(&self, candidate: &Candidate<'_>) -> Judgement {
        if self.is_none() {
            return Judgement::Evict;
        }
        if candidate.is.contains(MemberTraits::OWN) {
            return Judgement::Spare;
        }
        if self
            .only
            .as_ref()
            .is_some_and(|only| !only.holds(candidate))
        {
            return Judgement::Evict;
        }
        if self
            .spared
            .as_ref()
            .is_some_and(|spared| spared.holds(candidate))
        {
            return Judgement::Spare;
        }
        if self.is_barred() {
            return Judgement::Evict;
        }
        Judgement::Count
    }
}
