//! What of a payload was not understood, and where it stands.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::json::{KEY_ROOM, Reader};

/// So many places of one payload are named; the others are counted.
const NAMED: usize = 16;

/// The longest path and the longest excerpt, in bytes.
const LONGEST: usize = 160;

/// A value of a payload that was not understood. It cost itself: a row without its key, that row.
#[derive(Clone, PartialEq, Eq)]
pub struct Misread {
    path: Box<str>,
    expected: &'static str,
    excerpt: Box<str>,
}

impl Misread {
    /// Where it stands in the data, such as `channels[3].application_id`; of the frame itself, the
    /// key in the envelope; empty for the whole. At most 160 bytes.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The path without the places in lists, such as `channels[].application_id`: one for all
    /// rows of a kind.
    #[must_use]
    pub fn pattern(&self) -> String {
        let mut inside = false;
        let keep = |&letter: &char| {
            inside = letter == '[' || (inside && letter != ']');
            !inside || letter == '['
        };
        self.path.chars().filter(keep).collect()
    }

    /// What is wrong with it, in a few words that never quote it.
    #[must_use]
    pub const fn expected(&self) -> &'static str {
        self.expected
    }

    /// How it begins, at most 160 bytes of it. It may hold a secret of an interaction, a webhook
    /// or a voice server, so neither `Debug` nor a log shows it.
    #[must_use]
    pub fn excerpt(&self) -> &str {
        &self.excerpt
    }
}

impl fmt::Debug for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.expected)
    }
}

/// What was not understood of one payload: nothing, nearly always.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Misreads(Option<Box<NamedMisreads>>);

/// The places of a payload that were not understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct NamedMisreads {
    places: Vec<Misread>,
    count: usize,
}

impl Misreads {
    /// The first of them, at most 16, in the order in which they stand.
    #[must_use]
    pub fn places(&self) -> &[Misread] {
        self.0.as_ref().map_or(&[], |found| &found.places)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.as_ref().map_or(0, |found| found.count)
    }

    /// Something wrong with the whole of `text`.
    #[cold]
    pub(crate) fn whole(expected: &'static str, text: &str) -> Self {
        let mut all = Self::default();
        all.add("", expected, text);
        all
    }

    /// As [`Misreads::whole`], for a frame that may be no text.
    pub(crate) fn frame(expected: &'static str, frame: &[u8]) -> Self {
        // Room for what a broken character becomes.
        let start = frame.get(..LONGEST).unwrap_or(frame);
        Self::whole(expected, &String::from_utf8_lossy(start))
    }

    /// Adds one more, if there is room for it.
    pub(crate) fn add(&mut self, path: &str, expected: &'static str, text: &str) {
        let found = self.0.get_or_insert_default();
        found.count = found.count.saturating_add(1);
        if found.places.len() < NAMED {
            found.places.push(Misread {
                path: start(path).into(),
                expected,
                excerpt: start(text).into(),
            });
        }
    }

    /// The same, of a value that stands at `key`.
    pub(crate) fn under(mut self, key: &str) -> Self {
        for misread in self.0.iter_mut().flat_map(|found| &mut found.places) {
            let path = match &*misread.path {
                "" => String::from(key),
                path => [key, ".", path].concat(),
            };
            misread.path = start(&path).into();
        }
        self
    }

    /// Adds those of another part of the payload.
    #[inline]
    pub(crate) fn append(&mut self, others: Self) {
        match (&mut self.0, others.0) {
            (_, None) => {}
            (none @ None, others) => *none = others,
            (Some(found), Some(others)) => found.append(*others),
        }
    }
}

impl fmt::Debug for Misreads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Misreads")
            .field("places", &self.places())
            .field("count", &self.count())
            .finish()
    }
}

impl NamedMisreads {
    #[cold]
    fn append(&mut self, others: Self) {
        let room = NAMED.saturating_sub(self.places.len());
        self.count = self.count.saturating_add(others.count);
        self.places.extend(others.places.into_iter().take(room));
    }
}

/// As much of a text as is shown.
fn start(text: &str) -> &str {
    let ends = (0..=text.len().min(LONGEST)).rev();
    ends.into_iter()
        .find_map(|end| text.get(..end))
        .unwrap_or_default()
}

/// What a reader has noted, by the byte at which it begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct MisreadLog {
    places: Vec<(usize, &'static str)>,
    count: usize,
}

