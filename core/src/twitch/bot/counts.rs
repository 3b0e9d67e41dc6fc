//! What a pool has taken in and given out so far, as plain numbers.

use super::action::{PoolAction, PoolEvent, PoolInput};
use crate::counts::LabelCounts;

/// What a pool has taken in and given out since it was made, over all managers. Every number only
/// grows.
///
/// Counting allocates nothing. A number stays at the largest that it can be.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct PoolCounts {
    /// Bytes of frames that came.
    pub bytes: u64,
    /// Messages that were emitted.
    pub messages: u64,
    /// Lines that are no message.
    pub malformed: u64,
    /// Connections that were asked for.
    pub dials: u64,
    /// Connections that came to nothing or ended, by cause.
    pub losses: LabelCounts,
    /// Times that a room was joined, also again after a loss.
    pub joins: u64,
    /// Joins that failed, by cause.
    pub join_failures: LabelCounts,
    /// Messages that were to be said and ended, by outcome.
    pub said: LabelCounts,
}

impl PoolCounts {
    /// This has come.
    #[inline]
    pub(super) fn came(&mut self, input: &PoolInput<'_>) {
        if let PoolInput::Frame(_, frame) = input {
            let bytes = u64::try_from(frame.len()).unwrap_or(u64::MAX);
            self.bytes = self.bytes.saturating_add(bytes);
        }
    }

    /// These actions are given out.
    pub(super) fn note(&mut self, actions: &[PoolAction<'_>]) {
        for action in actions {
            match action {
                PoolAction::Emit(event) => self.event(event),
                PoolAction::Connect { .. } => self.dials = self.dials.saturating_add(1),
                PoolAction::Send { .. }
                | PoolAction::Close { .. }
                | PoolAction::WantToken { .. } => {}
            }
        }
    }

    fn event(&mut self, event: &PoolEvent<'_>) {
        let count = match event {
            PoolEvent::Message { .. } | PoolEvent::Mirrored(_) => &mut self.messages,
            PoolEvent::Malformed { .. } => &mut self.malformed,
            PoolEvent::Joined { .. } => &mut self.joins,
            PoolEvent::LinkLost { end, .. } => return self.losses.count(end.label()),
            PoolEvent::JoinFailed { reason, .. } => {
                return self.join_failures.count(reason.label());
            }
            PoolEvent::Said { outcome, .. } => return self.said.count(outcome.label()),
            PoolEvent::ShardUp { .. }
            | PoolEvent::Reconnecting { .. }
            | PoolEvent::HandedOver { .. }
            | PoolEvent::Parted { .. }
            | PoolEvent::UnknownAccount { .. }
            | PoolEvent::LoginRejected { .. }
            | PoolEvent::Ended { .. } => return,
        };
        *count = count.saturating_add(1);
    }
}

/// How the rooms of a pool stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoomCounts {
    /// Rooms that are joined.
    pub joined: usize,
    /// Rooms that are assigned to a shard and not joined.
    pub not_joined: usize,
}
