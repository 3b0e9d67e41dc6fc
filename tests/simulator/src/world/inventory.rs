//! Numbered things of a guild that are added, changed and removed.
use std::collections::BTreeMap;

/// The things by number, with how often each was changed.
#[derive(Clone, Debug)]
pub(crate) struct Inventory {
    held: BTreeMap<u32, u32>,
    next: u32,
}

impl Inventory {
    /// The things 0 to `count`.
    pub(crate) fn new(count: u32) -> Self {
        Self {
            held: (0..count).map(|number| (number, 0)).collect(),
            next: count,
        }
    }

    /// The numbers, ascending.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u32> {
        self.held.keys().copied()
    }

    /// The numbers of what has been removed, ascending.
    pub(crate) fn gone(&self) -> impl Iterator<Item = u32> {
        (0..self.next).filter(|number| !self.has(*number))
    }

    pub(crate) fn has(&self, number: u32) -> bool {
        self.held.contains_key(&number)
    }

    /// How often this one was changed; 0 for one that is gone.
    pub(crate) fn revision(&self, number: u32) -> u32 {
        self.held.get(&number).copied().unwrap_or(0)
    }

    /// Adds one more and returns its number.
    pub(crate) fn add(&mut self) -> u32 {
        let number = self.next;
        self.next += 1;
        self.held.insert(number, 0);
        number
    }

    pub(crate) fn change(&mut self, number: u32) {
        if let Some(revision) = self.held.get_mut(&number) {
            *revision += 1;
        }
    }

    pub(crate) fn remove(&mut self, number: u32) {
        self.held.remove(&number);
    }
}
