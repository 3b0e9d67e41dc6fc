//! A bot that keeps its sessions in a folder.

use std::collections::BTreeSet;
use std::time::Duration;

use headcount_sim::act::Act;
use headcount_sim::server::{Server, ServerConfig};
use headcount_sim::{Options, Plan, Target, Token};
use headcount_tokio::driver::core::event::GapCause;
use headcount_tokio::driver::core::setup::AutoChunk;
use headcount_tokio::driver::state::SavedState;
use headcount_tokio::driver::{Bot, Builder, ErrorKind, SessionStartLimit};
use headcount_tokio::{Api, Event, GatewayInfo, Intents, OnStop};

use crate::bot::{builder, options, ready, until};
use crate::runtimes::{Tested, on_each_runtime, serve};

on_each_runtime! {
    deploy,
    killed,
    disk_full,
    state_of_another_bot,
    away_for_too_long,
    a_bot_that_is_dropped_resumes_in_the_next,
    a_bot_that_ends_its_session_leaves_none,
    a_folder_in_use_is_refused,
    identified_by_the_process_before,
    asked_by_the_process_before,
    a_budget_that_nobody_asks_for_goes_on_in_the_next_process,
}

async fn server() -> Server {
    serve(options(Plan::even(3, 20)), 1, ServerConfig::default()).await
}

async fn started<R: Tested>(server: &Server, folder: &tempfile::TempDir) -> Bot<R> {
    let bot = builder::<R>(server).state(folder.path());
    bot.connect().await.expect("started")
}

/// The sequences of the next dispatches. More of them come than are taken, and not many more.
async fn take<R: Tested>(bot: &mut Bot<R>, server: &Server, count: usize) -> Vec<u64> {
    let mut taken = Vec::new();
    server.act(Act::Traffic { events: 120 });
    while taken.len() < count {
        server.act(Act::Traffic { events: 8 });
        let event = bot.next().await.expect("it runs");
        if let Event::Dispatch(dispatch) = &event.event {
            taken.extend(dispatch.sequence());
        }
    }
    taken
}

fn resumes(server: &Server) -> (usize, usize) {
    server.inspect(|gateway| {
        let ledger = gateway.ledger();
        (ledger.identifies.len(), ledger.resumes.len())
    })
}

async fn deploy<R: Tested>() {
    let (server, folder) = (server().await, tempfile::tempdir().expect("a folder"));
    let mut seen = BTreeSet::new();
    // A handle of a bot that has ended keeps no folder.
    let mut handles = Vec::new();
    for round in 0..10 {
        let mut bot = started::<R>(&server, &folder).await;
        handles.push(bot.handle());
        for sequence in take(&mut bot, &server, 6 + round).await {
            assert!(seen.insert(sequence), "{sequence} comes twice");
        }
        bot.shutdown(OnStop::Resume).await.expect("it ends");
    }
    let last = seen.last().copied().expect("some");
    assert!(seen.iter().copied().eq(1..=last), "{seen:?}");
    assert_eq!(resumes(&server), (1, 9));
    assert_eq!(server.violations(), []);
}

/// Up to where the folder has the session as acknowledged.
fn recorded(folder: &tempfile::TempDir) -> u64 {
    let saved = SavedState::read(folder.path()).expect("it is there");
    let sessions = saved.sessions.iter();
    sessions.map(|saved| saved.session.sequence()).sum()
}

/// What a kill leaves is what is in the folder while the bot runs.
async fn killed<R: Tested>() {
    let (server, folder) = (server().await, tempfile::tempdir().expect("a folder"));
    let mut bot = started::<R>(&server, &folder).await;
    ready(&mut bot).await;
    let mut last = 0;
    // While guilds come, the folder may be a second behind.
    while recorded(&folder) < 300 {
        last = take(&mut bot, &server, 20).await[19];
        R::default().timer(Duration::from_millis(50)).await;
    }
    let left = tempfile::tempdir().expect("a folder");
    for entry in std::fs::read_dir(folder.path()).expect("it is there") {
        let file = entry.expect("a file").path();
        let name = file.file_name().expect("a name");
        std::fs::copy(&file, left.path().join(name)).expect("copied");
    }
    // It would take its session back.
    drop(bot);
    let mut next = started::<R>(&server, &left).await;
    let again = take(&mut next, &server, 20).await;
    let first = again[0];
    assert!(first <= last + 1, "{last}, and then {first}: some are lost");
    assert!(first > 300, "{first} was recorded");
    assert!(again.windows(2).all(|pair| pair[1] > pair[0]), "{again:?}");
    assert_eq!(resumes(&server), (1, 1));
}

