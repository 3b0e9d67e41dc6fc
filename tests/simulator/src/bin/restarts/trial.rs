//! One gateway, and the bots that serve it one after the other.
use crate::account::Account;
use crate::bot;
use headcount_sim::act::Act;
use headcount_sim::server::{Server, ServerConfig};
use headcount_sim::{Limits, Options, Plan, Token};
use headcount_tokio::driver::state::SavedState;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, interval, sleep_until, timeout};

/// Events come in so many at a time, a thousand a second.
const BURST: u32 = 10;
const PAUSE: Duration = Duration::from_millis(10);
/// What a slow bot rests after each event.
const REST: Duration = Duration::from_millis(2);
/// How long the last bot may take for what is left.
const PATIENCE: Duration = Duration::from_secs(60);

/// How bots end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Graceful,
    Killed,
    KilledWhileSlow,
}

pub(crate) struct Trial {
    end: End,
    restarts: u32,
    random: u64,
    account: Account,
}

/// A bot's process, and the numbers that it writes.
struct Life {
    process: Child,
    numbers: UnboundedReceiver<u64>,
}

impl Trial {
    pub(crate) fn new(end: End, restarts: u32, seed: u64) -> Self {
        Self {
            end,
            restarts,
            random: seed,
            account: Account::default(),
        }
    }

    pub(crate) async fn run(mut self) -> io::Result<Account> {
        let options = Options {
            world: Plan::even(3, 20),
            token: Token::new(bot::TOKEN),
            limits: Limits {
                replay_dispatches: 1 << 20,
                ..Limits::default()
            },
            ..Options::default()
        };
        let server = Server::start(options, self.random, ServerConfig::default()).await?;
        let folder = tempfile::tempdir()?;
        for _ in 0..self.restarts {
            let mut life = self.begin(&server, folder.path())?;
            self.feed(&server, &mut life).await;
            self.finish(life, folder.path()).await?;
        }
        self.take_the_rest(&server, folder.path()).await?;
        server.stop().await;
        Ok(self.account)
    }

    fn begin(&mut self, server: &Server, folder: &Path) -> io::Result<Life> {
        let rest = match self.end {
            End::Graceful | End::Killed => Duration::ZERO,
            End::KilledWhileSlow => REST,
        };
        self.account.begin();
        let mut process = bot::start(&server.http_url(), folder, rest)?;
        let out = process.stdout.take();
        let (sender, numbers) = unbounded_channel();
        let read = move |out: ChildStdout| {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                // What a kill cut in two is no number that was written whole.
                let _ = line.parse().map(|number| sender.send(number));
            }
        };
        if let Some(out) = out {
            std::thread::spawn(move || read(out));
        }
        Ok(Life { process, numbers })
    }

    /// Sends events for a random time after the bot's first one.
    async fn feed(&mut self, server: &Server, life: &mut Life) {
        let first = timeout(PATIENCE, life.numbers.recv()).await;
        if let Ok(Some(number)) = first {
            self.account.take(number);
        }
        let until = Instant::now() + Duration::from_micros(self.below(300_000));
        let mut ticks = interval(PAUSE);
        loop {
            tokio::select! {
                () = sleep_until(until) => return,
                _ = ticks.tick() => server.act(Act::Traffic { events: BURST }),
                Some(number) = life.numbers.recv() => self.account.take(number),
            }
        }
    }

    /// Ends the bot, and compares what it took with what it leaves behind.
    async fn finish(&mut self, mut life: Life, folder: &Path) -> io::Result<()> {
        match self.end {
            End::Graceful => drop(life.process.stdin.take()),
            End::Killed | End::KilledWhileSlow => life.process.kill()?,
        }
        while let Some(number) = life.numbers.recv().await {
            self.account.take(number);
        }
        life.process.wait()?;
        let saved = SavedState::read(folder).map_err(io::Error::other)?;
        let recorded = saved.sessions.first().map_or(0, |it| it.session.sequence());
        self.account.end(recorded);
        Ok(())
    }

    /// One more bot takes what is left.
    async fn take_the_rest(&mut self, server: &Server, folder: &Path) -> io::Result<()> {
        self.account.sent = server.inspect(|gateway| gateway.ledger().dispatches);
        let mut life = self.begin(server, folder)?;
        let rest = async {
            while self.account.reached() < self.account.sent {
                match life.numbers.recv().await {
                    Some(number) => self.account.take(number),
                    None => return,
                }
            }
        };
        // What has not come by then is lost.
        let _ = timeout(PATIENCE, rest).await;
        drop(life.process.stdin.take());
        life.process.wait()?;
        Ok(())
    }

    /// A number below `bound`, by a linear congruential generator.
    fn below(&mut self, bound: u64) -> u64 {
        let (factor, add) = (6_364_136_223_846_793_005, 1_442_695_040_888_963_407);
        self.random = self.random.wrapping_mul(factor).wrapping_add(add);
        (self.random >> 33) % bound
    }
}
