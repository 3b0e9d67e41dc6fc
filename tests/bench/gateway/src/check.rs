//! Every field that a peer keeps can be read from our rows, with the same value.

use std::collections::BTreeMap;

use headcount_core::wire::Timestamp;
use serde_json::{Value, json};

use crate::library::{Library, RowKey, Which};
use crate::payload::{Frames, Rng, World};
use crate::report::Report;
use crate::rows::Setup;

/// What differs: for each field, in how many rows and one example.
#[derive(Default)]
struct Differences {
    /// Rows compared.
    rows: u64,
    fields: BTreeMap<String, (u64, String)>,
    /// The row that is being compared.
    at: String,
}

impl Differences {
    /// One line for each field that differs.
    fn lines(&self) -> impl Iterator<Item = String> {
        self.fields
            .iter()
            .map(|(field, (rows, example))| format!("{field}: {rows} rows, such as {example}"))
    }

    fn note(&mut self, field: String, example: impl FnOnce() -> String) {
        let first = || (0, format!("{}: {}", self.at, example()));
        self.fields.entry(field).or_insert_with(first).0 += 1;
    }
}

/// Compares with each peer and says what differs.
pub fn all(setup: &Setup, report: &mut Report) {
    for &peer in setup.caches().iter().filter(|&&which| which != Which::Ours) {
        let found = against(peer, setup.world, setup.scale.members);
        let rows = found.rows;
        let lines: Vec<String> = found.lines().collect();
        let verdict = match lines.len() {
            0 => "all of them, with the same values".to_owned(),
            count => format!("all but {count}"),
        };
        report.line(&format!(
            "\nFields that {peer} keeps and that headcount's rows have too ({rows} rows): {verdict}."
        ));
        for line in &lines {
            report.detail(&format!("- {line}"));
        }
        let title = format!("fields that {peer} keeps and that differ or lack");
        report.put(
            &format!("fields_{peer}"),
            json!({
                "ours": lines.len(), "peer": null, "ratio": null,
                "must": 0, "aim": 0, "holds": lines.is_empty(),
                "title": title, "rows": rows, "differences": lines,
            }),
        );
    }
}

/// Loads the same frames into us and a peer, and compares one row in a hundred.
fn against(peer: Which, world: World, members: u64) -> Differences {
    let (mut ours, mut theirs) = (Which::Ours.start(), peer.start());
    let mut frames = Frames::default();
    world.bare_guild(1, &mut frames);
    chunks(world, members, &mut frames);
    (0..members).for_each(|user| world.presence(1, user, &mut frames));
    (100..110).for_each(|guild| world.guild_create(guild, &mut frames));
    world.everything(&mut frames);
    (0..members).for_each(|number| world.event(number, 1, 0..members, &mut frames));
    // Events differ in what they say of a member, and libraries in which of them they hear.
    chunks(world, members, &mut frames);
    for library in [&mut ours, &mut theirs] {
        frames
            .clone()
            .iter_mut()
            .for_each(|frame| library.feed(frame));
    }
    let mut found = Differences::default();
    for key in keys(world, members) {
        compare(&mut found, key, &*ours, &*theirs);
    }
    found
}

fn chunks(world: World, members: u64, frames: &mut Frames) {
    for start in (0..members).step_by(1_000) {
        world.chunk(1, start..start + 1_000, members / 1_000, frames);
    }
}

fn keys(world: World, members: u64) -> Vec<RowKey> {
    let mut rng = Rng::new(5);
    let mut keys = Vec::new();
    for _ in 0..(members / 100).max(100) {
        let user = world.user_id(rng.below(members));
        let guild = world.guild_id(1);
        keys.extend([
            RowKey::Member(guild, user),
            RowKey::User(user),
            RowKey::Presence(guild, user),
        ]);
    }
    for guild in 100..110 {
        keys.extend(world.rows(guild));
    }
    keys.extend(world.rows_of_everything());
    keys
}

fn compare(found: &mut Differences, key: RowKey, ours: &dyn Library, theirs: &dyn Library) {
    let Some(theirs) = theirs.row(key) else {
        return;
    };
    if theirs
        .get("status")
        .is_some_and(|status| status == "offline")
    {
        return;
    }
    found.rows += 1;
    found.at = format!("{key:?}");
    let kind = found
        .at
        .split('(')
        .next()
        .unwrap_or_default()
        .to_lowercase();
    let Some(ours) = ours.row(key) else {
        return found.note(kind, || "not kept".to_owned());
    };
    for (field, theirs) in theirs.iter().filter(|(field, _)| !is_rows(&kind, field)) {
        let name = wire(&kind, field);
        if name != "guild_id" || !theirs.is_null() {
            differ(found, &format!("{kind}.{name}"), theirs, ours.get(name));
        }
    }
}

/// The wire's name of a peer's field.
fn wire<'a>(kind: &str, field: &'a str) -> &'a str {
    match (kind, field) {
        ("sticker", "kind") => "type",
        _ => field,
    }
}

/// Whether this field holds rows of other kinds, which are compared where they belong.
fn is_rows(kind: &str, field: &str) -> bool {
    const OF_GUILDS: &[&str] = &[
        "channels",
        "emojis",
        "guild_scheduled_events",
        "members",
        "presences",
        "roles",
        "stage_instances",
        "stickers",
        "threads",
        "voice_states",
    ];
    match kind {
        "guild" => OF_GUILDS.contains(&field),
        "presence" => field == "user",
        "voicestate" => field == "member",
        "emoji" | "sticker" => field == "user",
        _ => false,
    }
}

/// Objects and lists are gone through part by part; a part that is null or empty need not be.
fn differ(found: &mut Differences, path: &str, theirs: &Value, ours: Option<&Value>) {
    let nothing = Value::Null;
    let ours = ours.unwrap_or(&nothing);
    match (theirs, ours) {
        // The gateway sends nothing but a button's label, and twilight keeps it as it is.
        (Value::String(_), Value::Object(button)) if path.ends_with(".buttons[]") => {
            differ(found, &format!("{path}.label"), theirs, button.get("label"));
        }
        (Value::Object(theirs), Value::Object(ours)) => {
            for (field, theirs) in theirs {
                differ(found, &format!("{path}.{field}"), theirs, ours.get(field));
            }
        }
        (Value::Array(theirs), Value::Array(ours)) if theirs.len() == ours.len() => {
            for (theirs, ours) in theirs.iter().zip(ours) {
                differ(found, &format!("{path}[]"), theirs, Some(ours));
            }
        }
        _ if plain(theirs) == plain(ours) => {}
        _ => found.note(path.to_owned(), || example(theirs, ours)),
    }
}

/// Numbers and ids as digits, times as microseconds; null, no, zero and empty are nothing.
fn plain(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(false) => String::new(),
        Value::Array(list) if list.is_empty() => String::new(),
        Value::Object(map) if map.values().all(|value| plain(value).is_empty()) => String::new(),
        Value::Number(number) if number.as_u64() == Some(0) => String::new(),
        Value::String(text) => match Timestamp::parse(text) {
            Some(time) => time.as_micros().to_string(),
            None => text.trim_start_matches('0').to_owned(),
        },
        other => other.to_string(),
    }
}

/// Both values, cut short.
fn example(theirs: &Value, ours: &Value) -> String {
    let short = |value: &Value| value.to_string().chars().take(60).collect::<String>();
    format!("theirs {}, ours {}", short(theirs), short(ours))
}
