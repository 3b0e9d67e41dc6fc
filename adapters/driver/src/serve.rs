//! The seam between a server of the bot's own and an asynchronous runtime.

use std::future::Future;
use std::io;
use std::net::TcpListener;

use crate::Runtime;

/// What a server asks of a runtime beside [`Runtime`]: to take connections. A bot needs none of it;
/// the status page does.
pub trait Serve: Runtime {
    /// A socket that listens.
    type Acceptor: Send + Sync + 'static;

    /// Takes over a socket that listens already, and that blocks nobody
    /// ([`TcpListener::set_nonblocking`]).
    ///
    /// # Errors
    /// Whatever the runtime or the operating system reports.
    fn acceptor(&self, listener: TcpListener) -> io::Result<Self::Acceptor>;

    /// Waits for the next connection. Cancel-safe: a connection that comes is not lost.
    ///
    /// # Errors
    /// Whatever the operating system reports; the next call may succeed.
    fn accept(
        acceptor: &Self::Acceptor,
    ) -> impl Future<Output = io::Result<Self::Stream>> + Send + '_;
}
