//! A runtime whose connections are pipes in memory and whose clock is tokio's, to be paused: real
//! WebSocket traffic on virtual time. And the gateway's end of such a pipe.
#![allow(dead_code, reason = "each test file uses its part")]

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_tungstenite::WebSocketStream;
use async_tungstenite::tungstenite::Message;
use async_tungstenite::tungstenite::protocol::CloseFrame;
use futures_util::StreamExt;
use headcount_driver::core::cache::{Kind, Policies, Policy};
use headcount_driver::core::id::GuildId;
use headcount_driver::core::{Event, Intents};
use headcount_driver::{Bot, Builder, Compression, GatewayInfo, Runtime, SessionStartLimit};
use serde_json::{Value, json};
use tokio::io::{DuplexStream, duplex};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

/// Bytes that a pipe holds before its writer waits.
const PIPE: usize = 64 << 10;

/// The runtime of a bot under test.
#[derive(Clone)]
pub(crate) struct Memory {
    dials: UnboundedSender<DuplexStream>,
    /// Seconds that the machine has slept.
    pub(crate) asleep: Arc<AtomicU64>,
    /// The next look at the clock panics.
    pub(crate) clock_panics: Arc<AtomicBool>,
    /// Bytes that a new pipe holds before its writer waits.
    pub(crate) pipe: usize,
}

/// Where the bot's connections come out.
pub(crate) struct Listener(UnboundedReceiver<DuplexStream>);

pub(crate) fn memory() -> (Memory, Listener) {
    let (dials, listener) = unbounded_channel();
    let memory = Memory {
        dials,
        asleep: Arc::default(),
        clock_panics: Arc::default(),
        pipe: PIPE,
    };
    (memory, Listener(listener))
}

impl Runtime for Memory {
    type Stream = Compat<DuplexStream>;
    type Timer = tokio::time::Sleep;

    async fn connect(&self, _: &str, _: u16) -> io::Result<Self::Stream> {
        let (ours, theirs) = duplex(self.pipe);
        let refused = |_| io::Error::from(io::ErrorKind::ConnectionRefused);
        self.dials.send(theirs).map_err(refused)?;
        Ok(ours.compat())
    }

    fn timer(&self, after: Duration) -> Self::Timer {
        tokio::time::sleep(after)
    }

    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        tokio::spawn(future);
    }

    fn now(&self) -> Instant {
        let panics = self.clock_panics.swap(false, Ordering::AcqRel);
        assert!(!panics, "the clock is broken");
        tokio::time::Instant::now().into_std()
    }

    fn asleep(&self) -> Duration {
        Duration::from_secs(self.asleep.load(Ordering::Acquire))
    }
}

impl Listener {
    /// The next connection, before its WebSocket handshake.
    pub(crate) async fn raw(&mut self) -> DuplexStream {
        self.0.recv().await.expect("a dial")
    }

    /// Whether there is a connection that nobody has taken.
    pub(crate) fn is_dialled(&mut self) -> bool {
        self.0.try_recv().is_ok()
    }

    /// The next connection.
    pub(crate) async fn accept(&mut self) -> Gateway {
        let stream = self.raw().await;
        let peer = async_tungstenite::accept_async(stream.compat())
            .await
            .expect("a client");
        Gateway { peer, sequence: 0 }
    }
}

/// The gateway's end of a connection.
pub(crate) struct Gateway {
    pub(crate) peer: WebSocketStream<Compat<DuplexStream>>,
    sequence: u64,
}

impl Gateway {
    pub(crate) async fn send(&mut self, payload: Value) {
        self.peer
            .send(Message::text(payload.to_string()))
            .await
            .expect("sent");
    }

    pub(crate) async fn hello(&mut self, interval: Duration) {
        let interval = interval.as_millis();
        self.send(json!({"op": 10, "d": {"heartbeat_interval": interval}}))
            .await;
    }

    pub(crate) async fn dispatch(&mut self, name: &str, data: Value) {
        self.sequence += 1;
        self.send(json!({"op": 0, "s": self.sequence, "t": name, "d": data}))
            .await;
    }

    pub(crate) async fn ready(&mut self, session: &str) {
        self.ready_with(session, json!([])).await;
    }

