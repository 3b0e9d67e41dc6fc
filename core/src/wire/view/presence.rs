//! Presences, one or a thousand, with their activities.

use alloc::vec::Vec;

use serde::de::Deserializer;
use serde::{Deserialize, Serialize};

use super::batch::{Batch, BatchRow, Sealed, take_off};
use super::status::read_clients;
use super::{Activities, Activity, ClientStatus, Status, User};
use crate::id::UserId;
use crate::wire::Malformed;
use crate::wire::field::Read as _;
use crate::wire::json::{KeyOrder, OrderedKey, Reader};
use crate::wire::packed::{Cursor, RecordPool, Sink, quoted};

/// One presence of a batch.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Presence<'a> {
    /// The user; only the id is sure, and the rest may serve a user who is known already.
    pub user: User<'a>,
    /// The status; [`Status::Offline`] means that the row goes away.
    pub status: Status,
    /// The status on each kind of device.
    #[serde(rename = "client_status")]
    pub clients: ClientStatus<'a>,
    /// What the user does.
    pub activities: Activities<'a>,
}

/// One presence of a batch as it lies there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PresenceRecord<'a> {
    pub(crate) id: UserId,
    /// The record of a [`User`].
    pub(crate) user: &'a [u8],
    /// Two bytes of [`Statuses`], and the activities.
    pub(crate) presence: &'a [u8],
}

/// Bytes before the records: the user's id, and how long the two are.
const HEAD: usize = 16;

/// What a key of a presence, or of its update, stands for.
#[derive(Clone, Copy, Debug)]
enum PresencePart {
    User,
    Status,
    Clients,
    Activities,
    Other,
}

const ORDER: &KeyOrder<PresencePart> = &KeyOrder::of(KEYS);

const KEYS: &[OrderedKey<PresencePart>] = &OrderedKey::sorted([
    ("user", PresencePart::User),
    ("status", PresencePart::Status),
    ("processed_at_timestamp", PresencePart::Other),
    ("guild_id", PresencePart::Other),
    ("client_status", PresencePart::Clients),
    ("activities", PresencePart::Activities),
]);

impl PresencePart {
    fn named(key: &str) -> Self {
        match key {
            "user" => Self::User,
            "status" => Self::Status,
            "client_status" => Self::Clients,
            "activities" => Self::Activities,
            _ => Self::Other,
        }
    }
}

/// The five statuses of a presence, three bits each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Statuses(u16);

impl Statuses {
    fn new(status: Status, clients: &ClientStatus<'_>) -> Self {
        let all = [clients.desktop, clients.mobile, clients.web, clients.vr];
        let bits = |status: Option<Status>| status.map_or(0, |status| status as u16);
        let join = |sum: u16, status| (sum << 3) | bits(status);
        Self((all.into_iter().fold(0, join) << 3) | bits(Some(status)))
    }

    /// Of the record of a presence.
    pub(crate) fn of(presence: &[u8]) -> Self {
        Self(
            presence
                .first_chunk()
                .map_or(0, |bytes| u16::from_le_bytes(*bytes)),
        )
    }

    const fn at(self, place: u32) -> Option<Status> {
        match (self.0 >> place) & 7 {
            1 => Some(Status::Online),
            2 => Some(Status::Idle),
            3 => Some(Status::Dnd),
            4 => Some(Status::Offline),
            5 => Some(Status::Other),
            _ => None,
        }
    }

    pub(crate) fn status(self) -> Status {
        self.at(0).unwrap_or(Status::Other)
    }

    pub(crate) const fn clients(self) -> ClientStatus<'static> {
        let mut clients = ClientStatus::bare();
        clients.desktop = self.at(12);
        clients.mobile = self.at(9);
        clients.web = self.at(6);
        clients.vr = self.at(3);
        clients
    }
}

impl<'a> PresenceRecord<'a> {
    /// As [`Batch::add`] wrote it.
    fn read(from: &mut Cursor<'a>) -> Option<Self> {
        let id = UserId::new(u64::from_le_bytes(from.array()?))?;
        let (user, presence) = (from.length()?, from.length()?);
        Some(Self {
            id,
            user: from.bytes(user)?,
            presence: from.bytes(presence)?,
        })
    }

    pub(crate) fn status(self) -> Status {
        Statuses::of(self.presence).status()
    }

    /// Whether nothing but the user's id is known.
    pub(crate) fn is_bare(self) -> bool {
        self.user.iter().all(|&byte| byte == 0)
    }

