//! What a new TCP connection goes through.
use super::host::SharedHost;
use super::{Transport, socket};
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
        let mut stop = self.stop.clone();
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    let Ok((stream, _)) = accepted else { continue };
                    tokio::spawn(self.clone().guest(stream));
                }
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Serves one TCP connection until it ends or the server stops.
    async fn guest(self, stream: TcpStream) {
        let mut stop = self.stop.clone();
        tokio::select! {
            // A client that breaks off or speaks no HTTP is nobody's error here.
            _ = self.welcome(stream) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    async fn welcome(&self, stream: TcpStream) -> io::Result<()> {
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
