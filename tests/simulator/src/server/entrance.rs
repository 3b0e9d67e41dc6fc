//! What a new TCP connection goes through: TLS, HTTP requests, and maybe an upgrade.
use super::compression::{Compressor, Cutting};
use super::door;
use super::host::{Handshake, SharedHost};
use super::http::{self, Request};
use super::socket;
use crate::edge::Upgrade;
use crate::rest::Rest;
use async_tungstenite::tokio::TokioAdapter;
use futures_rustls::TlsAcceptor;
use futures_util::{AsyncRead, AsyncWrite};
use std::io;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// One listener's rules; the base host and the resume host each have one.
#[derive(Clone)]
pub(super) struct Entrance {
    pub(super) host: SharedHost,
    pub(super) resume_host: bool,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) cutting: Cutting,
    pub(super) seed: u64,
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
        let stream = TokioAdapter::new(stream);
        match &self.tls {
            Some(tls) => self.serve(tls.accept(stream).await?).await,
            None => self.serve(stream).await,
        }
    }

    async fn serve<S: AsyncRead + AsyncWrite + Unpin>(&self, mut stream: S) -> io::Result<()> {
        let mut buffer = Vec::new();
        while let Some(request) = http::read_request(&mut stream, &mut buffer).await? {
            if let Some(key) = &request.websocket_key {
                return match request.upgrade(self.resume_host) {
                    Ok(upgrade) => self.upgrade(stream, buffer, &request, key, upgrade).await,
                    Err(wrong) => {
                        let body = serde_json::json!({ "code": 0, "message": wrong }).to_string();
                        http::reply(&mut stream, 400, &body, false).await
                    }
                };
            }
            self.answer(&mut stream, &request).await?;
            if !request.keep_alive {
                break;
            }
        }
        Ok(())
    }

    async fn answer<S: AsyncWrite + Unpin>(
        &self,
        stream: &mut S,
        request: &Request,
    ) -> io::Result<()> {
        let target = match request.query.as_str() {
            "" => request.path.clone(),
            query => format!("{}?{query}", request.path),
        };
        let reply = self.host.lock().rest(&Rest {
            method: &request.method,
            path: &target,
            authorization: request.authorization.as_deref(),
            body: &request.body,
        });
        http::reply(stream, reply.status, &reply.body, request.keep_alive).await
    }

    async fn upgrade<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        mut stream: S,
        read: Vec<u8>,
        request: &Request,
        key: &str,
        upgrade: Upgrade,
    ) -> io::Result<()> {
        let handshake = self.host.lock().upgrade(upgrade, &request.query);
        match handshake {
            Handshake::Open(connection, outbox) => {
                let seed = self.seed.wrapping_add(connection.get());
                let compressor = Compressor::new(upgrade.compression, self.cutting, seed)?;
                if let Err(error) = http::switch(&mut stream, key, None).await {
                    self.host.lock().closed(connection, None);
                    return Err(error);
                }
                socket::run(stream, read, &self.host, connection, outbox, compressor).await;
                Ok(())
            }
            Handshake::Refuse(status) => {
                let body = serde_json::json!({ "code": 0, "message": "refused" }).to_string();
                http::reply(&mut stream, status, &body, false).await
            }
            // The socket stays open and mute until the client gives up or the server stops.
            Handshake::Silent => std::future::pending().await,
        }
    }
}
