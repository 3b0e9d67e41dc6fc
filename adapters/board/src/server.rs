//! Takes connections and serves them, each in a task of its own and within bounds.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use headcount_driver::{Runtime, Serve};
use hyper::server::conn::http1;
use hyper::service::service_fn;

use crate::board::Site;
use crate::connection_stream::ConnectionStream;
use crate::routes::answer;

/// Connections at a time; one more is closed at once.
const CONNECTIONS: usize = 64;

/// Pages open at a time, so that there is always room for a probe.
const STREAMS: usize = 32;

/// How long a peer may take to send its request, and to read an answer that has an end.
const EXCHANGE: Duration = Duration::from_secs(20);

/// The most that a peer's request may have, in bytes, and what is buffered for it.
const BUFFER: usize = 16 << 10;

/// Headers of a request.
const HEADERS: usize = 64;

/// How long nothing is accepted after that has failed, as when there are no more descriptors.
const PAUSE: Duration = Duration::from_millis(200);

/// A status page that is served until this is dropped.
pub struct BoardServer {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
    /// Ends the task that accepts.
    _end: oneshot::Sender<Infallible>,
}

/// How many of something there are.
#[derive(Clone, Default)]
pub(crate) struct Quota(Arc<AtomicUsize>);

/// One place, until it is dropped.
pub(crate) struct Permit(Quota);

/// What bounds connections and streams.
#[derive(Clone, Default)]
pub(crate) struct ServerBounds {
    connections: Quota,
    pub(crate) streams: Streams,
    pub(crate) is_over: Arc<AtomicBool>,
}

/// The places of pages that are open.
#[derive(Clone, Default)]
pub(crate) struct Streams(Quota);

impl Streams {
    pub(crate) fn enter(&self) -> Option<Permit> {
        self.0.enter(STREAMS)
    }
}

impl Quota {
    fn enter(&self, most: usize) -> Option<Permit> {
        let more = |count: usize| (count < most).then(|| count + 1);
        let entered = self
            .0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, more);
        entered.ok().map(|_| Permit(self.clone()))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl BoardServer {
    pub(crate) fn start<R: Serve>(
        address: SocketAddr,
        acceptor: R::Acceptor,
        site: Arc<Site<R>>,
    ) -> Self {
        let (end, ended) = oneshot::channel();
        let room = ServerBounds::default();
        let is_over = Arc::clone(&room.is_over);
        let runtime = site.runtime.clone();
        runtime.spawn(async move {
            let accepting = pin!(accept(acceptor, site, room));
            select(accepting, ended).await;
        });
        tracing::info!(%address, "the status page is served");
        Self {
            address,
            is_over,
            _end: end,
        }
    }

    /// The address that it listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of the page, such as `http://127.0.0.1:8080/`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

impl Drop for BoardServer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
    }
}

impl fmt::Debug for BoardServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoardServer")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

async fn accept<R: Serve>(acceptor: R::Acceptor, site: Arc<Site<R>>, room: ServerBounds) {
    loop {
        match R::accept(&acceptor).await {
            Ok(stream) => {
                let Some(permit) = room.connections.enter(CONNECTIONS) else {
                    continue;
                };
                let (connection, room) = (Arc::clone(&site), room.clone());
                site.runtime.spawn(async move {
                    serve(stream, connection, room).await;
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::debug!(%error, "a connection of the status page was not accepted");
                site.runtime.timer(PAUSE).await;
            }
        }
    }
}

/// Serves one request: a connection is closed behind its answer.
async fn serve<R: Runtime>(stream: R::Stream, site: Arc<Site<R>>, room: ServerBounds) {
    let runtime = site.runtime.clone();
    let is_endless = Arc::new(AtomicBool::new(false));
    let endless = Arc::clone(&is_endless);
    let service = service_fn(move |request| {
        let answer = answer(&site, &room, &request);
        endless.store(answer.body().is_endless(), Ordering::Release);
        async move { Ok::<_, Infallible>(answer) }
    });
    let stream = ConnectionStream::new(runtime.clone(), stream);
    let connection = http1::Builder::new()
        .keep_alive(false)
        .max_buf_size(BUFFER)
        .max_headers(HEADERS)
        .serve_connection(stream, service);
    let ended = in_time(connection, runtime.timer(EXCHANGE), &is_endless).await;
    if let Some(Err(error)) = ended {
        tracing::debug!(%error, "a connection of the status page ended early");
    }
}

/// What a connection came to; `None` if it took longer than it may, and its answer has an end.
async fn in_time<C: Future>(
    connection: C,
    deadline: impl Future<Output = ()>,
    is_endless: &AtomicBool,
) -> Option<C::Output> {
    match select(pin!(connection), pin!(deadline)).await {
        Either::Left((ended, _)) => Some(ended),
        Either::Right(((), connection)) if is_endless.load(Ordering::Acquire) => {
            Some(connection.await)
        }
        Either::Right(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::{Instant, sleep, timeout};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_dribbles_is_given_up_and_a_page_that_is_open_is_not() {
        let begun = Instant::now();
        let is_endless = AtomicBool::new(false);
        let ended = in_time(pending::<()>(), sleep(EXCHANGE), &is_endless).await;
        assert_eq!((ended, begun.elapsed()), (None, EXCHANGE));
        is_endless.store(true, Ordering::Release);
        let hour = Duration::from_secs(3_600);
        let goes = in_time(sleep(hour), sleep(EXCHANGE), &is_endless);
        assert_eq!(goes.await, Some(()));
        let stays = in_time(pending::<()>(), sleep(EXCHANGE), &is_endless);
        assert!(timeout(hour, stays).await.is_err());
    }
}
