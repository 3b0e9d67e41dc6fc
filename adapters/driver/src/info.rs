//! Gateway information: `GET /gateway/bot`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use headcount_core::fleet::StartLimit;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rustls::ClientConfig;
use serde::Deserialize;

use crate::address::{Address, Cleartext};
use crate::deadline::within;
use crate::http_get::{Answer, get, retry_after, seconds};
use crate::{Error, ErrorKind, Runtime, address};

/// The answer of `GET /gateway/bot`: how to connect this bot
/// (<https://discord.com/developers/docs/events/gateway#get-gateway-bot>).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct GatewayInfo {
    /// The gateway URL, without the connection's query parameters.
    pub url: String,
    /// How many shards the service recommends; about one per 1000 guilds.
    pub shards: u32,
    /// How many sessions may still be started.
    pub session_start_limit: SessionStartLimit,
}

/// The identify budget. Breaking it makes the service reset the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct SessionStartLimit {
    /// Identifies per window; 1000 normally.
    pub total: u32,
    /// Identifies left in this window.
    pub remaining: u32,
    /// Milliseconds until `remaining` is `total` again; may be 0 when nothing was spent.
    pub reset_after: u64,
    /// Identifies per 5 s; the number of identify buckets.
    pub max_concurrency: u32,
}

impl From<SessionStartLimit> for StartLimit {
    fn from(limit: SessionStartLimit) -> Self {
        let SessionStartLimit {
            total,
            remaining,
            reset_after,
            max_concurrency,
        } = limit;
        let reset_after = Duration::from_millis(reset_after);
        Self {
            total,
            remaining,
            reset_after,
            max_concurrency,
        }
    }
}

/// Where the service's HTTP interface is.
#[derive(Clone)]
pub struct Api {
    /// The base URL, with version; `http://` for a server on loopback.
    pub base: String,
    /// How long one question may take, in total; 15 s by default.
    pub timeout: Duration,
    /// The most shards that an answer may recommend, and that one process runs; 65,536 by default.
    /// That is more than one for every thousand guilds of the largest service, and a shard costs
    /// memory before it is up.
    pub max_shards: u32,
    /// The TLS configuration; by default [`crate::tls::default_config`].
    pub tls: Option<Arc<ClientConfig>>,
    /// Whether the token may cross a network without TLS, as everybody on the way can then read it;
    /// off by default. Without it, a base without TLS is asked on this machine alone.
    pub allow_plaintext: bool,
}

/// Names the library, in the form that the service asks for.
const USER_AGENT: &str = concat!(
    "DiscordBot (https://docs.rs/headcount-driver, ",
    env!("CARGO_PKG_VERSION"),
    ")"
);

impl Default for Api {
    fn default() -> Self {
        let base = "https://discord.com/api/v10".to_owned();
        Self {
            base,
            timeout: Duration::from_secs(15),
            max_shards: 65_536,
            tls: None,
            allow_plaintext: false,
        }
    }
}

impl Api {
    /// An interface at another base URL, for example a simulated gateway's.
    #[must_use]
    pub fn at(base: impl Into<String>) -> Self {
        Self {
            base: base.into(),
            ..Self::default()
        }
    }

    /// Asks how to connect the bot that `token` belongs to; with or without the `Bot ` prefix.
    ///
    /// One question, no redirect and no proxy. Cancel-safe: dropping it drops the connection.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidToken`], [`ErrorKind::NameNotFound`], [`ErrorKind::Refused`],
    /// [`ErrorKind::Network`], [`ErrorKind::Files`], [`ErrorKind::Tls`], [`ErrorKind::Timeout`],
    /// [`ErrorKind::RateLimited`], [`ErrorKind::Status`], [`ErrorKind::Nonsense`] when the answer
    /// is not gateway information or recommends more shards than [`Api::max_shards`],
    /// [`ErrorKind::Url`], [`ErrorKind::Plaintext`].
    pub async fn gateway_info<R: Runtime>(
        &self,
        runtime: &R,
        token: &str,
    ) -> Result<GatewayInfo, Error> {
        let url = address::parse(&format!("{}/gateway/bot", self.base.trim_end_matches('/')))?;
        Address::of(&url)?.permit(Cleartext::new(self.allow_plaintext))?;
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, authorization(token)?);
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        let question = get(runtime, &url, headers, self.tls.as_ref());
        match within(runtime, self.timeout, question).await {
            Some(answer) => understand(&answer?).and_then(|info| self.believe(info)),
            None => Err(Error::new(
                ErrorKind::Timeout,
                "the service did not answer in time",
            )),
        }
    }
}

impl Api {
    /// An answer whose number of shards can be.
    fn believe(&self, info: GatewayInfo) -> Result<GatewayInfo, Error> {
        if info.shards <= self.max_shards {
            return Ok(info);
        }
        let (shards, most) = (info.shards, self.max_shards);
        let detail = format!("the service recommends {shards} shards, more than {most}");
        Err(Error::new(ErrorKind::Nonsense, detail))
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("base", &self.base)
            .field("timeout", &self.timeout)
            .field("max_shards", &self.max_shards)
            .field("tls", &self.tls.is_some())
            .field("allow_plaintext", &self.allow_plaintext)
            .finish()
    }
}

/// The header's value. What cannot be in a header cannot be a token.
pub(crate) fn authorization(token: &str) -> Result<HeaderValue, Error> {
    let invalid = || Error::new(ErrorKind::InvalidToken, "this is not a token");
    let token = token.trim();
    let token = token.strip_prefix("Bot ").unwrap_or(token);
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(invalid());
    }
    let mut value = HeaderValue::try_from(format!("Bot {token}")).map_err(|_| invalid())?;
    value.set_sensitive(true);
    Ok(value)
}

fn understand(answer: &Answer) -> Result<GatewayInfo, Error> {
    match answer.status {
        StatusCode::OK => parse(&answer.body),
        StatusCode::UNAUTHORIZED => Err(Error::new(
            ErrorKind::InvalidToken,
            "the service does not know this token",
        )),
        StatusCode::TOO_MANY_REQUESTS => Err(rate_limited(answer)),
        status => {
            let code = status.as_u16();
            let retry_after = retry_after(&answer.headers);
            let detail = format!("the service answered with status {code}");
            Err(Error::new(ErrorKind::Status { code, retry_after }, detail))
        }
    }
}

fn parse(body: &[u8]) -> Result<GatewayInfo, Error> {
    let detail = "the service's answer is not gateway information";
    let info: GatewayInfo = serde_json::from_slice(body)
        .map_err(|e| Error::with_source(ErrorKind::Nonsense, detail, e))?;
    if info.shards == 0 || info.session_start_limit.max_concurrency == 0 {
        return Err(Error::new(ErrorKind::Nonsense, detail));
    }
    Ok(info)
}

/// The body's `retry_after` in seconds, or the `Retry-After` header, or one minute.
fn rate_limited(answer: &Answer) -> Error {
    #[derive(Deserialize)]
    struct Limit {
        retry_after: f64,
    }
    let body = serde_json::from_slice::<Limit>(&answer.body).ok();
    let retry_after = body
        .and_then(|limit| seconds(limit.retry_after))
        .or_else(|| retry_after(&answer.headers))
        .unwrap_or(Duration::from_secs(60));
    let detail = format!("the service asks to wait {retry_after:.1?}");
    Error::new(ErrorKind::RateLimited { retry_after }, detail)
}

#[cfg(test)]
mod tests;
