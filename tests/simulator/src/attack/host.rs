//! A server on loopback that behaves well until it attacks.
mod soak;

use super::Attack;
use super::flood::{self, Flood};
use super::log::Log;
use super::script::Script;
use super::wire::{self, Frame, Request, Wire, frame, kind};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

/// How often a server that has nothing to do looks around.
const LOOK: Duration = Duration::from_millis(5);

/// Milliseconds between heartbeats: the least that a client takes at its word.
pub(super) const BEAT: u64 = 1_000;

/// How often a chat's server asks whether its client is there.
const CHAT_BEAT: Duration = Duration::from_millis(BEAT);

/// A hostile server.
pub(super) struct Host {
    shared: Arc<Shared>,
    port: u16,
}

struct Shared {
    script: Script,
    port: u16,
    flooding: AtomicBool,
    log: Mutex<Log>,
    /// The last sequence of each shard's session.
    sequences: Mutex<BTreeMap<u64, u64>>,
    connections: AtomicU64,
    /// READY, made before anybody waits for it: it may be large.
    ready: String,
}

impl Shared {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().expect("nobody panics with it")
    }

    fn sequence(&self, shard: u64) -> u64 {
        let sequences = self.sequences.lock().expect("nobody panics with it");
        sequences.get(&shard).copied().unwrap_or(0)
    }

    /// A session has come so far. A connection that another one has followed may say so late.
    fn note_sequence(&self, shard: u64, sequence: u64) {
        let mut sequences = self.sequences.lock().expect("nobody panics with it");
        let last = sequences.entry(shard).or_insert(0);
        *last = sequence.max(*last);
    }

    /// A session begins.
    fn begin_sequence(&self, shard: u64) {
        let mut sequences = self.sequences.lock().expect("nobody panics with it");
        sequences.insert(shard, 1);
    }

    fn is_flooding(&self) -> bool {
        self.flooding.load(Ordering::Acquire)
    }

    fn gateway_bot(&self) -> String {
        let (shards, port) = (self.script.shards(), self.port);
        format!(
            r#"{{"url":"ws://127.0.0.1:{port}","shards":{shards},"session_start_limit":
            {{"total":1000,"remaining":1000,"reset_after":0,"max_concurrency":16}}}}"#
        )
    }
}

impl Host {
    /// Starts a server on a free port.
    pub(super) fn start(attack: &Attack) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared {
            script: attack.script,
            port,
            flooding: AtomicBool::new(false),
            log: Mutex::default(),
            sequences: Mutex::default(),
            connections: AtomicU64::new(0),
            ready: flood::ready(attack.script.guilds()),
        });
        let host = Self {
            shared: Arc::clone(&shared),
            port,
        };
        if attack.script.is_early() {
            host.attack();
        }
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                // A connection that is over is no failure: the client may leave.
                thread::spawn(move || serve(stream, shared).ok());
            }
        });
        Ok(host)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Begins the attack.
    pub(super) fn attack(&self) {
        self.shared.log().began = Some(Instant::now());
        self.shared.flooding.store(true, Ordering::Release);
    }

    /// The client is about to stop; the attack goes on.
    pub(super) fn note_end(&self) {
        self.shared.log().ended = Some(Instant::now());
    }

    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        self.shared.log()
    }
}

fn serve(mut stream: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    let request = Request::read(&mut stream)?;
    let Some(key) = request.key() else {
        return wire::answer(&mut stream, &shared.gateway_bot());
    };
    let wire = Wire::accept(stream, &request, key)?;
    let frames = listen(wire.reader()?, Arc::clone(&shared));
    let connection = Connection {
        wire,
        frames,
        shared,
        sequence: 1,
        flood: None,
        nick: String::new(),
    };
    connection.run()
}

