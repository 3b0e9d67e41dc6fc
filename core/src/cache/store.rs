//! What a store is: it takes mutations, in order, and may fail.

use alloc::vec::Vec;
use core::convert::Infallible;
use core::error::Error;
use core::future::Future;

use super::memory::{Applied, Displaced, GuildState, MemoryStore};
use super::{Kinds, Mutation};
use crate::ShardId;
use crate::id::GuildId;

/// A store of rows, for loops that wait for it.
///
/// It is handed every mutation of a shard once, in order of sequence, before the event that the
/// mutation belongs to. A mutation is valid: a store fails for reasons of its own alone.
///
/// An error says that the mutation may not have been applied; then the rows of its guild are
/// stale until the guild is delivered anew. Report it with
/// [`Input::StoreFailed`](crate::Input::StoreFailed), and hand the event on all the same.
pub trait Store {
    /// Why it failed.
    type Error: Error;

    /// Applies all of a mutation.
    ///
    /// # Errors
    /// Whatever befalls the store; the mutation counts as not applied.
    fn apply(&mut self, mutation: Mutation<'_>) -> Result<Applied, Self::Error>;

    /// Applies all of a mutation, and returns the rows that it displaced. A store that does not
    /// know them returns none, which is the default.
    ///
    /// # Errors
    /// As [`Store::apply`].
    fn replace(&mut self, mutation: Mutation<'_>) -> Result<(Applied, Displaced), Self::Error> {
        let applied = self.apply(mutation)?;
        Ok((applied, Displaced::default()))
    }
}

/// A store of rows that takes its time: a database, or another process.
///
/// It is shared by the shards. Of one guild it is handed one mutation at a time, in order of
/// sequence; those of different guilds may run side by side, except that a mutation about no
/// guild ([`Op::NewSession`](super::Op::NewSession), say) runs alone in its shard.
///
/// A mutation that has failed may be handed in again before any other of its guild, with the same
/// origin ([`Mutation::origin`]): after a lost answer the store may have applied it all the same. A
/// store passes over what it has applied. Most steps may be applied twice without harm; those that
/// count may not, and they have an origin. So it is enough to keep, in one transaction with the
/// rows, the origin of each guild's last mutation: one of another session is new, whatever its
/// sequence, and a new session begins them anew.
pub trait AsyncStore {
    /// Why it failed.
    type Error: Error;

    /// Applies all of a mutation. It may be dropped at any await, which counts as a failure.
    ///
    /// # Errors
    /// Whatever befalls the store; the mutation counts as not applied.
    fn apply(
        &self,
        mutation: &Mutation<'static>,
    ) -> impl Future<Output = Result<Applied, Self::Error>> + Send;

    /// Applies all of a mutation, and returns the rows that it displaced. A store that does not
    /// know them returns none, which is the default.
    ///
    /// # Errors
    /// As [`AsyncStore::apply`].
    fn replace(
        &self,
        mutation: &Mutation<'static>,
    ) -> impl Future<Output = Result<(Applied, Displaced), Self::Error>> + Send
    where
        Self: Sync,
    {
        async move { Ok((self.apply(mutation).await?, Displaced::default())) }
    }

    /// Whether an error stays, however often the mutation is handed in again. By default none does.
    fn is_final(error: &Self::Error) -> bool {
        let _ = error;
        false
    }

    /// A shard is about to begin here, under a lease of this epoch: later ones are higher. Whatever
    /// of the shard an owner with a lower one brings from now on is late. By default that does not
    /// matter, as where one process alone runs the shard.
    fn begin(&self, shard: ShardId, epoch: u64) {
        let _ = (shard, epoch);
    }

