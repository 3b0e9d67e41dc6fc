//! Stores of the user's own beside the cache in memory: slow ones, failing ones, stuck ones.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use headcount_driver::core::cache::memory::Applied;
use headcount_driver::core::cache::{AsyncStore, GuildStatus, Kinds, Mutation, Op, Rows};
use headcount_driver::core::event::StoreFailure;
use headcount_driver::core::id::GuildId;
use headcount_driver::core::wire::Name;
use headcount_driver::core::{Event, Intents};
use headcount_driver::{Bot, Builder};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

mod memory;
use memory::{Gateway, Listener, Memory, PLAIN, info, memory};

const SLOW: u64 = 1 << 22;
const QUICK: u64 = 2 << 22;

/// Keeps the ids of members; of one guild only with a permit each time.
#[derive(Clone)]
struct Ids {
    permits: Arc<Semaphore>,
    ids: Arc<Mutex<BTreeSet<(u64, u64)>>>,
    broken: bool,
}

impl AsyncStore for Ids {
    type Error = io::Error;

    async fn apply(&self, mutation: &Mutation<'static>) -> io::Result<Applied> {
        let guild = mutation.guild().map_or(0, GuildId::get);
        if guild == SLOW {
            let permit = self.permits.acquire().await.map_err(io::Error::other)?;
            permit.forget();
            if self.broken {
                return Err(io::Error::other("the disk is full"));
            }
        }
        let mut ids = self.ids.lock().expect("no panic");
        for op in mutation.ops() {
            if let Op::Upsert(Rows::Members(rows)) | Op::Replace(Rows::Members(rows)) = op {
                ids.extend(rows.users().map(|user| (guild, user.get())));
            }
        }
        Ok(Applied::default())
    }
}

impl Ids {
    fn new(broken: bool) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(0)),
            ids: Arc::default(),
            broken,
        }
    }

    fn has(&self, guild: u64, user: u64) -> bool {
        self.ids.lock().expect("no panic").contains(&(guild, user))
    }
}

fn member(guild: u64, id: u64) -> Value {
    json!({
        "guild_id": guild.to_string(), "user": {"id": id.to_string(), "username": "someone"},
        "roles": [], "joined_at": "2020-01-01T00:00:00+00:00", "deaf": false, "mute": false,
    })
}

async fn started(store: &Ids) -> (Bot<Memory>, Gateway, Listener) {
    let (runtime, mut listener) = memory();
    let builder = Builder::new(runtime, "token", Intents::GUILDS | Intents::GUILD_MEMBERS)
        .gateway(info(1))
        .compression(PLAIN)
        .cache(Kinds::GUILDS)
        .store(Kinds::MEMBERS, store.clone())
        .store_attempts(1)
        .store_deadline(Duration::from_secs(300));
    let bot = builder.connect().await.expect("started");
    let mut gateway = listener.accept().await;
    gateway.begin("s").await;
    for guild in [SLOW, QUICK] {
        store.permits.add_permits(1);
        let create = json!({"id": guild.to_string(), "name": "room", "member_count": 1,
                            "members": [], "roles": [], "channels": []});
        gateway.dispatch("GUILD_CREATE", create).await;
    }
    (bot, gateway, listener)
}

/// The next event that a member joined, or that a store failed before it.
async fn joined(bot: &mut Bot<Memory>) -> Result<(u64, bool), StoreFailure> {
    loop {
        match bot.next().await.expect("the bot runs").event {
            Event::StoreFailed(failure) => return Err(failure),
            Event::Dispatch(dispatch) if dispatch.name() == Name::GuildMemberAdd => {
                let guild = dispatch.guild().expect("a guild").get();
                return Ok((guild, dispatch.is_unstored()));
            }
            _ => {}
        }
    }
}

/// Waits until the second guild is in the store, so that no permit of the set-up is left over.
async fn drained(store: &Ids) {
    while store.permits.available_permits() > 1 {
        tokio::task::yield_now().await;
    }
    store.permits.forget_permits(1);
}

