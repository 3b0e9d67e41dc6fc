//! A table of leases that processes share.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};

use headcount_driver::Builder;
use headcount_driver::core::Intents;
use headcount_driver::core::fleet::lease::{LeaseKey, LeaseStore, LeaseTable, Swap, Swapped};
use headcount_driver::core::manager::Placement;
use tokio::time::Instant;

use crate::memory::{PLAIN, info};
use crate::process::Process;

#[derive(Clone)]
pub(crate) struct Table {
    began: Instant,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    table: LeaseTable,
    is_down: bool,
    /// Nobody reaches the queue of identifies.
    keeps_identifies: bool,
    /// The connections that reach it no more.
    cut_off: BTreeSet<usize>,
}

/// One process's connection to it.
struct Connection {
    table: Table,
    number: usize,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            shared: Arc::default(),
        }
    }
}

impl Table {
    /// A bot of so many shards that shares them over this table.
    pub(crate) fn builder(&self, process: &Process, shards: u32) -> Builder<Process> {
        self.builder_with(process, shards, Intents::GUILDS)
    }

    /// The same with these intents.
    pub(crate) fn builder_with(
        &self,
        process: &Process,
        shards: u32,
        intents: Intents,
    ) -> Builder<Process> {
        let connection = Connection {
            table: self.clone(),
            number: process.number(),
        };
        let mut info = info(shards);
        info.session_start_limit.max_concurrency = 1;
        let builder = Builder::new(process.clone(), "token", intents);
        let builder = builder.gateway(info).compression(PLAIN);
        let builder = builder.coordinate(connection);
        match shards {
            // It stays where it is as long as that can be.
            1 => builder.placement(Placement::Numbers([0].into())),
            _ => builder,
        }
    }

    /// Nobody reaches it, or all do again.
    pub(crate) fn set_down(&self, is_down: bool) {
        self.shared.lock().expect("the table").is_down = is_down;
    }

    /// Nobody is let in to identify any more.
    pub(crate) fn keep_identifies(&self) {
        self.shared.lock().expect("the table").keeps_identifies = true;
    }

    /// It loses all that it has.
    pub(crate) fn forget(&self) {
        self.shared.lock().expect("the table").table = LeaseTable::new();
    }

    /// What is written under a key.
    pub(crate) fn value(&self, key: LeaseKey) -> Box<[u8]> {
        let shared = self.shared.lock().expect("the table");
        shared.table.get(key).expect("it is there").value.clone()
    }

    /// Writes something else under a key.
    pub(crate) fn set_value(&self, key: LeaseKey, value: &[u8]) {
        let mut shared = self.shared.lock().expect("the table");
        let mut entry = shared.table.get(key).expect("it is there").clone();
        entry.value = value.into();
        shared.table.put_back(key, Some(entry));
    }

    /// A process reaches the table no more.
    pub(crate) fn cut_off(&self, process: &Process) {
        let mut shared = self.shared.lock().expect("the table");
        shared.cut_off.insert(process.number());
    }
}

impl LeaseStore for Connection {
    type Error = io::Error;

    fn looks_at_once(&self) -> usize {
        500
    }

    async fn swap(&self, swap: &Swap) -> Result<Swapped, io::Error> {
        let mut shared = self.table.shared.lock().expect("the table");
        let is_kept = shared.keeps_identifies && matches!(swap.key, LeaseKey::Identifies);
        if shared.is_down || is_kept || shared.cut_off.contains(&self.number) {
            return Err(io::ErrorKind::NotConnected.into());
        }
        let now = self.table.began.elapsed().as_millis() as u64;
        Ok(shared.table.swap(now, swap))
    }
}
