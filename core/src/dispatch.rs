//! One event of the gateway, as it came.

#[cfg(feature = "checkpoint")]
mod saved;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use core::num::NonZeroU64;
use core::time::Duration;

use serde::de::Deserialize;

use crate::cache::memory::Displaced;
use crate::id::GuildId;
use crate::kind::Kinds;
use crate::misunderstood::Misunderstood;
use crate::wire::created_at::created_at;
use crate::wire::json::Reader;
use crate::wire::view::View;
use crate::wire::{Malformed, Name, Text};

/// For so long an interaction can be answered.
const ANSWERABLE: Duration = Duration::from_secs(3);

/// A dispatch: its name, its sequence, and its data as raw JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Dispatch<'i> {
    name: Name,
    text: Text<'i>,
    sequence: Option<u64>,
    data: Cow<'i, str>,
    displaced: Option<Box<Displaced>>,
    /// What of it was not understood, until it is delivered.
    misunderstood: Option<Box<Misunderstood>>,
    unstored: bool,
    replayed: bool,
}

impl<'i> Dispatch<'i> {
    /// A dispatch of this name, as a gateway library hands it over. `data` is the JSON of `d`.
    #[must_use]
    pub fn new(name: &'i str, sequence: Option<u64>, data: &'i str) -> Self {
        let text = Text::plain(name);
        Self::read(Name::from_wire(name), text, sequence, data)
    }

    /// A dispatch whose `text` is the spelling of `name`.
    pub(crate) const fn read(
        name: Name,
        text: Text<'i>,
        sequence: Option<u64>,
        data: &'i str,
    ) -> Self {
        Self {
            name,
            text,
            sequence,
            data: Cow::Borrowed(data),
            displaced: None,
            misunderstood: None,
            unstored: false,
            replayed: false,
        }
    }

    /// Which event it is; [`Name::Unknown`] for one that this version does not know.
    #[must_use]
    pub const fn name(&self) -> Name {
        self.name
    }

