//! What dispatches and listings of plain kinds change, generated from the table of kinds.

use alloc::vec;

use super::{Mutation, Op, Rows, replace};
use crate::cache::Key;
use crate::kind::{for_each_kind, given};
use crate::wire::view::{PlainChange, PlainEvent, PlainListings};

/// How each plain kind gets from its views to steps of a mutation.
macro_rules! derive {
    (special $special:tt plain { $(
        $(#[doc = $doc:literal])* $kind:ident $flag:ident = $bit:literal {
            row $row:tt
            names { $rows:ident $all:ident $one:ident $noun:literal }
            intent $intent:tt
            $(changes { $create:ident $update:ident $delete:ident $at:literal })?
            $(listed $listed:tt)?
            $(hangs_on $hangs_on:tt)?
        }
    )* }) => {
        impl<'i> From<PlainEvent<'i>> for Op<'i> {
            fn from(event: PlainEvent<'i>) -> Self {
                match event {
                    $($(
                        PlainEvent::$kind(change) => given!($at => match change {
                            PlainChange::Created(event) | PlainChange::Updated(event) => {
                                Self::Upsert(Rows::$rows(vec![event.item]))
                            }
                            PlainChange::Deleted(event) => Self::Remove(Key::$kind(event.item)),
                        }),
                    )?)*
                }
            }
        }

        /// The rows of plain kinds that a guild's own payload lists.
        pub(super) fn listings<'i>(listed: PlainListings<'i>, to: &mut Mutation<'i>) {
            $($(
                given!($listed => to.extend(listed.$all.map(|all| replace(all, Rows::$rows))));
            )?)*
        }
    };
}
for_each_kind!(derive);
