//! Random lives of a shard, held against a naive model: every guild of READY ends in exactly one
//! outcome, every request ends exactly once, and silence alone brings everything to its end.

use core::time::Duration;

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use super::testing::{Scenario, guild, members};
use super::{AutoChunk, Barrier, SetupConfig, SetupEvent, ShardFinishedChunking, SyncConfig};
use crate::chunk::{ChunkOutcome, MemberQuery};
use crate::id::{GuildId, UserId};
use crate::rng::Rng;

const GUILDS: u64 = 8;

/// How long a guild waits for the host's stores.
const PATIENCE: Duration = Duration::from_secs(20);

/// What anybody could note down from outside.
#[derive(Default)]
struct Model {
    /// Listed in the last READY.
    listed: BTreeSet<GuildId>,
    /// In the guild, as far as the gateway said.
    known: BTreeSet<GuildId>,
    /// Requests that have ended.
    ended: BTreeSet<u64>,
    summaries: usize,
    shard_readies: usize,
    nonces: Vec<(GuildId, String)>,
    /// What the host is to confirm.
    barriers: Vec<Barrier>,
    all_nonces: BTreeSet<String>,
    last_request: u64,
    up: bool,
    halted: bool,
}

impl Model {
    fn note(&mut self, scenario: &mut Scenario) {
        for event in core::mem::take(&mut scenario.events) {
            match event {
                SetupEvent::RequestFinished(end) => {
                    if let Some(request) = end.request {
                        assert!(self.ended.insert(request.get()), "{request} ended twice");
                    }
                }
                SetupEvent::ShardFinishedChunking(summary) => {
                    self.summaries += 1;
                    self.check(&summary);
                }
                SetupEvent::ShardReady(_) => self.shard_readies += 1,
                SetupEvent::GuildReady(it) => assert!(self.known.contains(&it.guild)),
                SetupEvent::Confirm(barrier) => self.barriers.push(barrier),
                SetupEvent::Presences(..)
                | SetupEvent::Asked(_)
                | SetupEvent::StoreFailed(_)
                | SetupEvent::GuildStale(_)
                | SetupEvent::GuildUnavailable(_)
                | SetupEvent::GuildLeave(_) => {}
            }
        }
        assert!(self.summaries <= 1 && self.shard_readies <= self.summaries);
        let readiness = scenario.setup.readiness();
        let known: BTreeSet<GuildId> = (1..=GUILDS)
            .map(guild)
            .filter(|&guild| scenario.setup.guild(guild).is_some())
            .collect();
        assert_eq!(known, self.known);
        assert_eq!(readiness.stages.total(), self.known.len());
        assert_eq!(readiness.finished, self.summaries == 1);
    }

    /// The lists and the complete ones together are the guilds of READY, each once.
    fn check(&self, summary: &ShardFinishedChunking) {
        let mut named = BTreeSet::new();
        for guild in summary.other_guilds() {
            assert!(named.insert(guild), "{guild} has two outcomes");
            assert!(self.listed.contains(&guild));
        }
        assert_eq!(named.len() + summary.complete, self.listed.len());
    }
}

struct Life {
    scenario: Scenario,
    model: Model,
    rng: Rng,
}

