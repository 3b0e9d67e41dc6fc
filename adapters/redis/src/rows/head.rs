//! What is known of a guild as a whole.

use std::ops::RangeInclusive;

use headcount_core::Position;
use headcount_core::cache::memory::GuildState;
use headcount_core::cache::memory::snapshot::LAYOUT;

use crate::rows::error::RowsError;
use crate::rows::held::stale;
use crate::rows::member_row::A_BUCKET;

/// The version of the schema.
pub(crate) const SCHEMA: u64 = 1;

/// So many hashes at most are set up for members that have not come yet.
const MOST_AT_ONCE: u64 = 1 << 17;

/// No guild has as many members, and none as many hashes of them.
const MEMBERS: u64 = 1 << 28;

/// Over so many hashes members may be spread.
pub(crate) const BUCKETS: RangeInclusive<u32> = 1..=MEMBERS as u32;

/// The fields of a guild's head, in the order in which they are asked for.
pub(crate) const FIELDS: [&str; 9] = [
    "schema",
    "layout",
    "revision",
    "generation",
    "members",
    "older",
    "buckets",
    "state",
    "unfinished",
];

/// What is known of a guild as a whole.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GuildHead {
    /// How often the guild has been written.
    pub(crate) revision: u64,
    /// Which listing of the members is the newest.
    pub(crate) generation: u8,
    /// How many members there are.
    pub(crate) members: u64,
    /// How many of them were listed last in an older listing.
    pub(crate) older: u64,
    /// Over how many hashes the members are spread.
    pub(crate) buckets: u32,
    pub(crate) state: GuildState,
    /// The change of several steps that has begun and not ended.
    pub(crate) unfinished: Option<String>,
}

/// How a change is named while it is unfinished: by its dispatch, if it has one.
pub(crate) fn change_name(origin: Option<Position>) -> String {
    match origin {
        Some(at) => format!("{}:{}", at.session, at.sequence),
        None => "-".to_owned(),
    }
}

impl GuildHead {
    /// The first of a guild of which nothing was known.
    pub(crate) fn first(state: GuildState) -> Self {
        Self {
            revision: begun(),
            generation: 0,
            members: 0,
            older: 0,
            buckets: 1,
            state,
            unfinished: None,
        }
    }

    /// Reads the values of the [`FIELDS`]; `None` if there is no head.
    pub(crate) fn read(values: &[Option<Vec<u8>>]) -> Result<Option<Self>, RowsError> {
        if values.iter().all(Option::is_none) {
            return Ok(None);
        }
        let [
            schema,
            layout,
            revision,
            generation,
            members,
            older,
            buckets,
            state,
            unfinished,
        ] = values
        else {
            return Err(RowsError::Damaged);
        };
        match (number(schema)?, number(layout)?) {
            (SCHEMA, layout) if layout == u64::from(LAYOUT) => {}
            (SCHEMA, layout) => return Err(RowsError::OtherLayout(layout)),
            (schema, _) => return Err(RowsError::OtherSchema(schema)),
        }
        let state = state.as_deref().ok_or(RowsError::Damaged)?;
        let unfinished = unfinished.as_deref().filter(|name| !name.is_empty());
        let unfinished = unfinished.map(|name| String::from_utf8_lossy(name).into_owned());
        Ok(Some(Self {
            revision: within(revision, 0..=u64::MAX / 2)?,
            generation: within(generation, 0..=u64::from(u8::MAX))? as u8,
            members: within(members, 0..=MEMBERS)?,
            older: within(older, 0..=MEMBERS)?,
            buckets: within(buckets, 1..=MEMBERS)? as u32,
            state: serde_json::from_slice(state).or(Err(RowsError::Damaged))?,
            unfinished,
        }))
    }

    /// The fields to write, but for the number of members, which is counted on.
    pub(crate) fn fields(&self) -> [(&'static str, String); 8] {
        [
            ("schema", SCHEMA.to_string()),
            ("layout", LAYOUT.to_string()),
            ("revision", self.revision.to_string()),
            ("generation", self.generation.to_string()),
            ("older", self.older.to_string()),
            ("buckets", self.buckets.to_string()),
            (
                "state",
                serde_json::to_string(&self.state).unwrap_or_default(),
            ),
            ("unfinished", self.unfinished.clone().unwrap_or_default()),
        ]
    }

    /// What whoever reads is to know of the guild: rows in the middle of a change are stale.
    pub(crate) fn trusted(&self) -> GuildState {
        match self.unfinished {
            Some(_) => stale(self.state),
            None => self.state,
        }
    }

    /// Whether the guild's rows include a dispatch.
    pub(crate) fn includes(&self, dispatch: Option<Position>) -> bool {
        let (Some(has), Some(dispatch)) = (self.state.position(), dispatch) else {
            return false;
        };
        (has.shard, has.session) == (dispatch.shard, dispatch.session)
            && dispatch.sequence <= has.sequence
    }

    /// The last dispatch that the rows include.
    pub(crate) const fn position(&self) -> Option<Position> {
        self.state.position()
    }

    /// Whether the rows follow another session of the dispatch's shard.
    pub(crate) fn is_of_another_session(&self, dispatch: Option<Position>) -> bool {
        let (Some(has), Some(dispatch)) = (self.state.position(), dispatch) else {
            return false;
        };
        has.shard == dispatch.shard && has.session != dispatch.session
    }

    /// Sets up hashes for as many members as the guild is said to have: for one that had none.
    pub(crate) fn make_room(&mut self) {
        let expected = self.state.member_count().unwrap_or(0).div_ceil(A_BUCKET);
        let buckets = expected.min(MOST_AT_ONCE).max(u64::from(self.buckets));
        self.buckets = u32::try_from(buckets).unwrap_or(self.buckets);
    }
}

/// A number between these.
fn within(value: &Option<Vec<u8>>, bounds: RangeInclusive<u64>) -> Result<u64, RowsError> {
    let number = number(value)?;
    match bounds.contains(&number) {
        true => Ok(number),
        false => Err(RowsError::Damaged),
    }
}

fn number(value: &Option<Vec<u8>>) -> Result<u64, RowsError> {
    let text = value
        .as_deref()
        .and_then(|text| std::str::from_utf8(text).ok());
    text.and_then(|text| text.parse().ok())
        .ok_or(RowsError::Damaged)
}

/// The first revision of a guild: above that of one that was there before.
fn begun() -> u64 {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed();
    since.map_or(0, |since| since.as_millis() as u64)
}
