//! What lies between a process and Redis, and fails without a word.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// Hands connections on to a server.
pub(crate) struct Proxy {
    port: u16,
    /// Where new connections lead.
    target: Arc<AtomicU16>,
    /// Connections that are there are handed on no more, and stay.
    cut: Arc<Notify>,
}

impl Proxy {
    pub(crate) async fn to(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let proxy = Self {
            port: listener.local_addr()?.port(),
            target: Arc::new(AtomicU16::new(port)),
            cut: Arc::default(),
        };
        let (target, cut) = (Arc::clone(&proxy.target), Arc::clone(&proxy.cut));
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(("127.0.0.1", target.load(Ordering::SeqCst))).await;
                if let Ok(far) = far {
                    tokio::spawn(hand_on(near, far, Arc::clone(&cut)));
                }
            }
        });
        Ok(proxy)
    }

    pub(crate) fn address(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// New connections lead to another server.
    pub(crate) fn lead_to(&self, port: u16) {
        self.target.store(port, Ordering::SeqCst);
    }

    /// The connection of now hands on nothing more, and says nothing of it.
    pub(crate) fn cut(&self) {
        self.cut.notify_waiters();
    }
}

async fn hand_on(mut near: TcpStream, mut far: TcpStream, cut: Arc<Notify>) {
    tokio::select! {
        _ = copy_bidirectional(&mut near, &mut far) => {}
        () = cut.notified() => std::future::pending().await,
    }
}
