//! The tracker beside another library: twilight-gateway holds the connection, and headcount says
//! when each guild's members are complete.
//!
//! ```text
//! DISCORD_TOKEN=... cargo run                    # the real gateway
//! DISCORD_TOKEN=any cargo run -- ws://HOST:PORT  # a simulated one
//! ```
//!
//! twilight hands over each payload as raw text. Its dispatches go to [`Tracker`], whose member
//! requests go out through twilight's shard. The requests that the tracker makes are all that it
//! does to the connection: heartbeats, resumes and identifies stay twilight's business.
#![forbid(unsafe_code)]

use std::error::Error;
use std::time::{Duration, Instant as Clock};

use futures_util::StreamExt as _;
use headcount_core::setup::AutoChunk;
use headcount_core::tracker::{TrackerConfig, TrackerInput};
use headcount_core::{Action, Actions, Event, Instant, Intents, ShardId, Tracker};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::{sleep_until, timeout_at};
use twilight_gateway as twilight;
use twilight_gateway::Message;

/// What the tracker receives of a payload: everything but the opcode.
#[derive(Deserialize)]
struct Frame<'a> {
    t: Option<&'a str>,
    s: Option<u64>,
    #[serde(borrow)]
    d: Option<&'a RawValue>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let token = std::env::var("DISCORD_TOKEN").map_err(|_| "set DISCORD_TOKEN")?;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let intents = twilight::Intents::GUILDS | twilight::Intents::GUILD_MEMBERS;
    let mut config = twilight::ConfigBuilder::new(token, intents);
    if let Some(url) = std::env::args().nth(1) {
        config = config.proxy_url(url);
    }
    let shard = twilight::Shard::with_config(twilight::ShardId::ONE, config.build());
    run(shard).await;
    Ok(())
}

/// The same intents that twilight identifies with.
fn tracker() -> Tracker {
    let intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    let mut config = TrackerConfig::default();
    config.setup.chunking = AutoChunk::Missing.into();
    let seed = Clock::now().elapsed().subsec_nanos();
    Tracker::new(ShardId::ONE, intents, config, seed.into())
}

async fn run(mut shard: twilight::Shard) {
    let mut tracker = tracker();
    let epoch = Clock::now();
    let now = || Instant::ZERO.after(epoch.elapsed());
    loop {
        let wake = tracker.poll_timeout().map(|at| {
            let wait = Duration::from_millis(at.as_millis());
            tokio::time::Instant::from_std(epoch + wait)
        });
        let message = match wake {
            Some(wake) => timeout_at(wake, shard.next()).await,
            None => Ok(shard.next().await),
        };
        match message {
            Err(_) => obey(tracker.handle(now(), TrackerInput::Timeout), &shard),
            Ok(Some(Ok(Message::Text(text)))) => dispatch(&mut tracker, now(), &text, &shard),
            Ok(Some(Ok(Message::Close(_)))) => {
                obey(tracker.handle(now(), TrackerInput::ConnectionLost), &shard);
            }
            // twilight connects again by itself; it says what is wrong and how long it waits.
            Ok(Some(Err(error))) => {
                eprintln!("twilight: {error}");
                obey(tracker.handle(now(), TrackerInput::ConnectionLost), &shard);
                sleep_until(tokio::time::Instant::now() + Duration::from_millis(10)).await;
            }
            Ok(None) => {
                obey(tracker.handle(now(), TrackerInput::Halted), &shard);
                return;
            }
        }
    }
}

fn dispatch(tracker: &mut Tracker, now: Instant, text: &str, shard: &twilight::Shard) {
    let Ok(frame) = serde_json::from_str::<Frame<'_>>(text) else {
        return;
    };
    if let Frame {
        t: Some(name),
        s,
        d: Some(data),
    } = frame
    {
        obey(tracker.dispatch(now, name, s, data.get()), shard);
    }
}

/// Does what the tracker wants done.
fn obey(actions: Actions<'_>, shard: &twilight::Shard) {
    let mut scratch = String::new();
    for action in actions {
        match action {
            Action::Send(command) => shard.send(command.encode(&mut scratch).to_owned()),
            Action::Emit(Event::GuildReady(guild)) => {
                let members = guild.members;
                println!(
                    "guild {}: {:?}, {} of {} members",
                    guild.guild, guild.outcome, members.received, members.expected
                );
            }
            Action::Emit(Event::ShardFinishedChunking(all)) => {
                println!("{} guilds complete, {} not", all.complete, all.others());
            }
            // Mutations would go to a cache. A tracker neither connects nor closes.
            Action::Mutate(_) | Action::Confirm(_) | Action::Emit(_) => {}
            Action::Connect { .. } | Action::Close(_) | Action::WantIdentify => {}
        }
    }
}
