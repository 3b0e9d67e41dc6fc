//! A byte stream to a host: TCP or TLS.

use std::sync::Arc;

use futures_io::{AsyncRead, AsyncWrite};
use rustls::ClientConfig;

use crate::address::Address;
use crate::{Error, ErrorKind, Runtime, tls};

/// What both look like from above.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// TCP or TLS.
pub(crate) type Stream = Box<dyn Duplex>;

/// Dials an address, with TLS where it asks for it; by default with [`tls::web_roots`].
/// Cancel-safe: dropping it drops the connection.
pub(crate) async fn open<R: Runtime>(
    runtime: &R,
    address: &Address,
    tls: Option<&Arc<ClientConfig>>,
) -> Result<Stream, Error> {
    let Address { host, port, .. } = address;
    let stream = runtime.connect(host, *port).await.map_err(|e| {
        Error::with_source(
            ErrorKind::Network,
            format!("{host}:{port} cannot be reached"),
            e,
        )
    })?;
    if !address.tls {
        return Ok(Box::new(stream));
    }
    let config = match tls {
        Some(config) => Arc::clone(config),
        None => tls::web_roots()?,
    };
    Ok(Box::new(tls::handshake::<R>(config, host, stream).await?))
}
