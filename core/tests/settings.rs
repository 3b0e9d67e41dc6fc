//! Settings that make no sense are named, and none makes the core panic or send what is too large.
#![allow(
    clippy::semicolon_if_nothing_returned,
    reason = "a table of assignments, long ones and short ones"
)]

use std::time::Duration;

use headcount_core::bounds::{self, ConfigError};
use headcount_core::fleet::{Fleet, FleetConfig, FleetInput, StartLimit};
use headcount_core::id::GuildId;
use headcount_core::manager::{self, Distributed, Manager, Refusal, Spread, Supervisor};
use headcount_core::session::DialFailure;
use headcount_core::setup::{AutoChunk, HoldConfig, SyncConfig};
use headcount_core::twitch::{self, Account, AccountLimits, Pool, PoolConfig, Room};
use headcount_core::wire::command::Command;
use headcount_core::wire::presence::{ActivityKind, BotActivity, BotPresence};
use headcount_core::{
    Action, Config, Input, Instant, Intents, RequestError, Shard, ShardId, Token,
};

const ZERO: Duration = Duration::ZERO;
const MAX: Duration = Duration::MAX;

type Change<T> = (&'static str, fn(&mut T));

fn config() -> Config {
    let mut config = Config::new(Token::new("token"), Intents::all(), ShardId::ONE);
    config.tracker.setup.chunking = AutoChunk::All.into();
    config.tracker.setup.sync = Some(SyncConfig::default());
    config.tracker.hold = Some(HoldConfig::default());
    config
}

const TIMING: &[Change<Config>] = &[
    ("timing.dial", |it| it.timing.dial = ZERO),
    ("timing.dial", |it| it.timing.dial = MAX),
    ("timing.hello", |it| it.timing.hello = ZERO),
    ("timing.hello", |it| it.timing.hello = MAX),
    ("timing.ready", |it| it.timing.ready = ZERO),
    ("timing.ready", |it| it.timing.ready = MAX),
    ("timing.first_backoff", |it| it.timing.first_backoff = ZERO),
    ("timing.first_backoff", |it| it.timing.first_backoff = MAX),
    ("timing.longest_backoff", |it| {
        it.timing.longest_backoff = ZERO
    }),
    ("timing.longest_backoff", |it| {
        it.timing.longest_backoff = MAX
    }),
    ("timing.stable", |it| it.timing.stable = MAX),
    ("timing.invalid_session", |it| {
        it.timing.invalid_session = MAX
    }),
    ("timing.resume_failures", |it| it.timing.resume_failures = 0),
    ("timing.resume_failures", |it| {
        it.timing.resume_failures = u32::MAX
    }),
    ("timing.identify_spacing", |it| {
        it.timing.identify_spacing = ZERO
    }),
    ("timing.identify_spacing", |it| {
        it.timing.identify_spacing = MAX
    }),
    ("limits.total", |it| it.limits.total = 0),
    ("limits.total", |it| it.limits.total = usize::MAX),
    ("limits.window", |it| it.limits.window = ZERO),
    ("limits.window", |it| it.limits.window = MAX),
    ("limits.presences", |it| it.limits.presences = 0),
    ("limits.presences", |it| it.limits.presences = usize::MAX),
    ("limits.presence_window", |it| {
        it.limits.presence_window = ZERO
    }),
    ("limits.presence_window", |it| {
        it.limits.presence_window = MAX
    }),
    ("limits.payload", |it| it.limits.payload = 0),
    ("limits.payload", |it| it.limits.payload = usize::MAX),
    ("limits.queue", |it| it.limits.queue = 0),
    ("limits.queue", |it| it.limits.queue = usize::MAX),
];

const RECEIVE: &[Change<Config>] = &[
    ("receive.hello", |it| it.receive.hello = 0),
    ("receive.hello", |it| it.receive.hello = usize::MAX),
    ("receive.ready", |it| it.receive.ready = 0),
    ("receive.ready", |it| it.receive.ready = usize::MAX),
    ("receive.session", |it| it.receive.session = 0),
    ("receive.session", |it| it.receive.session = usize::MAX),
    ("receive.early_faults", |it| {
        it.receive.early_faults = u32::MAX
    }),
];

const TRACKER: &[Change<Config>] = &[
    ("tracker.setup.silence", |it| {
        it.tracker.setup.silence = ZERO
    }),
    ("tracker.setup.silence", |it| it.tracker.setup.silence = MAX),
    ("tracker.setup.guilds", |it| it.tracker.setup.guilds = 0),
    ("tracker.setup.guilds", |it| {
        it.tracker.setup.guilds = usize::MAX
    }),
    ("tracker.setup.restarts", |it| {
        it.tracker.setup.restarts = u32::MAX
    }),
    ("tracker.setup.sync.batch", |it| sync(it).batch = 0),
    ("tracker.setup.sync.batch", |it| sync(it).batch = usize::MAX),
    ("tracker.setup.sync.gather", |it| sync(it).gather = MAX),
    ("tracker.setup.sync.silence", |it| sync(it).silence = ZERO),
    ("tracker.setup.sync.silence", |it| sync(it).silence = MAX),
    ("tracker.setup.sync.attempts", |it| sync(it).attempts = 0),
    ("tracker.setup.sync.attempts", |it| {
        sync(it).attempts = u32::MAX
    }),
    ("tracker.requests.attempts", |it| {
        it.tracker.requests.attempts = 0
    }),
    ("tracker.requests.attempts", |it| {
        it.tracker.requests.attempts = u32::MAX
    }),
    ("tracker.requests.sends", |it| it.tracker.requests.sends = 0),
    ("tracker.requests.sends", |it| {
        it.tracker.requests.sends = u32::MAX
    }),
    ("tracker.requests.refusals", |it| {
        it.tracker.requests.refusals = 0
    }),
    ("tracker.requests.refusals", |it| {
        it.tracker.requests.refusals = u32::MAX
    }),
    ("tracker.requests.silence", |it| {
        it.tracker.requests.silence = ZERO
    }),
    ("tracker.requests.silence", |it| {
        it.tracker.requests.silence = MAX
    }),
    ("tracker.requests.silence_per_chunk", |it| {
        it.tracker.requests.silence_per_chunk = MAX
    }),
    ("tracker.requests.silence_max", |it| {
        it.tracker.requests.silence_max = ZERO
    }),
    ("tracker.requests.silence_max", |it| {
        it.tracker.requests.silence_max = MAX
    }),
    ("tracker.requests.gate", |it| {
        it.tracker.requests.gate = ZERO
    }),
    ("tracker.requests.gate", |it| it.tracker.requests.gate = MAX),
    ("tracker.requests.retry_after_max", |it| {
        it.tracker.requests.retry_after_max = ZERO
    }),
    ("tracker.requests.retry_after_max", |it| {
        it.tracker.requests.retry_after_max = MAX
    }),
    ("tracker.requests.outstanding", |it| {
        it.tracker.requests.outstanding = 0
    }),
    ("tracker.requests.outstanding", |it| {
        it.tracker.requests.outstanding = usize::MAX
    }),
    ("tracker.requests.waiting", |it| {
        it.tracker.requests.waiting = 0
    }),
    ("tracker.requests.waiting", |it| {
        it.tracker.requests.waiting = usize::MAX
    }),
    ("tracker.requests.chunks", |it| {
        it.tracker.requests.chunks = 0
    }),
    ("tracker.requests.chunks", |it| {
        it.tracker.requests.chunks = u32::MAX
    }),
    ("tracker.requests.adopted", |it| {
        it.tracker.requests.adopted = usize::MAX
    }),
    ("tracker.requests.remembered", |it| {
        it.tracker.requests.remembered = usize::MAX
    }),
    ("tracker.tombstones", |it| {
        it.tracker.tombstones = usize::MAX
    }),
    ("tracker.hold.events", |it| hold(it).events = 0),
    ("tracker.hold.events", |it| hold(it).events = usize::MAX),
    ("tracker.hold.bytes", |it| hold(it).bytes = 0),
    ("tracker.hold.bytes", |it| hold(it).bytes = usize::MAX),
    ("tracker.limits.total", |it| it.tracker.limits.total = 0),
    ("tracker.limits.queue", |it| {
        it.tracker.limits.queue = usize::MAX
    }),
];

fn sync(config: &mut Config) -> &mut SyncConfig {
    config.tracker.setup.sync.as_mut().expect("on")
}

fn hold(config: &mut Config) -> &mut HoldConfig {
    config.tracker.hold.as_mut().expect("on")
}

fn named(result: Result<(), ConfigError>) -> String {
    result.expect_err("refused").setting().to_owned()
}

#[test]
fn settings_of_a_shard_that_make_no_sense_are_named_and_harmless() {
    assert_eq!(config().check(), Ok(()));
    for (setting, change) in TIMING.iter().chain(RECEIVE).chain(TRACKER) {
        let mut config = config();
        change(&mut config);
        assert_eq!(named(config.check()), *setting);
        live(config);
    }
}

#[test]
fn the_largest_number_of_tries_is_taken_and_one_more_is_named() {
    type Set = fn(&mut Config, u32);
    let settings: [(&str, Set); 6] = [
        ("timing.resume_failures", |it, to| {
            it.timing.resume_failures = to
        }),
        ("tracker.setup.restarts", |it, to| {
            it.tracker.setup.restarts = to
        }),
        ("tracker.setup.sync.attempts", |it, to| {
            sync(it).attempts = to
        }),
        ("tracker.requests.attempts", |it, to| {
            it.tracker.requests.attempts = to
        }),
        ("tracker.requests.sends", |it, to| {
            it.tracker.requests.sends = to
        }),
        ("tracker.requests.refusals", |it, to| {
            it.tracker.requests.refusals = to
        }),
    ];
    for (setting, set) in settings {
        let mut config = config();
        config.tracker.tombstones = 0;
        set(&mut config, 1_000);
        assert_eq!(config.check(), Ok(()), "{setting}");
        set(&mut config, 1_001);
        assert_eq!(named(config.check()), setting);
    }
}

/// A day of a shard that hears of everything.
fn live(config: Config) {
    let mut shard = Shard::new(config, 1);
    let guild = GuildId::new(9).expect("not zero");
    let mut inputs = [
        Input::Opened,
        Input::Payload(br#"{"op":10,"d":{"heartbeat_interval":41250}}"#),
        Input::Payload(
            br#"{"op":0,"s":1,"t":"READY","d":{"v":10,"session_id":"a","user":{"id":"1"},
                "guilds":[{"id":"9","unavailable":true}],"application":{"id":"1","flags":0}}}"#,
        ),
        Input::Payload(
            br#"{"op":0,"s":2,"t":"GUILD_CREATE","d":{"id":"9","name":"a","member_count":5000,
                "large":true,"members":[]}}"#,
        ),
        Input::Payload(
            br#"{"op":0,"s":3,"t":"GUILD_MEMBERS_CHUNK","d":{"guild_id":"9","members":[],
                "chunk_index":0,"chunk_count":4000000000,"nonce":"x"}}"#,
        ),
        Input::Closed(None),
        Input::DialFailed(DialFailure::Other),
    ]
    .into_iter();
    let mut now = Instant::ZERO;
    for _ in 0..200 {
        let dialled = shard
            .handle(now, Input::Timeout)
            .into_iter()
            .any(|action| matches!(action, Action::Connect { .. }));
        let _ = shard.send(Command::UpdatePresence(Box::default()));
        let _ = shard.request_members(guild, headcount_core::chunk::MemberQuery::All, true);
        if dialled || now > Instant::ZERO.after(Duration::from_secs(5)) {
            for input in inputs.by_ref().take(5) {
                let _ = shard.handle(now, input);
            }
        }
        now = now.after(Duration::from_secs(432));
    }
}

