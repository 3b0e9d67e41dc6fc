//! The README is short, in the order in which a newcomer reads, and its figures are those measured.

use crate::sources::read;

const RESULTS: &str = "tests/bench/gateway/RESULTS.md";

/// The most words that it may have.
const WORDS: usize = 1_300;

#[test]
fn the_readme_is_short_and_in_a_newcomers_order() {
    let readme = read("README.md");
    assert!(readme.split_whitespace().count() <= WORDS);
    let heads: Vec<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .collect();
    let expected = [
        "Two commands",
        "Add it",
        "A first bot",
        "The cache, and what is complete",
        "Restarts",
        "A warm cache",
        "Many shards",
        "When one process is not enough",
        "Watching it",
        "Twitch",
        "Your own loop",
        "Testing your bot",
        "Speed",
        "What is where",
        "Licence",
    ];
    assert_eq!(heads, expected);
}

/// The figures of a text, as the tables write them: numbers that a unit follows.
fn figures(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let pairs = words.windows(2).filter_map(|pair| {
        let unit = pair[1].trim_end_matches(|c: char| !c.is_alphabetic());
        let unit = match unit {
            "bytes" => "B",
            "ns" | "µs" | "ms" => unit,
            _ => return None,
        };
        let number = pair[0].trim_start_matches('(').replace(',', "");
        let is_number = number.starts_with(|c: char| c.is_ascii_digit());
        is_number.then(|| format!("{number} {unit}"))
    });
    pairs.collect()
}

#[test]
fn the_figures_of_the_readme_are_those_of_the_benchmark() {
    let (readme, results) = (read("README.md"), read(RESULTS));
    let (_, speed) = readme.split_once("## Speed").expect("a section");
    let (speed, _) = speed.split_once("## ").expect("another one follows");
    let figures = figures(speed);
    assert_eq!(figures.len(), 6, "{figures:?}");
    for figure in figures {
        assert!(results.contains(&format!("| {figure} |")), "{figure}");
    }
}

/// The rows of the tables that were measured beside twilight, in order, each with how many times
/// less headcount takes.
fn compared(results: &str) -> Vec<(&str, f64)> {
    let rows = results.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let ratio: f64 = cells.get(6)?.trim_matches('*').parse().ok()?;
        // Such a target is a part of what twilight takes.
        let is_part = cells.get(7)?.starts_with('≤');
        Some((cells[1], if is_part { ratio.recip() } else { ratio }))
    });
    rows.collect()
}

#[test]
fn the_plot_has_every_row_that_was_measured_beside_twilight() {
    let results = read(RESULTS);
    let rows = compared(&results);
    assert!(rows.len() > 20, "{rows:?}");
    for theme in ["light", "dark"] {
        let plot = read(&format!("tests/bench/gateway/results-{theme}.svg"));
        let texts = plot.lines().filter(|line| !line.starts_with('<'));
        let (numbers, titles): (Vec<&str>, Vec<&str>) =
            texts.skip(1).partition(|text| text.ends_with('×'));
        let anew = "draw it anew, as tests/bench/gateway/README.md says";
        let drawn: Vec<(&str, f64)> = titles
            .into_iter()
            .zip(numbers)
            .filter_map(|(title, number)| Some((title, number.trim_end_matches('×').parse().ok()?)))
            .collect();
        assert_eq!(drawn.len(), rows.len(), "results-{theme}.svg: {anew}");
        for ((title, number), (row, times)) in drawn.into_iter().zip(&rows) {
            let same = (number - times).abs() <= times / 100.0;
            assert!(
                title == *row && same,
                "{row} in results-{theme}.svg: {anew}"
            );
        }
    }
}
