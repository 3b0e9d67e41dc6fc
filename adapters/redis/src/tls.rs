//! `rediss://` addresses.

use std::fmt;

use redis::{Client, ConnectionInfo, RedisResult};

/// Whom a `rediss://` address trusts, and who this process is. Without meaning for other addresses.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct RedisTls {
    /// The certificates in PEM that are trusted; `None`, the default, for those that the system
    /// trusts.
    pub roots: Option<Vec<u8>>,
    /// The process's own certificates and its key, both in PEM, for a server that asks for them
    /// (`tls-auth-clients`). None by default.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl fmt::Debug for RedisTls {
    /// Whether there are any: a key is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisTls")
            .field("roots", &self.roots.is_some())
            .field("identity", &self.identity.is_some())
            .finish()
    }
}

/// A client for an address.
#[cfg(any(feature = "tokio-tls", feature = "smol-tls"))]
pub(crate) fn client(info: ConnectionInfo, tls: &RedisTls) -> RedisResult<Client> {
    use redis::{ClientTlsConfig, ConnectionAddr, TlsCertificates};

    if !matches!(info.addr(), ConnectionAddr::TcpTls { .. }) {
        return Client::open(info);
    }
    let identity = tls.identity.clone();
    let certificates = TlsCertificates {
        client_tls: identity.map(|(client_cert, client_key)| ClientTlsConfig {
            client_cert,
            client_key,
        }),
        root_cert: tls.roots.clone(),
    };
    Client::build_with_tls(info, certificates)
}

#[cfg(not(any(feature = "tokio-tls", feature = "smol-tls")))]
pub(crate) fn client(info: ConnectionInfo, _: &RedisTls) -> RedisResult<Client> {
    Client::open(info)
}
