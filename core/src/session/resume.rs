//! What survives a connection.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::event::Gap;
use crate::id::GuildId;
use crate::intents::Intents;
use crate::positions::{Position, session_digest};
use crate::sequences::Sequences;
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
    /// Dispatches above its sequence that the consumer has had already; as the guilds, filled in
    /// when the session is handed out.
    pub(crate) delivered: Sequences,
    /// Everything up to this sequence is dealt with, also what its own sequence leaves to be
    /// replayed.
    pub(crate) settled: u64,
    /// What is missing that the consumer has not heard of.
    pub(crate) gaps: Vec<Gap>,
}

/// More gaps are not taken along.
const GAPS: usize = 16;

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

    /// The same to be kept, with its guilds and what of it is delivered. Whoever reads it later
    /// does not know how the address to resume at was received: so a session from an address with
    /// TLS takes along none without, and is resumed at the base address.
    pub(crate) fn to_keep(
        &self,
        base: &str,
        sequence: u64,
        guilds: KnownGuilds,
        mut delivered: Sequences,
    ) -> Self {
        delivered.remove_up_to(sequence);
        let stays = |url: &&str| is_secure(url) || !is_secure(base);
        Self {
            shard: self.shard,
            intents: self.intents,
            id: self.id.clone(),
            sequence,
            url: self.url.as_deref().filter(stays).map(Box::from),
            guilds,
            delivered,
            settled: self.settled,
            gaps: self.gaps.clone(),
        }
    }

    /// How far it has been received; `digest` is its own.
    pub(crate) const fn position(&self, digest: u64) -> Position {
        Position {
            shard: self.shard,
            session: digest,
            sequence: self.sequence,
        }
    }

    /// Up to where the consumer has had what comes.
    pub(crate) const fn emitted_up_to(&self, digest: u64) -> Position {
        let mut position = self.position(digest);
        if self.settled > position.sequence {
            position.sequence = self.settled;
        }
        position
    }

    /// Whether there is an id to resume it by.
    pub(crate) const fn is_resumable(&self) -> bool {
        !self.id.is_empty()
    }

    /// Whether this READY began it: a repeated one begins nothing.
    pub(crate) fn began_with(&self, id: &str, sequence: Option<u64>) -> bool {
        *self.id == *id && sequence.is_some_and(|sequence| sequence <= self.sequence)
    }

    /// The sequence of the last event that it stands for: received, or acknowledged, as
    /// [`Config::acknowledge`](crate::Config::acknowledge) says. What came later is replayed on
    /// resuming.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Distinguishes this session from others without its id: FNV-1a of that, in 64 bits.
    #[must_use]
    pub fn digest(&self) -> u64 {
        session_digest(&self.id)
    }

    /// The same session, to be resumed from another sequence. Its guilds stay as they are, so they
    /// have to hold as of that sequence too.
    #[must_use]
    pub fn as_of(self, sequence: u64) -> Self {
        Self { sequence, ..self }
    }

    /// The same session, with dispatches that the consumer has had although its sequence does not
    /// say so ([`Positions::delivered`](crate::Positions::delivered)). When they are replayed,
    /// they change rows and lead to events as ever, and are not emitted themselves.
    #[must_use]
    pub fn with_delivered(
        mut self,
        delivered: impl IntoIterator<Item = RangeInclusive<u64>>,
    ) -> Self {
        delivered
            .into_iter()
            .for_each(|range| self.delivered.insert(range));
        self.delivered.remove_up_to(self.sequence);
        self
    }

    /// The same session, for a process whose rows are as of this sequence: if that is the lower
    /// one, the resume begins there. What lies in between is dealt with: it changes rows, and is
    /// neither emitted nor leads to events of guilds.
    #[must_use]
    pub fn with_rows_as_of(mut self, sequence: u64) -> Self {
        if sequence < self.sequence {
            self.settled = self.settled.max(self.sequence);
            self.sequence = sequence;
        }
        self
    }

    /// The dispatches above its sequence that the consumer has had, ascending.
    pub fn delivered(&self) -> impl Iterator<Item = RangeInclusive<u64>> {
        self.delivered.ranges()
    }

    /// The same session, with gaps that the consumer has not heard of: the shard that goes on with
    /// it emits them first. Of many the first 16 count.
    #[must_use]
    pub fn with_gaps(mut self, gaps: impl IntoIterator<Item = Gap>) -> Self {
        let room = GAPS.saturating_sub(self.gaps.len());
        self.gaps.extend(gaps.into_iter().take(room));
        self
    }

    /// The gaps that the consumer has not heard of, in order.
    #[must_use]
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// How many guilds it has, whatever their state.
    #[must_use]
    pub fn guild_count(&self) -> usize {
        self.guilds.len()
    }

    /// Its guilds, whatever their state.
    pub fn guilds(&self) -> impl Iterator<Item = GuildId> {
        self.guilds.all()
    }
}

fn is_secure(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        ["wss", "https"]
            .iter()
            .any(|tls| scheme.eq_ignore_ascii_case(tls))
    })
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
    #[serde(default)]
    delivered: Sequences,
    #[serde(default)]
    settled: u64,
    #[serde(default)]
    gaps: Vec<Gap>,
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
            delivered,
            settled,
            gaps,
        } = session;
        Self {
            version: VERSION,
            shard,
            intents: intents.bits(),
            id,
            sequence,
            url,
            guilds,
            delivered,
            settled,
            gaps,
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
            delivered,
            settled,
            mut gaps,
        } = saved;
        if version != VERSION {
            return Err("the session was stored by an incompatible version");
        }
        let intents = Intents::from_bits(intents).ok_or("the session has unknown intents")?;
        gaps.truncate(GAPS);
        Ok(Self {
            shard,
            intents,
            id,
            sequence,
            url,
            guilds,
            delivered,
            settled,
            gaps,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::GapCause;
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
            delivered: Sequences::from([(44, 45)].to_vec()),
            settled: 43,
            gaps: [Gap {
                from: Position {
                    shard: ShardId::new(1, 2),
                    session: 9,
                    sequence: 4,
                },
                to: Some(7),
                why: GapCause::Overdue,
            }]
            .into(),
        }
    }

    #[test]
    fn a_stored_session_comes_back_whole() {
        let text = serde_json::to_string(&session()).unwrap();
        assert_eq!(serde_json::from_str::<Session>(&text).unwrap(), session());
    }

    #[test]
    fn a_session_is_moved_to_another_sequence_and_stays_the_same() {
        let moved = session().as_of(7);
        assert_eq!((moved.sequence(), moved.guild_count()), (7, 1));
        assert_eq!(moved.digest(), session().digest());
        let other = Session {
            id: "abd".into(),
            ..session()
        };
        assert_ne!(other.digest(), session().digest());
    }

    #[test]
    fn another_version_is_refused() {
        let text = serde_json::to_string(&session()).unwrap();
        let text = text.replace("\"version\":1", "\"version\":2");
        assert!(serde_json::from_str::<Session>(&text).is_err());
    }
}
