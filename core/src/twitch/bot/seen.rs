//! The last few ids, to drop what comes twice.

use alloc::collections::{BTreeSet, VecDeque};

/// Remembers the last ids up to a number.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    order: VecDeque<u128>,
    known: BTreeSet<u128>,
    room: usize,
}

impl Seen {
    pub(super) const fn new(room: usize) -> Self {
        Self {
            order: VecDeque::new(),
            known: BTreeSet::new(),
            room,
        }
    }

    /// Whether this id is among them.
    pub(super) fn knows(&self, id: &str) -> bool {
        self.known.contains(&digest(id))
    }

    /// Whether this id is new; from now on it is not.
    pub(super) fn insert(&mut self, id: &str) -> bool {
        let digest = digest(id);
        if !self.known.insert(digest) {
            return false;
        }
        self.order.push_back(digest);
        if self.order.len() > self.room
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

/// FNV-1a with 128 bits: ids are the server's, so nobody picks them to collide.
fn digest(id: &str) -> u128 {
    let start = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128;
    id.bytes().fold(start, |hash, byte| {
        let mixed = hash ^ u128::from(byte);
        mixed.wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten() {
        let mut seen = Seen::new(2);
        assert!(seen.insert("a") && seen.insert("b"));
        assert!(!seen.insert("a") && !seen.insert("b"));
        assert!(seen.insert("c") && seen.insert("a"));
        assert!(!seen.insert("c"));
        assert_eq!((seen.order.len(), seen.known.len()), (2, 2));
    }
}
