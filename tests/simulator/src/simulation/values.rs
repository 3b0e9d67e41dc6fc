//! What the rows of a guild say, beside what the world says of them.
use super::Simulation;
use super::truth::Compared;
use crate::json::{self, Writer};
use crate::odd::Kind;
use crate::session::View;
use crate::world::create::Create;
use crate::world::parts;
use headcount_core::Intents;
use headcount_core::wire::view::{Channel, Guild, Overwrite, Role};
use headcount_core::wire::{Permissions, Stated};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A part of a row by its key, and what is held of it.
type Part = (&'static str, Value);

impl Simulation {
    /// Holds the guild's own fields, its roles and its channels against the world's.
    pub(super) fn compare_values(&self, view: Compared<'_>) -> Result<(), String> {
        if !self.setting.intents.contains(Intents::GUILDS) {
            return Ok(());
        }
        let (world, guild) = (self.gateway.world(), view.guild);
        if let Some(row) = self.store.guild(view.id) {
            let looks = View {
                shard: [0, 1],
                intents: 0,
                large_threshold: 50,
            };
            let create = Create::listing(world, guild, looks, Vec::new());
            let truth = truth(|w| create.write_update(w));
            compare(
                view,
                Kind::Profile,
                guild.id(),
                &of_guild(row.data()),
                &truth,
            )?;
        }
        let numbers: BTreeMap<u64, u32> = guild.role_ids().zip(guild.roles.numbers()).collect();
        for row in self.store.roles(view.id) {
            if let Some(number) = numbers.get(&row.id.get()) {
                let truth = truth(|w| parts::role(world.seed(), guild, *number, w));
                compare(view, Kind::Role, row.id.get(), &of_role(row), &truth)?;
                never_granted(view, row)?;
            }
        }
        let channels = guild.channel_ids().zip(guild.channels.numbers());
        let numbers: BTreeMap<u64, u32> = channels.collect();
        for row in self.store.channels(view.id) {
            if let Some(number) = numbers.get(&row.id.get()) {
                let truth = truth(|w| parts::channel(world.seed(), guild, *number, false, w));
                let held = of_channel(row, |role| guild.role_ids().any(|id| id == role));
                compare(view, Kind::Channel, row.id.get(), &held, &truth)?;
            }
        }
        Ok(())
    }
}

fn truth(write: impl FnOnce(&mut Writer)) -> Value {
    serde_json::from_str(&json::object(write)).unwrap_or_default()
}

fn compare(
    view: Compared<'_>,
    kind: Kind,
    id: u64,
    held: &[Part],
    truth: &Value,
) -> Result<(), String> {
    let same = |part: &str, held: &Value| match (&truth[part], held) {
        (Value::Array(is), Value::Array(held)) => {
            let is = is
                .iter()
                .map(|row| [&row["id"], &row["allow"], &row["deny"]]);
            is.map(|row| json!(row)).eq(held.iter().cloned())
        }
        (is, held) => is == held,
    };
    let wrong = |(part, held): &&Part| !same(part, held) && !view.is_doubtful(kind, id, part);
    match held.iter().find(wrong) {
        None => Ok(()),
        Some((part, held)) => {
            let is = &truth[*part];
            Err(format!(
                "{kind:?} {id}: {part} is {held}, but should be {is}"
            ))
        }
    }
}

/// Permissions that could not be read are not known, whatever they were before.
fn never_granted(view: Compared<'_>, row: &Role<'_>) -> Result<(), String> {
    let known = row.permissions.and_then(Stated::known);
    match view.is_unreadable(Kind::Role, row.id.get(), "permissions") && known.is_some() {
        true => Err(format!("role {}: {known:?} are made up", row.id)),
        false => Ok(()),
    }
}

fn of_guild(row: &Guild<'_>) -> Vec<Part> {
    vec![
        ("name", json!(row.name.as_ref().map(ToString::to_string))),
        ("afk_timeout", json!(row.afk_timeout)),
        ("mfa_level", json!(row.mfa_level)),
    ]
}

fn bits(permissions: Option<Stated<Permissions>>) -> Value {
    let known = permissions.and_then(Stated::known);
    json!(known.map(|known| known.bits().to_string()))
}

fn of_role(row: &Role<'_>) -> Vec<Part> {
    vec![
        ("name", json!(row.name.as_ref().map(ToString::to_string))),
        ("color", json!(row.color)),
        ("hoist", json!(row.hoist)),
        ("position", json!(row.position)),
        ("permissions", bits(row.permissions)),
        ("mentionable", json!(row.mentionable)),
    ]
}

/// Overwrites of roles that are gone may stand there for ever.
fn of_channel(row: &Channel<'_>, is_there: impl Fn(u64) -> bool) -> Vec<Part> {
    let overwrite =
        |row: &Overwrite<'_>| json!([row.id.to_string(), bits(row.allow), bits(row.deny)]);
    let overwrites = row.overwrites.rows().unwrap_or_default().iter();
    let overwrites = overwrites.filter(|row| is_there(row.id.get()));
    vec![
        ("name", json!(row.name.value().map(ToString::to_string))),
        ("type", json!(row.kind)),
        ("topic", json!(row.topic.value().map(ToString::to_string))),
        ("position", json!(row.position.value())),
        ("permission_overwrites", overwrites.map(overwrite).collect()),
        ("nsfw", json!(row.nsfw.value())),
        ("bitrate", json!(row.bitrate.value())),
        ("user_limit", json!(row.user_limit.value())),
    ]
}
