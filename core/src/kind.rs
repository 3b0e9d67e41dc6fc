//! The kinds of rows: one table of them, the kinds themselves, and sets of them.
//!
//! Everything that exists once per plain kind is generated from the table, in each layer by a
//! macro of that layer: its dispatches ([`wire::view`](crate::wire::view)), its rows, keys and
//! old values, and its place in the store ([`cache`](crate::cache)).

use alloc::vec::Vec;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Hands the table of kinds to the macro `$with`.
///
/// A *plain* kind has rows with an id, each in one guild and kept as it is read. Its columns:
///
/// - `row`: the type of its rows, the field that identifies one, and that field's type, which is
///   generated if the field is `id`.
/// - `names`: its variant of [`Rows`](crate::cache::Rows), the field or function for all of its
///   rows and that for one, and what one is called in documentation (with an `s`, several).
/// - `intent`: the intent without which the cache grows stale, and what follows without it.
/// - `changes`: the dispatches that create, update and delete a row, and where the last one has
///   the id. Left out if the kind's dispatches have views of their own.
/// - `listed`: where `GUILD_CREATE` lists all rows. Rows of other kinds do not outlive a session.
/// - `hangs_on`: the channel without which a row goes.
///
/// The other kinds are special in one way or another, and each layer says by hand how.
macro_rules! for_each_kind {
    ($with:ident) => {
        $with! {
            special {
                /// Guilds.
                Guild GUILDS = 0;
                /// Channels of guilds.
                Channel CHANNELS = 1;
                /// Active threads.
                Thread THREADS = 2;
                /// Members of threads.
                ThreadMember THREAD_MEMBERS = 3;
                /// Roles.
                Role ROLES = 4;
                /// Members of guilds.
                Member MEMBERS = 8;
                /// Users, shared by all who hold them.
                User USERS = 9;
                /// Presences.
                Presence PRESENCES = 10;
                /// Messages.
                Message MESSAGES = 15;
                /// Invitations.
                Invite INVITES = 17;
                /// Channels whose webhooks have changed, or were put in by the application.
                WebhookMark WEBHOOK_MARKS = 18;
                /// Channels outside guilds. Where one has no place, neither have the messages in
                /// it.
                PrivateChannel PRIVATE_CHANNELS = 19;
            }
            plain {
                /// Custom emojis.
                Emoji EMOJIS = 5 {
                    row { Emoji id: EmojiId }
                    names { Emojis emojis emoji "emoji" }
                    intent { GUILD_EXPRESSIONS CHANGES }
                    listed { "emojis" }
                }
                /// Stickers of guilds.
                Sticker STICKERS = 6 {
                    row { Sticker id: StickerId }
                    names { Stickers stickers sticker "sticker" }
                    intent { GUILD_EXPRESSIONS CHANGES }
                    listed { "stickers" }
                }
                /// Soundboard sounds.
                Sound SOUNDS = 7 {
                    row { Sound id: SoundId }
                    names { Sounds sounds sound "soundboard sound" }
                    intent { GUILD_EXPRESSIONS CHANGES }
                    changes {
                        GuildSoundboardSoundCreate GuildSoundboardSoundUpdate
                        GuildSoundboardSoundDelete "sound_id"
                    }
                    listed { "soundboard_sounds" }
                }
                /// Voice states.
                VoiceState VOICE_STATES = 11 {
                    row { VoiceState user: UserId }
                    names { VoiceStates voice_states voice_state "voice state" }
                    intent { GUILD_VOICE_STATES CHANGES }
                    listed { "voice_states" }
                    hangs_on { |state| state.channel.value().copied() }
                }
                /// Stage instances.
                Stage STAGES = 12 {
                    row { StageInstance id: StageId }
                    names { Stages stages stage "stage instance" }
                    intent { GUILDS NO_GUILD }
                    changes { StageInstanceCreate StageInstanceUpdate StageInstanceDelete "id" }
                    listed { "stage_instances" }
                    hangs_on { |stage| stage.channel }
                }
                /// Scheduled events.
                ScheduledEvent SCHEDULED_EVENTS = 13 {
                    row { ScheduledEvent id: ScheduledEventId }
                    names { ScheduledEvents scheduled_events scheduled_event "scheduled event" }
                    intent { GUILD_SCHEDULED_EVENTS CHANGES }
                    changes {
                        GuildScheduledEventCreate GuildScheduledEventUpdate
                        GuildScheduledEventDelete "id"
                    }
                    listed { "guild_scheduled_events" }
                    hangs_on { |event| event.channel.value().copied() }
                }
                /// Integrations.
                Integration INTEGRATIONS = 14 {
                    row { Integration id: IntegrationId }
                    names { Integrations integrations integration "integration" }
                    intent { GUILD_INTEGRATIONS NONE }
                    changes { IntegrationCreate IntegrationUpdate IntegrationDelete "id" }
                }
                /// Auto-moderation rules.
                Rule RULES = 16 {
                    row { Rule id: RuleId }
                    names { Rules rules rule "auto-moderation rule" }
                    intent { AUTO_MODERATION_CONFIGURATION NONE }
                    changes {
                        AutoModerationRuleCreate AutoModerationRuleUpdate
                        AutoModerationRuleDelete "id"
                    }
                }
            }
        }
    };
}
pub(crate) use for_each_kind;

