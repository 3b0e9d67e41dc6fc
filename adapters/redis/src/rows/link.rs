//! The rows' side of the connection: what is sent, and how it is counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use headcount_core::ShardId;
use headcount_core::id::{GuildId, UserId};
use redis::{Cmd, FromRedisValue, Pipeline, Script, ScriptInvocation, Value};

use crate::connection::{RedisConnection, RedisOptions, connect};
use crate::rows::changes::{ChangePart, Changes};
use crate::rows::counts::Counters;
use crate::rows::epochs::ShardEpochs;
use crate::rows::error::RowsError;
use crate::rows::head::{BUCKETS, FIELDS, GuildHead};
use crate::rows::held::{HeldRows, PlaceRows};
use crate::rows::keys::{self, GuildKeys};
use crate::rows::member_row::{RowPieces, USUAL, bucket, field, is_first};
use crate::rows::reads::Reads;

/// So many times a long row is read anew that was written meanwhile.
const ATTEMPTS: u32 = 8;

/// What a hash may have in the place of fields that are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InPlace {
    /// Anything; how many members more there are.
    Any(i64),
    /// Nothing, or the same; members that were not there are counted.
    Same,
    /// Nothing; members are counted.
    Nothing,
}

/// What came of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WriteOutcome {
    /// It is done; so many members were added, if they were counted.
    Done(u64),
    /// The guild has another revision, or no head.
    Moved(Option<u64>),
    /// There are other rows than may be.
    OtherRows,
}

/// A connection to the rows of one bot.
#[derive(Clone)]
pub(crate) struct Link {
    connection: RedisConnection,
    pub(crate) prefix: String,
    write: Script,
    give_up_head: Script,
    clear: Script,
    swap: Script,
    mark_failed: Script,
    pub(crate) counters: Arc<Counters>,
    pub(crate) epochs: Arc<ShardEpochs>,
}

impl Link {
    pub(crate) async fn open(address: &str, options: RedisOptions) -> Result<Self, RowsError> {
        Ok(Self {
            connection: connect(address, &options).await?,
            prefix: options.prefix,
            write: Script::new(include_str!("write.lua")),
            give_up_head: Script::new(include_str!("give_up_head.lua")),
            clear: Script::new(include_str!("clear.lua")),
            swap: Script::new(include_str!("sessions.lua")),
            mark_failed: Script::new(include_str!("mark_failed.lua")),
            counters: Arc::default(),
            epochs: Arc::default(),
        })
    }

    /// Sends a command and waits for the answer.
    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, RowsError> {
        let answer = command.query_async(&mut self.connection.clone()).await;
        self.counters.answered(answer.is_ok());
        Ok(answer?)
    }

    /// Has a script run, and waits for its answer.
    async fn run<T: FromRedisValue>(&self, call: &ScriptInvocation<'_>) -> Result<T, RowsError> {
        let answer = call.invoke_async(&mut self.connection.clone()).await;
        self.counters.answered(answer.is_ok());
        Ok(answer?)
    }

    /// Sends commands at once and waits for all answers; nothing is sent if there are none.
    pub(crate) async fn ask_all(&self, commands: &Pipeline) -> Result<Vec<Value>, RowsError> {
        if commands.is_empty() {
            return Ok(Vec::new());
        }
        let answers = commands.query_async(&mut self.connection.clone()).await;
        self.counters.answered(answers.is_ok());
        Ok(answers?)
    }

    /// The guilds of which there may be rows, ascending.
    pub(crate) async fn guilds(&self) -> Result<Vec<GuildId>, RowsError> {
        let mut command = redis::cmd("SMEMBERS");
        command.arg(keys::guilds(&self.prefix));
        let listed: Vec<u64> = self.ask(&command).await?;
        let mut listed: Vec<GuildId> = listed.into_iter().filter_map(GuildId::new).collect();
        listed.sort_unstable();
        Ok(listed)
    }

