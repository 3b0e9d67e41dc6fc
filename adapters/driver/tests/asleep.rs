//! A machine that sleeps: timers stand still with it, and the clock runs on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use headcount_driver::Bot;
use headcount_driver::core::Event;
use headcount_driver::core::session::Reason;
use serde_json::json;
use tokio::time::Instant;

mod memory;
use memory::{Gateway, Listener, Memory, memory, roles, with_an_aging_role};

/// How long a timer runs at most before it looks at the clock.
const NAP: Duration = Duration::from_secs(5);

/// A bot in a session whose heartbeats are ten minutes apart, and its machine's sleep.
async fn started() -> (Bot<Memory>, Gateway, Listener, Arc<AtomicU64>) {
    let (runtime, mut listener) = memory();
    let asleep = Arc::clone(&runtime.asleep);
    let age = Duration::from_secs(3_000);
    let (bot, gateway) = with_an_aging_role(runtime, &mut listener, age).await;
    (bot, gateway, listener, asleep)
}

#[tokio::test(start_paused = true)]
async fn a_sleep_is_noticed_at_the_next_look_at_the_clock() {
    let (mut bot, _gateway, _listener, asleep) = started().await;
    assert_eq!(roles(&bot), 1);
    asleep.store(7_200, Ordering::Release);
    let woken = Instant::now();
    loop {
        let event = bot.next().await.expect("the bot runs").event;
        if let Event::StateChanged(change) = event {
            assert_eq!(change.reason, Reason::HostStalled);
            break;
        }
    }
    assert!(woken.elapsed() <= NAP, "{:?}", woken.elapsed());
    tokio::time::sleep(NAP).await;
    assert_eq!(roles(&bot), 0, "rows have grown old in the sleep");
}

#[tokio::test(start_paused = true)]
async fn a_short_sleep_only_brings_the_next_heartbeat_forward() {
    let (bot, mut gateway, mut listener, asleep) = started().await;
    beat(&mut gateway).await;
    let woken = Instant::now();
    asleep.store(599, Ordering::Release);
    beat(&mut gateway).await;
    assert!(woken.elapsed() <= NAP, "{:?}", woken.elapsed());
    assert!(!listener.is_dialled());
    drop(bot);
}

/// Takes the next heartbeat, and answers it.
async fn beat(gateway: &mut Gateway) {
    assert_eq!(gateway.any().await["op"], 1);
    gateway.send(json!({"op": 11})).await;
}
