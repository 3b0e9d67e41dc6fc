//! What became of the numbered events.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::arguments::Arguments;
use crate::owner::Report;

#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) killed: u32,
    pub(crate) redis_killed: u32,
    pub(crate) redis_emptied: u32,
    pub(crate) paused: u32,
    shards: u32,
    pub(crate) sent: u64,
    pub(crate) identifies: usize,
    pub(crate) broken: Vec<String>,
    pub(crate) doubled_allowed: u64,
    doubled: u64,
    out_of_order: u64,
    /// Events that an owner took after it had stood still, of shards that others had by then.
    past_lease: u64,
    gaps: u32,
    finished: u32,
    takeovers: Vec<Duration>,
    came: BTreeSet<(u64, u64)>,
    /// The last sequence of each owner and shard since it began there.
    last: BTreeMap<(usize, u32), u64>,
    /// What each owner took of each shard.
    taken: BTreeMap<(usize, u32), Vec<u64>>,
    /// Who has each shard.
    owners: BTreeMap<u32, usize>,
    /// The shards whose owner was killed, and when.
    orphans: BTreeMap<u32, Instant>,
    /// When an owner was stopped that stood still, in microseconds since 1970.
    stood: BTreeMap<usize, u64>,
    /// Who had each shard when the Redis went, and up to where it was recorded, while owners may
    /// find out that their leases are over.
    recorded: BTreeMap<u32, (usize, u64)>,
}

impl Account {
    pub(crate) fn new(shards: u32) -> Self {
        Self {
            shards,
            ..Self::default()
        }
    }

    pub(crate) fn note(&mut self, owner: usize, report: Report) {
        match report {
            Report::Took {
                shard,
                session,
                sequence,
                at,
            } => self.took(owner, shard, (session, sequence), at),
            Report::Active { shard } => {
                if let Some((before, recorded)) = self.recorded.remove(&shard) {
                    self.gone(before, shard, recorded);
                }
                if self.owners.insert(shard, owner) != Some(owner)
                    && let Some(since) = self.orphans.remove(&shard)
                {
                    self.takeovers.push(since.elapsed());
                }
            }
            Report::Halted { shard } => {
                self.last.remove(&(owner, shard));
                if self.owners.get(&shard) == Some(&owner) {
                    self.owners.remove(&shard);
                }
            }
            Report::Finished => self.finished += 1,
            Report::Gap => self.gaps += 1,
            Report::End => self.owners.retain(|_, it| *it != owner),
        }
    }

    fn took(&mut self, owner: usize, shard: u32, event: (u64, u64), at: u64) {
        let is_late = self.stood.get(&owner).is_some_and(|stood| at > *stood);
        let is_elsewhere = self.owners.get(&shard).is_some_and(|it| *it != owner);
        self.past_lease += u64::from(is_late && is_elsewhere);
        let last = self.last.insert((owner, shard), event.1);
        self.out_of_order += u64::from(last.is_some_and(|last| event.1 < last));
        self.taken.entry((owner, shard)).or_default().push(event.1);
        self.doubled += u64::from(!self.came.insert(event));
    }

    /// The shards that an owner has.
    pub(crate) fn shards_of(&self, owner: usize) -> Vec<u32> {
        let shards = self.owners.iter();
        let own = shards.filter(|(_, it)| **it == owner);
        own.map(|(shard, _)| *shard).collect()
    }

    /// How many shards somebody has.
    pub(crate) fn owned(&self) -> usize {
        self.owners.len()
    }

    /// How many different events came.
    pub(crate) fn came(&self) -> u64 {
        self.came.len() as u64
    }

    /// An owner goes on with none of its shards: what it took of one above what is recorded may
    /// come again.
    pub(crate) fn gone(&mut self, owner: usize, shard: u32, recorded: u64) {
        let taken = self.taken.remove(&(owner, shard)).unwrap_or_default();
        let above = taken.iter().filter(|it| **it > recorded).count();
        self.doubled_allowed += above as u64;
    }

    /// The Redis is about to go, which has recorded a shard up to here: an owner that cannot renew
    /// its lease in time goes on from there, or from something later.
    pub(crate) fn outage_begins(&mut self, shard: u32, recorded: u64) {
        if let Some(owner) = self.owners.get(&shard) {
            self.recorded.insert(shard, (*owner, recorded));
        }
    }

