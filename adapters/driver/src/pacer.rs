//! Who says when a shard may identify.

use std::sync::Arc;

use headcount_core::ShardId;
use headcount_core::fleet::lease::LeaseInput;

use crate::coordination::{LeaseRequest, SharedLeases};
use crate::identify_gate::GateQueue;

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
