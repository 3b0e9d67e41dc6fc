//! The head of a frame as the gateway writes it.

use super::{Name, Text};

/// Bytes of the longest name that is looked for.
const LONGEST: usize = 64;

/// The name, the sequence and the opcode of a dispatch, in this order and without blanks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UsualHead<'a> {
    pub(super) name: Name,
    spelling: &'a str,
    pub(super) sequence: u64,
    /// Where the data begins, in bytes from the start of the frame.
    pub(super) data: usize,
}

impl<'a> UsualHead<'a> {
    /// `None` if the frame begins in another way. What follows the head is not looked at.
    pub(super) fn read(frame: &'a [u8]) -> Option<Self> {
        let (name, rest) = name(frame.strip_prefix(br#"{"t":""#)?)?;
        let (sequence, rest) = number(rest.strip_prefix(br#","s":"#)?)?;
        let data = rest.strip_prefix(br#","op":0,"d":"#)?;
        let known = Name::from_bytes(name);
        let is_unknown = known == Name::Unknown;
        Some(Self {
            name: known,
            spelling: if is_unknown {
                plain(name)?
            } else {
                known.as_str()
            },
            sequence,
            data: frame.len().wrapping_sub(data.len()),
        })
    }

    pub(super) const fn text(self) -> Text<'a> {
        Text::plain(self.spelling)
    }
}

/// What comes up to the quote, and what follows it.
#[inline]
fn name(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let part = bytes.get(..LONGEST).unwrap_or(bytes);
    let (name, _) = bytes.split_at_checked(super::json::until_end(part))?;
    let rest = bytes.get(name.len()..)?;
    Some((name, rest.strip_prefix(b"\"")?))
}

/// A name that this version does not know, of the letters that names have.
#[cold]
fn plain(name: &[u8]) -> Option<&str> {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let name = Some(name).filter(|name| name.iter().all(is_plain))?;
    core::str::from_utf8(name).ok()
}

/// A number without a sign, and without a zero in front.
#[inline]
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (mut value, mut rest) = (0_u64, bytes);
    while let Some((&digit @ b'0'..=b'9', after)) = rest.split_first() {
        value = value.checked_mul(10)?.checked_add(u64::from(digit & 15))?;
        rest = after;
    }
    let digits = bytes.len().wrapping_sub(rest.len());
    let is_usual = digits == 1 || (digits > 1 && !bytes.starts_with(b"0"));
    is_usual.then_some((value, rest))
}
