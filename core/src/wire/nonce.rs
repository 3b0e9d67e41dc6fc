//! The text that ties a chunk to the attempt that asked for it.

use core::fmt;

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
    pub(crate) const EMPTY: Self = Self {
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
    pub(crate) fn append(&mut self, more: &[u8]) -> bool {
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
    pub(crate) fn append_number(&mut self, mut number: u64) {
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

pub(crate) fn digit(value: u64) -> u8 {
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

#[cfg(feature = "checkpoint")]
impl<'de> serde::Deserialize<'de> for Nonce {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = alloc::string::String::deserialize(from)?;
        Self::new(&text).ok_or_else(|| serde::de::Error::custom("no nonce"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_checked() {
        assert_eq!(Nonce::new(""), None);
        assert!(Nonce::new(&"x".repeat(32)).is_some());
        assert_eq!(Nonce::new(&"x".repeat(33)), None);
        assert_eq!(Nonce::new("gül").unwrap().as_str(), "gül");
    }
}
