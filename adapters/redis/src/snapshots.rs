//! Snapshots of shards, for whoever runs them next.

use std::fmt;
use std::time::Duration;

use headcount_core::ShardId;
use headcount_core::cache::{ShardSnapshots, SnapshotId, WholeSnapshot};
use redis::{Cmd, FromRedisValue, Script};

use crate::connection::{RedisConnection, RedisOptions, connect};
use crate::error::CoordinatorError;

/// How many bytes a snapshot may have unless something else is said.
const LONGEST: u64 = 256 << 20;

/// How long an answer is waited for unless something else is said.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest time after which a key can expire, in milliseconds: a thousand years.
const LONGEST_LAST: u64 = 1_000 * 366 * 24 * 60 * 60 * 1_000;

/// A snapshot has no more pieces.
const MOST_PIECES: u32 = 1 << 14;

/// So many pieces are taken away at once.
const AT_ONCE: u32 = 512;

/// Snapshots of shards in Redis, as a `Builder::shard_snapshots` takes them: a takeover finds the
/// cache of the process before. Cheap to clone; clones share one connection, which is made anew
/// when it ends.
///
/// # What is in Redis
///
/// Of each shard a hash, `{prefix:snapshot:N/TOTAL}`, which expires. Its fields are `version` (1),
/// `claimed` (the highest epoch in which an owner has begun), and of the last whole snapshot
/// `epoch`, `number` and `pieces`. The pieces are strings of 257 KiB at most, which expire after
/// twice as long: `{prefix:snapshot:N/TOTAL}:EPOCH:NUMBER:I`. The braces are hash tags: in a
/// cluster all of a shard lies on one node, and all shards have to lie on the one at the address. A
/// hash of another version is not read; a snapshot takes its place.
///
/// The user needs the commands `EVALSHA`, `SCRIPT LOAD`, `HMGET`, `HSET`, `DEL`, `PEXPIRE`, `SET`,
/// `GET` and `UNLINK`, for keys that begin with `{prefix:snapshot:`, and `SELECT` where the address
/// names a database.
#[derive(Clone)]
pub struct SnapshotStore {
    connection: RedisConnection,
    prefix: String,
    script: Script,
    longest: u64,
}

/// What was there of a shard before it was claimed.
enum Claimed {
    /// Nothing, or this.
    Done(Option<WholeSnapshot>),
    /// An owner of a later epoch.
    Late,
    /// Something that is not understood.
    Foreign,
}

impl SnapshotStore {
    /// Connects, as [`Coordinator::open`](crate::Coordinator::open) does, over a connection of its
    /// own, so that leases do not wait for snapshots; an answer is waited for 5 s.
    ///
    /// # Errors
    /// The address is none, Redis cannot be reached, or does not let the user in.
    pub async fn open(address: &str) -> Result<Self, CoordinatorError> {
        let options = RedisOptions {
            patience: PATIENCE,
            ..RedisOptions::default()
        };
        Self::open_with(address, options).await
    }

    /// As [`open`](Self::open), with other options.
    ///
    /// # Errors
    /// The same.
    pub async fn open_with(address: &str, options: RedisOptions) -> Result<Self, CoordinatorError> {
        Ok(Self {
            connection: connect(address, &options).await?,
            prefix: options.prefix,
            script: Script::new(include_str!("snapshot.lua")),
            longest: LONGEST,
        })
    }

    /// How many bytes a shard's snapshot may have; one that has more is left out, which is a
    /// warning, and the shard's next owner begins without rows. 256 MiB unless something else is
    /// said.
    #[must_use]
    pub const fn longest(mut self, bytes: u64) -> Self {
        self.longest = bytes;
        self
    }

    fn shard_key(&self, shard: ShardId) -> String {
        format!("{{{}:snapshot:{shard}}}", self.prefix)
    }

