//! What befalls a bot in several processes: a test for each row of the table of faults about it.

use futures_util::FutureExt;
use headcount_driver::Bot;
use headcount_driver::core::Event;
use headcount_driver::core::interest::Filter;
use headcount_driver::core::session::Halt;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use crate::memory::Gateway;
use crate::process::Process;
use crate::table::Table;
use crate::{SECOND, beside, dispatches, resumed, send_typing, settled};

/// The session goes on after a resume from 6: three more events come and are taken.
async fn gateway_goes_on(gateway: &mut Gateway, bot: &mut Bot<Process>) {
    for sequence in 7..=9 {
        let name = if sequence == 7 {
            "RESUMED"
        } else {
            "TYPING_START"
        };
        let payload = json!({"op": 0, "s": sequence, "t": name, "d": {}});
        gateway.send(payload).await;
    }
    dispatches(bot, 5 * SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn process_killed() {
    let table = Table::default();
    let (process, bot, _listener, gateway) = settled(&table).await;
    let (other, mut listener) = Process::new();
    let mut second = table.builder(&other, 1).connect().await.expect("started");
    sleep(3 * SECOND).await;
    process.kill();
    drop((bot, gateway));
    let killed = Instant::now();
    let (_gateway, sequence) = resumed(&mut second, &mut listener).await;
    assert_eq!(sequence, 4, "all that was acknowledged");
    assert!(killed.elapsed() <= 13 * SECOND, "{:?}", killed.elapsed());
}

#[tokio::test(start_paused = true)]
async fn two_owners() {
    let table = Table::default();
    let (process, mut bot, _listener, mut gateway) = settled(&table).await;
    let mut heard = bot.handle().listen(Filter::any()).unwrap();
    let (other, mut listener) = Process::new();
    let mut second = table.builder(&other, 1).connect().await.expect("started");
    table.cut_off(&process);
    send_typing(&mut gateway, 3).await;
    let closed = tokio::spawn(async move { gateway.closed().await });
    let (_gateway, sequence) = resumed(&mut second, &mut listener).await;
    assert_eq!(sequence, 4, "nobody took the others");
    let code = closed.await.expect("served").expect("a code");
    assert!(code != 1000 && code != 1001, "{code}");
    let mut last = None;
    while let Ok(Some(event)) = timeout(SECOND, bot.next()).await {
        assert!(
            matches!(event.event, Event::Halted(Halt::Stopped)),
            "{:?}",
            event.event
        );
        last = Some(event);
    }
    assert!(last.is_some(), "the shard has ended here");
    while let Ok(Some(event)) = timeout(SECOND, heard.next()).await {
        let event = event.expect("no loss");
        assert!(matches!(event.event, Event::Halted(_)), "{:?}", event.event);
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_that_stood_still_looks_at_its_lease_before_it_hands_out_anything() {
    let table = Table::default();
    let (process, mut bot, _listener, mut gateway) = settled(&table).await;
    send_typing(&mut gateway, 3).await;
    sleep(SECOND).await;
    process.stand_still(30);
    // Nothing but the consumer has run since.
    let first = bot.next().now_or_never().flatten();
    assert!(first.is_none(), "{first:?}");
}

#[tokio::test(start_paused = true)]
async fn redis_gone() {
    let table = Table::default();
    let (process, mut bot, mut listener, mut gateway) = settled(&table).await;
    table.set_down(true);
    sleep(5 * SECOND).await;
    send_typing(&mut gateway, 2).await;
    let taken = dispatches(&mut bot, SECOND / 2).await;
    assert_eq!(
        taken.last().map(|(_, sequence)| *sequence),
        Some(6),
        "it goes on"
    );
    table.set_down(false);
    dispatches(&mut bot, 5 * SECOND).await;
    assert!(!listener.is_dialled(), "nothing has happened");

    table.set_down(true);
    let closed = tokio::spawn(async move { gateway.closed().await });
    let code = beside(&mut bot, closed)
        .await
        .expect("served")
        .expect("a code");
    assert!(code != 1000 && code != 1001, "{code}");
    dispatches(&mut bot, 20 * SECOND).await;
    assert!(!listener.is_dialled(), "it waits for the table");
    table.set_down(false);
    let back = Instant::now();
    let (mut gateway, sequence) = resumed(&mut bot, &mut listener).await;
    assert_eq!(sequence, 6, "what was recorded, or is known here");
    assert!(back.elapsed() <= 13 * SECOND, "{:?}", back.elapsed());
    // What is dealt with from here on is recorded too.
    gateway_goes_on(&mut gateway, &mut bot).await;
    process.kill();
    let (other, mut listener) = Process::new();
    let mut second = table.builder(&other, 1).connect().await.expect("started");
    let (_gateway, sequence) = resumed(&mut second, &mut listener).await;
    assert_eq!(sequence, 9);
}

#[tokio::test(start_paused = true)]
async fn redis_empty() {
    let table = Table::default();
    let (process, mut bot, mut listener, mut gateway) = settled(&table).await;
    let (other, mut other_listener) = Process::new();
    let mut second = table.builder(&other, 1).connect().await.expect("started");
    sleep(3 * SECOND).await;
    table.forget();
    send_typing(&mut gateway, 2).await;
    let taken = dispatches(&mut bot, 5 * SECOND).await;
    assert_eq!(
        taken.last().map(|(_, sequence)| *sequence),
        Some(6),
        "it goes on"
    );
    dispatches(&mut bot, 25 * SECOND).await;
    assert!(!listener.is_dialled() && !other_listener.is_dialled());
    // The table is as it was: it has what the next owner needs.
    process.kill();
    let (_gateway, sequence) = resumed(&mut second, &mut other_listener).await;
    assert_eq!(sequence, 6);
}

#[tokio::test(start_paused = true)]
async fn a_table_that_forgot_all_while_it_was_away_costs_no_session() {
    let table = Table::default();
    let (_process, mut bot, mut listener, gateway) = settled(&table).await;
    table.set_down(true);
    drop(gateway);
    while !matches!(bot.next().await.map(|it| it.event), Some(Event::Halted(_))) {}
    while listener.is_dialled() {}
    table.forget();
    table.set_down(false);
    let (_gateway, sequence) = resumed(&mut bot, &mut listener).await;
    assert_eq!(sequence, 4, "the owner before remembers");
}
