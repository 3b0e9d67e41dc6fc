//! Emotes within a text.

use core::ops::Range;

/// One place of an emote in a text.
///
/// The wire counts characters (Unicode code points), the last one included. Places come from the
/// peer: they may lie beyond the text, and overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emote<'a> {
    id: &'a str,
    first: usize,
    last: usize,
}

impl<'a> Emote<'a> {
    /// Its id, which is not always a number.
    #[must_use]
    pub const fn id(&self) -> &'a str {
        self.id
    }

    /// The first character that it takes the place of.
    #[must_use]
    pub const fn first(&self) -> usize {
        self.first
    }

    /// The last one.
    #[must_use]
    pub const fn last(&self) -> usize {
        self.last
    }

    /// Where that is in the text, in bytes; `None` if not all of it is there.
    #[must_use]
    pub fn range_in(&self, text: &str) -> Option<Range<usize>> {
        let mut places = text.char_indices().map(|(place, _)| place);
        let start = places.nth(self.first)?;
        let end = match self.last.checked_sub(self.first)?.checked_sub(1) {
            None => start,
            Some(between) => places.nth(between)?,
        };
        Some(start..places.next().unwrap_or_else(|| end_of(text, end)))
    }

    /// The name that it stands for.
    #[must_use]
    pub fn name_in<'t>(&self, text: &'t str) -> Option<&'t str> {
        text.get(self.range_in(text)?)
    }
}

/// The end of the character at a place.
fn end_of(text: &str, place: usize) -> usize {
    let rest = text.get(place..).and_then(|rest| rest.chars().next());
    place.saturating_add(rest.map_or(0, char::len_utf8))
}

/// The emotes of a tag, as they stand there: `id:0-4,6-10/id:12-13`. Those that make no sense are
/// left out.
pub(super) fn emotes(tag: Option<&str>) -> impl Iterator<Item = Emote<'_>> + Clone {
    let emotes = tag.unwrap_or_default().split('/');
    let with_places = emotes.filter_map(|emote| emote.rsplit_once(':'));
    with_places.flat_map(|(id, places)| {
        places.split(',').filter_map(move |place| {
            let (first, last) = place.split_once('-')?;
            let (first, last) = (first.parse().ok()?, last.parse().ok()?);
            (first <= last).then_some(Emote { id, first, last })
        })
    })
}
