//! One gateway, and the bots that serve it one after the other.
use crate::account::{Account, Ended, Report};
use crate::bot;
use crate::instant::{Instant as Aim, Instants, Watch};
use crate::rows;
use headcount_sim::act::{Act, Target};
use headcount_sim::server::{Server, ServerConfig};
use headcount_sim::{Limits, Options, Plan, Token};
use headcount_tokio::driver::Snapshots;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, interval, sleep_until, timeout};

/// Events come in so many at a time, a thousand a second.
const BURST: u32 = 10;
const PAUSE: Duration = Duration::from_millis(10);
/// A gateway that forgets what a heartbeat acknowledges asks for one each so many times.
const BEAT: u32 = 4;
/// What a slow bot rests after each event.
const REST: Duration = Duration::from_millis(2);
/// How long after its guilds are set up two of three bots live at least that are killed at an
/// instant: only then is that written down, and the next bot goes on from a snapshot.
const RIPENS: Duration = Duration::from_millis(1_200);
/// How often the folder is looked at for what a kill is aimed at.
const LOOK: Duration = Duration::from_millis(1);
/// How long the last bot may take for what is left.
const PATIENCE: Duration = Duration::from_secs(60);

/// How bots end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Graceful,
    Killed,
    KilledWhileSlow,
    /// Before, while, after or between it writes snapshots, of which each takes a while.
    KilledAtSnapshots,
}

impl End {
    /// The guilds of the bot, and the members of each; all are listed.
    const fn world(self) -> (usize, u32) {
        match self {
            Self::Graceful | Self::Killed | Self::KilledWhileSlow => (3, 20),
            Self::KilledAtSnapshots => (60, 240),
        }
    }
}

pub(crate) struct Trial {
    end: End,
    random: u64,
    /// How many kills have been aimed.
    turns: usize,
    pub(crate) account: Account,
}

/// A bot's process, and what it reports.
struct Life {
    process: Child,
    reports: UnboundedReceiver<Report>,
}

impl Trial {
    pub(crate) fn new(end: End, seed: u64) -> Self {
        Self {
            end,
            random: seed,
            turns: 0,
            account: Account::new((end == End::KilledAtSnapshots).then(Instants::default)),
        }
    }

    /// Ends bots of one gateway so many times.
    pub(crate) async fn run(&mut self, restarts: u32, trims: bool) -> io::Result<()> {
        let (guilds, members) = self.end.world();
        let options = Options {
            world: Plan::even(guilds as u32, members),
            token: Token::new(bot::TOKEN),
            limits: Limits {
                replay_dispatches: 1 << 20,
                replay_time: 3_600_000,
                ..Limits::default()
            },
            heartbeats_trim: trims,
            ..Options::default()
        };
        let server = Server::start(options, self.random, ServerConfig::default()).await?;
        let folder = tempfile::tempdir()?;
        self.account.begin_gateway(guilds);
        let rest = match self.end {
            End::Graceful | End::Killed | End::KilledAtSnapshots => Duration::ZERO,
            End::KilledWhileSlow => REST,
        };
        for number in 0..restarts {
            let aim = self.aim();
            let snapshots = match aim {
                Some(aim) => Snapshots::Every(aim.every()),
                None => self.snapshots(trims),
            };
            let mut watch = Watch::new(folder.path());
            let mut life = self.begin(&server, folder.path(), rest, snapshots)?;
            let aim = aim.map(|aim| (aim, &mut watch));
            let feed = (trims, number == 0);
            self.feed(&server, &mut life, feed, aim).await?;
            self.finish(life).await?;
            if let Some(instants) = &mut self.account.instants {
                instants.note(watch.found());
            }
        }
        self.take_the_rest(&server, folder.path()).await?;
        let compared = server.inspect(|gateway| rows::compare(folder.path(), gateway.world()));
        self.account.compare(compared?);
        self.close(&server, restarts, trims);
        server.stop().await;
        Ok(())
    }

    /// Notes what the gateway has seen.
    fn close(&mut self, server: &Server, restarts: u32, trims: bool) {
        let account = &mut self.account;
        let violations = server.violations();
        account
            .broken
            .extend(violations.iter().map(ToString::to_string));
        server.inspect(|gateway| {
            let ledger = gateway.ledger();
            account.sessions += ledger.identifies.len();
            if trims {
                account.trimmed += restarts;
                account.beats += ledger.heartbeats;
            }
        });
    }

