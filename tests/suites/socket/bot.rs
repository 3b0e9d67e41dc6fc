//! A bot with short waits, and what a case asks of it.

use std::time::{Duration, Instant};

use headcount_sim::server::Server;
use headcount_sim::{Limits, Options, Plan, Token};
use headcount_tokio::driver::core::chunk::RequestConfig;
use headcount_tokio::driver::core::event::ConnectionFailure;
use headcount_tokio::driver::core::session::Reason;
use headcount_tokio::driver::core::setup::AutoChunk;
use headcount_tokio::driver::{Bot, Builder};
use headcount_tokio::{Api, BotEvent, Error, ErrorKind, Event, Intents};

use crate::runtimes::Tested;

/// The token that [`options`] accept.
pub(crate) const TOKEN: &str = "secret";

/// The first wait before a new connection, at most.
pub(crate) const BACKOFF: Duration = Duration::from_millis(50);

/// What a loaded machine may add to a bound.
pub(crate) const SLACK: Duration = Duration::from_secs(5);

/// Time between the heartbeats of [`beating`].
pub(crate) const INTERVAL: Duration = Duration::from_secs(2);

/// This world, and limits that make no case wait.
pub(crate) fn options(world: Plan) -> Options {
    Options {
        world,
        token: Token::new(TOKEN),
        limits: Limits {
            identify_spacing: 100,
            request_gate: 100,
            ..Limits::default()
        },
        ..Options::default()
    }
}

/// The same, with heartbeats in quick succession.
pub(crate) fn beating(options: Options) -> Options {
    let limits = Limits {
        heartbeat_interval: 2_000,
        ..options.limits
    };
    Options { limits, ..options }
}

/// A bot that asks for all members, with short waits.
pub(crate) fn builder<R: Tested>(server: &Server) -> Builder<R> {
    builder_on(R::default(), server)
}

/// The same on this runtime.
pub(crate) fn builder_on<R: Tested>(runtime: R, server: &Server) -> Builder<R> {
    let intents = Intents::GUILDS | Intents::GUILD_MEMBERS | Intents::GUILD_MESSAGES;
    Builder::new(runtime, TOKEN, intents)
        .api(Api::at(server.http_url()))
        .chunking(AutoChunk::Missing)
        .configure(|config| {
            config.timing.first_backoff = BACKOFF;
            config.timing.longest_backoff = 4 * BACKOFF;
            config.timing.invalid_session = BACKOFF;
            config.tracker.requests = RequestConfig {
                gate: Duration::from_millis(150),
                silence: Duration::from_secs(1),
                ..RequestConfig::default()
            };
        })
        .fleet_config(|fleet| fleet.spacing = Duration::from_millis(150))
}

/// Takes events until `wanted` finds what it looks for.
pub(crate) async fn until<R: Tested, T>(
    bot: &mut Bot<R>,
    mut wanted: impl FnMut(&BotEvent) -> Option<T>,
) -> T {
    loop {
        let event = bot.next().await.expect("the bot goes on");
        if let Some(found) = wanted(&event) {
            return found;
        }
    }
}

/// The kind of the driver's error in a failed connection.
pub(crate) fn kind(failure: &ConnectionFailure) -> ErrorKind {
    let error = failure.error.downcast_ref::<Error>();
    error.expect("the driver's own").kind()
}

/// Takes events until the whole bot is ready.
pub(crate) async fn ready<R: Tested>(bot: &mut Bot<R>) {
    until(bot, |event| {
        matches!(event.event, Event::BotReady(_)).then_some(())
    })
    .await;
}

/// Takes events until a session is resumed; gives back the number of replayed events.
pub(crate) async fn resumed<R: Tested>(bot: &mut Bot<R>) -> u64 {
    until(bot, |event| match &event.event {
        Event::Resumed { replayed } => Some(*replayed),
        _ => None,
    })
    .await
}

/// Takes events until a shard's state changes for this reason, and says when that was.
pub(crate) async fn changed<R: Tested>(bot: &mut Bot<R>, reason: Reason) -> Instant {
    until(bot, |event| match &event.event {
        Event::StateChanged(change) => (change.reason == reason).then_some(()),
        _ => None,
    })
    .await;
    Instant::now()
}
