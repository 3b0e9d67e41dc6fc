//! The command line.

use std::path::PathBuf;

use lexopt::prelude::*;

use crate::inner;
use crate::library::Which;
use crate::rows;
use crate::scale::Scale;

/// How to run it.
pub const HELP: &str = "\
Usage: gateway-bench [--json] [--quick] [--rows KEY,KEY] [--ours-only]
                     [--profile FOLDER] [--readme FILE]

  --json            one object, a key for each row, instead of a Markdown table
  --quick           small sizes, for development: the numbers prove nothing
  --rows KEY,KEY    only these rows; below the table come steady_instructions,
                    growth_stall, given_back, update_growth, snapshot_large,
                    readers, fields
  --ours-only       no peers, for development
  --profile FOLDER  where callgrind's output goes and stays
  --readme FILE     puts the tables between the lines of that file that say so";

/// What to do.
pub enum Task {
    /// Print the table.
    Table,
    /// Measure one thing in this process, for another one.
    Inner {
        work: inner::Work,
        which: Which,
        count: u64,
    },
}

/// What the command line says.
pub struct Arguments {
    pub task: Task,
    pub json: bool,
    pub scale: Scale,
    pub rows: Vec<String>,
    pub profile: PathBuf,
    pub readme: Option<PathBuf>,
    pub alone: bool,
}

/// Reads the command line.
///
/// # Errors
/// What is wrong with it.
pub fn read() -> Result<Arguments, lexopt::Error> {
    let mut parser = lexopt::Parser::from_env();
    let mut arguments = Arguments {
        task: Task::Table,
        json: false,
        scale: Scale::FULL,
        rows: Vec::new(),
        profile: std::env::temp_dir(),
        readme: None,
        alone: false,
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("json") => arguments.json = true,
            Long("quick") => arguments.scale = Scale::QUICK,
            Long("ours-only") => arguments.alone = true,
            Long("profile") => arguments.profile = PathBuf::from(parser.value()?),
            Long("readme") => arguments.readme = Some(PathBuf::from(parser.value()?)),
            Long("rows") => arguments.rows = keys(&parser.value()?.string()?)?,
            Value(value) if value == "inner" => arguments.task = inner(&mut parser)?,
            other => return Err(other.unexpected()),
        }
    }
    Ok(arguments)
}

fn keys(list: &str) -> Result<Vec<String>, lexopt::Error> {
    match list.split(',').find(|key| !rows::known(key)) {
        Some(key) => Err(format!("there is no row {key}").into()),
        None => Ok(list.split(',').map(str::to_owned).collect()),
    }
}

fn inner(parser: &mut lexopt::Parser) -> Result<Task, lexopt::Error> {
    let name = parser.value()?.string()?;
    let (_, work) = inner::WORK
        .iter()
        .find(|(work, _)| *work == name)
        .ok_or("no such work")?;
    let which = Which::from_name(&parser.value()?.string()?).ok_or("no such library")?;
    let count = parser.value()?.parse()?;
    Ok(Task::Inner {
        work: *work,
        which,
        count,
    })
}
