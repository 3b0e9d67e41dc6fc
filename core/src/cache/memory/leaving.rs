//! Guilds that have gone and are not freed yet.

use alloc::boxed::Box;
use alloc::collections::VecDeque;

use crate::cache::memory::MemoryStore;
use crate::cache::memory::guild::leaving::Remains;
use crate::cache::memory::guild::rows::GuildRows;
use crate::cache::memory::usage::{EntityUsage, Usage, Weight};
use crate::id::GuildId;

/// A guild goes at once if it has no more members or presences than this.
const AT_ONCE: usize = 4_096;

/// So many rows are freed at a time.
const AT_A_TIME: usize = 512;

/// Guilds that have gone, and whose rows are freed some at a time.
#[derive(Debug)]
pub(super) struct Leaving {
    guilds: VecDeque<Box<GuildRows>>,
    at_once: usize,
    at_a_time: usize,
}

impl Leaving {
    pub(super) const fn new() -> Self {
        Self {
            guilds: VecDeque::new(),
            at_once: AT_ONCE,
            at_a_time: AT_A_TIME,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.guilds.is_empty()
    }

    /// Bytes of members that are not freed yet, and of presences.
    pub(super) fn weights(&self) -> [Weight; 2] {
        let sum = |bytes: fn(&GuildRows) -> usize| Weight {
            rows: 0,
            bytes: self.guilds.iter().map(|guild_rows| bytes(guild_rows)).sum(),
        };
        [
            sum(|guild_rows| guild_rows.members.bytes()),
            sum(|guild_rows| guild_rows.presences.bytes()),
        ]
    }
}

impl MemoryStore {
    pub(super) fn remove_guild(&mut self, guild: GuildId) {
        self.pending.remove(&guild);
        if let Some(mut guild_rows) = self.guilds.remove(guild.get()) {
            self.usage.replace(guild_rows.usage(), Usage::default());
            let entities = guild_rows.entities.usage();
            self.entity_usage
                .replace(&entities, &EntityUsage::default());
            let most = self.leaving.at_once;
            if guild_rows.dissolve(&mut self.shared, most) == Remains::Some {
                self.leaving.guilds.push_back(guild_rows);
            }
        }
    }

    /// Frees some rows of guilds that have gone.
    #[inline]
    pub(super) fn free_some(&mut self) {
        if !self.leaving.is_empty() {
            self.free(self.leaving.at_a_time);
        }
    }

