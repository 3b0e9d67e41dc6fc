//! A whole bot on virtual time, polled by hand, while sockets, gateway, consumer and the user's own
//! code fail together; then the faults end, and the bot has to recover.
mod gateway;
mod runtime;
mod user_code;

use futures_util::FutureExt;
use gateway::{GUILDS, Gateway, SHARDS, guild};
use headcount_core::cache::Kinds;
use headcount_core::chunk::{MemberQuery, RequestId};
use headcount_core::id::GuildId;
use headcount_core::session::{OnStop, Phase};
use headcount_core::setup::{AutoChunk, ShardFinishedChunking};
use headcount_core::wire::Name;
use headcount_core::{Event, Intents, ShardId};
use headcount_driver::{
    Bot, BotEvent, Builder, Compression, GatewayInfo, Handle, SessionStartLimit,
};
use runtime::{Task, VirtualRuntime};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How long the bot may take to recover once the faults are over, in milliseconds: what the gateway
/// left out is waited for, and then asked for again.
const RECOVERY: u64 = 600_000;

/// How much longer for each member request: those for everyone in one guild go out 30 s apart.
const REQUEST: u64 = 30_000;

/// The bound of a shutdown: the deadlines of a write and a close, and the grace.
const SHUTDOWN: u64 = 14_000;

pub(super) fn run(bytes: &[u8]) {
    let runtime = VirtualRuntime::new(bytes);
    let mut harness = Harness {
        gateway: Gateway::new(runtime.clone()),
        tasks: Vec::new(),
        runtime,
    };
    let own_store = harness.runtime.choose(2) == Some(1);
    let connect = builder(&harness.runtime, own_store).connect();
    let mut bot = harness
        .wait(connect, 1_000)
        .expect("at once")
        .expect("a bot");
    let mut consumer = Consumer::new(bot.handle(), harness.runtime.clone(), !own_store);
    while !harness.runtime.faults_are_over() {
        let step = [1, 20, 200, 2_000][harness.runtime.choose(4).unwrap_or(0) as usize];
        harness.step(step);
        consumer.step(&mut bot);
    }
    let end = harness.runtime.now() + RECOVERY + REQUEST * consumer.outstanding();
    while !consumer.is_settled() && harness.runtime.now() < end {
        harness.step(250);
        consumer.step(&mut bot);
    }
    consumer.check();
    drop(consumer);
    let sessions = harness.wait(bot.shutdown(OnStop::Resume), SHUTDOWN);
    let sessions = sessions.expect("the end is bounded").expect("in time");
    assert_eq!(sessions.len() as u64, SHARDS);
    for _ in 0..SHUTDOWN / 250 {
        harness.step(250);
    }
    assert!(
        harness.tasks.is_empty(),
        "{} tasks are left",
        harness.tasks.len()
    );
}

fn builder(runtime: &VirtualRuntime, own_store: bool) -> Builder<VirtualRuntime> {
    let session_start_limit = SessionStartLimit {
        total: 1_000,
        remaining: 1_000,
        reset_after: 0,
        max_concurrency: 1,
    };
    let info = GatewayInfo {
        url: "ws://127.0.0.1".to_owned(),
        shards: SHARDS as u32,
        session_start_limit,
    };
    let intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    let builder = Builder::new(runtime.clone(), "token", intents)
        .gateway(info)
        .compression(Compression::None)
        .chunking(AutoChunk::Missing)
        .store_deadline(std::time::Duration::from_secs(2))
        .event_buffer(20)
        .seed(1);
    match own_store {
        true => builder
            .cache(Kinds::GUILDS)
            .store(Kinds::MEMBERS, user_code::FaultyStore(runtime.clone())),
        false => builder.cache(user_code::faulty_policies(runtime.clone())),
    }
}

/// The bot's tasks, and the gateway that they talk to.
struct Harness {
    runtime: VirtualRuntime,
    gateway: Gateway,
    tasks: Vec<Task>,
}

impl Harness {
    /// Lets time pass, then runs the gateway and the tasks.
    fn step(&mut self, millis: u64) {
        self.runtime.pass(millis);
        for _ in 0..4 {
            self.gateway.step();
            self.runtime.poll_all(&mut self.tasks);
        }
    }

