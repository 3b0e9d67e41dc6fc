//! Values as bytes.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::num::NonZeroU64;

use super::{Cursor, Sink};
use crate::id::{
    ApplicationId, ChannelId, EmojiId, GuildId, MessageId, RoleId, StickerId, UserId, WebhookId,
};
use crate::wire::field::Read;
use crate::wire::json::Reader;
use crate::wire::{Image, Malformed, OnlyId, Stated, Text, Timestamp};

/// Which of its type's two forms a value has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Usual = 2,
    Other = 3,
}

/// A value that a part may have.
pub(crate) trait Payload<'a>: Read<'a> {
    /// The value that stands for nothing: zero, or no characters.
    const NOTHING: Option<Self> = None;

    fn is_nothing(&self) -> bool {
        false
    }

    fn form(&self) -> Form {
        Form::Usual
    }

    fn put(&self, sink: &mut Sink);

    /// `None` if the record is broken.
    fn take(form: Form, from: &mut Cursor<'a>) -> Option<Self>;

    #[inline]
    fn pass(form: Form, from: &mut Cursor<'a>) {
        Self::take(form, from);
    }

    /// Packs a value as it is read, and returns its form as a part's state.
    #[inline]
    fn transcode(reader: &mut Reader<'a>, sink: &mut Sink) -> Result<u64, Malformed> {
        let value = Self::read(reader)?;
        value.put(sink);
        Ok(value.form() as u64)
    }

    /// The same for a part whose state says by itself that a value is nothing.
    #[inline(always)]
    fn transcode_unless_nothing(
        reader: &mut Reader<'a>,
        sink: &mut Sink,
    ) -> Result<u64, Malformed> {
        let value = Self::read(reader)?;
        if value.is_nothing() {
            return Ok(1);
        }
        value.put(sink);
        Ok(value.form() as u64)
    }
}

/// The form is the value.
impl Payload<'_> for bool {
    #[inline]
    fn form(&self) -> Form {
        if *self { Form::Other } else { Form::Usual }
    }

    #[inline]
    fn put(&self, _: &mut Sink) {}

    fn take(form: Form, _: &mut Cursor<'_>) -> Option<Self> {
        Some(form == Form::Other)
    }

    // Whoever reads on finds out whether the word ends there.
    #[inline(always)]
    fn transcode(reader: &mut Reader<'_>, _: &mut Sink) -> Result<u64, Malformed> {
        if reader.passes(b"false") {
            return Ok(Form::Usual as u64);
        }
        if reader.passes(b"true") {
            return Ok(Form::Other as u64);
        }
        Self::read(reader).map(|value| value.form() as u64)
    }

    #[inline(always)]
    fn transcode_unless_nothing(reader: &mut Reader<'_>, to: &mut Sink) -> Result<u64, Malformed> {
        Self::transcode(reader, to)
    }
}

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl Payload<'_> for $type {
            const NOTHING: Option<Self> = Some(0);

            #[inline]
            fn is_nothing(&self) -> bool {
                *self == 0
            }

            #[inline]
            fn put(&self, sink: &mut Sink) {
                sink.number(u64::from(*self));
            }

            #[inline]
            fn take(_: Form, from: &mut Cursor<'_>) -> Option<Self> {
                from.number()?.try_into().ok()
            }
        }
    )*};
}
numbers!(u8, u16, u32, u64);

macro_rules! ids {
    ($($type:ty),*) => {$(
        impl Payload<'_> for $type {
            #[inline]
            fn put(&self, sink: &mut Sink) {
                sink.put(&self.get().to_le_bytes());
            }

            #[inline]
            fn take(_: Form, from: &mut Cursor<'_>) -> Option<Self> {
                Self::new(u64::from_le_bytes(from.array()?))
            }
        }
    )*};
}
ids!(
    ApplicationId,
    ChannelId,
    EmojiId,
    GuildId,
    MessageId,
    NonZeroU64
);
ids!(RoleId, StickerId, UserId, WebhookId);

impl<'a, T: Payload<'a>> Payload<'a> for OnlyId<T> {
    fn form(&self) -> Form {
        self.0.form()
    }

    fn put(&self, sink: &mut Sink) {
        self.0.put(sink);
    }

    fn take(form: Form, from: &mut Cursor<'a>) -> Option<Self> {
        T::take(form, from).map(Self)
    }
}

impl Payload<'_> for f64 {
    fn put(&self, sink: &mut Sink) {
        sink.put(&self.to_bits().to_le_bytes());
    }

    fn take(_: Form, from: &mut Cursor<'_>) -> Option<Self> {
        Some(Self::from_bits(u64::from_le_bytes(from.array()?)))
    }
}

