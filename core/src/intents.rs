//! Which groups of events a connection asks for.

use bitflags::bitflags;

bitflags! {
    /// A set of intents, sent when identifying; a resumed session keeps those it began with.
    ///
    /// The bits are those of the gateway's version 10
    /// (<https://discord.com/developers/docs/events/gateway#gateway-intents>). An unknown bit ends
    /// the connection with close code 4013, a privileged one that is not enabled for the bot with
    /// 4014.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct Intents: u64 {
        /// Guilds, roles, channels, threads, stages. Without it no guild is ever delivered.
        const GUILDS = 1;
        /// Members joining, changing, leaving. Privileged. Asking for all members needs it.
        const GUILD_MEMBERS = 1 << 1;
        /// Bans and audit log entries.
        const GUILD_MODERATION = 1 << 2;
        /// Emojis, stickers and soundboard sounds.
        const GUILD_EXPRESSIONS = 1 << 3;
        /// Integrations.
        const GUILD_INTEGRATIONS = 1 << 4;
        /// Webhook hints.
        const GUILD_WEBHOOKS = 1 << 5;
        /// Invites.
        const GUILD_INVITES = 1 << 6;
        /// Voice states.
        const GUILD_VOICE_STATES = 1 << 7;
        /// Presences. Privileged.
        const GUILD_PRESENCES = 1 << 8;
        /// Messages in guilds.
        const GUILD_MESSAGES = 1 << 9;
        /// Reactions in guilds.
        const GUILD_MESSAGE_REACTIONS = 1 << 10;
        /// Typing in guilds.
        const GUILD_MESSAGE_TYPING = 1 << 11;
        /// Direct messages.
        const DIRECT_MESSAGES = 1 << 12;
        /// Reactions in direct messages.
        const DIRECT_MESSAGE_REACTIONS = 1 << 13;
        /// Typing in direct messages.
        const DIRECT_MESSAGE_TYPING = 1 << 14;
        /// What messages say. Privileged.
        const MESSAGE_CONTENT = 1 << 15;
        /// Scheduled events.
        const GUILD_SCHEDULED_EVENTS = 1 << 16;
        /// Auto-moderation rules.
        const AUTO_MODERATION_CONFIGURATION = 1 << 20;
        /// Auto-moderation at work.
        const AUTO_MODERATION_EXECUTION = 1 << 21;
        /// Poll votes in guilds.
        const GUILD_MESSAGE_POLLS = 1 << 24;
        /// Poll votes in direct messages.
        const DIRECT_MESSAGE_POLLS = 1 << 25;

        /// Those that have to be enabled for the bot before it may ask for them.
        const PRIVILEGED = Self::GUILD_MEMBERS.bits()
            | Self::GUILD_PRESENCES.bits()
            | Self::MESSAGE_CONTENT.bits();
    }
}

#[cfg(feature = "checkpoint")]
impl serde::Serialize for Intents {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(self.bits())
    }
}

#[cfg(feature = "checkpoint")]
impl<'de> serde::Deserialize<'de> for Intents {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let bits = u64::deserialize(from)?;
        Self::from_bits(bits).ok_or_else(|| serde::de::Error::custom("an intent that is unknown"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sums_are_the_documented_ones() {
        assert_eq!(Intents::all().bits(), 53_608_447);
        assert_eq!(Intents::PRIVILEGED.bits(), 33_026);
        assert_eq!((Intents::all() - Intents::PRIVILEGED).bits(), 53_575_421);
    }
}
