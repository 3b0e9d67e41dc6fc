//! A `redis-server` of its own, on a free port and in a folder of its own; or another program that
//! is called as it is, such as `valkey-server`, if `HEADCOUNT_REDIS_SERVER` names one.
#![allow(dead_code, reason = "not every program needs all of it")]

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::thread;

use redis::FromRedisValue;
use tempfile::TempDir;

pub(crate) struct Server {
    process: Option<Child>,
    port: u16,
    folder: TempDir,
    options: Vec<String>,
    scheme: Scheme,
}

/// What it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Plain,
    Tls,
}

/// The program that is started.
fn program() -> String {
    std::env::var("HEADCOUNT_REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned())
}

impl Server {
    /// Starts one; [`io::ErrorKind::NotFound`] where there is none on this machine.
    pub(crate) fn start(options: &[&str]) -> io::Result<Self> {
        Self::start_as(Scheme::Plain, options)
    }

    fn start_as(scheme: Scheme, options: &[&str]) -> io::Result<Self> {
        let mut server = Self {
            process: None,
            port: 0,
            folder: tempfile::tempdir()?,
            options: options.iter().map(|option| (*option).to_owned()).collect(),
            scheme,
        };
        // Another program may take the free port in between: then it is tried again.
        for _ in 0..20 {
            let free = TcpListener::bind(("127.0.0.1", 0))?;
            server.port = free.local_addr()?.port();
            drop(free);
            if server.run()? {
                return Ok(server);
            }
        }
        Err(io::Error::other(program() + " does not start"))
    }

    /// The same for a test, which leaves itself out where there is none.
    pub(crate) fn for_test(options: &[&str]) -> Option<Self> {
        Self::unless_skipped(Self::start(options))
    }

    /// The same, which speaks TLS alone.
    pub(crate) fn tls_for_test(options: &[&str]) -> Option<Self> {
        Self::unless_skipped(Self::start_as(Scheme::Tls, options))
    }

    #[allow(clippy::panic, reason = "of a test")]
    fn unless_skipped(started: io::Result<Self>) -> Option<Self> {
        match started {
            Ok(server) => Some(server),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                skipped(&program());
                None
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// The same as the only node of a cluster.
    #[allow(clippy::expect_used, reason = "of a test")]
    pub(crate) fn cluster_for_test() -> Option<Self> {
        let server = Self::for_test(&["--cluster-enabled", "yes"])?;
        let slots = ["CLUSTER", "ADDSLOTSRANGE", "0", "16383"];
        server.ask::<redis::Value>(&slots).expect("it has no slots");
        // It takes a while until it says that it is one.
        let state = || server.ask::<String>(&["CLUSTER", "INFO"]);
        while !state().is_ok_and(|state| state.contains("cluster_state:ok")) {
            thread::yield_now();
        }
        Some(server)
    }

    /// Runs it until it takes connections. Whether it does.
    pub(crate) fn run(&mut self) -> io::Result<bool> {
        let port = self.port.to_string();
        let (program, port) = (program(), port.as_str());
        let ports: &[&str] = match self.scheme {
            Scheme::Plain => &["--port", port],
            Scheme::Tls => &["--port", "0", "--tls-port", port],
        };
        let mut process = Command::new(&program)
            .args(ports)
            .args(["--bind", "127.0.0.1", "--save", ""])
            .arg("--dir")
            .arg(self.folder.path())
            .args(&self.options)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| io::Error::new(error.kind(), format!("{program}: {error}")))?;
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

    #[allow(dead_code, reason = "not every program and test asks")]
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn address(&self) -> String {
        let scheme = match self.scheme {
            Scheme::Plain => "redis",
            Scheme::Tls => "rediss",
        };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// What it answers to a command, over a connection of its own.
    pub(crate) fn ask<T: FromRedisValue>(&self, words: &[&str]) -> io::Result<T> {
        let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        self.ask_bytes(&words)
    }

    /// The same where the words are no text.
    pub(crate) fn ask_bytes<T: FromRedisValue>(&self, words: &[&[u8]]) -> io::Result<T> {
        let client = redis::Client::open(self.address()).map_err(io::Error::other)?;
        let mut connection = client.get_connection().map_err(io::Error::other)?;
        let mut command = redis::Cmd::new();
        for word in words {
            command.arg(*word);
        }
        command.query(&mut connection).map_err(io::Error::other)
    }
}

/// Says that a test leaves itself out for want of a program, and fails where none may.
#[allow(clippy::print_stderr, reason = "of a test")]
pub(crate) fn skipped(program: &str) {
    let may_be = std::env::var_os("NOTHING_SKIPPED").is_none();
    assert!(may_be, "{program} is missing");
    eprintln!("skipped: no {program}");
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}
