//! What joins and messages are decided by.

use super::action::SocketId;
use super::shard_ref::ShardRef;
use super::shards::Shards;
use super::sockets::Sockets;
use crate::Instant;

/// The shards and sockets as they are now.
#[derive(Clone, Copy)]
pub(super) struct Snapshot<'a> {
    pub(super) now: Instant,
    pub(super) shards: &'a Shards,
    pub(super) sockets: &'a Sockets,
}

impl<'a> Snapshot<'a> {
    pub(super) const fn new(now: Instant, shards: &'a Shards, sockets: &'a Sockets) -> Self {
        Self {
            now,
            shards,
            sockets,
        }
    }

    /// The socket on which a shard speaks: the current one, or the one that it replaces.
    pub(super) fn speaker(&self, at: ShardRef) -> Option<SocketId> {
        let target = self.shards.target(at);
        target.or_else(|| self.sockets.ready_of(at))
    }
}
