//! Rows as they lie in the store: members with their users, and presences.
//!
//! A guild's members come in a section that says what the numbers of roles in them stand for, and
//! sections of rows. They are bound to how this version lays rows out ([`LAYOUT`]).

use alloc::vec::Vec;

use crate::cache::memory::MemoryStore;
use crate::cache::memory::guild::rows::GuildRows;
use crate::cache::memory::people::user::Users;
use crate::cache::memory::snapshot::section::SectionKind;
use crate::id::{GuildId, UserId};
use crate::wire::packed::Cursor;

/// How rows are laid out. Whoever changes what is packed ([`User`], [`Membership`], activities,
/// the head of a member's row) counts on.
///
/// [`User`]: crate::wire::view::User
/// [`Membership`]: crate::wire::view::Membership
pub(super) const LAYOUT: u32 = 1;

/// The layout of a snapshot without packed rows.
pub(super) const PORTABLE: u32 = 0;

/// About how many bytes of rows a section has.
const BYTES_A_SECTION: usize = 1 << 20;

/// A row without its text, and its head, take about so many bytes.
const BYTES_A_ROW: usize = 112;

/// Sections that are being filled, each for one guild.
#[derive(Debug)]
pub(super) struct PackedSections<'s> {
    sections: &'s mut Vec<(SectionKind, Vec<u8>)>,
    guild: GuildId,
}

impl<'s> PackedSections<'s> {
    pub(super) const fn new(sections: &'s mut Vec<(SectionKind, Vec<u8>)>, guild: GuildId) -> Self {
        Self { sections, guild }
    }

    /// A guild's members with their users.
    pub(super) fn members(&mut self, guild_rows: &GuildRows, users: &Users) {
        let members = &guild_rows.members;
        if members.len() == 0 {
            return;
        }
        let mut list = self.begin(0);
        list.push(members.generation);
        members
            .role_list()
            .for_each(|role| list.extend_from_slice(&role.to_le_bytes()));
        self.sections.push((SectionKind::Roles, list));
        self.rows(
            SectionKind::Members,
            members.len(),
            members.packed_rows(),
            |to, user| {
                counted(to, users.packed(user));
            },
        );
    }

    /// A guild's presences.
    pub(super) fn presences(&mut self, guild_rows: &GuildRows) {
        let presences = &guild_rows.presences;
        let rows = presences.iter();
        let rows = rows.filter_map(|(key, row)| Some((UserId::new(key)?, row)));
        self.rows(SectionKind::Presences, presences.len(), rows, |_, _| ());
    }

    fn begin(&self, room: usize) -> Vec<u8> {
        let mut section = Vec::with_capacity(room.saturating_add(8));
        section.extend_from_slice(&self.guild.get().to_le_bytes());
        section
    }

    fn rows<'r>(
        &mut self,
        kind: SectionKind,
        count: usize,
        rows: impl Iterator<Item = (UserId, &'r [u8])>,
        mut beside: impl FnMut(&mut Vec<u8>, UserId),
    ) {
        let room = count.saturating_mul(BYTES_A_ROW).min(BYTES_A_SECTION);
        let mut section = Vec::new();
        for (user, row) in rows {
            if section.is_empty() {
                section = self.begin(room);
            }
            section.extend_from_slice(&user.get().to_le_bytes());
            beside(&mut section, user);
            counted(&mut section, row);
            if section.len() >= BYTES_A_SECTION {
                self.sections.push((kind, core::mem::take(&mut section)));
            }
        }
        if !section.is_empty() {
            self.sections.push((kind, section));
        }
    }
}

/// Bytes, and before them how many they are: seven bits a byte, the lowest first.
#[allow(clippy::cast_possible_truncation, reason = "the lowest seven bits")]
fn counted(to: &mut Vec<u8>, bytes: &[u8]) {
    let mut length = bytes.len();
    while length >= 0x80 {
        to.push(length as u8 | 0x80);
        length >>= 7;
    }
    to.push(length as u8);
    to.extend_from_slice(bytes);
}

/// The guild of a section, and what follows.
fn guild(content: &[u8]) -> Option<(GuildId, Cursor<'_>)> {
    let mut from = Cursor::new(content);
    Some((GuildId::new(u64::from_le_bytes(from.array()?))?, from))
}

fn user(from: &mut Cursor<'_>) -> Option<UserId> {
    UserId::new(u64::from_le_bytes(from.array()?))
}

/// Reading: each is `None` if the section is not what it should be, and passes over guilds that
/// are not here.
impl MemoryStore {
    /// What the numbers of roles stand for.
    pub(super) fn read_roles(&mut self, content: &[u8]) -> Option<()> {
        let (guild, mut from) = guild(content)?;
        let generation = from.byte()?;
        let (roles, rest) = from.rest().as_chunks();
        let roles: Vec<u64> = roles.iter().map(|role| u64::from_le_bytes(*role)).collect();
        let set = |guild_rows: &mut GuildRows| {
            let members = &mut guild_rows.members;
            let set = members.set_role_list(roles);
            members.generation = generation;
            set
        };
        let set = self.within(guild, |guild_rows, _| set(guild_rows));
        (rest.is_empty() && set != Some(false)).then_some(())
    }

    /// Members with their users.
    pub(super) fn read_members(&mut self, content: &[u8]) -> Option<()> {
        let (guild, mut from) = guild(content)?;
        let read = self.within(guild, |guild_rows, shared| {
            while !from.rest().is_empty() {
                let (user, record, row) = (user(&mut from)?, from.counted()?, from.counted()?);
                guild_rows.put_back_member(user, record, row, &mut shared.users)?;
            }
            Some(())
        });
        read.unwrap_or(Some(()))
    }

    /// Presences.
    pub(super) fn read_presences(&mut self, content: &[u8]) -> Option<()> {
        let (guild, mut from) = guild(content)?;
        let read = self.within(guild, |guild_rows, _| {
            while !from.rest().is_empty() {
                let (user, row) = (user(&mut from)?, from.counted()?);
                guild_rows.put_back_presence(user, row)?;
            }
            Some(())
        });
        read.unwrap_or(Some(()))
    }
}
