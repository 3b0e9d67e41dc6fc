//! The two bits of a part.

use super::{Cursor, Form, Payload, Sink};
use crate::wire::json::Reader;
use crate::wire::{Field, Malformed};

/// A part of a row, as a state of two bits and perhaps a payload.
pub(crate) trait Packed<'a>: Sized {
    /// 0 silent; 1 null, or what a type that cannot be null has for nothing; 2 and 3 a value in
    /// one of the two forms of its type.
    fn state(&self) -> u64;

    fn pack(&self, sink: &mut Sink);

    /// The part of a record; silence if the record is broken.
    fn unpack(state: u64, from: &mut Cursor<'a>) -> Self;

    fn pass(state: u64, from: &mut Cursor<'a>);

    /// Packs a part as it is read, and returns its state.
    fn transcode(reader: &mut Reader<'a>, sink: &mut Sink) -> Result<u64, Malformed>;
}

const fn form(state: u64) -> Option<Form> {
    match state & 3 {
        2 => Some(Form::Usual),
        3 => Some(Form::Other),
        _ => None,
    }
}

fn pass<'a, T: Payload<'a>>(state: u64, from: &mut Cursor<'a>) {
    if let Some(form) = form(state) {
        T::pass(form, from);
    }
}

/// What a field says that is most likely not null.
fn transcode_value<'a, T: Payload<'a>>(
    reader: &mut Reader<'a>,
    sink: &mut Sink,
) -> Result<u64, Malformed> {
    match reader.null()? {
        true => Ok(1),
        false => T::transcode(reader, sink),
    }
}

impl<'a, T: Payload<'a>> Packed<'a> for Field<T> {
    #[inline]
    fn state(&self) -> u64 {
        match self {
            Self::Absent => 0,
            Self::Null => 1,
            Self::Value(value) => value.form() as u64,
        }
    }

    #[inline]
    fn pack(&self, sink: &mut Sink) {
        if let Self::Value(value) = self {
            value.put(sink);
        }
    }

    #[inline]
    fn unpack(state: u64, from: &mut Cursor<'a>) -> Self {
        match form(state) {
            Some(form) => T::take(form, from).map_or(Self::Absent, Self::Value),
            None if state & 1 == 1 => Self::Null,
            None => Self::Absent,
        }
    }

    #[inline]
    fn pass(state: u64, from: &mut Cursor<'a>) {
        pass::<T>(state, from);
    }

    #[inline(always)]
    fn transcode(reader: &mut Reader<'a>, sink: &mut Sink) -> Result<u64, Malformed> {
        // Whoever reads on finds out whether the word ends there.
        match reader.passes(b"null") {
            true => Ok(1),
            false => transcode_value::<T>(reader, sink),
        }
    }
}

impl<'a, T: Payload<'a>> Packed<'a> for Option<T> {
    #[inline]
    fn state(&self) -> u64 {
        match self {
            None => 0,
            Some(value) if value.is_nothing() => 1,
            Some(value) => value.form() as u64,
        }
    }

    #[inline]
    fn pack(&self, sink: &mut Sink) {
        if let Some(value) = self.as_ref().filter(|value| !value.is_nothing()) {
            value.put(sink);
        }
    }

    #[inline]
    fn unpack(state: u64, from: &mut Cursor<'a>) -> Self {
        match form(state) {
            Some(form) => T::take(form, from),
            None if state & 1 == 1 => T::NOTHING,
            None => None,
        }
    }

    #[inline]
    fn pass(state: u64, from: &mut Cursor<'a>) {
        pass::<T>(state, from);
    }

    #[inline(always)]
    fn transcode(reader: &mut Reader<'a>, sink: &mut Sink) -> Result<u64, Malformed> {
        T::transcode_unless_nothing(reader, sink)
    }
}
