//! Names and texts: mostly plain, some beyond ASCII, some with escapes.

use super::{Rng, Writer};

const SYLLABLES: [&str; 24] = [
    "ka", "lo", "mi", "ren", "sha", "tor", "vex", "zu", "bel", "dra", "fi", "gor", "hux", "jin",
    "lum", "nyx", "pip", "qu", "ro", "sil", "tae", "ul", "wyn", "ya",
];
const BEYOND: [&str; 8] = ["é", "ü", "ñ", "さくら", "кот", "🌸", "✨", "ß"];
const ESCAPES: [&str; 6] = [
    "\\u00e9",
    "\\u0436",
    "\\ud83c\\udf38",
    "\\\"",
    "\\\\",
    "\\u2728",
];

/// A unique name in quotes: 5 to 32 plain characters.
pub fn unique(json: &mut Writer, rng: &mut Rng) {
    json.raw("\"");
    let start = json.text.len();
    while json.text.len() - start < 5 || rng.chance(600) {
        json.raw(rng.pick(&SYLLABLES));
        if rng.chance(150) {
            json.raw(rng.pick(&["_", "."]));
        }
    }
    if rng.chance(400) {
        json.number(rng.below(10_000));
    }
    json.text.truncate(start + 32);
    json.raw("\"");
}

/// A name to show, in quotes: 5 to 32 characters, one in seven with some outside ASCII, a third
/// of those escaped.
pub fn shown(json: &mut Writer, rng: &mut Rng) {
    json.raw("\"");
    let foreign = rng.below(21);
    let words = 2 + rng.skewed(8);
    for at in 0..words {
        match (foreign, at) {
            (0, 1) => _ = json.raw(rng.pick(&ESCAPES)),
            (1 | 2, 1) => _ = json.raw(rng.pick(&BEYOND)),
            _ => _ = json.raw(rng.pick(&SYLLABLES)),
        }
    }
    json.raw(rng.pick(&["", "", " the great", " II", "xo"]));
    json.raw("\"");
}

/// So many words, without quotes; one in seven has an escape or something outside ASCII.
pub fn words(json: &mut Writer, rng: &mut Rng, count: u64) {
    for at in 0..count {
        if at > 0 {
            json.raw(" ");
        }
        json.raw(rng.pick(&SYLLABLES)).raw(rng.pick(&SYLLABLES));
    }
    match rng.below(28) {
        0 => _ = json.raw("\\n"),
        1 => _ = json.raw(rng.pick(&ESCAPES)),
        2 | 3 => _ = json.raw(rng.pick(&BEYOND)),
        _ => {}
    }
}
