//! headcount against twilight and serenity, on the same bytes.
//!
//! Prints a Markdown table of medians and ratios; see the README for what is measured and how.

mod allocator;
mod arguments;
mod check;
mod clock;
mod inflate;
mod inner;
mod library;
mod measure;
mod ours;
mod payload;
mod readers;
mod report;
mod row;
mod rows;
mod scale;

use std::process::ExitCode;

use arguments::{Arguments, Task};
use payload::World;
use report::Report;

#[global_allocator]
static ALLOCATOR: allocator::Counting = allocator::Counting;

/// The same for every run, so that runs can be compared.
const SEED: u64 = 20_251_122;

fn main() -> ExitCode {
    let world = World::new(SEED);
    match arguments::read() {
        Ok(Arguments {
            task: Task::Inner { work, which, count },
            ..
        }) => {
            println!("{}", work(world, which, count));
            ExitCode::SUCCESS
        }
        Ok(arguments) => match table(world, arguments) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        },
        Err(error) => {
            eprintln!("{error}\n\n{}", arguments::HELP);
            ExitCode::FAILURE
        }
    }
}

fn table(world: World, arguments: Arguments) -> std::io::Result<()> {
    let wanted = |key: &str| {
        let rows = &arguments.rows;
        rows.is_empty() || rows.iter().any(|row| row == key)
    };
    let setup = rows::Setup {
        world,
        scale: arguments.scale,
        profile: arguments.profile.clone(),
        alone: arguments.alone,
    };
    let mut report = Report::new(arguments.json);
    for rows in [rows::TABLE, rows::ALSO] {
        let rows = rows.iter().filter(|(key, _)| wanted(key));
        report.table(rows.map(|(_, measure)| measure(&setup)));
    }
    if wanted("readers") {
        readers::measure(&setup, &mut report);
    }
    if wanted("fields") {
        check::all(&setup, &mut report);
    }
    report.finish(arguments.readme.as_deref())
}