impl MisreadLog {
    pub(crate) fn push(&mut self, at: usize, expected: &'static str) {
        self.count = self.count.saturating_add(1);
        if self.places.len() < NAMED {
            self.places.push((at, expected));
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn truncate(&mut self, count: usize) {
        self.count = self.count.min(count);
        self.places.truncate(count);
    }

    /// The bytes at which they begin.
    #[cfg(test)]
    pub(crate) fn places(&self) -> impl Iterator<Item = usize> {
        self.places.iter().map(|place| place.0)
    }

    /// The same places, counted from the byte `start` on.
    pub(crate) fn from(mut self, start: usize) -> Self {
        for place in &mut self.places {
            place.0 = place.0.saturating_sub(start);
        }
        self
    }

    /// Names the places, which lie in `text`, by their paths.
    pub(crate) fn locate(mut self, text: &str) -> Misreads {
        self.places.sort_unstable_by_key(|place| place.0);
        let mut found = Misreads::default();
        let mut walk = Walk {
            wanted: &self.places,
            path: String::new(),
            found: &mut found,
        };
        // The structure was sound when it was read.
        let _ = walk.value(&mut Reader::new(text));
        if let Some(found) = &mut found.0 {
            found.count = self.count.max(found.count);
        }
        found
    }
}

/// A way through a payload, past all that was noted.
struct Walk<'n> {
    wanted: &'n [(usize, &'static str)],
    path: String,
    found: &'n mut Misreads,
}

impl Walk<'_> {
    /// Passes one value, and names what was noted of it and in it.
    fn value(&mut self, reader: &mut Reader<'_>) -> Result<(), super::Malformed> {
        reader.peek();
        let (mark, start) = (reader.mark(), reader.place());
        let text = reader.raw()?;
        let end = reader.place();
        while let Some(((at, expected), later)) = self.wanted.split_first()
            && *at <= start
        {
            self.wanted = later;
            self.found.add(&self.path, expected, text);
        }
        if self.wanted.first().is_none_or(|place| place.0 >= end) {
            return Ok(());
        }
        reader.return_to(mark);
        match text.as_bytes().first() {
            Some(b'{') => self.object(reader),
            _ => self.array(reader),
        }
    }

    fn object(&mut self, reader: &mut Reader<'_>) -> Result<(), super::Malformed> {
        let length = self.path.len();
        let mut goes_on = reader.enters_object()?;
        while goes_on {
            let mut room = KEY_ROOM;
            let key = reader.key(&mut room)?;
            if length > 0 {
                self.path.push('.');
            }
            self.path.push_str(start(key));
            self.value(reader)?;
            self.path.truncate(length);
            goes_on = reader.object_goes_on()?;
        }
        Ok(())
    }

    fn array(&mut self, reader: &mut Reader<'_>) -> Result<(), super::Malformed> {
        let (length, mut index) = (self.path.len(), 0_usize);
        reader.array(|reader| {
            let _ = fmt::Write::write_fmt(&mut self.path, format_args!("[{index}]"));
            index = index.saturating_add(1);
            self.value(reader)?;
            self.path.truncate(length);
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    fn noted(places: &[usize]) -> MisreadLog {
        let mut log = MisreadLog::default();
        for &place in places {
            log.push(place, "not that");
        }
        log
    }

    #[test]
    fn places_are_named_by_their_paths() {
        let text = r#"{"a": 5, "b":[{"c":{}}, [1, "x"]], "\u0064":{"e":null}}"#;
        let places = ["5", "{}", "\"x\"", "null"].map(|value| text.find(value).unwrap());
        let found = noted(&places).locate(text);
        let shown: Vec<String> = found
            .places()
            .iter()
            .map(|one| format!("{one:?}"))
            .collect();
        let paths = ["a", "b[0].c", "b[1][1]", "d.e"].map(|path| format!("{path}: not that"));
        assert_eq!(shown, paths);
        let excerpts = found.places().iter().map(Misread::excerpt);
        assert_eq!(excerpts.collect::<Vec<_>>(), ["5", "{}", "\"x\"", "null"]);
        assert_eq!(found.places()[2].pattern(), "b[][]");
    }

    #[test]
    fn many_places_are_counted_and_few_named_in_few_bytes() {
        let row = format!("\"{}\"", "\u{e9}".repeat(1000));
        let text = format!("[{}{row}]", format!("{row},").repeat(999));
        let mut log = MisreadLog::default();
        for index in 0..1000 {
            log.push(1 + index * (row.len() + 1), "not a number");
        }
        let found = log.locate(&text);
        assert_eq!((found.count(), found.places().len()), (1000, NAMED));
        assert!(
            found
                .places()
                .iter()
                .all(|one| one.excerpt().len() <= LONGEST)
        );
        assert_eq!(found.places()[15].path(), "[15]");
    }

    #[test]
    fn what_is_no_text_is_shown_as_far_as_it_is() {
        let found = Misreads::frame("not UTF-8", b"abc\xff");
        assert_eq!(found.places()[0].excerpt(), "abc\u{fffd}");
    }
}
