//! A connection in hyper's traits, which is given up when its peer reads nothing for too long.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_io::{AsyncRead, AsyncWrite};
use headcount_driver::Runtime;
use hyper::rt::{Read, ReadBufCursor, Write};

/// How long a peer may read nothing of what waits for it.
const STALL: Duration = Duration::from_secs(20);

/// The most that is read at once, in bytes.
const READ_BYTES: usize = 4 << 10;

/// A connection of the page.
pub(crate) struct ConnectionStream<R: Runtime> {
    runtime: R,
    inner: R::Stream,
    /// Runs while something waits for the peer.
    stalled: Option<Pin<Box<R::Timer>>>,
}

impl<R: Runtime> ConnectionStream<R> {
    pub(crate) const fn new(runtime: R, inner: R::Stream) -> Self {
        Self {
            runtime,
            inner,
            stalled: None,
        }
    }

    /// Passes on what a write came to, unless it has come to nothing for too long.
    fn within_stall<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let runtime = &self.runtime;
        let timer = self
            .stalled
            .get_or_insert_with(|| Box::pin(runtime.timer(STALL)));
        ready!(timer.as_mut().poll(cx));
        self.stalled = None;
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

/// Nothing in it is pinned in place.
impl<R: Runtime> Unpin for ConnectionStream<R> {}

impl<R: Runtime> Read for ConnectionStream<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut bytes = [0; READ_BYTES];
        let room = buffer.remaining().min(READ_BYTES);
        let read = ready!(Pin::new(&mut self.inner).poll_read(cx, &mut bytes[..room]))?;
        buffer.put_slice(&bytes[..read]);
        Poll::Ready(Ok(()))
    }
}

impl<R: Runtime> Write for ConnectionStream<R> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.within_stall(cx, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(cx);
        self.within_stall(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let closed = Pin::new(&mut self.inner).poll_close(cx);
        self.within_stall(cx, closed)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::time::{Instant, Sleep};

    use super::*;

    /// A peer that takes as many bytes as it is said to, and then none.
    struct Peer(usize);

    impl AsyncRead for Peer {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Pending
        }
    }

    impl AsyncWrite for Peer {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            let count = bytes.len().min(self.0);
            self.0 -= count;
            match count {
                0 => Poll::Pending,
                some => Poll::Ready(Ok(some)),
            }
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    #[derive(Clone)]
    struct Paused;

    impl Runtime for Paused {
        type Stream = Peer;
        type Timer = Sleep;

        async fn connect(&self, _: &str, _: u16) -> io::Result<Peer> {
            Ok(Peer(0))
        }

        fn timer(&self, after: Duration) -> Sleep {
            tokio::time::sleep(after)
        }

        fn spawn<F>(&self, future: F)
        where
            F: Future<Output = ()> + Send + 'static,
        {
            tokio::spawn(future);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_more_is_given_up_after_a_while() {
        let mut stream = ConnectionStream::new(Paused, Peer(3));
        let begun = Instant::now();
        let mut write =
            async |bytes: &[u8]| poll_fn(|cx| Pin::new(&mut stream).poll_write(cx, bytes)).await;
        assert_eq!(write(b"ab").await.unwrap(), 2);
        tokio::time::sleep(STALL).await;
        assert_eq!(write(b"cd").await.unwrap(), 1, "slow is not stalled");
        let error = write(b"d").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(begun.elapsed().as_secs(), 2 * STALL.as_secs());
        let close = poll_fn(|cx| Pin::new(&mut stream).poll_shutdown(cx)).await;
        assert!(close.is_err(), "its end is not waited for either");
    }
}
