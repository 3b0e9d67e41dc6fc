//! The webhooks of one channel, as rows are kept.

use alloc::vec::Vec;

use crate::cache::memory::table::Row;
use crate::cache::memory::table::lazy_table::MergeRow;
use crate::id::ChannelId;
use crate::wire::Part as _;
use crate::wire::view::Webhook;

/// The webhooks of a channel.
#[derive(Debug)]
pub(in crate::cache::memory) struct ChannelWebhooks {
    pub(super) channel: ChannelId,
    pub(super) changed: bool,
    pub(super) rows: Option<Vec<Webhook<'static>>>,
}

impl ChannelWebhooks {
    /// The mark that they have changed.
    pub(in crate::cache::memory) const fn mark(channel: ChannelId) -> Self {
        Self {
            channel,
            changed: true,
            rows: None,
        }
    }

    /// Whether they have changed, and what they were.
    pub(in crate::cache::memory) fn parts(&self) -> (bool, Option<&[Webhook<'static>]>) {
        (self.changed, self.rows.as_deref())
    }

    pub(in crate::cache::memory) const fn channel(&self) -> ChannelId {
        self.channel
    }
}

impl Row for ChannelWebhooks {
    fn key(&self) -> u64 {
        self.channel.get()
    }

    fn heap(&self) -> usize {
        self.rows.heap()
    }
}

impl MergeRow for ChannelWebhooks {
    fn take(&mut self, newer: Self) {
        self.changed = newer.changed;
        self.rows = newer.rows.or_else(|| self.rows.take());
    }
}
