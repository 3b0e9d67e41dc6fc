//! The server's side of the soak: every connection is another attack.
use super::super::flood::{self, Flood};
use super::super::soak::{GUILDS, SHARDS, guild};
use super::super::wire::{Frame, kind};
use super::{BEAT, Connection, LOOK};
use serde_json::Value;
use std::io;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How long a connection is flooded, and how long it lives.
const FLOOD: Duration = Duration::from_secs(2);
const LIFE: Duration = Duration::from_secs(3);

/// What connections are flooded with, in turn; `None` for one that is never sent Hello.
const FLOODS: [Option<Flood>; 6] = [
    Some(Flood::Dispatches(200)),
    Some(Flood::Pings),
    Some(Flood::Fragments),
    None,
    Some(Flood::Nothing),
    Some(Flood::Dispatches(1_000_000)),
];

/// The dispatch of a sequence: first the guilds, then some that change nothing.
fn payload(shard: u64, sequence: u64) -> String {
    if sequence > GUILDS {
        return flood::dispatch(sequence, 100);
    }
    let id = guild(shard, sequence - 1);
    format!(
        r#"{{"t":"GUILD_CREATE","s":{sequence},"op":0,"d":{{"id":"{id}","name":"g",
        "owner_id":"9","roles":[],"channels":[],"members":[],"member_count":1}}}}"#
    )
}

impl Connection {
    pub(super) fn soak(mut self) -> io::Result<()> {
        let number = self.shared.connections.fetch_add(1, Ordering::Relaxed);
        // All shards identify before anything is wrong.
        let turn = number.saturating_sub(SHARDS) as usize;
        let flood = FLOODS[turn % FLOODS.len()].filter(|_| number >= SHARDS);
        if number >= SHARDS && flood.is_none() {
            return self.withhold_hello();
        }
        self.send(&format!(
            r#"{{"op":10,"d":{{"heartbeat_interval":{BEAT}}}}}"#
        ))?;
        let mut session = None;
        loop {
            self.receive_all(&mut session)?;
            let Some((shard, began)) = session else {
                continue;
            };
            let age: Duration = Instant::now() - began;
            if age > LIFE {
                return Ok(());
            }
            if let Some(flood) = flood.filter(|_| age < FLOOD) {
                let burst = flood.burst(&mut self.wire, &mut self.sequence)?;
                self.shared.note_sequence(shard, self.sequence);
                self.wire.write(&burst, || began.elapsed() < LIFE)?;
            }
        }
    }

    /// Answers heartbeats in the midst of something else, as every gateway does.
    fn acknowledge_heartbeats(&mut self) -> io::Result<()> {
        while let Ok(frame) = self.frames.try_recv() {
            if frame.kind == kind::TEXT && frame.body.starts_with(br#"{"op":1,"#) {
                self.send(r#"{"op":11}"#)?;
            }
        }
        Ok(())
    }

    fn withhold_hello(mut self) -> io::Result<()> {
        loop {
            let burst = Flood::Repeated(100).burst(&mut self.wire, &mut 1)?;
            self.wire.write(&burst, || true)?;
        }
    }

    fn receive_all(&mut self, session: &mut Option<(u64, Instant)>) -> io::Result<()> {
        if let Ok(frame) = self.frames.recv_timeout(LOOK / 5) {
            self.receive_one(&frame, session)?;
        }
        while let Ok(frame) = self.frames.try_recv() {
            self.receive_one(&frame, session)?;
        }
        Ok(())
    }

    fn receive_one(
        &mut self,
        frame: &Frame,
        session: &mut Option<(u64, Instant)>,
    ) -> io::Result<()> {
        if frame.kind == kind::CLOSE {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        if frame.kind != kind::TEXT {
            return Ok(());
        }
        let payload: Value = serde_json::from_slice(&frame.body).unwrap_or_default();
        let data = &payload["d"];
        match payload["op"].as_u64() {
            Some(1) => self.send(r#"{"op":11}"#),
            Some(2) => {
                let shard = data["shard"][0].as_u64().unwrap_or(0);
                self.begin(shard)?;
                *session = Some((shard, Instant::now()));
                Ok(())
            }
            Some(6) => {
                let id = data["session_id"].as_str().unwrap_or_default();
                let shard = id.trim_start_matches('s').parse().unwrap_or(0);
                self.replay(shard, data["seq"].as_u64().unwrap_or(0))?;
                *session = Some((shard, Instant::now()));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A new session; its last guild never comes.
    fn begin(&mut self, shard: u64) -> io::Result<()> {
        self.shared.log().identifies += 1;
        let ids: Vec<u64> = (1..=GUILDS).map(|number| guild(shard, number)).collect();
        self.send(&flood::ready_of(&format!("s{shard}"), &ids))?;
        self.shared.begin_sequence(shard);
        for sequence in 2..=GUILDS {
            self.sequence = sequence;
            self.shared.note_sequence(shard, sequence);
            self.send(&payload(shard, sequence))?;
        }
        Ok(())
    }

    /// Replays what the client has not received.
    fn replay(&mut self, shard: u64, had: u64) -> io::Result<()> {
        self.shared.log().resumes += 1;
        let last = self.shared.sequence(shard);
        for sequence in had + 1..=last {
            self.send(&payload(shard, sequence))?;
            self.acknowledge_heartbeats()?;
        }
        self.sequence = last.max(had) + 1;
        self.shared.note_sequence(shard, self.sequence);
        let sequence = self.sequence;
        self.send(&format!(
            r#"{{"t":"RESUMED","s":{sequence},"op":0,"d":{{}}}}"#
        ))
    }
}
