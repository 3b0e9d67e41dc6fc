//! Rows of plain kinds as dispatches bring them, generated from the table of kinds.

use alloc::boxed::Box;

use super::InGuild;
use crate::id::{self, ChannelId, GuildId};
use crate::kind::{Kind, Kinds, for_each_kind, given};
use crate::wire::json::Reader;
use crate::wire::{Listing, Malformed, Name, field::Read as _, view};

/// A row of a plain kind.
pub(crate) trait PlainRow {
    /// Whether a row goes with a channel.
    const HANGS_ON_CHANNEL: bool;

    /// The channel without which the row goes, if there is one.
    fn channel(&self) -> Option<ChannelId>;
}

/// What happens to one row of a plain kind.
#[derive(Clone, Debug, PartialEq)]
pub enum PlainChange<T, I> {
    /// The row is new.
    Created(Box<InGuild<T>>),
    /// The row has changed.
    Updated(Box<InGuild<T>>),
    /// The row is gone.
    Deleted(InGuild<I>),
}

impl<T, I: Copy> PlainChange<T, I> {
    const fn guild(&self) -> GuildId {
        match self {
            Self::Created(event) | Self::Updated(event) => event.guild,
            Self::Deleted(event) => event.guild,
        }
    }

    /// The row, if it is there now.
    const fn row(&self) -> Option<&T> {
        match self {
            Self::Created(event) | Self::Updated(event) => Some(&event.item),
            Self::Deleted(_) => None,
        }
    }

    /// What identifies the row, which is `of` the row itself.
    pub(crate) fn id(&self, of: impl FnOnce(&T) -> I) -> I {
        match self {
            Self::Created(event) | Self::Updated(event) => of(&event.item),
            Self::Deleted(event) => event.item,
        }
    }
}

/// The column `hangs_on` of a kind, which may be left out.
macro_rules! hangs_on {
    () => {
        const HANGS_ON_CHANNEL: bool = false;

        fn channel(&self) -> Option<ChannelId> {
            None
        }
    };
    ({ |$row:ident| $channel:expr }) => {
        const HANGS_ON_CHANNEL: bool = true;

        fn channel(&self) -> Option<ChannelId> {
            let $row = self;
            $channel
        }
    };
}

/// [`PlainEvent`] and [`PlainListings`], with a place for each plain kind that has the dispatches.
macro_rules! views {
    (
        special $special:tt
        plain { $(
            $(#[doc = $doc:literal])*
            $kind:ident $flag:ident = $bit:literal {
                row { $row:ident $key:ident: $id:ident }
                names { $rows:ident $all:ident $one:ident $noun:literal }
                intent $intent:tt
                $(changes { $create:ident $update:ident $delete:ident $at:literal })?
                $(listed { $listed:literal })?
                $(hangs_on $hangs_on:tt)?
            }
        )* }
    ) => {
        $(
            impl PlainRow for view::$row<'_> {
                hangs_on! { $($hangs_on)? }
            }
        )*

        /// A dispatch about one row of a plain kind.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum PlainEvent<'i> {
            $($(
                #[doc = concat!(
                    "[`Name::", stringify!($create), "`], [`Name::", stringify!($update),
                    "`] and [`Name::", stringify!($delete), "`]."
                )]
                $kind(PlainChange<view::$row<'i>, id::$id>),
            )?)*
        }

        impl<'i> PlainEvent<'i> {
            /// Decodes a dispatch; `None` if it is none of these.
            #[allow(clippy::wildcard_enum_match_arm, reason = "the others are elsewhere")]
            pub(super) fn read(
                name: Name,
                reader: &mut Reader<'i>,
            ) -> Result<Option<Self>, Malformed> {
                Ok(Some(match name {
                    $($(
                        Name::$create => Self::$kind(PlainChange::Created(boxed(reader)?)),
                        Name::$update => Self::$kind(PlainChange::Updated(boxed(reader)?)),
                        Name::$delete => {
                            Self::$kind(PlainChange::Deleted(InGuild::at(reader, $at)?))
                        }
                    )?)*
                    _ => return Ok(None),
                }))
            }

            /// The kind that a dispatch of this name is about, if it is one of these.
            #[allow(clippy::wildcard_enum_match_arm, reason = "the others are elsewhere")]
            pub(super) const fn kind_of(name: Name) -> Option<Kind> {
                Some(match name {
                    $($(Name::$create | Name::$update | Name::$delete => Kind::$kind,)?)*
                    _ => return None,
                })
            }

            /// The guild of the row.
            #[must_use]
            pub const fn guild(&self) -> GuildId {
                match self {
                    $($(Self::$kind(change) => given!($at => change.guild()),)?)*
                }
            }

            /// The channel without which the row goes, if it comes or changes and there is one.
            pub(crate) fn channel(&self) -> Option<ChannelId> {
                match self {
                    $($(Self::$kind(change) => given!($at => change.row()?.channel()),)?)*
                }
            }

            /// Whether the row is new.
            pub(crate) const fn creates(&self) -> bool {
                match self {
                    $($(
                        Self::$kind(change) => {
                            given!($at => matches!(change, PlainChange::Created(_)))
                        }
                    )?)*
                }
            }

            /// Whether the row is gone.
            pub(crate) const fn deletes(&self) -> bool {
                match self {
                    $($(
                        Self::$kind(change) => {
                            given!($at => matches!(change, PlainChange::Deleted(_)))
                        }
                    )?)*
                }
            }
        }

        /// The rows of plain kinds that live in a guild, as the guild's own payloads list them.
        ///
        /// `None`: the payload does not say, in no form that could be read, or the kind is not
        /// cached.
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        pub struct PlainListings<'i> {
            $($(
                #[doc = concat!("All ", $noun, "s, listed at `", $listed, "`.")]
                pub $all: Option<Listing<view::$row<'i>>>,
            )?)*
        }

        impl<'i> PlainListings<'i> {
            /// Reads one part of a guild; passes over it if it is no list of a kind in `kinds`.
            pub(super) fn field(
                &mut self,
                key: &str,
                from: &mut Reader<'i>,
                kinds: Kinds,
            ) -> Result<(), Malformed> {
                match key {
                    $($(
                        $listed if kinds.contains(Kinds::$flag) => {
                            self.$all = from.tolerate(Listing::read)?;
                        }
                    )?)*
                    _ => from.skip()?,
                }
                Ok(())
            }
        }
    };
}
for_each_kind!(views);

fn boxed<'i, T: crate::wire::row::ReadWith<'i>>(
    reader: &mut Reader<'i>,
) -> Result<Box<InGuild<T>>, Malformed> {
    InGuild::row(reader).map(Box::new)
}
