//! How rows were used, as bytes.
//!
//! A section is about the rows of one kind in a guild, or outside guilds: the guild's id or zero,
//! the kind's bit in [`Kinds`] (4 bytes), and for each row two ids, when it was used compared with
//! others, and how old it is in milliseconds. An invitation has the digest of its code for an id.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use crate::cache::memory::MemoryStore;
use crate::cache::memory::guild::rows::GuildRows;
use crate::cache::memory::limits::row_id::RowId;
use crate::cache::memory::limits::uses::{RowUse, UsesByKind};
use crate::cache::memory::snapshot::section::SectionKind;
use crate::cache::{Kind, Kinds};
use crate::id::GuildId;
use crate::positions::session_digest;
use crate::time::millis;
use crate::wire::packed::Cursor;

impl MemoryStore {
    /// Copies how the rows of a guild were used, or with none those outside guilds.
    pub(super) fn copy_uses(
        &self,
        guild_rows: Option<&GuildRows>,
        to: &mut Vec<(SectionKind, Vec<u8>)>,
    ) {
        let uses = match guild_rows {
            Some(guild_rows) => self.uses_in(guild_rows),
            None => self.uses_outside(),
        };
        for (kind, uses) in uses {
            let digests = guild_rows.filter(|_| kind == Kind::Invite);
            let digests = digests.map(|guild_rows| self.invite_digests(guild_rows));
            let digests: BTreeMap<RowId, u64> = digests
                .into_iter()
                .flatten()
                .map(|(digest, row_id)| (row_id, digest))
                .collect();
            let first = |row: &RowUse| {
                let digest = digests.get(&row.row_id);
                digest.copied().unwrap_or(row.row_id.first)
            };
            let mut section = Vec::with_capacity(uses.len().saturating_mul(32).saturating_add(12));
            let guild = guild_rows.map_or(0, |guild_rows| guild_rows.id.get());
            section.extend_from_slice(&guild.to_le_bytes());
            section.extend_from_slice(&kind.only().bits().to_le_bytes());
            for row in &uses {
                let numbers = [first(row), row.row_id.second, row.used, millis(row.age)];
                numbers
                    .iter()
                    .for_each(|number| section.extend_from_slice(&number.to_le_bytes()));
            }
            to.push((SectionKind::Uses, section));
        }
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
        let guild_rows = guild.and_then(|guild| self.guild_rows(guild));
        let invites = guild_rows.filter(|_| kind == Kind::Invite);
        let invites = invites.map(|guild_rows| self.invite_digests(guild_rows));
        let (rows, rest) = from.rest().as_chunks::<32>();
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
