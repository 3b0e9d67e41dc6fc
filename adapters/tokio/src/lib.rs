//! `headcount` on tokio: the trait that the driver asks for, and names for its types.
#![forbid(unsafe_code)]

use std::future::Future;
use std::io;
use std::time::{Duration, Instant};

use headcount_driver::Runtime;
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

pub use headcount_driver as driver;

/// The tokio runtime that the calling task runs in.
///
/// Its methods panic outside a tokio runtime, as tokio's own functions do. Its clock is tokio's,
/// so that a paused clock in a test moves everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tokio;

impl Runtime for Tokio {
    type Stream = Compat<TcpStream>;
    type Timer = tokio::time::Sleep;

    async fn connect(&self, host: &str, port: u16) -> io::Result<Self::Stream> {
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        Ok(stream.compat())
    }

    fn timer(&self, after: Duration) -> Self::Timer {
        tokio::time::sleep(after)
    }

    fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        tokio::spawn(future);
    }

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }
}
