//! What may happen to rows of any kind, drawn at random.

use std::collections::BTreeMap;

use headcount_core::cache::Kind;
use proptest::prelude::*;

use crate::policies_history::rule;
use crate::policies_model::{At, RULED, Rule};

/// What a guild lists of a kind: the ids, and the channels on which the rows hang.
pub(crate) type Listed = BTreeMap<u64, u64>;

#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A guild comes, with channels, threads, roles, emojis, voice states and members.
    Guild(u64, [Listed; 6]),
    Ready(Vec<u64>),
    Leave(u64),
    /// Rows come one by one, and go.
    Come(Kind, u64, u64, u64),
    Go(Kind, u64, u64),
    /// All emojis, stickers or sounds of a guild, or all its roles with an update.
    Whole(Kind, u64, Listed),
    Join(u64, u64, u64),
    Quit(u64, u64, u64),
    Archive(u64, u64),
    Sync(u64, Option<u64>, Listed),
    Pin(u64, u64),
    /// A message outside guilds comes, is read or goes.
    Say(u64),
    Recall(u64),
    Unsay(u64),
    /// A channel outside guilds comes, is read or goes.
    Open(u64),
    Peek(u64),
    Close(u64),
    Read(Kind, u64, u64),
    Wait(u64),
    Rule(Kind, Rule),
}

/// Kinds of which single rows come and go.
const SINGLE: [Kind; 12] = [
    Kind::Channel,
    Kind::Thread,
    Kind::Role,
    Kind::Sound,
    Kind::VoiceState,
    Kind::Stage,
    Kind::ScheduledEvent,
    Kind::Integration,
    Kind::Rule,
    Kind::Invite,
    Kind::Message,
    Kind::Member,
];

/// Kinds that come as a whole.
const WHOLE: [Kind; 4] = [Kind::Role, Kind::Emoji, Kind::Sticker, Kind::Sound];

/// The id that a number stands for: channels and threads lie in one guild and differ.
pub(crate) fn id(kind: Kind, g: u64, n: u64) -> u64 {
    match kind {
        Kind::Channel | Kind::WebhookMark => g * 100 + n % 4,
        Kind::Thread => g * 100 + 10 + n % 4,
        _ => n + 20,
    }
}

/// Where a message outside guilds lies, of which there are two channels.
pub(crate) fn private(n: u64) -> At {
    (0, 900 + n % 2, n + 20)
}

/// A channel outside guilds.
pub(crate) fn private_channel(n: u64) -> At {
    (0, 0, 900 + n % 2)
}

/// Where a row lies: a message in a channel or a thread, as its id says.
pub(crate) fn at(kind: Kind, g: u64, id: u64) -> At {
    match kind {
        Kind::Message if id.is_multiple_of(3) => (g, self::id(Kind::Thread, g, id), id),
        Kind::Message => (g, self::id(Kind::Channel, g, id), id),
        _ => (g, 0, id),
    }
}

fn listed() -> impl Strategy<Value = Listed> {
    prop::collection::btree_map(0..6_u64, 0..4_u64, 0..4)
}

/// A rule that may come while others are there. In which order invitations that nobody counted
/// until now are the oldest is left open.
pub(crate) fn ruled() -> impl Strategy<Value = (Kind, Rule)> {
    let kind = prop::sample::select(RULED.to_vec());
    let ruled = kind.prop_flat_map(|kind| rule(kind).prop_map(move |rule| (kind, rule)));
    ruled.prop_map(|(kind, mut rule)| {
        if kind == Kind::Invite {
            (rule.overall, rule.per_guild) = (None, None);
        }
        (kind, rule)
    })
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let (g, n) = (1..3_u64, 0..6_u64);
    let of = |kinds: &[Kind]| (prop::sample::select(kinds.to_vec()), 1..3_u64, 0..6_u64);
    let all = || [listed(), listed(), listed(), listed(), listed(), listed()];
    let come = [&SINGLE[..], &[Kind::WebhookMark]].concat();
    let three = || (g.clone(), n.clone(), n.clone());
    let parents = prop::option::of(0..4_u64);
    prop_oneof![
        2 => (g.clone(), all()).prop_map(|(g, all)| Step::Guild(g, all)),
        1 => prop::collection::vec(g.clone(), 0..3).prop_map(Step::Ready),
        1 => g.clone().prop_map(Step::Leave),
        16 => (of(&come), n.clone()).prop_map(|((kind, g, n), on)| Step::Come(kind, g, n, on)),
        5 => of(&SINGLE).prop_map(|(kind, g, n)| Step::Go(kind, g, n)),
        3 => (of(&WHOLE), listed()).prop_map(|((kind, g, _), all)| Step::Whole(kind, g, all)),
        4 => three().prop_map(|(g, thread, u)| Step::Join(g, thread, u)),
        1 => three().prop_map(|(g, thread, u)| Step::Quit(g, thread, u)),
        1 => (g.clone(), n.clone()).prop_map(|(g, n)| Step::Archive(g, n)),
        1 => (g.clone(), parents, listed()).prop_map(|(g, up, all)| Step::Sync(g, up, all)),
        1 => (g.clone(), n.clone()).prop_map(|(g, n)| Step::Pin(g, n)),
        3 => n.clone().prop_map(Step::Say),
        1 => n.clone().prop_map(Step::Recall),
        1 => n.clone().prop_map(Step::Unsay),
        3 => n.clone().prop_map(Step::Open),
        1 => n.clone().prop_map(Step::Peek),
        1 => n.clone().prop_map(Step::Close),
        4 => of(&RULED).prop_map(|(kind, g, n)| Step::Read(kind, g, n)),
        2 => (0..20_u64).prop_map(Step::Wait),
        3 => ruled().prop_map(|(kind, rule)| Step::Rule(kind, rule)),
    ]
}
