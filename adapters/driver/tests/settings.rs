//! Settings that make no sense: an error before anything starts, and never a panic.

use std::time::Duration;

use headcount_driver::core::manager::{Options, Single};
use headcount_driver::core::session::OnStop;
use headcount_driver::core::twitch::{Account, AccountLimits, PoolConfig};
use headcount_driver::core::wire::presence::{ActivityKind, BotActivity, BotPresence};
use headcount_driver::core::{Event, Intents, Session};
use headcount_driver::{Bot, Builder, ChatBuilder, ErrorKind};

mod memory;
use memory::{Listener, Memory, PLAIN, info, memory};
mod warnings;
use warnings::Warnings;

const ZERO: Duration = Duration::ZERO;
const MAX: Duration = Duration::MAX;

fn builder() -> (Builder<Memory>, Listener) {
    let (runtime, listener) = memory();
    let builder = Builder::new(runtime, "token", Intents::GUILDS).gateway(info(2));
    (builder.compression(PLAIN), listener)
}

type Change = fn(Builder<Memory>) -> Builder<Memory>;

const SETTINGS: &[(&str, Change)] = &[
    ("event_buffer", |it| it.event_buffer(0)),
    ("event_buffer", |it| it.event_buffer(usize::MAX)),
    ("event_buffer_bytes", |it| it.event_buffer_bytes(0)),
    ("event_buffer_bytes", |it| it.event_buffer_bytes(usize::MAX)),
    ("store_deadline", |it| it.store_deadline(ZERO)),
    ("store_deadline", |it| it.store_deadline(MAX)),
    ("store_attempts", |it| it.store_attempts(0)),
    ("store_attempts", |it| it.store_attempts(u32::MAX)),
    ("socket.write_deadline", |it| {
        it.socket(|socket| socket.write_deadline = ZERO)
    }),
    ("socket.write_deadline", |it| {
        it.socket(|socket| socket.write_deadline = MAX)
    }),
    ("socket.close_deadline", |it| {
        it.socket(|socket| socket.close_deadline = ZERO)
    }),
    ("socket.close_deadline", |it| {
        it.socket(|socket| socket.close_deadline = MAX)
    }),
    ("socket.max_message_bytes", |it| {
        it.socket(|socket| socket.max_message_bytes = 0)
    }),
    ("socket.max_message_bytes", |it| {
        it.socket(|socket| socket.max_message_bytes = usize::MAX)
    }),
    ("timing.dial", |it| {
        it.configure(|config| config.timing.dial = MAX)
    }),
    ("timing.first_backoff", |it| {
        it.configure(|config| config.timing.first_backoff = ZERO)
    }),
    ("limits.total", |it| {
        it.configure(|config| config.limits.total = usize::MAX)
    }),
    ("tracker.setup.silence", |it| {
        it.configure(|config| config.tracker.setup.silence = MAX)
    }),
    ("presence", |it| it.presence(wordy())),
    ("fleet.spacing", |it| {
        it.fleet_config(|fleet| fleet.spacing = MAX)
    }),
    ("fleet.refuse_at", |it| {
        it.fleet_config(|fleet| fleet.refuse_at = u32::MAX)
    }),
    ("shards", |it| it.shards(0..u32::MAX, u32::MAX)),
    ("shards", |it| it.gateway(info(u32::MAX))),
    ("shards", |it| it.shards(7..65_544, 70_000)),
    ("fleet.limit.max_concurrency", |it| {
        let mut info = info(2);
        info.session_start_limit.max_concurrency = 0;
        it.gateway(info)
    }),
    ("api.timeout", |it| {
        it.api(headcount_driver::Api {
            timeout: MAX,
            ..Default::default()
        })
    }),
    ("api.timeout", |it| {
        it.api(headcount_driver::Api {
            timeout: ZERO,
            ..Default::default()
        })
    }),
];

