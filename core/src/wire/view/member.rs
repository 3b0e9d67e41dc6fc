//! Members, one or a thousand, with their users.

use alloc::vec::Vec;

use serde::de::{Deserialize, Deserializer};
use smallvec::SmallVec;

use super::batch::{Batch, BatchRow, Sealed, take_off};
use super::{Collectibles, Decoration, RoleIds, User};
use crate::id::{RoleId, UserId};
use crate::wire::packed::{Cursor, RecordPool, Sink, packed};
use crate::wire::{
    Field, Image, Malformed, Misreads, Stated, Text, Timestamp, field::Read as _, json::Reader,
};

packed! {
    /// What a guild knows of a member, the roles left out.
    Membership {
        beside "user";
        /// Until when the member's direct messages to others count as unusual; a time that has
        /// passed means nothing.
        "unusual_dm_activity_until" unusual_dm_until: Field<Timestamp>,
        beside "roles";
        /// Since when the member boosts the guild.
        "premium_since" premium_since: Field<Timestamp>,
        /// Whether the member has not passed the guild's gate yet.
        "pending" pending: Option<bool>,
        /// The name in this guild.
        "nick" nick: Field<Text<'i>>,
        /// Whether the guild muted the member.
        "mute" mute: Option<bool>,
        /// Since when; null for a guest of a stage.
        "joined_at" joined_at: Field<Timestamp>,
        /// Flags.
        "flags" flags: Option<u32>,
        /// Whether the guild deafened the member.
        "deaf" deaf: Option<bool>,
        /// Until when the member may not speak; a time that has passed means nothing, and no
        /// event reports that.
        "communication_disabled_until" timeout: Field<Stated<Timestamp>>,
        /// What else the member wears in this guild of what is sold.
        "collectibles" collectibles: Field<Collectibles<'i>>,
        /// The picture behind the profile in this guild.
        "banner" banner: Field<Image<'i>>,
        /// The frame around the picture in this guild.
        "avatar_decoration_data" decoration: Field<Decoration<'i>>,
        /// The picture in this guild.
        "avatar" avatar: Field<Image<'i>>,
    }
}

/// One member of a batch.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Member<'a> {
    /// The user.
    pub user: User<'a>,
    /// The roles, the one that everyone has left out; `None` if the payload does not list them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<RoleIds<'a>>,
    /// The rest.
    #[serde(flatten)]
    pub membership: Membership<'a>,
}

/// Whether somebody has joined the guild.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Joined {
    Member,
    /// Nothing says whether this is a member.
    Unknown,
    /// A guest of a stage: listed among the members, but without a time of joining.
    Guest,
}

impl Joined {
    /// By the states of the parts of a [`Membership`].
    fn of(mask: u64) -> Self {
        const ABSENT: u64 = 0;
        const NULL: u64 = 1;
        match Membership::state_of("joined_at", mask) {
            ABSENT => Self::Unknown,
            NULL => Self::Guest,
            _ => Self::Member,
        }
    }
}

/// One member of a batch as it lies there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MemberRecord<'a> {
    pub(crate) id: UserId,
    pub(crate) roles: Option<RoleIds<'a>>,
    /// The record of a [`User`].
    pub(crate) user: &'a [u8],
    /// The record of a [`Membership`].
    pub(crate) membership: &'a [u8],
}

impl<'a> MemberRecord<'a> {
    /// As [`write`] wrote it.
    fn read(from: &mut Cursor<'a>) -> Option<Self> {
        let id = UserId::new(u64::from_le_bytes(from.array()?))?;
        let (user, membership, roles) = (from.length()?, from.length()?, from.length()?);
        Some(Self {
            id,
            user: from.bytes(user)?,
            membership: from.bytes(membership)?,
            roles: match roles.checked_sub(1) {
                None => None,
                Some(count) => Some(RoleIds::of(from.bytes(count.checked_mul(8)?)?)),
            },
        })
    }

    fn standing(self) -> Joined {
        Joined::of(Cursor::new(self.membership).mask(Membership::MASK))
    }

    fn unpack(self) -> Member<'a> {
        Member {
            user: User::unpack(self.id, &mut Cursor::new(self.user)),
            roles: self.roles,
            membership: Membership::unpack(&mut Cursor::new(self.membership)),
        }
    }
}

