//! Stores that fail a while, for good, hang or panic: what becomes of their guilds, and when.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use headcount_driver::core::cache::memory::{Applied, Completeness};
use headcount_driver::core::cache::{AsyncStore, Kinds, Lack, Mutation, Op, Rows};
use headcount_driver::core::event::{FinishedChunking, StoreFailure};
use headcount_driver::core::id::GuildId;
use headcount_driver::core::setup::{
    AutoChunk, GuildReady, Outcome, ShardFinishedChunking, WaitsFor,
};
use headcount_driver::core::{Event, Intents, Position, ShardId};
use headcount_driver::{Bot, Builder};
use serde_json::{Value, json};
use tokio::time::Instant;

mod memory;
use memory::{Gateway, Listener, Memory, PLAIN, info, memory};

/// The guild whose store misbehaves, and one whose store does not.
const BAD: u64 = 1 << 22;
const GOOD: u64 = 2 << 22;

/// What the store does with the bad guild's changes.
#[derive(Clone, Copy)]
enum Way {
    Keep,
    /// Fails so often, and keeps what comes then.
    Fail(u32),
    /// Fails whatever lists more than one member.
    FailCrowds,
    /// Answers after so many seconds.
    Slow(u64),
    Hang,
    Panic,
    /// Fails, and says that it always will.
    Refuse,
}

/// A change of the bad guild as the store was handed it.
type Handed = (Duration, Option<Position>);

/// A store that keeps nothing, and may misbehave.
#[derive(Clone)]
struct Fickle {
    way: Arc<Mutex<Way>>,
    began: Instant,
    handed: Arc<Mutex<Vec<Handed>>>,
}

impl Fickle {
    fn new(way: Way) -> Self {
        Self {
            way: Arc::new(Mutex::new(way)),
            began: Instant::now(),
            handed: Arc::default(),
        }
    }

    fn set(&self, way: Way) {
        *self.way.lock().unwrap_or_else(PoisonError::into_inner) = way;
    }

    /// The way of now, of which one failure less is left.
    fn take_way(&self) -> Way {
        let mut way = self.way.lock().unwrap_or_else(PoisonError::into_inner);
        let now = *way;
        if let Way::Fail(times) = now {
            *way = times.checked_sub(1).map_or(Way::Keep, Way::Fail);
        }
        match now {
            Way::Fail(0) => Way::Keep,
            other => other,
        }
    }

    /// When the store was handed changes, in milliseconds since the first.
    fn pace(&self) -> Vec<u128> {
        let handed = self.handed.lock().expect("whole");
        let first = handed.first().map_or(Duration::ZERO, |(at, _)| *at);
        handed
            .iter()
            .map(|(at, _)| (*at - first).as_millis())
            .collect()
    }
}

impl AsyncStore for Fickle {
    type Error = io::Error;

    async fn apply(&self, mutation: &Mutation<'static>) -> io::Result<Applied> {
        if mutation.guild() != GuildId::new(BAD) {
            return Ok(Applied::default());
        }
        let handed = (self.began.elapsed(), mutation.origin());
        self.handed.lock().expect("whole").push(handed);
        let full = || Err(io::Error::other("the disk is full"));
        match self.take_way() {
            Way::Keep => {}
            Way::Fail(_) => return full(),
            Way::FailCrowds if mutation.ops().any(is_crowd) => return full(),
            Way::FailCrowds => {}
            Way::Slow(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
            Way::Hang => std::future::pending().await,
            Way::Panic => panic!("the store is broken"),
            Way::Refuse => return Err(io::ErrorKind::Unsupported.into()),
        }
        Ok(Applied::default())
    }

    fn is_final(error: &io::Error) -> bool {
        error.kind() == io::ErrorKind::Unsupported
    }
}

fn is_crowd(op: &Op<'_>) -> bool {
    match op {
        Op::Upsert(Rows::Members(rows)) | Op::Replace(Rows::Members(rows)) => {
            rows.users().count() > 1
        }
        _ => false,
    }
}

fn guild(id: u64) -> GuildId {
    GuildId::new(id).expect("not zero")
}

fn member(id: u64) -> Value {
    json!({
        "user": {"id": id.to_string(), "username": "someone"}, "roles": [],
        "joined_at": "2020-01-01T00:00:00+00:00", "deaf": false, "mute": false,
    })
}

/// A guild of so many members that lists the first.
fn create(id: u64, members: u64) -> Value {
    json!({"id": id.to_string(), "name": "room", "member_count": members,
           "members": [member(1)], "roles": [], "channels": []})
}

fn joins(id: u64) -> Value {
    let mut joins = member(id);
    joins["guild_id"] = BAD.to_string().into();
    joins
}

/// A bot whose members are in this store, in a session that lists both guilds.
async fn started(
    store: &Fickle,
    change: impl FnOnce(Builder<Memory>) -> Builder<Memory>,
) -> (Bot<Memory>, Gateway, Listener) {
    let (runtime, mut listener) = memory();
    let builder = Builder::new(runtime, "token", Intents::GUILDS | Intents::GUILD_MEMBERS)
        .gateway(info(1))
        .compression(PLAIN)
        .chunking(AutoChunk::Missing)
        .cache(Kinds::GUILDS)
        .store(Kinds::MEMBERS, store.clone());
    let bot = change(builder).connect().await.expect("started");
    let mut gateway = listener.accept().await;
    gateway.hello(Duration::from_secs(40)).await;
    gateway.expect(2).await;
    let listed = [BAD, GOOD].map(|id| json!({"id": id.to_string(), "unavailable": true}));
    gateway.ready_with("s", json!(listed)).await;
    (bot, gateway, listener)
}

/// What was emitted until the whole bot had finished chunking.
#[derive(Default)]
struct Observed {
    failures: Vec<StoreFailure>,
    ready: Vec<(GuildReady, Instant)>,
    summary: Option<ShardFinishedChunking>,
    /// Guilds that are complete over the whole bot, and others.
    counts: (usize, usize),
}

impl Observed {
    async fn until_finished(bot: &mut Bot<Memory>) -> Self {
        let mut observed = Self::default();
        loop {
            match bot.next().await.expect("the bot runs").event {
                Event::StoreFailed(failure) => observed.failures.push(failure),
                Event::GuildReady(ready) => {
                    observed.ready.push((*ready, Instant::now()));
                }
                Event::ShardFinishedChunking(all) => {
                    observed.summary = Some(*all);
                }
                Event::FinishedChunking(FinishedChunking {
                    complete, others, ..
                }) => {
                    observed.counts = (complete, others);
                    return observed;
                }
                _ => {}
            }
        }
    }

