//! Which answer a request gets.

use std::sync::Arc;

use headcount_driver::Runtime;
use headcount_driver::core::Instant;
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;

use crate::answer::{AnswerBody, CSS, HTML, JSON, METRICS, SCRIPT, TEXT, events, refusal, whole};
use crate::board::Site;
use crate::events::EventStream;
use crate::probes::{NotReady, is_alive};
use crate::prometheus::text;
use crate::server::ServerBounds;
use crate::windows::Windows;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const PAGE_SCRIPT: &str = include_str!("page.js");

impl<R: Runtime> Site<R> {
    /// The bot's time now.
    pub(crate) fn now(&self) -> Instant {
        self.handle.clock().now(&self.runtime)
    }
}

/// The answer to a request; its body is not read.
pub(crate) fn answer<R: Runtime>(
    site: &Arc<Site<R>>,
    room: &ServerBounds,
    request: &Request<Incoming>,
) -> Response<AnswerBody<R>> {
    if !site.hosts.admit(request.uri(), request.headers()) {
        let why = "this server is not called by that name\n";
        return refusal(StatusCode::MISDIRECTED_REQUEST, why);
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return refusal(StatusCode::METHOD_NOT_ALLOWED, "GET and HEAD only\n");
    }
    match request.uri().path() {
        "/" => whole(StatusCode::OK, HTML, PAGE),
        "/page.css" => whole(StatusCode::OK, CSS, STYLE),
        "/page.js" => whole(StatusCode::OK, SCRIPT, PAGE_SCRIPT),
        "/healthz" if is_alive(&site.handle, site.handle.shards().map(|it| it.phase)) => {
            whole(StatusCode::OK, TEXT, "ok\n")
        }
        "/healthz" => refusal(StatusCode::SERVICE_UNAVAILABLE, "every shard has ended\n"),
        "/readyz" => readiness(site),
        "/metrics" => whole(StatusCode::OK, METRICS, text(&site.handle.metrics())),
        "/events" if request.method() == Method::HEAD => whole(StatusCode::OK, TEXT, ""),
        "/events" => {
            let Some(permit) = room.streams.enter() else {
                let why = "too many pages are open\n";
                return refusal(StatusCode::SERVICE_UNAVAILABLE, why);
            };
            let windows = Windows::parse(request.uri().query().unwrap_or_default());
            let is_over = Arc::clone(&room.is_over);
            events(EventStream::new(Arc::clone(site), windows, is_over, permit))
        }
        _ => refusal(StatusCode::NOT_FOUND, "there is no such page\n"),
    }
}

fn readiness<R: Runtime>(site: &Site<R>) -> Response<AnswerBody<R>> {
    let (status, reasons) = match NotReady::of(&site.handle, site.now()) {
        None => (StatusCode::OK, NotReady::ready()),
        Some(reasons) => (StatusCode::SERVICE_UNAVAILABLE, reasons),
    };
    let mut text = serde_json::to_string(&reasons).unwrap_or_default();
    text.push('\n');
    whole(status, JSON, text)
}
