//! The bot that is ended, a process of its own.
use crate::account::Report;
use headcount_tokio::driver::Snapshots;
use headcount_tokio::driver::core::setup::AutoChunk;
use headcount_tokio::driver::core::wire::Name;
use headcount_tokio::{Api, Bot, Builder, Event, Intents, OnStop};
use std::env;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// By this variable a process knows that it is the bot.
const ROLE: &str = "HEADCOUNT_RESTARTS_BOT";
pub(crate) const TOKEN: &str = "MTIzNA.restarts.token";

/// Whether this process is the bot; then it has run when this returns.
pub(crate) fn is_bot() -> Option<io::Result<()>> {
    let asked = env::var(ROLE).ok()?;
    let runtime = tokio::runtime::Builder::new_current_thread();
    Some(with(runtime).and_then(|runtime| runtime.block_on(live(&asked))))
}

fn with(mut runtime: tokio::runtime::Builder) -> io::Result<tokio::runtime::Runtime> {
    runtime.enable_all().build()
}

/// Starts a bot that rests so long after each event.
pub(crate) fn start(
    url: &str,
    folder: &Path,
    rest: Duration,
    snapshots: Snapshots,
) -> io::Result<Child> {
    let every = match snapshots {
        Snapshots::Every(every) => every.as_millis().to_string(),
        Snapshots::AtEnd => "end".to_owned(),
        _ => "off".to_owned(),
    };
    let (rest, folder) = (rest.as_micros(), folder.display());
    let asked = format!("{rest}\n{every}\n{url}\n{folder}");
    Command::new(env::current_exe()?)
        .env(ROLE, OsStr::new(&asked))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
}

fn builder(url: &str) -> Builder {
    Bot::builder(TOKEN, Intents::all())
        .api(Api::at(url))
        .chunking(AutoChunk::Never)
        .configure(|config| {
            config.timing.first_backoff = Duration::from_millis(20);
            config.large_threshold = 250;
        })
}

/// Writes the sequence of each dispatch to the standard output before the next event is taken, and
/// when all its guilds are set up, each with the microseconds since its start; ends when its
/// standard input does.
async fn live(asked: &str) -> io::Result<()> {
    let mut lines = asked.splitn(4, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let began = Instant::now();
    let (rest, every) = (line().parse().unwrap_or(0), line());
    let (url, folder) = (line(), line());
    let snapshots = match (every, every.parse()) {
        (_, Ok(millis)) => Snapshots::Every(Duration::from_millis(millis)),
        ("end", _) => Snapshots::AtEnd,
        _ => Snapshots::Off,
    };
    let bot = builder(url).state(folder).snapshots(snapshots).connect();
    let mut bot = bot.await.map_err(io::Error::other)?;
    let handle = bot.handle();
    std::thread::spawn(move || {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        handle.stop(OnStop::Resume);
    });
    let mut out = io::stdout().lock();
    let mut last = 0;
    while let Some(event) = bot.next().await {
        match &event.event {
            Event::Halted(_) => break,
            Event::Dispatch(dispatch) => {
                // RESUMED may have the number of what came before it.
                let is_own = |it: &u64| dispatch.name() != Name::Resumed || *it > last;
                if let Some(sequence) = dispatch.sequence().filter(is_own) {
                    last = sequence;
                    let at = began.elapsed().as_micros();
                    writeln!(out, "{sequence} {at}")?;
                    out.flush()?;
                }
            }
            Event::GuildReady(ready) => {
                let at = began.elapsed().as_micros();
                writeln!(out, "guild {at} {}", ready.guild)?;
                out.flush()?;
            }
            Event::ShardFinishedChunking(done) => {
                let restored = done.restored.map_or(0, |it| it.guilds.get());
                let at = began.elapsed().as_micros();
                writeln!(out, "settled {at} {restored}")?;
                out.flush()?;
            }
            _ => {}
        }
        if rest > 0 {
            tokio::time::sleep(Duration::from_micros(rest)).await;
        }
    }
    bot.shutdown(OnStop::Resume).await.expect("it ends");
    Ok(())
}

/// What a line of a bot says.
pub(crate) fn read(line: &str) -> Option<Report> {
    let mut words = line.split(' ');
    let (what, at) = (words.next()?, words.next()?);
    let at = Duration::from_micros(at.parse().ok()?);
    match what {
        "settled" => {
            let restored = words.next()?.parse().ok()?;
            Some(Report::Settled { at, restored })
        }
        "guild" => {
            let guild = words.next()?.parse().ok()?;
            Some(Report::Ready { guild })
        }
        sequence => {
            let sequence = sequence.parse().ok()?;
            Some(Report::Took { sequence, at })
        }
    }
}
