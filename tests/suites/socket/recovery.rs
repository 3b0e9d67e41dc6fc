//! Connections that die in every way that a socket can show or hide.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use headcount_sim::act::{Act, Target};
use headcount_sim::server::{Flow, Server, ServerConfig};
use headcount_sim::{Options, Plan};
use headcount_tokio::driver::core::session::{DialFailure, Halt, OnStop, Reason};
use headcount_tokio::driver::core::wire::close::Fatal;
use headcount_tokio::{BotEvent, ErrorKind, Event};

use crate::bot::{
    BACKOFF, INTERVAL, SLACK, beating, builder, builder_on, changed, options, ready, resumed, until,
};
use crate::rigged::Rigged;
use crate::runtimes::{Tested, on_each_runtime, serve, try_to_serve};

on_each_runtime! {
    half_open_peer,
    laptop_asleep_for_an_hour,
    server_restart,
    cut_connection,
    revoked_token,
    sessions_go_from_bot_to_bot,
}

/// How long a timer runs at most before it looks at the clock.
const NAP: Duration = Duration::from_secs(5);

fn small() -> Options {
    options(Plan::even(3, 20))
}

fn starts(server: &Server) -> (usize, usize) {
    server.inspect(|gateway| {
        let ledger = gateway.ledger();
        (ledger.identifies.len(), ledger.resumes.len())
    })
}

/// The peer is there, and neither reads nor writes: two heartbeats show it.
async fn half_open_peer<R: Tested>() {
    let server = serve(beating(small()), 1, ServerConfig::default()).await;
    let mut bot = builder::<R>(&server).connect().await.expect("started");
    ready(&mut bot).await;
    let frozen = Instant::now();
    server.set_flow(Flow::Frozen);
    let noticed = changed(&mut bot, Reason::HeartbeatUnanswered).await;
    assert!(
        noticed - frozen <= 2 * INTERVAL + SLACK,
        "{:?}",
        noticed - frozen
    );
    resumed(&mut bot).await;
    assert!(noticed.elapsed() <= BACKOFF + SLACK);
    assert_eq!(starts(&server), (1, 1));
    assert_eq!(server.violations(), []);
}

/// The machine sleeps, and its timers with it: the next look at the clock shows it, long before the
/// next heartbeat is due.
async fn laptop_asleep_for_an_hour<R: Tested>() {
    let server = serve(small(), 1, ServerConfig::default()).await;
    let runtime = Rigged::<R>::default();
    let asleep = Arc::clone(&runtime.asleep);
    let bot = builder_on(runtime, &server).connect();
    let mut bot = bot.await.expect("started");
    ready(&mut bot).await;
    let woken = Instant::now();
    asleep.store(3_600, Ordering::Release);
    let noticed = changed(&mut bot, Reason::HostStalled).await;
    assert!(noticed - woken < NAP + SLACK, "{:?}", noticed - woken);
    resumed(&mut bot).await;
    assert_eq!(starts(&server), (1, 1));
    assert_eq!(server.violations(), []);
}

/// The listener is gone, and comes back on the same port without the sessions.
async fn server_restart<R: Tested>() {
    let server = serve(small(), 1, ServerConfig::default()).await;
    let url = server.http_url();
    let port = url.rsplit(':').next().and_then(|port| port.parse().ok());
    let port = port.expect("a port");
    let mut bot = builder::<R>(&server).connect().await.expect("started");
    ready(&mut bot).await;
    drop(server);
    until(&mut bot, |event| match &event.event {
        Event::StateChanged(change) => {
            (change.reason == Reason::DialFailed(DialFailure::Refused)).then_some(())
        }
        _ => None,
    })
    .await;
    let server = loop {
        let config = ServerConfig {
            port,
            ..ServerConfig::default()
        };
        match try_to_serve(small(), 1, config).await {
            Ok(server) => break server,
            // Somebody's outgoing connection has the port for a moment.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                R::default().timer(Duration::from_millis(20)).await;
            }
            Err(error) => panic!("{error}"),
        }
    };
    let back = Instant::now();
    let lost = until(&mut bot, |event| match &event.event {
        Event::Gap(gap) => Some(gap.why),
        _ => None,
    });
    lost.await;
    let summary = until(&mut bot, |event| match &event.event {
        Event::ShardFinishedChunking(summary) => Some(summary.complete),
        _ => None,
    });
    assert_eq!(summary.await, 3);
    assert!(
        back.elapsed() <= 9 * BACKOFF + SLACK,
        "{:?}",
        back.elapsed()
    );
    assert_eq!(starts(&server), (1, 1));
    assert_eq!(server.violations(), []);
}

/// The socket breaks: the session goes on, and what happened meanwhile is replayed.
async fn cut_connection<R: Tested>() {
    let server = serve(small(), 1, ServerConfig::default()).await;
    let mut bot = builder::<R>(&server).connect().await.expect("started");
    ready(&mut bot).await;
    for round in 1..=3 {
        server.cut_all();
        server.act(Act::Traffic { events: 400 });
        assert!(resumed(&mut bot).await > 0);
        assert_eq!(starts(&server), (1, round));
    }
    assert_eq!(server.violations(), []);
}

/// The bot ends, and says why: nobody dials for ever with a token that is dead.
async fn revoked_token<R: Tested>() {
    for fatal in [Fatal::AuthenticationFailed, Fatal::DisallowedIntents] {
        let server = serve(small(), 1, ServerConfig::default()).await;
        let mut bot = builder::<R>(&server).connect().await.expect("started");
        ready(&mut bot).await;
        assert!(bot.outcome().is_ok(), "it runs");
        server.act(Act::Close(Target::All, fatal.code()));
        let mut emitted = None;
        while let Some(BotEvent { event, .. }) = bot.next().await {
            if let Event::Halted(why) = event {
                emitted = Some(why);
            }
        }
        assert_eq!(emitted, Some(Halt::Refused(fatal)));
        let error = bot.outcome().expect_err("it has ended by itself");
        assert_eq!(error.kind(), ErrorKind::Halted(fatal));
        // A program's main shows the error so.
        assert!(format!("{error:?}").contains(fatal.remedy()), "{error:?}");
        assert_eq!(starts(&server), (1, 0));
    }
}

/// One bot shuts down, and the next goes on with its sessions and misses nothing.
async fn sessions_go_from_bot_to_bot<R: Tested>() {
    let server = serve(small(), 1, ServerConfig::default()).await;
    let mut bot = builder::<R>(&server).connect().await.expect("started");
    ready(&mut bot).await;
    let sessions = bot.shutdown(OnStop::Resume).await.expect("it ends");
    assert_eq!(sessions.len(), 1);
    server
        .until(|gateway| gateway.ledger().ends.len() == 1)
        .await;
    server.act(Act::Traffic { events: 400 });
    let next = builder::<R>(&server).sessions(sessions);
    let mut next = next.connect().await.expect("started");
    assert!(resumed(&mut next).await > 0);
    assert_eq!(starts(&server), (1, 1));
    assert_eq!(next.shutdown(OnStop::End).await.expect("it ends"), []);
    assert_eq!(server.violations(), []);
}
