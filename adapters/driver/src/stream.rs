//! A byte stream to a host: TCP or TLS.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};
use futures_rustls::client::TlsStream;
use rustls::ClientConfig;

use crate::address::Address;
use crate::quantum::Quantum;
use crate::{Error, ErrorKind, Runtime, tls};

/// What both look like from above.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {
    /// What is left of the connection's turn.
    fn quantum(&mut self) -> &mut Quantum;
}

/// TCP or TLS.
pub(crate) type Stream = Box<dyn Duplex>;

/// Dials an address, with TLS where it asks for it; by default with [`tls::default_config`].
/// Cancel-safe: dropping it drops the connection.
pub(crate) async fn open<R: Runtime>(
    runtime: &R,
    address: &Address,
    tls: Option<&Arc<ClientConfig>>,
) -> Result<Stream, Error> {
    let Address { host, port, .. } = address;
    let stream = runtime.connect(host, *port).await.map_err(|e| {
        let kind = ErrorKind::of_connect(&e);
        Error::with_source(kind, format!("{host}:{port} cannot be reached"), e)
    })?;
    let stream = Paced::new(stream);
    if !address.tls {
        return Ok(Box::new(stream));
    }
    let config = match tls {
        Some(config) => Arc::clone(config),
        None => tls::default_config()?,
    };
    Ok(Box::new(tls::handshake(config, host, stream).await?))
}

/// A connection whose reads end with its turn, below TLS: there, nothing can be read that costs
/// nothing.
pub(crate) struct Paced<S> {
    inner: S,
    quantum: Quantum,
}

impl<S> Paced<S> {
    fn new(inner: S) -> Self {
        let quantum = Quantum::new();
        Self { inner, quantum }
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for Paced<S> {
    fn quantum(&mut self) -> &mut Quantum {
        &mut self.quantum
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for TlsStream<Paced<S>> {
    fn quantum(&mut self) -> &mut Quantum {
        self.get_mut().0.quantum()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.quantum.poll(cx));
        let read = Pin::new(&mut self.inner).poll_read(cx, bytes);
        match &read {
            Poll::Ready(Ok(count)) => self.quantum.spend(*count),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.quantum.rest(),
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }
}
