use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

use futures_util::{FutureExt, StreamExt};
use headcount_core::{Dispatch, ShardId};

use super::*;

#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

const ROOMY: BufferLimits = BufferLimits {
    events: 1_000_000,
    bytes: usize::MAX,
};

fn event(number: u64, bytes: usize) -> BotEvent {
    let data = " ".repeat(bytes);
    let dispatch = Dispatch::new("TYPING_START", Some(number), &data).into_owned();
    BotEvent::of_shard(ShardId::ONE, Event::Dispatch(dispatch), None)
}

fn number(event: &BotEvent) -> u64 {
    match &event.event {
        Event::Dispatch(dispatch) => dispatch.sequence().expect("a number"),
        other => panic!("another event: {other:?}"),
    }
}

fn take(events: &mut Events) -> Option<u64> {
    let event = events.next().now_or_never().flatten();
    event.as_ref().map(number)
}

fn has_room(delivery: &mut Delivery) -> bool {
    let cx = Context::from_waker(Waker::noop());
    delivery.poll_room(&cx).is_ready()
}

#[test]
fn events_come_in_order_and_end_with_the_last_shard() {
    let (mut one, mut events) = Delivery::new(ROOMY);
    let mut two = one.another();
    (0..10).for_each(|at| one.push(event(at, 0)));
    two.push(event(10, 0));
    drop(one);
    let taken: Vec<_> = std::iter::from_fn(|| take(&mut events)).collect();
    assert_eq!(taken, (0..11).collect::<Vec<_>>());
    assert!(events.next().now_or_never().is_none(), "a shard is left");
    drop(two);
    assert!(matches!(events.next().now_or_never(), Some(None)));
}

#[test]
fn reading_stops_at_the_bound_and_goes_on_when_half_is_taken() {
    let limits = BufferLimits { events: 8, ..ROOMY };
    let (mut delivery, mut events) = Delivery::new(limits);
    for at in 0..8 {
        assert!(has_room(&mut delivery), "{at}");
        delivery.push(event(at, 0));
    }
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    let cx = Context::from_waker(&waker);
    for at in 0..4 {
        assert!(delivery.poll_room(&cx).is_pending());
        assert_eq!(bell.0.load(Ordering::Relaxed), 0);
        assert_eq!(take(&mut events), Some(at));
    }
    assert_eq!(bell.0.load(Ordering::Relaxed), 1, "woken once");
    assert!(delivery.poll_room(&cx).is_ready());
}

#[test]
fn bytes_are_counted_over_all_shards() {
    let limits = BufferLimits {
        bytes: 100_000,
        ..ROOMY
    };
    let (mut one, mut events) = Delivery::new(limits);
    let mut two = one.another();
    one.push(event(0, 60_000));
    assert!(has_room(&mut one) && has_room(&mut two));
    two.push(event(1, 60_000));
    assert!(!has_room(&mut one) && !has_room(&mut two));
    take(&mut events);
    assert!(!has_room(&mut one), "more than half is left");
    take(&mut events);
    assert!(has_room(&mut one) && has_room(&mut two));
}

#[test]
fn an_event_larger_than_the_bound_passes_alone() {
    let limits = BufferLimits {
        events: 1,
        bytes: 1,
    };
    let (mut delivery, mut events) = Delivery::new(limits);
    for at in 0..3 {
        assert!(has_room(&mut delivery));
        delivery.push(event(at, 1_000_000));
        assert!(!has_room(&mut delivery));
        assert_eq!(take(&mut events), Some(at));
    }
}

#[test]
fn what_waits_elsewhere_counts_until_it_is_dropped() {
    let limits = BufferLimits {
        bytes: 1_000,
        ..ROOMY
    };
    let (mut delivery, _events) = Delivery::new(limits);
    let reservation = delivery.reserve(1_000);
    assert!(!has_room(&mut delivery));
    drop(reservation);
    assert!(has_room(&mut delivery));
    let parcel = delivery.parcel(event(0, 1_000));
    assert!(!has_room(&mut delivery));
    drop(parcel);
    assert!(has_room(&mut delivery));
}

#[test]
fn a_consumer_that_is_gone_takes_everything() {
    let limits = BufferLimits { events: 1, ..ROOMY };
    let (mut delivery, mut events) = Delivery::new(limits);
    delivery.push(event(0, 0));
    assert!(!has_room(&mut delivery));
    events.close();
    assert!(has_room(&mut delivery));
    delivery.push(event(1, 0));
    assert!(
        events.next().now_or_never().is_none(),
        "nothing waits, and a shard is left"
    );
    drop(events);
    delivery.push(event(2, 0));
    assert_eq!(delivery.buffer.lock().events, 0);
}

#[test]
fn a_shard_that_nobody_hears_stops_in_the_end() {
    let limits = BufferLimits { events: 4, ..ROOMY };
    let (mut delivery, mut events) = Delivery::new(limits);
    (0..UNHEARD as u64).for_each(|at| delivery.push(event(at, 0)));
    assert!(!has_room(&mut delivery) && !delivery.is_long_untaken());
    (0..4).for_each(|at| delivery.push(event(at, 0)));
    assert!(delivery.is_long_untaken());
    while take(&mut events).is_some() {}
    assert!(has_room(&mut delivery) && !delivery.is_long_untaken());
}
