//! Faults of the host itself, and of the code of the user's that it calls.

use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use headcount_core::config::Timing;
use headcount_core::session::{DialFailure, Halt, Phase};
use headcount_core::wire::command::Command;
use headcount_core::wire::presence::{ActivityKind, BotActivity, BotPresence};
use headcount_core::{Action, Config, Event, Input, Instant, Intents, Shard, ShardId, Token};
use headcount_sim::{Act, Options, Pair, Target};
use headcount_tokio::driver::SessionStartLimit;
use headcount_tokio::{Bot, Builder, GatewayInfo};

use super::{emitted, has, has_resumed, millis, row, well};
use crate::bot::{all_active, options, pair};

#[test]
fn code_that_panics() {
    let row = row("code_that_panics");
    assert_eq!(row.within, [0]);
    let mut pair = pair(
        Options {
            shards: 2,
            max_concurrency: 2,
            ..options()
        },
        1,
    );
    assert!(pair.run_until(60_000, all_active));
    let session = pair.seats[0].shard.session();
    pair.done.clear();
    pair.input(0, Input::Crashed);
    assert!(has(&pair, |event| matches!(
        event,
        Event::Halted(Halt::Crashed)
    )));
    row.is_seen(&pair);
    pair.run(600_000);
    let phases: Vec<Phase> = pair.seats.iter().map(|seat| seat.shard.phase()).collect();
    assert_eq!(phases, [Phase::Halted, Phase::Active]);
    assert!(session.is_some());
    assert_eq!(pair.seats[0].shard.session(), session, "it is kept");
    assert_eq!(pair.gateway.violations(), []);
}

/// Lets the shard dial after a lost connection, and reports at once that it failed so.
fn fail_to_dial(pair: &mut Pair, why: DialFailure) {
    pair.act(Act::Cut(Target::All));
    let deadline = pair.seats[0].shard.poll_timeout().expect("a wait");
    pair.now = pair.now.max(deadline.at.as_millis());
    pair.input(0, Input::Timeout);
    assert_eq!(pair.seats[0].shard.phase(), Phase::Connecting);
    pair.input(0, Input::DialFailed(why));
}

#[test]
fn address_in_plaintext() {
    let (row, timing) = (row("address_in_plaintext"), Timing::default());
    let bound = millis(timing.first_backoff + timing.dial + 2 * timing.first_backoff);
    assert_eq!(row.within, [bound]);
    let mut pair = well(1);
    fail_to_dial(&mut pair, DialFailure::Plaintext);
    assert!(pair.run_until(bound, has_resumed));
    row.is_seen(&pair);
}

#[test]
fn server_that_asks_to_wait() {
    let row = row("server_that_asks_to_wait");
    assert_eq!(row.within, [millis(Timing::default().longest_backoff)]);
    for asked in [30, 3_600] {
        let mut pair = well(1);
        let why = DialFailure::Status {
            code: 503,
            retry_after: Some(Duration::from_secs(asked)),
        };
        fail_to_dial(&mut pair, why);
        let least = row.within[0].min(asked * 1_000);
        assert!(!pair.run_until(least - 1, has_resumed), "{asked} s");
        assert!(pair.run_until(row.within[0] - least + 1, has_resumed));
        row.is_seen(&pair);
    }
}

#[test]
fn presence_too_large() {
    let row = row("presence_too_large");
    assert_eq!(row.within, [0]);
    let mut pair = well(1);
    let activity = BotActivity {
        name: "x".repeat(3_960),
        kind: ActivityKind::Playing,
        state: None,
        url: None,
    };
    let presence = BotPresence {
        activities: vec![activity],
        ..BotPresence::default()
    };
    let at_start = block_on(bot_at(NOBODY).presence(presence.clone()).connect());
    let at_start = at_start.expect_err("refused").kind();
    let command = Command::UpdatePresence(Box::new(presence));
    assert!(
        command.encode(&mut String::new()).len() < 4_096,
        "alone it fits"
    );
    let refused = pair.seats[0].shard.send(command).expect_err("refused");
    row.is_reported(&format!("{refused:?} {at_start:?}"));
    pair.act(Act::ForgetSessions(Target::All));
    pair.act(Act::Cut(Target::All));
    pair.run(600_000);
    assert!(all_active(&pair));
    assert_eq!(pair.gateway.violations(), []);
}

