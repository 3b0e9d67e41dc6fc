//! What happens to a channel without naming the whole of it.

use crate::id::{ChannelId, GuildId};
use crate::wire::{Field, Timestamp, row::row};

row! {
    /// A pin of a channel or thread was set or taken away.
    ChannelPins {
        key "channel_id" channel: ChannelId;
        /// The guild, if the channel is in one.
        "guild_id" guild: Field<GuildId>,
        /// When the newest pin was set.
        "last_pin_timestamp" last_pin: Field<Timestamp>,
    }
}
