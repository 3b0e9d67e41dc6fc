//! Rows that outlive their process: what a shard goes on from, what is stale, and what is counted.
use super::Simulation;
use super::host::Host;
use super::snapshots::FoundRows;
use super::witness::Witness;
use crate::edge::Millis;
use crate::odd::Kind;
use crate::scenario::RowsLeft;
use crate::snowflake::guild_id;
use headcount_core::cache::memory::{Completeness, PresencesCompleteness, RestoredRows};
use headcount_core::cache::{GuildStatus, Kinds, Lack, MemoryStore, Mutation, Op};
use headcount_core::event::FinishedChunking;
use headcount_core::id::GuildId;
use headcount_core::session::Phase;
use headcount_core::setup::{Outcome, Restored, ShardFinishedChunking, Stage};
use headcount_core::{Event, Position, Session, Shard, ShardId};
use std::collections::BTreeSet;
use std::mem;

/// What a shard goes on from.
#[derive(Clone, Debug)]
pub(crate) struct HostRows {
    pub(super) rows: RestoredRows,
    pub(super) taken: Millis,
    /// Up to where some of its guilds have its session.
    pub(super) ended: u64,
    /// Guilds with rows, and those of them that the session has.
    guilds: BTreeSet<GuildId>,
    set_up: BTreeSet<GuildId>,
    /// Guilds of which something has come since.
    touched: BTreeSet<GuildId>,
}

impl HostRows {
    /// What a store has of a shard's guilds that was taken then; of so many in the world.
    pub(super) fn new(
        (store, guilds): (&MemoryStore, u32),
        at: Position,
        taken: Millis,
        ended: u64,
    ) -> Option<Self> {
        let is_there = |guild: &GuildId| {
            let away = [None, Some(GuildStatus::Pending), Some(GuildStatus::Outage)];
            at.shard.serves(*guild) && !away.contains(&store.guild_status(*guild))
        };
        Some(Self {
            rows: store.restored_rows(at.shard, taken)?,
            taken,
            ended,
            guilds: all_guilds(guilds).filter(is_there).collect(),
            set_up: BTreeSet::new(),
            touched: BTreeSet::new(),
        })
    }

    /// The shard begins with them.
    pub(super) fn begin(&mut self, shard: &Shard) {
        let is_set_up = |guild: &&GuildId| {
            let stage = shard.guild(**guild).map(|it| it.stage);
            matches!(stage, Some(Stage::Ready { .. }))
        };
        self.set_up = self.guilds.iter().filter(is_set_up).copied().collect();
    }

    /// Holds a summary's count against the guilds that were there: those of which nothing has come
    /// are counted, others may be.
    fn hold(&self, listed: &BTreeSet<GuildId>, restored: Option<Restored>) -> Result<(), String> {
        let there = || self.set_up.intersection(listed);
        let least = there()
            .filter(|guild| !self.touched.contains(guild))
            .count();
        let counted = restored.map_or(0, |restored| restored.guilds.get());
        let as_of = restored.is_none_or(|restored| restored.taken == self.taken);
        match (least..=there().count()).contains(&counted) && as_of {
            true => Ok(()),
            false => Err(format!(
                "{restored:?} is counted, of {least} to {} guilds as of {}",
                there().count(),
                self.taken
            )),
        }
    }
}

/// The first so many guilds of the world.
fn all_guilds(count: u32) -> impl Iterator<Item = GuildId> {
    (0..count).filter_map(|number| GuildId::new(guild_id(number)))
}

/// Whether this says anew how whole the guild is.
const fn renews(op: &Op<'_>) -> bool {
    matches!(
        op,
        Op::SetStatus(GuildStatus::Available)
            | Op::Complete
            | Op::Incomplete(_)
            | Op::SetPresencesLack(_)
            | Op::Cascade(_)
    )
}

impl Simulation {
    /// What a process finds of the rows that begins then.
    pub(super) fn find_rows(&mut self, begins: Millis, left: RowsLeft) -> Option<FoundRows> {
        let seed = self.store_seed();
        match left {
            RowsLeft::Snapshot => self.snapshots.find(begins, || MemoryStore::new(seed)),
            RowsLeft::All | RowsLeft::Nothing => None,
        }
    }

    /// Another one for each process.
    const fn store_seed(&self) -> u64 {
        self.setting.seed ^ self.kills.rotate_left(30)
    }

