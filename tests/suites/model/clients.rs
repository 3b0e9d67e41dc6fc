//! What existing client libraries send, replayed against the model on virtual time.
//!
//! The recordings were made with `--record` and the arguments in `tests/cases/clients/README.md`.
use headcount_sim::server::recording::TOKEN;
use headcount_sim::{
    Accept, Compression, ConnectionId, Gateway, Limits, Millis, Options, Output, Plan, Rest, Token,
    Upgrade,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The seed of the recorded runs.
const SEED: u64 = 1;

/// The world of the recorded runs: ten guilds on two shards, one of 3,500 members.
fn options() -> Options {
    let sizes = [3500].into_iter().chain([100; 9]);
    Options {
        world: Plan::sizes(sizes),
        token: Token::new(TOKEN),
        shards: 2,
        limits: Limits {
            heartbeat_interval: 3000,
            ..Limits::default()
        },
        ..Options::default()
    }
}

/// A run of the model with a recording in the place of the client.
struct Replay {
    gateway: Gateway,
    connections: BTreeMap<u64, ConnectionId>,
    ready: usize,
    chunked: BTreeMap<u64, BTreeSet<u64>>,
}

impl Replay {
    fn run(recording: &str) -> Self {
        let mut replay = Self {
            gateway: Gateway::new(options(), SEED),
            connections: BTreeMap::new(),
            ready: 0,
            chunked: BTreeMap::new(),
        };
        let mut end = 0;
        for line in recording.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            end = line["t_ms"].as_u64().unwrap();
            replay.pass_time(end);
            replay.step(end, &line);
            replay.drain();
        }
        replay.pass_time(end + 1000);
        replay
    }

    /// Lets everything happen that is due until `now`.
    fn pass_time(&mut self, now: Millis) {
        while let Some(due) = self.gateway.poll_timeout().filter(|due| *due <= now) {
            self.gateway.advance(due);
            self.drain();
        }
    }

    /// Does what the client did.
    fn step(&mut self, now: Millis, line: &Value) {
        if let Some(rest) = line["rest"].as_str() {
            let (method, path) = rest.split_once(' ').unwrap();
            let authorization = format!("Bot {TOKEN}");
            let authorization = Some(authorization.as_str());
            let reply = self.gateway.rest(
                now,
                &Rest {
                    method,
                    path,
                    authorization,
                    body: &[],
                },
            );
            assert_eq!(reply.status, 200, "{rest}");
            return;
        }
        let recorded = line["connection"].as_u64().unwrap();
        if let Some(open) = line.get("open") {
            let Accept::Open(connection) = self.gateway.upgrade(now, upgrade(open)) else {
                panic!("refused: {line}");
            };
            self.connections.insert(recorded, connection);
            return;
        }
        let connection = self.connections[&recorded];
        match line.get("payload") {
            Some(payload) => {
                self.gateway
                    .receive(now, connection, payload.to_string().as_bytes());
            }
            None => {
                let code = line["close"]
                    .as_u64()
                    .map(|code| u16::try_from(code).unwrap());
                self.gateway.closed(now, connection, code);
            }
        }
    }

    fn drain(&mut self) {
        while let Some((connection, output)) = self.gateway.poll_output() {
            let Output::Send(text) = output else {
                panic!("{connection:?}: {output:?}")
            };
            let payload: Value = serde_json::from_str(&text).unwrap();
            match payload["t"].as_str() {
                Some("READY") => self.ready += 1,
                Some("GUILD_MEMBERS_CHUNK") => self.note_chunk(&payload["d"]),
                _ => {}
            }
        }
    }

    fn note_chunk(&mut self, chunk: &Value) {
        let members = chunk["members"].as_array().unwrap();
        let ids = members.iter().map(|member| id(&member["user"]["id"]));
        self.chunked
            .entry(id(&chunk["guild_id"]))
            .or_default()
            .extend(ids);
    }
}

fn id(value: &Value) -> u64 {
    value.as_str().unwrap().parse().unwrap()
}

fn upgrade(open: &Value) -> Upgrade {
    let query = open["query"].as_str().unwrap();
    assert!(
        query.contains("v=10") && query.contains("encoding=json"),
        "{query}"
    );
    let compression = match query.split_once("compress=").map(|(_, rest)| rest) {
        None => Compression::None,
        Some(rest) if rest.starts_with("zlib-stream") => Compression::ZlibStream,
        Some(rest) if rest.starts_with("zstd-stream") => Compression::ZstdStream,
        Some(other) => panic!("{other}"),
    };
    let resume_host = open["resume_host"].as_bool().unwrap();
    Upgrade {
        compression,
        resume_host,
        ..Upgrade::default()
    }
}

/// Every member of every guild was sent in chunks, and no rule was broken.
fn everyone_is_counted(recording: &str) {
    assert!(!recording.to_lowercase().contains("s3cret"));
    let replay = Replay::run(recording);
    assert_eq!(replay.ready, 2);
    assert_eq!(replay.gateway.violations(), []);
    let world = replay.gateway.world();
    let everyone: BTreeMap<u64, BTreeSet<u64>> = world
        .guilds()
        .map(|guild| (guild.id(), guild.member_ids().collect()))
        .collect();
    assert_eq!(everyone.len(), 10);
    assert_eq!(replay.chunked, everyone);
}

#[test]
fn hikari() {
    everyone_is_counted(include_str!("../../cases/clients/hikari.jsonl"));
}

#[test]
fn discord_py() {
    everyone_is_counted(include_str!("../../cases/clients/discord.py.jsonl"));
}

#[test]
fn discord_js() {
    everyone_is_counted(include_str!("../../cases/clients/discord.js.jsonl"));
}

#[test]
fn twilight() {
    everyone_is_counted(include_str!("../../cases/clients/twilight.jsonl"));
}
