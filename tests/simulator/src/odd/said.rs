//! What a dispatch says: of which rows, and where they stand in it.
use crate::requests::snowflake;
use serde_json::Value;

/// What kind of row it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Whether a guild is there; the row of a shard in READY.
    Guild,
    /// A guild's own fields.
    Profile,
    Role,
    Channel,
    Thread,
    Member,
    Presence,
    Voice,
}

/// A row: of which guild, or of which shard for the guilds of READY; its kind and its id.
pub(crate) type Row = (u64, Kind, u64);

/// Lists by their keys, and what the dispatch itself is about, by the key at which it stands.
type Form = (
    &'static [(&'static str, Kind)],
    &'static [(&'static str, Kind)],
);

/// The lists of a dispatch, and its subject; `None` if it says nothing that is compared.
fn form(event: &str) -> Option<Form> {
    const EVERYONE: &[(&str, Kind)] = &[("members", Kind::Member), ("presences", Kind::Presence)];
    Some(match event {
        "READY" => (&[("guilds", Kind::Guild)], &[]),
        "GUILD_CREATE" => (
            &[
                ("roles", Kind::Role),
                ("channels", Kind::Channel),
                ("threads", Kind::Thread),
                ("members", Kind::Member),
                ("presences", Kind::Presence),
                ("voice_states", Kind::Voice),
            ],
            &[("", Kind::Guild), ("", Kind::Profile)],
        ),
        "GUILD_UPDATE" => (&[("roles", Kind::Role)], &[("", Kind::Profile)]),
        "GUILD_DELETE" => (&[], &[("", Kind::Guild)]),
        "GUILD_SYNC" | "GUILD_MEMBERS_CHUNK" => (EVERYONE, &[]),
        "GUILD_ROLE_CREATE" | "GUILD_ROLE_UPDATE" => (&[], &[("role", Kind::Role)]),
        "GUILD_ROLE_DELETE" => (&[], &[("", Kind::Role)]),
        "CHANNEL_CREATE" | "CHANNEL_UPDATE" | "CHANNEL_DELETE" => (&[], &[("", Kind::Channel)]),
        "THREAD_CREATE" | "THREAD_UPDATE" | "THREAD_DELETE" => (&[], &[("", Kind::Thread)]),
        "GUILD_MEMBER_ADD" | "GUILD_MEMBER_UPDATE" | "GUILD_MEMBER_REMOVE" => {
            (&[], &[("", Kind::Member)])
        }
        "PRESENCE_UPDATE" => (&[], &[("", Kind::Presence)]),
        "VOICE_STATE_UPDATE" => (&[], &[("", Kind::Voice)]),
        "RATE_LIMITED" | "MESSAGE_CREATE" => (&[], &[]),
        _ => return None,
    })
}

/// Where the guild's id stands.
fn guild_key(event: &str) -> &'static str {
    match event {
        "GUILD_CREATE" | "GUILD_UPDATE" | "GUILD_DELETE" | "GUILD_SYNC" => "id",
        _ => "guild_id",
    }
}

/// The key of a row: one in another, or one alone.
fn key(event: &str, kind: Kind) -> &'static [&'static str] {
    match (kind, event) {
        (Kind::Member | Kind::Presence, _) => &["user", "id"],
        (Kind::Voice, _) => &["user_id"],
        (Kind::Role, "GUILD_ROLE_DELETE") => &["role_id"],
        (Kind::Guild | Kind::Profile | Kind::Role | Kind::Channel | Kind::Thread, _) => &["id"],
    }
}

/// What a place of a dispatch is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A whole list of rows.
    List(&'static str, Kind),
    /// A row of a list, or what it is known by.
    Row(Kind, Option<Row>),
    /// A part of a row, by its key; its row is in a list, or the subject.
    Part(Row, String),
    /// What the dispatch is about.
    Subject,
    /// Something that nothing which is compared comes from.
    Elsewhere,
}

/// The rows of a dispatch.
#[derive(Clone, Debug)]
pub(crate) struct Said<'v> {
    pub(super) event: &'v str,
    form: Form,
    data: &'v Value,
    /// The guild, or the shard, whose rows these are.
    pub(crate) owner: u64,
}

