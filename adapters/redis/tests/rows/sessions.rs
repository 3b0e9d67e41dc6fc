//! New sessions, what a session of before brings after them, and guilds that are gone with them.

use std::collections::BTreeSet;

use headcount_core::ShardId;
use headcount_core::cache::memory::Exported;
use headcount_core::cache::{AsyncStore, GuildStatus, MemoryStore, Mutation, Op, Scope};
use headcount_redis::{RowStore, RowsError, StoredGuild};
use serde_json::json;

use crate::feed::{Dice, Feed, guild, guild_create, ready, role_update};
use crate::history::{in_memory, in_redis};
use crate::server::Server;
use crate::writing::{filled, keys};

/// A new session that names the first guilds.
fn begun(feed: &mut Feed, guilds: u64) -> Mutation<'static> {
    feed.derive("READY", &ready(1..=guilds)).unwrap()
}

#[tokio::test]
async fn what_a_session_of_before_brings_is_refused_until_it_delivers_the_guild_anew() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (old, mut feed) = filled(&server, 10).await;
    let new = RowStore::open(&server.address()).await.unwrap();
    let late = [role_update(&mut feed), role_update(&mut feed)];
    let [first, second] = &late;
    let gone = Mutation::new(Some(guild(1))).with(Op::Cascade(Scope::Guild));
    let gone = feed.place(gone);
    new.apply(&begun(&mut feed, 1)).await.unwrap();
    for late in [first, &gone] {
        let refused = old.apply(late).await;
        assert!(matches!(refused, Err(RowsError::Superseded)), "{refused:?}");
    }
    let create = guild_create(&mut Dice(4), 1);
    let create = feed.derive("GUILD_CREATE", &create).unwrap();
    for mutation in [create, role_update(&mut feed)] {
        new.apply(&mutation).await.unwrap();
    }
    let before = in_redis(&new.reader(), 1).await;
    for store in [&old, &new] {
        let refused = store.apply(second).await;
        assert!(matches!(refused, Err(RowsError::Superseded)), "{refused:?}");
    }
    assert_eq!(in_redis(&new.reader(), 1).await, before);
    // Whoever delivers it anew has it.
    let anew = Mutation::new(Some(guild(1))).with(Op::SetStatus(GuildStatus::Available));
    feed.session = 7;
    old.apply(&feed.place(anew)).await.unwrap();
    old.apply(&role_update(&mut feed)).await.unwrap();
    let refused = new.apply(second).await;
    assert!(matches!(refused, Err(RowsError::Superseded)), "{refused:?}");
}

#[tokio::test]
async fn a_guild_whose_rows_are_damaged_keeps_no_other_from_a_new_session() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let store = RowStore::open(&server.address()).await.unwrap();
    let mut feed = Feed::new(true);
    for number in 1..=200 {
        let mut create = guild_create(&mut Dice(number), number);
        create["unavailable"] = json!(false);
        let create = feed.derive("GUILD_CREATE", &create).unwrap();
        store.apply(&create).await.unwrap();
    }
    let head = format!("{{headcount:{}}}:head", guild(1));
    server.ask::<i64>(&["HSET", &head, "state", "?"]).unwrap();
    let failed = store.apply(&begun(&mut feed, 200)).await;
    assert!(matches!(failed, Err(RowsError::Damaged)), "{failed:?}");
    for number in 2..=200 {
        let stored = store.reader().guild(guild(number)).await.unwrap().unwrap();
        assert_eq!(stored.state.position().unwrap().session, feed.session);
        assert_ne!(stored.state.status(), GuildStatus::Available, "{number}");
    }
}

/// The guild is gone at once, and what was left of it goes before it is there again.
#[tokio::test]
async fn a_guild_whose_keys_were_taken_away_in_part_comes_back_without_them() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (store, mut feed) = filled(&server, 2_500).await;
    let cascade = Mutation::new(Some(guild(1))).with(Op::Cascade(Scope::Guild));
    let forbid = ["ACL", "SETUSER", "default", "-unlink"];
    let allow = ["ACL", "SETUSER", "default", "+unlink"];
    server.ask::<()>(&forbid).unwrap();
    let gone = feed.place(cascade.clone());
    assert!(store.apply(&gone).await.is_err());
    assert_eq!(store.reader().guild(guild(1)).await.unwrap(), None);
    assert!(keys(&server, "*:members:*").len() > 60);
    server.ask::<()>(&allow).unwrap();
    let create = guild_create(&mut Dice(4), 1);
    let create = feed.derive("GUILD_CREATE", &create).unwrap();
    let mut memory = MemoryStore::new(1);
    memory.apply(create.clone());
    store.apply(&create).await.unwrap();
    assert_eq!(in_redis(&store.reader(), 1).await, in_memory(&memory));
    assert!(keys(&server, "*:members:*").len() <= 20);
    // As whoever tries again does.
    server.ask::<()>(&forbid).unwrap();
    let gone = feed.place(cascade);
    assert!(store.apply(&gone).await.is_err());
    server.ask::<()>(&allow).unwrap();
    store.apply(&gone).await.unwrap();
    assert_eq!(keys(&server, "*"), ["{headcount}:rows"]);
}

