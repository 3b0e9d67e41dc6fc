//! Users.

use super::{Rng, World, Writer, ids, name};

/// Where the user object is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In a member of a chunk.
    Member,
    /// In an event.
    Event,
}

/// The same user, with the same values, wherever it comes.
pub fn write(json: &mut Writer, world: World, user: u64, place: Place) {
    let mut rng = world.rng(&[1, user]);
    let rng = &mut rng;
    let bot = rng.chance(10);
    json.raw("{\"username\":");
    name::unique(json, rng);
    let flags = [0, 0, 0, 0, 64, 128, 256, 4_194_304];
    json.raw(",\"public_flags\":").number(rng.pick(&flags));
    let tag = rng.chance(120).then(|| rng.clone());
    json.raw(",\"primary_guild\":")
        .some(tag.is_some(), |json| primary_guild(json, &tag));
    json.raw(",\"id\":").id(ids::user(user));
    let named = rng.chance(800).then(|| rng.clone());
    json.raw(",\"global_name\":")
        .some(named.is_some(), |json| global_name(json, &named));
    json.raw(",\"display_name_styles\":null");
    if place == Place::Member {
        json.raw(",\"display_name\":")
            .some(named.is_some(), |json| global_name(json, &named));
    }
    json.raw(",\"discriminator\":\"");
    if bot {
        json.padded(1 + rng.below(9_999), 4);
    } else {
        json.raw("0");
    }
    json.raw("\",\"collectibles\":null");
    if place == Place::Event {
        json.raw(",\"clan\":")
            .some(tag.is_some(), |json| primary_guild(json, &tag));
    }
    json.raw(",\"bot\":").bool(bot);
    json.raw(",\"avatar_decoration_data\":");
    let decorated = rng.chance(70);
    json.some(decorated, |json| decoration(json, rng));
    json.raw(",\"avatar\":");
    let pictured = rng.chance(820);
    json.some(pictured, |json| _ = json.hash(rng, 120));
    json.raw("}");
}

fn global_name(json: &mut Writer, from: &Option<Rng>) {
    if let Some(rng) = from {
        name::shown(json, &mut rng.clone());
    }
}

fn primary_guild(json: &mut Writer, from: &Option<Rng>) {
    let Some(mut rng) = from.clone() else { return };
    let guild = rng.below(5_000);
    json.raw("{\"tag\":\"")
        .raw(rng.pick(&["CATS", "GG", "NYX", "OWL", "MOON", "HQ"]));
    json.raw("\",\"identity_guild_id\":").id(ids::guild(guild));
    json.raw(",\"identity_enabled\":true,\"badge\":");
    json.hash(&mut Rng::new(guild), 0).raw("}");
}

/// A picture around the avatar: one of a few hundred that are sold.
pub fn decoration(json: &mut Writer, rng: &mut Rng) {
    let article = rng.skewed(300);
    json.raw("{\"sku_id\":")
        .id(1_144_003_000_000_000_000 + article * 7_919);
    json.raw(",\"expires_at\":null,\"asset\":");
    json.hash(&mut Rng::new(article), 1_000).raw("}");
}
