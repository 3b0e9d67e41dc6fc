//! The result of a campaign, for people and for programs.
use headcount_sim::simulation::{Failure, Tally};
use serde_json::{Value, json};
use std::fmt::Write;

/// Simulated time of all shards, in hours.
fn hours(tally: &Tally) -> f64 {
    tally.session_millis as f64 / 3_600_000.0
}

/// One object.
pub(crate) fn json(tally: &Tally, failures: &[Failure]) -> Value {
    let failed = |failure: &Failure| json!({ "seed": failure.seed, "what": failure.what });
    json!({
        "seeds": tally.seeds + failures.len() as u64,
        "steps": tally.steps,
        "session_hours": hours(tally),
        "comparisons": tally.comparisons,
        "faults": tally.faults,
        "codes": tally.codes,
        "marks": tally.marks,
        "failures": failures.iter().map(failed).collect::<Vec<_>>(),
    })
}

/// A few lines, and the marks if they are wanted.
pub(crate) fn text(tally: &Tally, marks: bool) -> String {
    let mut text = format!(
        "{} seeds, {} steps, {:.1} simulated session-hours, {} comparisons of a guild\n",
        tally.seeds,
        tally.steps,
        hours(tally),
        tally.comparisons,
    );
    for (name, count) in &tally.faults {
        writeln!(text, "{count:>9}  {name}").unwrap_or_default();
    }
    for (code, count) in &tally.codes {
        writeln!(text, "{count:>9}  close code {code}").unwrap_or_default();
    }
    for (name, count) in tally.marks.iter().filter(|_| marks) {
        writeln!(text, "{count:>9}  {name}").unwrap_or_default();
    }
    text
}