    /// Reads a guild's head.
    pub(crate) async fn head(&self, keys: &GuildKeys) -> Result<Option<GuildHead>, RowsError> {
        let mut heads = self.heads(std::slice::from_ref(keys)).await?;
        Ok(heads.pop().flatten())
    }

    /// Reads the heads of some guilds, in one round trip.
    pub(crate) async fn heads(
        &self,
        guilds: &[GuildKeys],
    ) -> Result<Vec<Option<GuildHead>>, RowsError> {
        let mut commands = redis::pipe();
        for keys in guilds {
            commands.cmd("HMGET").arg(keys.head()).arg(&FIELDS[..]);
        }
        let answers = self.ask_all(&commands).await?.into_iter();
        answers
            .map(|answer| GuildHead::read(&from::<Vec<Option<Vec<u8>>>>(answer)?))
            .collect()
    }

    /// Over how many hashes the members of a guild are spread whose keys are being taken away;
    /// `None` if they are not.
    pub(crate) async fn leaving(&self, keys: &GuildKeys) -> Result<Option<u32>, RowsError> {
        let mut command = redis::cmd("HGET");
        command.arg(keys.leaving()).arg("buckets");
        let buckets: Option<u32> = self.ask(&command).await?;
        match buckets {
            Some(buckets) if !BUCKETS.contains(&buckets) => Err(RowsError::Damaged),
            buckets => Ok(buckets),
        }
    }

    /// Takes some keys of a guild away that leaves, unless it is gone or there again: `false`.
    pub(crate) async fn clear(
        &self,
        keys: &GuildKeys,
        some: Vec<String>,
    ) -> Result<bool, RowsError> {
        let mut call = self.clear.prepare_invoke();
        call.key(keys.head()).key(keys.leaving());
        for key in some {
            call.key(key);
        }
        self.run(&call).await
    }

    /// Gives a guild's head up, unless the guild has another revision by now: `false`. It is an
    /// error if a later owner of its shard has written it.
    pub(crate) async fn give_up_head(
        &self,
        keys: &GuildKeys,
        expected: u64,
    ) -> Result<bool, RowsError> {
        let mut call = self.give_up_head.prepare_invoke();
        call.key(keys.head()).key(keys.leaving()).arg(expected);
        call.arg(text(self.epochs.of_guild(keys.guild)));
        judged(&self.run::<String>(&call).await?)
    }

    /// Names a change that failed as unfinished, also in the place of another one if `is_lost`;
    /// `false` if the guild has another revision by now. It is an error if a later owner of its
    /// shard has written it.
    pub(crate) async fn mark_failed(
        &self,
        keys: &GuildKeys,
        (expected, change, is_lost): (u64, &str, bool),
    ) -> Result<bool, RowsError> {
        let mut call = self.mark_failed.prepare_invoke();
        call.key(keys.head()).arg(expected);
        call.arg(text(self.epochs.of_guild(keys.guild))).arg(change);
        call.arg(u8::from(is_lost));
        judged(&self.run::<String>(&call).await?)
    }

