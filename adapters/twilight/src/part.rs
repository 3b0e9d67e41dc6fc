//! Parts of rows: texts, pictures, times and numbers.

use std::num::NonZeroU64;

use headcount_core::wire::{Field, Image, Text, Timestamp};
use twilight_model::id::Id;
use twilight_model::util::{ImageHash, Timestamp as TwilightTimestamp};

use crate::{MissingPart, ToTwilight};

/// A row that is made into twilight's type, by its name.
#[derive(Clone, Copy)]
pub(crate) struct RowName(pub(crate) &'static str);

impl RowName {
    /// A part that twilight's type must have.
    pub(crate) fn needs<T>(self, part: &'static str, value: Option<T>) -> Result<T, MissingPart> {
        value.ok_or(MissingPart::new(self.0, part))
    }

    /// A number that twilight's type must have, in the width that twilight has for it.
    pub(crate) fn number<T, N, U>(
        self,
        part: &'static str,
        value: Option<N>,
    ) -> Result<U, MissingPart>
    where
        N: TryInto<T>,
        T: Into<U>,
    {
        let value = value.and_then(|value| value.try_into().ok());
        self.needs(part, value.map(Into::into))
    }
}

/// A number in the width that twilight has for it; one that does not fit is left out.
pub(crate) fn narrow<N: TryInto<T> + Copy, T>(value: &Field<N>) -> Option<T> {
    (*value.value()?).try_into().ok()
}

/// A number that twilight gives names to.
pub(crate) fn numbered<U: From<u8>>(value: &Field<u16>) -> Option<U> {
    narrow::<_, u8>(value).map(U::from)
}

pub(crate) fn id<T: ToTwilight>(value: &Field<T>) -> Option<T::Twilight> {
    value.value().map(T::to_twilight)
}

/// The id of something that headcount has no type for.
pub(crate) fn plain_id<M>(value: &Field<NonZeroU64>) -> Option<Id<M>> {
    value.value().copied().map(Id::from)
}

pub(crate) fn text(value: &Text<'_>) -> String {
    value.as_cow().into_owned()
}

pub(crate) fn texts(value: &Field<Text<'_>>) -> Option<String> {
    value.value().map(text)
}

/// `None` for a name that is not a hash.
pub(crate) fn image(value: &Image<'_>) -> Option<ImageHash> {
    ImageHash::parse(value.to_string().as_bytes()).ok()
}

pub(crate) fn images(value: &Field<Image<'_>>) -> Option<ImageHash> {
    value.value().and_then(image)
}

/// `None` for a time outside the years that twilight can express.
pub(crate) fn time(value: Timestamp) -> Option<TwilightTimestamp> {
    TwilightTimestamp::from_micros(value.as_micros()).ok()
}

pub(crate) fn times(value: &Field<Timestamp>) -> Option<TwilightTimestamp> {
    value.value().copied().and_then(time)
}
