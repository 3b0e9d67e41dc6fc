//! The user's code panics, wherever the driver calls it: it is reported, and nobody else is harmed.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use headcount_sim::act::{Act, Target};
use headcount_sim::server::{Server, ServerConfig};
use headcount_sim::{Plan, guild_id};
use headcount_tokio::Event;
use headcount_tokio::driver::core::cache::memory::Applied;
use headcount_tokio::driver::core::cache::{
    AsyncStore, GuildStatus, Kind, Kinds, Mutation, Op, Policies, Policy, Predicate, Rows,
};
use headcount_tokio::driver::core::event::StoreFailure;
use headcount_tokio::driver::core::id::{ChannelId, GuildId};
use headcount_tokio::driver::core::session::{Halt, OnStop, Phase};
use headcount_tokio::driver::core::wire::Name;
use headcount_tokio::driver::{Bot, Handle, Panicked};

use crate::bot::{builder, builder_on, options, ready, resumed, until};
use crate::rigged::Rigged;
use crate::runtimes::{Tested, on_each_runtime, serve};

on_each_runtime! {
    a_store_that_panics_is_a_store_that_failed,
    a_predicate_that_panics_is_a_store_that_failed,
    a_predicate_that_calls_back_is_refused,
    a_shard_that_panics_ends_and_the_others_go_on,
    a_look_at_the_cache_that_panics_harms_nobody,
    a_look_at_the_cache_inside_another_is_refused,
}

fn guild(at: u32) -> GuildId {
    GuildId::new(guild_id(at)).expect("not zero")
}

/// How a shutdown may last at most: the deadlines of a write and a close, and the grace.
const SHUTDOWN: Duration = Duration::from_secs(13);

/// The next failure of a store, and whether the dispatch after it knows.
async fn failed<R: Tested>(bot: &mut Bot<R>) -> (StoreFailure, bool) {
    let mut failure = None;
    let unstored = until(bot, |event| match &event.event {
        Event::StoreFailed(emitted) => {
            failure.get_or_insert(emitted.clone());
            None
        }
        Event::Dispatch(dispatch) if failure.is_some() => Some(dispatch.is_unstored()),
        _ => None,
    });
    let unstored = unstored.await;
    (failure.expect("emitted before"), unstored)
}

/// Takes events until somebody has joined a guild.
async fn joined<R: Tested>(bot: &mut Bot<R>, server: &Server, into: u32) {
    server.act(Act::AddMember {
        guild: guild_id(into),
        user: None,
    });
    until(bot, |event| match &event.event {
        Event::Dispatch(dispatch) => {
            let here = dispatch.guild() == Some(guild(into));
            (here && dispatch.name() == Name::GuildMemberAdd).then_some(())
        }
        Event::StoreFailed(failure) => panic!("{failure:?}"),
        _ => None,
    })
    .await;
}

/// Counts changes of members, under a lock that its own panic poisons.
#[derive(Clone, Default)]
struct Poisoned(Arc<Mutex<u64>>);

impl AsyncStore for Poisoned {
    type Error = std::convert::Infallible;

    async fn apply(&self, mutation: &Mutation<'static>) -> Result<Applied, Self::Error> {
        let joins = |op: &Op<'_>| matches!(op, Op::Upsert(Rows::Members(_)));
        let fatal = mutation.guild() == Some(guild(1)) && mutation.ops().any(joins);
        let mut count = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *count += 1;
        assert!(!fatal, "the second guild is fatal");
        Ok(Applied::default())
    }
}

