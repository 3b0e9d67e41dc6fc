//! States in words, for people and for programs that look at them.

use headcount_driver::core::Instant;
use headcount_driver::core::session::{Phase, Wait};
use headcount_driver::core::setup::{GuildReadiness, Outcome, Stage, WaitsFor};
use headcount_driver::{ShardOwner, ShardState};

/// How a shard is, at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ShardHealth {
    /// Over for good.
    Halted,
    /// No session's events come.
    Away,
    /// Events flow; some guild of READY has no outcome yet.
    SettingUp,
    /// Events flow, every guild of READY has an outcome, and some guild is not whole.
    Lacking,
    /// All is whole.
    Whole,
    /// Another process runs it.
    Elsewhere,
}

impl ShardHealth {
    pub(crate) fn of(shard: &ShardState) -> Self {
        match shard.phase {
            Phase::Halted if shard.is_here() => Self::Halted,
            Phase::Halted => match shard.owner {
                ShardOwner::Elsewhere(_) => Self::Elsewhere,
                ShardOwner::Here | ShardOwner::Nobody => Self::Away,
            },
            Phase::Active if !shard.readiness.finished => Self::SettingUp,
            Phase::Active if shard.readiness.not_whole > 0 => Self::Lacking,
            Phase::Active => Self::Whole,
            Phase::Idle
            | Phase::Waiting
            | Phase::Connecting
            | Phase::Greeting
            | Phase::Identifying
            | Phase::Resuming => Self::Away,
        }
    }

    /// Whether the bot counts as ready as far as this shard goes.
    pub(crate) const fn is_ready(self) -> bool {
        matches!(self, Self::Lacking | Self::Whole | Self::Elsewhere)
    }

    /// Whether nothing comes of it, here or elsewhere.
    pub(crate) const fn is_down(self) -> bool {
        matches!(self, Self::Halted | Self::Away)
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Halted => "halted",
            Self::Away => "away",
            Self::SettingUp => "setting-up",
            Self::Lacking => "lacking",
            Self::Whole => "whole",
            Self::Elsewhere => "elsewhere",
        }
    }

    /// One letter for the strip of all shards.
    pub(crate) const fn letter(self) -> char {
        match self {
            Self::Halted => 'h',
            Self::Away => 'a',
            Self::SettingUp => 's',
            Self::Lacking => 'l',
            Self::Whole => 'w',
            Self::Elsewhere => 'e',
        }
    }
}

/// What a shard's connection waits for; empty while all is well.
pub(crate) fn shard_waits(shard: &ShardState) -> String {
    if let Some(halt) = shard.halt {
        return match shard.owner {
            _ if shard.is_here() => halt.to_string(),
            ShardOwner::Elsewhere(process) => format!("runs in {process:?}"),
            ShardOwner::Here | ShardOwner::Nobody => "no process runs it".to_owned(),
        };
    }
    if shard.phase == Phase::Active {
        let pending = shard.readiness.pending;
        return match (shard.readiness.finished, pending) {
            (true, _) => String::new(),
            (false, 1) => "1 guild is still to come".to_owned(),
            (false, _) => format!("{pending} guilds are still to come"),
        };
    }
    let waits = match shard.connection.waits_for.map(|deadline| deadline.wait) {
        None if shard.phase == Phase::Idle => "for its turn to begin",
        None | Some(Wait::Heartbeat | Wait::SendBudget | Wait::Tracker | Wait::Stop) => "to go on",
        Some(Wait::Backoff) => "for the next try to connect",
        Some(Wait::IdentifyGrant) => "for its turn to identify",
        Some(Wait::Dial) => "for the connection to open",
        Some(Wait::Hello) => "for the gateway's hello",
        Some(Wait::Ready) if shard.phase == Phase::Resuming => "for what it missed",
        Some(Wait::Ready) => "for its session",
    };
    match shard.failures {
        0 => format!("waits {waits}"),
        1 => format!("waits {waits}, after 1 failure"),
        many => format!("waits {waits}, after {many} failures"),
    }
}

