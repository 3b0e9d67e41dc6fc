//! The Redis that the owners share, a process of its own.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::thread;

use redis::Commands;
use tempfile::TempDir;

pub(crate) struct Store {
    process: Option<Child>,
    port: u16,
    folder: TempDir,
}

impl Store {
    /// Starts one on a free port, which writes down what it is told.
    pub(crate) fn start() -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        for _ in 0..20 {
            // Another program may take the free port in between: then it is tried again.
            let free = TcpListener::bind(("127.0.0.1", 0))?;
            let port = free.local_addr()?.port();
            drop(free);
            let mut store = Self {
                process: None,
                port,
                folder: tempfile::tempdir_in(folder.path())?,
            };
            if store.run()? {
                store.folder = folder;
                return Ok(store);
            }
        }
        Err(io::Error::other("redis-server does not start"))
    }

    /// Runs it until it takes connections. Whether it does.
    pub(crate) fn run(&mut self) -> io::Result<bool> {
        let port = self.port.to_string();
        let mut process = Command::new("redis-server")
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", ""])
            .args(["--appendonly", "yes", "--dir"])
            .arg(self.folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| io::Error::new(error.kind(), format!("redis-server: {error}")))?;
        let out = process.stdout.take().into_iter();
        let mut lines = out.flat_map(|out| BufReader::new(out).lines());
        let is_ready = |line: &str| line.contains("Ready to accept connections");
        let runs = lines.any(|line| line.is_ok_and(|line| is_ready(&line)));
        // What it says later is read on, so that it never waits for that.
        thread::spawn(move || lines.for_each(drop));
        self.process = Some(process);
        if !runs {
            self.kill()?;
        }
        Ok(runs)
    }

    /// Ends it as `kill -9` does.
    pub(crate) fn kill(&mut self) -> io::Result<()> {
        match self.process.take() {
            Some(mut process) => process.kill().and_then(|()| process.wait()).map(drop),
            None => Ok(()),
        }
    }

    /// Takes away what it wrote down, while it does not run.
    pub(crate) fn empty(&self) -> io::Result<()> {
        fs::remove_dir_all(self.folder.path())?;
        fs::create_dir(self.folder.path())
    }

    pub(crate) fn address(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Up to where a shard's session is recorded as acknowledged.
    pub(crate) fn recorded(&self, shard: u32, shards: u32) -> io::Result<u64> {
        let client = redis::Client::open(self.address()).map_err(io::Error::other)?;
        let mut connection = client.get_connection().map_err(io::Error::other)?;
        let key = format!("{{headcount}}:shard:{shard}/{shards}");
        let value: Option<Vec<u8>> = connection.hget(key, "value").map_err(io::Error::other)?;
        let record = serde_json::from_slice(&value.unwrap_or_default());
        let record: serde_json::Value = record.unwrap_or_default();
        Ok(record["session"]["sequence"].as_u64().unwrap_or(0))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}