async fn a_store_that_panics_is_a_store_that_failed<R: Tested>() {
    let server = serve(options(Plan::even(3, 20)), 1, ServerConfig::default()).await;
    let store = Poisoned::default();
    let bot = builder::<R>(&server)
        .cache(Kinds::GUILDS)
        .store(Kinds::MEMBERS, store.clone());
    let mut bot = bot.connect().await.expect("started");
    ready(&mut bot).await;
    server.act(Act::AddMember {
        guild: guild_id(1),
        user: None,
    });
    let (failure, unstored) = failed(&mut bot).await;
    let panicked = failure.error.downcast_ref::<Panicked>();
    assert!(
        panicked.is_some_and(|panicked| panicked.message().contains("fatal")),
        "{failure:?}"
    );
    assert_eq!((failure.guild, unstored), (Some(guild(1)), true));
    let status = |at| bot.handle().cache(|store| store.guild_status(guild(at)));
    assert_eq!(status(1), Some(GuildStatus::Stale));
    assert_ne!(status(0), Some(GuildStatus::Stale));
    let before = *store.0.lock().unwrap_or_else(PoisonError::into_inner);
    joined(&mut bot, &server, 2).await;
    let after = *store.0.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(after > before, "it is asked again");
    assert_eq!(
        bot.shutdown(OnStop::Resume).await.expect("it ends").len(),
        1
    );
    assert_eq!(server.violations(), []);
}

/// Policies whose predicate panics over whoever has this nick.
fn touchy(nick: &'static str, handle: Option<Arc<Mutex<Option<Handle>>>>) -> Policies {
    let predicate = Predicate::member(move |member| {
        if member.nick() != Some(nick) {
            return true;
        }
        let handle = handle
            .as_ref()
            .map(|place| place.lock().expect("whole").clone());
        if let Some(handle) = handle.flatten() {
            return handle.cache(|store| store.guild(guild(0)).is_some());
        }
        panic!("whoever has this nick is too much")
    });
    Policies::default()
        .with(Kind::Member, Policy::keep(predicate))
        .expect("fitting")
}

async fn renamed<R: Tested>(bot: &mut Bot<R>, server: &Server) -> (StoreFailure, bool) {
    let user = server.inspect(|gateway| {
        let guild = gateway.world().guild(guild_id(1)).expect("there");
        guild.member_at(3).expect("somebody")
    });
    server.act(Act::UpdateMember {
        guild: guild_id(1),
        user,
        nick: Some(Some("too much".to_owned())),
    });
    failed(bot).await
}

async fn a_predicate_that_panics_is_a_store_that_failed<R: Tested>() {
    let server = serve(options(Plan::even(3, 20)), 1, ServerConfig::default()).await;
    let bot = builder::<R>(&server).cache(touchy("too much", None));
    let mut bot = bot.connect().await.expect("started");
    ready(&mut bot).await;
    let (failure, unstored) = renamed(&mut bot, &server).await;
    assert!(failure.error.is::<Panicked>(), "{failure:?}");
    assert_eq!((failure.guild, unstored), (Some(guild(1)), true));
    assert_eq!(failure.kinds, Kinds::MEMBERS);
    let handle = bot.handle();
    let status = |at| handle.cache(|store| store.guild_status(guild(at)));
    assert_eq!(status(1), Some(GuildStatus::Stale));
    assert_ne!(status(0), Some(GuildStatus::Stale));
    joined(&mut bot, &server, 1).await;
    // A change of policy judges every row anew, and the shards' time decides when that is reported.
    let all = Predicate::member(|_| panic!("everybody is too much"));
    let went = handle.set_policy(Kind::Member, Policy::keep(all));
    assert!(went.expect("fitting") > 20);
    let mut emitted = Vec::new();
    while emitted.len() < 3 {
        let failure = until(&mut bot, |event| match &event.event {
            Event::StoreFailed(failure) => Some(failure.clone()),
            _ => None,
        });
        emitted.extend(failure.await.guild);
    }
    emitted.sort_unstable();
    assert_eq!(emitted, [guild(0), guild(1), guild(2)]);
    assert_eq!(
        bot.shutdown(OnStop::Resume).await.expect("it ends").len(),
        1
    );
}

