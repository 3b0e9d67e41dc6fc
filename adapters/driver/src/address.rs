//! Where a URL leads: host, port, TLS or not; whether a token may go there; and the target of a
//! gateway connection.

use std::net::IpAddr;

use http::Uri;

use crate::{Compression, Error, ErrorKind};

/// The gateway protocol version that the core speaks.
const VERSION: &str = "10";

/// Who to dial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// A name or an address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: bool,
}

/// Where a token may go without TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cleartext {
    /// Nowhere: who names the address was asked over TLS.
    Nowhere,
    /// To this machine.
    Here,
    /// Anywhere: the caller has said so by name.
    Anywhere,
}

impl Cleartext {
    /// What the caller's word allows.
    pub(crate) const fn new(allowed: bool) -> Self {
        match allowed {
            true => Self::Anywhere,
            false => Self::Here,
        }
    }

    /// The same for an address that was heard of over TLS, or not.
    pub(crate) const fn after(self, tls: bool) -> Self {
        match tls {
            true => Self::Nowhere,
            false => self,
        }
    }
}

impl Address {
    /// Whether a token may go there.
    ///
    /// # Errors
    /// [`ErrorKind::Plaintext`].
    pub(crate) fn permit(&self, cleartext: Cleartext) -> Result<(), Error> {
        let (allowed, why) = match cleartext {
            Cleartext::Nowhere => (false, "after a connection with it"),
            Cleartext::Here => (self.is_here(), "and it is another machine"),
            Cleartext::Anywhere => (true, ""),
        };
        if self.tls || allowed {
            return Ok(());
        }
        let host = &self.host;
        let detail = format!("the address of {host} is without TLS, {why}: the token stays here");
        Err(Error::new(ErrorKind::Plaintext, detail))
    }

    /// Whether it is this machine.
    fn is_here(&self) -> bool {
        match self.host.parse::<IpAddr>() {
            Ok(address) => address.to_canonical().is_loopback(),
            Err(_) => self.host.eq_ignore_ascii_case("localhost"),
        }
    }

    /// Who a `ws`, `wss`, `http` or `https` URL names.
    pub(crate) fn of(url: &Uri) -> Result<Self, Error> {
        let tls = match url.scheme_str() {
            Some("wss" | "https") => true,
            Some("ws" | "http") => false,
            _ => {
                return Err(unusable(
                    "the URL does not start with ws://, wss:// or http(s)://",
                ));
            }
        };
        let authority = url
            .authority()
            .ok_or_else(|| unusable("the URL has no host"))?;
        // A port that is no number would otherwise be taken for none.
        if authority.as_str() != authority.host() && authority.port_u16().is_none() {
            return Err(unusable("the URL has a user name or an impossible port"));
        }
        let host = authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']');
        if host.is_empty() || authority.as_str().contains('@') {
            return Err(unusable("the URL has no host or a user name"));
        }
        let port = url.port_u16().unwrap_or(if tls { 443 } else { 80 });
        Ok(Self {
            host: host.to_owned(),
            port,
            tls,
        })
    }
}

/// Reads a URL. An error holds nothing of it.
pub(crate) fn parse(url: &str) -> Result<Uri, Error> {
    url.parse()
        .map_err(|e| Error::with_source(ErrorKind::Url, "this is not a URL", e))
}

/// Whether an address has TLS; one that makes no sense has none.
pub(crate) fn is_secure(url: &str) -> bool {
    let address = parse(url).and_then(|url| Address::of(&url));
    address.is_ok_and(|address| address.tls)
}

/// The URL of a gateway connection: `base` with `v`, `encoding` and `compress` in its query.
///
/// `base` may end in a slash, a path or a query; parameters of its own stay, except those three.
pub(crate) fn gateway(base: &str, compression: Compression) -> Result<Uri, Error> {
    let base = parse(base)?;
    let address = Address::of(&base)?;
    let authority = base
        .authority()
        .map(http::uri::Authority::as_str)
        .unwrap_or_default();
    Uri::builder()
        .scheme(if address.tls { "wss" } else { "ws" })
        .authority(authority)
        .path_and_query(target(&base, compression))
        .build()
        .map_err(|e| Error::with_source(ErrorKind::Url, "the gateway URL is unusable", e))
}