/// The sessions cannot be written, since something lies in the way.
async fn disk_full<R: Tested>() {
    let (server, folder) = (server().await, tempfile::tempdir().expect("a folder"));
    for name in ["session-0.0.new", "session-0.1.new"] {
        std::fs::create_dir(folder.path().join(name)).expect("made");
    }
    let mut bot = started::<R>(&server, &folder).await;
    ready(&mut bot).await;
    take(&mut bot, &server, 20).await;
    let failures = bot.handle().metrics().state_failures;
    assert!(failures.sessions > 0, "{failures:?}");
    assert_eq!((failures.room, failures.cold_starts), (0, 0));
    let ended = bot.shutdown(OnStop::Resume).await;
    assert_eq!(ended.expect_err("not written").kind(), ErrorKind::State);
    let mut next = started::<R>(&server, &folder).await;
    ready(&mut next).await;
    assert_eq!(resumes(&server).1, 0, "there was nothing to resume");
}

async fn state_of_another_bot<R: Tested>() {
    let (server, folder) = (server().await, tempfile::tempdir().expect("a folder"));
    let mut bot = started::<R>(&server, &folder).await;
    ready(&mut bot).await;
    bot.shutdown(OnStop::Resume).await.expect("it ends");
    let token = "MTIz.another.bot";
    let other = Options {
        token: Token::new(token),
        ..options(Plan::even(3, 20))
    };
    let other = serve(other, 1, ServerConfig::default()).await;
    let builder = Builder::<R>::new(R::default(), token, Intents::GUILDS);
    let builder = builder.api(Api::at(other.http_url())).state(folder.path());
    let mut bot = builder.connect().await.expect("started");
    ready(&mut bot).await;
    assert_eq!((resumes(&other), resumes(&server)), ((1, 0), (1, 0)));
}

async fn away_for_too_long<R: Tested>() {
    let (server, folder) = (server().await, tempfile::tempdir().expect("a folder"));
    let mut bot = started::<R>(&server, &folder).await;
    ready(&mut bot).await;
    let last = take(&mut bot, &server, 20).await[19];
    bot.shutdown(OnStop::Resume).await.expect("it ends");
    server.act(Act::ForgetSessions(Target::All));
    let mut next = started::<R>(&server, &folder).await;
    let gap = until(&mut next, |event| match &event.event {
        Event::Gap(gap) => Some(*gap),
        _ => None,
    })
    .await;
    assert_eq!((gap.from.sequence, gap.to), (last, None));
    assert_eq!(gap.why, GapCause::Refused);
    until(&mut next, |event| {
        matches!(event.event, Event::ShardReady(_)).then_some(())
    })
    .await;
    assert_eq!(resumes(&server).1, 1);
}

async fn a_bot_that_is_dropped_resumes_in_the_next<R: Tested>() {
    let (server, folder) = (server().await, tempfile::tempdir().expect("a folder"));
    let mut bot = started::<R>(&server, &folder).await;
    let first = take(&mut bot, &server, 20).await;
    let last = first.last().copied().expect("some");
    drop(bot);
    let mut next = loop {
        let next = builder::<R>(&server).state(folder.path()).connect().await;
        match next {
            Ok(next) => break next,
            Err(error) => assert_eq!(error.kind(), ErrorKind::StateInUse, "it ends by itself"),
        }
    };
    let then = take(&mut next, &server, 5).await;
    assert!(
        then[0] == last || then[0] == last + 1,
        "{last}, and then {then:?}: the last one may come again"
    );
    assert_eq!(resumes(&server), (1, 1));
    next.shutdown(OnStop::End).await.expect("it ends");
}

