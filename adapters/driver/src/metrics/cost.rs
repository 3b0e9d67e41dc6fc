//! What counting costs the driver, event by event.

use std::hint::black_box;
use std::time::{Duration, Instant as StdInstant};

use super::{LagCounters, Traffic, TrafficCounters};

const EVENTS: u64 = 1_000_000;

/// All that the driver does for the metrics of so many payloads, each with one event: the time of
/// decompression, the traffic, and the lag. The time of receipt is read anyway.
#[inline(never)]
fn counted(traffic: &TrafficCounters, lag: &LagCounters, events: u64) {
    for _ in 0..events {
        let begun = StdInstant::now();
        let inflate = black_box(begun).elapsed();
        traffic.add(Traffic {
            received_bytes: black_box(500),
            sent_bytes: 0,
            inflate,
        });
        lag.note(black_box(begun).elapsed());
    }
}

#[test]
#[ignore = "a measurement: under callgrind, with --toggle-collect=*cost*counted*"]
#[allow(clippy::print_stdout, reason = "a measurement is shown")]
fn what_counting_costs() {
    let (traffic, lag) = (TrafficCounters::default(), LagCounters::default());
    let start = StdInstant::now();
    counted(&traffic, &lag, EVENTS);
    let each = start.elapsed().as_nanos() as f64 / EVENTS as f64;
    assert_eq!(lag.read().count(), EVENTS);
    assert!(traffic.read().inflate < Duration::from_secs(60));
    println!("{each:.0} ns an event");
}
