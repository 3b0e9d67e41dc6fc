//! What the parts of a bot want from the host and from each other.

use alloc::vec::Vec;
use core::time::Duration;

use super::action::{PoolAction, PoolEvent, SocketId};
use super::shard_ref::ShardRef;
use crate::manager::Health;
use crate::twitch::Room;
use crate::twitch::connection::End;

/// Something that the part which asks for it cannot do by itself.
#[derive(Debug)]
pub(super) enum Effect {
    /// Return an action to the host.
    Act(PoolAction<'static>),
    /// Look at the budgets again: a login, a join or a message may go.
    Recheck,
    /// Send JOIN for these rooms.
    Join(SocketId, Vec<Room>),
    /// Send PART where the socket is in the room or may get in.
    Part(SocketId, Room),
    /// A socket is of no use any more.
    Lost(SocketId, End),
    /// A shard has lost one of its sockets, and all that depended on it knows.
    ShardLost(Loss),
    /// Close the sockets of a shard that have handed all their rooms over.
    CloseEmpty(ShardRef),
    /// Report a shard as stopped if it has neither a wish for a socket nor one left.
    CheckStopped(ShardRef),
    /// End a shard without asking its manager.
    EndShard(ShardRef),
    /// Report a shard's health to its manager.
    Report(ShardRef, Health),
}

/// How a shard has lost a socket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loss {
    pub(super) at: ShardRef,
    pub(super) socket: SocketId,
    /// Whether the socket had been up for long.
    pub(super) stable: bool,
    /// How long the server asks to wait before the next dial.
    pub(super) asked: Duration,
}

/// Effects that are still to be carried out, in order: what an effect leads to goes before what was
/// to follow it.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// What the current step has led to, in order.
    fresh: Vec<Effect>,
    /// What is to follow; the next one is the last.
    stack: Vec<Effect>,
}

impl Effects {
    pub(super) fn push(&mut self, effect: Effect) {
        self.fresh.push(effect);
    }

    pub(super) fn act(&mut self, action: PoolAction<'static>) {
        self.push(Effect::Act(action));
    }

    pub(super) fn emit(&mut self, event: PoolEvent<'static>) {
        self.act(PoolAction::Emit(event));
    }

    /// Takes out the effect that is to be carried out now.
    pub(super) fn pop(&mut self) -> Option<Effect> {
        self.stack.extend(self.fresh.drain(..).rev());
        self.stack.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_effect_leads_to_goes_before_what_was_to_follow_it() {
        let close = |number| {
            Effect::Act(PoolAction::Close {
                socket: SocketId(number),
            })
        };
        let number = |effect| match effect {
            Some(Effect::Act(PoolAction::Close { socket })) => Some(socket.get()),
            _ => None,
        };
        let mut effects = Effects::default();
        effects.push(close(1));
        effects.push(close(4));
        assert_eq!(number(effects.pop()), Some(1));
        effects.push(close(2));
        effects.push(close(3));
        let rest: Vec<u64> = core::iter::from_fn(|| number(effects.pop())).collect();
        assert_eq!(rest, [2, 3, 4]);
    }
}
