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
    /// The host holds back what the gateway sent, since its user is slow: an answer to a heartbeat
    /// may be among it. Given with a heartbeat's deadline, so that a slow user does not look like a
    /// dead connection; a connection that died meanwhile is noticed once reading goes on.
    Unread,
    /// The fleet lets this shard identify. Only after
    /// [`Action::WantIdentify`](crate::Action::WantIdentify); at other times it is ignored.
    IdentifyGranted,
}
