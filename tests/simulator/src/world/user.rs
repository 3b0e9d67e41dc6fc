//! Users: who somebody is, the same in every guild.
use crate::json::{Id, Null, Value, Writer};
use crate::rng::Rng;
use crate::world::name;

/// Where a user object stands; its keys differ a little.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Inside a member of a chunk, of `GUILD_CREATE` or of a member event.
    Member,
    /// As the author of a message, or whole in a presence.
    Event,
    /// As the client's own account, with the fields that only its owner sees.
    Own,
}

/// One user.
#[derive(Clone, Debug)]
pub(crate) struct User {
    id: u64,
    pub(crate) username: String,
    global_name: Option<String>,
    avatar: Option<Image>,
    bot: Option<u32>,
    tag: Option<u64>,
    decoration: Option<u64>,
    plate: bool,
    flags: u32,
}

impl User {
    /// The user with this id after `revision` changes of the profile.
    pub(crate) fn draw(seed: u64, id: u64, revision: u32) -> Self {
        let mut rng = Rng::of(&[seed, id, u64::from(revision)]);
        let bot = rng.percent(3);
        Self {
            id,
            username: name::account(&mut rng),
            global_name: rng.percent(85).then(|| name::shown(&mut rng)),
            avatar: rng.percent(82).then(|| Image::draw(&mut rng)),
            bot: bot.then(|| 1 + rng.below(9999) as u32),
            tag: rng.percent(12).then(|| rng.next()),
            decoration: rng.percent(7).then(|| rng.next()),
            plate: rng.percent(4),
            flags: if rng.percent(40) {
                rng.pick(&[64, 128, 256, 4_194_304])
            } else {
                0
            },
        }
    }

    /// Makes it a bot's account, as the client's own one is.
    pub(crate) fn into_bot(mut self) -> Self {
        (self.bot, self.tag, self.decoration, self.plate) = (Some(4242), None, None, false);
        self
    }

    /// Writes the user's fields.
    pub(crate) fn write(&self, w: &mut Writer, place: Place) {
        let own = place == Place::Own;
        if own {
            w.field("verified", true);
        }
        w.field("username", &self.username);
        w.field("public_flags", self.flags);
        self.write_tag(w, "primary_guild");
        if own {
            w.field("mfa_enabled", true);
            w.field("locale", "en-US");
        }
        w.field("id", Id(self.id));
        w.field("global_name", self.global_name.as_ref());
        if own {
            w.field("flags", self.flags);
            w.field("email", Null);
        }
        w.field("display_name_styles", Null);
        if place == Place::Member {
            w.field("display_name", self.global_name.as_ref());
        }
        match self.bot {
            Some(number) => w.field("discriminator", format!("{number:04}").as_str()),
            None => w.field("discriminator", "0"),
        }
        self.write_plate(w);
        if place == Place::Event {
            self.write_tag(w, "clan");
        }
        w.field("bot", self.bot.is_some());
        self.write_decoration(w);
        w.field("avatar", self.avatar);
    }

    fn write_tag(&self, w: &mut Writer, key: &str) {
        let Some(bits) = self.tag else {
            return w.field(key, Null);
        };
        let letters: String = (0..4)
            .map(|at| char::from(b'A' + (bits >> (8 * at)) as u8 % 26))
            .collect();
        w.object(key, |w| {
            w.field("tag", letters.as_str());
            w.field("identity_guild_id", Id(bits >> 5));
            w.field("identity_enabled", true);
            w.field("badge", Image::still(bits));
        });
    }

    fn write_plate(&self, w: &mut Writer) {
        if !self.plate {
            return w.field("collectibles", Null);
        }
        w.object("collectibles", |w| {
            w.object("nameplate", |w| {
                w.field("sku_id", Id(self.id ^ 0xFFFF));
                w.field("palette", "violet");
                w.field("label", "COLLECTIBLES_NAMEPLATE_A11Y");
                w.field("expires_at", Null);
                w.field("asset", "nameplates/nameplates/lanterns/");
            });
        });
    }

    fn write_decoration(&self, w: &mut Writer) {
        let Some(bits) = self.decoration else {
            return w.field("avatar_decoration_data", Null);
        };
        w.object("avatar_decoration_data", |w| {
            w.field("sku_id", Id(bits >> 4));
            w.field("expires_at", Null);
            w.field("asset", Image::still(bits).animated());
        });
    }
}

/// The hash of an image: 32 hexadecimal digits, behind `a_` when animated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Image {
    hash: [u64; 2],
    animated: bool,
}

impl Image {
    /// Any image; a tenth is animated.
    pub(crate) fn draw(rng: &mut Rng) -> Self {
        Self {
            hash: [rng.next(), rng.next()],
            animated: rng.percent(10),
        }
    }

    /// A still image for these bits.
    pub(crate) fn still(bits: u64) -> Self {
        Self {
            hash: [bits, crate::rng::scramble(bits)],
            animated: false,
        }
    }

    fn animated(mut self) -> Self {
        self.animated = true;
        self
    }
}

impl Value for Image {
    fn write(&self, out: &mut String) {
        out.push('"');
        if self.animated {
            out.push_str("a_");
        }
        let mut digits = [0_u8; 32];
        for (at, digit) in digits.iter_mut().enumerate() {
            let nibble = self.hash[at / 16] >> (60 - at % 16 * 4);
            *digit = b"0123456789abcdef"[nibble as usize & 15];
        }
        out.push_str(std::str::from_utf8(&digits).unwrap_or_default());
        out.push('"');
    }
}
