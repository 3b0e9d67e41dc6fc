//! Draws mutants of the core, builds them into one binary, and runs the tests on each of them.
//!
//! See the README beside it.
mod draw;
mod look;
mod mutant;
mod render;
mod source;
mod tree;

use draw::{Draw, Drawn};
use lexopt::prelude::{Long, ValueExt};
use look::{Look, Seen};
use std::path::Path;
use std::process::ExitCode;
use tree::Tree;

const HELP: &str = "\
Draws mutants of the core and expects the tests to notice each of them.

  --seed N      which mutants are drawn (default: 1)
  --count N     how many (default: 240)
  --only LIST   run these numbers alone: 7 or 7,12,40
  --list        print what is drawn, and run nothing
  --core        look with the core's own tests alone
";

struct Arguments {
    seed: u64,
    count: usize,
    only: Vec<u32>,
    list: bool,
    core: bool,
}

fn main() -> ExitCode {
    let arguments = match parse() {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(wrong) => {
            eprintln!("mutants: {wrong}");
            return ExitCode::from(2);
        }
    };
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(wrong) => {
            eprintln!("mutants: {wrong}");
            ExitCode::FAILURE
        }
    }
}

fn parse() -> Result<Option<Arguments>, lexopt::Error> {
    let mut parser = lexopt::Parser::from_env();
    let mut found = Arguments {
        seed: 1,
        count: 240,
        only: Vec::new(),
        list: false,
        core: false,
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("seed") => found.seed = parser.value()?.parse()?,
            Long("count") => found.count = parser.value()?.parse()?,
            Long("only") => {
                let list = parser.value()?.string()?;
                let numbers: Result<Vec<u32>, _> = list.split(',').map(str::parse).collect();
                found.only = numbers.map_err(|_| format!("--only: {list:?} are no numbers"))?;
            }
            Long("list") => found.list = true,
            Long("core") => found.core = true,
            Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(found))
}

/// Whether every mutant was caught.
fn run(arguments: &Arguments) -> Result<bool, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = root.canonicalize().map_err(|error| error.to_string())?;
    let mut draw = Draw::new(&root, arguments.seed, arguments.count)?;
    let mut tree = Tree::new(&root)?;
    let drawn = tree.build_core(&mut draw)?;
    println!(
        "{} of {} possible mutants are drawn",
        drawn.len(),
        draw.possible
    );
    if arguments.list {
        drawn.iter().for_each(|one| println!("{}", named(one)));
        return Ok(true);
    }
    let wanted = |one: &&Drawn| arguments.only.is_empty() || arguments.only.contains(&one.number);
    let mut left: Vec<&Drawn> = drawn.iter().filter(wanted).collect();
    let all = left.len();
    for stage in stages(arguments.core) {
        if left.is_empty() {
            break;
        }
        let mut looks = looks(&tree, &stage)?;
        looks.iter_mut().try_for_each(Look::calibrate)?;
        left.retain(|one| !catch(one, &looks));
    }
    for one in &left {
        println!("SURVIVED: {}", named(one));
    }
    println!("{} of {all} caught", all - left.len());
    Ok(left.is_empty())
}

/// What cargo builds for one stage, and the arguments of its programs; what is cheap goes first.
struct Stage {
    build: Vec<&'static str>,
    arguments: Vec<Vec<&'static str>>,
}

fn stages(core_alone: bool) -> Vec<Stage> {
    let plain = || vec![vec![]];
    let seeds: [&str; 10] = ["0", "10", "20", "30", "40", "50", "60", "70", "80", "90"];
    let simulated = |first| vec!["--first", first, "--seeds", "10", "--threads", "1"];
    let core = Stage {
        build: vec![
            "test",
            "--no-run",
            "-p",
            "headcount-core",
            "--lib",
            "--tests",
        ],
        arguments: plain(),
    };
    let simulation = Stage {
        build: vec!["build", "-p", "headcount-sim", "--bin", "simulate"],
        arguments: seeds.map(simulated).into(),
    };
    let rest = Stage {
        build: vec![
            "test",
            "--no-run",
            "-p",
            "headcount-sim",
            "-p",
            "headcount-driver",
            "--tests",
        ],
        arguments: plain(),
    };
    match core_alone {
        true => vec![core],
        false => vec![core, simulation, rest],
    }
}

fn looks(tree: &Tree, stage: &Stage) -> Result<Vec<Look>, String> {
    let programs = tree.build(&stage.build)?;
    let mut looks = Vec::new();
    for arguments in &stage.arguments {
        looks.extend(programs.iter().map(|it| Look::new(it.clone(), arguments)));
    }
    Ok(looks)
}

fn catch(one: &Drawn, looks: &[Look]) -> bool {
    for look in looks {
        if let Seen::Failed(what) = look.run(one.number) {
            let (package, name) = (&look.program.package, &look.program.name);
            println!("caught: {}: {package}/{name}: {what}", named(one));
            return true;
        }
    }
    false
}

fn named(one: &Drawn) -> String {
    let Drawn {
        number,
        group,
        mutant,
    } = one;
    let (file, line, what) = (mutant.file.display(), mutant.line, &mutant.what);
    format!("{number} {group} {file}:{line}: {what}")
}
