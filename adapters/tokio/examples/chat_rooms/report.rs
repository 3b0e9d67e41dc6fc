//! The result: a table for people, an object for programs.

use std::fmt;
use std::time::Duration;

use headcount_tokio::ChatHandle;
use serde_json::json;

use crate::tally::Tally;

/// One shard.
struct Row {
    account: String,
    shard: String,
    rooms: usize,
    joins: Vec<Duration>,
    rejoins: Vec<Duration>,
    losses: usize,
    messages: u64,
}

/// The result of a run.
pub(crate) struct Report {
    rows: Vec<Row>,
    rooms: usize,
    joined: usize,
    failed: usize,
    accounts: usize,
    messages: u64,
    seconds: Duration,
    budget_violations: usize,
}

impl Report {
    /// Sums up; `seconds` is how long the joins took.
    pub(crate) fn new(
        tally: &Tally,
        handle: &ChatHandle,
        seconds: Duration,
        budget_violations: usize,
    ) -> Self {
        let mut rows = Vec::new();
        for crew in &tally.crews {
            let names = handle.roster(crew.manager, |roster| {
                let name =
                    |(key, shard): (_, &headcount_tokio::driver::core::manager::RosterShard<_>)| {
                        (key, shard.name().to_owned())
                    };
                roster.shards().map(name).collect::<Vec<_>>()
            });
            for (key, shard) in names.unwrap_or_default() {
                let line = tally.shards.get(&(crew.manager, key));
                rows.push(Row {
                    account: crew.name.clone(),
                    shard,
                    rooms: tally.joined_on(crew.manager, key),
                    joins: line.map(|line| sorted(&line.joins)).unwrap_or_default(),
                    rejoins: line.map(|line| sorted(&line.rejoins)).unwrap_or_default(),
                    losses: line.map_or(0, |line| line.losses),
                    messages: line.map_or(0, |line| line.messages),
                });
            }
        }
        Self {
            rows,
            rooms: tally.rooms(),
            joined: tally.joined(),
            failed: tally.failed(),
            accounts: tally.crews.len(),
            messages: tally.messages(),
            seconds,
            budget_violations,
        }
    }

    fn rejoined(&self) -> usize {
        self.rows.iter().map(|row| row.rejoins.len()).sum()
    }

    /// One object on one line.
    pub(crate) fn to_json(&self) -> String {
        let shards = self.rows.iter().map(|row| {
            json!({
                "account": row.account, "shard": row.shard, "rooms": row.rooms,
                "rejoined": row.rejoins.len(), "losses": row.losses, "messages": row.messages,
                "median_join_seconds": median(&row.joins).map(|time| time.as_secs_f64()),
            })
        });
        let shards: Vec<_> = shards.collect();
        json!({
            "rooms": self.rooms,
            "joined": self.joined,
            "failed": self.failed,
            "shards": self.rows.len(),
            "accounts": self.accounts,
            "rejoined": self.rejoined(),
            "budget_violations": self.budget_violations,
            "messages": self.messages,
            "seconds": self.seconds.as_secs_f64(),
            "by_shard": shards,
        })
        .to_string()
    }
}

fn sorted(times: &[Duration]) -> Vec<Duration> {
    let mut times = times.to_vec();
    times.sort_unstable();
    times
}

fn median(times: &[Duration]) -> Option<Duration> {
    times.get(times.len() / 2).copied()
}

/// A time in seconds, or a dash.
fn seconds(time: Option<Duration>) -> String {
    time.map_or_else(
        || "-".to_owned(),
        |time| format!("{:.1} s", time.as_secs_f64()),
    )
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["median", "slowest", "rejoined", "slowest"];
        let [median_join, slowest, rejoined, slowest_again] = head;
        writeln!(
            f,
            "{:<12} {:<9} {:>5} {median_join:>9} {slowest:>9} {rejoined:>9} {slowest_again:>9} \
             {:>9}",
            "account", "shard", "rooms", "messages"
        )?;
        for row in &self.rows {
            let (again, messages) = (row.rejoins.len(), row.messages);
            let (first, last) = (
                seconds(median(&row.joins)),
                seconds(row.joins.last().copied()),
            );
            let last_again = seconds(row.rejoins.last().copied());
            let killed = if row.losses > 0 { "*" } else { "" };
            writeln!(
                f,
                "{:<12} {:<9} {:>5} {first:>9} {last:>9} {again:>9} {last_again:>9} \
                 {messages:>9}{killed}",
                row.account, row.shard, row.rooms
            )?;
        }
        if self.rows.iter().any(|row| row.losses > 0) {
            writeln!(f, "* its connection was lost")?;
        }
        let (joined, rooms, shards) = (self.joined, self.rooms, self.rows.len());
        let (accounts, failed, again) = (self.accounts, self.failed, self.rejoined());
        let (messages, broken) = (self.messages, self.budget_violations);
        write!(
            f,
            "\n{joined} of {rooms} rooms joined on {shards} shards and {accounts} accounts in \
             {:.1} s;\n{again} joined again, {failed} failed; {messages} messages seen; budgets \
             broken: {broken}",
            self.seconds.as_secs_f64()
        )
    }
}
