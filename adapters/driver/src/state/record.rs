//! One record of the journal: 128 bytes that say how far a shard's session is acknowledged.

use std::ops::Range;

use headcount_core::ShardId;

use super::bot_key::BotKey;
use super::rejection::Rejection;
use headcount_core::crc32c::crc32c;

/// The length of a record.
pub(super) const RECORD_BYTES: usize = 128;

const MAGIC: [u8; 4] = *b"HCJR";
const VERSION: u16 = 1;
const HAS_SESSION: u16 = 1;

const SHARD: usize = 8;
const TOTAL: usize = 12;
const GENERATION: usize = 16;
const WRITTEN: usize = 24;
const BOT: usize = 32;
const DIGEST: usize = 40;
const ACKNOWLEDGED: usize = 48;
const LIST: usize = 56;
const CHECKSUM: usize = RECORD_BYTES - 4;

/// What the journal says of one shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) bot: BotKey,
    pub(super) shard: ShardId,
    /// Counts the shard's records: the higher one is the newer.
    pub(super) generation: u64,
    /// The wall-clock time of writing, in milliseconds since 1970.
    pub(super) written: u64,
    /// `None` if there is nothing to resume.
    pub(super) position: Option<Recorded>,
}

/// How far a session is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Recorded {
    /// The session's digest.
    pub(super) digest: u64,
    /// The sequence up to which every event is acknowledged.
    pub(super) acknowledged: u64,
    /// The generation of the file with the session and its guilds as of that sequence.
    pub(super) list: u64,
}

impl Record {
    pub(super) fn encode(&self) -> [u8; RECORD_BYTES] {
        let mut bytes = [0; RECORD_BYTES];
        let flags = if self.position.is_some() {
            HAS_SESSION
        } else {
            0
        };
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        put(0, &MAGIC);
        put(4, &VERSION.to_le_bytes());
        put(6, &flags.to_le_bytes());
        put(SHARD, &self.shard.number().to_le_bytes());
        put(TOTAL, &self.shard.total().to_le_bytes());
        put(GENERATION, &self.generation.to_le_bytes());
        put(WRITTEN, &self.written.to_le_bytes());
        put(BOT, &self.bot.bits().to_le_bytes());
        if let Some(position) = self.position {
            put(DIGEST, &position.digest.to_le_bytes());
            put(ACKNOWLEDGED, &position.acknowledged.to_le_bytes());
            put(LIST, &position.list.to_le_bytes());
        }
        let checksum = crc32c(&[&bytes[..CHECKSUM]]);
        bytes[CHECKSUM..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// The record in a slot; `None` if none was ever written there.
    pub(super) fn decode(bytes: &[u8; RECORD_BYTES]) -> Result<Option<Self>, Rejection> {
        if *bytes == [0; RECORD_BYTES] {
            return Ok(None);
        }
        let is_whole =
            crc32c(&[&bytes[..CHECKSUM]]) == number(bytes, CHECKSUM..RECORD_BYTES) as u32;
        if bytes[..4] != MAGIC || !is_whole {
            return Err(Rejection::Torn);
        }
        let version = number(bytes, 4..6);
        if version != u64::from(VERSION) {
            return Err(Rejection::Version(version as u32));
        }
        let long = |at| number(bytes, at..at + 8);
        let short = |at| number(bytes, at..at + 4) as u32;
        let shard = ShardId::new_checked(short(SHARD), short(TOTAL)).ok_or(Rejection::Torn)?;
        let has_session = number(bytes, 6..8) == u64::from(HAS_SESSION);
        Ok(Some(Self {
            bot: BotKey::from_bits(long(BOT)),
            shard,
            generation: long(GENERATION),
            written: long(WRITTEN),
            position: has_session.then(|| Recorded {
                digest: long(DIGEST),
                acknowledged: long(ACKNOWLEDGED),
                list: long(LIST),
            }),
        }))
    }
}

/// The little-endian number in a range of at most eight bytes.
fn number(bytes: &[u8; RECORD_BYTES], range: Range<usize>) -> u64 {
    let bytes = bytes[range].iter().rev();
    bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(position: Option<Recorded>) -> Record {
        Record {
            bot: BotKey::from_bits(u64::MAX - 1),
            shard: ShardId::new(3, 70_000),
            generation: 5,
            written: 1_800_000_000_000,
            position,
        }
    }

    const POSITION: Recorded = Recorded {
        digest: u64::MAX,
        acknowledged: 1 << 40,
        list: 9,
    };

    #[test]
    fn a_record_comes_back_whole() {
        for position in [None, Some(POSITION)] {
            let record = record(position);
            assert_eq!(Record::decode(&record.encode()), Ok(Some(record)));
        }
        assert_eq!(Record::decode(&[0; RECORD_BYTES]), Ok(None));
    }

    #[test]
    fn any_changed_bit_and_any_cut_is_noticed() {
        let whole = record(Some(POSITION)).encode();
        for at in 0..RECORD_BYTES {
            for bit in 0..8 {
                let mut bytes = whole;
                bytes[at] ^= 1 << bit;
                assert_eq!(
                    Record::decode(&bytes),
                    Err(Rejection::Torn),
                    "byte {at}, bit {bit}"
                );
            }
            let mut cut = record(None).encode();
            cut[..at].copy_from_slice(&whole[..at]);
            let old = Ok(Some(record(None)));
            let expected = Err(Rejection::Torn);
            assert!(
                [old, expected].contains(&Record::decode(&cut)),
                "cut at {at}"
            );
        }
    }

    #[test]
    fn a_newer_version_is_named() {
        let mut bytes = record(None).encode();
        bytes[4] = 2;
        let checksum = crc32c(&[&bytes[..CHECKSUM]]).to_le_bytes();
        bytes[CHECKSUM..].copy_from_slice(&checksum);
        assert_eq!(Record::decode(&bytes), Err(Rejection::Version(2)));
    }
}