fn presence(bytes: usize) -> BotPresence {
    let activity = BotActivity {
        name: "x".repeat(bytes),
        kind: ActivityKind::Playing,
        state: None,
        url: None,
    };
    BotPresence {
        activities: vec![activity],
        ..BotPresence::default()
    }
}

/// The identify that a shard begins its next session with.
fn identify(shard: &mut Shard) -> String {
    let mut now = Instant::ZERO;
    for _ in 0..10 {
        now = now.after(Duration::from_secs(60));
        let _ = shard.handle(now, Input::Timeout);
        let _ = shard.handle(now, Input::Opened);
        let hello = Input::Payload(br#"{"op":10,"d":{"heartbeat_interval":41250}}"#);
        for action in shard.handle(now, hello) {
            if let Action::Send(command @ Command::Identify(_)) = action {
                return command.encode(&mut String::new()).to_owned();
            }
        }
    }
    panic!("no identify");
}

#[test]
fn a_presence_has_to_fit_into_the_identify_that_will_carry_it() {
    let config = config();
    let limit = config.limits.payload;
    let mut own = config.clone();
    own.presence = Some(presence(1));
    let room = limit - identify(&mut Shard::new(own, 1)).len() + 1;
    let mut shard = Shard::new(config.clone(), 1);
    let set = |bytes| Command::UpdatePresence(Box::new(presence(bytes)));
    let refused = shard.send(set(room + 1)).expect_err("a byte too much");
    let bytes = limit + 1;
    assert_eq!(refused, RequestError::TooLarge { bytes, limit });
    shard.send(set(room)).expect("it fits");
    assert_eq!(identify(&mut shard).len(), limit);

    let mut given = config.clone();
    given.presence = Some(presence(room));
    assert_eq!(given.check(), Ok(()));
    given.presence = Some(presence(room + 1));
    assert_eq!(named(given.check()), "presence");
    let unchecked = identify(&mut Shard::new(given, 1));
    assert!(unchecked.len() <= limit, "{}", unchecked.len());

    let mut named_by = config;
    named_by.os = Box::leak("x".repeat(limit).into_boxed_str());
    assert_eq!(named(named_by.check()), "os");
    let unchecked = identify(&mut Shard::new(named_by, 1));
    assert!(unchecked.len() <= limit, "{}", unchecked.len());
}

#[test]
fn settings_of_a_fleet_that_make_no_sense_are_named_and_harmless() {
    let fleet = FleetConfig::new(StartLimit::default());
    assert_eq!(fleet.check(), Ok(()));
    let changes: [Change<FleetConfig>; 5] = [
        ("spacing", |it| it.spacing = ZERO),
        ("spacing", |it| it.spacing = MAX),
        ("refuse_at", |it| it.refuse_at = u32::MAX),
        ("limit.max_concurrency", |it| it.limit.max_concurrency = 0),
        ("limit.total", |it| it.limit.total = 0),
    ];
    for (setting, change) in changes {
        let mut config = fleet.clone();
        change(&mut config);
        assert_eq!(named(config.check()), setting);
        let mut fleet = Fleet::new(Instant::ZERO, config, [ShardId::ONE]);
        let _ = fleet.handle(Instant::ZERO, FleetInput::WantIdentify(ShardId::ONE));
        let _ = fleet.handle(Instant::from_millis(u64::MAX), FleetInput::Timeout);
    }
}

#[test]
fn a_fleet_keeps_ten_identifies_and_may_keep_all_but_one() {
    let mut fleet = FleetConfig::new(StartLimit::default());
    assert_eq!((fleet.warn_at, fleet.refuse_at), (100, 10));
    fleet.refuse_at = fleet.limit.total - 1;
    assert_eq!(fleet.check(), Ok(()));
    fleet.refuse_at = fleet.limit.total;
    assert_eq!(named(fleet.check()), "refuse_at");
}

const POOL: &[Change<PoolConfig>] = &[
    ("patience.dial", |it| it.patience.dial = ZERO),
    ("patience.dial", |it| it.patience.dial = MAX),
    ("patience.grant", |it| it.patience.grant = ZERO),
    ("patience.welcome", |it| it.patience.welcome = MAX),
    ("patience.silence", |it| it.patience.silence = ZERO),
    ("patience.pong", |it| it.patience.pong = MAX),
    ("patience.close", |it| it.patience.close = ZERO),
    ("join_patience", |it| it.join_patience = ZERO),
    ("say_patience", |it| it.say_patience = MAX),
    ("say_expiry", |it| it.say_expiry = ZERO),
    ("say_queue", |it| it.say_queue = 0),
    ("say_queue", |it| it.say_queue = usize::MAX),
    ("longest_back_off", |it| it.longest_back_off = ZERO),
    ("longest_back_off", |it| it.longest_back_off = MAX),
    ("longest_join_back_off", |it| it.longest_join_back_off = MAX),
    ("mirror_patience", |it| it.mirror_patience = ZERO),
    ("mirror_bytes", |it| it.mirror_bytes = usize::MAX),
    ("give_up_after", |it| it.give_up_after = Some(0)),
];

const ACCOUNT: &[Change<AccountLimits>] = &[
    ("account.joins.count", |it| it.joins.count = 0),
    ("account.joins.count", |it| it.joins.count = usize::MAX),
    ("account.logins.count", |it| it.logins.count = 0),
    ("account.messages.span", |it| it.messages.span = ZERO),
    ("account.all_messages.span", |it| it.all_messages.span = MAX),
    ("account.rooms", |it| it.rooms = Some(0)),
    ("account.message_gap", |it| it.message_gap = MAX),
    ("account.margin", |it| it.margin = MAX),
];

#[test]
fn settings_of_a_pool_that_make_no_sense_are_named_and_harmless() {
    let normal = (PoolConfig::default(), AccountLimits::NORMAL);
    assert_eq!(pool(normal.0.clone(), normal.1).check(), Ok(()));
    for (setting, change) in POOL {
        let mut config = normal.0.clone();
        change(&mut config);
        let mut pool = pool(config, normal.1);
        assert_eq!(named(pool.check()), *setting);
        chat(&mut pool);
    }
    for (setting, change) in ACCOUNT {
        let mut limits = normal.1;
        change(&mut limits);
        let mut pool = pool(normal.0.clone(), limits);
        assert_eq!(named(pool.check()), *setting);
        chat(&mut pool);
    }
}

fn pool(config: PoolConfig, limits: AccountLimits) -> Pool {
    let mut pool = Pool::new(config, 1);
    let account = pool.add_account(Account::anonymous().with_limits(limits));
    let rooms = ["ann", "bob"].map(|name| Room::new(name).expect("a name"));
    let make = |_: &manager::Options| Distributed::default();
    let manager = pool.add_manager(account, manager::Options::default(), rooms, make);
    let manager = manager.expect("they fit");
    pool.start_all(Instant::ZERO, manager).expect("started");
    pool
}

/// A day of a pool whose server welcomes everybody.
fn chat(pool: &mut Pool) {
    let mut now = Instant::ZERO;
    for _ in 0..200 {
        for action in pool.handle(now, twitch::PoolInput::Timeout) {
            if let twitch::PoolAction::Connect { socket, .. } = action {
                let _ = pool.handle(now, twitch::PoolInput::Opened(socket));
                let welcome = b":tmi.twitch.tv 001 justinfan1 :Welcome, GLHF!\r\n";
                let _ = pool.handle(now, twitch::PoolInput::Frame(socket, welcome));
            }
        }
        now = now.after(Duration::from_secs(432));
    }
}

#[test]
fn options_of_a_manager_that_make_no_sense_are_refused() {
    fn made<M: Manager<&'static str> + Send + 'static>(
        options: manager::Options,
        manager: M,
    ) -> bool {
        let made = Supervisor::new(options, [], |_| manager);
        !matches!(made, Err(Refusal::Options(_)))
    }
    let options = |wait| manager::Options {
        move_off_after: Some(wait),
        close_empty_after: Some(wait),
    };
    assert!(made(options(ZERO), Distributed::default()));
    assert!(made(options(bounds::LONGEST), Distributed::default()));
    assert!(!made(options(MAX), Distributed::default()));
    let spread = |initial_shard_count| Spread {
        initial_shard_count,
        max_shard_count: None,
        ..Spread::default()
    };
    assert!(made(options(ZERO), Distributed::new(spread(3))));
    assert!(!made(options(ZERO), Distributed::new(spread(usize::MAX))));
}

#[test]
fn the_bounds_of_what_a_shard_keeps_are_those_that_are_documented() {
    let tracker = config().tracker;
    assert_eq!(tracker.setup.guilds, 262_144);
    assert_eq!(tracker.tombstones, 4_096);
    let hold = HoldConfig::default();
    assert_eq!((hold.events, hold.bytes), (65_536, 67_108_864));
}