    /// How a guild has ended, and when that was emitted.
    fn outcome(&self, id: u64) -> (&Outcome, Instant) {
        let emitted = self.ready.iter().find(|(it, _)| it.guild == guild(id));
        emitted.map(|(it, at)| (&it.outcome, *at)).expect("emitted")
    }

    /// The bad guild has ended as one whose store failed, and the other as complete.
    fn tells_of_the_bad_guild_alone(&self) {
        assert_eq!(self.outcome(BAD).0, &Outcome::StoreFailed);
        assert_eq!(self.outcome(GOOD).0, &Outcome::Complete);
        let summary = self.summary.as_ref().expect("emitted");
        assert_eq!(summary.store_failed, [guild(BAD)]);
        assert_eq!((summary.complete, self.counts), (1, (1, 1)));
        assert!(!self.failures.is_empty(), "reported one by one, too");
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_twice_is_handed_the_same_again_and_nothing_is_lost() {
    let store = Fickle::new(Way::Fail(2));
    let (mut bot, mut gateway, _listener) = started(&store, |it| it).await;
    for id in [BAD, GOOD] {
        gateway.dispatch("GUILD_CREATE", create(id, 1)).await;
    }
    let observed = Observed::until_finished(&mut bot).await;
    assert_eq!(observed.counts, (2, 0));
    assert!(observed.failures.is_empty());
    assert_eq!(store.pace(), [0, 100, 300]);
    let handed = store.handed.lock().expect("whole").clone();
    let origins: Vec<_> = handed.iter().map(|(_, origin)| *origin).collect();
    assert_eq!(origins, [origins[0]; 3]);
    let origin = origins[0].expect("of a dispatch");
    assert_eq!((origin.shard, origin.sequence), (ShardId::ONE, 2));
}

#[tokio::test(start_paused = true)]
async fn members_that_a_store_does_not_keep_make_no_guild_complete() {
    let store = Fickle::new(Way::FailCrowds);
    let (mut bot, mut gateway, _listener) = started(&store, |it| it).await;
    gateway.dispatch("GUILD_CREATE", create(GOOD, 1)).await;
    gateway.dispatch("GUILD_CREATE", create(BAD, 3)).await;
    let request = gateway.expect(8).await;
    let chunk = json!({
        "guild_id": BAD.to_string(), "members": [member(1), member(2), member(3)],
        "chunk_index": 0, "chunk_count": 1, "nonce": request["d"]["nonce"],
    });
    gateway.dispatch("GUILD_MEMBERS_CHUNK", chunk).await;
    let observed = Observed::until_finished(&mut bot).await;
    observed.tells_of_the_bad_guild_alone();
    assert_eq!(observed.failures.len(), 1);
    assert_eq!(observed.failures[0].error.to_string(), "the disk is full");
    assert_eq!(
        store.pace().len(),
        1 + 3,
        "the guild, and its members three times"
    );
    let is = bot.handle().cache(|cache| cache.completeness(guild(BAD)));
    let why = match is {
        Some(Completeness::Partial { why, .. }) => Some(why),
        _ => None,
    };
    assert_eq!(why, Some(Lack::StoreFailed));
    let readiness = bot.handle().shards().next().expect("one").readiness;
    assert_eq!(readiness.outcomes.store_failed, 1);
}

#[tokio::test(start_paused = true)]
async fn a_store_is_tried_as_often_and_as_long_as_it_may_be() {
    let times = |attempts, deadline| async move {
        let store = Fickle::new(Way::Fail(u32::MAX));
        let (mut bot, mut gateway, _listener) = started(&store, |it| {
            it.store_attempts(attempts).store_deadline(deadline)
        })
        .await;
        for id in [BAD, GOOD] {
            gateway.dispatch("GUILD_CREATE", create(id, 1)).await;
        }
        let observed = Observed::until_finished(&mut bot).await;
        observed.tells_of_the_bad_guild_alone();
        (store.pace(), observed.failures[0].error.to_string())
    };
    let (pace, error) = times(1, Duration::from_secs(10)).await;
    assert_eq!((pace, error.as_str()), (vec![0], "the disk is full"));
    let (pace, error) = times(100, Duration::from_secs(1)).await;
    assert_eq!(pace, [0, 100, 300, 700]);
    let emitted = "the store took longer than 1s, after it had failed: the disk is full";
    assert_eq!(error, emitted);
}

#[tokio::test(start_paused = true)]
async fn guild_and_finish_events_wait_for_a_slow_store() {
    let store = Fickle::new(Way::Slow(7));
    let (mut bot, mut gateway, _listener) = started(&store, |it| it).await;
    let began = Instant::now();
    for id in [BAD, GOOD] {
        gateway.dispatch("GUILD_CREATE", create(id, 1)).await;
    }
    let handle = bot.handle();
    let halfway = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        let waits = [GOOD, BAD].map(|id| handle.guild(guild(id)).expect("known").waits_for);
        let readiness = handle.shards().next().expect("one").readiness;
        (waits, readiness.pending, readiness.finished)
    };
    let (observed, seen) = tokio::join!(Observed::until_finished(&mut bot), halfway);
    assert_eq!(seen, ([WaitsFor::Nothing, WaitsFor::Stores], 1, false));
    assert_eq!(observed.counts, (2, 0));
    let after = |id| (observed.outcome(id).1 - began).as_secs();
    assert_eq!((after(GOOD), after(BAD)), (0, 7));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_delays_its_guild_by_its_deadline_and_once() {
    let store = Fickle::new(Way::Hang);
    let (mut bot, mut gateway, _listener) = started(&store, |it| it).await;
    let began = Instant::now();
    gateway.dispatch("GUILD_CREATE", create(BAD, 1)).await;
    for id in 10..30 {
        gateway.dispatch("GUILD_MEMBER_ADD", joins(id)).await;
    }
    gateway.dispatch("GUILD_CREATE", create(GOOD, 1)).await;
    let observed = Observed::until_finished(&mut bot).await;
    observed.tells_of_the_bad_guild_alone();
    assert_eq!(observed.failures.len(), 21, "each change is reported");
    assert_eq!((observed.outcome(BAD).1 - began).as_secs(), 10);
    assert_eq!(began.elapsed().as_secs(), 10);
    assert_eq!(store.pace().len(), 1, "what waited was not handed to it");
    // What comes later is, and a guild that is delivered anew is whole again.
    store.set(Way::Keep);
    gateway.dispatch("GUILD_MEMBER_ADD", joins(40)).await;
    gateway.dispatch("GUILD_CREATE", create(BAD, 1)).await;
    let restored = loop {
        if let Event::GuildRestored(it) = bot.next().await.expect("it runs").event {
            break it;
        }
    };
    assert_eq!(restored.outcome, Outcome::Complete);
    assert_eq!(store.pace().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_panics_or_would_always_fail_is_not_tried_again() {
    for way in [Way::Panic, Way::Refuse] {
        let store = Fickle::new(way);
        let (mut bot, mut gateway, _listener) = started(&store, |it| it).await;
        for id in [BAD, GOOD] {
            gateway.dispatch("GUILD_CREATE", create(id, 1)).await;
        }
        let observed = Observed::until_finished(&mut bot).await;
        observed.tells_of_the_bad_guild_alone();
        assert_eq!(store.pace().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_guild_whose_store_fails_later_is_reported_as_stale_once() {
    let store = Fickle::new(Way::Keep);
    let (mut bot, mut gateway, _listener) = started(&store, |it| it).await;
    for id in [BAD, GOOD] {
        gateway.dispatch("GUILD_CREATE", create(id, 1)).await;
    }
    assert_eq!(Observed::until_finished(&mut bot).await.counts, (2, 0));
    store.set(Way::Fail(u32::MAX));
    for id in [10, 11] {
        gateway.dispatch("GUILD_MEMBER_ADD", joins(id)).await;
    }
    let (mut failures, mut stale) = (0, Vec::new());
    let restored = loop {
        match bot.next().await.expect("the bot runs").event {
            Event::GuildRestored(it) => break it,
            Event::GuildStale(it) => stale.push(it),
            Event::StoreFailed(_) => {
                failures += 1;
                if failures == 2 {
                    store.set(Way::Keep);
                    gateway.dispatch("GUILD_CREATE", create(BAD, 1)).await;
                }
            }
            _ => {}
        }
    };
    assert_eq!((stale.len(), stale[0].guild), (1, guild(BAD)));
    assert!(stale[0].was_complete);
    assert_eq!(restored.outcome, Outcome::Complete);
}