    /// Reads rows, and the head as it was before; of members that lie in so many hashes. If they
    /// lie in another number of them, or were divided meanwhile, the head says so, and rows may be
    /// missing.
    pub(crate) async fn read(
        &self,
        keys: &GuildKeys,
        buckets: u32,
        reads: &Reads,
    ) -> Result<(Option<GuildHead>, HeldRows), RowsError> {
        let mut commands = redis::pipe();
        commands.cmd("HMGET").arg(keys.head()).arg(&FIELDS[..]);
        for kind in reads.whole.each() {
            commands.cmd("HGETALL").arg(keys.kind(kind));
        }
        for (kind, names) in &reads.places {
            commands.cmd("HMGET").arg(keys.kind(*kind));
            names.iter().for_each(|name| {
                commands.arg(name);
            });
        }
        let users = reads.members.iter().map(|user| (*user, USUAL));
        let usual = PieceReads::new(users, buckets);
        usual.ask(keys, &mut commands);
        commands.cmd("HGET").arg(keys.head()).arg("buckets");
        let mut answers = self.ask_all(&commands).await?.into_iter();
        let head: Vec<Option<Vec<u8>>> = next(&mut answers)?;
        let mut rows = HeldRows::default();
        for kind in reads.whole.each() {
            let places: BTreeMap<String, Vec<u8>> = next(&mut answers)?;
            rows.places.insert(kind, places);
        }
        for (kind, names) in &reads.places {
            let values: Vec<Option<Vec<u8>>> = next(&mut answers)?;
            let named = names.iter().cloned().zip(values);
            let places: PlaceRows = named.filter_map(|(name, row)| Some((name, row?))).collect();
            rows.places.insert(*kind, places);
        }
        let mut found = usual.found(&mut answers)?;
        let mut last: Option<u32> = next(&mut answers)?;
        if let Some(later) = self.read_long(keys, buckets, &mut found).await? {
            last = Some(later);
        }
        let (Some(mut head), Some(last)) = (GuildHead::read(&head)?, last) else {
            return Ok((None, rows));
        };
        head.buckets = last;
        if last == buckets {
            rows.members = found.into_rows()?;
        }
        Ok((Some(head), rows))
    }

    /// Reads the rows anew of which there are more pieces than were asked for. In how many hashes
    /// members lie after that, if there are such rows.
    async fn read_long(
        &self,
        keys: &GuildKeys,
        buckets: u32,
        found: &mut RowPieces,
    ) -> Result<Option<u32>, RowsError> {
        let mut last = None;
        for _ in 0..ATTEMPTS {
            let long = found.long();
            if long.is_empty() || last.is_some_and(|last| last != buckets) {
                return Ok(last);
            }
            let reads = PieceReads::new(long.into_iter(), buckets);
            let mut commands = redis::pipe();
            reads.ask(keys, &mut commands);
            commands.cmd("HGET").arg(keys.head()).arg("buckets");
            let mut answers = self.ask_all(&commands).await?.into_iter();
            found.replace(reads.found(&mut answers)?);
            last = next(&mut answers)?;
        }
        Err(RowsError::Damaged)
    }

    /// Reads all members of some hashes, in one round trip.
    pub(crate) async fn read_buckets(
        &self,
        keys: &GuildKeys,
        buckets: impl Iterator<Item = u32>,
    ) -> Result<HeldRows, RowsError> {
        let mut commands = redis::pipe();
        for bucket in buckets {
            commands.cmd("HGETALL").arg(keys.bucket(bucket));
        }
        let mut pieces = RowPieces::default();
        for answer in self.ask_all(&commands).await? {
            for (name, bytes) in from::<Vec<(Vec<u8>, Vec<u8>)>>(answer)? {
                pieces.add_field(&name, bytes);
            }
        }
        Ok(HeldRows {
            members: pieces.into_rows()?,
            ..HeldRows::default()
        })
    }

    /// All fields of a hash.
    pub(crate) async fn read_kind(&self, key: &str) -> Result<PlaceRows, RowsError> {
        let mut command = redis::cmd("HGETALL");
        command.arg(key);
        self.ask(&command).await
    }

