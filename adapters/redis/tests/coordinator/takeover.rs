//! What a takeover finds: with rows or snapshots in Redis, all members.

use std::time::Duration;

use headcount_core::cache::Kinds;
use headcount_core::cache::memory::Completeness;
use headcount_core::event::FinishedChunking;
use headcount_core::id::GuildId;
use headcount_core::setup::AutoChunk;
use headcount_redis::{Coordinator, RowReader, RowStore, SnapshotStore};
use headcount_sim::server::{HostedServer, ServerConfig};
use headcount_sim::{Options, Plan};
use headcount_tokio::driver::Snapshots;
use headcount_tokio::{Api, Bot, Event, Intents, OnStop};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::timeout;

use crate::bots::short;
use crate::server::Server;

const GUILDS: usize = 3;
const MEMBERS: u64 = 300;

/// What a process leaves to the next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaves {
    Nothing,
    Rows,
    /// Of so many bytes at most.
    Snapshots(u64),
}

const ENOUGH: Leaves = Leaves::Snapshots(1 << 20);

/// Runs a bot until all guilds are counted, and hands its shards over.
async fn run(redis: &Server, gateway: &HostedServer, leaves: Leaves) -> FinishedChunking {
    let address = redis.address();
    let intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    let mut builder = Bot::builder("token", intents)
        .api(Api::at(gateway.http_url()))
        .coordinate(Coordinator::open(&address).await.unwrap())
        .chunking(AutoChunk::Missing)
        .lease_config(short);
    let kinds = Kinds::GUILDS | Kinds::MEMBERS;
    builder = match leaves {
        Leaves::Nothing => builder,
        Leaves::Rows => builder.store(kinds, RowStore::open(&address).await.unwrap()),
        Leaves::Snapshots(longest) => {
            let store = SnapshotStore::open(&address).await.unwrap();
            builder
                .cache(kinds | Kinds::USERS)
                .snapshots(Snapshots::Every(Duration::from_millis(100)))
                .shard_snapshots(store.longest(longest))
        }
    };
    let mut bot = builder.connect().await.unwrap();
    let finished = loop {
        let event = bot.next().await.expect("the bot runs").event;
        if let Event::FinishedChunking(finished) = event {
            break finished;
        }
    };
    if let Leaves::Snapshots(_) = leaves {
        left(&mut bot, gateway).await;
    }
    let traffic = bot.handle().metrics().stores.traffic;
    assert_eq!(traffic.round_trips > 0, leaves == Leaves::Rows);
    bot.shutdown(OnStop::Resume).await.unwrap();
    finished
}

/// All guilds are whole here, and both shards have left a snapshot since, or have tried to.
async fn left(bot: &mut Bot, gateway: &HostedServer) {
    let handle = bot.handle();
    let tries = || {
        let counts = handle.metrics().snapshots;
        counts.written + counts.failures
    };
    // One of each round that has begun since, and what is left of the one before.
    let enough = tries() + 4;
    while tries() < enough {
        let _ = timeout(Duration::from_millis(20), bot.next()).await;
    }
    let guilds = gateway.inspect(|gateway| gateway.ledger().guilds.clone());
    for guild in guilds.keys().filter_map(|id| GuildId::new(*id)) {
        let whole = Some(Completeness::Complete { members: MEMBERS });
        assert_eq!(handle.cache(|cache| cache.completeness(guild)), whole);
    }
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
    let first = run(&redis, &gateway, Leaves::Rows).await;
    assert_eq!((first.complete, first.others), (GUILDS, 0));
    assert_eq!(first.restored, None);
    let asked = requests(&gateway);
    assert!(asked >= GUILDS, "{asked}");
    let second = run(&redis, &gateway, Leaves::Rows).await;
    // But for what lay in the memory of the first: channels and roles.
    assert_eq!((second.complete, second.others), (0, GUILDS));
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
    run(&redis, &gateway, Leaves::Nothing).await;
    let asked = requests(&gateway);
    let second = run(&redis, &gateway, Leaves::Nothing).await;
    assert_eq!((second.complete, second.others), (0, GUILDS));
    assert_eq!(second.restored, None);
    assert_eq!(requests(&gateway), 2 * asked);
}

#[tokio::test]
async fn with_snapshots_in_redis_a_takeover_has_them_in_its_cache() {
    let Some(redis) = Server::for_test(&[]) else {
        return;
    };
    let gateway = gateway();
    run(&redis, &gateway, ENOUGH).await;
    let asked = requests(&gateway);
    for _ in 0..2 {
        let next = run(&redis, &gateway, ENOUGH).await;
        assert_eq!((next.complete, next.others), (GUILDS, 0));
        assert_eq!(next.restored.map(|it| it.guilds.get()), Some(GUILDS));
        assert_eq!(requests(&gateway), asked, "nobody was asked for again");
    }
    let keys: Vec<String> = redis.ask(&["KEYS", "{headcount:snapshot:*"]).unwrap();
    assert_eq!(
        keys.len(),
        4,
        "one of a piece for each of both shards: {keys:?}"
    );
    for key in keys.iter().filter(|key| !key.ends_with('}')) {
        let bytes: Vec<u8> = redis.ask(&["GET", key]).unwrap();
        let has_token = bytes.windows(5).any(|it| it == b"token");
        assert!(!has_token, "{key}");
    }
    assert_eq!(gateway.violations(), []);
}

#[tokio::test]
async fn snapshots_that_are_too_long_or_damaged_or_gone_leave_a_takeover_without_rows() {
    let few = 1_000;
    let enough = 1 << 20;
    let cases: [(u64, u64, &'static [&'static str]); 5] = [
        (few, enough, &[]),
        (enough, few, &[]),
        (enough, enough, &["EVAL", TAKE_AWAY, "0"]),
        (enough, enough, &["EVAL", OVERWRITE, "0", "not a snapshot"]),
        (enough, enough, &["EVAL", OVERWRITE, "0", "\u{0}"]),
    ];
    let (local, mut all) = (LocalSet::new(), JoinSet::new());
    for (left, found, damage) in cases {
        let Some(redis) = Server::for_test(&[]) else {
            return;
        };
        all.spawn_local_on(finds_nothing(redis, [left, found], damage), &local);
    }
    local.run_until(all.join_all()).await;
}

/// A process leaves snapshots of so many bytes at most, and another takes up so many.
async fn finds_nothing(redis: Server, longest: [u64; 2], damage: &'static [&'static str]) {
    let gateway = gateway();
    let [left, found] = longest.map(Leaves::Snapshots);
    run(&redis, &gateway, left).await;
    let asked = requests(&gateway);
    if !damage.is_empty() {
        redis.ask::<redis::Value>(damage).unwrap();
    }
    let second = run(&redis, &gateway, found).await;
    assert_eq!((second.complete, second.others), (0, GUILDS));
    assert_eq!(second.restored, None);
    assert_eq!(requests(&gateway), 2 * asked);
}

/// Writes something else into each piece.
const OVERWRITE: &str = "
for _, key in ipairs(redis.call('KEYS', '{headcount:snapshot:*}:*')) do
  redis.call('SET', key, ARGV[1])
end
";

const TAKE_AWAY: &str = "
for _, key in ipairs(redis.call('KEYS', '{headcount:snapshot:*')) do
  redis.call('DEL', key)
end
";
