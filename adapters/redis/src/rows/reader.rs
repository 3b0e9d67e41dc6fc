//! Reading rows that others write.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use headcount_core::cache::memory::{Completeness, Exported, GuildState};
use headcount_core::cache::{Kind, Rows};
use headcount_core::id::{GuildId, UserId};
use headcount_core::wire::view::{Batch, Member};

use crate::connection::RedisOptions;
use crate::rows::error::RowsError;
use crate::rows::guild::BUCKETS;
use crate::rows::head::GuildHead;
use crate::rows::held::HeldRows;
use crate::rows::keys::{self, GuildKeys, PLACES};
use crate::rows::link::Link;
use crate::rows::member_row::StoredMember;
use crate::rows::new_session::check_schema;
use crate::rows::reads::Reads;
use crate::rows::steps::AT_ONCE;

/// So many times a guild is looked at anew since its members were spread anew meanwhile.
const ATTEMPTS: u32 = 8;

/// Of so many guilds at most it is remembered how their members are spread.
const GUILDS: usize = 1 << 16;

/// Reads the rows that a [`RowStore`](crate::RowStore) keeps, in any process. Cheap to clone;
/// clones share one connection, which is made anew when it ends.
///
/// It writes nothing: its user needs `HMGET`, `HGETALL` and `HGET` alone.
#[derive(Clone)]
pub struct RowReader {
    link: Link,
    /// Over how many hashes the members of guilds were spread when they were read last.
    buckets: Arc<Mutex<BTreeMap<GuildId, u32>>>,
}

/// What is known of a guild as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredGuild {
    /// Its status, and the last dispatch that its rows include.
    pub state: GuildState,
    /// How many members are there.
    pub members: u64,
}

impl StoredGuild {
    /// Whether all members are there.
    #[must_use]
    pub const fn completeness(&self) -> Completeness {
        self.state.completeness(self.members)
    }
}

impl RowReader {
    /// Connects, as [`RowStore::open`](crate::RowStore::open) does.
    ///
    /// # Errors
    /// The address is none, Redis cannot be reached, does not let the user in, or has rows of
    /// another version.
    pub async fn open(address: &str) -> Result<Self, RowsError> {
        Self::open_with(address, RedisOptions::default()).await
    }

    /// As [`open`](Self::open), with other options.
    ///
    /// # Errors
    /// The same.
    pub async fn open_with(address: &str, options: RedisOptions) -> Result<Self, RowsError> {
        let link = Link::open(address, options).await?;
        let mut command = redis::cmd("HGET");
        command.arg(keys::rows(&link.prefix)).arg("schema");
        check_schema(Some(link.ask(&command).await?))?;
        Ok(Self::over(link))
    }

    pub(crate) fn over(link: Link) -> Self {
        Self {
            link,
            buckets: Arc::default(),
        }
    }

    fn keys(&self, guild: GuildId) -> GuildKeys {
        GuildKeys::new(&self.link.prefix, guild)
    }

    fn buckets(&self) -> MutexGuard<'_, BTreeMap<GuildId, u32>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of a guild as a whole; `None` if there are no rows of it.
    ///
    /// # Errors
    /// Redis gave no answer, or what is there is not understood.
    pub async fn guild(&self, guild: GuildId) -> Result<Option<StoredGuild>, RowsError> {
        let head = self.link.head(&self.keys(guild)).await?;
        Ok(head.map(|head| StoredGuild {
            state: head.trusted(),
            members: head.members,
        }))
    }

    /// What is known of these guilds, and how many members are there, some heads at a time.
    pub(crate) async fn known(
        &self,
        guilds: impl Iterator<Item = GuildId> + Send,
    ) -> Result<Vec<(GuildState, u64)>, RowsError> {
        let keys: Vec<GuildKeys> = guilds.map(|guild| self.keys(guild)).collect();
        let mut known = Vec::new();
        for some in keys.chunks(AT_ONCE) {
            let heads = self.link.heads(some).await?;
            let known_of = |it: GuildHead| (it.trusted(), it.members);
            known.extend(heads.into_iter().flatten().map(known_of));
        }
        Ok(known)
    }

