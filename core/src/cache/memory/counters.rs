//! What is counted on between payloads. A sequence number guards against counting twice.

use crate::cache::Op;
use crate::cache::memory::guild::entities::Entities;
use crate::cache::memory::shared::SharedRows;
use crate::id::ChannelId;
use crate::wire::view::Thread;

impl Entities {
    /// Adds to the messages of a thread, if it is there.
    pub(super) fn count_messages(&mut self, thread: ChannelId, by: i32) {
        let count = |row: &mut Thread<'_>| count_messages(row, by);
        self.threads.adjust(thread.get(), count);
    }

    /// Applies another step that counts; no other.
    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "the other steps count nothing"
    )]
    pub(super) fn count(&mut self, op: Op<'_>, shared: &mut SharedRows) {
        match op {
            Op::CountInterested { event, by } => {
                self.plain.scheduled_events.update(event.get(), |row| {
                    let by = i64::from(by);
                    row.user_count = row.user_count.map(|count| count.saturating_add_signed(by));
                });
            }
            Op::LeavePrivateThread(thread)
                if self
                    .threads
                    .get(thread.get())
                    .is_some_and(Thread::is_private) =>
            {
                self.remove_thread(thread, shared);
            }
            Op::React(change) => shared.messages.react(&self.rings, *change),
            Op::Vote(one) => shared.messages.vote(&self.rings, one),
            _ => {}
        }
    }
}

/// The total only grows.
fn count_messages(thread: &mut Thread<'_>, by: i32) {
    let signed = i64::from(by);
    let more = |count: u64| count.saturating_add_signed(signed);
    thread.message_count = thread.message_count.map(more);
    if by > 0 {
        thread.total_messages = thread.total_messages.map(more);
    }
}
