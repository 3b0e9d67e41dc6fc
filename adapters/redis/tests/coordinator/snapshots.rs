//! Snapshots of shards in a real Redis: which is the last one, and whose.

use std::time::Duration;

use headcount_core::ShardId;
use headcount_core::cache::{ShardSnapshots, SnapshotId, WholeSnapshot};
use headcount_redis::{CoordinatorError, RedisOptions, SnapshotStore};

use crate::server::Server;

const SHARD: ShardId = ShardId::new(3, 16);
const KEY: &str = "{headcount:snapshot:3/16}";
const LASTS: Duration = Duration::from_secs(300);

async fn open(server: &Server) -> SnapshotStore {
    SnapshotStore::open(&server.address()).await.unwrap()
}

const fn id(epoch: u64, number: u64) -> SnapshotId {
    SnapshotId {
        shard: SHARD,
        epoch,
        number,
    }
}

/// Puts a snapshot of two pieces there; whether it is the last one then.
async fn leave(store: &SnapshotStore, id: SnapshotId) -> Result<bool, CoordinatorError> {
    let text = |piece| format!("{} {} {piece}", id.epoch, id.number).into_bytes();
    for piece in 0..2 {
        store.put_piece(id, piece, text(piece), LASTS).await?;
    }
    store.complete(WholeSnapshot { id, pieces: 2 }, LASTS).await
}

/// What an owner of this epoch finds, piece by piece.
async fn find(store: &SnapshotStore, epoch: u64) -> Result<Option<String>, CoordinatorError> {
    let Some(whole) = store.claim(SHARD, epoch, LASTS).await? else {
        return Ok(None);
    };
    let mut all = Vec::new();
    for piece in 0..whole.pieces {
        let bytes = store.piece(whole.id, piece).await?;
        all.push(bytes.map_or("none".into(), |it| String::from_utf8(it).unwrap()));
    }
    Ok(Some(all.join(", ")))
}

fn keys(server: &Server) -> Vec<String> {
    let mut keys: Vec<String> = server.ask(&["KEYS", "*"]).unwrap();
    keys.sort_unstable();
    keys
}

#[tokio::test]
async fn a_whole_snapshot_takes_the_place_of_the_one_before() {
    for server in [Server::for_test(&[]), Server::cluster_for_test()] {
        let Some(server) = server else {
            return;
        };
        let store = open(&server).await;
        assert_eq!(find(&store, 5).await.unwrap(), None);
        assert!(leave(&store, id(5, 0)).await.unwrap());
        let first = Some("5 0 0, 5 0 1".to_owned());
        assert_eq!(find(&store, 6).await.unwrap(), first);
        store
            .put_piece(id(6, 0), 0, b"half".to_vec(), LASTS)
            .await
            .unwrap();
        assert_eq!(find(&store, 7).await.unwrap(), first, "it is not whole");
        store.discard(id(6, 0), 1).await.unwrap();
        assert!(leave(&store, id(7, 4)).await.unwrap());
        let second = Some("7 4 0, 7 4 1".to_owned());
        assert_eq!(find(&store, 8).await.unwrap(), second);
        let pieces = [0, 1].map(|piece| format!("{KEY}:7:4:{piece}"));
        let all = [&[KEY.to_owned()][..], &pieces].concat();
        assert_eq!(keys(&server), all, "nothing is left of others");
        let of_piece: u64 = server.ask(&["PTTL", &pieces[1]]).unwrap();
        let of_all: u64 = server.ask(&["PTTL", KEY]).unwrap();
        assert!(
            of_all <= 300_000 && of_piece > of_all,
            "{of_all} {of_piece}"
        );
    }
}

#[tokio::test]
async fn an_owner_of_an_earlier_epoch_completes_none_once_another_has_begun() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (old, new) = (open(&server).await, open(&server).await);
    assert_eq!(find(&old, 5).await.unwrap(), None);
    assert!(leave(&old, id(5, 0)).await.unwrap());
    old.put_piece(id(5, 1), 0, b"paused".to_vec(), LASTS)
        .await
        .unwrap();
    let found = Some("5 0 0, 5 0 1".to_owned());
    server.ask::<u64>(&["PEXPIRE", KEY, "60000"]).unwrap();
    assert_eq!(find(&new, 9).await.unwrap(), found);
    let claimed_for: u64 = server.ask(&["PTTL", KEY]).unwrap();
    assert!(claimed_for > 60_000, "{claimed_for}");
    let late = WholeSnapshot {
        id: id(5, 1),
        pieces: 1,
    };
    assert!(!old.complete(late, LASTS).await.unwrap());
    assert_eq!(
        find(&new, 9).await.unwrap(),
        found,
        "the new owner may ask again"
    );
    assert_eq!(find(&old, 5).await.unwrap(), None, "and the old one not");
    assert!(leave(&new, id(9, 0)).await.unwrap());
    assert!(!old.complete(late, LASTS).await.unwrap());
    assert_eq!(
        find(&new, 9).await.unwrap(),
        Some("9 0 0, 9 0 1".to_owned())
    );
    assert!(leave(&new, id(9, 1)).await.unwrap());
}

