//! The faults stop: everything must come to its end, within a stated bound.
use super::Simulation;
use crate::act::{Act, Target};
use crate::edge::Millis;
use crate::snowflake::guild_id;
use headcount_core::id::GuildId;
use std::fmt::Write;

/// Dial, Hello, READY and the longest back-off: 10 + 10 + 40 + 60 s.
const DEADLINES: Millis = 120_000;
/// How long a grant is held for a shard that died, and then one identify after the other.
const GRANT: Millis = 60_000;
const SPACING: Millis = 5_300;
/// The guilds of READY are missed after 15 s of silence; a guild is synced twice at most, with
/// 10.5 s for each; each of at most 8 requests of the user for one guild and the guild's own pass
/// the gate of 30.5 s up to three times; then the stores have 20 s.
const OUTCOMES: Millis = 15_000 + 2 * 10_500 + 9 * 3 * 30_500 + 20_000;

impl Simulation {
    pub(super) fn liveness(&mut self) {
        self.trace.line(self.now, None, format_args!("= liveness"));
        self.gateway.act(self.now, Act::Heal);
        self.network.heal();
        self.clock.heal(self.now);
        self.snapshots.stop();
        for host in &mut self.hosts {
            host.stalled = self.now;
            host.down = host.down.min(self.now);
        }
        if self.setting.gateway.resumed_repeats {
            self.tally
                .mark("gateway: RESUMED repeats a sequence".to_owned());
            self.gateway.act(self.now, Act::Cut(Target::All));
        }
        let interval = self.setting.gateway.limits.heartbeat_interval;
        let shards = u64::from(self.setting.shards);
        self.run_until(self.now + 2 * interval + DEADLINES + GRANT + shards * SPACING);
        // A slow server may still be answering what was asked twice: not all need have arrived.
        self.expect("active", Self::is_active);
        self.run_until(self.now + OUTCOMES);
        self.expect("active and settled", |run, host| {
            let readiness = run.hosts[host].shard.readiness();
            let requests = readiness.requests_queued + readiness.requests_outstanding;
            run.is_caught_up(host) && readiness.pending + requests == 0
        });
        self.expect("free of requests and commands", |run, host| {
            let book = &run.hosts[host].book;
            book.asked.is_empty() && book.tickets.is_empty()
        });
        (0..self.hosts.len()).for_each(|host| {
            self.compare(host, true);
            self.look_for_lost_events(host);
        });
    }

    /// Every event of the session was emitted, by whichever process.
    fn look_for_lost_events(&mut self, host: usize) {
        let reached = self.reached(host).unwrap_or_default();
        let lost = self.hosts[host].book.lost(reached);
        if !lost.is_empty() {
            self.fail(format!("s{host}: {lost:?} of {reached} events are lost"));
        }
    }

    /// Fails unless this holds for every shard, and says who waits for what.
    fn expect(&mut self, what: &str, holds: impl Fn(&Self, usize) -> bool) {
        let late: Vec<usize> = (0..self.hosts.len())
            .filter(|host| !holds(self, *host))
            .collect();
        if late.is_empty() || self.failure.is_some() {
            return;
        }
        let waits: String = late.iter().map(|host| self.waits(*host)).collect();
        self.fail(format!("not every shard is {what} in time:{waits}"));
    }

    /// What a shard waits for, and what each of its guilds waits for.
    fn waits(&self, host: usize) -> String {
        let (it, mut text) = (&self.hosts[host], String::new());
        let shard = &it.shard;
        let written = write!(
            text,
            "\n  s{host}: {:?} until {:?}, {:?}, requests {:?}, {} failures",
            shard.phase(),
            shard.poll_timeout(),
            shard.readiness(),
            it.book.asked,
            shard.failures(),
        );
        debug_assert!(written.is_ok(), "writing to a string does not fail");
        for number in 0..self.guilds {
            let guild = GuildId::new(guild_id(number)).and_then(|guild| shard.guild(guild));
            if let Some(guild) = guild {
                text.push_str(&format!("\n    guild {number}: {guild:?}"));
            }
        }
        text
    }
}