    pub(crate) async fn ready_with(&mut self, session: &str, guilds: Value) {
        let data = json!({
            "v": 10, "user": {"id": "1", "username": "bot", "bot": true}, "guilds": guilds,
            "session_id": session, "resume_gateway_url": "ws://127.0.0.1:1",
            "application": {"id": "1", "flags": 0},
        });
        self.dispatch("READY", data).await;
    }

    /// The next payload, whatever it is.
    pub(crate) async fn any(&mut self) -> Value {
        match self.peer.next().await {
            Some(Ok(Message::Text(text))) => serde_json::from_str(&text).expect("JSON"),
            other => panic!("not a payload: {other:?}"),
        }
    }

    /// The next payload with this opcode; beats before it are answered.
    pub(crate) async fn expect(&mut self, op: u64) -> Value {
        loop {
            let payload = self.any().await;
            if payload["op"] == op {
                return payload;
            }
            assert_eq!(payload["op"], 1, "only beats may come between: {payload}");
            self.send(json!({"op": 11})).await;
        }
    }

    /// The close code; beats before it are answered.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        loop {
            match self.peer.next().await {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                Some(Ok(Message::Text(_))) => self.send(json!({"op": 11})).await,
                other => panic!("not a close: {other:?}"),
            }
        }
    }

    pub(crate) async fn close(&mut self, code: u16) {
        let frame = CloseFrame {
            code: code.into(),
            reason: "".into(),
        };
        self.peer.close(Some(frame)).await.expect("closed");
    }

    /// Hello, identify, READY.
    pub(crate) async fn begin(&mut self, session: &str) -> Value {
        self.hello(Duration::from_secs(40)).await;
        let identify = self.expect(2).await;
        self.ready(session).await;
        identify
    }
}

/// What the service would say.
pub(crate) fn info(shards: u32) -> GatewayInfo {
    let session_start_limit = SessionStartLimit {
        total: 1000,
        remaining: 1000,
        reset_after: 0,
        max_concurrency: 16,
    };
    GatewayInfo {
        url: "ws://127.0.0.1".to_owned(),
        shards,
        session_start_limit,
    }
}

/// No compression: the gateway's end here does none.
pub(crate) const PLAIN: Compression = Compression::None;

/// A bot of one shard whose session has begun, and nobody has taken an event of.
pub(crate) async fn begun() -> (Bot<Memory>, Gateway) {
    let (runtime, mut listener) = memory();
    let builder = Builder::new(runtime, "MTIz.secret.token", Intents::GUILDS);
    let builder = builder.gateway(info(1)).compression(PLAIN);
    let bot = builder.connect().await.expect("started");
    let mut gateway = listener.accept().await;
    gateway.begin("s1").await;
    (bot, gateway)
}

/// A bot in a session whose heartbeats are ten minutes apart, and whose one guild, 7, has a role
/// that goes after `age`.
pub(crate) async fn with_an_aging_role(
    runtime: Memory,
    listener: &mut Listener,
    age: Duration,
) -> (Bot<Memory>, Gateway) {
    let old = Policy::all().time_to_live(age);
    let policies = Policies::default().with(Kind::Role, old).expect("fitting");
    let builder = Builder::new(runtime, "token", Intents::GUILDS).cache(policies);
    let builder = builder.gateway(info(1)).compression(PLAIN);
    let mut bot = builder.connect().await.expect("started");
    let mut gateway = listener.accept().await;
    gateway.hello(Duration::from_secs(600)).await;
    gateway.expect(2).await;
    gateway.ready("s").await;
    let create = json!({"id": "7", "name": "room", "member_count": 1, "members": [],
        "channels": [], "roles": [{"id": "8", "name": "role", "permissions": "0"}]});
    gateway.dispatch("GUILD_CREATE", create).await;
    while !matches!(
        bot.next().await.map(|it| it.event),
        Some(Event::GuildJoin(_))
    ) {}
    (bot, gateway)
}

/// The roles of that guild that are cached.
pub(crate) fn roles(bot: &Bot<Memory>) -> usize {
    let guild = GuildId::new(7).expect("not zero");
    bot.handle().cache(|store| store.roles(guild).count())
}
