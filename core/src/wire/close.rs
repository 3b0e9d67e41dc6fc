//! Close codes, and what each asks of a client.

/// What the peer's close code means for the next connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CloseMeaning {
    /// The session may live on: resume it.
    Resume,
    /// The session is gone: identify anew.
    Identify,
    /// No connection like this one will ever be accepted.
    Fatal(Fatal),
}

/// A close code that ends a shard for good; the service lists them at
/// <https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub enum Fatal {
    /// 4004: the token is wrong or was reset.
    AuthenticationFailed,
    /// 4010: the shard's number or total is not allowed.
    InvalidShard,
    /// 4011: too many guilds for this number of shards.
    ShardingRequired,
    /// 4012: the gateway does not speak this version.
    InvalidVersion,
    /// 4013: the intents contain a bit that does not exist.
    InvalidIntents,
    /// 4014: the intents contain a privileged one that the bot is not allowed.
    DisallowedIntents,
}

impl Fatal {
    /// The close code.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::AuthenticationFailed => 4004,
            Self::InvalidShard => 4010,
            Self::ShardingRequired => 4011,
            Self::InvalidVersion => 4012,
            Self::InvalidIntents => 4013,
            Self::DisallowedIntents => 4014,
        }
    }

    /// What to do about it, in one line.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::AuthenticationFailed => "the token was refused: copy it anew from the bot's page",
            Self::InvalidShard => {
                "the shard layout was refused: use the number of shards that the gateway recommends, or a multiple of it for a very large bot"
            }
            Self::ShardingRequired => {
                "the bot is in too many guilds for this layout: raise the number of shards"
            }
            Self::InvalidVersion => {
                "the gateway no longer speaks this protocol version: update this library"
            }
            Self::InvalidIntents => "the intents have an unknown bit: use the named ones",
            Self::DisallowedIntents => {
                "a privileged intent is not enabled: switch it on at the bot's page, or do not ask for it"
            }
        }
    }
}

/// Reads a peer's close code; `None` stands for an end without one.
///
/// The rule is to try to resume whenever the documentation does not forbid it: a refused resume
/// costs one round trip, an identify too many costs budget. 4009 is documented as "start anew".
pub(crate) const fn verdict(code: Option<u16>) -> CloseMeaning {
    match code {
        Some(4003 | 4006 | 4007 | 4009) => CloseMeaning::Identify,
        Some(4004) => CloseMeaning::Fatal(Fatal::AuthenticationFailed),
        Some(4010) => CloseMeaning::Fatal(Fatal::InvalidShard),
        Some(4011) => CloseMeaning::Fatal(Fatal::ShardingRequired),
        Some(4012) => CloseMeaning::Fatal(Fatal::InvalidVersion),
        Some(4013) => CloseMeaning::Fatal(Fatal::InvalidIntents),
        Some(4014) => CloseMeaning::Fatal(Fatal::DisallowedIntents),
        Some(_) | None => CloseMeaning::Resume,
    }
}

/// The peer says that we sent too much: resume after a pause.
pub(crate) const RATE_LIMITED: u16 = 4008;
/// We leave for good: the server ends the session and shows the bot offline.
pub(crate) const NORMAL: u16 = 1000;
/// We leave for now: the server keeps the session for a few minutes.
pub(crate) const RESUMABLE: u16 = 4000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_code_has_its_verdict() {
        for code in [1000, 1001, 1006, 4000, 4001, 4002, 4005, 4008, 4999] {
            assert_eq!(verdict(Some(code)), CloseMeaning::Resume, "{code}");
        }
        assert_eq!(verdict(None), CloseMeaning::Resume);
        for code in [4003, 4006, 4007, 4009] {
            assert_eq!(verdict(Some(code)), CloseMeaning::Identify, "{code}");
        }
        for code in [4004, 4010, 4011, 4012, 4013, 4014] {
            let CloseMeaning::Fatal(fatal) = verdict(Some(code)) else {
                panic!("{code}")
            };
            assert_eq!(fatal.code(), code);
            assert!(!fatal.remedy().is_empty());
        }
    }
}
