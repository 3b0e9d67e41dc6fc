//! The kinds of rows, and sets of them.

use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $name:ident $flag:ident = $bit:literal,)*) => {
        /// A kind of row.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Kind {
            $($(#[doc = $doc])* $name,)*
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The set of this kind alone.
            #[must_use]
            pub const fn only(self) -> Kinds {
                match self {
                    $(Self::$name => Kinds::$flag,)*
                }
            }
        }

        bitflags::bitflags! {
            /// Which kinds are cached; the others are not even decoded.
            ///
            /// Users have no switch of their own: a user is there as long as somebody holds it.
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
            pub struct Kinds: u32 {
                $($(#[doc = $doc])* const $flag = 1 << $bit;)*
            }
        }
    };
}

kinds! {
    /// Guilds.
    Guild GUILDS = 0,
    /// Channels of guilds.
    Channel CHANNELS = 1,
    /// Active threads.
    Thread THREADS = 2,
    /// Members of threads.
    ThreadMember THREAD_MEMBERS = 3,
    /// Roles.
    Role ROLES = 4,
    /// Custom emojis.
    Emoji EMOJIS = 5,
    /// Stickers of guilds.
    Sticker STICKERS = 6,
    /// Soundboard sounds.
    Sound SOUNDS = 7,
    /// Members of guilds.
    Member MEMBERS = 8,
    /// Users, shared by all who hold them.
    User USERS = 9,
    /// Presences.
    Presence PRESENCES = 10,
    /// Voice states.
    VoiceState VOICE_STATES = 11,
    /// Stage instances.
    Stage STAGES = 12,
    /// Scheduled events.
    ScheduledEvent SCHEDULED_EVENTS = 13,
    /// Integrations.
    Integration INTEGRATIONS = 14,
    /// Messages.
    Message MESSAGES = 15,
    /// Auto-moderation rules.
    Rule RULES = 16,
    /// Invitations.
    Invite INVITES = 17,
    /// Channels whose webhooks have changed, or were put in by the application.
    WebhookMark WEBHOOK_MARKS = 18,
    /// Channels outside guilds. Where one has no place, neither have the messages in it.
    PrivateChannel PRIVATE_CHANNELS = 19,
}

impl Kinds {
    /// The kinds in the set, in the order of [`Kind`].
    pub fn each(self) -> impl Iterator<Item = Kind> {
        let all = Kind::ALL.iter().copied();
        all.filter(move |kind| self.contains(kind.only()))
    }
}

impl Default for Kinds {
    /// What the gateway can keep current without the costly kinds: no presences, messages, thread
    /// members, integrations, invitations and auto-moderation rules.
    fn default() -> Self {
        Self::all()
            .difference(Self::PRESENCES)
            .difference(Self::MESSAGES)
            .difference(Self::THREAD_MEMBERS)
            .difference(Self::INTEGRATIONS)
            .difference(Self::INVITES)
            .difference(Self::RULES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_bit_of_its_own() {
        let all = Kind::ALL
            .iter()
            .fold(Kinds::empty(), |set, kind| set | kind.only());
        assert_eq!(all, Kinds::all());
        assert_eq!(all.bits().count_ones() as usize, Kind::ALL.len());
        assert!(!Kinds::default().contains(Kinds::PRESENCES));
    }
}
