//! What the page shows at one time, as JSON.
//!
//! Ids are text: a script's numbers do not hold them. Times are the bot's milliseconds.

use std::time::Duration;

use headcount_driver::core::chunk::{OpenRequest, RequestProgress};
use headcount_driver::core::setup::{MemberCount, Stage};
use headcount_driver::core::{Instant, ShardId};
use headcount_driver::{GuildStanding, Handle, ShardState};
use serde::Serialize;

use crate::probes::is_alive;
use crate::recent_lag::{RecentLag, WINDOW};
use crate::windows::Windows;
use crate::wording::{ShardHealth, guild_until, guild_why, shard_waits, stage};

/// Shards in a window.
const SHARDS: usize = 25;

/// Guilds in a window.
const GUILDS: usize = 50;

/// From when on an event that waits is late.
const LATE: Duration = Duration::from_secs(1);

/// Requests that are shown.
const REQUESTS: usize = 25;

/// All that a page shows.
#[derive(Debug, Serialize)]
pub(crate) struct PageState {
    is_ready: bool,
    guilds: GuildSums,
    identifies: Identifies,
    /// `None` if none was timed in the last minute.
    lag: Option<RecentLag>,
    /// Events that the consumer has not taken.
    waiting_events: usize,
    /// Since when the next of them waits, if that is over a second.
    waiting_since: Option<u64>,
    /// A letter for each shard, ascending.
    strip: String,
    /// How many shards come before the first in the window.
    first_shard: usize,
    /// Those in the window, those that are worse off first.
    shards: Vec<ShardRow>,
    /// The window of those that are not whole.
    lacking: Vec<GuildRow>,
    requests: Vec<RequestRow>,
    requests_queued: usize,
    requests_sent: usize,
    cache: Vec<KindRow>,
    misunderstood: u64,
}

/// The guilds of all shards.
#[derive(Debug, Default, Serialize)]
struct GuildSums {
    known: usize,
    not_whole: usize,
    /// Those that hold up readiness.
    pending: usize,
    unavailable: usize,
    members_expected: u64,
    members_received: u64,
    untracked: u64,
    /// Shards without a session of which guilds are known, as they last were.
    shards_down: usize,
}

#[derive(Debug, Serialize)]
struct Identifies {
    left: u32,
    total: u32,
    resets: Option<u64>,
}

