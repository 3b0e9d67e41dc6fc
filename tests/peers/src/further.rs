//! Further figures, printed below the table.

use crate::inner;
use crate::library::Which;
use crate::row::Unit;
use crate::rows::Setup;

/// Prints them, each on a line.
pub fn print(setup: &Setup) {
    let scale = &setup.scale;
    println!("\nFurther figures:");
    line(
        &format!(
            "worst chunk while loading {} members into one guild, CPU time",
            scale.growth
        ),
        inner::run("worst-mutation", Which::Ours, scale.growth)
            .map(|ns| Unit::Nanoseconds.print(ns)),
    );
    line(
        &format!(
            "left of the bytes of a guild of {} members that went",
            scale.sizes[1]
        ),
        inner::run("kept-after-delete", Which::Ours, scale.sizes[1]).map(percent),
    );
    line(
        &format!(
            "bytes after {} updates over a tenth as many members",
            scale.updates
        ),
        inner::run("growth-by-updates", Which::Ours, scale.updates).map(percent),
    );
    for which in Which::ALL {
        let events = scale.counted * 1_000;
        let total = inner::instructions("instructions-event", which, events, &setup.profile);
        line(
            &format!("instructions an event of the steady mix, {which}"),
            total.map(|total| Unit::Instructions.print(total / events as f64)),
        );
    }
}

fn percent(part: f64) -> String {
    format!("{:.1} %", part * 100.0)
}

fn line(title: &str, result: Result<String, String>) {
    match result {
        Ok(value) => println!("- {title}: {value}"),
        Err(error) => println!("- {title}: not measured ({})", error.trim()),
    }
}
