//! The bot under attack, in a process of its own.
use super::memory;
use super::soak::{self, SoakRecord};
use super::{Attack, attack};
use futures_util::future::{Either, select};
use futures_util::{FutureExt, Stream, StreamExt};
use headcount_core::manager::{Options, Single};
use headcount_core::session::{OnStop, Phase};
use headcount_core::twitch::{Account, Room};
use headcount_core::{Event, Intents};
use headcount_driver::{Api, Bot, BotEvent, Builder, Chat, ChatBuilder, ChatEvent, Runtime};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::pin::pin;
use std::time::{Duration, Instant};

/// How long the bot takes to be well, at most.
const UP: Duration = Duration::from_secs(30);

/// How long it is left alone before its memory is looked at.
const REST: Duration = Duration::from_millis(300);

/// What the bot has to do.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    pub(super) attack: String,
    pub(super) port: u16,
    /// How long the attack is stood, in milliseconds.
    pub(super) millis: u64,
}

impl Plan {
    const fn time(&self) -> Duration {
        Duration::from_millis(self.millis)
    }
}

/// What the bot says in the end.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Report {
    /// Bytes resident before the attack, and the most since.
    pub(super) idle: Option<u64>,
    pub(super) peak: Option<u64>,
    /// How long the bot took to end, in milliseconds.
    pub(super) shutdown: u64,
    /// What was emitted, and how often.
    pub(super) emitted: BTreeMap<String, u64>,
    /// What the bot itself found wrong.
    #[serde(default)]
    pub(super) wrong: Vec<String>,
    /// Shards that were up in the end.
    pub(super) active: u64,
}

/// The way to the attacker.
struct Control(TcpStream);

impl Control {
    fn line(&self) -> io::Result<String> {
        let mut line = String::new();
        // Nothing is said before it is asked for, so that nothing is read too early.
        BufReader::new(&self.0).read_line(&mut line)?;
        Ok(line)
    }

    fn say(&self, line: &str) -> io::Result<()> {
        writeln!(&self.0, "{line}")
    }
}

/// Stands an attack as the attacker at `control` says, and reports to it.
///
/// # Errors
/// The attacker is gone.
pub async fn attend<R: Runtime + Default>(control: &str) -> io::Result<()> {
    let control = Control(TcpStream::connect(control)?);
    let plan: Plan = serde_json::from_str(&control.line()?)?;
    let attack = attack(&plan.attack).ok_or(io::ErrorKind::NotFound)?;
    let report = match attack.script.is_chat() {
        true => chat::<R>(attack, &plan, &control).await?,
        false => bot::<R>(attack, &plan, &control).await?,
    };
    control.say(&serde_json::to_string(&report)?)?;
    // The attacker looks at the process before it ends.
    control.line().map(drop)
}

/// The attack begins.
fn begin(control: &Control, report: &mut Report) -> io::Result<()> {
    memory::forget_peak();
    report.idle = memory::resident();
    control.say("idle")?;
    control.line().map(drop)
}

async fn bot<R: Runtime + Default>(
    attack: &Attack,
    plan: &Plan,
    control: &Control,
) -> io::Result<Report> {
    let mut report = Report::default();
    if attack.script.is_early() {
        begin(control, &mut report)?;
    }
    let mut bot = match builder::<R>(attack, plan).connect().await {
        Ok(bot) => bot,
        Err(error) => {
            report.emitted.insert(format!("{:?}", error.kind()), 1);
            report.peak = memory::peak();
            return Ok(report);
        }
    };
    if !attack.script.is_early() {
        let shards = bot.handle().shards().len();
        up(&mut bot, shards).await;
        rest::<R>(REST).await;
        begin(control, &mut report)?;
    }
    let time = plan.time();
    if attack.script.is_soak() {
        let mut record = SoakRecord::default();
        record
            .observe(&mut bot, time, |event| note(&mut report, event))
            .await;
        record.report(&bot.handle(), &mut report);
    } else {
        consume::<R, _>(&mut bot, time, attack.takes, |event| {
            note(&mut report, event);
        })
        .await;
    }
    let phases = bot.handle();
    let active = phases.shards().filter(|shard| shard.phase == Phase::Active);
    report.active = active.count() as u64;
    control.say("end")?;
    let start = Instant::now();
    let _ = bot.shutdown(OnStop::End).await;
    report.shutdown = start.elapsed().as_millis() as u64;
    report.peak = memory::peak();
    Ok(report)
}

