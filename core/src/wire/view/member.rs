//! Members, one or a thousand, with their users and one pool for all their roles.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Decoration, User};
use crate::id::{RoleId, UserId};
use crate::wire::room::room_for;
use crate::wire::row::row;
use crate::wire::{Field, Image, Malformed, Text, Timestamp, json::Reader};

row! {
    /// What a guild knows of a member, the roles left out.
    Membership {
        /// The name in this guild.
        "nick" nick: Field<Text<'i>>,
        /// The picture in this guild.
        "avatar" avatar: Field<Image<'i>>,
        /// The picture behind the profile in this guild.
        "banner" banner: Field<Image<'i>>,
        /// Since when; null for a guest of a stage.
        "joined_at" joined_at: Field<Timestamp>,
        /// Since when the member boosts the guild.
        "premium_since" premium_since: Field<Timestamp>,
        /// Until when the member may not speak; a time that has passed means nothing, and no
        /// event tells.
        "communication_disabled_until" timeout: Field<Timestamp>,
        /// Whether the guild deafened the member.
        "deaf" deaf: Option<bool>,
        /// Whether the guild muted the member.
        "mute" mute: Option<bool>,
        /// Whether the member has not passed the guild's gate yet.
        "pending" pending: Option<bool>,
        /// Flags.
        "flags" flags: Option<u32>,
        /// The frame around the picture in this guild.
        "avatar_decoration_data" decoration: Field<Decoration<'i>>,
    }
}

/// One member as read, with its roles in the pool of the batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Row<'i> {
    user: User<'i>,
    roles: Option<Span>,
    membership: Membership<'i>,
}

/// A part of the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Span {
    start: u32,
    end: u32,
}

/// Members of one guild.
///
/// However many there are, they take two allocations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Members<'i> {
    rows: Vec<Row<'i>>,
    roles: Vec<RoleId>,
}

/// One member of a batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Member<'a, 'i> {
    /// The user.
    pub user: &'a User<'i>,
    /// The roles, the one that everyone has left out; `None` if the payload does not list them.
    pub roles: Option<&'a [RoleId]>,
    /// The rest.
    pub membership: &'a Membership<'i>,
}

impl<'i> Members<'i> {
    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The members in the order of the payload; a user may come twice, then the later one counts.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Member<'_, 'i>> {
        self.rows.iter().map(|row| Member {
            user: &row.user,
            roles: row.roles.map(|span| self.pooled(span)),
            membership: &row.membership,
        })
    }

    fn pooled(&self, span: Span) -> &[RoleId] {
        self.roles
            .get(span.start as usize..span.end as usize)
            .unwrap_or_default()
    }

    /// The ids of the members' users, in the order of the payload.
    pub fn users(&self) -> impl ExactSizeIterator<Item = UserId> {
        self.rows.iter().map(|row| row.user.id)
    }

    /// The same members, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Members<'static> {
        let own = |row: Row<'i>| Row {
            user: row.user.into_owned(),
            roles: row.roles,
            membership: row.membership.into_owned(),
        };
        Members {
            rows: self.rows.into_iter().map(own).collect(),
            roles: self.roles,
        }
    }

    /// Reads an array of members.
    pub(crate) fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        let mut members = Self::default();
        let bytes = reader.remaining();
        reader.array(|reader| {
            if members.rows.capacity() == 0 {
                members = Self::with_room_for(bytes);
            }
            members.push(reader, |_, reader| reader.skip())
        })?;
        Ok(members)
    }

    /// Reads one member; `other` gets the keys that are not its own.
    pub(crate) fn read_one<F>(reader: &mut Reader<'i>, other: F) -> Result<Self, Malformed>
    where
        F: FnMut(&str, &mut Reader<'i>) -> Result<(), Malformed>,
    {
        let mut members = Self {
            rows: Vec::with_capacity(1),
            roles: Vec::new(),
        };
        members.push(reader, other)?;
        Ok(members)
    }

    /// Reads a member that another payload carries; `user` says whose it is if the member itself
    /// does not. `None` if it cannot be read: what it belongs to is worth more than it is.
    pub(crate) fn embedded(text: &'i str, user: Option<UserId>) -> Option<Self> {
        let mut members = Self::default();
        let mut reader = Reader::new(text);
        let user = user.map(User::bare);
        let read = members.push_of(&mut reader, user, |_, reader| reader.skip());
        read.ok().map(|()| members)
    }

    /// Makes room for the members in `bytes` of text.
    fn with_room_for(bytes: usize) -> Self {
        Self {
            rows: room_for(bytes),
            roles: room_for(bytes / 8),
        }
    }

    /// Reads one member and adds it; `other` gets the keys that are not its own.
    pub(crate) fn push<F>(&mut self, reader: &mut Reader<'i>, other: F) -> Result<(), Malformed>
    where
        F: FnMut(&str, &mut Reader<'i>) -> Result<(), Malformed>,
    {
        self.push_of(reader, None, other)
    }

    fn push_of<F>(
        &mut self,
        reader: &mut Reader<'i>,
        mut user: Option<User<'i>>,
        mut other: F,
    ) -> Result<(), Malformed>
    where
        F: FnMut(&str, &mut Reader<'i>) -> Result<(), Malformed>,
    {
        let mut roles = None;
        let membership = Membership::read_with(reader, |key, reader| {
            match key {
                "user" => user = Some(User::read_whole(reader)?),
                "roles" => roles = Some(self.pool(reader)?),
                _ => other(key, reader)?,
            }
            Ok(())
        })?;
        let user = user.ok_or_else(|| reader.fault("a member without a user"))?;
        self.rows.push(Row {
            user,
            roles,
            membership,
        });
        Ok(())
    }

    fn pool(&mut self, reader: &mut Reader<'i>) -> Result<Span, Malformed> {
        let start = self.roles.len();
        reader.array(|reader| {
            self.roles.push(reader.id()?);
            Ok(())
        })?;
        match (u32::try_from(start), u32::try_from(self.roles.len())) {
            (Ok(start), Ok(end)) => Ok(Span { start, end }),
            _ => Err(reader.fault("too many roles")),
        }
    }
}
