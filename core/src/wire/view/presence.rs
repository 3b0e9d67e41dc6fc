//! Presences, one or a thousand, with one pool for all their activities.

use alloc::boxed::Box;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::User;
use crate::id::{ApplicationId, EmojiId};
use crate::wire::field::{Read, flat};
use crate::wire::room::room_for;
use crate::wire::row::row;
use crate::wire::{Field, Malformed, Text, json::Reader};

/// Whether a user is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Status {
    /// There.
    Online,
    /// There, but away from the keyboard.
    Idle,
    /// There, and not to be disturbed.
    Dnd,
    /// Not there, or not to be seen.
    Offline,
    /// A word that this version does not know.
    Other,
}

flat!(Status);

impl Read<'_> for Status {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(match &*reader.text()?.as_cow() {
            "online" => Self::Online,
            "idle" => Self::Idle,
            "dnd" => Self::Dnd,
            "offline" | "invisible" => Self::Offline,
            _ => Self::Other,
        })
    }
}

row! {
    /// The status on each kind of device; absent where the user is offline.
    ClientStatus {
        /// On a desktop.
        "desktop" desktop: Option<Status>,
        /// On a mobile device.
        "mobile" mobile: Option<Status>,
        /// In a browser.
        "web" web: Option<Status>,
        /// On a headset.
        "vr" vr: Option<Status>,
    }
}

row! {
    /// What a user does.
    Activity {
        /// What it is called.
        "name" name: Option<Text<'i>>,
        /// 0 playing, 1 streaming, 2 listening, 3 watching, 4 custom, 5 competing.
        "type" kind: Option<u16>,
        /// Where it is streamed.
        "url" url: Field<Text<'i>>,
        /// When it was added, in milliseconds since 1970.
        "created_at" created_at: Option<u64>,
        /// The application behind it.
        "application_id" application: Field<ApplicationId>,
        /// What the user does in it.
        "details" details: Field<Text<'i>>,
        /// The party's state, or the text of a custom one.
        "state" state: Field<Text<'i>>,
        /// The emoji of a custom one.
        "emoji" emoji: Field<ActivityEmoji<'i>>,
        /// Flags.
        "flags" flags: Option<u64>,
        /// Its id.
        "id" id: Field<Text<'i>>,
        /// Since when and until when.
        "timestamps" times: Field<Box<ActivityTimes<'i>>>,
        /// Who takes part.
        "party" party: Field<Box<ActivityParty<'i>>>,
        /// Its pictures.
        "assets" assets: Field<Box<ActivityAssets<'i>>>,
    }
}

row! {
    /// Since when and until when, in milliseconds since 1970.
    ActivityTimes {
        /// Since when.
        "start" start: Field<u64>,
        /// Until when.
        "end" end: Field<u64>,
    }
}

row! {
    /// Who takes part in an activity.
    ActivityParty {
        /// The party.
        "id" id: Field<Text<'i>>,
        /// How many there are, and how many there may be.
        "size" size: Field<Vec<u64>>,
    }
}

row! {
    /// The pictures of an activity.
    ActivityAssets {
        /// The large one.
        "large_image" large: Field<Text<'i>>,
        /// What it shows.
        "large_text" large_text: Field<Text<'i>>,
        /// The small one.
        "small_image" small: Field<Text<'i>>,
        /// What it shows.
        "small_text" small_text: Field<Text<'i>>,
    }
}

row! {
    /// The emoji of a custom status.
    ActivityEmoji {
        /// The name, or the emoji itself.
        "name" name: Field<Text<'i>>,
        /// The id of a custom emoji.
        "id" id: Field<EmojiId>,
        /// Whether it moves.
        "animated" animated: Option<bool>,
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Row<'i> {
    user: User<'i>,
    status: Status,
    clients: ClientStatus<'i>,
    activities: (u32, u32),
}

/// Presences of one guild.
///
/// However many there are, they take two allocations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Presences<'i> {
    rows: Vec<Row<'i>>,
    activities: Vec<Activity<'i>>,
}

