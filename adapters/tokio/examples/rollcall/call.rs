//! What is noted while the roll is called.

use std::collections::BTreeMap;
use std::time::Duration;

use headcount_tokio::driver::core::ShardId;
use headcount_tokio::driver::core::cache::Kind;
use headcount_tokio::driver::core::cache::memory::GuildRef;
use headcount_tokio::driver::core::event::BotReady;
use headcount_tokio::driver::core::id::GuildId;
use headcount_tokio::driver::core::session::Halt;
use headcount_tokio::driver::core::setup::{Outcome, Restored, ShardFinishedChunking, Stage};
use headcount_tokio::driver::core::wire::Name;
use headcount_tokio::{BotEvent, Event, Handle};

use crate::report::{CacheRow, GuildLine, Report};
use crate::restored::RestoredGuilds;

/// The events that matter to the roll, as they come.
#[derive(Default)]
pub(crate) struct Call {
    guilds: BTreeMap<GuildId, GuildLine>,
    /// How often each guild's members were asked for.
    attempts: BTreeMap<GuildId, u32>,
    chunks: u64,
    end: Option<BotReady>,
}

impl Call {
    /// Whether the whole bot is ready.
    pub(crate) const fn is_over(&self) -> bool {
        self.end.is_some()
    }

    /// Which guilds are counted by what an earlier roll call left.
    pub(crate) fn restored(&self) -> Option<Restored> {
        self.end.as_ref()?.restored
    }

    /// Takes note of an event.
    ///
    /// # Errors
    /// When a shard has ended for good: why, and what to do about it.
    pub(crate) fn note(&mut self, event: &BotEvent) -> Result<(), String> {
        let BotEvent { shard, event, .. } = event;
        match (shard, event) {
            (None, Event::BotReady(ready)) => self.end = Some(ready.clone()),
            (Some(shard), event) => self.note_shard(*shard, event)?,
            (None, _) => {}
        }
        Ok(())
    }

    fn note_shard(&mut self, shard: ShardId, event: &Event<'_>) -> Result<(), String> {
        match event {
            Event::Dispatch(dispatch) if dispatch.name() == Name::GuildMembersChunk => {
                self.chunks += 1;
            }
            Event::ChunkRequestFinished(end) => {
                self.attempts.insert(end.guild, end.attempts);
            }
            Event::GuildReady(ready) => {
                let line = GuildLine {
                    shard,
                    outcome: ready.outcome.clone(),
                    members: ready.members.received,
                    of: Some(ready.members.expected),
                    attempts: self.attempts.get(&ready.guild).copied().unwrap_or(0),
                };
                self.guilds.insert(ready.guild, line);
            }
            Event::ShardFinishedChunking(summary) => self.note_absent(shard, summary),
            Event::Halted(why @ (Halt::Refused(_) | Halt::Crashed)) => {
                return Err(format!("shard {shard}: {why}"));
            }
            _ => {}
        }
        Ok(())
    }

    /// Guilds that never became ready.
    fn note_absent(&mut self, shard: ShardId, summary: &ShardFinishedChunking) {
        let absent = [
            (Outcome::Missed, &summary.missed),
            (Outcome::Unavailable, &summary.unavailable),
            (Outcome::Removed, &summary.removed),
        ];
        for (outcome, guilds) in absent {
            for guild in guilds {
                self.guilds.entry(*guild).or_insert_with(|| GuildLine {
                    shard,
                    outcome: outcome.clone(),
                    members: 0,
                    of: None,
                    attempts: 0,
                });
            }
        }
    }

    /// Guilds that no event was about are as an earlier roll call left them.
    fn note_restored(&mut self, handle: &Handle) {
        let guilds: Vec<_> = handle.cache(|store| store.guilds().map(GuildRef::id).collect());
        let others = handle.not_whole(None, usize::MAX);
        let guilds = guilds.into_iter().chain(others.iter().map(|it| it.guild));
        for guild in guilds {
            let standing = handle.guild(guild).map(|it| it.stage);
            let (outcome, members) = match standing {
                Some(Stage::Ready {
                    outcome, members, ..
                }) => (outcome, Some(members)),
                Some(Stage::Missed) => (Outcome::Missed, None),
                Some(Stage::Unavailable) => (Outcome::Unavailable, None),
                Some(_) | None => continue,
            };
            self.guilds.entry(guild).or_insert_with(|| GuildLine {
                shard: handle.shard_of(guild),
                outcome,
                members: members.map_or(0, |members| members.received),
                of: members.map(|members| members.expected),
                attempts: self.attempts.get(&guild).copied().unwrap_or(0),
            });
        }
    }

    /// Sums up, with what the cache holds now.
    pub(crate) fn report(
        mut self,
        handle: &Handle,
        elapsed: Duration,
        restored: Option<RestoredGuilds>,
    ) -> Report {
        self.note_restored(handle);
        let cache = handle.cache(|store| {
            let row = |kind: &Kind| CacheRow {
                kind: *kind,
                rows: store.rows(*kind),
                bytes: store.bytes(*kind),
            };
            Kind::ALL
                .iter()
                .map(row)
                .filter(|row| row.rows > 0)
                .collect()
        });
        Report {
            shards: handle.shards().len(),
            guilds: self.guilds,
            chunks: self.chunks,
            cache,
            restored,
            elapsed,
        }
    }
}
