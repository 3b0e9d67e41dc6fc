//! A `redis-server` of its own, on a free port and in a folder of its own.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

pub(crate) struct Server {
    child: Option<Child>,
    port: u16,
    folder: TempDir,
    options: Vec<String>,
}

impl Server {
    /// Starts one; `None`, and a line that says so, where there is none on this machine.
    pub(crate) fn start(options: &[&str]) -> Option<Self> {
        if Command::new("redis-server")
            .arg("--version")
            .output()
            .is_err()
        {
            assert!(
                std::env::var_os("NOTHING_SKIPPED").is_none(),
                "redis-server is missing"
            );
            eprintln!("skipped: no redis-server");
            return None;
        }
        let mut server = Self {
            child: None,
            port: 0,
            folder: TempDir::new().unwrap(),
            options: options.iter().map(|option| (*option).to_owned()).collect(),
        };
        // Another program may take the free port in between: then it is tried again.
        for _ in 0..20 {
            let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
            server.port = free.local_addr().unwrap().port();
            drop(free);
            if server.run() {
                return Some(server);
            }
        }
        panic!("redis-server does not start");
    }

    /// Runs it until it takes connections. Whether it does.
    pub(crate) fn run(&mut self) -> bool {
        let port = self.port.to_string();
        let mut child = Command::new("redis-server")
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", ""])
            .arg("--dir")
            .arg(self.folder.path())
            .args(&self.options)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let is_ready = |line: &str| line.contains("Ready to accept connections");
        let runs = lines
            .by_ref()
            .any(|line| line.is_ok_and(|line| is_ready(&line)));
        // What it says later is read on, so that it never waits for that.
        std::thread::spawn(move || lines.for_each(drop));
        self.child = Some(child);
        if !runs {
            self.kill();
        }
        runs
    }

    /// Ends it as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub(crate) fn address(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Sends it a command over a connection of its own.
    pub(crate) fn command(&self, words: &[&str]) {
        let client = redis::Client::open(self.address()).unwrap();
        let mut command = redis::cmd(words[0]);
        words[1..].iter().for_each(|word| {
            command.arg(*word);
        });
        let _: redis::Value = command
            .query(&mut client.get_connection().unwrap())
            .unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
