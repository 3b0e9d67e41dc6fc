//! Stores of one's own: what the traits do by themselves, and two stores as one.

use std::fmt;
use std::future::{self, Future};
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use headcount_core::ShardId;
use headcount_core::cache::memory::Applied;
use headcount_core::cache::{
    AsyncStore, Deriver, Kinds, MemoryStore, Mutation, Router, RouterError, Store,
};
use headcount_core::wire::Name;
use serde_json::{Value, json};

use crate::world::{channel, guild, guild_1, ready, user};

/// A store in memory that does not return what it displaces, and takes so many mutations only.
struct Plain {
    memory: MemoryStore,
    takes: usize,
}

/// Why it takes no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Full;

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("full")
    }
}

impl std::error::Error for Full {}

impl Plain {
    fn taking(takes: usize) -> Self {
        let memory = MemoryStore::new(3);
        Self { memory, takes }
    }
}

impl Store for Plain {
    type Error = Full;

    fn apply(&mut self, mutation: Mutation<'_>) -> Result<Applied, Full> {
        self.takes = self.takes.checked_sub(1).ok_or(Full)?;
        Ok(self.memory.apply(mutation))
    }
}

/// The same store, far away: it takes its time.
struct Remote(Mutex<Plain>);

impl AsyncStore for Remote {
    type Error = Full;

    async fn apply(&self, mutation: &Mutation<'static>) -> Result<Applied, Full> {
        let mut asked = false;
        future::poll_fn(|_| match std::mem::replace(&mut asked, true) {
            false => Poll::Pending,
            true => Poll::Ready(()),
        })
        .await;
        Store::apply(&mut *self.0.lock().unwrap(), mutation.clone())
    }
}

/// Waits for a future that asks for nothing but time.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let (mut future, mut context) = (pin!(future), Context::from_waker(Waker::noop()));
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

/// What dispatches do to a cache of all kinds.
fn mutations(dispatches: &[(&str, Value)]) -> Vec<Mutation<'static>> {
    let mut deriver = Deriver::new(ShardId::ONE, Kinds::all());
    let of = |(name, data): &(&str, Value)| {
        let text = data.to_string();
        let view = deriver.decode(Name::from_wire(name), &text);
        deriver.derive(view.unwrap().unwrap()).into_owned()
    };
    dispatches.iter().map(of).collect()
}

/// A session, guild 1, and then a channel and a member that change.
fn history() -> Vec<Mutation<'static>> {
    let member = json!({"guild_id": "1", "nick": "new", "roles": [], "joined_at": null,
        "user": {"id": "10", "username": "user10"}});
    let renamed = json!({"id": "101", "guild_id": "1", "type": 0, "name": "new"});
    mutations(&[
        ("READY", ready(&[1, 2])),
        ("GUILD_CREATE", guild_1()),
        ("GUILD_MEMBER_UPDATE", member),
        ("CHANNEL_UPDATE", renamed),
    ])
}

fn nick(store: &MemoryStore) -> Option<&str> {
    store.member(guild(1), user(10)).unwrap().nick()
}

fn name(store: &MemoryStore) -> String {
    let row = store.channel(channel(101)).unwrap();
    row.name.value().unwrap().to_string()
}

#[test]
fn a_router_reports_what_each_of_its_stores_displaced() {
    let mut router = Router::new(MemoryStore::new(1), MemoryStore::new(2), Kinds::MEMBERS);
    let mut displaced = Vec::new();
    for mutation in history() {
        displaced.push(router.replace(mutation).unwrap().1);
    }
    assert!(displaced[0].is_empty() && displaced[1].is_empty());
    assert!(displaced[2].member.is_some() && displaced[2].channel.is_none());
    let old = displaced[3].channel.as_ref().unwrap();
    assert_eq!(old.name.value().unwrap(), "channel101");
    assert!(displaced[3].member.is_none());
    assert_eq!(
        nick(&router.second),
        Some("new"),
        "members are the second's"
    );
    assert_eq!(router.second.channels(guild(1)).count(), 0);
    assert_eq!(name(&router.first), "new", "channels are the first's");
    assert_eq!(router.first.members(guild(1)).count(), 0);
}

#[test]
fn a_router_asks_a_store_for_what_concerns_it_and_no_more() {
    let mut router = Router::new(MemoryStore::new(1), Plain::taking(0), Kinds::MESSAGES);
    let channel = json!({"id": "101", "guild_id": "1", "type": 0, "name": "new"});
    let mutation = mutations(&[("CHANNEL_CREATE", channel)]).remove(0);
    assert!(
        router.replace(mutation).is_ok(),
        "the second has no part in it"
    );
    let gone = mutations(&[("GUILD_DELETE", json!({"id": "1"}))]).remove(0);
    assert_eq!(
        router.replace(gone),
        Err(RouterError::Second(Full)),
        "of both kinds"
    );
}

#[test]
fn a_store_that_fails_keeps_no_part_from_the_other() {
    for takes in 0..4 {
        let memory = || MemoryStore::new(1);
        let mut first = Router::new(Plain::taking(takes), memory(), Kinds::MEMBERS);
        let mut second = Router::new(memory(), Plain::taking(takes), Kinds::MEMBERS.complement());
        for (n, mutation) in history().into_iter().enumerate() {
            // Both have a part in a session and in a guild, one each in the others.
            let has_part = n != 2;
            let fails = has_part && first.first.takes == 0;
            let emitted = first.replace(mutation.clone());
            assert_eq!(
                emitted.is_err_and(|error| error == RouterError::First(Full)),
                fails
            );
            let emitted = second.replace(mutation);
            assert_eq!(
                emitted.is_err_and(|error| error == RouterError::Second(Full)),
                fails
            );
        }
        assert_eq!(nick(&first.second), Some("new"));
        assert_eq!(nick(&second.first), Some("new"));
    }
}

#[test]
fn a_store_that_cannot_say_applies_and_displaces_nothing() {
    let history = history();
    let (mut near, far) = (Plain::taking(4), Remote(Mutex::new(Plain::taking(4))));
    for mutation in &history {
        let emitted = near.replace(mutation.clone()).unwrap();
        assert!(emitted.1.is_empty());
        assert_eq!(wait(far.replace(mutation)), Ok(emitted));
    }
    let far_away = far.0.lock().unwrap();
    for memory in [&near.memory, &far_away.memory] {
        assert_eq!((nick(memory), &*name(memory)), (Some("new"), "new"));
    }
    drop(far_away);
    assert_eq!(near.replace(history[3].clone()), Err(Full));
    assert_eq!(wait(far.replace(&history[3])), Err(Full));
}

#[test]
fn guilds_that_vanished_are_reported_by_whoever_stores_them() {
    let mut near = MemoryStore::new(1);
    let far = Remote(Mutex::new(Plain::taking(9)));
    let mut router = Router::new(MemoryStore::new(1), MemoryStore::new(2), Kinds::MEMBERS);
    let mut all = history();
    all.extend(mutations(&[("READY", ready(&[2]))]));
    let mut emitted = Vec::new();
    for mutation in all {
        emitted = vec![
            near.apply(mutation.clone()),
            wait(far.replace(&mutation)).unwrap().0,
            router.replace(mutation).unwrap().0,
        ];
    }
    assert!(
        emitted.iter().all(|applied| applied.vanished == [guild(1)]),
        "{emitted:?}"
    );
}
