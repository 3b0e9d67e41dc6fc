//! Presences: who is online, and what they do.
use crate::json::{Id, Null, Value, Writer};
use crate::rng::Rng;
use crate::world::name;
use crate::world::user::{Image, Place, User};

/// A user's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Green.
    Online,
    /// Yellow.
    Idle,
    /// Red.
    Dnd,
    /// Not connected, or invisible.
    Offline,
}

impl Status {
    /// The status's name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Idle => "idle",
            Self::Dnd => "dnd",
            Self::Offline => "offline",
        }
    }

    /// A status by chance.
    pub(crate) fn draw(rng: &mut Rng, offline_percent: u8) -> Self {
        if rng.percent(u64::from(offline_percent)) {
            return Self::Offline;
        }
        rng.pick(&[Self::Online, Self::Online, Self::Idle, Self::Dnd])
    }
}

impl Value for Status {
    fn write(&self, out: &mut String) {
        self.name().write(out);
    }
}

/// One presence, ready to be written.
pub(crate) struct Presence<'a> {
    pub(crate) id: u64,
    /// The guild's id, in `PRESENCE_UPDATE` only.
    pub(crate) guild: Option<u64>,
    pub(crate) status: Status,
    /// The whole user, in the few presences that carry it.
    pub(crate) user: Option<&'a User>,
    /// What the activities are drawn from.
    pub(crate) rng: Rng,
}

impl Presence<'_> {
    /// Writes the presence's fields.
    pub(crate) fn write(mut self, w: &mut Writer) {
        w.object("user", |w| match self.user {
            Some(user) => user.write(w, Place::Event),
            None => w.field("id", Id(self.id)),
        });
        w.field("status", self.status);
        w.field(
            "processed_at_timestamp",
            1_790_000_000_000 + self.rng.below(10_000_000),
        );
        if let Some(guild) = self.guild {
            w.field("guild_id", Id(guild));
        }
        w.object("client_status", |w| self.devices(w));
        w.list("activities", |w| self.activities(w));
    }

    fn devices(&mut self, w: &mut Writer) {
        if self.status == Status::Offline {
            return;
        }
        let places: &[&str] = match self.rng.below(8) {
            0 => &["web"],
            1 | 2 => &["mobile"],
            3 => &["mobile", "desktop"],
            _ => &["desktop"],
        };
        places.iter().for_each(|place| w.field(place, self.status));
    }

    fn activities(&mut self, w: &mut Writer) {
        if self.status == Status::Offline {
            return;
        }
        if self.rng.percent(45) {
            w.entry(|w| self.custom(w));
        }
        if self.rng.percent(40) {
            w.entry(|w| self.game(w));
        }
        if self.rng.percent(30) {
            w.entry(|w| self.music(w));
        }
    }

    fn custom(&mut self, w: &mut Writer) {
        w.field("type", 4_u32);
        w.field("state", name::words(&mut self.rng, 3).as_str());
        w.field("name", "Custom Status");
        w.field("id", "custom");
        w.field("emoji", Null);
        w.field("created_at", 1_790_000_000_000 + self.rng.below(10_000_000));
    }

    fn game(&mut self, w: &mut Writer) {
        let start = 1_790_000_000_000 + self.rng.below(10_000_000);
        w.field("type", 0_u32);
        w.object("timestamps", |w| w.field("start", start));
        w.field("state", "In a match");
        w.field("name", name::shown(&mut self.rng).as_str());
        w.field("id", Image::still(start ^ self.id));
        w.field("details", "Ranked");
        w.field("created_at", start);
        w.object("assets", |w| {
            w.field("large_text", name::words(&mut self.rng, 2).as_str());
            w.field("large_image", Id(self.rng.next() >> 4));
        });
        w.field("application_id", Id(self.rng.next() >> 4));
    }

    fn music(&mut self, w: &mut Writer) {
        let start = 1_790_000_000_000 + self.rng.below(10_000_000);
        let album = Image::still(start);
        w.field("type", 2_u32);
        w.object("timestamps", |w| {
            w.field("start", start);
            w.field("end", start + 200_000);
        });
        w.field("sync_id", album);
        w.field("state", name::words(&mut self.rng, 2).as_str());
        w.object("party", |w| {
            w.field("id", format!("spotify:{}", self.id).as_str());
        });
        w.field("name", "Spotify");
        w.field("id", "spotify:1");
        w.field("flags", 48_u32);
        w.field("details", name::words(&mut self.rng, 3).as_str());
        w.field("created_at", start);
        w.object("assets", |w| {
            w.field("large_text", name::words(&mut self.rng, 2).as_str());
            w.field(
                "large_image",
                "spotify:ab67616d0000b273c5649add07ed3720be9d5526",
            );
        });
    }
}
