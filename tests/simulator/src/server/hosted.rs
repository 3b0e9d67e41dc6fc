//! A server with a runtime of its own, for callers that have none.
use super::{Server, ServerConfig};
use crate::options::Options;
use std::io;
use std::ops::Deref;
use std::sync::mpsc;
use tokio::runtime::{Builder, Runtime};

/// A [`Server`] on a runtime of its own with two threads; dropping it stops it.
///
/// It can be started and dropped anywhere, also inside another runtime.
pub struct HostedServer {
    server: Option<Server>,
    runtime: Option<Runtime>,
}

impl HostedServer {
    /// Starts a server; blocks for a moment until its ports are bound.
    ///
    /// # Errors
    /// Those of [`Server::start`], and when threads cannot be started.
    pub fn start(options: Options, seed: u64, config: ServerConfig) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let (send, started) = mpsc::channel();
        runtime.spawn(async move {
            // Nobody waits for the server when the caller's thread has died.
            let _ = send.send(Server::start(options, seed, config).await);
        });
        let server = started.recv().map_err(io::Error::other)??;
        Ok(Self {
            server: Some(server),
            runtime: Some(runtime),
        })
    }
}

impl Deref for HostedServer {
    type Target = Server;

    fn deref(&self) -> &Server {
        self.server
            .as_ref()
            .expect("a hosted server has its server until it is dropped")
    }
}

impl Drop for HostedServer {
    fn drop(&mut self) {
        drop(self.server.take());
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