    /// A process begins with what was found: rows that no shard goes on from are stale, and guilds
    /// that none can have are gone.
    pub(super) fn inherit(&mut self, found: Option<FoundRows>) {
        self.stale.clear();
        let empty = || MemoryStore::new(self.store_seed());
        let store = found.map_or_else(empty, |found| found.store);
        let before = mem::replace(&mut self.store, store);
        let numbers = 0..self.hosts.len();
        let owes = numbers.filter(|host| self.hosts[*host].rows.is_some());
        self.witness = Witness::new(before, owes.collect());
        let goes_on = |host: &&Host| host.rows.is_some();
        let going_on = self.hosts.iter().filter(goes_on).map(|host| host.id);
        let going_on: BTreeSet<ShardId> = going_on.collect();
        let hosts = &self.hosts;
        let may_have = |shard: &Shard, guild: GuildId| {
            shard.position().is_none() || shard.guild(guild).is_some()
        };
        let keeps = |guild: GuildId| {
            let host = hosts.iter().find(|host| host.id.serves(guild));
            host.is_some_and(|host| host.rows.is_some() || may_have(&host.shard, guild))
        };
        self.store.inherit(|at| going_on.contains(&at.shard), keeps);
        let stale =
            all_guilds(self.guilds).filter(|guild| self.store.guild_status(*guild).is_some());
        let is_stale = |guild: &GuildId| !going_on.iter().any(|shard| shard.serves(*guild));
        self.stale = stale.filter(is_stale).collect();
    }

    /// What the shard of a host that has ended finds in the store, which is still there.
    pub(super) fn rows_here(&mut self, host: usize, session: Option<&Session>) -> Option<HostRows> {
        let at = self.hosts[host].shard.position()?;
        if !self.setting.snapshots || session?.digest() != at.session {
            return None;
        }
        self.store.reach(at);
        HostRows::new((&self.store, self.guilds), at, self.now, at.sequence)
    }

    /// Changes the store, and notes which guilds are told anew.
    pub(super) fn apply(&mut self, host: usize, mutation: Mutation<'_>) {
        if let Some(guild) = mutation.guild() {
            if mutation.ops().any(renews) {
                self.stale.remove(&guild);
            }
            if let Some(rows) = &mut self.hosts[host].rows {
                rows.touched.insert(guild);
            }
        }
        if let Some(witness) = &mut self.witness {
            witness.store.apply(mutation.clone());
        }
        self.store.apply(mutation);
        let store = &self.store;
        self.stale
            .retain(|guild| store.completeness(*guild).is_some());
    }

    /// Looks whether an event says rightly what is counted by rows that were there.
    pub(super) fn hold_to_restored(&mut self, host: usize, event: &Event<'_>) {
        let it = &mut self.hosts[host];
        match event {
            // A guild that somebody has asked for is counted by how that ended.
            Event::ChunkRequestFinished(end) if end.full => {
                if let Some(rows) = &mut it.rows {
                    rows.touched.insert(end.guild);
                }
            }
            Event::ShardFinishedChunking(done) => {
                it.summed = Some(done.restored);
                let held = match &it.rows {
                    // One that ends before it is resumed counts what it knows.
                    _ if it.book.phase == Phase::Halted => Ok(()),
                    Some(rows) => rows.hold(&it.book.listed, done.restored),
                    None if done.restored.is_some() => Err(format!("{:?}", done.restored)),
                    None => Ok(()),
                };
                let held = held.and_then(|()| self.hold_to_the_complete(host, done));
                if let Err(wrong) = held {
                    self.fail(format!("s{host}: {wrong}"));
                }
            }
            Event::ShardReady(ready) => it.ready = Some(ready.restored),
            _ => {}
        }
    }

    /// What is counted as complete is so in the store, unless something has befallen it since.
    fn hold_to_the_complete(
        &self,
        host: usize,
        done: &ShardFinishedChunking,
    ) -> Result<(), String> {
        let it = &self.hosts[host];
        let at = it.shard.position().map_or(0, |at| at.sequence);
        if !self.setting.kinds.contains(Kinds::MEMBERS) || at < it.stored {
            return Ok(());
        }
        let others: BTreeSet<GuildId> = done.other_guilds().collect();
        let is_away = |guild: GuildId| {
            let is = self.store.guild_status(guild);
            !matches!(is, Some(GuildStatus::Available | GuildStatus::HandedOver))
        };
        let complete = it.book.listed.difference(&others);
        for guild in complete.filter(|guild| !is_away(**guild)) {
            match self.store.completeness(*guild) {
                Some(Completeness::Complete { .. }) => {}
                // It has come again since, and is asked again.
                Some(Completeness::Partial {
                    why: Lack::Loading, ..
                }) => {}
                is => return Err(format!("{guild} is counted as complete, and is {is:?}")),
            }
        }
        Ok(())
    }

