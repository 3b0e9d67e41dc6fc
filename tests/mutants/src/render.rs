//! A source file with many mutants in it, each asleep until its number is asked for.
use crate::draw::Drawn;
use crate::mutant::{Change, ConstFn};
use std::ops::Range;

/// The module that says which mutant is awake, if any.
pub(crate) const ASK: &str = r#"
/// Which mutant is awake.
pub(crate) mod mutants {
    extern crate std;
    static AWAKE: std::sync::OnceLock<u32> = std::sync::OnceLock::new();

    pub(crate) fn is(number: u32) -> bool {
        let read = || std::env::var("MUTANT").ok().and_then(|text| text.parse().ok());
        *AWAKE.get_or_init(|| read().unwrap_or(0)) == number
    }
}
"#;

/// The text of a file with mutants, and where each of them stands in it.
pub(crate) struct Rendered {
    pub(crate) text: String,
    pub(crate) places: Vec<(u32, Range<usize>)>,
}

/// A piece that is written in another way.
struct Piece<'d> {
    place: Range<usize>,
    kind: Kind<'d>,
}

enum Kind<'d> {
    Mutant(&'d Drawn),
    /// Left out for good.
    Cut,
}

/// Writes `text` with these mutants; functions around one, and those named in `plain`, are not
/// `const`.
pub(crate) fn render(
    text: &str,
    drawn: &[&Drawn],
    const_fns: &[ConstFn],
    plain: &[Range<usize>],
) -> Rendered {
    let asks = |place: &Range<usize>| {
        let inside = |drawn: &&Drawn| {
            let at = drawn.mutant.place.start;
            place.contains(&at)
        };
        drawn.iter().any(inside) || plain.contains(place)
    };
    let mut pieces: Vec<Piece<'_>> = drawn
        .iter()
        .map(|drawn| Piece {
            place: drawn.mutant.place.clone(),
            kind: Kind::Mutant(drawn),
        })
        .collect();
    pieces.extend(
        const_fns
            .iter()
            .filter(|it| asks(&it.place))
            .map(|it| Piece {
                place: it.word.clone(),
                kind: Kind::Cut,
            }),
    );
    pieces.sort_by_key(|piece| (piece.place.start, usize::MAX - piece.place.end));
    let mut rendered = Rendered {
        text: String::new(),
        places: Vec::new(),
    };
    rendered.write(text, 0..text.len(), &pieces);
    rendered
}

impl Rendered {
    /// Writes a part of the text with the pieces that stand in it.
    fn write(&mut self, text: &str, part: Range<usize>, pieces: &[Piece<'_>]) {
        let (mut at, mut rest) = (part.start, pieces);
        while let Some((piece, later)) = rest.split_first() {
            let place = piece.place.clone();
            let inner = later
                .iter()
                .take_while(|one| one.place.end <= place.end)
                .count();
            let inner = if place.is_empty() { 0 } else { inner };
            let (within, beyond) = later.split_at(inner);
            self.text.push_str(&text[at..place.start]);
            self.write_piece(text, piece, within);
            (at, rest) = (place.end, beyond);
        }
        self.text.push_str(&text[at..part.end]);
    }

    fn write_piece(&mut self, text: &str, piece: &Piece<'_>, within: &[Piece<'_>]) {
        let Kind::Mutant(drawn) = piece.kind else {
            return;
        };
        let (number, start) = (drawn.number, self.text.len());
        let ask = format!("crate::mutants::is({number})");
        match &drawn.mutant.change {
            Change::Value(becomes) => {
                self.text
                    .push_str(&format!("(if {ask} {{ {becomes} }} else {{ "));
                self.write(text, piece.place.clone(), within);
                self.text.push_str(" })");
            }
            Change::Omit => {
                self.text.push_str(&format!("if !{ask} {{ "));
                self.write(text, piece.place.clone(), within);
                self.text.push_str(" }");
            }
            Change::Leave(how) => {
                self.text.push_str(&format!(" if {ask} {{ {how} }} "));
            }
        }
        self.places.push((number, start..self.text.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source;
    use std::path::Path;

    const TEXT: &str = "const fn f(a: u32, b: u32) -> bool {\n    !(a < b && b == 7)\n}\n";

    fn drawn() -> (Vec<Drawn>, Vec<ConstFn>) {
        let found = source::find(Path::new("f.rs"), TEXT).unwrap();
        let numbered = found
            .mutants
            .into_iter()
            .zip(1..)
            .map(|(mutant, number)| Drawn {
                number,
                group: "x",
                mutant,
            });
        (numbered.collect(), found.const_fns)
    }

    /// The value of the rendered function, by reading what each question selects.
    fn awake(text: &str, number: u32) -> String {
        let mut text = text.to_owned();
        while let Some(start) = text.find("(if crate::mutants::is(") {
            let rest = &text[start + 23..];
            let asked: u32 = rest[..rest.find(')').unwrap()].parse().unwrap();
            let (mutated, other) = branches(&text[start..]);
            let end = start + length(&text[start..]);
            let chosen = if asked == number { mutated } else { other };
            text.replace_range(start..end, &format!("({chosen})"));
        }
        text
    }

    /// How long the text in round brackets is.
    fn length(text: &str) -> usize {
        let mut depth = 0;
        for (at, byte) in text.bytes().enumerate() {
            depth += i32::from(byte == b'(') - i32::from(byte == b')');
            if depth == 0 {
                return at + 1;
            }
        }
        panic!("no end: {text}")
    }

    fn branches(text: &str) -> (String, String) {
        let whole = &text[..length(text)];
        let open = whole.find('{').unwrap();
        let split = open + whole[open..].find(" } else { ").unwrap();
        let tail = whole.len() - " })".len();
        (
            whole[open + 2..split].to_owned(),
            whole[split + 10..tail].to_owned(),
        )
    }

    #[test]
    fn each_mutant_changes_its_own_place_alone() {
        let (drawn, const_fns) = drawn();
        let all: Vec<&Drawn> = drawn.iter().collect();
        let rendered = render(TEXT, &all, &const_fns, &[]);
        assert!(rendered.text.starts_with(" fn f"), "{}", rendered.text);
        assert_eq!(rendered.places.len(), drawn.len());
        let asleep = awake(&rendered.text, 0).replace(['(', ')', ' '], "");
        assert!(asleep.contains("!a<b&&b==7"), "{asleep}");
        for one in &drawn {
            let Change::Value(becomes) = &one.mutant.change else {
                continue;
            };
            let text = awake(&rendered.text, one.number).replace(['(', ')', ' '], "");
            let wanted = becomes.replace(['(', ')', ' '], "");
            assert!(text.contains(&wanted), "{text} has no {wanted}");
        }
    }
}
