//! A tracker in a checkpoint, and what that leaves out.

use core::mem;

use serde::{Deserialize, Serialize};

use super::handover::Handover;
use super::hold::Hold;
use super::{MisreadCounts, Tracker, TrackerConfig};
use crate::cache::Deriver;
use crate::cache::tombstones::Tombstones;
use crate::send_budget::Budget;
use crate::setup::{ChunkFilter, Setup};
use crate::time::Instant;
use crate::wire::packed::RecordPools;

/// How the parts of a tracker are written.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Tracker")]
pub(crate) struct TrackerForm {
    now: Instant,
    config: TrackerConfig,
    setup: Setup,
    deriver: Deriver,
    #[serde(skip)]
    pools: RecordPools,
    tombstones: Tombstones,
    handover: Handover,
    hold: Option<Hold>,
    budget: Budget,
    misunderstood: u64,
    #[serde(skip)]
    misreads: MisreadCounts,
}

impl Tracker {
    /// Whether a function decides which guilds are asked for their members.
    pub(crate) const fn has_filter(&self) -> bool {
        self.config.setup.chunking.filter.is_some()
    }

    /// Puts in what a checkpoint leaves out.
    pub(crate) fn complete(&mut self, filter: Option<&ChunkFilter>) {
        self.config.setup.chunking.filter = filter.cloned();
        self.setup.set_chunking(self.config.setup.chunking.clone());
        self.complete_held();
    }

    /// Reads anew what of events that are held was not understood.
    fn complete_held(&mut self) {
        let Some(mut hold) = self.hold.take() else {
            return;
        };
        let (counted, misreads) = (self.misunderstood, mem::take(&mut self.misreads));
        for dispatch in hold.dispatches() {
            let Some(count) = dispatch.misunderstood_count() else {
                continue;
            };
            self.misunderstood = count.saturating_sub(1);
            let copy = dispatch.clone();
            let (view, found) = self.deriver.decode_noting(copy.name(), copy.data());
            self.note(&view, found, dispatch, copy.data());
        }
        (self.misunderstood, self.misreads) = (counted, misreads);
        self.hold = Some(hold);
    }
}
