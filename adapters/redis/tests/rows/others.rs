//! Others who read the rows: another process, and another language.

use std::process::{Command, Stdio};

use headcount_core::cache::memory::Completeness;
use headcount_core::cache::{AsyncStore, MemoryStore};
use headcount_core::id::UserId;
use headcount_redis::RowReader;
use serde_json::{Value, json};

use crate::feed::{Dice, draw, guild, member};
use crate::history::{in_memory, in_redis};
use crate::server::{Server, skipped};
use crate::writing::filled;

/// Where the reading process finds the Redis.
const ADDRESS: &str = "HEADCOUNT_TEST_REDIS";

/// Reads a guild until it is whole; a process of its own.
#[tokio::test]
#[ignore = "started by another test"]
async fn reading_process() {
    let address = std::env::var(ADDRESS).unwrap();
    let reader = RowReader::open(&address).await.unwrap();
    let users = (1..=1_000).filter_map(|number| UserId::new(1_000 + number));
    let users: Vec<UserId> = users.collect();
    let mut seen = 0;
    loop {
        let found = reader.members(guild(1), &users).await.unwrap().len();
        assert!(found >= seen, "{found} of {seen}: nobody goes");
        seen = found;
        let mut store = MemoryStore::new(3);
        reader
            .export(guild(1), |piece| store.import(piece))
            .await
            .unwrap();
        let stored = reader.guild(guild(1)).await.unwrap();
        let whole = Completeness::Complete { members: 5_000 };
        if stored.is_some_and(|stored| stored.completeness() == whole) {
            let mut store = MemoryStore::new(3);
            reader
                .export(guild(1), |piece| store.import(piece))
                .await
                .unwrap();
            assert_eq!(store.members(guild(1)).count(), 5_000);
            assert_eq!(store.completeness(guild(1)), Some(whole));
            return;
        }
    }
}

#[tokio::test]
async fn another_process_reads_while_this_one_writes() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let mut reader = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "others::reading_process"])
        .args(["--ignored", "--nocapture"])
        .env(ADDRESS, server.address())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    filled(&server, 5_000).await;
    let ended = tokio::task::spawn_blocking(move || reader.wait().unwrap());
    assert!(ended.await.unwrap().success());
}

/// What `tests/rows/read.py` says of a member, with the row as Redis has it.
fn in_python(server: &Server, user: u64) -> Value {
    let head = format!("{{headcount:{}}}:head", guild(1));
    let number = |field: &str| server.ask::<u64>(&["HGET", &head, field]).unwrap();
    assert_eq!((number("schema"), number("layout")), (1, 1));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rows/read.py");
    let output = Command::new("python3")
        .args([
            script,
            &server.address(),
            &guild(1).to_string(),
            &user.to_string(),
        ])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn another_language_reads_members_as_the_documentation_says() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    if Command::new("python3").arg("--version").output().is_err() {
        return skipped("python3");
    }
    let (store, mut feed) = filled(&server, 300).await;
    let mut odd = member(&mut Dice(11), 1, 301);
    odd["user"]["primary_guild"] = json!({"tag": "ABCD", "identity_guild_id": "5",
        "identity_enabled": true, "badge": "0123456789abcdef0123456789abcdef"});
    odd["user"]["avatar_decoration_data"] = json!({"sku_id": "7", "asset": "other"});
    odd["user"]["public_flags"] = json!(300);
    odd["joined_at"] = json!("2020-01-01T00:00:00.000001+00:00");
    odd["premium_since"] = json!("2021-01-01T00:00:00+00:00");
    odd["guild_id"] = json!(guild(1).to_string());
    let joined = feed.derive("GUILD_MEMBER_ADD", &odd).unwrap();
    store.apply(&joined).await.unwrap();
    let users: Vec<UserId> = [1, 2, 3, 77, 301]
        .map(|at| UserId::new(1_000 + at).unwrap())
        .into();
    let found = store.reader().members(guild(1), &users).await.unwrap();
    assert_eq!(found.len(), users.len());
    for (user, row) in found.users().zip(found.iter()) {
        let expected = serde_json::to_value(row).unwrap();
        assert_eq!(in_python(&server, user.get()), expected);
    }
}

#[tokio::test]
async fn a_store_in_memory_takes_what_a_reader_hands_out() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (store, mut feed) = filled(&server, 20).await;
    let mut dice = Dice(8);
    for _ in 0..200 {
        let (name, data) = draw(&mut dice, 2);
        if let Some(mutation) = feed.derive(name, &data) {
            store.apply(&mutation).await.unwrap();
        }
    }
    let mut memory = MemoryStore::new(5);
    for number in 1..=2 {
        let import = |piece| memory.import(piece);
        store.reader().export(guild(number), import).await.unwrap();
    }
    assert_eq!(in_memory(&memory), in_redis(&store.reader(), 2).await);
}
