//! Shards of a running bot, one at a time.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use headcount_sim::act::Act;
use headcount_sim::server::{Server, ServerConfig};
use headcount_sim::{Options, Plan, guild_id};
use headcount_tokio::driver::core::cache::Kind;
use headcount_tokio::driver::core::event::{Gap, GapCause};
use headcount_tokio::driver::core::wire::Name;
use headcount_tokio::driver::core::{RequestError, ShardId};
use headcount_tokio::driver::{Bot, Builder, OnResume};
use headcount_tokio::{Api, Event, Intents, OnStop};

use crate::bot::{builder, builder_on, options, ready, until};
use crate::rigged::Rigged;
use crate::runtimes::{Tested, on_each_runtime, serve};

on_each_runtime! {
    a_shard_is_stopped_and_started_while_the_other_goes_on,
    a_shard_is_restarted_with_its_session_or_another,
    a_shard_that_begins_again_goes_on_with_its_rows,
    a_bot_runs_any_of_its_shards,
    a_session_may_be_given_up_at_the_start,
    a_session_of_other_intents_is_given_up_and_its_gap_told,
    the_service_is_asked_anew_before_a_later_identify,
}

/// The second of three shards.
const SECOND: ShardId = ShardId::new(1, 3);

async fn server() -> Server {
    let options = Options {
        shards: 3,
        max_concurrency: 3,
        ..options(Plan::even(12, 10))
    };
    serve(options, 1, ServerConfig::default()).await
}

async fn bot_of<R: Tested>(server: &Server) -> Bot<R> {
    let mut bot = builder::<R>(server).connect().await.expect("started");
    ready(&mut bot).await;
    bot
}

/// How many sessions were begun and resumed.
fn sessions(server: &Server) -> (usize, usize) {
    server.inspect(|gateway| {
        let ledger = gateway.ledger();
        (ledger.identifies.len(), ledger.resumes.len())
    })
}