#[test]
fn address_that_is_wrong() {
    let row = row("address_that_is_wrong");
    let longest = millis(Timing::default().longest_backoff);
    assert_eq!(row.within, [longest]);
    let mut all = String::new();
    let mut remedies = Vec::new();
    for why in [
        DialFailure::NameNotFound,
        DialFailure::Refused,
        DialFailure::Tls,
        DialFailure::Files,
    ] {
        let mut pair = well(1);
        fail_to_dial(&mut pair, why);
        assert!(pair.run_until(longest, has_resumed), "{why}");
        all.push_str(&emitted(&pair));
        remedies.push(why.remedy());
    }
    row.is_reported(&all);
    remedies.sort_unstable();
    remedies.dedup();
    assert_eq!(remedies.len(), 4, "each has its own: {remedies:?}");
}

/// A bot of one shard whose gateway is at this address.
fn bot_at(url: &str) -> Builder {
    Bot::builder("token", Intents::GUILDS).gateway(GatewayInfo {
        url: url.to_owned(),
        shards: 1,
        session_start_limit: SessionStartLimit {
            total: 1000,
            remaining: 1000,
            reset_after: 0,
            max_concurrency: 1,
        },
    })
}

/// A port where nobody listens.
const NOBODY: &str = "ws://127.0.0.1:1";

fn block_on<F: Future>(future: F) -> F::Output {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

#[test]
fn setting_that_makes_no_sense() {
    let row = row("setting_that_makes_no_sense");
    assert_eq!(row.within, [0]);
    let mut emitted = String::new();
    for (builder, named) in [
        (bot_at(NOBODY).event_buffer(0), "event_buffer"),
        (
            bot_at(NOBODY).configure(|config| config.timing.dial = Duration::MAX),
            "timing.dial",
        ),
        (bot_at("nonsense"), "URL"),
    ] {
        let error = block_on(builder.connect()).expect_err(named);
        assert!(error.detail().contains(named), "{error}");
        writeln!(emitted, "{:?}", error.kind()).expect("memory");
    }
    row.is_reported(&emitted);
}

#[test]
fn session_that_does_not_fit() {
    let row = row("session_that_does_not_fit");
    assert_eq!(row.within, [0]);
    let pair = well(1);
    let shard = &pair.seats[0].shard;
    let session = shard.session().expect("it is active");
    let own = Config::new(Token::new("token"), session.intents(), session.shard());
    assert!(Shard::with_session(own.clone(), 1, session.clone()).is_ok());
    let other_intents = Config {
        intents: session.intents() ^ Intents::MESSAGE_CONTENT,
        ..own.clone()
    };
    let other_total = Config {
        shard: ShardId::new_checked(0, session.shard().total() + 1).expect("in range"),
        ..own
    };
    let refused = Shard::with_session(other_total, 1, session.clone());
    let refused = format!("{:?}", refused.expect_err("it does not fit"));
    let mut anew = Shard::with_session(other_intents, 1, session).expect("it is given up");
    let actions = anew.handle(Instant::ZERO, Input::Timeout);
    let gaps = actions.into_iter().filter_map(|action| match action {
        Action::Emit(event @ Event::Gap(_)) => Some(format!("{event:?}")),
        _ => None,
    });
    row.is_reported(&gaps.fold(refused, |all, gap| all + &gap));
}

#[test]
fn call_inside_of_the_cache() {
    let row = row("call_inside_of_the_cache");
    assert_eq!(row.within, [0]);
    block_on(async {
        let bot = bot_at(NOBODY).connect().await.expect("started");
        let handle = bot.handle();
        let inside = || handle.cache(|_| handle.cache(|_| ()));
        let refused = catch_unwind(AssertUnwindSafe(inside)).expect_err("refused");
        let message = refused.downcast_ref::<String>().expect("a message");
        assert!(message.contains("inside of the cache"), "{message}");
        let guilds = handle.cache(|store| store.guilds().count());
        assert_eq!((guilds, handle.shards().len()), (0, 1), "it is whole");
    });
}