/// Redis takes writes again after a change has failed for good.
#[tokio::test]
async fn rows_that_lack_a_change_are_stale_until_their_guild_is_delivered_anew() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (store, mut feed) = filled(&server, 10).await;
    let status = |stored: StoredGuild| stored.state.status();
    let read = async || status(store.reader().guild(guild(1)).await.unwrap().unwrap());
    let refuse = ["CONFIG", "SET", "maxmemory", "1"];
    let take = ["CONFIG", "SET", "maxmemory", "0"];
    server.ask::<()>(&refuse).unwrap();
    let tried = role_update(&mut feed);
    assert!(store.apply(&tried).await.is_err());
    server.ask::<()>(&take).unwrap();
    store.apply(&tried).await.unwrap();
    store.apply(&role_update(&mut feed)).await.unwrap();
    assert_eq!(read().await, GuildStatus::Available, "it was tried again");
    server.ask::<()>(&refuse).unwrap();
    assert!(store.apply(&role_update(&mut feed)).await.is_err());
    let note = Mutation::new(Some(guild(1))).with(Op::SetStatus(GuildStatus::Stale));
    assert!(store.apply(&note).await.is_err());
    // One that is under way when Redis takes writes again hides nothing of that.
    let tried = role_update(&mut feed);
    assert!(store.apply(&tried).await.is_err());
    server.ask::<()>(&take).unwrap();
    assert_eq!(read().await, GuildStatus::Stale);
    store.apply(&tried).await.unwrap();
    assert_eq!(read().await, GuildStatus::Stale);
    let create = guild_create(&mut Dice(4), 1);
    let create = feed.derive("GUILD_CREATE", &create).unwrap();
    store.apply(&create).await.unwrap();
    assert_eq!(read().await, GuildStatus::Available);
}

/// The future is dropped, as at a deadline, after the change was sent or before.
#[tokio::test]
async fn rows_that_may_lack_a_change_that_was_dropped_are_stale_unless_they_have_it() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let mut seen = BTreeSet::new();
    for polls in 1..40 {
        server.ask::<()>(&["FLUSHALL"]).unwrap();
        let (store, mut feed) = filled(&server, 10).await;
        let dropped = role_update(&mut feed);
        let mut applying = Box::pin(store.apply(&dropped));
        for _ in 0..polls {
            let polled = std::future::poll_fn(|context| {
                std::task::Poll::Ready(applying.as_mut().poll(context).is_ready())
            });
            if polled.await {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(applying);
        let next = feed.place(Mutation::new(Some(guild(1))).with(Op::Recount));
        store.apply(&next).await.unwrap();
        let mut rows = BTreeSet::new();
        let export = |piece: Exported<'static>| {
            rows.insert(serde_json::to_string(&piece).unwrap());
        };
        store.reader().export(guild(1), export).await.unwrap();
        let has_it = rows.iter().any(|row| row.contains("\"name\":\"r\""));
        let stored = store.reader().guild(guild(1)).await.unwrap().unwrap();
        let is_stale = stored.state.status() == GuildStatus::Stale;
        assert_eq!(has_it, !is_stale, "{polls} {rows:?}");
        seen.insert(has_it);
    }
    assert_eq!(seen.len(), 2, "dropped before it was sent, and after");
}

/// Redis comes back with rows of a session before this one, which was written here as well.
#[tokio::test]
async fn rows_of_a_session_before_this_one_are_stale_and_go_on() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (store, mut feed) = filled(&server, 10).await;
    let head = format!("{{headcount:{}}}:head", guild(1));
    let dump: Vec<u8> = server.ask(&["DUMP", &head]).unwrap();
    store.apply(&begun(&mut feed, 1)).await.unwrap();
    let create = guild_create(&mut Dice(4), 1);
    let create = feed.derive("GUILD_CREATE", &create).unwrap();
    store.apply(&create).await.unwrap();
    let restore: [&[u8]; 5] = [b"RESTORE", head.as_bytes(), b"0", &dump, b"REPLACE"];
    server.ask_bytes::<()>(&restore).unwrap();
    let failed = store.apply(&role_update(&mut feed)).await;
    assert!(matches!(failed, Err(RowsError::Forgotten)), "{failed:?}");
    let next = role_update(&mut feed);
    store.apply(&next).await.unwrap();
    let stored = store.reader().guild(guild(1)).await.unwrap().unwrap();
    assert_eq!(stored.state.status(), GuildStatus::Stale);
    assert_eq!(stored.state.position(), next.origin());
}

