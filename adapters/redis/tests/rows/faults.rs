//! A Redis that is killed, with and without what it had written, and one that lets nobody in.

use std::time::Duration;

use headcount_core::cache::memory::Applied;
use headcount_core::cache::{AsyncStore, GuildStatus, MemoryStore, Mutation, Op};
use headcount_core::id::RoleId;
use headcount_redis::{CoordinatorError, RedisOptions, RowReader, RowStore, RowsError};
use serde_json::json;

use crate::feed::{Dice, Feed, draw, guild, guild_create, member, role_update};
use crate::history::{in_memory, in_redis};
use crate::server::Server;
use crate::writing::filled;

/// Applies a mutation until Redis answers.
async fn until_answered(store: &RowStore, mutation: &Mutation<'static>) -> Applied {
    loop {
        match store.apply(mutation).await {
            Ok(applied) => return applied,
            Err(RowsError::NoAnswer(_)) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_redis_that_is_killed_with_its_data_loses_and_doubles_nothing() {
    let options = ["--appendonly", "yes", "--appendfsync", "always"];
    let Some(mut server) = Server::for_test(&options) else {
        return;
    };
    let mut redis = RedisOptions::default();
    redis.patience = Duration::from_millis(500);
    let store = RowStore::open_with(&server.address(), redis).await.unwrap();
    let (mut memory, mut dice, mut feed) = (MemoryStore::new(1), Dice(5), Feed::new(true));
    let mut kills = 0;
    for step in 0..300 {
        let (name, data) = draw(&mut dice, 2);
        let Some(mutation) = feed.derive(name, &data) else {
            continue;
        };
        memory.apply(mutation.clone());
        if step % 100 == 60 {
            let sent = {
                let store = store.clone();
                let mutation = mutation.clone();
                tokio::spawn(async move { store.apply(&mutation).await.is_ok() })
            };
            tokio::task::yield_now().await;
            server.kill().unwrap();
            kills += 1;
            sent.await.unwrap();
            let down = store.apply(&mutation).await;
            let is_down = matches!(down, Err(RowsError::NoAnswer(_)) | Ok(_));
            assert!(is_down, "{down:?}");
            assert!(server.run().unwrap());
        }
        until_answered(&store, &mutation).await;
    }
    assert_eq!(kills, 3);
    assert_eq!(in_redis(&store.reader(), 2).await, in_memory(&memory));
}

/// A Redis that comes back empty is found out at the next change of each guild.
#[tokio::test]
async fn rows_forgotten() {
    let Some(mut server) = Server::for_test(&[]) else {
        return;
    };
    let (store, mut feed) = filled(&server, 10).await;
    server.kill().unwrap();
    assert!(server.run().unwrap());
    let change = role_update(&mut feed);
    for _ in 0..3 {
        // However often it is tried.
        let failed = loop {
            match store.apply(&change).await {
                Err(RowsError::NoAnswer(_)) => tokio::task::yield_now().await,
                other => break other,
            }
        };
        assert!(matches!(failed, Err(RowsError::Forgotten)), "{failed:?}");
    }
    let next = role_update(&mut feed);
    store.apply(&next).await.unwrap();
    assert_eq!(store.reader().guild(guild(1)).await.unwrap(), None);
    let create = guild_create(&mut Dice(4), 1);
    let create = feed.derive("GUILD_CREATE", &create).unwrap();
    let mut memory = MemoryStore::new(1);
    memory.apply(create.clone());
    store.apply(&create).await.unwrap();
    assert_eq!(in_redis(&store.reader(), 1).await, in_memory(&memory));
}

/// It is not taken for done because its first step has no position of its own.
#[tokio::test]
async fn rows_forgotten_fail_a_change_of_several_steps_however_often_it_is_tried() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (store, mut feed) = filled(&server, 10).await;
    let begun = feed.place(Mutation::new(Some(guild(1))).with(Op::Recount));
    store.apply(&begun).await.unwrap();
    let chunk = json!({"guild_id": guild(1).to_string(), "members": [member(&mut Dice(9), 1, 3)],
        "nonce": "x", "chunk_index": 1, "chunk_count": 2});
    let chunk = feed.derive("GUILD_MEMBERS_CHUNK", &chunk).unwrap();
    let status = Mutation::new(Some(guild(1))).with(Op::SetStatus(GuildStatus::Stale));
    server.ask::<redis::Value>(&["FLUSHALL"]).unwrap();
    for change in [&status, &status, &chunk, &chunk, &chunk] {
        let failed = store.apply(change).await;
        assert!(matches!(failed, Err(RowsError::Forgotten)), "{failed:?}");
    }
    assert_eq!(store.reader().guild(guild(1)).await.unwrap(), None);
}

#[tokio::test]
async fn a_guild_that_is_delivered_anew_needs_nothing_that_redis_forgot() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (store, mut feed) = filled(&server, 10).await;
    server.ask::<redis::Value>(&["FLUSHALL"]).unwrap();
    let create = feed.derive("GUILD_CREATE", &guild_create(&mut Dice(4), 1));
    store.apply(&create.unwrap()).await.unwrap();
    assert!(store.reader().guild(guild(1)).await.unwrap().is_some());
}

/// The rows of the guild are as they were before the last change.
fn make_older(server: &Server) {
    let head = format!("{{headcount:{}}}:head", guild(1));
    let less = ["HINCRBY", &head, "revision", "-1"];
    server.ask::<i64>(&less).unwrap();
}

/// The next change is made, to rows that are stale.
async fn assert_stale_after(store: &RowStore, next: &Mutation<'static>) {
    store.apply(next).await.unwrap();
    let stored = store.reader().guild(guild(1)).await.unwrap().unwrap();
    assert_eq!(stored.state.status(), GuildStatus::Stale);
}

#[tokio::test]
async fn older_rows_are_noticed_by_what_concerns_all_members() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (store, mut feed) = filled(&server, 40).await;
    make_older(&server);
    let strip = Op::StripRole(RoleId::new(1_505).unwrap());
    let strip = feed.place(Mutation::new(Some(guild(1))).with(strip));
    for _ in 0..3 {
        let failed = store.apply(&strip).await;
        assert!(matches!(failed, Err(RowsError::Forgotten)), "{failed:?}");
    }
    assert_stale_after(&store, &role_update(&mut feed)).await;
}

