//! The gateway, the Redis, the owners, and what befalls them.

use std::io;
use std::process::{Child, Command};
use std::time::{Duration, SystemTime};

use headcount_sim::act::{Act, Target};
use headcount_sim::server::{Server, ServerConfig};
use headcount_sim::{Limits, Options, Plan, Token};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until};

use crate::account::Account;
use crate::arguments::Arguments;
use crate::owner::{self, Report, TOKEN};
use crate::screen::ProgressScreen;
use crate::store::Store;

/// Events come in so many portions a second.
const PORTIONS: u32 = 20;

/// How long an owner stands still.
const STANDSTILL: Duration = Duration::from_secs(30);

/// How long an owner may take to find out that Redis is back.
const OUTAGE_PASSES: Duration = Duration::from_secs(6);

/// How long anything may take that has to come.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Trial {
    asked: Arguments,
    server: Server,
    store: Store,
    account: Account,
    owners: Vec<Owner>,
    started: usize,
    sender: UnboundedSender<(usize, Report)>,
    reports: UnboundedReceiver<(usize, Report)>,
    ticks: Interval,
    portions: u32,
    random: u64,
    screen: ProgressScreen,
}

struct Owner {
    number: usize,
    process: Child,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug)]
enum Blow {
    Kill,
    Redis,
    Pause,
}

impl Trial {
    /// Starts everything, and waits until each shard has an owner.
    pub(crate) async fn start(asked: Arguments) -> io::Result<Self> {
        let options = Options {
            world: Plan::even(asked.shards * 3, 20),
            token: Token::new(TOKEN),
            shards: asked.shards,
            max_concurrency: 4,
            limits: Limits {
                replay_dispatches: 1 << 20,
                replay_time: 3_600_000,
                ..Limits::default()
            },
            heartbeats_trim: true,
            ..Options::default()
        };
        let server = Server::start(options, asked.seed, ServerConfig::default()).await?;
        let (sender, reports) = unbounded_channel();
        let mut ticks = interval(Duration::from_secs(1) / PORTIONS);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut trial = Self {
            random: asked.seed,
            server,
            store: Store::start()?,
            account: Account::new(asked.shards),
            owners: Vec::new(),
            started: 0,
            sender,
            reports,
            ticks,
            portions: 0,
            screen: ProgressScreen::new(asked.json),
            asked,
        };
        for _ in 0..trial.asked.processes {
            trial.start_owner()?;
        }
        trial.say("starting: a table of leases that is new gives no shard for ten seconds");
        let shards = trial.asked.shards as usize;
        trial
            .until(2 * PATIENCE, |it| it.account.owned() == shards)
            .await;
        trial.go_on(Duration::from_secs(5)).await;
        Ok(trial)
    }

    fn say(&mut self, what: &str) {
        self.screen.say(what);
    }

    /// Shows who has which shards.
    fn draw(&mut self) {
        let (asked, account) = (&self.asked, &self.account);
        let owners = self.owners.iter().map(|owner| owner.number);
        self.screen.draw(|| {
            let mut lines = account.progress(asked);
            lines.extend(owners.map(|owner| account.row(owner)));
            lines
        });
    }

    fn start_owner(&mut self) -> io::Result<()> {
        self.started += 1;
        let (redis, gateway) = (self.store.address(), self.server.http_url());
        let process = owner::start(&redis, &gateway, self.started, self.sender.clone())?;
        let number = self.started;
        self.owners.push(Owner { number, process });
        Ok(())
    }

    /// Deals all blows, in an order that follows from the seed.
    pub(crate) async fn run(&mut self) -> io::Result<()> {
        let kills = (0..self.asked.kills).map(|_| Blow::Kill);
        let redis = (0..self.asked.redis_kills).map(|_| Blow::Redis);
        let pauses = (0..self.asked.pauses).map(|_| Blow::Pause);
        let mut blows: Vec<Blow> = kills.chain(redis).chain(pauses).collect();
        while !blows.is_empty() {
            let at = self.below(blows.len() as u64) as usize;
            match blows.swap_remove(at) {
                Blow::Kill => self.kill_owner().await?,
                Blow::Redis => self.kill_redis().await?,
                Blow::Pause => self.pause_owner().await?,
            }
            let rest = Duration::from_millis(500 + self.below(3_000));
            self.go_on(rest).await;
        }
        Ok(())
    }

    /// One of the owners that have shards: its place, and they.
    async fn pick(&mut self) -> (usize, Vec<u32>) {
        let has_shards = |it: &Self| {
            let mut owners = it.owners.iter();
            owners.any(|owner| !it.account.shards_of(owner.number).is_empty())
        };
        self.until(PATIENCE, has_shards).await;
        loop {
            let at = self.below(self.owners.len() as u64) as usize;
            let shards = self.account.shards_of(self.owners[at].number);
            if !shards.is_empty() {
                return (at, shards);
            }
            self.go_on(Duration::from_millis(20)).await;
        }
    }

    async fn kill_owner(&mut self) -> io::Result<()> {
        let (at, shards) = self.pick().await;
        let mut owner = self.owners.swap_remove(at);
        owner.process.kill()?;
        self.account.orphan(&shards);
        owner.process.wait()?;
        self.account.killed += 1;
        self.wait_for_end(owner.number).await;
        self.allow(owner.number, &shards)?;
        self.until(PATIENCE, |it| it.account.are_taken_over(&shards))
            .await;
        self.say(&format!(
            "owner {} killed, shards {shards:?} taken over",
            owner.number
        ));
        self.start_owner()
    }

