//! What is written, in how many round trips, and what is left of it.

use headcount_core::ShardId;
use headcount_core::cache::memory::{Applied, Completeness};
use headcount_core::cache::{AsyncStore, GuildStatus, Kind, Mutation, Op, Scope};
use headcount_core::id::{RoleId, UserId};
use headcount_core::wire::view::Member;
use headcount_redis::{RowReader, RowStore};
use serde_json::{Value, json};

use crate::feed::{Dice, Feed, guild, guild_create, member, role_update};
use crate::server::Server;

const G: u64 = 1;

/// A chunk of `count` members from a number on; the last one of its answer has the index 1.
fn chunk(dice: &mut Dice, from: u64, count: u64, index: u64) -> Value {
    let members = (from..from + count).map(|number| member(dice, G, number));
    let members: Vec<Value> = members.collect();
    json!({"guild_id": guild(G).to_string(), "members": members, "nonce": "x",
        "chunk_index": index, "chunk_count": 2})
}

fn user(number: u64) -> UserId {
    UserId::new(G * 1_000 + number).unwrap()
}

/// A store with one guild, of which `members` are there.
pub(crate) async fn filled(server: &Server, members: u64) -> (RowStore, Feed) {
    let store = RowStore::open(&server.address()).await.unwrap();
    let (mut feed, mut dice) = (Feed::new(true), Dice(1));
    let mut create = guild_create(&mut dice, G);
    create["members"] = json!([]);
    create["member_count"] = json!(1);
    let created = feed.derive("GUILD_CREATE", &create).unwrap();
    store.apply(&created).await.unwrap();
    let mut from = 1;
    while from <= members {
        let count = (members + 1 - from).min(1_000);
        let last = u64::from(from + count > members);
        let chunk = chunk(&mut dice, from, count, last);
        let chunk = feed.derive("GUILD_MEMBERS_CHUNK", &chunk).unwrap();
        store.apply(&chunk).await.unwrap();
        from += count;
    }
    (store, feed)
}

pub(crate) fn keys(server: &Server, pattern: &str) -> Vec<String> {
    let mut keys: Vec<String> = server.ask(&["KEYS", pattern]).unwrap();
    keys.sort();
    keys
}

#[tokio::test]
async fn a_thousand_members_are_one_round_trip_and_as_many_that_have_changed_are_two() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let store = RowStore::open(&server.address()).await.unwrap();
    let (mut feed, mut create) = (Feed::new(true), guild_create(&mut Dice(1), G));
    // As the service does: a guild comes with the bot itself.
    create["members"] = json!([member(&mut Dice(1), G, 5_000)]);
    create["member_count"] = json!(3_000);
    let created = feed.derive("GUILD_CREATE", &create).unwrap();
    store.apply(&created).await.unwrap();
    for (seed, from, trips) in [(1, 1, 1), (2, 1_001, 1), (3, 1, 3)] {
        let chunk = chunk(&mut Dice(seed), from, 1_000, 0);
        let mutation = feed.derive("GUILD_MEMBERS_CHUNK", &chunk).unwrap();
        let before = store.traffic().round_trips;
        store.apply(&mutation).await.unwrap();
        // Those that have changed: the guess, then a read and a write; long rows are read again.
        let more = store.traffic().round_trips - before;
        assert!(more == trips || trips > 1 && more == trips + 1, "{more}");
    }
    let stored = store.reader().guild(guild(G)).await.unwrap().unwrap();
    assert_eq!(stored.members, 2_001);
    assert!(store.traffic().bytes > 2_000 * 60, "{:?}", store.traffic());
    assert_eq!(store.traffic().failures, 0);
}

#[tokio::test]
async fn a_batch_that_comes_again_or_is_older_changes_nothing() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (store, mut feed) = filled(&server, 10).await;
    let joins = |feed: &mut Feed, number| {
        let mut joined = member(&mut Dice(3), G, number);
        joined["guild_id"] = json!(guild(G).to_string());
        feed.derive("GUILD_MEMBER_ADD", &joined).unwrap()
    };
    let (first, second) = (joins(&mut feed, 900), joins(&mut feed, 901));
    store.apply(&first).await.unwrap();
    store.apply(&second).await.unwrap();
    let other = RowStore::open(&server.address()).await.unwrap();
    for store in [&store, &other] {
        for again in [&first, &second] {
            let applied = store.apply(again).await.unwrap();
            assert!(applied.replayed);
        }
    }
    let stored = store.reader().guild(guild(G)).await.unwrap().unwrap();
    let whole = Completeness::Complete { members: 12 };
    assert_eq!((stored.members, stored.completeness()), (12, whole));
    assert_eq!(stored.state.member_count(), Some(12), "counted once each");
}

