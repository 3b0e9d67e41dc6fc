//! Members: a user's place in one guild.
use crate::json::{Escaped, Id, Null, Writer};
use crate::rng::Rng;
use crate::snowflake::{Part, Time, part_id};
use crate::world::guild::Guild;
use crate::world::name;
use crate::world::user::{Image, Place, User};

/// A guild above this size has members without any role.
const CROWD: usize = 250;

/// One member with its user.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) user: User,
    pub(crate) nick: Option<String>,
    roles: Vec<u64>,
    /// `None` for a guest of a stage.
    joined: Option<Time>,
    boosting: bool,
    avatar: Option<Image>,
    escaped: bool,
}

impl Member {
    /// The member after `revision` changes of the profile in this guild.
    pub(crate) fn draw(seed: u64, guild: &Guild, user: User, id: u64, revision: u32) -> Self {
        let mut rng = Rng::of(&[seed, guild.id(), id, u64::from(revision), 77]);
        let drawn = rng.percent(18).then(|| name::shown(&mut rng));
        let nick = guild.nick_of(id).unwrap_or(drawn);
        let mut fixed = Rng::of(&[seed, guild.id(), id, 78]);
        Self {
            user,
            nick,
            roles: roles(&mut rng, guild),
            joined: Some(Time::of(guild.id()).plus(fixed.below(200_000_000_000))),
            boosting: fixed.percent(3),
            avatar: fixed.percent(2).then(|| Image::draw(&mut fixed)),
            escaped: fixed.percent(10),
        }
    }

    /// A guest of a stage, who has joined nothing.
    pub(crate) fn guest(user: User) -> Self {
        Self {
            user,
            nick: None,
            roles: Vec::new(),
            joined: None,
            boosting: false,
            avatar: None,
            escaped: false,
        }
    }

    /// Whether the member holds a role or a nick.
    pub(crate) fn is_marked(&self) -> bool {
        self.nick.is_some() || !self.roles.is_empty()
    }

    /// Writes the member with its user.
    pub(crate) fn write(&self, w: &mut Writer) {
        w.object("user", |w| self.user.write(w, Place::Member));
        self.write_bare(w);
    }

    /// Writes the member without its user, as messages carry it.
    pub(crate) fn write_bare(&self, w: &mut Writer) {
        w.list("roles", |w| {
            self.roles.iter().for_each(|role| w.item(Id(*role)));
        });
        let boosts = self.joined.filter(|_| self.boosting);
        w.field(
            "premium_since",
            boosts.map(|joined| joined.plus(86_400_123)),
        );
        w.field("pending", false);
        match &self.nick {
            Some(nick) if self.escaped => w.field("nick", Escaped(nick)),
            nick => w.field("nick", nick.as_ref()),
        }
        w.field("mute", false);
        w.field("joined_at", self.joined);
        w.field("flags", 0_u32);
        w.field("deaf", false);
        w.field("communication_disabled_until", Null);
        w.field("banner", Null);
        w.field("avatar", self.avatar);
    }
}

/// Between 1 and 10 roles, 2 to 3 in the mean; in a crowd two of five people have none.
fn roles(rng: &mut Rng, guild: &Guild) -> Vec<u64> {
    let available = u64::from(guild.role_count().saturating_sub(1));
    let crowd = guild.len() > CROWD;
    if available == 0 || (crowd && rng.percent(40)) {
        return Vec::new();
    }
    let most = if rng.percent(15) {
        10
    } else if crowd {
        5
    } else {
        3
    };
    let count = (1 + rng.below(most)).min(available);
    let first = rng.below(available);
    (0..count)
        .map(|step| 1 + ((first + step) % available) as u32)
        .filter(|number| guild.roles.has(*number))
        .map(|number| part_id(guild.number(), Part::Role, number))
        .collect()
}
