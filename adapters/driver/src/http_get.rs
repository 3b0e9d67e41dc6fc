//! One HTTP question over the runtime's own connection.
//!
//! The HTTP itself is hyper's. Clients that bring sockets of their own were no choice: they tie us
//! to a runtime, or write request headers, and with them the token, into a trace log.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_io::{AsyncRead, AsyncWrite};
use futures_util::future::{Either, select};
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::rt::{Read, ReadBufCursor, Write};
use rustls::ClientConfig;

use crate::address::Address;
use crate::stream::{self, Stream};
use crate::{Error, ErrorKind, Runtime};

/// The largest answer that is read, in bytes; one to `/gateway/bot` has about 200.
const ANSWER_BYTES: usize = 64 << 10;

/// The smallest step in which an answer is read, in bytes.
const READ_BYTES: usize = 4 << 10;

/// The longest wait that we take from a service: a day.
const LONGEST_WAIT_S: f64 = 86_400.0;

/// How long an answer asks to wait: the header `Retry-After` in seconds. A date is passed over,
/// since it means what the service's clock says.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    seconds(text.trim().parse().ok()?)
}

/// A wait of so many seconds, as far as it is one, and at most a day.
pub(crate) fn seconds(number: f64) -> Option<Duration> {
    number
        .is_finite()
        .then(|| Duration::from_secs_f64(number.clamp(0.0, LONGEST_WAIT_S)))
}

/// A whole answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Asks once; no redirect, no proxy, no deadline. Cancel-safe: the connection is dropped.
pub(crate) async fn get<R: Runtime>(
    runtime: &R,
    url: &Uri,
    headers: HeaderMap,
    tls: Option<&Arc<ClientConfig>>,
) -> Result<Answer, Error> {
    let request = request(url, headers)?;
    let stream = stream::open(runtime, &Address::of(url)?, tls).await?;
    let (mut sender, connection) = http1::handshake(Hyper(stream)).await.map_err(broken)?;
    let answer = std::pin::pin!(async {
        let response = sender.send_request(request).await.map_err(broken)?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, ANSWER_BYTES)
            .collect()
            .await
            .map_err(|e| {
                Error::with_source(
                    ErrorKind::Nonsense,
                    "the service's answer cannot be read",
                    e,
                )
            })?;
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body: body.to_bytes(),
        })
    });
    // The connection does the work; when it ends first, the answer knows why.
    match select(answer, connection).await {
        Either::Left((answer, _)) => answer,
        Either::Right((_, answer)) => answer.await,
    }
}

fn request(url: &Uri, mut headers: HeaderMap) -> Result<Request<Empty<Bytes>>, Error> {
    let invalid =
        |e: http::Error| Error::with_source(ErrorKind::Url, "the service's URL is not valid", e);
    let authority = url
        .authority()
        .map(http::uri::Authority::as_str)
        .unwrap_or_default();
    let host = HeaderValue::from_str(authority).map_err(|e| invalid(e.into()))?;
    headers.insert(header::HOST, host);
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    let target = url
        .path_and_query()
        .map(http::uri::PathAndQuery::as_str)
        .unwrap_or("/");
    let mut request = Request::get(target).body(Empty::new()).map_err(invalid)?;
    *request.headers_mut() = headers;
    Ok(request)
}

fn broken(error: hyper::Error) -> Error {
    if error.is_parse() {
        let detail = "the service does not speak HTTP as expected";
        return Error::with_source(ErrorKind::Nonsense, detail, error);
    }
    Error::with_source(
        ErrorKind::Network,
        "the service broke the connection",
        error,
    )
}

/// Our stream in hyper's traits.
struct Hyper(Stream);

impl Read for Hyper {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<std::io::Result<()>> {
        let mut bytes = [0; READ_BYTES];
        let room = buffer.remaining().min(READ_BYTES);
        let read = ready!(Pin::new(&mut self.0).poll_read(cx, &mut bytes[..room]))?;
        buffer.put_slice(&bytes[..read]);
        Poll::Ready(Ok(()))
    }
}

impl Write for Hyper {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_close(cx)
    }
}