fn unusable(detail: &'static str) -> Error {
    Error::new(ErrorKind::Url, detail)
}

/// Path and query: the path of the base (`/` if none) and our parameters before its own.
fn target(base: &Uri, compression: Compression) -> String {
    let path = if base.path().is_empty() {
        "/"
    } else {
        base.path()
    };
    let mut target = format!("{path}?v={VERSION}&encoding=json");
    if let Some(name) = compression.parameter() {
        target.push_str("&compress=");
        target.push_str(name);
    }
    for pair in base
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
    {
        let name = pair.split('=').next().unwrap_or_default();
        if !matches!(name, "v" | "encoding" | "compress") {
            target.push('&');
            target.push_str(pair);
        }
    }
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_added_whatever_the_base_looks_like() {
        let (none, zlib) = (Compression::None, Compression::ZlibStream);
        let zstd = Compression::ZstdStream;
        for (base, compression, url) in [
            ("wss://a.b", none, "wss://a.b/?v=10&encoding=json"),
            ("wss://a.b/", none, "wss://a.b/?v=10&encoding=json"),
            (
                "http://a:81",
                zstd,
                "ws://a:81/?v=10&encoding=json&compress=zstd-stream",
            ),
            (
                "ws://[::1]:9/?v=6&x=y&compress=no&encoding=etf",
                zlib,
                "ws://[::1]:9/?v=10&encoding=json&compress=zlib-stream&x=y",
            ),
            (
                "wss://a/gate/way",
                none,
                "wss://a/gate/way?v=10&encoding=json",
            ),
        ] {
            let uri = gateway(base, compression).expect("a gateway URL");
            assert_eq!(uri.to_string(), url, "{base}");
        }
    }

    #[test]
    fn host_and_port_are_found() {
        for (url, host, port, tls) in [
            ("wss://a.b", "a.b", 443, true),
            ("ws://a.b/?x=y", "a.b", 80, false),
            ("https://[::1]:9/", "::1", 9, true),
            ("http://127.0.0.1:81", "127.0.0.1", 81, false),
        ] {
            let address = Address::of(&parse(url).expect("a URL")).expect("an address");
            assert_eq!(
                address,
                Address {
                    host: host.to_owned(),
                    port,
                    tls
                }
            );
        }
    }

    #[test]
    fn a_token_goes_without_tls_to_this_machine_or_where_it_is_allowed() {
        let permitted = |url: &str, cleartext| {
            let address = Address::of(&parse(url).expect("a URL")).expect("an address");
            address.permit(cleartext).is_ok()
        };
        let all = [Cleartext::Nowhere, Cleartext::Here, Cleartext::Anywhere];
        for (url, expected) in [
            ("wss://a.b", [true, true, true]),
            ("https://127.0.0.1", [true, true, true]),
            ("ws://127.0.0.1:9", [false, true, true]),
            ("http://127.8.9.1", [false, true, true]),
            ("ws://[::1]:9", [false, true, true]),
            ("ws://[::ffff:127.0.0.1]", [false, true, true]),
            ("ws://LocalHost", [false, true, true]),
            ("ws://a.b", [false, false, true]),
            ("http://10.0.0.1", [false, false, true]),
            ("ws://[fe80::1]", [false, false, true]),
            ("ws://127.0.0.1.a.b", [false, false, true]),
            ("ws://localhost.a.b", [false, false, true]),
        ] {
            assert_eq!(all.map(|it| permitted(url, it)), expected, "{url}");
        }
    }

    #[test]
    fn what_cannot_be_dialled_is_refused() {
        for base in [
            "",
            "a",
            "/x",
            "ftp://a",
            "wss://",
            "wss://a b",
            "wss://a:99999",
            "ws://u@h",
        ] {
            let error = gateway(base, Compression::None).expect_err(base);
            assert_eq!(error.kind(), ErrorKind::Url, "{base}");
        }
    }
}
