//! Changes that Redis does not take: whoever reads knows, whatever becomes of the writer.

use headcount_core::cache::memory::Completeness;
use headcount_core::cache::{AsyncStore, GuildStatus, Mutation, Op, Scope};
use headcount_redis::{CoordinatorError, RowReader, RowStore, RowsError};
use serde_json::json;

use crate::feed::{Dice, Feed, guild, guild_create, member, ready, role_update};
use crate::server::Server;
use crate::writing::filled;

fn set(server: &Server, name: &str, value: &str) {
    let words = ["CONFIG", "SET", name, value];
    server.ask::<()>(&words).unwrap();
}

async fn status(reader: &RowReader) -> GuildStatus {
    let stored = reader.guild(guild(1)).await.unwrap().unwrap();
    stored.state.status()
}

/// Hands it in as often as the driver does, before the process is killed.
async fn is_refused_for_good(store: RowStore, change: &Mutation<'static>) {
    for _ in 0..3 {
        let refused = store.apply(change).await;
        let is_refused = matches!(
            refused,
            Err(RowsError::NoAnswer(CoordinatorError::Refused(_)))
        );
        assert!(is_refused, "{refused:?}");
    }
}

#[tokio::test]
async fn rows_that_lack_what_a_full_redis_refused_are_stale_for_whoever_reads_them() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (store, mut feed) = filled(&server, 10).await;
    let reader = RowReader::open(&server.address()).await.unwrap();
    let whole = Completeness::Complete { members: 10 };
    let read = async || reader.guild(guild(1)).await.unwrap().unwrap();
    set(&server, "maxmemory", "1");
    let change = role_update(&mut feed);
    is_refused_for_good(store, &change).await;
    assert_eq!(status(&reader).await, GuildStatus::Stale);
    // Whoever goes on with the same change has them whole.
    set(&server, "maxmemory", "0");
    let next = RowStore::open(&server.address()).await.unwrap();
    next.apply(&change).await.unwrap();
    assert_eq!(read().await.completeness(), whole);
    // Whoever goes on behind it does not.
    set(&server, "maxmemory", "1");
    is_refused_for_good(next, &role_update(&mut feed)).await;
    set(&server, "maxmemory", "0");
    let third = RowStore::open(&server.address()).await.unwrap();
    third.apply(&role_update(&mut feed)).await.unwrap();
    assert_eq!(status(&reader).await, GuildStatus::Stale);
}

#[tokio::test]
async fn what_a_redis_refused_that_took_nothing_is_known_with_the_next_change_of_any_guild() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (store, mut feed) = filled(&server, 10).await;
    let reader = RowReader::open(&server.address()).await.unwrap();
    set(&server, "min-replicas-to-write", "1");
    is_refused_for_good(store.clone(), &role_update(&mut feed)).await;
    assert_eq!(status(&reader).await, GuildStatus::Available);
    set(&server, "min-replicas-to-write", "0");
    let create = guild_create(&mut Dice(4), 2);
    let other = feed.derive("GUILD_CREATE", &create).unwrap();
    store.apply(&other).await.unwrap();
    assert_eq!(status(&reader).await, GuildStatus::Stale);
}

#[tokio::test]
async fn guilds_of_a_session_that_redis_did_not_take_are_stale_until_they_come() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (store, mut feed) = filled(&server, 10).await;
    let reader = RowReader::open(&server.address()).await.unwrap();
    set(&server, "min-replicas-to-write", "1");
    let begun = feed.derive("READY", &ready(1..=1)).unwrap();
    is_refused_for_good(store.clone(), &begun).await;
    assert_eq!(status(&reader).await, GuildStatus::Available);
    set(&server, "min-replicas-to-write", "0");
    let create = |feed: &mut Feed, number| {
        let mut create = guild_create(&mut Dice(4), number);
        create["unavailable"] = json!(false);
        feed.derive("GUILD_CREATE", &create).unwrap()
    };
    store.apply(&create(&mut feed, 2)).await.unwrap();
    assert_eq!(status(&reader).await, GuildStatus::Stale);
    store.apply(&create(&mut feed, 1)).await.unwrap();
    assert_eq!(status(&reader).await, GuildStatus::Available);
}

#[tokio::test]
async fn rows_that_lack_a_change_which_no_attempt_can_write_are_stale_at_once() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (store, mut feed) = filled(&server, 3).await;
    let mut long = member(&mut Dice(3), 1, 2);
    long["nick"] = json!("n".repeat(17_000));
    long["guild_id"] = json!(guild(1).to_string());
    let long = feed.derive("GUILD_MEMBER_UPDATE", &long).unwrap();
    let failed = store.apply(&long).await;
    assert!(matches!(failed, Err(RowsError::TooLong)), "{failed:?}");
    assert_eq!(status(&store.reader()).await, GuildStatus::Stale);
}

#[tokio::test]
async fn a_guild_that_could_not_be_taken_away_is_stale() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (store, mut feed) = filled(&server, 3).await;
    server
        .ask::<()>(&["ACL", "SETUSER", "default", "-rename"])
        .unwrap();
    let gone = Mutation::new(Some(guild(1))).with(Op::Cascade(Scope::Guild));
    let gone = feed.place(gone);
    assert!(store.apply(&gone).await.is_err());
    assert_eq!(status(&store.reader()).await, GuildStatus::Stale);
    server
        .ask::<()>(&["ACL", "SETUSER", "default", "+rename"])
        .unwrap();
    store.apply(&gone).await.unwrap();
    assert_eq!(store.reader().guild(guild(1)).await.unwrap(), None);
}
