//! Keys in the order in which servers send them.

use core::cmp::Ordering;

/// How many bytes of the text are compared with a key.
const BYTES: usize = 32;
const WORDS: usize = BYTES / 8;

/// A key that an object may have, ready to be compared with the text word by word.
///
/// Servers sort the keys of an object, the last in the alphabet first: with our own sorted
/// likewise, one look at each side tells whether they agree or which of them is left out. That is
/// for speed alone: a key that is not found so is read like any other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    name: &'static str,
    /// What follows the opening quote: the name, a quote, a colon; of each word the first byte is
    /// the highest.
    words: [u64; WORDS],
    /// The bits of these that count.
    masks: [u64; WORDS],
}

impl Key {
    /// Stands after every key, and matches none.
    const NEVER: Self = Self {
        name: "",
        words: [0; WORDS],
        masks: [u64::MAX; WORDS],
    };

    /// Sorts keys as servers do. One that is too long to be compared is left to be read.
    #[allow(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "in constants alone"
    )]
    pub(crate) const fn sorted<const N: usize>(names: [&'static str; N]) -> [Self; N] {
        let mut keys = [Self::NEVER; N];
        let mut count = 0;
        while count < N {
            let key = Self::new(names[count]);
            let mut place = count;
            while place > 0 && keys[place - 1].is_before(&key) {
                keys[place] = keys[place - 1];
                place -= 1;
            }
            keys[place] = key;
            count += 1;
        }
        keys
    }

    #[allow(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "in constants alone"
    )]
    const fn new(name: &'static str) -> Self {
        let bytes = name.as_bytes();
        let length = bytes.len() + 2;
        if length > BYTES {
            return Self::NEVER;
        }
        let (mut words, mut masks) = ([0; WORDS], [0; WORDS]);
        let mut at = 0;
        while at < length {
            let byte = if at < bytes.len() {
                bytes[at]
            } else if at == bytes.len() {
                b'"'
            } else {
                b':'
            };
            let shift = 56 - at % 8 * 8;
            words[at / 8] |= (byte as u64) << shift;
            masks[at / 8] |= 0xff << shift;
            at += 1;
        }
        Self { name, words, masks }
    }

    #[allow(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "in constants alone"
    )]
    const fn is_before(&self, other: &Self) -> bool {
        let mut at = 0;
        while at < WORDS - 1 && self.words[at] == other.words[at] {
            at += 1;
        }
        self.words[at] < other.words[at]
    }

    /// The key at the start of `text`, if it is in the order; what comes before it is left out.
    #[inline]
    pub(super) fn next(order: &mut &'static [Self], text: &[u8; BYTES]) -> Option<&'static str> {
        while let Some((key, rest)) = order.split_first() {
            match key.compare(text) {
                Ordering::Less => *order = rest,
                Ordering::Equal => {
                    *order = rest;
                    return Some(key.name);
                }
                Ordering::Greater => return None,
            }
        }
        None
    }

    /// How the text compares with this key.
    #[inline]
    fn compare(&self, text: &[u8; BYTES]) -> Ordering {
        let (words, _) = text.as_chunks();
        for ((word, wanted), mask) in words.iter().zip(&self.words).zip(&self.masks) {
            let word = u64::from_be_bytes(*word) & mask;
            if word != *wanted {
                return word.cmp(wanted);
            }
            if *mask != u64::MAX {
                break;
            }
        }
        Ordering::Equal
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::json::Reader;
    use std::string::String;
    use std::vec::Vec;

    const LONG: &str = "a_key_that_is_far_too_long_to_be_compared";
    const ORDER: &[Key] = &Key::sorted([
        "id",
        "avatar",
        "avatar_decoration_data",
        "communication_disabled_until",
        "display_name",
        LONG,
        "username",
        "eightkey",
        "sixkey",
    ]);

    #[test]
    fn keys_are_sorted_the_last_first() {
        let names: Vec<&str> = ORDER.iter().map(|key| key.name).collect();
        let sorted = [
            "username",
            "sixkey",
            "id",
            "eightkey",
            "display_name",
            "communication_disabled_until",
            "avatar_decoration_data",
            "avatar",
            "",
        ];
        assert_eq!(names, sorted);
    }

    #[test]
    fn any_order_and_any_form_gives_the_same_keys() {
        let long = std::format!("{{\"id\":1,\"{LONG}\":2,\"avatar\":3,\"avatar\":4}}");
        for text in [
            r#"{"username":1,"id":2,"display_name_styles":3,"display_name":4,"avatar":5}"#,
            r#"{"username2":1,"usernam":2,"id":[{"id":1}],"i":3,"avatar_":4,"avatar":5}"#,
            r#"{"avatar":1,"avatar_decoration_data":2,"id":3,"username":4}"#,
            r#"{"eightkey":1,"sixkey":2,"sixke\u0079":3,"communication_disabled_until":4}"#,
            r#"{ "username" : 1 , "id" : 2 }"#,
            "{}",
            &long,
        ] {
            // Enough behind it for every comparison.
            let text = std::format!("{text}{:64}", "");
            let keys = |order| {
                let mut keys = Vec::new();
                let read = Reader::new(&text).object_in(order, |key, reader| {
                    keys.push(String::from(key));
                    reader.skip()
                });
                read.map(|()| keys)
            };
            assert_eq!(keys(ORDER), keys(&[]), "{text}");
            assert!(keys(ORDER).is_ok(), "{text}");
        }
    }
}
