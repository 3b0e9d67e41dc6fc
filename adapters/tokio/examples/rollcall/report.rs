//! The result: a table for people, an object for programs.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use headcount_tokio::driver::core::ShardId;
use headcount_tokio::driver::core::cache::Kind;
use headcount_tokio::driver::core::id::GuildId;
use headcount_tokio::driver::core::setup::Outcome;
use serde_json::{Map, Value, json};

use crate::restored::RestoredGuilds;

/// Complete guilds that are listed one by one; of the others only the number.
const COMPLETE_LINES: usize = 80;

/// What became of one guild.
pub(crate) struct GuildLine {
    pub(crate) shard: ShardId,
    pub(crate) outcome: Outcome,
    /// Members received.
    pub(crate) members: u64,
    /// Members by the guild's own count, if it came.
    pub(crate) of: Option<u64>,
    /// How often its members were asked for.
    pub(crate) attempts: u32,
}

/// What the cache holds of one kind.
pub(crate) struct CacheRow {
    pub(crate) kind: Kind,
    pub(crate) rows: usize,
    pub(crate) bytes: usize,
}

/// The result of a roll call.
pub(crate) struct Report {
    pub(crate) shards: usize,
    pub(crate) guilds: BTreeMap<GuildId, GuildLine>,
    pub(crate) chunks: u64,
    pub(crate) cache: Vec<CacheRow>,
    /// What is as an earlier roll call left it.
    pub(crate) restored: Option<RestoredGuilds>,
    pub(crate) elapsed: Duration,
}

const NAMES: [&str; 11] = [
    "complete",
    "incomplete",
    "unread",
    "not_asked",
    "no_intent",
    "handed_over",
    "store_failed",
    "missed",
    "unavailable",
    "removed",
    "refused",
];

impl Report {
    fn count(&self, outcome: &str) -> usize {
        self.guilds
            .values()
            .filter(|line| line.outcome.label() == outcome)
            .count()
    }

    fn rows(&self, kind: Kind) -> usize {
        self.cache
            .iter()
            .find(|row| row.kind == kind)
            .map_or(0, |row| row.rows)
    }

    fn bytes(&self) -> usize {
        self.cache.iter().map(|row| row.bytes).sum()
    }

    /// One object on one line.
    pub(crate) fn to_json(&self) -> String {
        let mut object = Map::new();
        object.insert("shards".into(), self.shards.into());
        object.insert("guilds".into(), self.guilds.len().into());
        for outcome in NAMES {
            object.insert(outcome.into(), self.count(outcome).into());
        }
        object.insert("members".into(), self.rows(Kind::Member).into());
        object.insert("chunks".into(), self.chunks.into());
        object.insert("cache_bytes".into(), self.bytes().into());
        object.insert("seconds".into(), self.elapsed.as_secs_f64().into());
        let restored = self.restored.as_ref().map(RestoredGuilds::to_json);
        object.insert("restored".into(), restored.into());
        let missing = |(guild, line): (&GuildId, &GuildLine)| match &line.outcome {
            Outcome::Incomplete { missing } => Some((guild.to_string(), json!(missing))),
            _ => None,
        };
        let missing: Map<String, Value> = self.guilds.iter().filter_map(missing).collect();
        object.insert("missing_chunks".into(), missing.into());
        let cache = self.cache.iter().map(|row| {
            let value = json!({"rows": row.rows, "bytes": row.bytes});
            (format!("{:?}", row.kind), value)
        });
        object.insert("cache".into(), Value::Object(cache.collect()));
        Value::Object(object).to_string()
    }

    fn write_guilds(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<20} {:<6} {:>17} {:>6}  outcome",
            "guild", "shard", "members", "asked"
        )?;
        let complete = |line: &GuildLine| line.outcome == Outcome::Complete;
        let whole = self.guilds.iter().filter(|(_, line)| complete(line));
        let rest = self.guilds.iter().filter(|(_, line)| !complete(line));
        let hidden = whole.clone().count().saturating_sub(COMPLETE_LINES);
        for (guild, line) in whole.take(COMPLETE_LINES).chain(rest) {
            let members = match line.of {
                Some(of) => format!("{} of {of}", line.members),
                None => "-".into(),
            };
            let (guild, shard) = (guild.to_string(), line.shard.to_string());
            write!(
                f,
                "{guild:<20} {shard:<6} {members:>17} {:>6}  ",
                line.attempts
            )?;
            match &line.outcome {
                Outcome::Incomplete { missing } => match missing[..] {
                    [] => writeln!(f, "incomplete")?,
                    [chunk] => writeln!(f, "incomplete (chunk {chunk})")?,
                    _ => writeln!(f, "incomplete ({} chunks)", missing.len())?,
                },
                Outcome::Unread { members } => writeln!(f, "unread ({members} members)")?,
                other => writeln!(f, "{}", other.label())?,
            }
        }
        if hidden > 0 {
            writeln!(f, "and {hidden} more that are complete")?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_guilds(f)?;
        writeln!(f, "\n{:<12} {:>7}", "outcome", "guilds")?;
        for outcome in NAMES {
            writeln!(f, "{outcome:<12} {:>7}", self.count(outcome))?;
        }
        writeln!(
            f,
            "\n{:<12} {:>9} {:>12} {:>9}",
            "cache", "rows", "bytes", "per row"
        )?;
        for CacheRow { kind, rows, bytes } in &self.cache {
            let each = bytes / rows.max(&1);
            writeln!(
                f,
                "{:<12} {rows:>9} {bytes:>12} {each:>9}",
                format!("{kind:?}")
            )?;
        }
        let (shards, guilds) = (self.shards, self.guilds.len());
        let (members, chunks) = (self.rows(Kind::Member), self.chunks);
        let (mib, seconds) = (
            self.bytes() as f64 / (1 << 20) as f64,
            self.elapsed.as_secs_f64(),
        );
        write!(
            f,
            "\n{members} members in {guilds} guilds on {shards} shards: {chunks} chunks,\n\
             {mib:.1} MiB of cache, {seconds:.1} s"
        )?;
        match &self.restored {
            Some(restored) => write!(f, "\n{restored}"),
            None => Ok(()),
        }
    }
}
