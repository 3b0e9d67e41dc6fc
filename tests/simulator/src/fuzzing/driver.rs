//! A whole bot on virtual time, polled by hand, while sockets, gateway, consumer and the user's own
//! code misbehave together; then all goes well, and everything has to come to its end.
mod gateway;
mod stage;
mod user;

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
use stage::Stage;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;

/// How long all has to go well, in milliseconds, until all is told: what the gateway has fallen
/// silent about is waited for, and then asked for again.
const CALM: u64 = 600_000;

/// The bound of a shutdown: the deadlines of a write and a close, and the grace.
const SHUTDOWN: u64 = 14_000;

pub(super) fn run(bytes: &[u8]) {
    let stage = Stage::new(bytes);
    let mut house = House {
        gateway: Gateway::new(stage.clone()),
        tasks: Vec::new(),
        stage,
    };
    let own_store = house.stage.choose(2) == Some(1);
    let connect = builder(&house.stage, own_store).connect();
    let mut bot = house.wait(connect, 1_000).expect("at once").expect("a bot");
    let mut user = User::new(bot.handle(), house.stage.clone(), !own_store);
    while !house.stage.is_calm() {
        let step = [1, 20, 200, 2_000][house.stage.choose(4).unwrap_or(0) as usize];
        house.turn(step);
        user.turn(&mut bot);
    }
    let end = house.stage.now() + CALM;
    while !user.is_content() && house.stage.now() < end {
        house.turn(250);
        user.turn(&mut bot);
    }
    user.check();
    drop(user);
    let sessions = house.wait(bot.shutdown(OnStop::Resume), SHUTDOWN);
    let sessions = sessions.expect("the end is bounded");
    assert_eq!(sessions.len() as u64, SHARDS);
    for _ in 0..SHUTDOWN / 250 {
        house.turn(250);
    }
    assert!(
        house.tasks.is_empty(),
        "{} tasks are left",
        house.tasks.len()
    );
}

fn builder(stage: &Stage, own_store: bool) -> Builder<Stage> {
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
    let builder = Builder::new(stage.clone(), "token", intents)
        .gateway(info)
        .compression(Compression::None)
        .chunking(AutoChunk::Missing)
        .store_deadline(std::time::Duration::from_secs(2))
        .event_buffer(20);
    match own_store {
        true => builder
            .cache(Kinds::GUILDS)
            .store(Kinds::MEMBERS, user::Moody(stage.clone())),
        false => builder.cache(user::touchy(stage.clone())),
    }
}

/// Where bot and gateway live.
struct House {
    stage: Stage,
    gateway: Gateway,
    tasks: Vec<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl House {
    /// Lets time pass, and everybody do something.
    fn turn(&mut self, millis: u64) {
        self.stage.pass(millis);
        for _ in 0..4 {
            self.gateway.turn();
            self.stage.poll_all(&mut self.tasks);
        }
    }

    /// What a future gives within so many milliseconds.
    fn wait<F: Future>(&mut self, future: F, millis: u64) -> Option<F::Output> {
        let mut future = std::pin::pin!(future);
        let end = self.stage.now() + millis;
        loop {
            if let Some(output) = future.as_mut().now_or_never() {
                return Some(output);
            }
            if self.stage.now() >= end {
                return None;
            }
            self.turn(50);
        }
    }
}

/// The consumer, and what it could note down.
struct User {
    handle: Handle,
    stage: Stage,
    /// Turns in which nothing is taken.
    rests: u64,
    /// No guild's events wait for its store while others go on.
    in_order: bool,
    asked: BTreeSet<(ShardId, RequestId)>,
    ended: BTreeMap<(ShardId, RequestId), u32>,
    last: BTreeMap<ShardId, u64>,
    finished: BTreeMap<ShardId, ShardFinishedChunking>,
}

impl User {
    fn new(handle: Handle, stage: Stage, in_order: bool) -> Self {
        Self {
            handle,
            stage,
            rests: 0,
            in_order,
            asked: BTreeSet::new(),
            ended: BTreeMap::new(),
            last: BTreeMap::new(),
            finished: BTreeMap::new(),
        }
    }

    fn turn(&mut self, bot: &mut Bot<Stage>) {
        match self.stage.choose(24) {
            Some(1) => self.rests = self.stage.choose(100).unwrap_or(0),
            Some(2) => self.ask(),
            Some(3) => {
                let (handle, stage) = (&self.handle, &self.stage);
                let look = || handle.cache(|_| user::look(stage));
                drop(catch_unwind(AssertUnwindSafe(look)));
            }
            Some(_) | None => {}
        }
        if self.rests > 0 && !self.stage.is_calm() {
            self.rests -= 1;
            return;
        }
        while let Some(event) = bot.next().now_or_never() {
            if let BotEvent::Shard(id, event) = event.expect("the bot runs") {
                self.see(id, event);
            }
        }
    }

    fn ask(&mut self) {
        let shard = self.stage.choose(SHARDS).unwrap_or(0);
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
            Event::ShardFinishedChunking(news) => {
                let before = self.finished.insert(id, *news);
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

    /// Whether all is told.
    fn is_content(&self) -> bool {
        let mut shards = self.handle.shards();
        shards.all(|shard| shard.phase == Phase::Active)
            && self.finished.len() as u64 == SHARDS
            && self
                .asked
                .iter()
                .all(|asked| self.ended.contains_key(asked))
    }

    fn check(&self) {
        for shard in self.handle.shards() {
            assert_eq!(shard.phase, Phase::Active, "{}", shard.id);
        }
        for asked in &self.asked {
            assert!(self.ended.contains_key(asked), "{asked:?} never ends");
        }
        assert_eq!(self.finished.len() as u64, SHARDS, "some never finish");
        for news in self.finished.values() {
            assert_eq!((news.complete + news.others()) as u64, GUILDS, "{news:?}");
        }
    }
}
