//! Keys in the order in which servers send them.

use core::cmp::Ordering;

/// How many bytes of the text are compared with a key.
pub(super) const BYTES: usize = 32;
const WORDS: usize = BYTES / 8;

/// By how many kinds of first letters keys are found.
const LETTERS: usize = 32;

/// The keys that an object may have.
///
/// Servers sort the keys of an object, the last in the alphabet first: with our own sorted
/// likewise, one look at each side shows whether they agree or which of them is left out. A key in
/// another place is found by its first letter. That is for speed alone: a key that is not found so
/// is read like any other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyOrder<P: 'static> {
    keys: &'static [OrderedKey<P>],
    /// Those that have a first letter, by its lowest bits.
    lists: [&'static [OrderedKey<P>]; LETTERS],
}

impl KeyOrder<()> {
    /// No key is known.
    pub(crate) const NONE: &'static Self = &Self::of(&[]);
}

impl<P: Copy> KeyOrder<P> {
    /// Of keys that are sorted.
    #[allow(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        reason = "in constants alone"
    )]
    pub(crate) const fn of(keys: &'static [OrderedKey<P>]) -> Self {
        let mut lists: [&'static [OrderedKey<P>]; LETTERS] = [&[]; LETTERS];
        let mut rest = keys;
        while let Some((key, others)) = rest.split_first() {
            let first = (key.words[0] >> 56) as u8;
            if first.is_ascii_lowercase() && lists[letter(first)].is_empty() {
                let mut count = 1;
                while count < rest.len() && (rest[count].words[0] >> 56) as u8 == first {
                    count += 1;
                }
                lists[letter(first)] = rest.split_at(count).0;
            }
            rest = others;
        }
        Self { keys, lists }
    }

    /// All of them.
    #[inline]
    pub(super) const fn keys(&self) -> &'static [OrderedKey<P>] {
        self.keys
    }

    /// The key at the start of `text`, wherever it stands.
    #[inline(always)]
    pub(super) fn find(&self, text: &[u8; BYTES]) -> Option<&'static OrderedKey<P>> {
        let (first, rest) = text.split_first_chunk()?;
        let first = u64::from_be_bytes(*first);
        let keys = self.lists.get(letter((first >> 56) as u8))?;
        keys.iter().find(|key| {
            let ([word, ..], [mask, ..]) = (&key.words, &key.masks);
            first & mask == *word && (*mask != u64::MAX || key.goes_on_as(rest))
        })
    }
}

/// The lowest bits of a first letter.
#[inline]
const fn letter(byte: u8) -> usize {
    (byte & 31) as usize
}

/// A key that an object may have, and which part of it that is, ready to be compared with the text
/// word by word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OrderedKey<P: 'static> {
    name: &'static str,
    part: P,
    /// What follows the opening quote: the name, a quote, a colon; of each word the first byte is
    /// the highest. Zeros, which no text has, for a key that is never found.
    words: [u64; WORDS],
    /// The bits of these that count.
    masks: [u64; WORDS],
}

