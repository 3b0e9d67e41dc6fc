//! What one session's client cannot know.
use super::said::{Kind, Place, Row, Said};
use std::collections::{BTreeMap, BTreeSet};

/// Why a row is in doubt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Doubt {
    /// It stood in a list, and what it is known by could not be read.
    unread: bool,
    /// A dispatch about it did not say about what it is.
    untold: bool,
    /// Parts of it that could not be read, by their keys.
    parts: BTreeSet<String>,
}

/// Rows, and parts of rows, that were sent in a form that nobody understands, until they are said
/// again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Doubts {
    rows: BTreeMap<Row, Doubt>,
    /// Lists that were not read whole, so that what they do not name may be there all the same.
    partial: BTreeSet<(u64, Kind)>,
    /// Words of rows that were gone came late.
    trailing: bool,
    /// The client may not know of removals before it began.
    forgetful: bool,
}

impl Doubts {
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.partial.is_empty()
    }

    /// All that a dispatch says is known. A chunk may have been written before a removal, so it
    /// does not say whether that was emitted.
    pub(crate) fn settle(&mut self, said: &Said<'_>) {
        for row in said.all_listed() {
            let untold = self.untold(row) && !said.is_whole();
            self.rows.remove(&row);
            if untold {
                self.at(row).untold = true;
            }
        }
        for row in said.subjects() {
            self.rows.remove(&row);
        }
        if said.is_whole() {
            for kind in said.lists() {
                self.partial.remove(&(said.owner, kind));
            }
        }
    }

    /// One place of a dispatch, all of which is settled, could not be read.
    pub(crate) fn add(&mut self, said: &Said<'_>, place: &Place) {
        match place {
            Place::List(list, kind) => {
                said.listed(list).for_each(|row| self.at(row).unread = true);
                self.partial.insert((said.owner, *kind));
            }
            Place::Row(kind, row) => {
                row.iter().for_each(|row| self.at(*row).unread = true);
                self.partial.insert((said.owner, *kind));
            }
            Place::Part(row, part) => {
                self.at(*row).parts.insert(part.clone());
            }
            Place::Subject => {
                said.all_listed().for_each(|row| self.at(row).unread = true);
                said.subjects().for_each(|row| self.at(row).untold = true);
                let partial = said.lists().map(|kind| (said.owner, kind));
                self.partial.extend(partial);
            }
            Place::Elsewhere => {}
        }
    }

    fn at(&mut self, row: Row) -> &mut Doubt {
        self.rows.entry(row).or_default()
    }

    /// Whether it may be there, or not.
    pub(crate) fn row(&self, row: Row) -> bool {
        self.rows.get(&row).is_some_and(|it| it.unread || it.untold)
    }

    /// Whether its coming or going was not said so that anybody could know.
    pub(crate) fn untold(&self, row: Row) -> bool {
        self.rows.get(&row).is_some_and(|it| it.untold)
    }

    /// Whether such a row's coming or going was not said so that anybody could know.
    pub(crate) fn any_untold(&self, owner: u64, kind: Kind) -> bool {
        let mut rows = self.rows.range((owner, kind, 0)..=(owner, kind, u64::MAX));
        rows.any(|(_, doubt)| doubt.untold)
    }

    /// Whether a part of it is not known.
    pub(crate) fn part(&self, row: Row, part: &str) -> bool {
        let doubt = self.rows.get(&row);
        doubt.is_some_and(|it| it.unread || it.untold || it.parts.contains(part))
    }

    /// Whether its newest statement, this part of it apart, could be read.
    pub(crate) fn unreadable(&self, row: Row, part: &str) -> bool {
        let doubt = self.rows.get(&row);
        doubt.is_some_and(|it| !it.unread && !it.untold && it.parts.contains(part))
    }

    /// Words of a row that is gone came late.
    pub(crate) fn trail(&mut self) {
        self.trailing = true;
    }

    /// The client was killed, and knows of removals up to when its guilds were written down: later
    /// ones it may have forgotten, and then late words are news to it.
    pub(crate) fn forget_removals(&mut self) {
        self.forgetful = true;
    }

    /// Whether more may be there than was listed.
    pub(crate) fn is_partial(&self, owner: u64, kind: Kind) -> bool {
        let risen = self.trailing && self.forgetful && kind != Kind::Guild;
        risen || self.partial.contains(&(owner, kind))
    }

    /// Whether what is held differs from what is there in nothing but rows that are in doubt.
    pub(crate) fn excuse(
        &self,
        owner: u64,
        kind: Kind,
        held: &BTreeSet<u64>,
        is: &BTreeSet<u64>,
    ) -> bool {
        let doubtful = |id: &u64| self.row((owner, kind, *id));
        let more = self.is_partial(owner, kind);
        is.difference(held).all(doubtful) && (more || held.difference(is).all(doubtful))
    }
}
