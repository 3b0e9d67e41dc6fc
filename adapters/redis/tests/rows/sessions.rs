//! New sessions, what a session of before brings after them, and guilds that are gone with them.

use headcount_core::cache::{AsyncStore, GuildStatus, MemoryStore, Mutation, Op, Scope};
use headcount_redis::{RowStore, RowsError};
use serde_json::{Value, json};

use crate::feed::{Dice, Feed, guild, guild_create, role_update};
use crate::history::{in_memory, in_redis};
use crate::server::Server;
use crate::writing::{filled, keys};

/// A new session that names the first guilds.
fn ready(feed: &mut Feed, guilds: u64) -> Mutation<'static> {
    let named = |it| json!({"id": guild(it).to_string(), "unavailable": true});
    let named: Vec<Value> = (1..=guilds).map(named).collect();
    let ready = json!({"v": 10, "session_id": "s", "guilds": named,
        "user": {"id": "9", "username": "bot"}, "application": {"id": "9", "flags": 0}});
    feed.derive("READY", &ready).unwrap()
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
    new.apply(&ready(&mut feed, 1)).await.unwrap();
    let refused = old.apply(first).await;
    assert!(matches!(refused, Err(RowsError::Superseded)), "{refused:?}");
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
    let failed = store.apply(&ready(&mut feed, 200)).await;
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
