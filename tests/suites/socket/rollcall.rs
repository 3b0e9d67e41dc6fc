//! A bot over real sockets, held against the server's own ledger: which guild is complete, what is
//! missing, and exactly which members the cache holds.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use headcount_sim::server::{Cutting, Server, ServerConfig};
use headcount_sim::{Arrival, Fault, Limits, Options, Plan, Token, Trouble, guild_id};
use headcount_tokio::driver::Bot;
use headcount_tokio::driver::core::ShardId;
use headcount_tokio::driver::core::chunk::RequestConfig;
use headcount_tokio::driver::core::id::GuildId;
use headcount_tokio::driver::core::session::OnStop;
use headcount_tokio::driver::core::setup::{AutoChunk, Outcome, ShardFinishedChunking};
use headcount_tokio::{Api, Compression, Event, Handle, Intents};

use crate::runtimes::{Tested, on_each_runtime, serve};

on_each_runtime! {
    the_table_is_the_servers_own_over_plain_text,
    the_table_is_the_servers_own_over_zlib_stream,
    the_table_is_the_servers_own_over_zstd_stream,
    cut_in_mid_chunk_is_resumed_and_the_guild_still_complete,
}

const SHARDS: u32 = 2;
/// Runs at the same time: more would only wait for each other.
const AT_ONCE: usize = 10;
const OUTAGE: u32 = 2;
const LOSES_ONCE: u32 = 4;
const LOSES_ALWAYS: u32 = 5;

/// Eight guilds of sizes that follow from the seed; two of them lose chunks, one is in an outage.
fn options(seed: u64, more: &[Fault]) -> Options {
    let members = |guild: u32| match guild {
        LOSES_ONCE => 2_001 + u32::try_from(seed % 7).unwrap_or(0) * 100,
        LOSES_ALWAYS => 1_500,
        other => 1 + (other * 131 + u32::try_from(seed).unwrap_or(0) * 37) % 400,
    };
    let mut world = Plan::sizes((0..8).map(members));
    world.guilds[OUTAGE as usize].arrival = Arrival::Outage;
    let lose = |guild, index| Trouble::LoseChunk {
        guild: guild_id(guild),
        index,
    };
    let mut faults = more.to_vec();
    faults.push(Fault::once(lose(LOSES_ONCE, 1)));
    faults.push(Fault::always(lose(LOSES_ALWAYS, 0)));
    Options {
        world,
        token: Token::new("secret"),
        shards: SHARDS,
        max_concurrency: SHARDS,
        limits: Limits {
            request_gate: 100,
            ..Limits::default()
        },
        faults,
        ..Options::default()
    }
}

/// What the bot emitted.
#[derive(Default)]
struct Emitted {
    guilds: BTreeMap<GuildId, Outcome>,
    summaries: Vec<ShardFinishedChunking>,
    resumed: usize,
}

impl Emitted {
    fn note(&mut self, event: Event<'_>) {
        match event {
            Event::GuildReady(ready) => {
                let before = self.guilds.insert(ready.guild, ready.outcome);
                assert_eq!(before, None, "{} was ready twice", ready.guild);
            }
            Event::ShardFinishedChunking(summary) => self.summaries.push(*summary),
            Event::Resumed { .. } => self.resumed += 1,
            _ => {}
        }
    }
}

/// Runs a bot until the whole of it is ready.
async fn call<R: Tested>(server: &Server, compression: Compression) -> (Emitted, Bot<R>) {
    let intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    let mut bot = Bot::builder("secret", intents)
        .api(Api::at(server.http_url()))
        .compression(compression)
        .chunking(AutoChunk::Missing)
        .configure(|config| {
            config.tracker.requests = RequestConfig {
                gate: Duration::from_millis(150),
                silence: Duration::from_secs(2),
                ..RequestConfig::default()
            };
        })
        .connect()
        .await
        .expect("gateway information");
    let mut emitted = Emitted::default();
    loop {
        match bot.next().await.expect("the bot goes on").event {
            Event::BotReady(_) => return (emitted, bot),
            event => emitted.note(event),
        }
    }
}

fn guild(number: u32) -> GuildId {
    GuildId::new(guild_id(number)).unwrap()
}

/// The number of the shard that serves a guild.
fn shard_of(number: u32) -> u32 {
    ShardId::of_guild(guild(number), NonZeroU32::new(SHARDS).unwrap()).number()
}

