//! Keys of any type, spread with a seed.

use core::hash::{BuildHasher, Hasher};

use crate::cache::memory::Mixer;

/// Makes hashers from a seed: where keys lie depends on nothing else.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Seeded(pub(super) Mixer);

impl Seeded {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(Mixer::new(seed))
    }
}

/// A hash in the making.
#[derive(Debug)]
pub(crate) struct Sum {
    mixer: Mixer,
    sum: u64,
}

impl BuildHasher for Seeded {
    type Hasher = Sum;

    fn build_hasher(&self) -> Sum {
        Sum {
            mixer: self.0,
            sum: 0,
        }
    }
}

impl Hasher for Sum {
    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let mut word = [0; 8];
            word.iter_mut().zip(part).for_each(|(to, from)| *to = *from);
            self.write_u64(u64::from_le_bytes(word));
        }
        self.write_u64(bytes.len() as u64);
    }

    fn write_u64(&mut self, number: u64) {
        self.sum = self.mixer.hash(self.sum.rotate_left(5) ^ number);
    }

    fn finish(&self) -> u64 {
        self.sum
    }
}
