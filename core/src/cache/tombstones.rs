//! What the gateway has removed in this session, so that nothing which trails it comes back.

#[cfg(feature = "checkpoint")]
mod saved;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

#[cfg(feature = "checkpoint")]
use saved::SavedTombstones;

use super::policy::Seeded;
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
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub(crate) enum Removed {
            /// A role. The first kind, so that the roles of a guild come first.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tombstone {
    /// `None` for a channel outside guilds.
    pub(crate) guild: Option<GuildId>,
    pub(crate) removed: Removed,
}

/// How many removals had come before something.
type Removals = u64;

/// The marks of a session, a bounded number of them: the oldest is forgotten first.
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
    /// By guild (0 for none), each with its place in the order.
    guilds: HashMap<u64, BTreeMap<Removed, Removals>, Seeded>,
    /// The same marks, the oldest first.
    order: VecDeque<(Removals, Tombstone)>,
    /// The member requests that were sent while there were marks, the oldest first.
    requests: VecDeque<(GuildId, Nonce, Removals)>,
}

impl Tombstones {
    /// None yet, and at most `bound`.
    pub(crate) fn new(bound: usize, seed: u64) -> Self {
        Self {
            bound,
            removals: 0,
            restored: 0,
            outdated: 0,
            guilds: HashMap::with_hasher(Seeded::new(seed)),
            order: VecDeque::new(),
            requests: VecDeque::new(),
        }
    }

    /// Marks a row as removed just now; `false` if this process had marked it already.
    pub(crate) fn mark(&mut self, guild: Option<GuildId>, removed: Removed) -> bool {
        let known = self.at(guild, removed).is_some_and(|at| at > self.restored);
        self.unmark(guild, removed);
        self.removals = self.removals.saturating_add(1);
        // A mark that was exported may soon be forgotten, and its row come again unnoticed.
        let newest = self.exported() as u64;
        if self.removals.checked_rem(newest) == Some(0) {
            self.outdated = self.outdated.wrapping_add(1);
        }
        // Room is made first, so that the list never takes more than for the bound.
        while self.order.len() >= self.bound {
            let Some((_, oldest)) = self.order.pop_front() else {
                return !known;
            };
            self.forget(oldest);
        }
        let own = self.guilds.entry(key(guild)).or_default();
        own.insert(removed, self.removals);
        self.order
            .push_back((self.removals, Tombstone { guild, removed }));
        !known
    }

    /// The row is there again; `false` if it was not marked.
    pub(crate) fn clear(&mut self, guild: Option<GuildId>, removed: Removed) -> bool {
        let was_marked = self.unmark(guild, removed);
        let by = u64::from(was_marked);
        self.outdated = self.outdated.wrapping_add(by);
        was_marked
    }

    fn unmark(&mut self, guild: Option<GuildId>, removed: Removed) -> bool {
        let Some(at) = self.at(guild, removed) else {
            return false;
        };
        if let Ok(place) = self.order.binary_search_by_key(&at, |(at, _)| *at) {
            self.order.remove(place);
        }
        self.forget(Tombstone { guild, removed });
        true
    }

    fn forget(&mut self, Tombstone { guild, removed }: Tombstone) {
        if let Some(own) = self.guilds.get_mut(&key(guild)) {
            own.remove(&removed);
            if own.is_empty() {
                self.guilds.remove(&key(guild));
            }
        }
        self.forget_requests();
    }

    /// All of a guild comes anew, or is gone.
    pub(crate) fn clear_guild(&mut self, guild: GuildId) {
        if let Some(own) = self.guilds.remove(&guild.get()) {
            self.outdated = self.outdated.wrapping_add(own.len() as u64);
            self.order.retain(|(_, mark)| mark.guild != Some(guild));
        }
        self.forget_requests();
    }

    /// A new session: what it lists is the truth.
    pub(crate) fn clear_all(&mut self) {
        self.guilds.clear();
        self.order = VecDeque::new();
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
        self.at(guild, removed).is_some()
    }

    /// Whether a row was marked after so many removals.
    pub(crate) fn contains_since(&self, guild: GuildId, removed: Removed, seen: Removals) -> bool {
        self.at(Some(guild), removed).is_some_and(|at| at > seen)
    }

    #[inline]
    fn at(&self, guild: Option<GuildId>, removed: Removed) -> Option<Removals> {
        if self.order.is_empty() {
            return None;
        }
        self.guilds.get(&key(guild))?.get(&removed).copied()
    }

    /// The roles of a guild that are marked, ascending.
    pub(crate) fn roles(&self, guild: GuildId) -> impl Iterator<Item = RoleId> {
        let own = self.guilds.get(&guild.get()).into_iter();
        own.flat_map(BTreeMap::keys).map_while(|removed| {
            let Removed::Role(role) = removed else {
                return None;
            };
            Some(*role)
        })
    }

    /// A member request goes out now: its answer knows of all that was removed before.
    pub(crate) fn request_sent(&mut self, guild: GuildId, nonce: Nonce) {
        if self.order.is_empty() {
            return;
        }
        self.requests.push_back((guild, nonce, self.removals));
        if self.requests.len() > self.bound {
            self.requests.pop_front();
        }
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
        let oldest = self.order.front().map(|&(at, _)| at);
        while let Some(&(_, _, seen)) = self.requests.front()
            && oldest.is_none_or(|oldest| seen < oldest)
        {
            self.requests.pop_front();
        }
    }