#[tokio::test]
async fn what_somebody_else_has_written_is_not_understood_and_replaced() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let hash = |fields: &'static str| format!("HSET {KEY} {fields}");
    let garbage = [
        format!("SET {KEY} garbage"),
        format!("RPUSH {KEY} garbage"),
        hash("garbage 1"),
        hash("version 2 claimed 1 epoch 1 number 1 pieces 1"),
        hash("version 1 claimed x epoch x number x pieces x"),
        hash("version 1 claimed 1 epoch 1 number 1 pieces 4294967295"),
        hash("version 1 claimed 1 epoch 1 number 1 pieces -1"),
    ];
    let store = open(&server).await;
    for line in garbage {
        let words: Vec<&str> = line.split(' ').collect();
        server.ask::<redis::Value>(&words).unwrap();
        let found = find(&store, 5).await;
        let refused = matches!(found, Err(CoordinatorError::NotUnderstood));
        assert!(refused || matches!(found, Ok(None)), "{line}: {found:?}");
        assert!(leave(&store, id(5, 0)).await.unwrap(), "{line}");
        let found = find(&store, 6).await.unwrap();
        assert_eq!(found, Some("5 0 0, 5 0 1".to_owned()), "{line}");
        server.ask::<redis::Value>(&["FLUSHALL"]).unwrap();
    }
}

#[tokio::test]
async fn a_user_needs_no_more_than_the_documentation_says_and_no_less() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let may = [
        "evalsha",
        "script|load",
        "hmget",
        "hset",
        "del",
        "pexpire",
        "set",
        "get",
        "unlink",
    ];
    let keys = "~{headcount:snapshot:*";
    for left_out in [
        None,
        Some("hmget"),
        Some("evalsha"),
        Some("hset"),
        Some("set"),
    ] {
        let may = may.iter().filter(|it| Some(**it) != left_out);
        let may: Vec<String> = may.map(|it| format!("+{it}")).collect();
        let mut user = vec!["ACL", "SETUSER", "bot", "reset", "on", ">secret", keys];
        user.extend(may.iter().map(String::as_str));
        server.ask::<redis::Value>(&user).unwrap();
        let address = server.address().replace("//", "//bot:secret@");
        let store = SnapshotStore::open(&address).await.unwrap();
        assert!(!format!("{store:?}").contains("secret"));
        let first = leave(&store, id(5, 0)).await;
        let second = leave(&store, id(5, 1)).await;
        match left_out {
            None => {
                assert!(first.unwrap() && second.unwrap());
                assert!(find(&store, 6).await.unwrap().is_some());
                assert_eq!(keys_of(&server), 3, "the pieces of the first have gone");
            }
            Some(_) => assert!(
                matches!(first, Err(CoordinatorError::Forbidden(_))),
                "{first:?}"
            ),
        }
        server.ask::<redis::Value>(&["FLUSHALL"]).unwrap();
    }
}

fn keys_of(server: &Server) -> usize {
    keys(server).len()
}

#[tokio::test]
async fn a_redis_that_is_killed_between_pieces_or_full_leaves_what_was_whole() {
    let options = ["--appendonly", "yes", "--appendfsync", "always"];
    let Some(mut server) = Server::for_test(&options) else {
        return;
    };
    let mut options = RedisOptions::default();
    options.patience = Duration::from_secs(2);
    let store = SnapshotStore::open_with(&server.address(), options)
        .await
        .unwrap();
    assert!(leave(&store, id(5, 0)).await.unwrap());
    server
        .ask::<redis::Value>(&["CONFIG", "SET", "maxmemory", "1"])
        .unwrap();
    let full = leave(&store, id(5, 1)).await;
    assert!(
        matches!(full, Err(CoordinatorError::Refused(_))),
        "{full:?}"
    );
    server
        .ask::<redis::Value>(&["CONFIG", "SET", "maxmemory", "0"])
        .unwrap();
    store
        .put_piece(id(5, 2), 0, b"half".to_vec(), LASTS)
        .await
        .unwrap();
    server.kill().unwrap();
    let down = store.put_piece(id(5, 2), 1, b"half".to_vec(), LASTS).await;
    assert!(
        matches!(down, Err(CoordinatorError::Unreachable(_))),
        "{down:?}"
    );
    assert!(server.run().unwrap());
    let found = loop {
        if let Ok(found) = find(&store, 6).await {
            break found;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(found, Some("5 0 0, 5 0 1".to_owned()));
}
