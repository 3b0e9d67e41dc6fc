//! What survives a connection.

use alloc::boxed::Box;

use serde::{Deserialize, Serialize};

use crate::intents::Intents;
use crate::setup::KnownGuilds;
use crate::shard_id::ShardId;

/// A gateway session: enough to go on where the last connection ended, also in another process.
///
/// The server keeps a session for a few minutes after its connection is gone. It is bound to the
/// token, the shard and the intents it began with. The token is not part of it. See
/// <https://discord.com/developers/docs/events/gateway#resuming>.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub struct Session {
    pub(crate) shard: ShardId,
    pub(crate) intents: Intents,
    /// Empty if it is too long to be sent back.
    pub(crate) id: Box<str>,
    pub(crate) sequence: u64,
    /// Where to resume; `None` once that host could not be reached.
    pub(crate) url: Option<Box<str>>,
    /// Filled in when the session is handed out, and empty while it runs.
    pub(crate) guilds: KnownGuilds,
}

impl Session {
    /// The shard whose session it is.
    #[must_use]
    pub const fn shard(&self) -> ShardId {
        self.shard
    }

    /// The intents it began with.
    #[must_use]
    pub const fn intents(&self) -> Intents {
        self.intents
    }

    /// The same to be kept, with its guilds. Whoever reads it later does not know how the address
    /// to resume at was received: so a session from an address with TLS takes along none without,
    /// and is resumed at the base address.
    pub(crate) fn to_keep(&self, base: &str, guilds: KnownGuilds) -> Self {
        let stays = |url: &&str| is_secure(url) || !is_secure(base);
        Self {
            shard: self.shard,
            intents: self.intents,
            id: self.id.clone(),
            sequence: self.sequence,
            url: self.url.as_deref().filter(stays).map(Box::from),
            guilds,
        }
    }

    /// Whether there is an id to resume it by.
    pub(crate) const fn is_resumable(&self) -> bool {
        !self.id.is_empty()
    }

    /// Whether this READY began it: a repeated one begins nothing.
    pub(crate) fn began_with(&self, id: &str, sequence: Option<u64>) -> bool {
        *self.id == *id && sequence.is_some_and(|sequence| sequence <= self.sequence)
    }

    /// The sequence of the last event received. What came later is replayed on resuming.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }
}

fn is_secure(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("wss"))
}

/// The stored form.
#[derive(Serialize, Deserialize)]
struct Saved {
    version: u32,
    shard: ShardId,
    intents: u64,
    id: Box<str>,
    sequence: u64,
    url: Option<Box<str>>,
    guilds: KnownGuilds,
}

const VERSION: u32 = 1;

impl From<Session> for Saved {
    fn from(session: Session) -> Self {
        let Session {
            shard,
            intents,
            id,
            sequence,
            url,
            guilds,
        } = session;
        Self {
            version: VERSION,
            shard,
            intents: intents.bits(),
            id,
            sequence,
            url,
            guilds,
        }
    }
}

impl TryFrom<Saved> for Session {
    type Error = &'static str;

    fn try_from(saved: Saved) -> Result<Self, Self::Error> {
        let Saved {
            version,
            shard,
            intents,
            id,
            sequence,
            url,
            guilds,
        } = saved;
        if version != VERSION {
            return Err("the session was stored by an incompatible version");
        }
        let intents = Intents::from_bits(intents).ok_or("the session has unknown intents")?;
        Ok(Self {
            shard,
            intents,
            id,
            sequence,
            url,
            guilds,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::GuildId;

    fn session() -> Session {
        Session {
            shard: ShardId::new(1, 2),
            intents: Intents::GUILDS,
            id: "abc".into(),
            sequence: 42,
            url: Some("wss://resume.example".into()),
            guilds: KnownGuilds {
                arrived: [GuildId::new(7).unwrap()].into(),
                ..KnownGuilds::default()
            },
        }
    }

    #[test]
    fn a_stored_session_comes_back_whole() {
        let text = serde_json::to_string(&session()).unwrap();
        assert_eq!(serde_json::from_str::<Session>(&text).unwrap(), session());
    }

    #[test]
    fn another_version_is_refused() {
        let text = serde_json::to_string(&session()).unwrap();
        let text = text.replace("\"version\":1", "\"version\":2");
        assert!(serde_json::from_str::<Session>(&text).is_err());
    }
}
