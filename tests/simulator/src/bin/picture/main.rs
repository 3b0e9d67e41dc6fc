//! Draws a picture of the documents: `picture layers`, `picture way`, or `picture terminal TITLE`
//! with what a program has printed on its standard input. Prints SVG.
use headcount_sim::picture;
use std::io::{Read as _, Write as _};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let page = include_str!("../../../../../core/src/architecture.md");
    let svg = match (arguments.next().as_deref(), arguments.next()) {
        (Some("layers"), None) => picture::layers(page),
        (Some("way"), None) => picture::way(page),
        (Some("terminal"), Some(title)) => {
            let mut text = String::new();
            if std::io::stdin().read_to_string(&mut text).is_err() {
                return ExitCode::FAILURE;
            }
            picture::terminal(&title, &text)
        }
        _ => return ExitCode::FAILURE,
    };
    match std::io::stdout().write_all(svg.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