    /// What a future gives within so many milliseconds.
    fn wait<F: Future>(&mut self, future: F, millis: u64) -> Option<F::Output> {
        let mut future = std::pin::pin!(future);
        let end = self.runtime.now() + millis;
        loop {
            if let Some(output) = future.as_mut().now_or_never() {
                return Some(output);
            }
            if self.runtime.now() >= end {
                return None;
            }
            self.step(50);
        }
    }
}

/// Takes the bot's events, and checks what they promise.
struct Consumer {
    handle: Handle,
    runtime: VirtualRuntime,
    /// Steps in which it takes nothing.
    pauses: u64,
    /// Events come in sequence over all guilds: none waits for a store of its own.
    in_order: bool,
    asked: BTreeSet<(ShardId, RequestId)>,
    ended: BTreeMap<(ShardId, RequestId), u32>,
    last: BTreeMap<ShardId, u64>,
    finished: BTreeMap<ShardId, ShardFinishedChunking>,
}

impl Consumer {
    fn new(handle: Handle, runtime: VirtualRuntime, in_order: bool) -> Self {
        Self {
            handle,
            runtime,
            pauses: 0,
            in_order,
            asked: BTreeSet::new(),
            ended: BTreeMap::new(),
            last: BTreeMap::new(),
            finished: BTreeMap::new(),
        }
    }

    fn step(&mut self, bot: &mut Bot<VirtualRuntime>) {
        match self.runtime.choose(24) {
            Some(1) => self.pauses = self.runtime.choose(100).unwrap_or(0),
            Some(2) => self.ask(),
            Some(3) => {
                let (handle, runtime) = (&self.handle, &self.runtime);
                let look = || handle.cache(|_| user_code::read_cache(runtime));
                drop(catch_unwind(AssertUnwindSafe(look)));
            }
            Some(_) | None => {}
        }
        if self.pauses > 0 && !self.runtime.faults_are_over() {
            self.pauses -= 1;
            return;
        }
        while let Some(event) = bot.next().now_or_never() {
            let BotEvent { shard, event, .. } = event.expect("the bot runs");
            if let Some(id) = shard {
                self.see(id, event);
            }
        }
    }

    fn ask(&mut self) {
        let shard = self.runtime.choose(SHARDS).unwrap_or(0);
        let guild = GuildId::new(guild(shard, 1)).expect("not zero");
        let asked = self.handle.request_members(guild, MemberQuery::All, false);
        if let Ok(request) = asked {
            self.asked.insert((self.handle.shard_of(guild), request));
        }
    }

    fn see(&mut self, id: ShardId, event: Event<'static>) {
        match event {
            Event::Dispatch(dispatch) if dispatch.name() == Name::Resumed => {}
            Event::Dispatch(dispatch) => {
                let sequence = dispatch.sequence().expect("each has one");
                if dispatch.name() == Name::Ready {
                    self.finished.remove(&id);
                } else if self.in_order {
                    assert_eq!(Some(sequence - 1), self.last.get(&id).copied(), "{id}");
                }
                self.last.insert(id, sequence);
            }
            Event::ShardFinishedChunking(summary) => {
                let before = self.finished.insert(id, *summary);
                assert!(before.is_none(), "once per READY");
            }
            Event::ChunkRequestFinished(end) => {
                let request = end.request.expect("nobody else asks");
                let count = self.ended.entry((id, request)).or_default();
                *count += 1;
                assert_eq!(*count, 1, "a request ends once");
            }
            Event::Halted(why) => panic!("{id} ends: {why}"),
            _ => {}
        }
    }

    /// Member requests that have not ended.
    fn outstanding(&self) -> u64 {
        let has_ended = |asked: &&_| !self.ended.contains_key(*asked);
        self.asked.iter().filter(has_ended).count() as u64
    }

    /// Whether every shard is active and has finished chunking, and every request has ended.
    fn is_settled(&self) -> bool {
        let mut shards = self.handle.shards();
        shards.all(|shard| shard.phase == Phase::Active)
            && self.finished.len() as u64 == SHARDS
            && self.outstanding() == 0
    }

    fn check(&self) {
        for shard in self.handle.shards() {
            assert_eq!(shard.phase, Phase::Active, "{}", shard.id);
        }
        for asked in &self.asked {
            assert!(self.ended.contains_key(asked), "{asked:?} never ends");
        }
        assert_eq!(self.finished.len() as u64, SHARDS, "some never finish");
        for summary in self.finished.values() {
            assert_eq!(
                (summary.complete + summary.others()) as u64,
                GUILDS,
                "{summary:?}"
            );
        }
    }
}
