//! The settings of a shard, with defaults that suit the real gateway.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::bounds::{LONGEST, pause, wait, within};
use crate::intents::Intents;
use crate::shard_id::ShardId;
use crate::token::Token;
use crate::tracker::TrackerConfig;
use crate::wire::command::{Command, Identify, Resume};
use crate::wire::presence::BotPresence;

pub use crate::bounds::ConfigError;
pub use crate::send_budget::SendLimits;

/// Every setting of a [`Shard`](crate::Shard): [`Config::new`] has the defaults, and all of them
/// may be changed before the shard is made.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub struct Config {
    /// The bot's token.
    #[cfg_attr(feature = "checkpoint", serde(skip, default = "Token::none"))]
    pub token: Token,
    /// Which shard of how many.
    pub shard: ShardId,
    /// The events asked for.
    pub intents: Intents,
    /// The gateway's base address, as `GET /gateway/bot` names it. The host adds the query.
    pub url: Box<str>,
    /// The presence that the bot shows from the start. A later [`Command::UpdatePresence`] takes
    /// its place when a new session begins.
    pub presence: Option<BotPresence>,
    /// Members from which on a guild is large; 50 to 250, clamped. Default 250: fewer guilds
    /// then need a request of their own.
    pub large_threshold: u8,
    /// The operating system named to the gateway.
    #[cfg_attr(feature = "checkpoint", serde(skip))]
    pub os: &'static str,
    /// Who paces identifies.
    pub identify: Identifying,
    /// Deadlines and waits of the connection.
    pub timing: Timing,
    /// Limits on what is sent.
    pub limits: SendLimits,
    /// Limits on what is received.
    pub receive: ReceiveLimits,
    /// What a session that is handed on stands for.
    pub acknowledge: Acknowledge,
    /// Guild streaming, member requests and the cache.
    pub tracker: TrackerConfig,
}

/// Who says what has been dealt with, so that it need not come again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Acknowledge {
    /// Nobody: what has been received counts as dealt with, at most once. Default.
    #[default]
    OnReceipt,
    /// The host, with [`Shard::acknowledge`](crate::Shard::acknowledge): what is not acknowledged
    /// comes again in the process that goes on with the session.
    ByHost {
        /// Whether heartbeats carry what is [recorded](crate::Shard::record), not what has been
        /// received. A server may forget what a heartbeat acknowledges: some of the same protocol
        /// do.
        in_heartbeats: bool,
    },
}

impl Config {
    /// A configuration with the defaults for one shard.
    #[must_use]
    pub fn new(token: Token, intents: Intents, shard: ShardId) -> Self {
        Self {
            token,
            shard,
            intents,
            url: "wss://gateway.discord.gg".into(),
            presence: None,
            large_threshold: 250,
            os: "linux",
            identify: Identifying::Alone,
            timing: Timing::default(),
            limits: SendLimits::default(),
            receive: ReceiveLimits::default(),
            acknowledge: Acknowledge::default(),
            tracker: TrackerConfig::default(),
        }
    }

    /// Checks that every setting is within its bounds, and that the identify fits into one payload.
    /// A host does this before it starts anything.
    ///
    /// Without the check nothing breaks: no setting makes the core panic or send too large an
    /// identify. But a bot with a setting out of its bounds may wait for a day, or give up at once.
    ///
    /// # Errors
    /// The first setting that is out of its bounds.
    pub fn check(&self) -> Result<(), ConfigError> {
        // Every field is named, so that a new one is not forgotten.
        let Self {
            token: _,
            shard: _,
            intents: _,
            url: _,
            presence,
            large_threshold: _,
            os: _,
            identify: _,
            timing,
            limits,
            receive,
            acknowledge: _,
            tracker,
        } = self;
        timing.check().map_err(|error| error.of("timing"))?;
        limits.check().map_err(|error| error.of("limits"))?;
        receive.check().map_err(|error| error.of("receive"))?;
        let (bytes, limit) = (self.identify_bytes(presence.as_ref()), limits.payload);
        if bytes > limit {
            let detail = format!(
                "makes an identify of {bytes} bytes with token and os, more than the {limit} \
                 allowed"
            );
            let setting = presence.as_ref().map_or("os", |_| "presence");
            return Err(ConfigError::new(setting, detail));
        }
        tracker.check().map_err(|error| error.of("tracker"))
    }

    /// The identify of this configuration.
    pub(crate) fn identify(&self, presence: Option<&BotPresence>) -> Command {
        Command::Identify(Box::new(Identify {
            token: self.token.clone(),
            intents: self.intents,
            shard: self.shard,
            large_threshold: self.large_threshold.clamp(50, 250),
            presence: presence.cloned(),
            os: self.os,
        }))
    }

    /// Its size in bytes on the wire.
    pub(crate) fn identify_bytes(&self, presence: Option<&BotPresence>) -> usize {
        self.identify(presence).encode(&mut String::new()).len()
    }

    /// The resume of the session with this id.
    pub(crate) fn resume(&self, session: Box<str>, sequence: u64) -> Command {
        Command::Resume(Box::new(Resume {
            token: self.token.clone(),
            session,
            sequence,
        }))
    }

    /// Whether a session of this id can be resumed, however many events it has had: there is an id,
    /// and it is not too long to be sent back.
    pub(crate) fn can_resume(&self, session: &str) -> bool {
        let limit = self.limits.payload;
        if session.is_empty() || session.len() > limit {
            return false;
        }
        let resume = self.resume(session.into(), u64::MAX);
        resume.encode(&mut String::new()).len() <= limit
    }
}

