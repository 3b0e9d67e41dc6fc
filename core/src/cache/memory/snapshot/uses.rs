//! How rows were used, as bytes.
//!
//! A section is about the rows of one kind in a guild, or outside guilds: the guild's id or zero,
//! the kind's bit in [`Kinds`] (4 bytes), and for each row two ids, when it was used compared with
//! others, and how old it is in milliseconds. An invitation has the digest of its code for an id.

use alloc::collections::BTreeMap;
use alloc::vec::{self, Vec};
use core::time::Duration;

use crate::Instant;
use crate::cache::memory::MemoryStore;
use crate::cache::memory::guild::rows::GuildRows;
use crate::cache::memory::limits::row_id::RowId;
use crate::cache::memory::limits::uses::{RowUse, UsesByKind};
use crate::cache::{Kind, Kinds};
use crate::id::GuildId;
use crate::positions::session_digest;
use crate::time::millis;
use crate::wire::packed::Cursor;

/// Bytes of a row.
const ROW: usize = 32;

/// Rows whose policy counts their use or their age, which have yet to be looked up.
#[derive(Debug)]
pub(super) struct TrackedRows {
    guild: Option<GuildId>,
    kind: Kind,
    rows: vec::IntoIter<RowId>,
    /// Of invitations, the digests of their codes.
    digests: BTreeMap<RowId, u64>,
}

impl TrackedRows {
    /// How many have not been looked up.
    pub(super) fn left(&self) -> usize {
        self.rows.len()
    }

    /// A section of the next rows, so many at most, as they are now, and as old as they were when
    /// the snapshot began; those left out that have gone.
    pub(super) fn look_up(&mut self, store: &MemoryStore, most: usize, begun: Instant) -> Vec<u8> {
        let room = most.min(self.rows.len()).saturating_mul(ROW);
        let mut section = Vec::with_capacity(room.saturating_add(12));
        let guild = self.guild.map_or(0, GuildId::get);
        section.extend_from_slice(&guild.to_le_bytes());
        section.extend_from_slice(&self.kind.only().bits().to_le_bytes());
        for row in store.uses(self.kind, self.rows.by_ref().take(most), begun) {
            let RowId { first, second, .. } = row.row_id;
            let first = self.digests.get(&row.row_id).copied().unwrap_or(first);
            for number in [first, second, row.used, millis(row.age)] {
                section.extend_from_slice(&number.to_le_bytes());
            }
        }
        section
    }
}

impl MemoryStore {
    /// The rows of a guild, or with none those outside guilds, whose use has to be looked up.
    pub(super) fn tracked_rows(
        &self,
        guild_rows: Option<&GuildRows>,
    ) -> impl Iterator<Item = TrackedRows> {
        let guild = guild_rows.map(|guild_rows| guild_rows.id);
        let tracked = self.tracked(guild_rows);
        tracked.map(move |(kind, rows)| {
            let invites = guild_rows.filter(|_| kind == Kind::Invite);
            let digests = invites.map(|guild_rows| self.invite_digests(guild_rows));
            let digests = digests.into_iter().flatten();
            TrackedRows {
                guild,
                kind,
                rows: rows.into_iter(),
                digests: digests.map(|(digest, row_id)| (row_id, digest)).collect(),
            }
        })
    }

    /// The invitations of a guild by the digests of their codes.
    fn invite_digests(&self, guild_rows: &GuildRows) -> BTreeMap<u64, RowId> {
        let invites = guild_rows.entities.invites.values();
        let invites = invites.map(|invite| {
            let code = invite.code.as_cow();
            let row_id = RowId::invite(guild_rows.id, &code, self.mixer);
            (session_digest(&code), row_id)
        });
        invites.collect()
    }

    /// What a section says; `None` if it is not what it should be.
    pub(super) fn read_uses(&self, content: &[u8], to: &mut UsesByKind) -> Option<()> {
        let mut from = Cursor::new(content);
        let guild = GuildId::new(u64::from_le_bytes(from.array()?));
        let kind = Kinds::from_bits(u32::from_le_bytes(from.array()?))?;
        let mut kinds = kind.each();
        let (kind, None) = (kinds.next()?, kinds.next()) else {
            return None;
        };
        let (rows, rest) = from.rest().as_chunks::<ROW>();
        let guild_rows = guild.and_then(|guild| self.guild_rows(guild));
        let invites = guild_rows.filter(|_| kind == Kind::Invite && !rows.is_empty());
        let invites = invites.map(|guild_rows| self.invite_digests(guild_rows));
        let rows = rows.iter().filter_map(|row| {
            let mut from = Cursor::new(row);
            let mut number = || from.array().map(u64::from_le_bytes);
            let (first, second, used, age) = (number()?, number()?, number()?, number()?);
            let row_id = RowId {
                guild,
                first,
                second,
            };
            Some(RowUse {
                row_id: match &invites {
                    Some(invites) => *invites.get(&first)?,
                    None => row_id,
                },
                used,
                age: Duration::from_millis(age),
            })
        });
        to.push((kind, rows.collect()));
        rest.is_empty().then_some(())
    }
}