/// Takes events until one of the second shard is as wanted.
async fn of_second<R: Tested>(bot: &mut Bot<R>, wanted: impl Fn(&Event<'_>) -> bool) {
    until(bot, |event| {
        (event.shard == Some(SECOND) && wanted(&event.event)).then_some(())
    })
    .await;
}

fn is_ready(event: &Event<'_>) -> bool {
    let dispatch = event.dispatch();
    dispatch.is_some_and(|dispatch| dispatch.name() == Name::Ready)
}

async fn a_shard_is_stopped_and_started_while_the_other_goes_on<R: Tested>() {
    let server = server().await;
    let mut bot = bot_of::<R>(&server).await;
    let handle = bot.handle();
    assert_eq!(handle.start_shard(SECOND), Err(RequestError::Running));
    handle.stop_shard(SECOND, OnStop::Resume).expect("it runs");
    of_second(&mut bot, |event| matches!(event, Event::Halted(_))).await;
    let again = handle.stop_shard(SECOND, OnStop::Resume);
    assert_eq!(again, Err(RequestError::Halted));
    server.act(Act::Traffic { events: 60 });
    until(&mut bot, |event| {
        assert_ne!(event.shard, Some(SECOND), "{event:?}");
        event.event.dispatch().map(|_| ())
    })
    .await;
    handle.start_shard(SECOND).expect("it has ended");
    of_second(&mut bot, |event| matches!(event, Event::Resumed { .. })).await;
    assert_eq!(sessions(&server), (3, 1));
    handle.stop_shard(SECOND, OnStop::End).expect("it runs");
    of_second(&mut bot, |event| matches!(event, Event::Halted(_))).await;
    handle.start_shard(SECOND).expect("it has ended");
    of_second(&mut bot, is_ready).await;
    assert_eq!(sessions(&server), (4, 1));
    assert_eq!(handle.readiness().halted, 0);
    let ended = bot.shutdown(OnStop::Resume).await.expect("it ends");
    assert_eq!(ended.len(), 3);
    assert_eq!(handle.start_shard(SECOND), Err(RequestError::Halted));
    assert_eq!(server.violations(), []);
}

async fn a_shard_is_restarted_with_its_session_or_another<R: Tested>() {
    let server = server().await;
    let mut bot = bot_of::<R>(&server).await;
    let handle = bot.handle();
    handle.restart(SECOND, OnStop::Resume).expect("it runs");
    of_second(&mut bot, |event| matches!(event, Event::Resumed { .. })).await;
    assert_eq!(sessions(&server), (3, 1));
    handle.restart(SECOND, OnStop::End).expect("it runs");
    of_second(&mut bot, |event| match event {
        Event::Gap(Gap { from, why, .. }) => from.shard == SECOND && *why == GapCause::Ended,
        _ => false,
    })
    .await;
    of_second(&mut bot, |event| matches!(event, Event::ShardReady(_))).await;
    assert_eq!(sessions(&server), (4, 1));
    assert_eq!(server.violations(), []);
}

/// Guilds of more members than are listed, so that they are asked for.
async fn a_shard_that_begins_again_goes_on_with_its_rows<R: Tested>() {
    let options = Options {
        shards: 3,
        max_concurrency: 3,
        ..options(Plan::even(12, 60))
    };
    let server = serve(options, 1, ServerConfig::default()).await;
    let mut bot = bot_of::<R>(&server).await;
    let handle = bot.handle();
    let asked = || server.inspect(|gateway| gateway.ledger().requests.len());
    let before = asked();
    handle.stop_shard(SECOND, OnStop::Resume).expect("it runs");
    of_second(&mut bot, |event| matches!(event, Event::Halted(_))).await;
    server.act(Act::AddMember {
        guild: guild_id(1),
        user: None,
    });
    handle.start_shard(SECOND).expect("it has ended");
    let done = until(&mut bot, |event| match &event.event {
        Event::ShardFinishedChunking(done) => Some((**done).clone()),
        _ => None,
    })
    .await;
    let restored = done.restored.map(|it| it.guilds.get());
    assert_eq!((done.complete, done.others(), restored), (4, 0, Some(4)));
    assert_eq!(asked(), before, "nobody is asked for again");
    let members = handle.cache(|store| store.rows(Kind::Member));
    assert_eq!(members, 12 * 60 + 1, "and what has come since is there");
}

async fn a_bot_runs_any_of_its_shards<R: Tested>() {
    let server = server().await;
    let builder = builder::<R>(&server).shards([2, 0], 3);
    let mut bot = builder.connect().await.expect("started");
    ready(&mut bot).await;
    let handle = bot.handle();
    let numbers = handle.shards().map(|shard| shard.id.number());
    assert_eq!(numbers.collect::<Vec<_>>(), [0, 2]);
    assert_eq!(sessions(&server), (2, 0));
}

async fn a_session_may_be_given_up_at_the_start<R: Tested>() {
    gives_up::<R>(|builder| builder.on_resume(OnResume::Identify)).await;
}

async fn a_session_of_other_intents_is_given_up_and_its_gap_told<R: Tested>() {
    gives_up::<R>(|builder| {
        builder.configure(|config| config.intents |= Intents::GUILD_MODERATION)
    })
    .await;
}

/// A bot that is changed so resumes no session of the one before, and says of each what is missing.
async fn gives_up<R: Tested>(change: impl FnOnce(Builder<R>) -> Builder<R>) {
    let server = server().await;
    let bot = bot_of::<R>(&server).await;
    let kept = bot.shutdown(OnStop::Resume).await.expect("it ends");
    let builder = change(builder::<R>(&server).sessions(kept));
    let mut next = builder.connect().await.expect("started");
    let mut gaps = 0;
    until(&mut next, |event| {
        gaps += usize::from(matches!(event.event, Event::Gap(_)));
        matches!(event.event, Event::FinishedChunking(ref all) if all.complete == 12).then_some(())
    })
    .await;
    assert_eq!((gaps, sessions(&server).1), (3, 0), "none is resumed");
}

/// A service that says where the gateway is, and how often it was asked. It goes silent after so
/// many answers.
fn service(gateway: &str, answers: u32) -> (String, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("bound"));
    let asked = Arc::new(AtomicU32::new(0));
    let (url, count) = (gateway.to_owned(), Arc::clone(&asked));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let number = count.fetch_add(1, Ordering::AcqRel) + 1;
            if number > answers {
                continue;
            }
            let remaining = 1_000 - number;
            let body = format!(
                r#"{{"url":"{url}","shards":1,"session_start_limit":{{"total":1000,
                "remaining":{remaining},"reset_after":0,"max_concurrency":1}}}}"#
            );
            let length = body.len();
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}");
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (base, asked)
}

async fn the_service_is_asked_anew_before_a_later_identify<R: Tested>() {
    let server = serve(options(Plan::even(2, 5)), 1, ServerConfig::default()).await;
    let (base, asked) = service(&server.ws_url(), 2);
    let runtime = Rigged::<R>::default();
    let asleep = Arc::clone(&runtime.asleep);
    let builder = builder_on(runtime, &server).api(Api::at(base));
    let mut bot = builder.connect().await.expect("started");
    ready(&mut bot).await;
    let handle = bot.handle();
    let times = || asked.load(Ordering::Acquire);
    let anew = |bot: &mut Bot<Rigged<R>>| {
        let restarted = bot.handle().restart(ShardId::ONE, OnStop::End);
        restarted.expect("it runs");
    };
    anew(&mut bot);
    until(&mut bot, |event| is_ready(&event.event).then_some(())).await;
    assert_eq!(times(), 1, "the first answer is still new");
    for (round, left) in [(2, 998), (3, 997)] {
        asleep.fetch_add(90, Ordering::AcqRel);
        anew(&mut bot);
        until(&mut bot, |event| is_ready(&event.event).then_some(())).await;
        assert_eq!(times(), round);
        // The second answer says so; the third does not come, and holds up nobody.
        assert!(handle.identifies_left() <= left);
    }
}
