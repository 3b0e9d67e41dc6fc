//! headcount against twilight and serenity, on the same bytes.
//!
//! Prints a Markdown table of medians and ratios; see the README for what is measured and how.

mod allocator;
mod arguments;
mod check;
mod clock;
mod further;
mod inflate;
mod inner;
mod library;
mod measure;
mod ours;
mod payload;
mod readers;
mod row;
mod rows;
mod scale;

use std::process::ExitCode;

use arguments::{Arguments, Task};
use library::Which;
use payload::World;

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
        Ok(arguments) => {
            table(world, arguments);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}\n\n{}", arguments::HELP);
            ExitCode::FAILURE
        }
    }
}

fn table(world: World, arguments: Arguments) {
    let Arguments {
        json,
        scale,
        rows,
        profile,
        alone,
        ..
    } = arguments;
    let setup = rows::Setup {
        world,
        scale,
        profile,
        alone,
    };
    let wanted = |key: &str| rows.is_empty() || rows.iter().any(|row| row == key);
    let mut object = serde_json::Map::new();
    if !json {
        println!("{}", row::HEAD);
    }
    for (key, measure) in rows::ALL.iter().filter(|(key, _)| wanted(key)) {
        let row = measure(&setup);
        if json {
            object.insert((*key).to_owned(), row.json());
        } else {
            row.markdown().iter().for_each(|line| println!("{line}"));
        }
    }
    if json {
        println!("{}", serde_json::Value::Object(object));
        return;
    }
    for (key, measure) in further::ALL {
        if wanted(key) {
            measure(&setup).iter().for_each(|line| println!("{line}"));
        }
    }
    if wanted("readers") {
        readers::print(&setup);
    }
    if wanted("fields") {
        fields(&setup);
    }
}

/// Compares fields and says what differs.
fn fields(setup: &rows::Setup) {
    for &peer in setup.caches().iter().filter(|&&which| which != Which::Ours) {
        let found = check::against(peer, setup.world, setup.scale.members);
        println!(
            "\nFields that {peer} keeps, read from headcount's rows ({} rows):",
            found.rows
        );
        let lines: Vec<String> = found.lines().collect();
        match lines.as_slice() {
            [] => println!("- all of them, with the same values"),
            lines => lines.iter().for_each(|line| println!("- {line}")),
        }
    }
}
