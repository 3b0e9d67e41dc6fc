//! Where guilds stood before dispatches that are not acknowledged.

use alloc::collections::VecDeque;

use super::known::KnownStage;
use crate::id::GuildId;

/// How many changes are remembered; of older ones, the next process has the later stage.
const BOUND: usize = 65_536;

/// The changes of guilds' stages by dispatches that another process may be sent again, the oldest
/// first.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct StageLog(VecDeque<StageChange>);

#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
struct StageChange {
    sequence: u64,
    guild: GuildId,
    before: Option<KnownStage>,
}

impl StageLog {
    /// A dispatch has moved a guild from there.
    pub(crate) fn note(&mut self, sequence: u64, guild: GuildId, before: Option<KnownStage>) {
        if self.0.len() >= BOUND {
            self.0.pop_front();
        }
        self.0.push_back(StageChange {
            sequence,
            guild,
            before,
        });
    }

    /// What came up to this sequence is never replayed. Whether a guild was moved by it.
    pub(crate) fn acknowledge(&mut self, sequence: u64) -> bool {
        let before = self.0.len();
        while self.0.front().is_some_and(|it| it.sequence <= sequence) {
            self.0.pop_front();
        }
        self.0.len() != before
    }

    /// A new session: nothing of the last one is replayed.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The stages before, the newest change first.
    pub(crate) fn undo(&self) -> impl Iterator<Item = (GuildId, Option<KnownStage>)> {
        self.0
            .iter()
            .rev()
            .map(|change| (change.guild, change.before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guild(number: u64) -> GuildId {
        GuildId::new(number).unwrap()
    }

    #[test]
    fn what_is_acknowledged_is_not_undone() {
        let mut log = StageLog::default();
        log.note(3, guild(1), None);
        log.note(5, guild(1), Some(KnownStage::Arrived));
        log.note(6, guild(2), Some(KnownStage::Expected));
        log.acknowledge(4);
        let left = [
            (guild(2), Some(KnownStage::Expected)),
            (guild(1), Some(KnownStage::Arrived)),
        ];
        assert!(log.undo().eq(left));
        log.acknowledge(6);
        assert_eq!(log.undo().count(), 0);
    }

    #[test]
    fn a_host_that_acknowledges_nothing_lets_it_grow_to_a_bound() {
        let mut log = StageLog::default();
        for sequence in 0..BOUND as u64 + 10 {
            log.note(sequence, guild(1), None);
        }
        assert_eq!(log.undo().count(), BOUND);
    }
}