    /// What an owner took above what is recorded may come again.
    fn allow(&mut self, owner: usize, shards: &[u32]) -> io::Result<()> {
        for shard in shards {
            let recorded = self.store.recorded(*shard, self.asked.shards)?;
            self.account.gone(owner, *shard, recorded);
        }
        Ok(())
    }

    async fn kill_redis(&mut self) -> io::Result<()> {
        let is_emptied = self.account.redis_killed % 2 == 1;
        for shard in 0..self.asked.shards {
            let recorded = self.store.recorded(shard, self.asked.shards)?;
            self.account.outage_begins(shard, recorded);
        }
        self.store.kill()?;
        let down = Duration::from_millis(self.below(5_000));
        self.go_on(down).await;
        if is_emptied {
            self.store.empty()?;
            self.account.redis_emptied += 1;
        }
        if !self.store.run()? {
            return Err(io::Error::other("redis-server does not start again"));
        }
        self.account.redis_killed += 1;
        let data = if is_emptied { "without" } else { "with" };
        self.say(&format!(
            "Redis killed, back after {down:?} {data} its data"
        ));
        let shards = self.asked.shards as usize;
        self.until(PATIENCE, |it| it.account.owned() == shards)
            .await;
        self.until_recorded().await?;
        self.account.outage_ended();
        Ok(())
    }

    /// Until owners have written all sessions anew, an emptied Redis has nothing for the next ones:
    /// whoever loses both loses events.
    async fn until_recorded(&mut self) -> io::Result<()> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            self.go_on(OUTAGE_PASSES).await;
            let shards = 0..self.asked.shards;
            let recorded = shards.map(|shard| self.store.recorded(shard, self.asked.shards));
            let recorded: io::Result<Vec<u64>> = recorded.collect();
            if !recorded?.contains(&0) {
                break;
            }
        }
        Ok(())
    }

    async fn pause_owner(&mut self) -> io::Result<()> {
        let (at, shards) = self.pick().await;
        let (number, pid) = (self.owners[at].number, self.owners[at].process.id());
        let signal = |name: &str| Command::new("kill").args([name, &pid.to_string()]).status();
        signal("-STOP")?;
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        self.account.stood(number, now.as_micros() as u64);
        self.account.orphan(&shards);
        self.go_on(Duration::from_secs(1)).await;
        self.allow(number, &shards)?;
        self.go_on(STANDSTILL - Duration::from_secs(1)).await;
        signal("-CONT")?;
        self.account.paused += 1;
        self.until(PATIENCE, |it| it.account.are_taken_over(&shards))
            .await;
        self.say(&format!(
            "owner {number} stood still, shards {shards:?} taken over"
        ));
        self.go_on(Duration::from_secs(3)).await;
        Ok(())
    }

    /// Ends the traffic, takes what is left, and lets the owners end.
    pub(crate) async fn finish(mut self) -> io::Result<Account> {
        self.asked.traffic = 0;
        self.until(PATIENCE, Self::all_came).await;
        self.account.sent = self.dispatches();
        for owner in std::mem::take(&mut self.owners) {
            let mut process = owner.process;
            drop(process.stdin.take());
            self.wait_for_end(owner.number).await;
            process.wait()?;
        }
        self.until(Duration::from_secs(1), |_| false).await;
        let broken = self.server.violations();
        self.account.broken = broken.iter().map(ToString::to_string).collect();
        let identifies = |it: &headcount_sim::Gateway| it.ledger().identifies.len();
        self.account.identifies = self.server.inspect(identifies);
        self.server.stop().await;
        Ok(self.account)
    }

    /// How many the gateway has sent, whether or not a connection carried them.
    fn dispatches(&self) -> u64 {
        self.server.inspect(|gateway| gateway.ledger().dispatches)
    }

    fn all_came(&self) -> bool {
        self.account.came() >= self.dispatches()
            && self.account.owned() == self.asked.shards as usize
    }

    async fn wait_for_end(&mut self, owner: usize) {
        let end = Instant::now() + PATIENCE;
        while let Some(report) = self.step(end).await {
            if report == (owner, Report::End) {
                return;
            }
        }
    }

    /// Goes on until something is so, or for so long.
    async fn until(&mut self, patience: Duration, is_so: impl Fn(&Self) -> bool) {
        let end = Instant::now() + patience;
        while !is_so(self) && self.step(end).await.is_some() {}
    }

    async fn go_on(&mut self, time: Duration) {
        self.until(time, |_| false).await;
    }

    /// Sends events until somebody reports something, and notes that; `None` at the end.
    async fn step(&mut self, end: Instant) -> Option<(usize, Report)> {
        loop {
            tokio::select! {
                () = sleep_until(end) => return None,
                Some((owner, report)) = self.reports.recv() => {
                    self.account.note(owner, report);
                    return Some((owner, report));
                }
                _ = self.ticks.tick() => {
                    self.send();
                    self.draw();
                }
            }
        }
    }

    fn send(&mut self) {
        let events = self.asked.traffic / PORTIONS;
        if events > 0 {
            self.server.act(Act::Traffic { events });
        }
        self.portions += 1;
        if self.portions.is_multiple_of(PORTIONS) {
            self.server.act(Act::AskBeat(Target::All));
        }
    }

    /// A number below `bound`, by a linear congruential generator.
    fn below(&mut self, bound: u64) -> u64 {
        let (factor, add) = (6_364_136_223_846_793_005, 1_442_695_040_888_963_407);
        self.random = self.random.wrapping_mul(factor).wrapping_add(add);
        (self.random >> 33) % bound.max(1)
    }
}
