//! A user who does not take events: reading stops, heartbeats go on, and nothing is lost.

use std::time::Duration;

use headcount_sim::Plan;
use headcount_sim::act::Act;
use headcount_sim::server::ServerConfig;
use headcount_tokio::Event;
use headcount_tokio::driver::core::session::Phase;

use crate::bot::{INTERVAL, beating, builder, options, ready, until};
use crate::runtimes::{Tested, on_each_runtime, serve};

on_each_runtime!(slow_consumer_with_heartbeats_going_on);

/// Intervals for which nothing is taken.
const PAUSE: u32 = 3;

async fn slow_consumer_with_heartbeats_going_on<R: Tested>() {
    let server = serve(
        beating(options(Plan::even(3, 20))),
        1,
        ServerConfig::default(),
    )
    .await;
    let bot = builder::<R>(&server).event_buffer(1).connect();
    let mut bot = bot.await.expect("started");
    ready(&mut bot).await;
    let beats = || server.inspect(|gateway| gateway.ledger().heartbeats);
    let before = beats();
    server.act(Act::Traffic { events: 10_000 });
    R::default()
        .timer(PAUSE * INTERVAL + Duration::from_millis(500))
        .await;
    let during = beats() - before;
    assert!(
        during >= u64::from(PAUSE) - 1,
        "{during} beats in {PAUSE} intervals"
    );
    assert_eq!(
        bot.handle().shards().next().expect("one").phase,
        Phase::Active
    );
    let sent = server.inspect(|gateway| gateway.ledger().dispatches);
    let mut last = None;
    until(&mut bot, |event| {
        match &event.event {
            Event::Dispatch(dispatch) => {
                let sequence = dispatch.sequence().expect("dispatches are numbered");
                assert!(
                    last.is_none_or(|last| sequence == last + 1),
                    "a gap at {sequence}"
                );
                last = Some(sequence);
            }
            Event::StateChanged(change) => panic!("{change:?}"),
            _ => {}
        }
        (last == Some(sent)).then_some(())
    })
    .await;
    let starts = server.inspect(|gateway| {
        (
            gateway.ledger().identifies.len(),
            gateway.ledger().resumes.len(),
        )
    });
    assert_eq!(starts, (1, 0));
    assert_eq!(server.violations(), []);
}
