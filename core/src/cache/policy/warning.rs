//! What is to be cached and will not come.

use core::fmt;

use super::{MemberTraits, Policies};
use crate::cache::{Kind, Kinds};
use crate::intents::Intents;
use crate::kind::for_each_kind;

/// Something that policies want and that will not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// A kind is on without an intent that it needs.
    Intent {
        /// The kind.
        kind: Kind,
        /// The intent.
        missing: Intents,
        /// What follows.
        effect: &'static str,
    },
    /// A predicate depends on rows that are not kept, so that it never holds.
    Blind {
        /// The kind whose policy has the predicate.
        kind: Kind,
        /// The predicate.
        keep: MemberTraits,
        /// The kind that is off.
        needs: Kind,
    },
}

const NO_GUILD: &str = "no guild is ever delivered";
const CHANGES: &str = "no changes come, and the rows of a guild's arrival grow stale";
const NONE: &str = "none comes";

/// [`NEEDS_OF_PLAIN`], with an intent for each plain kind.
macro_rules! needs_of_plain {
    (special $special:tt plain { $(
        $(#[doc = $doc:literal])* $kind:ident $flag:ident = $bit:literal {
            row $row:tt
            names $names:tt
            intent { $intent:ident $effect:ident }
            $($more:tt)*
        }
    )* }) => {
        /// The same of plain kinds.
        const NEEDS_OF_PLAIN: &[(Kind, Intents, &str)] = &[
            $((Kind::$kind, Intents::$intent, $effect),)*
        ];
    };
}
for_each_kind!(needs_of_plain);

/// What the gateway says of a kind only to those who ask with an intent.
const NEEDS: &[(Kind, Intents, &str)] = {
    const GUILDS: &str = NO_GUILD;
    const MEMBERS: &str =
        "no event says who joins, changes or leaves, and not all can be requested";
    &[
        (Kind::Guild, Intents::GUILDS, GUILDS),
        (Kind::Channel, Intents::GUILDS, GUILDS),
        (Kind::Thread, Intents::GUILDS, GUILDS),
        (Kind::ThreadMember, Intents::GUILDS, GUILDS),
        (
            Kind::ThreadMember,
            Intents::GUILD_MEMBERS,
            "only the bot's own come",
        ),
        (Kind::Role, Intents::GUILDS, GUILDS),
        (Kind::Member, Intents::GUILD_MEMBERS, MEMBERS),
        (Kind::Presence, Intents::GUILD_PRESENCES, NONE),
        (Kind::Message, Intents::GUILD_MESSAGES, NONE),
        (
            Kind::Message,
            Intents::MESSAGE_CONTENT,
            "what most of them say is left out",
        ),
        (
            Kind::Message,
            Intents::GUILD_MESSAGE_REACTIONS,
            "reactions are not counted",
        ),
        (
            Kind::Message,
            Intents::GUILD_MESSAGE_POLLS,
            "votes are not counted",
        ),
        (Kind::Invite, Intents::GUILD_INVITES, NONE),
        (Kind::WebhookMark, Intents::GUILD_WEBHOOKS, NONE),
    ]
};

/// What a predicate on members looks at.
const LOOKS_AT: &[(MemberTraits, Kind)] = &[
    (MemberTraits::OWNER, Kind::Guild),
    (MemberTraits::IN_VOICE, Kind::VoiceState),
    (MemberTraits::ONLINE, Kind::Presence),
];

impl Warning {
    /// The kind whose policy it is about.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Intent { kind, .. } | Self::Blind { kind, .. } => *kind,
        }
    }

    pub(super) fn all(policies: &Policies, intents: Intents) -> impl Iterator<Item = Self> {
        let kinds = policies.kinds();
        let needs = NEEDS.iter().chain(NEEDS_OF_PLAIN);
        let without = needs.filter(move |(kind, needed, _)| {
            kinds.contains(kind.only()) && !intents.contains(*needed)
        });
        let intents = without.map(|&(kind, missing, effect)| Self::Intent {
            kind,
            missing,
            effect,
        });
        let keep = built_in(policies, kinds);
        let blind = LOOKS_AT
            .iter()
            .filter(move |(one, needs)| keep.contains(*one) && !kinds.contains(needs.only()));
        intents.chain(blind.map(|&(keep, needs)| Self::Blind {
            kind: Kind::Member,
            keep,
            needs,
        }))
    }
}

/// The built-in predicates of the members' policy.
fn built_in(policies: &Policies, kinds: Kinds) -> MemberTraits {
    if !kinds.contains(Kinds::MEMBERS) {
        return MemberTraits::empty();
    }
    let predicates = policies.get(Kind::Member).predicates();
    predicates.fold(MemberTraits::empty(), |all, one| {
        all | one.built_in().unwrap_or(MemberTraits::empty())
    })
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Intent {
                kind,
                missing,
                effect,
            } => {
                write!(f, "{kind:?} rows are cached without the intent ")?;
                bitflags::parser::to_writer(missing, &mut *f)?;
                write!(f, ": {effect}")
            }
            Self::Blind { kind, keep, needs } => {
                write!(f, "{kind:?} rows are kept by ")?;
                bitflags::parser::to_writer(keep, &mut *f)?;
                write!(f, ", which never holds without {needs:?} rows")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Policy, Predicate};
    use super::*;
    use std::string::{String, ToString};
    use std::vec::Vec;

    #[test]
    fn the_text_names_the_intent() {
        let policies = Policies::from(Kinds::PRESENCES);
        let texts: Vec<String> = policies
            .warnings(Intents::GUILDS)
            .map(|warning| warning.to_string())
            .collect();
        let expected = "Presence rows are cached without the intent GUILD_PRESENCES: none comes";
        assert_eq!(texts, [expected]);
    }

    #[test]
    fn a_predicate_says_what_it_cannot_see() {
        let keep = MemberTraits::OWNER | MemberTraits::IN_VOICE | MemberTraits::ONLINE;
        let policy = Policy::keep(Predicate::from(keep).or(Predicate::when(|_| true)));
        let policies = Policies::from(Kinds::GUILDS | Kinds::MEMBERS)
            .with(Kind::Member, policy)
            .unwrap();
        let texts: Vec<String> = policies
            .warnings(Intents::all())
            .map(|warning| warning.to_string())
            .collect();
        assert_eq!(texts.len(), 2);
        assert!(
            texts[0].contains("IN_VOICE") && texts[0].contains("VoiceState"),
            "{texts:?}"
        );
        assert!(
            texts[1].contains("ONLINE") && texts[1].contains("Presence"),
            "{texts:?}"
        );
    }
}
