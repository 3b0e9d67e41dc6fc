//! Rows of a guild, as far as they are at hand.

use std::collections::BTreeMap;

use headcount_core::Position;
use headcount_core::cache::memory::{Exported, GuildState};
use headcount_core::cache::{GuildStatus, Kind, MemoryStore, Mutation, Op, Rows};
use headcount_core::id::{GuildId, UserId};
use headcount_core::wire::view::{Batch, Member};
use serde_json::{Value, json};

use crate::rows::error::RowsError;
use crate::rows::head::GuildHead;
use crate::rows::keys::PLACES;
use crate::rows::member_row::StoredMember;

/// Rows of one kind, as JSON, by the name of their field.
pub(crate) type PlaceRows = BTreeMap<String, Vec<u8>>;

/// Rows of a guild, as far as they are at hand.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct HeldRows {
    pub(crate) members: BTreeMap<UserId, StoredMember>,
    pub(crate) places: BTreeMap<Kind, PlaceRows>,
}

/// What is to be done to a guild at once.
#[derive(Clone, Debug)]
pub(crate) struct GuildStep {
    pub(crate) mutation: Mutation<'static>,
    /// The dispatch that it is a step of.
    pub(crate) origin: Option<Position>,
    /// Whether members that it does not list are of an older listing from here on.
    pub(crate) begins_listing: bool,
    /// Whether all members have come.
    pub(crate) completes: bool,
    /// Whether it is a step of what delivers the guild anew, or hands it over.
    pub(crate) is_anew: bool,
    /// The name of its change, if more steps of that follow.
    pub(crate) unfinished: Option<String>,
}

/// A guild after a step.
#[derive(Debug)]
pub(crate) struct SteppedGuild {
    pub(crate) head: GuildHead,
    pub(crate) rows: HeldRows,
}

/// Applies a step to a guild of which `rows` are at hand, all that it touches among them; `None` if
/// nothing is kept of the guild. A store in memory does it: rows change here as they do there.
pub(crate) fn apply(
    guild: GuildId,
    head: Option<&GuildHead>,
    rows: &HeldRows,
    step: &GuildStep,
) -> Result<Option<SteppedGuild>, RowsError> {
    let mut store = MemoryStore::new(0);
    if let Some(head) = head {
        store.import(Exported::Guild(head.state));
        put(&mut store, guild, head.generation, rows)?;
    }
    let before = store.counts(guild).members;
    store.apply(step.mutation.clone());
    let after = store.counts(guild).members;
    let has = head.map_or(0, |head| head.members);
    let members = (has + after as u64).saturating_sub(before as u64);
    let Some(state) = counted(&mut store, guild, members, step, after > before) else {
        return Ok(None);
    };
    let mut next = head.cloned().unwrap_or_else(|| GuildHead::first(state));
    next.state = state;
    let taken = take(&store, &mut next, rows, step.begins_listing)?;
    next.members = members;
    next.revision += 1;
    next.unfinished.clone_from(&step.unfinished);
    Ok(Some(SteppedGuild {
        head: next,
        rows: taken,
    }))
}

/// What is known of the guild, where `members` are there in all: the store has some of them, and
/// has counted those alone.
fn counted(
    store: &mut MemoryStore,
    guild: GuildId,
    members: u64,
    step: &GuildStep,
    has_grown: bool,
) -> Option<GuildState> {
    let state = state(store)?;
    let count = match state.lack() {
        None if step.completes => Some(members),
        None if has_grown => state.member_count().max(Some(members)),
        _ => state.member_count(),
    };
    match count {
        Some(count) if Some(count) != state.member_count() => {
            store.apply(Mutation::new(Some(guild)).with(Op::SetMemberCount(count)));
            self::state(store)
        }
        _ => Some(state),
    }
}

/// The same guild, with rows that are not to be trusted.
pub(crate) fn stale(guild: GuildState) -> GuildState {
    let mut store = MemoryStore::new(0);
    store.import(Exported::Guild(guild));
    let stale = Op::SetStatus(GuildStatus::Stale);
    store.apply(Mutation::new(Some(guild.id())).with(stale));
    state(&store).unwrap_or(guild)
}

/// What a store says of its only guild.
fn state(store: &MemoryStore) -> Option<GuildState> {
    store.export().find_map(|piece| match piece {
        Exported::Guild(state) => Some(state),
        _ => None,
    })
}

