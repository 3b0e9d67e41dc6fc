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

    /// A shard's loop is gone: it does not identify.
    pub(crate) fn ended(&self, shard: ShardId) {
        match self {
            Self::Fleet => {}
            Self::Leases(leases) => leases.wake(),
            Self::Gate(gate) => gate.give_back(shard),
        }
    }
}