/// Who paces identifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identifying {
    /// The shard itself: one per [`Timing::identify_spacing`], and never more than 1,000 in 24
    /// hours, the protocol's budget: 200 of them as fast as that, the others spread over the day.
    Alone,
    /// A [`Fleet`](crate::fleet::Fleet): the shard asks with
    /// [`Action::WantIdentify`](crate::Action::WantIdentify) and waits for the grant.
    Fleet,
}

/// Deadlines and waits of the connection.
///
/// Those that the protocol names (heartbeats, Hello, identify, resume) are described at
/// <https://discord.com/developers/docs/events/gateway#connections>.
///
/// A shard whose server is well is active again after any fault within two heartbeat intervals
/// plus `dial`, `hello`, `ready` and `longest_backoff`, whose defaults add up to 120 s. Only the
/// identify budget can add to that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Timing {
    /// From asking for a connection to its opening. Default 10 s.
    pub dial: Duration,
    /// From the opening to Hello. Default 10 s.
    pub hello: Duration,
    /// From identify to READY, or from resume to RESUMED; each replayed event renews it.
    /// Default 40 s.
    pub ready: Duration,
    /// Upper end of the first wait before a new connection; doubles with each failure.
    /// Default 1 s.
    pub first_backoff: Duration,
    /// Upper end of any such wait. Default 60 s.
    pub longest_backoff: Duration,
    /// How long a connection has to be active before its end counts as a first failure again.
    /// Default 60 s.
    pub stable: Duration,
    /// The random wait after an invalid session, from this to five times as much. Default 1 s,
    /// as older documentation asks for 1 to 5 s.
    pub invalid_session: Duration,
    /// Resumes in a row that may fail, without anything new replayed, before the session is given
    /// up. Default 5.
    pub resume_failures: u32,
    /// Time between identifies of a shard alone. Default 5.3 s: the protocol's 5 s, and some for
    /// the way there.
    pub identify_spacing: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            dial: Duration::from_secs(10),
            hello: Duration::from_secs(10),
            ready: Duration::from_secs(40),
            first_backoff: Duration::from_secs(1),
            longest_backoff: Duration::from_secs(60),
            stable: Duration::from_secs(60),
            invalid_session: Duration::from_secs(1),
            resume_failures: 5,
            identify_spacing: Duration::from_millis(5_300),
        }
    }
}

impl Timing {
    fn check(&self) -> Result<(), ConfigError> {
        let Self {
            dial,
            hello,
            ready,
            first_backoff,
            longest_backoff,
            stable,
            invalid_session,
            resume_failures,
            identify_spacing,
        } = self;
        wait("dial", *dial)?;
        wait("hello", *hello)?;
        wait("ready", *ready)?;
        wait("first_backoff", *first_backoff)?;
        within(
            "longest_backoff",
            *longest_backoff,
            &(*first_backoff..=LONGEST),
        )?;
        pause("stable", *stable)?;
        pause("invalid_session", *invalid_session)?;
        within("resume_failures", *resume_failures, &(1..=1_000))?;
        wait("identify_spacing", *identify_spacing)
    }
}

/// Limits on what is received. Sizes are those of one message in bytes, after decompression; a host
/// ends a connection that sends a larger one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReceiveLimits {
    /// Before Hello. Default 64 KiB: Hello and the few other messages that can come have less than
    /// 200 bytes.
    pub hello: usize,
    /// From identify to READY. Default 64 MiB: a bot's READY names 2,500 guilds at most, in 120 kB,
    /// but a server of another make may put a million on one shard, in some 40 MB; and that of a
    /// client account holds its guilds whole, which are some MiB.
    pub ready: usize,
    /// In a session. Default 64 MiB: the largest guilds come in some MiB, and may grow tenfold.
    pub session: usize,
    /// Faults that are reported of one connection before its session begins; further ones are only
    /// counted. Default 32: no honest gateway sends anything there that is not understood, and
    /// reading never stops before a session for a slow user.
    pub early_faults: u32,
}

impl Default for ReceiveLimits {
    fn default() -> Self {
        Self {
            hello: 64 << 10,
            ready: 64 << 20,
            session: 64 << 20,
            early_faults: 32,
        }
    }
}

/// What a limit on messages may be, in bytes: a few of the smallest fit, and a process survives.
const LARGEST_MESSAGE: core::ops::RangeInclusive<usize> = 1 << 10..=1 << 30;

impl ReceiveLimits {
    fn check(&self) -> Result<(), ConfigError> {
        let Self {
            hello,
            ready,
            session,
            early_faults,
        } = self;
        within("hello", *hello, &LARGEST_MESSAGE)?;
        within("ready", *ready, &LARGEST_MESSAGE)?;
        within("session", *session, &LARGEST_MESSAGE)?;
        within("early_faults", *early_faults, &(0..=100_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deadlines_add_up_to_the_promised_bound() {
        let timing = Timing::default();
        let sum = timing.dial + timing.hello + timing.ready + timing.longest_backoff;
        assert!(sum <= Duration::from_secs(120));
    }

    #[test]
    fn debug_hides_the_token() {
        let config = Config::new(Token::new("s3cr3t"), Intents::GUILDS, ShardId::ONE);
        assert!(!alloc::format!("{config:?}").contains("s3cr3t"));
    }
}
