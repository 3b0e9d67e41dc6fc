//! Values of entries in parts: the middle of a long one, if it stays, is not written again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use headcount_core::fleet::lease::{Epoch, Expected, LeaseKey, Swap};

/// No shorter value has parts.
const LONG: usize = 8 << 10;

/// So many bytes at either end of a long value are apart from its middle: of a session, all but the
/// list of its guilds.
const END: usize = 1 << 10;

/// A value as it is written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ValueParts {
    Whole(Box<[u8]>),
    /// Its middle is there already unless it `is_new`.
    Parts {
        start: Box<[u8]>,
        middle: Arc<[u8]>,
        end: Box<[u8]>,
        is_new: bool,
    },
}

impl ValueParts {
    /// The middle of a value that has one.
    pub(crate) fn middle(&self) -> Option<Arc<[u8]>> {
        match self {
            Self::Whole(_) => None,
            Self::Parts { middle, .. } => Some(Arc::clone(middle)),
        }
    }
}

/// The middles of the values that were written here last, each with the writing by which it is
/// there. Cheap to clone; clones share them.
#[derive(Clone, Default)]
pub(crate) struct WrittenMiddles(Arc<Mutex<BTreeMap<LeaseKey, WrittenMiddle>>>);

struct WrittenMiddle {
    epoch: Epoch,
    middle: Arc<[u8]>,
}

impl WrittenMiddles {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<LeaseKey, WrittenMiddle>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The middle that an entry has if it is found as the swap expects it, as far as is known.
    pub(crate) fn of(&self, swap: &Swap) -> Option<Arc<[u8]>> {
        let written = self.lock();
        let it = written.get(&swap.key)?;
        let is_there = swap.expected == Expected::Written(it.epoch);
        is_there.then(|| Arc::clone(&it.middle))
    }

    /// An entry was written, and has this middle.
    pub(crate) fn set(&self, key: LeaseKey, epoch: Epoch, middle: Option<Arc<[u8]>>) {
        match middle {
            Some(middle) => self.lock().insert(key, WrittenMiddle { epoch, middle }),
            None => self.lock().remove(&key),
        };
    }
}

/// Cuts a value where that saves something, the middle that is there already out of it.
pub(crate) fn parts(value: &[u8], there: Option<Arc<[u8]>>) -> ValueParts {
    let long = value.len() >= LONG;
    let place = |middle: &Arc<[u8]>| {
        let mut places = value.windows(middle.len()).take(2 * END);
        places.position(|it| it == &middle[..])
    };
    let kept = there.and_then(|middle| Some((place(&middle)?, middle)));
    let (from, middle, is_new) = match kept {
        Some((from, middle)) if long => (from, middle, false),
        None if long => (END, value[END..value.len() - END].into(), true),
        Some(_) | None => return ValueParts::Whole(value.into()),
    };
    ValueParts::Parts {
        start: value[..from].into(),
        end: value[from + middle.len()..].into(),
        middle,
        is_new,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As long as a session with some hundreds of guilds; the sequence is near the start.
    fn value(sequence: u64, guild: usize, settled: u64) -> Vec<u8> {
        let guilds = (guild..guild + 500).map(|guild| format!("\"{}\",", 10_000_000 + guild));
        let guilds: String = guilds.chain(["x".repeat(5_000)]).collect();
        format!("{{\"sequence\":{sequence},\"guilds\":[{guilds}],\"settled\":{settled}}}").into()
    }

    fn written(value: &[u8], there: Option<Arc<[u8]>>) -> (usize, Option<Arc<[u8]>>) {
        let parts = parts(value, there);
        let (bytes, all) = match &parts {
            ValueParts::Whole(whole) => (whole.len(), whole.to_vec()),
            ValueParts::Parts {
                start,
                middle,
                end,
                is_new,
            } => {
                let bytes = start.len() + end.len() + middle.len() * usize::from(*is_new);
                (bytes, [start, &**middle, end].concat())
            }
        };
        assert_eq!(all, value);
        (bytes, parts.middle())
    }

    #[test]
    fn what_seldom_changes_of_a_long_value_is_written_once() {
        let first = value(9, 0, 5);
        let (bytes, middle) = written(&first, None);
        assert_eq!(bytes, first.len());
        for sequence in [10, 999, 1_000, 123_456_789] {
            let next = value(sequence, 0, sequence - 5);
            assert!(next.len() > LONG);
            let (bytes, again) = written(&next, middle.clone());
            assert!(bytes < 3 * END, "{bytes}");
            assert_eq!(again, middle);
        }
        let other = value(10, 1, 5);
        let (bytes, another) = written(&other, middle.clone());
        assert_eq!(bytes, other.len());
        assert_ne!(another, middle);
        let short = &first[..LONG - 1];
        assert_eq!(written(short, middle.clone()), (short.len(), None));
        assert_eq!(written(&middle.clone().unwrap(), middle).0, 0);
    }
}
