//! Whether a bot stood an attack.
use super::bot::Report;
use super::log::Log;
use super::{Attack, MIB};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::process::ExitStatus;
use std::time::Duration;

/// The longest time between two heartbeats that are a second apart: one more for a host whose
/// processors are busy with the flood on both sides.
const BEATS: Duration = Duration::from_millis(2_500);

/// The longest that a bot takes to end: the close deadline of two seconds, and the write deadline
/// of one where the peer does not read.
const SHUTDOWN: Duration = Duration::from_millis(3_500);

/// The most that a shard may take that is left alone, in bytes.
const IDLE: u64 = 128 << 10;

/// What was seen of a bot's process.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// How it ended; `None` if it had to be killed.
    pub(super) status: Option<ExitStatus>,
    pub(super) report: Option<Report>,
}

/// How a bot stood an attack.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The attack's name.
    pub attack: &'static str,
    /// What it is.
    pub what: &'static str,
    /// The most bytes that were resident beyond the idle bot; `None` where that is not known.
    pub peak: Option<u64>,
    /// The longest time without a heartbeat, where the server sees them.
    pub beats: Option<Duration>,
    /// How long the bot took to end under the flood.
    pub shutdown: Option<Duration>,
    /// What was emitted, and how often.
    pub emitted: BTreeMap<String, u64>,
    /// Everything that did not hold.
    pub wrong: Vec<String>,
}

impl Verdict {
    pub(super) fn of(attack: &Attack, seen: &Seen, log: &Log) -> Self {
        let mut verdict = Self {
            attack: attack.name,
            what: attack.what,
            peak: None,
            beats: None,
            shutdown: None,
            emitted: BTreeMap::new(),
            wrong: Vec::new(),
        };
        let Some(report) = &seen.report else {
            verdict
                .wrong
                .push(format!("the bot is gone: {:?}", seen.status));
            return verdict;
        };
        if !seen.status.is_some_and(|status| status.success()) {
            verdict
                .wrong
                .push(format!("the process ended with {:?}", seen.status));
        }
        let (idle, peak) = (report.idle, report.peak);
        verdict.peak = idle.zip(peak).map(|(idle, peak)| peak.saturating_sub(idle));
        verdict.beats = log.silence().filter(|_| attack.right.beats);
        verdict.shutdown = log.ended.map(|_| Duration::from_millis(report.shutdown));
        verdict.emitted.clone_from(&report.emitted);
        verdict.wrong.clone_from(&report.wrong);
        verdict.judge(attack);
        verdict
    }

    fn judge(&mut self, attack: &Attack) {
        let right = &attack.right;
        let mut wrong = Vec::new();
        if let Some(peak) = self.peak.filter(|peak| *peak > right.peak) {
            wrong.push(format!("{} MiB, not {}", peak / MIB, right.peak / MIB));
        }
        if let Some(beats) = self.beats.filter(|beats| *beats > BEATS) {
            wrong.push(format!("no heartbeat for {beats:?}"));
        }
        if let Some(shutdown) = self.shutdown.filter(|shutdown| *shutdown > SHUTDOWN) {
            wrong.push(format!("it took {shutdown:?} to end"));
        }
        let is_emitted = |word: &&str| self.emitted.keys().any(|emitted| emitted.contains(word));
        if !right.emitted.is_empty() && !right.emitted.iter().any(is_emitted) {
            wrong.push(format!(
                "nothing was emitted of {}",
                right.emitted.join(" or ")
            ));
        }
        self.wrong.append(&mut wrong);
    }

    /// The table's head, for rows that are shown.
    pub const HEAD: &'static str = "| attack | MiB above idle | longest time without a heartbeat | \
         time to end | emitted | holds |\n|---|---|---|---|---|---|";

    /// Whether everything held.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.wrong.is_empty()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let peak = self.peak.map_or("?".to_owned(), |peak| {
            format!("{:.1}", peak as f64 / MIB as f64)
        });
        let time = |time: Option<Duration>| {
            time.map_or("-".to_owned(), |time| {
                format!("{:.1} s", time.as_secs_f64())
            })
        };
        let emitted: Vec<String> = self
            .emitted
            .iter()
            .map(|(word, count)| format!("{word} x{count}"))
            .collect();
        let holds = match self.holds() {
            true => "holds".to_owned(),
            false => format!("FAILS: {}", self.wrong.join("; ")),
        };
        write!(
            f,
            "| {} | {peak} | {} | {} | {} | {holds} |",
            self.attack,
            time(self.beats),
            time(self.shutdown),
            emitted.join(", "),
        )
    }
}

/// The verdicts as one object, a key for each attack, and one for what an idle shard takes.
#[must_use]
pub fn json(verdicts: &[Verdict], idle: Option<u64>) -> String {
    let entries = verdicts.iter().map(|verdict| {
        let millis = |time: Option<Duration>| time.map(|time| time.as_millis() as u64);
        let peak = verdict.peak.map(|peak| peak as f64 / MIB as f64);
        let entry = json!({
            "what": verdict.what,
            "peak_mb": peak,
            "heartbeats_ms": millis(verdict.beats),
            "shutdown_ms": millis(verdict.shutdown),
            "emitted": verdict.emitted,
            "wrong": verdict.wrong,
            "holds": verdict.holds(),
        });
        (verdict.attack.to_owned(), entry)
    });
    let idle = idle.map(|bytes| {
        let entry = json!({
            "what": "a shard that is left alone",
            "bytes": bytes,
            "peak_mb": bytes as f64 / MIB as f64,
            "holds": bytes <= IDLE,
        });
        ("idle_shard".to_owned(), entry)
    });
    Value::Object(entries.chain(idle).collect()).to_string()
}