impl Life {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let modes = [AutoChunk::Never, AutoChunk::Missing, AutoChunk::All];
        let mode = modes[(rng.next_u64() % 3) as usize];
        let sync = rng.next_u64().is_multiple_of(4).then(SyncConfig::default);
        let scenario = Scenario::with(SetupConfig {
            chunking: mode.into(),
            sync,
            confirm: rng.next_u64().is_multiple_of(2).then_some(PATIENCE),
            ..SetupConfig::default()
        });
        let model = Model::default();
        Self {
            scenario,
            model,
            rng,
        }
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.rng.next_u64() % bound
    }

    fn some_guild(&mut self) -> u64 {
        self.below(GUILDS) + 1
    }

    fn ready(&mut self) {
        let end = self.below(GUILDS + 1) + 1;
        self.model.listed = (1..end).map(guild).collect();
        self.model.known = self.model.listed.clone();
        (self.model.summaries, self.model.shard_readies) = (0, 0);
        (self.model.up, self.model.halted) = (true, false);
        self.scenario.ready(1..end);
        self.model.note(&mut self.scenario);
    }

    fn step(&mut self) {
        match self.below(100) {
            0..2 => self.ready(),
            2..30 => {
                let number = self.some_guild();
                self.model.known.insert(guild(number));
                self.scenario.create(number);
            }
            30..36 => {
                let number = self.some_guild();
                self.model.known.insert(guild(number));
                self.scenario.outage(number);
            }
            36..40 => {
                let number = self.some_guild();
                self.model.known.remove(&guild(number));
                self.scenario.delete(number);
            }
            40..70 => self.chunk(),
            70..75 => self.refuse(),
            75..80 => self.ask(),
            80..84 => {
                self.model.up = false;
                self.scenario.lose();
            }
            84..90 => {
                if !self.model.halted {
                    self.model.up = true;
                    self.scenario.resume();
                }
            }
            90..92 => {
                let (number, listed) = (self.some_guild(), self.below(3000));
                let (now, events) = (self.scenario.now, &mut self.scenario.events);
                self.scenario
                    .setup
                    .guild_sync(now, guild(number), members(listed), events);
            }
            92..93 => self.halt(),
            93..96 => self.store(),
            _ => {
                let wait = self.below(20_000);
                self.scenario
                    .wait_until(self.scenario.now.as_millis() + wait);
            }
        }
        self.model.note(&mut self.scenario);
        self.send();
    }

    /// The host's stores get on, or fail.
    fn store(&mut self) {
        let number = self.some_guild();
        let (now, events) = (self.scenario.now, &mut self.scenario.events);
        match self.model.barriers.pop() {
            Some(barrier) => self.scenario.setup.stored(now, barrier, events),
            None => self.scenario.setup.store_failed(guild(number), events),
        }
    }

    fn send(&mut self) {
        let sent = self.scenario.send();
        assert!(
            self.model.up || sent.is_empty(),
            "sent while the connection is lost"
        );
        for (guild, nonce) in sent {
            if nonce != "sync" {
                assert!(
                    self.model.all_nonces.insert(nonce.clone()),
                    "a nonce sent twice"
                );
                self.model.nonces.push((guild, nonce));
            }
        }
    }

    fn chunk(&mut self) {
        let count = self.model.nonces.len() as u64;
        if count == 0 {
            return;
        }
        let recent = count.min(6);
        let index = (count - 1 - self.below(recent)) as usize;
        let (guild, nonce) = self.model.nonces[index].clone();
        let of = 1 + (index as u32 % 3);
        let index = self.below(u64::from(of)) as u32;
        let outcome = self.scenario.chunk(guild.get(), &nonce, index, of);
        assert_ne!(outcome, ChunkOutcome::NeverSent);
        if self.below(9) == 0 {
            self.scenario.chunk(guild.get(), "theirs", index, of);
        }
    }

    fn refuse(&mut self) {
        let number = self.some_guild();
        let wait = Duration::from_millis(self.below(40_000));
        let (now, events) = (self.scenario.now, &mut self.scenario.events);
        self.scenario
            .setup
            .rate_limited(now, guild(number), None, wait, events);
    }

    fn ask(&mut self) {
        let guild = guild(self.some_guild());
        let query = match self.below(2) {
            0 => MemberQuery::All,
            _ => MemberQuery::Users(Vec::from([UserId::new(1).unwrap()])),
        };
        let now = self.scenario.now;
        let asked = self
            .scenario
            .setup
            .request_members(now, guild, query, false);
        if let Ok(request) = asked {
            self.model.last_request = request.get();
        }
    }

    fn halt(&mut self) {
        (self.model.up, self.model.halted) = (false, true);
        let (now, events) = (self.scenario.now, &mut self.scenario.events);
        self.scenario.setup.halted(now, events);
    }

    /// Silence: nobody answers any more, and yet everything ends.
    fn fall_silent(&mut self) {
        if !self.model.halted {
            self.ready();
            for number in 1..=GUILDS / 2 {
                self.model.known.insert(guild(number));
                self.scenario.create(number);
            }
        }
        self.ask();
        let end = self.scenario.now.as_millis() + 600_000;
        while self.scenario.now.as_millis() < end {
            self.send();
            self.scenario
                .wait_until(self.scenario.now.as_millis() + 500);
            self.model.note(&mut self.scenario);
        }
        let issued: BTreeSet<u64> = (1..=self.model.last_request).collect();
        assert!(
            self.model.ended.is_superset(&issued),
            "a request never ended"
        );
        assert_eq!(self.scenario.setup.deadline(), None);
        assert_eq!(self.scenario.setup.sendable_at(), None);
        let readiness = self.scenario.setup.readiness();
        assert_eq!((readiness.pending, readiness.requests_outstanding), (0, 0));
        assert_eq!((self.model.summaries, readiness.requests_queued), (1, 0));
    }
}

#[test]
#[allow(clippy::print_stdout, reason = "names the seed that failed")]
fn every_guild_and_every_request_ends_exactly_once() {
    for seed in 0..200 {
        std::println!("seed {seed}");
        let mut life = Life::new(seed);
        life.ready();
        for _ in 0..300 {
            life.step();
        }
        life.fall_silent();
    }
}
