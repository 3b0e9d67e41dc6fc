//! What a new TCP connection goes through.
use super::host::SharedHost;
use super::{Transport, socket};
use crate::server::door;
use crate::server::http::{self, Request};
use async_tungstenite::tokio::TokioAdapter;
use futures_util::{AsyncRead, AsyncWrite};
use std::io;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The subprotocol that some clients ask for, and then insist on.
const SUBPROTOCOL: &str = "irc";

/// One listener's rules.
#[derive(Clone)]
pub(super) struct Entrance {
    pub(super) host: SharedHost,
    pub(super) transport: Transport,
    pub(super) stop: watch::Receiver<bool>,
}

impl Entrance {
    /// Accepts connections until the server stops.
    pub(super) async fn open(self, listener: TcpListener) {
        let stop = self.stop.clone();
        door::open(listener, stop, |stream| self.clone().welcome(stream)).await;
    }

    async fn welcome(self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        match self.transport {
            Transport::WebSocket => self.upgrade(TokioAdapter::new(stream)).await,
            Transport::Irc => {
                let (connection, outbox) = self.host.lock().open(Transport::Irc);
                socket::lines(stream, &self.host, connection, outbox).await;
                Ok(())
            }
        }
    }

    async fn upgrade<S: AsyncRead + AsyncWrite + Unpin>(&self, mut stream: S) -> io::Result<()> {
        let mut read = Vec::new();
        let Some(request) = http::read_request(&mut stream, &mut read).await? else {
            return Ok(());
        };
        let Some(key) = &request.websocket_key else {
            return http::reply(&mut stream, 404, "{}", false).await;
        };
        http::switch(&mut stream, key, subprotocol(&request)).await?;
        let (connection, outbox) = self.host.lock().open(Transport::WebSocket);
        socket::frames(stream, read, &self.host, connection, outbox).await;
        Ok(())
    }
}

/// What to select, if the client asks for it.
fn subprotocol(request: &Request) -> Option<&'static str> {
    let mut offered = request.websocket_protocols.split(',').map(str::trim);
    offered
        .any(|name| name == SUBPROTOCOL)
        .then_some(SUBPROTOCOL)
}
