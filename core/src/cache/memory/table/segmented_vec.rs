//! A list of which no push moves more than a segment.

use alloc::vec::{self, Vec};
use core::iter::{Chain, Flatten};
use core::mem;

/// Elements of a full segment.
const SEGMENT: usize = 1 << SHIFT;
const SHIFT: u32 = 12;

/// A list in segments: the first one grows as a `Vec` does, and others come once it is full.
#[derive(Debug)]
pub(in crate::cache) struct SegmentedVec<T> {
    first: Vec<T>,
    /// All but the last one are full, and none is empty.
    others: Vec<Vec<T>>,
}

impl<T> SegmentedVec<T> {
    pub(in crate::cache) const fn new() -> Self {
        Self {
            first: Vec::new(),
            others: Vec::new(),
        }
    }

    pub(in crate::cache) fn len(&self) -> usize {
        match self.others.last() {
            Some(last) => (self.others.len() << SHIFT).wrapping_add(last.len()),
            None => self.first.len(),
        }
    }

    /// Elements for which there is room.
    pub(in crate::cache) const fn capacity(&self) -> usize {
        let others = self.others.len() << SHIFT;
        self.first.capacity().saturating_add(others)
    }

    /// Bytes held, spare room included.
    pub(in crate::cache) const fn bytes(&self) -> usize {
        let list = self.others.capacity().saturating_mul(size_of::<Vec<T>>());
        list.saturating_add(self.capacity().saturating_mul(size_of::<T>()))
    }

    #[inline]
    pub(in crate::cache) fn get(&self, place: usize) -> Option<&T> {
        match (place >> SHIFT).checked_sub(1) {
            None => self.first.get(place),
            Some(other) => self.others.get(other)?.get(place % SEGMENT),
        }
    }

    #[inline]
    pub(in crate::cache) fn get_mut(&mut self, place: usize) -> Option<&mut T> {
        match (place >> SHIFT).checked_sub(1) {
            None => self.first.get_mut(place),
            Some(other) => self.others.get_mut(other)?.get_mut(place % SEGMENT),
        }
    }

    pub(in crate::cache) fn push(&mut self, element: T) {
        let last = self.others.last_mut().unwrap_or(&mut self.first);
        if last.len() < SEGMENT {
            last.push(element);
        } else {
            let mut next = Vec::with_capacity(SEGMENT);
            next.push(element);
            self.others.push(next);
        }
    }

    /// Takes the last element; its segment goes with its last one.
    pub(in crate::cache) fn pop(&mut self) -> Option<T> {
        let Some(last) = self.others.last_mut() else {
            return self.first.pop();
        };
        let element = last.pop();
        if last.is_empty() {
            self.others.pop();
        }
        element
    }

    /// Takes an element out; the last one takes its place.
    pub(in crate::cache) fn swap_remove(&mut self, place: usize) -> Option<T> {
        let last = self.pop()?;
        match self.get_mut(place) {
            Some(element) => Some(mem::replace(element, last)),
            None => Some(last),
        }
    }

    /// Gives room back of which three quarters are empty.
    pub(in crate::cache) fn shrink(&mut self) {
        fn shrink<T>(list: &mut Vec<T>) {
            if list.capacity() > list.len().saturating_mul(4).max(4) {
                list.shrink_to(list.len().saturating_mul(2));
            }
        }
        shrink(&mut self.first);
        shrink(&mut self.others);
    }

    pub(in crate::cache) fn iter(&self) -> impl Iterator<Item = &T> + Clone {
        self.first.iter().chain(self.others.iter().flatten())
    }

    pub(in crate::cache) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.first
            .iter_mut()
            .chain(self.others.iter_mut().flatten())
    }
}

impl<T> IntoIterator for SegmentedVec<T> {
    type Item = T;
    type IntoIter = Chain<vec::IntoIter<T>, Flatten<vec::IntoIter<Vec<T>>>>;

    fn into_iter(self) -> Self::IntoIter {
        let others = self.others.into_iter().flatten();
        self.first.into_iter().chain(others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_list_and_no_push_moves_more_than_a_segment() {
        let mut rng = crate::rng::Rng::new(3);
        let mut list = SegmentedVec::new();
        let mut model = Vec::new();
        for number in 0..60_000_usize {
            let before = list.bytes();
            match rng.next_u64() % 8 {
                0 if !model.is_empty() => {
                    let place = usize::try_from(rng.next_u64()).unwrap() % model.len();
                    assert_eq!(list.swap_remove(place), Some(model.swap_remove(place)));
                }
                1 => assert_eq!(list.pop(), model.pop()),
                _ => {
                    list.push(number);
                    model.push(number);
                }
            }
            assert!(list.bytes() <= before + SEGMENT * size_of::<usize>() + 1_024);
            assert_eq!(list.len(), model.len());
        }
        assert!(list.len() > 3 * SEGMENT && list.iter().eq(&model));
        for (place, number) in model.iter().enumerate() {
            assert_eq!(list.get(place), Some(number));
            assert_eq!(list.get_mut(place), Some(&mut { *number }));
        }
        assert_eq!(list.get(model.len()), None);
        while list.len() > 10 {
            assert_eq!(list.pop(), model.pop());
            list.shrink();
        }
        assert!(list.bytes() < 1_000 && list.into_iter().eq(model));
    }
}