#[tokio::test(start_paused = true)]
async fn a_slow_store_delays_its_guild_and_no_heartbeat() {
    let store = Ids::new(false);
    let (mut bot, mut gateway, _listener) = started(&store).await;
    drained(&store).await;
    gateway.dispatch("GUILD_MEMBER_ADD", member(SLOW, 10)).await;
    gateway
        .dispatch("GUILD_MEMBER_ADD", member(QUICK, 11))
        .await;
    let first = joined(&mut bot).await.expect("stored");
    assert_eq!(first, (QUICK, false), "the other guild goes on");
    assert!(store.has(QUICK, 11) && !store.has(SLOW, 10));
    // Two heartbeats while the store is stuck.
    for _ in 0..2 {
        assert_eq!(gateway.any().await["op"], 1);
        gateway.send(json!({"op": 11})).await;
    }
    store.permits.add_permits(1);
    let second = joined(&mut bot).await.expect("stored");
    assert_eq!(second, (SLOW, false));
    assert!(store.has(SLOW, 10), "stored before its event is seen");
    let in_memory = bot.handle().cache(|cache| {
        let slow = GuildId::new(SLOW).expect("not zero");
        (cache.guild(slow).is_some(), cache.members(slow).count())
    });
    assert_eq!(in_memory, (true, 0), "each kind is in one store");
}

#[tokio::test(start_paused = true)]
async fn a_failing_store_is_reported_and_its_guild_stale() {
    let store = Ids::new(true);
    let (mut bot, mut gateway, _listener) = started(&store).await;
    // The guild itself failed to be stored.
    let failure = joined(&mut bot).await.expect_err("broken");
    assert_eq!(failure.guild.map(GuildId::get), Some(SLOW));
    assert_eq!(failure.error.to_string(), "the disk is full");
    drained(&store).await;
    store.permits.add_permits(1);
    gateway.dispatch("GUILD_MEMBER_ADD", member(SLOW, 10)).await;
    gateway
        .dispatch("GUILD_MEMBER_ADD", member(QUICK, 11))
        .await;
    let mut seen = Vec::new();
    while seen.len() < 3 {
        seen.push(joined(&mut bot).await.ok());
    }
    seen.sort_unstable();
    assert_eq!(seen, [None, Some((SLOW, true)), Some((QUICK, false))]);
    let status = |id| {
        let id = GuildId::new(id).expect("not zero");
        bot.handle().cache(|cache| cache.guild_status(id))
    };
    assert_eq!(status(SLOW), Some(GuildStatus::Stale));
    assert_eq!(status(QUICK), Some(GuildStatus::Available));
}

#[tokio::test(start_paused = true)]
async fn a_stuck_store_has_a_deadline() {
    let store = Ids::new(false);
    let (mut bot, mut gateway, _listener) = started(&store).await;
    drained(&store).await;
    tokio::spawn(async move {
        gateway.dispatch("GUILD_MEMBER_ADD", member(SLOW, 10)).await;
        loop {
            assert_eq!(gateway.any().await["op"], 1);
            gateway.send(json!({"op": 11})).await;
        }
    });
    let before = tokio::time::Instant::now();
    let failure = joined(&mut bot).await.expect_err("too slow");
    assert_eq!(failure.error.to_string(), "the store took longer than 300s");
    assert_eq!(before.elapsed().as_secs(), 300);
    assert_eq!(joined(&mut bot).await.expect("it follows"), (SLOW, true));
}

#[tokio::test(start_paused = true)]
async fn of_two_stores_for_a_kind_the_later_has_it() {
    let (runtime, mut listener) = memory();
    let (earlier, later) = (Ids::new(false), Ids::new(false));
    let builder = Builder::new(runtime, "token", Intents::GUILDS | Intents::GUILD_MEMBERS)
        .gateway(info(1))
        .compression(PLAIN)
        .cache(Kinds::GUILDS)
        .store(Kinds::MEMBERS, earlier.clone())
        .store(Kinds::MEMBERS, later.clone());
    let mut bot = builder.connect().await.expect("started");
    let mut gateway = listener.accept().await;
    gateway.begin("s").await;
    gateway
        .dispatch("GUILD_MEMBER_ADD", member(QUICK, 11))
        .await;
    assert_eq!(joined(&mut bot).await.expect("stored"), (QUICK, false));
    assert!(later.has(QUICK, 11) && !earlier.has(QUICK, 11));
}
