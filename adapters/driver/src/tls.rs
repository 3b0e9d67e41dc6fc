//! TLS by rustls, for every runtime.
//!
//! Features say whom it trusts and who computes. Of several, the first that is on counts:
//! `platform-verifier`, `native-roots`, `webpki-roots` for the roots; `aws-lc-rs`, `ring` for the
//! cryptography, and without either the one that the process has installed for rustls.

use std::sync::Arc;

use futures_io::{AsyncRead, AsyncWrite};
use futures_rustls::TlsConnector;
use futures_rustls::client::TlsStream;
use futures_rustls::pki_types::ServerName;
use rustls::client::WantsClientCert;
use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, ConfigBuilder, WantsVerifier};

use crate::{Error, ErrorKind};

/// What a connection has if nothing else is said: TLS 1.2 and 1.3, by the features that are on.
///
/// # Errors
/// [`ErrorKind::Tls`] if no feature says whom to trust or who computes, if the operating system
/// names no roots, or if the cryptography cannot do these versions.
pub fn default_config() -> Result<Arc<ClientConfig>, Error> {
    let missing = "no cryptography: switch on the feature ring or aws-lc-rs, or install one";
    let provider = provider().ok_or_else(|| Error::new(ErrorKind::Tls, missing))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::with_source(ErrorKind::Tls, "TLS cannot be set up", e))?;
    Ok(Arc::new(trusting(config)?.with_no_client_auth()))
}

#[cfg(feature = "aws-lc-rs")]
fn provider() -> Option<Arc<CryptoProvider>> {
    Some(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
}

#[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
fn provider() -> Option<Arc<CryptoProvider>> {
    Some(Arc::new(rustls::crypto::ring::default_provider()))
}

#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
fn provider() -> Option<Arc<CryptoProvider>> {
    CryptoProvider::get_default().cloned()
}

type Untrusting = ConfigBuilder<ClientConfig, WantsVerifier>;
type Trusting = ConfigBuilder<ClientConfig, WantsClientCert>;

#[cfg(feature = "platform-verifier")]
fn trusting(config: Untrusting) -> Result<Trusting, Error> {
    use rustls_platform_verifier::BuilderVerifierExt as _;
    let trusting = config.with_platform_verifier();
    trusting.map_err(|e| Error::with_source(ErrorKind::Tls, "no verifier of the platform", e))
}

#[cfg(all(feature = "native-roots", not(feature = "platform-verifier")))]
fn trusting(config: Untrusting) -> Result<Trusting, Error> {
    let none = "the operating system names no roots";
    let mut roots = rustls::RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    match (added, found.errors.into_iter().next()) {
        (0, Some(e)) => Err(Error::with_source(ErrorKind::Tls, none, e)),
        (0, None) => Err(Error::new(ErrorKind::Tls, none)),
        _ => Ok(config.with_root_certificates(roots)),
    }
}

#[cfg(all(
    feature = "webpki-roots",
    not(any(feature = "native-roots", feature = "platform-verifier"))
))]
fn trusting(config: Untrusting) -> Result<Trusting, Error> {
    let roots = webpki_roots::TLS_SERVER_ROOTS.to_vec();
    Ok(config.with_root_certificates(rustls::RootCertStore { roots }))
}

#[cfg(not(any(
    feature = "webpki-roots",
    feature = "native-roots",
    feature = "platform-verifier"
)))]
fn trusting(_: Untrusting) -> Result<Trusting, Error> {
    let nobody = "nobody is trusted: switch on a feature for roots, or hand in a configuration";
    Err(Error::new(ErrorKind::Tls, nobody))
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
