//! Settings are looked at before anything starts: what makes no sense is an error, and no panic.

use std::ops::RangeInclusive;
use std::time::Duration;

use headcount_core::Config;
use headcount_core::bounds::{wait, within};
use headcount_core::config::ConfigError;

use crate::address::{Address, Cleartext};
use crate::builder::{Builder, MOST_SHARDS};
use crate::delivery::BufferLimits;
use crate::snapshots::Snapshots;
use crate::{Error, ErrorKind, Runtime, SocketOptions, address, info};

/// The least that a limit on messages may be, in bytes: READY alone has about a thousand.
const LEAST_MESSAGE: usize = 4 << 10;

/// The most that it may be: what a bot of tens of thousands of guilds needs, many times over.
const LARGEST_MESSAGE: usize = 1 << 30;

/// The most events and messages that may wait for the consumer.
const LONGEST_QUEUE: usize = 1 << 24;

/// What all events that wait may have, in bytes: one small event at least.
const LARGEST_BUFFER: RangeInclusive<usize> = 1 << 10..=1 << 31;

/// How often rows may be written down.
const SNAPSHOTS: RangeInclusive<Duration> =
    Duration::from_millis(100)..=Duration::from_secs(86_400);

impl<R: Runtime> Builder<R> {
    /// Whether all settings make sense that the caller has made, before the service is asked.
    pub(crate) fn check(&self) -> Result<(), Error> {
        info::authorization(self.token.expose())?;
        self.config.check()?;
        socket(&self.options).map_err(|error| error.of("socket"))?;
        wait("api.timeout", self.api.timeout)?;
        within("api.max_shards", self.max_shards(), &(1..=usize::MAX))?;
        wait("store_deadline", self.stores.deadline)?;
        within("store_attempts", self.stores.attempts, &(1..=100))?;
        self.check_sharing()?;
        if let Snapshots::Every(every) = self.snapshots {
            within("snapshots", every, &SNAPSHOTS)?;
        }
        let BufferLimits { events, bytes } = self.events;
        within("event_buffer", events, &(1..=LONGEST_QUEUE))?;
        within("event_buffer_bytes", bytes, &LARGEST_BUFFER)?;
        Ok(())
    }

    /// Whether several processes can share the bot, if they are to.
    fn check_sharing(&self) -> Result<(), Error> {
        self.sharing.config.check()?;
        let refused = [
            (
                self.state.is_some(),
                "a bot in several processes has no state folder",
            ),
            (
                !self.sessions.is_empty(),
                "a bot in several processes has its sessions from the table of leases",
            ),
            (
                self.gate.is_some(),
                "a bot in several processes has the gate of its leases",
            ),
        ];
        let is_shared = self.sharing.store.is_some();
        if self.shard_snapshots.is_some() && !is_shared {
            let detail = "a bot in one process leaves no snapshots of shards to others";
            return Err(Error::new(ErrorKind::Config, detail));
        }
        match refused
            .into_iter()
            .find(|(is_given, _)| is_shared && *is_given)
        {
            Some((_, detail)) => Err(Error::new(ErrorKind::Config, detail)),
            None => Ok(()),
        }
    }

    /// The most shards that this process runs.
    pub(crate) fn max_shards(&self) -> usize {
        let most = usize::try_from(self.api.max_shards).unwrap_or(MOST_SHARDS);
        most.min(MOST_SHARDS)
    }

    /// Whether the same holds beside what the service has said: `config` is that of the last shard,
    /// whose identify is the longest.
    pub(crate) fn check_start(&self, config: &Config, asked_over_tls: bool) -> Result<(), Error> {
        let url = address::gateway(&config.url, self.options.compression)?;
        let cleartext = Cleartext::new(self.options.allow_plaintext).after(asked_over_tls);
        Address::of(&url)?.permit(cleartext)?;
        config.check()?;
        Ok(())
    }
}

/// Whether a socket's settings make sense.
pub(crate) fn socket(options: &SocketOptions) -> Result<(), ConfigError> {
    // Every field is named, so that a new one is not forgotten.
    let SocketOptions {
        compression: _,
        max_message_bytes,
        write_deadline,
        close_deadline,
        tls: _,
        allow_plaintext: _,
    } = options;
    let sizes = LEAST_MESSAGE..=LARGEST_MESSAGE;
    within("max_message_bytes", *max_message_bytes, &sizes)?;
    wait("write_deadline", *write_deadline)?;
    wait("close_deadline", *close_deadline)
}

#[cfg(feature = "chat")]
/// Whether so many messages of a chat may wait.
pub(crate) fn backlog(limits: BufferLimits) -> Result<(), ConfigError> {
    let BufferLimits { events, bytes } = limits;
    within("backlog", events, &(0..=LONGEST_QUEUE))?;
    within("backlog_bytes", bytes, &LARGEST_BUFFER)
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::new(ErrorKind::Config, error.to_string())
    }
}
