//! Permission sets.

use core::fmt;
use core::ops::{BitAnd, BitOr};

use serde::{Deserialize, Serialize};

use super::field::{Read, flat};
use super::{Malformed, json::Reader};

/// A set of permissions, a bit for each, as the gateway numbers them. Bits without a name here
/// survive.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Permissions(u64);

flat!(Permissions);

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $bit:literal)*) => {
        impl Permissions {
            $($(#[$doc])* pub const $name: Self = Self(1 << $bit);)*
        }
    };
}

permissions! {
    /// Make invitations.
    CREATE_INVITE = 0
    /// Remove members.
    KICK_MEMBERS = 1
    /// Ban users.
    BAN_MEMBERS = 2
    /// Everything, whatever channels say.
    ADMINISTRATOR = 3
    /// Change channels.
    MANAGE_CHANNELS = 4
    /// Change the guild.
    MANAGE_GUILD = 5
    /// React to messages.
    ADD_REACTIONS = 6
    /// See who did what.
    VIEW_AUDIT_LOG = 7
    /// Be heard above others.
    PRIORITY_SPEAKER = 8
    /// Stream.
    STREAM = 9
    /// See a channel at all.
    VIEW_CHANNEL = 10
    /// Write messages.
    SEND_MESSAGES = 11
    /// Have messages read aloud.
    SEND_TTS_MESSAGES = 12
    /// Delete others' messages.
    MANAGE_MESSAGES = 13
    /// Have links shown as previews.
    EMBED_LINKS = 14
    /// Attach files.
    ATTACH_FILES = 15
    /// Read what was written before.
    READ_MESSAGE_HISTORY = 16
    /// Mention everyone, and all roles.
    MENTION_EVERYONE = 17
    /// Use other guilds' emojis.
    USE_EXTERNAL_EMOJIS = 18
    /// See statistics.
    VIEW_GUILD_INSIGHTS = 19
    /// Join voice channels.
    CONNECT = 20
    /// Speak in voice channels.
    SPEAK = 21
    /// Mute others.
    MUTE_MEMBERS = 22
    /// Deafen others.
    DEAFEN_MEMBERS = 23
    /// Move others between voice channels.
    MOVE_MEMBERS = 24
    /// Speak without pressing a key.
    USE_VOICE_ACTIVITY = 25
    /// Change one's own name.
    CHANGE_NICKNAME = 26
    /// Change others' names.
    MANAGE_NICKNAMES = 27
    /// Change roles, and overwrites in a channel.
    MANAGE_ROLES = 28
    /// Change webhooks.
    MANAGE_WEBHOOKS = 29
    /// Change emojis, stickers and sounds.
    MANAGE_EXPRESSIONS = 30
    /// Use commands of applications.
    USE_COMMANDS = 31
    /// Ask to speak on a stage.
    REQUEST_TO_SPEAK = 32
    /// Change scheduled events.
    MANAGE_EVENTS = 33
    /// Change threads, and see private ones.
    MANAGE_THREADS = 34
    /// Begin public threads.
    CREATE_PUBLIC_THREADS = 35
    /// Begin private threads.
    CREATE_PRIVATE_THREADS = 36
    /// Use other guilds' stickers.
    USE_EXTERNAL_STICKERS = 37
    /// Write messages in threads.
    SEND_MESSAGES_IN_THREADS = 38
    /// Start activities.
    USE_ACTIVITIES = 39
    /// Silence members for a while.
    MODERATE_MEMBERS = 40
    /// See what is sold.
    VIEW_MONETIZATION = 41
    /// Play sounds.
    USE_SOUNDBOARD = 42
    /// Add emojis, stickers and sounds.
    CREATE_EXPRESSIONS = 43
    /// Schedule events.
    CREATE_EVENTS = 44
    /// Play other guilds' sounds.
    USE_EXTERNAL_SOUNDS = 45
    /// Send voice messages.
    SEND_VOICE_MESSAGES = 46
    /// Send polls.
    SEND_POLLS = 49
    /// Show everyone what one's own applications answer.
    USE_EXTERNAL_APPS = 50
    /// Pin messages.
    PIN_MESSAGES = 51
    /// Write without waiting.
    BYPASS_SLOWMODE = 52
}

impl Permissions {
    /// No permission.
    pub const NONE: Self = Self(0);
    /// Every permission, those included that have no name here.
    pub const ALL: Self = Self(u64::MAX);

    /// The set with these bits.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The bits.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether all of `others` are in the set.
    #[must_use]
    pub const fn contains(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Those of both sets.
    #[must_use]
    pub const fn union(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// The set without `others`.
    #[must_use]
    pub const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }
}

impl BitOr for Permissions {
    type Output = Self;

    fn bitor(self, others: Self) -> Self {
        self.union(others)
    }
}

impl BitAnd for Permissions {
    type Output = Self;

    fn bitand(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }
}

impl FromIterator<Self> for Permissions {
    fn from_iter<T: IntoIterator<Item = Self>>(sets: T) -> Self {
        sets.into_iter().fold(Self::NONE, Self::union)
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permissions({:#x})", self.0)
    }
}

impl Read<'_> for Permissions {
    /// The wire writes them as a string of digits.
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        // Older servers send numbers.
        match reader.peek() {
            Some(b'"') => reader.quoted_u64(),
            _ => reader.whole(),
        }
        .map(Self)
    }
}
