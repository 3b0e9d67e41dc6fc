#![doc = include_str!("rows/schema.md")]

mod changes;
mod counts;
mod epochs;
mod error;
mod failed;
mod guild;
mod head;
mod held;
mod keys;
mod known;
mod link;
mod member_row;
mod new_session;
mod reader;
mod reads;
mod steps;

use std::fmt;
use std::sync::Arc;

use headcount_core::ShardId;
use headcount_core::cache::memory::{Applied, GuildState};
use headcount_core::cache::{AsyncStore, Kinds, Mutation, Op, Scope, StoreTraffic};
use headcount_core::id::GuildId;

use crate::connection::RedisOptions;
use known::{UnderWay, WrittenGuilds};
use link::Link;
use steps::delivers_anew;

pub use error::RowsError;
pub use reader::{RowReader, StoredGuild};

/// A store of rows in Redis, as a `Builder::store` takes it. Cheap to clone; clones share one
/// connection, which is made anew when it ends.
///
/// What lies there says [`rows`](crate::rows).
#[derive(Clone)]
pub struct RowStore {
    link: Link,
    known: Arc<WrittenGuilds>,
}

impl RowStore {
    /// The kinds that can be kept here.
    pub const KINDS: Kinds = Kinds::GUILDS
        .union(Kinds::CHANNELS)
        .union(Kinds::ROLES)
        .union(Kinds::MEMBERS)
        .union(Kinds::THREADS)
        .union(Kinds::THREAD_MEMBERS)
        .union(Kinds::EMOJIS)
        .union(Kinds::STICKERS)
        .union(Kinds::SOUNDS)
        .union(Kinds::VOICE_STATES)
        .union(Kinds::STAGES)
        .union(Kinds::SCHEDULED_EVENTS)
        .union(Kinds::INTEGRATIONS)
        .union(Kinds::RULES);

    /// Connects to `redis://[user:password@]host[:port][/database]`, or to `rediss://` for TLS.
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
        new_session::claim_schema(&link).await?;
        Ok(Self {
            link,
            known: Arc::default(),
        })
    }

    /// Reads what is there, over the same connection.
    #[must_use]
    pub fn reader(&self) -> RowReader {
        RowReader::over(self.link.clone())
    }
}

impl AsyncStore for RowStore {
    type Error = RowsError;

    async fn apply(&self, mutation: &Mutation<'static>) -> Result<Applied, RowsError> {
        let Some(guild) = mutation.guild() else {
            return self.apply_outside(mutation).await;
        };
        let goes = |op: &Op<'_>| matches!(op, Op::Cascade(Scope::Guild));
        // Others may have written it meanwhile, or what was lost comes anew.
        if delivers_anew(mutation) {
            self.known.forget(guild);
        }
        let under_way = UnderWay::new(&self.known, guild, mutation);
        let applied = if mutation.ops().any(goes) {
            self.delete(guild, mutation.origin()).await
        } else {
            self.change(guild, mutation).await
        };
        match &applied {
            Ok(_) | Err(RowsError::Superseded) => under_way.end(),
            Err(error) => under_way.fail(matches!(error, RowsError::Forgotten)),
        }
        self.mark_failed(&applied).await;
        applied
    }

    fn is_final(error: &RowsError) -> bool {
        !matches!(error, RowsError::NoAnswer(_) | RowsError::Contended)
    }

    fn begin(&self, shard: ShardId, epoch: u64) {
        self.link.epochs.begin(shard, epoch);
    }

    async fn guilds(
        &self,
        _: ShardId,
        guilds: &[GuildId],
    ) -> Result<Vec<(GuildState, u64)>, RowsError> {
        self.reader().known(guilds.iter().copied()).await
    }

    fn traffic(&self) -> StoreTraffic {
        self.link.counters.read()
    }
}

impl fmt::Debug for RowStore {
    /// The address may have a password, so it is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowStore")
            .field("prefix", &self.link.prefix)
            .finish_non_exhaustive()
    }
}
