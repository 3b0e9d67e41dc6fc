//! What a takeover finds: with rows in Redis, all members.

use headcount_core::cache::Kinds;
use headcount_core::cache::memory::Completeness;
use headcount_core::event::FinishedChunking;
use headcount_core::id::GuildId;
use headcount_core::setup::AutoChunk;
use headcount_redis::{Coordinator, RowReader, RowStore};
use headcount_sim::server::{HostedServer, ServerConfig};
use headcount_sim::{Options, Plan};
use headcount_tokio::{Api, Bot, Event, Intents, OnStop};

use crate::bots::short;
use crate::server::Server;

const GUILDS: usize = 3;
const MEMBERS: u64 = 300;

/// Runs a bot until all guilds are counted, and hands its shards over.
async fn run(redis: &Server, gateway: &HostedServer, has_rows: bool) -> FinishedChunking {
    let address = redis.address();
    let intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    let mut builder = Bot::builder("token", intents)
        .api(Api::at(gateway.http_url()))
        .coordinate(Coordinator::open(&address).await.unwrap())
        .chunking(AutoChunk::Missing)
        .lease_config(short);
    if has_rows {
        let kinds = Kinds::GUILDS | Kinds::MEMBERS;
        builder = builder.store(kinds, RowStore::open(&address).await.unwrap());
    }
    let mut bot = builder.connect().await.unwrap();
    let finished = loop {
        let event = bot.next().await.expect("the bot runs").event;
        if let Event::FinishedChunking(finished) = event {
            break finished;
        }
    };
    bot.shutdown(OnStop::Resume).await.unwrap();
    finished
}

fn gateway() -> HostedServer {
    let options = Options {
        shards: 2,
        max_concurrency: 2,
        world: Plan::even(GUILDS as u32, MEMBERS as u32),
        ..Options::default()
    };
    HostedServer::start(options, 1, ServerConfig::default()).unwrap()
}

fn requests(gateway: &HostedServer) -> usize {
    gateway.inspect(|gateway| gateway.ledger().requests.len())
}

#[tokio::test]
async fn with_rows_in_redis_a_takeover_finds_all_members_and_asks_for_none() {
    let Some(redis) = Server::for_test(&[]) else {
        return;
    };
    let gateway = gateway();
    let first = run(&redis, &gateway, true).await;
    assert_eq!((first.complete, first.others), (GUILDS, 0));
    assert_eq!(first.restored, None);
    let asked = requests(&gateway);
    assert!(asked >= GUILDS, "{asked}");
    let second = run(&redis, &gateway, true).await;
    assert_eq!((second.complete, second.others), (GUILDS, 0));
    assert_eq!(second.restored.map(|it| it.guilds.get()), Some(GUILDS));
    assert_eq!(requests(&gateway), asked, "nobody was asked for again");
    let reader = RowReader::open(&redis.address()).await.unwrap();
    let ledger = gateway.inspect(|gateway| gateway.ledger().clone());
    for &id in ledger.guilds.keys() {
        let stored = reader.guild(GuildId::new(id).unwrap()).await.unwrap();
        let whole = Completeness::Complete { members: MEMBERS };
        let completeness = stored.map(|stored| stored.completeness());
        assert_eq!(completeness, Some(whole));
    }
    assert_eq!((ledger.identifies.len(), ledger.resumes.len()), (2, 2));
    assert_eq!(gateway.violations(), []);
}

#[tokio::test]
async fn without_rows_members_are_asked_for_anew_after_a_takeover() {
    let Some(redis) = Server::for_test(&[]) else {
        return;
    };
    let gateway = gateway();
    run(&redis, &gateway, false).await;
    let asked = requests(&gateway);
    let second = run(&redis, &gateway, false).await;
    assert_eq!((second.complete, second.others), (GUILDS, 0));
    assert_eq!(second.restored, None);
    assert_eq!(requests(&gateway), 2 * asked);
}