/// A guild with all its members, which takes several steps.
fn whole(feed: &mut Feed) -> Mutation<'static> {
    let mut create = guild_create(&mut Dice(4), G);
    create["member_count"] = json!(create["members"].as_array().unwrap().len());
    feed.derive("GUILD_CREATE", &create).unwrap()
}

/// As for a process whose own last step had no answer.
#[tokio::test]
async fn a_guild_that_another_process_delivered_meanwhile_stays_as_whole() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (store, mut feed) = filled(&server, 10).await;
    let other = RowStore::open(&server.address()).await.unwrap();
    let whole = whole(&mut feed);
    other.apply(&whole).await.unwrap();
    let stored = store.reader().guild(guild(G)).await.unwrap().unwrap();
    store.apply(&whole).await.unwrap();
    let again = store.reader().guild(guild(G)).await.unwrap().unwrap();
    assert_eq!(again, stored);
    assert!(matches!(
        again.completeness(),
        Completeness::Complete { .. }
    ));
}

#[tokio::test]
async fn hashes_stay_small_and_packed_however_many_members_come() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (store, mut feed) = filled(&server, 5_000).await;
    let buckets = keys(&server, "*:members:*");
    let packed =
        |key: &String| server.ask::<String>(&["OBJECT", "ENCODING", key]).unwrap() == "listpack";
    let count = buckets.iter().filter(|key| packed(key)).count();
    assert!(buckets.len() >= 138, "{}", buckets.len());
    assert!(
        count * 10 > buckets.len() * 9,
        "{count} of {}",
        buckets.len()
    );
    let reader = RowReader::open(&server.address()).await.unwrap();
    let users: Vec<UserId> = (1..=5_000).map(user).collect();
    let found = reader.members(guild(G), &users).await.unwrap();
    assert_eq!(found.len(), 5_000);
    let mut seen: Vec<UserId> = found.users().collect();
    seen.dedup();
    assert_eq!(seen, users);
    // A new listing without most of them drops these.
    let begun = feed.place(Mutation::new(Some(guild(G))).with(Op::Recount));
    store.apply(&begun).await.unwrap();
    let last = chunk(&mut Dice(9), 1, 40, 1);
    let last = feed.derive("GUILD_MEMBERS_CHUNK", &last).unwrap();
    store.apply(&last).await.unwrap();
    let found = reader.members(guild(G), &users).await.unwrap();
    assert_eq!(found.len(), 40);
    let stored = reader.guild(guild(G)).await.unwrap().unwrap();
    assert_eq!(
        stored.completeness(),
        Completeness::Complete { members: 40 }
    );
}

#[tokio::test]
async fn a_guild_that_goes_leaves_no_key_behind() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (store, mut feed) = filled(&server, 2_500).await;
    assert!(keys(&server, "*").len() > 70);
    let gone = Mutation::new(Some(guild(G))).with(Op::Cascade(Scope::Guild));
    let gone = feed.place(gone);
    assert_eq!(store.apply(&gone).await.unwrap(), Applied::default());
    assert_eq!(keys(&server, "*"), ["{headcount}:rows"]);
    assert_eq!(store.reader().guild(guild(G)).await.unwrap(), None);
}

#[tokio::test]
async fn rows_of_another_version_are_refused_in_clear_words() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (store, mut feed) = filled(&server, 3).await;
    let head = format!("{{headcount:{}}}:head", guild(G));
    let mut refused = async |field: &str| {
        let newer = chunk(&mut Dice(2), 1, 3, 0);
        let newer = feed.derive("GUILD_MEMBERS_CHUNK", &newer).unwrap();
        server
            .ask::<i64>(&["HSET", &head, field, "2", "revision", "1"])
            .unwrap();
        let mine = store.apply(&newer).await;
        assert!(mine.is_err(), "not even by who has written them");
        let other = RowStore::open(&server.address()).await.unwrap();
        let refused = other.apply(&newer).await.unwrap_err().to_string();
        let read = other.reader().guild(guild(G)).await.unwrap_err();
        assert_eq!(refused, read.to_string());
        refused
    };
    let packed = "the members in Redis are packed in layout 2";
    assert_eq!(refused("layout").await, packed);
    let schema = "the rows in Redis follow version 2 of the schema";
    assert_eq!(refused("schema").await, schema);
    server
        .ask::<i64>(&["HSET", "{headcount}:rows", "schema", "2"])
        .unwrap();
    let store = RowStore::open(&server.address()).await.unwrap_err();
    let reader = RowReader::open(&server.address()).await.unwrap_err();
    assert_eq!([store.to_string(), reader.to_string()], [schema, schema]);
}

