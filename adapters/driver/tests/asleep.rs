//! A machine that sleeps: timers stand still with it, and the clock runs on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use headcount_driver::core::cache::{Kind, Policies, Policy};
use headcount_driver::core::id::GuildId;
use headcount_driver::core::session::Reason;
use headcount_driver::core::{Event, Intents};
use headcount_driver::{Bot, BotEvent, Builder};
use serde_json::json;
use tokio::time::Instant;

mod memory;
use memory::{Gateway, Listener, Memory, PLAIN, info, memory};

/// How long a timer runs at most before it looks at the clock.
const NAP: Duration = Duration::from_secs(5);

/// A bot in a session whose heartbeats are ten minutes apart, and its machine's sleep.
async fn started() -> (Bot<Memory>, Gateway, Listener, Arc<AtomicU64>) {
    let (runtime, mut listener) = memory();
    let asleep = Arc::clone(&runtime.asleep);
    let old = Policy::all().time_to_live(Duration::from_secs(3_000));
    let policies = Policies::default().with(Kind::Role, old).expect("fitting");
    let builder = Builder::new(runtime, "token", Intents::GUILDS).cache(policies);
    let builder = builder.gateway(info(1)).compression(PLAIN);
    let mut bot = builder.connect().await.expect("started");
    let mut gateway = listener.accept().await;
    gateway.hello(Duration::from_secs(600)).await;
    gateway.expect(2).await;
    gateway.ready("s").await;
    let create = json!({"id": "7", "name": "room", "member_count": 1, "members": [],
        "channels": [], "roles": [{"id": "8", "name": "role", "permissions": "0"}]});
    gateway.dispatch("GUILD_CREATE", create).await;
    while !matches!(
        bot.next().await,
        Some(BotEvent::Shard(_, Event::GuildJoin(_)))
    ) {}
    (bot, gateway, listener, asleep)
}

fn roles(bot: &Bot<Memory>) -> usize {
    let guild = GuildId::new(7).expect("not zero");
    bot.handle().cache(|store| store.roles(guild).count())
}

#[tokio::test(start_paused = true)]
async fn a_sleep_is_noticed_at_the_next_look_at_the_clock() {
    let (mut bot, _gateway, _listener, asleep) = started().await;
    assert_eq!(roles(&bot), 1);
    asleep.store(7_200, Ordering::Release);
    let woken = Instant::now();
    loop {
        let event = bot.next().await.expect("the bot runs");
        if let BotEvent::Shard(_, Event::StateChanged(change)) = event {
            assert_eq!(change.reason, Reason::Overslept);
            break;
        }
    }
    assert!(woken.elapsed() <= NAP, "{:?}", woken.elapsed());
    tokio::time::sleep(NAP).await;
    assert_eq!(roles(&bot), 0, "rows have grown old in the sleep");
}

#[tokio::test(start_paused = true)]
async fn a_short_sleep_only_brings_the_next_heartbeat_forward() {
    let (bot, mut gateway, mut listener, asleep) = started().await;
    beat(&mut gateway).await;
    let woken = Instant::now();
    asleep.store(599, Ordering::Release);
    beat(&mut gateway).await;
    assert!(woken.elapsed() <= NAP, "{:?}", woken.elapsed());
    assert!(!listener.is_dialled());
    drop(bot);
}

/// Takes the next heartbeat, and answers it.
async fn beat(gateway: &mut Gateway) {
    assert_eq!(gateway.any().await["op"], 1);
    gateway.send(json!({"op": 11})).await;
}