    /// Writes a guild's next head and changes, if it still has the revision that is expected. One
    /// round trip.
    pub(crate) async fn write(
        &self,
        keys: &GuildKeys,
        expected: Option<u64>,
        next: &GuildHead,
        found: InPlace,
        changes: &Changes,
    ) -> Result<WriteOutcome, RowsError> {
        let is_checked = !matches!(found, InPlace::Any(_));
        let (found, more) = match found {
            InPlace::Any(more) => ("any", more),
            InPlace::Same => ("same", 0),
            InPlace::Nothing => ("none", 0),
        };
        let mut call = self.write.prepare_invoke();
        call.key(keys.head());
        call.arg(text(expected));
        call.arg(text(self.epochs.of_guild(keys.guild)));
        call.arg(found).arg(more);
        let fields = next.fields();
        call.arg(fields.len() * 2);
        for (name, value) in fields {
            call.arg(name).arg(value);
        }
        for ChangePart { key, set, gone } in changes.parts() {
            let begins = |(name, _): &&(Vec<u8>, Vec<u8>)| is_checked && is_first(name);
            call.key(key).arg(set.iter().filter(begins).count());
            for (name, _) in set.iter().filter(begins) {
                call.arg(name.as_slice());
            }
            call.arg(set.len() * 2);
            for (name, value) in set {
                call.arg(name.as_slice()).arg(value.as_slice());
            }
            call.arg(gone.len());
            for name in gone {
                call.arg(name.as_slice());
            }
        }
        let answer: Vec<Option<String>> = self.run(&call).await?;
        let number = || answer.get(1)?.as_ref()?.parse().ok();
        match answer.first().and_then(Option::as_deref) {
            Some("done") => {
                self.counters.wrote(changes.bytes());
                number().map(WriteOutcome::Done).ok_or(RowsError::Damaged)
            }
            Some("moved") => Ok(WriteOutcome::Moved(number())),
            Some("rows") => Ok(WriteOutcome::OtherRows),
            Some("late") => Err(RowsError::Superseded),
            _ => Err(RowsError::Damaged),
        }
    }
}

impl Link {
    /// Puts what the sessions say in the place of what they said; `false` if they say something
    /// else by now.
    pub(crate) async fn swap_sessions(
        &self,
        key: &str,
        shard: ShardId,
        (old, new): (Option<&str>, &str),
    ) -> Result<bool, RowsError> {
        let mut call = self.swap.prepare_invoke();
        call.key(key).arg(old.unwrap_or_default()).arg(new);
        call.arg(format!("epoch {shard}"));
        call.arg(text(self.epochs.of_shard(shard)));
        judged(&self.run::<String>(&call).await?)
    }
}

/// A number as text; empty for none.
fn text(number: Option<u64>) -> String {
    number.map(|it| it.to_string()).unwrap_or_default()
}

/// Whether something was done; an error if another owner of the shard has come.
fn judged(answer: &str) -> Result<bool, RowsError> {
    match answer {
        "done" => Ok(true),
        "moved" => Ok(false),
        "late" => Err(RowsError::Superseded),
        _ => Err(RowsError::Damaged),
    }
}

/// The first pieces of some members, by the hash in which they lie.
struct PieceReads(BTreeMap<u32, Vec<(UserId, u8)>>);

impl PieceReads {
    /// So many pieces of each, of members that lie in so many hashes.
    fn new(users: impl Iterator<Item = (UserId, u8)>, buckets: u32) -> Self {
        let mut by_bucket: BTreeMap<u32, Vec<(UserId, u8)>> = BTreeMap::new();
        for (user, count) in users {
            let pieces = by_bucket.entry(bucket(user, buckets)).or_default();
            pieces.extend((0..count).map(|piece| (user, piece)));
        }
        Self(by_bucket)
    }

    fn ask(&self, keys: &GuildKeys, commands: &mut Pipeline) {
        for (bucket, pieces) in &self.0 {
            commands.cmd("HMGET").arg(keys.bucket(*bucket));
            for (user, piece) in pieces {
                commands.arg(field(*user, *piece));
            }
        }
    }

    fn found(&self, answers: &mut impl Iterator<Item = Value>) -> Result<RowPieces, RowsError> {
        let mut found = RowPieces::default();
        for pieces in self.0.values() {
            let values: Vec<Option<Vec<u8>>> = next(answers)?;
            for ((user, piece), value) in pieces.iter().zip(values) {
                if let Some(value) = value {
                    found.add(*user, *piece, value);
                }
            }
        }
        Ok(found)
    }
}

fn next<T: FromRedisValue>(answers: &mut impl Iterator<Item = Value>) -> Result<T, RowsError> {
    from(answers.next().ok_or(RowsError::Damaged)?)
}

fn from<T: FromRedisValue>(answer: Value) -> Result<T, RowsError> {
    redis::from_redis_value(answer).or(Err(RowsError::Damaged))
}