/// The form is the value's.
impl<'a, T: Payload<'a>> Payload<'a> for Box<T> {
    fn form(&self) -> Form {
        (**self).form()
    }

    fn put(&self, sink: &mut Sink) {
        (**self).put(sink);
    }

    fn take(form: Form, from: &mut Cursor<'a>) -> Option<Self> {
        T::take(form, from).map(Self::new)
    }

    fn pass(form: Form, from: &mut Cursor<'a>) {
        T::pass(form, from);
    }
}

/// How many there are, and then one after the other, each behind its form.
impl<'a, T: Payload<'a>> Payload<'a> for Vec<T> {
    const NOTHING: Option<Self> = Some(Self::new());

    fn is_nothing(&self) -> bool {
        self.is_empty()
    }

    fn put(&self, sink: &mut Sink) {
        sink.number(self.len() as u64);
        for value in self {
            sink.byte(value.form() as u8);
            value.put(sink);
        }
    }

    fn take(_: Form, from: &mut Cursor<'a>) -> Option<Self> {
        let count = from.number()?;
        let value = |from: &mut Cursor<'a>| T::take(listed(from)?, from);
        // None is taken for granted before it is there.
        (0..count).map(|_| value(from)).collect()
    }

    fn pass(_: Form, from: &mut Cursor<'a>) {
        for _ in 0..from.number().unwrap_or(0) {
            match listed(from) {
                Some(form) => T::pass(form, from),
                None => return,
            }
        }
    }

    fn transcode(reader: &mut Reader<'a>, sink: &mut Sink) -> Result<u64, Malformed> {
        transcode_list::<T>(reader, sink).map(|_| Form::Usual as u64)
    }

    #[inline(always)]
    fn transcode_unless_nothing(
        reader: &mut Reader<'a>,
        sink: &mut Sink,
    ) -> Result<u64, Malformed> {
        let place = sink.len();
        match transcode_list::<T>(reader, sink)? {
            0 => {
                sink.truncate(place);
                Ok(1)
            }
            _ => Ok(Form::Usual as u64),
        }
    }
}

/// The form of the next value of a list.
fn listed(from: &mut Cursor<'_>) -> Option<Form> {
    Some(match from.byte()? {
        2 => Form::Usual,
        _ => Form::Other,
    })
}

/// Packs a list as it is read, if a byte is enough to say how long it is.
fn transcode_list<'a, T: Payload<'a>>(
    reader: &mut Reader<'a>,
    sink: &mut Sink,
) -> Result<u8, Malformed> {
    let (place, mut count) = (sink.len(), 0_u8);
    sink.byte(0);
    reader.array(|reader| {
        let form = sink.len();
        sink.byte(0);
        let state = T::transcode(reader, sink)?;
        sink.set(form, &state.to_le_bytes()[..1]);
        count = count.saturating_add(1);
        Ok(())
    })?;
    if count >= 0x80 {
        return Err(reader.fault("too many"));
    }
    sink.set(place, &[count]);
    Ok(count)
}

impl Payload<'_> for [u64; 2] {
    fn put(&self, sink: &mut Sink) {
        self.iter().for_each(|&number| sink.number(number));
    }

    fn take(_: Form, from: &mut Cursor<'_>) -> Option<Self> {
        Some([from.number()?, from.number()?])
    }
}

impl<'a> Payload<'a> for Text<'a> {
    const NOTHING: Option<Self> = Some(Text::plain(""));

    #[inline]
    fn is_nothing(&self) -> bool {
        self.is_empty()
    }

    #[inline]
    fn put(&self, sink: &mut Sink) {
        sink.text(self, 0);
    }

    #[inline]
    fn take(_: Form, from: &mut Cursor<'a>) -> Option<Self> {
        let text = core::str::from_utf8(from.counted()?).ok()?;
        Some(Text::plain(text))
    }

    fn transcode(reader: &mut Reader<'a>, sink: &mut Sink) -> Result<u64, Malformed> {
        match reader.short_string() {
            Some(plain) => sink.counted(plain),
            None => sink.text(&reader.text()?, 0),
        }
        Ok(Form::Usual as u64)
    }

    #[inline]
    fn transcode_unless_nothing(reader: &mut Reader<'a>, to: &mut Sink) -> Result<u64, Malformed> {
        let start = to.len();
        if !reader.passes(b"\"\"") {
            Self::transcode(reader, to)?;
        }
        // Behind blanks there may be nothing too.
        if to.len().wrapping_sub(start) > 1 {
            return Ok(Form::Usual as u64);
        }
        to.truncate(start);
        Ok(1)
    }

    #[inline]
    fn pass(_: Form, from: &mut Cursor<'a>) {
        from.counted();
    }
}

