//! What marks the nonces of one machine as its own.

use super::request_id::RequestId;
use crate::rng::Rng;
use crate::wire::nonce::{Nonce, digit};

/// What all nonces of one machine begin with: 40 bits drawn from the seed, as 8 characters.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
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
    fn others_are_distinguished() {
        let (ours, theirs) = (Tag::draw(&mut Rng::new(1)), Tag::draw(&mut Rng::new(2)));
        assert_eq!(ours.read(&theirs.nonce(RequestId::new(1), 1)), None);
        let own = ours.nonce(RequestId::new(1), 1);
        for forged in ["+1.1", "01.1", "1.1.1", "1.", ".1", "1", "A.1"] {
            let text = alloc::format!("{}.{forged}", own.as_str().split_once('.').unwrap().0);
            assert_eq!(ours.read(&Nonce::new(&text).unwrap()), None, "{forged}");
        }
    }
}
