//! Draws the results of the benchmark: how many times less headcount takes than twilight, row by
//! row, as it stands in the tables of a file.
//!
//! `gateway-plot RESULTS.md FOLDER` writes `results-light.svg` and `results-dark.svg` there.

mod results;

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use plotters::prelude::*;
use results::Ratio;

/// The height of a row, and where its bar begins, in pixels.
const ROW: i32 = 24;
const BARS: i32 = 560;
const WIDTH: i32 = 1_060;
const TOP: i32 = 56;
/// How long a bar is for each power of ten.
const DECADE: f64 = 105.0;

struct Theme {
    name: &'static str,
    paper: RGBColor,
    ink: RGBColor,
    less: RGBColor,
    more: RGBColor,
}

const THEMES: [Theme; 2] = [
    Theme {
        name: "light",
        paper: RGBColor(255, 255, 255),
        ink: RGBColor(36, 41, 47),
        less: RGBColor(9, 105, 218),
        more: RGBColor(188, 76, 0),
    },
    Theme {
        name: "dark",
        paper: RGBColor(13, 17, 23),
        ink: RGBColor(230, 237, 243),
        less: RGBColor(88, 166, 255),
        more: RGBColor(240, 136, 62),
    },
];

/// How far from the line a ratio reaches: a logarithm, which is as long for a half as for twice.
fn length(ratio: f64) -> i32 {
    (ratio.log10() * DECADE).round() as i32
}

fn draw(ratios: &[Ratio], theme: &Theme, file: &Path) -> Result<(), Box<dyn Error>> {
    let height = TOP + ROW * ratios.len() as i32 + 12;
    let area = SVGBackend::new(file, (WIDTH as u32, height as u32)).into_drawing_area();
    area.fill(&theme.paper)?;
    let text = |size| ("sans-serif", size).into_font().color(&theme.ink);
    let title = "How many times less headcount takes than twilight (a logarithmic scale)";
    area.draw(&Text::new(title, (16, 18), text(16)))?;
    for (at, ratio) in ratios.iter().enumerate() {
        let y = TOP + ROW * at as i32;
        let (color, end) = match ratio.times >= 1.0 {
            true => (theme.less, length(ratio.times)),
            false => (theme.more, length(ratio.times).min(-2)),
        };
        area.draw(&Text::new(ratio.title.as_str(), (16, y + 4), text(13)))?;
        let bar = [(BARS + end.min(0), y + 3), (BARS + end.max(0), y + ROW - 5)];
        area.draw(&Rectangle::new(bar, color.filled()))?;
        let number = format!("{}×", ratio.number);
        area.draw(&Text::new(number, (BARS + end.max(0) + 6, y + 4), text(13)))?;
    }
    let line = [(BARS, TOP - 6), (BARS, height - 8)];
    area.draw(&PathElement::new(line, theme.ink.stroke_width(1)))?;
    area.present()?;
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(results), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("usage: gateway-plot RESULTS.md FOLDER".into());
    };
    let ratios = results::read(&fs::read_to_string(results)?);
    if ratios.is_empty() {
        return Err("the file has no rows beside twilight".into());
    }
    for theme in &THEMES {
        let file = Path::new(&folder).join(format!("results-{}.svg", theme.name));
        draw(&ratios, theme, &file)?;
    }
    Ok(())
}
