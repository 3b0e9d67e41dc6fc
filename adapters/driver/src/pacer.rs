//! Who says when a shard may identify.

use std::sync::Arc;

use headcount_core::ShardId;
use headcount_core::fleet::lease::LeaseInput;

use crate::coordination::{LeaseRequest, SharedLeases};
use crate::identify_gate::GateQueue;
use crate::metrics::GateCounts;

/// Who says when a shard may identify.
pub(crate) enum Pacer {
    /// The bot's fleet, for this process alone.
    Fleet,
    /// The leases, for all processes of the bot.
    Leases(Arc<SharedLeases>),
    /// A gate of the user's own.
    Gate(GateQueue),
}

impl Pacer {
    /// How many shards wait and were let in; `None` where the fleet says so.
    pub(crate) fn counts(&self) -> Option<GateCounts> {
        match self {
            Self::Fleet => None,
            Self::Leases(leases) => Some(leases.gate()),
            Self::Gate(gate) => Some(gate.counts()),
        }
    }

    /// Whether a shard that was let in still is. To be asked right before it identifies.
    pub(crate) fn may_identify(&self, shard: ShardId) -> bool {
        match self {
            Self::Fleet | Self::Gate(_) => true,
            Self::Leases(leases) => leases.may_identify(shard),
        }
    }

    /// A shard has written its identify.
    pub(crate) fn identified(&self, shard: ShardId) {
        match self {
            Self::Fleet => {}
            Self::Leases(leases) => {
                leases.send(LeaseRequest::Input(LeaseInput::Identified(shard)));
            }
            Self::Gate(gate) => gate.give_back(shard),
        }
    }

    /// A shard that may have been let in does not identify: its connection has failed, or its loop
    /// is about to be gone.
    pub(crate) fn gave_up(&self, shard: ShardId) {
        match self {
            Self::Fleet => {}
            Self::Leases(leases) => {
                leases.send(LeaseRequest::Input(LeaseInput::NoIdentify(shard)));
            }
            Self::Gate(gate) => gate.give_back(shard),
        }
    }
}
