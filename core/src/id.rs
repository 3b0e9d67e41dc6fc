//! Snowflake ids, one type each, so that a guild's id cannot be passed where a user's is meant.

use core::fmt;
use core::num::NonZeroU64;
use core::str::FromStr;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::kind::for_each_kind;

/// A text that is no id: empty, zero, not decimal digits, or over 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidId;

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id is a decimal number from 1 to 18446744073709551615")
    }
}

impl core::error::Error for InvalidId {}

/// Reads decimal digits alone: no sign, no blanks, never zero.
fn parse(text: &str) -> Result<NonZeroU64, InvalidId> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidId);
    }
    text.parse().map_err(|_| InvalidId)
}

struct AnyForm;

impl Visitor<'_> for AnyForm {
    type Value = NonZeroU64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id as a string or a number, not zero")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<NonZeroU64, E> {
        parse(text).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<NonZeroU64, E> {
        NonZeroU64::new(number).ok_or_else(|| E::custom(InvalidId))
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        ///
        /// Never zero. Serialises as a decimal string, as the wire has it; numbers are accepted
        /// too, since a few payloads carry them.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(NonZeroU64);

        impl $name {
            /// The id with this number; `None` for zero.
            #[inline]
            #[must_use]
            pub const fn new(number: u64) -> Option<Self> {
                match NonZeroU64::new(number) {
                    Some(number) => Some(Self(number)),
                    None => None,
                }
            }

            /// The number.
            #[inline]
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0.get()
            }
        }

        impl From<NonZeroU64> for $name {
            #[inline]
            fn from(number: NonZeroU64) -> Self {
                Self(number)
            }
        }

        impl From<$name> for NonZeroU64 {
            #[inline]
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_any(AnyForm).map(Self)
            }
        }
    )*};
}

/// Hands the table of ids, those of plain kinds left out, to the macro `$with`.
macro_rules! for_each_id {
    ($with:ident) => {
        $with! {
            /// A guild.
            GuildId
            /// A channel or thread.
            ChannelId
            /// A user, the bot itself included.
            UserId
            /// A role; the role that everyone has carries its guild's id.
            RoleId
            /// A message.
            MessageId
            /// An application.
            ApplicationId
            /// A webhook.
            WebhookId
        }
    };
}
pub(crate) use for_each_id;
for_each_id!(ids);

/// The ids of plain kinds; rows that another id identifies have none.
macro_rules! plain_ids {
    (special $special:tt plain { $(
        $(#[doc = $doc:literal])* $kind:ident $flag:ident = $bit:literal {
            row { $row:ident $key:ident: $id:ident }
            names { $rows:ident $all:ident $one:ident $noun:literal }
            $($more:tt)*
        }
    )* }) => { $(plain_ids!($key $id $noun);)* };
    (id $id:ident $noun:literal) => {
        ids! {
            #[doc = concat!("One ", $noun, ".")]
            $id
        }
    };
    ($key:ident $id:ident $noun:literal) => {};
}
for_each_kind!(plain_ids);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_numbers_are_read_and_strings_written() {
        let id: GuildId = serde_json::from_str("\"4194304\"").unwrap();
        assert_eq!(id, serde_json::from_str("4194304").unwrap());
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"4194304\"");
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in [
            "\"\"", "\"0\"", "0", "-1", "\"+1\"", "\" 1\"", "1.5", "null", "[]",
        ] {
            assert!(serde_json::from_str::<UserId>(text).is_err(), "{text}");
        }
        assert!("18446744073709551615".parse::<UserId>().is_ok());
        assert_eq!("18446744073709551616".parse::<UserId>(), Err(InvalidId));
    }

    #[test]
    fn an_optional_id_is_as_small_as_an_id() {
        assert_eq!(size_of::<Option<GuildId>>(), 8);
    }
}
