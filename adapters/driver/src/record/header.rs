//! What a recording begins with: everything of a bot's settings that its shards depend on.

use headcount_core::cache::Kinds;
use headcount_core::config::{Acknowledge, Identifying, ReceiveLimits, SendLimits, Timing};
use headcount_core::id::GuildId;
use headcount_core::session::OnStop;
use headcount_core::tracker::TrackerConfig;
use headcount_core::{Config, Intents, RequestError, Session, Shard, ShardId, Token};
use serde::{Deserialize, Serialize};

use super::RecordingError;
use super::call::Answers;
use super::scrub::Scrubber;

/// The settings, without the token and what the bot says of itself, and where each shard begins.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct RecordingHeader {
    /// The library's version.
    pub(super) version: String,
    /// When, in seconds of Unix time.
    pub(super) began: u64,
    /// Shards of the whole bot.
    pub(super) total: u32,
    intents: u64,
    url: String,
    large_threshold: u8,
    identify: Identifying,
    timing: Timing,
    limits: SendLimits,
    receive: ReceiveLimits,
    acknowledge: Acknowledge,
    tracker: TrackerConfig,
    has_filter: bool,
    pub(super) shards: Vec<ShardHeader>,
}

/// How one shard begins.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ShardHeader {
    pub(super) number: u32,
    seed: u64,
    session: Option<Session>,
    /// Whether it gives its session up at once.
    begins_anew: bool,
}

/// A seed has so many digits at most.
const SEED_DIGITS: usize = 20;

impl ShardHeader {
    pub(crate) fn new(number: u32, seed: u64, session: Option<Session>, begins_anew: bool) -> Self {
        Self {
            number,
            seed,
            session,
            begins_anew,
        }
    }

    /// As a frame has it: with room for a longer seed.
    pub(super) fn json(&self) -> Result<Vec<u8>, RecordingError> {
        let unwritable = |_| RecordingError::Broken("a session that cannot be written");
        let mut json = serde_json::to_vec(self).map_err(unwritable)?;
        json.resize(json.len() + SEED_DIGITS, b' ');
        Ok(json)
    }

    /// The same with the stand-ins of what is in the session, in its place.
    pub(super) fn scrub(json: &mut [u8], scrubber: &mut Scrubber) -> Result<(), RecordingError> {
        let scrubbed = Self::read(json)?.scrubbed(scrubber)?.json()?;
        let scrubbed = scrubbed.trim_ascii_end();
        let Some((place, rest)) = json.split_at_mut_checked(scrubbed.len()) else {
            return Err(RecordingError::Broken("a shard without room for its begin"));
        };
        place.copy_from_slice(scrubbed);
        rest.fill(b' ');
        Ok(())
    }

    /// One as a recording has it.
    pub(super) fn read(json: &[u8]) -> Result<Self, RecordingError> {
        let broken = |_| RecordingError::Broken("a shard whose begin cannot be read");
        serde_json::from_slice(json).map_err(broken)
    }

    /// The shard as it begins.
    pub(super) fn shard(&self, config: Config) -> Result<Shard, RecordingError> {
        let foreign = |_| RecordingError::Broken("a session of another shard");
        let Some(session) = self.session.clone() else {
            return Ok(Shard::new(config, self.seed));
        };
        let begun = Shard::with_session(config, self.seed, session);
        let mut begun = begun.map_err(foreign)?;
        if self.begins_anew {
            let _ = begun.restart(OnStop::End);
        }
        Ok(begun)
    }

    /// Makes a shard that has ended begin again so. One that cannot now could not then.
    pub(crate) fn begin_in(self, shard: &mut Shard) -> Result<(), RequestError> {
        shard.start_with_seed(self.seed, self.session)?;
        match self.begins_anew {
            true => shard.restart(OnStop::End),
            false => Ok(()),
        }
    }

    /// The same with the stand-ins of what is in the session. What is random about a shard follows
    /// from its session's id as well, so the seed makes up for the other id.
    pub(super) fn scrubbed(mut self, scrubber: &mut Scrubber) -> Result<Self, RecordingError> {
        let Some(session) = self.session.take() else {
            return Ok(self);
        };
        let unreadable = |_| RecordingError::Broken("a session that cannot be scrubbed");
        let mut json = serde_json::to_vec(&session).map_err(unreadable)?;
        scrubber.own_json(&mut json);
        let other: Session = serde_json::from_slice(&json).map_err(unreadable)?;
        self.seed ^= session.digest() ^ other.digest();
        self.session = Some(other);
        Ok(self)
    }
}