    /// All that the outage had interrupted has gone on.
    pub(crate) fn outage_ended(&mut self) {
        self.recorded.clear();
    }

    /// The owner of these shards is about to go.
    pub(crate) fn orphan(&mut self, shards: &[u32]) {
        let now = Instant::now();
        self.orphans
            .extend(shards.iter().map(|shard| (*shard, now)));
    }

    /// Whether each of these shards has another owner.
    pub(crate) fn are_taken_over(&self, shards: &[u32]) -> bool {
        shards.iter().all(|shard| !self.orphans.contains_key(shard))
    }

    /// An owner was stopped then, in microseconds since 1970.
    pub(crate) fn stood(&mut self, owner: usize, at: u64) {
        self.stood.insert(owner, at);
    }

    pub(crate) fn lost(&self) -> u64 {
        self.sent.saturating_sub(self.came())
    }

    /// The longest time without an owner, of so many hundredths of all.
    fn takeover(&self, percent: usize) -> f64 {
        let mut all = self.takeovers.clone();
        all.sort();
        let at = (all.len() * percent).div_ceil(100).max(1) - 1;
        all.get(at).map_or(0.0, Duration::as_secs_f64)
    }

    /// How far everything is, as lines of a table.
    pub(crate) fn progress(&self, asked: &Arguments) -> Vec<String> {
        let blows = format!(
            "{} of {} owners killed, {} of {} times Redis, {} of {} stood still",
            self.killed,
            asked.kills,
            self.redis_killed,
            asked.redis_kills,
            self.paused,
            asked.pauses
        );
        let events = format!(
            "{} events came, {} doubled of {} allowed, {} out of order",
            self.came(),
            self.doubled,
            self.doubled_allowed,
            self.out_of_order
        );
        let free = self.shards as usize - self.owned();
        let head = format!("owner  shards ({free} of {} with nobody)", self.shards);
        vec![blows, events, head]
    }

    /// The line of one owner in that table.
    pub(crate) fn row(&self, owner: usize) -> String {
        let shards = self.shards_of(owner);
        let shards: Vec<String> = shards.iter().map(ToString::to_string).collect();
        format!("{owner:5}  {}", shards.join(" "))
    }

    /// Whether nothing is lost or out of order, no more has come twice than may, no shard
    /// identified twice, and no rule is broken.
    pub(crate) fn holds(&self) -> bool {
        let all_came = self.lost() == 0 && self.out_of_order == 0 && self.past_lease == 0;
        let none_new = self.identifies == self.shards as usize && self.gaps == 0;
        let is_whole = self.orphans.is_empty() && self.broken.is_empty();
        all_came && none_new && is_whole && self.doubled <= self.doubled_allowed
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "owners_killed": self.killed,
            "redis_killed": self.redis_killed,
            "redis_emptied": self.redis_emptied,
            "owners_paused": self.paused,
            "sent": self.sent,
            "lost": self.lost(),
            "doubled": self.doubled,
            "doubled_allowed": self.doubled_allowed,
            "out_of_order": self.out_of_order,
            "past_lease": self.past_lease,
            "shards": self.shards,
            "identifies": self.identifies,
            "gaps": self.gaps,
            "finished_chunking": self.finished,
            "takeovers": self.takeovers.len(),
            "takeover_seconds_p50": self.takeover(50),
            "takeover_seconds_p99": self.takeover(99),
            "never_taken_over": self.orphans.len(),
            "broken_rules": self.broken,
            "holds": self.holds(),
        })
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} owners killed, {} paused; Redis killed {} times, {} of them without its data",
            self.killed, self.paused, self.redis_killed, self.redis_emptied
        )?;
        writeln!(
            f,
            "{} events sent, {} lost, {} doubled of {} allowed, {} out of order, {} past a lease",
            self.sent,
            self.lost(),
            self.doubled,
            self.doubled_allowed,
            self.out_of_order,
            self.past_lease
        )?;
        write!(
            f,
            "{} identifies for {} shards; taken over after {:.1} s (median), {:.1} s (99 of 100)",
            self.identifies,
            self.shards,
            self.takeover(50),
            self.takeover(99)
        )?;
        for rule in &self.broken {
            write!(f, "\n  {rule}")?;
        }
        Ok(())
    }
}