#[derive(Debug, Serialize)]
struct ShardRow {
    shard: String,
    health: &'static str,
    phase: &'static str,
    since: u64,
    session_since: Option<u64>,
    latency_us: Option<u128>,
    /// How many commands have room on the connection.
    sends_left: Option<usize>,
    /// Dispatches that the consumer has not dealt with.
    unacknowledged: usize,
    /// How long the event took that was timed last; `None` if none was in the last minute.
    lag_us: Option<u128>,
    known: usize,
    not_whole: usize,
    /// Its guilds by stage, each that there are some of.
    stages: Vec<(&'static str, usize)>,
    why: String,
    until: Option<u64>,
}

#[derive(Debug, Serialize)]
struct GuildRow {
    guild: String,
    shard: String,
    /// The place of the next window, if it begins behind this one.
    place: String,
    stage: &'static str,
    why: String,
    since: u64,
    until: Option<u64>,
    members_expected: Option<u64>,
    members_received: Option<u64>,
}

#[derive(Debug, Serialize)]
struct RequestRow {
    guild: String,
    shard: String,
    full: bool,
    state: &'static str,
    attempts: u32,
    chunks: u32,
    count: Option<u32>,
    until: Option<u64>,
}

#[derive(Debug, Serialize)]
struct KindRow {
    kind: String,
    rows: usize,
    bytes: usize,
}

impl PageState {
    /// What there is to show now. Reads each shard under its lock for some counts, and for as many
    /// guilds and requests as a window has.
    pub(crate) fn take(
        handle: &Handle,
        windows: &Windows,
        (now, lag): (Instant, Option<RecentLag>),
    ) -> Self {
        let mut shards: Vec<ShardState> = handle.shards().collect();
        let guilds = GuildSums::of(&shards);
        let strip = shards
            .iter()
            .map(|it| ShardHealth::of(it).letter())
            .collect();
        let are_ready = shards.iter().all(|it| ShardHealth::of(it).is_ready());
        let sum = |of: fn(&ShardState) -> usize| shards.iter().map(of).sum();
        let queued = sum(|it| it.readiness.requests_queued);
        let sent = sum(|it| it.readiness.requests_outstanding);
        let misunderstood = shards.iter().map(|it| it.misunderstood).sum();
        shards.sort_by_key(|shard| (ShardHealth::of(shard), shard.id));
        let first = windows.shards.min(shards.len().saturating_sub(1));
        let window = shards.iter().skip(first).take(SHARDS);
        let budget = handle.identify_budget();
        let late = handle
            .waiting_since()
            .filter(|since| now.since(*since) > LATE);
        Self {
            is_ready: are_ready && is_alive(handle, shards.iter().map(|it| it.phase)),
            guilds,
            identifies: Identifies {
                left: budget.left,
                total: budget.total,
                resets: budget.resets.map(Instant::as_millis),
            },
            lag,
            waiting_events: handle.waiting_events(),
            waiting_since: late.map(Instant::as_millis),
            strip,
            first_shard: first,
            shards: window.map(|it| ShardRow::of(it, now)).collect(),
            lacking: lacking(handle, windows),
            requests: requests(handle),
            requests_queued: queued,
            requests_sent: sent,
            cache: kinds(handle),
            misunderstood,
        }
    }
}

fn lacking(handle: &Handle, windows: &Windows) -> Vec<GuildRow> {
    let guilds = handle.not_whole(windows.after, GUILDS).into_iter();
    guilds.map(|guild| GuildRow::of(&guild)).collect()
}

fn requests(handle: &Handle) -> Vec<RequestRow> {
    let requests = handle.open_requests(REQUESTS).into_iter();
    requests
        .map(|(shard, it)| RequestRow::of(shard, &it))
        .collect()
}

fn kinds(handle: &Handle) -> Vec<KindRow> {
    let rows = handle.rows().into_iter().filter(|row| row.rows > 0);
    let kinds = rows.map(|row| KindRow {
        kind: format!("{:?}", row.kind),
        rows: row.rows,
        bytes: row.bytes,
    });
    kinds.collect()
}

impl GuildSums {
    fn of(shards: &[ShardState]) -> Self {
        let mut sums = Self::default();
        for shard in shards {
            let readiness = &shard.readiness;
            let is_known = readiness.stages.total() > 0;
            sums.shards_down += usize::from(is_known && ShardHealth::of(shard).is_down());
            sums.known += readiness.stages.total();
            sums.not_whole += readiness.not_whole;
            sums.pending += readiness.pending;
            sums.unavailable += readiness.stages.unavailable;
            sums.members_expected += readiness.members.expected;
            sums.members_received += readiness.members.received;
            sums.untracked += readiness.untracked;
        }
        sums
    }
}

impl ShardRow {
    fn of(shard: &ShardState, now: Instant) -> Self {
        let connection = &shard.connection;
        let waits = connection.waits_for;
        let stages = shard.readiness.stages.iter();
        let lag = shard.lag.filter(|it| now.since(it.taken) < WINDOW);
        Self {
            shard: shard.id.to_string(),
            health: ShardHealth::of(shard).word(),
            phase: shard.phase.label(),
            since: connection.since.as_millis(),
            session_since: connection.session_since.map(Instant::as_millis),
            latency_us: shard.latency.map(|latency| latency.as_micros()),
            sends_left: connection.sends_left,
            unacknowledged: shard.unacknowledged,
            lag_us: lag.map(|it| it.lag.as_micros()),
            known: shard.readiness.stages.total(),
            not_whole: shard.readiness.not_whole,
            stages: stages.filter(|(_, count)| *count > 0).collect(),
            why: shard_waits(shard),
            until: waits.map(|deadline| deadline.at.as_millis()),
        }
    }
}

impl GuildRow {
    fn of(guild: &GuildStanding) -> Self {
        let GuildStanding {
            guild,
            shard,
            readiness,
        } = guild;
        let members = members(&readiness.stage);
        Self {
            guild: guild.to_string(),
            shard: shard.to_string(),
            place: format!("{}.{}.{guild}", shard.number(), shard.total()),
            stage: stage(readiness),
            why: guild_why(readiness),
            since: readiness.since.as_millis(),
            until: guild_until(readiness),
            members_expected: members.map(|members| members.expected),
            members_received: members.map(|members| members.received),
        }
    }
}

/// The members of a guild that has come.
const fn members(stage: &Stage) -> Option<MemberCount> {
    match stage {
        Stage::Expected | Stage::Missed | Stage::Unavailable => None,
        Stage::Syncing { members, .. }
        | Stage::Requested { members, .. }
        | Stage::Receiving { members, .. }
        | Stage::Storing { members, .. }
        | Stage::Ready { members, .. } => Some(*members),
    }
}

impl RequestRow {
    fn of(shard: ShardId, request: &OpenRequest) -> Self {
        let (state, attempts, chunks, count, until) = match request.progress {
            RequestProgress::AwaitingGuild => ("waits for its guild", 0, 0, None, None),
            RequestProgress::Queued {
                not_before,
                attempts,
            } => ("waits to be sent", attempts, 0, None, Some(not_before)),
            RequestProgress::Sent { until, attempts } => ("sent", attempts, 0, None, Some(until)),
            RequestProgress::Receiving {
                until,
                attempts,
                chunks,
                chunk_count,
                ..
            } => (
                "receiving",
                attempts,
                chunks,
                Some(chunk_count),
                Some(until),
            ),
        };
        Self {
            guild: request.guild.to_string(),
            shard: shard.to_string(),
            full: request.full,
            state,
            attempts,
            chunks,
            count,
            until: until.map(Instant::as_millis),
        }
    }
}
