//! A chat's events on their way to the consumer, with a bound on what a server can pile up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::event::ChatEvent;
use crate::delivery::{BacklogGauge, Delivery, Weigh};

impl Weigh for ChatEvent {
    fn weight(&self) -> usize {
        let line = match self {
            Self::Heard(heard) => heard.line().len(),
            Self::Pool(_)
            | Self::WantToken(_)
            | Self::Missed { .. }
            | Self::ManagerFailed { .. }
            | Self::ConnectionFailed { .. }
            | Self::Crashed(_) => 0,
        };
        line + size_of::<Self>()
    }
}

/// Events in order, to the consumer. Of chatter only as much waits as fits into the buffer.
pub(super) struct Backlog {
    delivery: Delivery<ChatEvent>,
    /// How many messages were dropped.
    missed: Arc<AtomicU64>,
}

impl Backlog {
    pub(super) fn new(delivery: Delivery<ChatEvent>) -> Self {
        Self {
            delivery,
            missed: Arc::default(),
        }
    }

    /// Where it is seen how much waits.
    pub(super) fn gauge(&self) -> BacklogGauge<ChatEvent> {
        self.delivery.backlog()
    }

    /// Where it is seen how much was dropped.
    pub(super) fn missed(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.missed)
    }

    /// Appends an event, or counts it as missed.
    pub(super) fn push(&mut self, event: ChatEvent) {
        if !event.is_chatter() || self.delivery.fits(event.weight()) {
            return self.delivery.push(event);
        }
        self.missed.fetch_add(1, Ordering::Relaxed);
        let counted = self.delivery.with_last(|last| match last {
            ChatEvent::Missed { messages } => {
                *messages = messages.saturating_add(1);
                true
            }
            ChatEvent::Heard(_)
            | ChatEvent::Pool(_)
            | ChatEvent::WantToken(_)
            | ChatEvent::ManagerFailed { .. }
            | ChatEvent::ConnectionFailed { .. }
            | ChatEvent::Crashed(_) => false,
        });
        if counted != Some(true) {
            self.delivery.push(ChatEvent::Missed { messages: 1 });
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, StreamExt};
    use headcount_core::manager::{Options, Single};
    use headcount_core::twitch::{Account, IrcMessage, ManagerKey, Pool, PoolConfig, PoolEvent};

    use super::*;
    use crate::delivery::{BufferLimits, Events};

    fn malformed() -> (ManagerKey, ChatEvent) {
        let mut pool = Pool::new(PoolConfig::default(), 1);
        let account = pool.add_account(Account::anonymous());
        let make = |_: &_| Single;
        let manager = pool
            .add_manager(account, Options::default(), [], make)
            .expect("made");
        let shard = pool.manager(manager).expect("there").roster().keys()[0];
        let error = IrcMessage::parse(b"").expect_err("empty");
        let event = PoolEvent::Malformed {
            manager,
            shard,
            error,
        };
        (manager, ChatEvent::Pool(event))
    }

    fn backlog(events: usize, bytes: usize) -> (Backlog, Events<ChatEvent>) {
        let (delivery, events) = Delivery::new(BufferLimits { events, bytes });
        (Backlog::new(delivery), events)
    }

    fn taken(events: &mut Events<ChatEvent>) -> Vec<ChatEvent> {
        let next = || events.next().now_or_never().flatten();
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn only_messages_over_the_limit_are_dropped_and_they_are_counted_in_place() {
        let (mut backlog, mut events) = backlog(2, usize::MAX);
        let (manager, event) = malformed();
        let ended = ChatEvent::Pool(PoolEvent::Ended { manager });
        for _ in 0..5 {
            backlog.push(event.clone());
        }
        backlog.push(ended.clone());
        backlog.push(event.clone());
        assert_eq!(backlog.missed().load(Ordering::Relaxed), 4);
        let missed = |messages| ChatEvent::Missed { messages };
        let expected = [event.clone(), event.clone(), missed(3), ended, missed(1)];
        assert_eq!(taken(&mut events), expected);
        backlog.push(event.clone());
        assert_eq!(taken(&mut events), [event]);
    }

    #[test]
    fn messages_are_bounded_in_bytes_too() {
        let (_, event) = malformed();
        let (mut backlog, mut events) = backlog(1_000, 2 * event.weight() + 1);
        for _ in 0..5 {
            backlog.push(event.clone());
        }
        let missed = ChatEvent::Missed { messages: 3 };
        assert_eq!(taken(&mut events), [event.clone(), event, missed]);
    }
}