impl RecordingHeader {
    /// That of a bot; `config` is the same for all shards but for their ids.
    pub(super) fn new(
        config: &Config,
        total: u32,
        began: u64,
        shards: Vec<ShardHeader>,
        scrubber: &mut Scrubber,
    ) -> Result<Self, RecordingError> {
        let mut tracker = config.tracker.clone();
        let chunking = &mut tracker.setup.chunking;
        let mut other = |guild: &GuildId| GuildId::new(scrubber.id(guild.get()));
        chunking.deny = chunking.deny.iter().filter_map(&mut other).collect();
        let allow = chunking.allow.take();
        chunking.allow = allow.map(|allow| allow.iter().filter_map(&mut other).collect());
        let shards = shards.into_iter().map(|shard| shard.scrubbed(scrubber));
        let shards = shards.collect::<Result<_, _>>()?;
        Ok(Self {
            version: env!("CARGO_PKG_VERSION").into(),
            began,
            total,
            intents: config.intents.bits(),
            url: scrubber.text(&config.url),
            large_threshold: config.large_threshold,
            identify: config.identify,
            timing: config.timing.clone(),
            limits: config.limits.clone(),
            receive: config.receive.clone(),
            acknowledge: config.acknowledge,
            has_filter: tracker.setup.chunking.filter.is_some(),
            tracker,
            shards,
        })
    }

    /// The shard of this number, if there are so many.
    pub(super) fn id(&self, shard: &ShardHeader) -> Result<ShardId, RecordingError> {
        let id = ShardId::new_checked(shard.number, self.total);
        id.ok_or(RecordingError::Broken("a shard that does not exist"))
    }

    /// Which kinds of rows there are.
    pub(super) const fn kinds(&self) -> Kinds {
        self.tracker.kinds
    }

    /// The settings of a shard. Its filter of member requests, if it has one, answers so.
    pub(super) fn config(
        &self,
        shard: &ShardHeader,
        answers: &Answers,
    ) -> Result<Config, RecordingError> {
        let intents = Intents::from_bits(self.intents);
        let intents = intents.ok_or(RecordingError::Broken("intents with an unknown bit"))?;
        let mut config = Config::new(Token::new("recorded"), intents, self.id(shard)?);
        config.url = self.url.as_str().into();
        config.large_threshold = self.large_threshold;
        config.identify = self.identify;
        config.timing = self.timing.clone();
        config.limits = self.limits.clone();
        config.receive = self.receive.clone();
        config.acknowledge = self.acknowledge;
        config.tracker = self.tracker.clone();
        let chunking = std::mem::take(&mut config.tracker.setup.chunking);
        config.tracker.setup.chunking = answers.answering(chunking, self.has_filter);
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use serde_json::json;

    use super::*;
    use crate::record::key::ScrubKey;

    #[test]
    fn a_session_keeps_all_that_decides_and_none_of_its_ids() {
        let ids = [
            "1048576000005308416",
            "1048576000005308417",
            "1048576000005308418",
        ];
        let digest = 11_144_024_178_247_845_717_u64;
        let saved = json!({
            "version": 1, "shard": [0, 1], "intents": 513, "id": "s3ss10n", "sequence": 5,
            "url": "wss://gateway-7.example",
            "guilds": {
                "arrived": [ids[0]], "expected": [], "away": [],
                "unfinished": [[ids[1], "Returned"]], "failed": [ids[1]],
                "gates": [[ids[1], 30_000]], "seen": 12,
                "removed": [
                    { "guild": ids[0], "removed": { "ThreadMember": [ids[1], ids[2]] } },
                    { "guild": null, "removed": { "Channel": ids[2] } },
                ],
            },
            "delivered": [[7, 9]], "settled": 4,
            "gaps": [{
                "from": { "shard": [0, 1], "session": digest, "sequence": 3 },
                "to": null, "why": "NotAcknowledged",
            }],
        });
        let session: Session = serde_json::from_value(saved.clone()).unwrap();
        let header = ShardHeader::new(0, 7, Some(session.clone()), false);
        let mut scrubber = Scrubber::new(ScrubKey::new([1, 2], NonZeroU32::MIN));
        let scrubbed = header.scrubbed(&mut scrubber).unwrap();
        let text = serde_json::to_string(&scrubbed.session).unwrap();
        for secret in ids.iter().chain(&["s3ss10n", "gateway", "example"]) {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        assert!(!text.contains(&digest.to_string()), "{text}");
        assert_eq!(text.len(), saved.to_string().len());
        for kept in ["30000", "\"Returned\"", "[[7,9]]", "\"NotAcknowledged\""] {
            assert!(text.contains(kept), "{kept} in {text}");
        }
        let other = scrubbed.session.unwrap();
        assert_eq!(other.guild_count(), session.guild_count());
        assert_eq!(scrubbed.seed, 7 ^ session.digest() ^ other.digest());
    }
}
