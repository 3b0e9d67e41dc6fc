//! TLS by rustls with ring, for every runtime.

use std::sync::Arc;

use futures_io::{AsyncRead, AsyncWrite};
use futures_rustls::TlsConnector;
use futures_rustls::client::TlsStream;
use futures_rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};

use crate::{Error, ErrorKind};

/// A client configuration that trusts the roots of the web (the `webpki-roots` crate), with TLS
/// 1.2 and 1.3.
///
/// # Errors
/// [`ErrorKind::Tls`] if the crypto provider cannot do these versions.
pub fn web_roots() -> Result<Arc<ClientConfig>, Error> {
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::with_source(ErrorKind::Tls, "TLS cannot be set up", e))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Does the TLS handshake over a connection to `host`. Cancel-safe: the connection is dropped.
pub(crate) async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
    config: Arc<ClientConfig>,
    host: &str,
    stream: S,
) -> Result<TlsStream<S>, Error> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|e| Error::with_source(ErrorKind::Url, "the host name is not valid", e))?;
    TlsConnector::from(config)
        .connect(name, stream)
        .await
        .map_err(|e| {
            Error::with_source(ErrorKind::Tls, format!("no secure connection to {host}"), e)
        })
}
