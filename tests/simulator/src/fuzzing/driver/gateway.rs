//! A minimal gateway that cuts, stalls, floods and drops messages as the script says.
use super::super::driver_io::frames::{Frame, accept, parse};
use super::runtime::VirtualRuntime;
use crate::frame::unmasked;
use serde_json::{Value, json};

/// Shards, and guilds of each.
pub(super) const SHARDS: u64 = 2;
pub(super) const GUILDS: u64 = 2;

/// Members of each guild; its own data lists the first of them.
const MEMBERS: u64 = 3;

/// Milliseconds between heartbeats.
const BEAT: u64 = 10_000;

/// A shard's guild.
pub(super) fn guild(shard: u64, number: u64) -> u64 {
    ((number * SHARDS + shard) << 22) | 1
}

/// The gateway.
pub(super) struct Gateway {
    runtime: VirtualRuntime,
    clients: Vec<Client>,
    sessions: [Session; SHARDS as usize],
    identified: u64,
}

/// A shard's session, with every dispatch from READY on.
#[derive(Clone, Default)]
struct Session {
    id: u64,
    log: Vec<String>,
}

/// One client's connection, as the gateway sees it.
#[derive(Default)]
struct Client {
    is_open: bool,
    /// Neither reads nor writes any more, without closing.
    is_mute: bool,
    shard: Option<u64>,
}

impl Gateway {
    pub(super) fn new(runtime: VirtualRuntime) -> Self {
        Self {
            runtime,
            clients: Vec::new(),
            sessions: Default::default(),
            identified: 0,
        }
    }

    /// Answers what the clients have sent, and injects faults.
    pub(super) fn step(&mut self) {
        self.clients
            .resize_with(self.runtime.connections(), Client::default);
        for at in 0..self.clients.len() {
            let over = self
                .runtime
                .with_connection(at, |connection| connection.dropped || connection.ended);
            if !over && !self.clients[at].is_mute {
                self.receive(at);
                self.inject_fault(at);
            }
        }
    }

    fn write(&self, at: usize, bytes: &[u8]) {
        self.runtime
            .with_connection(at, |connection| connection.to_client.extend(bytes));
    }

    fn send(&self, at: usize, payload: &str) {
        self.write(at, &unmasked(0x81, payload.as_bytes()));
    }

    fn end(&self, at: usize) {
        self.runtime
            .with_connection(at, |connection| connection.ended = true);
    }