impl Sealed for Member<'_> {}

impl BatchRow for Member<'_> {
    type Row<'a> = Member<'a>;
    type Id = UserId;

    fn take<'a>(records: &mut &'a [u8]) -> Option<Member<'a>> {
        take_off(records, MemberRecord::read).map(MemberRecord::unpack)
    }

    fn skip(records: &mut &[u8]) -> Option<UserId> {
        take_off(records, MemberRecord::read).map(|record| record.id)
    }
}

impl<'i> Batch<Member<'i>> {
    pub(crate) fn records(&self) -> impl Iterator<Item = MemberRecord<'_>> {
        self.each(MemberRecord::read)
    }

    /// Whether the first of these has joined.
    pub(crate) fn joined(&self) -> Option<Joined> {
        self.records().next().map(MemberRecord::standing)
    }

    /// Whether nobody of these has joined: guests of a stage are no members.
    pub(crate) fn are_guests(&self) -> bool {
        self.records()
            .all(|record| record.standing() == Joined::Guest)
    }

    /// Whether each of these is known to have joined.
    pub(crate) fn have_joined(&self) -> bool {
        self.records()
            .all(|record| record.standing() == Joined::Member)
    }

    /// Whether one of these has a role.
    pub(crate) fn name_role(&self, role: RoleId) -> bool {
        let mut lists = self.records().filter_map(|record| record.roles);
        lists.any(|roles| roles.iter().any(|own| own == role))
    }

    /// Reads an array of members; guests of a stage are left out. The number is that of members
    /// that could not be read.
    pub(crate) fn read(reader: &mut Reader<'i>) -> Result<(Self, u64), Malformed> {
        let mut members = Self::default();
        let bytes = reader.remaining();
        let unread = reader.list(|reader| {
            if members.is_empty() {
                // Records are about a sixth of the text; never reserve more than was sent.
                members.pool = RecordPool::with_capacity(bytes / 5);
            }
            members.push_joined(reader)
        })?;
        Ok((members, unread))
    }

    /// Counts an array of members without reading them; guests of a stage are left out.
    pub(crate) fn count(reader: &mut Reader<'i>) -> Result<u64, Malformed> {
        let mut count: u64 = 0;
        reader.list(|reader| {
            let mut joined = true;
            reader.object(|key, reader| {
                if key == "joined_at" {
                    joined = !reader.null()?;
                }
                if key == "joined_at" && !joined {
                    Ok(())
                } else {
                    reader.skip()
                }
            })?;
            count = count.saturating_add(u64::from(joined));
            Ok(())
        })?;
        Ok(count)
    }

    /// Reads one member and adds it, unless it is a guest of a stage.
    #[inline]
    pub(crate) fn push_joined(&mut self, reader: &mut Reader<'i>) -> Result<(), Malformed> {
        let (start, count) = (self.pool.as_slice().len(), self.count);
        if self.push(reader, |_, reader| reader.skip())? == Joined::Guest {
            self.pool.writer().truncate(start);
            self.count = count;
        }
        Ok(())
    }

    /// Reads one member into a pool; `other` gets the keys that are not its own, perhaps twice.
    pub(crate) fn read_one<F>(
        reader: &mut Reader<'i>,
        pool: RecordPool,
        other: F,
    ) -> Result<Self, Malformed>
    where
        F: FnMut(&str, &mut Reader<'i>) -> Result<(), Malformed>,
    {
        let mut members = Self::within(pool);
        members.push(reader, other)?;
        Ok(members)
    }

    /// Reads a member that another payload carries, and says what of it was not understood;
    /// `user` says whose it is if the member itself does not. `None` if it cannot be read: what it
    /// belongs to is worth more than it is.
    pub(crate) fn embedded(text: &'i str, user: Option<UserId>) -> (Option<Self>, Misreads) {
        let mut members = Self::default();
        let mut reader = Reader::new(text);
        let user = user.map(User::bare);
        let read =
            reader.tolerate(|reader| members.push_of(reader, user, |_, reader| reader.skip()));
        let log = reader.take_misreads();
        let misreads = log.map(|log| log.locate(text)).unwrap_or_default();
        (read.ok().flatten().map(|_| members), misreads)
    }

    /// Reads one member and adds it; `other` gets the keys that are not its own, perhaps twice.
    fn push<F>(&mut self, reader: &mut Reader<'i>, mut other: F) -> Result<Joined, Malformed>
    where
        F: FnMut(&str, &mut Reader<'i>) -> Result<(), Malformed>,
    {
        let (before, start) = (reader.mark(), self.pool.as_slice().len());
        if let Some(standing) = self.push_usual(reader, &mut other) {
            self.count = self.count.saturating_add(1);
            return Ok(standing);
        }
        reader.return_to(before);
        self.pool.writer().truncate(start);
        self.push_of(reader, None, other)
    }

    /// Writes a member while it is read, if nothing is odd; see
    /// [`Membership::transcode_with`].
    fn push_usual<F>(&mut self, reader: &mut Reader<'i>, mut other: F) -> Option<Joined>
    where
        F: FnMut(&str, &mut Reader<'i>) -> Result<(), Malformed>,
    {
        let to = self.pool.writer();
        let start = to.len();
        to.put(&[0; HEAD]);
        let (mut user, mut roles) = (None, None);
        let membership = Membership::transcode_with(reader, to, |key, reader, to| match key {
            "user" if user.is_none() => {
                let before = to.len();
                user = Some(User::transcode(reader, to)?);
                to.set_length(start.wrapping_add(8), before);
                Ok(())
            }
            "user" => Err(reader.fault("comes twice")),
            "roles" => read_roles(reader, roles.insert(Roles::new())),
            _ => other(key, reader),
        })?;
        to.set(start, &user?.get().to_le_bytes());
        to.set_length(start.wrapping_add(12), membership.place);
        write_roles(to, start.wrapping_add(16), roles.as_deref());
        Some(Joined::of(membership.mask))
    }

    fn push_of<F>(
        &mut self,
        reader: &mut Reader<'i>,
        mut user: Option<User<'i>>,
        mut other: F,
    ) -> Result<Joined, Malformed>
    where
        F: FnMut(&str, &mut Reader<'i>) -> Result<(), Malformed>,
    {
        let mut roles = None;
        let membership = Membership::read_with(reader, |key, reader| {
            match key {
                "user" => user = reader.tolerate(User::read)?,
                "roles" => read_any_roles(reader, roles.insert(Roles::new()))?,
                _ => other(key, reader)?,
            }
            Ok(())
        })?;
        let user = user.ok_or_else(|| reader.fault("a member without a user"))?;
        self.add(&user, roles.as_deref(), &membership);
        Ok(match membership.joined_at {
            Field::Null => Joined::Guest,
            Field::Absent => Joined::Unknown,
            Field::Value(_) => Joined::Member,
        })
    }

    fn add(&mut self, user: &User<'_>, roles: Option<&[RoleId]>, membership: &Membership<'_>) {
        write(self.pool.writer(), user, roles, membership);
        self.count = self.count.saturating_add(1);
    }
}

impl Batch<Member<'_>> {
    /// Adds a member of whom the records of a [`User`] and of a [`Membership`] are there. The roles
    /// end with the mark of a list that is not whole, if it is none.
    pub(crate) fn add_packed(
        &mut self,
        user: UserId,
        packed_user: &[u8],
        roles: impl Iterator<Item = RoleId>,
        membership: &[u8],
    ) {
        let roles: Roles = roles.collect();
        self.add_records(user, packed_user, Some(&roles), membership);
    }

    fn add_records(
        &mut self,
        user: UserId,
        packed_user: &[u8],
        roles: Option<&[RoleId]>,
        membership: &[u8],
    ) {
        let to = self.pool.writer();
        to.put(&user.get().to_le_bytes());
        let lengths = to.len();
        to.put(&[0; HEAD - 8]);
        to.measured(lengths, |to| to.put(packed_user));
        to.measured(lengths.wrapping_add(4), |to| to.put(membership));
        write_roles(to, lengths.wrapping_add(8), roles);
        self.count = self.count.saturating_add(1);
    }
}

/// Members as bytes that may leave the process.
///
/// A row is one more than there are roles, or zero if the payload did not list them; the roles,
/// eight bytes each, the lowest first; the record of the user; and that of the membership. Numbers
/// have seven bits a byte, the lowest first. How records are laid out has a number
/// ([`LAYOUT`](crate::cache::memory::snapshot::LAYOUT)), which is to be kept beside the rows.
impl Batch<Member<'_>> {
    /// Each member as bytes.
    pub fn packed(&self) -> impl Iterator<Item = (UserId, Vec<u8>)> {
        self.records().map(|record| {
            let mut row = Sink::new();
            let roles = record.roles.map(RoleIds::all);
            let count = roles.clone().map(|roles| roles.count() as u64);
            row.number(count.map_or(0, |count| count.saturating_add(1)));
            for role in roles.into_iter().flatten() {
                row.put(&role.get().to_le_bytes());
            }
            // Zeros may follow the records, as they lie in tables.
            row.put(Cursor::new(record.user).passed(User::pass));
            row.put(Cursor::new(record.membership).passed(Membership::pass));
            (record.id, row.into_bytes())
        })
    }

    /// Adds a member that [`packed`](Self::packed) wrote in the same layout; changes nothing and is
    /// `false` if the bytes are none.
    pub fn push_packed(&mut self, user: UserId, row: &[u8]) -> bool {
        let Some((roles, records)) = split_roles(row) else {
            return false;
        };
        let mut from = Cursor::new(records);
        let packed_user = from.passed(User::pass);
        let membership = from.passed(Membership::pass);
        if !from.rest().is_empty() {
            return false;
        }
        let roles: Option<Roles> = roles.map(|roles| RoleIds::of(roles).all().collect());
        self.add_records(user, packed_user, roles.as_deref(), membership);
        true
    }
}

/// The roles of a packed member, eight bytes each, and what follows them.
fn split_roles(row: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let mut from = Cursor::new(row);
    let Some(count) = from.number()?.checked_sub(1) else {
        return Some((None, from.rest()));
    };
    let roles = from.bytes(usize::try_from(count).ok()?.checked_mul(8)?)?;
    Some((Some(roles), from.rest()))
}

/// Bytes before the records: the user's id, how long the user and the membership are, and one
/// more than there are roles or zero.
const HEAD: usize = 20;

/// A member of a batch: the head, the user, the membership and the roles.
fn write(to: &mut Sink, user: &User<'_>, roles: Option<&[RoleId]>, membership: &Membership<'_>) {
    to.put(&user.id.get().to_le_bytes());
    let lengths = to.len();
    to.put(&[0; HEAD - 8]);
    to.measured(lengths, |to| user.pack(to));
    to.measured(lengths.wrapping_add(4), |to| membership.pack(to));
    write_roles(to, lengths.wrapping_add(8), roles);
}

/// Adds the roles; their number goes to `place`.
fn write_roles(to: &mut Sink, place: usize, roles: Option<&[RoleId]>) {
    let Some(roles) = roles else {
        return;
    };
    let count = u32::try_from(roles.len().saturating_add(1)).unwrap_or(0);
    to.set(place, &count.to_le_bytes());
    for role in roles {
        to.put(&role.get().to_le_bytes());
    }
}

/// Roles of one member.
type Roles = SmallVec<[RoleId; 16]>;

fn read_roles(reader: &mut Reader<'_>, to: &mut Roles) -> Result<(), Malformed> {
    reader.array(|reader| {
        to.push(reader.id()?);
        Ok(())
    })
}

/// Reads roles, and marks the list if it could not be read whole.
fn read_any_roles(reader: &mut Reader<'_>, to: &mut Roles) -> Result<(), Malformed> {
    let listed = reader.tolerate(|reader| {
        reader.list(|reader| {
            to.push(reader.id()?);
            Ok(())
        })
    })?;
    if listed != Some(0) {
        to.push(RoleIds::UNREAD);
    }
    Ok(())
}

/// A member that is read back.
#[derive(serde::Deserialize)]
struct OwnedMember {
    user: User<'static>,
    #[serde(default)]
    roles: Option<Vec<RoleId>>,
    #[serde(flatten)]
    membership: Membership<'static>,
}

impl<'de> Deserialize<'de> for Batch<Member<'_>> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut members = Self::default();
        for member in Vec::<OwnedMember>::deserialize(from)? {
            members.add(&member.user, member.roles.as_deref(), &member.membership);
        }
        Ok(members)
    }
}
