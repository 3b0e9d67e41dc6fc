//! What goes into the machine of leases, and what comes out.

use alloc::boxed::Box;

use crate::event::Event;
use crate::fleet::lease::table::{Epoch, LeaseKey, Swap, Swapped};
use crate::fleet::{FleetReport, StartLimit};
use crate::owners::RunnableShards;
use crate::process_id::ProcessId;
use crate::shard_id::ShardId;

/// What happened in or around a process.
#[derive(Clone, Debug)]
pub enum LeaseInput {
    /// The deadline has come, or the host woke up for another reason.
    Timeout,
    /// The store answered a [`LeaseAction::Swap`]. Answers that are late or come twice are
    /// harmless.
    Answer {
        /// The entry that was asked for.
        key: LeaseKey,
        /// The swap's ticket.
        ticket: u64,
        /// What came of it.
        swapped: Swapped,
    },
    /// The shards that this process can run, so that the others know: all that it watches until
    /// something else is said. Those that it cannot run are for others.
    Offer(RunnableShards),
    /// This process is to run the shard, as soon as nobody else does.
    Serve(ShardId),
    /// This process is not to run the shard any longer, so that another one can.
    Yield(ShardId),
    /// How far the shard's session is acknowledged, and the session itself: what the next owner
    /// resumes from. Only the newest counts.
    Record {
        /// The shard.
        shard: ShardId,
        /// Counts up with each record of the shard.
        number: u64,
        /// What its next owner is to find.
        record: Box<[u8]>,
    },
    /// The shard's connection is closed after [`LeaseAction::Stop`], and its last record was given:
    /// it is free for others. Only after a stop that [was asked for](LeaseEnd::Yielded).
    Closed(ShardId),
    /// A shard emitted [`Action::WantIdentify`](crate::Action::WantIdentify).
    WantIdentify(ShardId),
    /// A shard that was let in has written its identify.
    Identified(ShardId),
    /// A shard that waits, or was let in, will not identify.
    NoIdentify(ShardId),
    /// How far the shards of this process are, when that has changed.
    Report(FleetReport),
    /// The process ends, and has yielded its shards: the others need not wait for it.
    Leave,
    /// What `GET /gateway/bot` said just now.
    Limit(StartLimit),
}

/// What the host must do for a process's leases, in order.
#[derive(Clone, Debug)]
pub enum LeaseAction {
    /// Send this to the store, and hand in the answer.
    Swap(Swap),
    /// The shard is this process's: start it. It is to resume its session, and to hand out
    /// events, only as long as [`Leases::may_emit`](super::Leases::may_emit) says so.
    Start {
        /// The shard.
        shard: ShardId,
        /// By this, whoever takes in what the shard emits knows it from what an earlier owner did.
        epoch: Epoch,
        /// What the owner before recorded; empty if there is nothing.
        record: Box<[u8]>,
    },
    /// Hand out no more events of the shard, from now on; then close its connection so that its
    /// session can be resumed.
    Stop {
        /// The shard.
        shard: ShardId,
        /// Why.
        why: LeaseEnd,
    },
    /// This record is in the store, and stays: heartbeats may carry the sequence up to which it
    /// says that events are acknowledged.
    Recorded {
        /// The shard.
        shard: ShardId,
        /// The number that the record was given with.
        number: u64,
    },
    /// Hand [`Input::IdentifyGranted`](crate::Input::IdentifyGranted) to this shard. It is to
    /// identify only as long as [`Leases::may_identify`](super::Leases::may_identify) says so.
    Grant(ShardId),
    /// The shard must not identify after all: it waits again, and its connection is to be closed.
    Withdraw(ShardId),
    /// Who lives, or who holds which shard, has changed: ask a
    /// [`Placement`](crate::manager::Placement) what to serve, with
    /// [`Leases::owners`](super::Leases::owners).
    Place,
    /// Hand this event of the whole bot to the user here, and in no other process:
    /// [`FinishedChunking`](Event::FinishedChunking) or [`BotReady`](Event::BotReady).
    Emit(Event<'static>),
    /// Ask `GET /gateway/bot`, and hand in [`LeaseInput::Limit`]: the store does not know how many
    /// identifies are left.
    AskLimit,
}

/// Why a process has to stop a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseEnd {
    /// The lease could not be renewed in time.
    Expired,
    /// Another process has the shard.
    Taken(ProcessId),
    /// The process was told to [yield](LeaseInput::Yield) it.
    Yielded,
}
