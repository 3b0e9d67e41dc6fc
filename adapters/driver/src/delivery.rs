//! Events on their way to the consumer.

use std::collections::VecDeque;
use std::task::{Context, Poll};

use futures_channel::mpsc::Sender;

use crate::event::BotEvent;

/// A shard's events in order: those that wait here, and the bounded channel that all shards share.
///
/// A shard whose events wait here stops reading from its connection, so that what waits is what
/// one input led to and what its deadlines add.
pub(crate) struct Delivery {
    waiting: VecDeque<BotEvent>,
    consumer: Sender<BotEvent>,
}

impl Delivery {
    pub(crate) fn new(consumer: Sender<BotEvent>) -> Self {
        Self {
            waiting: VecDeque::new(),
            consumer,
        }
    }

    pub(crate) fn push(&mut self, event: BotEvent) {
        self.waiting.push_back(event);
    }

    /// Hands over as much as the channel takes; ready when nothing waits. A consumer that is gone
    /// takes everything.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while !self.waiting.is_empty() {
            match self.consumer.poll_ready(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(_)) => self.waiting.clear(),
                Poll::Ready(Ok(())) => {
                    let Some(event) = self.waiting.pop_front() else {
                        break;
                    };
                    if self.consumer.start_send(event).is_err() {
                        self.waiting.clear();
                    }
                }
            }
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests;
