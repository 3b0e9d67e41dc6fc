//! The store of a process that was killed, which goes on beside the one that was read back: it has
//! applied each dispatch once, so that what the other one counts can be held against it.
use super::Simulation;
use headcount_core::cache::MemoryStore;
use headcount_core::cache::memory::Exported;
use headcount_core::id::GuildId;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a row is called in a message, and which of its parts are counted.
const COUNTS: [(&str, &[&str]); 2] = [
    ("messages", &["reactions"]),
    (
        "threads",
        &["message_count", "total_message_sent", "member_count"],
    ),
];

/// What is counted in a guild, by kind and id of the row.
type Counts = BTreeMap<(&'static str, String), Vec<Value>>;

/// A store that was not read back.
#[derive(Debug)]
pub(super) struct Witness {
    pub(super) store: MemoryStore,
    /// The shards that have not been compared since.
    owes: BTreeSet<usize>,
}

impl Witness {
    /// The store of a process from whose snapshot these shards go on.
    pub(super) fn new(store: MemoryStore, owes: BTreeSet<usize>) -> Option<Self> {
        (!owes.is_empty()).then_some(Self { store, owes })
    }
}

impl Simulation {
    /// Once a shard has had all of its replay, the store that was read back counts as the other one
    /// does, which has applied nothing twice.
    pub(super) fn compare_counts(&mut self, host: usize) -> Result<(), String> {
        let it = &self.hosts[host];
        let at = it.shard.position().map_or(0, |at| at.sequence);
        let Some(witness) = self.witness.as_mut().filter(|_| at >= it.stored) else {
            return Ok(());
        };
        let is_owed = witness.owes.remove(&host);
        if !is_owed || it.rows.is_none() {
            return Ok(());
        }
        self.tally
            .mark("counts: compared after a replay".to_owned());
        let mut is = counts(&self.store);
        for (guild, counted) in counts(&witness.store) {
            if !it.id.serves(guild) {
                continue;
            }
            let held = is.remove(&guild).unwrap_or_default();
            for (row, parts) in counted {
                if let Some(held) = held.get(&row).filter(|held| **held != parts) {
                    return Err(format!("{row:?} of {guild} counts {held:?} for {parts:?}"));
                }
            }
            let members = |store: &MemoryStore| Some(store.guild(guild)?.member_count());
            let (whole, held) = (members(&witness.store), members(&self.store));
            let as_whole = self.store.completeness(guild) == witness.store.completeness(guild);
            if as_whole && whole != held {
                return Err(format!("{guild} counts {held:?} members for {whole:?}"));
            }
        }
        Ok(())
    }
}

/// What is counted in each guild.
fn counts(store: &MemoryStore) -> BTreeMap<GuildId, Counts> {
    let mut all: BTreeMap<GuildId, Counts> = BTreeMap::new();
    for piece in store.export() {
        let Exported::Rows {
            guild: Some(guild),
            rows,
        } = piece
        else {
            continue;
        };
        let rows = serde_json::to_value(&rows).unwrap_or_default();
        let counts = all.entry(guild).or_default();
        for (kind, parts) in COUNTS {
            for row in rows[kind].as_array().into_iter().flatten() {
                let id = row["id"].as_str().unwrap_or_default().to_owned();
                let parts = parts.iter().map(|part| row[*part].clone());
                counts.insert((kind, id), parts.collect());
            }
        }
    }
    all
}
