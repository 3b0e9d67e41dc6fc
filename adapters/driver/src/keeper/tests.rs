//! A shard's journal in step with its acknowledgements.

use std::future::{Pending, pending};
use std::io;
use std::path::Path;
use std::time::Duration;

use futures_util::io::Cursor;
use futures_util::task::noop_waker_ref;
use headcount_core::config::Acknowledge;
use headcount_core::{Action, Config, Input, Intents, ShardId, Token};

use super::*;
use crate::acknowledgements::Mark;
use crate::state::{BotKey, Durability, SavedState, StateFolder};

/// A runtime in which nothing happens.
#[derive(Clone, Copy)]
struct Still;

impl Runtime for Still {
    type Stream = Cursor<Vec<u8>>;
    type Timer = Pending<()>;

    async fn connect(&self, _: &str, _: u16) -> io::Result<Self::Stream> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn timer(&self, _: Duration) -> Self::Timer {
        pending()
    }

    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, _: F) {}
}

const HELLO: &str = r#"{"op":10,"d":{"heartbeat_interval":41250}}"#;
const READY: &str = r#"{"op":0,"t":"READY","s":1,"d":{"session_id":"5e55","guilds":[
    {"id":"7","unavailable":true}],"user":{"id":"1","username":"bot"},
    "resume_gateway_url":"wss://resume.example"}}"#;
const CREATE: &str = r#"{"op":0,"t":"GUILD_CREATE","s":2,"d":{"id":"7","name":"g","roles":[],
    "channels":[],"members":[],"member_count":9}}"#;

/// A shard with its journal.
struct Bot {
    cell: ShardCell,
    keeper: Keeper<Still>,
}

impl Bot {
    fn new(path: &Path) -> Self {
        let mut config = Config::new(Token::new("t"), Intents::GUILDS, ShardId::ONE);
        config.acknowledge = Acknowledge::ByHost {
            in_heartbeats: true,
        };
        let (folder, _) =
            StateFolder::open(path, BotKey::of(&Token::new("t")), Durability::Process)
                .expect("a folder");
        let gate = config.tracker.requests.gate;
        let files = (
            folder.journal(ShardId::ONE),
            folder.request_log(ShardId::ONE, gate),
        );
        let mut bot = Self {
            cell: ShardCell::new(Shard::new(config, 1), 1_000, None),
            keeper: Keeper::new(files, Still, Clock::start(&Still), None),
        };
        for input in [
            Input::Timeout,
            Input::Opened,
            Input::Payload(HELLO.as_bytes()),
        ] {
            bot.take_in(0, input);
        }
        bot
    }

    /// Does what a shard's loop does with an input; the marks of what is emitted.
    fn take_in(&mut self, now: u64, input: Input<'_>) -> Vec<Mark> {
        let now = Instant::from_millis(now);
        let actions = self.cell.handle(now, input);
        self.keeper.begin(&self.cell);
        let marks = actions.into_iter().filter_map(|action| match action {
            Action::Emit(event) => self.cell.acknowledgements.mark(&event),
            _ => None,
        });
        let marks = marks.collect();
        self.cell.acknowledgements.settle(now);
        self.keeper.save(now, &self.cell);
        marks
    }

    /// The loop is woken by its journal, if it wants that.
    fn wake(&mut self, now: u64) {
        let mut cx = Context::from_waker(noop_waker_ref());
        let now = Instant::from_millis(now);
        let _ = self.keeper.is_due(|| now, &mut cx, &self.cell);
        self.keeper.save(now, &self.cell);
    }
}

fn done(marks: Vec<Mark>) {
    marks.into_iter().for_each(Mark::done);
}

fn saved(path: &Path) -> Session {
    let mut saved = SavedState::read(path).expect("it can be read").sessions;
    saved.pop().expect("a session").session
}

#[test]
fn a_record_passes_what_moves_a_guild_only_with_a_list_that_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut bot = Bot::new(folder.path());
    done(bot.take_in(0, Input::Payload(READY.as_bytes())));
    bot.wake(10);
    // The list is written while the guild's event waits for the consumer.
    let marks = bot.take_in(2_000, Input::Payload(CREATE.as_bytes()));
    bot.wake(2_001);
    assert_eq!(saved(folder.path()).sequence(), 1);
    done(marks);
    for now in [2_002, 2_010, 2_500] {
        bot.wake(now);
        assert_eq!(
            saved(folder.path()).sequence(),
            1,
            "it would still be expected"
        );
    }
    bot.wake(3_500);
    assert_eq!(Some(saved(folder.path())), bot.cell.session());
    assert_eq!(saved(folder.path()).sequence(), 2);
}