/// Compares outcomes and member sets with the server's.
fn check(server: &Server, emitted: &Emitted, handle: &Handle) {
    server.inspect(|gateway| {
        for guild in gateway.world().guilds() {
            let id = GuildId::new(guild.id()).unwrap();
            let held: BTreeSet<u64> = handle.cache(|store| {
                store
                    .members(id)
                    .map(|member| member.user().id().get())
                    .collect()
            });
            let requests: Vec<_> = gateway.ledger().requests_for(guild.id()).collect();
            match emitted.guilds.get(&id) {
                None => assert!(!guild.is_available() && held.is_empty(), "{id}"),
                Some(Outcome::Complete) => {
                    assert_eq!(held, guild.member_ids().collect(), "{id}");
                    let whole = requests.last().is_none_or(|request| request.is_whole());
                    assert!(whole, "{id} is complete, but the last answer was not");
                }
                Some(Outcome::Incomplete { missing }) => {
                    let last = requests.last().unwrap();
                    assert_eq!(
                        missing,
                        &last.lost.iter().copied().collect::<Vec<_>>(),
                        "{id}"
                    );
                    let mut sent: BTreeSet<u64> = requests
                        .iter()
                        .flat_map(|request| request.members())
                        .collect();
                    let creates = &gateway.ledger().guilds[&guild.id()].creates;
                    sent.extend(
                        creates
                            .iter()
                            .flat_map(|create| create.listed.iter().copied()),
                    );
                    assert_eq!(held, sent, "{id}");
                }
                Some(other) => panic!("{id}: {other:?}"),
            }
        }
        assert_eq!(gateway.violations(), []);
    });
}

async fn run<R: Tested>(seed: u64, compression: Compression, cutting: Cutting) {
    let config = ServerConfig {
        cutting,
        ..ServerConfig::default()
    };
    let server = serve(options(seed, &[]), seed, config).await;
    let (emitted, bot) = call::<R>(&server, compression).await;
    let handle = bot.handle();
    check(&server, &emitted, &handle);
    let outcome = |number| emitted.guilds.get(&guild(number));
    assert_eq!(outcome(OUTAGE), None);
    assert_eq!(outcome(LOSES_ONCE), Some(&Outcome::Complete));
    assert_eq!(
        outcome(LOSES_ALWAYS),
        Some(&Outcome::Incomplete { missing: vec![0] })
    );
    assert_eq!(emitted.summaries.len(), SHARDS as usize);
    let complete: usize = emitted
        .summaries
        .iter()
        .map(|summary| summary.complete)
        .sum();
    let others: usize = emitted
        .summaries
        .iter()
        .map(ShardFinishedChunking::others)
        .sum();
    assert_eq!((complete, others), (6, 2));
    assert_eq!(bot.shutdown(OnStop::End).await.expect("it ends"), []);
    server.stop().await;
}

async fn run_all<R: Tested>(compression: Compression, cutting: Cutting) {
    let runs = (0..R::SEEDS).map(|seed| run::<R>(seed, compression, cutting));
    stream::iter(runs).buffer_unordered(AT_ONCE).count().await;
}

async fn the_table_is_the_servers_own_over_plain_text<R: Tested>() {
    run_all::<R>(Compression::None, Cutting::Whole).await;
}

async fn the_table_is_the_servers_own_over_zlib_stream<R: Tested>() {
    run_all::<R>(Compression::ZlibStream, Cutting::Anywhere).await;
}

async fn the_table_is_the_servers_own_over_zstd_stream<R: Tested>() {
    run_all::<R>(Compression::ZstdStream, Cutting::Whole).await;
}

async fn cut_in_mid_chunk_is_resumed_and_the_guild_still_complete<R: Tested>() {
    let cut = Fault::once(Trouble::CutAfterChunks(2)).on_shard(shard_of(LOSES_ONCE));
    let server = serve(options(3, &[cut]), 3, ServerConfig::default()).await;
    let (emitted, bot) = call::<R>(&server, Compression::ZstdStream).await;
    check(&server, &emitted, &bot.handle());
    let outcome = emitted.guilds.get(&guild(LOSES_ONCE));
    assert_eq!(outcome, Some(&Outcome::Complete));
    assert!(emitted.resumed >= 1);
    let identifies = server.inspect(|gateway| gateway.ledger().identifies.len());
    assert_eq!(identifies, SHARDS as usize);
    server.stop().await;
}
