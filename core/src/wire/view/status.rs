//! Whether users are there, and on what.

use serde::{Deserialize, Serialize};

use crate::wire::field::{Read, flat};
use crate::wire::json::Reader;
use crate::wire::row::row;
use crate::wire::{Field, Malformed};

/// Whether a user is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Status {
    /// There.
    Online = 1,
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
    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        if reader.passes(b"\"online\"") {
            return Ok(Self::Online);
        }
        if reader.passes(b"\"idle\"") {
            return Ok(Self::Idle);
        }
        if reader.passes(b"\"dnd\"") {
            return Ok(Self::Dnd);
        }
        if reader.passes(b"\"offline\"") {
            return Ok(Self::Offline);
        }
        Self::read_any(reader)
    }
}

impl Status {
    /// Reads a status behind blanks, or one that is spelt in an odd way.
    #[cold]
    fn read_any(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
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

/// Reads the statuses of devices; null is none.
pub(super) fn read_clients<'i>(reader: &mut Reader<'i>) -> Result<ClientStatus<'i>, Malformed> {
    let before = reader.mark();
    if let Some(clients) = read_usual_clients(reader) {
        return Ok(clients);
    }
    reader.return_to(before);
    let clients = Field::read(reader)?.into_value();
    Ok(clients.unwrap_or(ClientStatus::bare()))
}

/// Reads the statuses of devices, each at most once and the last in the alphabet first, as servers
/// write them; `None` if there is anything else.
fn read_usual_clients<'i>(reader: &mut Reader<'i>) -> Option<ClientStatus<'i>> {
    let mut clients = ClientStatus::bare();
    let mut goes_on = reader.enters_object().ok()?;
    if goes_on && reader.passes(b"\"web\":") {
        clients.web = Some(Status::read(reader).ok()?);
        goes_on = reader.object_goes_on().ok()?;
    }
    if goes_on && reader.passes(b"\"mobile\":") {
        clients.mobile = Some(Status::read(reader).ok()?);
        goes_on = reader.object_goes_on().ok()?;
    }
    if goes_on && reader.passes(b"\"desktop\":") {
        clients.desktop = Some(Status::read(reader).ok()?);
        goes_on = reader.object_goes_on().ok()?;
    }
    (!goes_on).then_some(clients)
}
