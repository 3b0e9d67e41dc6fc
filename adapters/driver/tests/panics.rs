//! The driver's own loops panic: nothing ends in silence, and what can go on does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::{join_all, poll_immediate};
use headcount_driver::core::manager::{Options, Single};
use headcount_driver::core::session::{Halt, OnStop, Phase};
use headcount_driver::core::twitch::Account;
use headcount_driver::core::{Event, Input, Intents};
use headcount_driver::record::{Happened, RecordOptions, Recording, Replay};
use headcount_driver::{Bot, BotEvent, Builder, ChatBuilder, ChatEvent, ErrorKind};
use serde_json::json;

mod memory;
use memory::{Gateway, Memory, PLAIN, info, memory, roles, with_an_aging_role};

#[tokio::test(start_paused = true)]
async fn a_timekeeper_that_panics_goes_on() {
    let (runtime, mut listener) = memory();
    let clock_panics = runtime.clock_panics.clone();
    let age = Duration::from_secs(3);
    let (bot, _gateway) = with_an_aging_role(runtime, &mut listener, age).await;
    // The rows' age is the first that wakes anybody.
    clock_panics.store(true, Ordering::Release);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(!clock_panics.load(Ordering::Acquire), "it has panicked");
    let handle = bot.handle();
    assert_eq!(roles(&bot), 0);
    assert_eq!(handle.shards().next().expect("one").phase, Phase::Active);
}

/// A bot whose session begins, its server, and what makes the bot's clock panic once.
async fn begun() -> (Bot<Memory>, Gateway, Arc<AtomicBool>) {
    let (runtime, mut listener) = memory();
    let clock_panics = runtime.clock_panics.clone();
    let builder = Builder::new(runtime, "token", Intents::GUILDS).gateway(info(1));
    let bot = builder.compression(PLAIN).connect().await.expect("started");
    let mut gateway = listener.accept().await;
    gateway.begin("s").await;
    (bot, gateway, clock_panics)
}

#[tokio::test(start_paused = true)]
async fn a_shard_that_panics_says_so_and_ends_its_stream() {
    let (mut bot, mut gateway, clock_panics) = begun().await;
    while !matches!(
        bot.next().await.map(|it| it.event),
        Some(Event::ShardReady(_))
    ) {}
    // What is taken reads the clock too, and this panic is the shard's.
    while poll_immediate(bot.next()).await.is_some() {}
    clock_panics.store(true, Ordering::Release);
    gateway.dispatch("TYPING_START", json!({})).await;
    let mut halted = Vec::new();
    while let Some(BotEvent { event, .. }) = bot.next().await {
        if let Event::Halted(why) = event {
            halted.push(why);
        }
    }
    assert_eq!(halted, [Halt::Crashed]);
    let error = bot.outcome().expect_err("it has ended by itself");
    assert_eq!(error.kind(), ErrorKind::Crashed);
    assert_eq!(
        bot.shutdown(OnStop::Resume).await.expect("it ends").len(),
        1,
        "its session is kept"
    );
}

#[tokio::test(start_paused = true)]
async fn a_shard_that_panics_writes_the_recording_out_and_others_that_are_asked_for_then() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name| folder.path().join(name);
    let (runtime, mut listener) = memory();
    let clock_panics = runtime.clock_panics.clone();
    let builder = Builder::new(runtime, "token", Intents::GUILDS).gateway(info(1));
    let builder = builder.compression(PLAIN).record(RecordOptions {
        file: Some(path("bot.rec")),
        ..RecordOptions::default()
    });
    let mut bot = builder.connect().await.expect("started");
    let mut gateway = listener.accept().await;
    gateway.begin("s").await;
    let is_ready = |event: &BotEvent| matches!(event.event, Event::ShardReady(_));
    while !bot.next().await.as_ref().is_some_and(is_ready) {}
    while poll_immediate(bot.next()).await.is_some() {}
    clock_panics.store(true, Ordering::Release);
    gateway.dispatch("TYPING_START", json!({})).await;
    while bot.next().await.is_some() {}
    let handle = bot.handle();
    let asked = ["1.rec", "2.rec", "3.rec"].map(|name| handle.dump(path(name)));
    for written in join_all(asked).await {
        written.expect("written");
    }
    // It was asked for before the others.
    let file = std::fs::read(path("bot.rec")).expect("written by itself");
    let recording = Recording::read(&file).expect("a recording");
    assert_eq!(
        recording.end().why,
        format!("a shard has ended: {}", Halt::Crashed)
    );
    let mut replay = Replay::new(&recording).expect("settings");
    let mut last = None;
    while let Some(step) = replay.step().expect("frames") {
        let is_crash = matches!(step.happened, Happened::Input(Input::Crashed));
        last = Some((is_crash, step.divergence));
    }
    assert_eq!(last, Some((true, None)));
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_panics_while_an_event_is_taken_costs_no_event() {
    let (mut bot, _gateway, clock_panics) = begun().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    clock_panics.store(true, Ordering::Release);
    let mut is_ready = false;
    while let Some(Some(BotEvent { event, .. })) = poll_immediate(bot.next()).await {
        is_ready |= matches!(event, Event::ShardReady(_));
    }
    assert!(!clock_panics.load(Ordering::Acquire), "it was read");
    assert!(is_ready);
}

#[tokio::test(start_paused = true)]
async fn a_chat_that_panics_says_so_and_ends_its_stream() {
    let (runtime, _listener) = memory();
    let clock_panics = runtime.clock_panics.clone();
    let mut builder = ChatBuilder::new(runtime).url("ws://127.0.0.1");
    let account = builder.account(Account::anonymous());
    let make = |_: &Options| Single;
    let manager = builder.manager(account, Options::default(), [], make);
    manager.expect("a manager");
    let mut chat = builder.start().expect("started");
    tokio::time::sleep(Duration::from_secs(1)).await;
    clock_panics.store(true, Ordering::Release);
    let mut crashed = 0;
    while let Some(event) = chat.next().await {
        if let ChatEvent::Crashed(error) = event {
            assert!(error.to_string().contains("the clock is broken"), "{error}");
            crashed += 1;
        }
    }
    assert_eq!(crashed, 1);
    chat.shutdown().await;
}