/// The code, for a kind that has the column: an optional column has to be named where its absence
/// shall leave something out.
macro_rules! given {
    ($column:tt => $($code:tt)*) => { $($code)* };
}
pub(crate) use given;

/// A pattern: any plain kind.
macro_rules! any_plain_kind {
    () => { crate::kind::for_each_kind!(any_plain_kind) };
    (special $special:tt plain { $(
        $(#[doc = $doc:literal])* $kind:ident $flag:ident = $bit:literal $columns:tt
    )* }) => { $(Kind::$kind)|* };
}
pub(crate) use any_plain_kind;

/// A pattern: any special kind.
macro_rules! any_special_kind {
    () => { crate::kind::for_each_kind!(any_special_kind) };
    (
        special { $($(#[doc = $doc:literal])* $kind:ident $flag:ident = $bit:literal;)* }
        plain $plain:tt
    ) => { $(Kind::$kind)|* };
}
pub(crate) use any_special_kind;

/// [`Kind`] and [`Kinds`], with a variant and a constant for each kind.
macro_rules! kinds {
    (
        special { $($(#[doc = $doc:literal])* $kind:ident $flag:ident = $bit:literal;)* }
        plain { $(
            $(#[doc = $plain_doc:literal])*
            $plain:ident $plain_flag:ident = $plain_bit:literal {
                row $row:tt
                names $names:tt
                intent $intent:tt
                $(changes $changes:tt)?
                $(listed $listed:tt)?
                $(hangs_on $hangs_on:tt)?
            }
        )* }
    ) => {
        /// A kind of row.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Kind {
            $($(#[doc = $doc])* $kind,)*
            $($(#[doc = $plain_doc])* $plain,)*
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)* $(Self::$plain,)*];

            /// The set of this kind alone.
            #[must_use]
            pub const fn only(self) -> Kinds {
                match self {
                    $(Self::$kind => Kinds::$flag,)*
                    $(Self::$plain => Kinds::$plain_flag,)*
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
                $($(#[doc = $plain_doc])* const $plain_flag = 1 << $plain_bit;)*
            }
        }

        impl Kinds {
            /// The kinds whose rows a guild lists when it comes, and no request brings.
            pub(crate) const LISTED: Self = Self::GUILDS
                .union(Self::CHANNELS)
                .union(Self::THREADS)
                .union(Self::ROLES)
                $($(.union(given!($listed => Self::$plain_flag)))?)*;

            /// The plain kinds whose rows may go with a channel.
            pub(crate) const PLAIN_ON_CHANNELS: Self = Self::empty()
                $($(.union(given!($hangs_on => Self::$plain_flag)))?)*;
        }
    };
}
for_each_kind!(kinds);

impl Kinds {
    /// The kinds in the set, in the order of [`Kind`].
    pub fn each(self) -> impl Iterator<Item = Kind> {
        let all = Kind::ALL.iter().copied();
        all.filter(move |kind| self.contains(kind.only()))
    }
}

/// As a list of kinds.
impl Serialize for Kinds {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.each())
    }
}

impl<'de> Deserialize<'de> for Kinds {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let kinds = Vec::<Kind>::deserialize(from)?;
        Ok(kinds.into_iter().map(Kind::only).collect())
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
