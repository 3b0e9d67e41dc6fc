//! What the server answers.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use headcount_driver::Runtime;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Response, StatusCode};
use hyper::body::{Body, Bytes, Frame, SizeHint};

use crate::events::EventStream;

/// The page runs its own script in its own style, asks its own server, and nothing else.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

pub(crate) const HTML: &str = "text/html; charset=utf-8";
pub(crate) const CSS: &str = "text/css; charset=utf-8";
pub(crate) const SCRIPT: &str = "text/javascript; charset=utf-8";
pub(crate) const JSON: &str = "application/json";
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";
/// The text format of Prometheus.
pub(crate) const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";
const EVENTS: &str = "text/event-stream";

/// The body of an answer.
pub(crate) enum AnswerBody<R: Runtime> {
    /// All of it, until it is taken.
    Whole(Option<Bytes>),
    /// As long as the peer listens.
    Events(Box<EventStream<R>>),
}

impl<R: Runtime> AnswerBody<R> {
    /// Whether it goes on as long as its peer listens.
    pub(crate) const fn is_endless(&self) -> bool {
        matches!(self, Self::Events(_))
    }
}

impl<R: Runtime> Body for AnswerBody<R> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take()),
            Self::Events(events) => events.poll_next(cx),
        };
        bytes.map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => {
                let length = bytes.as_ref().map_or(0, Bytes::len);
                SizeHint::with_exact(u64::try_from(length).unwrap_or(u64::MAX))
            }
            Self::Events(_) => SizeHint::default(),
        }
    }
}

/// An answer that is there at once.
pub(crate) fn whole<R: Runtime>(
    status: StatusCode,
    kind: &'static str,
    body: impl Into<Bytes>,
) -> Response<AnswerBody<R>> {
    let mut answer = Response::new(AnswerBody::Whole(Some(body.into())));
    *answer.status_mut() = status;
    protect(&mut answer, kind);
    answer
}

/// A refusal, in one line.
pub(crate) fn refusal<R: Runtime>(
    status: StatusCode,
    why: &'static str,
) -> Response<AnswerBody<R>> {
    let mut answer = whole(status, TEXT, why);
    if status == StatusCode::METHOD_NOT_ALLOWED {
        let allowed = HeaderValue::from_static("GET, HEAD");
        answer.headers_mut().insert(ALLOW, allowed);
    }
    answer
}

/// Events until the peer has enough of them.
pub(crate) fn events<R: Runtime>(events: EventStream<R>) -> Response<AnswerBody<R>> {
    let mut answer = Response::new(AnswerBody::Events(Box::new(events)));
    protect(&mut answer, EVENTS);
    answer
}

fn protect<R: Runtime>(answer: &mut Response<AnswerBody<R>>, kind: &'static str) {
    let headers = answer.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
