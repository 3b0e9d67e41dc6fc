//! What counting costs the driver, event by event.

use std::hint::black_box;
use std::time::{Duration, Instant as StdInstant};

use headcount_core::Instant;

use super::{LagCounters, LagSampling, Sampling, Traffic, TrafficCounters};

const EVENTS: u64 = 1_024 + 16 * 60_000;

/// All that the driver does for the metrics of so many small payloads, each with one event: the
/// time of decompression, the traffic, and the lag since the receipt, whose time is read anyway.
#[inline(never)]
fn counted(traffic: &TrafficCounters, lag: &LagCounters, received: StdInstant, events: u64) {
    let (mut small, mut taken) = (Sampling::new(), LagSampling::default());
    for _ in 0..events {
        let ((), inflate) = small.time(|| black_box(()));
        traffic.add(Traffic {
            received_bytes: black_box(500),
            sent_bytes: 0,
            inflate,
        });
        if let Some(weight) = taken.weight(black_box(Instant::ZERO)) {
            lag.note(black_box(received).elapsed(), weight);
        }
    }
}

#[test]
#[ignore = "a measurement: under callgrind, with --toggle-collect=*cost*counted*"]
#[allow(clippy::print_stdout, reason = "a measurement is shown")]
fn what_counting_costs() {
    let (traffic, lag) = (TrafficCounters::default(), LagCounters::default());
    let start = StdInstant::now();
    counted(&traffic, &lag, start, EVENTS);
    let each = start.elapsed().as_nanos() as f64 / EVENTS as f64;
    assert_eq!(lag.read().count(), EVENTS);
    assert!(traffic.read().inflate < Duration::from_secs(60));
    println!("{each:.0} ns an event");
}