    fn begin(
        &mut self,
        server: &Server,
        folder: &Path,
        rest: Duration,
        snapshots: Snapshots,
    ) -> io::Result<Life> {
        self.account.begin();
        let mut process = bot::start(&server.http_url(), folder, rest, snapshots)?;
        let out = process.stdout.take();
        let (sender, reports) = unbounded_channel();
        let read = move |out: ChildStdout| {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                let _ = bot::read(&line).map(|report| sender.send(report));
            }
        };
        if let Some(out) = out {
            std::thread::spawn(move || read(out));
        }
        Ok(Life { process, reports })
    }

    /// Sends events for a random time after the bot's first report: each third bot lives long
    /// enough for its guilds to be set up and written down. Or until what is aimed at is there.
    async fn feed(
        &mut self,
        server: &Server,
        life: &mut Life,
        (trims, is_first): (bool, bool),
        mut aim: Option<(Aim, &mut Watch)>,
    ) -> io::Result<()> {
        let first = timeout(PATIENCE, life.reports.recv()).await;
        if let Ok(Some(report)) = first {
            self.account.note(report);
        }
        let mut until = match aim {
            Some(_) => Instant::now() + PATIENCE,
            None => Instant::now() + self.lifetime(trims && is_first),
        };
        let (mut ticks, mut looks) = (interval(PAUSE), interval(LOOK));
        let (mut bursts, mut looks_from) = (0_u32, None);
        let ripens = match self.below(3) {
            0 => Duration::ZERO,
            _ => RIPENS,
        };
        loop {
            tokio::select! {
                () = sleep_until(until) => return Ok(()),
                _ = ticks.tick() => {
                    server.act(Act::Traffic { events: BURST });
                    bursts += 1;
                    if trims && bursts.is_multiple_of(BEAT) {
                        server.act(Act::AskBeat(Target::All));
                    }
                }
                now = looks.tick(), if aim.is_some() && self.account.is_settled() => {
                    let Some((instant, watch)) = &mut aim else { continue };
                    if looks_from.is_none() {
                        looks_from = Some(now + ripens);
                    } else if looks_from > Some(now) {
                        watch.wait();
                    } else if let Some(wait) = watch.meets(*instant) {
                        (until, aim) = (Instant::now() + wait, None);
                    }
                }
                report = life.reports.recv() => match report {
                    Some(report) => self.account.note(report),
                    None => return Err(io::Error::other("a bot has ended by itself")),
                },
            }
        }
    }

    /// What the next kill is aimed at.
    fn aim(&mut self) -> Option<Aim> {
        if self.end != End::KilledAtSnapshots {
            return None;
        }
        let aim = Aim::TURNS[self.turns % Aim::TURNS.len()];
        self.turns += 1;
        Some(aim)
    }

    /// How long a bot lives; long enough to keep its rows if it is to.
    fn lifetime(&mut self, keeps_rows: bool) -> Duration {
        let shortest = match self.below(3) {
            _ if keeps_rows => 3_000_000,
            0 => 1_200_000,
            _ => 0,
        };
        Duration::from_micros(shortest + self.below(300_000))
    }

    /// Ends the bot.
    async fn finish(&mut self, mut life: Life) -> io::Result<()> {
        let how = match self.end {
            End::Graceful => {
                drop(life.process.stdin.take());
                Ended::ByItself
            }
            End::Killed | End::KilledWhileSlow | End::KilledAtSnapshots => {
                life.process.kill()?;
                Ended::Killed
            }
        };
        while let Some(report) = life.reports.recv().await {
            self.account.note(report);
        }
        life.process.wait()?;
        self.account.end(how);
        Ok(())
    }

    /// One more bot takes what is left; and some more, behind which it has all rows: what others
    /// have had it replays without a word.
    async fn take_the_rest(&mut self, server: &Server, folder: &Path) -> io::Result<()> {
        server.act(Act::Traffic { events: BURST });
        let sent = server.inspect(|gateway| gateway.ledger().dispatches);
        self.account.sent += sent;
        let snapshots = Snapshots::AtEnd;
        let mut life = self.begin(server, folder, Duration::ZERO, snapshots)?;
        let rest = async {
            while self.account.reached() < sent || !self.account.is_settled() {
                match life.reports.recv().await {
                    Some(report) => self.account.note(report),
                    None => return,
                }
            }
        };
        // What has not come by then is lost.
        let _ = timeout(PATIENCE, rest).await;
        self.stop(life).await
    }

    /// Lets a bot end by itself, and notes what it says until then.
    async fn stop(&mut self, mut life: Life) -> io::Result<()> {
        drop(life.process.stdin.take());
        while let Some(report) = life.reports.recv().await {
            self.account.note(report);
        }
        life.process.wait()?;
        Ok(())
    }

    /// Whether a bot keeps its rows, and how often. One that does not leaves none of its session to
    /// the others, so that those of one gateway all do.
    fn snapshots(&mut self, always: bool) -> Snapshots {
        match self.below(6) {
            0 if !always => Snapshots::Off,
            1 if !always => Snapshots::AtEnd,
            2 => Snapshots::Every(Duration::from_millis(400)),
            _ => Snapshots::Every(Duration::from_millis(100)),
        }
    }

    /// A number below `bound`, by a linear congruential generator.
    fn below(&mut self, bound: u64) -> u64 {
        let (factor, add) = (6_364_136_223_846_793_005, 1_442_695_040_888_963_407);
        self.random = self.random.wrapping_mul(factor).wrapping_add(add);
        (self.random >> 33) % bound
    }
}