fn builder<R: Runtime + Default>(attack: &Attack, plan: &Plan) -> Builder<R> {
    let port = plan.port;
    Builder::new(R::default(), "token", Intents::GUILDS)
        .api(Api::at(format!("http://127.0.0.1:{port}")))
        .compression(attack.compression)
        .socket(|options| options.write_deadline = Duration::from_secs(1))
        .fleet_config(|config| config.spacing = Duration::from_millis(20))
        .configure(|config| {
            config.timing.hello = Duration::from_secs(1);
            config.timing.ready = Duration::from_secs(1);
            if attack.script.is_soak() {
                // All shards at once keep both sides busy.
                config.timing.ready = Duration::from_secs(20);
                config.tracker.setup.silence = soak::silence(plan.time());
                config.tracker.setup.patience = soak::patience(plan.time());
            }
            config.timing.first_backoff = Duration::from_millis(50);
            config.timing.longest_backoff = Duration::from_millis(500);
        })
}

async fn rest<R: Runtime + Default>(time: Duration) {
    R::default().timer(time).await;
}

/// Waits until so many shards are ready.
async fn up<R: Runtime + Default>(bot: &mut Bot<R>, shards: usize) {
    let ready = async {
        let mut ready = 0;
        while ready < shards {
            match bot.next().await.map(|it| it.event) {
                Some(Event::ShardReady(_)) => ready += 1,
                Some(_) => {}
                None => return,
            }
        }
    };
    select(pin!(ready), pin!(rest::<R>(UP))).await;
}

/// Lets time pass, with or without taking what comes; in the end takes what has come.
async fn consume<R, S>(events: &mut S, time: Duration, takes: bool, mut note: impl FnMut(S::Item))
where
    R: Runtime + Default,
    S: Stream + Unpin,
{
    let end = Instant::now() + time;
    let mut timer = pin!(rest::<R>(time));
    while takes && Instant::now() < end {
        match select(events.next(), timer.as_mut()).await {
            Either::Left((Some(event), _)) => note(event),
            Either::Left((None, _)) | Either::Right(_) => break,
        }
    }
    if !takes {
        timer.await;
    }
    for _ in 0..10_000 {
        match events.next().now_or_never().flatten() {
            Some(event) => note(event),
            None => break,
        }
    }
}

fn note(report: &mut Report, event: BotEvent) {
    let word = match event.event {
        Event::StateChanged(change) => format!("{:?}", change.reason),
        Event::Dispatch(dispatch) => format!("{:?}", dispatch.name()),
        Event::Misunderstood(_) => "Misunderstood".to_owned(),
        Event::Resumed { .. } => "Resumed".to_owned(),
        _ => return,
    };
    *report.emitted.entry(word).or_default() += 1;
}

async fn chat<R: Runtime + Default>(
    attack: &Attack,
    plan: &Plan,
    control: &Control,
) -> io::Result<Report> {
    let mut report = Report::default();
    let mut chat = chat_bot::<R>(plan.port).map_err(io::Error::other)?;
    let joined = async {
        while let Some(event) = chat.next().await {
            if matches!(&event, ChatEvent::Pool(event) if format!("{event:?}").contains("Joined")) {
                return;
            }
        }
    };
    select(pin!(joined), pin!(rest::<R>(UP))).await;
    rest::<R>(REST).await;
    begin(control, &mut report)?;
    let time = plan.time();
    let note = |event| {
        let word = match event {
            ChatEvent::Heard(_) => "Heard",
            ChatEvent::Missed { .. } => "Missed",
            ChatEvent::Pool(_) => "Pool",
            _ => "Other",
        };
        *report.emitted.entry(word.to_owned()).or_default() += 1;
    };
    consume::<R, _>(&mut chat, time, attack.takes, note).await;
    control.say("end")?;
    let start = Instant::now();
    chat.shutdown().await;
    report.shutdown = start.elapsed().as_millis() as u64;
    report.peak = memory::peak();
    Ok(report)
}

fn chat_bot<R: Runtime + Default>(
    port: u16,
) -> Result<Chat<R>, Box<dyn std::error::Error + Send + Sync>> {
    let mut builder = ChatBuilder::new(R::default()).url(format!("ws://127.0.0.1:{port}"));
    let account = builder.account(Account::anonymous());
    let rooms = [Room::new("ann")?];
    builder.manager(account, Options::default(), rooms, |_: &Options| Single)?;
    Ok(builder.start()?)
}
