//! Who is in a thread.

use alloc::vec::Vec;

use super::lazy_table::Plain;
use super::table::Row;
use crate::id::{ChannelId, UserId};
use crate::wire::view::ThreadMember;

/// The members of one thread, by user.
#[derive(Debug)]
pub(super) struct ThreadMembers {
    thread: ChannelId,
    pub(super) members: Vec<ThreadMember>,
}

impl ThreadMembers {
    /// Members of one thread, in any order; of two of a user the last counts.
    pub(super) fn of(members: &[ThreadMember]) -> Option<Self> {
        let mut members = Self {
            thread: members.first()?.thread,
            members: Vec::from(members),
        };
        members.settle();
        Some(members)
    }

    /// Puts the members in order, and keeps the last of each user.
    fn settle(&mut self) {
        self.members.sort_by_key(|member| member.user);
        self.members.dedup_by(|later, earlier| {
            let same = later.user == earlier.user;
            if same {
                *earlier = *later;
            }
            same
        });
    }

    pub(super) const fn thread(&self) -> ChannelId {
        self.thread
    }

    fn place(&self, user: UserId) -> Result<usize, usize> {
        self.members
            .binary_search_by_key(&user, |member| member.user)
    }

    pub(super) fn get(&self, user: UserId) -> Option<&ThreadMember> {
        self.members.get(self.place(user).ok()?)
    }

    /// How many of these users were in it.
    pub(super) fn remove(&mut self, users: &[UserId]) -> usize {
        let before = self.members.len();
        if let &[user] = users {
            if let Ok(place) = self.place(user) {
                self.members.remove(place);
            }
        } else {
            let mut users = users.to_vec();
            users.sort_unstable();
            self.members
                .retain(|member| users.binary_search(&member.user).is_err());
        }
        before.saturating_sub(self.members.len())
    }
}

impl Row for ThreadMembers {
    fn key(&self) -> u64 {
        self.thread.get()
    }

    fn heap(&self) -> usize {
        let rows = self.members.capacity();
        rows.saturating_mul(size_of::<ThreadMember>())
    }
}

impl Plain for ThreadMembers {
    fn take(&mut self, newer: Self) {
        let &[member] = newer.members.as_slice() else {
            self.members.extend(newer.members);
            return self.settle();
        };
        match self.place(member.user) {
            Ok(place) => self
                .members
                .get_mut(place)
                .into_iter()
                .for_each(|old| *old = member),
            Err(place) => self.members.insert(place, member),
        }
    }
}
