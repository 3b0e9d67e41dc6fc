//! The layers of the core, from the table of the architecture page.
use super::Svg;

/// The height of a layer, and the width of a column of dots.
const ROW: usize = 28;
const COLUMN: usize = 22;
/// Where names, descriptions and dots begin.
const NAMES: usize = 16;
const WORDS: usize = 110;
const DOTS: usize = 620;

struct Layer<'p> {
    name: &'p str,
    what: &'p str,
    uses: Vec<&'p str>,
}

fn read(page: &str) -> Vec<Layer<'_>> {
    let rows = page
        .lines()
        .skip_while(|line| !line.starts_with("| layer |"));
    let rows = rows.skip(2).take_while(|line| line.starts_with('|'));
    let layer = |row| {
        let cells: Vec<&str> = str::trim_matches(row, '|')
            .split('|')
            .map(str::trim)
            .collect();
        let [name, _, what, uses] = cells[..] else {
            panic!("a layer has four cells: {row}");
        };
        let uses = uses.split(',').map(str::trim).collect();
        Layer { name, what, uses }
    };
    rows.map(layer).collect()
}

/// Draws the layers of the architecture page, the lowest at the bottom: a dot says that the layer
/// of its row may use the one above whose name it stands below.
///
/// # Panics
/// If the page has no such table.
#[must_use]
pub fn layers(page: &str) -> String {
    let layers = read(page);
    assert!(layers.len() > 5, "the table is there");
    let (width, top) = (DOTS + COLUMN * layers.len() + 16, 100);
    let height = top + ROW * layers.len() + 12;
    let mut svg = Svg::new(
        width,
        height,
        "The layers of the core, and which may use which",
    );
    for (at, layer) in layers.iter().enumerate() {
        let (x, y) = (DOTS + COLUMN * at, top - 10);
        svg.0
            .push_str(&format!("<g transform=\"rotate(-60 {x} {y})\">"));
        svg.text((x, y), "faint", layer.name);
        svg.0.push_str("</g>\n");
        svg.line((x, top), (x, height - 12));
    }
    for (at, layer) in layers.iter().rev().enumerate() {
        let y = top + ROW * at;
        svg.rect((NAMES - 6, y + 2), (WORDS - NAMES - 4, ROW - 4));
        svg.text((NAMES, y + 18), "name", layer.name);
        svg.text((WORDS, y + 18), "faint", layer.what);
        for (column, other) in layers.iter().enumerate() {
            if layer.uses.contains(&other.name) {
                svg.dot((DOTS + COLUMN * column, y + 14));
            }
        }
    }
    svg.finish()
}
