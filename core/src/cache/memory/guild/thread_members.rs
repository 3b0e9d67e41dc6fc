//! Who is in a thread.

use alloc::vec::Vec;

use crate::cache::memory::table::Row;
use crate::cache::memory::table::lazy_table::MergeRow;
use crate::id::{ChannelId, UserId};
use crate::wire::view::ThreadMember;

/// The members of one thread, by user.
#[derive(Debug)]
pub(in crate::cache::memory) struct ThreadMembers {
    thread: ChannelId,
    pub(in crate::cache::memory) members: Vec<ThreadMember>,
}

impl ThreadMembers {
    /// Members of one thread, in any order; of two of a user the last counts.
    pub(in crate::cache::memory) fn of(members: &[ThreadMember]) -> Option<Self> {
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

    pub(in crate::cache::memory) const fn thread(&self) -> ChannelId {
        self.thread
    }

    fn place(&self, user: UserId) -> Result<usize, usize> {
        self.members
            .binary_search_by_key(&user, |member| member.user)
    }

    pub(in crate::cache::memory) fn get(&self, user: UserId) -> Option<&ThreadMember> {
        self.members.get(self.place(user).ok()?)
    }

    /// How many of these users were in it.
    pub(in crate::cache::memory) fn remove(&mut self, users: &[UserId]) -> usize {
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

impl MergeRow for ThreadMembers {
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
