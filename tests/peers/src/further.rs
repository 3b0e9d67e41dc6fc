//! Further figures, printed below the table.

use crate::inner;
use crate::library::Which;
use crate::row::Unit;
use crate::rows::Setup;

/// Measures one figure, or one for each library.
type Figure = fn(&Setup) -> Vec<String>;

/// Every further figure by its key.
pub const ALL: &[(&str, Figure)] = &[
    ("steady_instructions", steady_instructions),
    ("growth_stall", growth_stall),
    ("given_back", given_back),
    ("update_growth", update_growth),
];

fn steady_instructions(setup: &Setup) -> Vec<String> {
    let events = setup.scale.counted * 1_000;
    let count = |&which: &Which| {
        let total = inner::instructions("instructions-event", which, events, &setup.profile);
        line(
            &format!("instructions an event of the steady mix, {which}"),
            total.map(|total| Unit::Instructions.print(total / events as f64)),
        )
    };
    setup.all().iter().map(count).collect()
}

fn growth_stall(setup: &Setup) -> Vec<String> {
    let members = setup.scale.growth;
    let title = format!("worst chunk while loading {members} members into one guild, CPU time");
    let worst = inner::run("worst-mutation", Which::Ours, members);
    vec![line(&title, worst.map(|ns| Unit::Nanoseconds.print(ns)))]
}

fn given_back(setup: &Setup) -> Vec<String> {
    let members = setup.scale.sizes[1];
    let title = format!("left of the bytes of a guild of {members} members that went");
    let left = inner::run("kept-after-delete", Which::Ours, members);
    vec![line(&title, left.map(percent))]
}

fn update_growth(setup: &Setup) -> Vec<String> {
    let updates = setup.scale.updates;
    let title = format!("bytes after {updates} updates over a tenth as many members");
    let bytes = inner::run("growth-by-updates", Which::Ours, updates);
    vec![line(&title, bytes.map(percent))]
}

fn percent(part: f64) -> String {
    format!("{:.1} %", part * 100.0)
}

fn line(title: &str, result: Result<String, String>) -> String {
    match result {
        Ok(value) => format!("- {title}: {value}"),
        Err(error) => format!("- {title}: not measured ({})", error.trim()),
    }
}