    /// The latest marks, the oldest of them first, for the process that goes on with the session:
    /// half as many as there may be.
    pub(crate) fn export(&self) -> Vec<Tombstone> {
        let older = self.order.len().saturating_sub(self.exported());
        let latest = self.order.iter().skip(older);
        latest.map(|(_, mark)| *mark).collect()
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
mod tests {
    use super::*;

    fn guild(number: u64) -> Option<GuildId> {
        GuildId::new(number)
    }

    fn member(number: u64) -> Removed {
        Removed::Member(UserId::new(number).unwrap())
    }

    #[test]
    fn a_mark_is_there_until_it_is_cleared_or_the_oldest() {
        let mut marks = Tombstones::new(2, 7);
        assert!(marks.mark(guild(1), member(1)));
        assert!(!marks.mark(guild(1), member(1)), "already marked");
        assert!(marks.mark(guild(2), member(1)));
        assert!(marks.mark(guild(2), member(2)));
        assert!(!marks.any_in(guild(1)), "the oldest of three");
        assert!(marks.clear(guild(2), member(1)) && !marks.clear(guild(2), member(1)));
        assert!(!marks.contains(guild(2), member(1)) && marks.contains(guild(2), member(2)));
        marks.clear_guild(GuildId::new(2).unwrap());
        assert!(marks.export().is_empty() && !marks.any_in(guild(2)));
    }

    #[test]
    fn whatever_is_marked_and_cleared_the_bound_holds_and_nothing_else_grows() {
        let mut marks = Tombstones::new(100, 7);
        for number in 1..10_000_u64 {
            marks.mark(guild(number % 7 + 1), member(number % 501 + 1));
            let nonce = Nonce::new(&std::format!("n{number}")).unwrap();
            marks.request_sent(GuildId::new(number % 7 + 1).unwrap(), nonce);
            marks.clear(guild(number % 5 + 1), member(number % 301 + 1));
            let held: usize = marks.guilds.values().map(BTreeMap::len).sum();
            assert!(held <= 100 && held == marks.order.len());
            assert!(marks.requests.len() <= 100);
            assert!(marks.guilds.values().all(|own| !own.is_empty()));
        }
        marks.clear_all();
        assert!(marks.guilds.is_empty() && marks.requests.is_empty());
    }

    #[test]
    fn the_marks_of_private_channels_are_those_of_no_guild() {
        let mut marks = Tombstones::new(10, 7);
        let channel = Removed::Channel(ChannelId::new(4).unwrap());
        marks.mark(None, channel);
        assert!(marks.contains(None, channel) && !marks.any_in(guild(1)));
    }

    #[test]
    fn what_is_restored_is_what_was_exported() {
        let mut marks = Tombstones::new(10, 7);
        for number in [3, 1, 2] {
            marks.mark(guild(number), member(number));
        }
        marks.mark(None, Removed::Channel(ChannelId::new(4).unwrap()));
        assert_eq!(marks.export().len(), 4);
        let mut other = Tombstones::new(10, 8);
        other.restore(&marks.export());
        assert_eq!(other.export(), marks.export());
        let mut small = Tombstones::new(4, 8);
        small.restore(&marks.export());
        assert_eq!(small.export(), marks.export()[2..]);
    }

    #[test]
    fn an_export_that_names_a_row_which_came_again_is_outdated_whatever_was_forgotten() {
        let mut rng = crate::rng::Rng::new(5);
        let mut marks = Tombstones::new(8, 7);
        let (mut exported, mut outdated) = (marks.export(), marks.outdated());
        let (mut come, mut times) = (Vec::new(), 0);
        for _ in 0..20_000 {
            let user = member(rng.next_u64() % 24 + 1);
            match rng.next_u64() % 4 {
                0 if marks.clear(guild(1), user) || !marks.contains(guild(1), user) => {
                    come.push(user);
                }
                0 => {}
                _ => {
                    come.retain(|one| *one != user);
                    marks.mark(guild(1), user);
                }
            }
            if marks.outdated() != outdated {
                times += 1;
                come.clear();
                (exported, outdated) = (marks.export(), marks.outdated());
            }
            assert!(exported.iter().all(|mark| !come.contains(&mark.removed)));
        }
        assert!(times < 15_000, "{times}");
    }

    #[test]
    fn an_answer_knows_of_the_removals_before_its_request() {
        let mut marks = Tombstones::new(10, 7);
        let own = GuildId::new(1).unwrap();
        let nonce = |text| Nonce::new(text).unwrap();
        marks.request_sent(own, nonce("a"));
        marks.mark(Some(own), member(1));
        marks.request_sent(own, nonce("b"));
        marks.mark(Some(own), member(2));
        let unknown = |text| {
            let seen = marks.seen_by(own, text);
            [1, 2].map(|number| marks.contains_since(own, member(number), seen))
        };
        assert_eq!(unknown(Some("a")), [true, true]);
        assert_eq!(unknown(Some("b")), [false, true]);
        assert_eq!(unknown(Some("theirs")), [true, true]);
        assert_eq!(unknown(None), [true, true]);
        assert_eq!(marks.seen_by(GuildId::new(2).unwrap(), Some("b")), 0);
    }

    #[test]
    fn a_request_to_which_every_mark_is_news_is_forgotten() {
        let mut marks = Tombstones::new(10, 7);
        let own = GuildId::new(1).unwrap();
        for (number, text) in [(1, "a"), (2, "b")] {
            marks.mark(Some(own), member(number));
            marks.request_sent(own, Nonce::new(text).unwrap());
        }
        marks.clear(Some(own), member(1));
        assert_eq!(marks.requests.len(), 1);
        marks.clear(Some(own), member(2));
        assert!(marks.requests.is_empty());
    }
}
