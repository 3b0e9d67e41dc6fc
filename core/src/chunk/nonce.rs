//! The text that ties a chunk to the attempt that asked for it.

use core::fmt;

use super::request::RequestId;
use crate::rng::Rng;

/// The longest nonce that the gateway echoes, in bytes; longer ones are dropped silently.
const LONGEST: usize = 32;

/// The nonce of one attempt at a member request: at most 32 bytes of text, never empty.
///
/// Our own nonces name the instance (drawn from the seed), the request and the attempt, so that
/// late answers never mix. Give each process a seed of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nonce {
    bytes: [u8; LONGEST],
    len: u8,
}

impl Nonce {
    const EMPTY: Self = Self {
        bytes: [0; LONGEST],
        len: 0,
    };

    /// The nonce with this text; `None` when it is empty or longer than 32 bytes.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let mut nonce = Self::EMPTY;
        let fits = nonce.append(text.as_bytes());
        (fits && !text.is_empty()).then_some(nonce)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let used = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
        core::str::from_utf8(used).unwrap_or_default()
    }

    /// Adds bytes; `false`, and nothing added, when there is no room.
    fn append(&mut self, more: &[u8]) -> bool {
        let start = usize::from(self.len);
        let end = start.saturating_add(more.len());
        let (Some(room), Ok(len)) = (self.bytes.get_mut(start..end), u8::try_from(end)) else {
            return false;
        };
        room.copy_from_slice(more);
        self.len = len;
        true
    }

    /// Adds a number in base 36: at most 13 digits.
    fn append_number(&mut self, mut number: u64) {
        let mut digits = [b'0'; 13];
        let mut used: usize = 0;
        for slot in digits.iter_mut().rev() {
            *slot = digit(number % 36);
            number /= 36;
            used = used.saturating_add(1);
            if number == 0 {
                break;
            }
        }
        let start = digits.len().saturating_sub(used);
        let _ = self.append(digits.get(start..).unwrap_or_default());
    }
}

fn digit(value: u64) -> u8 {
    let digits = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let index = usize::try_from(value).unwrap_or(0);
    digits.get(index).copied().unwrap_or(b'0')
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nonce({:?})", self.as_str())
    }
}

impl serde::Serialize for Nonce {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

/// What all nonces of one machine begin with: 40 bits drawn from the seed, as 8 characters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tag([u8; 8]);

impl Tag {
    /// The next tag of a generator.
    pub(crate) fn draw(rng: &mut Rng) -> Self {
        let mut bits = rng.next_u64();
        let mut tag = [0; 8];
        for slot in &mut tag {
            *slot = digit(bits & 31);
            bits >>= 5;
        }
        Self(tag)
    }

    /// The nonce of one attempt: tag, request and attempt with points between, 30 bytes at most.
    pub(crate) fn nonce(self, request: RequestId, attempt: u32) -> Nonce {
        let mut nonce = Nonce::EMPTY;
        let _ = nonce.append(&self.0);
        let _ = nonce.append(b".");
        nonce.append_number(request.get());
        let _ = nonce.append(b".");
        nonce.append_number(u64::from(attempt));
        nonce
    }

    /// The request and attempt that a nonce of ours names; `None` for anybody else's.
    pub(crate) fn read(self, nonce: &Nonce) -> Option<(RequestId, u32)> {
        let own = core::str::from_utf8(&self.0).ok()?;
        let rest = nonce.as_str().strip_prefix(own)?.strip_prefix('.')?;
        let (request, attempt) = rest.split_once('.')?;
        let request = RequestId::new(u64::from_str_radix(request, 36).ok()?);
        let attempt = u32::from_str_radix(attempt, 36).ok()?;
        (self.nonce(request, attempt) == *nonce).then_some((request, attempt))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_nonces_are_read_back() {
        let tag = Tag::draw(&mut Rng::new(9));
        for (request, attempt) in [(0, 0), (1, 1), (35, 36), (u64::MAX, u32::MAX)] {
            let request = RequestId::new(request);
            let nonce = tag.nonce(request, attempt);
            assert!(nonce.as_str().len() <= 30 && nonce.as_str().is_ascii());
            assert_eq!(tag.read(&nonce), Some((request, attempt)));
        }
    }

    #[test]
    fn others_are_told_apart() {
        let (ours, theirs) = (Tag::draw(&mut Rng::new(1)), Tag::draw(&mut Rng::new(2)));
        assert_eq!(ours.read(&theirs.nonce(RequestId::new(1), 1)), None);
        let own = ours.nonce(RequestId::new(1), 1);
        for forged in ["+1.1", "01.1", "1.1.1", "1.", ".1", "1", "A.1"] {
            let text = alloc::format!("{}.{forged}", own.as_str().split_once('.').unwrap().0);
            assert_eq!(ours.read(&Nonce::new(&text).unwrap()), None, "{forged}");
        }
    }

    #[test]
    fn length_is_checked() {
        assert_eq!(Nonce::new(""), None);
        assert!(Nonce::new(&"x".repeat(32)).is_some());
        assert_eq!(Nonce::new(&"x".repeat(33)), None);
        assert_eq!(Nonce::new("gül").unwrap().as_str(), "gül");
    }
}
