//! The way from the model to one connection's tasks.
use crate::edge::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{mpsc, watch};

/// What a connection's socket does at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flow {
    /// Reads and writes.
    #[default]
    Open,
    /// Writes, but reads nothing: the client's payloads pile up in the kernel.
    Deaf,
    /// Reads, but writes nothing: payloads pile up in the server.
    Mute,
    /// Neither reads nor writes: a half-open connection.
    Frozen,
}

impl Flow {
    pub(crate) fn reads(self) -> bool {
        matches!(self, Self::Open | Self::Mute)
    }

    pub(crate) fn writes(self) -> bool {
        matches!(self, Self::Open | Self::Deaf)
    }
}

/// The host's end of a connection; dropping it lets the connection send what waits, and end.
pub(crate) struct Link {
    outbox: mpsc::UnboundedSender<Output>,
    waiting: Arc<AtomicUsize>,
    orders: watch::Sender<Orders>,
}

/// What the host sends to a connection out of turn.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Orders {
    pub(crate) flow: Flow,
    pub(crate) cut: bool,
}

/// The connection's end of a link.
pub(crate) struct Outbox {
    outputs: mpsc::UnboundedReceiver<Output>,
    waiting: Arc<AtomicUsize>,
    pub(crate) orders: watch::Receiver<Orders>,
}

/// A link with both ends.
pub(crate) fn pair() -> (Link, Outbox) {
    let (outbox, outputs) = mpsc::unbounded_channel();
    let (orders, heard) = watch::channel(Orders::default());
    let waiting = Arc::new(AtomicUsize::new(0));
    let link = Link {
        outbox,
        waiting: Arc::clone(&waiting),
        orders,
    };
    (
        link,
        Outbox {
            outputs,
            waiting,
            orders: heard,
        },
    )
}

impl Link {
    /// Queues an output and returns the bytes of text that wait now.
    pub(crate) fn push(&self, output: Output) -> usize {
        let size = size(&output);
        let waiting = self.waiting.fetch_add(size, Ordering::Relaxed) + size;
        // A connection that has ended already wants nothing any more.
        let _ = self.outbox.send(output);
        waiting
    }

    pub(crate) fn set_flow(&self, flow: Flow) {
        self.orders.send_modify(|orders| orders.flow = flow);
    }

    /// Ends the connection at once: what waits is not sent.
    pub(crate) fn cut(&self) {
        self.orders.send_modify(|orders| orders.cut = true);
    }
}

impl Outbox {
    /// The next output, or `None` when the host has let go of the connection.
    pub(crate) async fn next(&mut self) -> Option<Output> {
        let output = self.outputs.recv().await?;
        self.waiting.fetch_sub(size(&output), Ordering::Relaxed);
        Some(output)
    }
}

fn size(output: &Output) -> usize {
    match output {
        Output::Send(text) => text.len(),
        Output::Close(_) | Output::Drop => 0,
    }
}
