//! What a status page is, before it is served.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use headcount_driver::core::Instant;
use headcount_driver::{Handle, Serve};

use crate::events::SILENCE;
use crate::hosts::Hosts;
use crate::recent_lag::{LagWindow, RecentLag};
use crate::server::BoardServer;

/// The shortest time between two events of a page that is open.
const SHORTEST_PERIOD: Duration = Duration::from_millis(100);

/// A status page that is not served yet.
#[derive(Clone, Debug)]
pub struct Board {
    handle: Handle,
    address: SocketAddr,
    hosts: Hosts,
    period: Duration,
}

/// What every connection of a served page shares.
pub(crate) struct Site<R> {
    pub(crate) handle: Handle,
    pub(crate) runtime: R,
    pub(crate) hosts: Hosts,
    pub(crate) period: Duration,
    /// What every page shows of the last minute.
    pub(crate) lag: Mutex<LagWindow>,
}

impl<R> Site<R> {
    /// What events of the last minute were like, as far as a page was open.
    pub(crate) fn recent_lag(&self, now: Instant) -> Option<RecentLag> {
        let mut window = self.lag.lock().unwrap_or_else(PoisonError::into_inner);
        window.take(now, &self.handle.lag())
    }
}

impl Board {
    /// The status page of a bot, on a free port of 127.0.0.1.
    #[must_use]
    pub fn new(handle: &Handle) -> Self {
        Self {
            handle: handle.clone(),
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            hosts: Hosts::default(),
            period: Duration::from_millis(500),
        }
    }

    /// Listens on this address; port 0 is a free one. **Whoever reaches an address that is not
    /// loopback reads the page**: it has no password.
    #[must_use]
    pub const fn listen_on(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Answers also those who call the server by this name, such as `board.internal`, whatever the
    /// port. IP addresses and `localhost` are answered anyway.
    #[must_use]
    pub fn host(mut self, name: &str) -> Self {
        self.hosts.allow(name);
        self
    }

    /// How often a page that is open is told what has changed, at most. Default 0.5 s; at least
    /// 0.1 s, at most 10 s.
    #[must_use]
    pub const fn period(mut self, period: Duration) -> Self {
        self.period = period;
        self
    }

    /// Listens, and serves the page in a task of the runtime until what is returned is dropped.
    ///
    /// Take the runtime that the bot runs on: its clock is the page's.
    ///
    /// # Errors
    /// What the operating system says when the address cannot be listened on.
    pub fn serve<R: Serve>(self, runtime: R) -> io::Result<BoardServer> {
        let listener = TcpListener::bind(self.address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let acceptor = runtime.acceptor(listener)?;
        let site = Site {
            handle: self.handle,
            runtime,
            hosts: self.hosts,
            period: self.period.clamp(SHORTEST_PERIOD, SILENCE),
            lag: Mutex::default(),
        };
        Ok(BoardServer::start(address, acceptor, Arc::new(site)))
    }
}
