//! The rows in Redis are those of a store in memory that was given the same.

use std::collections::BTreeSet;

use headcount_core::cache::memory::Exported;
use headcount_core::cache::{AsyncStore, MemoryStore};
use headcount_redis::{RowReader, RowStore};
use serde_json::Value;

use crate::feed::{Dice, Feed, draw, draw_own, guild};
use crate::server::Server;

/// Each row that pieces have, in no order that means anything. Positions are left out: in memory
/// they are those of the shard.
fn rows(pieces: impl IntoIterator<Item = Exported<'static>>) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut recounted = Value::Null;
    for piece in pieces {
        let mut piece = serde_json::to_value(&piece).unwrap();
        if let Some(guild) = piece.get_mut("guild") {
            guild.as_object_mut().unwrap().remove("position");
        }
        if let Some(guild) = piece.get("recount") {
            recounted = guild.clone();
        }
        let Some(rows) = piece.get("rows") else {
            all.insert(piece.to_string());
            continue;
        };
        let (kind, listed) = rows["rows"].as_object().unwrap().iter().next().unwrap();
        let is_newer = rows["guild"] == recounted && kind == "members";
        for row in listed.as_array().unwrap_or(&vec![listed.clone()]) {
            all.insert(format!("{} {kind} {is_newer} {row}", rows["guild"]));
        }
    }
    all
}

pub(crate) fn in_memory(store: &MemoryStore) -> BTreeSet<String> {
    let pieces = store.export();
    rows(pieces.filter(|piece| !matches!(piece, Exported::Store(_))))
}

pub(crate) async fn in_redis(reader: &RowReader, guilds: u64) -> BTreeSet<String> {
    let mut pieces = Vec::new();
    for number in 1..=guilds {
        let add = |piece| pieces.push(piece);
        reader.export(guild(number), add).await.unwrap();
    }
    rows(pieces)
}

const GUILDS: u64 = 3;

async fn compare(address: &str, seed: u64, steps: usize) {
    let redis = RowStore::open(address).await.unwrap();
    let (mut memory, mut dice) = (MemoryStore::new(7), Dice(seed));
    let mut feed = Feed::new(seed.is_multiple_of(2));
    let mut last = None;
    for step in 0..steps {
        let (name, mutation) = match dice.below(12) {
            0 => {
                let own = draw_own(&mut dice, GUILDS);
                ("own", Some(feed.place(own)))
            }
            _ => {
                let (name, data) = draw(&mut dice, GUILDS);
                (name, feed.derive(name, &data))
            }
        };
        let Some(mutation) = mutation else {
            continue;
        };
        let expected = memory.apply(mutation.clone());
        let applied = redis.apply(&mutation).await.unwrap();
        assert_eq!(applied.replayed, expected.replayed, "{name}");
        let is_known = |guild| expected.vanished.contains(guild);
        assert!(applied.vanished.iter().all(is_known), "{applied:?}");
        // Of a guild that is gone nothing is known, and another session begins anew.
        let begins_anew = matches!(name, "READY" | "GUILD_DELETE");
        if dice.below(4) == 0 {
            // Once more, and an older one.
            redis.apply(&mutation).await.unwrap();
            if let Some(older) = last.as_ref().filter(|_| !begins_anew) {
                redis.apply(older).await.unwrap();
            }
        }
        last = (!begins_anew).then(|| mutation.clone());
        if step % 5 == 0 || step + 1 == steps {
            let (held, wanted) = (in_redis(&redis.reader(), GUILDS).await, in_memory(&memory));
            let missing: Vec<_> = wanted.difference(&held).collect();
            let wrong: Vec<_> = held.difference(&wanted).collect();
            let agree = missing.is_empty() && wrong.is_empty();
            assert!(
                agree,
                "{seed} {step} {name}: {missing:#?} {wrong:#?} {mutation:?}"
            );
        }
    }
}

#[tokio::test]
async fn after_any_history_the_rows_are_those_of_the_store_in_memory() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    for seed in 0..40 {
        server.ask::<redis::Value>(&["FLUSHALL"]).unwrap();
        compare(&server.address(), seed, 250).await;
    }
}
