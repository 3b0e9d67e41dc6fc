//! Rows as they lie in the store: members with their users, and presences.
//!
//! A guild's members come in a section that says what the numbers of roles in them stand for, and
//! sections of rows. They are bound to how this version lays rows out ([`LAYOUT`]).

use alloc::vec::Vec;
use core::iter;

use crate::cache::memory::MemoryStore;
use crate::cache::memory::guild::rows::GuildRows;
use crate::cache::memory::people::user::Users;
use crate::cache::memory::table::copied_rows::CopiedRows;
use crate::id::{GuildId, UserId};
use crate::wire::packed::Cursor;

/// How rows are laid out. Whoever changes what is packed ([`User`], [`Membership`], activities,
/// the head of a member's row) counts on.
///
/// [`User`]: crate::wire::view::User
/// [`Membership`]: crate::wire::view::Membership
pub const LAYOUT: u32 = 1;

/// The layout of a snapshot without packed rows.
pub(super) const PORTABLE: u32 = 0;

/// About how many bytes of presences a section has.
const BYTES_A_SECTION: usize = 1 << 20;

/// A member's row and user take about so many bytes.
const BYTES_A_MEMBER: usize = 112;

/// A guild's members as they lay in the store, whose users have yet to be looked up.
#[derive(Debug)]
pub(super) struct CopiedMembers {
    guild: GuildId,
    rows: CopiedRows,
    /// How many have their users.
    done: usize,
}

impl CopiedMembers {
    pub(super) fn of(guild_rows: &GuildRows) -> Self {
        Self {
            guild: guild_rows.id,
            rows: guild_rows.members.copied(),
            done: 0,
        }
    }

    /// How many have no user yet.
    pub(super) fn left(&self) -> usize {
        self.rows.len().saturating_sub(self.done)
    }

    /// A section of the next members, so many at most, with their users as they are now. A user
    /// who has gone since is empty: the member has gone too.
    pub(super) fn look_up(&mut self, users: &Users, most: usize) -> Vec<u8> {
        let most = most.min(self.left());
        let room = most.saturating_mul(BYTES_A_MEMBER);
        let mut section = begin(self.guild, room);
        let next = self.rows.iter_from(self.done).take(most);
        users.prefetch(next.filter_map(|(key, _)| UserId::new(key)));
        for (key, row) in self.rows.iter_from(self.done).take(most) {
            let Some(user) = UserId::new(key) else {
                continue;
            };
            section.extend_from_slice(&key.to_le_bytes());
            counted(&mut section, users.packed(user));
            counted(&mut section, row);
        }
        self.done = self.done.saturating_add(most);
        section
    }
}

/// A section with what the numbers of roles in members' rows stand for.
pub(super) fn roles_section(guild_rows: &GuildRows) -> Vec<u8> {
    let members = &guild_rows.members;
    let mut section = begin(guild_rows.id, 0);
    section.push(members.generation);
    members
        .role_list()
        .for_each(|role| section.extend_from_slice(&role.to_le_bytes()));
    section
}

/// A guild's presences as they lay in the store.
#[derive(Debug)]
pub(super) struct CopiedPresences {
    guild: GuildId,
    rows: CopiedRows,
    /// How many have been written.
    done: usize,
}

impl CopiedPresences {
    pub(super) fn of(guild_rows: &GuildRows) -> Self {
        Self {
            guild: guild_rows.id,
            rows: guild_rows.presences.copied(),
            done: 0,
        }
    }

    /// Whether all have been written.
    pub(super) fn is_written(&self) -> bool {
        self.done >= self.rows.len()
    }

    /// Appends the content of the next section.
    pub(super) fn write(&mut self, to: &mut Vec<u8>) {
        let end = to.len().saturating_add(BYTES_A_SECTION);
        to.extend_from_slice(&self.guild.get().to_le_bytes());
        for (key, row) in self.rows.iter_from(self.done) {
            if to.len() >= end {
                break;
            }
            to.extend_from_slice(&key.to_le_bytes());
            counted(to, row);
            self.done = self.done.saturating_add(1);
        }
    }
}

/// A section about a guild, with room for so many bytes.
fn begin(guild: GuildId, room: usize) -> Vec<u8> {
    let mut section = Vec::with_capacity(room.saturating_add(8));
    section.extend_from_slice(&guild.get().to_le_bytes());
    section
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

/// A member's id, the record of the user, and the row.
fn member<'a>(from: &mut Cursor<'a>) -> Option<(UserId, &'a [u8], &'a [u8])> {
    Some((user(from)?, from.counted()?, from.counted()?))
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
            if set {
                members.generation = generation;
            }
            set
        };
        let set = self.within(guild, |guild_rows, _| set(guild_rows));
        (rest.is_empty() && set != Some(false)).then_some(())
    }

    /// Members with their users.
    pub(super) fn read_members(&mut self, content: &[u8]) -> Option<()> {
        let (guild, mut from) = guild(content)?;
        let read = self.within(guild, |guild_rows, shared| {
            let mut ahead = from;
            let users = iter::from_fn(move || Some(member(&mut ahead)?.0));
            guild_rows.members.prefetch(users.clone());
            shared.users.prefetch(users);
            while !from.rest().is_empty() {
                let (user, record, row) = member(&mut from)?;
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