/// A new session began here while Redis was away, so that the rows are still of the one before.
#[tokio::test]
async fn rows_that_a_new_session_did_not_reach_are_stale_and_go_on() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (_, mut feed) = filled(&server, 10).await;
    let store = RowStore::open(&server.address()).await.unwrap();
    server
        .ask::<()>(&["CONFIG", "SET", "maxmemory", "1"])
        .unwrap();
    assert!(store.apply(&begun(&mut feed, 1)).await.is_err());
    server
        .ask::<()>(&["CONFIG", "SET", "maxmemory", "0"])
        .unwrap();
    store.apply(&role_update(&mut feed)).await.unwrap();
    let stored = store.reader().guild(guild(1)).await.unwrap().unwrap();
    assert_eq!(stored.state.status(), GuildStatus::Stale);
    // Whoever neither began the session nor wrote the guild does not own it.
    let other = RowStore::open(&server.address()).await.unwrap();
    feed.session += 1;
    let refused = other.apply(&role_update(&mut feed)).await;
    assert!(matches!(refused, Err(RowsError::Superseded)), "{refused:?}");
}

#[tokio::test]
async fn what_an_owner_of_before_brings_is_late_even_if_it_delivers_a_guild_anew() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (old, mut feed) = filled(&server, 10).await;
    old.begin(ShardId::ONE, 5);
    old.apply(&role_update(&mut feed)).await.unwrap();
    // What is on its way there: a session with two guilds, one of them as it is then, and its end.
    let mut late = vec![begun(&mut feed, 2)];
    let create = guild_create(&mut Dice(4), 1);
    late.extend(feed.derive("GUILD_CREATE", &create));
    let gone = Mutation::new(Some(guild(1))).with(Op::Cascade(Scope::Guild));
    late.push(feed.place(gone));
    let new = RowStore::open(&server.address()).await.unwrap();
    new.begin(ShardId::ONE, 9);
    new.apply(&begun(&mut feed, 1)).await.unwrap();
    let create = guild_create(&mut Dice(6), 1);
    let create = feed.derive("GUILD_CREATE", &create).unwrap();
    new.apply(&create).await.unwrap();
    let before = in_redis(&new.reader(), 1).await;
    for mutation in &late {
        let refused = old.apply(mutation).await;
        assert!(matches!(refused, Err(RowsError::Superseded)), "{refused:?}");
    }
    assert_eq!(in_redis(&new.reader(), 1).await, before);
    new.apply(&role_update(&mut feed)).await.unwrap();
    // Once it has the shard again, it is in time.
    old.begin(ShardId::ONE, 12);
    old.apply(&begun(&mut feed, 1)).await.unwrap();
    let create = feed.derive("GUILD_CREATE", &guild_create(&mut Dice(8), 1));
    old.apply(&create.unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_store_says_what_it_has_of_the_guilds_that_it_is_asked_for() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (store, _) = filled(&server, 10).await;
    let known = store.guilds(ShardId::ONE, &[guild(1), guild(99)]).await;
    let known: Vec<_> = known.unwrap().into_iter().map(|(it, _)| it.id()).collect();
    assert_eq!(known, [guild(1)]);
    let none = store.guilds(ShardId::ONE, &[]).await.unwrap();
    assert!(none.is_empty(), "nobody asked: {none:?}");
}

/// The table of leases is another one, whose clock is behind, and the rows are the same.
#[tokio::test]
async fn under_lower_epochs_than_before_nothing_is_written_until_these_are_deleted() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (store, mut feed) = filled(&server, 10).await;
    store.begin(ShardId::ONE, 1_000);
    store.apply(&begun(&mut feed, 1)).await.unwrap();
    store.apply(&role_update(&mut feed)).await.unwrap();
    let next = RowStore::open(&server.address()).await.unwrap();
    next.begin(ShardId::ONE, 20);
    let create = guild_create(&mut Dice(4), 1);
    let create = feed.derive("GUILD_CREATE", &create).unwrap();
    for late in [&begun(&mut feed, 1), &create] {
        let refused = next.apply(late).await;
        assert!(matches!(refused, Err(RowsError::Superseded)), "{refused:?}");
    }
    let head = format!("{{headcount:{}}}:head", guild(1));
    for (key, field) in [(&*head, "epoch"), ("{headcount}:rows", "epoch 0/1")] {
        assert_eq!(server.ask::<i64>(&["HDEL", key, field]).unwrap(), 1);
    }
    next.apply(&begun(&mut feed, 1)).await.unwrap();
    let create = guild_create(&mut Dice(4), 1);
    let create = feed.derive("GUILD_CREATE", &create).unwrap();
    next.apply(&create).await.unwrap();
    let stored = next.reader().guild(guild(1)).await.unwrap().unwrap();
    assert_eq!(stored.state.status(), GuildStatus::Available);
}
