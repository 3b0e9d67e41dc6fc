//! The table of leases.

use std::fmt;

use headcount_core::fleet::lease::{Epoch, Expected, LeaseKey, LeaseStore, Swap, Swapped};
use redis::{Cmd, RedisResult, Script};

use crate::connection::{RedisConnection, RedisOptions, connect};
use crate::entry::{FIELDS, read};
use crate::error::CoordinatorError;

/// So many entries are looked at in one round trip.
const LOOKS: usize = 500;

/// The table of leases in Redis: all processes of a bot open the same. Cheap to clone; clones share
/// one connection, which is made anew when it ends.
#[derive(Clone)]
pub struct Coordinator {
    connection: RedisConnection,
    prefix: String,
    script: Script,
}

impl Coordinator {
    /// Connects to `redis://[user:password@]host[:port][/database]`, or to `rediss://` for TLS.
    ///
    /// # Errors
    /// The address is none, Redis cannot be reached, or does not let the user in.
    pub async fn open(address: &str) -> Result<Self, CoordinatorError> {
        Self::open_with(address, RedisOptions::default()).await
    }

    /// As [`open`](Self::open), with other options.
    ///
    /// # Errors
    /// The same.
    pub async fn open_with(address: &str, options: RedisOptions) -> Result<Self, CoordinatorError> {
        Ok(Self {
            connection: connect(address, &options).await?,
            prefix: options.prefix,
            script: Script::new(include_str!("swap.lua")),
        })
    }

    /// Carries out a swap, in one round trip.
    ///
    /// # Errors
    /// There was no answer, or none that is understood: hand in [`Swapped::Unknown`].
    pub async fn swap(&self, swap: &Swap) -> Result<Swapped, CoordinatorError> {
        let key = self.key(swap.key);
        let mut connection = self.connection.clone();
        let expected = match swap.expected {
            Expected::Never => {
                let look = self.look(swap);
                let mut fields: Vec<Option<Vec<u8>>> = look
                    .query_async(&mut connection)
                    .await
                    .map_err(CoordinatorError::of)?;
                let entry = read(&mut fields).ok_or(CoordinatorError::NotUnderstood)?;
                return Ok(Swapped::Refused(entry));
            }
            Expected::Nothing => None,
            Expected::Written(epoch) => Some(epoch),
        };
        let mut call = self.script.prepare_invoke();
        call.key(key);
        for text in epoch_texts(expected) {
            call.arg(text);
        }
        call.arg(swap.holder.get().to_string())
            .arg(swap.ticket.to_string())
            .arg(swap.floor.to_string())
            .arg(swap.lease.as_millis().to_string())
            .arg(flag(swap.value.is_some()))
            .arg(swap.value.as_deref().unwrap_or_default())
            .arg(flag(swap.with_value));
        let mut answer: Vec<Option<Vec<u8>>> = call
            .invoke_async(&mut connection)
            .await
            .map_err(CoordinatorError::of)?;
        if answer.is_empty() {
            return Err(CoordinatorError::NotUnderstood);
        }
        let is_done = answer.remove(0).as_deref() == Some(b"1");
        match (is_done, read(&mut answer)) {
            (true, Some(Some(entry))) => Ok(Swapped::Done(entry)),
            (false, Some(entry)) => Ok(Swapped::Refused(entry)),
            (true, Some(None)) | (_, None) => Err(CoordinatorError::NotUnderstood),
        }
    }

    /// Looks at several entries, in one round trip.
    ///
    /// # Errors
    /// There was no answer at all. What is not understood of one entry is [`Swapped::Unknown`].
    pub async fn look_all(&self, looks: &[Swap]) -> Result<Vec<Swapped>, CoordinatorError> {
        let mut commands = redis::pipe();
        for look in looks {
            commands.add_command(self.look(look));
        }
        commands.ignore_errors();
        let answers: Vec<RedisResult<Vec<Option<Vec<u8>>>>> = commands
            .query_async(&mut self.connection.clone())
            .await
            .map_err(CoordinatorError::of)?;
        let understood = |fields: RedisResult<Vec<_>>| read(&mut fields.ok()?);
        let answers = answers.into_iter().map(|fields| match understood(fields) {
            Some(entry) => Swapped::Refused(entry),
            None => Swapped::Unknown,
        });
        Ok(answers.collect())
    }

    /// The command that looks at an entry.
    fn look(&self, swap: &Swap) -> Cmd {
        let mut look = redis::cmd("HMGET");
        look.arg(self.key(swap.key)).arg(&FIELDS[..]);
        if swap.with_value {
            look.arg("value");
        }
        look
    }

    fn key(&self, key: LeaseKey) -> String {
        let prefix = &self.prefix;
        match key {
            LeaseKey::Processes => format!("{{{prefix}}}:processes"),
            LeaseKey::Identifies => format!("{{{prefix}}}:identifies"),
            LeaseKey::Shard(shard) => format!("{{{prefix}}}:shard:{shard}"),
        }
    }
}

impl LeaseStore for Coordinator {
    type Error = CoordinatorError;

    async fn swap(&self, swap: &Swap) -> Result<Swapped, CoordinatorError> {
        Self::swap(self, swap).await
    }

    fn looks_at_once(&self) -> usize {
        LOOKS
    }

    async fn look_all(&self, looks: &[Swap]) -> Result<Vec<Swapped>, CoordinatorError> {
        Self::look_all(self, looks).await
    }
}

impl fmt::Debug for Coordinator {
    /// The address may have a password, so it is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coordinator")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

fn epoch_texts(epoch: Option<Epoch>) -> [String; 3] {
    epoch.map_or_else(Default::default, |epoch| {
        let numbers = [epoch.number, epoch.holder.get(), epoch.ticket];
        numbers.map(|number| number.to_string())
    })
}

fn flag(is_so: bool) -> &'static str {
    if is_so { "1" } else { "0" }
}
