//! What happened outside.

/// Everything the host can tell a shard.
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
    /// The connection that was asked for could not be opened.
    DialFailed,
    /// A deadline has come while the host has not read all that the gateway sent: its user is slow,
    /// or the host is busy. What the deadline waited for may be among it.
    ///
    /// Given in place of `Timeout`, so that a slow user does not look like a dead connection or a
    /// lost answer. Heartbeats go out on time, and one without an answer is not held against the
    /// connection. Each wait for the gateway that is over (Hello, READY, RESUMED, a guild of READY,
    /// a member request, a guild sync) begins anew. What failed meanwhile is noticed once all has
    /// been read.
    Unread,
    /// The fleet lets this shard identify. Only after
    /// [`Action::WantIdentify`](crate::Action::WantIdentify); at other times it is ignored.
    IdentifyGranted,
}
