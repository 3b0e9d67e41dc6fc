//! What crosses the core's edge stays small: it is moved around for each payload.

use std::mem::size_of;

use headcount_core::cache::{Mutation, Op};
use headcount_core::chunk::{Nonce, RequestId};
use headcount_core::id::{ChannelId, GuildId, RoleId, UserId};
use headcount_core::wire::Text;
use headcount_core::wire::command::Command;
use headcount_core::{Action, Actions, Dispatch, Event, Input, Instant, ShardId};
use headcount_driver::BotEvent;

#[test]
fn sizes_in_bytes() {
    // The limits are the sizes on 64-bit targets; others are smaller.
    let table = [
        ("GuildId", size_of::<GuildId>(), 8),
        ("Option<ChannelId>", size_of::<Option<ChannelId>>(), 8),
        ("Option<RoleId>", size_of::<Option<RoleId>>(), 8),
        ("Option<UserId>", size_of::<Option<UserId>>(), 8),
        ("RequestId", size_of::<RequestId>(), 8),
        ("ShardId", size_of::<ShardId>(), 8),
        ("Instant", size_of::<Instant>(), 8),
        ("Nonce", size_of::<Nonce>(), 33),
        ("Text", size_of::<Text<'_>>(), 24),
        // Most of it is how long a server asks to wait.
        ("Input", size_of::<Input<'_>>(), 32),
        ("Command", size_of::<Command>(), 32),
        ("Dispatch", size_of::<Dispatch<'_>>(), 88),
        // A few members or presences lie in the step itself, so that an event allocates nothing.
        ("Op", size_of::<Op<'_>>(), 312),
        ("Event", size_of::<Event<'_>>(), 88),
        ("BotEvent", size_of::<BotEvent>(), 160),
        ("Mutation", size_of::<Mutation<'_>>(), 368),
        ("Action", size_of::<Action<'_>>(), 368),
        ("Actions", size_of::<Actions<'_>>(), 752),
    ];
    let over: Vec<_> = table.iter().filter(|(_, size, most)| size > most).collect();
    assert!(over.is_empty(), "name, size, limit: {over:?}");
}
