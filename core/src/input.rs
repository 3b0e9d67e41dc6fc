//! What happened outside.

use core::time::Duration;

use crate::id::GuildId;
use crate::session::DialFailure;
use crate::setup::Barrier;

/// What a host reports to a shard: one thing that happened outside of it.
///
/// There is at most one connection: after [`Action::Connect`](crate::Action::Connect) the host
/// answers once with `Opened` or `DialFailed`; after `Opened` come any number of `Payload`s and at
/// most one `Closed`. After [`Action::Close`](crate::Action::Close) nothing more of that
/// connection is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input<'i> {
    /// The deadline has come, or the host woke up for another reason. Too many are harmless.
    Timeout,
    /// The connection that was asked for is open.
    Opened,
    /// One message of the gateway, decompressed: the bytes of one JSON document.
    Payload(&'i [u8]),
    /// The connection ended, with the peer's close code if it sent one. Also for a read or write
    /// that failed, and for a write that did not finish in time.
    Closed(Option<u16>),
    /// The connection that was asked for could not be opened, and why, as far as the host knows.
    /// The reason is in the [`StateChanged`](crate::event::StateChanged) that follows, and a server
    /// that asks to wait is obeyed.
    DialFailed(DialFailure),
    /// The host has not read all that the gateway sent: its user is slow, or the host was busy.
    /// What a deadline waited for may be among it.
    ///
    /// Given in place of `Timeout` at a deadline, so that a slow user does not look like a dead
    /// connection or a lost answer, and when a host that had stopped reading goes on. Heartbeats go
    /// out on time, and one without an answer is not held against the connection. The waits for
    /// Hello, READY and RESUMED count only time in which the host reads: they are put off by
    /// `missed`, so a peer that is read and sends something else gains nothing. Each other wait for
    /// the gateway that is over (a guild of READY, a member request, a guild sync) begins anew.
    /// What failed meanwhile is noticed once all has been read.
    Unread {
        /// How long the host has not read since it last said so, or since the connection opened.
        missed: Duration,
    },
    /// The fleet lets this shard identify. Only after
    /// [`Action::WantIdentify`](crate::Action::WantIdentify); at other times it is ignored.
    IdentifyGranted,
    /// Every change of a guild up to this point is stored, or was reported as failed: the answer to
    /// [`Action::Confirm`](crate::Action::Confirm). One that nobody waits for is ignored.
    Stored(Barrier),
    /// A store failed for good to apply a change of this guild: its rows may be missing or wrong
    /// until it is delivered anew.
    ///
    /// Report it before the answer to a later `Confirm`, and not if the guild has been delivered
    /// anew in a change since.
    StoreFailed(GuildId),
    /// The host cannot run the shard any more: its own code, or code that it called, panicked. The
    /// shard closes its connection and ends with [`Halt::Crashed`](crate::session::Halt::Crashed);
    /// its session is kept.
    Crashed,
}