    /// The sums are those of the shards.
    pub(super) fn hold_fleet_to_restored(&mut self, event: &Event<'_>) {
        let (said, parts): (_, Vec<_>) = match event {
            Event::FinishedChunking(FinishedChunking { restored, .. }) => (
                restored,
                self.hosts.iter().map(|host| host.summed).collect(),
            ),
            Event::BotReady(ready) => {
                let parts = self.hosts.iter().map(|host| host.ready);
                (&ready.restored, parts.collect())
            }
            _ => return,
        };
        let parts = || parts.iter().filter_map(|part| (*part)?);
        let counted: usize = parts().map(|part| part.guilds.get()).sum();
        let taken = parts().map(|part| part.taken).min();
        let same =
            said.map_or(0, |it| it.guilds.get()) == counted && said.map(|it| it.taken) == taken;
        if !same {
            self.fail(format!("{said:?} of {counted} guilds as of {taken:?}"));
        }
    }

    /// A shard knows all that the server has said: rows of a session that is gone are told to be
    /// so, and at rest there are none but of guilds that have not come.
    pub(super) fn compare_standing(&self, host: usize, at_rest: bool) -> Result<(), String> {
        let (it, doubts) = (&self.hosts[host], self.doubts(host));
        let untold = |guild: GuildId| {
            let shard = host as u64;
            doubts.is_partial(shard, Kind::Guild)
                || doubts.row((guild.get(), Kind::Guild, guild.get()))
                || doubts.row((shard, Kind::Guild, guild.get()))
        };
        for guild in all_guilds(self.guilds) {
            let has_rows = self.store.guild_status(guild).is_some();
            if !has_rows || !it.id.serves(guild) || untold(guild) {
                continue;
            }
            let lack = lack(self.store.completeness(guild));
            let presences = self.store.presences_completeness(guild);
            let are_stale = matches!(
                presences,
                Some(PresencesCompleteness::Partial { why, .. }) if is_of_before(why)
            );
            let is_told = lack.is_some_and(is_of_before) && are_stale;
            if self.stale.contains(&guild) && !is_told {
                return Err(format!(
                    "{guild} lacks {lack:?}, {presences:?}, and nothing of it has come anew"
                ));
            }
            let Some(known) = it.shard.guild(guild) else {
                return Err(format!("{guild} has rows, and the shard knows none such"));
            };
            if at_rest {
                self.hold_to_its_setup(host, guild, &known.stage, lack)?;
            }
        }
        Ok(())
    }

    /// A guild that is set up is no longer as an earlier process left it.
    fn hold_to_its_setup(
        &self,
        host: usize,
        guild: GuildId,
        stage: &Stage,
        lack: Option<Lack>,
    ) -> Result<(), String> {
        let is_set_up = match stage {
            // What a session handed over is not counted anew unless somebody asks.
            Stage::Ready { outcome, .. } => {
                !matches!(outcome, Outcome::HandedOver | Outcome::StoreFailed)
            }
            _ => false,
        };
        let is_excused = match lack {
            Some(Lack::StoreFailed) => self.hosts[host].may_miss_failures(),
            lack => !lack.is_some_and(is_of_before),
        };
        if is_set_up && self.setting.kinds.contains(Kinds::MEMBERS) && !is_excused {
            return Err(format!("{guild} is set up, and lacks {lack:?}"));
        }
        Ok(())
    }
}

/// Why members are missing, if they are.
const fn lack(of: Option<Completeness>) -> Option<Lack> {
    match of {
        Some(Completeness::Partial { why, .. }) => Some(why),
        Some(Completeness::Complete { .. }) | None => None,
    }
}

/// Whether rows lack what an earlier process had, or was to have.
const fn is_of_before(why: Lack) -> bool {
    matches!(why, Lack::Stale | Lack::HandedOver | Lack::StoreFailed)
}
