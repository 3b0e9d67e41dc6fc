//! A real WebSocket and HTTP server on loopback over the pure model.
//!
//! One port answers HTTP requests and WebSocket upgrades on the base URL; a second port is the
//! host that READY names in `resume_gateway_url`. Any client library in any language can use it.
mod certificate;
pub(crate) mod compression;
pub(crate) mod door;
mod entrance;
mod happening;
mod host;
mod hosted;
pub(crate) mod http;
pub(crate) mod link;
pub mod recording;
mod socket;

pub use certificate::Certificate;
pub use compression::Cutting;
pub use happening::{Happening, Observer};
pub use hosted::HostedServer;
pub use link::Flow;

use crate::act::{Act, Target};
use crate::edge::Millis;
use crate::gateway::Gateway;
use crate::options::Options;
use crate::rules::Violation;
use entrance::Entrance;
use host::SharedHost;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How the server carries the model's words.
pub struct ServerConfig {
    /// The port of the base host; 0 (the default) takes a free one.
    pub port: u16,
    /// Whether both hosts speak TLS, with a throw-away [`Certificate`]. Off by default.
    pub tls: bool,
    /// The gateway that `/gateway/bot` names, in place of the server's own.
    pub advertised_base: Option<String>,
    /// The resume host that READY names, in place of the server's own.
    pub advertised_resume: Option<String>,
    /// How zlib-stream payloads are cut into messages. Whole by default.
    pub cutting: Cutting,
    /// The most bytes of JSON text that may wait for a client that does not read; beyond it the
    /// connection is cut. 1 GiB by default.
    pub waiting_limit: usize,
    /// Receives everything that happens. None by default.
    pub observers: Vec<Observer>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            port: 0,
            tls: false,
            advertised_base: None,
            advertised_resume: None,
            cutting: Cutting::Whole,
            waiting_limit: 1 << 30,
            observers: Vec::new(),
        }
    }
}

/// What a restart of the gateway does to sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sessions {
    /// Clients can resume.
    Kept,
    /// Resumes fail.
    Lost,
}

/// A running server; dropping it stops it.
///
/// All methods but [`stop`](Self::stop) and [`until`](Self::until) are synchronous and short.
pub struct Server {
    host: SharedHost,
    base: SocketAddr,
    resume: SocketAddr,
    certificate: Option<Certificate>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Server {
    /// Starts a server on 127.0.0.1 whose world is drawn from `seed`, on tokio's current runtime.
    ///
    /// # Errors
    /// When a port cannot be bound, or the certificate cannot be made.
    pub async fn start(options: Options, seed: u64, config: ServerConfig) -> io::Result<Self> {
        let base = TcpListener::bind((Ipv4Addr::LOCALHOST, config.port)).await?;
        let resume = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (certificate, tls) = match config.tls {
            true => certificate::throw_away().map(|(made, tls)| (Some(made), Some(tls)))?,
            false => (None, None),
        };
        let gateway = Gateway::new(options, seed);
        let host = SharedHost::new(gateway, config.observers, config.waiting_limit);
        let (stop, stopped) = watch::channel(false);
        let mut server = Self {
            host: host.clone(),
            base: base.local_addr()?,
            resume: resume.local_addr()?,
            certificate,
            stop,
            tasks: Vec::new(),
        };
        let base_url = config.advertised_base.unwrap_or(server.ws_url());
        let resume_url = config.advertised_resume.unwrap_or(server.resume_url());
        host.lock().gateway_mut().set_urls(base_url, resume_url);
        let cutting = config.cutting;
        let entrance = Entrance {
            host: host.clone(),
            resume_host: false,
            tls,
            cutting,
            seed,
            stop: stopped,
        };
        let resume_entrance = Entrance {
            resume_host: true,
            ..entrance.clone()
        };
        server.tasks = vec![
            tokio::spawn(host.keep_time()),
            tokio::spawn(entrance.open(base)),
            tokio::spawn(resume_entrance.open(resume)),
        ];
        Ok(server)
    }

    /// The base of HTTP requests, e.g. `http://127.0.0.1:4000`.
    #[must_use]
    pub fn http_url(&self) -> String {
        format!("http{}://{}", self.secure(), self.base)
    }

    /// The base of the gateway, e.g. `ws://127.0.0.1:4000`.
    #[must_use]
    pub fn ws_url(&self) -> String {
        format!("ws{}://{}", self.secure(), self.base)
    }

    /// The resume host that READY names, e.g. `ws://127.0.0.1:4001`.
    #[must_use]
    pub fn resume_url(&self) -> String {
        format!("ws{}://{}", self.secure(), self.resume)
    }

    fn secure(&self) -> &'static str {
        if self.certificate.is_some() { "s" } else { "" }
    }

    /// The certificate that clients have to trust, when the server speaks TLS.
    #[must_use]
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    /// Milliseconds since the start, on the clock that the model sees.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.host.lock().now()
    }

    /// Makes something happen now.
    pub fn act(&self, act: Act) {
        self.host.lock().act(act);
    }

    /// Looks at the model; the server waits meanwhile.
    pub fn inspect<R>(&self, look: impl FnOnce(&Gateway) -> R) -> R {
        look(self.host.lock().gateway())
    }

    /// Every rule that clients have broken so far, oldest first.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        self.inspect(|gateway| gateway.violations().to_vec())
    }

    /// Waits until the model is as wanted; looks after every change of it. Cancel-safe.
    pub async fn until(&self, wanted: impl Fn(&Gateway) -> bool) {
        let mut changes = self.host.lock().changes();
        while !self.inspect(&wanted) {
            // The host outlives this borrow of the server, so changes go on.
            let _ = changes.changed().await;
        }
    }

    /// Cuts every connection at once, without a close frame; sessions live on.
    pub fn cut_all(&self) {
        self.host.lock().cut_all();
    }

    /// Goes through a restart of the gateway: every connection is cut, and sessions of open
    /// connections are kept or lost.
    pub fn restart(&self, sessions: Sessions) {
        match sessions {
            Sessions::Kept => {}
            Sessions::Lost => self.act(Act::ForgetSessions(Target::All)),
        }
        self.cut_all();
    }

    /// Stops or restarts reading and writing on every connection that is open now.
    pub fn set_flow(&self, flow: Flow) {
        self.host.lock().set_flow(flow);
    }

    /// Stops the server and drops every socket; returns when the ports are free.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        for task in self.tasks.drain(1..) {
            let _ = task.await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
