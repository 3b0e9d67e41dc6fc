//! Requests for members (opcode 8) and the chunks that answer them.
use crate::edge::ConnectionId;
use crate::intents;
use crate::json::{Id, Raw, Writer};
use crate::ledger::{RequestKind, RequestOutcome, RequestRecord};
use crate::rules::Rule;
use crate::session::View;
use crate::world::World;
use crate::world::guild::Guild;
use crate::world::presence::Status;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

const MOST_IDS: usize = 100;
const MOST_BY_PREFIX: u32 = 100;
const MOST_NONCE_BYTES: usize = 32;

/// One request as it was understood.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) guild: u64,
    pub(crate) kind: RequestKind,
    pub(crate) presences: bool,
    pub(crate) nonce: Option<String>,
    /// The rules that it broke and that do not keep it from being served.
    pub(crate) breaches: Vec<(Rule, String)>,
}

impl Ask {
    /// Understands the body of opcode 8, or says what is wrong with it.
    pub(crate) fn parse(d: &Value) -> Result<Self, String> {
        let mut breaches = Vec::new();
        let guild = guild_of(d, &mut breaches)?;
        let ids = d.get("user_ids").filter(|ids| !ids.is_null());
        let query = d.get("query").and_then(Value::as_str);
        if ids.is_some() && query.is_some() {
            breaches.push((Rule::RequestArguments, "both query and user_ids".to_owned()));
        }
        let kind = match (ids, query) {
            (Some(ids), _) => RequestKind::Users(users_of(ids, &mut breaches)?),
            (None, Some(query)) => by_query(query, d.get("limit"), &mut breaches)?,
            (None, None) => return Err("neither query nor user_ids".to_owned()),
        };
        Ok(Self {
            guild,
            kind,
            presences: d.get("presences").and_then(Value::as_bool).unwrap_or(false),
            nonce: nonce_of(d, &mut breaches),
            breaches,
        })
    }

    /// The record of this request before anything is sent.
    pub(crate) fn record(&self, at: u64, connection: ConnectionId, view: View) -> RequestRecord {
        RequestRecord {
            at,
            connection,
            shard: view.shard,
            guild: self.guild,
            nonce: self.nonce.clone(),
            kind: self.kind.clone(),
            presences: self.presences && view.wants(intents::GUILD_PRESENCES),
            outcome: RequestOutcome::Ignored,
            chunk_count: 0,
            sent: BTreeMap::new(),
            lost: BTreeSet::new(),
            not_found: Vec::new(),
        }
    }
}

fn guild_of(d: &Value, breaches: &mut Vec<(Rule, String)>) -> Result<u64, String> {
    let guild = match d.get("guild_id") {
        Some(Value::Array(guilds)) => {
            if guilds.len() > 1 {
                breaches.push((Rule::RequestGuild, format!("{} guild ids", guilds.len())));
            }
            guilds.first()
        }
        guild => guild,
    };
    guild
        .and_then(snowflake)
        .ok_or_else(|| "no guild_id".to_owned())
}

fn users_of(ids: &Value, breaches: &mut Vec<(Rule, String)>) -> Result<Vec<u64>, String> {
    let ids: Option<Vec<u64>> = match ids {
        Value::Array(ids) => ids.iter().map(snowflake).collect(),
        one => snowflake(one).map(|id| vec![id]),
    };
    let mut ids = ids.ok_or_else(|| "user_ids holds something else than ids".to_owned())?;
    if ids.len() > MOST_IDS {
        breaches.push((Rule::RequestIds, format!("{} user ids", ids.len())));
        ids.truncate(MOST_IDS);
    }
    Ok(ids)
}

fn by_query(
    query: &str,
    limit: Option<&Value>,
    breaches: &mut Vec<(Rule, String)>,
) -> Result<RequestKind, String> {
    let limit = limit
        .and_then(Value::as_u64)
        .ok_or_else(|| "query without limit".to_owned())?;
    if query.is_empty() && limit == 0 {
        return Ok(RequestKind::All);
    }
    if limit == 0 || limit > u64::from(MOST_BY_PREFIX) {
        breaches.push((
            Rule::RequestArguments,
            format!("a prefix with limit {limit}"),
        ));
    }
    let most = u64::from(MOST_BY_PREFIX);
    let limit = if limit == 0 { most } else { limit.min(most) } as u32;
    Ok(RequestKind::Prefix(query.to_owned(), limit))
}

