//! A takeover where members lie in a store that processes share.

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use headcount_driver::core::cache::memory::{Applied, Exported, GuildState};
use headcount_driver::core::cache::{AsyncStore, Kinds, MemoryStore, Mutation};
use headcount_driver::core::id::GuildId;
use headcount_driver::core::session::OnStop;
use headcount_driver::core::setup::AutoChunk;
use headcount_driver::core::{Intents, ShardId};
use headcount_driver::{Bot, Builder};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use crate::memory::{Gateway, Listener};
use crate::process::Process;
use crate::table::Table;
use crate::{SECOND, beside, resumed};

/// Members in memory, which outlive the processes that use them.
#[derive(Clone)]
struct Members {
    store: Arc<Mutex<MemoryStore>>,
    /// How long it takes to say what is there.
    takes: Duration,
    /// It is asked what is there.
    asked: Arc<Notify>,
}

impl Members {
    fn new() -> Self {
        Self {
            store: Arc::new(Mutex::new(MemoryStore::new(7))),
            takes: Duration::ZERO,
            asked: Arc::default(),
        }
    }
}

impl AsyncStore for Members {
    type Error = Infallible;

    async fn apply(&self, mutation: &Mutation<'static>) -> Result<Applied, Infallible> {
        let mut store = self.store.lock().expect("no panic");
        Ok(store.apply(mutation.clone()))
    }

    async fn guilds(
        &self,
        _: ShardId,
        guilds: &[GuildId],
    ) -> Result<Vec<(GuildState, u64)>, Infallible> {
        self.asked.notify_one();
        sleep(self.takes).await;
        let store = self.store.lock().expect("no panic");
        let states = store.export().filter_map(|piece| match piece {
            Exported::Guild(state) => guilds.contains(&state.id()).then_some(state),
            _ => None,
        });
        let members = |guild: GuildId| store.counts(guild).members as u64;
        Ok(states.map(|it| (it, members(it.id()))).collect())
    }
}

fn builder(table: &Table, process: &Process, members: &Members) -> Builder<Process> {
    let intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    table
        .builder_with(process, 1, intents)
        .chunking(AutoChunk::Missing)
        .store(Kinds::MEMBERS, members.clone())
}

pub(crate) fn member(user: &str) -> Value {
    json!({"user": {"id": user, "username": "someone"}, "roles": [],
        "joined_at": "2020-01-01T00:00:00+00:00", "deaf": false, "mute": false})
}

/// Lets a bot begin a session, in which a guild comes with all of its members.
pub(crate) async fn deliver(gateway: &mut Gateway) {
    // Nobody answers heartbeats, of which there is one in ten minutes.
    gateway.hello(600 * SECOND).await;
    gateway.expect(2).await;
    gateway.ready("shared").await;
    let create = json!({"id": "1", "name": "room", "member_count": 2, "large": false,
        "members": [member("5"), member("6")], "roles": [], "channels": []});
    gateway.dispatch("GUILD_CREATE", create).await;
}

/// A process has all members of a guild, and is killed some time later.
pub(crate) async fn killed(
    (process, mut listener): (Process, Listener),
    builder: Builder<Process>,
    later: Duration,
) {
    let mut bot = builder.connect().await.expect("started");
    let mut gateway = beside(&mut bot, listener.accept()).await;
    deliver(&mut gateway).await;
    let taken = async { while bot.next().await.is_some() {} };
    timeout(later, taken).await.expect_err("the bot runs");
    process.kill();
}

async fn killed_with(table: &Table, members: &Members) {
    let (process, listener) = Process::new();
    let builder = builder(table, &process, members);
    killed((process, listener), builder, 5 * SECOND).await;
}

/// Whether a bot that has taken the shard over asks for its members within a minute.
pub(crate) async fn asks(bot: &mut Bot<Process>, mut gateway: Gateway) -> bool {
    let resumed = json!({"op": 0, "s": 3, "t": "RESUMED", "d": {}});
    gateway.send(resumed).await;
    let asked = async {
        loop {
            match gateway.any().await["op"].as_u64() {
                Some(8) => break,
                Some(1) => gateway.send(json!({"op": 11})).await,
                other => panic!("{other:?}"),
            }
        }
    };
    timeout(60 * SECOND, beside(bot, asked)).await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn members_that_the_store_has_are_not_asked_for_by_who_takes_a_shard_over() {
    for (takes, asks_anew) in [(SECOND, false), (300 * SECOND, true)] {
        let (table, mut members) = (Table::default(), Members::new());
        killed_with(&table, &members).await;
        members.takes = takes;
        let (other, mut listener) = Process::new();
        let builder = builder(&table, &other, &members);
        let mut second = builder.connect().await.expect("started");
        let (gateway, sequence) = resumed(&mut second, &mut listener).await;
        assert_eq!(sequence, 2);
        assert_eq!(asks(&mut second, gateway).await, asks_anew, "{takes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_shard_that_is_asked_to_stop_while_it_waits_for_its_store_stops() {
    let (table, mut members) = (Table::default(), Members::new());
    killed_with(&table, &members).await;
    members.takes = Duration::from_millis(1_900);
    let (other, _listener) = Process::new();
    let builder = builder(&table, &other, &members);
    let mut second = builder.connect().await.expect("started");
    beside(&mut second, members.asked.notified()).await;
    let began = Instant::now();
    second.shutdown(OnStop::Resume).await.expect("it ends");
    assert!(began.elapsed() < 10 * SECOND, "{:?}", began.elapsed());
}

/// A store that always fails, and when it was handed something.
#[derive(Clone, Default)]
struct Failing(Arc<Mutex<Vec<Instant>>>);

impl AsyncStore for Failing {
    type Error = io::Error;

    async fn apply(&self, _: &Mutation<'static>) -> io::Result<Applied> {
        self.0.lock().expect("no panic").push(Instant::now());
        Err(io::ErrorKind::NotConnected.into())
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_is_not_tried_again_once_the_lease_of_its_shard_is_over() {
    let (table, store) = (Table::default(), Failing::default());
    let (process, mut listener) = Process::new();
    let intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    let builder = table.builder_with(&process, 1, intents);
    let builder = builder.store(Kinds::MEMBERS, store.clone());
    let builder = builder.store_attempts(20).store_deadline(300 * SECOND);
    let mut bot = builder.connect().await.expect("started");
    let mut gateway = beside(&mut bot, listener.accept()).await;
    deliver(&mut gateway).await;
    let taken = async { while bot.next().await.is_some() {} };
    let _ = timeout(2 * SECOND, taken).await;
    table.cut_off(&process);
    let over = Instant::now() + 10 * SECOND;
    sleep(120 * SECOND).await;
    let handed = store.0.lock().expect("no panic").clone();
    assert!(handed.len() > 4, "{handed:?}");
    assert!(handed.iter().all(|at| *at < over), "{handed:?}");
}
