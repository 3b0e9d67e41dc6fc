//! Answers `!ping`, and keeps guilds and members.
use std::sync::Arc;

use twilight_cache_inmemory::{DefaultInMemoryCache, ResourceType};
use twilight_gateway::{ConfigBuilder, Event, EventTypeFlags, Intents, Shard, ShardId};
use twilight_gateway::StreamExt as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let host = std::env::args().nth(1).ok_or("no host")?;
    let provider = rustls::crypto::ring::default_provider();
    provider.install_default().map_err(|_| "there is a provider already")?;
    let intents = Intents::GUILDS
        | Intents::GUILD_MEMBERS
        | Intents::GUILD_MESSAGES
        | Intents::MESSAGE_CONTENT;
    let http = twilight_http::Client::builder().proxy(host.clone(), true);
    let http = Arc::new(http.token("token".to_owned()).build());
    let config = ConfigBuilder::new("token".to_owned(), intents);
    let config = config.proxy_url(format!("ws://{host}")).build();
    let mut shard = Shard::with_config(ShardId::ONE, config);
    let kinds = ResourceType::all() - ResourceType::MESSAGE - ResourceType::PRESENCE;
    let cache = DefaultInMemoryCache::builder().resource_types(kinds).build();
    while let Some(event) = shard.next_event(EventTypeFlags::all()).await {
        let event = event?;
        cache.update(&event);
        if let Event::MessageCreate(it) = event
            && it.content == "!ping"
        {
            http.create_message(it.channel_id).content("Pong!").await?;
        }
    }
    Ok(())
}