/// Reads what the client says on a thread of its own, and notes when it came.
fn listen(mut stream: TcpStream, shared: Arc<Shared>) -> Receiver<Frame> {
    let (sender, frames) = channel();
    thread::spawn(move || {
        loop {
            if let Script::Session { reads: false, .. } = shared.script
                && shared.is_flooding()
            {
                return thread::sleep(Duration::from_secs(3600));
            }
            let Ok(frame) = wire::read(&mut stream) else {
                return;
            };
            let text = frame.body.starts_with(br#"{"op":1,"#) || frame.body.starts_with(b"PONG");
            if text && frame.kind == kind::TEXT {
                shared.log().beats.push(Instant::now());
            }
            if sender.send(frame).is_err() {
                return;
            }
        }
    });
    frames
}

/// One connection.
struct Connection {
    wire: Wire,
    frames: Receiver<Frame>,
    shared: Arc<Shared>,
    sequence: u64,
    /// What this connection is flooded with.
    flood: Option<Flood>,
    /// Who the client is in a chat.
    nick: String,
}

impl Connection {
    fn run(mut self) -> io::Result<()> {
        match self.shared.script {
            Script::Hello(flood) => self.flood = Some(flood),
            Script::Chat(_) => return self.chat(),
            Script::Soak => return self.soak(),
            Script::Session { .. }
            | Script::Ready(_)
            | Script::Replay(_)
            | Script::Guilds(_)
            | Script::Shards(_)
            | Script::Idle(_) => {
                self.send(&format!(
                    r#"{{"op":10,"d":{{"heartbeat_interval":{BEAT}}}}}"#
                ))?;
            }
        }
        loop {
            self.turn()?;
            if self.flood.is_some() {
                continue;
            }
            match self.shared.script {
                Script::Session { flood, .. } if self.shared.is_flooding() && self.sequence > 1 => {
                    self.flood = Some(flood);
                }
                Script::Replay(_) if self.shared.is_flooding() && self.sequence > 1 => {
                    return Ok(());
                }
                _ => {}
            }
        }
    }

    /// Hears what has come, and floods on.
    fn turn(&mut self) -> io::Result<()> {
        if self.flood.is_none() {
            match self.frames.recv_timeout(LOOK) {
                Ok(frame) => self.receive(&frame)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
        }
        while let Ok(frame) = self.frames.try_recv() {
            self.receive(&frame)?;
        }
        if let Some(flood) = self.flood {
            let burst = flood.burst(&mut self.wire, &mut self.sequence)?;
            self.wire.write(&burst, || true)?;
        }
        Ok(())
    }

    fn receive(&mut self, frame: &Frame) -> io::Result<()> {
        if frame.kind == kind::CLOSE && self.flood.is_none() {
            self.wire
                .write(&wire::frame(kind::CLOSE, &frame.body), || true)?;
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        if frame.kind != kind::TEXT {
            return Ok(());
        }
        let payload: Value = serde_json::from_slice(&frame.body).unwrap_or_default();
        match payload["op"].as_u64() {
            Some(1) => self.send(r#"{"op":11}"#),
            Some(2) => self.identified(),
            Some(6) => self.resumed(payload["d"]["seq"].as_u64().unwrap_or(0)),
            _ => Ok(()),
        }
    }

    fn identified(&mut self) -> io::Result<()> {
        self.shared.log().identifies += 1;
        match self.shared.script {
            Script::Ready(flood) => {
                self.flood = Some(flood);
                return Ok(());
            }
            Script::Guilds(_) => return self.greet(),
            Script::Session { .. }
            | Script::Hello(_)
            | Script::Replay(_)
            | Script::Shards(_)
            | Script::Idle(_)
            | Script::Soak
            | Script::Chat(_) => {}
        }
        self.greet()?;
        if self.shared.script.guilds() == 0 {
            return Ok(());
        }
        self.sequence = 2;
        self.send(
            r#"{"t":"GUILD_CREATE","s":2,"op":0,"d":{"id":"1000000","name":"g","owner_id":"9",
            "roles":[],"channels":[],"members":[],"member_count":1}}"#,
        )
    }

    fn greet(&mut self) -> io::Result<()> {
        let bytes = self.wire.payload(&self.shared.ready)?;
        self.wire.write(&bytes, || true)
    }

    fn resumed(&mut self, sequence: u64) -> io::Result<()> {
        self.shared.log().resumes += 1;
        self.sequence = sequence;
        match self.shared.script {
            Script::Replay(flood) => {
                self.flood = Some(flood);
                Ok(())
            }
            _ => self.send(r#"{"t":"RESUMED","s":2,"op":0,"d":{}}"#),
        }
    }

    /// A chat's server: it lets everybody in, and asks whether they are there.
    fn chat(mut self) -> io::Result<()> {
        let mut asked = Instant::now();
        loop {
            self.flood = match self.shared.script {
                Script::Chat(flood) if self.shared.is_flooding() => Some(flood),
                _ => None,
            };
            if asked.elapsed() >= CHAT_BEAT && !self.wire.is_open() {
                asked = Instant::now();
                self.line("PING :there?")?;
            }
            if let Some(flood) = self.flood {
                let burst = flood.burst(&mut self.wire, &mut self.sequence)?;
                self.wire.write(&burst, || true)?;
            }
            let heard = match self.flood {
                Some(_) => self.frames.try_recv().ok(),
                None => self.frames.recv_timeout(LOOK).ok(),
            };
            let Some(frame) = heard.filter(|frame| frame.kind == kind::TEXT) else {
                continue;
            };
            for line in String::from_utf8_lossy(&frame.body).lines() {
                self.chat_line(line)?;
            }
        }
    }

    fn chat_line(&mut self, line: &str) -> io::Result<()> {
        if let Some(wanted) = line.strip_prefix("CAP REQ ") {
            self.line(&format!(":tmi.twitch.tv CAP * ACK {wanted}"))?;
        } else if let Some(nick) = line.strip_prefix("NICK ") {
            self.nick = nick.to_owned();
            for number in ["001", "376"] {
                self.line(&format!(":tmi.twitch.tv {number} {nick} :>"))?;
            }
        } else if let Some(room) = line.strip_prefix("JOIN ") {
            let nick = &self.nick;
            self.line(&format!(":{nick}!{nick}@{nick}.tmi.twitch.tv JOIN {room}"))?;
        }
        Ok(())
    }

    fn line(&mut self, line: &str) -> io::Result<()> {
        let bytes = frame(kind::TEXT, format!("{line}\r\n").as_bytes());
        self.wire.write(&bytes, || true)
    }

    fn send(&mut self, text: &str) -> io::Result<()> {
        let bytes = self.wire.payload(text)?;
        self.wire.write(&bytes, || true)
    }
}
