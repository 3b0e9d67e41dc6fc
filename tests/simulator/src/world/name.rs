//! Names of people and places.
use crate::rng::Rng;

const SYLLABLES: [&str; 32] = [
    "ka", "lo", "mi", "ren", "tas", "vor", "ny", "el", "dra", "shi", "pow", "zu", "quin", "bel",
    "mar", "oth", "fen", "ga", "ri", "sol", "tek", "wyn", "ul", "pix", "jo", "hal", "cor", "bly",
    "ax", "en", "ra", "ston",
];
const FOREIGN: [&str; 12] = [
    "é",
    "ß",
    "ñ",
    "Ж",
    "日本",
    "مرحبا",
    "한국",
    "🙂",
    "🏳️‍🌈",
    "Ω",
    "ł",
    "ﷺ",
];

/// A lower-case account name of 5 to 32 ASCII characters.
pub(crate) fn account(rng: &mut Rng) -> String {
    let mut name = String::with_capacity(32);
    for _ in 0..2 + rng.below(3) {
        name.push_str(rng.pick(&SYLLABLES));
    }
    match rng.below(4) {
        0 => name.push_str(&format!("_{}", rng.below(10_000))),
        1 => name.push_str(&format!("{:02}", rng.below(100))),
        _ if name.len() < 5 => name.push_str("_x_x"),
        _ => {}
    }
    name
}

/// A shown name of up to 32 characters: a seventh holds characters outside ASCII, a few hold
/// characters that JSON escapes.
pub(crate) fn shown(rng: &mut Rng) -> String {
    let mut name = account(rng);
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if rng.below(7) == 0 {
        let piece: &str = rng.pick(&FOREIGN);
        name.insert_str(rng.below(2) as usize * name.len(), piece);
    }
    if rng.percent(2) {
        name.push_str(rng.pick(&[" \"x\"", "\\o/", " / \\ /"]));
    }
    name
}

/// A few words; `count` of them.
pub(crate) fn words(rng: &mut Rng, count: u64) -> String {
    let mut text = String::new();
    for at in 0..count {
        if at > 0 {
            text.push_str(if at % 9 == 8 { "\n" } else { " " });
        }
        text.push_str(&account(rng));
    }
    text
}
