//! The Redis that the owners share, a process of its own.

use std::io;

use crate::server::Server;

pub(crate) struct Store(Server);

impl Store {
    /// Starts one on a free port, which writes down what it is told.
    pub(crate) fn start() -> io::Result<Self> {
        Server::start(&["--appendonly", "yes"]).map(Self)
    }

    /// Runs it until it takes connections. Whether it does.
    pub(crate) fn run(&mut self) -> io::Result<bool> {
        self.0.run()
    }

    /// Ends it as `kill -9` does.
    pub(crate) fn kill(&mut self) -> io::Result<()> {
        self.0.kill()
    }

    /// Takes away what it wrote down, while it does not run.
    pub(crate) fn empty(&self) -> io::Result<()> {
        self.0.empty()
    }

    pub(crate) fn address(&self) -> String {
        self.0.address()
    }

    /// Up to where a shard's session is recorded as acknowledged.
    pub(crate) fn recorded(&self, shard: u32, shards: u32) -> io::Result<u64> {
        let key = format!("{{headcount}}:shard:{shard}/{shards}");
        let value: Option<Vec<u8>> = self.0.ask(&["HGET", &key, "value"])?;
        let record = serde_json::from_slice(&value.unwrap_or_default());
        let record: serde_json::Value = record.unwrap_or_default();
        Ok(record["session"]["sequence"].as_u64().unwrap_or(0))
    }
}