#[test]
fn what_is_acknowledged_last_moves_a_guild_in_the_list_as_well() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut bot = Bot::new(folder.path());
    done(bot.take_in(0, Input::Payload(READY.as_bytes())));
    bot.wake(10);
    let marks = bot.take_in(2_000, Input::Payload(CREATE.as_bytes()));
    bot.wake(2_001);
    done(marks);
    assert!(bot.keeper.finish(Instant::from_millis(2_002), &bot.cell));
    assert_eq!(Some(saved(folder.path())), bot.cell.session());
    assert_eq!(saved(folder.path()).sequence(), 2);
}

/// What an event takes, in nanoseconds.
#[derive(Clone, Copy)]
struct Cost {
    shard: f64,
    consumer: f64,
}

/// What acknowledgements and the journal cost for each event: what a shard's task does with the
/// same events with them and without, and what the consumer's does. Prints one object.
#[test]
#[ignore = "a measurement"]
#[allow(clippy::print_stdout, reason = "a measurement is shown")]
fn what_acknowledging_costs() {
    const MUST: f64 = 100.0;
    let folder = tempfile::tempdir().expect("a folder");
    for a_second in [1_000, 100_000] {
        let mut rounds: [Vec<Cost>; 2] = Default::default();
        for round in 0..25 {
            for (all, acknowledges) in rounds.iter_mut().zip([true, false]) {
                let name = format!("{a_second}-{round}-{acknowledges}");
                let path = folder.path().join(name);
                all.push(cost(&path, a_second, acknowledges));
            }
        }
        let [with, without] = rounds.each_ref().map(|all| least(all, |it| it.shard));
        let consumer = least(&rounds[0], |it| it.consumer);
        let printed = serde_json::json!({
            "events_a_second": a_second,
            "shard_ns": (with - without).round(),
            "consumer_ns": consumer.round(),
            "without_ns": without.round(),
            "must_ns": MUST,
            "holds": with - without <= MUST,
        });
        println!("{printed}");
    }
}

/// The round that other programs have disturbed least.
fn least(rounds: &[Cost], what: impl Fn(&Cost) -> f64) -> f64 {
    rounds.iter().map(what).fold(f64::INFINITY, f64::min)
}

/// What an event takes at this rate. The loop waits after each, and the consumer takes what has
/// come within some milliseconds.
fn cost(path: &Path, a_second: u64, acknowledges: bool) -> Cost {
    const EVENTS: u64 = 20_000;
    let mut bot = Bot::new(path);
    done(bot.take_in(0, Input::Payload(READY.as_bytes())));
    done(bot.take_in(0, Input::Payload(CREATE.as_bytes())));
    bot.wake(5_000);
    let payload = |sequence| format!(r#"{{"op":0,"t":"X","s":{sequence},"d":{{}}}}"#);
    let payloads: Vec<String> = (3..EVENTS + 3).map(payload).collect();
    let clock = Clock::start(&Still);
    let mut cx = Context::from_waker(noop_waker_ref());
    let mut marks = Vec::with_capacity(50);
    let mut spent = [Duration::ZERO; 2];
    let taken_together = if a_second > 10_000 { 50 } else { 5 };
    for (batch, texts) in (0..).zip(payloads.chunks(taken_together)) {
        let start = std::time::Instant::now();
        for (number, text) in (batch * taken_together as u64..).zip(texts) {
            let now = 10_000 + number * 1_000 / a_second;
            let input = Input::Payload(text.as_bytes());
            if acknowledges {
                let real = || {
                    std::hint::black_box(clock.now(&Still));
                    Instant::from_millis(now)
                };
                let _ = bot.keeper.is_due(real, &mut cx, &bot.cell);
                marks.extend(bot.take_in(now, input));
            } else {
                let actions = bot
                    .cell
                    .lock()
                    .shard
                    .handle(Instant::from_millis(now), input);
                let events = actions.into_iter();
                let events = events.filter(|it| matches!(it, Action::Emit(_)));
                std::hint::black_box(events.collect::<Vec<_>>());
            }
        }
        let handed_on = std::time::Instant::now();
        marks.drain(..).for_each(Mark::done);
        spent[0] += handed_on - start;
        spent[1] += handed_on.elapsed();
    }
    let [shard, consumer] = spent.map(|it| it.as_nanos() as f64 / EVENTS as f64);
    Cost { shard, consumer }
}
