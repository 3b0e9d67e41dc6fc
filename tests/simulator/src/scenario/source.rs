//! Where choices come from.
use crate::rng::Rng;

/// A source of choices: endless from a seed, or as long as its bytes last.
#[derive(Clone, Debug)]
pub struct Source<'a>(Kind<'a>);

#[derive(Clone, Debug)]
enum Kind<'a> {
    Seed(Rng),
    Bytes(&'a [u8]),
}

impl<'a> Source<'a> {
    /// Endless choices that follow from a seed.
    #[must_use]
    pub fn seed(seed: u64) -> Self {
        Self(Kind::Seed(Rng::of(&[seed, 77])))
    }

    /// The choices that these bytes spell; once they are spent, every choice is 0.
    #[must_use]
    pub const fn bytes(bytes: &'a [u8]) -> Self {
        Self(Kind::Bytes(bytes))
    }

    /// Whether all bytes are spent; never for a seed.
    #[must_use]
    pub const fn is_spent(&self) -> bool {
        match &self.0 {
            Kind::Seed(_) => false,
            Kind::Bytes(bytes) => bytes.is_empty(),
        }
    }

    /// A number below `bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        match &mut self.0 {
            Kind::Seed(rng) => rng.below(bound),
            Kind::Bytes(bytes) => {
                let width = match bound {
                    0..=0x100 => 1,
                    0x101..=0x1_0000 => 2,
                    _ => 8,
                };
                let (now, later) = bytes.split_at(width.min(bytes.len()));
                *bytes = later;
                let number = now.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
                number.checked_rem(bound).unwrap_or(0)
            }
        }
    }

    /// The same as an index or a small count.
    pub fn up_to(&mut self, bound: u32) -> u32 {
        self.below(u64::from(bound)) as u32
    }

    /// True in `percent` of 100 choices, and not for a choice of 0 that is not always true.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) >= 100_u64.saturating_sub(percent)
    }

    /// One of these; the first for a choice of 0.
    ///
    /// # Panics
    /// When there are none.
    pub fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u64) as usize].clone()
    }

    /// The place of one of these weights, by weight.
    pub fn weighted(&mut self, weights: &[u64]) -> usize {
        let mut left = self.below(weights.iter().sum());
        for (place, weight) in weights.iter().enumerate() {
            if left < *weight {
                return place;
            }
            left -= weight;
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_spell_choices_and_then_zeros() {
        let mut source = Source::bytes(&[7, 1, 2]);
        assert_eq!((source.below(5), source.below(1000)), (2, 258));
        assert!(source.is_spent());
        assert_eq!(
            (
                source.below(9),
                source.percent(99),
                source.weighted(&[3, 1])
            ),
            (0, false, 0)
        );
        assert!(source.percent(100));
    }

    #[test]
    fn weights_weigh() {
        let mut source = Source::seed(1);
        let mut counts = [0; 3];
        (0..1000).for_each(|_| counts[source.weighted(&[0, 900, 100])] += 1);
        assert!(
            counts[0] == 0 && counts[1] > 800 && counts[2] > 50,
            "{counts:?}"
        );
    }
}