/// Usually a still image. Otherwise a number: 0 for an animated one, else one more than the bytes
/// of the name.
impl<'a> Payload<'a> for Image<'a> {
    #[inline]
    fn form(&self) -> Form {
        match self {
            Self::Still(_) => Form::Usual,
            Self::Animated(_) | Self::Other(_) => Form::Other,
        }
    }

    #[inline]
    fn put(&self, sink: &mut Sink) {
        match self {
            Self::Still(hash) => sink.put(hash),
            Self::Animated(hash) => {
                sink.byte(0);
                sink.put(hash);
            }
            Self::Other(name) => sink.text(name, 1),
        }
    }

    #[inline]
    fn take(form: Form, from: &mut Cursor<'a>) -> Option<Self> {
        if form == Form::Usual {
            return from.array().map(Self::Still);
        }
        let Some(length) = from.number()?.checked_sub(1) else {
            return from.array().map(Self::Animated);
        };
        let name = from.bytes(usize::try_from(length).ok()?)?;
        let name = core::str::from_utf8(name).ok()?;
        Some(Self::Other(Text::plain(name)))
    }
}

/// Usually whole milliseconds since 1970, in six bytes; otherwise microseconds in eight.
impl Payload<'_> for Timestamp {
    #[inline]
    fn form(&self) -> Form {
        match milliseconds(*self) {
            Some(_) => Form::Usual,
            None => Form::Other,
        }
    }

    #[inline]
    fn put(&self, sink: &mut Sink) {
        match milliseconds(*self) {
            Some(milliseconds) => sink.mask(milliseconds, 6),
            None => sink.put(&self.as_micros().to_le_bytes()),
        }
    }

    #[inline]
    fn take(form: Form, from: &mut Cursor<'_>) -> Option<Self> {
        let micros = match form {
            Form::Usual => from.mask(6).wrapping_mul(1000).cast_signed(),
            Form::Other => i64::from_le_bytes(from.array()?),
        };
        Some(Self::from_micros(micros))
    }
}

/// Stands for a time that cannot be read: no payload can state this one.
const NO_TIME: i64 = i64::MIN;

/// As a time.
impl Payload<'_> for Stated<Timestamp> {
    #[inline]
    fn form(&self) -> Form {
        self.known().map_or(Form::Other, |time| time.form())
    }

    #[inline]
    fn put(&self, sink: &mut Sink) {
        match self {
            Self::Known(time) => time.put(sink),
            Self::Unreadable => sink.put(&NO_TIME.to_le_bytes()),
        }
    }

    #[inline]
    fn take(form: Form, from: &mut Cursor<'_>) -> Option<Self> {
        let time = Timestamp::take(form, from)?;
        Some(match time.as_micros() {
            NO_TIME => Self::Unreadable,
            _ => Self::Known(time),
        })
    }
}

fn milliseconds(time: Timestamp) -> Option<u64> {
    let micros = u64::try_from(time.as_micros()).ok()?;
    let milliseconds = micros / 1000;
    (micros % 1000 == 0 && milliseconds >> 48 == 0).then_some(milliseconds)
}

/// Rows without a key may be parts of others.
macro_rules! record_payloads {
    ($($row:ident),*) => {$(
        impl<'a> $crate::wire::packed::Payload<'a> for $row<'a> {
            #[inline]
            fn put(&self, sink: &mut $crate::wire::packed::Sink) {
                self.pack(sink);
            }

            #[inline]
            fn take(
                _: $crate::wire::packed::Form,
                from: &mut $crate::wire::packed::Cursor<'a>,
            ) -> Option<Self> {
                Some(Self::unpack(from))
            }

            #[inline]
            fn pass(
                _: $crate::wire::packed::Form,
                from: &mut $crate::wire::packed::Cursor<'a>,
            ) {
                Self::pass(from);
            }

            fn transcode(
                reader: &mut $crate::wire::json::Reader<'a>,
                sink: &mut $crate::wire::packed::Sink,
            ) -> Result<u64, $crate::wire::Malformed> {
                let (before, start) = (reader.mark(), sink.len());
                if Self::transcode_with(reader, sink, |_, reader, _| reader.skip()).is_none() {
                    reader.return_to(before);
                    sink.truncate(start);
                    <Self as $crate::wire::field::Read<'a>>::read(reader)?.pack(sink);
                }
                Ok($crate::wire::packed::Form::Usual as u64)
            }
        }
    )*};
}
pub(crate) use record_payloads;

/// Rows with a key may be parts of others, which have the key before the record.
macro_rules! keyed_record_payloads {
    ($($row:ident $key:ident),*) => {$(
        impl<'a> $crate::wire::packed::Payload<'a> for $row<'a> {
            fn put(&self, sink: &mut $crate::wire::packed::Sink) {
                self.$key.put(sink);
                self.pack(sink);
            }

            fn take(
                form: $crate::wire::packed::Form,
                from: &mut $crate::wire::packed::Cursor<'a>,
            ) -> Option<Self> {
                let key = $crate::wire::packed::Payload::take(form, from)?;
                Some(Self::unpack(key, from))
            }

            fn pass(
                _: $crate::wire::packed::Form,
                from: &mut $crate::wire::packed::Cursor<'a>,
            ) {
                from.bytes(8);
                Self::pass(from);
            }
        }
    )*};
}
pub(crate) use keyed_record_payloads;