async fn a_bot_that_ends_its_session_leaves_none<R: Tested>() {
    let (server, folder) = (server().await, tempfile::tempdir().expect("a folder"));
    let mut bot = started::<R>(&server, &folder).await;
    ready(&mut bot).await;
    let saved = || SavedState::read(folder.path()).expect("it is there");
    assert_eq!(saved().sessions.len(), 1);
    bot.shutdown(OnStop::End).await.expect("it ends");
    assert_eq!(saved().sessions.len(), 0);
}

async fn a_folder_in_use_is_refused<R: Tested>() {
    let (server, folder) = (server().await, tempfile::tempdir().expect("a folder"));
    let bot = started::<R>(&server, &folder).await;
    let second = builder::<R>(&server).state(folder.path()).connect().await;
    assert_eq!(second.expect_err("in use").kind(), ErrorKind::StateInUse);
    bot.shutdown(OnStop::End).await.expect("it ends");
    let third = builder::<R>(&server).state(folder.path()).connect().await;
    third
        .expect("it is free")
        .shutdown(OnStop::End)
        .await
        .expect("it ends");
}

/// Each process begins a session, the next one as soon as the one before has ended.
async fn identified_by_the_process_before<R: Tested>() {
    let mut options = options(Plan::even(2, 5));
    options.limits.identify_spacing = 1_000;
    let server = serve(options, 1, ServerConfig::default()).await;
    let folder = tempfile::tempdir().expect("a folder");
    for _ in 0..2 {
        let bot = builder::<R>(&server).state(folder.path());
        let bot = bot.fleet_config(|fleet| fleet.spacing = Duration::from_millis(1_100));
        let mut bot = bot.connect().await.expect("started");
        ready(&mut bot).await;
        bot.shutdown(OnStop::End).await.expect("it ends");
    }
    assert_eq!(resumes(&server), (2, 0));
    assert_eq!(server.violations(), []);
}

/// Each process asks for all members of every guild, the next one as soon as the one before has
/// ended its session.
async fn asked_by_the_process_before<R: Tested>() {
    let mut options = options(Plan::even(3, 20));
    options.limits.request_gate = 1_000;
    let server = serve(options, 1, ServerConfig::default()).await;
    let folder = tempfile::tempdir().expect("a folder");
    // A third one without a session would wait by itself.
    for _ in 0..2 {
        let bot = builder::<R>(&server).state(folder.path());
        let bot = bot.chunking(AutoChunk::All).configure(|config| {
            config.tracker.requests.gate = Duration::from_millis(1_100);
        });
        let mut bot = bot.connect().await.expect("started");
        ready(&mut bot).await;
        bot.shutdown(OnStop::End).await.expect("it ends");
    }
    let asked = server.inspect(|gateway| gateway.ledger().requests.len());
    assert!(asked >= 6, "{asked}");
    assert_eq!(resumes(&server), (2, 0));
    assert_eq!(server.violations(), []);
}

async fn a_budget_that_nobody_asks_for_goes_on_in_the_next_process<R: Tested>() {
    let (server, folder) = (server().await, tempfile::tempdir().expect("a folder"));
    let info = GatewayInfo {
        url: server.ws_url(),
        shards: 1,
        session_start_limit: SessionStartLimit {
            total: 1_000,
            remaining: 500,
            reset_after: 3_600_000,
            max_concurrency: 1,
        },
    };
    let mut left = Vec::new();
    for _ in 0..2 {
        let bot = builder::<R>(&server).state(folder.path());
        let mut bot = bot.gateway(info.clone()).connect().await.expect("started");
        ready(&mut bot).await;
        left.push(bot.handle().identify_budget().left);
        bot.shutdown(OnStop::End).await.expect("it ends");
    }
    assert_eq!(left, [499, 498]);
}
