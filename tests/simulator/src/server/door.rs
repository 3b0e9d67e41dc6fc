//! A listener: whoever comes is served until they leave or the server stops.
use std::io;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Accepts connections until the server stops, and serves each in a task of its own.
pub(crate) async fn open<F>(
    listener: TcpListener,
    stop: watch::Receiver<bool>,
    serve: impl Fn(TcpStream) -> F,
) where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let mut stopped = stop.clone();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                tokio::spawn(until_stopped(stop.clone(), serve(stream)));
            }
            _ = stopped.wait_for(|stop| *stop) => return,
        }
    }
}

/// A client that breaks off or speaks nonsense is nobody's error here.
async fn until_stopped(
    mut stop: watch::Receiver<bool>,
    guest: impl Future<Output = io::Result<()>>,
) {
    tokio::select! {
        _ = guest => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}
