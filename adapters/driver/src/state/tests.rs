//! The folder as a whole.

mod crashes;
mod faulty;
mod folder;
mod recording;
mod requests;
mod scenario;
mod snapshots;
mod warnings;

use std::sync::Arc;

use headcount_core::ShardId;
use headcount_core::session::Session;
use serde_json::json;

use super::{BotKey, Durability, SavedSession, ShardJournal, StateFolder};
use faulty::Faulty;

const BOT: BotKey = BotKey::from_bits(7);

/// A session as the core hands it out.
fn session(shard: ShardId, id: &str, sequence: u64, guilds: &[u64]) -> Session {
    let arrived: Vec<String> = guilds.iter().map(u64::to_string).collect();
    let saved = json!({
        "version": 1, "shard": shard, "intents": 1, "id": id, "sequence": sequence,
        "url": "wss://resume.example",
        "guilds": {"arrived": arrived, "expected": [], "away": []},
    });
    serde_json::from_value(saved).unwrap()
}

/// Opens a folder that a disk in memory holds.
fn open(disk: &Faulty) -> (StateFolder, Vec<SavedSession>) {
    StateFolder::over(Arc::new(disk.clone()), BOT, Durability::Process).unwrap()
}

fn journal(folder: &StateFolder, shard: ShardId) -> ShardJournal {
    folder.journal(shard)
}

/// The sessions that the next process gets from a disk.
fn saved(disk: &Faulty) -> Vec<Session> {
    let (_, sessions) = open(disk);
    sessions.into_iter().map(|saved| saved.session).collect()
}