    fn unpack(self) -> Presence<'a> {
        let statuses = Statuses::of(self.presence);
        Presence {
            user: self.unpack_user(),
            status: statuses.status(),
            clients: statuses.clients(),
            activities: Activities::of(self.presence.get(2..).unwrap_or_default()),
        }
    }

    pub(crate) fn unpack_user(self) -> User<'a> {
        User::unpack(self.id, &mut Cursor::new(self.user))
    }
}

impl Sealed for Presence<'_> {}

impl BatchRow for Presence<'_> {
    type Row<'a> = Presence<'a>;
    type Id = UserId;

    fn take<'a>(records: &mut &'a [u8]) -> Option<Presence<'a>> {
        take_off(records, PresenceRecord::read).map(PresenceRecord::unpack)
    }

    fn skip(records: &mut &[u8]) -> Option<UserId> {
        take_off(records, PresenceRecord::read).map(|record| record.id)
    }
}

impl<'i> Batch<Presence<'i>> {
    pub(crate) fn records(&self) -> impl Iterator<Item = PresenceRecord<'_>> {
        self.each(PresenceRecord::read)
    }

    /// Reads an array of presences; the number is that of presences that could not be read.
    pub(crate) fn read(reader: &mut Reader<'i>) -> Result<(Self, u64), Malformed> {
        let mut presences = Self::default();
        let bytes = reader.remaining();
        let unread = reader.list(|reader| {
            if presences.is_empty() {
                // Records are about a fourth of the text; never reserve more than was sent.
                presences.pool = RecordPool::with_capacity(bytes / 3);
            }
            presences.push(reader, |_, reader| reader.skip())
        })?;
        Ok((presences, unread))
    }

    /// Reads one presence and adds it; `other` gets the keys that are not its own, perhaps twice.
    pub(crate) fn push<F>(&mut self, reader: &mut Reader<'i>, mut other: F) -> Result<(), Malformed>
    where
        F: FnMut(&str, &mut Reader<'i>) -> Result<(), Malformed>,
    {
        let (before, start) = (reader.mark(), self.pool.as_slice().len());
        if self.push_usual(reader, &mut other).is_some() {
            self.count = self.count.saturating_add(1);
            return Ok(());
        }
        reader.return_to(before);
        self.pool.writer().truncate(start);
        self.push_any(reader, other)
    }

    /// Writes a presence while it is read, if nothing is odd; see
    /// [`Activity::transcode_with`].
    fn push_usual<F>(&mut self, reader: &mut Reader<'i>, mut other: F) -> Option<()>
    where
        F: FnMut(&str, &mut Reader<'i>) -> Result<(), Malformed>,
    {
        let to = self.pool.writer();
        let start = to.len();
        to.put(&[0; HEAD]);
        let (mut user, mut status, mut clients) = (None, None, ClientStatus::bare());
        let mut activities = None;
        let mut read = |part: PresencePart, key: &str, reader: &mut Reader<'i>| {
            match part {
                PresencePart::User if user.is_none() => {
                    let before = to.len();
                    user = Some(User::transcode(reader, to)?);
                    to.set_length(start.wrapping_add(8), before);
                    if let Some(place) = &mut activities {
                        to.put_before(*place, before);
                        *place = place.wrapping_add(to.len().wrapping_sub(before));
                    }
                }
                PresencePart::Status => status = Some(Status::read(reader)?),
                PresencePart::Clients => clients = read_clients(reader)?,
                PresencePart::Activities if activities.is_none() => {
                    let place = to.len();
                    activities = Some(place);
                    to.put(&[0; 3]);
                    let count = transcode_activities(reader, to)?;
                    to.set(place.wrapping_add(2), &[count]);
                }
                PresencePart::User | PresencePart::Activities => {
                    return Err(reader.fault("comes twice"));
                }
                PresencePart::Other => return other(key, reader),
            }
            Ok(())
        };
        if usual_keys(reader, &mut read).ok()? {
            let read = |part: Option<_>, key: &str, reader: &mut Reader<'i>| {
                read(
                    part.unwrap_or_else(|| PresencePart::named(key)),
                    key,
                    reader,
                )
            };
            reader.rest_at_once(ORDER, read).ok()?;
        }
        let place = activities.unwrap_or_else(|| {
            let place = to.len();
            to.put(&[0; 3]);
            place
        });
        to.set(place, &Statuses::new(status?, &clients).0.to_le_bytes());
        to.set_length(start.wrapping_add(12), place);
        to.set(start, &user?.get().to_le_bytes());
        Some(())
    }

    fn push_any<F>(&mut self, reader: &mut Reader<'i>, mut other: F) -> Result<(), Malformed>
    where
        F: FnMut(&str, &mut Reader<'i>) -> Result<(), Malformed>,
    {
        let (mut user, mut status, mut clients) = (None, Status::Other, ClientStatus::bare());
        let mut activities = None;
        reader.object(|key, reader| {
            match key {
                "user" => user = reader.tolerate(User::read)?,
                "status" => status = reader.tolerate(Status::read)?.unwrap_or(Status::Other),
                "client_status" => {
                    let read = reader.tolerate(read_clients)?;
                    clients = read.unwrap_or(ClientStatus::bare());
                }
                "activities" => {
                    let mark = reader.mark();
                    let count = reader.tolerate(count_activities)?;
                    activities = count.map(|count| (mark, count));
                }
                _ => return other(key, reader),
            }
            Ok(())
        })?;
        let user = user.ok_or_else(|| reader.fault("a presence without a user"))?;
        let statuses = Statuses::new(status, &clients);
        self.add(&user, statuses, |to| match activities {
            Some((mark, count)) => reader.detour(mark, |reader| {
                to.number(count);
                pack_activities(reader, to);
            }),
            None => to.number(0),
        });
        Ok(())
    }

    /// The user's id, how long the records are, and the records.
    fn add(&mut self, user: &User<'_>, statuses: Statuses, activities: impl FnOnce(&mut Sink)) {
        let to = self.pool.writer();
        to.put(&user.id.get().to_le_bytes());
        let lengths = to.len();
        to.put(&[0; HEAD - 8]);
        to.measured(lengths, |to| user.pack(to));
        to.measured(lengths.wrapping_add(4), |to| {
            to.put(&statuses.0.to_le_bytes());
            activities(to);
        });
        self.count = self.count.saturating_add(1);
    }
}

impl Batch<Presence<'_>> {
    /// Adds a presence of which the record is there, and nothing of the user but the id.
    pub(crate) fn add_packed(&mut self, user: UserId, presence: &[u8]) {
        let activities = presence.get(2..).unwrap_or_default();
        let statuses = Statuses::of(presence);
        self.add(&User::bare(user), statuses, |to| to.put(activities));
    }
}

/// Reads the keys of a presence as far as they come in the order of servers; whether another one
/// follows.
#[inline]
fn usual_keys<'i, F>(reader: &mut Reader<'i>, mut read: F) -> Result<bool, Malformed>
where
    F: FnMut(PresencePart, &str, &mut Reader<'i>) -> Result<(), Malformed>,
{
    let mut goes_on = reader.enters_object()?;
    macro_rules! usual {
        ($($key:literal $part:ident,)*) => {$(
            if goes_on && reader.passes(quoted!($key)) {
                read(PresencePart::$part, $key, reader)?;
                goes_on = reader.object_goes_on()?;
            }
        )*};
    }
    usual! {
        "user" User,
        "status" Status,
        "processed_at_timestamp" Other,
        "guild_id" Other,
        "client_status" Clients,
        "activities" Activities,
    }
    Ok(goes_on)
}

/// Writes the activities while they are read, and counts them: fewer than take two bytes to count.
fn transcode_activities(reader: &mut Reader<'_>, to: &mut Sink) -> Result<u8, Malformed> {
    let mut count = 0_u8;
    if !reader.null()? {
        reader.array(|reader| {
            count = count.saturating_add(1);
            let written = Activity::transcode_with(reader, to, |_, reader, _| reader.skip());
            written
                .map(drop)
                .ok_or_else(|| reader.fault("written in another way"))
        })?;
    }
    match count {
        0..0x80 => Ok(count),
        _ => Err(reader.fault("too many")),
    }
}

/// Counts the activities that can be read.
fn count_activities(reader: &mut Reader<'_>) -> Result<u64, Malformed> {
    let mut count = 0_u64;
    if !reader.null()? {
        reader.list(|reader| {
            Activity::read(reader)?;
            count = count.saturating_add(1);
            Ok(())
        })?;
    }
    Ok(count)
}

/// Packs the activities that were counted, one after the other.
fn pack_activities(reader: &mut Reader<'_>, to: &mut Sink) {
    let _ = reader.list(|reader| {
        Activity::read(reader)?.pack(to);
        Ok(())
    });
}

/// A presence that is read back.
#[derive(Deserialize)]
struct OwnedPresence {
    user: User<'static>,
    status: Status,
    #[serde(rename = "client_status")]
    clients: ClientStatus<'static>,
    activities: Vec<Activity<'static>>,
}

impl<'de> Deserialize<'de> for Batch<Presence<'_>> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut presences = Self::default();
        for one in Vec::<OwnedPresence>::deserialize(from)? {
            let statuses = Statuses::new(one.status, &one.clients);
            presences.add(&one.user, statuses, |to| {
                to.number(one.activities.len() as u64);
                one.activities.iter().for_each(|activity| activity.pack(to));
            });
        }
        Ok(presences)
    }
}
