//! What stands for what in a recording: drawn from a key that no file holds.

use std::num::NonZeroU32;

/// How often the halves of an id are mixed.
const ROUNDS: u64 = 8;

/// The bits of an id below its time.
const LOW_BITS: u32 = 22;

/// So many ids are remembered with their stand-ins: mixing takes a hundred times as long as looking
/// one up, and bots hear of the same ones over and over. A power of two.
const REMEMBERED: usize = 1 << 14;

/// The key of one recording. It lives as long as the recorder does.
pub(super) struct ScrubKey {
    words: [u64; 2],
    /// Shards of the whole bot.
    total: u64,
    /// Ids and their stand-ins, each at its own place or none; the later takes the place of the
    /// earlier.
    remembered: Box<[(u64, u64)]>,
}

impl ScrubKey {
    /// A key from the operating system.
    pub(super) fn draw(total: NonZeroU32) -> Result<Self, getrandom::Error> {
        let words = [getrandom::u64()?, getrandom::u64()?];
        Ok(Self::new(words, total))
    }

    /// A given key.
    pub(super) fn new(words: [u64; 2], total: NonZeroU32) -> Self {
        Self {
            words,
            total: u64::from(total.get()),
            remembered: vec![(0, 0); REMEMBERED].into(),
        }
    }

    /// A number that follows from the bytes and the key alone: SipHash with one and three rounds.
    pub(super) fn hash(&self, bytes: &[u8]) -> u64 {
        let mut state = SipState::new(self.words);
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            state.take(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        last[7] = (bytes.len() & 0xff) as u8;
        state.take(u64::from_le_bytes(last));
        state.finish()
    }

    fn hash_word(&self, word: u64) -> u64 {
        let mut state = SipState::new(self.words);
        state.take(word);
        state.finish()
    }

    /// The id that stands for `id`: of the same number of digits, and of the same shard. No two ids
    /// have the same.
    pub(super) fn id(&mut self, id: u64) -> u64 {
        let place = id.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - REMEMBERED.ilog2());
        match self.remembered.get(place as usize) {
            Some((known, other)) if *known == id => return *other,
            _ => {}
        }
        let other = self.permuted(id);
        if let Some(entry) = self.remembered.get_mut(place as usize) {
            *entry = (id, other);
        }
        other
    }

    fn permuted(&self, id: u64) -> u64 {
        if id == 0 {
            return 0;
        }
        let digits = id.ilog10();
        let least = 10_u64.pow(digits);
        let most = least.saturating_mul(9).saturating_add(least - 1);
        let shard = (id >> LOW_BITS) % self.total;
        let mut place = self.place(id);
        // One that is of another length is no answer: the permutation leads on from there, and back
        // to `id` in the end.
        loop {
            place = self.mix(place, self.half_bits(most), u64::from(digits));
            match self.id_at(place, shard) {
                Some(other) if (least..=most).contains(&other) => return other,
                _ => {}
            }
        }
    }

    /// The number of an id among those of its shard.
    fn place(&self, id: u64) -> u64 {
        let low = id & ((1 << LOW_BITS) - 1);
        ((id >> LOW_BITS) / self.total) << LOW_BITS | low
    }

    /// The id with this number among those of the shard, if it has 64 bits.
    fn id_at(&self, place: u64, shard: u64) -> Option<u64> {
        let low = place & ((1 << LOW_BITS) - 1);
        let time = (place >> LOW_BITS).checked_mul(self.total)?;
        let time = time.checked_add(shard)?;
        (time >> (64 - LOW_BITS) == 0).then_some(time << LOW_BITS | low)
    }

    /// Half the bits that the numbers of ids up to `most` need.
    fn half_bits(&self, most: u64) -> u32 {
        let most = self.place(most) | ((1 << LOW_BITS) - 1);
        (64 - most.leading_zeros()).div_ceil(2)
    }

    /// A permutation of the numbers of twice as many bits: a Feistel network.
    fn mix(&self, place: u64, half_bits: u32, tweak: u64) -> u64 {
        let mask = (1 << half_bits) - 1;
        let (mut left, mut right) = (place >> half_bits, place & mask);
        for round in 0..ROUNDS {
            let drawn = self.hash_word(right | round << 48 | tweak << 56);
            (left, right) = (right, left ^ (drawn & mask));
        }
        left << half_bits | right
    }
}

/// The state of SipHash.
struct SipState([u64; 4]);

impl SipState {
    fn new([first, second]: [u64; 2]) -> Self {
        Self([
            first ^ 0x736f_6d65_7073_6575,
            second ^ 0x646f_7261_6e64_6f6d,
            first ^ 0x6c79_6765_6e65_7261,
            second ^ 0x7465_6462_7974_6573,
        ])
    }

    fn round(&mut self) {
        let [a, b, c, d] = &mut self.0;
        *a = a.wrapping_add(*b);
        *b = b.rotate_left(13) ^ *a;
        *a = a.rotate_left(32);
        *c = c.wrapping_add(*d);
        *d = d.rotate_left(16) ^ *c;
        *a = a.wrapping_add(*d);
        *d = d.rotate_left(21) ^ *a;
        *c = c.wrapping_add(*b);
        *b = b.rotate_left(17) ^ *c;
        *c = c.rotate_left(32);
    }

    fn take(&mut self, word: u64) {
        self.0[3] ^= word;
        self.round();
        self.0[0] ^= word;
    }

    fn finish(mut self) -> u64 {
        self.0[2] ^= 0xff;
        for _ in 0..3 {
            self.round();
        }
        self.0.iter().fold(0, |all, word| all ^ word)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn key(total: u32) -> ScrubKey {
        ScrubKey::new([7, 11], NonZeroU32::new(total).unwrap())
    }

    #[test]
    fn an_id_keeps_its_shard_and_its_digits_and_is_nobody_elses() {
        for total in [1, 2, 7, 1000] {
            let mut key = key(total);
            for id in [
                1,
                9,
                4_194_304,
                8_388_608,
                9_999_999,
                81_384_788_765_712_384,
                1_048_576_000_005_308_416,
                9_999_999_999_999_999_999,
                u64::MAX,
            ] {
                let other = key.id(id);
                assert_eq!(other.ilog10(), id.ilog10(), "{id} of {total}");
                assert_eq!((other >> 22) % key.total, (id >> 22) % key.total, "{id}");
            }
            let ids = 1_048_576_000_005_308_416..1_048_576_000_005_312_416_u64;
            let others: BTreeSet<u64> = ids.clone().map(|id| key.id(id)).collect();
            assert_eq!(others.len(), ids.clone().count());
            for id in ids {
                assert_eq!(key.id(id), key.permuted(id), "as often as it is asked for");
            }
        }
        assert_eq!(key(1).id(0), 0);
        let digits: BTreeSet<u64> = (1..10).map(|id| key(1).id(id)).collect();
        assert_eq!(digits, (1..10).collect());
    }

    #[test]
    fn another_key_is_another_permutation() {
        let id = 1_048_576_000_005_308_416;
        let mut other = ScrubKey::new([7, 12], NonZeroU32::MIN);
        assert_ne!(key(1).id(id), other.id(id));
        assert_ne!(key(1).hash(b"name"), other.hash(b"name"));
    }
}
