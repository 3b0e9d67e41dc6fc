//! A bot that keeps its sessions in a folder.

use std::collections::BTreeSet;

use headcount_sim::Plan;
use headcount_sim::act::Act;
use headcount_sim::server::{Server, ServerConfig};
use headcount_tokio::driver::state::SavedState;
use headcount_tokio::driver::{Bot, ErrorKind};
use headcount_tokio::{Event, OnStop};

use crate::bot::{builder, options, ready};
use crate::runtimes::{Tested, on_each_runtime, serve};

on_each_runtime! {
    ten_restarts_over_a_folder_lose_and_double_nothing,
    a_bot_that_is_dropped_resumes_in_the_next,
    a_bot_that_ends_its_session_leaves_none,
    a_folder_in_use_is_refused,
}

async fn server() -> Server {
    serve(options(Plan::even(3, 20)), 1, ServerConfig::default()).await
}

async fn started<R: Tested>(server: &Server, folder: &tempfile::TempDir) -> Bot<R> {
    let bot = builder::<R>(server).state(folder.path());
    bot.connect().await.expect("started")
}

/// The sequences of the next dispatches.
async fn take<R: Tested>(bot: &mut Bot<R>, server: &Server, count: usize) -> Vec<u64> {
    let mut taken = Vec::new();
    while taken.len() < count {
        // There is always something to take.
        server.act(Act::Traffic { events: 5 });
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

async fn ten_restarts_over_a_folder_lose_and_double_nothing<R: Tested>() {
    let (server, folder) = (server().await, tempfile::tempdir().expect("a folder"));
    let mut seen = BTreeSet::new();
    for round in 0..10 {
        let mut bot = started::<R>(&server, &folder).await;
        for sequence in take(&mut bot, &server, 6 + round).await {
            assert!(seen.insert(sequence), "{sequence} comes twice");
        }
        bot.shutdown(OnStop::Resume).await;
    }
    let last = seen.last().copied().expect("some");
    assert!(seen.iter().copied().eq(1..=last), "{seen:?}");
    assert_eq!(resumes(&server), (1, 9));
    assert_eq!(server.violations(), []);
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
    next.shutdown(OnStop::End).await;
}

async fn a_bot_that_ends_its_session_leaves_none<R: Tested>() {
    let (server, folder) = (server().await, tempfile::tempdir().expect("a folder"));
    let mut bot = started::<R>(&server, &folder).await;
    ready(&mut bot).await;
    let saved = || SavedState::read(folder.path()).expect("it is there");
    assert_eq!(saved().sessions.len(), 1);
    bot.shutdown(OnStop::End).await;
    assert_eq!(saved().sessions.len(), 0);
}

async fn a_folder_in_use_is_refused<R: Tested>() {
    let (server, folder) = (server().await, tempfile::tempdir().expect("a folder"));
    let bot = started::<R>(&server, &folder).await;
    let second = builder::<R>(&server).state(folder.path()).connect().await;
    assert_eq!(second.expect_err("in use").kind(), ErrorKind::StateInUse);
    bot.shutdown(OnStop::End).await;
    let third = builder::<R>(&server).state(folder.path()).connect().await;
    third.expect("it is free").shutdown(OnStop::End).await;
}
