//! The bot against a scripted gateway, on virtual time.

use std::time::Duration;

use headcount_driver::core::session::{DialFailure, Halt, OnStop, Phase, Reason};
use headcount_driver::core::wire::Name;
use headcount_driver::core::wire::close::Fatal;
use headcount_driver::core::{Event, Intents};
use headcount_driver::{Acknowledgement, Bot, BotEvent, Builder, ErrorKind, Mark};
use serde_json::json;

mod memory;
use memory::{Listener, Memory, PLAIN, info, memory};
mod warnings;
use warnings::Warnings;

const TOKEN: &str = "Bot MTIz.secret.token";

fn builder(shards: u32) -> (Builder<Memory>, Listener) {
    let (runtime, listener) = memory();
    let builder = Builder::new(runtime, TOKEN, Intents::GUILDS);
    (builder.gateway(info(shards)).compression(PLAIN), listener)
}

/// The next event that is a dispatch.
async fn dispatch(bot: &mut Bot<Memory>) -> (Name, String) {
    loop {
        let event = bot.next().await.expect("the bot runs").event;
        if let Event::Dispatch(dispatch) = event {
            return (dispatch.name(), dispatch.data().to_owned());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_shard_identifies_beats_and_delivers_in_order() {
    let (builder, mut listener) = builder(1);
    let mut bot = builder.connect().await.expect("started");
    let mut gateway = listener.accept().await;
    let identify = gateway.begin("s1").await;
    assert_eq!(identify["d"]["token"], "MTIz.secret.token");
    assert_eq!(identify["d"]["shard"], json!([0, 1]));
    for number in 0..100 {
        gateway
            .dispatch("TYPING_START", json!({ "number": number }))
            .await;
    }
    assert_eq!(dispatch(&mut bot).await.0, Name::Ready);
    for number in 0..100 {
        let (name, data) = dispatch(&mut bot).await;
        assert_eq!(
            (name, data),
            (Name::TypingStart, json!({ "number": number }).to_string())
        );
    }
    for _ in 0..3 {
        let beat = gateway.any().await;
        assert_eq!(beat, json!({"op": 1, "d": 101}));
        gateway.send(json!({"op": 11})).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_dispatch_that_is_left_out_is_dealt_with_as_it_comes() {
    let (builder, mut listener) = builder(1);
    let builder = builder.events([Name::MessageCreate]);
    let mut bot = builder.connect().await.expect("started");
    let mut gateway = listener.accept().await;
    gateway.begin("s1").await;
    let message = json!({"id": "1", "channel_id": "2"});
    gateway.dispatch("MESSAGE_CREATE", message).await;
    for number in 0..10 {
        gateway
            .dispatch("TYPING_START", json!({ "number": number }))
            .await;
    }
    assert_eq!(dispatch(&mut bot).await.0, Name::MessageCreate);
    assert_eq!(gateway.any().await, json!({"op": 1, "d": 12}));
    let server = tokio::spawn(async move { gateway.closed().await });
    let sessions = bot.shutdown(OnStop::Resume).await.expect("it ends");
    server.await.expect("served").expect("a code");
    assert_eq!(sessions[0].sequence(), 12);
}

#[tokio::test(start_paused = true)]
async fn a_session_is_kept_over_a_shutdown_and_resumed_by_the_next_bot() {
    let (first, mut listener) = builder(1);
    let mut bot = first.connect().await.expect("started");
    let mut gateway = listener.accept().await;
    gateway.begin("kept").await;
    dispatch(&mut bot).await;
    let server = tokio::spawn(async move { gateway.closed().await });
    let sessions = bot.shutdown(OnStop::Resume).await.expect("it ends");
    let code = server.await.expect("served").expect("a code");
    assert!(
        code != 1000 && code != 1001,
        "these end the session: {code}"
    );
    assert_eq!(sessions.len(), 1);

    let (second, mut listener) = builder(1);
    let mut bot = second.sessions(sessions).connect().await.expect("started");
    let mut gateway = listener.accept().await;
    gateway.hello(Duration::from_secs(40)).await;
    let resume = gateway.expect(6).await;
    assert_eq!(resume["d"]["session_id"], "kept");
    assert_eq!(resume["d"]["seq"], 1);
    gateway
        .send(json!({"op": 0, "s": 2, "t": "RESUMED", "d": {}}))
        .await;
    assert_eq!(dispatch(&mut bot).await.0, Name::Resumed);
    let server = tokio::spawn(async move { gateway.closed().await });
    assert!(bot.shutdown(OnStop::End).await.expect("it ends").is_empty());
    assert_eq!(server.await.expect("served"), Some(1000));
}

#[tokio::test(start_paused = true)]
async fn events_that_are_not_done_for_a_minute_are_warned_of_once_whenever_their_session_began() {
    let log = Warnings::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let warnings = || log.text().matches("events are not acknowledged").count();
    let (builder, mut listener) = builder(1);
    let builder = builder.acknowledge(Acknowledgement::Explicit);
    let mut bot = builder.connect().await.expect("started");
    let mut gateway = listener.accept().await;
    gateway.begin("first").await;
    let all_done = async {
        while let Some(event) = bot.next().await {
            event.mark.into_iter().for_each(Mark::done);
        }
    };
    let while_served = Duration::from_secs(300);
    let served = tokio::time::timeout(while_served, gateway.closed());
    let (served, ended) = tokio::join!(served, tokio::time::timeout(while_served, all_done));
    assert!(served.is_err() && ended.is_err(), "the bot runs");
    gateway.send(json!({"op": 9, "d": false})).await;

    let mut gateway = listener.accept().await;
    gateway.begin("second").await;
    dispatch(&mut bot).await;
    // The shard looks with each heartbeat, 40 seconds apart.
    for (seconds, expected) in [(50, 0), (100, 1), (300, 1)] {
        let within = Duration::from_secs(seconds);
        let closed = tokio::time::timeout(within, gateway.closed()).await;
        assert!(closed.is_err(), "the bot runs");
        assert_eq!(warnings(), expected, "{seconds}");
    }
    let shard = bot.handle().shards().next().expect("a shard");
    assert_ne!(shard.unacknowledged, 0);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_does_not_fit_is_named_in_a_warning_beside_the_bot_and_not_resumed() {
    let (first, mut listener) = builder(1);
    let mut bot = first.connect().await.expect("started");
    let mut gateway = listener.accept().await;
    gateway.begin("kept").await;
    dispatch(&mut bot).await;
    tokio::spawn(async move { gateway.closed().await });
    let sessions = bot.shutdown(OnStop::Resume).await.expect("it ends");
    let log = Warnings::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let wanted = Intents::GUILDS | Intents::GUILD_MESSAGES;
    for (shards, intents) in [(2, Intents::GUILDS), (1, wanted)] {
        let (runtime, mut listener) = memory();
        let next = Builder::new(runtime, TOKEN, intents).gateway(info(shards));
        let next = next.compression(PLAIN).sessions(sessions.clone());
        let before = log.text().len();
        let mut bot = next.connect().await.expect("started");
        let text = log.text()[before..].to_owned();
        let both = [
            format!("saved_shard={}", sessions[0].shard()),
            format!("saved_intents={:?}", sessions[0].intents()),
            format!("intents={intents:?}"),
            format!("shards=\"0/{shards}"),
        ];
        assert!(both.iter().all(|one| text.contains(one)), "{text}");
        listener.accept().await.begin("another").await;
        dispatch(&mut bot).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_consumer_stops_the_reading_but_not_the_heartbeats() {
    let (builder, mut listener) = builder(1);
    let mut bot = builder.event_buffer(1).connect().await.expect("started");
    let mut gateway = listener.accept().await;
    gateway.begin("slow").await;
    let blocks = 200;
    let mut sender = 0;
    // Nobody takes events: the pipe fills up, so nothing was read into memory without bound.
    let block = "x".repeat(10_000);
    while sender < blocks {
        let send = gateway.dispatch("TYPING_START", json!({ "at": sender, "block": block }));
        if tokio::time::timeout(Duration::from_secs(1), send)
            .await
            .is_err()
        {
            break;
        }
        sender += 1;
    }
    assert!((5..50).contains(&sender), "the reading stops: {sender}");
    // Far longer than a zombie would be suffered; no answer can get through.
    for _ in 0..10 {
        let beat = gateway.any().await;
        assert_eq!(beat["op"], 1, "on the same connection: {beat}");
    }
    let drain = tokio::spawn(async move {
        let mut numbers = Vec::new();
        while numbers.len() < usize::try_from(sender).expect("small") {
            let (name, data) = dispatch(&mut bot).await;
            if name == Name::TypingStart {
                let data: serde_json::Value = serde_json::from_str(&data).expect("JSON");
                numbers.push(data["at"].as_u64().expect("a number"));
            }
        }
        (numbers, bot)
    });
    let (numbers, bot) = drain.await.expect("drained");
    assert_eq!(numbers, (0..sender).collect::<Vec<u64>>());
    assert_eq!(
        bot.handle().shards().next().expect("one").phase,
        Phase::Active
    );
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_takes_nothing_is_reported_in_the_log() {
    let log = Warnings::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let (builder, mut listener) = builder(1);
    let mut bot = builder.event_buffer(4).connect().await.expect("started");
    let mut gateway = listener.accept().await;
    gateway.begin("slow").await;
    let beats = tokio::spawn(async move {
        loop {
            gateway.any().await;
            gateway.send(json!({"op": 11})).await;
        }
    });
    tokio::time::sleep(Duration::from_secs(29)).await;
    assert_eq!(log.text(), "");
    tokio::time::sleep(Duration::from_secs(2)).await;
    let text = log.text();
    assert!(
        text.contains("for 30 s") && text.contains("events=") && text.contains("bytes="),
        "{text}"
    );
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(log.text(), text, "not again so soon");
    tokio::time::sleep(Duration::from_secs(15)).await;
    assert!(log.text().contains("for 60 s"), "{}", log.text());
    let soon = Duration::from_millis(1);
    while tokio::time::timeout(soon, bot.next()).await.is_ok() {}
    let text = log.text();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(log.text(), text, "they are taken again");
    beats.abort();
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_ends_the_stream_with_its_reason() {
    let (builder, mut listener) = builder(1);
    let mut bot = builder.connect().await.expect("started");
    let mut gateway = listener.accept().await;
    gateway.hello(Duration::from_secs(40)).await;
    gateway.expect(2).await;
    gateway.close(4004).await;
    let mut halted = false;
    while let Some(BotEvent { event, .. }) = bot.next().await {
        halted |= matches!(event, Event::Halted(Halt::Refused(_)));
    }
    assert!(halted);
    let error = bot.outcome().expect_err("it has ended by itself");
    assert_eq!(error.kind(), ErrorKind::Halted(Fatal::AuthenticationFailed));
    assert!(
        error
            .to_string()
            .contains(Fatal::AuthenticationFailed.remedy())
    );
}

#[tokio::test(start_paused = true)]
async fn cuts_dead_dials_and_silence_are_survived() {
    let (builder, mut listener) = builder(1);
    let mut bot = builder.connect().await.expect("started");
    let events = tokio::spawn(async move {
        let mut reasons = Vec::new();
        loop {
            match bot.next().await.expect("the bot runs").event {
                Event::StateChanged(it) => reasons.push(it.reason),
                Event::Resumed { .. } => return reasons,
                _ => {}
            }
        }
    });
    drop(listener.raw().await);
    let silent = listener.raw().await;
    let mut mute = listener.accept().await;
    assert!(mute.closed().await.is_some(), "hello has a deadline");
    let mut gateway = listener.accept().await;
    gateway.begin("s").await;
    drop(gateway);
    let mut gateway = listener.accept().await;
    gateway.hello(Duration::from_secs(40)).await;
    gateway.expect(6).await;
    gateway
        .send(json!({"op": 0, "s": 2, "t": "RESUMED", "d": {}}))
        .await;
    let reasons = events.await.expect("resumed");
    for reason in [
        Reason::DialFailed(DialFailure::Unreachable),
        Reason::DialTimedOut,
        Reason::HelloTimedOut,
        Reason::Ready,
        Reason::Closed(None),
    ] {
        assert!(reasons.contains(&reason), "{reason:?} in {reasons:?}");
    }
    drop(silent);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_bot_ends_its_sessions() {
    let (builder, mut listener) = builder(2);
    let bot = builder.connect().await.expect("started");
    let handle = bot.handle();
    let (mut one, mut two) = (listener.accept().await, listener.accept().await);
    one.begin("a").await;
    two.begin("b").await;
    drop(bot);
    assert_eq!(
        (one.closed().await, two.closed().await),
        (Some(1000), Some(1000))
    );
    assert!(handle.shards().all(|shard| shard.phase == Phase::Halted));
    assert!(handle.sessions().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_started_is_refused_at_once() {
    let (builder, _listener) = builder(2);
    let error = builder
        .shards(0..0, 2)
        .connect()
        .await
        .expect_err("no shards");
    assert_eq!(error.kind(), ErrorKind::Config);
    let (builder, _listener) = self::builder(2);
    let error = builder
        .shards(1..3, 2)
        .connect()
        .await
        .expect_err("no such shard");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(!format!("{error:?}").contains("secret"));
    let (builder, _listener) = self::builder(2);
    assert!(!format!("{builder:?}").contains("secret"));
}

#[tokio::test(start_paused = true)]
async fn shards_of_one_bucket_identify_one_after_another() {
    let (runtime, mut listener) = memory();
    let mut info = info(3);
    info.session_start_limit.max_concurrency = 1;
    let builder = Builder::new(runtime, TOKEN, Intents::GUILDS).gateway(info);
    let bot = builder.compression(PLAIN).connect().await.expect("started");
    let start = tokio::time::Instant::now();
    let mut gateways = Vec::new();
    for number in 0..3 {
        let mut gateway = listener.accept().await;
        let identify = gateway.begin("s").await;
        assert_eq!(identify["d"]["shard"], json!([number, 3]));
        let spacing = Duration::from_secs(5) * number;
        assert!(
            start.elapsed() >= spacing,
            "{number} after {:?}",
            start.elapsed()
        );
        gateways.push(gateway);
    }
    assert!(start.elapsed() < Duration::from_secs(12));
    assert_eq!(bot.handle().identifies_left(), 997);
    assert_eq!(bot.handle().readiness().shards, 3);
}

#[tokio::test(start_paused = true)]
async fn a_spent_identify_budget_is_reported_and_waited_for() {
    let (runtime, mut listener) = memory();
    let mut info = info(1);
    info.session_start_limit.remaining = 0;
    info.session_start_limit.reset_after = 3_600_000;
    let builder = Builder::new(runtime, TOKEN, Intents::GUILDS).gateway(info);
    let mut bot = builder.compression(PLAIN).connect().await.expect("started");
    let start = tokio::time::Instant::now();
    loop {
        if let Event::IdentifyBudgetSpent { .. } = bot.next().await.expect("the bot runs").event {
            break;
        }
    }
    assert!(start.elapsed() < Duration::from_secs(1));
    listener.accept().await.begin("s").await;
    assert!(start.elapsed() >= Duration::from_secs(3600));
}

#[tokio::test(start_paused = true)]
async fn shards_begin_as_they_may_identify_and_not_all_at_once() {
    let (runtime, mut listener) = memory();
    let mut info = info(500);
    info.session_start_limit.max_concurrency = 2;
    let builder = Builder::new(runtime, "token", Intents::GUILDS).gateway(info);
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    let before = tasks();
    let mut bot = builder.compression(PLAIN).connect().await.expect("started");
    let handle = bot.handle();
    let mut gateways = Vec::new();
    for up in [2, 4, 6] {
        while gateways.len() < up {
            let mut gateway = listener.accept().await;
            gateway.begin("s").await;
            gateways.push(gateway);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!listener.is_dialled(), "more than the {up} that may");
        assert_eq!(tasks() - before, up + 1, "and the timekeeper's");
        let active = handle.shards().filter(|shard| shard.phase == Phase::Active);
        assert_eq!(active.count(), up);
        assert_eq!(handle.readiness().waiting, 500 - up);
    }
    handle.stop(OnStop::End);
    let mut halted = 0;
    while let Some(BotEvent { event, .. }) = bot.next().await {
        halted += usize::from(matches!(event, Event::Halted(_)));
    }
    assert_eq!(halted, 500, "those that never began end as well");
    assert_eq!(tasks(), before);
}
