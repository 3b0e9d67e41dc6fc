//! A tokio runtime for the driver's own tests, and a hand-made WebSocket server on loopback.
#![allow(dead_code, reason = "each test file uses its part")]

use std::future::Future;
use std::io;
use std::time::Duration;

use async_tungstenite::WebSocketStream;
use headcount_driver::Runtime;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

/// What a tokio adapter looks like from here.
#[derive(Clone, Copy)]
pub(crate) struct Rt;

impl Runtime for Rt {
    type Stream = Compat<TcpStream>;
    type Timer = tokio::time::Sleep;

    async fn connect(&self, host: &str, port: u16) -> io::Result<Self::Stream> {
        Ok(TcpStream::connect((host, port)).await?.compat())
    }

    fn timer(&self, after: Duration) -> Self::Timer {
        tokio::time::sleep(after)
    }

    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        tokio::spawn(future);
    }
}

/// The server's side of a connection.
pub(crate) type Peer = WebSocketStream<Compat<TcpStream>>;

/// A listener on a free port, and the `ws://` URL that leads to it.
pub(crate) async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("ws://{}", listener.local_addr().expect("an address"));
    (listener, url)
}

/// Takes one WebSocket connection.
pub(crate) async fn accept(listener: &TcpListener) -> Peer {
    let (stream, _) = listener.accept().await.expect("a client");
    async_tungstenite::accept_async(stream.compat())
        .await
        .expect("a WebSocket client")
}