    fn piece_key(&self, id: SnapshotId, piece: u32) -> String {
        let (shard, epoch, number) = (self.shard_key(id.shard), id.epoch, id.number);
        format!("{shard}:{epoch}:{number}:{piece}")
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, CoordinatorError> {
        let answer = command.query_async(&mut self.connection.clone()).await;
        answer.map_err(CoordinatorError::of)
    }

    /// Claims a shard for the owner of this epoch, and names its last whole snapshot if there is
    /// another one.
    async fn swap(
        &self,
        (shard, epoch): (ShardId, u64),
        lasts: Duration,
        last: Option<WholeSnapshot>,
    ) -> Result<Claimed, CoordinatorError> {
        let mut call = self.script.prepare_invoke();
        call.key(self.shard_key(shard))
            .arg(epoch)
            .arg(millis(lasts));
        if let Some(last) = last {
            call.arg(last.id.number).arg(last.pieces);
        }
        let answer = call.invoke_async(&mut self.connection.clone()).await;
        let answer: Vec<Vec<u8>> = answer.map_err(CoordinatorError::of)?;
        let found = match answer.iter().map(Vec::as_slice).collect::<Vec<_>>()[..] {
            [b"done"] => Some(Claimed::Done(None)),
            [b"done", epoch, number, pieces] => {
                whole(shard, [epoch, number, pieces]).map(|it| Claimed::Done(Some(it)))
            }
            [b"late"] => Some(Claimed::Late),
            [b"foreign"] => Some(Claimed::Foreign),
            _ => None,
        };
        Ok(found.unwrap_or(Claimed::Foreign))
    }
}

/// A snapshot as it is named in Redis; `None` if these are not its numbers.
fn whole(shard: ShardId, [epoch, number, pieces]: [&[u8]; 3]) -> Option<WholeSnapshot> {
    let text = |bytes| std::str::from_utf8(bytes).ok();
    let id = SnapshotId {
        shard,
        epoch: text(epoch)?.parse().ok()?,
        number: text(number)?.parse().ok()?,
    };
    let pieces = text(pieces)?.parse().ok()?;
    (pieces <= MOST_PIECES).then_some(WholeSnapshot { id, pieces })
}

fn millis(time: Duration) -> u64 {
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    millis.clamp(1, LONGEST_LAST)
}

impl ShardSnapshots for SnapshotStore {
    type Error = CoordinatorError;

    fn longest(&self) -> u64 {
        self.longest
    }

    async fn claim(
        &self,
        shard: ShardId,
        epoch: u64,
        lasts: Duration,
    ) -> Result<Option<WholeSnapshot>, CoordinatorError> {
        match self.swap((shard, epoch), lasts, None).await? {
            Claimed::Done(last) => Ok(last),
            Claimed::Late => Ok(None),
            Claimed::Foreign => Err(CoordinatorError::NotUnderstood),
        }
    }

    async fn piece(&self, id: SnapshotId, piece: u32) -> Result<Option<Vec<u8>>, CoordinatorError> {
        self.ask(redis::cmd("GET").arg(self.piece_key(id, piece)))
            .await
    }

    async fn put_piece(
        &self,
        id: SnapshotId,
        piece: u32,
        bytes: Vec<u8>,
        lasts: Duration,
    ) -> Result<(), CoordinatorError> {
        let mut command = redis::cmd("SET");
        command.arg(self.piece_key(id, piece)).arg(bytes);
        // The pieces outlive what names them.
        command.arg("PX").arg(millis(lasts.saturating_mul(2)));
        self.ask(&command).await
    }

    async fn complete(
        &self,
        snapshot: WholeSnapshot,
        lasts: Duration,
    ) -> Result<bool, CoordinatorError> {
        let owner = (snapshot.id.shard, snapshot.id.epoch);
        match self.swap(owner, lasts, Some(snapshot)).await? {
            Claimed::Done(before) => {
                // They expire by themselves, so that it need not succeed.
                if let Some(before) = before.filter(|before| before.id != snapshot.id) {
                    let _ = self.discard(before.id, before.pieces).await;
                }
                Ok(true)
            }
            Claimed::Foreign => Ok(true),
            Claimed::Late => Ok(false),
        }
    }

    async fn discard(&self, id: SnapshotId, pieces: u32) -> Result<(), CoordinatorError> {
        for from in (0..pieces).step_by(AT_ONCE as usize) {
            let to = from.saturating_add(AT_ONCE).min(pieces);
            let mut command = redis::cmd("UNLINK");
            for piece in from..to {
                command.arg(self.piece_key(id, piece));
            }
            self.ask::<()>(&command).await?;
        }
        Ok(())
    }
}

impl fmt::Debug for SnapshotStore {
    /// The address may have a password, so it is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SnapshotStore")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
