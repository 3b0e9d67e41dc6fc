//! Keys of ours to which somebody else has written.

use headcount_core::cache::{AsyncStore, Kind, Mutation, Op, Scope};
use headcount_core::id::{RoleId, UserId};
use headcount_redis::{RowStore, RowsError};
use serde_json::json;

use crate::feed::{Dice, Feed, guild, guild_create, member, role_update};
use crate::server::Server;
use crate::writing::filled;

const USER: u64 = 1_001;

/// The only hash of a guild with few members.
fn bucket() -> String {
    format!("{{headcount:{}}}:members:0", guild(1))
}

/// A member as of now.
fn update(feed: &mut Feed, number: u64) -> Mutation<'static> {
    let mut update = member(&mut Dice(3), 1, number);
    update["guild_id"] = json!(guild(1).to_string());
    feed.derive("GUILD_MEMBER_UPDATE", &update).unwrap()
}

/// Something that concerns all members.
fn strip(feed: &mut Feed) -> Mutation<'static> {
    let strip = Op::StripRole(RoleId::new(9).unwrap());
    feed.place(Mutation::new(Some(guild(1))).with(strip))
}

/// Reads and writes find that what is there is damaged.
async fn assert_damaged(store: &RowStore, feed: &mut Feed) {
    let user = UserId::new(USER).unwrap();
    let read = store.reader().members(guild(1), &[user]).await.map(drop);
    let exported = store.reader().export(guild(1), drop).await;
    let written = store.apply(&update(feed, 1)).await.map(drop);
    let stripped = store.apply(&strip(feed)).await.map(drop);
    for outcome in [read, exported, written, stripped] {
        assert!(matches!(outcome, Err(RowsError::Damaged)), "{outcome:?}");
    }
}

#[tokio::test]
async fn what_somebody_else_wrote_to_a_member_is_an_error_until_the_keys_are_deleted() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let name = USER.to_le_bytes();
    for garbage in [
        &b""[..],
        b"x",
        b"\x01\x01",
        b"\x01\x01\xff",
        b"\x00\x09words",
    ] {
        server.ask::<redis::Value>(&["FLUSHALL"]).unwrap();
        let (store, mut feed) = filled(&server, 3).await;
        let bucket = bucket();
        let written: i64 = server
            .ask_bytes(&[b"HSET", bucket.as_bytes(), &name, garbage])
            .unwrap();
        assert_eq!(written, 0, "it was there");
        assert_damaged(&store, &mut feed).await;
        let other = store.apply(&update(&mut feed, 2)).await;
        assert!(
            other.is_ok(),
            "another member is none of its business: {other:?}"
        );
        server.ask::<redis::Value>(&["FLUSHALL"]).unwrap();
        let next = store.apply(&update(&mut feed, 1)).await;
        assert!(matches!(next, Err(RowsError::Forgotten)), "{next:?}");
        let create = guild_create(&mut Dice(4), 1);
        let create = feed.derive("GUILD_CREATE", &create).unwrap();
        store.apply(&create).await.unwrap();
        store.reader().export(guild(1), drop).await.unwrap();
    }
}

#[tokio::test]
async fn keys_of_another_type_are_an_error_and_fields_that_are_no_ids_are_passed_over() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (store, mut feed) = filled(&server, 3).await;
    server
        .ask::<i64>(&["HSET", &bucket(), "words", "x", "a longer name", "y"])
        .unwrap();
    let stored = async || store.reader().export(guild(1), drop).await;
    stored().await.unwrap();
    store.apply(&strip(&mut feed)).await.unwrap();
    let roles = format!("{{headcount:{}}}:role", guild(1));
    for key in [bucket(), roles] {
        server.ask::<redis::Value>(&["SET", &key, "words"]).unwrap();
    }
    assert_damaged(&store, &mut feed).await;
    let roles = store.reader().rows(guild(1), Kind::Role).await.map(drop);
    assert!(matches!(roles, Err(RowsError::Damaged)), "{roles:?}");
    let changed = store.apply(&role_update(&mut feed)).await;
    assert!(matches!(changed, Err(RowsError::Damaged)), "{changed:?}");
}

#[tokio::test]
async fn numbers_that_no_guild_has_are_an_error() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let head = format!("{{headcount:{}}}:head", guild(1));
    for (field, number) in [
        ("buckets", "0"),
        ("buckets", "4294967295"),
        ("revision", "18446744073709551615"),
        ("members", "1000000000000000000"),
        ("generation", "256"),
        ("older", "-1"),
    ] {
        server.ask::<redis::Value>(&["FLUSHALL"]).unwrap();
        let (store, mut feed) = filled(&server, 3).await;
        server.ask::<i64>(&["HSET", &head, field, number]).unwrap();
        let read = store.reader().guild(guild(1)).await.map(drop);
        let other = RowStore::open(&server.address()).await.unwrap();
        let written = other.apply(&update(&mut feed, 1)).await.map(drop);
        let gone = Mutation::new(Some(guild(1))).with(Op::Cascade(Scope::Guild));
        let gone = other.apply(&feed.place(gone)).await.map(drop);
        for outcome in [read, written, gone] {
            assert!(matches!(outcome, Err(RowsError::Damaged)), "{outcome:?}");
        }
    }
}