/// Puts rows into a store that has the guild.
fn put(
    store: &mut MemoryStore,
    guild: GuildId,
    generation: u8,
    rows: &HeldRows,
) -> Result<(), RowsError> {
    let mut import = |rows| {
        let guild = Some(guild);
        store.import(Exported::Rows { guild, rows });
    };
    for (kind, _) in PLACES {
        for row in rows
            .places
            .get(&kind)
            .into_iter()
            .flat_map(BTreeMap::values)
        {
            import(serde_json::from_slice(row).or(Err(RowsError::Damaged))?);
        }
    }
    let (mut older, mut newest) = (Batch::default(), Batch::default());
    for (user, row) in &rows.members {
        let batch: &mut Batch<Member<'static>> = match row.generation == generation {
            true => &mut newest,
            false => &mut older,
        };
        if !batch.push_packed(*user, &row.packed) {
            return Err(RowsError::Damaged);
        }
    }
    if !older.is_empty() {
        import(Rows::Members(older));
        store.import(Exported::Recount(guild));
    }
    if !newest.is_empty() {
        let (guild, rows) = (Some(guild), Rows::Members(newest));
        store.import(Exported::Rows { guild, rows });
    }
    Ok(())
}

/// Takes the rows out of a store, where these were before; moves the head on to a new listing.
fn take(
    store: &MemoryStore,
    head: &mut GuildHead,
    before: &HeldRows,
    begins_listing: bool,
) -> Result<HeldRows, RowsError> {
    let mut taken = HeldRows::default();
    let (mut batches, mut newest_from) = (Vec::new(), 0);
    for piece in store.export() {
        match piece {
            Exported::Rows {
                rows: Rows::Members(batch),
                ..
            } => batches.push(batch),
            Exported::Rows { rows, .. } => add_places(&mut taken.places, &rows)?,
            Exported::Recount(_) => newest_from = batches.len(),
            _ => {}
        }
    }
    let generation = head.generation;
    let was_older = |row: &&StoredMember| begins_listing || row.generation != generation;
    let untouched = match begins_listing {
        true => head.members,
        false => head.older,
    };
    let left = before.members.values().filter(was_older).count() as u64;
    head.older = untouched.saturating_sub(left);
    if begins_listing {
        head.generation = generation.wrapping_add(1);
    }
    for (at, batch) in batches.iter().enumerate() {
        let is_newest = at >= newest_from;
        for (user, packed) in batch.packed() {
            let own = before.members.get(&user).map(|row| row.generation);
            let generation = match is_newest {
                true => head.generation,
                false => own.unwrap_or(head.generation.wrapping_sub(1)),
            };
            head.older += u64::from(!is_newest);
            taken
                .members
                .insert(user, StoredMember { generation, packed });
        }
    }
    Ok(taken)
}

/// Adds rows of one kind, each by the name of its field.
fn add_places(to: &mut BTreeMap<Kind, PlaceRows>, rows: &Rows<'_>) -> Result<(), RowsError> {
    let kind = rows.kind();
    if !PLACES.iter().any(|(it, _)| *it == kind) {
        return Ok(());
    }
    let places = to.entry(kind).or_default();
    for (name, row) in each_place(rows)? {
        places.insert(name, row);
    }
    Ok(())
}

/// Rows of one kind, each by the name of its field and as `{"channels": [row]}`; the guild's own
/// as `{"guild": row}`.
pub(crate) fn each_place(rows: &Rows<'_>) -> Result<Vec<(String, Vec<u8>)>, RowsError> {
    let kind = rows.kind();
    let Ok(Value::Object(named)) = serde_json::to_value(rows) else {
        return Err(RowsError::Damaged);
    };
    let mut places = Vec::new();
    for (name, rows) in named {
        let (rows, is_list) = match rows {
            Value::Array(rows) => (rows, true),
            row => (vec![row], false),
        };
        for row in rows {
            let field = field(kind, &row).ok_or(RowsError::Damaged)?;
            let row = if is_list { json!([row]) } else { row };
            places.push((field, json!({ &name: row }).to_string().into_bytes()));
        }
    }
    Ok(places)
}

/// The name of a row's field: its id, and for a membership the thread's and the user's.
fn field(kind: Kind, row: &Value) -> Option<String> {
    let part = |name: &str| Some(row.get(name)?.as_str()?.to_owned());
    match kind {
        Kind::VoiceState => part("user_id"),
        Kind::Sound => part("sound_id"),
        Kind::ThreadMember => Some(format!("{}:{}", part("id")?, part("user_id")?)),
        _ => part("id"),
    }
}