async fn a_predicate_that_calls_back_is_refused<R: Tested>() {
    let server = serve(options(Plan::even(3, 20)), 1, ServerConfig::default()).await;
    let place = Arc::new(Mutex::new(None));
    let bot = builder::<R>(&server).cache(touchy("too much", Some(Arc::clone(&place))));
    let mut bot = bot.connect().await.expect("started");
    ready(&mut bot).await;
    *place.lock().expect("whole") = Some(bot.handle());
    let (failure, _) = renamed(&mut bot, &server).await;
    assert!(failure.error.to_string().contains("inside"), "{failure:?}");
    joined(&mut bot, &server, 1).await;
    *place.lock().expect("whole") = None;
}

async fn a_shard_that_panics_ends_and_the_others_go_on<R: Tested>() {
    let mut options = options(Plan::even(12, 20));
    options.shards = 2;
    options.max_concurrency = 2;
    let server = serve(options, 1, ServerConfig::default()).await;
    let runtime = Rigged::<R>::default();
    let dial_panics = Arc::clone(&runtime.dial_panics);
    let bot = builder_on(runtime, &server).connect();
    let mut bot = bot.await.expect("started");
    ready(&mut bot).await;
    dial_panics.store(true, Ordering::Release);
    server.act(Act::Cut(Target::Shard(1)));
    let (id, why) = until(&mut bot, |event| match &event.event {
        Event::Halted(why) => Some((event.shard.expect("a shard's"), *why)),
        _ => None,
    })
    .await;
    assert_eq!((id.number(), why), (1, Halt::Crashed));
    let phases: Vec<Phase> = bot.handle().shards().map(|shard| shard.phase).collect();
    assert_eq!(phases, [Phase::Active, Phase::Halted]);
    assert!(bot.outcome().is_ok(), "one still runs");
    server.act(Act::Cut(Target::Shard(0)));
    resumed(&mut bot).await;
    let asked = Instant::now();
    let sessions = bot.shutdown(OnStop::Resume).await.expect("it ends");
    assert!(asked.elapsed() < SHUTDOWN, "{:?}", asked.elapsed());
    assert_eq!(sessions.len(), 2, "the session of the one that ended too");
}

async fn a_look_at_the_cache_that_panics_harms_nobody<R: Tested>() {
    let server = serve(options(Plan::even(3, 20)), 1, ServerConfig::default()).await;
    let mut bot = builder::<R>(&server).connect().await.expect("started");
    ready(&mut bot).await;
    let handle = bot.handle();
    let look = move || handle.cache(|store| assert!(store.guild(guild(0)).is_none()));
    std::thread::spawn(look).join().expect_err("it is there");
    joined(&mut bot, &server, 0).await;
    let members = |bot: &Bot<R>| bot.handle().cache(|store| store.members(guild(0)).count());
    assert_eq!(members(&bot), 21);
}

async fn a_look_at_the_cache_inside_another_is_refused<R: Tested>() {
    let server = serve(options(Plan::even(3, 20)), 1, ServerConfig::default()).await;
    let mut bot = builder::<R>(&server).connect().await.expect("started");
    ready(&mut bot).await;
    let handle = bot.handle();
    let inner: [fn(&Handle); 4] = [
        |handle| handle.cache(|_| ()),
        |handle| handle.for_each_member(guild(0), |_| ()),
        |handle| assert!(handle.set_policy(Kind::Member, Policy::none()).is_err()),
        |handle| {
            let channel = ChannelId::new(guild_id(0)).expect("an id");
            drop(handle.put_webhooks(guild(0), channel, vec![]));
        },
    ];
    for call in inner {
        let handle = handle.clone();
        let nested = move || handle.clone().cache(|_| call(&handle));
        let refused = std::thread::spawn(nested).join().expect_err("refused");
        let message = refused.downcast_ref::<String>().expect("a message");
        assert!(message.contains("inside of the cache"), "{message}");
    }
    let asked = handle.cache(|_| (handle.shards().count(), handle.guild(guild(0)).is_some()));
    assert_eq!(asked, (1, true), "the rest can be asked inside");
    joined(&mut bot, &server, 0).await;
}