impl OrderedKey<()> {
    /// Sorts keys that need no more than their names.
    #[allow(clippy::indexing_slicing, reason = "in constants alone")]
    #[allow(clippy::arithmetic_side_effects, reason = "in constants alone")]
    pub(crate) const fn names<const N: usize>(names: [&'static str; N]) -> [Self; N] {
        let mut keys = [("", ()); N];
        let mut at = 0;
        while at < N {
            keys[at].0 = names[at];
            at += 1;
        }
        Self::sorted(keys)
    }
}

impl<P: Copy> OrderedKey<P> {
    /// Sorts keys as servers do. One that is too long to be compared is left to be read.
    #[allow(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::panic,
        reason = "in constants alone"
    )]
    pub(crate) const fn sorted<const N: usize>(parts: [(&'static str, P); N]) -> [Self; N] {
        let Some(first) = parts.first() else {
            panic!("an order without keys");
        };
        let mut keys = [Self::new(first.0, first.1); N];
        let mut count = 0;
        while count < N {
            let key = Self::new(parts[count].0, parts[count].1);
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
    const fn new(name: &'static str, part: P) -> Self {
        let bytes = name.as_bytes();
        let length = bytes.len() + 2;
        let (mut words, mut masks) = ([0; WORDS], [0; WORDS]);
        if length > BYTES {
            masks = [u64::MAX; WORDS];
        }
        let mut at = 0;
        while at < length && length <= BYTES {
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
        Self {
            name,
            part,
            words,
            masks,
        }
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

    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) const fn part(&self) -> P {
        self.part
    }

    /// The key at the start of `text`, if it is in the order; what comes before it is left out.
    #[inline]
    pub(super) fn next(order: &mut &'static [Self], text: &[u8; BYTES]) -> Option<&'static Self> {
        let (words, _) = text.as_chunks();
        let (&first, rest) = words.split_first()?;
        let first = u64::from_be_bytes(first);
        while let Some((key, later)) = order.split_first() {
            match key.compare(first, rest) {
                Ordering::Less => *order = later,
                Ordering::Equal => {
                    *order = later;
                    return Some(key);
                }
                Ordering::Greater => return None,
            }
        }
        None
    }

    /// Whether the text goes on as this key does behind its first eight bytes.
    #[inline]
    fn goes_on_as(&self, rest: &[u8]) -> bool {
        let (texts, _) = rest.as_chunks();
        let words = self.words.iter().zip(&self.masks).skip(1);
        for (text, (word, mask)) in texts.iter().zip(words) {
            if u64::from_be_bytes(*text) & mask != *word {
                return false;
            }
            if *mask != u64::MAX {
                break;
            }
        }
        true
    }

    /// How the text compares with this key.
    #[inline]
    fn compare(&self, first: u64, rest: &[[u8; 8]]) -> Ordering {
        let ([word, words @ ..], [mask, masks @ ..]) = (&self.words, &self.masks);
        let text = first & mask;
        if text != *word {
            return text.cmp(word);
        }
        let mut mask = mask;
        for ((text, word), next) in rest.iter().zip(words).zip(masks) {
            if *mask != u64::MAX {
                break;
            }
            mask = next;
            let text = u64::from_be_bytes(*text) & mask;
            if text != *word {
                return text.cmp(word);
            }
        }
        Ordering::Equal
    }
}

/// Whether names stand in the order of servers, the last in the alphabet first.
#[allow(clippy::indexing_slicing, reason = "in constants alone")]
#[allow(clippy::arithmetic_side_effects, reason = "in constants alone")]
pub(crate) const fn descend(names: &[&str]) -> bool {
    let mut count = 1;
    while count < names.len() {
        let (before, after) = (names[count - 1].as_bytes(), names[count].as_bytes());
        let mut at = 0;
        while at < before.len() && at < after.len() && before[at] == after[at] {
            at += 1;
        }
        if at == before.len() || (at < after.len() && before[at] < after[at]) {
            return false;
        }
        count += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::json::Reader;
    use std::string::String;
    use std::vec::Vec;

    const LONG: &str = "a_key_that_is_far_too_long_to_be_compared";
    const ORDER: &KeyOrder<()> = &KeyOrder::of(KEYS);
    const KEYS: &[OrderedKey<()>] = &OrderedKey::names([
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
        let names: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
        let sorted = [
            "username",
            "sixkey",
            "id",
            "eightkey",
            "display_name",
            "communication_disabled_until",
            "avatar_decoration_data",
            "avatar",
            LONG,
        ];
        assert_eq!(names, sorted);
    }

    #[test]
    fn an_order_descends_or_does_not() {
        assert!(descend(&["b", "ab", "aa", "a"]) && descend(&["a"]) && descend(&[]));
        for names in [["a", "b"], ["a", "a"], ["a", "aa"], ["aa", "ab"]] {
            assert!(!descend(&names), "{names:?}");
        }
    }

    #[test]
    fn any_order_and_any_form_gives_the_same_keys() {
        let long = std::format!("{{\"id\":1,\"{LONG}\":2,\"avatar\":3,\"avatar\":4}}");
        for text in [
            r#"{"username":1,"id":2,"display_name_styles":3,"display_name":4,"avatar":5}"#,
            r#"{"username2":1,"usernam":2,"id":[{"id":1}],"i":3,"avatar_":4,"avatar":5}"#,
            r#"{"avatar":1,"avatar_decoration_data":2,"id":3,"username":4}"#,
            r#"{"a":0,"member":[],"username":1,"x":2,"id":3,"sixkey":4,"avatar":5,"b":6}"#,
            r#"{"id":1,"zzz":2,"username":3,"sixkey":4,"id":5,"avatar":6}"#,
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
            assert_eq!(keys(ORDER), keys(KeyOrder::NONE), "{text}");
            assert!(keys(ORDER).is_ok(), "{text}");
        }
    }
}
