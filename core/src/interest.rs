//! Who waits for which events: a pure, bounded table.
//!
//! A host asks the table about each event, and copies those alone that somebody waits for. A
//! dispatch's data is not looked at unless somebody waits for its name in a place or of a user.

mod filter;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::cell::OnceCell;
use core::fmt;

use crate::dispatch::Dispatch;
use crate::event::Event;
use crate::wire::Name;
use filter::EventPredicate;

pub use filter::Filter;

/// Names one interest; unique within its table, ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterestId(u64);

/// The table holds as many interests as it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterestsFull {
    /// How many that is.
    pub bound: usize,
}

impl fmt::Display for InterestsFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} wait already, which is as many as may", self.bound)
    }
}

impl core::error::Error for InterestsFull {}

/// Who waits for which events.
#[derive(Debug)]
pub struct Interests {
    bound: usize,
    next: u64,
    filters: BTreeMap<InterestId, Filter>,
    /// By the name of the dispatch; under `None` those that name none.
    by_name: BTreeMap<Option<Name>, BTreeSet<InterestId>>,
}

impl Interests {
    /// An empty table that holds up to `bound` interests.
    #[must_use]
    pub const fn new(bound: usize) -> Self {
        Self {
            bound,
            next: 0,
            filters: BTreeMap::new(),
            by_name: BTreeMap::new(),
        }
    }

    /// Adds an interest in the events that `filter` lets through.
    ///
    /// # Errors
    /// [`InterestsFull`] if there are as many as there may be; nothing has changed then.
    pub fn add(&mut self, filter: Filter) -> Result<InterestId, InterestsFull> {
        let bound = self.bound;
        if self.filters.len() >= bound {
            return Err(InterestsFull { bound });
        }
        let id = InterestId(self.next);
        self.next = self.next.wrapping_add(1);
        self.by_name.entry(filter.name()).or_default().insert(id);
        self.filters.insert(id, filter);
        Ok(id)
    }

    /// Removes an interest; whether it was there.
    pub fn remove(&mut self, id: InterestId) -> bool {
        let Some(filter) = self.filters.remove(&id) else {
            return false;
        };
        if let Some(ids) = self.by_name.get_mut(&filter.name()) {
            ids.remove(&id);
            if ids.is_empty() {
                self.by_name.remove(&filter.name());
            }
        }
        true
    }

    /// How many interests there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.filters.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.filters.is_empty()
    }

    /// The interests that an event may be for, by ascending id: their names, guilds, channels and
    /// users fit. What is left to ask is [`Match::holds`], which calls the user's predicate: a host
    /// with a lock on the table lets go of it first.
    #[must_use]
    pub fn matches(&self, event: &Event<'_>) -> Vec<Match> {
        let name = event.dispatch().map(Dispatch::name);
        let unnamed = self.by_name.get(&None);
        let named = name.and_then(|name| self.by_name.get(&Some(name)));
        let subject = OnceCell::new();
        let ids = unnamed.into_iter().chain(named).flatten();
        let fitting = ids.filter_map(|id| {
            let filter = self.filters.get(id)?;
            let fits = filter.is_anywhere() || filter.fits(subject.get_or_init(|| event.subject()));
            fits.then(|| Match {
                id: *id,
                predicate: filter.predicate().cloned(),
            })
        });
        let mut matches: Vec<Match> = fitting.collect();
        matches.sort_unstable_by_key(|one| one.id);
        matches
    }
}

/// An event fits an interest, as far as its name and subject go.
#[derive(Clone)]
pub struct Match {
    id: InterestId,
    predicate: Option<EventPredicate>,
}

impl Match {
    /// Whose interest it is.
    #[must_use]
    pub const fn id(&self) -> InterestId {
        self.id
    }

    /// Whether the interest's predicate holds for the event too, if it has one.
    #[must_use]
    pub fn holds(&self, event: &Event<'_>) -> bool {
        self.predicate.as_ref().is_none_or(|holds| holds(event))
    }
}

impl fmt::Debug for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Match")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{ChannelId, GuildId, UserId};

    fn message(data: &str) -> Event<'_> {
        Event::Dispatch(Dispatch::new("MESSAGE_CREATE", Some(1), data))
    }

    fn who(table: &Interests, event: &Event<'_>) -> Vec<InterestId> {
        let matches = table.matches(event).into_iter();
        matches
            .filter(|it| it.holds(event))
            .map(|it| it.id())
            .collect()
    }

    #[test]
    fn an_event_goes_to_whom_it_fits_in_order_of_waiting() {
        let mut table = Interests::new(8);
        let mut add = |filter| table.add(filter).unwrap();
        let channel =
            add(Filter::named(Name::MessageCreate).in_channel(ChannelId::new(2).unwrap()));
        let elsewhere = add(Filter::any().in_channel(ChannelId::new(3).unwrap()));
        let user = add(Filter::any().of_user(UserId::new(4).unwrap()));
        let all = add(Filter::any());
        let guild = add(Filter::named(Name::MessageCreate).in_guild(GuildId::new(1).unwrap()));
        add(Filter::named(Name::TypingStart));
        add(Filter::any().when(|event| !matches!(event, Event::Dispatch(_))));
        let data = r#"{"guild_id":"1","channel_id":"2","author":{"id":"4"}}"#;
        assert_eq!(who(&table, &message(data)), [channel, user, all, guild]);
        let data = r#"{"channel_id":"3","author":{"id":"5"}}"#;
        assert_eq!(who(&table, &message(data)), [elsewhere, all]);
    }

    #[test]
    fn several_predicates_have_to_hold_together() {
        let mut table = Interests::new(1);
        let long = |event: &Event<'_>| matches!(event, Event::Dispatch(d) if d.data().len() > 3);
        let short = |event: &Event<'_>| matches!(event, Event::Dispatch(d) if d.data().len() < 6);
        table.add(Filter::any().when(long).when(short)).unwrap();
        let fits = |data| !who(&table, &message(data)).is_empty();
        assert_eq!(
            [fits("{}"), fits("{   }"), fits("{       }")],
            [false, true, false]
        );
    }

    #[test]
    fn the_table_is_bounded_and_forgets() {
        let mut table = Interests::new(2);
        let one = table.add(Filter::any()).unwrap();
        let other = table.add(Filter::named(Name::Ready)).unwrap();
        assert_eq!(table.add(Filter::any()), Err(InterestsFull { bound: 2 }));
        assert!(table.remove(one) && table.remove(other) && !table.remove(one));
        assert!(table.is_empty() && table.by_name.is_empty());
        assert!(
            table.add(Filter::any()).unwrap() > other,
            "ids are not used again"
        );
        assert_eq!(table.len(), 1);
    }

    #[test]
    fn a_payload_is_not_looked_at_where_nobody_asks_where_it_belongs() {
        let mut table = Interests::new(2);
        let named = table.add(Filter::named(Name::MessageCreate)).unwrap();
        // Data that is no JSON has no subject; a name is enough.
        assert_eq!(who(&table, &message("not JSON")), [named]);
    }
}
