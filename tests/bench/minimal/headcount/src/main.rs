//! Answers `!ping`, and keeps guilds and members.
use headcount_tokio::driver::core::setup::AutoChunk;
use headcount_tokio::{Api, Bot, Intents};
use headcount_twilight::Typed;
use twilight_model::gateway::event::DispatchEvent as Sent;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let host = std::env::args().nth(1).ok_or("no host")?;
    let intents = Intents::GUILDS
        | Intents::GUILD_MEMBERS
        | Intents::GUILD_MESSAGES
        | Intents::MESSAGE_CONTENT;
    let bot = Bot::builder("token", intents).api(Api::at(format!("http://{host}")));
    let mut bot = bot.shards(0..1, 1).chunking(AutoChunk::Never).connect().await?;
    let http = twilight_http::Client::builder().proxy(host, true);
    let http = http.token("token".to_owned()).build();
    while let Some(it) = bot.next().await {
        if let Some(Ok(Sent::MessageCreate(it))) = it.event.dispatch().map(Typed::typed)
            && it.content == "!ping"
        {
            http.create_message(it.channel_id).content("Pong!").await?;
        }
    }
    Ok(bot.outcome()?)
}
