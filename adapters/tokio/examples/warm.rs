//! A bot counts 100,000 members, is killed, and goes on: it has them all before its first event.
//!
//! The gateway is a simulated one inside the process; each bot is a process of its own.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is a program for a terminal"
)]

use std::env;
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use headcount_sim::server::{Server, ServerConfig};
use headcount_sim::{Options, Plan, Token};
use headcount_tokio::driver::Snapshots;
use headcount_tokio::driver::core::cache::Kind;
use headcount_tokio::driver::core::setup::AutoChunk;
use headcount_tokio::{Api, Bot, Event, Intents};

const TOKEN: &str = "demonstration";
/// By these variables a process knows that it is the bot, and where it goes.
const URL: &str = "WARM_URL";
const FOLDER: &str = "WARM_FOLDER";
/// What a bot says last, and in how many microseconds it had everyone.
const KEPT: &str = "kept ";
const GUILDS: u32 = 20;
const MEMBERS: u32 = 5_000;

type Done = Result<(), Box<dyn Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    let done = match (env::var(URL), env::var(FOLDER)) {
        (Ok(url), Ok(folder)) => live(&url, &folder).await,
        _ => demonstrate().await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("warm: {trouble}");
            ExitCode::FAILURE
        }
    }
}

/// Starts a bot, kills it, and starts another one with the same folder.
async fn demonstrate() -> Done {
    let options = Options {
        world: Plan::even(GUILDS, MEMBERS),
        token: Token::new(TOKEN),
        ..Options::default()
    };
    let server = Server::start(options, 1, ServerConfig::default()).await?;
    let folder = env::temp_dir().join(format!("headcount-warm-{}", std::process::id()));
    println!("A simulated gateway: {GUILDS} guilds of {MEMBERS} members.\n");
    let mut times = Vec::new();
    for name in ["first", "next"] {
        println!("the {name} bot");
        let mut bot = start(&server.http_url(), &folder)?;
        let out = bot.stdout.take().ok_or("no output")?;
        for line in BufReader::new(out).lines() {
            let line = line?;
            if let Some(took) = line.strip_prefix(KEPT) {
                times.push(Duration::from_micros(took.parse()?));
                break;
            }
            println!("  {line}");
        }
        bot.kill()?;
        bot.wait()?;
        println!("  is killed\n");
    }
    if let [first, next] = times[..] {
        println!("Everyone was there after {first:.1?} at first, and after {next:.1?} then.");
    }
    let requests = server.inspect(|gateway| gateway.ledger().requests.len());
    println!("The gateway was asked for members {requests} times in all.");
    server.stop().await;
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

fn start(url: &str, folder: &Path) -> std::io::Result<Child> {
    let mut bot = Command::new(env::current_exe()?);
    bot.env(URL, url).env(FOLDER, folder);
    bot.stdout(Stdio::piped()).spawn()
}

/// The bot: says when everyone is counted, and once that is on the disk.
async fn live(url: &str, folder: &str) -> Done {
    let began = Instant::now();
    let bot = Bot::builder(TOKEN, Intents::GUILDS | Intents::GUILD_MEMBERS)
        .api(Api::at(url))
        .chunking(AutoChunk::Missing)
        .state(folder)
        .snapshots(Snapshots::Every(Duration::from_secs(1)));
    let mut bot = bot.connect().await?;
    let handle = bot.handle();
    let members = || handle.cache(|store| store.rows(Kind::Member));
    let begun = began.elapsed();
    let mut everyone = (members() > 0).then_some(begun);
    println!("has {} members after {begun:.1?}", members());
    while let Some(event) = bot.next().await {
        if let Event::FinishedChunking(done) = event.event {
            let (complete, took) = (done.complete, began.elapsed());
            everyone.get_or_insert(took);
            let restored = done.restored.map_or(0, |it| it.guilds.get());
            println!("{complete} guilds are complete after {took:.1?}: {restored} are restored");
            break;
        }
    }
    println!("has {} members", members());
    let enough = handle.metrics().snapshots.written + 1;
    while handle.metrics().snapshots.written < enough {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    println!("{KEPT}{}", everyone.unwrap_or_default().as_micros());
    while bot.next().await.is_some() {}
    bot.outcome()?;
    Ok(())
}