impl<'v> Said<'v> {
    /// What this dispatch says to this shard, if it is one that counts.
    pub(crate) fn new(event: &'v str, shard: u32, data: &'v Value) -> Option<Self> {
        let owner = match event {
            "READY" => Some(u64::from(shard)),
            _ => data.get(guild_key(event)).and_then(snowflake),
        };
        Some(Self {
            event,
            form: form(event)?,
            data,
            owner: owner.unwrap_or_default(),
        })
    }

    fn row(&self, kind: Kind, row: &Value) -> Option<Row> {
        let id = key(self.event, kind)
            .iter()
            .try_fold(row, |value, key| value.get(*key));
        Some((self.owner, kind, snowflake(id?)?))
    }

    /// Whether its lists replace what was there. Chunks add to each other.
    pub(crate) fn is_whole(&self) -> bool {
        !matches!(self.event, "GUILD_MEMBERS_CHUNK" | "GUILD_SYNC")
    }

    /// The lists that there are.
    pub(crate) fn lists(&self) -> impl Iterator<Item = Kind> + '_ {
        let there = |(key, _): &&(&str, Kind)| self.data.get(*key).is_some_and(Value::is_array);
        self.form.0.iter().filter(there).map(|(_, kind)| *kind)
    }

    /// The rows of a list.
    pub(crate) fn listed(&self, list: &str) -> impl Iterator<Item = Row> + '_ {
        let kind = self.form.0.iter().find(|(key, _)| *key == list);
        let rows = self.data.get(list).and_then(Value::as_array);
        let rows = kind.zip(rows).map(|((_, kind), rows)| (*kind, rows));
        rows.into_iter().flat_map(move |(kind, rows)| {
            let row = move |row| self.row(kind, row);
            rows.iter().filter_map(row)
        })
    }

    /// The rows of all lists.
    pub(crate) fn all_listed(&self) -> impl Iterator<Item = Row> + '_ {
        self.form.0.iter().flat_map(|(list, _)| self.listed(list))
    }

    /// The rows that the dispatch is about.
    pub(crate) fn subjects(&self) -> impl Iterator<Item = Row> + '_ {
        self.form.1.iter().filter_map(|(at, kind)| {
            let row = match *at {
                "" => Some(self.data),
                at => self.data.get(at),
            };
            self.row(*kind, row?)
        })
    }

    /// What stands at a path; an index of a list is a number.
    pub(crate) fn place(&self, path: &[String]) -> Place {
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        let (Some((first, rest)), (lists, subjects)) = (parts.split_first(), self.form) else {
            return Place::Subject;
        };
        if let Some((list, kind)) = lists.iter().find(|(list, _)| list == first) {
            return self.in_list(list, *kind, rest);
        }
        if *first == guild_key(self.event) {
            return Place::Subject;
        }
        let Some((at, kind)) = subjects.last() else {
            return Place::Elsewhere;
        };
        let within = match *at {
            "" => parts.as_slice(),
            at if at == *first => rest,
            _ => return Place::Elsewhere,
        };
        match (self.subjects().last(), within) {
            (_, []) | (None, _) => Place::Subject,
            (_, within) if is_key(self.event, *kind, within) => Place::Subject,
            // A voice state has its member in it.
            (Some((owner, Kind::Voice, user)), ["member", part, ..]) => {
                Place::Part((owner, Kind::Member, user), (*part).to_owned())
            }
            (Some(row), [part, ..]) => Place::Part(row, (*part).to_owned()),
        }
    }

    fn in_list(&self, list: &'static str, kind: Kind, rest: &[&str]) -> Place {
        let Some((index, within)) = rest.split_first() else {
            return Place::List(list, kind);
        };
        let rows = self.data.get(list).and_then(Value::as_array);
        let index = index.parse().ok();
        let row = rows
            .zip(index)
            .and_then(|(rows, at): (_, usize)| rows.get(at));
        let row = row.and_then(|row| self.row(kind, row));
        match (row, within) {
            (Some(row), [part, ..]) if !is_key(self.event, kind, within) => {
                Place::Part(row, (*part).to_owned())
            }
            (row, _) => Place::Row(kind, row),
        }
    }
}

/// Whether a row is known by what stands there, or by what is in it.
fn is_key(event: &str, kind: Kind, within: &[&str]) -> bool {
    key(event, kind).starts_with(within)
}
