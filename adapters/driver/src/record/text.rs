//! Texts of JSON replaced in place: of the same length, with the same escapes.

use super::key::ScrubKey;

/// So many characters distinguish a text from another; those after them are all alike, and so take
/// next to nothing once they are packed. Two of a million texts have the same ones by chance, which
/// nobody notices: the core compares no texts but session ids and the names of emojis, of which
/// it knows few at a time.
const DISTINCT: u32 = 5;

/// Sixteen letters without those of hexadecimal digits, which would complete an escape.
const LETTERS: &[u8; 16] = b"ghijklmnopqrstuv";

const HEX: &[u8; 16] = b"0123456789abcdef";

/// What is drawn for the characters of one text.
struct Draws {
    hash: u64,
    left: u32,
}

impl Draws {
    /// The next four bits; `None` for a character that distinguishes nothing.
    fn next(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        self.hash = self.hash.rotate_left(5).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Some((self.hash >> 60) as usize)
    }

    fn letter(&mut self) -> u8 {
        self.next().map_or(b'x', |drawn| LETTERS[drawn])
    }

    fn digit(&mut self) -> u8 {
        let drawn = self.next().unwrap_or(0);
        b'0' + (drawn % 10) as u8
    }

    fn hex(&mut self) -> u8 {
        HEX[self.next().unwrap_or(0)]
    }

    fn wide(&mut self, bits: u32) -> u32 {
        let drawn = self.next().map_or(0, |_| (self.hash >> 16) as u32);
        drawn & ((1 << bits) - 1)
    }
}

impl ScrubKey {
    /// Replaces the inside of a string, as it is written. The same text has the same stand-in
    /// wherever it comes.
    pub(super) fn replace_text(&self, text: &mut [u8]) {
        if is_time(text) {
            // The same for all: when something was would take more bytes than what it was.
            return replace_time(text, self.hash(b"a time"));
        }
        let mut draws = Draws {
            hash: self.hash(text),
            left: DISTINCT,
        };
        if is_hash(text) {
            let from = text.len() - 32;
            text[from..].iter_mut().for_each(|sign| *sign = draws.hex());
            return;
        }
        let (scheme, is_url) = match scheme(text) {
            Some(length) => (length, true),
            None => (0, false),
        };
        let mut at = scheme;
        while at < text.len() {
            at += replace_one(&mut text[at..], is_url, &mut draws);
        }
    }
}

/// Replaces the first character, and returns how many bytes it has.
fn replace_one(text: &mut [u8], is_url: bool, draws: &mut Draws) -> usize {
    match text[0] {
        b'\\' => replace_escape(text, draws),
        b'0'..=b'9' => put(text, draws.digit()),
        b'a'..=b'z' | b'A'..=b'Z' => put(text, draws.letter()),
        // Not allowed in a string, and still not.
        0..=0x1f => 1,
        b'/' | b':' | b'.' | b'?' | b'&' | b'=' | b'[' | b']' if is_url => 1,
        0x20..=0x7f => put(text, draws.letter()),
        0x80.. => replace_wide(text, draws),
    }
}

fn put(text: &mut [u8], sign: u8) -> usize {
    text[0] = sign;
    1
}

/// A character of several bytes becomes another of as many; what is none stays none.
fn replace_wide(text: &mut [u8], draws: &mut Draws) -> usize {
    let length = match text[0] {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    };
    let is_whole = length > 1
        && text
            .get(..length)
            .is_some_and(|sign| std::str::from_utf8(sign).is_ok());
    if !is_whole {
        return put(text, 0xff);
    }
    let code = match length {
        2 => 0x0430 + draws.wide(4),
        3 => 0x4e00 + draws.wide(12),
        _ => 0x2_0000 + draws.wide(14),
    };
    let sign = char::from_u32(code).unwrap_or('\u{fffd}');
    sign.encode_utf8(&mut text[..length]).len()
}

fn replace_escape(text: &mut [u8], draws: &mut Draws) -> usize {
    if text.get(1) != Some(&b'u') {
        return text.len().min(2);
    }
    let Some(code) = text.get(2..6).and_then(code_of) else {
        return 2;
    };
    let fresh = match code {
        0..0x20 => return 6,
        0x20..0x80 => [b'0', b'0', b'7', b"01234567"[draws.next().unwrap_or(0) % 8]],
        0x80..0x800 => [b'0', b'0', b'e', draws.hex()],
        0xd800..0xdc00 => *b"d83d",
        0xdc00..0xe000 => [b'd', b'e', draws.hex(), draws.hex()],
        _ => [b'4', b'e', draws.hex(), draws.hex()],
    };
    text[2..6].copy_from_slice(&fresh);
    6
}

fn code_of(digits: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok()?;
    let is_hex = digits.bytes().all(|sign| sign.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)
}

/// How long the scheme of an address is, with what follows it.
fn scheme(text: &[u8]) -> Option<usize> {
    let schemes: [&[u8]; 4] = [b"wss://", b"ws://", b"https://", b"http://"];
    let found = schemes.iter().find(|scheme| text.starts_with(scheme));
    found.map(|scheme| scheme.len())
}

/// Whether it names a picture: 32 hexadecimal digits, perhaps with the mark of a moving one.
/// Decimal digits alone may be a number, which is to stay one.
fn is_hash(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"a_").unwrap_or(text);
    digits.len() == 32
        && digits.iter().all(|sign| HEX.contains(sign))
        && !text.iter().all(u8::is_ascii_digit)
}

/// Whether it is a time as the service writes it.
fn is_time(text: &[u8]) -> bool {
    let shape = b"0000-00-00T00:00:00";
    let Some((time, rest)) = text.split_at_checked(shape.len()) else {
        return false;
    };
    let fits = |(sign, form): (&u8, &u8)| match form {
        b'0' => sign.is_ascii_digit(),
        form => sign == form,
    };
    let number = |at: usize| u32::from(time[at] - b'0') * 10 + u32::from(time[at + 1] - b'0');
    ends_time(rest)
        && time.iter().zip(shape).all(fits)
        && (1..=12).contains(&number(5))
        && (1..=31).contains(&number(8))
        && number(11) < 24
        && number(14) < 60
        && number(17) < 60
}

/// Whether this may follow the seconds of a time: a fraction of at most nine digits, and the zone
/// in which the service writes.
fn ends_time(text: &[u8]) -> bool {
    let zone = match text.strip_prefix(b".") {
        Some(fraction) => {
            let digits = fraction.iter().take_while(|sign| sign.is_ascii_digit());
            match digits.count() {
                digits @ 1..=9 => &fraction[digits..],
                _ => return false,
            }
        }
        None => text,
    };
    [b"".as_slice(), b"Z", b"+00:00"].contains(&zone)
}

/// The time in the same month that this hash says.
fn replace_time(text: &mut [u8], hash: u64) {
    let fields = [(8, 18), (11, 14), (14, 50), (17, 50)];
    let mut hash = hash;
    for (at, width) in fields {
        let drawn = 10 + (hash % width) as u8;
        hash /= width;
        text[at..at + 2].copy_from_slice(&[b'0' + drawn / 10, b'0' + drawn % 10]);
    }
    let mut draws = Draws { hash, left: 9 };
    if let [b'.', fraction @ ..] = &mut text[19..] {
        let digits = fraction.iter_mut().take_while(|sign| sign.is_ascii_digit());
        digits.for_each(|sign| *sign = draws.digit());
    }
}
