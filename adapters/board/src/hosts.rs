//! By which names the server may be called.
//!
//! A page of the web can have its own name resolve to 127.0.0.1 and then read whatever answers
//! there as its own origin (DNS rebinding). What tells such a request is the name in it.

use std::net::IpAddr;

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, Uri};

/// The names that are answered beside IP addresses and `localhost`, in lower case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hosts(Vec<Box<str>>);

impl Hosts {
    pub(crate) fn allow(&mut self, name: &str) {
        self.0.push(name.to_ascii_lowercase().into());
    }

    /// Whether a request calls the server by one of its names, everywhere where it has a name.
    pub(crate) fn admit(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        let mut stated = headers.get_all(HOST).iter();
        let (Some(host), None) = (stated.next(), stated.next()) else {
            return false;
        };
        let host = host.to_str().ok().and_then(|text| text.parse().ok());
        let names = [host.as_ref(), uri.authority()];
        host.is_some() && names.into_iter().flatten().all(|name| self.allows(name))
    }

    fn allows(&self, authority: &Authority) -> bool {
        let text = authority.as_str();
        // Nothing stands before the name, and nothing but a port behind it.
        let Some(rest) = text.strip_prefix(authority.host()) else {
            return false;
        };
        if !rest.is_empty() && !rest.starts_with(':') {
            return false;
        }
        let name = authority.host().to_ascii_lowercase();
        let bare = name
            .strip_prefix('[')
            .and_then(|name| name.strip_suffix(']'));
        name == "localhost"
            || bare.unwrap_or(&name).parse::<IpAddr>().is_ok()
            || self.0.iter().any(|allowed| **allowed == *name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(hosts: &Hosts, uri: &'static str, names: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for name in names {
            headers.append(HOST, name.parse().unwrap());
        }
        hosts.admit(&Uri::from_static(uri), &headers)
    }

    #[test]
    fn addresses_localhost_and_allowed_names_are_admitted_and_no_others() {
        let mut hosts = Hosts::default();
        hosts.allow("Board.Internal");
        for good in [
            "127.0.0.1",
            "127.0.0.1:8080",
            "[::1]:80",
            "10.1.2.3",
            "localhost:1",
            "LOCALHOST",
            "board.internal",
            "BOARD.internal:9",
        ] {
            assert!(admits(&hosts, "/", &[good]), "{good}");
        }
        for bad in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "x@127.0.0.1",
            "",
            "board.internal.",
            "localhost.",
            "127.1",
            "2130706433",
            "0x7f.0.0.1",
            "127.0.0.1/",
            "127.0.0.1#.evil.example",
            "localhost evil.example",
            "localhost%00.evil.example",
            "[::1]evil.example",
            "[::1]evil.example:80",
            "::1",
            "[::1",
        ] {
            assert!(!admits(&hosts, "/", &[bad]), "{bad}");
        }
        assert!(!admits(&hosts, "/", &[]));
        assert!(!admits(&hosts, "/", &["localhost", "localhost"]));
        assert!(!admits(&hosts, "http://evil.example/", &["localhost"]));
        assert!(admits(&hosts, "http://localhost/", &["localhost"]));
    }
}