fn nonce_of(d: &Value, breaches: &mut Vec<(Rule, String)>) -> Option<String> {
    match d.get("nonce") {
        None | Some(Value::Null) => None,
        Some(Value::String(nonce)) if nonce.len() <= MOST_NONCE_BYTES => Some(nonce.clone()),
        Some(other) => {
            let size = other.as_str().map_or(0, str::len);
            breaches.push((
                Rule::Nonce,
                format!("a nonce of {size} bytes, or no string"),
            ));
            None
        }
    }
}

/// An id, as a string or a number.
pub(crate) fn snowflake(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    }
}

/// Who has left since a chunk was written, and how it lists them.
pub(crate) type Leaver = (u64, String);

/// The chunks of one answer that are still to be sent.
#[derive(Clone, Debug)]
pub(crate) struct PendingAnswer {
    /// The request's place in the ledger.
    pub(crate) request: usize,
    pub(crate) guild: u64,
    nonce: Option<String>,
    members: Arc<[u64]>,
    /// Members per chunk.
    size: usize,
    pub(crate) left: VecDeque<u32>,
    pub(crate) count: u32,
    presences: bool,
    not_found: Option<Vec<u64>>,
    /// Whether a fault has delayed it already.
    pub(crate) late: bool,
}

impl PendingAnswer {
    /// The answer to `record`, as the guild stands now.
    pub(crate) fn new(
        world: &World,
        guild: &Guild,
        request: usize,
        record: &RequestRecord,
        size: usize,
    ) -> Self {
        let (members, not_found) = match &record.kind {
            RequestKind::All => (guild.member_ids().collect::<Vec<_>>(), None),
            RequestKind::Prefix(prefix, limit) => (search(world, guild, prefix, *limit), None),
            RequestKind::Users(ids) => {
                let (found, unknown) = ids.iter().partition(|id| guild.holds(**id));
                (found, Some(unknown))
            }
        };
        let count = members.len().div_ceil(size.max(1)).max(1) as u32;
        Self {
            request,
            guild: guild.id(),
            nonce: record.nonce.clone(),
            members: members.into(),
            size: size.max(1),
            left: (0..count).collect(),
            count,
            presences: record.presences,
            not_found,
            late: false,
        }
    }

    /// The same answer's chunk `index` alone.
    pub(crate) fn only(&self, index: u32) -> Self {
        Self {
            left: VecDeque::from([index]),
            late: true,
            ..self.clone()
        }
    }

    /// The ids that were asked for and are no members.
    pub(crate) fn not_found(&self) -> &[u64] {
        self.not_found.as_deref().unwrap_or_default()
    }

    /// The members of a chunk who are still there.
    pub(crate) fn members_of(&self, guild: &Guild, index: u32) -> Vec<u64> {
        self.slice(index)
            .iter()
            .copied()
            .filter(|id| guild.holds(*id))
            .collect()
    }

    fn slice(&self, index: u32) -> &[u64] {
        let first = (index as usize * self.size).min(self.members.len());
        &self.members[first..(first + self.size).min(self.members.len())]
    }

    /// Writes the body of one chunk with these members, and with one who has just left.
    pub(crate) fn write(
        &self,
        world: &World,
        guild: &Guild,
        index: u32,
        members: &[u64],
        leaver: Option<&Leaver>,
        w: &mut Writer,
    ) {
        let left = leaver.map(|(user, _)| user);
        if self.presences {
            w.list("presences", |w| {
                for id in members
                    .iter()
                    .chain(left)
                    .filter(|id| world.status(**id) != Status::Offline)
                {
                    w.entry(|w| world.presence(*id, None).write(w));
                }
            });
        }
        if let Some(unknown) = &self.not_found {
            w.list("not_found", |w| {
                unknown.iter().for_each(|id| w.item(Id(*id)));
            });
        }
        if let Some(nonce) = &self.nonce {
            w.field("nonce", nonce);
        }
        w.list("members", |w| {
            members
                .iter()
                .for_each(|id| w.entry(|w| world.write_member(guild, *id, w)));
            let left = leaver.map(|(_, text)| Raw(text));
            left.into_iter().for_each(|left| w.item(left));
        });
        w.field("guild_id", Id(guild.id()));
        w.field("chunk_index", index);
        w.field("chunk_count", self.count);
    }
}

fn search(world: &World, guild: &Guild, prefix: &str, limit: u32) -> Vec<u64> {
    let prefix = prefix.to_lowercase();
    let fits = |name: &str| name.to_lowercase().starts_with(&prefix);
    guild
        .member_ids()
        .filter(|id| {
            world.draw_member(guild, *id).is_some_and(|member| {
                fits(&member.user.username) || member.nick.as_deref().is_some_and(fits)
            })
        })
        .take(limit as usize)
        .collect()
}