    /// What the store has of these guilds of a shard, and how many members of each: asked of the
    /// store of members before the shard goes on with a session of another process, which has these
    /// guilds. By default nothing is known of any, and their members are missing until they are
    /// asked for anew.
    ///
    /// # Errors
    /// Whatever befalls the store; then nothing is known.
    fn guilds(
        &self,
        shard: ShardId,
        guilds: &[GuildId],
    ) -> impl Future<Output = Result<Vec<(GuildState, u64)>, Self::Error>> + Send
    where
        Self: Sync,
    {
        let _ = (shard, guilds);
        async { Ok(Vec::new()) }
    }

    /// What went between the store and its server since it was opened, for metrics. By default
    /// nothing is counted.
    fn traffic(&self) -> StoreTraffic {
        StoreTraffic::default()
    }
}

/// What went between a store and its server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreTraffic {
    /// Questions that were answered, each in one round trip.
    pub round_trips: u64,
    /// Questions that were not answered, or with an error.
    pub failures: u64,
    /// Bytes of rows that were written, their names included.
    pub bytes: u64,
}

impl Store for MemoryStore {
    type Error = Infallible;

    fn apply(&mut self, mutation: Mutation<'_>) -> Result<Applied, Infallible> {
        Ok(Self::apply(self, mutation))
    }

    fn replace(&mut self, mutation: Mutation<'_>) -> Result<(Applied, Displaced), Infallible> {
        Ok(Self::replace(self, mutation))
    }
}

/// Two stores as one: some kinds go to the second, all others to the first.
///
/// Kinds that hang together are best kept together: threads with their members, members with
/// their presences. Three stores are a router in a router. What concerns kinds of both, such as a
/// guild that goes, is handed to both.
#[derive(Debug)]
pub struct Router<A, B> {
    /// Where all other kinds go.
    pub first: A,
    /// Where the kinds that were named go.
    pub second: B,
    kinds: Kinds,
}

/// Why one of two stores failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouterError<A, B> {
    /// The first one; the second was handed its part all the same.
    First(A),
    /// The second one; the first has applied its part.
    Second(B),
}

impl<A, B> Router<A, B> {
    /// Sends `kinds` to `second` and all others to `first`.
    #[must_use]
    pub const fn new(first: A, second: B, kinds: Kinds) -> Self {
        Self {
            first,
            second,
            kinds,
        }
    }
}

impl<A: Store, B: Store> Store for Router<A, B> {
    type Error = RouterError<A::Error, B::Error>;

    fn apply(&mut self, mutation: Mutation<'_>) -> Result<Applied, Self::Error> {
        let second = mutation
            .part(self.kinds)
            .map(|part| self.second.apply(part));
        let first = mutation.part(self.kinds.complement());
        let first = first.map(|part| self.first.apply(part));
        let applied = first.transpose().map_err(RouterError::First)?;
        let other = second.transpose().map_err(RouterError::Second)?;
        Ok(joined(applied, other))
    }

    fn replace(&mut self, mutation: Mutation<'_>) -> Result<(Applied, Displaced), Self::Error> {
        let second = mutation
            .part(self.kinds)
            .map(|part| self.second.replace(part));
        let first = mutation.part(self.kinds.complement());
        let first = first.map(|part| self.first.replace(part));
        let (applied, mut displaced) = first
            .transpose()
            .map_err(RouterError::First)?
            .map_or_else(Default::default, |(applied, rows)| (Some(applied), rows));
        let second = second.transpose().map_err(RouterError::Second)?;
        let (other, rows) =
            second.map_or_else(Default::default, |(applied, rows)| (Some(applied), rows));
        displaced.add(rows);
        Ok((joined(applied, other), displaced))
    }
}

/// What came of both parts: the first store's word, if it had a part.
fn joined(first: Option<Applied>, second: Option<Applied>) -> Applied {
    first.or(second).unwrap_or_default()
}

impl<A: core::fmt::Display, B: core::fmt::Display> core::fmt::Display for RouterError<A, B> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::First(error) => error.fmt(f),
            Self::Second(error) => error.fmt(f),
        }
    }
}

impl<A: Error, B: Error> Error for RouterError<A, B> {}
