use futures_channel::mpsc;
use futures_util::task::noop_waker;
use headcount_core::{Event, ShardId};

use super::*;

fn event(replayed: u64) -> BotEvent {
    BotEvent::Shard(ShardId::ONE, Event::Resumed { replayed })
}

fn number(event: &BotEvent) -> u64 {
    match event {
        BotEvent::Shard(_, Event::Resumed { replayed }) => *replayed,
        other => panic!("another event: {other:?}"),
    }
}

#[test]
fn events_wait_in_order_for_a_slow_consumer() {
    let waker = noop_waker();
    let mut cx = Context::from_waker(&waker);
    let (sender, mut events) = mpsc::channel(2);
    let mut delivery = Delivery::new(sender);
    (0..10).for_each(|at| delivery.push(event(at)));
    assert!(delivery.poll_flush(&mut cx).is_pending());
    let mut got = Vec::new();
    while got.len() < 10 {
        while let Ok(event) = events.try_recv() {
            got.push(number(&event));
        }
        let flushed = delivery.poll_flush(&mut cx);
        assert!(got.len() < 10 || flushed.is_ready());
    }
    assert_eq!(got, (0..10).collect::<Vec<_>>());
}

#[test]
fn a_consumer_that_is_gone_holds_nothing_up() {
    let waker = noop_waker();
    let mut cx = Context::from_waker(&waker);
    let (sender, events) = mpsc::channel(1);
    let mut delivery = Delivery::new(sender);
    (0..10).for_each(|at| delivery.push(event(at)));
    assert!(delivery.poll_flush(&mut cx).is_pending());
    drop(events);
    assert!(delivery.poll_flush(&mut cx).is_ready());
    delivery.push(event(1));
    assert!(delivery.poll_flush(&mut cx).is_ready());
}