#[tokio::test]
async fn rows_of_any_length_are_read_and_one_that_is_far_too_long_is_refused() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (store, mut feed) = filled(&server, 3).await;
    let mut named = async |length: usize| {
        let mut member = member(&mut Dice(3), G, 2);
        member["nick"] = json!("n".repeat(length));
        member["guild_id"] = json!(guild(G).to_string());
        let update = feed.derive("GUILD_MEMBER_UPDATE", &member).unwrap();
        store.apply(&update).await?;
        let found = store.reader().members(guild(G), &[user(2)]).await?;
        let nick = |row: Member<'_>| row.membership.nick.value().map(ToString::to_string);
        let nick = found.iter().next().and_then(nick);
        assert_eq!(nick.map(|nick| nick.len()), Some(length));
        Ok(())
    };
    for length in [300, 5, 1_000, 64, 16_000, 1] {
        assert!(matches!(
            named(length).await,
            Ok::<_, headcount_redis::RowsError>(())
        ));
    }
    let refused = named(17_000).await.unwrap_err();
    assert_eq!(refused.to_string(), "a row is too long for Redis");
    named(10).await.unwrap();
}

#[tokio::test]
async fn messages_and_presences_are_refused() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (store, mut feed) = filled(&server, 3).await;
    let rows = headcount_core::cache::Rows::Presences(Default::default());
    let presences = feed.place(Mutation::new(Some(guild(G))).with(Op::Upsert(rows)));
    let refused = store.apply(&presences).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "rows of the kind Presence are not kept in Redis"
    );
    let read = store.reader().rows(guild(G), Kind::Message).await;
    assert!(read.is_err());
}

/// One whole hash of members is damaged, the last one; what stood in one of its fields.
fn damage(server: &Server) -> (String, Vec<u8>, Vec<u8>) {
    let number = |key: &String| key.rsplit(':').next().unwrap().parse::<u32>().unwrap();
    let buckets = keys(server, "*:members:*");
    let last = buckets.into_iter().max_by_key(number).unwrap();
    assert!(number(&last) > 64, "more than one script changes them all");
    let names: Vec<Vec<u8>> = server.ask(&["HKEYS", &last]).unwrap();
    let name = names.into_iter().find(|name| name.len() == 8).unwrap();
    let row = server
        .ask_bytes(&[b"HGET", last.as_bytes(), &name])
        .unwrap();
    let broken: [&[u8]; 4] = [b"HSET", last.as_bytes(), &name, b"\x01\x01\xff"];
    server.ask_bytes::<i64>(&broken).unwrap();
    (last, name, row)
}

/// As where a process is killed between two scripts.
#[tokio::test]
async fn rows_in_the_middle_of_a_change_are_stale_for_whoever_reads_them() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (store, mut feed) = filled(&server, 2_500).await;
    let reader = RowReader::open(&server.address()).await.unwrap();
    let read = async || reader.guild(guild(G)).await.unwrap().unwrap();
    let whole = Completeness::Complete { members: 2_500 };
    assert_eq!(read().await.completeness(), whole);
    let mut strip = |role: u64| {
        let role = RoleId::new(role).unwrap();
        feed.place(Mutation::new(Some(guild(G))).with(Op::StripRole(role)))
    };
    let (bucket, name, row) = damage(&server);
    let first = strip(1_505);
    assert!(store.apply(&first).await.is_err());
    assert_eq!(read().await.state.status(), GuildStatus::Stale);
    let known = store.guilds(ShardId::ONE, &[guild(G)]).await.unwrap();
    assert_eq!(known[0].0.status(), GuildStatus::Stale);
    // Whoever goes on from there ends it.
    let mended: [&[u8]; 4] = [b"HSET", bucket.as_bytes(), &name, &row];
    server.ask_bytes::<i64>(&mended).unwrap();
    let next = RowStore::open(&server.address()).await.unwrap();
    next.apply(&first).await.unwrap();
    assert_eq!(read().await.completeness(), whole);
    // Whoever goes on behind it knows that it is not there.
    damage(&server);
    assert!(next.apply(&strip(1_506)).await.is_err());
    let third = RowStore::open(&server.address()).await.unwrap();
    third.apply(&role_update(&mut feed)).await.unwrap();
    let head = format!("{{headcount:{}}}:head", guild(G));
    let unfinished: String = server.ask(&["HGET", &head, "unfinished"]).unwrap();
    assert_eq!(unfinished, "");
    assert_eq!(read().await.state.status(), GuildStatus::Stale);
}