    fn receive(&mut self, at: usize) {
        let received = self
            .runtime
            .with_connection(at, |connection| std::mem::take(&mut connection.to_server));
        if !self.clients[at].is_open {
            let Some(answer) = accept(&received) else {
                return self
                    .runtime
                    .with_connection(at, |connection| connection.to_server = received);
            };
            self.clients[at].is_open = true;
            self.write(at, answer.as_bytes());
            if !self.runtime.fails(12) {
                self.send(
                    at,
                    &format!(r#"{{"op":10,"d":{{"heartbeat_interval":{BEAT}}}}}"#),
                );
            }
            return;
        }
        let (frames, rest) = parse(&received);
        let rest = received[received.len() - rest..].to_vec();
        self.runtime
            .with_connection(at, |connection| connection.to_server = rest);
        for frame in frames {
            match frame {
                Frame::Text(text) => self.handle(at, &text),
                Frame::Close => self.end(at),
                Frame::Pong => {}
            }
        }
    }

    fn handle(&mut self, at: usize, text: &str) {
        let payload: Value = serde_json::from_str(text).expect("a client speaks JSON");
        let data = &payload["d"];
        match payload["op"].as_u64() {
            Some(1) => self.send(at, r#"{"op":11}"#),
            Some(2) => self.identify(at, data["shard"][0].as_u64().expect("a shard")),
            Some(6) => self.resume(at, data),
            Some(8) => self.request_members(at, data),
            other => panic!("nobody asked for {other:?}"),
        }
    }

    /// Sends a dispatch of the session, and keeps it for a replay.
    fn dispatch(&mut self, at: usize, shard: u64, name: &str, data: &Value) {
        let session = &mut self.sessions[shard as usize];
        let sequence = session.log.len() + 1;
        let text = json!({"op": 0, "t": name, "s": sequence, "d": data}).to_string();
        session.log.push(text.clone());
        self.send(at, &text);
    }

    fn identify(&mut self, at: usize, shard: u64) {
        self.identified += 1;
        self.clients[at].shard = Some(shard);
        self.sessions[shard as usize] = Session {
            id: self.identified,
            log: Vec::new(),
        };
        let ids = (1..=GUILDS).map(|number| guild(shard, number));
        let listed: Vec<Value> = ids
            .map(|id| json!({"id": id.to_string(), "unavailable": true}))
            .collect();
        let ready = json!({
            "v": 10, "user": {"id": "1", "username": "bot"}, "guilds": listed,
            "session_id": format!("s{}", self.identified), "resume_gateway_url": "ws://127.0.0.1:1",
            "application": {"id": "1", "flags": 0},
        });
        self.dispatch(at, shard, "READY", &ready);
        for number in 1..=GUILDS {
            if self.runtime.fails(10) {
                continue;
            }
            let id = guild(shard, number).to_string();
            let create = json!({
                "id": id, "name": "g", "owner_id": "9", "roles": [], "channels": [],
                "members": [member(1)], "member_count": MEMBERS,
            });
            self.dispatch(at, shard, "GUILD_CREATE", &create);
        }
    }

    fn resume(&mut self, at: usize, data: &Value) {
        let id = data["session_id"].as_str().expect("a session");
        let found = self
            .sessions
            .iter()
            .position(|it| format!("s{}", it.id) == id);
        let Some(shard) = found.filter(|_| !self.runtime.fails(8)) else {
            return self.send(at, r#"{"op":9,"d":false}"#);
        };
        self.clients[at].shard = Some(shard as u64);
        let had = data["seq"].as_u64().expect("a sequence") as usize;
        let log = self.sessions[shard].log.clone();
        assert!(had <= log.len(), "{had} of {}", log.len());
        // What was had before may come again.
        let from = match self.runtime.fails(4) {
            true => had.saturating_sub(3),
            false => had,
        };
        log[from..].iter().for_each(|text| self.send(at, text));
        let sequence = log.len();
        self.send(
            at,
            &format!(r#"{{"op":0,"t":"RESUMED","s":{sequence},"d":{{}}}}"#),
        );
    }

    /// A guild's members, in chunks of one.
    fn request_members(&mut self, at: usize, data: &Value) {
        let Some(shard) = self.clients[at].shard.filter(|_| !self.runtime.fails(6)) else {
            return;
        };
        for index in 0..MEMBERS {
            if self.runtime.fails(10) {
                continue;
            }
            let chunk = json!({
                "guild_id": data["guild_id"], "nonce": data["nonce"], "chunk_index": index,
                "chunk_count": MEMBERS, "members": [member(1 + index)],
            });
            self.dispatch(at, shard, "GUILD_MEMBERS_CHUNK", &chunk);
        }
    }

    fn inject_fault(&mut self, at: usize) {
        match self.runtime.choose(48) {
            Some(0) => self.end(at),
            Some(1) => self
                .runtime
                .with_connection(at, |connection| connection.broken = true),
            Some(2) => self.clients[at].is_mute = true,
            Some(3) => self.send(at, "no JSON"),
            Some(4) => self.send(at, r#"{"op":7}"#),
            Some(5) => self.send(at, r#"{"op":1}"#),
            Some(6) => self.send(at, r#"{"op":9,"d":true}"#),
            Some(7) => self.write(at, &unmasked(0x89, &[b'p'; 125]).repeat(500)),
            Some(8) => self.write(at, &[0xff; 9]),
            Some(9) => {
                self.write(at, &unmasked(0x88, &4_000_u16.to_be_bytes()));
                self.end(at);
            }
            Some(10..20) => self.flood(at),
            Some(_) | None => {}
        }
    }

    fn flood(&mut self, at: usize) {
        let Some(shard) = self.clients[at].shard else {
            return;
        };
        let count = self.runtime.choose(30).unwrap_or(0);
        for number in 0..count {
            let id = guild(shard, 1).to_string();
            match number % 3 {
                0 => self.dispatch(at, shard, "TYPING_START", &json!({"user_id": "3"})),
                1 => {
                    let mut joined = member(10 + number);
                    joined["guild_id"] = json!(id);
                    self.dispatch(at, shard, "GUILD_MEMBER_ADD", &joined);
                }
                _ => {
                    let left = json!({"guild_id": id, "user": user(10 + number - 1)});
                    self.dispatch(at, shard, "GUILD_MEMBER_REMOVE", &left);
                }
            }
        }
    }
}

fn user(number: u64) -> Value {
    json!({"id": (100 + number).to_string(), "username": format!("u{number}"),
        "discriminator": "0", "avatar": null})
}

fn member(number: u64) -> Value {
    json!({"user": user(number), "roles": [], "joined_at": "2020-01-01T00:00:00Z",
        "deaf": false, "mute": false, "flags": 0})
}
