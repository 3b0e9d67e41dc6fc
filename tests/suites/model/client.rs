//! A naive client for tests: it says what it is asked to and keeps what it hears.
use headcount_sim::{Accept, ConnectionId, Gateway, Options, Output, Upgrade};
use serde_json::{Value, json};

/// `GUILDS` and `GUILD_MEMBERS`.
pub(crate) const INTENTS: u64 = 3;

/// A gateway on virtual time, with everything that it said.
pub(crate) struct Client {
    pub(crate) gateway: Gateway,
    pub(crate) now: u64,
    pub(crate) heard: Vec<(ConnectionId, Value)>,
    pub(crate) ends: Vec<(ConnectionId, Option<u16>)>,
    pub(crate) raw: Vec<String>,
}

impl Client {
    pub(crate) fn new(options: Options, seed: u64) -> Self {
        let gateway = Gateway::new(options, seed);
        Self {
            gateway,
            now: 0,
            heard: vec![],
            ends: vec![],
            raw: vec![],
        }
    }

    pub(crate) fn drain(&mut self) {
        while let Some((id, output)) = self.gateway.poll_output() {
            match output {
                Output::Send(text) => {
                    let value = serde_json::from_str(&text).unwrap_or(Value::Null);
                    self.heard.push((id, value));
                    self.raw.push(text);
                }
                Output::Close(code) => self.ends.push((id, Some(code))),
                Output::Drop => self.ends.push((id, None)),
            }
        }
    }

    pub(crate) fn open(&mut self) -> ConnectionId {
        match self.gateway.upgrade(self.now, Upgrade::default()) {
            Accept::Open(id) => {
                self.drain();
                id
            }
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn say(&mut self, id: ConnectionId, op: u64, d: Value) {
        let text = json!({ "op": op, "d": d }).to_string();
        self.gateway.receive(self.now, id, text.as_bytes());
        self.drain();
    }

    /// Lets time pass, step by step as the gateway wants it.
    pub(crate) fn wait(&mut self, millis: u64) {
        let end = self.now + millis;
        while let Some(at) = self.gateway.poll_timeout().filter(|at| *at <= end) {
            self.gateway.advance(at);
            self.drain();
        }
        self.gateway.advance(end);
        self.now = end;
        self.drain();
    }

    /// Identifies and lets the guilds arrive.
    pub(crate) fn start(&mut self, shard: [u32; 2], intents: u64) -> ConnectionId {
        let id = self.open();
        self.identify(id, shard, intents);
        self.wait(1000);
        id
    }

    pub(crate) fn identify(&mut self, id: ConnectionId, shard: [u32; 2], intents: u64) {
        self.say(id, 2, identify(shard, intents));
    }

    pub(crate) fn resume(&mut self, id: ConnectionId, sequence: u64) {
        let session = self.session();
        self.say(
            id,
            6,
            json!({ "token": "t", "session_id": session, "seq": sequence }),
        );
    }

    pub(crate) fn session(&self) -> String {
        let ready = self.events("READY").pop().expect("READY came");
        ready["d"]["session_id"]
            .as_str()
            .expect("a session id")
            .to_owned()
    }

    /// Every dispatch with this name, in order.
    pub(crate) fn events(&self, name: &str) -> Vec<&Value> {
        self.heard
            .iter()
            .map(|(_, value)| value)
            .filter(|value| value["t"] == name)
            .collect()
    }

    /// The opcodes other than dispatches on this connection, in order.
    pub(crate) fn opcodes(&self, id: ConnectionId) -> Vec<u64> {
        self.heard
            .iter()
            .filter(|(from, _)| *from == id)
            .filter_map(|(_, value)| value["op"].as_u64())
            .filter(|op| *op != 0)
            .collect()
    }

    pub(crate) fn rules(&self) -> Vec<headcount_sim::Rule> {
        self.gateway
            .violations()
            .iter()
            .map(|violation| violation.rule)
            .collect()
    }
}

/// The body of an identify.
pub(crate) fn identify(shard: [u32; 2], intents: u64) -> Value {
    json!({
        "token": "t",
        "properties": { "os": "linux", "browser": "x", "device": "x" },
        "intents": intents,
        "shard": shard,
        "presence": null,
    })
}
