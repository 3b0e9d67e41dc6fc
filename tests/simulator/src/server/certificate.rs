//! TLS with a throw-away certificate for `localhost` and `127.0.0.1`.
use futures_rustls::TlsAcceptor;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::io;
use std::sync::Arc;

/// A certificate made for one run, which its clients have to trust.
#[derive(Clone, Debug)]
pub struct Certificate {
    der: CertificateDer<'static>,
    pem: String,
}

impl Certificate {
    /// The certificate in DER form, for a `RootCertStore`.
    #[must_use]
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// The certificate in PEM form, for a file that other languages read.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }
}

/// A fresh certificate and an acceptor that presents it.
pub(super) fn throw_away() -> io::Result<(Certificate, TlsAcceptor)> {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).map_err(io::Error::other)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let certificate = Certificate {
        der: made.cert.der().clone(),
        pem: made.cert.pem(),
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der.clone()], key)
        .map_err(io::Error::other)?;
    Ok((certificate, TlsAcceptor::from(Arc::new(config))))
}