    /// Those of these members that are there, with their users, by id. One round trip as a rule,
    /// two for the first members of a guild, and another one if rows are unusually long.
    ///
    /// # Errors
    /// As [`guild`](Self::guild).
    pub async fn members(
        &self,
        guild: GuildId,
        users: &[UserId],
    ) -> Result<Batch<Member<'static>>, RowsError> {
        let keys = self.keys(guild);
        let reads = Reads::members(users.iter().copied().collect());
        for _ in 0..ATTEMPTS {
            let buckets = self.buckets().get(&guild).copied().unwrap_or(1);
            let (head, rows) = self.link.read(&keys, buckets, &reads).await?;
            match head {
                Some(head) if head.buckets != buckets => self.note(guild, head.buckets),
                Some(_) => return batch(&rows, |_| true),
                None => return Ok(Batch::default()),
            }
        }
        Err(RowsError::Contended)
    }

    fn note(&self, guild: GuildId, buckets: u32) {
        let mut all = self.buckets();
        all.insert(guild, buckets);
        if all.len() > GUILDS {
            all.pop_first();
        }
    }

    /// The guild's rows of a kind that is not [`Kind::Member`], each alone.
    ///
    /// # Errors
    /// As [`guild`](Self::guild).
    pub async fn rows(&self, guild: GuildId, kind: Kind) -> Result<Vec<Rows<'static>>, RowsError> {
        let keys = self.keys(guild);
        let Some(key) = keys.kind(kind) else {
            return Err(RowsError::Unsupported(kind));
        };
        let places = self.link.read_kind(&key).await?;
        let rows = places.values().map(|row| serde_json::from_slice(row));
        rows.collect::<Result<_, _>>().or(Err(RowsError::Damaged))
    }

    /// Hands out all rows of a guild, as a store in memory takes them
    /// ([`MemoryStore::import`](headcount_core::cache::MemoryStore::import)); nothing if there are
    /// none. Each row is whole; while the guild is written, they may be of different moments.
    ///
    /// # Errors
    /// As [`guild`](Self::guild); some may have been handed out by then.
    pub async fn export(
        &self,
        guild: GuildId,
        mut each: impl FnMut(Exported<'static>) + Send,
    ) -> Result<(), RowsError> {
        let keys = self.keys(guild);
        let Some(head) = self.link.head(&keys).await? else {
            return Ok(());
        };
        each(Exported::Guild(head.trusted()));
        let guild = Some(guild);
        for (kind, _) in PLACES {
            for rows in self.rows(head.state.id(), kind).await? {
                each(Exported::Rows { guild, rows });
            }
        }
        if head.older > 0 {
            self.export_members(&keys, &head, false, &mut each).await?;
            each(Exported::Recount(head.state.id()));
        }
        self.export_members(&keys, &head, true, &mut each).await
    }

    /// Hands out the members of the newest listing, or those of older ones; some twice if they are
    /// spread over more hashes meanwhile.
    async fn export_members(
        &self,
        keys: &GuildKeys,
        head: &GuildHead,
        newest: bool,
        each: &mut (impl FnMut(Exported<'static>) + Send),
    ) -> Result<(), RowsError> {
        let is_wanted = |row: &StoredMember| (row.generation == head.generation) == newest;
        let (mut from, mut end) = (0, head.buckets);
        while from < end {
            let to = from.saturating_add(BUCKETS).min(end);
            let rows = self.link.read_buckets(keys, from..to).await?;
            from = to;
            if from == end {
                let head = self.link.head(keys).await?;
                end = head.map_or(0, |head| head.buckets);
            }
            let members = batch(&rows, is_wanted)?;
            if !members.is_empty() {
                each(Exported::Rows {
                    guild: Some(head.state.id()),
                    rows: Rows::Members(members),
                });
            }
        }
        Ok(())
    }
}

impl fmt::Debug for RowReader {
    /// The address may have a password, so it is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowReader")
            .field("prefix", &self.link.prefix)
            .finish_non_exhaustive()
    }
}

/// The rows that are wanted, as a batch.
fn batch(
    rows: &HeldRows,
    is_wanted: impl Fn(&StoredMember) -> bool,
) -> Result<Batch<Member<'static>>, RowsError> {
    let mut batch = Batch::default();
    for (user, row) in rows.members.iter().filter(|(_, row)| is_wanted(row)) {
        if !batch.push_packed(*user, &row.packed) {
            return Err(RowsError::Damaged);
        }
    }
    Ok(batch)
}
