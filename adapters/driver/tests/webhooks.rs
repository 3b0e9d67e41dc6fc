//! Webhooks that the application puts into the cache, and what the gateway says of them.

use std::io;
use std::time::Duration;

use headcount_driver::core::cache::memory::{Applied, Webhooks};
use headcount_driver::core::cache::{AsyncStore, Kinds, Mutation, Op};
use headcount_driver::core::id::{ChannelId, GuildId};
use headcount_driver::core::wire::Name;
use headcount_driver::core::wire::view::Webhook;
use headcount_driver::core::{Event, Intents};
use headcount_driver::{Bot, Builder};
use serde_json::json;

mod memory;
use memory::{Gateway, Listener, Memory, PLAIN, info, memory};

/// Keeps nothing, and is out of order where webhooks are put in.
struct Broken;

impl AsyncStore for Broken {
    type Error = io::Error;

    async fn apply(&self, mutation: &Mutation<'static>) -> io::Result<Applied> {
        if mutation.ops().any(|op| matches!(op, Op::PutWebhooks(..))) {
            return Err(io::Error::other("the disk is full"));
        }
        Ok(Applied::default())
    }
}

fn guild() -> GuildId {
    GuildId::new(7).expect("not zero")
}

fn channel() -> ChannelId {
    ChannelId::new(8).expect("not zero")
}

fn listed(name: &str) -> Vec<Webhook<'static>> {
    let text = json!([{"id": "9", "type": 1, "name": name, "token": "secret"}]).to_string();
    let rows = Webhook::list(&text).expect("a list");
    rows.into_iter().map(Webhook::into_owned).collect()
}

async fn started(builder: Builder<Memory>, mut listener: Listener) -> (Bot<Memory>, Gateway) {
    let bot = builder.connect().await.expect("started");
    let mut gateway = listener.accept().await;
    gateway.begin("s").await;
    let create = json!({"id": "7", "name": "room", "member_count": 1, "members": [], "roles": [],
        "threads": [], "channels": [{"id": "8", "type": 0}]});
    gateway.dispatch("GUILD_CREATE", create).await;
    (bot, gateway)
}

async fn until(bot: &mut Bot<Memory>, name: Name) {
    loop {
        if let Event::Dispatch(dispatch) = bot.next().await.expect("it runs").event
            && dispatch.name() == name
        {
            return;
        }
    }
}

/// Whether the rows are fresh, and the name of the only one.
fn known(bot: &Bot<Memory>) -> Option<(bool, String)> {
    bot.handle().cache(|store| {
        let name = |rows: &[Webhook<'_>]| rows[0].name.value().map(ToString::to_string);
        match store.webhooks(guild(), channel()) {
            Webhooks::Unknown => None,
            Webhooks::Fresh(rows) => Some((true, name(rows)?)),
            Webhooks::Stale(rows) => Some((false, name(rows)?)),
        }
    })
}

#[tokio::test(start_paused = true)]
async fn webhooks_are_fresh_until_the_gateway_says_otherwise() {
    let (runtime, listener) = memory();
    let builder = Builder::new(runtime, "token", Intents::all());
    let builder = builder.gateway(info(1)).compression(PLAIN);
    let (mut bot, mut gateway) = started(builder, listener).await;
    let handle = bot.handle();
    until(&mut bot, Name::GuildCreate).await;
    assert_eq!(known(&bot), None);
    let put = handle.put_webhooks(guild(), channel(), listed("one")).await;
    assert!(put.is_ok());
    assert_eq!(known(&bot), Some((true, "one".to_owned())));
    let changed = json!({"guild_id": "7", "channel_id": "8"});
    gateway.dispatch("WEBHOOKS_UPDATE", changed).await;
    until(&mut bot, Name::WebhooksUpdate).await;
    assert_eq!(known(&bot), Some((false, "one".to_owned())));
    drop(handle.put_webhooks(guild(), channel(), listed("two")));
    assert_eq!(known(&bot), Some((true, "two".to_owned())), "at once");
    let nowhere = GuildId::new(77).expect("not zero");
    let put = handle.put_webhooks(nowhere, channel(), listed("x")).await;
    assert!(put.is_ok());
    let unknown = |store: &headcount_driver::core::cache::MemoryStore| {
        store.webhooks(nowhere, channel()) == Webhooks::Unknown
    };
    assert!(
        handle.cache(unknown),
        "a guild that has not come keeps none"
    );
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_to_keep_webhooks_is_reported() {
    let (runtime, listener) = memory();
    let builder = Builder::new(runtime, "token", Intents::all())
        .gateway(info(1))
        .compression(PLAIN)
        .store(Kinds::WEBHOOK_MARKS, Broken)
        .store_deadline(Duration::from_secs(5));
    let (mut bot, _gateway) = started(builder, listener).await;
    until(&mut bot, Name::GuildCreate).await;
    let put = bot.handle().put_webhooks(guild(), channel(), listed("one"));
    let failure = put.await.expect_err("it is out of order");
    assert_eq!(failure.guild, Some(guild()));
    assert_eq!(
        (failure.sequence, failure.kinds),
        (None, Kinds::WEBHOOK_MARKS)
    );
    assert_eq!(failure.error.to_string(), "the disk is full");
    assert_eq!(
        known(&bot),
        None,
        "the cache in memory keeps another store's rows never"
    );
}
