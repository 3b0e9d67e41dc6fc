//! The tables of plain kinds in a guild, generated from the table of kinds.

use alloc::vec::Vec;

use crate::cache::key::any_special_key;
use crate::cache::memory::guild::merge_mode::MergeMode;
use crate::cache::memory::limits::row_id::RowId;
use crate::cache::memory::pieces::in_pieces;
use crate::cache::memory::table::Row;
use crate::cache::memory::table::hash::Mixer;
use crate::cache::memory::table::lazy_table::{LazyTable, MergeRow, merge_row};
use crate::cache::memory::usage::{EntityUsage, Weight};
use crate::cache::memory::{Displaced, MemoryStore};
use crate::cache::rows::any_special_rows;
use crate::cache::{Key, Kind, RowRef, Rows};
use crate::id::{self, ChannelId, GuildId};
use crate::kind::{any_special_kind, for_each_kind};
use crate::wire::view::{self, PlainRow as _};

/// The column `listed` of a kind: rows that no guild lists do not outlive a session.
macro_rules! forget {
    ($table:expr, $listed:literal) => {};
    ($table:expr,) => {
        $table.clear();
    };
}

/// [`PlainTables`], with a table for each plain kind, and how rows in them are looked up.
macro_rules! tables {
    (special $special:tt plain { $(
        $(#[doc = $doc:literal])* $kind:ident $flag:ident = $bit:literal {
            row { $row:ident $key:ident: $id:ident }
            names { $rows:ident $all:ident $one:ident $noun:literal }
            intent $intent:tt
            $(changes $changes:tt)?
            $(listed { $listed:literal })?
            $(hangs_on $hangs_on:tt)?
        }
    )* }) => {
        $(merge_row!(view::$row<'static>, $key, view::PlainRow::channel);)*

        /// The rows of plain kinds in one guild, by id.
        #[derive(Debug)]
        pub(in crate::cache::memory) struct PlainTables {
            $(pub(in crate::cache::memory) $all: LazyTable<view::$row<'static>>,)*
        }

        impl PlainTables {
            pub(in crate::cache::memory) const fn new() -> Self {
                Self {
                    $($all: LazyTable::new(),)*
                }
            }

            /// How many rows there are.
            pub(in crate::cache::memory) fn len(&self) -> usize {
                [$(self.$all.len()),*].into_iter().fold(0, usize::saturating_add)
            }

            /// Says how many rows there are and what they weigh.
            pub(in crate::cache::memory) fn weigh(&self, to: &mut EntityUsage) {
                $(to.set(Kind::$kind, self.$all.weight());)*
            }

            /// What the rows of one kind weigh.
            pub(in crate::cache::memory) fn weight(&self, kind: Kind) -> Weight {
                match kind {
                    $(Kind::$kind => self.$all.weight(),)*
                    any_special_kind!() => Weight::NONE,
                }
            }

            /// Adds, overwrites or replaces rows; those of special kinds lie elsewhere.
            pub(in crate::cache::memory) fn put(
                &mut self,
                mixer: Mixer,
                rows: Rows<'static>,
                how: MergeMode,
            ) {
                match rows {
                    $(Rows::$rows(rows) => put(&mut self.$all, mixer, rows, how),)*
                    any_special_rows!() => {}
                }
            }

            /// Removes a row, if it is there.
            pub(in crate::cache::memory) fn remove(&mut self, key: &Key<'_>) {
                match key {
                    $(Key::$kind(id) => drop(self.$all.remove(id.get())),)*
                    any_special_key!() => {}
                }
            }

            /// Removes what hangs on channels of which `gone` says that they go.
            pub(in crate::cache::memory) fn remove_on_channels(
                &mut self,
                gone: impl Fn(ChannelId) -> bool,
            ) {
                $(
                    if view::$row::HANGS_ON_CHANNEL {
                        self.$all.sweep(|row| !row.channel().is_some_and(&gone));
                    }
                )*
            }

            /// Drops what no event of a new session can refill.
            pub(in crate::cache::memory) fn forget(&mut self) {
                $(forget!(self.$all, $($listed)?);)*
            }

            /// All rows, kind by kind.
            pub(in crate::cache::memory) fn export(&self) -> impl Iterator<Item = Rows<'static>> {
                core::iter::empty()
                    $(.chain(in_pieces(self.$all.iter().cloned()).map(Rows::$rows)))*
            }

            /// A row as a predicate sees it.
            pub(in crate::cache::memory) fn row_ref(
                &self,
                kind: Kind,
                id: u64,
            ) -> Option<RowRef<'_>> {
                match kind {
                    $(Kind::$kind => self.$all.get(id).map(RowRef::$kind),)*
                    any_special_kind!() => None,
                }
            }

            /// What `of` says of the id of each row of a kind, in no order that means anything.
            pub(in crate::cache::memory) fn keys<T>(
                &self,
                kind: Kind,
                of: impl Fn(u64) -> T,
            ) -> Vec<T> {
                match kind {
                    $(Kind::$kind => self.$all.iter().map(|row| of(row.key())).collect(),)*
                    any_special_kind!() => Vec::new(),
                }
            }

            /// Copies what lies where these rows will lie.
            pub(in crate::cache::memory) fn displace_rows(
                &self,
                rows: &Rows<'_>,
                to: &mut Displaced,
            ) {
                match rows {
                    $(Rows::$rows(rows) => {
                        let keys = rows.iter().map(|row| row.$key.get());
                        to.$all.extend(keys.filter_map(|key| self.$all.get(key)).cloned());
                    })*
                    any_special_rows!() => {}
                }
            }

            /// Copies all rows of the kind of these.
            pub(in crate::cache::memory) fn displace_all(
                &self,
                rows: &Rows<'_>,
                to: &mut Displaced,
            ) {
                match rows {
                    $(Rows::$rows(_) => to.$all.extend(self.$all.iter().cloned()),)*
                    any_special_rows!() => {}
                }
            }

            /// Copies a row that is about to go.
            pub(in crate::cache::memory) fn displace_key(&self, key: &Key<'_>, to: &mut Displaced) {
                match key {
                    $(Key::$kind(id) => to.$all.extend(self.$all.get(id.get()).cloned()),)*
                    any_special_key!() => {}
                }
            }
        }

        /// Looking up rows of plain kinds.
        impl MemoryStore {
            $(
                #[doc = concat!("One ", $noun, " of a guild.")]
                #[must_use]
                pub fn $one(
                    &self,
                    guild: GuildId,
                    $key: id::$id,
                ) -> Option<&view::$row<'static>> {
                    self.used(Kind::$kind, RowId::new(guild, $key.get()));
                    self.guild_rows(guild)?.entities.plain.$all.get($key.get())
                }

                #[doc = concat!("The ", $noun, "s of a guild, in no order that means anything.")]
                pub fn $all(&self, guild: GuildId) -> impl Iterator<Item = &view::$row<'static>> {
                    let guild_rows = self.guild_rows(guild).into_iter();
                    guild_rows.flat_map(|guild_rows| guild_rows.entities.plain.$all.iter())
                }
            )*
        }
    };
}
for_each_kind!(tables);

/// Merges rows into a table.
pub(in crate::cache::memory) fn put<R: MergeRow>(
    to: &mut LazyTable<R>,
    mixer: Mixer,
    rows: Vec<R>,
    how: MergeMode,
) {
    match how {
        MergeMode::Upsert => rows.into_iter().for_each(|row| {
            to.upsert(mixer, row);
        }),
        MergeMode::Replace => drop(to.replace(mixer, rows)),
        MergeMode::Patch => rows.into_iter().for_each(|row| {
            to.update(row.key(), |old| old.take(row));
        }),
    }
}
