//! Answers `!ping` and the command `/ping`. Ctrl-C ends it.
use headcount_tokio::{Api, Bot, Intents, OnStop};
use headcount_twilight::Typed;
use tokio::signal::ctrl_c;
use twilight_model::gateway::event::DispatchEvent as Sent;
use twilight_util::builder::interaction_response::ChannelMessageBuilder;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let token = std::env::var("DISCORD_TOKEN").map_err(|_| "set DISCORD_TOKEN")?;
    let intents = Intents::GUILDS | Intents::GUILD_MESSAGES | Intents::MESSAGE_CONTENT;
    let mut bot = Bot::builder(&token, intents).state("bot.state");
    let mut http = twilight_http::Client::builder().token(token);
    if let Some(host) = std::env::args().nth(1) {
        let api = Api::at(format!("http://{host}")); // a trial
        bot = bot.api(api).state("trial.state");
        http = http.proxy(host, true);
    }
    let (mut bot, http) = (bot.connect().await?, http.build());
    let handle = bot.handle();
    tokio::spawn(async move { ctrl_c().await.map(|()| handle.stop(OnStop::Resume)) });
    while let Some(it) = bot.next().await {
        match it.event.dispatch().map(Typed::typed) {
            Some(Ok(Sent::Ready(ready))) => {
                let me = http.interaction(ready.application.id);
                me.create_global_command().chat_input("ping", "Hi").await?;
            }
            Some(Ok(Sent::MessageCreate(it))) if it.content == "!ping" => {
                http.create_message(it.channel_id).content("Pong!").await?;
            }
            Some(Ok(Sent::InteractionCreate(it))) => {
                let pong = ChannelMessageBuilder::new().content("Pong!").build();
                let http = http.interaction(it.application_id);
                http.create_response(it.id, &it.token, &pong).await?;
            }
            _ => {}
        }
    }
    Ok(bot.outcome()?) // why it ended, unless it was stopped, and what to do about it
}