/// One presence of a batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Presence<'a, 'i> {
    /// The user; only the id is sure, and the rest may serve a user who is known already.
    pub user: &'a User<'i>,
    /// The status; [`Status::Offline`] means that the row goes away.
    pub status: Status,
    /// The status on each kind of device.
    pub clients: &'a ClientStatus<'i>,
    /// What the user does.
    pub activities: &'a [Activity<'i>],
}

impl<'i> Presences<'i> {
    /// How many presences there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The presences in the order of the payload; a user may come twice, then the later counts.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Presence<'_, 'i>> {
        self.rows.iter().map(|row| {
            let (start, end) = row.activities;
            let range = start as usize..end as usize;
            Presence {
                user: &row.user,
                status: row.status,
                clients: &row.clients,
                activities: self.activities.get(range).unwrap_or_default(),
            }
        })
    }

    /// The same presences, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Presences<'static> {
        let own = |row: Row<'i>| Row {
            user: row.user.into_owned(),
            status: row.status,
            clients: row.clients.into_owned(),
            activities: row.activities,
        };
        Presences {
            rows: self.rows.into_iter().map(own).collect(),
            activities: self
                .activities
                .into_iter()
                .map(Activity::into_owned)
                .collect(),
        }
    }

    /// Reads an array of presences.
    pub(crate) fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        let mut presences = Self::default();
        let bytes = reader.remaining();
        reader.array(|reader| {
            if presences.rows.capacity() == 0 {
                presences = Self::with_room_for(bytes);
            }
            presences.push(reader, |_, reader| reader.skip())
        })?;
        Ok(presences)
    }

    /// Makes room for the presences in `bytes` of text.
    fn with_room_for(bytes: usize) -> Self {
        Self {
            rows: room_for(bytes / 2),
            activities: room_for(bytes / 2),
        }
    }

    /// Reads one presence and adds it; `other` gets the keys that are not its own.
    pub(crate) fn push<F>(&mut self, reader: &mut Reader<'i>, mut other: F) -> Result<(), Malformed>
    where
        F: FnMut(&str, &mut Reader<'i>) -> Result<(), Malformed>,
    {
        let (mut user, mut status, mut clients) = (None, None, ClientStatus::bare());
        let mut span = (self.place(reader)?, self.place(reader)?);
        reader.object(|key, reader| {
            match key {
                "user" => user = Some(lenient_user(reader)?),
                "status" => status = Some(Status::read(reader)?),
                "client_status" => {
                    clients = Field::read(reader)?
                        .into_value()
                        .unwrap_or(ClientStatus::bare());
                }
                "activities" => span = self.pool(reader)?,
                _ => return other(key, reader),
            }
            Ok(())
        })?;
        let (Some(user), Some(status)) = (user, status) else {
            return Err(reader.fault("a presence without a user or a status"));
        };
        self.rows.push(Row {
            user,
            status,
            clients,
            activities: span,
        });
        Ok(())
    }

    fn pool(&mut self, reader: &mut Reader<'i>) -> Result<(u32, u32), Malformed> {
        let start = self.place(reader)?;
        if !reader.null()? {
            reader.array(|reader| {
                self.activities.push(Activity::read(reader)?);
                Ok(())
            })?;
        }
        Ok((start, self.place(reader)?))
    }

    fn place(&self, reader: &Reader<'i>) -> Result<u32, Malformed> {
        u32::try_from(self.activities.len()).map_err(|_| reader.fault("too many activities"))
    }
}

/// Reads a user of whom only the id is sure: parts of odd types are as good as absent.
fn lenient_user<'i>(reader: &mut Reader<'i>) -> Result<User<'i>, Malformed> {
    let text = reader.raw()?;
    if let Ok(user) = User::read(&mut Reader::new(text)) {
        return Ok(user);
    }
    super::user::read_id(&mut Reader::new(text)).map(User::bare)
}
