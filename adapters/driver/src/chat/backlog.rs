//! Events on their way to the consumer, with a bound on what a server can pile up.

use std::collections::VecDeque;
use std::task::{Context, Poll};

use futures_channel::mpsc::Sender;

use super::event::ChatEvent;

/// Events in order: those that wait here, and the bounded channel to the consumer.
pub(super) struct Backlog {
    waiting: VecDeque<ChatEvent>,
    /// How many of them may be dropped.
    chatter: usize,
    limit: usize,
    consumer: Sender<ChatEvent>,
}

impl Backlog {
    /// A backlog of at most `limit` messages.
    pub(super) fn new(consumer: Sender<ChatEvent>, limit: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            chatter: 0,
            limit,
            consumer,
        }
    }

    /// Appends an event, or counts it as missed.
    pub(super) fn push(&mut self, event: ChatEvent) {
        if !event.is_chatter() {
            self.waiting.push_back(event);
        } else if self.chatter < self.limit {
            self.chatter += 1;
            self.waiting.push_back(event);
        } else if let Some(ChatEvent::Missed { messages }) = self.waiting.back_mut() {
            *messages += 1;
        } else {
            self.waiting.push_back(ChatEvent::Missed { messages: 1 });
        }
    }

    /// Hands over as much as the channel takes; ready when nothing waits. A consumer that is gone
    /// takes everything.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while !self.waiting.is_empty() {
            match self.consumer.poll_ready(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(_)) => {
                    self.waiting.clear();
                    self.chatter = 0;
                }
                Poll::Ready(Ok(())) => {
                    let Some(event) = self.waiting.pop_front() else {
                        break;
                    };
                    self.chatter -= usize::from(event.is_chatter());
                    // A consumer that has just gone is noticed in the next round.
                    let _ = self.consumer.start_send(event);
                }
            }
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use futures_channel::mpsc;
    use futures_util::{FutureExt, StreamExt};
    use headcount_core::twitch::{Account, Event, Pool, PoolConfig};

    use super::*;

    fn malformed() -> ChatEvent {
        let mut pool = Pool::new(PoolConfig::default(), 1);
        let account = pool.add_account(Account::anonymous());
        let options = headcount_core::manager::Options::default();
        let make = |_: &_| headcount_core::manager::Single;
        let manager = pool.add_manager(account, options, [], make).expect("made");
        let shard = pool.manager(manager).expect("there").roster().keys()[0];
        let error = headcount_core::twitch::Message::parse(b"").expect_err("empty");
        ChatEvent::Pool(Event::Malformed {
            manager,
            shard,
            error,
        })
    }

    #[test]
    fn only_messages_over_the_limit_are_dropped_and_they_are_counted_in_place() {
        let (sender, mut events) = mpsc::channel(0);
        let mut backlog = Backlog::new(sender, 2);
        let event = malformed();
        let ChatEvent::Pool(Event::Malformed { manager, .. }) = event else {
            panic!("made above");
        };
        let ended = ChatEvent::Pool(Event::Ended { manager });
        for _ in 0..5 {
            backlog.push(event.clone());
        }
        backlog.push(ended.clone());
        backlog.push(event.clone());
        let mut taken = Vec::new();
        let mut cx = Context::from_waker(Waker::noop());
        while backlog.poll_flush(&mut cx).is_pending() {
            taken.push(events.next().now_or_never().flatten().expect("sent"));
        }
        taken.extend(events.next().now_or_never().flatten());
        let missed = |messages| ChatEvent::Missed { messages };
        assert_eq!(taken, [event.clone(), event, missed(3), ended, missed(1)]);
        assert_eq!(backlog.chatter, 0);
    }
}