    #[cold]
    fn free(&mut self, rows: usize) {
        if let Some(guild_rows) = self.leaving.guilds.front_mut()
            && guild_rows.free(&mut self.shared, rows) == Remains::None
        {
            self.leaving.guilds.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ShardId;
    use crate::cache::{Deriver, Kind, Kinds};
    use crate::id::UserId;
    use crate::wire::Envelope;
    use crate::wire::view::View;
    use proptest::prelude::*;
    use std::string::String;
    use std::vec::Vec;
    use std::{format, vec};

    fn guild_id(id: u64) -> GuildId {
        GuildId::new(id).unwrap()
    }

    fn feed(store: &mut MemoryStore, name: &str, data: &str) {
        let frame = format!(r#"{{"op":0,"s":null,"t":"{name}","d":{data}}}"#);
        let envelope = Envelope::parse(frame.as_bytes()).unwrap();
        let view = View::parse(envelope.kind(), envelope.data, Kinds::all()).unwrap();
        store.apply(Deriver::new(ShardId::ONE, Kinds::all()).derive(view.unwrap()));
    }

    /// All that can be seen of guilds, members and users.
    fn seen(store: &MemoryStore) -> Vec<String> {
        let users = (1..6).filter_map(|user| {
            let user = store.user(UserId::new(user)?)?;
            let guilds: Vec<GuildId> = user.guilds().collect();
            Some(format!("{:?} in {guilds:?}", user.to_row()))
        });
        let guilds = (1..4).map(|guild| {
            let guild = guild_id(guild);
            let members = store.members(guild);
            let mut members: Vec<_> = members
                .map(|member| (member.id(), member.user().to_row()))
                .collect();
            members.sort_by_key(|(id, _)| *id);
            let (status, counts) = (store.guild_status(guild), store.counts(guild));
            format!("{status:?} {counts:?} {members:?}")
        });
        users.chain(guilds).collect()
    }

    fn member(user: u64, name: u8) -> String {
        // Whoever says less keeps what was said before, unless nobody held the user.
        let global = ["", r#","global_name":"g""#][usize::from(name % 2)];
        format!(r#"{{"user":{{"id":"{user}","username":"u{name}"{global}}},"roles":[]}}"#)
    }

    fn step(store: &mut MemoryStore, (step, guild, user, name): (u8, u64, u64, u8)) {
        let one = member(user, name);
        match step {
            0 => feed(store, "GUILD_DELETE", &format!(r#"{{"id":"{guild}"}}"#)),
            1 => {
                let data = format!(r#"{{"id":"{guild}","members":[{one}]}}"#);
                feed(store, "GUILD_CREATE", &data);
            }
            2 => {
                let data = format!(r#"{{"guild_id":"{guild}","user":{{"id":"{user}"}}}}"#);
                feed(store, "GUILD_MEMBER_REMOVE", &data);
            }
            3 => {
                let author = format!(r#"{{"id":"{user}","username":"u{name}"}}"#);
                let data = format!(
                    r#"{{"id":"{user}","channel_id":"9","guild_id":"{guild}","author":{author}}}"#
                );
                feed(store, "MESSAGE_CREATE", &data);
            }
            4 => {
                let data = format!(r#"{{"id":"{user}","channel_id":"9","guild_id":"{guild}"}}"#);
                feed(store, "MESSAGE_DELETE", &data);
            }
            5 => {
                let user = format!(r#"{{"id":"{user}","username":"u{name}"}}"#);
                feed(store, "USER_UPDATE", &user);
            }
            6 => store.free(1),
            _ => {
                let data = one.replacen('{', &format!(r#"{{"guild_id":"{guild}","#), 1);
                feed(store, "GUILD_MEMBER_ADD", &data);
            }
        }
    }

    proptest! {
        #[test]
        fn a_guild_that_is_freed_later_is_out_of_sight_at_once(
            steps in prop::collection::vec((0..12_u8, 1..4_u64, 1..6_u64, 0..4_u8), 0..60),
        ) {
            let [mut at_once, mut later] = [MemoryStore::new(1), MemoryStore::new(1)];
            (later.leaving.at_once, later.leaving.at_a_time) = (0, 0);
            for one in steps {
                step(&mut at_once, one);
                step(&mut later, one);
                prop_assert_eq!(seen(&at_once), seen(&later));
            }
            while !later.leaving.is_empty() {
                later.free(1);
            }
            prop_assert_eq!(seen(&at_once), seen(&later));
            for &kind in Kind::ALL {
                prop_assert_eq!(at_once.rows(kind), later.rows(kind), "{:?}", kind);
            }
        }
    }

    #[test]
    fn a_large_guild_goes_some_rows_at_a_time() {
        let mut store = MemoryStore::new(1);
        let members: Vec<String> = (1..=60_000).map(|user| member(user, 1)).collect();
        let data = format!(r#"{{"id":"1","members":[{}]}}"#, members.join(","));
        feed(&mut store, "GUILD_CREATE", &data);
        feed(&mut store, "GUILD_CREATE", r#"{"id":"2"}"#);
        assert_eq!(store.next_expiry(), None);
        feed(&mut store, "GUILD_DELETE", r#"{"id":"1"}"#);
        assert_eq!(
            (store.guild_status(guild_id(1)), store.rows(Kind::Member)),
            (None, 0)
        );
        let mut left = vec![store.rows(Kind::User)];
        let now = crate::Instant::from_millis(5);
        while store.next_expiry().is_some_and(|at| at <= now) {
            let before = store.bytes(Kind::Member);
            store.advance(now);
            assert!(store.bytes(Kind::Member) <= before);
            left.push(store.rows(Kind::User));
        }
        let most = left.windows(2).map(|two| two[0] - two[1]).max();
        assert!(most <= Some(AT_A_TIME), "{most:?}");
        assert_eq!((left.last(), store.bytes(Kind::Member)), (Some(&0), 0));
        assert!(store.bytes(Kind::User) < 100, "the numbers of guilds");
    }
}