/// Where a guild stands, or how its setup ended, in one word.
pub(crate) const fn stage(guild: &GuildReadiness) -> &'static str {
    match &guild.stage {
        Stage::Ready { outcome, .. } => outcome.label(),
        other => other.label(),
    }
}

/// Why a guild is not whole, in a few words.
pub(crate) fn guild_why(guild: &GuildReadiness) -> String {
    match guild.waits_for {
        WaitsFor::Nothing => settled(&guild.stage),
        WaitsFor::Connection => "waits for its shard's connection".to_owned(),
        WaitsFor::Guild if guild.stage == Stage::Missed => {
            "was listed and has not come; it still may".to_owned()
        }
        WaitsFor::Guild => "waits for the gateway to deliver it".to_owned(),
        WaitsFor::Sync => "waits for its sync".to_owned(),
        WaitsFor::Sending { .. } => "waits to ask for its members".to_owned(),
        WaitsFor::Chunks {
            attempts,
            received,
            count,
            ..
        } => {
            let chunks = match count {
                None => "waits for the first of its members".to_owned(),
                Some(count) => format!("{received} of {count} chunks of members have come"),
            };
            match attempts {
                0 | 1 => chunks,
                again => format!("{chunks}, attempt {again}"),
            }
        }
        WaitsFor::Stores => "waits until its events are taken and stored".to_owned(),
        WaitsFor::Outage => "in an outage at the service".to_owned(),
    }
}

/// Why a guild that waits for nothing is not whole.
fn settled(stage: &Stage) -> String {
    let Stage::Ready { outcome, .. } = stage else {
        return "waits to be asked for".to_owned();
    };
    match outcome {
        Outcome::Complete => "complete".to_owned(),
        Outcome::Incomplete { missing } => missing_chunks(missing),
        Outcome::Unread { members } => format!("{members} members could not be read"),
        Outcome::NotAsked => "nobody asked for the members it does not list".to_owned(),
        Outcome::NoIntent => "the bot lacks the members intent".to_owned(),
        Outcome::HandedOver => "an earlier process had it, without its rows".to_owned(),
        Outcome::StoreFailed => "a store failed to keep it".to_owned(),
        Outcome::Missed => "no answer to any request for its members".to_owned(),
        Outcome::Unavailable => "in an outage at the service".to_owned(),
        Outcome::Removed => "left or deleted".to_owned(),
        Outcome::Refused => "the gateway refused to list its members".to_owned(),
    }
}

fn missing_chunks(missing: &[u32]) -> String {
    match missing {
        [] => "its members were cut short".to_owned(),
        [one] => format!("chunk {one} of its members never came"),
        [first, ..] => format!(
            "{} chunks of its members never came, from {first} on",
            missing.len()
        ),
    }
}

/// What a guild waits for, in one word.
pub(crate) const fn guild_waits(guild: &GuildReadiness) -> &'static str {
    match guild.waits_for {
        WaitsFor::Nothing => "nothing",
        WaitsFor::Connection => "connection",
        WaitsFor::Guild => "guild",
        WaitsFor::Sync => "sync",
        WaitsFor::Sending { .. } => "sending",
        WaitsFor::Chunks { .. } => "chunks",
        WaitsFor::Stores => "stores",
        WaitsFor::Outage => "outage",
    }
}

/// Until when a guild waits at most, in the bot's milliseconds.
pub(crate) fn guild_until(guild: &GuildReadiness) -> Option<u64> {
    let not_before = match guild.waits_for {
        WaitsFor::Sending { not_before, .. } => Some(not_before),
        WaitsFor::Nothing
        | WaitsFor::Connection
        | WaitsFor::Guild
        | WaitsFor::Sync
        | WaitsFor::Chunks { .. }
        | WaitsFor::Stores
        | WaitsFor::Outage => None,
    };
    guild.until.or(not_before).map(Instant::as_millis)
}
