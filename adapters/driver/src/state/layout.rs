//! Where things are: the files' names, and the place of a record in the journal.

use super::record::RECORD_BYTES;

/// Held locked by the process that uses the folder.
pub(super) const LOCK: &str = "lock";
/// The records of all shards.
pub(super) const JOURNAL: &str = "journal";
/// The cold starts of late.
pub(super) const COLD_STARTS: &str = "starts";
/// The identifies of late.
pub(super) const IDENTIFIES: &str = "identifies";

/// Half of a group. The two slots of a shard lie in different pages, so that no write of one can
/// harm the other.
const PAGE: u64 = 4096;
/// As many shards as a page has slots.
const GROUP_SHARDS: u64 = PAGE / RECORD_BYTES as u64;
const GROUP: u64 = 2 * PAGE;
const MOST_SHARDS: u32 = 1 << 16;

/// One of the two slots of a shard; they take turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecordSlot {
    First,
    Second,
}

impl RecordSlot {
    pub(super) const ALL: [Self; 2] = [Self::First, Self::Second];

    pub(super) const fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }
}

/// Where a slot of a shard begins in the journal.
pub(super) fn offset(shard: u32, slot: RecordSlot) -> u64 {
    let (group, within) = (
        u64::from(shard) / GROUP_SHARDS,
        u64::from(shard) % GROUP_SHARDS,
    );
    let page = match slot {
        RecordSlot::First => 0,
        RecordSlot::Second => PAGE,
    };
    group * GROUP + page + within * RECORD_BYTES as u64
}

/// The length of a journal that has room for this shard.
pub(super) fn length_for(shard: u32) -> u64 {
    (u64::from(shard) / GROUP_SHARDS + 1) * GROUP
}

/// How many shards a journal of this length may have records of. What is longer than any journal
/// was not written by a bot, and is not read to its end.
pub(super) fn shards_in(length: u64) -> u32 {
    let shards = length.div_ceil(GROUP).saturating_mul(GROUP_SHARDS);
    u32::try_from(shards)
        .unwrap_or(MOST_SHARDS)
        .min(MOST_SHARDS)
}

/// The file with a shard's session and its guilds. Two generations take turns.
pub(super) fn session_file(shard: u32, generation: u64) -> String {
    format!("session-{shard}.{}", generation % 2)
}

/// The file with the guilds that a shard has asked for all their members of late.
pub(super) fn requests_file(shard: u32) -> String {
    format!("requests-{shard}")
}

/// The file with the rows, in one of two generations that take turns.
pub(super) fn snapshot_file(generation: u64) -> String {
    format!("snapshot.{}", generation % 2)
}

/// The file with the rows in a form that other versions read too.
pub(super) const PORTABLE_SNAPSHOT: &str = "snapshot.portable";

/// Where a file is written before it takes its name.
pub(super) fn unfinished(name: &str) -> String {
    format!("{name}.new")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_do_not_overlap_and_lie_within_the_length() {
        let slots = |shard| RecordSlot::ALL.map(|slot| offset(shard, slot));
        let mut offsets: Vec<u64> = (0..200).flat_map(slots).collect();
        offsets.sort_unstable();
        let step = RECORD_BYTES as u64;
        assert!(
            offsets
                .iter()
                .enumerate()
                .all(|(at, &offset)| at < 384 || offset >= 384 * step)
        );
        assert!(offsets.windows(2).all(|pair| pair[1] - pair[0] >= step));
        for shard in 0..200 {
            let [first, second] = slots(shard);
            assert!(second / PAGE != first / PAGE);
            assert!(second + step <= length_for(shard));
            assert!(shards_in(length_for(shard)) > shard);
        }
        assert_eq!(shards_in(0), 0);
        assert_eq!(shards_in(1), 32);
        assert_eq!(shards_in(u64::MAX), MOST_SHARDS);
    }
}
