//! One of the bot's processes: it owns some of the shards.

use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use headcount_redis::Coordinator;
use headcount_tokio::driver::core::ShardId;
use headcount_tokio::driver::core::event::StateChanged;
use headcount_tokio::driver::core::session::Phase;
use headcount_tokio::{Api, Bot, BotEvent, Event, Intents, OnStop};
use tokio::sync::mpsc::UnboundedSender;

/// By this variable a process knows that it is one of the bot's.
const ROLE: &str = "HEADCOUNT_MANY_OWNER";
pub(crate) const TOKEN: &str = "MTIzNA.many.token";

/// What an owner says, a line each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    /// It took this dispatch, at a time in microseconds since 1970. It acknowledges it by asking
    /// for the next event.
    Took {
        shard: u32,
        session: u64,
        sequence: u64,
        at: u64,
    },
    /// The shard's events flow here.
    Active { shard: u32 },
    /// The shard has ended here.
    Halted { shard: u32 },
    /// All guilds of the whole bot are set up.
    Finished,
    /// Something is missing.
    Gap,
    /// It is gone.
    End,
}

/// Whether this process is an owner; then it has run when this returns.
pub(crate) fn is_owner() -> Option<io::Result<()>> {
    let asked = env::var(ROLE).ok()?;
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build();
    Some(runtime.and_then(|runtime| runtime.block_on(live(&asked))))
}

/// Starts an owner, whose reports come with its number.
pub(crate) fn start(
    redis: &str,
    gateway: &str,
    number: usize,
    reports: UnboundedSender<(usize, Report)>,
) -> io::Result<Child> {
    let mut process = Command::new(env::current_exe()?)
        .env(ROLE, format!("{redis}\n{gateway}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    if let Some(out) = process.stdout.take() {
        std::thread::spawn(move || {
            let lines = BufReader::new(out).lines().map_while(Result::ok);
            for report in lines.filter_map(|line| read(&line)) {
                let _ = reports.send((number, report));
            }
            let _ = reports.send((number, Report::End));
        });
    }
    Ok(process)
}

/// Says what happens until its standard input ends, and hands its shards over then.
async fn live(asked: &str) -> io::Result<()> {
    let (redis, gateway) = asked.split_once('\n').unwrap_or_default();
    let coordinator = Coordinator::open(redis).await.map_err(io::Error::other)?;
    let bot = Bot::builder(TOKEN, Intents::all())
        .api(Api::at(gateway))
        .configure(|config| config.timing.first_backoff = Duration::from_millis(20))
        .coordinate(coordinator)
        .connect();
    let mut bot = bot.await.map_err(io::Error::other)?;
    let handle = bot.handle();
    std::thread::spawn(move || {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        handle.stop(OnStop::Resume);
    });
    while let Some(event) = bot.next().await {
        let at = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        if let Some(line) = line(&event, at.as_micros()) {
            let mut out = io::stdout().lock();
            writeln!(out, "{line}")?;
            out.flush()?;
        }
    }
    bot.outcome().map_err(io::Error::other)
}

fn line(event: &BotEvent, at: u128) -> Option<String> {
    let shard = event.shard.map(ShardId::number);
    match &event.event {
        Event::Dispatch(dispatch) => {
            let (shard, sequence) = (shard?, dispatch.sequence()?);
            let session = event.position?.session;
            Some(format!("took {shard} {session} {sequence} {at}"))
        }
        Event::StateChanged(StateChanged {
            to: Phase::Active, ..
        }) => Some(format!("active {}", shard?)),
        Event::Halted(_) => Some(format!("halted {}", shard?)),
        Event::FinishedChunking(_) => Some("finished".to_owned()),
        Event::Gap(_) => Some("gap".to_owned()),
        _ => None,
    }
}

/// What a line says; `None` for one that is cut off.
fn read(line: &str) -> Option<Report> {
    let mut words = line.split(' ');
    let what = words.next()?;
    let mut number = || words.next()?.parse::<u64>().ok();
    match what {
        "took" => {
            let (shard, session) = (number()? as u32, number()?);
            let (sequence, at) = (number()?, number()?);
            Some(Report::Took {
                shard,
                session,
                sequence,
                at,
            })
        }
        "active" => Some(Report::Active {
            shard: number()? as u32,
        }),
        "halted" => Some(Report::Halted {
            shard: number()? as u32,
        }),
        "finished" => Some(Report::Finished),
        "gap" => Some(Report::Gap),
        _ => None,
    }
}