    /// The name as it came, also when it is unknown.
    #[must_use]
    pub const fn name_text(&self) -> &Text<'i> {
        &self.text
    }

    /// The sequence within the session; `None` if the source did not say.
    #[must_use]
    pub const fn sequence(&self) -> Option<u64> {
        self.sequence
    }

    /// The event's data: raw JSON whose structure has been checked.
    #[must_use]
    pub fn data(&self) -> &str {
        &self.data
    }

    /// The rows that this event displaced in the cache; `None` if the host did not keep them.
    #[must_use]
    pub fn displaced(&self) -> Option<&Displaced> {
        self.displaced.as_deref()
    }

    /// Keeps what the event's mutation displaced, as
    /// [`MemoryStore::replace`](crate::cache::MemoryStore::replace) returns it, for
    /// [`Dispatch::displaced`]. The mutation of an event has its sequence.
    pub fn set_displaced(&mut self, displaced: Displaced) {
        self.displaced = Some(Box::new(displaced));
    }

    /// Adds what another store displaced, to what the event carries already.
    pub fn add_displaced(&mut self, displaced: Displaced) {
        match &mut self.displaced {
            Some(own) => own.add(displaced),
            None if displaced.is_empty() => {}
            None => self.set_displaced(displaced),
        }
    }

    pub(crate) fn set_misunderstood(&mut self, misunderstood: Misunderstood) {
        self.misunderstood = Some(Box::new(misunderstood));
    }

    pub(crate) const fn take_misunderstood(&mut self) -> Option<Box<Misunderstood>> {
        self.misunderstood.take()
    }

    /// How many payloads had not been understood whole with this one, if it was not.
    #[cfg(feature = "checkpoint")]
    pub(crate) fn misunderstood_count(&self) -> Option<u64> {
        self.misunderstood.as_ref().map(|it| it.count)
    }

    /// The guild that the event is about; `None` if its data names none. Reads the data's outer
    /// keys each time it is asked.
    #[must_use]
    #[allow(clippy::wildcard_enum_match_arm, reason = "the others name it alike")]
    pub fn guild(&self) -> Option<GuildId> {
        let key = match self.name {
            Name::GuildCreate | Name::GuildUpdate | Name::GuildDelete => "id",
            _ => "guild_id",
        };
        let mut guild = None;
        let read = Reader::new(&self.data).object(|name, reader| {
            match name == key {
                true => guild = reader.id().ok(),
                false => reader.skip()?,
            }
            Ok(())
        });
        read.ok().and(guild)
    }

    /// Whether a store failed to apply what this event changes: the cache does not show it.
    #[must_use]
    pub const fn is_unstored(&self) -> bool {
        self.unstored
    }

    /// Says that a store failed to apply what this event changes; for hosts.
    pub const fn set_unstored(&mut self) {
        self.unstored = true;
    }

    /// Whether the gateway sends it again, or late, since it came before a connection was resumed.
    #[must_use]
    pub const fn is_replayed(&self) -> bool {
        self.replayed
    }

    pub(crate) const fn replayed(mut self, replayed: bool) -> Self {
        self.replayed = replayed;
        self
    }

    /// Whether this is an interaction of a replay that can no longer be answered at `now`, the time
    /// since the beginning of 1970: it is older than three seconds
    /// (<https://discord.com/developers/docs/interactions/receiving-and-responding>). Reads the
    /// data's outer keys.
    #[must_use]
    pub fn is_late(&self, now: Duration) -> bool {
        if !self.replayed || self.name != Name::InteractionCreate {
            return false;
        }
        let mut id: Option<NonZeroU64> = None;
        let read = Reader::new(&self.data).object(|name, reader| {
            match name == "id" {
                true => id = reader.id().ok(),
                false => reader.skip()?,
            }
            Ok(())
        });
        let made = read.ok().and(id).map(|id| created_at(id.get()).as_micros());
        let made = made.and_then(|micros| u64::try_from(micros).ok());
        let made = made.map(Duration::from_micros);
        made.is_some_and(|made| now.saturating_sub(made) > ANSWERABLE)
    }

    /// Reads the data as any type that deserialises.
    ///
    /// # Errors
    /// Whatever the type finds missing or wrong.
    pub fn parse<'d, T: Deserialize<'d>>(&'d self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.data)
    }

    /// Decodes the data into the view that the core has of it, each time it is called: for what the
    /// core decodes anyway, such as guilds, members and presences. `None` for a dispatch without a
    /// view. Values that are not understood are passed over.
    ///
    /// It borrows texts from the data and allocates what decoding needs: lists of rows, and a box
    /// for a large view.
    ///
    /// ```
    /// use headcount_core::Dispatch;
    /// use headcount_core::wire::view::View;
    ///
    /// let data = r#"{"guild_id":"1","user":{"id":"7"}}"#;
    /// let dispatch = Dispatch::new("GUILD_MEMBER_REMOVE", Some(3), data);
    /// let Some(View::MemberRemove(gone)) = dispatch.view()? else { panic!() };
    /// assert_eq!(gone.user.get(), 7);
    /// assert!(Dispatch::new("TYPING_START", Some(4), "{}").view()?.is_none());
    /// # Ok::<_, headcount_core::wire::Malformed>(())
    /// ```
    ///
    /// # Errors
    /// [`Malformed`] if the data lacks what it is about.
    pub fn view(&self) -> Result<Option<View<'_>>, Malformed> {
        View::parse(self.name, &self.data, Kinds::all())
    }

    /// The same dispatch, owning its data.
    #[must_use]
    pub fn into_owned(self) -> Dispatch<'static> {
        Dispatch {
            name: self.name,
            text: self.text.into_owned(),
            sequence: self.sequence,
            data: Cow::Owned(self.data.into_owned()),
            displaced: self.displaced,
            misunderstood: self.misunderstood,
            unstored: self.unstored,
            replayed: self.replayed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interaction_of_a_replay_is_late_after_three_seconds() {
        // 2024-01-01T00:00:00Z is 283,996,800 s after the first id.
        let (made, data) = (
            Duration::from_secs(1_704_067_200),
            r#"{"type":2,"id":"1191168914227200000"}"#,
        );
        let late = |name, replayed, after| {
            let dispatch = Dispatch::new(name, Some(3), data).replayed(replayed);
            dispatch.is_late(made + Duration::from_secs(after))
        };
        assert!(late("INTERACTION_CREATE", true, 4));
        assert!(!late("INTERACTION_CREATE", true, 2));
        assert!(!late("INTERACTION_CREATE", false, 4), "it has just come");
        assert!(!late("MESSAGE_CREATE", true, 4));
    }
}
