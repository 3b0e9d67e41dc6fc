//! A real server on loopback: WebSocket on one port, plain IRC over TCP on another.
mod entrance;
mod host;
mod socket;

use super::act::TwitchAct;
use super::model::Twitch;
use super::options::TwitchOptions;
use super::rules::TwitchViolation;
use crate::edge::{ConnectionId, Millis};
use entrance::Entrance;
use host::SharedHost;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How a client is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// WebSocket text messages.
    WebSocket,
    /// Lines over TCP.
    Irc,
}

/// Something that an observer receives.
#[derive(Clone, Copy, Debug)]
pub enum TwitchHappening<'h> {
    /// Somebody connected.
    Opened {
        /// The connection.
        connection: ConnectionId,
        /// How.
        transport: Transport,
    },
    /// A frame or a line came, with its token if it has one.
    Received {
        /// The connection.
        connection: ConnectionId,
        /// What came.
        bytes: &'h [u8],
    },
    /// A connection has ended.
    Closed {
        /// The connection.
        connection: ConnectionId,
    },
    /// A rule was broken.
    Violation(&'h TwitchViolation),
}

/// Receives everything that happens, with the model's time. It must not call the server.
pub type TwitchObserver = Box<dyn FnMut(Millis, &TwitchHappening<'_>) + Send>;

/// How the server carries the model's words.
pub struct TwitchServerConfig {
    /// The port for WebSocket; 0 (the default) takes a free one.
    pub websocket_port: u16,
    /// The port for plain IRC; 0 (the default) takes a free one.
    pub irc_port: u16,
    /// How many times faster than the real one the model's clock runs: limits, delays and all.
    /// 1 by default, and at least.
    pub speed: u32,
    /// The most bytes that may wait for a client that does not read; beyond it the connection is
    /// cut. 1 MiB by default.
    pub waiting_limit: usize,
    /// Receives everything that happens. None by default.
    pub observers: Vec<TwitchObserver>,
}

impl Default for TwitchServerConfig {
    fn default() -> Self {
        Self {
            websocket_port: 0,
            irc_port: 0,
            speed: 1,
            waiting_limit: 1 << 20,
            observers: Vec::new(),
        }
    }
}

/// A running server; dropping it stops it.
pub struct TwitchServer {
    host: SharedHost,
    websocket: SocketAddr,
    irc: SocketAddr,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl TwitchServer {
    /// Starts a server on 127.0.0.1, on tokio's current runtime.
    ///
    /// # Errors
    /// When a port cannot be bound.
    pub async fn start(
        options: TwitchOptions,
        seed: u64,
        config: TwitchServerConfig,
    ) -> io::Result<Self> {
        let websocket = TcpListener::bind((Ipv4Addr::LOCALHOST, config.websocket_port)).await?;
        let irc = TcpListener::bind((Ipv4Addr::LOCALHOST, config.irc_port)).await?;
        let addresses = (websocket.local_addr()?, irc.local_addr()?);
        let host = SharedHost::new(Twitch::new(options, seed), config);
        let (stop, stopped) = watch::channel(false);
        let entrance = |transport| Entrance {
            host: host.clone(),
            transport,
            stop: stopped.clone(),
        };
        let tasks = vec![
            tokio::spawn(host.clone().keep_time()),
            tokio::spawn(entrance(Transport::WebSocket).open(websocket)),
            tokio::spawn(entrance(Transport::Irc).open(irc)),
        ];
        let (websocket, irc) = addresses;
        Ok(Self {
            host,
            websocket,
            irc,
            stop,
            tasks,
        })
    }

    /// Where to connect by WebSocket, e.g. `ws://127.0.0.1:4000`.
    #[must_use]
    pub fn ws_url(&self) -> String {
        format!("ws://{}", self.websocket)
    }

    /// Where to connect by TCP, without TLS.
    #[must_use]
    pub fn irc_address(&self) -> SocketAddr {
        self.irc
    }

    /// Milliseconds since the start, on the model's clock.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.host.lock().now()
    }

    /// Makes something happen now.
    pub fn act(&self, act: TwitchAct) {
        self.host.lock().act(act);
    }

    /// Looks at the model; the server waits meanwhile.
    pub fn inspect<R>(&self, look: impl FnOnce(&Twitch) -> R) -> R {
        look(self.host.lock().twitch())
    }

    /// Every rule that clients have broken so far, oldest first.
    #[must_use]
    pub fn violations(&self) -> Vec<TwitchViolation> {
        self.inspect(|twitch| twitch.violations().to_vec())
    }

    /// Waits until the model is as wanted; looks after every change of it. Cancel-safe.
    pub async fn until(&self, wanted: impl Fn(&Twitch) -> bool) {
        let mut changes = self.host.lock().changes();
        while !self.inspect(&wanted) {
            // The host outlives this borrow of the server, so changes go on.
            let _ = changes.changed().await;
        }
    }
}

impl Drop for TwitchServer {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl fmt::Debug for TwitchServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwitchServer")
            .field("websocket", &self.websocket)
            .field("irc", &self.irc)
            .finish_non_exhaustive()
    }
}