/// A presence that fits into a payload, and not into an identify.
fn wordy() -> BotPresence {
    let activity = BotActivity {
        name: "x".repeat(3_960),
        kind: ActivityKind::Playing,
        state: None,
        url: None,
    };
    BotPresence {
        activities: vec![activity],
        ..BotPresence::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_setting_of_a_bot_that_makes_no_sense_is_named() {
    for (setting, change) in SETTINGS {
        let (builder, mut listener) = builder();
        let error = change(builder).connect().await.expect_err(setting);
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert!(error.detail().contains(&format!(" {setting} ")), "{error}");
        assert!(!listener.is_dialled(), "{setting}");
    }
    let (builder, _listener) = builder();
    builder.connect().await.expect("all others make sense");
}

#[tokio::test(start_paused = true)]
async fn an_address_that_cannot_be_dialled_is_reported_at_once() {
    for url in ["nonsense", "", "ftp://gateway.example", "ws://"] {
        let (builder, mut listener) = builder();
        let mut info = info(1);
        info.url = url.to_owned();
        let error = builder.gateway(info).connect().await.expect_err(url);
        assert_eq!(error.kind(), ErrorKind::Url, "{error}");
        assert!(!listener.is_dialled(), "{url}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_token_is_reported_at_once() {
    for token in ["", " ", "two words", "line\nbreak"] {
        let (runtime, mut listener) = memory();
        let builder = Builder::new(runtime, token, Intents::GUILDS).gateway(info(1));
        let error = builder.connect().await.expect_err(token);
        assert_eq!(error.kind(), ErrorKind::InvalidToken, "{error}");
        assert!(!listener.is_dialled());
    }
}

#[tokio::test(start_paused = true)]
async fn a_setting_of_a_chat_that_makes_no_sense_is_named() {
    type Change = fn(ChatBuilder<Memory>) -> ChatBuilder<Memory>;
    let changes: [(&str, Change); 5] = [
        ("backlog", |it| it.backlog(usize::MAX)),
        ("socket.write_deadline", |it| {
            it.socket(|socket| socket.write_deadline = MAX)
        }),
        ("socket.max_message_bytes", |it| {
            it.socket(|socket| socket.max_message_bytes = 0)
        }),
        ("say_queue", |it| it),
        ("account.joins.count", |it| it),
    ];
    for (setting, change) in changes {
        let (mut config, mut limits) = (PoolConfig::default(), AccountLimits::NORMAL);
        match setting {
            "say_queue" => config.say_queue = usize::MAX,
            "account.joins.count" => limits.joins.count = 0,
            _ => {}
        }
        let (runtime, mut listener) = memory();
        let mut builder = change(ChatBuilder::with_config(runtime, config));
        let account = builder.account(Account::anonymous().with_limits(limits));
        let make = |_: &Options| Single;
        builder
            .manager(account, Options::default(), [], make)
            .expect("a manager");
        let error = builder.start().expect_err(setting);
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert!(error.detail().contains(&format!(" {setting} ")), "{error}");
        assert!(!listener.is_dialled(), "{setting}");
    }
}

/// The session that a bot of two shards leaves behind for one of them.
async fn session(intents: Intents, shard: u32) -> Session {
    let (runtime, mut listener) = memory();
    let builder = Builder::new(runtime, "token", intents).gateway(info(2));
    let builder = builder.shards(shard..shard + 1, 2).compression(PLAIN);
    let mut bot = builder.connect().await.expect("started");
    let mut gateway = listener.accept().await;
    gateway.begin("saved").await;
    while !matches!(
        bot.next().await.map(|it| it.event),
        Some(Event::ShardReady(_))
    ) {}
    tokio::spawn(async move { gateway.closed().await });
    let sessions = bot.shutdown(OnStop::Resume).await.expect("it ends");
    sessions.into_iter().next().expect("kept")
}

/// Starts a bot of one shard with this session: what its log says, and whether it resumes.
async fn started(intents: Intents, sessions: &[Session], total: u32) -> (String, bool) {
    let log = Warnings::default();
    let guard = tracing::subscriber::set_default(log.clone());
    let (runtime, mut listener) = memory();
    let builder = Builder::new(runtime, "token", intents).gateway(info(total));
    let builder = builder.shards(0..1, total).compression(PLAIN);
    let bot: Bot<Memory> = builder
        .sessions(sessions.iter().cloned())
        .connect()
        .await
        .expect("started");
    drop(guard);
    let mut gateway = listener.accept().await;
    gateway.hello(Duration::from_secs(40)).await;
    let first = gateway.any().await;
    drop(bot);
    (log.text(), first["op"] == 6)
}

#[tokio::test(start_paused = true)]
async fn a_saved_session_that_does_not_fit_is_a_warning_and_its_shard_begins_anew() {
    let intents = Intents::GUILDS;
    let (own, other) = (session(intents, 0).await, session(intents, 1).await);
    let (log, resumes) = started(intents, std::slice::from_ref(&own), 2).await;
    assert!(resumes && !log.contains("saved"), "{log}");
    let more = intents | Intents::GUILD_MESSAGES;
    for (intents, sessions, total, both_sides) in [
        (
            more,
            [&own],
            2,
            ["Intents(GUILDS)", "GUILDS | GUILD_MESSAGES"],
        ),
        (intents, [&own], 3, ["0/2", "0/3"]),
        (intents, [&other], 2, ["1/2", "0/2"]),
    ] {
        let (log, resumes) = started(intents, &sessions.map(Clone::clone), total).await;
        assert!(!resumes, "{log}");
        assert!(log.contains("a saved session does not fit"), "{log}");
        assert!(both_sides.iter().all(|side| log.contains(side)), "{log}");
    }
    let (log, resumes) = started(intents, &[other, own], 2).await;
    assert!(resumes && log.contains("1/2"), "{log}");
}
