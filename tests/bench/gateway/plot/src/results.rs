//! The rows of the tables.

/// How a row compares with twilight.
#[derive(Debug, PartialEq)]
pub struct Ratio {
    pub title: String,
    /// How many times less headcount takes.
    pub times: f64,
    /// The same as it is written.
    pub number: String,
}

/// The rows that were measured beside twilight, in order.
pub fn read(text: &str) -> Vec<Ratio> {
    text.lines().filter_map(row).collect()
}

fn row(line: &str) -> Option<Ratio> {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let [title, _, _, _, _, ratio, must, ..] = cells[..] else {
        return None;
    };
    let ratio: f64 = ratio.trim_matches('*').parse().ok()?;
    // A row whose target is a part of what twilight takes says how large that part is.
    let times = if must.starts_with('≤') {
        ratio.recip()
    } else {
        ratio
    };
    let digits = match times {
        100.0.. => 0,
        10.0..100.0 => 1,
        _ => 2,
    };
    Some(Ratio {
        title: title.to_owned(),
        times,
        number: format!("{times:.digits$}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_beside_twilight_are_read() {
        let text = "| measure | headcount | twilight | simd | serenity | ratio | must | aim |\n\
            |---|---:|---:|---:|---:|---:|---:|---:|\n\
            | one | 2 | 4 | – | – | **2.00** | 4× | 6× |\n\
            | two | 228 ns | 300 ns | – | 329 ns | **0.76** | ≤ 1 | ≤ 0.7 |\n\
            | alone | 3 | – | – | – | – | – | – |\n";
        let found = read(text);
        let numbers: Vec<&str> = found.iter().map(|row| row.number.as_str()).collect();
        assert_eq!(numbers, ["2.00", "1.32"]);
        assert_eq!(found[1].title, "two");
    }
}
