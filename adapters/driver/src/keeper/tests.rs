//! A shard's journal in step with its acknowledgements.

use std::future::{Pending, pending};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

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
        let journal = folder.journal(ShardId::ONE, SystemTime::UNIX_EPOCH);
        let mut bot = Self {
            cell: ShardCell::new(Shard::new(config, 1), 1_000),
            keeper: Keeper::new(journal, Still, Clock::start(&Still)),
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

/// What a shard's task spends on acknowledgements and the journal, for each event: the same events
/// with them and without. Prints nanoseconds.
#[test]
#[ignore = "a measurement"]
#[allow(clippy::print_stdout, reason = "a measurement is shown")]
fn what_acknowledging_costs() {
    let folder = tempfile::tempdir().expect("a folder");
    for a_second in [1_000, 100_000] {
        let (mut with, mut without) = (f64::INFINITY, f64::INFINITY);
        for round in 0..9 {
            for (best, acknowledges) in [(&mut with, true), (&mut without, false)] {
                let path = folder
                    .path()
                    .join(format!("{a_second}-{round}-{acknowledges}"));
                *best = best.min(nanoseconds(&path, a_second, acknowledges));
            }
        }
        println!(
            "{a_second} events a second: {:.0} ns an event, {with:.0} with and {without:.0} without",
            with - without
        );
    }
}

/// How long an event takes at this rate.
fn nanoseconds(path: &Path, a_second: u64, acknowledges: bool) -> f64 {
    const EVENTS: u64 = 50_000;
    let mut bot = Bot::new(path);
    done(bot.take_in(0, Input::Payload(READY.as_bytes())));
    done(bot.take_in(0, Input::Payload(CREATE.as_bytes())));
    bot.wake(5_000);
    let payload = |number| {
        format!(
            r#"{{"op":0,"t":"X","s":{sequence},"d":{{}}}}"#,
            sequence = number + 3
        )
    };
    let payloads: Vec<String> = (0..EVENTS).map(payload).collect();
    let mut cx = Context::from_waker(noop_waker_ref());
    let start = std::time::Instant::now();
    for (number, text) in (0..).zip(&payloads) {
        let now = 10_000 + number * 1_000 / a_second;
        let input = Input::Payload(text.as_bytes());
        if acknowledges {
            let due = Instant::from_millis(now);
            let _ = bot.keeper.is_due(|| due, &mut cx, &bot.cell);
            done(bot.take_in(now, input));
        } else {
            let actions = bot.cell.lock().handle(Instant::from_millis(now), input);
            let events = actions
                .into_iter()
                .filter(|it| matches!(it, Action::Emit(_)));
            std::hint::black_box(events.collect::<Vec<_>>());
        }
    }
    start.elapsed().as_nanos() as f64 / EVENTS as f64
}