#[tokio::test]
async fn a_redis_that_comes_back_with_older_rows_has_stale_ones() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (store, mut feed) = filled(&server, 10).await;
    make_older(&server);
    let failed = store.apply(&role_update(&mut feed)).await;
    assert!(matches!(failed, Err(RowsError::Forgotten)), "{failed:?}");
    assert_stale_after(&store, &role_update(&mut feed)).await;
}

/// Whoever goes on with the change that found out has what was lost before it no more than others.
#[tokio::test]
async fn older_rows_stay_stale_for_whoever_goes_on_with_the_same_change() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (store, mut feed) = filled(&server, 10).await;
    make_older(&server);
    let change = role_update(&mut feed);
    let failed = store.apply(&change).await;
    assert!(matches!(failed, Err(RowsError::Forgotten)), "{failed:?}");
    let next = RowStore::open(&server.address()).await.unwrap();
    let stored = next.reader().guild(guild(1)).await.unwrap().unwrap();
    assert_eq!(stored.state.status(), GuildStatus::Stale);
    assert_stale_after(&next, &change).await;
}

#[tokio::test]
async fn users_need_no_more_than_the_documentation_says() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let pattern = "~{headcount*";
    let mut writer = vec!["ACL", "SETUSER", "writer", "on", ">secret", pattern];
    writer.extend([
        "+evalsha",
        "+script|load",
        "+hmget",
        "+hgetall",
        "+hget",
        "+hset",
    ]);
    writer.extend([
        "+hsetnx",
        "+hdel",
        "+hincrby",
        "+sadd",
        "+srem",
        "+smembers",
        "+rename",
        "+unlink",
    ]);
    let reader = ["ACL", "SETUSER", "reader", "on", ">secret", pattern];
    let may = ["+hmget", "+hgetall", "+hget"];
    let nobody = [
        "ACL", "SETUSER", "nobody", "on", ">secret", pattern, "+hget", "+hsetnx",
    ];
    for user in [&writer[..], &[&reader[..], &may].concat(), &nobody] {
        server.ask::<redis::Value>(user).unwrap();
    }
    let address = |user: &str| server.address().replace("//", &format!("//{user}:secret@"));
    let store = RowStore::open(&address("writer")).await.unwrap();
    assert!(!format!("{store:?} {:?}", store.reader()).contains("secret"));
    let (mut memory, mut dice, mut feed) = (MemoryStore::new(1), Dice(5), Feed::new(true));
    for _ in 0..200 {
        let (name, data) = draw(&mut dice, 2);
        if let Some(mutation) = feed.derive(name, &data) {
            memory.apply(mutation.clone());
            store.apply(&mutation).await.unwrap();
        }
    }
    let reader = RowReader::open(&address("reader")).await.unwrap();
    assert_eq!(in_redis(&reader, 2).await, in_memory(&memory));
    let nobody = RowStore::open(&address("nobody")).await.unwrap();
    let create = feed
        .derive("GUILD_CREATE", &guild_create(&mut dice, 1))
        .unwrap();
    let refused = nobody.apply(&create).await;
    let is_forbidden = matches!(
        refused,
        Err(RowsError::NoAnswer(CoordinatorError::Forbidden(_)))
    );
    assert!(is_forbidden, "{refused:?}");
}

#[tokio::test]
async fn the_keys_of_a_guild_lie_in_one_slot_of_a_cluster() {
    let Some(server) = Server::cluster_for_test() else {
        return;
    };
    let store = loop {
        // A single node of a cluster takes a while until it says that it is one.
        if let Ok(store) = RowStore::open(&server.address()).await {
            break store;
        }
    };
    let (mut dice, mut feed) = (Dice(5), Feed::new(true));
    for _ in 0..200 {
        let (name, data) = draw(&mut dice, 2);
        if let Some(mutation) = feed.derive(name, &data) {
            store.apply(&mutation).await.unwrap();
        }
    }
}

#[cfg(feature = "smol")]
#[test]
fn on_smol_too() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    smol::block_on(async {
        let (store, _) = filled(&server, 100).await;
        let stored = store.reader().guild(guild(1)).await.unwrap().unwrap();
        assert_eq!(stored.members, 100);
    });
}
